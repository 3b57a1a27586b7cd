"""Closed-form fit of the encoder of random convolutions to a training set."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from datasets import Dataset

from ..errors import UserError
from ..modeling.configuration_random_convolutions import RandomConvolutionConfig
from ..modeling.modeling_random_convolutions import RandomConvolutionModel, quantile_levels
from ..processing.feature_extraction_time_series import TimeSeriesFeatureExtractor

# Samples that biases are drawn from.
_BIAS_SAMPLES = 256
# Weight of the scales of the series among the features, as that of its convolutions.
_SCALES_WEIGHT = 1.0
# For each sample; the squared singular values of the standardized features sum to 2 a sample.
_PENALTIES = torch.logspace(-6, 0, 13, dtype=torch.float64)
_MOST_SAMPLES = 4000
_LEAST_SHARE = 1e-10
_LEAST_DEVIATION = 1e-5
_LOG_DEVIATION, _IS_CONSTANT = 1, 6
# Kernels of nine weights reach over a series at the largest dilation; places beyond a few hundred add no information.
_REACH, _MOST_DILATIONS, _MOST_PLACES = 8, 6, 512
_COMPONENTS = 32

Inputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def random_convolutions_for(fields: Mapping[str, Any], samples: Dataset, num_labels: int, seed: int) -> dict[str, Any]:
    """Complete the configuration of an encoder of random convolutions by the size of a training set.

    Args:
        fields: of `RandomConvolutionConfig`, which stay as they are.
        samples: training samples with `time_series`.
        num_labels: number of possible answers, each a row of the projection.
        seed: default of the seed of the encoder.

    Raises:
        ValueError: samples with different numbers of series, or a hidden_size with fewer rows than labels.
    """
    if fields.get("hidden_size", num_labels) < num_labels:
        raise UserError(
            f"encoder_config: hidden_size is {fields['hidden_size']}; {num_labels} labels need as many rows."
        )
    counts, lengths = [], [1]
    for batch in samples.select_columns("time_series").with_format("arrow").iter(1000):
        column = batch["time_series"].combine_chunks()
        counts += column.value_lengths().to_pylist()
        lengths.append(column.flatten().value_lengths().to_numpy().max(initial=1))
    if min(counts) != max(counts) or not counts[0]:
        raise UserError(
            f"samples have {min(counts)} to {max(counts)} series; {RandomConvolutionConfig.model_type} reads samples "
            "of the same series, so take another encoder_config."
        )
    longest = int(max(lengths))
    powers = np.linspace(0, np.log2(max((longest - 1) // _REACH, 1)), _MOST_DILATIONS)
    return {
        "num_series": counts[0],
        "hidden_size": num_labels + _COMPONENTS,
        "dilations": sorted({int(2**power) for power in powers}),
        "stride": -(-longest // _MOST_PLACES),
        "seed": seed,
        **fields,
    }


def _batches(samples: Dataset, extractor: TimeSeriesFeatureExtractor, size: int = 64) -> Iterator[Inputs]:
    for part in samples.select_columns("time_series").iter(size):
        batch = extractor(part["time_series"])
        yield batch["time_series"], batch["time_series_mask"], batch["time_series_scales"]


def typical_deviations(scales: torch.Tensor) -> torch.Tensor:
    """Logarithm (series,) of the root mean square of the deviations of each series; 0 where it is constant.

    Args:
        scales: `time_series_scales` of training samples, (samples, series, 7).
    """
    varies = scales[..., _IS_CONSTANT] == 0
    squares = (2 * scales[..., _LOG_DEVIATION].double()).masked_fill(~varies, -torch.inf)
    typical = (squares.logsumexp(0) - varies.sum(0).clamp(min=1).log()) / 2
    return typical.masked_fill(~varies.any(0), 0.0).float()


def _subjects(samples: Dataset) -> list[str] | None:
    """Subject of each sample, where all are known."""
    if "subject" not in samples.column_names:
        return None
    found: list[str | None] = list(samples["subject"])
    known = [subject for subject in found if subject is not None]
    return known if len(known) == len(found) else None


def fit_biases(encoder: RandomConvolutionModel, inputs: Inputs, generator: torch.Generator) -> None:
    """Set the biases of each kernel to quantiles of its answers to one of the samples, drawn at random."""
    levels = quantile_levels(len(encoder.config.dilations), encoder.config.biases_per_kernel)
    outside = ~encoder.places(inputs[1])
    for order, index, answers in encoder.answers(*inputs):
        count = answers.shape[1]
        drawn = torch.randint(len(answers), (count,), generator=generator)
        chosen = answers[drawn, torch.arange(count)].masked_fill(outside[drawn], torch.nan)
        for kernel in range(count):
            encoder.biases[order, index, kernel] = torch.nanquantile(chosen[kernel], levels[order, index, kernel])


def decompose(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Left singular vectors (samples, rank) of features (samples, features), and squared singular values (rank,).

    From the products of the samples with each other, because there are fewer samples than features.
    """
    squares, left = torch.linalg.eigh(features @ features.T)
    kept = squares > _LEAST_SHARE * squares[-1]
    return left[:, kept].flip(1), squares[kept].flip(0)


