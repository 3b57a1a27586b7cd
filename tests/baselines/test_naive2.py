"""Naive2 against the forecasts of the M4 competition and against known seasons."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion.baselines.naive2 import is_seasonal, naive2, seasonal_indices


@pytest.mark.parametrize(("frequency", "period"), [("Yearly", 1), ("Weekly", 1), ("Hourly", 24)])
def test_naive2_is_that_of_the_organizers(frequency: str, period: int, assets_dir: Path) -> None:
    forecasts = pd.read_parquet(assets_dir / "data/m4/m4_forecasts_YWH.parquet").set_index("id")["Naive2"]
    series = pd.read_parquet(assets_dir / f"data/m4/m4_{frequency.lower()}.parquet")
    theirs = np.stack(forecasts.loc[series["id"]].to_numpy())
    ours = naive2(series["train"].to_numpy(), period, theirs.shape[1])
    assert np.mean((abs(ours - theirs) <= 1e-6 * abs(theirs)).all(1)) >= 0.99


@pytest.mark.parametrize("length", [60, 61, 66])
@pytest.mark.parametrize("period", [4, 5])
def test_naive2_continues_a_season_of_known_factors_from_any_phase(period: int, length: int) -> None:
    factors = np.linspace(0.5, 1.5, period)
    season = factors[np.arange(length + 7) % period]
    forecast = naive2([10 * season[:length], np.full(length, 3.0)], period, 7)
    np.testing.assert_allclose(forecast[0], 10 * season[length:], rtol=1e-12)
    np.testing.assert_array_equal(forecast[1], 3.0)
    np.testing.assert_allclose(seasonal_indices(10 * season[None, :length], period)[0], factors, rtol=1e-12)


def test_seasonality_is_tested_at_90_percent() -> None:
    noise = np.random.default_rng(0).normal(size=(2000, 200))
    # The test is two-sided at 10 %; the estimate of an autocorrelation is biased a little towards 0.
    assert 0.06 < is_seasonal(noise, 4).mean() < 0.12
    assert not is_seasonal(noise[:, :11], 4).any()
    # R computes no autocorrelation beyond 10 log10(72) = 18.6.
    assert not is_seasonal(np.tile(np.arange(24.0), 3)[None], 24).any()


def test_naive2_falls_back_to_the_last_value_and_refuses_gaps() -> None:
    negative = np.tile([-1.0, 2.0, -1.0, 0.0], 10)
    np.testing.assert_array_equal(naive2([negative], 4, 3), [[0.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match="2 of 3 series are empty or have missing values"):
        naive2([negative, np.array([1.0, np.nan]), np.array([])], 4, 3)
