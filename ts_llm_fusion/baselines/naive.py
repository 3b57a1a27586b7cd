"""Naive forecasters, the lower bound for every trained model."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ..data.series.windows import WindowDataset
from .forecaster import Forecast, Forecaster, fill_missing, last_steps, window_batches

# Limit on the matrices that the ridge holds at a time for series with gaps.
_MAX_BYTES = 2**27


def _normal_quantiles(past_values: Tensor, mean: Tensor, period: int, levels: Sequence[float]) -> Forecast:
    """Add to a forecast that repeats the last `period` values the normal quantiles of a seasonal random walk.

    Their standard deviation is s sqrt(k) in the k-th cycle, where s^2 is the mean square of the changes over `period`
    steps (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., table 5.2); without any such
    change it is that of changes over one step, and without any change 0.
    """
    spread = torch.zeros_like(mean[:, 0])
    for lag in (1, period):
        change = (past_values[:, lag:] - past_values[:, :-lag]).square()
        spread = torch.where(change.isnan().all(1), spread, change.nanmean(1).sqrt())
    cycles = torch.arange(mean.shape[1], device=mean.device) // period + 1
    deviation = (cycles.sqrt()[:, None] * spread[:, None]).to(mean.dtype)
    places = torch.special.ndtri(torch.tensor(levels, dtype=torch.float64)).to(mean)
    return Forecast(mean, mean[..., None] + deviation[..., None] * places, tuple(levels))


def repeat_last(prediction_length: int, quantile_levels: Sequence[float] = ()) -> Forecaster:
    """Repeat the last value; the quantiles are those of a random walk.

    Args:
        prediction_length: steps to forecast.
        quantile_levels: rising levels of the quantile forecasts, none by default.
    """
    return seasonal_naive(prediction_length, 1, quantile_levels)


def seasonal_naive(prediction_length: int, period: int, quantile_levels: Sequence[float] = ()) -> Forecaster:
    """Repeat the last `period` values; arguments as `repeat_last`."""

    def forecast(past_values: Tensor) -> Forecast:
        # A history shorter than a season begins with its first value.
        season = fill_missing(last_steps(fill_missing(past_values), period))
        mean = season.repeat(1, -(-prediction_length // period), 1)[:, :prediction_length]
        return _normal_quantiles(past_values, mean, period, quantile_levels) if quantile_levels else Forecast(mean)

    return forecast


def _centered_rows(windows: WindowDataset) -> Iterator[tuple[Tensor, Tensor]]:
    """Past and future of each variable of each window, float64 (rows, context_length) and (rows, prediction_length).

    The mean of the past is subtracted from both. Missing past values are imputed, missing future ones are NaN.
    """
    for batch in window_batches(windows, "ridge"):
        past = fill_missing(batch["past_values"].double())
        mean = past.mean(1, keepdim=True)
        x, y = ((values - mean).transpose(1, 2).flatten(0, 1) for values in (past, batch["future_values"].double()))
        yield x, y


def _ridge_weight(gram: Tensor, cross: Tensor, relative_penalty: float) -> Tensor:
    """Solve (gram + penalty I) weight = cross, (..., length, length) and (..., length, outputs)."""
    length = gram.shape[-1]
    penalty = relative_penalty * gram.diagonal(dim1=-2, dim2=-1).sum(-1) / length
    # Constant series: any penalty gives weights of 0, so that the forecast is the mean of the past.
    penalty = torch.where(penalty > 0, penalty, 1.0)[..., None, None]
    return torch.linalg.solve(gram + penalty * torch.eye(length, dtype=gram.dtype), cross)


def _common_weight(train: WindowDataset, relative_penalty: float) -> Tensor:
    """Weights (context_length, prediction_length) for series whose targets are all observed."""
    gram = cross = torch.zeros((), dtype=torch.float64)
    for x, y in _centered_rows(train):
        gram, cross = gram + x.T @ x, cross + x.T @ y
    return _ridge_weight(gram, cross, relative_penalty)


def _weight_by_step(train: WindowDataset, steps: slice, relative_penalty: float) -> Tensor:
    """Weights (context_length, steps) of some target steps, each from the rows in which it is observed."""
    gram = cross = torch.zeros((), dtype=torch.float64)
    for x, y in _centered_rows(train):
        y = y[:, steps]
        missing = torch.isnan(y)
        cross = cross + (x.T @ y.nan_to_num(nan=0.0)).T[..., None]
        every = x.T @ x
        gram = gram + torch.stack([_gram_of_observed(x, every, column) for column in missing.T])
    return _ridge_weight(gram, cross, relative_penalty)[..., 0].T


def _gram_of_observed(x: Tensor, every: Tensor, missing: Tensor) -> Tensor:
    """x'x over the observed rows: directly, or as the product over every row less that over the missing ones."""
    count = int(missing.sum())
    if count == 0:
        return every
    if 2 * count > len(x):
        return x[~missing].T @ x[~missing]
    return every - x[missing].T @ x[missing]


def pooled_ridge(train: WindowDataset, relative_penalty: float = 1e-3) -> Forecaster:
    """Ridge regression from past to future, shared by all variables, in closed form on every training window.

    X is a window minus its mean, y a step of the future minus the same mean, n the number of rows in which it is
    observed; w solves (X'X + relative_penalty * n * mean(X^2) * I) w = X'y for each step, in float64, without
    intercept. Missing past values are imputed as by `fill_missing`. The forecast of a step that is never observed, and
    of a constant series, is the mean of the past.
    """
    length, horizon = train.context_length, train.prediction_length
    if train.values[train.is_forecast()].isnan().any():
        # A matrix for each step, as many at a time as the limit allows.
        chunk = max(1, _MAX_BYTES // (8 * length**2))
        starts = range(0, horizon, chunk)
        weight = torch.cat([_weight_by_step(train, slice(s, s + chunk), relative_penalty) for s in starts], 1)
    else:
        weight = _common_weight(train, relative_penalty)

    def forecast(past_values: Tensor) -> Forecast:
        past = fill_missing(last_steps(past_values, train.context_length)).double()
        mean = past.mean(1, keepdim=True)
        return Forecast((torch.einsum("btv,th->bhv", past - mean, weight) + mean).to(past_values.dtype))

    return forecast
