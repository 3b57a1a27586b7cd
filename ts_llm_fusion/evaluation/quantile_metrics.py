"""Scores of quantile and interval forecasts: wql, coverage and msis over numpy arrays.

Missing values are treated as in `point_metrics`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..errors import UserError
from .point_metrics import observed, scaled_mean

if TYPE_CHECKING:
    import torch

Array = TypeVar("Array", np.ndarray, "torch.Tensor")


def pinball_loss(error: Array, levels: Array) -> Array:
    """Elementwise pinball loss of numpy arrays or tensors: level * e where e >= 0, else (level - 1) * e.

    Args:
        error: target minus quantile, (..., levels).
        levels: (levels,).
    """
    return levels * error - (error < 0) * error


def in_interval(target: Array, lower: Array, upper: Array) -> Array:
    """Mask of targets between the limits, inclusive; elementwise for numpy arrays or tensors."""
    return (target >= lower) & (target <= upper)


def wql(target: np.ndarray, quantiles: np.ndarray, levels: Sequence[float]) -> float:
    """Weighted quantile loss: 2 * sum of pinball losses / sum of |y| over every observed target, mean over levels.

    Defined as in GluonTS (`mean_weighted_sum_quantile_loss`), AutoGluon and the Chronos papers. For level 0.5 alone it
    is sum |y - f| / sum |y|.

    Args:
        target: any shape, NaN where missing.
        quantiles: (*target.shape, levels).
        levels: between 0 and 1, in the order of the quantiles.

    Raises:
        ValueError: see `observed`; levels do not match the quantiles; every observed target is 0.
    """
    shares = np.asarray(levels, dtype=np.float64)
    if quantiles.shape != (*target.shape, len(shares)) or not ((shares > 0) & (shares < 1)).all():
        raise UserError(
            f"quantiles of shape {quantiles.shape} do not fit a target of shape {target.shape} at levels "
            f"{shares.tolist()}; give one quantile for each level between 0 and 1, on the last axis."
        )
    counted = observed(target, quantiles)
    size = abs(target[counted]).sum()
    if size == 0:
        raise UserError("every observed target is 0, so that WQL has no scale; use an unscaled metric.")
    return float(2 * pinball_loss(target[counted][:, None] - quantiles[counted], shares).sum(0).mean() / size)


def coverage(target: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """Share of observed targets between the limits of their intervals, inclusive.

    Args:
        target: any shape, NaN where missing.
        lower: lower limit, same shape.
        upper: upper limit, same shape.

    Raises:
        ValueError: see `observed`.
    """
    counted = observed(target, lower, upper)
    return float(np.mean(in_interval(target, lower, upper)[counted]))


def msis(target: np.ndarray, lower: np.ndarray, upper: np.ndarray, scale: np.ndarray, alpha: float = 0.05) -> float:
    """Mean scaled interval score: mean of interval score / scale over every observed target.

    The score of a central 1 - alpha interval [l, u] for target y is (u - l), + 2 / alpha * (l - y) where y < l,
    + 2 / alpha * (y - u) where y > u (Gneiting and Raftery 2007). The scale is that of MASE. The M4 competition
    uses 95 % intervals (alpha = 0.05).

    Args:
        target: NaN where missing.
        lower: lower limit, same shape.
        upper: upper limit, same shape.
        scale: see `mase`; series without a scale are left out likewise.
        alpha: share of targets expected outside the interval.

    Raises:
        ValueError: see `mase`; alpha is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise UserError(f"alpha is {alpha}; it must be between 0 and 1, 0.05 for intervals of 95 %.")
    counted = observed(target, lower, upper)
    missed = np.maximum(lower - target, 0) + np.maximum(target - upper, 0)
    return scaled_mean(upper - lower + 2 / alpha * missed, counted, scale)