def rows_of_subjects(subjects: Sequence[str]) -> list[torch.Tensor]:
    """Rows of the samples of each subject, int64 (subjects, samples) for each number of samples that they have."""
    _, number, counts = np.unique(np.asarray(subjects), return_inverse=True, return_counts=True)
    order = np.argsort(number, kind="stable")
    sizes = counts[number[order]]
    return [torch.from_numpy(order[sizes == size]).view(-1, size) for size in np.unique(counts)]


def left_out_errors(
    residual: torch.Tensor, left: torch.Tensor, shrink: torch.Tensor, groups: Sequence[torch.Tensor] | None = None
) -> torch.Tensor:
    """Residuals of a ridge regression for samples that it is not fitted to, in closed form.

    With the hat matrix H, those of samples left out together are `(I - H)^-1 residual`, of their rows and columns.

    Args:
        residual: of the fit to all samples, (samples, targets).
        left: of `decompose`.
        shrink: factor of each singular vector, (rank,).
        groups: rows of samples that are left out together, from `rows_of_subjects`; one at a time by default.

    Returns:
        (samples, targets), by groups in their order.
    """
    if groups is None:
        leverage = left.square() @ shrink + 1 / len(left)
        return residual / (1 - leverage).clamp(min=1e-12)[:, None]
    # The intercept is that of the constant vector.
    root = torch.cat([left * shrink.sqrt(), left.new_full((len(left), 1), len(left) ** -0.5)], dim=1)
    found = []
    for rows in groups:
        own = root[rows]
        rest = torch.eye(rows.shape[1], dtype=left.dtype) - own @ own.mT
        found.append(torch.linalg.solve(rest, residual[rows]).flatten(0, 1))
    return torch.cat(found)


