"""Backtests: windows, what a forecast sees, and scores against ones worked out here."""

import logging

import numpy as np
import pandas as pd
import pytest

import ts_llm_fusion
from ts_llm_fusion.evaluation.point_metrics import mae, mase, seasonal_scale, smape
from ts_llm_fusion.evaluation.quantile_metrics import coverage, wql

LENGTHS, HORIZON, SEASON = {"b": 90, "a": 40, "short": 12}, 6, 7
EVERY = ["repeat_last", "seasonal_naive", "naive2", "ridge"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Three daily series with a week in them, of different lengths and starts."""
    rng = np.random.default_rng(0)
    parts = []
    for name, length in LENGTHS.items():
        dates = pd.date_range("2024-01-01", periods=length) + pd.Timedelta(days=len(parts))
        values = 20 + 3 * np.sin(2 * np.pi * dates.dayofweek / SEASON) + rng.normal(size=length)
        parts.append(pd.DataFrame({"item_id": name, "timestamp": dates, "target": values}))
    return pd.concat(parts, ignore_index=True)


def test_windows_end_with_each_series_and_short_series_have_those_that_fit(
    table: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = ts_llm_fusion.cross_validation(table, HORIZON, windows=3, step=4, model=[], baselines=["repeat_last"])
    (message,) = [record.message for record in caplog.records if "too short" in record.message]
    assert message.startswith("1 of 3 ids are too short for 3 windows and have those that fit, the first id 'short'")
    assert "12 rows, 1 windows" in message
    windows = found.groupby("item_id", sort=False)["cutoff"].nunique()
    assert windows.to_dict() == {"b": 3, "a": 3, "short": 1}
    for name, rows in found.groupby("item_id"):
        series = table[table["item_id"] == name].set_index("timestamp")["target"]
        ends = [rows["timestamp"][rows["cutoff"] == cutoff].max() for cutoff in rows["cutoff"].unique()]
        assert ends == list(series.index[[-9, -5, -1]][-len(ends) :])
        for cutoff, window in rows.groupby("cutoff"):
            assert window["timestamp"].tolist() == list(series.index[series.index > cutoff][:HORIZON])
            assert window["actual"].tolist() == series[window["timestamp"]].tolist()
            assert set(window["predictions"]) == {series[cutoff]}


def test_rows_after_a_cutoff_change_no_forecast(table: pd.DataFrame) -> None:
    settings = {"windows": 2, "baselines": EVERY, "quantile_levels": [0.1, 0.9]}
    found = ts_llm_fusion.cross_validation(table, HORIZON, **settings)
    changed = table.copy()
    last = changed.groupby("item_id").cumcount(ascending=False) < HORIZON
    changed.loc[last, "target"] = 1e3 * np.random.default_rng(1).normal(size=last.sum())
    other = ts_llm_fusion.cross_validation(changed, HORIZON, **settings)
    assert set(found["forecaster"]) == {*EVERY, "built-in"}
    columns = ["predictions", "0.1", "0.9", "scale"]
    # The last window of each series was forecast from unchanged rows; the one before saw none of them, either.
    pd.testing.assert_frame_equal(found[columns], other[columns])
    assert (found["actual"] != other["actual"]).sum() == 3 * HORIZON * len(set(found["forecaster"]))


def test_scores_are_those_of_the_metrics(table: pd.DataFrame) -> None:
    found = ts_llm_fusion.cross_validation(table, HORIZON, windows=2, baselines=["seasonal_naive", "ridge"])
    found.loc[3, "actual"] = np.nan
    scores = ts_llm_fusion.score_forecasts(found).set_index("forecaster")
    assert list(scores.index) == ["seasonal_naive", "ridge", "built-in"]
    for name, rows in found.groupby("forecaster"):
        actual, point = rows["actual"].to_numpy(), rows["predictions"].to_numpy()
        expected = {
            "mase": mase(actual, point, rows["scale"].to_numpy()),
            "smape": smape(actual, point),
            "mae": mae(actual, point),
            "count": np.isfinite(actual).sum(),
        }
        if name != "ridge":
            levels = [f"0.{tenth}" for tenth in range(1, 10)]
            expected["wql"] = wql(actual, rows[levels].to_numpy(), [float(level) for level in levels])
            expected["coverage"] = coverage(actual, rows["0.1"].to_numpy(), rows["0.9"].to_numpy())
            expected["nominal"] = 0.8
        assert scores.loc[name].dropna().to_dict() == pytest.approx(expected), name
    by_id = ts_llm_fusion.score_forecasts(found, by="item_id")
    assert len(by_id) == 3 * 3
    series = table["target"][table["item_id"] == "b"].to_numpy()
    (row,) = by_id[(by_id["item_id"] == "b") & (by_id["forecaster"] == "seasonal_naive")].itertuples()
    errors = []
    for back in (2 * HORIZON, HORIZON):
        past, future = series[:-back], series[len(series) - back :][:HORIZON]
        errors.append(np.abs(future - past[-SEASON:][:HORIZON]) / seasonal_scale([past], SEASON))
    errors[0][3] = np.nan
    assert row.mase == pytest.approx(np.nanmean(errors))
    pd.testing.assert_frame_equal(ts_llm_fusion.score_forecasts(found, by="forecaster"), scores.reset_index())
    by_window = ts_llm_fusion.score_forecasts(found, by=["item_id", "cutoff"])
    assert by_window["count"].sum() == scores["count"].sum()


def test_a_gap_is_a_missing_value_and_other_names_and_libraries_are_kept(table: pd.DataFrame) -> None:
    polars = pytest.importorskip("polars")
    nixtla = table.rename(columns={"item_id": "unique_id", "timestamp": "ds", "target": "y"})
    gap = nixtla.index[nixtla["unique_id"] == "a"][-2]
    found = ts_llm_fusion.cross_validation(
        polars.from_pandas(nixtla.drop(index=gap)), HORIZON, model=[], baselines=EVERY
    )
    assert isinstance(found, polars.DataFrame)
    assert found.columns[:6] == ["unique_id", "ds", "cutoff", "target_name", "forecaster", "actual"]
    assert found["actual"].is_null().sum() + found["actual"].is_nan().sum() == len(EVERY)
    scores = ts_llm_fusion.score_forecasts(found, by="unique_id")
    assert isinstance(scores, polars.DataFrame)
    assert scores.filter(polars.col("unique_id") == "a")["count"].to_list() == [HORIZON - 1] * len(EVERY)


def test_the_ridge_is_fitted_on_all_series_in_their_own_units_and_bears_gaps(table: pd.DataFrame) -> None:
    steps = np.arange(300)
    wave = np.sin(2 * np.pi * steps / 5) * np.cos(2 * np.pi * steps / 31)
    dates = pd.date_range("2024-01-01", periods=300)
    frame = pd.DataFrame({"timestamp": dates, "small": 1e-3 * wave, "large": 1e6 + 1e5 * wave})
    settings = {"prediction_length": 5, "windows": 2, "model": [], "baselines": ["ridge", "repeat_last"]}
    scores = ts_llm_fusion.score_forecasts(ts_llm_fusion.cross_validation(frame, **settings), by="item_id")
    scores = scores.set_index(["item_id", "forecaster"])["mae"].unstack()
    assert (scores["ridge"] < 0.1 * scores["repeat_last"]).all()
    assert scores["ridge"]["large"] / scores["ridge"]["small"] == pytest.approx(1e8, rel=0.01)
    frame.loc[frame.index % 9 == 4, "small"] = np.nan
    gapped = ts_llm_fusion.score_forecasts(ts_llm_fusion.cross_validation(frame, **settings))
    mae_of = gapped.set_index("forecaster")["mae"]
    assert mae_of["ridge"] < 0.2 * mae_of["repeat_last"]


def test_known_covariates_move_the_forecast_of_their_window_and_no_other_columns_do(table: pd.DataFrame) -> None:
    frame = table[table["item_id"] != "short"].copy()
    promotion = np.random.default_rng(3).random(len(frame)) < 0.3
    frame["target"] += 15 * promotion
    settings = {"prediction_length": HORIZON, "windows": 2, "baselines": ["repeat_last"], "quantile_levels": [0.5]}
    found = {}
    for name, columns, known in (("without", {}, ()), ("known", {"promotion": promotion}, ["promotion"])):
        result = ts_llm_fusion.cross_validation(frame.assign(**columns), **settings, known_covariates=known)
        found[name] = ts_llm_fusion.score_forecasts(result).set_index("forecaster")["mae"]
    assert found["known"]["built-in"] < 0.5 * found["without"]["built-in"]
    assert found["known"]["repeat_last"] == found["without"]["repeat_last"]
    with pytest.raises(ValueError, match="known_covariates: no covariate 'price'; those of the table are none"):
        ts_llm_fusion.cross_validation(frame, HORIZON, known_covariates="price")


def test_windows_that_lack_a_known_covariate_are_left_out_but_an_absent_row_is_not_missed(
    table: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    frame = table[table["item_id"] != "short"].assign(price=1.0 + np.arange(len(table))[table["item_id"] != "short"])
    settings = {"prediction_length": HORIZON, "windows": 2, "known_covariates": "price", "baselines": ["repeat_last"]}
    last = {name: rows.index[-1] for name, rows in frame.groupby("item_id")}
    found = ts_llm_fusion.cross_validation(frame.drop(index=last["a"] - 1), **settings)
    assert found.groupby("item_id")["actual"].count().to_dict() == {"a": 2 * (2 * HORIZON - 1), "b": 4 * HORIZON}

    frame.loc[last["a"] - 1, "price"] = np.nan
    with caplog.at_level(logging.WARNING):
        found = ts_llm_fusion.cross_validation(frame, **settings)
    stamp = frame.loc[last["a"] - 1, "timestamp"]
    assert f"1 windows lack a value of price and are left out, the first id 'a' at {stamp}." in caplog.messages
    assert found.groupby("item_id")["cutoff"].nunique().to_dict() == {"a": 1, "b": 2}
    frame["price"] = np.nan
    with pytest.raises(ValueError, match="each window lacks a value of price, the first id 'b' at"):
        ts_llm_fusion.cross_validation(frame, **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prediction_length": 0}, "prediction_length is 0; give a whole number of at least 1"),
        ({"windows": 0}, "windows is 0; give a whole number of at least 1"),
        ({"step": -1}, "step is -1; give a whole number of at least 1"),
        ({"model": [], "baselines": []}, "no forecaster is given; name a model or a baseline"),
        ({"baselines": ["nothing"]}, "baselines: 'nothing' is none of repeat_last, seasonal_naive"),
        ({"quantile_levels": [1.5]}, "quantile level 1.5 is asked for"),
        ({"model": ["built-in", ts_llm_fusion.BUILT_IN]}, "built-in is given twice"),
        ({"prediction_length": 100}, "the longest series has 90 rows; a window of 100 steps needs 103"),
    ],
)
def test_what_cannot_be_backtested_is_one_line(settings: dict, message: str, table: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=message) as error:
        ts_llm_fusion.cross_validation(table, **{"prediction_length": HORIZON, **settings})
    assert "\n" not in str(error.value)


def test_duplicates_and_tables_without_forecasts_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"id 'a': timestamp 2024-01-02 00:00:00 appears more than once"):
        ts_llm_fusion.cross_validation(pd.concat([table, table.iloc[90:91]]), HORIZON)
    with pytest.raises(ValueError, match="has no column 'forecaster'; give that of cross_validation"):
        ts_llm_fusion.score_forecasts(table)
