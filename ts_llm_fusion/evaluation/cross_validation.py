"""Backtests of tables: forecasts from rolling origins at the end of every series."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from transformers import PreTrainedModel

from ..baselines.table import check_fitted
from ..data.series.panel_columns import to_kind
from ..data.series.panel_reading import Names, read_panel
from ..data.series.panels import ID, TARGET, TIMESTAMP, Panel
from ..distributed import TIMES, check_loadable, column_options, is_distributed, map_series
from ..errors import UserError
from ..families import BUILT_IN, BUILT_IN_NAME
from ..prediction import BATCH_SIZE, Forecaster, check_count, check_horizon, check_levels, load, load_once
from ..prediction import reading_options as model_options
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from .backtests import PanelForecaster, backtest
from .panel_forecasters import predict_baseline, predict_model

BASELINES = ("repeat_last", "seasonal_naive", "ridge")
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# Columns of the result beside ids, timestamps and levels.
_COLUMNS = ("cutoff", "target_name", "forecaster", "actual", "predictions", "scale")

# Forecasters and their feature extractors, by name.
Models = dict[str, tuple[PreTrainedModel, ForecastFeatureExtractor | None]]


def load_models(model: Forecaster | list[Forecaster] | None) -> Models:
    """Load one or several forecasters.

    Args:
        model: as in `cross_validation`.

    Raises:
        ValueError, OSError: as `prediction.load`, or one is given twice.
    """
    models: Models = {}
    for one in model if isinstance(model, list) else [model]:
        loaded = load(one)
        place = loaded[0].config.name_or_path or type(loaded[0]).__name__
        name = BUILT_IN_NAME if place == BUILT_IN else place
        if name in models:
            raise UserError(f"model: {name} is given twice.")
        models[name] = loaded
    return models


def make_forecasters(models: Models, baselines: Sequence[str], batch_size: int) -> dict[str, PanelForecaster]:
    """Forecasters of panels by name: baselines, then models.

    Args:
        models: from `load_models`.
        baselines: as in `cross_validation`.
        batch_size: series at once.

    Raises:
        ValueError: an unknown baseline, a name that is given twice, or none at all.
    """
    check_fitted(baselines)
    names = [*baselines, *models]
    if not names:
        raise UserError("no forecaster is given; name a model or a baseline.")
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        raise UserError(f"baselines: {twice[0]} is given twice.")
    fitted = {name: partial(predict_baseline, name=name, batch_size=batch_size) for name in baselines}
    return fitted | {
        name: partial(predict_model, model=model, extractor=extractor, batch_size=batch_size)
        for name, (model, extractor) in models.items()
    }


def known_by_models(models: Models, known_covariates: Sequence[str]) -> list[str]:
    """Covariates that are known for the steps of a window: those named, and those that models were trained with."""
    trained = [extractor.covariates for _, extractor in models.values() if extractor is not None]
    names = [name for covariates in trained if covariates is not None for name in covariates.known.names]
    return list(dict.fromkeys([*known_covariates, *names]))


def reading_options(models: Models, covariates: Sequence[str]) -> dict[str, Any]:
    """Options of `read_panel`: the time step of the first model that has one, and columns that are covariates.

    Args:
        models: from `load_models`.
        covariates: names beside those that the models were trained with.
    """
    options = [model_options(extractor) for _, extractor in models.values()]
    steps = [given["default_freq"] for given in options if given.get("default_freq")]
    trained = [name for given in options for name in given.get("covariates", ())]
    return {
        "default_freq": steps[0] if steps else None,
        "covariates": list(dict.fromkeys([*covariates, *trained])),
    }


def check_known(panel: Panel, known_covariates: Sequence[str]) -> None:
    """Raise ValueError for a known covariate that a panel lacks."""
    for name in known_covariates:
        if name not in panel.past.columns:
            others = ", ".join(map(repr, panel.past.columns)) or "none"
            raise UserError(f"known_covariates: no covariate {name!r}; those of {panel.name} are {others}.")


def panel_seasons(panel: Panel, seasonal_period: int | None = None) -> np.ndarray:
    """Season of each series in steps, that of the calendar by default; 1 for none. int64 (series,)."""
    if seasonal_period is not None:
        return np.full(len(panel), check_count("seasonal_period", seasonal_period))
    return np.maximum(panel.seasonal_periods()[:, 0], 1)


def cross_validation(
    df: Any,
    prediction_length: int,
    windows: int = 1,
    step: int | None = None,
    model: Forecaster | list[Forecaster] | None = None,
    baselines: str | Sequence[str] = BASELINES,
    quantile_levels: Sequence[float] = LEVELS,
    id_column: str | Sequence[str] = ID,
    timestamp_column: str = TIMESTAMP,
    target: str | Sequence[str] = TARGET,
    freq: str | int | None = None,
    known_covariates: str | Sequence[str] = (),
    seasonal_period: int | None = None,
    batch_size: int = BATCH_SIZE,
) -> Any:
    """Forecast the end of every series from rolling origins, beside what came true.

    The last window ends with the last row of a series, the one before it `step` rows earlier, and so on. A forecast is
    made from the rows up to its cutoff alone; only the time step is found from all rows. It is as the model gives it:
    quantiles of counts may be negative here, which `predict_df` holds at 0. A series that is too short for some
    windows has the others, with one warning.

    A long table of Dask, Ray or Spark is forecast by its workers, as `predict_df` does it.

    Args:
        df: table of pandas, polars or pyarrow, or of Dask, Ray or Spark, in one of the forms of `predict_df`.
        prediction_length: steps of a window.
        windows: number of windows.
        step: rows between the origins of two windows; `prediction_length` by default.
        model: forecaster as in `predict_df`, or a list of several; by default the built-in one.
        baselines: names of baselines that need no settings: "repeat_last", "seasonal_naive", "naive2", "ridge",
            "auto_ets", "auto_theta", "flair".
        quantile_levels: levels between 0 and 1.
        id_column: column of ids, or several.
        timestamp_column: column of timestamps.
        target: column to forecast, or several.
        freq: time step, a pandas alias; inferred for each id by default.
        known_covariates: columns that are known for the steps of a window, such as prices and holidays, beside those
            that a model was trained with; the other columns are known up to the cutoff alone.
        seasonal_period: steps of the season for the baselines and for MASE; that of the calendar by default.
        batch_size: series to forecast at once.

    Returns:
        A table of the same library, lazy where its tables are, with a row for each id, target, window, forecaster and
        step, for `score_forecasts`: the columns of ids and timestamps, `cutoff` (the last timestamp that the forecast
        was made from), `target_name`, `forecaster`, `actual` (NaN where missing), `predictions` (the point forecast;
        the median for models), one column a level named as "0.1" (NaN for a forecaster without quantiles) and
        `scale`, the mean absolute change over a season up to the cutoff, which is the unit of MASE.

    Raises:
        ValueError: as `predict_df`; no series is long enough for a window, a number of windows or steps below 1, or an
            unknown baseline.
        MissingPackageError: a baseline needs a package that is not installed.

    Example:

    ```python
    >>> forecasts = cross_validation(sales, prediction_length=14, windows=4, id_column="store", target="sales")
    >>> score_forecasts(forecasts)
    >>> score_forecasts(forecasts, by="store")
    ```
    """
    horizon, levels = check_horizon(prediction_length), sorted(check_levels(quantile_levels))
    windows, batch_size = check_count("windows", windows), check_count("batch_size", batch_size)
    step = horizon if step is None else check_count("step", step)
    baselines = [baselines] if isinstance(baselines, str) else list(baselines)
    if is_distributed(df):
        check_fitted(baselines)
        names = check_loadable(model)
        options: dict[str, Any] = {
            "prediction_length": horizon,
            "windows": windows,
            "step": step,
            "quantile_levels": levels,
        }
        options |= {"freq": freq, "known_covariates": known_covariates, "seasonal_period": seasonal_period}
        options |= {"baselines": baselines, "batch_size": batch_size}
        made = {"cutoff": TIMES, "target_name": pa.string(), "forecaster": pa.string()}
        numbers = ("actual", "predictions", *(f"{level:g}" for level in levels), "scale")
        made |= dict.fromkeys(numbers, pa.float64())
        work = partial(_validate_part, models=names, **options)
        return map_series(df, work, made, id_column, timestamp_column, target)
    models = load_models(model)
    forecasters = make_forecasters(models, baselines, batch_size)
    known = known_by_models(models, [known_covariates] if isinstance(known_covariates, str) else known_covariates)
    panel = read_panel(df, id_column, timestamp_column, target, freq, **reading_options(models, known))
    check_known(panel, known)
    used = [name for name in (*panel.id_columns, panel.timestamp_column) if name in _COLUMNS]
    if used:
        raise UserError(f"column {used[0]!r} has the name of a column of the result; rename it.")
    seasons = panel_seasons(panel, seasonal_period)
    table = backtest(panel, forecasters, horizon, windows, step, levels, seasons, known)
    return to_kind(table, panel.kind)


def _validate_part(
    df: pd.DataFrame, future_df: None, names: Names, models: Sequence[str | Path | None], **options: Any
) -> pd.DataFrame:
    """Backtest of some ids of a table, in a worker; arguments as `cross_validation`."""
    loaded: list[Forecaster] = [load_once(name) for name in models]
    return cross_validation(df, model=loaded, **column_options(names), **options)
