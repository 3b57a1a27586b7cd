"""What a forecaster is to the evaluation: a function of past values, whoever made it."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Subset
from tqdm.auto import tqdm
from transformers import EvalPrediction, PreTrainedModel

from ..data.windows import WindowDataset, collate_windows
from .forecast_errors import ForecastErrors

logger = logging.getLogger(__name__)

_BATCH_SIZE = 256


@dataclass(frozen=True)
class Forecast:
    """A forecast of a batch of series.

    Args:
        mean: point forecast, (batch, time, variables).
        quantiles: quantile forecasts, (batch, time, variables, levels), or None.
        quantile_levels: their levels, rising.
    """

    mean: Tensor
    quantiles: Tensor | None = None
    quantile_levels: tuple[float, ...] = ()


# Past values (batch, time, variables), NaN where missing (a short series begins with NaN) -> the forecast.
Forecaster = Callable[[Tensor], Forecast]


def fill_missing(past_values: Tensor) -> Tensor:
    """Carries the last observed value of (batch, time, variables) forward, then the first one back; none is 0."""
    observed = ~torch.isnan(past_values)
    if observed.all():
        return past_values
    step = torch.arange(past_values.shape[1], device=past_values.device)[None, :, None]
    last = torch.where(observed, step, -1).cummax(1).values
    first = torch.where(observed, step, past_values.shape[1] - 1).amin(1, keepdim=True)
    return past_values.gather(1, torch.where(last < 0, first, last)).nan_to_num(nan=0.0)


def last_steps(past_values: Tensor, length: int) -> Tensor:
    """The last `length` steps of (batch, time, variables); what a shorter series lacks is missing."""
    window = past_values[:, -length:]
    return torch.nn.functional.pad(window, (0, 0, length - window.shape[1], 0), value=torch.nan)


def window_batches(windows: WindowDataset | Subset, description: str) -> Iterable[dict[str, Tensor]]:
    """Batches of windows in their order, with a progress bar."""
    loader = DataLoader(windows, batch_size=_BATCH_SIZE, collate_fn=collate_windows)
    return tqdm(loader, desc=description, leave=False, disable=None)


def chosen_windows(windows: WindowDataset, stride: int = 1, drop_last_batch: int | None = None) -> Subset:
    """The windows that are evaluated.

    Args:
        windows: all of them.
        stride: take every such window, for forecasters that are too slow for all.
        drop_last_batch: leave out the windows at the end that do not fill a batch of this size, as the code behind
            many published tables did; only for comparison with these.

    Raises:
        ValueError: for a stride or batch size below 1, or if no window is left.
    """
    for name, value in (("test_stride", stride), ("drop_last_batch", drop_last_batch)):
        if value is not None and value < 1:
            raise ValueError(f"{name} is {value}; it must be at least 1.")
    count = len(windows) // drop_last_batch * drop_last_batch if drop_last_batch else len(windows)
    if not count:
        raise ValueError(f"drop_last_batch is {drop_last_batch}, but there are only {len(windows)} windows.")
    return Subset(windows, range(0, count, stride))


def evaluate_forecaster(forecaster: Forecaster, windows: WindowDataset | Subset) -> dict[str, float]:
    """Errors of a forecaster over windows: one mean over all windows, steps and variables."""
    errors = None
    for batch in window_batches(windows, "forecasts"):
        forecast = forecaster(batch["past_values"])
        errors = errors or ForecastErrors(forecast.quantile_levels)
        errors.update(batch["future_values"], forecast.mean, forecast.quantiles)
    return (errors or ForecastErrors()).compute()


def metrics_function(errors: ForecastErrors) -> Callable[..., dict[str, float]]:
    """What the Trainer calls for every batch, and with `compute_result` at the end."""

    def compute_metrics(prediction: EvalPrediction, compute_result: bool = False) -> dict[str, float]:
        forecasts = prediction.predictions
        errors.update(prediction.label_ids, *(forecasts if isinstance(forecasts, tuple | list) else (forecasts,)))
        return errors.compute() if compute_result else {}

    return compute_metrics


def model_forecaster(
    model: PreTrainedModel, prediction_length: int | None = None, order: np.ndarray | None = None
) -> Forecaster:
    """The forecaster that a `LLMPSForForecasting` is.

    A variable of which nothing is observed within the model's look-back is forecast from its last value before.

    Args:
        model: trained.
        prediction_length: steps to forecast; what the model was trained for by default, more is rolled out.
        order: positions that bring the variables into the order in which the model takes them; as they come by
            default. The forecast has them as they came.
    """
    levels = tuple(model.config.quantiles)

    def forecast(past_values: Tensor) -> Forecast:
        length = model.config.context_length
        is_empty = torch.isnan(past_values[:, -length:]).all(1, keepdim=True)
        if is_empty.any():
            past_values = torch.where(is_empty, fill_missing(past_values), past_values)
        taken = slice(None) if order is None else order
        given = slice(None) if order is None else np.argsort(order)
        outputs = model.predict(past_values[:, -length:, taken].to(model.device), prediction_length=prediction_length)
        mean, quantiles = outputs.mean_predictions[:, :, given].cpu(), outputs.full_predictions
        return Forecast(mean, quantiles[:, :, given].cpu() if quantiles is not None else None, levels)

    return forecast


def _interval_column(level: float) -> tuple[float | None, str]:
    """The central interval, in percent, that a quantile is an end of, and the end; the median is of none."""
    if level == 0.5:
        return None, ""
    width = round(abs(200 * level - 100), 6)
    return width, f"-{'lo' if level < 0.5 else 'hi'}-{width:g}"


def _statsforecast(
    name: str, prediction_length: int, period: int | None, quantile_levels: Sequence[float]
) -> Forecaster:
    try:
        from statsforecast import StatsForecast, models
    except ModuleNotFoundError as error:
        raise ValueError(f"{name} is a model of statsforecast; pip install 'ts-llm-fusion[evaluation]'.") from error
    levels = tuple(sorted(quantile_levels))
    ends = [_interval_column(level) for level in levels]
    widths = sorted({int(width) if width == int(width) else width for width, _ in ends if width is not None})
    engine = StatsForecast(
        [getattr(models, name)(season_length=period or 1, alias="model")], freq=1, fallback_model=models.Naive()
    )

    def forecast(past_values: Tensor) -> Forecast:
        batch, _, variables = past_values.shape
        values = fill_missing(past_values.double()).transpose(1, 2).flatten(0, 1)
        begun = (~torch.isnan(past_values)).cumsum(1).bool()
        begun[:, -1] = True  # a series without any value is a single 0
        begun = begun.transpose(1, 2).flatten(0, 1)
        series, steps = begun.nonzero(as_tuple=True)
        table = pd.DataFrame({"unique_id": series.numpy(), "ds": steps.numpy(), "y": values[begun].numpy()})
        found = engine.forecast(df=table, h=prediction_length, level=widths or None)

        def column(suffix: str) -> Tensor:
            shaped = np.array(found[f"model{suffix}"], dtype=np.float64).reshape(batch, variables, prediction_length)
            return torch.from_numpy(shaped).transpose(1, 2)

        mean = column("")
        quantiles = torch.stack([column(suffix) for _, suffix in ends], -1) if levels else None
        return Forecast(mean, quantiles, levels)

    return forecast


def auto_ets(prediction_length: int, period: int | None = None, quantile_levels: Sequence[float] = ()) -> Forecaster:
    """Exponential smoothing chosen by its information criterion for each window and variable (statsforecast).

    Args:
        prediction_length: steps to forecast.
        period: steps of the season; seasons longer than 24 steps are left out by the method.
        quantile_levels: of the quantile forecasts, if any are wanted.

    Raises:
        ValueError: if statsforecast is not installed.
    """
    return _statsforecast("AutoETS", prediction_length, period, quantile_levels)


def auto_theta(prediction_length: int, period: int | None = None, quantile_levels: Sequence[float] = ()) -> Forecaster:
    """The theta method, its variant chosen for each window and variable (statsforecast); arguments as `auto_ets`."""
    return _statsforecast("AutoTheta", prediction_length, period, quantile_levels)
