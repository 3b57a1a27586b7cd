"""The forecaster with covariates: its start, what each of them reaches, long horizons, learning, and bad input."""

from pathlib import Path

import pytest
import torch

from ts_llm_fusion import LLMPSForForecasting

FIELDS = {"num_known_covariates": 2, "num_past_covariates": 1, "num_static_covariates": 3}


def covariates(batch: int = 2, past: int = 48, future: int = 12) -> dict[str, torch.Tensor]:
    return {
        "past_covariates": torch.randn(batch, past, 3),
        "future_covariates": torch.randn(batch, future, 2),
        "static_covariates": torch.randn(batch, 3),
    }


@pytest.fixture
def moved(tiny_model):
    """A model whose covariates have an effect, as after training."""
    model = tiny_model(quantiles=[0.1, 0.5, 0.9], **FIELDS)
    for layer in (model.model.covariate_projection, model.model.static_projection, model.covariate_head.output):
        torch.nn.init.normal_(layer.weight)
    return model


@pytest.mark.parametrize("patch_length", (None, 8))
def test_it_starts_as_the_model_without_covariates_and_trains_all_its_weights(patch_length, tiny_model) -> None:
    model, without = (tiny_model(patch_length=patch_length, **fields) for fields in (FIELDS, {}))
    missing, unexpected = model.load_state_dict(without.state_dict(), strict=False)
    assert unexpected == [] and {name.split(".")[-3 if "head" in name else -2] for name in missing} == {
        "covariate_projection",
        "static_projection",
        "covariate_head",
    }
    past_values, given = torch.randn(2, 48, 3), covariates()
    assert torch.equal(model(past_values, **given).mean_predictions, without(past_values).mean_predictions)
    model(past_values, future_values=torch.randn(2, 12, 3), **given).loss.backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
    for layer in (model.model.covariate_projection, model.model.static_projection, model.covariate_head.output):
        assert layer.weight.grad.abs().min() > 0


def test_saved_and_loaded_it_is_bit_equal_and_a_batch_equals_its_samples(moved, tmp_path: Path) -> None:
    moved.save_pretrained(tmp_path)
    loaded = LLMPSForForecasting.from_pretrained(tmp_path)
    past_values, given = torch.randn(5, 48, 3), covariates(5)
    expected = moved.predict(past_values, **given).full_predictions
    assert torch.equal(loaded.predict(past_values, **given).full_predictions, expected)
    single = [
        moved.predict(past_values[k : k + 1], **{name: x[k : k + 1] for name, x in given.items()}) for k in range(5)
    ]
    torch.testing.assert_close(torch.cat([x.full_predictions for x in single]), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ("past_covariates", "future_covariates", "static_covariates"))
def test_every_covariate_reaches_the_forecast_and_a_missing_one_is_its_mean(name: str, moved) -> None:
    past_values, given = torch.randn(2, 48, 3), covariates()
    expected = moved.predict(past_values, **given).mean_predictions
    mean = {**given, name: torch.zeros_like(given[name])}
    found = moved.predict(past_values, **mean).mean_predictions
    assert (found - expected).abs().max() > 0.1
    unknown = {**given, name: torch.full_like(given[name], torch.nan)}
    torch.testing.assert_close(moved.predict(past_values, **unknown).mean_predictions, found)


def test_a_future_covariate_moves_its_own_step(moved) -> None:
    past_values, given = torch.randn(2, 48, 3), covariates()
    changed = given["future_covariates"].clone()
    changed[:, 5] += 3
    before, after = (
        moved.predict(past_values, **{**given, "future_covariates": known}).full_predictions
        for known in (given["future_covariates"], changed)
    )
    assert (before != after).any(-1).any(-1).all(0).nonzero().flatten().tolist() == [5]


def test_a_longer_horizon_takes_the_covariates_of_all_its_steps(moved) -> None:
    past_values, given = torch.randn(2, 60, 3), covariates(past=60, future=30)
    found = moved.predict(past_values, prediction_length=30, **given)
    assert found.full_predictions.shape == (2, 30, 3, 3)
    short = {**given, "future_covariates": given["future_covariates"][:, :20]}
    torch.testing.assert_close(
        moved.predict(past_values, prediction_length=20, **short).full_predictions, found.full_predictions[:, :20]
    )
    first = moved.predict(past_values, **{**given, "future_covariates": given["future_covariates"][:, :12]})
    # By hand: the past of the second block ends with the first forecast, its known covariates, and no others.
    known, unknown = given["future_covariates"][:, :12], torch.full((2, 12, 1), torch.nan)
    second = moved.predict(
        torch.cat((past_values, first.mean_predictions), dim=1),
        past_covariates=torch.cat((given["past_covariates"], torch.cat((known, unknown), dim=2)), dim=1),
        future_covariates=given["future_covariates"][:, 12:24],
        static_covariates=given["static_covariates"],
    )
    low, high = found.full_predictions[:, 12:24, :, 0], found.full_predictions[:, 12:24, :, 2]
    inside = (second.mean_predictions > low) & (second.mean_predictions < high)
    assert inside.float().mean() > 0.5
    torch.testing.assert_close(found.mean_predictions[:, 12:24][inside], second.mean_predictions[inside])


def test_a_known_covariate_that_decides_the_future_is_learned(tiny_model) -> None:
    """Series of noise plus twice a covariate: without it no forecast beats the mean of the past."""
    model = tiny_model(use_llm=False, num_known_covariates=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(120):
        known = torch.randn(32, 60, 2)
        values = 7 + 2 * known[..., :1] + 0.2 * torch.randn(32, 60, 1)
        inputs = {"past_values": values[:, :48], "past_covariates": known[:, :48], "future_covariates": known[:, 48:]}
        loss = model(**inputs, future_values=values[:, 48:]).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # The variance of the future is 4.04, of which 0.04 is noise.
    assert loss < 0.4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"future_covariates": None}, r"future_covariates is missing; this model takes \(2, 12, 2\)"),
        ({"past_covariates": None}, r"past_covariates is missing; this model takes \(2, 48, 3\)"),
        ({"static_covariates": torch.zeros(2, 4)}, r"static_covariates has shape \(2, 4\); this model takes \(2, 3\)"),
        ({"future_covariates": torch.zeros(2, 9, 2)}, r"future_covariates has shape \(2, 9, 2\); this model takes"),
    ],
)
@pytest.mark.parametrize("call", ("forward", "predict"))
def test_covariates_that_do_not_fit_are_one_line(call: str, change: dict, message: str, moved) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(moved, call)(torch.randn(2, 48, 3), **{**covariates(), **change})


def test_a_model_without_covariates_says_so(tiny_model) -> None:
    with pytest.raises(ValueError, match=r"future_covariates has shape \(2, 12, 2\); this model takes none"):
        tiny_model().predict(torch.randn(2, 48, 3), future_covariates=torch.zeros(2, 12, 2))
