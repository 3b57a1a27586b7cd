"""FLAIR as a baseline: season, scale, missing values and short series."""

import numpy as np
import pytest
import torch

from ts_llm_fusion.baselines.flair import flair


def test_flair_follows_a_growing_season_with_a_band_as_wide_as_the_noise() -> None:
    pytest.importorskip("flaircast")
    steps = np.arange(192)
    rng = np.random.default_rng(0)
    shape = (1 + 0.5 * np.sin(2 * np.pi * steps / 12)) * (1 + steps / 100)
    values = torch.tensor(np.stack([shape, 1000 * shape], -1) * rng.normal(1, 0.03, (192, 1)))[None]
    found = flair(24, 12, [0.1, 0.5, 0.9])(values[:, :168])
    assert found.mean.shape == (1, 24, 2)
    assert found.quantiles.shape == (1, 24, 2, 3)
    scale = torch.tensor([1.0, 1000.0], dtype=torch.float64)
    assert (((found.mean - values[:, 168:]) / scale).abs().mean(1) < 0.25).all()
    # The last value is off by the season.
    assert ((values[:, 167:168] - values[:, 168:]).abs().mean(1) / scale > 0.5).all()
    # The noise is 3 % of a level of about 3, so that 80 % of a normal distribution are 0.23 wide.
    width = (found.quantiles[..., 2] - found.quantiles[..., 0]) / scale
    assert (found.quantiles.diff(dim=-1) > 0).all()
    assert ((width.mean(1) > 0.1) & (width.mean(1) < 0.5)).all()


def test_a_series_is_forecast_by_flair_as_without_longer_ones_beside_it() -> None:
    pytest.importorskip("flaircast")
    past = torch.full((3, 40, 1), torch.nan)
    past[0, :, 0] = torch.arange(40.0)
    past[1, -10:, 0] = torch.tensor([3.0, 5.0, 4.0, torch.nan, 5.0, 3.0, 4.0, 6.0, 5.0, 4.0])
    forecast = flair(5, 4, [0.5])
    beside = forecast(past)
    torch.testing.assert_close(beside.mean[1:2], forecast(past[1:2, -10:]).mean)
    assert beside.mean[2].flatten().tolist() == [0.0] * 5
