"""Errors of point forecasts over numpy arrays.

One rule for missing values everywhere: a missing target (NaN) is not counted, and every target that is there counts
the same. A forecast that is not a finite number is an error.
"""

import logging
from collections.abc import Sequence

import numpy as np

logger = logging.getLogger(__name__)


def check_finite(broken: int, count: int) -> None:
    """Raises ValueError if `broken` of `count` forecast values, those that are no finite numbers, is not 0."""
    if broken:
        raise ValueError(
            f"{broken} of {count} forecast values are not finite numbers; a forecaster must give one for every step."
        )


def observed(target: np.ndarray, *forecasts: np.ndarray) -> np.ndarray:
    """Which targets count: those that are there.

    Args:
        target: values of any shape, NaN where missing.
        forecasts: each of the shape of the target, perhaps with a last axis of quantile levels.

    Returns:
        Booleans of the shape of the target.

    Raises:
        ValueError: for forecasts of another shape or with values that are not finite (named by their count), and if no
            target is there.
    """
    for forecast in forecasts:
        if forecast.shape[: target.ndim] != target.shape or forecast.ndim > target.ndim + 1:
            raise ValueError(f"the forecast has shape {forecast.shape} and the target {target.shape}; give the same.")
        check_finite(np.count_nonzero(~np.isfinite(forecast)), forecast.size)
    counted = ~np.isnan(target)
    if not counted.any():
        raise ValueError("no observed target value to count; the evaluation set is empty or all missing.")
    return counted


def scaled_mean(errors: np.ndarray, counted: np.ndarray, scale: np.ndarray) -> float:
    """The mean of errors / scale over counted entries; entries without a positive scale are left out, with a warning.

    Args:
        errors: of any shape.
        counted: booleans of the same shape.
        scale: broadcasts to that shape.

    Raises:
        ValueError: if nothing is left.
    """
    scale = np.broadcast_to(scale, errors.shape)
    scalable = scale > 0
    if not (counted & scalable).any():
        raise ValueError(
            "no series has a scale: each is constant or not longer than a season before the forecast; use an unscaled "
            "metric."
        )
    if not scalable.all():
        logger.warning("%d of %d values left out: their series has no positive scale.", (~scalable).sum(), scale.size)
    counted = counted & scalable
    return float(np.mean(errors[counted] / scale[counted]))


def mse(target: np.ndarray, forecast: np.ndarray) -> float:
    """Mean squared error over every observed target.

    Args:
        target: of any shape, NaN where missing.
        forecast: same shape.

    Raises:
        ValueError: as `observed`.
    """
    counted = observed(target, forecast)
    return float(np.mean((target[counted] - forecast[counted]) ** 2))


def mae(target: np.ndarray, forecast: np.ndarray) -> float:
    """Mean absolute error over every observed target; arguments and errors as `mse`."""
    counted = observed(target, forecast)
    return float(np.mean(abs(target[counted] - forecast[counted])))


def smape(target: np.ndarray, forecast: np.ndarray) -> float:
    """Symmetric mean absolute percentage error, 0 to 200, over every observed target; arguments and errors as `mse`.

    The mean of 200 |y - f| / (|y| + |f|), as the M4 competition defines it (M4-methods, "Benchmarks and
    Evaluation.R"). Where target and forecast are both 0 the term is 0.
    """
    counted = observed(target, forecast)
    target, forecast = target[counted], forecast[counted]
    size = abs(target) + abs(forecast)
    return float(np.mean(200 * abs(target - forecast) / np.where(size > 0, size, 1)))


def concatenate(series: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Series of any lengths one after the other, float64 (sum of lengths,), and their lengths (series,)."""
    lengths = np.array([len(values) for values in series], dtype=np.int64)
    return np.concatenate([np.asarray(values, dtype=np.float64) for values in series]), lengths


def seasonal_scale(in_sample: Sequence[np.ndarray], seasonality: int) -> np.ndarray:
    """The mean of |x_t - x_(t - m)| of each series before its forecast: the scale of MASE and MSIS.

    Args:
        in_sample: series of any lengths, NaN where missing; pairs with a missing value are not counted.
        seasonality: m, steps of a season, at least 1.

    Returns:
        (series,) float64: 0 for a series that repeats its season exactly, NaN for one that has no pair at all.

    Raises:
        ValueError: for a seasonality below 1.
    """
    if seasonality < 1:
        raise ValueError(f"seasonality is {seasonality}; it must be at least 1.")
    values, lengths = concatenate(in_sample)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    change = abs(values[seasonality:] - values[:-seasonality])
    counted = (owner[seasonality:] == owner[:-seasonality]) & ~np.isnan(change)
    owner = owner[seasonality:][counted]
    total = np.bincount(owner, change[counted], minlength=len(lengths))
    count = np.bincount(owner, minlength=len(lengths))
    return np.divide(total, count, out=np.full(len(lengths), np.nan), where=count > 0)


def mase(target: np.ndarray, forecast: np.ndarray, scale: np.ndarray) -> float:
    """Mean absolute scaled error: the mean of |y - f| / scale over every observed target.

    As the M4 competition defines it (M4-methods, "Benchmarks and Evaluation.R", after Hyndman and Koehler 2006), with
    `seasonal_scale` over the whole in-sample part. Where horizons are equal and nothing is missing, this is the mean
    over series of each one's MASE. A series whose scale is 0 or NaN is left out, with a warning that counts.

    Args:
        target: NaN where missing.
        forecast: same shape.
        scale: broadcasts to that shape; for a target of (series, horizon) `seasonal_scale(...)[:, None]`.

    Raises:
        ValueError: as `observed`, and if no series has a scale.
    """
    counted = observed(target, forecast)
    return scaled_mean(abs(target - forecast), counted, scale)


def owa(smape: float, mase: float, baseline_smape: float, baseline_mase: float) -> float:
    """Overall weighted average of the M4 competition: the mean of sMAPE and MASE, each over that of Naive2.

    The four are means over a whole group of series: the quotient is formed after grouping, never of each series.
    """
    return (smape / baseline_smape + mase / baseline_mase) / 2
