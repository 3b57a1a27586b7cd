"""Forecasts that cost nothing: what every trained model has to beat."""

import torch
from torch import Tensor

from ..data.windows import WindowDataset
from .forecasters import Forecast, Forecaster, fill_missing, last_steps, window_batches


def repeat_last(prediction_length: int) -> Forecaster:
    """Repeats the last value."""
    return lambda past_values: Forecast(fill_missing(past_values)[:, -1:].expand(-1, prediction_length, -1))


def seasonal_naive(prediction_length: int, period: int) -> Forecaster:
    """Repeats the last `period` values."""

    def forecast(past_values: Tensor) -> Forecast:
        season = fill_missing(past_values)[:, -period:]
        return Forecast(season.repeat(1, -(-prediction_length // period), 1)[:, :prediction_length])

    return forecast


def pooled_ridge(train: WindowDataset, relative_penalty: float = 1e-3) -> Forecaster:
    """Linear map from past to future, one for all variables, fitted in closed form on every training window.

    X is a window minus its mean, Y the future minus the same mean, n the number of rows; W solves
    (X'X + relative_penalty * n * mean(X^2) * I) W = X'Y, in float64, without intercept. Rows with a missing target are
    left out.
    """
    gram = cross = total = rows = 0
    for batch in window_batches(train, "ridge"):
        past = fill_missing(batch["past_values"].double())
        mean = past.mean(1, keepdim=True)
        x, y = ((values - mean).transpose(1, 2).flatten(0, 1) for values in (past, batch["future_values"].double()))
        complete = ~torch.isnan(y).any(1)
        x, y = x[complete], y[complete]
        gram, cross = gram + x.T @ x, cross + x.T @ y
        total, rows = total + x.square().sum(), rows + len(x)
    penalty = relative_penalty * total / train.context_length
    weight = torch.linalg.solve(gram + penalty * torch.eye(train.context_length, dtype=torch.float64), cross)

    def forecast(past_values: Tensor) -> Forecast:
        past = fill_missing(last_steps(past_values, train.context_length)).double()
        mean = past.mean(1, keepdim=True)
        return Forecast((torch.einsum("btv,th->bhv", past - mean, weight) + mean).to(past_values.dtype))

    return forecast


def make_floors(train: WindowDataset, seasonal_period: int | None) -> dict[str, Forecaster]:
    """Every floor that applies, fitted where it needs fitting; seasonal naive needs a season within the look-back."""
    floors = {"repeat_last": repeat_last(train.prediction_length)}
    if seasonal_period is not None and seasonal_period <= train.context_length:
        floors["seasonal_naive"] = seasonal_naive(train.prediction_length, seasonal_period)
    floors["ridge"] = pooled_ridge(train)
    return floors
