"""Interface of forecasters and of the tasks that baselines are made for, and handling of windows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Subset
from tqdm.auto import tqdm

from ..data.series.windows import WindowDataset, collate_windows
from ..errors import UserError

_BATCH_SIZE = 256


@dataclass(frozen=True)
class Forecast:
    """Forecast of a batch of series.

    Args:
        mean: point forecast, (batch, time, variables).
        quantiles: quantile forecasts, (batch, time, variables, levels), or None.
        quantile_levels: their levels, rising.
    """

    mean: Tensor
    quantiles: Tensor | None = None
    quantile_levels: tuple[float, ...] = ()


# Past values (batch, time, variables), NaN where missing (a short series begins with NaN) -> the forecast. Those of
# trained models also take covariates by name.
Forecaster: TypeAlias = Callable[..., Forecast]


@dataclass(frozen=True)
class ForecastTask:
    """Forecasting task, as far as baselines depend on it.

    Args:
        name: name of the series, for errors.
        prediction_length: steps to forecast.
        context_length: look-back; None where the whole past is given.
        seasonal_period: steps of the season, or None.
        train: training windows; None where there is only the past.
        quantile_levels: levels of the quantiles, for the baselines that have any.
        settings: settings of a neural baseline.
    """

    name: str
    prediction_length: int
    context_length: int | None = None
    seasonal_period: int | None = None
    train: WindowDataset | None = None
    quantile_levels: Sequence[float] = ()
    settings: Any = None

    @property
    def has_season(self) -> bool:
        """Whether a whole season lies within the look-back."""
        return self.seasonal_period is not None and self.seasonal_period <= (self.context_length or float("inf"))

    @property
    def training_windows(self) -> WindowDataset:
        """Training windows; ValueError if the task has none."""
        if self.train is None:
            raise UserError(f"{self.name}: there are no training windows, which this baseline needs; name another.")
        return self.train


def fill_missing(past_values: Tensor) -> Tensor:
    """Carry the last observed value forward, then the first one back; a series without any value becomes 0.

    Args:
        past_values: (batch, time, variables), NaN where missing.
    """
    observed = ~torch.isnan(past_values)
    if observed.all():
        return past_values
    step = torch.arange(past_values.shape[1], device=past_values.device)[None, :, None]
    last = torch.where(observed, step, -1).cummax(1).values
    first = torch.where(observed, step, past_values.shape[1] - 1).amin(1, keepdim=True)
    return past_values.gather(1, torch.where(last < 0, first, last)).nan_to_num(nan=0.0)


def last_steps(past_values: Tensor, length: int) -> Tensor:
    """Take the last `length` steps of (batch, time, variables), with NaN before a shorter series."""
    window = past_values[:, -length:]
    return torch.nn.functional.pad(window, (0, 0, length - window.shape[1], 0), value=torch.nan)


def window_batches(windows: WindowDataset | Subset, description: str) -> Iterable[dict[str, Tensor]]:
    """Batches of windows in their order, with a progress bar."""
    loader = DataLoader(windows, batch_size=_BATCH_SIZE, collate_fn=collate_windows)
    return tqdm(loader, desc=description, leave=False, disable=None)
