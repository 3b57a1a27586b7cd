"""Errors of point forecasts: mse, mae, smape, mase and owa over numpy arrays.

Missing targets (NaN) are not counted, and every observed target has the same weight. A forecast that is not a finite
number is an error.
"""

import logging
from collections.abc import Sequence

import numpy as np

from ..errors import UserError

logger = logging.getLogger(__name__)


def check_finite(not_finite: int, count: int) -> None:
    """Raise ValueError if any of `count` forecast values is not finite; `not_finite` is the number of those."""
    if not_finite:
        raise UserError(
            f"{not_finite} of {count} forecast values are not finite numbers; "
            "a forecaster must give one for every step."
        )


def observed(target: np.ndarray, *forecasts: np.ndarray) -> np.ndarray:
    """Mask of observed targets.

    Args:
        target: values of any shape, NaN where missing.
        forecasts: each with the shape of the target, optionally followed by an axis of quantile levels.

    Returns:
        Booleans with the shape of the target.

    Raises:
        ValueError: a forecast has another shape or values that are not finite (they are counted), or no target is
            observed.
    """
    for forecast in forecasts:
        if forecast.shape[: target.ndim] != target.shape or forecast.ndim > target.ndim + 1:
            raise UserError(f"the forecast has shape {forecast.shape} and the target {target.shape}; give the same.")
        check_finite(int(np.count_nonzero(~np.isfinite(forecast))), forecast.size)
    counted = ~np.isnan(target)
    if not counted.any():
        raise UserError("no observed target value to count; the evaluation set is empty or all missing.")
    return counted


def scaled_mean(errors: np.ndarray, counted: np.ndarray, scale: np.ndarray) -> float:
    """Mean of errors / scale over counted entries; entries without a positive scale are left out, with a warning.

    Args:
        errors: any shape.
        counted: booleans, same shape.
        scale: broadcasts to that shape.

    Raises:
        ValueError: no entry is left.
    """
    scale = np.broadcast_to(scale, errors.shape)
    scalable = scale > 0
    if not (counted & scalable).any():
        raise UserError(
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
        target: any shape, NaN where missing.
        forecast: same shape.

    Raises:
        ValueError: see `observed`.
    """
    counted = observed(target, forecast)
    return float(np.mean((target[counted] - forecast[counted]) ** 2))


def mae(target: np.ndarray, forecast: np.ndarray) -> float:
    """Mean absolute error over every observed target; arguments and errors as `mse`."""
    counted = observed(target, forecast)
    return float(np.mean(abs(target[counted] - forecast[counted])))


def smape(target: np.ndarray, forecast: np.ndarray) -> float:
    """Symmetric mean absolute percentage error, 0 to 200, over every observed target; arguments and errors as `mse`.

    Mean of 200 |y - f| / (|y| + |f|), as defined by the M4 competition (M4-methods, "Benchmarks and Evaluation.R").
    The term is 0 where target and forecast are both 0.
    """
    counted = observed(target, forecast)
    return float(np.mean(percentage_errors(target[counted], forecast[counted])))


def percentage_errors(target: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Terms of `smape`, elementwise."""
    size = abs(target) + abs(forecast)
    return 200 * abs(target - forecast) / np.where(size > 0, size, 1)


def concatenate(series: Sequence[Sequence[float] | np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Concatenate series of any lengths: float64 values (sum of lengths,) and the lengths (series,)."""
    lengths = np.array([len(values) for values in series], dtype=np.int64)
    return np.concatenate([np.asarray(values, dtype=np.float64) for values in series]), lengths


def seasonal_scale(in_sample: Sequence[Sequence[float] | np.ndarray], seasonality: int) -> np.ndarray:
    """Mean of |x_t - x_(t - m)| over each series before its forecast: the scale of MASE and MSIS.

    Args:
        in_sample: series of any lengths, NaN where missing; pairs with a missing value are not counted.
        seasonality: m, steps of a season, at least 1.

    Returns:
        (series,) float64: 0 for a series that repeats its season exactly, NaN for a series without any pair.

    Raises:
        ValueError: seasonality below 1.
    """
    if seasonality < 1:
        raise UserError(f"seasonality is {seasonality}; it must be at least 1.")
    values, lengths = concatenate(in_sample)
    return flat_seasonal_scale(values, lengths, np.full(len(lengths), seasonality))


def flat_seasonal_scale(values: np.ndarray, lengths: np.ndarray, seasonality: np.ndarray) -> np.ndarray:
    """Scale of `seasonal_scale` for series one after the other, each with its own season.

    Args:
        values: float64 (sum of lengths,).
        lengths: int64 (series,).
        seasonality: int64 (series,), at least 1.
    """
    owner = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(values)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    later = np.flatnonzero(place >= seasonality[owner])
    change = abs(values[later] - values[later - seasonality[owner[later]]])
    counted = ~np.isnan(change)
    owner = owner[later[counted]]
    total = np.bincount(owner, change[counted], minlength=len(lengths))
    count = np.bincount(owner, minlength=len(lengths))
    return np.divide(total, count, out=np.full(len(lengths), np.nan), where=count > 0)


def mase(target: np.ndarray, forecast: np.ndarray, scale: np.ndarray) -> float:
    """Mean absolute scaled error: mean of |y - f| / scale over every observed target.

    Defined by the M4 competition (M4-methods, "Benchmarks and Evaluation.R", after Hyndman and Koehler 2006) with
    `seasonal_scale` over the whole in-sample part. With equal horizons and no missing target it is the mean of the
    MASE of each series. A series whose scale is 0 or NaN is left out; a warning gives their number.

    Args:
        target: NaN where missing.
        forecast: same shape.
        scale: broadcasts to that shape; for a target (series, horizon) `seasonal_scale(...)[:, None]`.

    Raises:
        ValueError: see `observed`; no series has a scale.
    """
    counted = observed(target, forecast)
    return scaled_mean(abs(target - forecast), counted, scale)


def owa(smape: float, mase: float, baseline_smape: float, baseline_mase: float) -> float:
    """Overall weighted average of the M4 competition: mean of sMAPE and MASE, each relative to Naive2.

    All four are means over a whole group of series; the quotients are never formed for single series.
    """
    return (smape / baseline_smape + mase / baseline_mase) / 2
