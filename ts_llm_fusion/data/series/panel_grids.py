"""Time grids of many series at once, each the grid that `find_grid` finds for that series alone."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset, BusinessDay, Day, Week

from ...errors import UserError
from . import time_axis
from .time_axis import TimeGrid, find_grid

logger = logging.getLogger(__name__)

# Rules by which the grids of many series are told at once; series of no such rule are told one by one.
_ALONE, _EVEN, _DAYS, _MONTH_STARTS, _MONTH_ENDS, _BUSINESS_DAYS, _GIVEN = range(7)
# Days of an even step below which it cannot be a calendar step, the shortest of which is half a month.
_SHORTEST_CALENDAR_STEP = 14
# Rows from which on a step below a day cannot have nine of ten rows at one time of day.
_CLEAR_COUNT = 8


@dataclass(frozen=True)
class PanelGrids:
    """Time grids of many series.

    Args:
        grids: the different grids; their timestamps may be those of any or of all series on them.
        grid_of: position in `grids` for each series, int64 (series,); -1 where no step could be told.
        steps: length of an even step of each grid in `unit`, int64 (grids,); 0 where the rows follow a calendar.
        starts: int64 (series,), the first row of each series: its time in `unit` since 1970 (even steps), or its
            position in the timestamps of its grid (calendars).
        unit: unit of time.
        tz: time zone, or None.
        numbered: whether the rows are numbers of steps, held as seconds since 1970.
    """

    grids: tuple[TimeGrid, ...]
    grid_of: np.ndarray
    steps: np.ndarray
    starts: np.ndarray
    unit: str
    tz: tzinfo | None
    numbered: bool = False

    def rows(self, series: np.ndarray, positions: np.ndarray, ahead: int = 0) -> pd.DatetimeIndex:
        """Timestamps of rows.

        Args:
            series: int64 (rows,).
            positions: of each row on the grid of its series, from 0, int64 (rows,).
            ahead: most rows behind the last timestamp of a series among them.

        Raises:
            ValueError: a row is beyond the dates that the unit can hold.
        """
        grid = self.grid_of[series]
        if ahead and (self.starts[series] + positions * self.steps[grid].astype(float) > np.iinfo(np.int64).max).any():
            raise self._beyond(ahead)
        times = self.starts[series] + positions * self.steps[grid]
        by_calendar = self.steps[grid] == 0
        if by_calendar.any():
            tables = [
                self._table(grid, ahead) if not step else np.zeros(0, dtype=np.int64)
                for grid, step in zip(self.grids, self.steps, strict=True)
            ]
            begins = np.cumsum([0, *map(len, tables)])[:-1]
            place = (begins[grid] + self.starts[series] + positions)[by_calendar]
            times[by_calendar] = np.concatenate(tables)[place]
        return _index(times, self.unit, self.tz)

    def _table(self, grid: TimeGrid, ahead: int) -> np.ndarray:
        """Rows of a grid and the next ones, in `unit` since 1970."""
        try:
            rows = pd.DatetimeIndex(grid.timestamps.append(grid.following(ahead)))
        except (pd.errors.OutOfBoundsDatetime, OverflowError):
            raise self._beyond(ahead) from None
        return rows.as_unit(cast(Any, self.unit)).asi8

    def _beyond(self, ahead: int) -> UserError:
        return UserError(
            f"{ahead} steps end after the last date that timestamps in {self.unit} hold; ask for fewer, or give "
            "timestamps in seconds (dt.as_unit('s'))."
        )

    @cached_property
    def seasons(self) -> tuple[tuple[int, ...], ...]:
        """Rows of the usual seasons of each grid."""
        return tuple(() if self.numbered else grid.seasons for grid in self.grids)


def _index(times: np.ndarray, unit: str, tz: tzinfo | None) -> pd.DatetimeIndex:
    index = pd.DatetimeIndex(times.view(f"M8[{unit}]"))
    return index if tz is None else index.tz_localize("UTC").tz_convert(tz)


class _Rows:
    """Timestamps of all series, one series after the other, and facts of each series.

    Args:
        timestamps: rising in each series.
        bounds: first row of each series and the end of the last, int64 (series + 1,).
    """

    def __init__(self, timestamps: pd.DatetimeIndex, bounds: np.ndarray):
        self.timestamps, self.bounds = timestamps, bounds
        self.first, self.count = bounds[:-1], np.diff(bounds)
        self.times, self.local = timestamps.asi8, timestamps.tz_localize(None).asi8
        self.day = int(np.timedelta64(1, "D") / np.timedelta64(1, timestamps.unit))
        self.series = np.repeat(np.arange(len(self.count)), self.count)

    def chosen(self, series: np.ndarray) -> "_Rows":
        """The rows of some series, named once and in their order."""
        if len(series) == len(self.count):
            return self
        count = self.count[series]
        bounds = np.concatenate(([0], np.cumsum(count)))
        rows = np.repeat(self.first[series] - bounds[:-1], count) + np.arange(bounds[-1])
        return _Rows(self.timestamps[rows], bounds)

    def steps(self, values: np.ndarray) -> np.ndarray:
        """Difference of each row to the one before, 0 in the first row of a series."""
        steps = np.diff(values, prepend=values[:1])
        steps[self.first] = 0
        return steps

    def common_step(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Greatest common divisor of the steps of each series, and the share of steps that equal it."""
        divisor = np.gcd.reduceat(steps, self.first)
        equal = self.total((steps == divisor[self.series]) & (steps != 0))
        return divisor, equal / np.maximum(self.count - 1, 1)

    def total(self, mask: np.ndarray) -> np.ndarray:
        """Number of rows of each series in a mask."""
        return np.add.reduceat(mask.astype(np.int64), self.first)

    def distinct(self, values: np.ndarray, limit: int, parts: int = 1) -> np.ndarray:
        """Number of different values in each series, (series,), or in each of equal parts of [0, limit), then with
        them as the second axis.
        """
        # Sorting is much faster here than the hashing of np.unique.
        ordered = np.sort(self.series * limit + values)
        is_new = np.concatenate(([True], ordered[1:] != ordered[:-1]))
        found = np.bincount(ordered[is_new] // (limit // parts), minlength=len(self.count) * parts)
        return found if parts == 1 else found.reshape(-1, parts)

    def all(self, mask: np.ndarray) -> np.ndarray:
        """Whether a mask holds in every row of a series."""
        return np.logical_and.reduceat(mask, self.first)


def _inferred_rules(rows: _Rows) -> np.ndarray:
    """Rule of each series and its parameters: int64 (series, 4), of rule, step, phase and time of day.

    Only where the rule follows from counts; `find_grid` tells the others.
    """
    rules = np.zeros((len(rows.count), 4), dtype=np.int64)
    step, share = rows.common_step(rows.steps(rows.times))
    if rows.timestamps.tz is None:
        is_even = (step < _SHORTEST_CALENDAR_STEP * rows.day) | (step % rows.day != 0)
    else:
        is_even = 2 * step <= rows.day
    is_even &= (rows.count >= 3) & (share == 1)
    rules[is_even, 0] = _EVEN
    rules[is_even, 1] = step[is_even]
    others = np.flatnonzero(~is_even & (rows.count >= 2))
    if len(others):
        some = rows.chosen(others)
        rules[others] = _rules_of_gaps(some, step[others], share[others])
        undated = rules[others, 0] == _ALONE
        if undated.any():
            dated = others[undated]
            rules[dated] = _rules_of_dates(rows.chosen(dated))
    return rules


def _rules_of_gaps(rows: _Rows, step: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Rules of an even step that is no number of days, with absent rows that follow no rule of the week."""
    rules = np.zeros((len(step), 4), dtype=np.int64)
    is_even = (share >= time_axis.MIN_CONFIDENCE) & (step % rows.day != 0)
    is_part_of_day = rows.day % np.maximum(step, 1) == 0
    if rows.timestamps.tz is not None:
        is_even &= is_part_of_day & (rows.count >= _CLEAR_COUNT)
        is_even &= rows.common_step(rows.steps(rows.local))[0] == step
    checked = np.flatnonzero(is_even & is_part_of_day)
    if len(checked):
        is_even[checked] = _is_always_open(rows.chosen(checked), step[checked])
    rules[is_even, 0] = _EVEN
    rules[is_even, 1] = step[is_even]
    return rules


def _is_always_open(rows: _Rows, step: np.ndarray) -> np.ndarray:
    """Whether no weekday, time of day or time of a weekday is closed, as `find_grid` decides it.

    Args:
        rows: series of an even step, at most a day.
        step: step of each series.
    """
    days, times = np.divmod(rows.local, rows.day)
    weekday = (days + 3) % 7
    begins = rows.steps(days) != 0
    begins[rows.first] = True
    seen = np.stack([rows.total(begins & (weekday == number)) for number in range(7)], 1)
    turns = _turns(days[rows.first], days[rows.bounds[1:] - 1])
    clock = rows.distinct(times, rows.day)
    by_weekday = rows.distinct(times + rows.day * weekday, 7 * rows.day, parts=7)

    is_later = times[rows.first] > times[rows.bounds[1:] - 1]
    days_with_rows, in_a_day = seen.sum(1), rows.day // step
    is_part = clock < in_a_day
    has_closed_times = time_axis.has_closed_times(
        rows.count, days_with_rows, days_with_rows - 1 - is_later, clock, in_a_day
    )
    places = (turns * by_weekday).sum(1)
    # The more often a weekday was seen, the less probable are empty times on it by chance.
    often = np.where(by_weekday < clock[:, None], seen, 0).max(1)
    has_closed_time = time_axis.is_improbable(rows.count, places, often, np.log(7 * clock))
    is_open = ~has_closed_time & ~time_axis.closed_weekdays(seen, turns).any(1)
    return np.where(is_part, ~has_closed_times, is_open)


def _turns(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Days of each weekday, from Monday, between two days since 1970, both included, (series, 7)."""
    place = (np.arange(7) - 3) % 7
    return (end[:, None] - place) // 7 - (begin[:, None] - 1 - place) // 7


def _rules_of_dates(rows: _Rows) -> np.ndarray:
    """Rules of series with one time of day: days, weeks, business days, months."""
    rules = np.zeros((len(rows.count), 4), dtype=np.int64)
    days, time = np.divmod(rows.local, rows.day)
    time_of_day = time[rows.first]
    has_one_time = rows.all(time == time_of_day[rows.series])
    dates = days.view("M8[D]")
    months = dates.astype("M8[M]")
    day = (dates - months.astype("M8[D]")).astype(np.int64) + 1
    to_end = ((months + 1).astype("M8[D]") - dates).astype(np.int64) - 1

    number = months.astype(np.int64)
    month_steps = rows.steps(number)
    months_apart, share = rows.common_step(month_steps)
    is_followed = rows.total(month_steps == 0) == 1  # no two rows in one month
    usual = has_one_time & is_followed & (share >= time_axis.MIN_CONFIDENCE)
    for rule, at_border in ((_MONTH_STARTS, day == 1), (_MONTH_ENDS, to_end == 0)):
        found = usual & rows.all(at_border)
        phase = number[rows.first] % np.maximum(months_apart, 1)
        rules[found] = np.stack((np.full(len(found), rule), months_apart, phase, time_of_day), 1)[found]

    step, share = rows.common_step(rows.steps(days))
    is_half = rows.all((day == 1) | (day == 15)) | rows.all((day == 15) | (to_end == 0))
    usual = has_one_time & ~is_followed & ~is_half & (share >= time_axis.MIN_CONFIDENCE)
    counts = np.stack([rows.total((days + 3) % 7 == weekday) for weekday in range(7)], 1)
    found = usual & ((step > 1) | (share == 1) | (counts > 0).all(1))
    if rows.timestamps.tz is None:
        rules[found, 0], rules[found, 1] = _EVEN, (step * rows.day)[found]
        rules[found, 2] = np.where(step % 7, 0, (days[rows.first] + 3) % 7)[found]
    else:
        phase = days[rows.first] % np.maximum(step, 1)
        rules[found] = np.stack((np.full(len(found), _DAYS), step, phase, time_of_day), 1)[found]
    closed = np.flatnonzero(
        usual & (step == 1) & (share < 1) & (counts[:, :5] > 0).all(1) & (counts[:, 5:] == 0).all(1)
    )
    if len(closed):
        ends = days[rows.bounds[1:] - 1]
        closed = closed[_are_business_days(days[rows.first][closed], ends[closed], counts[closed])]
        rules[closed, 0], rules[closed, 3] = _BUSINESS_DAYS, time_of_day[closed]
    return rules


def _are_business_days(begin: np.ndarray, end: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Whether weekends are closed, as `find_grid` decides it, for series of days from Monday to Friday.

    Args:
        begin: first day, in days since 1970, (series,).
        end: last day.
        counts: rows on each weekday, (series, 7).
    """
    turns = _turns(begin, end)
    absent = (turns[:, :5].sum(1) - counts.sum(1) + 1) / (turns[:, :5].sum(1) + 2)
    is_rare = (time_axis.are_too_few(counts, turns, absent[:, None], 7) & (counts > 0)).any(1)
    return np.asarray(time_axis.closed_weekdays(counts, turns).any(1) & ~is_rare)


def _given_rules(rows: _Rows, offset: BaseOffset) -> np.ndarray:
    """Rules of a given step, the arguments in the form of `_inferred_rules`."""
    rules = np.zeros((len(rows.count), 4), dtype=np.int64)
    days = offset.n if isinstance(offset, Day) else 7 * offset.n if isinstance(offset, Week) and offset.n == 1 else 0
    if time_axis.is_fixed(offset):
        step = pd.Timedelta(offset) / pd.Timedelta(1, rows.timestamps.unit)
        rules[:, 0], rules[:, 1] = (_EVEN, int(step)) if step == int(step) else (_ALONE, 0)
    elif days and rows.timestamps.tz is None and not isinstance(offset, Week):
        rules[:, 0], rules[:, 1] = _EVEN, days * rows.day
    elif offset.n == 1 and type(offset).__name__ not in ("BusinessHour", "CustomBusinessHour", "DateOffset", "Easter"):
        rules[:, 0], rules[:, 3] = _GIVEN, rows.local[rows.first] % rows.day
    return rules


def are_whole(timestamps: pd.DatetimeIndex, bounds: np.ndarray, freq: str) -> np.ndarray:
    """Whether each row of a series is one step after the one before, (series,); False where no even step tells it.

    Args:
        timestamps: rows of all series, one series after the other.
        bounds: first row of each series and the end of the last, int64 (series + 1,).
        freq: step of all series, a pandas alias.
    """
    rows = _Rows(timestamps, bounds)
    rule, step = _given_rules(rows, time_axis.parse_freq(freq))[:, :2].T
    steps = rows.steps(rows.times)
    steps[rows.first] = step
    return (rule == _EVEN) & rows.all(steps == step[rows.series])


def _rule_grid(rows: _Rows, rule: np.ndarray, given: BaseOffset | None) -> tuple[TimeGrid, np.ndarray]:
    """Grid of all the rows, which follow one calendar, and the mask of those that lie on it."""
    kind, step, _, time_of_day = rule.tolist()
    union = pd.DatetimeIndex(rows.timestamps.unique().sort_values())
    first = union[0].tz_localize(None).normalize()
    slots = None
    if kind == _BUSINESS_DAYS or (given is not None and given.freqstr in ("B", "C")):
        offset: BaseOffset = given or BusinessDay()
        slots = np.arange(5) * rows.day + time_of_day
    elif kind == _GIVEN:
        offset = cast(BaseOffset, given)
    elif kind == _DAYS:
        offset = time_axis.day_offset(pd.DatetimeIndex([first, first + pd.Timedelta(days=step)]))
    else:
        border = pd.offsets.MonthBegin() if kind == _MONTH_STARTS else pd.offsets.MonthEnd()
        two = pd.DatetimeIndex([first, first + step * border])
        offset = cast(BaseOffset, time_axis.month_offset(two))
    return time_axis.build(union, offset, slots, "the table")


def _even_grid(rows: _Rows, rule: np.ndarray, given: BaseOffset | None) -> TimeGrid:
    step = int(rule[1])
    two = _index(rows.times[0] + np.arange(2) * step, rows.timestamps.unit, rows.timestamps.tz)
    if given is not None:
        offset = given
    elif step % rows.day or rows.timestamps.tz is not None:
        offset = time_axis.fixed_offset(step, rows.timestamps.unit)
    else:
        offset = time_axis.day_offset(two.normalize())
    return TimeGrid(two, offset, None, 1.0)


def _groups(labels: np.ndarray) -> Iterator[np.ndarray]:
    """Positions of each different row of labels (series, ...)."""
    _, group = np.unique(labels, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(group[order])) + 1)


class _Finder:
    """Collects the grids of the series, and the errors of those whose grid cannot be told."""

    def __init__(self, rows: _Rows):
        self.rows = rows
        self.grids: list[TimeGrid] = []
        self.steps: list[int] = []
        self.grid_of = np.full(len(rows.count), -1)
        self.starts = np.zeros(len(rows.count), dtype=np.int64)
        self.positions = np.zeros(len(rows.series), dtype=np.int64)
        self.errors: dict[int, ValueError] = {}

    def _add(self, grid: TimeGrid, step: int, series: np.ndarray) -> None:
        self.grid_of[series] = len(self.grids)
        self.grids.append(grid)
        self.steps.append(step)

    def find(self, rules: np.ndarray, given: BaseOffset | None, series: np.ndarray) -> None:
        """Find the grids of some series by their rules (series, 4)."""
        for group in _groups(rules):
            members, rule = series[group], rules[group[0]]
            if rule[0] == _EVEN:
                self._find_even(rule, given, members)
            elif rule[0] != _ALONE:
                self._find_calendar(rule, given, members)

    def _rows_of(self, series: np.ndarray) -> np.ndarray:
        wanted = np.zeros(len(self.grid_of), dtype=bool)
        wanted[series] = True
        return np.flatnonzero(wanted[self.rows.series]) if not wanted.all() else np.arange(len(self.rows.series))

    def _find_even(self, rule: np.ndarray, given: BaseOffset | None, series: np.ndarray) -> None:
        step, rows = int(rule[1]), self.rows
        past = rows.times[rows.bounds[1:] - 1] - rows.times[rows.first]
        most = time_axis.MAX_GROWTH * rows.count + time_axis.FREE_ROWS
        fits = (past // step <= most)[series]
        if given is not None:
            is_on = (rows.times - rows.times[rows.first][rows.series]) % step == 0
            fits &= rows.all(is_on)[series]
        series = series[fits]
        if len(series):
            self._add(_even_grid(rows.chosen(series[:1]), rule, given), step, series)
            self.starts[series] = rows.times[rows.first[series]]
            at = self._rows_of(series)
            self.positions[at] = (rows.times[at] - self.starts[rows.series[at]]) // step

    def _find_calendar(self, rule: np.ndarray, given: BaseOffset | None, series: np.ndarray) -> None:
        rows = self.rows
        some = rows.chosen(np.sort(series))
        grid, _ = _rule_grid(some, rule, given)
        table = grid.timestamps.as_unit(rows.timestamps.unit).asi8
        place = np.minimum(np.searchsorted(table, some.times), len(table) - 1)
        fits = some.all(table[place] == some.times)
        at = self._rows_of(series)[fits[some.series]]
        series = np.sort(series)[fits]
        if len(series):
            self._add(grid, 0, series)
            self.starts[series] = place[some.first[fits]]
            self.positions[at] = place[fits[some.series]] - self.starts[rows.series[at]]

    def find_alone(self, series: np.ndarray, find: Callable[[pd.DatetimeIndex], TimeGrid]) -> None:
        """Find the grids of some series one by one, once for those with the same timestamps."""
        same: dict[bytes, list[int]] = {}
        for number in series.tolist():
            first, end = self.rows.bounds[number : number + 2]
            same.setdefault(self.rows.times[first:end].tobytes(), []).append(number)
        for members in same.values():
            first, end = self.rows.bounds[members[0] : members[0] + 2]
            stamps = self.rows.timestamps[first:end]
            try:
                grid = find(stamps)
            except ValueError as error:
                self.errors |= dict.fromkeys(members, error)
                continue
            self._add(grid, 0, np.array(members))
            place = grid.timestamps.as_unit(stamps.unit).asi8.searchsorted(stamps.asi8)
            for number in members:
                self.positions[self.rows.bounds[number] : self.rows.bounds[number + 1]] = place

    @property
    def unknown(self) -> np.ndarray:
        """Series without a grid so far."""
        return np.flatnonzero(self.grid_of < 0)


def find_grids(
    timestamps: pd.DatetimeIndex,
    bounds: np.ndarray,
    name: Callable[[int], str],
    freq: str | None = None,
    default_freq: str | None = None,
) -> tuple[PanelGrids, np.ndarray]:
    """Find the grid of each of many series, as `find_grid` does for one.

    Args:
        timestamps: rows of all series, one series after the other, rising in each.
        bounds: first row of each series and the end of the last, int64 (series + 1,).
        name: name of a series for errors.
        freq: step of all series, a pandas alias; inferred for each by default.
        default_freq: step to use where `freq` is None and it fits.

    Returns:
        The grids, and the position of each row on the grid of its series, from 0, int64 (rows,). A series of one row
        has the grid of the others if they all have one, and else none.

    Raises:
        ValueError: as `find_grid`, with the name of the series.
    """
    finder = _Finder(_Rows(timestamps, bounds))
    wanted = default_freq if freq is None else freq
    if wanted is not None:
        given = time_axis.parse_freq(wanted)
        finder.find(_given_rules(finder.rows, given), given, finder.unknown)
        finder.find_alone(finder.unknown, lambda stamps: find_grid(stamps, wanted, source="the table"))
    if freq is None:
        others = _drop_unlikely(finder)
        if len(others):
            finder.find(_inferred_rules(finder.rows.chosen(others)), None, others)
            finder.find_alone(finder.unknown, lambda stamps: find_grid(stamps, source="the table"))
        _share_grid(finder)
        if default_freq is not None:
            _warn_of_others(finder, others, default_freq, name)
    untold = [
        number for number in finder.errors if finder.grid_of[number] < 0 and (freq or finder.rows.count[number] > 1)
    ]
    if untold:
        message = str(finder.errors[untold[0]]).removeprefix("the table: ")
        raise UserError(f"{name(untold[0])}: {message}")
    grids = PanelGrids(
        tuple(finder.grids),
        finder.grid_of,
        np.array(finder.steps, dtype=np.int64),
        finder.starts,
        timestamps.unit,
        timestamps.tz,
    )
    return grids, finder.positions


def _drop_unlikely(finder: _Finder) -> np.ndarray:
    """Take back a step that few rows of a series are apart; the series without a grid then."""
    rows = finder.rows
    share = rows.total(rows.steps(finder.positions) == 1) / np.maximum(rows.count - 1, 1)
    finder.grid_of[(share < time_axis.MIN_CONFIDENCE) & (rows.count > 1)] = -1
    finder.errors = {}
    return finder.unknown


def _warn_of_others(finder: _Finder, series: np.ndarray, freq: str, name: Callable[[int], str]) -> None:
    told = series[finder.grid_of[series] >= 0]
    if len(told):
        logger.warning(
            "freq %r of the checkpoint is not that of %s, which is %s, nor of %d others.",
            freq,
            name(told[0]),
            finder.grids[finder.grid_of[told[0]]],
            len(told) - 1,
        )


def _share_grid(finder: _Finder) -> None:
    """Give series whose step cannot be told that of the others, if these agree."""
    used = np.unique(finder.grid_of[finder.grid_of >= 0])
    steps = {
        (str(grid), None if grid.slots is None else grid.slots.tobytes()): grid
        for grid in map(finder.grids.__getitem__, used)
    }
    if len(steps) != 1 or not finder.errors:
        return
    (shared,) = steps.values()

    def on_shared(stamps: pd.DatetimeIndex) -> TimeGrid:
        grid, on_grid = time_axis.build(stamps, shared.offset, shared.slots, "the table")
        if not on_grid.all():
            raise ValueError("not on the grid of the others")
        return grid

    errors = finder.errors
    finder.errors = {}
    finder.find_alone(finder.unknown, on_shared)
    finder.errors = {number: errors[number] for number in finder.errors}
