"""Reading of tables of many series, long and wide, into panels."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...errors import UserError
from ...processing.series_arrays import shortened
from .frames import (
    STEP,
    find_timestamp_column,
    hint_of_ids,
    is_row_number,
    number_rows,
    numeric_values,
    other_content,
    to_series,
)
from .panel_columns import (
    check_columns,
    check_no_lists,
    id_index,
    is_time_index,
    parse_repeated,
    plain_id,
    table_kind,
    take_rows,
    to_pandas,
)
from .panel_grids import PanelGrids, find_grids
from .panels import ID, SHOWN, TARGET, TIMESTAMP, Panel, wide_panel
from .sources import load_series, on_grid
from .step_numbers import are_step_numbers, numbers_to_timestamps, step_alias, timestamps_to_numbers
from .tables import read_table

logger = logging.getLogger(__name__)

# Names of the columns in Nixtla's libraries, which stand in where the defaults are absent.
_NIXTLA = {ID: "unique_id", TIMESTAMP: "ds", TARGET: "y"}
# Usual names of the column of ids, and of the target.
IDS = (ID, _NIXTLA[ID])
DEFAULT_TARGETS = (TARGET, _NIXTLA[TARGET])
# Rows up to which the step of an id may be told wrongly.
_FEW_ROWS = 3


@dataclass(frozen=True)
class Names:
    """Names of the columns of a table that make its series.

    Args:
        ids: columns of ids; none for a single series.
        timestamp: column of timestamps; "" for those of the index.
        targets: columns to forecast; none for a wide table, whose columns are all series.
    """

    ids: tuple[str, ...]
    timestamp: str
    targets: tuple[str, ...]


def _listed(names: Any) -> list[str]:
    """Names of columns, of which one may come alone, as text."""
    return [*map(str, names)] if pd.api.types.is_list_like(names) else [str(names)]


def find_names(
    table: pd.DataFrame,
    id_column: str | Sequence[str],
    timestamp_column: str,
    target: str | Sequence[str],
    source: str,
    covariates: Sequence[str],
) -> Names:
    """Find the columns of ids, timestamps and targets; arguments and errors as `read_panel`."""
    is_nixtla = any(name in table.columns for name in ("unique_id", "ds"))

    def stand_in(name: str) -> str:
        other = _NIXTLA.get(name, name)
        return other if is_nixtla and name not in table.columns and other in table.columns else name

    ids, targets = (tuple(map(stand_in, _listed(names))) for names in (id_column, target))
    timestamp = stand_in(str(timestamp_column))
    if not ids or not targets:
        raise UserError(f"id_column is {id_column!r} and target {target!r}; give at least one column of each.")
    if ids == (ID,) and ID not in table.columns:
        ids = ()
    if timestamp == TIMESTAMP and TIMESTAMP not in table.columns:
        if is_time_index(table.index):
            timestamp = ""
        else:
            timestamp = find_timestamp_column(table.drop(columns=[*ids, *targets], errors="ignore"), None, source)
    if targets == (TARGET,) and TARGET not in table.columns:
        targets = _only_numbers(table, (*ids, timestamp, *covariates), source) if ids else ()
    check_columns(table, [*ids, *([timestamp] if timestamp else []), *targets], source)
    chosen = [*ids, timestamp, *targets]
    if len(set(chosen)) < len(chosen):
        twice = next(name for name in chosen if chosen.count(name) > 1)
        raise UserError(f"{source}: column {twice!r} is named twice among ids, timestamps and targets.")
    return Names(ids, timestamp, targets)


def _only_numbers(table: pd.DataFrame, others: Sequence[str], source: str) -> tuple[str, ...]:
    """The only column of numbers besides others, as the target."""
    numbers = [
        name
        for name in table.columns
        if name not in others and pd.api.types.is_numeric_dtype(table[name]) and table[name].dtype.kind != "b"
    ]
    if len(numbers) != 1:
        raise UserError(
            f"{source}: no column {TARGET!r}; name the column to forecast with --target (target= in Python), such as "
            f"{shortened([*map(repr, numbers)], SHOWN) or 'one of numbers'}."
        )
    logger.info("%s: column %r is the target.", source, numbers[0])
    return tuple(numbers)


def read_panel(
    df: Any,
    id_column: str | Sequence[str] = ID,
    timestamp_column: str = TIMESTAMP,
    target: str | Sequence[str] = TARGET,
    freq: str | int | None = None,
    default_freq: str | None = None,
    dayfirst: bool | None = None,
    source: str = "the table",
    covariates: Sequence[str] = (),
) -> Panel:
    """Read a table of many series.

    A long table has a row for each id and time step; its other columns are covariates. Where the default names are
    absent, those of Nixtla (`unique_id`, `ds`, `y`), usual names of timestamps, and a single column of numbers as the
    target are taken. A table without a column of ids holds one series if it has the target, and else is wide: a
    column of timestamps (or an index of them) and a column for each series, whose id is its name. Rows of a long
    table may come in any order. Rows that are absent from the time grid of an id become missing values. The grid of
    each id is the one that it has alone; an id whose rows tell none takes that of the others if they share one. Whole
    numbers that cannot be dates, such as 1, 2, 3, number the steps; they tell no season.

    Args:
        df: table of pandas, polars or pyarrow.
        id_column: column of ids, or several columns.
        timestamp_column: column of timestamps.
        target: column to forecast, or several.
        freq: time step of all ids, a pandas alias, or a whole number where the timestamps number the steps; inferred
            for each id by default, and from all ids where the steps are numbered.
        default_freq: time step to use where `freq` is None and it fits.
        dayfirst: whether 01/02/2024 is 1 February; inferred from all rows by default.
        source: name of the table for messages.
        covariates: columns that are covariates, and not series of a wide table or the target of a long one.

    Returns:
        The panel. An id whose time step nobody knows (one row, and no step given or shared by the others) is left out
        with one warning.

    Raises:
        ValueError: a missing column, an id or timestamp that is empty, a duplicate timestamp of an id, a value that is
            not a finite number, a time step that cannot be told.
    """
    table, kind = to_pandas(df, source), table_kind(df, source)
    freq = None if freq is None else str(freq)
    names = find_names(table, id_column, timestamp_column, target, source, covariates)
    if not names.targets and any(name in table.columns for name in covariates):
        others = [name for name in table.columns if name not in covariates and name != names.timestamp]
        names = replace(names, targets=tuple(others))
    if names.targets:
        return replace(_read_long(table, names, freq, default_freq, dayfirst, source), kind=kind)
    stamps, is_numbered = read_stamps(table, names, dayfirst, source)
    if stamps.has_duplicates:
        first = stamps[stamps.duplicated()][:1]
        raise UserError(_duplicate_message(table, names, source, _shown(first, is_numbered)))
    if names.timestamp:
        table = table.assign(**{names.timestamp: stamps})
    empty = [name for name in table.columns if table[name].isna().all()]
    if 0 < len(empty) < table.shape[1] - bool(names.timestamp):
        logger.warning("%s: %s left out: no value at all.", source, shortened([*map(repr, empty)], SHOWN))
        table = table.drop(columns=empty)
    series = to_series(table, names.timestamp or None, source=source, dayfirst=dayfirst)
    if is_numbered:
        freq, default_freq = step_alias(np.diff(stamps.asi8), freq, source), None
    panel = wide_panel(on_grid(source, series, freq, default_freq), names.timestamp or TIMESTAMP)
    grids = replace(panel.grids, numbered=is_numbered)
    return replace(panel, kind=kind, grids=grids, dated=panel.dated and not is_numbered)


def read_stamps(
    table: pd.DataFrame, names: Names, dayfirst: bool | None, source: str
) -> tuple[pd.DatetimeIndex, bool]:
    """Timestamps of the rows, and whether they hold numbers of steps."""
    column = table.index.to_series() if not names.timestamp else table[names.timestamp]
    if are_step_numbers(column):
        return numbers_to_timestamps(column, source), True
    return parse_repeated(column, source, dayfirst), False


def _shown(timestamp: pd.DatetimeIndex, is_numbered: bool) -> str:
    """The only timestamp of an index, for messages."""
    return str((timestamps_to_numbers(timestamp) if is_numbered else timestamp)[0])


def load_panel(
    data: Any,
    id_column: str | Sequence[str] | None = None,
    timestamp_column: str | None = None,
    target: str | Sequence[str] | None = None,
    freq: str | int | None = None,
    default_freq: str | None = None,
    dayfirst: bool | None = None,
    covariates: Sequence[str] = (),
    source: str = "the table",
) -> Panel:
    """Load a panel: a table, a file or a set by its name; arguments and errors as `read_panel` and `load_series`.

    `source` is the name of a table for messages; a file has its own.
    """
    is_name, freq = isinstance(data, str | Path), None if freq is None else str(freq)
    if is_name and not Path(data).suffix:
        columns = [target] if isinstance(target, str) else target
        return wide_panel(load_series(data, timestamp_column, columns, dayfirst, freq, default_freq))
    table = read_table(data) if is_name else data
    # Of several columns, one may be the time under a name of its own.
    if is_name and id_column is None and timestamp_column is None and len(table.columns) == 1:
        numbered = number_rows(table)
        if numbered is not table:
            logger.info("%s: no timestamps; the rows are the steps 1 to %d.", data, len(table))
            timestamp_column, table = STEP, numbered
    return read_panel(
        table,
        id_column or ID,
        timestamp_column or TIMESTAMP,
        target or TARGET,
        freq,
        default_freq,
        dayfirst,
        str(data) if is_name else source,
        covariates,
    )


@dataclass(frozen=True)
class _Rows:
    """Rows of a long table.

    Args:
        ids: the different ids in the order of the table, (series,).
        series: position of the id of each row, int64 (rows,).
        timestamps: of each row.
        values: float64 (rows, targets).
        places: position of each row in the table, int64 (rows,).
        is_numbered: whether the timestamps hold numbers of steps.
    """

    ids: pd.Index
    series: np.ndarray
    timestamps: pd.DatetimeIndex
    values: np.ndarray
    places: np.ndarray
    is_numbered: bool

    @property
    def bounds(self) -> np.ndarray:
        """First row of each series and the end of the last, int64 (series + 1,), of sorted rows."""
        return np.searchsorted(self.series, np.arange(len(self.ids) + 1))

    def chosen(self, rows: np.ndarray) -> "_Rows":
        """Some of the rows, by a mask or in an order."""
        return replace(
            self,
            series=self.series[rows],
            timestamps=self.timestamps[rows],
            values=self.values[rows],
            places=self.places[rows],
        )

    def step(self, freq: str | None, source: str) -> str:
        """Step of all series whose timestamps are numbers, as a pandas alias."""
        changes = np.diff(self.timestamps.asi8)[self.series[1:] == self.series[:-1]]
        return step_alias(changes, freq, source)


def _read_rows(table: pd.DataFrame, names: Names, dayfirst: bool | None, source: str) -> _Rows:
    """Read the rows of a long table, and sort them by id and time."""
    timestamps, is_numbered = read_stamps(table, names, dayfirst, source)
    series, ids = _factorized(table, names, source)
    for name in names.targets:
        if (what := other_content(table[name])) not in (None, "booleans"):
            raise UserError(f"{source}: column {name!r} holds {what}, not a series; name columns of numbers.")
    values = np.stack([numeric_values(table[name], source) for name in names.targets], 1)
    rows = _Rows(ids, series, timestamps, values, np.arange(len(table)), is_numbered)
    order = _sorted_order(series, timestamps)
    return rows if order is None else rows.chosen(order)


def _check_rows(rows: _Rows, table: pd.DataFrame, names: Names, label: Callable[[int], str]) -> None:
    """Raise ValueError for a timestamp that an id has twice, and for an infinite value."""
    series, timestamps = rows.series, rows.timestamps
    same = (series[1:] == series[:-1]) & (np.diff(timestamps.asi8) == 0)
    if same.any():
        row = int(np.argmax(same))
        stamp = _shown(timestamps[row : row + 1], rows.is_numbered)
        raise UserError(_duplicate_message(table, names, label(series[row]), stamp))
    infinite = np.isinf(rows.values).any(1)
    if infinite.any():
        row = int(np.argmax(infinite))
        raise UserError(
            f"{label(series[row])} has an infinite value at {timestamps[row]}; correct it or leave it empty."
        )


def _drop_untold(
    rows: _Rows, grids: PanelGrids, positions: np.ndarray, source: str, label: Callable[[int], str]
) -> tuple[_Rows, PanelGrids, np.ndarray]:
    """Leave out the series whose time step nobody knows, with one warning."""
    is_told = grids.grid_of >= 0
    if is_told.all():
        return rows, grids, positions
    if not is_told.any():
        raise UserError(
            f"{label(0)} has a single row, at {rows.timestamps[0]}; its time step cannot be told: name it with --freq "
            "(freq= in Python)."
        )
    logger.warning(
        "%s: %d of %d ids are left out, the first %r: a single row tells no time step, and the others do not "
        "share one; name it with --freq (freq= in Python).",
        source,
        (~is_told).sum(),
        len(rows.ids),
        plain_id(rows.ids, int(np.argmin(is_told))),
    )
    is_kept = is_told[rows.series]
    kept = rows.chosen(is_kept)
    kept = replace(kept, ids=rows.ids[is_told], series=(np.cumsum(is_told) - 1)[kept.series])
    grids = replace(grids, grid_of=grids.grid_of[is_told], starts=grids.starts[is_told])
    return kept, grids, positions[is_kept]


def _read_long(
    table: pd.DataFrame,
    names: Names,
    freq: str | None,
    default_freq: str | None,
    dayfirst: bool | None,
    source: str,
) -> Panel:
    rows = _read_rows(table, names, dayfirst, source)

    def label(series: int) -> str:
        return f"{source}: id {plain_id(rows.ids, series)!r}" if names.ids else source

    _check_rows(rows, table, names, label)
    if rows.is_numbered:
        freq, default_freq = rows.step(freq, source), None
    grids, positions = find_grids(rows.timestamps, rows.bounds, label, freq, default_freq)
    _warn_of_few_rows(grids, np.diff(rows.bounds), label)
    kept, grids, positions = _drop_untold(rows, grids, positions, source, label)
    lengths = positions[kept.bounds[1:] - 1] + 1
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    timestamps, values, places, size = kept.timestamps, kept.values, kept.places, int(offsets[-1])
    if absent := size - len(places):
        logger.info("%s: %d of %d rows of the time grids are absent; they are missing values.", source, absent, size)
        series = np.repeat(np.arange(len(kept.ids)), lengths)
        timestamps = grids.rows(series, np.arange(size) - offsets[series])
        at = offsets[kept.series] + positions
        values, places = np.full((size, len(names.targets)), np.nan), np.full(size, -1)
        values[at], places[at] = kept.values, kept.places
    others = [name for name in table.columns if name not in (*names.ids, names.timestamp, *names.targets)]
    return Panel(
        ids=kept.ids,
        offsets=offsets,
        timestamps=timestamps,
        values=values,
        targets=names.targets,
        past=take_rows(table, [name for name in others if not is_row_number(name, table[name])], places),
        grids=replace(grids, numbered=rows.is_numbered),
        dated=not rows.is_numbered,
        id_columns=names.ids,
        timestamp_column=names.timestamp or str(table.index.name or TIMESTAMP),
        name=source,
    )


def _warn_of_few_rows(grids: PanelGrids, rows: np.ndarray, label: Callable[[int], str]) -> None:
    """Warn of ids whose few rows tell another step than most ids have, such as a week for two rows of daily data."""
    told = grids.grid_of[grids.grid_of >= 0]
    if not len(told):
        return
    usual = np.bincount(told).argmax()
    odd = np.flatnonzero((rows <= _FEW_ROWS) & (grids.grid_of >= 0) & (grids.grid_of != usual))
    odd = odd[[str(grids.grids[number]) != str(grids.grids[usual]) for number in grids.grid_of[odd]]]
    if len(odd):
        logger.warning(
            "%s and %d others have %d rows or fewer, which tell a step of %s, not the %s of most ids; name the step "
            "with --freq (freq= in Python) if it is the same.",
            label(odd[0]),
            len(odd) - 1,
            _FEW_ROWS,
            grids.grids[grids.grid_of[odd[0]]],
            grids.grids[usual],
        )


def _factorized(table: pd.DataFrame, names: Names, source: str) -> tuple[np.ndarray, pd.Index]:
    """Number of the id of each row, int64 (rows,), and the different ids in their order."""
    if not names.ids:
        return np.zeros(len(table), dtype=np.int64), pd.RangeIndex(1)
    for name in names.ids:
        empty = table[name].isna().to_numpy()
        if empty.any():
            raise UserError(f"{source}: row {int(np.argmax(empty)) + 1} of column {name!r} is empty; give it an id.")
    check_no_lists(table, names.ids, source)
    index = id_index(table, names.ids)
    if len(names.ids) > 1:
        codes = table.groupby(list(names.ids), sort=False, observed=True).ngroup().to_numpy()
        _, firsts = np.unique(codes, return_index=True)
        return codes, index[firsts]
    codes, ids = pd.factorize(index)
    return codes.astype(np.int64), ids.rename(names.ids[0])


def _sorted_order(codes: np.ndarray, timestamps: pd.DatetimeIndex) -> np.ndarray | None:
    """Order of the rows by id and time, or None if they are in it."""
    times = timestamps.asi8
    steps = np.diff(codes)
    if ((steps > 0) | ((steps == 0) & (np.diff(times) >= 0))).all():
        return None
    # Keys of 16 bits are sorted in linear time.
    ranks, different = pd.factorize(times, sort=True)
    keys = (ranks.astype(np.uint16) if len(different) < 2**16 else times, codes)
    return np.lexsort(keys if codes.max() >= 2**16 else (keys[0], codes.astype(np.uint16)))


def _duplicate_message(table: pd.DataFrame, names: Names, label: str, stamp: str) -> str:
    message = f"{label}: timestamp {stamp} appears more than once; keep one row for each time step"
    others = [name for name in table.columns if name not in (*names.ids, names.timestamp, *names.targets)]
    return f"{message}{hint_of_ids(table[others])}."
