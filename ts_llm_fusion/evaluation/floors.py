"""Forecasts that cost nothing: what every trained model has to beat."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from ..data.windows import WindowDataset, collate_windows
from .metrics import ForecastErrors

Forecaster = Callable[[Tensor], Tensor]

_BATCH_SIZE = 256


def fill_missing(past_values: Tensor) -> Tensor:
    """Carries the last observed value of (batch, time, variables) forward, then the first one back; none is 0."""
    observed = ~torch.isnan(past_values)
    step = torch.arange(past_values.shape[1], device=past_values.device)[None, :, None]
    last = torch.where(observed, step, -1).cummax(1).values
    first = torch.where(observed, step, past_values.shape[1] - 1).amin(1, keepdim=True)
    return past_values.gather(1, torch.where(last < 0, first, last)).nan_to_num(nan=0.0)


def repeat_last(prediction_length: int) -> Forecaster:
    """Repeats the last value."""
    return lambda past_values: fill_missing(past_values)[:, -1:].expand(-1, prediction_length, -1)


def seasonal_naive(prediction_length: int, period: int) -> Forecaster:
    """Repeats the last `period` values."""

    def forecast(past_values: Tensor) -> Tensor:
        season = fill_missing(past_values)[:, -period:]
        return season.repeat(1, -(-prediction_length // period), 1)[:, :prediction_length]

    return forecast


def _batches(dataset: WindowDataset, description: str) -> tqdm:
    loader = DataLoader(dataset, batch_size=_BATCH_SIZE, collate_fn=collate_windows)
    return tqdm(loader, desc=description, leave=False)


def pooled_ridge(train: WindowDataset, relative_penalty: float = 1e-3) -> Forecaster:
    """Linear map from past to future, one for all variables, fitted in closed form on every training window.

    X is a window minus its mean, Y the future minus the same mean, n the number of rows; W solves
    (X'X + relative_penalty * n * mean(X^2) * I) W = X'Y, in float64, without intercept. Rows with a missing target are
    left out.
    """
    gram = cross = total = rows = 0
    for batch in _batches(train, "ridge"):
        past = fill_missing(batch["past_values"].double())
        mean = past.mean(1, keepdim=True)
        x, y = ((values - mean).transpose(1, 2).flatten(0, 1) for values in (past, batch["future_values"].double()))
        complete = ~torch.isnan(y).any(1)
        x, y = x[complete], y[complete]
        gram, cross = gram + x.T @ x, cross + x.T @ y
        total, rows = total + x.square().sum(), rows + len(x)
    penalty = relative_penalty * total / train.context_length
    weight = torch.linalg.solve(gram + penalty * torch.eye(train.context_length, dtype=torch.float64), cross)

    def forecast(past_values: Tensor) -> Tensor:
        past = fill_missing(past_values).double()
        mean = past.mean(1, keepdim=True)
        return (torch.einsum("btv,th->bhv", past - mean, weight) + mean).to(past_values.dtype)

    return forecast


def make_floors(train: WindowDataset, seasonal_period: int | None) -> dict[str, Forecaster]:
    """Every floor that applies, fitted where it needs fitting; seasonal naive needs a season within the look-back."""
    floors = {"repeat_last": repeat_last(train.prediction_length)}
    if seasonal_period is not None and seasonal_period <= train.context_length:
        floors["seasonal_naive"] = seasonal_naive(train.prediction_length, seasonal_period)
    floors["ridge"] = pooled_ridge(train)
    return floors


def evaluate_forecaster(
    forecaster: Forecaster, dataset: WindowDataset, drop_last_batch: int | None = None
) -> dict[str, float]:
    """Errors of a forecaster over every window.

    Args:
        forecaster: maps past values (batch, time, variables) to a point forecast.
        dataset: the windows.
        drop_last_batch: leave out the windows at the end that do not fill a batch of this size, as the code behind
            many published tables did; only for comparison with these.
    """
    errors = ForecastErrors()
    count = len(dataset) if drop_last_batch is None else len(dataset) // drop_last_batch * drop_last_batch
    for batch in _batches(torch.utils.data.Subset(dataset, range(count)), "floor"):
        errors.update(batch["future_values"], forecaster(batch["past_values"]))
    return errors.compute()
