"""Time axis of a forecast, and spans of time as sets of its steps."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from .grounding_words import CALENDAR_MONTHS, SECONDS

_DAY = np.timedelta64(1, "D")
_MICRO = "datetime64[us]"
# Microseconds of a second and of a week; a Monday; and the length in seconds of hours that are a moment, "at 10:00".
_SECOND, _WEEK = 10**6, 7 * 86400 * 10**6
_MONDAY = np.datetime64("1970-01-05", "us")
_MOMENT = 60
# Steps, more than any horizon has.
FAR = 10**6


def add_units(time: datetime, count: float, unit: str) -> datetime | None:
    """Some units of time later (earlier where negative); None outside the years 1 to 9999."""
    try:
        if unit in SECONDS:
            return time + timedelta(seconds=count * SECONDS[unit])
        years, month = divmod(time.month - 1 + round(count * CALENDAR_MONTHS[unit]), 12)
        year, month = time.year + years, month + 1
        last = (datetime(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
        return time.replace(year=year, month=month, day=min(time.day, last))
    except (ValueError, OverflowError):
        return None


def midnight(time: datetime) -> datetime:
    """The start of its day."""
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def start_of(time: datetime, unit: str) -> datetime:
    """The start of the hour, day, week (Monday), month, quarter or year that holds a time."""
    if unit in ("minute", "hour"):
        return time.replace(minute=0 if unit == "hour" else time.minute, second=0, microsecond=0)
    day = midnight(time)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit in CALENDAR_MONTHS:
        months = CALENDAR_MONTHS[unit]
        return day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return day


def _rest_of_last(second: int) -> int:
    """Seconds until the end of the minute or second that times such as 16:59 and 23:59:59 name as the last one."""
    return 60 if second % 3600 == 3540 else int(second % 60 == 59)


def _past_last(stop: datetime) -> datetime:
    return add_units(stop, _rest_of_last(60 * stop.minute + stop.second) / 60, "minute") or stop


class Axis:
    """Steps of a history and of the horizon behind it.

    Args:
        history: steps of the history, at least 1.
        horizon: steps of the horizon, at least 1.
        timestamps: of all of them, rising, as `numpy.asarray` reads them (a pandas DatetimeIndex without time zone, or
            datetime64); None where the series has no dates: only counts of steps are understood then.
        number: that a text may call the first step of the horizon, where it counts from the first step of all; by
            default that behind the history.

    Raises:
        ValueError: for timestamps of another number, that do not rise, or outside the years 1 to 9999.
    """

    def __init__(self, history: int, horizon: int, timestamps: Any = None, number: int | None = None):
        if history < 1 or horizon < 1:
            raise ValueError(f"history {history} and horizon {horizon}: both need at least 1 step.")
        self.history, self.horizon = history, horizon
        self.number = history + 1 if number is None else number
        self.left: np.ndarray | None = None
        if timestamps is None:
            return
        left = np.asarray(timestamps).astype(_MICRO)
        if left.shape != (history + horizon,) or (np.diff(left) <= np.timedelta64(0)).any() or np.isnat(left).any():
            raise ValueError(
                f"timestamps has shape {left.shape}; give {history + horizon} rising ones, of history and horizon."
            )
        if left[0] < np.datetime64("0002-01-01") or left[-1] > np.datetime64("9900-01-01"):
            raise ValueError(f"timestamps from {left[0]} to {left[-1]}; give years from 2 to 9899.")
        days = left.astype("datetime64[D]")
        months = left.astype("datetime64[M]")
        step = np.median(np.diff(left).astype(np.int64)).astype("timedelta64[us]")
        month_ends = (days == left).all() and ((days + _DAY).astype("datetime64[M]") > months).all()
        if step >= 28 * _DAY:
            if month_ends:
                # A month labeled by its last day.
                right = left + _DAY
                first = right[0].astype("datetime64[M]") - (months[1] - months[0])
                left = np.concatenate(([first.astype(_MICRO)], right[:-1]))
            else:
                last = months[-1] + (months[-1] - months[-2])
                right = np.append(left[1:], (last.astype(_MICRO) + (left[-1] - months[-1].astype(_MICRO))))
        else:
            # A step before a gap, such as a weekend without rows, does not cover the gap.
            right = np.minimum(np.append(left[1:], left[-1] + step), left + step)
        self.left, self.right = left, right
        self.step = step

    def __len__(self) -> int:
        return self.history + self.horizon

    @cached_property
    def now(self) -> datetime:
        """End of the last step of the history, just before it."""
        assert self.left is not None
        return self.right[self.history - 1].item() - timedelta(microseconds=1)

    @cached_property
    def start(self) -> datetime:
        """Start of the horizon."""
        assert self.left is not None
        return self.left[self.history].item()

    @cached_property
    def end(self) -> datetime:
        """End of the horizon."""
        return self.right[-1].item()

    @property
    def day_length(self) -> int:
        """Steps of a day; 0 where a step is longer, or a day is not a whole number of them."""
        if self.left is None or self.step > _DAY or _DAY % self.step != np.timedelta64(0):
            return 0
        return int(_DAY / self.step)

    def weekdays(self) -> np.ndarray:
        """Weekday of each step, 0 for Monday, int64 (history + horizon,); -1 where a step is longer than a day."""
        if self.left is None or self.step > _DAY:
            return np.full(len(self), -1)
        # 1970-01-01 was a Thursday.
        return (self.left.astype("datetime64[D]").astype(np.int64) + 3) % 7

    @cached_property
    def unit(self) -> str:
        """Unit of time that is one step; "step" where none is."""
        if self.left is None:
            return "step"
        seconds = self.step / np.timedelta64(1, "s")
        for unit, length in SECONDS.items():
            if seconds == length:
                return unit
        for unit, months in CALENDAR_MONTHS.items():
            if 28 * months <= seconds / 86400 <= 31 * months:
                return unit
        return "step"


@dataclass(frozen=True)
class Span:
    """Times from `start` until `stop`, each None where open, on some weekdays, at some times of the day.

    Args:
        start: first time.
        stop: first time behind it; a moment where it is `start`.
        weekdays: 0 for Monday; None for all.
        clock: seconds after midnight, from and until (past midnight where not larger); None for the whole day. A
            minute is a moment.
        steps: steps from and until, 0 for the first of the horizon, negative in the history.
        recurs: whether it was said to recur, as "every day" and "Mondays" do.
        months: 1 for January; None for all.
        reason: why it cannot be known, as of "every other Monday"; such a span has no steps.
    """

    start: datetime | None = None
    stop: datetime | None = None
    weekdays: frozenset[int] | None = None
    clock: tuple[int, int] | None = None
    steps: tuple[int, int] | None = None
    recurs: bool = False
    months: frozenset[int] | None = None
    reason: str = ""

    def within(self, other: "Span") -> "Span | None":
        """Times in both; None where both say the same kind of thing."""
        if self.reason or other.reason:
            return Span(reason=self.reason or other.reason)
        if (self.start or self.stop or self.steps) and (other.start or other.stop or other.steps):
            return None
        if (self.clock and other.clock) or (self.weekdays and other.weekdays) or (self.months and other.months):
            return None
        # "On Monday from 22:00 to 6:00" ends on Tuesday.
        day, clock = (self, other.clock) if self.start else (other, self.clock)
        if clock and day.start and day.stop and day.stop - day.start == timedelta(days=1):
            hours = timedelta(seconds=0 if clock[1] - clock[0] == _MOMENT else (clock[1] - clock[0] - 1) % 86400 + 1)
            start = day.start + timedelta(seconds=clock[0])
            return replace(day, start=start, stop=start + hours)
        return Span(
            self.start or other.start,
            self.stop or other.stop,
            self.weekdays or other.weekdays,
            self.clock or other.clock,
            self.steps or other.steps,
            self.recurs or other.recurs,
            self.months or other.months,
        )

    def on(self, axis: Axis) -> np.ndarray:
        """Boolean (history + horizon,): the steps of which at least half lies in it, or that hold half of it."""
        inside = np.full(len(axis), not self.reason)
        if self.steps is not None:
            step = np.arange(-axis.history, axis.horizon)
            inside &= (step >= self.steps[0]) & (step < self.steps[1])
        if axis.left is None:
            return inside & (self.steps is not None)
        if self.start is not None and self.start == self.stop:
            moment = np.datetime64(self.start, "us")
            inside &= (axis.left <= moment) & (axis.right > moment)
        elif self.start is not None or self.stop is not None:
            start = np.datetime64(self.start or datetime.min, "us")
            stop = np.datetime64(self.stop or datetime.max, "us")
            shared = np.minimum(axis.right, stop) - np.maximum(axis.left, start)
            shorter = np.minimum(axis.right - axis.left, stop - start)
            inside &= (shared > np.timedelta64(0)) & (2 * shared >= shorter)
        days = axis.left.astype("datetime64[D]")
        if self.weekdays is not None:
            inside &= np.isin(axis.weekdays(), list(self.weekdays))
        if self.months is not None:
            inside &= np.isin(axis.left.astype("datetime64[M]").astype(np.int64) % 12 + 1, list(self.months))
        if self.clock is not None:
            since = (axis.left - days.astype(_MICRO)) / np.timedelta64(1, "s")
            middle = since + axis.step / np.timedelta64(1, "s") / 2
            opens, closes = middle >= self.clock[0], middle < self.clock[1]
            at = opens & closes if self.clock[0] < self.clock[1] else opens | closes
            inside &= at & (axis.step < _DAY)
        return inside

    def shares(self, axis: Axis) -> np.ndarray:
        """Share of each step that lies in it, float64 (history + horizon,), exactly 1 where all of it does.

        A moment is the step that holds it, where a step is shorter than a day. Hours past midnight belong to the
        weekday on which they begin. A last minute or second of 59 lies inside.
        """
        step = np.arange(-axis.history, axis.horizon)
        inside = np.ones(len(axis)) if self.steps is None else (step >= self.steps[0]) & (step < self.steps[1])
        if self.reason:
            return np.zeros(len(axis))
        if axis.left is None:
            return inside * float(self.steps is not None)
        if self.start is not None and self.start == self.stop:
            moment = np.datetime64(self.start, "us")
            return inside * ((axis.left <= moment) & (axis.right > moment) & (axis.step < _DAY))
        left, right = axis.left, axis.right
        if self.start is not None:
            left = np.maximum(left, np.datetime64(self.start, "us"))
        if self.stop is not None:
            right = np.minimum(right, np.datetime64(_past_last(self.stop), "us"))
        right = np.maximum(right, left)
        length = (axis.right - axis.left).astype(np.int64)
        covered = np.zeros(len(axis), dtype=np.int64)
        for first, last in self._stretches(axis):
            covered += self._until(np.clip(right, first, last)) - self._until(np.clip(left, first, last))
        if self.clock is not None and self.clock[1] - self.clock[0] == _MOMENT:
            return inside * ((covered > 0) & (axis.step < _DAY))
        return inside * covered / length

    def _stretches(self, axis: Axis) -> list[tuple[np.datetime64, np.datetime64]]:
        """Its months on an axis; the whole axis where it is of all."""
        assert axis.left is not None
        if self.months is None:
            return [(axis.left[0], axis.right[-1])]
        named = np.arange(axis.left[0].astype("datetime64[M]"), axis.right[-1].astype("datetime64[M]") + 1)
        named = named[np.isin(named.astype(np.int64) % 12 + 1, list(self.months))]
        return list(zip(named.astype(_MICRO), (named + 1).astype(_MICRO), strict=True))

    def _until(self, times: np.ndarray) -> np.ndarray:
        """Microseconds of its hours and weekdays from a Monday long ago until some times, int64."""
        if self.clock is None and self.weekdays is None:
            return (times - _MONDAY).astype(np.int64)
        first, last = self.clock or (0, 86400)
        last += 0 if last - first == _MOMENT else _rest_of_last(last)
        length = (last - first - 1) % 86400 + 1
        days = range(7) if self.weekdays is None else self.weekdays
        begins = np.array([(day * 86400 + first) * _SECOND for day in sorted(days)])
        weeks, rest = np.divmod((times - _MONDAY).astype(np.int64), _WEEK)
        # Hours that begin late on Sunday end in the next week.
        since = rest[:, None] - np.concatenate((begins, begins - _WEEK))
        return weeks * len(begins) * length * _SECOND + since.clip(0, length * _SECOND).sum(1)


__all__ = ["Axis", "Span", "add_units", "start_of"]
