"""Errors of point forecasts, against numbers worked out by hand and against the M4 competition's own."""

import logging
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion.evaluation.point_metrics import mae, mase, mse, owa, seasonal_scale, smape

M4_SEASONALITY = {"Yearly": 1, "Weekly": 1, "Hourly": 24}


@pytest.fixture(scope="module")
def m4(assets_dir: Path) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Frequency -> (series, forecasts of the organizers and of entries), in the same order."""
    forecasts = pd.read_parquet(assets_dir / "data/m4/m4_forecasts_YWH.parquet").set_index("id")
    series = {name: pd.read_parquet(assets_dir / f"data/m4/m4_{name.lower()}.parquet") for name in M4_SEASONALITY}
    return {name: (table, forecasts.loc[table["id"]]) for name, table in series.items()}


TARGET = np.array([[1.0, 2.0, np.nan], [4.0, 0.0, -2.0]])
FORECAST = np.array([[2.0, 2.0, 9.0], [1.0, 0.0, 2.0]])


def test_point_errors_are_means_over_the_targets_that_are_there() -> None:
    assert mse(TARGET, FORECAST) == pytest.approx((1 + 0 + 9 + 0 + 16) / 5)
    assert mae(TARGET, FORECAST) == pytest.approx((1 + 0 + 3 + 0 + 4) / 5)
    # 200 * 1 / 3, 0, 200 * 3 / 5, 0 where both are 0, 200 where the signs differ.
    assert smape(TARGET, FORECAST) == pytest.approx((200 / 3 + 0 + 120 + 0 + 200) / 5)


def test_the_scale_is_the_mean_seasonal_change_of_each_series_apart() -> None:
    in_sample = [np.array([1.0, 3.0, 2.0, 7.0]), np.array([5.0, 5.0, 5.0]), np.array([1.0, np.nan, 4.0, 6.0]), [8.0]]
    np.testing.assert_allclose(seasonal_scale(in_sample, 1), [(2 + 1 + 5) / 3, 0, 2, np.nan])
    np.testing.assert_allclose(seasonal_scale(in_sample, 2), [(1 + 4) / 2, 0, 3, np.nan])
    np.testing.assert_array_equal(seasonal_scale(in_sample, 30), [np.nan] * 4)
    with pytest.raises(ValueError, match="seasonality is 0; it must be at least 1"):
        seasonal_scale(in_sample, 0)


def test_mase_leaves_series_without_a_scale_out_and_counts_them(caplog: pytest.LogCaptureFixture) -> None:
    assert mase(TARGET, FORECAST, np.array([[2.0], [4.0]])) == pytest.approx((0.5 + 0 + 0.75 + 0 + 1) / 5)
    with caplog.at_level(logging.WARNING):
        assert mase(TARGET, FORECAST, np.array([[2.0], [0.0]])) == pytest.approx(0.25)
    assert "3 of 6 values left out" in caplog.text
    with pytest.raises(ValueError, match="no series has a scale"):
        mase(TARGET, FORECAST, np.array([[0.0], [np.nan]]))


@pytest.mark.parametrize("metric", [mse, mae, smape, lambda y, f: mase(y, f, np.array(1.0))])
def test_a_forecast_that_is_no_number_is_an_error_that_names_the_count(metric) -> None:
    broken = FORECAST.copy()
    broken[0, 2], broken[1, 0] = np.nan, np.inf
    with pytest.raises(ValueError, match="2 of 6 forecast values are not finite numbers"):
        metric(TARGET, broken)
    with pytest.raises(ValueError, match=r"the forecast has shape \(2, 2\) and the target \(2, 3\)"):
        metric(TARGET, FORECAST[:, :2])
    with pytest.raises(ValueError, match="no observed target value"):
        metric(np.full((2, 3), np.nan), FORECAST)


def test_owa_is_the_mean_of_two_quotients() -> None:
    assert owa(12.0, 1.0, 10.0, 2.0) == pytest.approx((1.2 + 0.5) / 2)


@pytest.mark.parametrize("frequency", M4_SEASONALITY)
@pytest.mark.parametrize("method", ["Naive2", "SES", "024", "218"])
def test_scores_of_the_m4_competition_are_the_official_ones(
    frequency: str, method: str, m4: dict, assets_dir: Path
) -> None:
    official = pd.read_csv(assets_dir / "data/m4/m4_official_scores.csv.gz").set_index("method")
    series, forecasts = m4[frequency]
    target, forecast = (np.stack(column.to_numpy()) for column in (series["test"], forecasts[method]))
    scale = seasonal_scale(series["train"].to_numpy(), M4_SEASONALITY[frequency])[:, None]
    naive = np.stack(forecasts["Naive2"].to_numpy())
    found, baseline = (
        {"sMAPE": smape(target, values), "MASE": mase(target, values, scale)} for values in (forecast, naive)
    )
    row = method.lstrip("0")
    for name, value in found.items():
        assert round(value, 3) == official.loc[row, f"{name}_{frequency}"]
    # The official sheet forms OWA from the rounded scores.
    found = owa(*(round(value, 3) for value in (*found.values(), *baseline.values())))
    assert found == pytest.approx(official.loc[row, f"OWA_{frequency}"], abs=1e-12)


def test_metrics_of_23000_series_take_less_than_two_seconds() -> None:
    rng = np.random.default_rng(0)
    in_sample = [rng.uniform(1, 2, length) for length in rng.integers(13, 60, 23_000)]
    target, forecast = rng.uniform(1, 2, (2, 23_000, 6))
    start = time.process_time()
    scores = [mse(target, forecast), mae(target, forecast), smape(target, forecast)]
    scores.append(mase(target, forecast, seasonal_scale(in_sample, 1)[:, None]))
    assert time.process_time() - start < 2
    # Of two independent uniform values the mean absolute difference is 1 / 3, the mean square 1 / 6.
    assert scores[:2] == pytest.approx([1 / 6, 1 / 3], abs=0.01)
    assert scores[3] == pytest.approx(1, abs=0.05)
