"""Naive2, the reference forecast of the M4 competition."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..errors import UserError
from .forecaster import Forecast, Forecaster, fill_missing

# Critical value of the 90 % test of an autocorrelation.
_CRITICAL = 1.645


def is_seasonal(series: np.ndarray, period: int) -> np.ndarray:
    """Test the seasonality of series (series, time) as the M4 competition ("Benchmarks and Evaluation.R").

    A series is seasonal if its autocorrelation at one season is beyond Bartlett's 90 % limit
    1.645 sqrt((1 + 2 sum r_k^2) / n), and never with a period of 1, fewer than three seasons, constant values, or a
    period above 10 log10(n), the last lag that R computes.

    Returns:
        Booleans (series,).
    """
    length = series.shape[1]
    if period == 1 or length < 3 * period or period > 10 * np.log10(length):
        return np.zeros(len(series), dtype=bool)
    centered = series - series.mean(1, keepdims=True)
    lagged = [np.einsum("nt,nt->n", centered[:, :-lag], centered[:, lag:]) for lag in range(1, period + 1)]
    variance = np.einsum("nt,nt->n", centered, centered)
    correlation = np.stack(lagged, axis=1) / np.where(variance > 0, variance, np.inf)[:, None]
    limit = _CRITICAL * np.sqrt((1 + 2 * np.square(correlation[:, :-1]).sum(1)) / length)
    return abs(correlation[:, -1]) > limit


def seasonal_indices(series: np.ndarray, period: int) -> np.ndarray:
    """Seasonal factors of the classical multiplicative decomposition, as in R's `decompose`, with mean 1.

    The series (series, time) have at least two seasons. The trend is the centered moving average over one season; the
    factor of a phase is the mean of value / trend.

    Returns:
        (series, period), starting with the phase of the first value; not finite where a trend is 0.
    """
    half = period // 2
    weights = np.full(2 * half + 1, 1 / period)
    if period % 2 == 0:
        weights[[0, -1]] /= 2
    trend = np.lib.stride_tricks.sliding_window_view(series, len(weights), axis=1) @ weights
    padding = (-series.shape[1]) % period
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = series[:, half : series.shape[1] - half] / trend
        ratio = np.pad(ratio, ((0, 0), (half, half + padding)), constant_values=np.nan)
        ratio = ratio.reshape(len(series), -1, period)
        factors = np.nansum(ratio, axis=1) / np.count_nonzero(~np.isnan(ratio), axis=1)
        return factors / factors.mean(1, keepdims=True)


def _naive2(series: np.ndarray, period: int, horizon: int) -> np.ndarray:
    """Forecasts (series, horizon) of series (series, time)."""
    forecast = np.repeat(series[:, -1:], horizon, axis=1)
    rows = np.flatnonzero(is_seasonal(series, period))
    if not rows.size:
        return forecast
    factors = seasonal_indices(series[rows], period)
    phases = (series.shape[1] + np.arange(-1, horizon)) % period
    factors = factors[:, phases]
    usable = (np.isfinite(factors) & (factors > 0)).all(1)
    forecast[rows[usable]] *= factors[usable, 1:] / factors[usable, :1]
    return forecast


def naive2(in_sample: Sequence[np.ndarray], period: int, horizon: int) -> np.ndarray:
    """Naive2 of the M4 competition: repeat the last seasonally adjusted value, then multiply the season back in.

    Series that fail the test of seasonality, or whose seasonal factors are not all positive numbers, repeat their last
    value. Series of equal length are computed together.

    Args:
        in_sample: series of any lengths.
        period: steps of a season, 1 for none.
        horizon: steps to forecast.

    Returns:
        (series, horizon) float64.

    Raises:
        ValueError: series are empty or have missing values (they are counted).
    """
    lengths = np.array([len(values) for values in in_sample])
    unusable = sum(not (len(values) and np.isfinite(values).all()) for values in in_sample)
    if unusable:
        raise UserError(f"{unusable} of {len(lengths)} series are empty or have missing values; give whole ones.")
    forecast = np.empty((len(lengths), horizon))
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        forecast[rows] = _naive2(
            np.array([in_sample[row] for row in rows.tolist()], dtype=np.float64), period, horizon
        )
    return forecast


def batched_naive2(prediction_length: int, period: int) -> Forecaster:
    """Naive2 as a `Forecaster`; missing values are those before them, and a series without any value is 0.

    Args:
        prediction_length: steps to forecast.
        period: steps of a season, 1 for none.
    """

    def forecast(past_values: Tensor) -> Forecast:
        batch, length, variables = past_values.shape
        values = fill_missing(past_values.double()).transpose(1, 2).flatten(0, 1).numpy()
        observed = ~torch.isnan(past_values).transpose(1, 2).flatten(0, 1)
        first = torch.where(observed.any(1), observed.byte().argmax(1), length - 1).tolist()
        series = [row[start:] for row, start in zip(values, first, strict=True)]
        found = naive2(series, period, prediction_length).reshape(batch, variables, prediction_length)
        return Forecast(torch.from_numpy(found).transpose(1, 2))

    return forecast
