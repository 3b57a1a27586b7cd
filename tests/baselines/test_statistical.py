"""Statistical baselines: level, season, missing values and short series."""

import numpy as np
import pytest
import torch

from ts_llm_fusion.baselines.statistical import auto_ets, auto_theta


@pytest.mark.parametrize("method", (auto_ets, auto_theta))
def test_statistical_forecasters_follow_level_season_and_missing_values(method) -> None:
    pytest.importorskip("statsforecast")
    steps = np.arange(72)
    season = np.sin(2 * np.pi * steps / 12)
    past = torch.tensor(np.stack([season, 100 + season, np.full(72, 5.0)], -1))[None]
    past[0, :24, 1] = torch.nan
    found = method(12, period=12, quantile_levels=[0.1, 0.5, 0.9])(past + 0.01 * torch.randn(past.shape))
    assert found.mean.shape == (1, 12, 3)
    assert found.quantiles.shape == (1, 12, 3, 3)
    expected = torch.tensor(np.stack([season[:12], 100 + season[:12], np.full(12, 5.0)], -1))[None]
    assert (found.mean - expected).abs().max() < 0.15
    assert (found.quantiles.diff(dim=-1) >= 0).all()
    torch.testing.assert_close(found.quantiles[..., 1], found.mean)
    width = found.quantiles[..., 2] - found.quantiles[..., 0]
    assert (width[:, :, :2] > 0).all()


def test_a_series_without_values_and_one_too_short_to_fit_are_forecast_too() -> None:
    pytest.importorskip("statsforecast")
    past = torch.full((1, 30, 2), torch.nan)
    past[0, -2:, 1] = torch.tensor([3.0, 4.0])
    found = auto_ets(5)(past).mean
    assert found[0, :, 0].tolist() == [0.0] * 5
    assert torch.isfinite(found).all()
