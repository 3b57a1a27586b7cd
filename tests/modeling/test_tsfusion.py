"""The TSFusion forecaster: its experts against references, and what must hold for any weights of the gate."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoModelForTimeSeriesPrediction

from ts_llm_fusion import TSFusionConfig, TSFusionForForecasting, TSFusionModel
from ts_llm_fusion.modeling.configuration_tsfusion import EXPERTS, SPREADS
from ts_llm_fusion.modeling.modeling_tsfusion_analysis import analyze
from ts_llm_fusion.modeling.modeling_tsfusion_autoregression import iterate, regress_on_lags
from ts_llm_fusion.modeling.modeling_tsfusion_experts import run_experts
from ts_llm_fusion.modeling.modeling_tsfusion_features import NUM_FEATURES, pull_to_level, series_features
from ts_llm_fusion.modeling.modeling_tsfusion_head import quantile_interpolation
from ts_llm_fusion.modeling.modeling_tsfusion_series import align, find_periods, find_season
from ts_llm_fusion.modeling.modeling_tsfusion_smoothing import GRID, smooth

LEVELS = (0.001, 0.1, 0.37, 0.5, 0.63, 0.9, 0.999)


@pytest.fixture(scope="module")
def model() -> TSFusionForForecasting:
    """A gate with random weights everywhere, so that no head is trivial."""
    torch.manual_seed(0)
    model = TSFusionForForecasting(TSFusionConfig(hidden_size=16)).eval()
    torch.nn.init.normal_(model.head.projection.weight, std=0.5)
    return model


def made_series(length: int, period: int = 12, seed: int = 0) -> Tensor:
    """Trend, season and noise, float64 (1, length, 1)."""
    time = np.arange(length)
    noise = np.random.default_rng(seed).standard_normal(length)
    values = 20 + 0.1 * time + 3 * np.sin(2 * np.pi * time / period) + 0.4 * noise
    return torch.from_numpy(values)[None, :, None]


def expert(model: TSFusionForForecasting, name: str, series: Tensor, steps: int, period: int | tuple | None) -> Tensor:
    out = model.predict(series, prediction_length=steps, seasonal_period=period)
    return out.expert_predictions[0, :, 0, EXPERTS.index(name)]


def recursion(values: np.ndarray, level: float, slope: float, alpha: float, beta: float, damping: float):
    """One-step errors, last level and last slope of damped Holt smoothing, step by step."""
    errors = []
    for value in values:
        error = value - (level + damping * slope)
        level, slope = level + damping * slope + alpha * error, damping * slope + beta * error
        errors.append(error)
    return np.array(errors), level, slope


@pytest.mark.parametrize("length", [3, 32, 77])
def test_smoothers_are_the_recursion_from_the_least_squares_start(length):
    values = np.random.default_rng(0).standard_normal(length).cumsum()
    padded = np.zeros((2, 96), dtype=np.float32)
    padded[1, :length] = values
    out = smooth(torch.from_numpy(padded), torch.tensor([96, length]))
    centered = values - values[:4].mean()
    for number, (alpha, ratio, damping) in enumerate(GRID):
        of_zero, _, _ = recursion(centered, 0, 0, alpha, alpha * ratio, damping)
        responses = [-recursion(0 * centered, *start, alpha, alpha * ratio, damping)[0] for start in ((1, 0), (0, 1))]
        response = np.stack(responses, 1)
        normal = response.T @ response + np.diag([0.02, 0.5])
        errors, level, slope = recursion(
            centered, *np.linalg.solve(normal, response.T @ of_zero), alpha, alpha * ratio, damping
        )
        assert out.level[1, number].item() == pytest.approx(level + values[:4].mean(), abs=1e-4)
        if damping:
            assert out.slope[1, number].item() == pytest.approx(slope, abs=1e-4)
        assert out.error[1, number].item() == pytest.approx(np.mean(errors**2), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize(("length", "periods"), [(200, (12, 36)), (100, (1, 1)), (200, (12, 12))])
def test_regression_on_lags_is_ridge_regression_iterated(length, periods):
    time = np.arange(length)
    values = np.sin(2 * np.pi * time / 12) + 0.5 * np.sin(2 * np.pi * time / 36)
    values += 0.02 * np.random.default_rng(0).standard_normal(length).cumsum()
    values -= values.mean()
    padded = torch.zeros(2, 224)
    padded[0, :length] = torch.from_numpy(values)
    weight = (torch.arange(224) < torch.tensor([[length], [0]])).float()
    steps = 300
    found = regress_on_lags(padded, weight, torch.tensor([length, 0]), torch.tensor([periods] * 2), steps)
    lags = sorted({*range(1, 9), *(m + d for m in periods if m > 1 for d in (-1, 0, 1))})
    past = np.stack([values[max(lags) - lag : length - lag] for lag in lags], 1)
    gram = past.T @ past
    gram += np.trace(gram) / len(lags) * (0.001 + 0.5 / length) * np.eye(len(lags))
    coefficients = np.linalg.solve(gram, past.T @ values[max(lags) :])
    path = list(values)
    for _ in range(steps):
        path.append(sum(c * path[-lag] for c, lag in zip(coefficients, lags, strict=True)))
    np.testing.assert_allclose(found[0], path[length:], atol=1e-4)
    assert (found[1] == 0).all()


def test_autoregressions_are_iterated_exactly():
    coefficients = torch.tensor([[0.5, -0.3, 0.1], [0.9, 0.0, 0.0]])
    state = torch.tensor([[1.0, 2.0, -1.0], [4.0, 0.0, 0.0]])
    forecast, impulse = iterate(coefficients, state[..., None], 13)
    for row in range(2):
        path, felt = state[row].flip(0).tolist(), [0.0, 0.0, 1.0]
        for _ in range(13):
            path.append(sum(c * path[-lag] for lag, c in enumerate(coefficients[row].tolist(), 1)))
            felt.append(sum(c * felt[-lag] for lag, c in enumerate(coefficients[row].tolist(), 1)))
        np.testing.assert_allclose(forecast[row], path[3:], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(impulse[row], felt[2:-1], rtol=1e-4, atol=1e-5)


def test_naive_experts_are_those_of_statsforecast(model):
    models = pytest.importorskip("statsforecast.models")
    series = made_series(60)
    values = series[0, :, 0].numpy()
    cases = {
        "last_value": models.Naive(),
        "seasonal_naive": models.SeasonalNaive(12),
    }
    for name, reference in cases.items():
        found = expert(model, name, series, 18, 12)
        np.testing.assert_allclose(found, reference.forecast(values, h=18)["mean"], rtol=1e-5)
    for name, reference in {"drift": models.RandomWalkWithDrift(), "mean": models.HistoricAverage()}.items():
        found = expert(model, name, series, 18, 1)
        np.testing.assert_allclose(found, reference.forecast(values, h=18)["mean"], rtol=1e-5)


def test_smoothing_experts_agree_with_statsforecast_on_a_clear_series(model):
    models = pytest.importorskip("statsforecast.models")
    rng = np.random.default_rng(1)
    values = 50 + 0.5 * np.arange(120) + rng.standard_normal(120).cumsum()
    series = torch.from_numpy(values)[None, :, None]
    cases = {
        "simple_smoothing": models.AutoETS(season_length=1, model="ANN"),
        "holt": models.Holt(),
        "theta": models.Theta(),
    }
    spread = np.abs(np.diff(values)).mean()
    for name, reference in cases.items():
        found = expert(model, name, series, 6, 1).numpy()
        assert np.abs(found - reference.forecast(values, h=6)["mean"]).max() < spread, name


def test_a_line_and_a_season_are_continued_exactly(model):
    time = np.arange(72.0)
    line = torch.from_numpy(3 + 0.5 * time)[None, :, None]
    ahead = 3 + 0.5 * np.arange(72.0, 84.0)
    for name in ("holt", "drift", "global_line", "local_line", "recent_drift"):
        np.testing.assert_allclose(expert(model, name, line, 12, 1), ahead, rtol=2e-3)
    season = np.tile([0.0, 5, 1, 2, 7, 3, 3, 1, 0, 2, 4, 6], 6)
    repeated = torch.from_numpy(season)[None, :, None]
    for name in ("seasonal_naive", "seasonal_profile", "seasonal_average", "naive", "theta", "mean"):
        np.testing.assert_allclose(expert(model, name, repeated, 12, 12), season[:12], atol=0.1)


def test_growth_continues_an_exponential_about_a_free_level(model):
    time = np.arange(60)
    series = torch.from_numpy(100 + 5 * 1.05**time)[None, :, None]
    ahead = 100 + 5 * 1.05 ** np.arange(60, 66)
    np.testing.assert_allclose(expert(model, "growth", series, 6, 1), ahead, rtol=0.03)


def test_without_training_the_forecast_is_the_mean_of_the_experts_with_a_normal_spread():
    model = TSFusionForForecasting(TSFusionConfig(hidden_size=16))
    out = model.predict(made_series(80), prediction_length=6, seasonal_period=12, quantile_levels=LEVELS)
    weights = out.expert_weights[0, 0, 0]
    used = weights > 0
    assert torch.allclose(weights[used], torch.full_like(weights[used], 1 / used.sum()))
    # The long seasonal experts do not exist for a single season.
    assert [name for name, one in zip(EXPERTS, used, strict=True) if not one] == [
        "seasonal_naive_long",
        "seasonal_average_long",
        "seasonal_drift_long",
        "seasonal_level_long",
        "level_times_shape_long",
    ]
    plain = out.expert_predictions[0, :, 0][:, used].mean(-1)
    torch.testing.assert_close(out.mean_predictions[0, :, 0], plain)
    offsets = out.full_predictions[0, 0, 0] - out.mean_predictions[0, 0, 0]
    normal = torch.special.ndtri(torch.tensor(LEVELS, dtype=torch.float64))
    torch.testing.assert_close(offsets / offsets[-1], normal / normal[-1], rtol=1e-4, atol=1e-5)


def test_weights_and_experts_are_the_computation(model):
    out = model.predict(torch.cat((made_series(150), made_series(150, 7, 1)), -1), prediction_length=40)
    torch.testing.assert_close(
        (out.expert_weights * out.expert_predictions).sum(-1), out.mean_predictions, rtol=1e-5, atol=1e-5
    )
    torch.testing.assert_close(out.expert_weights.sum(-1), torch.ones(1, 40, 2))
    assert out.expert_weights.min() >= 0
    assert len(model.config.experts) == out.expert_weights.shape[-1]


@settings(max_examples=15, deadline=None)
@given(
    scale=st.floats(1e-6, 1e6).flatmap(lambda a: st.sampled_from((a, -a))),
    shift=st.floats(-1e6, 1e6),
    length=st.integers(4, 130),
    season=st.sampled_from((None, 1, 12)),
)
def test_forecasts_move_and_stretch_with_the_series(model, scale, shift, length, season):
    series = made_series(length)
    shift = shift * abs(scale)
    plain = model.predict(series, prediction_length=8, seasonal_period=season, quantile_levels=LEVELS)
    moved = model.predict(scale * series + shift, prediction_length=8, seasonal_period=season, quantile_levels=LEVELS)
    found = (moved.full_predictions - shift) / scale
    found = found.flip(-1) if scale < 0 else found
    # Far from zero the values themselves are rounded, which the fits amplify.
    rounding = np.finfo(np.float64).eps * abs(shift / scale)
    assert (found - plain.full_predictions).abs().max() < 1e-5 * series.std() + 1e6 * rounding


def test_a_series_is_forecast_by_itself(model):
    lengths = (150, 9, 60, 33)
    series = [made_series(n, 12, seed)[0, :, 0] for seed, n in enumerate(lengths)]
    padded = torch.full((4, 150, 1), torch.nan, dtype=torch.float64)
    for row, one in enumerate(series):
        padded[row, 150 - len(one) :, 0] = one
    together = model.predict(padded, prediction_length=10)
    for row, one in enumerate(series):
        alone = model.predict(one[None, :, None], prediction_length=10)
        torch.testing.assert_close(alone.full_predictions[0], together.full_predictions[row], rtol=1e-5, atol=1e-5)
    columns = model.predict(padded.transpose(0, 2)[:, :, [2, 0, 3, 1]], prediction_length=10)
    found = columns.full_predictions[0].transpose(0, 1)[[1, 3, 0, 2]]
    torch.testing.assert_close(found, together.full_predictions[:, :, 0], rtol=1e-5, atol=1e-5)


def test_masked_values_have_no_influence(model):
    series = made_series(90)
    mask = torch.rand(series.shape, generator=torch.Generator().manual_seed(0)) > 0.2
    masked = model.predict(torch.where(mask, series, 1e9), mask, prediction_length=5)
    missing = model.predict(torch.where(mask, series, torch.nan), prediction_length=5)
    assert torch.equal(masked.full_predictions, missing.full_predictions)
    assert torch.isfinite(missing.full_predictions).all()


def test_a_gap_at_the_end_is_forecast_over(model):
    series = made_series(120)
    whole = model.predict(series[:, :110], prediction_length=16)
    late = series.clone()
    late[:, 110:] = torch.nan
    found = model.predict(late, prediction_length=6)
    torch.testing.assert_close(found.mean_predictions, whole.mean_predictions[:, 10:])
    # The fan opens where the forecast starts: it does not know the widths of the steps before.
    width, of_whole = (q[..., -1] - q[..., 0] for q in (found.full_predictions, whole.full_predictions[:, 10:]))
    assert (width <= of_whole * 1.00001).all()
    growing = TSFusionForForecasting(TSFusionConfig(hidden_size=16))
    whole, found = (
        growing.predict(x, None, steps, seasonal_period=1) for x, steps in ((series[:, :110], 16), (late, 6))
    )
    torch.testing.assert_close(found.full_predictions, whole.full_predictions[:, 10:])


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 8])
def test_short_histories_have_finite_forecasts_with_a_band(model, length):
    out = model.predict(made_series(length), prediction_length=12, quantile_levels=LEVELS)
    assert torch.isfinite(out.full_predictions).all()
    assert (out.full_predictions[..., -1] - out.full_predictions[..., 0]).min() > 1e-3


def test_degenerate_series(model):
    values = torch.full((3, 40, 1), 7.5)
    values[1] = torch.nan
    values[2] = made_series(40)[0].float()
    out = model.predict(values, prediction_length=4)
    assert (out.full_predictions[0] == 7.5).all()
    assert out.mean_predictions[1].isnan().all()
    # A series of which nothing is known does not spoil the training of the others.
    future = made_series(44)[:, 40:].float().expand(3, -1, -1)
    with_it, without = (model(values[rows], future_values=future[rows]).loss for rows in ([1, 2], [2]))
    torch.testing.assert_close(with_it, without)
    model.zero_grad()
    with_it.backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())
    model.zero_grad()
    alone = model.predict(values[2:], prediction_length=4)
    torch.testing.assert_close(out.full_predictions[2:], alone.full_predictions)


def test_only_the_end_of_a_long_history_counts(model):
    long = made_series(100_000)
    out = model.predict(long, prediction_length=3, seasonal_period=12)
    torch.testing.assert_close(
        out.full_predictions, model.predict(long[:, -2112:], prediction_length=3, seasonal_period=12).full_predictions
    )


def test_a_longer_horizon_goes_on_where_the_shorter_ends(model):
    series = made_series(130)
    long = model.predict(series, prediction_length=700, seasonal_period=12)
    short = model.predict(series, prediction_length=5, seasonal_period=12)
    torch.testing.assert_close(long.full_predictions[:, :5], short.full_predictions, rtol=1e-4, atol=1e-4)


def test_the_fan_of_a_random_walk_goes_on_widening():
    model = TSFusionForForecasting(TSFusionConfig(hidden_size=16))
    walks = torch.randn(64, 200, 1, generator=torch.Generator().manual_seed(0)).cumsum(1)
    out = model.predict(walks, prediction_length=256, quantile_levels=(0.1, 0.9))
    width = (out.full_predictions[..., 1] - out.full_predictions[..., 0]).mean((0, 2))
    assert (width[[15, 63, 127, 255]] > 1.2 * width[[3, 15, 63, 127]]).all()


def made_kind(kind: str, length: int, period: int, seed: int, count: int = 8) -> Tensor:
    """Series of one kind, float64 (count, length, 1)."""
    rng = np.random.default_rng(seed)
    time, noise = np.arange(length), rng.standard_normal((count, length))
    phase = rng.standard_normal((count, period))[:, time % period]
    values = {
        "line": rng.normal(0, 0.1, (count, 1)) * time + noise,
        "season": 3 * phase + noise,
        "walk": phase + noise.cumsum(1),
        "product": np.exp(0.01 * time + 0.3 * phase + 0.05 * noise),
        "quiet nights": 3 * phase + noise * (0.1 + time % period),
        "counts": rng.poisson(np.exp(phase)).astype(float),
        "gaps": np.where((rng.random((count, length)) < 0.2) & (time > 0), np.nan, 3 * phase + noise),
    }[kind]
    return torch.from_numpy(values)[..., None]


@settings(max_examples=12, deadline=None)
@given(
    kind=st.sampled_from(("line", "season", "walk", "product", "quiet nights", "counts", "gaps")),
    length=st.integers(3, 300),
    period=st.sampled_from((1, 4, 7, 12, 24)),
    told=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_distance_of_a_quantile_from_the_median_never_shrinks(model, kind, length, period, told, seed):
    series = made_kind(kind, length, period, seed)
    found = model.model(series, None, period if told else None, 256)
    out = model.predict(series, None, 256, LEVELS, period if told else None)
    distance = (out.full_predictions - out.mean_predictions[..., None]).abs()[:, :, 0]
    least = -1e-5 * distance.amax((1, 2))
    for row, season in enumerate(found.seasonal_periods[:, 0].tolist()):
        apart = season if found.seasonal_contrast[row] > 0 else 1
        assert (distance[row, apart:] - distance[row, :-apart]).min() >= least[row]


def test_a_band_may_narrow_only_in_a_season_that_is_calm_at_some_of_its_phases(model):
    def contrast(kind: str, period: int) -> Tensor:
        return model.model(made_kind(kind, 240, period, 0, 60), None, period, 1).seasonal_contrast

    alike = torch.cat([contrast(kind, period) for kind in ("season", "walk") for period in (7, 24)])
    assert (alike > 0).float().mean() <= 0.03
    assert contrast("quiet nights", 24).min() > 0.5


def test_quantiles_never_cross_and_the_point_lies_between(model):
    out = model.predict(
        torch.cat((made_series(200), made_series(200, 5, 3)), -1), prediction_length=50, quantile_levels=LEVELS
    )
    assert (out.full_predictions.diff(dim=-1) >= 0).all()
    torch.testing.assert_close(out.full_predictions[..., LEVELS.index(0.5)], out.mean_predictions)


def test_bands_of_long_histories_are_corrected_by_their_back_test():
    noise = torch.randn(32, 200, generator=torch.Generator().manual_seed(0))
    late = torch.arange(200) >= 140
    calm, restless = torch.where(late, 0.1, 1.0), torch.where(late, 1.0, 0.1)
    corrected = TSFusionForForecasting(TSFusionConfig(hidden_size=16))
    plain = TSFusionForForecasting(TSFusionConfig(hidden_size=16, backtest_min_history=1000))

    def ratio(values: torch.Tensor) -> torch.Tensor:
        """Width of the corrected band over that of the other, at each step."""
        bands = [
            one.predict(values[..., None], None, 16, (0.1, 0.9), seasonal_period=1).full_predictions
            for one in (corrected, plain)
        ]
        widths = [(band[..., 1] - band[..., 0]).squeeze(-1) for band in bands]
        return widths[0] / widths[1]

    narrower, wider = ratio(noise * calm), ratio(noise * restless)
    assert narrower.max() < 0.9
    assert wider.min() > 1.1
    # The factor is one number for each series; a short history has none.
    torch.testing.assert_close(wider, wider[:, :1].expand_as(wider))
    assert (ratio(noise[:, :90]) == 1).all()


def test_interpolated_quantiles_are_exact_for_a_normal_distribution():
    known = (0.05, 0.2, 0.5, 0.8, 0.95)
    wanted = torch.tensor([0.001, 0.05, 0.3, 0.5, 0.77, 0.999], dtype=torch.float64)
    quantiles = torch.special.ndtri(torch.tensor(known, dtype=torch.float64)).float()
    found = quantile_interpolation(known, wanted) @ quantiles
    torch.testing.assert_close(found, torch.special.ndtri(wanted).float(), rtol=1e-5, atol=1e-5)


def test_seasons_are_found_from_the_data():
    time = torch.arange(800.0)
    noise = torch.randn(4, 800, generator=torch.Generator().manual_seed(0))
    wave = torch.sin(2 * torch.pi * time / 11) + 0.3 * noise[0] + 0.01 * time
    week = torch.sin(2 * torch.pi * time / 24) + 2.0 * ((time // 24) % 7 > 4) + 0.1 * noise[1]
    walk = noise[2].cumsum(0)
    histories = align(torch.stack((wave, week, walk, noise[3])), torch.ones(4, 800, dtype=torch.bool), 2112)
    periods = find_periods(histories, torch.tensor([[0, 0], [24, 0], [0, 0], [0, 0]]))
    assert periods[0, 0] == 11
    assert periods[1].tolist() == [24, 168]
    assert periods[3].tolist() == [1, 1]
    known = find_periods(histories, torch.tensor([[7, 1]] * 4))
    assert known.tolist() == [[7, 1]] * 4


def test_a_season_of_noise_is_shrunk_and_a_growing_one_grows():
    rng = torch.Generator().manual_seed(0)
    time = torch.arange(120.0)
    noise = torch.randn(120, generator=rng)
    growing = (1 + time / 60) * (1 + torch.sin(2 * torch.pi * time / 12)) * 2
    values = torch.stack((noise, growing))
    season, _ = find_season(values, torch.ones(2, 120), torch.tensor([120, 120]), torch.tensor([[12], [12]]), True)
    assert season.shrinkage[0] < 0.5
    assert season.shrinkage[1] > 0.9
    assert season.amplitude(torch.tensor([[0.0], [6.0]]))[1] > 1.3


def test_experts_have_one_column_each():
    histories = align(made_series(64)[..., 0], torch.ones(1, 64, dtype=torch.bool), 2112)
    facts = analyze(histories, torch.tensor([[12, 1]]))
    out = run_experts(facts, torch.tensor([[1, 5, 300]]))
    assert out.forecasts.shape == (1, 3, len(EXPERTS))
    assert out.spreads.shape == (1, 3, len(SPREADS))
    assert (out.spreads > 0).all()
    features = series_features(facts)
    assert features.shape == (1, NUM_FEATURES)
    assert torch.isfinite(features).all()


def test_holt_draws_a_line_only_where_the_history_has_one():
    generator = torch.Generator().manual_seed(0)
    walk = torch.randn(1, 1000, generator=generator).cumsum(1)
    line = torch.arange(1000) + torch.randn(1, 1000, generator=generator)
    histories = align(torch.cat((walk, line)), torch.ones(2, 1000, dtype=torch.bool), 2112)
    out = run_experts(analyze(histories, torch.ones(2, 2, dtype=torch.int64)), torch.tensor([[1, 200]] * 2))
    moved = out.forecasts[:, 1] - out.forecasts[:, 0]
    change = (moved[:, EXPERTS.index("holt")] * histories.scale).abs()
    assert change[0] < 1
    assert change[1].item() == pytest.approx(199, rel=0.1)


def test_a_pull_to_the_mean_is_told_from_a_walk():
    shocks = torch.randn(32, 500, generator=torch.Generator().manual_seed(0))
    none = torch.ones(32, 2, dtype=torch.int64)
    mask = torch.ones(32, 500, dtype=torch.bool)
    walks, noise = (analyze(align(values, mask, 2112), none) for values in (shocks.cumsum(1), shocks))
    # The statistic of a walk has a mean of about -1.5, in quarters here.
    assert -0.6 < pull_to_level(walks, walks.mean).mean() < -0.2
    assert (pull_to_level(noise, noise.mean) == -3).all()


def test_the_loss_counts_observed_targets_in_units_of_the_series(model):
    past, future = made_series(60)[:, :50], made_series(60)[:, 50:]
    loss = model(past, future_values=future, seasonal_period=12).loss
    scaled = model(1e3 * past, future_values=1e3 * future, seasonal_period=12).loss
    torch.testing.assert_close(loss, scaled, rtol=1e-4, atol=1e-4)
    # A target that is missing counts as little as one that the mask leaves out.
    mask = torch.ones_like(future, dtype=torch.bool)
    mask[:, 3:] = False
    missing = torch.where(mask, future, torch.nan)
    a = model(past, future_values=missing, seasonal_period=12).loss
    b = model(past, future_values=future, future_observed_mask=mask, seasonal_period=12).loss
    assert a == b != loss
    assert model(past, future_values=torch.full_like(future, torch.nan)).loss == 0


def test_a_walk_far_ahead_does_not_rule_the_loss(model):
    walks = torch.randn(32, 400, 1, generator=torch.Generator().manual_seed(0)).cumsum(1)
    near, far = (
        model(walks[:, :200], future_values=walks[:, 200 : 200 + steps], seasonal_period=1).loss for steps in (8, 200)
    )
    # In errors of the naive forecast it would grow with the root of the steps.
    assert far < 3 * near


def test_training_moves_the_weights_to_the_expert_that_is_right():
    torch.manual_seed(0)
    model = TSFusionForForecasting(TSFusionConfig(hidden_size=16))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    walks = torch.randn(32, 40, 1).cumsum(1)
    future = walks[:, -1:].expand(-1, 6, -1)
    losses = []
    for _ in range(20):
        out = model(walks, future_values=future, seasonal_period=1)
        optimizer.zero_grad()
        out.loss.backward()
        optimizer.step()
        losses.append(out.loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert out.full_predictions is None and model.eval()(walks, future_values=future).full_predictions is not None


def test_experts_can_be_chosen():
    model = TSFusionForForecasting(
        TSFusionConfig(hidden_size=16, experts=["drift", "last_value"], spreads=["one_step"])
    )
    out = model.predict(made_series(50), prediction_length=3)
    assert out.expert_weights.shape == (1, 3, 1, 2)
    torch.testing.assert_close(out.mean_predictions, out.expert_predictions.mean(-1))
    last = made_series(50)[:, -1:].expand(-1, 3, -1)
    torch.testing.assert_close(out.expert_predictions[..., 1], last, rtol=1e-6, atol=1e-6)


def test_round_trip_through_the_auto_classes(model, tmp_path):
    model.save_pretrained(tmp_path)
    loaded = AutoModelForTimeSeriesPrediction.from_pretrained(tmp_path)
    assert isinstance(loaded, TSFusionForForecasting)
    assert isinstance(AutoModel.from_pretrained(tmp_path), TSFusionModel)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), TSFusionConfig)
    series = made_series(50)
    torch.testing.assert_close(model.predict(series).full_predictions, loaded.predict(series).full_predictions)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"past_values": torch.zeros(2, 5)}, "past_values has shape"),
        ({"past_values": torch.zeros(1, 0, 1)}, "past_values has shape"),
        ({"past_values": torch.tensor([[[1.0], [torch.inf]]])}, "infinity"),
        ({"prediction_length": 0}, "prediction_length is 0"),
        ({"quantile_levels": (0.9, 0.1)}, "quantile_levels"),
        ({"quantile_levels": (0.0, 0.5)}, "quantile_levels"),
        ({"seasonal_period": -1}, "seasonal_period is -1"),
        ({"seasonal_period": 2.5}, "seasonal_period is 2.5"),
        ({"seasonal_period": torch.tensor([1, 2, 3])}, "seasonal_period has shape"),
        ({"future_values": torch.zeros(1, 3, 2)}, "future_values has shape"),
    ],
)
def test_input_that_cannot_be_used_is_an_error(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        model(**{"past_values": torch.randn(1, 20, 1), **arguments})


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"hidden_size": 0}, "hidden_size"),
        ({"quantile_levels": (0.1, 0.9)}, "quantile_levels"),
        ({"quantiles": (0.5, 0.1)}, "quantiles"),
        ({"experts": ["hold"]}, "experts"),
        ({"experts": ["seasonal_naive"]}, "experts"),
        ({"spreads": []}, "spreads"),
    ],
)
def test_a_contradictory_configuration_names_the_field(fields, name):
    with pytest.raises(ValueError, match=name):
        TSFusionForForecasting(TSFusionConfig(**fields))
