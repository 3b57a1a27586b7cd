"""Panels: many series in one long table, each with an id, a length, a start and a time step of its own."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...errors import UserError
from .dates import parse_timestamps
from .frames import (
    NAMES_OF_SERIES,
    find_timestamp_column,
    holds_lists,
    is_identifier,
    is_row_number,
    numeric_values,
    other_content,
    to_series,
)
from .panel_grids import PanelGrids, find_grids
from .sources import SeriesSource, load_series, on_grid
from .tables import read_table
from .time_axis import find_grid

logger = logging.getLogger(__name__)

# Default names of the columns, and those of Nixtla's libraries, which stand in where the defaults are absent.
ID, TIMESTAMP, TARGET = "item_id", "timestamp", "target"
_NIXTLA = {ID: "unique_id", TIMESTAMP: "ds", TARGET: "y"}
# Usual names of the column of ids.
IDS = (ID, _NIXTLA[ID])
# Most columns of a table: more of them are series in rows, or features.
_MOST_COLUMNS = 50_000
# Rows up to which the step of an id may be told wrongly.
_FEW_ROWS = 3
# Ids and timestamps that a message lists.
_SHOWN = 3


@dataclass(frozen=True)
class Panel:
    """Series of many ids on the complete time grid of each.

    Args:
        ids: index of the different ids in the order of the table, (series,); a MultiIndex for several id columns.
        offsets: int64 (series + 1,); the rows of series k are `offsets[k]` to `offsets[k + 1]`.
        timestamps: of all rows, (rows,); without an absent row.
        values: float64 (rows, targets); NaN where missing or in an absent row.
        targets: names of the targets.
        past: covariates as given, one row for each row of `values`; missing in absent rows.
        grids: time grid of each series.
        id_columns: names of the columns of ids; none for a single series without an id.
        timestamp_column: name of the column of timestamps.
        kind: of the given table: "pandas", "polars" or "pyarrow".
        is_wide: whether the series came as the columns of one table, so that all have the same rows.
        dated: whether the timestamps are real dates.
        name: of the table, for messages.
    """

    ids: pd.Index
    offsets: np.ndarray
    timestamps: pd.DatetimeIndex
    values: np.ndarray
    targets: tuple[str, ...]
    past: pd.DataFrame
    grids: PanelGrids
    id_columns: tuple[str, ...]
    timestamp_column: str
    kind: str = "pandas"
    is_wide: bool = False
    dated: bool = True
    name: str = "the table"

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> np.ndarray:
        """Rows of each series, int64 (series,)."""
        return np.diff(self.offsets)

    @cached_property
    def series_of_rows(self) -> np.ndarray:
        """Position of the series of each row, int64 (rows,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def label(self, series: int, target: int | None = None) -> str:
        """Name of a series, or of a target of it where there are several, for messages."""
        names = [f"id {_plain(self.ids, series)!r}"] if self.id_columns else []
        if len(self.targets) > 1 and target is not None:
            names.append(repr(self.targets[target]))
        return ", ".join(names) or "the series"

    def title(self, series: int, target: int) -> str:
        """Ids of a series, and its target where there are several or no ids."""
        key = _plain(self.ids, series)
        names = [str(part) for part in (key if isinstance(key, tuple) else (key,))] if self.id_columns else []
        return ", ".join(names if names and len(self.targets) == 1 else [*names, self.targets[target]])

    def keys(self, series: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
        """Columns of ids and of `target_name` for rows of a table.

        In a table without ids the name of a target is the id, and in a wide table the id is the name of the target.

        Args:
            series: position of the series of each row, int64 (rows,).
            targets: position of its target.
        """
        names = pd.Index(list(self.targets), dtype="str").take(targets)
        if not self.id_columns:
            return {ID: names, "target_name": names}
        ids = self.ids.to_frame(index=False).set_axis(list(self.id_columns), axis=1)
        columns = {name: ids[name].array.take(series) for name in self.id_columns}
        return columns | {"target_name": columns[ID] if self.is_wide else names}

    def find(self, row: Mapping[Any, Any] | pd.Series) -> int:
        """Position of the series whose ids a row of a table holds."""
        key = tuple(row[column] for column in self.id_columns)
        return int(self.ids.get_indexer(pd.Index([key if len(key) > 1 else key[0]]))[0]) if key else 0

    def joined(self) -> "Panel":
        """The series as the targets of one sample, aligned at their end; they must share their grid and last row."""
        longest, count = int(self.lengths.max()), len(self)
        rows = longest - (self.offsets[1:][self.series_of_rows] - np.arange(len(self.values)))
        values = np.full((longest, count), np.nan)
        values[rows, self.series_of_rows] = self.values[:, 0]
        first = int(self.lengths.argmax())
        span = slice(self.offsets[first], self.offsets[first + 1])
        grids = replace(self.grids, grid_of=self.grids.grid_of[[first]], starts=self.grids.starts[[first]])
        return replace(
            self,
            ids=pd.RangeIndex(1),
            id_columns=(),
            offsets=np.array([0, longest]),
            timestamps=self.timestamps[span],
            values=values,
            targets=tuple(map(str, self.ids)),
            past=self.past.iloc[span],
            grids=grids,
        )

    @property
    def ends_together(self) -> bool:
        """Whether all series have one grid and the same last row."""
        last = self.timestamps[self.offsets[1:] - 1]
        return bool((self.grids.grid_of == self.grids.grid_of[0]).all() and (last == last[0]).all())

    def future_timestamps(self, horizon: int) -> pd.DatetimeIndex:
        """The next `horizon` timestamps of each series, (series * horizon,)."""
        series = np.repeat(np.arange(len(self)), horizon)
        positions = self.lengths[series] + np.tile(np.arange(horizon), len(self))
        return self.grids.rows(series, positions, ahead=horizon)

    def seasonal_periods(self) -> np.ndarray:
        """The two usual seasons of each series in steps, int64 (series, 2): 1 is none, 0 any that is found."""
        periods = [(*seasons[:2], *(0,) * (2 - len(seasons))) if seasons else (1, 0) for seasons in self.grids.seasons]
        return np.array(periods, dtype=np.int64)[self.grids.grid_of]

    def known_future(self, future_df: Any, horizon: int) -> pd.DataFrame:
        """Covariates of the next `horizon` steps of each series, as given, (series * horizon) rows.

        Args:
            future_df: table with the columns of ids and timestamps, and some of the covariates of the panel.
            horizon: number of steps.

        Raises:
            ValueError: for other columns, ids that the panel lacks, a duplicate row, or steps that are absent or lack
                a value, with their ids and timestamps.
        """
        if self.is_wide:
            raise UserError("future_df: a wide table has no covariates; give a long one, as DataFrame.melt makes it.")
        table, keys = to_pandas(future_df, "future_df"), [*self.id_columns, self.timestamp_column]
        if self.timestamp_column not in table.columns and _is_time(table.index):
            table = table.rename_axis(self.timestamp_column).reset_index()
        _with_columns(table, keys, "future_df")
        ignored = [name for name in table.columns if name in self.targets]
        if ignored:
            logger.info("future_df: column %r is a target and is ignored.", ignored[0])
        known = [name for name in table.columns if name not in keys and name not in self.targets]
        extra = [name for name in known if name not in self.past.columns]
        if extra:
            raise UserError(
                f"future_df has a column {extra[0]!r} that the table of the past lacks; its covariates are "
                f"{_shortened(map(repr, self.past.columns)) or 'none'}."
            )
        ids = self.ids.get_indexer(_id_index(table, self.id_columns))
        if (ids < 0).any():
            row = int(np.argmax(ids < 0))
            raise UserError(
                f"future_df has the id {_plain(_id_index(table, self.id_columns), row)!r} in row {row + 1}, "
                "which the table of the past lacks; leave it out, or add its past."
            )
        stamps = _parsed(table[self.timestamp_column], "future_df")
        wanted = self.future_timestamps(horizon)
        if (stamps.tz is None) != (wanted.tz is None):
            raise UserError("future_df and the table of the past differ: one has a time zone, the other none.")
        row_of = _lookup(ids, stamps, np.repeat(np.arange(len(self)), horizon), wanted, self.label)
        # A series without a value has no forecast.
        is_needed = np.logical_or.reduceat(~np.isnan(self.values).all(1), self.offsets[:-1]).repeat(horizon)
        self._check_found((row_of < 0) & is_needed, wanted, "has no row")
        if len(table) > len(wanted):
            logger.info("future_df: %d rows outside the horizon are ignored.", len(table) - len(wanted))
        future = _taken(table, known, row_of)
        for name in known:
            self._check_found(future[name].isna().to_numpy() & is_needed, wanted, f"column {name!r} is empty")
        return future

    def _check_found(self, missing: np.ndarray, stamps: pd.DatetimeIndex, what: str) -> None:
        """Raise ValueError for steps of the horizon that future_df lacks, by a mask (series * horizon,)."""
        if not missing.any():
            return
        horizon = len(stamps) // len(self)
        series = np.flatnonzero(missing.reshape(-1, horizon).any(1))
        first = stamps[series[0] * horizon : (series[0] + 1) * horizon][missing.reshape(-1, horizon)[series[0]]]
        others = f", and so for {len(series) - 1} other ids" if len(series) > 1 else ""
        raise UserError(
            f"future_df: {what} for {self.label(series[0])} at {_shortened(map(str, first))}{others}; give every "
            "known covariate for each step of the horizon."
        )


def _plain(ids: pd.Index, position: int) -> Any:
    """Id as a plain object of Python, for messages."""
    return ids[position : position + 1].tolist()[0]


def _shortened(items: Any, limit: int = _SHOWN) -> str:
    shown = list(items)
    return ", ".join(shown[:limit]) + (f" and {len(shown) - limit} more" if len(shown) > limit else "")


def _lookup(
    ids: np.ndarray, stamps: pd.DatetimeIndex, wanted_ids: np.ndarray, wanted: pd.DatetimeIndex, label: Any
) -> np.ndarray:
    """Row of each wanted pair of id and timestamp among the given pairs, int64; -1 where it is absent."""
    unit = max(stamps.unit, wanted.unit, key=("s", "ms", "us", "ns").index)
    given_times, wanted_times = stamps.as_unit(unit).asi8, wanted.as_unit(unit).asi8
    times = np.unique(given_times)
    keys = ids * len(times) + np.searchsorted(times, given_times)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(twice):
        row = order[twice[0]]
        raise UserError(f"future_df: {label(ids[row])} has timestamp {stamps[row]} twice; keep one row for each step.")
    place = np.minimum(np.searchsorted(times, wanted_times), len(times) - 1)
    wanted_keys = wanted_ids * len(times) + place
    at = np.minimum(np.searchsorted(ordered, wanted_keys), len(ordered) - 1)
    found = (times[place] == wanted_times) & (ordered[at] == wanted_keys)
    return np.where(found, order[at], -1)


def _taken(table: pd.DataFrame, names: Sequence[str], rows: np.ndarray) -> pd.DataFrame:
    """Rows of some columns; missing where a row is -1."""
    columns = {name: pd.api.extensions.take(table[name].array, rows, allow_fill=True) for name in names}
    return pd.DataFrame(columns, index=range(len(rows)))


def _is_time(index: pd.Index) -> bool:
    return isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)


def table_kind(table: Any, source: str) -> str:
    module = type(table).__module__.partition(".")[0]
    if isinstance(table, pd.DataFrame):
        return "pandas"
    if module in ("polars", "pyarrow") and hasattr(table, "to_pandas"):
        return module
    raise UserError(
        f"{source} is a {type(table).__name__}; give a table of pandas, polars or pyarrow (a Series has to_frame, a "
        "LazyFrame collect)."
    )


def to_pandas(table: Any, source: str) -> pd.DataFrame:
    """Table with text as names of columns; named levels of the index become columns, except a lone index of time."""
    kind = table_kind(table, source)
    columns = table.shape[1]
    if columns > _MOST_COLUMNS:
        raise UserError(
            f"{source} has {columns} columns; at most {_MOST_COLUMNS} are read: give a long table, with a row for "
            "each id and time step (DataFrame.melt makes it), or transpose it."
        )
    frame = table if kind == "pandas" else table.to_pandas()
    levels = [name for name in frame.index.names if name is not None]
    twice = [name for name in levels if name in frame.columns]
    if twice:
        raise UserError(f"{source}: {twice[0]!r} names a column and a level of the index; rename or drop one.")
    if levels:
        frame = frame.reset_index()
    names = frame.columns.map(str)
    if not names.is_unique:
        raise UserError(f"{source}: column {names[names.duplicated()][0]!r} appears twice.")
    if frame.empty:
        raise UserError(f"{source}: a table of {len(frame)} rows and {len(names)} columns; give at least one of each.")
    return frame.set_axis(names, axis=1) if not frame.columns.equals(names) else frame


def to_kind(table: pd.DataFrame, kind: str) -> Any:
    """Convert a table to the library that `Panel.kind` names."""
    if kind == "polars":
        import polars

        return polars.from_pandas(table)
    if kind == "pyarrow":
        import pyarrow

        return pyarrow.Table.from_pandas(table, preserve_index=False)
    return table


def _with_columns(table: pd.DataFrame, names: Sequence[str], source: str) -> pd.DataFrame:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise UserError(
            f"{source}: no column {missing[0]!r}; the columns are {_shortened(map(repr, table.columns), 20)}."
        )
    return table


def _id_index(table: pd.DataFrame, columns: Sequence[str]) -> pd.Index:
    if not columns:
        # One series, whose position is its id.
        return pd.Index(np.zeros(len(table), dtype=np.int64))
    if len(columns) > 1:
        return pd.MultiIndex.from_frame(table[list(columns)])
    return pd.Index(table[columns[0]])


def _parsed(column: pd.Series, source: str, dayfirst: bool | None = None) -> pd.DatetimeIndex:
    """Parse timestamps that repeat from id to id."""
    column = column.reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or column.isna().any():
        return parse_timestamps(column, source, dayfirst)
    codes, different = pd.factorize(column)
    try:
        stamps = parse_timestamps(pd.Series(different, name=column.name), source, dayfirst)
    except UserError:
        # The message names rows of the table; an order of day and month may also need all of them.
        return parse_timestamps(column, source, dayfirst)
    return stamps[codes]


@dataclass(frozen=True)
class _Names:
    """Columns of a table.

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


def _find_names(
    table: pd.DataFrame,
    id_column: str | Sequence[str],
    timestamp_column: str,
    target: str | Sequence[str],
    source: str,
) -> _Names:
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
        if _is_time(table.index):
            timestamp = ""
        else:
            timestamp = find_timestamp_column(table.drop(columns=[*ids, *targets], errors="ignore"), None, source)
    if targets == (TARGET,) and TARGET not in table.columns:
        targets = _only_numbers(table, (*ids, timestamp), source) if ids else ()
    _with_columns(table, [*ids, *([timestamp] if timestamp else []), *targets], source)
    chosen = [*ids, timestamp, *targets]
    if len(set(chosen)) < len(chosen):
        twice = next(name for name in chosen if chosen.count(name) > 1)
        raise UserError(f"{source}: column {twice!r} is named twice among ids, timestamps and targets.")
    return _Names(ids, timestamp, targets)


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
            f"{_shortened(map(repr, numbers)) or 'one of numbers'}."
        )
    logger.info("%s: column %r is the target.", source, numbers[0])
    return tuple(numbers)


def read_panel(
    df: Any,
    id_column: str | Sequence[str] = ID,
    timestamp_column: str = TIMESTAMP,
    target: str | Sequence[str] = TARGET,
    freq: str | None = None,
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
    each id is the one that it has alone; an id whose rows tell none takes that of the others if they share one.

    Args:
        df: table of pandas, polars or pyarrow.
        id_column: column of ids, or several columns.
        timestamp_column: column of timestamps.
        target: column to forecast, or several.
        freq: time step of all ids, a pandas alias; inferred for each id by default.
        default_freq: time step to use where `freq` is None and it fits.
        dayfirst: whether 01/02/2024 is 1 February; inferred from all rows by default.
        source: name of the table for messages.
        covariates: columns of a wide table that are covariates, and not series.

    Returns:
        The panel. An id whose time step nobody knows (one row, and no step given or shared by the others) is left out
        with one warning.

    Raises:
        ValueError: a missing column, an id or timestamp that is empty, a duplicate timestamp of an id, a value that is
            not a finite number, a time step that cannot be told.
    """
    table, kind = to_pandas(df, source), table_kind(df, source)
    names = _find_names(table, id_column, timestamp_column, target, source)
    if not names.targets and any(name in table.columns for name in covariates):
        others = [name for name in table.columns if name not in covariates and name != names.timestamp]
        names = replace(names, targets=tuple(others))
    if names.targets:
        return replace(_read_long(table, names, freq, default_freq, dayfirst, source), kind=kind)
    stamps = _parsed(table.index.to_series() if not names.timestamp else table[names.timestamp], source, dayfirst)
    if stamps.has_duplicates:
        raise UserError(_duplicate_message(table, names, source, stamps[stamps.duplicated()][0]))
    if names.timestamp:
        table = table.assign(**{names.timestamp: stamps})
    empty = [name for name in table.columns if table[name].isna().all()]
    if 0 < len(empty) < table.shape[1] - bool(names.timestamp):
        logger.warning("%s: %s left out: no value at all.", source, _shortened(map(repr, empty)))
        table = table.drop(columns=empty)
    series = to_series(table, names.timestamp or None, source=source, dayfirst=dayfirst)
    return replace(wide_panel(on_grid(source, series, freq, default_freq), names.timestamp or TIMESTAMP), kind=kind)


def load_panel(
    data: Any,
    id_column: str | Sequence[str] | None = None,
    timestamp_column: str | None = None,
    target: str | Sequence[str] | None = None,
    freq: str | None = None,
    default_freq: str | None = None,
    dayfirst: bool | None = None,
    covariates: Sequence[str] = (),
) -> Panel:
    """Load a panel: a table, a file or a set by its name; arguments and errors as `read_panel` and `load_series`."""
    is_name = isinstance(data, str | Path)
    if is_name and not Path(data).suffix:
        columns = [target] if isinstance(target, str) else target
        return wide_panel(load_series(data, timestamp_column, columns, dayfirst, freq, default_freq))
    return read_panel(
        read_table(data) if is_name else data,
        id_column or ID,
        timestamp_column or TIMESTAMP,
        target or TARGET,
        freq,
        default_freq,
        dayfirst,
        str(data) if is_name else "the table",
        covariates,
    )


def wide_panel(source: SeriesSource, timestamp_column: str = TIMESTAMP) -> Panel:
    """Panel of loaded series: the id of each is the name of its column."""
    series = source.series
    timestamps = pd.DatetimeIndex(series.index)
    grid = source.grid or find_grid(timestamps, source=source.name)
    rows, count = series.shape
    # The rows of a protocol may be fewer than those of the grid; the last one is the same.
    starts = np.full(count, len(grid.timestamps) - rows)
    return Panel(
        ids=pd.Index(series.columns, name=ID),
        offsets=np.arange(count + 1) * rows,
        timestamps=timestamps[np.tile(np.arange(rows), count)],
        values=series.to_numpy().T.reshape(-1, 1),
        targets=(TARGET,),
        past=pd.DataFrame(index=range(rows * count)),
        grids=PanelGrids((grid,), np.zeros(count, int), np.zeros(1, int), starts, timestamps.unit, timestamps.tz),
        id_columns=(ID,),
        timestamp_column=timestamp_column,
        is_wide=True,
        dated=source.dated,
        name=source.name,
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
    """

    ids: pd.Index
    series: np.ndarray
    timestamps: pd.DatetimeIndex
    values: np.ndarray
    places: np.ndarray

    @property
    def bounds(self) -> np.ndarray:
        """First row of each series and the end of the last, int64 (series + 1,), of sorted rows."""
        return np.searchsorted(self.series, np.arange(len(self.ids) + 1))

    def chosen(self, rows: np.ndarray) -> "_Rows":
        """Some of the rows, by a mask or in an order."""
        return _Rows(self.ids, self.series[rows], self.timestamps[rows], self.values[rows], self.places[rows])


def _read_rows(table: pd.DataFrame, names: _Names, dayfirst: bool | None, source: str) -> _Rows:
    """Read the rows of a long table, and sort them by id and time."""
    stamps = table.index.to_series() if not names.timestamp else table[names.timestamp]
    timestamps = _parsed(stamps, source, dayfirst)
    series, ids = _factorized(table, names, source)
    for name in names.targets:
        if (what := other_content(table[name])) not in (None, "booleans"):
            raise UserError(f"{source}: column {name!r} holds {what}, not a series; name columns of numbers.")
    values = np.stack([numeric_values(table[name], source) for name in names.targets], 1)
    rows = _Rows(ids, series, timestamps, values, np.arange(len(table)))
    order = _sorted_order(series, timestamps)
    return rows if order is None else rows.chosen(order)


def _check_rows(rows: _Rows, table: pd.DataFrame, names: _Names, label: Callable[[int], str]) -> None:
    """Raise ValueError for a timestamp that an id has twice, and for an infinite value."""
    series, timestamps = rows.series, rows.timestamps
    same = (series[1:] == series[:-1]) & (np.diff(timestamps.asi8) == 0)
    if same.any():
        row = int(np.argmax(same))
        raise UserError(_duplicate_message(table, names, label(series[row]), timestamps[row]))
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
        _plain(rows.ids, int(np.argmin(is_told))),
    )
    is_kept = is_told[rows.series]
    kept = rows.chosen(is_kept)
    kept = replace(kept, ids=rows.ids[is_told], series=(np.cumsum(is_told) - 1)[kept.series])
    grids = replace(grids, grid_of=grids.grid_of[is_told], starts=grids.starts[is_told])
    return kept, grids, positions[is_kept]


def _read_long(
    table: pd.DataFrame,
    names: _Names,
    freq: str | None,
    default_freq: str | None,
    dayfirst: bool | None,
    source: str,
) -> Panel:
    rows = _read_rows(table, names, dayfirst, source)

    def label(series: int) -> str:
        return f"{source}: id {_plain(rows.ids, series)!r}" if names.ids else source

    _check_rows(rows, table, names, label)
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
        past=_taken(table, [name for name in others if not is_row_number(name, table[name])], places),
        grids=grids,
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


def _factorized(table: pd.DataFrame, names: _Names, source: str) -> tuple[np.ndarray, pd.Index]:
    """Number of the id of each row, int64 (rows,), and the different ids in their order."""
    if not names.ids:
        return np.zeros(len(table), dtype=np.int64), pd.RangeIndex(1)
    for name in names.ids:
        empty = table[name].isna().to_numpy()
        if empty.any():
            raise UserError(f"{source}: row {int(np.argmax(empty)) + 1} of column {name!r} is empty; give it an id.")
        if holds_lists(table[name]):
            raise UserError(f"{source}: column {name!r} holds lists; give ids of text, numbers or tuples.")
    index = _id_index(table, names.ids)
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


def _duplicate_message(table: pd.DataFrame, names: _Names, label: str, stamp: pd.Timestamp) -> str:
    message = f"{label}: timestamp {stamp} appears more than once; keep one row for each time step"
    others = [name for name in table.columns if name not in (*names.ids, names.timestamp, *names.targets)]
    candidates = [
        name
        for name in others
        if is_identifier(name) or name.lower() in NAMES_OF_SERIES or not pd.api.types.is_numeric_dtype(table[name])
    ]
    if candidates:
        message += (
            "; if the table holds several series, name the columns of their ids with --id (id_column= in Python), "
            f"such as {candidates[0]!r}"
        )
    return message + "."
