"""Backtests of tables: forecasts from rolling origins at the end of every series."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from transformers import PreTrainedModel

from ..baselines.table import check_fitted
from ..data.series.panels import ID, TARGET, TIMESTAMP, Panel, read_panel, to_kind
from ..errors import UserError
from ..families import BUILT_IN, BUILT_IN_NAME
from ..prediction import BATCH_SIZE, Forecaster, check_horizon, check_levels, load
from .backtests import PanelForecaster, backtest
from .panel_forecasters import predict_baseline, predict_model

BASELINES = ("repeat_last", "seasonal_naive", "ridge")
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# Columns of the result beside ids, timestamps and levels.
_COLUMNS = ("cutoff", "target_name", "forecaster", "actual", "predictions", "scale")


def _name(model: Forecaster | None) -> str:
    """Name of a forecaster in the result."""
    if isinstance(model, tuple):
        model = model[0]
    if isinstance(model, PreTrainedModel):
        model = model.config.name_or_path or type(model).__name__
    return BUILT_IN_NAME if model is None or str(model) == BUILT_IN else str(model)


def make_forecasters(
    model: Forecaster | list[Forecaster] | None, baselines: Sequence[str], batch_size: int = BATCH_SIZE
) -> dict[str, PanelForecaster]:
    """Forecasters of panels by name: baselines, then models; arguments and errors as `cross_validation`."""
    check_fitted(baselines)
    models = model if isinstance(model, list) else [model]
    names = [*baselines, *map(_name, models)]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise UserError(f"{name} is given twice.")
    fitted: list[PanelForecaster] = [partial(predict_baseline, name=name, batch_size=batch_size) for name in baselines]
    loaded = [load(one) for one in models]
    made: list[PanelForecaster] = [
        partial(predict_model, model=one, extractor=extractor, batch_size=batch_size) for one, extractor in loaded
    ]
    return dict(zip(names, [*fitted, *made], strict=True))


def check_count(name: str, value: Any) -> int:
    """A whole number of at least 1; ValueError for any other value."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise UserError(f"{name} is {value!r}; give a whole number of at least 1.")
    return int(value)


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
    baselines: Sequence[str] = BASELINES,
    quantile_levels: Sequence[float] = LEVELS,
    id_column: str | Sequence[str] = ID,
    timestamp_column: str = TIMESTAMP,
    target: str | Sequence[str] = TARGET,
    freq: str | None = None,
    seasonal_period: int | None = None,
    batch_size: int = BATCH_SIZE,
) -> Any:
    """Forecast the end of every series from rolling origins, beside what came true.

    The last window ends with the last row of a series, the one before it `step` rows earlier, and so on. A forecast is
    made from the rows up to its cutoff alone; only the time step is found from all rows. A series that is too short
    for some windows has the others, with one warning.

    Args:
        df: table of pandas, polars or pyarrow, in one of the forms of `predict_df`.
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
        seasonal_period: steps of the season for the baselines and for MASE; that of the calendar by default.
        batch_size: series to forecast at once.

    Returns:
        A table of the same library with a row for each id, target, window, forecaster and step, for `score_forecasts`:
        the columns of ids and timestamps, `cutoff` (the last timestamp that the forecast was made from),
        `target_name`, `forecaster`, `actual` (NaN where missing), `predictions` (the point forecast; the median for
        models), one column a level named as "0.1" (NaN for a forecaster without quantiles) and `scale`, the mean
        absolute change over a season up to the cutoff, which is the unit of MASE.

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
    windows = check_count("windows", windows)
    step = horizon if step is None else check_count("step", step)
    forecasters = make_forecasters(model, baselines, batch_size)
    panel = read_panel(df, id_column, timestamp_column, target, freq)
    used = [name for name in (*panel.id_columns, panel.timestamp_column) if name in _COLUMNS]
    if used:
        raise UserError(f"column {used[0]!r} has the name of a column of the result; rename it.")
    table = backtest(panel, forecasters, horizon, windows, step, levels, panel_seasons(panel, seasonal_period))
    return to_kind(table, panel.kind)
