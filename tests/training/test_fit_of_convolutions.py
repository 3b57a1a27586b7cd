"""Closed-form fit of the encoder of random convolutions."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from tslm_models import save_backbone

from ts_llm_fusion import TSLMForCausalLM
from ts_llm_fusion.modeling.configuration_random_convolutions import RandomConvolutionConfig
from ts_llm_fusion.modeling.modeling_random_convolutions import RandomConvolutionModel
from ts_llm_fusion.processing.feature_extraction_time_series import TimeSeriesFeatureExtractor
from ts_llm_fusion.training.random_convolutions import (
    decompose,
    fit_random_convolutions,
    fitted_random_convolutions,
    left_out_errors,
    random_convolutions_for,
    ridge_scores,
    rows_of_subjects,
    typical_deviations,
)


def two_channels(count: int, seed: int) -> Dataset:
    """Samples of two noisy series of 30 to 40 steps; the class says whether they move together."""
    rng = np.random.default_rng(seed)
    series, answers = [], []
    for row in range(count):
        first = rng.normal(size=int(rng.integers(30, 41)))
        sign = 1 if row % 2 else -1
        series.append([(5 * first).tolist(), (sign * first + 0.3 * rng.normal(size=len(first))).tolist()])
        answers.append("together" if sign > 0 else "apart")
    return Dataset.from_dict({"time_series": series, "answer": answers})


def test_classes_that_no_series_shows_alone_are_told_apart() -> None:
    labels = ["apart", "together"]
    train, test = two_channels(60, seed=0), two_channels(40, seed=1)
    fields = random_convolutions_for({"biases_per_kernel": 2}, train, len(labels), seed=3)
    assert (fields["num_series"], fields["stride"], fields["seed"], fields["hidden_size"]) == (2, 1, 3, 34)
    assert fields["dilations"] == [1, 2, 3, 4]
    encoder = RandomConvolutionModel(RandomConvolutionConfig(**fields)).eval()
    extractor = TimeSeriesFeatureExtractor(return_scales=True)
    fit_random_convolutions(encoder, extractor, train, labels)

    def encoded(samples: Dataset) -> torch.Tensor:
        batch = extractor(list(samples["time_series"]))
        with torch.no_grad():
            return encoder(
                batch["time_series"], batch["time_series_mask"], batch["time_series_scales"]
            ).last_hidden_state

    found = [labels[index] for index in encoded(test)[:, :2].argmax(1)]
    assert np.mean([one == other for one, other in zip(found, test["answer"], strict=True)]) >= 0.9
    components = encoded(train)[:, 2:]
    assert components.mean(0).abs().max() < 1e-2
    assert torch.allclose(components.var(0, correction=0), torch.ones(32), atol=1e-2)


def test_an_encoder_fitted_to_samples_goes_into_a_new_language_model(tmp_path) -> None:
    backbone = save_backbone(tmp_path)
    samples = two_channels(30, seed=0)
    encoder = fitted_random_convolutions(samples, ["apart", "together"], seed=3, biases_per_kernel=1)
    assert (encoder.config.seed, encoder.config.num_series, encoder.config.hidden_size) == (3, 2, 34)
    assert encoder.feature_scale.std() > 0 and not any(one.requires_grad for one in encoder.parameters())
    model = TSLMForCausalLM.from_backbone(backbone, encoder=encoder)
    assert model.model.encoder is encoder and model.config.encoder_config.hidden_size == 34


def test_the_size_follows_the_longest_series_and_what_is_set_stays() -> None:
    samples = Dataset.from_dict({"time_series": [[[0.0] * 10_000], [[0.0] * 50]]})
    fields = random_convolutions_for({"hidden_size": 8}, samples, 3, seed=0)
    assert (fields["stride"], fields["hidden_size"]) == (20, 8)
    assert fields["dilations"][0] == 1 and 1000 < fields["dilations"][-1] <= 1249
    samples = Dataset.from_dict({"time_series": [[[0.0]], [[0.0], [1.0]]]})
    with pytest.raises(ValueError, match="samples have 1 to 2 series"):
        random_convolutions_for({}, samples, 3, seed=0)


def test_the_penalty_is_that_of_the_least_leave_one_out_error() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(30, 60, generator=generator, dtype=torch.float64)
    features -= features.mean(0)
    targets = features[:, :1] + 3 * torch.randn(30, 1, generator=generator, dtype=torch.float64)
    weights, intercepts = ridge_scores(features, targets, *decompose(features))
    errors = {}
    for penalty in torch.logspace(-6, 0, 13, dtype=torch.float64) * 30:
        gram = features.T @ features + penalty * torch.eye(60, dtype=torch.float64)
        fitted = torch.linalg.solve(gram, features.T @ (targets - targets.mean()))
        hat = features @ torch.linalg.solve(gram, features.T)
        residual = (targets - targets.mean() - features @ fitted)[:, 0]
        errors[(residual / (1 - hat.diagonal() - 1 / 30)).square().mean().item()] = fitted
    assert torch.allclose(weights, errors[min(errors)], atol=1e-6)
    assert intercepts[0] == pytest.approx(targets.mean().item())


def test_the_penalty_is_that_of_the_least_error_for_subjects_left_out() -> None:
    generator = torch.Generator().manual_seed(0)
    subjects = [f"{number}" for number in [0] * 7 + [1] * 4 + [2] * 4 + [3] * 9 + [4] * 6]
    number = torch.tensor([int(subject) for subject in subjects])
    # A subject is known by its own features, which say nothing of another.
    features = torch.randn(30, 60, generator=generator, dtype=torch.float64)
    features[:, 1:6] += 4 * torch.nn.functional.one_hot(number, 5)
    features -= features.mean(0)
    targets = features[:, :1] + 4 * torch.randn(5, 1, generator=generator, dtype=torch.float64)[number]
    decomposed = decompose(features)
    errors = {}
    for penalty in torch.logspace(-6, 0, 13, dtype=torch.float64) * 30:
        total = 0.0
        for one in range(5):
            rest = number != one
            means = features[rest].mean(0), targets[rest].mean(0)
            centered = features[rest] - means[0]
            gram = centered.T @ centered + penalty * torch.eye(60, dtype=torch.float64)
            fitted = torch.linalg.solve(gram, centered.T @ (targets[rest] - means[1]))
            total += (targets[~rest] - means[1] - (features[~rest] - means[0]) @ fitted).square().sum().item()
        errors[total / 30] = penalty
        shrink = decomposed[1] / (decomposed[1] + penalty)
        residual = targets - targets.mean(0) - decomposed[0] @ (shrink[:, None] * (decomposed[0].T @ targets))
        found = left_out_errors(residual, decomposed[0], shrink, rows_of_subjects(subjects))
        assert found.square().mean().item() == pytest.approx(total / 30, rel=1e-6)
    best = errors[min(errors)]
    gram = features.T @ features + best * torch.eye(60, dtype=torch.float64)
    expected = torch.linalg.solve(gram, features.T @ (targets - targets.mean(0)))
    weights, _ = ridge_scores(features, targets, *decomposed, subjects)
    assert torch.allclose(weights, expected, atol=1e-6)
    # Sample by sample, the penalty is another one; that of subjects with a sample each is this one.
    alone = ridge_scores(features, targets, *decomposed)[0]
    assert not torch.allclose(weights, alone, atol=1e-3)
    assert torch.equal(ridge_scores(features, targets, *decomposed, ["0"] * 30)[0], alone)
    assert torch.equal(ridge_scores(features, targets, *decomposed, [*map(str, range(30))])[0], alone)


def test_a_typical_deviation_leaves_constant_series_out() -> None:
    scales = torch.zeros(3, 2, 7)
    scales[:, 0, 1] = torch.tensor([0.0, np.log(7.0), 50.0])
    scales[2, 0, 6] = 1
    scales[:, 1, 6] = 1
    assert typical_deviations(scales).tolist() == pytest.approx([np.log(5.0), 0.0])
