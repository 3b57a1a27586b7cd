"""Time axis of series: the grid of the timestamps, absent rows, and the dates after the last."""

import logging
import math
import re
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal, TypeGuard

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import BaseOffset, BusinessDay, CustomBusinessDay, Day, Tick

logger = logging.getLogger(__name__)

# Minimum share of neighboring timestamps one step apart for a grid to be inferred.
MIN_CONFIDENCE = 0.5
# A weekday or time of day without rows is closed if absence by chance is less probable than this.
_MAX_CHANCE = 0.03
# Maximum rows of a grid: a multiple of the timestamps, plus an allowance for short series with a long absence.
MAX_GROWTH, FREE_ROWS = 10, 100_000

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

_DAY, _WEEK, _YEAR = pd.Timedelta(days=1), pd.Timedelta(days=7), pd.Timedelta(days=365.25)
# Days or weeks that are a season together where one alone is not a whole number of steps: 5 days for steps of 5 hours.
_MOST_CYCLES = 7
# Largest share of a cycle by which a season may miss it: days and weeks only by rounding, years by a week or two.
_ROUNDING, _YEAR_ROUNDING = 1e-5, 0.05
# Steps over which the mean length of a calendar step is taken: whole years of half months, months and quarters.
_MEAN_STEPS = 24


