"""Windows of time in words, with the steps that they mean by construction."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.random import Generator

_FREQUENCIES = {"h": (24, 168), "D": (7, 1), "W-MON": (1, 1), "MS": (12, 1)}
_COUNTS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


@dataclass(frozen=True)
class Calendar:
    """Timestamps of a history of `history` steps and of the horizon behind it."""

    freq: str
    timestamps: pd.DatetimeIndex
    history: int

    @cached_property
    def horizon(self) -> int:
        """Steps of the horizon."""
        return len(self.timestamps) - self.history

    @property
    def unit(self) -> str:
        """A step in words."""
        return {"h": "hour", "D": "day", "W-MON": "week", "MS": "month"}[self.freq]

    def between(self, first: pd.Timestamp, last: pd.Timestamp) -> np.ndarray:
        """Steps from `first` until before `last`; weeks that lie in it by more than a half."""
        middle = self.timestamps + pd.Timedelta(hours=84 if self.freq == "W-MON" else 0)
        return np.asarray((middle >= first) & (middle < last))

    def of_horizon(self, steps: np.ndarray) -> np.ndarray:
        """Those of some steps that lie in the horizon."""
        return steps & (np.arange(len(steps)) >= self.history)


def draw_calendar(rng: Generator) -> Calendar:
    """A calendar of hours, days, weeks or months, with horizons as are usual for them."""
    freq = str(rng.choice(list(_FREQUENCIES), p=[0.35, 0.4, 0.1, 0.15]))
    history, horizon = {
        "h": (rng.integers(336, 700), rng.integers(48, 120)),
        "D": (rng.integers(60, 300), rng.integers(14, 45)),
        "W-MON": (rng.integers(60, 160), rng.integers(8, 27)),
        "MS": (rng.integers(36, 120), rng.integers(6, 19)),
    }[freq]
    start = pd.Timestamp("1995-01-01") + pd.Timedelta(days=int(rng.integers(0, 11000)))
    return Calendar(freq, pd.date_range(start, periods=int(history + horizon), freq=freq), int(history))


def _ordinal(day: int) -> str:
    # Every fourth letter: th, st, n + d, rd.
    place = day % 10 if day % 10 < 4 and day // 10 != 1 else 0
    return f"{day}{'tsnrhtdd'[place::4]}"


def date_words(rng: Generator, day: pd.Timestamp) -> str:
    """A date in one of nine styles."""
    month, year = day.strftime("%B"), day.year
    styles = [
        f"{day.day} {month}",
        f"{month} {day.day}",
        f"{month} {_ordinal(day.day)}, {year}",
        f"{day.day} {month} {year}",
        f"the {_ordinal(day.day)} of {month}",
        day.strftime("%Y-%m-%d"),
        day.strftime("%A, ") + f"{day.day} {month}",
        f"{day.day} {day.strftime('%b')} {year}",
        f"{day.month}/{day.day}/{year}" if day.day > 12 else f"{year}/{day.month}/{day.day}",
    ]
    return styles[rng.integers(len(styles))]


def _clock(rng: Generator, hour: int) -> str:
    half = "am" if hour % 24 < 12 else "pm"
    return [f"{hour % 24:02d}:00", f"{hour % 24}:00", f"{(hour - 1) % 12 + 1} {half}"][rng.integers(3)]


def _count(rng: Generator, number: int) -> str:
    return _COUNTS[number] if number < len(_COUNTS) and rng.random() < 0.6 else str(number)


def _pick(rng: Generator, *texts: str) -> str:
    return texts[rng.integers(len(texts))]


Window = tuple[str, np.ndarray]


def _days(rng: Generator, calendar: Calendar, past: bool) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of a stretch within the horizon, or within the last third of the history."""
    stamps = calendar.timestamps.normalize().unique()
    start = calendar.timestamps[calendar.history].normalize()
    days = stamps[stamps > start] if not past else stamps[stamps < start][-max(len(stamps) // 4, 8) : -1]
    first = int(rng.integers(0, max(len(days) - 1, 1)))
    last = min(first + int(rng.integers(1, max(len(days) // 2, 2))), len(days) - 1)
    return days[first], days[last]


_DAY = pd.Timedelta(days=1)


def _range(rng: Generator, calendar: Calendar, past: bool = False) -> Window:
    first, last = _days(rng, calendar, past)
    if first.month == last.month and first < last and rng.random() < 0.3:
        month = first.strftime("%B")
        words = _pick(rng, f"from {first.day} to {last.day} {month}", f"from {month} {first.day} to {last.day}")
        words = words if not words.endswith(str(last.day)) else f"{month} {first.day}-{last.day}"
        words = f"in the time of {words}" if words.startswith(month) else words
    else:
        link = [("from", "to"), ("between", "and"), ("from", "until"), ("from", "through")][rng.integers(4)]
        words = f"{link[0]} {date_words(rng, first)} {link[1]} {date_words(rng, last)}"
    return words, calendar.between(first, last + _DAY)


def _single(rng: Generator, calendar: Calendar, past: bool = False) -> Window:
    first, _ = _days(rng, calendar, past)
    return f"on {date_words(rng, first)}", calendar.between(first, first + _DAY)


def _open(rng: Generator, calendar: Calendar) -> Window:
    first, _ = _days(rng, calendar, False)
    words = date_words(rng, first)
    words = _pick(
        rng,
        f"from {words} on",
        f"from {words} onwards",
        f"starting {words}",
        f"as of {words}",
        f"beginning on {words}",
    )
    return words, calendar.between(first, calendar.timestamps[-1] + 400 * _DAY)


def _until(rng: Generator, calendar: Calendar) -> Window:
    _, last = _days(rng, calendar, False)
    words = _pick(rng, "until", "through", "up to", "till")
    return f"{words} {date_words(rng, last)}", calendar.of_horizon(
        calendar.between(calendar.timestamps[0], last + _DAY)
    )


def _next_steps(rng: Generator, calendar: Calendar) -> Window:
    count = int(rng.integers(2, max(calendar.horizon // 2, 3)))
    number, unit = _count(rng, count), f"{calendar.unit}s"
    words = _pick(
        rng,
        f"over the next {number} {unit}", f"in the next {number} {unit}", f"for the next {number} {unit}",
        f"in the first {number} {unit} of the forecast", f"during the coming {number} {unit}",
        f"for the first {number} {unit}",
    )  # fmt: skip
    steps = np.arange(len(calendar.timestamps)) - calendar.history
    return words, (steps >= 0) & (steps < count)


def _last_steps(rng: Generator, calendar: Calendar) -> Window:
    count = int(rng.integers(2, max(calendar.horizon // 2, 3)))
    number, unit = _count(rng, count), f"{calendar.unit}s"
    words = f"in the {_pick(rng, 'last', 'final')} {number} {unit} of the {_pick(rng, 'forecast', 'horizon')}"
    return words, np.arange(len(calendar.timestamps)) >= len(calendar.timestamps) - count


def _whole(rng: Generator, calendar: Calendar) -> Window:
    words = _pick(
        rng,
        "throughout the forecast",
        "over the entire horizon",
        "during the forecast period",
        "over the whole forecast horizon",
    )
    return words, np.arange(len(calendar.timestamps)) >= calendar.history


def _lasting(rng: Generator, calendar: Calendar) -> Window:
    first, _ = _days(rng, calendar, False)
    days = int(rng.integers(2, 8))
    number, words = _count(rng, days), date_words(rng, first)
    words = _pick(
        rng,
        f"for {number} days from {words}",
        f"from {words} for {number} days",
        f"for {number} days starting on {words}",
    )
    return words, calendar.between(first, first + days * _DAY)


def _weekday(rng: Generator, calendar: Calendar) -> Window:
    today = calendar.timestamps[calendar.history - 1].normalize()
    day = today + int(rng.integers(1, 7)) * _DAY
    name = day.strftime("%A")
    return _pick(rng, f"on {name}", f"on the coming {name}", f"this {name}"), calendar.between(day, day + _DAY)


def _weekdays(rng: Generator, calendar: Calendar) -> Window:
    number = calendar.timestamps.day_of_week
    day = int(rng.integers(0, 7))
    name = pd.Timestamp(2024, 1, 1 + day).strftime("%A")
    if rng.random() < 0.4:
        ends = rng.random() < 0.6
        inside = np.asarray(number >= 5 if ends else number < 5)
        words = (
            _pick(rng, "on weekends", "every weekend")
            if ends
            else _pick(rng, "on weekdays", "on working days", "every weekday")
        )
        words = words.replace("working days", "workdays")
    else:
        inside, words = np.asarray(number == day), _pick(rng, f"every {name}", f"on {name}s", f"each {name}")
    return words, calendar.of_horizon(inside)


def _tomorrow(rng: Generator, calendar: Calendar) -> Window:
    today = calendar.timestamps[calendar.history - 1].normalize()
    monday = today - today.weekday() * _DAY + 7 * _DAY
    if rng.random() < 0.5 or calendar.timestamps[-1] < monday + 7 * _DAY:
        return "tomorrow", calendar.between(today + _DAY, today + 2 * _DAY)
    return "next week", calendar.of_horizon(calendar.between(monday, monday + 7 * _DAY))


def _every_day(rng: Generator, calendar: Calendar) -> Window:
    first = int(rng.integers(0, 20))
    last = first + int(rng.integers(2, min(10, 24 - first) + 1))
    a, b = _clock(rng, first), _clock(rng, last)
    words = _pick(
        rng,
        f"every day between {a} and {b}",
        f"daily from {a} to {b}",
        f"between {a} and {b} each day",
        f"from {a} to {b} every day",
    )
    hour = np.asarray(calendar.timestamps.hour)
    return words, calendar.of_horizon((hour >= first) & (hour < last))


def _hours(rng: Generator, calendar: Calendar, past: bool = False) -> Window:
    day, _ = _days(rng, calendar, past)
    first = int(rng.integers(0, 18))
    length = int(rng.integers(2, 6))
    start = day + pd.Timedelta(hours=first)
    stop = start + pd.Timedelta(hours=length)
    a, b, date = _clock(rng, first), _clock(rng, first + length), date_words(rng, day)
    words = _pick(
        rng,
        f"on {date} from {a} to {b}", f"on {date} between {a} and {b}",
        f"from {start:%Y-%m-%d %H:%M:%S} to {stop:%Y-%m-%d %H:%M:%S}",
        f"from {start:%Y-%m-%d %H:%M} for {_count(rng, length)} hours", f"between {a} and {b} on {date}",
    )  # fmt: skip
    return words, calendar.between(start, stop)


def _months(rng: Generator, calendar: Calendar, past: bool = False) -> Window:
    stamps = calendar.timestamps.to_period("M").unique()
    start = calendar.timestamps[calendar.history].to_period("M")
    months = stamps[stamps > start] if not past else stamps[stamps < start][-10:-1]
    first = int(rng.integers(0, max(len(months), 1)))
    last = min(first + int(rng.integers(0, 5)), len(months) - 1)
    a, b = months[first].start_time, months[last].start_time
    name, end = f"{a:%B}", f"{b:%B}"
    if past or months[first].year != months[last].year or rng.random() < 0.5 or len(months) > 12:
        name, end = f"{a:%B %Y}", f"{b:%B %Y}"
    words = (
        f"in {name}"
        if first == last
        else _pick(rng, f"from {name} to {end}", f"between {name} and {end}", f"from {name} until {end}")
    )
    return words, calendar.between(a, b + pd.offsets.MonthBegin(1))


_BY_FREQUENCY: dict[str, list[Callable[..., Window]]] = {
    "h": [
        _range,
        _single,
        _hours,
        _hours,
        _every_day,
        _every_day,
        _next_steps,
        _weekday,
        _tomorrow,
        _until,
        _last_steps,
    ],
    "D": [_range, _range, _single, _lasting, _until, _next_steps, _weekday, _weekdays, _tomorrow, _last_steps],
    "W-MON": [_months, _next_steps, _last_steps],
    "MS": [_months, _months, _next_steps, _last_steps],
}
_PAST = {"h": [_range, _single, _hours], "D": [_range], "W-MON": [_months], "MS": [_months]}


def draw_window(rng: Generator, calendar: Calendar, kind: str = "any") -> Window:
    """A window in words, such as "from 15 to 21 March", and its steps, boolean (history + horizon,).

    Args:
        rng: source of randomness.
        calendar: that it lies in.
        kind: "any" for one in the horizon, "open" for one that reaches its end, "past" for one in the history.
    """
    while True:
        if kind == "open":
            words, steps = (_open if rng.random() < 0.7 and calendar.freq in "hD" else _whole)(rng, calendar)
        elif kind == "past":
            choices = _PAST[calendar.freq]
            words, steps = choices[rng.integers(len(choices))](rng, calendar, past=True)
        else:
            choices = _BY_FREQUENCY[calendar.freq]
            draw = choices[rng.integers(len(choices))] if rng.random() < 0.92 else _whole
            words, steps = draw(rng, calendar)
        inside = steps[: calendar.history] if kind == "past" else steps[calendar.history :]
        if inside.any():
            return words, steps


__all__ = ["Calendar", "date_words", "draw_calendar", "draw_window"]
