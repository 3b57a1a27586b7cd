"""Forecasts of tables: dates, absent rows, and the tables that are none of series."""

import copy

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_checkpoints import save_forecaster

from ts_llm_fusion import ForecastFeatureExtractor, forecast_frame, load_series
from ts_llm_fusion.forecasting import load_forecaster


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory):
    return load_forecaster(save_forecaster(tmp_path_factory.mktemp("forecaster")))


def frame(freq: str = "D", rows: int = 60) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=rows, freq=freq)
    return pd.DataFrame({"series 1": 100 + 10 * np.sin(np.arange(rows) / 3), "b": np.arange(rows) % 5.0}, index=index)


@settings(max_examples=10, deadline=None)
@given(freq=st.sampled_from(("D", "B", "ME", "W-WED", "h")), absent=st.sets(st.integers(1, 58), max_size=12))
def test_absent_rows_and_empty_cells_give_the_same_forecast(forecaster, freq: str, absent: set[int]) -> None:
    empty = frame(freq)
    empty.iloc[sorted(absent)] = np.nan
    rest = empty.drop(empty.index[sorted(absent)])
    expected, found = (forecast_frame(*forecaster, table) for table in (empty, rest))
    pd.testing.assert_frame_equal(found, expected)
    dates = pd.date_range(empty.index[-1], periods=13, freq=freq)[1:]
    assert list(found["timestamp"].unique()) == list(dates)
    pd.testing.assert_frame_equal(forecast_frame(*forecaster, load_series(rest)), expected)


def test_a_step_is_given_or_that_of_the_feature_extractor(forecaster) -> None:
    model, _ = forecaster
    daily = ForecastFeatureExtractor(context_length=48, freq="D")
    table = frame("B")
    friday = table.index[-1]
    assert friday == pd.Timestamp("2024-03-22")
    for options, extractor, first in (
        ({}, forecaster[1], "2024-03-25"),
        ({}, daily, "2024-03-23"),
        ({"freq": "B"}, daily, "2024-03-25"),
    ):
        found = forecast_frame(model, extractor, table, **options)
        assert found["timestamp"].iloc[0] == pd.Timestamp(first)
    with pytest.raises(ValueError, match="freq is 'D', but the series are loaded; give it to load_series"):
        forecast_frame(model, daily, load_series(table), freq="D")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.concat([frame(), frame()[-5:]]).sort_index(), "the table: timestamp 2024-02-25 00:00:00 appears more"),
        (frame()[::-1], "the index of series is not in order of time; sort it"),
        (frame().reset_index(drop=True), "the index of series is a RangeIndex; make it a DatetimeIndex"),
        (frame().rename_axis("date").reset_index(), "the index of series is a RangeIndex"),
        (frame().to_period("D"), "the index of series is a PeriodIndex"),
        (frame().iloc[[0, 6, 7, 33, 34, 36, 59]], "the table: the time step cannot be determined"),
        (frame()["b"], "the series are of type Series; give a name, a path, or a table"),
        (frame().to_numpy(), "the series are of type ndarray"),
        ({"b": [1.0, 2.0]}, "the series are of type dict"),
        (None, "the series are of type NoneType"),
        ("b.csv", "series is 'b.csv'; give a table, or what load_series reads"),
    ],
)
def test_a_table_that_is_none_of_series_is_one_line(forecaster, table, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        forecast_frame(*forecaster, table)
    assert "\n" not in str(raised.value)


def test_a_table_of_another_package_is_forecast_as_that_of_pandas(forecaster) -> None:
    table = frame().rename_axis("date").reset_index()
    expected = forecast_frame(*forecaster, frame())
    pd.testing.assert_frame_equal(forecast_frame(*forecaster, pa.Table.from_pandas(table)), expected)


def test_one_step_of_a_given_frequency_is_too_few(forecaster) -> None:
    with pytest.raises(ValueError, match=r"^the table: the series have 1 steps; at least 2 are needed\.$"):
        forecast_frame(*forecaster, frame(rows=1), freq="D")


def test_a_forecast_that_is_not_finite_is_refused(forecaster) -> None:
    model, extractor = copy.deepcopy(forecaster[0]), forecaster[1]
    next(model.parameters()).data.fill_(float("nan"))
    with pytest.raises(ValueError, match=r"^the table: the forecast of .series 1. is not finite; its values"):
        forecast_frame(model, extractor, frame())
