"""Inputs made of covariates: order and scale of features, phases of time, and their way through a checkpoint."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion import ForecastFeatureExtractor
from ts_llm_fusion.processing.covariate_inputs import CovariateInputs, time_features

HOURS = pd.date_range("2024-02-28 18:00", periods=48, freq="h")
TABLE = pd.DataFrame(
    {"price": np.arange(48.0), "weather": ["sun", "rain"] * 24, "visits": 7.0, "holiday": [True] * 24 + [False] * 24}
)


def fitted() -> CovariateInputs:
    return CovariateInputs.fit(TABLE, ["price", "holiday"], ["visits"], ["weather"], ["hour_of_day"])


def test_known_features_come_first_then_those_of_time_then_past_ones() -> None:
    inputs = fitted()
    assert (inputs.num_known, inputs.num_past, inputs.num_static) == (4, 1, 2)
    past, future = inputs.encode_past(TABLE, HOURS), inputs.encode_future(TABLE, HOURS)
    np.testing.assert_array_equal(past[:, :4], future)
    np.testing.assert_allclose(past[:, 0], (np.arange(48) - 23.5) / np.arange(48).std())
    np.testing.assert_array_equal(past[:, 1], TABLE["holiday"])
    # 18:00 is three quarters of a day, and a constant column has scale 1.
    np.testing.assert_allclose(past[[0, 6], 2:], [[-1, 0, 0], [0, 1, 0]], atol=1e-12)
    np.testing.assert_array_equal(inputs.encode_static(TABLE.iloc[:1]), [[0, 1]])


@pytest.mark.parametrize(
    ("name", "timestamp", "share"),
    [
        ("minute_of_hour", "2024-03-01 10:15", 1 / 4),
        ("hour_of_day", "2024-03-01 10:30", 10.5 / 24),
        ("day_of_week", "2024-03-01", 4 / 7),
        ("day_of_month", "2024-02-29", 28 / 29),
        ("day_of_year", "2024-12-31", 365 / 366),
        ("day_of_year", "2023-12-31", 364 / 365),
        ("month_of_year", "2024-03-01", 2 / 12),
    ],
)
def test_features_of_time_are_sine_and_cosine_of_the_phase(name: str, timestamp: str, share: float) -> None:
    found = time_features([name], pd.DatetimeIndex([timestamp]))
    np.testing.assert_allclose(found, [[np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)]])


def test_a_checkpoint_keeps_them(tmp_path: Path) -> None:
    ForecastFeatureExtractor(covariates=fitted()).save_pretrained(tmp_path)
    loaded = ForecastFeatureExtractor.from_pretrained(tmp_path)
    assert loaded.covariates.to_dict() == fitted().to_dict()
    np.testing.assert_array_equal(loaded.covariates.encode_past(TABLE, HOURS), fitted().encode_past(TABLE, HOURS))
    ForecastFeatureExtractor().save_pretrained(tmp_path)
    assert "covariates" not in (tmp_path / "preprocessor_config.json").read_text()


def test_an_unknown_feature_of_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time_features: 'weekday' is none of minute_of_hour, hour_of_day"):
        CovariateInputs(time_features=["weekday"])


def test_a_table_without_a_covariate_is_refused() -> None:
    with pytest.raises(ValueError, match="the table has no covariate 'price'"):
        fitted().encode_future(TABLE.drop(columns="price"), HOURS)
