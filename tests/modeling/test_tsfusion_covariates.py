"""Covariates in context of the TSFusion forecaster: what they gain, and that they do no harm."""

import numpy as np
import pytest
import torch
from torch import Tensor

import ts_llm_fusion
from ts_llm_fusion import TSFusionForForecasting

HORIZON = 14
LEVELS = torch.tensor((0.1, 0.5, 0.9))


@pytest.fixture(scope="module")
def model() -> TSFusionForForecasting:
    return TSFusionForForecasting.from_pretrained(ts_llm_fusion.BUILT_IN)


def made_series(count: int, length: int, seed: int = 0) -> Tensor:
    """Level, trend, a season of 7 and autoregressive noise of variance 1, float64 (count, length, 1)."""
    rng = np.random.default_rng(seed)
    time = np.arange(length)
    noise = rng.standard_normal((count, length))
    for step in range(1, length):
        noise[:, step] = 0.5 * noise[:, step - 1] + 0.75**0.5 * noise[:, step]
    season = rng.normal(0, 1.5, (count, 7))[:, time % 7]
    return torch.from_numpy(20 + rng.normal(0, 0.02, (count, 1)) * time + season + noise)[..., None]


def forecast(
    model: TSFusionForForecasting, series: Tensor, covariates: Tensor | None = None, known: int | None = None
):
    """Of the last steps of series (count, time, 1) with covariates (count, time, features)."""
    given = {}
    if covariates is not None:
        given = {
            "past_covariates": covariates[:, :-HORIZON],
            "future_covariates": covariates[:, -HORIZON:, :known],
        }
    return model.predict(series[:, :-HORIZON], None, HORIZON, (0.1, 0.5, 0.9), 7, **given)


def error(out, series: Tensor, effect: Tensor | float = 0.0) -> float:
    return (out.mean_predictions + effect - series[:, -HORIZON:]).abs().mean().item()


