"""The forecaster: what it computes, what it must not depend on, how it is saved, and what it says of bad input."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoModelForTimeSeriesPrediction

from ts_llm_fusion import LLMPSConfig, LLMPSForForecasting, LLMPSModel
from ts_llm_fusion.modeling.modeling_llmps import LLMPSForForecastingOutput
from ts_llm_fusion.modeling.modeling_mscnn import MSCNN

LLAMA = {"model_type": "llama", "num_key_value_heads": 2, "intermediate_size": 48}
BACKBONES = {
    "gpt2": {},
    "llama": LLAMA,
    "qwen3": {**LLAMA, "model_type": "qwen3", "head_dim": 16},
    "gemma3_text": {**LLAMA, "model_type": "gemma3_text", "head_dim": 16},
    "bert": {"model_type": "bert", "intermediate_size": 48},
}
COMMON = {"num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 2, "vocab_size": 8}
TOKENS = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}


def backbone(name: str) -> dict:
    return {"model_type": name, **COMMON, **TOKENS, **BACKBONES[name]}


def forecasts(model: LLMPSForForecasting, past_values: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    with torch.no_grad():
        return model(past_values, mask).mean_predictions


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_trains(name: str, tiny_model) -> None:
    model = tiny_model(text_config=backbone(name), quantiles=[0.1, 0.5, 0.9]).train()
    outputs = model(torch.randn(3, 48, 5), future_values=torch.randn(3, 12, 5))
    outputs.loss.backward()
    assert outputs.mean_predictions.shape == (3, 12, 5)
    assert outputs.full_predictions.shape == (3, 12, 5, 3)
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
    assert not any(parameter.shape[0] == COMMON["vocab_size"] for parameter in model.model.backbone.parameters())


def test_weights_for_a_backbone_that_is_not_there_are_refused(tiny_model) -> None:
    with pytest.raises(ValueError, match="use_llm is False, so the model has no backbone for the weights of 'gpt2'"):
        tiny_model(use_llm=False).load_backbone("gpt2")


@pytest.mark.parametrize("name", BACKBONES)
def test_saved_and_loaded_through_the_auto_classes_it_is_bit_equal(name: str, tiny_model, tmp_path: Path) -> None:
    model = tiny_model(text_config=backbone(name), quantiles=[0.1, 0.9])
    model.save_pretrained(tmp_path)
    past_values = torch.randn(2, 48, 3)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), LLMPSConfig)
    loaded = AutoModelForTimeSeriesPrediction.from_pretrained(tmp_path)
    assert torch.equal(forecasts(loaded, past_values), forecasts(model, past_values))
    base = AutoModel.from_pretrained(tmp_path)
    assert isinstance(base, LLMPSModel)
    with torch.no_grad():
        expected = model.model(past_values).last_hidden_state
        assert torch.equal(base(past_values).last_hidden_state, expected)


@pytest.mark.parametrize("name", BACKBONES)
def test_a_checkpoint_with_word_embeddings_loads(name: str, tiny_model, tmp_path: Path) -> None:
    model = tiny_model(text_config=backbone(name))
    model.save_pretrained(tmp_path)
    text_model = AutoModel.from_config(model.config.text_config)
    embeddings = text_model.get_input_embeddings()
    (place,) = (place for place, module in text_model.named_modules() if module is embeddings)
    weights = load_file(tmp_path / "model.safetensors")
    assert f"model.backbone.{place}.weight" not in weights
    weights[f"model.backbone.{place}.weight"] = embeddings.weight.detach().clone()
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    for auto_class in (AutoModelForTimeSeriesPrediction, AutoModel):
        loaded, info = auto_class.from_pretrained(tmp_path, output_loading_info=True)
        assert not info["unexpected_keys"] - ({"head.weight", "head.bias"} if auto_class is AutoModel else set())
        assert not info["missing_keys"]
    past_values = torch.randn(2, 48, 3)
    with torch.no_grad():
        assert torch.equal(loaded(past_values).last_hidden_state, model.model(past_values).last_hidden_state)


def test_without_word_embeddings_the_backbone_starts_as_it_did(tiny_config) -> None:
    config = tiny_config()
    torch.manual_seed(5)
    MSCNN(8, 1, 4, 48, config.effective_wavelet_levels)
    torch.nn.Linear(8 * 48, 32)
    expected = AutoModel.from_config(config.text_config).state_dict()
    torch.manual_seed(5)
    found = LLMPSModel(config).backbone.state_dict()
    assert expected.keys() - found.keys() == {"wte.weight"}
    assert all(torch.equal(value, expected[name]) for name, value in found.items())


@pytest.mark.parametrize("given", ["argument", "config", "text_config"])
def test_hidden_states_and_attentions_come_where_argument_or_config_asks(given: str, tiny_model) -> None:
    model = tiny_model(attn_implementation="eager")
    past_values = torch.randn(2, 48, 3)
    asked = {"output_hidden_states": True, "output_attentions": True}
    if given != "argument":
        config = model.config if given == "config" else model.config.text_config
        for name in asked:
            setattr(config, name, True)
    with torch.no_grad():
        outputs = model(past_values, **(asked if given == "argument" else {}))
        assert (len(outputs.hidden_states), len(outputs.attentions)) == (3, 2)
        assert outputs.attentions[0].shape == (2, 2, 3, 3)
        model.config.return_dict = False
        as_tuple = model(past_values, **(asked if given == "argument" else {}))
        assert isinstance(as_tuple, tuple) and torch.equal(as_tuple[0], outputs.mean_predictions)
        assert len(as_tuple) == 3
        assert torch.equal(model.predict(past_values).mean_predictions, outputs.mean_predictions)


def test_a_model_made_on_the_meta_device_gets_its_wavelet_when_loaded(tiny_model, tmp_path: Path) -> None:
    model = tiny_model()
    model.save_pretrained(tmp_path)
    loaded = LLMPSForForecasting.from_pretrained(tmp_path)
    low_pass = loaded.model.mscnn.blocks[0].decouple.low_pass
    assert torch.equal(low_pass, model.model.mscnn.blocks[0].decouple.low_pass)
    assert "low_pass" not in "".join(model.state_dict())


@pytest.mark.parametrize("mix_variables", (True, False))
@pytest.mark.parametrize("patch_length", (None, 8))
def test_batched_equals_single(mix_variables: bool, patch_length: int | None, tiny_model) -> None:
    model = tiny_model(mix_variables=mix_variables, patch_length=patch_length)
    past_values = torch.randn(5, 48, 3)
    single = torch.cat([forecasts(model, sample[None]) for sample in past_values])
    torch.testing.assert_close(forecasts(model, past_values), single, atol=1e-5, rtol=0)


def test_masked_values_do_not_matter(tiny_model) -> None:
    model = tiny_model()
    past_values, mask = torch.randn(2, 48, 3), torch.rand(2, 48, 3) > 0.3
    changed = torch.where(mask, past_values, torch.randn(2, 48, 3) * 1e6)
    as_nan = torch.where(mask, past_values, torch.nan)
    expected = forecasts(model, past_values, mask)
    assert torch.equal(forecasts(model, changed, mask), expected)
    assert torch.equal(forecasts(model, as_nan), expected)


def test_missing_targets_have_no_part_in_the_loss(tiny_model) -> None:
    model = tiny_model()
    past_values, future_values = torch.randn(2, 48, 3), torch.randn(2, 12, 3)
    hidden = future_values.clone()
    hidden[:, 6:] = torch.nan
    loss = model(past_values, future_values=hidden).loss
    predicted = model(past_values).mean_predictions
    expected = (predicted[:, :6] - future_values[:, :6]).square().mean()
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize("patch_length", (None, 8))
def test_variables_permute_with_their_forecasts_when_they_are_not_mixed(patch_length: int | None, tiny_model) -> None:
    past_values, order = torch.randn(2, 48, 5), torch.tensor([3, 0, 4, 1, 2])
    apart = tiny_model(mix_variables=False, patch_length=patch_length)
    torch.testing.assert_close(
        forecasts(apart, past_values[..., order]), forecasts(apart, past_values)[..., order], atol=1e-5, rtol=0
    )
    mixed = tiny_model(mix_variables=True, patch_length=patch_length)
    difference = forecasts(mixed, past_values[..., order]) - forecasts(mixed, past_values)[..., order]
    assert difference.abs().max() > 1e-3


def test_any_number_of_variables_and_steps(tiny_model) -> None:
    model = tiny_model()
    for steps, variables in ((48, 1), (48, 20), (10, 3), (200, 3)):
        assert forecasts(model, torch.randn(2, steps, variables)).shape == (2, 12, variables)
    long = torch.randn(2, 200, 3)
    assert torch.equal(forecasts(model, long), forecasts(model, long[:, -48:]))


def test_a_short_look_back_is_the_same_as_masked_padding(tiny_model) -> None:
    model = tiny_model()
    short = torch.randn(2, 20, 3)
    padded = torch.cat((torch.full((2, 28, 3), 99.0), short), dim=1)
    mask = torch.arange(48)[None, :, None].expand(2, 48, 3) >= 28
    assert torch.equal(forecasts(model, short), forecasts(model, padded, mask))


def test_a_forecast_moves_with_the_scale_of_the_series(tiny_model) -> None:
    model, past_values = tiny_model(), torch.randn(2, 48, 3)
    moved = forecasts(model, past_values * 50 + 1000)
    torch.testing.assert_close(moved, forecasts(model, past_values) * 50 + 1000, atol=0.02, rtol=0)


@pytest.mark.parametrize("scale", (1e-30, 1e-10, 1.0, 1e10, 1e30))
def test_no_scale_makes_a_nan(scale: float, tiny_model) -> None:
    model = tiny_model(quantiles=[0.1, 0.9])
    past_values = torch.randn(2, 48, 3)
    outputs = model.predict(past_values * scale, prediction_length=30)
    assert outputs.mean_predictions.isfinite().all()
    assert outputs.full_predictions.isfinite().all()
    relative = outputs.mean_predictions / scale
    expected = model.predict(past_values, prediction_length=30).mean_predictions
    torch.testing.assert_close(relative, expected, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("constant", (0.0, 5.25, -1e30, 1e-30))
def test_a_constant_series_forecasts_its_constant(constant: float, tiny_model) -> None:
    model = tiny_model(quantiles=[0.1, 0.9])
    outputs = model.predict(torch.full((1, 48, 2), constant))
    assert torch.equal(outputs.mean_predictions, torch.full((1, 12, 2), constant))
    assert torch.equal(outputs.full_predictions, torch.full((1, 12, 2, 2), constant))


def test_quantiles_never_cross(tiny_model) -> None:
    model = tiny_model(quantiles=[0.1, 0.3, 0.5, 0.7, 0.9])
    with torch.no_grad():
        quantiles = model(torch.randn(8, 48, 3)).full_predictions
    assert (quantiles.diff(dim=-1) >= 0).all()
    assert quantiles.diff(dim=-1).max() > 0


@pytest.mark.parametrize("levels", ([0.1, 0.9], [0.5], [0.1, 0.3], [0.6, 0.9]))
def test_the_mean_lies_between_the_quantiles_and_the_loss_is_that_of_the_head(levels: list, tiny_model) -> None:
    model, past_values = tiny_model(quantiles=levels), torch.randn(2, 48, 3)
    model.head.bias.data.view(12, -1)[:, 0] = torch.tensor([-50.0, 50.0]).repeat(6)
    outputs = model(past_values, future_values=torch.zeros(2, 12, 3))
    mean, quantiles = outputs.mean_predictions, outputs.full_predictions
    assert torch.equal(mean[:, ::2], quantiles[:, ::2, :, 0]) == (levels[0] < 0.5)
    assert torch.equal(mean[:, 1::2], quantiles[:, 1::2, :, -1]) == (levels[-1] > 0.5)
    outputs.loss.backward()
    assert model.head.bias.grad.view(12, -1)[:, 0].abs().min() > 1


def test_the_quantile_loss_is_the_pinball_loss(tiny_model) -> None:
    model = tiny_model(quantiles=[0.2, 0.9], loss="mae")
    past_values, target = torch.randn(2, 48, 3), torch.randn(2, 12, 3)
    with torch.no_grad():
        # The mean between the quantiles: it is clipped to them after the loss.
        model.head.bias.view(12, 3).copy_(torch.tensor([0.0, -5.0, 5.0]))
        outputs = model(past_values, future_values=target)
    expected = (target - outputs.mean_predictions).abs().mean()
    for k, level in enumerate((0.2, 0.9)):
        error = target - outputs.full_predictions[..., k]
        expected = expected + torch.where(error > 0, level * error, (level - 1) * error).mean()
    torch.testing.assert_close(outputs.loss, expected)


def test_a_long_horizon_rolls_out_and_says_so(tiny_model, caplog: pytest.LogCaptureFixture) -> None:
    model, past_values = tiny_model(quantiles=[0.1, 0.9]), torch.randn(2, 48, 3)
    model.head.bias.data.view(12, 3).copy_(torch.tensor([0.0, -5.0, 5.0]))
    long = model.predict(past_values, prediction_length=30)
    assert "prediction_length 30 is longer than the 12" in caplog.text
    assert long.mean_predictions.shape == (2, 30, 3)
    assert long.full_predictions.shape == (2, 30, 3, 2)
    first = forecasts(model, past_values)
    second = forecasts(model, torch.cat((past_values, first), dim=1))
    assert torch.equal(long.mean_predictions[:, :12], first)
    assert torch.equal(long.mean_predictions[:, 12:24], second)
    assert model.predict(past_values, prediction_length=5).mean_predictions.shape == (2, 5, 3)


def test_a_long_forecast_of_a_random_walk_widens_as_it_should(tiny_model) -> None:
    """A model that forecasts the last value, with the quantiles of a normal step from it for every block."""
    levels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    model = tiny_model(prediction_length=1, quantiles=levels)
    scores = torch.special.ndtri(torch.tensor([0.5, *levels], dtype=torch.float64))
    calls = []

    def forward(past_values: torch.Tensor, past_observed_mask: torch.Tensor, **_) -> LLMPSForForecastingOutput:
        calls.append(len(past_values))
        forecast = past_values[:, -1:, :, None] + scores
        return LLMPSForForecastingOutput(mean_predictions=forecast[..., 0], full_predictions=forecast[..., 1:])

    model.forward = forward
    past_values = torch.randn(2, 48, 3, dtype=torch.float64)
    found = model.predict(past_values, prediction_length=16)
    assert calls == [2] + [2, 64] * 15
    torch.testing.assert_close(found.mean_predictions, past_values[:, -1:].expand(-1, 16, -1))
    torch.testing.assert_close(found.full_predictions[..., 4], found.mean_predictions)
    upside_down = model.predict(-past_values, prediction_length=16).full_predictions
    torch.testing.assert_close(-upside_down.flip(-1), found.full_predictions)
    assert torch.equal(model.predict(past_values, prediction_length=9)[1], found.full_predictions[:, :9])
    width = found.full_predictions[..., -1] - found.full_predictions[..., 0]
    expected = 2 * scores[-1] * torch.arange(1, 17).sqrt()
    torch.testing.assert_close(width[0, :, 0], expected.double(), atol=0, rtol=0.1)


def test_a_constant_series_forecasts_its_constant_at_any_horizon(tiny_model) -> None:
    model = tiny_model(quantiles=[0.1, 0.5, 0.9])
    outputs = model.predict(torch.full((1, 48, 1), 5.3), prediction_length=40)
    assert torch.equal(outputs.full_predictions, torch.full((1, 40, 1, 3), 5.3))
    assert torch.equal(outputs.mean_predictions, torch.full((1, 40, 1), 5.3))


def test_gradient_checkpointing_gives_the_same_gradients(tiny_model) -> None:
    model = tiny_model().train()
    past_values, future_values = torch.randn(2, 48, 3), torch.randn(2, 12, 3)

    def gradients() -> dict[str, torch.Tensor]:
        model.zero_grad()
        model(past_values, future_values=future_values).loss.backward()
        return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}

    plain = gradients()
    model.gradient_checkpointing_enable()
    assert model.model.backbone.is_gradient_checkpointing
    checkpointed = gradients()
    assert plain.keys() == checkpointed.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(checkpointed[name], gradient, atol=1e-6, rtol=1e-5)


def test_bfloat16_agrees_with_float32(tiny_model, tmp_path: Path) -> None:
    model, past_values = tiny_model(), torch.randn(4, 48, 3)
    model.save_pretrained(tmp_path)
    half = LLMPSForForecasting.from_pretrained(tmp_path, dtype=torch.bfloat16)
    assert half.head.weight.dtype == torch.bfloat16
    predicted = forecasts(half, past_values)
    assert predicted.dtype == torch.float32
    # bfloat16 keeps 8 bits: 1/256 of a step, a few of them, in units of the window's standard deviation.
    assert (predicted - forecasts(model, past_values)).abs().max() < 0.03


def test_compiled_agrees_with_eager_without_graph_breaks(tiny_model) -> None:
    model, past_values = tiny_model(), torch.randn(4, 48, 3)
    # The graph and its decompositions are of this model; the C++ that is generated from them, in 15 s, is of torch.
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    with torch.no_grad():
        torch.testing.assert_close(
            compiled(past_values).mean_predictions, model(past_values).mean_predictions, atol=1e-5, rtol=0
        )


def test_eager_attention_equals_sdpa(tiny_model, tmp_path: Path) -> None:
    model, past_values = tiny_model(), torch.randn(4, 48, 3)
    model.save_pretrained(tmp_path)
    eager = LLMPSForForecasting.from_pretrained(tmp_path, attn_implementation="eager")
    assert eager.model.backbone.config._attn_implementation == "eager"
    assert model.model.backbone.config._attn_implementation == "sdpa"
    torch.testing.assert_close(forecasts(eager, past_values), forecasts(model, past_values), atol=1e-5, rtol=0)
    with torch.no_grad():
        outputs = eager(past_values, output_attentions=True, output_hidden_states=True)
    assert len(outputs.attentions) == 2
    assert outputs.attentions[0].shape == (4, 2, 3, 3)
    assert len(outputs.hidden_states) == 3


@pytest.mark.parametrize(
    ("switch", "gone"),
    [
        ({"use_multi_scale": False}, ("branch_convs.1", "decouple")),
        ({"use_wavelet": False}, ("decouple",)),
        ({"use_llm": False}, ("backbone",)),
        ({"t2t_hidden_size": None}, ("feature_projection",)),
    ],
    ids=["multi_scale", "wavelet", "llm", "t2t"],
)
def test_each_ablation_switch_takes_its_part_out_and_still_trains(switch: dict, gone: tuple, tiny_model) -> None:
    full = tiny_model(t2t_hidden_size=16)
    without = tiny_model(**({"t2t_hidden_size": 16} | switch)).train()
    present = lambda model: {part for part in gone if any(part in name for name, _ in model.named_modules())}  # noqa: E731
    assert present(full) == set(gone)
    assert present(without) == set()
    features = None if without.feature_projection is None else torch.randn(2, 3, 3, 16)
    without(torch.randn(2, 48, 3), future_values=torch.randn(2, 12, 3), semantic_features=features).loss.backward()
    assert without.head.weight.grad.abs().max() > 0


def test_the_feature_loss_is_weighted_and_costs_nothing_at_inference(tiny_model) -> None:
    model = tiny_model(t2t_hidden_size=16, feature_loss_weight=0.5)
    past_values, future_values = torch.randn(2, 48, 3), torch.randn(2, 12, 3)
    features = torch.randn(2, 3, 3, 16)
    calls = []
    model.feature_projection.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        plain = model(past_values, future_values=future_values).loss
        assert calls == []
        with_features = model(past_values, future_values=future_values, semantic_features=features).loss
        pooled = model.model(past_values).multi_scale_features.unfold(-1, 24, 12).mean(-1).transpose(2, 3)
        expected = (model.feature_projection(pooled) - features).square().mean()
    torch.testing.assert_close(with_features - plain, 0.5 * expected, atol=1e-5, rtol=1e-4)


def test_a_head_for_each_variable_takes_exactly_its_variables(tiny_model) -> None:
    model = tiny_model(share_projection=False, num_input_channels=3)
    assert forecasts(model, torch.randn(2, 48, 3)).shape == (2, 12, 3)
    with pytest.raises(ValueError, match="has 4 variables; this model has a head for each of its 3"):
        model(torch.randn(2, 48, 4))


def test_more_tokens_than_positions_is_an_error(tiny_model) -> None:
    model = tiny_model(text_config={**backbone("gpt2"), "max_position_embeddings": 16})
    with pytest.raises(ValueError, match="20 variables need 20 tokens, but the backbone has positions for 16"):
        model(torch.randn(1, 48, 20))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"past_values": torch.randn(48, 3)}, r"past_values has shape \(48, 3\); give \(batch, time, variables\)"),
        ({"past_values": torch.randn(1, 48, 3), "future_values": torch.randn(1, 9, 3)}, r"shape \(1, 9, 3\)"),
        (
            {"past_values": torch.randn(1, 48, 3), "future_values": torch.randn(1, 12, 3), "semantic_features": 0},
            "t2t_hidden_size is not set",
        ),
    ],
)
def test_bad_input_is_one_clear_error(arguments: dict, message: str, tiny_model) -> None:
    with pytest.raises(ValueError, match=message):
        tiny_model()(**arguments)


def test_predict_refuses_an_empty_horizon_and_a_variable_without_values(tiny_model) -> None:
    model, past_values = tiny_model(), torch.randn(2, 48, 3)
    with pytest.raises(ValueError, match="prediction_length is 0; it must be at least 1"):
        model.predict(past_values, prediction_length=0)
    past_values[1, :, 2] = torch.nan
    with pytest.raises(ValueError, match="variable 2 of sample 1 has no observed value"):
        model.predict(past_values)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"context_length": 0}, "context_length is 0"),
        ({"prediction_length": 0}, "prediction_length is 0"),
        ({"mscnn_channels": 30}, "mscnn_channels is 30"),
        ({"mscnn_layers": -1}, "mscnn_layers is -1"),
        ({"patch_length": 97}, "patch_length is 97"),
        ({"patch_stride": 4}, "patch_stride is 4 but patch_length is not set"),
        ({"wavelet_levels": 4}, "wavelet_levels is 4; context_length 96 allows 1 to 3"),
        ({"share_projection": False}, "num_input_channels is not set"),
        ({"num_input_channels": 0}, "num_input_channels is 0"),
        ({"head_dropout": 1.0}, "head_dropout is 1.0"),
        ({"quantiles": [0.9, 0.1]}, "quantiles is"),
        ({"quantiles": [0.0, 0.5]}, "quantiles is"),
        ({"huber_delta": 0}, "huber_delta is 0"),
        ({"loss": "l3"}, "loss"),
        ({"t2t_hidden_size": 8, "t2t_patch_length": 97}, "t2t_patch_length is 97"),
        ({"feature_loss_weight": -1.0}, "feature_loss_weight is -1.0"),
        ({"text_config": {"model_type": "t5"}}, "encoder-decoder"),
        ({"text_config": {"model_type": "none"}}, "model_type 'none'"),
    ],
)
def test_a_contradicting_configuration_names_its_field(fields: dict, message: str) -> None:
    with pytest.raises(Exception, match=message) as raised:
        LLMPSConfig(**fields)
    assert "validat" in type(raised.value).__name__.lower() or isinstance(raised.value, ValueError)


def test_float64_keeps_a_series_that_float32_cannot(tiny_model) -> None:
    model = tiny_model(quantiles=[0.1, 0.9])
    past_values = torch.randn(2, 48, 3, dtype=torch.float64)
    plain, high = model.predict(past_values), model.predict(past_values + 1e9)
    for name in ("mean_predictions", "full_predictions"):
        assert high[name].dtype == torch.float64
        torch.testing.assert_close(high[name] - 1e9, plain[name], atol=1e-5, rtol=0)
    lost = model.predict((past_values + 1e9).float()).mean_predictions
    assert lost.dtype == torch.float32
    assert (lost - 1e9 - plain.mean_predictions).abs().max() > 0.1
    loss = model(past_values + 1e9, future_values=high.mean_predictions).loss
    assert loss < 1


def test_variables_beyond_the_positions_are_predicted_in_groups(tiny_model) -> None:
    model = tiny_model(text_config={**backbone("gpt2"), "max_position_embeddings": 16}, quantiles=[0.1, 0.9])
    past_values = torch.randn(2, 48, 20)
    found = model.predict(past_values, prediction_length=14)
    for group in (slice(0, 16), slice(16, 20)):
        alone = model.predict(past_values[..., group], prediction_length=14)
        torch.testing.assert_close(found.mean_predictions[:, :, group], alone.mean_predictions)
        torch.testing.assert_close(found.full_predictions[:, :, group], alone.full_predictions)
    too_long = tiny_model(text_config={**backbone("gpt2"), "max_position_embeddings": 2}, patch_length=8)
    with pytest.raises(ValueError, match="3 variables need 18 tokens, but the backbone has positions for 2"):
        too_long.predict(torch.randn(1, 48, 3))
