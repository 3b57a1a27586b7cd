"""Scores of quantiles and intervals, against numbers worked out by hand."""

import numpy as np
import pytest
import torch

from ts_llm_fusion.evaluation.forecast_errors import ForecastErrors
from ts_llm_fusion.evaluation.point_metrics import mae, mse
from ts_llm_fusion.evaluation.quantile_metrics import coverage, msis, wql

TARGET = np.array([[10.0, np.nan], [-2.0, 4.0]])
LEVELS = [0.1, 0.5]
QUANTILES = np.array([[[8.0, 12.0], [0.0, 0.0]], [[-3.0, -1.0], [4.0, 5.0]]])


def test_wql_is_twice_the_pinball_loss_over_the_size_of_the_targets() -> None:
    # Level 0.1: 0.1 * 2 + 0.1 * 1 + 0; level 0.5: 0.5 * (2 + 1 + 1); the targets sum to 16.
    assert wql(TARGET, QUANTILES, LEVELS) == pytest.approx((2 * 0.3 / 16 + 2 * 2 / 16) / 2)
    assert wql(TARGET, QUANTILES[..., 1:], [0.5]) == pytest.approx((2 + 1 + 1) / 16)


def test_coverage_counts_the_borders() -> None:
    assert coverage(TARGET, QUANTILES[..., 0], QUANTILES[..., 1]) == 1.0
    assert coverage(TARGET, QUANTILES[..., 0] + 1.5, QUANTILES[..., 1]) == pytest.approx(1 / 3)


def test_msis_adds_width_and_the_penalty_of_misses() -> None:
    lower, upper = np.full((2, 2), -1.0), np.full((2, 2), 7.0)
    # Widths of 8; 10 is 3 above and -2 is 1 below, each times 2 / 0.05.
    expected = ((8 + 40 * 3) / 2 + (8 + 40 * 1) / 4 + 8 / 4) / 3
    assert msis(TARGET, lower, upper, np.array([[2.0], [4.0]])) == pytest.approx(expected)
    assert msis(TARGET, lower, upper, np.array([[2.0], [0.0]]), alpha=0.5) == pytest.approx((8 + 4 * 3) / 2)


def test_bad_quantiles_are_errors() -> None:
    with pytest.raises(ValueError, match="give one quantile for each level"):
        wql(TARGET, QUANTILES, [0.1, 0.5, 0.9])
    with pytest.raises(ValueError, match="give one quantile for each level"):
        wql(TARGET, QUANTILES, [0.1, 1.0])
    with pytest.raises(ValueError, match="1 of 8 forecast values are not finite"):
        wql(TARGET, np.where(QUANTILES == 12, np.nan, QUANTILES), LEVELS)
    with pytest.raises(ValueError, match="every observed target is 0"):
        wql(np.zeros((2, 2)), QUANTILES, LEVELS)
    with pytest.raises(ValueError, match="alpha is 5"):
        msis(TARGET, QUANTILES[..., 0], QUANTILES[..., 1], np.array(1.0), alpha=5)


def test_running_errors_are_the_same_numbers() -> None:
    rng = np.random.default_rng(0)
    target = rng.normal(size=(7, 5, 2))
    target[0, 0, 0] = np.nan
    quantiles = np.sort(rng.normal(size=(7, 5, 2, 3)), axis=-1)
    levels = [0.1, 0.5, 0.9]
    errors = ForecastErrors(levels)
    for rows in (slice(0, 4), slice(4, 7)):
        errors.update(*(torch.tensor(v[rows]) for v in (target, quantiles[..., 1], quantiles)))
    found = errors.compute()
    assert found["mse"] == pytest.approx(mse(target, quantiles[..., 1]), rel=1e-12)
    assert found["mae"] == pytest.approx(mae(target, quantiles[..., 1]), rel=1e-12)
    assert found["coverage"] == pytest.approx(coverage(target, quantiles[..., 0], quantiles[..., 2]), rel=1e-12)
    size = np.nanmean(abs(target))
    assert found["quantile_loss"] / size == pytest.approx(wql(target, quantiles, levels), rel=1e-6)


def test_running_errors_refuse_a_forecast_that_is_no_number() -> None:
    errors = ForecastErrors()
    errors.update(torch.zeros(2, 3, 1), torch.tensor([0.0, 1.0, float("nan")]).expand(2, 3)[..., None])
    with pytest.raises(ValueError, match="2 of 6 forecast values are not finite"):
        errors.compute()
