"""The feature extractor of the forecaster."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoFeatureExtractor, AutoProcessor

from ts_llm_fusion import ForecastFeatureExtractor


def frame(rows: int = 30) -> pd.DataFrame:
    index = pd.date_range("2024", periods=rows, freq="h")
    values = np.random.default_rng(0).normal(size=(rows, 2))
    return pd.DataFrame(values, index=index, columns=["a", "b"])


def test_known_columns_are_scaled_and_unscaled() -> None:
    extractor = ForecastFeatureExtractor(scaler={"b": [10.0, 4.0]})
    series = frame()
    values = extractor(series)["past_values"][0].numpy()
    np.testing.assert_allclose(values[:, 0], series["a"], rtol=1e-6)
    np.testing.assert_allclose(values[:, 1], (series["b"] - 10) / 4, rtol=1e-6)
    np.testing.assert_allclose(extractor.unscale(values, series.columns), series.to_numpy(), rtol=1e-5)


def test_samples_of_different_lengths_are_padded_on_the_left() -> None:
    extractor = ForecastFeatureExtractor(context_length=8)
    batch = extractor([np.arange(20.0), np.array([1.0, np.nan, 3.0])])
    assert batch["past_values"].shape == (2, 8, 1)
    assert batch["past_values"][0, :, 0].tolist() == [12, 13, 14, 15, 16, 17, 18, 19]
    assert batch["past_observed_mask"][1, :, 0].tolist() == [False] * 5 + [True, False, True]


def test_a_constant_column_keeps_its_scale() -> None:
    assert ForecastFeatureExtractor.fit_scaler(pd.DataFrame({"a": [3.0, 3.0]})) == {"a": [3.0, 1.0]}


def test_saved_and_loaded_through_the_auto_classes(tmp_path: Path, tiny_model) -> None:
    tiny_model().save_pretrained(tmp_path)
    scaler = {"b": [1.0, 2.0], "a": [3.0, 4.0]}
    extractor = ForecastFeatureExtractor(context_length=48, min_length=8, scaler=scaler)
    extractor.save_pretrained(tmp_path)
    for auto_class in (AutoFeatureExtractor, AutoProcessor):
        loaded = auto_class.from_pretrained(tmp_path)
        assert isinstance(loaded, ForecastFeatureExtractor)
        assert loaded.to_dict() == extractor.to_dict()
        assert loaded.columns == ["b", "a"]
        assert loaded.training_order(["a", "b"]).tolist() == [1, 0]


def test_a_checkpoint_without_an_order_leaves_columns_as_they_are(tmp_path: Path) -> None:
    ForecastFeatureExtractor(scaler={"b": [1.0, 2.0], "a": [3.0, 4.0]}).save_pretrained(tmp_path)
    path = tmp_path / "preprocessor_config.json"
    saved = json.loads(path.read_text())
    del saved["columns"]
    path.write_text(json.dumps(saved))
    loaded = ForecastFeatureExtractor.from_pretrained(tmp_path)
    assert loaded.columns == []
    assert loaded.training_order(["b", "a"]).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ([], "no series were given"),
        ([np.array([])], r"series 0 has shape \(0, 1\)"),
        ([np.zeros((2, 3, 4))], r"shape \(2, 3, 4\)"),
        ([np.array(["a", "b"])], "series 0 is not numeric"),
        ([np.array([1.0, np.inf])], "series 0 holds an infinity"),
        ([np.array([[1.0, np.nan], [2.0, np.nan]])], "variable 1 has no value in its last 2 steps"),
        ([np.zeros(3)], "series 0 has 3 steps; at least 4 are needed"),
        ([np.zeros((5, 1)), np.zeros((5, 2))], r"samples have \[1, 2\] variables"),
    ],
)
def test_bad_series_are_one_clear_error(series: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ForecastFeatureExtractor(min_length=4)(series)


@given(
    level=st.one_of(st.just(0.0), st.floats(-1e12, 1e12)),
    deviation=st.sampled_from([0.0, 1e-17, 1e-16]),
    rows=st.integers(1, 300),
    exponent=st.integers(-290, 290),
)
@settings(max_examples=60, deadline=None)
def test_a_constant_column_has_scale_1_whatever_its_rounding(
    level: float, deviation: float, rows: int, exponent: int
) -> None:
    signs = np.where(np.arange(rows) % 3, 1.0, -1.0)
    column = (level + level * deviation * signs) * 10.0**exponent
    mean, scale = ForecastFeatureExtractor.fit_scaler(pd.DataFrame({"a": column}))["a"]
    assert scale == 1.0
    assert mean == pytest.approx(column[0], rel=1e-12, abs=0)


@pytest.mark.parametrize("scale", (1e-300, 1e-12, 1.0, 1e300))
@pytest.mark.parametrize("level", (0.0, 1e9))
def test_the_moments_of_a_column_of_any_scale(scale: float, level: float) -> None:
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0]) + level
    if level * scale < 1e300:
        found = ForecastFeatureExtractor.fit_scaler(pd.DataFrame({"a": values * scale}))["a"]
        assert found == pytest.approx([(3 + level) * scale, np.sqrt(2.5) * scale], rel=1e-6)


def test_rounding_of_float32_is_no_scale_and_a_column_without_values_has_scale_1() -> None:
    rounded = pd.DataFrame({"a": np.array([20, 20.000002, 20], dtype=np.float32), "b": [np.nan] * 3})
    assert ForecastFeatureExtractor.fit_scaler(rounded) == {"a": [pytest.approx(20), 1.0], "b": [0.0, 1.0]}


def test_columns_are_brought_into_the_order_of_training() -> None:
    extractor = ForecastFeatureExtractor(scaler={"b": [0.0, 1.0], "a": [0.0, 1.0], "3": [0.0, 1.0]})
    for columns in (["a", 3, "y", "b", "x"], ["x", "y", 3, "a", "b"]):
        assert [str(columns[k]) for k in extractor.training_order(columns)] == ["b", "a", "3", "x", "y"]


def test_a_batch_says_where_the_order_of_its_columns_may_matter(caplog: pytest.LogCaptureFixture) -> None:
    extractor = ForecastFeatureExtractor(scaler={"first": [0.0, 1.0], "second": [0.0, 1.0]})
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 2)), columns=["first", "second"])
    extractor(table)
    assert caplog.text == ""
    for _ in range(2):
        extractor(table[["second", "first"]])
        extractor(table.to_numpy())
    assert caplog.text.count("columns second, first are not in the order of training, first, second") == 1
    assert caplog.text.count("series without names of columns") == 1


def test_a_named_series_is_its_column() -> None:
    extractor = ForecastFeatureExtractor(scaler={"b": [10.0, 4.0]})
    expected = [[[0.5], [1.0]]]
    assert extractor(pd.Series([12.0, 14.0], name="b"))["past_values"].tolist() == expected
    assert extractor(pl.Series("b", [12.0, 14.0]))["past_values"].tolist() == expected
    assert extractor(pd.Series([12.0, 14.0]))["past_values"].tolist() == [[[12.0], [14.0]]]


def test_quantiles_are_unscaled_along_the_axis_of_their_variables() -> None:
    extractor = ForecastFeatureExtractor(scaler={"a": [1.0, 2.0], "b": [-3.0, 0.5]})
    quantiles = np.arange(12.0).reshape(2, 2, 3)
    unscaled = extractor.unscale(quantiles, ["a", "b"], axis=-2)
    for level in range(3):
        np.testing.assert_array_equal(unscaled[..., level], extractor.unscale(quantiles[..., level], ["a", "b"]))


def test_a_configuration_of_earlier_versions_loads() -> None:
    saved = {"context_length": 48, "timestamp_column": "when", "scaler": {"a": [1.0, 2.0]}}
    assert ForecastFeatureExtractor.from_dict(saved).columns == ["a"]


def test_a_scaler_that_is_not_a_mapping_is_refused() -> None:
    with pytest.raises(ValueError, match="scaler is 'x'; give a mapping of columns"):
        ForecastFeatureExtractor(scaler="x")
