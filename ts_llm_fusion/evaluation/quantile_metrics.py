"""Scores of quantile and interval forecasts over numpy arrays; missing values as in `point_metrics`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from .point_metrics import observed, scaled_mean

if TYPE_CHECKING:
    import torch

Array = TypeVar("Array", np.ndarray, "torch.Tensor")


def pinball_loss(error: Array, levels: Array) -> Array:
    """Elementwise pinball loss, of numpy arrays or of tensors: level * e where e >= 0, else (level - 1) * e.

    Args:
        error: target minus quantile, (..., levels).
        levels: (levels,).
    """
    return levels * error - (error < 0) * error


def in_interval(target: Array, lower: Array, upper: Array) -> Array:
    """Elementwise, of numpy arrays or of tensors: whether the target is in the interval or on its border."""
    return (target >= lower) & (target <= upper)


def wql(target: np.ndarray, quantiles: np.ndarray, levels: Sequence[float]) -> float:
    """Weighted quantile loss: 2 * sum of pinball losses / sum of |y| over every observed target, mean over levels.

    As in GluonTS (`mean_weighted_sum_quantile_loss`), AutoGluon and the Chronos papers. At level 0.5 alone it is
    sum |y - f| / sum |y|.

    Args:
        target: of any shape, NaN where missing.
        quantiles: (*shape of the target, levels).
        levels: between 0 and 1, in the order of the quantiles.

    Raises:
        ValueError: as `observed`; for levels that do not fit; if every observed target is 0.
    """
    levels = np.asarray(levels, dtype=np.float64)
    if quantiles.shape != (*target.shape, len(levels)) or not ((levels > 0) & (levels < 1)).all():
        raise ValueError(
            f"quantiles of shape {quantiles.shape} do not fit a target of shape {target.shape} at levels "
            f"{levels.tolist()}; give one quantile for each level between 0 and 1, on the last axis."
        )
    counted = observed(target, quantiles)
    size = abs(target[counted]).sum()
    if size == 0:
        raise ValueError("every observed target is 0, so that WQL has no scale; use an unscaled metric.")
    return float(2 * pinball_loss(target[counted][:, None] - quantiles[counted], levels).sum(0).mean() / size)


def coverage(target: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """Share of the observed targets that are in their interval or on its border.

    Args:
        target: of any shape, NaN where missing.
        lower: border of the interval, same shape.
        upper: border of the interval, same shape.

    Raises:
        ValueError: as `observed`.
    """
    counted = observed(target, lower, upper)
    return float(np.mean(in_interval(target, lower, upper)[counted]))


def msis(target: np.ndarray, lower: np.ndarray, upper: np.ndarray, scale: np.ndarray, alpha: float = 0.05) -> float:
    """Mean scaled interval score, the mean over every observed target y of its interval's score over its scale.

    The score of an interval [l, u] that should hold a share 1 - alpha is
    (u - l) + 2 / alpha * (l - y) where y < l, + 2 / alpha * (y - u) where y > u (Gneiting and Raftery 2007), and the
    scale that of MASE, as in the M4 competition, whose intervals are of 95 % (alpha = 0.05).

    Args:
        target: NaN where missing.
        lower: border of the interval, same shape.
        upper: border of the interval, same shape.
        scale: as for `mase`, with the same rule for series without one.
        alpha: share of targets that should be outside.

    Raises:
        ValueError: as `mase`, and for an alpha that is no share.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; it must be between 0 and 1, 0.05 for intervals of 95 %.")
    counted = observed(target, lower, upper)
    missed = np.maximum(lower - target, 0) + np.maximum(target - upper, 0)
    return scaled_mean(upper - lower + 2 / alpha * missed, counted, scale)
