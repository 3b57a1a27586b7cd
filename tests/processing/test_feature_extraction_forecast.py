"""The feature extractor of the forecaster."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
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
    extractor = ForecastFeatureExtractor(context_length=48, min_length=8, scaler={"a": [1.0, 2.0]})
    extractor.save_pretrained(tmp_path)
    for auto_class in (AutoFeatureExtractor, AutoProcessor):
        loaded = auto_class.from_pretrained(tmp_path)
        assert isinstance(loaded, ForecastFeatureExtractor)
        assert loaded.to_dict() == extractor.to_dict()


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