def price(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    changes = (rng.random(shape) < 0.12).cumsum(1)
    prices = np.take_along_axis(np.exp(rng.normal(0, 0.2, (shape[0], shape[1] + 1))), changes, 1)
    return prices, 10 * (prices**-1.5 - 1)


def promotion(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    on = (rng.random(shape) < 0.15).astype(float)
    return on, 5 * on


def temperature(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    degrees = 12 + 6 * rng.standard_normal(shape)
    return degrees, 0.6 * np.maximum(14 - degrees, 0)


def pulled_forward(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    on = (rng.random(shape) < 0.15).astype(float)
    return on, 5 * on - 3 * np.roll(on, 1, 1)


@pytest.mark.parametrize(("length", "most"), [(60, 0.15), (400, 0.05)])
@pytest.mark.parametrize("kind", [price, promotion, temperature, pulled_forward])
def test_little_of_what_an_oracle_gains_is_lost(model, kind, length, most):
    base = made_series(60, length + HORIZON)
    values, effect = (torch.from_numpy(x)[..., None] for x in kind(np.random.default_rng(1), tuple(base.shape[:2])))
    series = base + effect
    without = error(forecast(model, series), series)
    oracle = error(forecast(model, base), series, effect[:, -HORIZON:])
    found = error(forecast(model, series, values), series)
    assert found - oracle < most * (without - oracle)


@pytest.mark.parametrize("length", [24, 60, 200])
def test_covariates_of_noise_cost_little(model, length):
    series = made_series(150, length + HORIZON)
    noise = torch.from_numpy(np.random.default_rng(1).standard_normal((150, length + HORIZON, 10)))
    assert error(forecast(model, series, noise), series) < 1.02 * error(forecast(model, series), series)


def test_random_walks_do_not_explain_each_other(model):
    walks = torch.from_numpy(np.random.default_rng(0).standard_normal((150, 100 + HORIZON, 4)).cumsum(1))
    series, others = walks[..., :1], walks[..., 1:]
    assert error(forecast(model, series, others), series) < 1.03 * error(forecast(model, series), series)


def test_more_features_than_steps(model):
    series, others = made_series(40, 60 + HORIZON), np.random.default_rng(1).standard_normal((40, 60 + HORIZON, 99))
    on = torch.from_numpy(promotion(np.random.default_rng(2), (40, 60 + HORIZON))[0])[..., None]
    out = forecast(model, series + 5 * on, torch.cat((torch.from_numpy(others), on), -1))
    assert (out.covariate_effects[:, :, 0, -1:] - 5 * on[:, -HORIZON:]).abs().mean() < 0.25
    assert out.covariate_effects[..., :-1].abs().sum(-1).mean() < 0.25


def test_effects_are_the_computation_and_widen_the_band(model):
    base = made_series(4, 80 + HORIZON)
    values = torch.from_numpy(np.random.default_rng(1).standard_normal((4, 80 + HORIZON, 3)))
    out = forecast(model, base + 3 * values[..., :1], values)
    assert out.covariate_effects.shape == (4, HORIZON, 1, 3)
    total = (out.expert_weights * out.expert_predictions).sum(-1) + out.covariate_effects.sum(-1)
    torch.testing.assert_close(total, out.mean_predictions, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(out.full_predictions[..., 1], out.mean_predictions)
    # Against the median of the history.
    center = values[:, :-HORIZON].median(1, keepdim=True).values
    assert (out.covariate_effects[:, :, 0, 0] - 3 * (values - center)[:, -HORIZON:, 0]).abs().max() < 1
    # A value never seen acts as one half the range beyond, and is less certain.
    far = values.clone()
    far[:, -HORIZON:, 0] = 1e6
    beyond = forecast(model, base + 3 * values[..., :1], far)
    spread = values[:, :-HORIZON, 0].amax() - values[:, :-HORIZON, 0].amin()
    assert beyond.covariate_effects.abs().max() < 3 * 1.6 * spread
    widths = [(one.full_predictions[..., 2] - one.full_predictions[..., 0]).mean() for one in (out, beyond)]
    assert widths[1] > 1.1 * widths[0]


def test_forecasts_move_with_the_units_and_not_with_the_order(model):
    series = made_series(3, 70 + HORIZON)
    values = torch.from_numpy(np.random.default_rng(1).standard_normal((3, 70 + HORIZON, 3)))
    series = series + 2 * values[..., :1] - values[..., 1:2].abs()
    plain = forecast(model, series, values, 2)
    for numbers in ([-1e4, 1e-3, 7.0], [-1e250, 1e-250, 1e-30]):
        units = torch.tensor(numbers, dtype=torch.float64)
        moved = forecast(model, 1e4 - 50 * series, units * values + 1e3 * units.abs(), 2)
        found = ((moved.full_predictions - 1e4) / -50).flip(-1)
        assert (found - plain.full_predictions).abs().max() < 1e-5 * series.std()
    turned = forecast(model, series.flip(0), values.flip(0)[..., [1, 0, 2]], 2)
    torch.testing.assert_close(turned.mean_predictions.flip(0), plain.mean_predictions, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(
        turned.covariate_effects.flip(0)[..., [1, 0, 2]], plain.covariate_effects, rtol=1e-5, atol=1e-5
    )
    # Both channels of a row have its covariates; padding in front has no influence.
    wide = torch.nn.functional.pad(torch.cat((series, -series), -1), (0, 0, 30, 0), value=torch.nan)
    out = forecast(model, wide, torch.nn.functional.pad(values, (0, 0, 30, 0), value=torch.nan), 2)
    torch.testing.assert_close(out.mean_predictions[..., :1], plain.mean_predictions, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(out.mean_predictions[..., 1:], -plain.mean_predictions, rtol=1e-5, atol=1e-5)


def test_what_says_nothing_changes_nothing(model):
    series = made_series(5, 60 + HORIZON)
    without = forecast(model, series)
    assert without.covariate_effects is None
    on = torch.zeros_like(series)
    on[:, -HORIZON:] = 1
    # Never on in the history, constant, never seen, and the time itself.
    time = torch.arange(series.shape[1], dtype=torch.float64).expand(5, -1)[..., None]
    for values in (on, torch.full_like(series, 0.1), torch.where(on > 0, on, torch.nan), time):
        out = forecast(model, series, values)
        torch.testing.assert_close(out.full_predictions, without.full_predictions, rtol=1e-4, atol=1e-3)
    none = forecast(model, series, series[..., :0])
    assert torch.equal(none.full_predictions, without.full_predictions)
    assert none.covariate_effects.shape == (5, HORIZON, 1, 0)


def test_the_past_alone_explains_the_past(model):
    base = made_series(60, 80 + HORIZON)
    outage = torch.zeros_like(base)
    outage[:, [20, 41, 78]] = 1
    series = base - 8 * outage
    out, plain = forecast(model, series, outage, 0), forecast(model, series)
    assert out.covariate_effects.abs().max() < 2
    clean = error(forecast(model, base), series)
    assert error(out, series) - clean < 0.15 * (error(plain, series) - clean)


@pytest.mark.parametrize("kind", ["promotions by weekday", "prices"])
def test_the_band_allows_for_covariates_without_a_future(model, kind):
    """Without that, it holds a third of the values, as it is that of a series that nothing moves any more."""
    base, rng = made_series(40, 182 + HORIZON), np.random.default_rng(1)
    if kind == "prices":
        values, effect = price(rng, tuple(base.shape[:2]))
    else:
        weeks = rng.random((40, 28)) < 0.3
        values = np.repeat(weeks, 7, 1) * (np.arange(28 * 7) % 7 > 2)
        effect = 8.0 * values
    series, values = base + torch.from_numpy(effect)[..., None], torch.from_numpy(values * 1.0)[..., None]
    out = forecast(model, series, values, 0)
    actual = series[:, -HORIZON:, :, None]
    inside = (actual >= out.full_predictions[..., :1]) & (actual <= out.full_predictions[..., 2:])
    assert 0.74 < inside.double().mean() < 0.86
    total = (out.expert_weights * out.expert_predictions).sum(-1) + out.covariate_effects.sum(-1)
    torch.testing.assert_close(total, out.mean_predictions, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(out.full_predictions[..., 1], out.mean_predictions)
    # It is sharper than one that never heard of the covariate.
    losses = []
    for lines in (out.full_predictions, forecast(model, series).full_predictions):
        beyond = actual - lines
        losses.append(torch.maximum(LEVELS * beyond, (LEVELS - 1) * beyond).mean())
    assert losses[0] < 0.98 * losses[1]


def test_gaps_and_short_histories(model):
    series = made_series(2, 60 + HORIZON)
    values = torch.from_numpy(np.random.default_rng(1).standard_normal((2, 60 + HORIZON, 2)))
    whole = series + 4 * values[..., :1]
    gaps, holes = whole.clone(), values.clone()
    gaps[:, 20:25] = torch.nan
    holes[:, 40:43] = torch.nan
    out, full = forecast(model, gaps, holes, 1), forecast(model, whole, values, 1)
    assert (out.covariate_effects - full.covariate_effects).abs().max() < 2
    for length in (1, 2, 3, 5, 9):
        out = forecast(model, whole[:, -HORIZON - length :], values[:, -HORIZON - length :])
        assert torch.isfinite(out.full_predictions).all()
        assert out.covariate_effects.abs().max() <= 20
    gone = forecast(model, torch.cat((whole[:1], torch.full_like(whole[:1], torch.nan))), values)
    assert gone.mean_predictions[1].isnan().all()
    torch.testing.assert_close(gone.mean_predictions[0], forecast(model, whole, values).mean_predictions[0])


def test_the_gate_learns_on_what_the_covariates_leave(model):
    series = made_series(8, 60 + HORIZON).float()
    on = torch.from_numpy(promotion(np.random.default_rng(1), (8, 60 + HORIZON))[0]).float()[..., None]
    arguments = {"future_values": (series + 5 * on)[:, -HORIZON:], "seasonal_period": 7}
    covariates = {"past_covariates": on[:, :-HORIZON], "future_covariates": on[:, -HORIZON:]}
    history = (series + 5 * on)[:, :-HORIZON]
    model.zero_grad()
    loss = model(history, **arguments, **covariates).loss
    loss.backward()
    assert loss.dtype == torch.float32
    assert model.head.projection.weight.grad.abs().sum() > 0
    clean = model(series[:, :-HORIZON], future_values=series[:, -HORIZON:], seasonal_period=7).loss
    assert abs(loss / clean - 1) < 0.1
    assert model(history, **arguments).loss > 0


@pytest.mark.parametrize(
    ("past", "future", "message"),
    [
        (None, torch.zeros(2, 3, 1), "without past_covariates"),
        (torch.zeros(2, 5, 1), torch.zeros(2, 3, 1), r"past_covariates has shape \(2, 5, 1\)"),
        (torch.zeros(2, 20, 1), torch.zeros(2, 4, 1), r"future_covariates has shape \(2, 4, 1\)"),
        (torch.zeros(2, 20, 1), torch.zeros(2, 3, 2), r"future_covariates has shape \(2, 3, 2\)"),
        (
            torch.zeros(2, 20, 1),
            torch.tensor([[[0.0]] * 3, [[0.0], [0.0], [torch.nan]]]),
            "row 1 at step 2, feature 0",
        ),
        (torch.full((2, 20, 1), torch.inf), torch.zeros(2, 3, 1), "past_covariates holds an infinity"),
    ],
)
def test_covariates_that_do_not_fit_are_an_error(model, past, future, message):
    with pytest.raises(ValueError, match=message):
        model.predict(torch.randn(2, 20, 1), None, 3, past_covariates=past, future_covariates=future)
