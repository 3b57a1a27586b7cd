"""Series to train on: a set by name, or a file with a wide or a long table."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ...errors import UserError
from ...processing.series_arrays import shortened
from .panel_reading import DEFAULT_TARGETS, IDS, read_panel
from .panels import ID, SHOWN, TARGET, TIMESTAMP, Panel
from .sources import SeriesSource, load_series, table_source
from .tables import read_table

logger = logging.getLogger(__name__)


def load_training_series(
    data: str,
    id_column: Sequence[str] | None = None,
    timestamp_column: str | None = None,
    target_columns: Sequence[str] | None = None,
    dayfirst: bool | None = None,
    freq: str | None = None,
    covariate_columns: Sequence[str] = (),
    window: int = 1,
    table: pd.DataFrame | None = None,
) -> SeriesSource:
    """Load a set by name as `load_series`, and a file as this or, if it holds a long table, as `read_panel`.

    A table is long if its columns of ids are named, or if it has one with a usual name and several ids, or the usual
    target.

    Args:
        data: name or path.
        id_column: columns of ids of a long table.
        timestamp_column: as in `load_series`.
        target_columns: as in `load_series`; of a long table by default `target`, `y` or the only column of numbers.
        dayfirst: as in `load_series`.
        freq: as in `load_series`.
        covariate_columns: as in `load_series`.
        window: rows that an id must have for a window. An id with fewer is left out, with a warning, where its step
            is not the one of the others.
        table: rows of a long table that are read already, with its columns of ids; those of `data` by default.

    Raises:
        ValueError, OSError: as `load_series` and `read_panel`; ids for a set by name, or ids of different time steps.
    """
    if table is None and Path(data).is_dir():
        raise UserError(f"{data} is a folder; give a file, or set streaming for the parquet files in it.")
    if table is None and not Path(data).suffix:
        if id_column is not None:
            raise UserError(f"{data}: a set by name has no column of ids; leave id_column out.")
        return load_series(
            data, timestamp_column, target_columns, dayfirst, freq, covariate_columns=list(covariate_columns)
        )
    table = read_table(data) if table is None else table
    if id_column is None and not _is_long(table, covariate_columns):
        return table_source(
            data, table, timestamp_column, target_columns, dayfirst, freq, covariate_columns=covariate_columns
        )
    panel = read_panel(
        table,
        id_column or ID,
        timestamp_column or TIMESTAMP,
        target_columns or TARGET,
        freq,
        dayfirst=dayfirst,
        source=data,
        covariates=covariate_columns,
    )
    return _pooled(panel, covariate_columns, window)


def _is_long(table: pd.DataFrame, covariates: Sequence[str]) -> bool:
    ids = [name for name in IDS if name in table.columns and name not in covariates]
    return bool(ids) and (table[ids[0]].nunique() > 1 or any(name in table.columns for name in DEFAULT_TARGETS))


def _pooled(panel: Panel, covariates: Sequence[str], window: int) -> SeriesSource:
    """The series of a panel, one after the other."""
    for name in covariates:
        if name in (*panel.id_columns, panel.timestamp_column, *panel.targets):
            raise UserError(
                f"{panel.name}: column {name!r} is a covariate, and an id, timestamp or target; name it once."
            )
        if name not in panel.past.columns:
            raise UserError(
                f"{panel.name}: no column {name!r} of covariates; the others are "
                f"{shortened([*map(repr, panel.past.columns)]) or 'none'}."
            )
    panel.check_finite(panel.past[list(covariates)], panel.series_of_rows, panel.timestamps)
    unused = [name for name in panel.past.columns if name not in covariates]
    if unused:
        logger.warning(
            "%s: columns %s are not used; known_covariates, past_covariates and static_covariates name those to use.",
            panel.name,
            shortened([*map(repr, unused)]),
        )
    is_kept, grid = _common_step(panel, window)
    timestamps = panel.as_given(panel.timestamps)
    source = SeriesSource(
        panel.name,
        pd.DataFrame(panel.values, index=timestamps, columns=list(panel.targets)),
        dated=panel.dated,
        grid=panel.grids.grids[grid] if panel.dated else None,
        covariates=panel.past[list(covariates)].set_axis(timestamps) if covariates else None,
        ids=panel.ids,
        offsets=panel.offsets,
    )
    return source if is_kept.all() else chosen_ids(source, is_kept)


def _common_step(panel: Panel, window: int) -> tuple[np.ndarray, int]:
    """Which ids have the time step of most rows, and a grid with that step; ValueError if a longer one has another."""
    steps, step_of_grid = np.unique([str(grid) for grid in panel.grids.grids], return_inverse=True)
    step_of = step_of_grid[panel.grids.grid_of]
    usual = int(np.bincount(step_of, panel.lengths).argmax())
    is_other = step_of != usual
    longer = np.flatnonzero(is_other & (panel.lengths >= window))
    if len(longer):
        raise UserError(
            f"{panel.name}: {panel.label(int(longer[0]))} has a step of {steps[step_of[longer[0]]]} and most rows one "
            f"of {steps[usual]}; give ids of one time step, or name it with --freq if it is the same."
        )
    if is_other.any():
        logger.warning(
            "%s: %d ids left out, which have fewer than %d rows and another step than %s, the first %s.",
            panel.name,
            is_other.sum(),
            window,
            steps[usual],
            panel.label(int(is_other.argmax())),
        )
    return ~is_other, int(np.argmax(step_of_grid == usual))


def chosen_ids(source: SeriesSource, is_kept: np.ndarray) -> SeriesSource:
    """Some ids of a long table, by a mask (ids,)."""
    rows = is_kept[source.axis_of_rows]
    return replace(
        source,
        series=source.series[rows],
        covariates=None if source.covariates is None else source.covariates[rows],
        ids=None if source.ids is None else source.ids[is_kept],
        offsets=np.concatenate(([0], np.cumsum(np.diff(source.bounds)[is_kept]))),
    )


def drop_late_ids(source: SeriesSource, train_ends: np.ndarray) -> SeriesSource:
    """Leave out the ids of a long table without a value in the training rows, with one warning.

    Args:
        source: series.
        train_ends: row after the training rows of each id, int64 (ids,).

    Raises:
        ValueError: none is left.
    """
    is_train = np.arange(len(source.series)) < train_ends[source.axis_of_rows]
    seen = source.series.notna().any(axis=1).to_numpy() & is_train
    is_kept = np.bincount(source.axis_of_rows, seen, len(train_ends)) > 0
    if not is_kept.any():
        raise UserError(f"{source.name}: no id has a value in the training split; set split so that some have.")
    if not is_kept.all():
        late = [source.label(int(axis)).removeprefix(f"{source.name}: ") for axis in np.flatnonzero(~is_kept)[:SHOWN]]
        logger.warning(
            "%s: %d of %d ids left out: no value in the training split; the first are %s.",
            source.name,
            (~is_kept).sum(),
            len(is_kept),
            ", ".join(late),
        )
        source = chosen_ids(source, is_kept)
    return source
