"""Predictions of forecasters for tasks of fev."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from transformers import PreTrainedModel

from ..adapters import Prediction
from ..baselines.forecaster import Forecaster
from ..baselines.table import BASELINES, check_fitted
from ..data.series.panel_reading import read_panel
from ..data.series.panels import Panel
from ..errors import UserError
from ..families import BUILT_IN_NAME
from ..forecasting import check_quantile_levels, quantiles_at
from ..prediction import BATCH_SIZE, panel_batches
from ..requirements import require
from .backtests import PanelForecaster
from .cross_validation import load_models, make_forecasters

if TYPE_CHECKING:
    import fev
    from datasets import DatasetDict

logger = logging.getLogger(__name__)


def _by_function(
    panel: Panel,
    prediction_length: int,
    quantile_levels: Sequence[float],
    seasons: np.ndarray,
    future_df: pd.DataFrame | None,
    forecaster: Forecaster,
) -> Prediction:
    """Forecast of a panel by a function of past values."""
    shape = (len(panel), prediction_length, len(panel.targets))
    mean, quantiles = np.full(shape, np.nan), np.full((*shape, len(quantile_levels)), np.nan)
    for chosen, batch in panel_batches(panel, np.arange(len(panel)), int(panel.lengths.max()), BATCH_SIZE):
        forecast = forecaster(batch.values)
        if forecast.mean.shape[1] < prediction_length:
            raise UserError(
                f"the forecaster gives {forecast.mean.shape[1]} steps; the task asks for {prediction_length}."
            )
        mean[chosen] = forecast.mean[:, :prediction_length].double().numpy()
        if forecast.quantiles is not None and quantile_levels:
            known = forecast.quantile_levels
            given = forecast.quantiles[:, :prediction_length].double().numpy()
            quantiles[chosen] = quantiles_at(given, known, check_quantile_levels(quantile_levels, known))
    return Prediction(mean, quantiles)


def _task_forecaster(forecaster: str | Path | PreTrainedModel | Forecaster) -> PanelForecaster:
    if callable(forecaster) and not isinstance(forecaster, PreTrainedModel):
        return partial(_by_function, forecaster=forecaster)
    if isinstance(forecaster, str) and forecaster in BASELINES:
        check_fitted([forecaster])
        return make_forecasters({}, [forecaster], BATCH_SIZE)[forecaster]
    if isinstance(forecaster, str | Path):
        name = str(forecaster)
        if name != BUILT_IN_NAME and not Path(name).exists() and "/" not in name:
            known = [name for name, baseline in BASELINES.items() if baseline.settings is None]
            raise UserError(
                f"{name}: neither the folder of a forecaster nor one of {BUILT_IN_NAME}, {', '.join(known)}."
            )
    (made,) = make_forecasters(load_models(forecaster), (), BATCH_SIZE).values()
    return made


def _predict_window(window: "fev.EvaluationWindow", task: "fev.Task", forecaster: PanelForecaster) -> "DatasetDict":
    from datasets import Dataset, DatasetDict

    fev = require("fev", "fev")
    past, future, static = fev.convert_input_data(window, adapter="pandas")
    if static is not None:
        past = past.merge(static, on=task.id_column)
    known = list(task.known_dynamic_columns)
    panel = read_panel(
        past,
        task.id_column,
        task.timestamp_column,
        list(task.target_columns),
        default_freq=task.freq,
        source=task.dataset_path,
    )
    levels = list(task.quantile_levels)
    future_df = future[[task.id_column, task.timestamp_column, *known]] if known else None
    found = forecaster(panel, task.horizon, levels, np.full(len(panel), task.seasonality), future_df)
    # A series without an observed value has no forecast, and fev takes no missing one.
    mean = np.nan_to_num(found.mean)
    if levels and np.isnan(found.quantiles[np.isfinite(found.mean)]).any():
        logger.warning("the forecaster gives no quantiles: its point forecast is used at every level.")
    quantiles = np.where(np.isnan(found.quantiles), mean[..., None], found.quantiles)
    columns = {"predictions": mean, **{str(level): quantiles[..., k] for k, level in enumerate(levels)}}
    return DatasetDict(
        {
            target: Dataset.from_dict({name: list(values[..., k]) for name, values in columns.items()}).cast(
                task.predictions_schema
            )
            for k, target in enumerate(task.target_columns)
        }
    )


def predict_fev(task: "fev.Task", forecaster: str | Path | PreTrainedModel | Forecaster) -> "list[DatasetDict]":
    """Forecast every window of a fev task, in the format of `task.evaluation_summary`.

    A model gets the targets and covariates of the task, as in `predict_df`, and the season of the calendar; a baseline
    gets the targets and the season of the task. If the task asks for quantiles and the forecaster gives none, its
    point forecast is used at every level, with a warning.

    Args:
        task: task of fev.
        forecaster: folder or Hub name of a saved forecaster, "built-in", or a loaded one; a baseline that needs no
            settings, such as "seasonal_naive", "ridge", "auto_ets" or "flair"; or any `Forecaster` that gives at least
            `task.horizon` steps.

    Raises:
        MissingPackageError: fev, or the package of a baseline, is not installed.
        ValueError: unknown forecaster, or a horizon or quantile level that the forecaster does not support.
    """
    require("fev", "fev")
    chosen = _task_forecaster(forecaster)
    return [_predict_window(window, task, chosen) for window in task.iter_windows()]
