"""Forecasts of tables: their scale, the order of their columns, their gaps and their number."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_configs import TINY_GPT2

from ts_llm_fusion import ForecastFeatureExtractor, LLMPSConfig, LLMPSForForecasting, forecast_frame

NAMES = ("load", "price", "wind")
LEVELS = ("0.1", "0.5", "0.9")


def forecaster(**overrides) -> LLMPSForForecasting:
    torch.manual_seed(0)
    fields = {
        "context_length": 24,
        "prediction_length": 6,
        "mscnn_channels": 8,
        "quantiles": [0.1, 0.5, 0.9],
        "text_config": dict(TINY_GPT2),
    }
    return LLMPSForForecasting(LLMPSConfig(**(fields | overrides))).eval()


MODEL = forecaster()


def table(seed: int = 0, rows: int = 30, columns: tuple[str, ...] = NAMES, missing: float = 0.0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(rows, len(columns)))
    values[generator.random(values.shape) < missing] = np.nan
    return pd.DataFrame(values, index=pd.date_range("2024-01-01", periods=rows, freq="h"), columns=list(columns))


def by_name(found: pd.DataFrame, value: str = "mean") -> pd.DataFrame:
    return found.pivot(index="timestamp", columns="series", values=value)


def trained_on(series: pd.DataFrame) -> ForecastFeatureExtractor:
    return ForecastFeatureExtractor(24, scaler=ForecastFeatureExtractor.fit_scaler(series))


@given(
    scale=st.floats(-12, 12).map(lambda exponent: 10**exponent),
    level=st.one_of(st.just(0.0), st.floats(-1e9, 1e9)),
    trained_level=st.sampled_from([None, 0.0, 1e3, 1e9]),
    missing=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_a_forecast_moves_with_the_level_and_the_scale_of_its_series(
    scale: float, level: float, trained_level: float | None, missing: float, seed: int
) -> None:
    series = table(seed, missing=missing)
    extractor = ForecastFeatureExtractor(24) if trained_level is None else trained_on(series + trained_level)
    plain = forecast_frame(MODEL, extractor, series)
    moved = forecast_frame(MODEL, extractor, scale * series + scale * level)
    spread = series.std().min()
    for value in ("mean", *LEVELS):
        difference = (moved[value] - scale * level) / scale - plain[value]
        assert difference.abs().max() < 1e-4 * spread
    for low, high in itertools.pairwise(LEVELS):
        assert (moved[low] <= moved[high]).all()


@pytest.mark.parametrize("constant", (0.0, 0.1, 1e-300, -5e-324, 1e30, 1e9 + 0.1))
def test_a_constant_forecasts_itself_in_float64(constant: float) -> None:
    series = table().assign(load=constant)
    found = forecast_frame(MODEL, trained_on(series), series)
    load = found.loc[found["series"] == "load", ["mean", *LEVELS]].to_numpy()
    np.testing.assert_allclose(load, constant, rtol=1e-14)


@pytest.mark.parametrize("share_projection", (True, False))
@given(order=st.permutations(NAMES))
@settings(max_examples=6, deadline=None)
def test_the_order_of_columns_does_not_matter(share_projection: bool, order: list[str]) -> None:
    model = MODEL if share_projection else forecaster(share_projection=False, num_input_channels=3)
    series = table()
    extractor = trained_on(series)
    expected = forecast_frame(model, extractor, series)
    found = forecast_frame(model, extractor, series[order])
    assert list(found["series"][:3]) == order
    for value in ("mean", *LEVELS):
        pd.testing.assert_frame_equal(by_name(found, value), by_name(expected, value))
    # To the model itself it does: in another order of training the forecast is another.
    other = forecast_frame(model, trained_on(series[["wind", "load", "price"]]), series)
    assert (by_name(other) - by_name(expected)).abs().max().max() > 1e-3


def test_new_columns_come_after_those_of_training_in_any_order(caplog: pytest.LogCaptureFixture) -> None:
    extractor = trained_on(table(columns=("price", "load")))
    series = table(columns=("new b", "load", "new a", "price"))
    expected = by_name(forecast_frame(MODEL, extractor, series))
    found = by_name(forecast_frame(MODEL, extractor, series[["price", "new a", "load", "new b"]]))
    pd.testing.assert_frame_equal(found, expected)
    assert caplog.text.count("training had no columns new b, new a") == 1
    given_in_order = by_name(forecast_frame(MODEL, ForecastFeatureExtractor(24), series))
    assert (given_in_order - expected).abs().max().max() > 1e-3


def test_an_order_that_is_not_known_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    series = table(columns=("load in kW", "price"))
    for _ in range(2):
        forecast_frame(MODEL, ForecastFeatureExtractor(24), series)
    assert caplog.text.count("load in kW, price are taken in the order that they are given in") == 1
    caplog.clear()
    forecast_frame(forecaster(mix_variables=False), ForecastFeatureExtractor(24), table(columns=("x", "y")))
    forecast_frame(MODEL, ForecastFeatureExtractor(24), table(columns=("z",)))
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (("load", "price", "sun"), "missing are wind, unknown sun"),
        (("load", "price"), "missing are wind, unknown none"),
        (("load", "price", "wind", "sun"), "missing are none, unknown sun"),
    ],
)
def test_heads_of_their_own_take_only_their_variables(columns: tuple[str, ...], message: str) -> None:
    model = forecaster(share_projection=False, num_input_channels=3)
    with pytest.raises(ValueError, match=message) as error:
        forecast_frame(model, trained_on(table()), table(columns=columns))
    assert "\n" not in str(error.value)


def test_more_variables_than_positions_are_forecast_in_groups(caplog: pytest.LogCaptureFixture) -> None:
    model = forecaster(text_config={**TINY_GPT2, "max_position_embeddings": 4})
    names = tuple(f"v{number:02d}" for number in range(10))
    series = table(columns=names)
    extractor = trained_on(series)
    found = by_name(forecast_frame(model, extractor, series[list(reversed(names))]))
    assert "10 variables are forecast in groups of 4" in caplog.text
    for group in (names[:4], names[4:8], names[8:]):
        alone = by_name(forecast_frame(model, extractor, series[list(group)]))
        pd.testing.assert_frame_equal(found[list(group)], alone, atol=1e-6, rtol=0)


def test_a_column_that_ended_before_the_look_back_keeps_its_last_value(caplog: pytest.LogCaptureFixture) -> None:
    series = table(rows=60)
    series.iloc[20:, 1] = np.nan
    found = by_name(forecast_frame(MODEL, trained_on(series), series))
    assert "'price': no value in the last 24 steps; forecast from the last value before" in caplog.text
    assert found["price"].to_list() == [series["price"].iloc[19]] * 6
    series["price"] = np.nan
    with pytest.raises(ValueError, match="column 'price' has no values at all"):
        forecast_frame(MODEL, trained_on(table()), series)
