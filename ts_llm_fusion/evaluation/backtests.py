"""Forecasts of the ends of the series of a panel from rolling origins, beside what came true."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..adapters import Prediction
from ..data.series.panels import Panel
from ..errors import NothingToForecastError, UserError
from .point_metrics import check_finite, flat_seasonal_scale

logger = logging.getLogger(__name__)

# Fewest rows before a cutoff.
_MIN_HISTORY = 3

# (past of each series, steps, rising levels, season of each series, known future or None) -> their forecast
PanelForecaster = Callable[[Panel, int, Sequence[float], np.ndarray, pd.DataFrame | None], Prediction]


def _history(panel: Panel, series: np.ndarray, lengths: np.ndarray) -> Panel:
    """The first rows of some series of a panel."""
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    rows = np.arange(offsets[-1]) + np.repeat(panel.offsets[series] - offsets[:-1], lengths)
    grids = replace(panel.grids, grid_of=panel.grids.grid_of[series], starts=panel.grids.starts[series])
    return replace(
        panel,
        ids=panel.ids[series],
        offsets=offsets,
        timestamps=panel.timestamps[rows],
        values=panel.values[rows],
        past=panel.past.take(rows).reset_index(drop=True),
        grids=grids,
    )


def _known_rows(panel: Panel, covariates: Sequence[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """Known covariates of each row, and where one lacks a value, boolean (rows,).

    A row without an observed target, such as one that the table lacks, has no error to count: where it has no value of
    a covariate, the nearest value before, or after, stands in.
    """
    known = panel.past[list(covariates)]
    if not covariates:
        return known, np.zeros(len(known), dtype=bool)
    filled = known.groupby(panel.series_of_rows).ffill().groupby(panel.series_of_rows).bfill()
    has_target = ~np.isnan(panel.values).all(1)
    return filled, filled.isna().any(axis=1).to_numpy() | (known.isna().any(axis=1).to_numpy() & has_target)


def _known_future(panel: Panel, known: pd.DataFrame, series: np.ndarray, rows: np.ndarray) -> pd.DataFrame | None:
    """Covariates of the steps of a window, rows (series, steps), as the `future_df` of `predict_df`."""
    if known.columns.empty:
        return None
    owner, at = np.repeat(series, rows.shape[1]), rows.ravel()
    keys = panel.keys(owner, np.zeros_like(owner))
    columns = {name: keys[name] for name in panel.id_columns} | {
        panel.timestamp_column: panel.as_given(panel.timestamps[at])
    }
    return pd.concat([pd.DataFrame(columns), known.take(at).reset_index(drop=True)], axis=1)


def _unobserved(panel: Panel, ends: np.ndarray) -> np.ndarray:
    """Whether a target has no value in the first `ends` rows of its series, (series, targets)."""
    place = np.arange(len(panel.values)) - panel.offsets[:-1][panel.series_of_rows]
    seen = ~np.isnan(panel.values) & (place < ends[panel.series_of_rows])[:, None]
    return ~np.logical_or.reduceat(seen, panel.offsets[:-1], axis=0)


def _check_lengths(panel: Panel, horizon: int, windows: int, step: int) -> None:
    """Warn of series that are too short for some windows; ValueError if all are for all."""
    spare = panel.lengths - horizon - _MIN_HISTORY
    possible = np.where(spare < 0, 0, np.minimum(spare // step + 1, windows))
    short = np.flatnonzero(possible < windows)
    if not len(short):
        return
    needed = horizon + _MIN_HISTORY
    if not possible.any():
        raise NothingToForecastError(
            f"the longest series has {panel.lengths.max()} rows; a window of {horizon} steps needs {needed}: give a "
            "shorter prediction_length."
        )
    first = short[0]
    logger.warning(
        "%d of %d ids are too short for %d windows and have those that fit, the first %s: %d rows, %d windows; %d ids "
        "have none.",
        len(short),
        len(panel),
        windows,
        panel.label(first),
        panel.lengths[first],
        possible[first],
        np.count_nonzero(possible == 0),
    )


def _forecast_window(
    panel: Panel,
    forecasters: Mapping[str, PanelForecaster],
    series: np.ndarray,
    rows: np.ndarray,
    is_observed: np.ndarray,
    quantile_levels: Sequence[float],
    seasons: np.ndarray,
    known: pd.DataFrame,
) -> list[pd.DataFrame]:
    """Forecasts of one window of some series, a table for each forecaster, with positions in place of names.

    Args:
        panel: whole series.
        forecasters: by name.
        series: positions of the series, int64 (series,).
        rows: rows of the window, int64 (series, prediction_length).
        is_observed: whether a target has a value before the window, boolean (series, targets).
        quantile_levels: rising levels.
        seasons: of these series.
        known: known covariates of all rows of the panel.
    """
    past = _history(panel, series, rows[:, 0] - panel.offsets[series])
    actual = panel.values[rows]
    scale = np.stack([flat_seasonal_scale(v, past.lengths, seasons) for v in past.values.T], 1)
    future = _known_future(panel, known, series, rows)
    forecasts = [make(past, rows.shape[1], quantile_levels, seasons, future) for make in forecasters.values()]
    # What one forecaster leaves out, with a warning, counts for none.
    counted = is_observed & ~np.any([np.isnan(found.mean).all(1) for found in forecasts], axis=0)
    at, of, target = np.nonzero(np.broadcast_to(counted[:, None], actual.shape))
    tables = []
    for number, found in enumerate(forecasts):
        check_finite(int(np.count_nonzero(~np.isfinite(found.mean[at, of, target]))), len(at))
        columns = {
            "series": series[at],
            "target": target,
            "forecaster": number,
            "row": rows[at, of],
            "cutoff": rows[at, 0] - 1,
            "actual": actual[at, of, target],
            "predictions": found.mean[at, of, target],
            "scale": scale[at, target],
        }
        levels = {f"{level:g}": found.quantiles[at, of, target, k] for k, level in enumerate(quantile_levels)}
        tables.append(pd.DataFrame({**columns, **levels}))
    return tables


def backtest(
    panel: Panel,
    forecasters: Mapping[str, PanelForecaster],
    prediction_length: int,
    windows: int,
    step: int,
    quantile_levels: Sequence[float],
    seasons: np.ndarray,
    known_covariates: Sequence[str] = (),
) -> pd.DataFrame:
    """Forecast the last windows of each series of a panel.

    Args:
        panel: from `read_panel`.
        forecasters: by name.
        prediction_length: steps of a window.
        windows: number of windows.
        step: steps between the origins of two windows.
        quantile_levels: rising levels.
        seasons: steps of the season of each series, 1 for none, int64 (series,).
        known_covariates: covariates of the panel that are known for the steps of a window.

    Returns:
        As `cross_validation`.

    Raises:
        ValueError: no series is long enough, or all its values before a window, or a known covariate of each window,
            are missing.
    """
    _check_lengths(panel, prediction_length, windows, step)
    known_rows, lacking = _known_rows(panel, known_covariates)
    parts: list[pd.DataFrame] = []
    unknown: list[np.ndarray] = []
    unobserved = np.zeros(len(panel), dtype=bool)
    for window in range(windows):
        ends = panel.lengths - prediction_length - (windows - 1 - window) * step
        long_enough = ends >= _MIN_HISTORY
        empty = _unobserved(panel, ends)
        unobserved |= long_enough & empty.any(1)
        series = np.flatnonzero(long_enough & ~empty.all(1))
        rows = (panel.offsets[series] + ends[series])[:, None] + np.arange(prediction_length)
        is_known = ~lacking[rows].any(1)
        unknown.extend(rows[~is_known])
        series, rows = series[is_known], rows[is_known]
        if not len(series):
            continue
        window_forecasts = _forecast_window(
            panel, forecasters, series, rows, ~empty[series], quantile_levels, seasons[series], known_rows
        )
        parts += [table.assign(window=window) for table in window_forecasts]
    if unobserved.any():
        logger.warning(
            "%d of %d ids have no observed value before some window, the first %s; these windows are left out.",
            np.count_nonzero(unobserved),
            len(panel),
            panel.label(int(unobserved.argmax())),
        )
    if unknown:
        row = unknown[0][lacking[unknown[0]]][0]
        names = ", ".join(known_covariates)
        where = f"{panel.label(panel.series_of_rows[row])} at {panel.as_given(panel.timestamps)[row]}"
        if not parts:
            raise UserError(f"each window lacks a value of {names}, the first {where}; give the values.")
        logger.warning("%d windows lack a value of %s and are left out, the first %s.", len(unknown), names, where)
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if table.empty:
        raise NothingToForecastError(
            "no series has an observed value before its windows; there is nothing to forecast from."
        )
    table = table.sort_values(["series", "target", "window", "forecaster", "row"], ignore_index=True)
    return _named(table, panel, list(forecasters), [f"{level:g}" for level in quantile_levels])


def _named(table: pd.DataFrame, panel: Panel, forecasters: list[str], levels: list[str]) -> pd.DataFrame:
    """Replace positions of series, rows, targets and forecasters by their names."""
    columns = panel.keys(table["series"].to_numpy(), table["target"].to_numpy())
    target_name = columns.pop("target_name")
    timestamps = panel.as_given(panel.timestamps)
    columns[panel.timestamp_column], columns["cutoff"] = timestamps[table["row"]], timestamps[table["cutoff"]]
    columns["target_name"] = target_name
    columns["forecaster"] = pd.Index(forecasters, dtype="str").take(table["forecaster"].to_numpy())
    return pd.DataFrame({**columns, **{name: table[name] for name in ("actual", "predictions", *levels, "scale")}})
