"""Panels: many series, each with an id, a length, a start and a time step of its own."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from ...errors import UserError
from ...processing.series_arrays import shortened
from .panel_columns import (
    check_columns,
    check_no_lists,
    id_index,
    is_time_index,
    parse_repeated,
    plain_id,
    take_rows,
    to_pandas,
)
from .panel_grids import PanelGrids
from .sources import SeriesSource
from .step_numbers import numbers_to_timestamps, timestamps_to_numbers
from .time_axis import find_grid

logger = logging.getLogger(__name__)

# Default names of the columns.
ID, TIMESTAMP, TARGET = "item_id", "timestamp", "target"
# Ids and timestamps that a message lists.
SHOWN = 3


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
        dated: whether the timestamps are real dates; numbers of steps are held as seconds since 1970.
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
        names = [f"id {plain_id(self.ids, series)!r}"] if self.id_columns else []
        if len(self.targets) > 1 and target is not None:
            names.append(repr(self.targets[target]))
        return ", ".join(names) or "the series"

    def title(self, series: int, target: int) -> str:
        """Ids of a series, and its target where there are several or no ids."""
        key = plain_id(self.ids, series)
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

    def as_given(self, timestamps: pd.DatetimeIndex) -> pd.Index:
        """Timestamps, or the numbers of steps where the table has these, int64."""
        return timestamps_to_numbers(timestamps) if self.grids.numbered else timestamps

    def future_timestamps(self, horizon: int) -> pd.DatetimeIndex:
        """The next `horizon` timestamps of each series, (series * horizon,)."""
        series = np.repeat(np.arange(len(self)), horizon)
        positions = self.lengths[series] + np.tile(np.arange(horizon), len(self))
        return self.grids.rows(series, positions, ahead=horizon)

    def seasonal_periods(self) -> np.ndarray:
        """The two usual seasons of each series in steps, int64 (series, 2): 1 is none, 0 any that is found."""
        if self.grids.numbered:
            return np.zeros((len(self), 2), dtype=np.int64)
        periods = [(*seasons[:2], *(0,) * (2 - len(seasons))) if seasons else (1, 0) for seasons in self.grids.seasons]
        return np.array(periods, dtype=np.int64)[self.grids.grid_of]

    def known_future(self, future_df: Any, horizon: int) -> pd.DataFrame:
        """Covariates of the next `horizon` steps of each series, as given, (series * horizon) rows.

        Args:
            future_df: table with the columns of ids and timestamps, and some of the covariates of the panel.
            horizon: number of steps.

        Raises:
            ValueError: for other columns, ids that the panel lacks, a duplicate row, steps that are absent or lack
                a value, or anything but numbers where the past holds numbers, with their ids and timestamps.
        """
        if self.is_wide:
            raise UserError("future_df: a wide table has no covariates; give a long one, as DataFrame.melt makes it.")
        table, keys = to_pandas(future_df, "future_df"), [*self.id_columns, self.timestamp_column]
        if self.timestamp_column not in table.columns and is_time_index(table.index):
            table = table.rename_axis(self.timestamp_column).reset_index()
        check_columns(table, keys, "future_df")
        ignored = [name for name in table.columns if name in self.targets]
        if ignored:
            logger.info("future_df: column %r is a target and is ignored.", ignored[0])
        known = [name for name in table.columns if name not in keys and name not in self.targets]
        extra = [name for name in known if name not in self.past.columns]
        if extra:
            raise UserError(
                f"future_df has a column {extra[0]!r} that the table of the past lacks; its covariates are "
                f"{shortened([*map(repr, self.past.columns)], SHOWN) or 'none'}."
            )
        check_no_lists(table, self.id_columns, "future_df")
        ids = self.ids.get_indexer(id_index(table, self.id_columns))
        if (ids < 0).any():
            row = int(np.argmax(ids < 0))
            raise UserError(
                f"future_df has the id {plain_id(id_index(table, self.id_columns), row)!r} in row {row + 1}, "
                "which the table of the past lacks; leave it out, or add its past."
            )
        column = table[self.timestamp_column]
        is_numbered = self.grids.numbered
        stamps = (numbers_to_timestamps if is_numbered else parse_repeated)(column, "future_df")
        wanted = self.future_timestamps(horizon)
        if (stamps.tz is None) != (wanted.tz is None):
            raise UserError("future_df and the table of the past differ: one has a time zone, the other none.")
        row_of = _lookup(ids, stamps, np.repeat(np.arange(len(self)), horizon), wanted, self)
        # A series without a value has no forecast.
        is_needed = np.logical_or.reduceat(~np.isnan(self.values).all(1), self.offsets[:-1]).repeat(horizon)
        self._check_found((row_of < 0) & is_needed, wanted, "has no row")
        if len(table) > len(wanted):
            logger.info("future_df: %d rows outside the horizon are ignored.", len(table) - len(wanted))
        future = take_rows(table, known, row_of)
        for name in known:
            self._check_found(future[name].isna().to_numpy() & is_needed, wanted, f"column {name!r} is empty")
            self._check_kind(future[name], row_of, wanted)
        return future

    def _check_kind(self, future: pd.Series, row_of: np.ndarray, stamps: pd.DatetimeIndex) -> None:
        """Raise ValueError for a value of the future, of that row of its table, that the kind of the past excludes."""
        past = self.past[future.name]
        if not pd.api.types.is_numeric_dtype(past):
            return
        is_boolean = pd.api.types.is_bool_dtype(past)
        known = future.dropna()
        if not pd.api.types.is_numeric_dtype(known):
            fits = np.array([isinstance(value, Number | np.bool_) for value in known], dtype=bool)
        else:
            fits = known.isin([0, 1]).to_numpy() if is_boolean else np.ones(len(known), dtype=bool)
        if fits.all():
            return
        place = int(future.index.get_indexer(known.index[~fits])[0])
        value, shown = future.iloc[[place]].tolist()[0], self.as_given(stamps)[place]
        raise UserError(
            f"future_df: column {future.name!r} holds {value!r:.80} in row {row_of[place] + 1}, of "
            f"{self.label(place * len(self) // len(stamps))} at {shown}, and the table of the past holds "
            f"{'booleans' if is_boolean else 'numbers'} there; give these."
        )

    def check_finite(self, table: pd.DataFrame, series: np.ndarray, timestamps: pd.DatetimeIndex) -> None:
        """Raise ValueError for an infinity in a table of covariates, by the series and the timestamp of its row."""
        for name in table.columns:
            if not pd.api.types.is_float_dtype(table[name]):
                continue
            infinite = np.isinf(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
            if infinite.any():
                row = int(infinite.argmax())
                raise UserError(
                    f"{self.name}: covariate {name!r} is infinite in {self.label(int(series[row]))} at "
                    f"{self.as_given(timestamps)[row]}; correct the value."
                )

    def _check_found(self, missing: np.ndarray, stamps: pd.DatetimeIndex, what: str) -> None:
        """Raise ValueError for steps of the horizon that future_df lacks, by a mask (series * horizon,)."""
        if not missing.any():
            return
        horizon = len(stamps) // len(self)
        series = np.flatnonzero(missing.reshape(-1, horizon).any(1))
        first = stamps[series[0] * horizon : (series[0] + 1) * horizon][missing.reshape(-1, horizon)[series[0]]]
        shown = shortened([*map(str, self.as_given(first))], SHOWN)
        others = f", and so for {len(series) - 1} other ids" if len(series) > 1 else ""
        raise UserError(
            f"future_df: {what} for {self.label(series[0])} at {shown}{others}; give every known covariate for each "
            "step of the horizon."
        )


def _lookup(
    ids: np.ndarray, stamps: pd.DatetimeIndex, wanted_ids: np.ndarray, wanted: pd.DatetimeIndex, panel: Panel
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
        stamp = panel.as_given(stamps)[row]
        raise UserError(f"future_df: {panel.label(ids[row])} has timestamp {stamp} twice; keep one row for each step.")
    place = np.minimum(np.searchsorted(times, wanted_times), len(times) - 1)
    wanted_keys = wanted_ids * len(times) + place
    at = np.minimum(np.searchsorted(ordered, wanted_keys), len(ordered) - 1)
    found = (times[place] == wanted_times) & (ordered[at] == wanted_keys)
    return np.where(found, order[at], -1)


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
