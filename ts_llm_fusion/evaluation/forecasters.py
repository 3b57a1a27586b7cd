"""Evaluation loop: windows, errors of any forecaster, and trained models as forecasters."""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Subset
from transformers import EvalPrediction, PreTrainedModel

from ..baselines.forecaster import Forecast, Forecaster, fill_missing, window_batches
from ..data.series.windows import WindowDataset
from ..errors import UserError
from .forecast_errors import ForecastErrors


def chosen_windows(windows: WindowDataset, stride: int = 1, drop_last_batch: int | None = None) -> Subset:
    """Choose the windows to evaluate.

    Args:
        windows: every window of a split.
        stride: steps between two windows; above 1 for slow forecasters.
        drop_last_batch: leave out the windows at the end that do not fill a batch of this size, for comparison with
            the many published tables that were computed so.

    Raises:
        ValueError: a stride or batch size below 1, or no window is left.
    """
    for name, value in (("test_stride", stride), ("drop_last_batch", drop_last_batch)):
        if value is not None and value < 1:
            raise UserError(f"{name} is {value}; it must be at least 1.")
    count = len(windows) // drop_last_batch * drop_last_batch if drop_last_batch else len(windows)
    if not count:
        raise UserError(f"drop_last_batch is {drop_last_batch}, but there are only {len(windows)} windows.")
    return Subset(windows, range(0, count, stride))


def evaluate_forecaster(
    forecaster: Forecaster, windows: WindowDataset | Subset, with_covariates: bool = False
) -> dict[str, float]:
    """Compute the errors of a forecaster over windows: one mean over all windows, steps and variables.

    Args:
        forecaster: maps past values to the forecast.
        windows: windows of a split.
        with_covariates: whether the forecaster takes the covariates of the windows, by name.

    Returns:
        The errors of `ForecastErrors.compute`, and "nominal", the share that "coverage" should be.
    """
    errors = sum_errors(forecaster, windows, with_covariates)
    return errors.compute() | errors.nominal()


def sum_errors(
    forecaster: Forecaster, windows: WindowDataset | Subset, with_covariates: bool = False
) -> ForecastErrors:
    """Sum the errors of a forecaster over windows; arguments as of `evaluate_forecaster`."""
    errors = None
    for batch in window_batches(windows, "forecasts"):
        target = batch.pop("future_values")
        past_values = batch.pop("past_values")
        forecast = forecaster(past_values, **(batch if with_covariates else {}))
        errors = errors or ForecastErrors(forecast.quantile_levels)
        errors.update(target, forecast.mean, forecast.quantiles)
    return errors or ForecastErrors()


def metrics_function(errors: ForecastErrors) -> Callable[..., dict[str, float]]:
    """Make `compute_metrics` for a Trainer with `batch_eval_metrics`; it returns the errors for the last batch."""

    def compute_metrics(prediction: EvalPrediction, compute_result: bool = False) -> dict[str, float]:
        forecasts: Any = prediction.predictions
        targets: Any = prediction.label_ids
        errors.update(targets, *(forecasts if isinstance(forecasts, tuple | list) else (forecasts,)))
        return errors.compute() if compute_result else {}

    return compute_metrics


def model_forecaster(
    model: PreTrainedModel,
    prediction_length: int | None = None,
    order: np.ndarray | None = None,
    seasonal_period: int | None = None,
    quantile_levels: Sequence[float] = (),
) -> Forecaster:
    """Make a `Forecaster` of an `LLMPSForForecasting` or a `TSFusionForForecasting`.

    A variable without any observation in the model's look-back is forecast from its last value before. The forecaster
    also takes the covariates of the model, by the names of its arguments.

    Args:
        model: trained forecaster.
        prediction_length: steps to forecast; the model's by default, and rolled out beyond that.
        order: positions that bring the variables into the model's order; unchanged by default. The forecast is in the
            order of the past values.
        seasonal_period: steps of the season, 1 for none, for a model that takes it; found from the data by default.
        quantile_levels: levels, for a model that gives any; those of its configuration by default, and for any other.
    """
    method: Any = model.predict
    taken_by_model = inspect.signature(method).parameters
    given_levels = bool(quantile_levels) and "quantile_levels" in taken_by_model
    levels = tuple(quantile_levels if given_levels else model.config.quantiles)
    further: dict[str, Any] = {"quantile_levels": levels} if given_levels else {}
    if seasonal_period is not None and "seasonal_period" in taken_by_model:
        further["seasonal_period"] = seasonal_period
    predict: Any = partial(method, prediction_length=prediction_length, **further)

    def forecast(past_values: Tensor, **covariates: Tensor) -> Forecast:
        length = model.config.context_length
        is_empty = torch.isnan(past_values[:, -length:]).all(1, keepdim=True)
        if is_empty.any():
            past_values = torch.where(is_empty, fill_missing(past_values), past_values)
        taken = slice(None) if order is None else order
        given = slice(None) if order is None else np.argsort(order)
        given_covariates = {name: values.to(model.device) for name, values in covariates.items()}
        if "past_covariates" in covariates:
            given_covariates["past_covariates"] = given_covariates["past_covariates"][:, -length:]
        outputs = predict(past_values[:, -length:, taken].to(model.device), **given_covariates)
        mean, quantiles = outputs.mean_predictions[:, :, given].cpu(), outputs.full_predictions
        return Forecast(mean, quantiles[:, :, given].cpu() if quantiles is not None else None, levels)

    return forecast
