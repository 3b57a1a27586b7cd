"""Predictions of forecasters for tasks of fev."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm
from transformers import PreTrainedModel

from ..baselines.forecaster import Forecast, Forecaster, ForecastTask
from ..baselines.table import BASELINES
from ..errors import UserError
from ..forecasting import check_quantile_levels, load_forecaster, model_order, quantiles_at
from ..requirements import require
from .forecasters import model_forecaster

if TYPE_CHECKING:
    import fev
    from datasets import Dataset, DatasetDict

logger = logging.getLogger(__name__)

_BATCH_SIZE = 256

# Baselines for tasks that give only the past.
_BASELINES = {name: baseline for name, baseline in BASELINES.items() if not baseline.needs_training_windows}


def _task_forecaster(task: "fev.Task", forecaster: str | Path | PreTrainedModel | Forecaster) -> Forecaster:
    if isinstance(forecaster, str) and forecaster in _BASELINES:
        levels, season = task.quantile_levels, task.seasonality
        facts = ForecastTask(task.dataset_path, task.horizon, seasonal_period=season, quantile_levels=levels)
        return _BASELINES[forecaster].make(facts)
    if isinstance(forecaster, str | Path):
        if not Path(forecaster).exists() and "/" not in str(forecaster):
            raise UserError(f"{forecaster}: neither the folder of a forecaster nor one of {', '.join(_BASELINES)}.")
        model, extractor = load_forecaster(forecaster)
        return model_forecaster(model, task.horizon, model_order(model.config, extractor, task.target_columns))
    return model_forecaster(forecaster, task.horizon) if isinstance(forecaster, PreTrainedModel) else forecaster


def _batch(series: Sequence[Sequence[np.ndarray]]) -> Tensor:
    """Batch series of several lengths as (batch, time, variables); shorter ones begin with NaN."""
    longest = max(len(variables[0]) for variables in series)
    values = np.full((len(series), longest, len(series[0])), np.nan, dtype=np.float64)
    for row, variables in enumerate(series):
        values[row, longest - len(variables[0]) :] = np.stack(variables, axis=-1)
    return torch.from_numpy(values)


def _columns(forecast: Forecast, task: "fev.Task") -> dict[str, np.ndarray]:
    """Columns of fev's prediction format, each (batch, time, variables)."""
    mean = forecast.mean[:, : task.horizon].double().numpy()
    if mean.shape[1] < task.horizon:
        raise UserError(f"the forecaster gives {mean.shape[1]} steps; the task asks for {task.horizon}.")
    levels = list(task.quantile_levels)
    if not levels:
        return {"predictions": mean}
    if forecast.quantiles is None:
        logger.warning("the forecaster gives no quantiles: its point forecast is used at every level.")
        quantiles = np.repeat(mean[..., None], len(levels), -1)
    else:
        known = forecast.quantile_levels
        all_quantiles = forecast.quantiles[:, : task.horizon].double().numpy()
        quantiles = quantiles_at(all_quantiles, known, check_quantile_levels(levels, known))
    return {"predictions": mean, **{str(level): quantiles[..., k] for k, level in enumerate(levels)}}


def _predict_window(past_data: "Dataset", task: "fev.Task", forecaster: Forecaster) -> "DatasetDict":
    from datasets import Dataset, DatasetDict

    parts: list[dict[str, np.ndarray]] = []
    for start in tqdm(range(0, len(past_data), _BATCH_SIZE), desc="series", leave=False, disable=None):
        # Arrow, because the numpy format of the data set is float32.
        rows = past_data.with_format("arrow")[start : start + _BATCH_SIZE].to_pandas()
        series = list(zip(*(rows[column] for column in task.target_columns), strict=True))
        parts.append(_columns(forecaster(_batch(series)), task))
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return DatasetDict(
        {
            column: Dataset.from_dict({name: list(values[..., k]) for name, values in joined.items()}).cast(
                task.predictions_schema
            )
            for k, column in enumerate(task.target_columns)
        }
    )


def predict_fev(task: "fev.Task", forecaster: str | Path | PreTrainedModel | Forecaster) -> "list[DatasetDict]":
    """Forecast every window of a fev task, in the format of `task.evaluation_summary`.

    The targets of the task are the variables of the forecaster; its other columns are not used. If the task asks for
    quantiles and the forecaster gives none, its point forecast is used at every level, with a warning.

    Args:
        task: task of fev.
        forecaster: folder or Hub name of a saved forecaster; a loaded one; "repeat_last", "seasonal_naive", "auto_ets"
            or "auto_theta"; or any `Forecaster` that gives at least `task.horizon` steps.

    Raises:
        MissingPackageError: fev is not installed.
        ValueError: unknown forecaster, or a horizon or quantile level that the forecaster does not support.
    """
    require("fev", "fev")
    chosen = _task_forecaster(task, forecaster)
    return [_predict_window(window.get_input_data()[0], task, chosen) for window in task.iter_windows()]