def ridge_scores(
    features: torch.Tensor,
    targets: torch.Tensor,
    left: torch.Tensor,
    squares: torch.Tensor,
    subjects: Sequence[str] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ridge regression with the penalty of the least leave-one-out error among `_PENALTIES`.

    Args:
        features: float64 (samples, features), of mean 0.
        targets: float64 (samples, targets).
        left: of `decompose`.
        squares: of `decompose`.
        subjects: whom each sample was recorded from; all samples of one of at least two are left out together.

    Returns:
        Weights (features, targets) and intercepts (targets,).
    """
    mean = targets.mean(0)
    projected = left.T @ (targets - mean)
    groups = rows_of_subjects(subjects) if subjects is not None and len(set(subjects)) > 1 else None
    errors = []
    penalties = _PENALTIES * len(features)
    for penalty in penalties:
        shrink = squares / (squares + penalty)
        residual = targets - mean - left @ (shrink[:, None] * projected)
        errors.append(left_out_errors(residual, left, shrink, groups).square().mean())
    best = penalties[torch.stack(errors).argmin()]
    return features.T @ (left @ (projected / (squares + best)[:, None])), mean


def fitted_random_convolutions(
    samples: Dataset, labels: Sequence[str] = (), seed: int = 0, **fields: Any
) -> RandomConvolutionModel:
    """Make an encoder of random convolutions for samples of the same series, fitted to them.

    It is that of configs/tslm/archive.yaml, for `TSLMForCausalLM.from_backbone(..., encoder=...)`. It cannot be the
    default there, where no samples are known: it reads all series of a sample at once, as many as these have.

    Args:
        samples: as of `fit_random_convolutions`.
        labels: the possible answers; none where answers are open.
        seed: of the series that kernels read.
        **fields: of `RandomConvolutionConfig`, instead of those that go by the size of the samples.

    Raises:
        ValueError: samples with different numbers of series, or a hidden_size with fewer rows than labels.
    """
    config = RandomConvolutionConfig(**random_convolutions_for(fields, samples, len(labels), seed))
    encoder = RandomConvolutionModel(config).eval().requires_grad_(False)
    fit_random_convolutions(encoder, TimeSeriesFeatureExtractor(return_scales=True), samples, labels)
    return encoder


@torch.no_grad()
def fit_random_convolutions(
    encoder: RandomConvolutionModel,
    extractor: TimeSeriesFeatureExtractor,
    samples: Dataset,
    labels: Sequence[str],
) -> None:
    """Fit deviations, biases, moments and projection of an encoder to training samples.

    The first rows of the projection are a ridge regression of the classes on the standardized features, the others
    their principal components, of variance 1. Of more than 4,000 samples, 4,000 are drawn.

    Args:
        encoder: of a new model, whose `num_series` is that of every sample.
        extractor: of its processor.
        samples: training samples with `time_series` and `answer`; where all have a `subject`, the penalty of the
            ridge regression is that of the least error for subjects that are left out.
        labels: the possible answers; none where answers are open.
    """
    generator = torch.Generator().manual_seed(encoder.config.seed)
    if len(samples) > _MOST_SAMPLES:
        drawn = torch.randperm(len(samples), generator=generator)[:_MOST_SAMPLES]
        samples = samples.select(drawn.sort().values.tolist())
    batches = list(_batches(samples, extractor))
    encoder.log_deviations.copy_(typical_deviations(torch.cat([scales for _, _, scales in batches])))
    few = samples.select(torch.randperm(len(samples), generator=generator)[:_BIAS_SAMPLES].tolist())
    fit_biases(encoder, next(_batches(few, extractor, _BIAS_SAMPLES)), generator)
    features = torch.cat([encoder.features(*batch) for batch in batches]).double()
    mean, deviation = features.mean(0), features.std(0, correction=0)
    count = encoder.config.num_features
    weight = torch.full_like(mean, (_SCALES_WEIGHT / (len(mean) - count)) ** 0.5)
    weight[:count] = count**-0.5
    factor = torch.where(deviation > _LEAST_DEVIATION, weight / deviation.clamp(min=_LEAST_DEVIATION), 0.0)
    encoder.feature_mean.copy_(mean)
    encoder.feature_scale.copy_(factor)
    standardized = (features - mean) * factor
    left, squares = decompose(standardized)
    is_class = np.asarray(samples["answer"], dtype=str)[:, None] == np.asarray(labels, dtype=str)
    targets = torch.tensor(is_class).double() * 2 - 1
    weights, intercepts = ridge_scores(standardized, targets, left, squares, _subjects(samples))
    used = min(encoder.config.hidden_size - len(labels), len(squares))
    components = left[:, :used].T @ standardized / squares[:used, None] * len(samples) ** 0.5
    encoder.projection.weight.zero_()
    encoder.projection.bias.zero_()
    encoder.projection.weight[: len(labels)] = weights.T
    encoder.projection.bias[: len(labels)] = intercepts
    encoder.projection.weight[len(labels) : len(labels) + used] = components
