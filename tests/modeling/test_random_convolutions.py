"""Encoder of random convolutions: what it counts, what changes it, and its place in the language model."""

from pathlib import Path

import pytest
import torch
from tslm_models import FUSIONS, tslm

from ts_llm_fusion import TSLMForCausalLM
from ts_llm_fusion.modeling.configuration_random_convolutions import RandomConvolutionConfig
from ts_llm_fusion.modeling.modeling_random_convolutions import RandomConvolutionModel, kernels, quantile_levels
from ts_llm_fusion.modeling.modeling_series_tokens import observed_shares


def encoder(**fields) -> RandomConvolutionModel:
    return RandomConvolutionModel(RandomConvolutionConfig(dilations=[1, 3], biases_per_kernel=2, **fields)).eval()


def inputs(batch: int = 4, series: int = 2, time: int = 40) -> tuple[torch.Tensor, ...]:
    values = torch.randn(batch, series, time, generator=torch.Generator().manual_seed(0))
    return values, torch.ones_like(values, dtype=torch.bool), torch.zeros(batch, series, 7)


def test_the_kernels_are_all_choices_of_three_of_nine_places() -> None:
    found = kernels(torch.device("cpu"))
    assert found.shape == (84, 9) and len(found.unique(dim=0)) == 84
    assert (found.sum(1) == 0).all() and ((found == 2).sum(1) == 3).all()


def test_a_feature_is_the_share_of_places_where_an_answer_is_above_its_bias() -> None:
    model = encoder()
    values, mask, scales = inputs(batch=1, series=1)
    model = encoder(num_series=1)
    features = model.features(values, mask, scales)[0, : model.config.num_features].view(2, 2, 84, 2)
    padded = torch.nn.functional.pad(values[0, 0].diff(prepend=values[0, 0, :1]), (12, 12))
    answer = sum(kernels(torch.device("cpu"))[5, tap] * padded[3 * tap : 3 * tap + 40] for tap in range(9))
    for bias in range(2):
        expected = (answer > model.biases[1, 1, 5, bias]).float().mean()
        assert features[1, 1, 5, bias] == pytest.approx(expected.item(), abs=1 / 40)


def test_new_biases_are_quantiles_of_white_noise() -> None:
    model = encoder(num_series=1)
    values, mask, scales = inputs(batch=200, series=1, time=200)
    shares = model.features(values, mask, scales)[:, : model.config.num_features].mean(0).view(2, 2, 84, 2)
    above = 1 - quantile_levels(2, 2)
    assert (shares - above)[0].abs().max() < 0.03
    assert (shares - above)[1, 1].abs().max() < 0.03  # with a dilation of 1, differences are correlated


def test_the_amplitude_of_a_series_counts_and_its_padding_does_not() -> None:
    model = encoder(num_series=2)
    values, mask, scales = inputs()
    found = model(values, mask, scales).last_hidden_state
    louder = scales.clone()
    louder[:, 0, 1] = 1.0
    assert not torch.allclose(model(values, mask, louder).last_hidden_state, found, atol=1e-3)
    longer = [torch.nn.functional.pad(part, (0, 24), value=0) for part in (values, mask)]
    longer[0][..., 40:] = 7.0
    assert torch.allclose(model(*longer, scales).last_hidden_state, found, atol=1e-5)


def test_another_number_of_series_is_refused() -> None:
    with pytest.raises(ValueError, match="a sample has 2 series; this encoder reads samples of 3"):
        encoder(num_series=3)(*inputs())
    with pytest.raises(ValueError, match="dilations is"):
        RandomConvolutionConfig(dilations=[])


@pytest.mark.parametrize("fusion", FUSIONS)
def test_each_series_has_one_token_of_the_whole_sample(fusion: str) -> None:
    config = RandomConvolutionConfig(num_series=2, hidden_size=16, dilations=[1], dropout=0.0)
    model = tslm(fusion, encoder_config=config).eval()
    values, mask, scales = inputs()
    features, exists = model.model.encode(values, mask, scales)
    assert features.shape == (4, 2, 1, 16) and exists.all()
    assert torch.equal(features[:, 0], features[:, 1])
    with pytest.raises(ValueError, match="time_series_scales is missing"):
        model.model.encode(values, mask, None)


def test_the_numbers_of_a_series_join_its_one_token() -> None:
    config = RandomConvolutionConfig(num_series=2, hidden_size=16, dilations=[1])
    model = tslm("soft_prompt", encoder_config=config, scale_embedding=True).eval()
    values, mask, scales = inputs()
    mask[:, 1, 10:20] = False
    assert observed_shares(model.config, mask)[0].tolist() == [[1.0], [0.75]]
    features, _ = model.model.encode(values, mask, scales)
    assert features.shape == (4, 2, 1, 16) and not torch.equal(features[:, 0], features[:, 1])


def test_a_saved_model_carries_its_code_and_encodes_the_same(tmp_path: Path) -> None:
    config = RandomConvolutionConfig(num_series=2, hidden_size=16, dilations=[1, 2], seed=5)
    model = tslm("soft_prompt", encoder_config=config).eval()
    model.model.encoder.biases += 0.1
    model.save_pretrained(tmp_path)
    assert (tmp_path / "modeling_random_convolutions.py").is_file()
    assert (tmp_path / "configuration_random_convolutions.py").is_file()
    loaded = TSLMForCausalLM.from_pretrained(tmp_path)
    assert torch.equal(loaded.model.encoder.reads, model.model.encoder.reads)
    assert torch.equal(loaded.model.encode(*inputs())[0], model.model.encode(*inputs())[0])
