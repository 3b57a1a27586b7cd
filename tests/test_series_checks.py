"""What the history of series says of their forecasts: no negative counts, and a warning where a model does not fit."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ts_llm_fusion import ForecastFeatureExtractor, predict_df
from ts_llm_fusion.data.series.panel_reading import read_panel
from ts_llm_fusion.series_checks import hold_no_negative, warn_of_misfits

DAYS = pd.date_range("2024-01-01", periods=60, freq="D")


def long_table(**series: np.ndarray) -> pd.DataFrame:
    tables = [pd.DataFrame({"item_id": k, "timestamp": DAYS[: len(v)], "target": v}) for k, v in series.items()]
    return pd.concat(tables, ignore_index=True)


def test_counts_get_no_negative_quantiles(caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(0)
    rain = np.where(rng.random(60) < 0.5, 0.0, rng.gamma(2, 0.7, size=60))
    series = {"counts": rng.poisson(0.4, 60), "rain": rain, "level": rng.random(60) + 0.01}
    table = long_table(**series, balance=rng.poisson(0.4, 60) - 1)

    def forecast(**options) -> pd.DataFrame:
        return predict_df(table, 7, **options).set_index("item_id").drop(columns=["timestamp", "target_name"])

    free, held, all_held = forecast(non_negative=False), forecast(), forecast(non_negative=True)
    lowest = free.groupby("item_id").min().min(axis=1)
    assert (lowest[["counts", "rain", "balance"]] < 0).all()
    pd.testing.assert_frame_equal(held.loc[["counts", "rain"]], free.loc[["counts", "rain"]].clip(lower=0))
    pd.testing.assert_frame_equal(held.loc[["level", "balance"]], free.loc[["level", "balance"]])
    pd.testing.assert_frame_equal(all_held, free.clip(lower=0))
    with caplog.at_level("INFO", "ts_llm_fusion.prediction"):
        forecast()
    assert "forecasts of id 'counts', id 'rain' are held at 0 or above" in caplog.text


@settings(max_examples=60, deadline=None)
@given(arrays(float, st.integers(1, 12), elements=st.sampled_from([np.nan, 0.0, 1.0, 2.5, 7.0, -1.0])))
def test_the_rule_is_that_of_its_definition(values: np.ndarray) -> None:
    observed = values[~np.isnan(values)]
    expected = (observed >= 0).all() and ((observed == 0).any() or (observed == np.rint(observed)).all())
    # Beside another series, so that rows of one are not taken for those of the other.
    panel = SimpleNamespace(offsets=np.array([0, 2, 2 + len(values)]), values=np.r_[-1.0, 0.5, values][:, None])
    assert hold_no_negative(panel).tolist() == [[False], [expected]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (100 + np.arange(12.0), None),
        (100 + np.arange(11.0), "id 's' with fewer than 12 steps, a quarter of the 48"),
        (1e5 * (100 + np.arange(20.0)), "the scale of id 's' is far outside of that of the training; check the unit."),
        (100 + 1e-3 * np.arange(20.0), "the scale of id 's' is far"),
        (2000 + np.arange(20.0), "the scale of id 's' is far"),
        (np.full(20, 130.0), None),
    ],
)
def test_what_does_not_fit_is_one_warning(
    values: np.ndarray, message: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    extractor = ForecastFeatureExtractor(48, scaler={"a": [100.0, 10.0], "b": [110.0, 8.0]})
    panel = read_panel(long_table(s=values))
    warn_of_misfits(panel, SimpleNamespace(model_type="llmps", context_length=48), extractor)
    found = [record.getMessage() for record in caplog.records]
    assert len(found) == (message is not None)
    assert message is None or message in found[0]
    warn_of_misfits(panel, SimpleNamespace(model_type="tsfusion", context_length=48), extractor)
    assert len(caplog.records) == len(found)


def test_the_band_of_a_handful_of_values_is_called_a_guess(caplog: pytest.LogCaptureFixture) -> None:
    panel = read_panel(long_table(three=np.arange(3.0), five=[1.0, 2.0, np.nan, 4.0, 5.0, 6.0], six=np.arange(6.0)))
    warn_of_misfits(panel, SimpleNamespace(model_type="tsfusion", context_length=48), None)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "the band of id 'three' (3 values), id 'five' (5 values) is little more than a guess" in line