@dataclass(frozen=True)
class TimeGrid:
    """Grid of timestamps.

    Args:
        timestamps: all rows of the grid from the first timestamp to the last, including absent ones.
        offset: pandas offset between neighboring rows.
        slots: times of the week with rows, int64 since Monday 0:00 of local time, in the unit of `timestamps`; None
            where the offset alone determines the rows.
        confidence: share, from 0 to 1, of the given timestamps that were one step after the one before.
    """

    timestamps: pd.DatetimeIndex
    offset: BaseOffset
    slots: np.ndarray | None
    confidence: float

    def __str__(self) -> str:
        if self.slots is None or isinstance(self.offset, BusinessDay):
            return self.alias if _is_alias(self.offset) else str(self.offset)
        day = _day(self.timestamps)
        days = ", ".join(_WEEKDAYS[number].capitalize() for number in np.unique(self.slots // day))
        times = pd.to_timedelta(np.unique(self.slots % day), unit=self.timestamps.unit)
        hours = f" from {_text(times[0])} to {_text(times[-1])}" if len(times) > 1 else ""
        return f"{self.alias} on {days}{hours}"

    @property
    def alias(self) -> str:
        """Step as a pandas alias; for a fixed day of the month, the alias of its months."""
        return self.offset.freqstr if _is_alias(self.offset) else f"{self.offset.kwds['months']}MS"

    @property
    def season(self) -> int | None:
        """Rows of the shortest usual season; None where there is none."""
        return next(iter(self.seasons), None)

    @property
    def seasons(self) -> tuple[int, ...]:
        """Rows of the usual seasons, rising, two at most: a day and a week for steps of up to 12 hours, a week and a
        year for up to half a week, a year for up to half a year.

        A day has the rows of its longest session, a week those of its open days. Where a day or a week is not a whole
        number of steps, the shortest number of them that is one stands for it, and none if that is more than 7; years
        are rounded.
        """
        if len(self.timestamps) < 2:
            return ()
        if self.slots is not None:
            day, week = int(np.bincount(self.slots // _day(self.timestamps)).max()), len(self.slots)
            seasons = (day, week) if day > 1 else (week, round(week * (_YEAR / _WEEK)))
            return tuple(sorted(set(seasons)))
        length = self._mean_step()
        if length <= _DAY / 2 and not isinstance(self.offset, Tick):
            rows = self.timestamps
            day = int(pd.Series(1, index=rows.normalize()).groupby(level=0).sum().max())
            return tuple(sorted({day, day * len(rows.day_of_week.unique())}))
        cycles = [cycle for cycle in (_DAY, _WEEK, _YEAR) if 2 * length <= cycle * (1 + _YEAR_ROUNDING)][:2]
        return tuple(sorted({steps for cycle in cycles if (steps := _whole_steps(cycle, length)) is not None}))

    def _mean_step(self) -> pd.Timedelta:
        first, last = self.timestamps[0], self.timestamps[-1]
        if isinstance(self.offset, Day):
            return pd.Timedelta(days=self.offset.n)
        if is_fixed(self.offset):
            return (last - first) / (len(self.timestamps) - 1)
        rows = pd.date_range(first.tz_localize(None).as_unit("s"), periods=_MEAN_STEPS + 1, freq=self.offset)
        return (rows[-1] - rows[0]) / _MEAN_STEPS

    def following(self, count: int) -> pd.DatetimeIndex:
        """Next `count` rows after the end of the grid."""
        last = self.timestamps[-1]
        if self.slots is not None:
            weeks = pd.Timedelta(days=7 * (count // len(self.slots) + 2))
            rows = _slot_range(self.slots, self.timestamps[-1:], last.tz_localize(None) + weeks)
        elif is_fixed(self.offset):
            past, steps = (last - self.timestamps[0]).as_unit("ns"), len(self.timestamps) - 1
            if past == steps * pd.Timedelta(self.offset):
                rows = pd.date_range(last, periods=count + 1, freq=self.offset)
            else:
                # The resolution rounds the step; its mean is exact.
                rows = (last + past / steps * pd.Index(np.arange(count + 1))).as_unit(self.timestamps.unit)
        else:
            rows = _localized(pd.date_range(last.tz_localize(None), periods=count + 1, freq=self.offset), last.tz)
        return rows[1 : count + 1]


def _day(timestamps: pd.DatetimeIndex) -> int:
    """Length of a day in the unit of the timestamps."""
    return int(np.timedelta64(1, "D") / np.timedelta64(1, timestamps.unit))


def _whole_steps(cycle: pd.Timedelta, length: pd.Timedelta) -> int | None:
    """Steps of the fewest cycles that are a whole number of them; None beyond `_MOST_CYCLES`, or one year."""
    most, rounding = (1, _YEAR_ROUNDING) if cycle == _YEAR else (_MOST_CYCLES, _ROUNDING)
    steps = np.arange(1, most + 1) * (cycle / length)
    whole = np.abs(steps - steps.round()) <= rounding * (cycle / length)
    return int(steps[np.argmax(whole)].round()) if whole.any() else None


def _text(time: pd.Timedelta) -> str:
    return str(time).removeprefix("0 days ").removesuffix(" 00:00:00")


def is_fixed(offset: BaseOffset) -> TypeGuard[Tick]:
    """Whether a step has a fixed length; a day does not, where clocks change."""
    return isinstance(offset, Tick) and not isinstance(offset, Day)


def _is_alias(offset: BaseOffset) -> bool:
    return type(offset) is not pd.DateOffset


def _localized(rows: pd.DatetimeIndex, tz: tzinfo | None) -> pd.DatetimeIndex:
    """Localize local times; a time that the clock skips becomes the next one that exists."""
    if tz is None:
        return rows
    # A repeated hour means its first occurrence.
    return rows.tz_localize(tz, ambiguous=np.ones(len(rows), dtype=bool), nonexistent="shift_forward").unique()


def _slot_range(slots: np.ndarray, timestamps: pd.DatetimeIndex, last: pd.Timestamp) -> pd.DatetimeIndex:
    """Rows at the times of the week from the first timestamp to `last`, a local time."""
    day = _day(timestamps)
    start = timestamps[:1].tz_localize(None).asi8[0]
    end = pd.DatetimeIndex([last]).as_unit(timestamps.unit).asi8[0]
    monday = (start // day + 3) // 7 * 7 - 3
    weeks = np.arange(monday, end // day + 1, 7) * day
    rows = (weeks[:, None] + slots).ravel()
    rows = rows[(rows >= start) & (rows <= end)]
    return _localized(pd.DatetimeIndex(rows.view(f"M8[{timestamps.unit}]")), timestamps.tz)


def _check_size(
    timestamps: pd.DatetimeIndex, offset: BaseOffset, slots: np.ndarray | None, what: str, source: str
) -> None:
    first, last = timestamps[0].tz_localize(None), timestamps[-1].tz_localize(None)
    if slots is not None:
        length = pd.Timedelta(days=7) / len(slots)
    elif is_fixed(offset):
        length = pd.Timedelta(offset)
    else:
        ahead = pd.date_range(first, periods=3, freq=offset)
        length = (ahead[2] - ahead[0]) / 2
    rows = (last - first) / length
    if rows > MAX_GROWTH * len(timestamps) + FREE_ROWS:
        raise ValueError(
            f"{source}: {len(timestamps)} timestamps from {first} to {last} would be {rows:.2g} rows at a step of "
            f"{what}; give a part without the long absence, or name a longer step with --freq (freq= in Python)."
        )


def build(
    timestamps: pd.DatetimeIndex, offset: BaseOffset, slots: np.ndarray | None, source: str
) -> tuple[TimeGrid, np.ndarray]:
    """Build a grid through the first timestamp, and the mask of the timestamps on it."""
    what = offset.freqstr if _is_alias(offset) else str(offset)
    _check_size(timestamps, offset, slots, what, source)
    first, last = timestamps[0], timestamps[-1]
    if slots is not None:
        rows = _slot_range(slots, timestamps, last.tz_localize(None))
    elif is_fixed(offset):
        rows = pd.date_range(first, last, freq=offset)
    else:
        rows = _localized(pd.date_range(first.tz_localize(None), last.tz_localize(None), freq=offset), first.tz)
    if not len(rows):
        return TimeGrid(timestamps, offset, slots, 0.0), np.zeros(len(timestamps), dtype=bool)
    position = np.minimum(rows.searchsorted(timestamps), len(rows) - 1)
    on_grid = np.asarray(rows[position] == timestamps)
    confidence = float(np.mean(np.diff(position) == 1)) if len(timestamps) > 1 else 1.0
    if on_grid.all():
        unit = max(rows.unit, timestamps.unit, key=("s", "ms", "us", "ns").index)
        rows = timestamps if len(rows) == len(timestamps) else rows.as_unit(unit).rename(timestamps.name)
    return TimeGrid(rows, offset, slots, confidence), on_grid


def parse_freq(freq: str) -> BaseOffset:
    """Parse a pandas alias.

    Raises:
        ValueError: unknown alias, or a step that is not forward.
    """
    try:
        offset = to_offset(freq)
    except (ValueError, TypeError) as error:
        # pandas nests its messages; only the name that it proposes is of use.
        other = re.search(r"(?:Did you mean|Please use) '?(\w+)'?", str(error))
        hint = f"; pandas proposes {other[1]!r}" if other else ""
        raise ValueError(f"freq {freq!r} is not an alias of pandas, such as h, B or MS{hint}.") from None
    if offset is None or offset.n < 1:
        raise ValueError(f"freq {freq!r} is not a step forward; give an alias of pandas, such as h, 15min, B or MS.")
    return offset


def _inferred_note(timestamps: pd.DatetimeIndex) -> str:
    try:
        return f" (the rows themselves lie on {_infer_grid(timestamps, '')})"
    except ValueError:
        return ""


def _grid_of_freq(timestamps: pd.DatetimeIndex, freq: str, source: str) -> TimeGrid:
    """Build the grid of a given step."""
    offset = parse_freq(freq)
    slots = None
    if isinstance(offset, BusinessDay | CustomBusinessDay) and offset.n == 1 and offset.freqstr in ("B", "C"):
        day = _day(timestamps)
        slots = np.arange(5) * day + timestamps[:1].tz_localize(None).asi8[0] % day
    grid, on_grid = build(timestamps, offset, slots, source)
    if not on_grid.all():
        stamp = timestamps[int(np.argmin(on_grid))]
        raise ValueError(
            f"{source}: timestamp {stamp} is not on the grid of freq {freq!r}{_inferred_note(timestamps)}; give a "
            "step that every row lies on, or correct the row."
        )
    return grid


def month_offset(dates: pd.DatetimeIndex) -> BaseOffset | None:
    """Infer the step of dates that follow a monthly rule: the first rule that all of them follow."""
    days = dates.day.to_numpy()
    to_end = dates.days_in_month.to_numpy() - days
    if len(dates) > 2 and len(np.unique(days == 15)) == 2:
        halves = {"SMS": (days == 1) | (days == 15), "SME": (days == 15) | (to_end == 0)}
        for alias, is_half in halves.items():
            if is_half.all():
                return to_offset(alias)
    months = dates.year.to_numpy() * 12 + dates.month.to_numpy() - 1
    steps = np.diff(months)
    if (steps < 1).any():
        return None
    step = int(np.gcd.reduce(steps))
    weekdays = dates.day_of_week.to_numpy()
    name = None
    if (days == 1).all():
        name = "MS"
    elif (to_end == 0).all():
        name = "ME"
    elif (days == np.minimum(days.max(), days + to_end)).all():
        return pd.DateOffset(months=step, day=int(days.max()))
    elif (((days == 1) & (weekdays < 5)) | ((days <= 3) & (weekdays == 0))).all():
        name = "BMS"
    elif (((to_end == 0) & (weekdays < 5)) | ((to_end <= 2) & (weekdays == 4))).all():
        name = "BME"
    elif (weekdays == weekdays[0]).all() and len(np.unique(np.diff(dates.asi8))) > 1:
        weeks = np.unique((days - 1) // 7)
        if len(weeks) == 1 and weeks[0] < 4:
            return to_offset(f"{step}WOM-{weeks[0] + 1}{_WEEKDAYS[weekdays[0]]}")
        if (to_end < 7).all():
            return to_offset(f"{step}LWOM-{_WEEKDAYS[weekdays[0]]}")
    if name is None:
        return None
    business, end = name[:-2], name[-1]
    month = months[0] % 12
    if step % 12 == 0:
        return to_offset(f"{step // 12}{business}Y{end}-{_MONTHS[month]}")
    if step % 3 == 0:
        # pandas names quarters that begin in January to March, or end in October to December.
        month = month % 3 + (9 if end == "E" else 0)
        return to_offset(f"{step // 3}{business}Q{end}-{_MONTHS[month]}")
    return to_offset(f"{step}{name}")


def day_offset(dates: pd.DatetimeIndex) -> BaseOffset:
    day = _day(dates)
    step = int(np.gcd.reduce(np.diff(dates.asi8 // day)))
    if step % 7:
        return Day(step)
    return to_offset(f"{step // 7}W-{_WEEKDAYS[dates[0].weekday()]}")


# Logarithm of the gamma function.
_log_gamma = np.vectorize(math.lgamma, otypes=[float])
# Ways to choose a number of weekdays.
_WAYS_OF_WEEKDAYS = [math.comb(7, number) for number in range(8)]


def is_improbable(
    rows: np.ndarray | int, places: np.ndarray | int, more: np.ndarray | int, log_ways: np.ndarray | float
) -> np.ndarray:
    """Whether `more` places are improbably all empty by chance, where `rows` of `places` are not.

    If rows are absent at random, the probability is the product of Laplace's rule of succession over the places.

    Args:
        rows: number of rows present.
        places: number of places for them.
        more: number of other places.
        log_ways: logarithm of the number of ways to choose those.
    """
    # A local time that the clock repeats is one place with two rows.
    absent, trials = np.maximum(places - rows + 1, 1), places + 2
    log_chance = _log_gamma(absent + more) - _log_gamma(absent) - _log_gamma(trials + more) + _log_gamma(trials)
    return log_chance + log_ways < math.log(_MAX_CHANCE)


def closed_weekdays(rows: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Mask of weekdays that are closed: empty, and improbably so by chance, (..., 7).

    Args:
        rows: days with rows on each weekday, from Monday, (..., 7).
        turns: all days of each weekday from the first row to the last.
    """
    is_closed = rows == 0
    number, found, places = is_closed.sum(-1), rows.sum(-1), (turns * ~is_closed).sum(-1)
    # No other day is absent: the rule, seen more than once, explains all absences.
    is_rule = (number > 0) & (np.where(is_closed, turns, 2).min(-1) > 1) & (found == places)
    # A closed weekend is expected.
    is_weekend = (is_closed == [False] * 5 + [True] * 2).all(-1)
    log_ways = np.where(is_weekend, 0.0, np.log(_WAYS_OF_WEEKDAYS)[number])
    return is_closed & (is_rule | is_improbable(found, places, (turns * is_closed).sum(-1), log_ways))[..., None]


def _weekday_counts(days: np.ndarray) -> np.ndarray:
    return np.bincount((days + 3) % 7, minlength=7)


def has_closed_times(
    rows: np.ndarray | int,
    days: np.ndarray | int,
    turns: np.ndarray | int,
    clock: np.ndarray | int,
    in_a_day: np.ndarray | int,
) -> np.ndarray:
    """Whether the times of day without rows are closed: improbably empty by chance.

    Args:
        rows: number of rows.
        days: number of days with rows.
        turns: one day less; two if the first row is later in its day than the last, because a time between them is due
            neither on the first day nor on the last.
        clock: number of times of day with rows.
        in_a_day: number of times of day.
    """
    closed = in_a_day - clock
    log_ways = _log_gamma(in_a_day + 1) - _log_gamma(closed + 1) - _log_gamma(clock + 1)
    return (turns > 0) & is_improbable(rows, days * clock, closed * np.maximum(turns, 0), log_ways)


def _week_slots(wall: pd.DatetimeIndex, step: int, is_usual: bool) -> tuple[np.ndarray | None, int | None]:
    """Infer the times of the week with rows, or None without a rule, and the position of a row that breaks the rule.

    Weekdays, times of day and times of a weekday (a short Saturday) are closed if they have no row and were due so
    often that this is improbable by chance.

    Args:
        wall: local times.
        step: step of the rows in the unit of `wall`, at most a day.
        is_usual: whether most rows are one step after the one before; if not, each time must occur mostly.
    """
    day = _day(wall)
    days, times = np.divmod(wall.asi8, day)
    with_rows = np.unique(days)
    clock, of_clock = np.unique(times, return_inverse=True)
    in_a_day = day // step
    days_due = len(with_rows) - 1 - int(times[0] > times[-1])
    if len(clock) < in_a_day and not has_closed_times(len(wall), len(with_rows), days_due, len(clock), in_a_day):
        return None, None
    weekday = (days + 3) % 7
    turns = _weekday_counts(np.arange(with_rows[0], with_rows[-1] + 1))
    seen = _weekday_counts(with_rows)
    rows = np.bincount(weekday * len(clock) + of_clock, minlength=7 * len(clock)).reshape(7, len(clock))
    places = int((turns[:, None] * (rows > 0)).sum())
    is_closed = (rows == 0) & is_improbable(len(wall), places, seen, math.log(rows.size))[:, None]
    is_slot = ~closed_weekdays(seen, turns)[:, None] & ~is_closed
    if is_slot.all() and len(clock) == in_a_day:
        return None, None
    if not is_usual and (2 * rows < seen[:, None])[is_slot].any():
        return None, None
    # An isolated row, such as the only Saturday of a year, follows no rule.
    absent = (places - len(wall) + 1) / (places + 2)
    is_rare = are_too_few(rows, turns[:, None], absent, rows.size)
    is_rare |= are_too_few(rows.sum(0), (seen[:, None] * is_slot).sum(0), absent, len(clock))
    odd = np.flatnonzero((is_rare & (rows > 0))[weekday, of_clock])
    slots = np.flatnonzero(is_slot)
    return slots // len(clock) * day + clock[slots % len(clock)], int(odd[0]) if len(odd) else None


def are_too_few(rows: np.ndarray, places: np.ndarray, absent: float, ways: int) -> np.ndarray:
    """Mask of improbably few rows for their places; C(places, rows) is at most places^rows."""
    log_chance = np.log(ways) + rows * np.log(np.maximum(places, 1)) + (places - rows) * np.log(absent)
    return log_chance < np.log(_MAX_CHANCE)


def _cannot_tell(timestamps: pd.DatetimeIndex, source: str, odd: int | None = None) -> ValueError:
    differences, counts = np.unique(np.diff(timestamps.asi8), return_counts=True)
    usual = differences[np.argmax(counts)]
    if odd is None:
        odd = int(np.argmax(np.diff(timestamps.asi8) != usual)) + 1
    step = _text(pd.Timedelta(np.timedelta64(int(usual), timestamps.unit)))
    hour, half_day = _day(timestamps) // 24, _day(timestamps) // 2
    times = np.unique((timestamps.asi8 - timestamps.asi8[0] + half_day) % _day(timestamps)) - half_day
    if timestamps.tz is not None and len(times) == 2 and np.abs(times).max() <= hour:
        return ValueError(
            f"{source}: the time step cannot be determined: the rows are days of a place whose clocks change, but in "
            f"{timestamps.tz}, where row {odd + 1} ({timestamps[odd]}) fits in no --freq; give dates of that place "
            "without offsets, or in its time zone (DatetimeIndex.tz_convert)."
        )
    return ValueError(
        f"{source}: the time step cannot be determined: {counts.max()} of {len(timestamps) - 1} rows are {step} after "
        f"the one before, and row {odd + 1} ({timestamps[odd]}) does not fit in; name the step with --freq (freq= in "
        "Python), such as h, 15min, D, B or MS."
    )


def fixed_offset(step: int, unit: Literal["s", "ms", "us", "ns"]) -> BaseOffset:
    """Offset of a fixed step; days become hours, because days differ where clocks change."""
    offset = to_offset(pd.Timedelta(np.timedelta64(step, unit)))
    return pd.offsets.Hour(24 * offset.n) if isinstance(offset, Day) else offset


def _is_rounded(values: np.ndarray, second: int) -> bool:
    """Whether times have an even step rounded by their resolution, such as 1/360 s in nanoseconds.

    Args:
        values: times.
        second: length of a second in their unit; no clock rounds to more (clock changes shift by an hour).
    """
    steps = np.diff(values)
    resolution = np.gcd.reduce(steps)
    if resolution > second:
        return False
    even = values[0] + np.arange(len(values)) * ((values[-1] - values[0]) / (len(values) - 1))
    return bool(steps.min() >= 10 * resolution and np.abs(values - even).max() <= resolution)


def _grid_by_dates(timestamps: pd.DatetimeIndex, dates: pd.DatetimeIndex, source: str) -> TimeGrid | None:
    """Infer the grid of rows with one time of day: a calendar step, else a number of days or weeks."""
    for offset in (month_offset(dates), day_offset(dates)):
        if offset is not None:
            grid, on_grid = build(timestamps, offset, None, source)
            if on_grid.all() and grid.confidence >= MIN_CONFIDENCE:
                return grid
    return None


def _grid_by_steps(timestamps: pd.DatetimeIndex, source: str) -> TimeGrid | None:
    """Infer the grid of a fixed step."""
    steps = np.diff(timestamps.asi8)
    step = int(np.gcd.reduce(steps))
    if np.mean(steps == step) >= MIN_CONFIDENCE:
        return build(timestamps, fixed_offset(step, timestamps.unit), None, source)[0]
    if _is_rounded(timestamps.asi8, _day(timestamps) // 86_400):
        return TimeGrid(timestamps, fixed_offset(int(np.median(steps)), timestamps.unit), None, 1.0)
    return None


def _grid_by_weeks(timestamps: pd.DatetimeIndex, wall: pd.DatetimeIndex, source: str) -> TimeGrid | None:
    """Infer the grid of days of the week or sessions of a day, where rows are absent from the grid of all days."""
    day = _day(timestamps)
    steps = np.diff(wall.asi8)
    step = int(np.gcd.reduce(steps))
    if step <= 0 or day % step:
        return None
    slots, odd = _week_slots(wall, step, np.mean(steps == step) >= MIN_CONFIDENCE)
    if slots is None:
        return None
    if step < day:
        offset = fixed_offset(step, timestamps.unit)
    else:
        offset = BusinessDay() if list(slots // day) == [0, 1, 2, 3, 4] else Day()
    grid, on_grid = build(timestamps, offset, slots, source)
    if not on_grid.all():
        return None
    if odd is not None:
        raise _cannot_tell(timestamps, source, odd)
    return grid


def _infer_grid(timestamps: pd.DatetimeIndex, source: str) -> TimeGrid:
    if len(timestamps) < 2:
        raise ValueError(
            f"{source}: {len(timestamps)} timestamp; at least 2 are needed to determine the time step, or name it "
            "with --freq (freq= in Python)."
        )
    wall = timestamps.tz_localize(None)
    _, counts = np.unique(wall.asi8 % _day(timestamps), return_counts=True)
    # A day begins later where the clock skips midnight.
    is_dated = len(counts) == 1 or (timestamps.tz is not None and counts.max() > 0.9 * len(timestamps))
    grid = (is_dated and _grid_by_dates(timestamps, wall.normalize(), source)) or _grid_by_steps(timestamps, source)
    if grid is None or (grid.confidence < 1 and (grid.offset == Day() or is_fixed(grid.offset))):
        weekly = _grid_by_weeks(timestamps, wall, source)
        if weekly is not None and weekly.confidence >= max(MIN_CONFIDENCE, grid.confidence if grid else 0.0):
            return weekly
    if grid is None:
        raise _cannot_tell(timestamps, source)
    return grid


def find_grid(
    timestamps: pd.DatetimeIndex, freq: str | None = None, default_freq: str | None = None, source: str = "the series"
) -> TimeGrid:
    """Infer the grid of timestamps; rows may be absent.

    Recognized grids: months, quarters and years by their first or last day or business day, a day of the month or a
    weekday of it; weeks; business days and other days of the week; sessions of a day, which may differ by weekday; any
    fixed step. With a time zone, days and longer steps follow local time, shorter steps do not.

    Args:
        timestamps: increasing, without duplicates.
        freq: step, a pandas alias; inferred from the timestamps by default.
        default_freq: step to use where `freq` is None and it fits; a warning tells if it does not.
        source: name of the series for errors.

    Raises:
        ValueError: the step is ambiguous, the grid would be many times as long as the timestamps, `freq` is not a
            pandas alias, or a timestamp is not on its grid.
    """
    if freq is not None:
        return _grid_of_freq(timestamps, freq, source)
    if default_freq is not None:
        try:
            grid = _grid_of_freq(timestamps, default_freq, source)
        except ValueError as error:
            reason = str(error)
        else:
            if grid.confidence >= MIN_CONFIDENCE:
                return grid
            reason = f"{source}: {grid.confidence:.0%} of the rows are one such step apart."
    grid = _infer_grid(timestamps, source)
    if default_freq is not None:
        logger.warning(
            "freq %r of the checkpoint is not that of the series, which is %s: %s", default_freq, grid, reason
        )
    return grid


def complete(series: pd.DataFrame, grid: TimeGrid, source: str = "the series") -> pd.DataFrame:
    """Add a row of NaN to the series for each absent row of their grid, and log their number."""
    absent = len(grid.timestamps) - len(series)
    if not absent:
        return series
    is_absent = ~grid.timestamps.isin(series.index)
    logger.info(
        "%s: %d of %d rows of the grid (%s, confidence %.2f) are absent, the first %s; they are missing values.",
        source,
        absent,
        len(grid.timestamps),
        grid,
        grid.confidence,
        grid.timestamps[int(np.argmax(is_absent))],
    )
    return series.reindex(grid.timestamps)
