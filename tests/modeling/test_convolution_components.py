"""Principal components of random convolutions: what they count, what they are fitted to, and the tokens they reach."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from transformers import AutoModel

import ts_llm_fusion
from ts_llm_fusion.modeling.configuration_ts_encoder import TSEncoderConfig
from ts_llm_fusion.modeling.modeling_convolution_components import NUM_SHARES, ConvolutionComponents
from ts_llm_fusion.modeling.modeling_encoders import encode_series, load_built_in_encoder
from ts_llm_fusion.modeling.modeling_random_convolutions import kernels
from ts_llm_fusion.modeling.modeling_ts_encoder import TSEncoderModel
from ts_llm_fusion.training.convolution_components import fit_convolution_components

FOLDER = Path(ts_llm_fusion.BUILT_IN).parent / "encoder"


def encoder(components: int = 8) -> TSEncoderModel:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32, "num_hidden_layers": 1}
    return TSEncoderModel(TSEncoderConfig(convolution_components=components, **sizes)).eval()


def series(rows: int, time: int = 120) -> torch.Tensor:
    return torch.randn(rows, time, generator=torch.Generator().manual_seed(0))


def all_of(values: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(values, dtype=torch.bool)


def test_a_share_is_that_of_answers_above_the_bias() -> None:
    module, values = encoder().convolution_components, series(2)
    shares = module.shares(values, all_of(values)).view(2, 2, 6, 84)
    padded = torch.nn.functional.pad(values[1], (8, 8))
    answer = sum(kernels(torch.device("cpu"))[7, tap] * padded[2 * tap : 2 * tap + 120] for tap in range(9))
    assert shares[1, 0, 1, 7].item() == pytest.approx((answer > module.biases[0, 1, 7]).float().mean().item())


def test_the_biases_of_a_new_module_split_white_noise_at_their_quantiles() -> None:
    module, values = encoder().convolution_components, series(200, 400)
    found = module.shares(values, all_of(values)).mean(0).view(2, 6, 84)
    difference = (found - module.mean.view(2, 6, 84)).abs()
    # Wider kernels meet the ends of the series, and with a dilation of 1 differences are correlated.
    assert difference[0, :2].max() < 0.02 and difference[1, 1].max() < 0.02


def test_padding_and_gaps_change_a_description_as_little_as_they_should() -> None:
    model, values = encoder(), series(2)
    mask = all_of(values)
    plain = model.convolution_components(values, mask)
    padded = torch.nn.functional.pad(values, (0, 30)), torch.nn.functional.pad(mask, (0, 30))
    assert torch.allclose(model.convolution_components(*padded), plain, atol=1e-5)
    mask[0, 50:70] = False
    other = values.clone()
    other[0, 50:70] = 99.0
    tokens = [model(given, mask).last_hidden_state for given in (values, other)]
    assert torch.equal(*tokens)
    assert not torch.allclose(model(values).last_hidden_state[0], tokens[0][0], atol=1e-3)
    assert model.convolution_components(values * 0, mask & False).isfinite().all()


def test_each_token_has_the_description_of_its_series() -> None:
    model, values = encoder(), series(3)
    with_description = model(values).last_hidden_state
    model.convolution_components.projection.weight.data.zero_()
    without = model(values).last_hidden_state
    difference = with_description - without
    assert difference.abs().max() > 0.1
    assert torch.allclose(difference, difference[:, :1].expand_as(difference), atol=1e-5)


def test_a_language_model_in_bfloat16_describes_a_slow_series_as_in_float32() -> None:
    values = torch.linspace(-1.7, 1.7, 1024)[None, None]
    model = encoder()
    expected = model.convolution_components(values[0], all_of(values[0]))
    tokens = []
    for with_components in (True, False):
        if not with_components:
            model.convolution_components.projection.weight.data.zero_()
        tokens.append(encode_series(copy.deepcopy(model).bfloat16(), values, all_of(values))[0])
    found = (tokens[0] - tokens[1])[0, 0].float().mean(0)
    assert (found - expected[0]).abs().max() < 0.02 * expected.abs().max()


def test_components_are_those_of_the_series_they_are_fitted_to() -> None:
    module = encoder(components=6).convolution_components
    rng = np.random.default_rng(0)
    batches = [
        [np.sin(np.arange(90) * rng.uniform(0.1, 2)) + rng.normal(size=90) for _ in range(20)] for _ in range(2)
    ]
    fit_convolution_components(module, batches)
    found = []
    for batch in batches:
        values = torch.tensor(np.stack([(row - row.mean()) / row.std() for row in batch])).float()
        found.append((module.shares(values, all_of(values)) - module.mean) @ module.components)
    numbers = torch.cat(found).double()
    assert numbers.mean(0).abs().max() < 1e-3
    covariance = numbers.T @ numbers / len(numbers)
    deviations = covariance.diagonal().sqrt()
    assert (covariance - covariance.diagonal().diag()).abs().max() < 1e-3
    assert (deviations.diff() < 0).all()
    # A component is divided by the root of its deviation.
    lengths = module.components.square().sum(0).sqrt().double()
    assert torch.allclose(lengths, 1 / deviations, rtol=1e-3)
    with pytest.raises(ValueError, match="there are 6 series; 6 components need more"):
        fit_convolution_components(module, [batches[0][:6]])


def test_an_encoder_without_components_has_none_of_their_weights() -> None:
    assert not [name for name in encoder(components=0).state_dict() if "convolution" in name]
    with pytest.raises(ValueError, match="convolution_components"):
        TSEncoderConfig(convolution_components=-1)


def test_the_built_in_encoder_is_small_and_tells_series_apart() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 800_000
    assert "/" not in json.loads((FOLDER / "config.json").read_text()).get("_name_or_path", "")
    with safe_open(FOLDER / "model.safetensors", framework="pt") as weights:
        assert weights.get_slice("convolution_components.components").get_shape() == [NUM_SHARES, 192]
    loaded = AutoModel.from_pretrained(FOLDER, dtype=torch.float32)
    built_in, values = load_built_in_encoder(), series(1, 200)
    assert torch.equal(loaded(values).last_hidden_state, built_in(values).last_hidden_state)
    module: ConvolutionComponents = built_in.convolution_components
    steps = torch.arange(200)
    rows = torch.stack([values[0], torch.sin(steps / 3), (steps % 40 < 20).float(), steps.float()])
    rows = (rows - rows.mean(1, keepdim=True)) / rows.std(1, keepdim=True)
    numbers = (module.shares(rows, all_of(rows)) - module.mean) @ module.components
    assert torch.pdist(numbers).min() > 1.0
