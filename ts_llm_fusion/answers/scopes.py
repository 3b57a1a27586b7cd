"""Steps that a question is about, and their words: whole times by their names, ranges by their ends."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from ..explanations.lexicon import MONTHS, TIME, WEEKDAYS, Calendar
from .subject import Subject
from .times import Times

# Coarser times that have a name, by the resolution of the series.
_COARSER = {
    "clock": ("day", "month", "quarter", "year"),
    "day": ("month", "quarter", "year"),
    "date": ("month", "quarter", "year"),
    "month": ("quarter", "year"),
    "quarter": ("year",),
}
_PERIODS = {"day": "D", "month": "M", "quarter": "Q", "year": "Y"}
_DAYS = "|".join(f"{day}s" for day in WEEKDAYS)
_MONTH = "|".join(MONTHS)
_FILTERS = (
    r"(?:between (?P<{0}_clock>\d\d:\d\d and \d\d:\d\d) )?"
    rf"(?:on (?P<{{0}}_days>weekends|weekdays|(?:{_DAYS})(?:(?:, | and )(?:{_DAYS}))*) )?"
    rf"(?:in every (?P<{{0}}_months>(?:{_MONTH})(?:(?:, | and )(?:{_MONTH}))*) )?"
)
# Times without their preposition, as the ends of a range.
_BARE = re.sub(r"(^|\|)(?:at|in|on) (?=\S)", r"\1", TIME)


@dataclass(frozen=True)
class Scope:
    """Some steps of history and forecast.

    Args:
        subject: that has the steps.
        rows: int64, rising; those of the forecast are behind the history.
        first: first row of the range that they are chosen from.
        last: its last row.
        days: weekdays that they are held to, 0 for Monday; None for all.
        months: of the year, 1 for January; None for all.
        clock: seconds after midnight, from and until; None for all.
    """

    subject: Subject = field(repr=False, compare=False)
    rows: np.ndarray
    first: int
    last: int
    days: frozenset[int] | None = None
    months: frozenset[int] | None = None
    clock: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_single(self) -> bool:
        """Whether it is one step."""
        return self.first == self.last

    @property
    def ahead(self) -> int:
        """Steps of forecast that it needs."""
        return max(int(self.last) + 1 - len(self.subject), 0) if len(self.rows) else 0

    @property
    def forecast_rows(self) -> int:
        """How many of its steps are forecast."""
        return int((self.rows >= len(self.subject)).sum())

    @property
    def values(self) -> np.ndarray:
        """float64, observed or forecast."""
        return self.subject.with_forecast(self.ahead)[self.rows]

    @property
    def words(self) -> str:
        """Its times in words, which `scope_rows` reads."""
        if self.is_single:
            return self.subject.when(self.first)
        return self._filter_words + self._range_words

    @property
    def _range_words(self) -> str:
        subject = self.subject
        whole = self.first == 0 and self.last == len(subject) - 1
        name = None if whole else self._name()
        if name is not None:
            return name
        ends = f"from {bare(subject.when(self.first))} to {bare(subject.when(self.last))}"
        return f"over the whole history ({ends})" if whole else ends

    def _name(self) -> str | None:
        """Name of the day, month, quarter or year that it is, as far as it is there in full."""
        stamps, subject = self.subject.timestamps, self.subject
        if not subject.dated:
            return None
        for resolution in _COARSER.get(subject.calendar.resolution, ()):
            if resolution == subject.calendar.step:
                continue
            beside = [row for row in (self.first - 1, self.last + 1) if 0 <= row < len(stamps)]
            first, last, *others = (
                stamps[row].to_period(_PERIODS[resolution]) for row in (self.first, self.last, *beside)
            )
            # A period that the history begins in has its name where most of it is there.
            starts_late = stamps[self.first] - first.start_time > (first.end_time - first.start_time) / 2
            if not self.first and starts_late:
                continue
            if first == last and first not in others:
                return Calendar(resolution, resolution).words(stamps[self.first], with_year=True)
        return None

    @property
    def _filter_words(self) -> str:
        words = ""
        if self.clock is not None:
            words += f"between {' and '.join(_clock_words(second) for second in self.clock)} "
        if self.days is not None:
            words += f"on {_day_words(self.days)} "
        if self.months is not None:
            words += f"in every {_listed(MONTHS[month - 1] for month in sorted(self.months))} "
        return words


def bare(when: str) -> str:
    """A time without its preposition."""
    return when.split(" ", 1)[1]


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _day_words(days: frozenset[int]) -> str:
    if days == frozenset((5, 6)):
        return "weekends"
    if days == frozenset(range(5)):
        return "weekdays"
    return _listed(f"{WEEKDAYS[day]}s" for day in sorted(days))


def _clock_words(second: int) -> str:
    return f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}"


def scope_of(times: Times, subject: Subject) -> Scope:
    """The steps of a time that a question names; none where it lies outside."""
    axis = subject.axis
    rows, whole = np.flatnonzero(times.rows(axis)), np.flatnonzero(times.whole(axis))
    first, last = (int(whole[0]), int(whole[-1])) if len(whole) else (0, -1)
    if len(rows) and times.recurs:
        # A range that is open holds the history alone.
        open_end = times.span.stop is None and times.span.start is None
        last = min(last, len(subject) - 1) if open_end else last
        rows = rows[(rows >= first) & (rows <= last)]
    scope = Scope(subject, rows, first, last, times.span.weekdays, times.months, times.span.clock)
    return simplified(scope)


def simplified(scope: Scope) -> Scope:
    """A scope without the filters that hold nothing back."""
    if len(scope) == scope.last - scope.first + 1:
        return replace(scope, days=None, months=None, clock=None)
    return scope


def whole_history(subject: Subject) -> Scope:
    """All steps of the history."""
    return Scope(subject, np.arange(len(subject)), 0, len(subject) - 1)


def horizon(subject: Subject, steps: int) -> Scope:
    """The next steps behind the history."""
    start = len(subject)
    return Scope(subject, np.arange(start, start + steps), start, start + steps - 1)


def within(scope: Scope, first: int, last: int) -> Scope:
    """The part of a scope between two rows, both included."""
    rows = scope.rows[(scope.rows >= first) & (scope.rows <= last)]
    return replace(scope, rows=rows, first=max(scope.first, first), last=min(scope.last, last))


@lru_cache(maxsize=8)
def scope_pattern(group: str) -> str:
    """Regular expression of the words of a scope, its groups named behind a prefix."""
    whole = rf"over the whole history \(from (?P<{group}_first>{_BARE}) to (?P<{group}_last>{_BARE})\)"
    ranged = rf"from (?P<{group}_from>{_BARE}) to (?P<{group}_to>{_BARE})"
    return rf"(?P<{group}>{_FILTERS.replace('{0}', group)}(?:{whole}|{ranged}|(?P<{group}_at>{TIME})))"


def scope_rows(said: dict[str, str | None], group: str, subject: Subject) -> np.ndarray | None:
    """Rows that the words of a scope stand for, by the groups of `scope_pattern`; None where there are none.

    The words alone are read, by dates and clocks of pandas.
    """
    stamps = subject.timestamps
    if said[f"{group}_at"] is not None:
        inside = rows_at(said[f"{group}_at"] or "", subject)
        if inside is None:
            return None
    else:
        is_whole = said[f"{group}_first"] is not None
        names = ("first", "last") if is_whole else ("from", "to")
        ends = [rows_at(_with_preposition(said[f"{group}_{end}"] or ""), subject) for end in names]
        if ends[0] is None or ends[1] is None or not (ends[0].any() and ends[1].any()):
            return None
        start, stop = int(np.flatnonzero(ends[0])[0]), int(np.flatnonzero(ends[1])[-1]) + 1
        if is_whole and (start, stop) != (0, len(subject)):
            return None
        inside = np.zeros(len(stamps), dtype=bool)
        inside[start:stop] = True
    if (days := said[f"{group}_days"]) is not None:
        named = {"weekends": {5, 6}, "weekdays": set(range(5))}.get(
            days, {place for place, day in enumerate(WEEKDAYS) if day in days}
        )
        inside &= np.isin(stamps.day_of_week, list(named))
    if (months := said[f"{group}_months"]) is not None:
        inside &= np.isin(stamps.month, [place for place, month in enumerate(MONTHS, 1) if month in months])
    if (clock := said[f"{group}_clock"]) is not None:
        first, last = (int(at[:2]) * 60 + int(at[3:]) for at in clock.split(" and "))
        minute = np.asarray(stamps.hour * 60 + stamps.minute)
        inside &= (minute >= first) & (minute < last) if first < last else (minute >= first) | (minute < last)
    return np.flatnonzero(inside)


def _with_preposition(words: str) -> str:
    if words.startswith("step"):
        return f"at {words}"
    if re.match(r"\d\d:\d\d", words):
        return f"at {words}"
    return f"in {words}" if re.match(rf"\d+$|the |(?:{_MONTH}) ", words) else f"on {words}"


def rows_at(words: str, subject: Subject) -> np.ndarray | None:
    """Boolean over history and reach: the rows of a time in words; None for words that are no time."""
    stamps, tokens = subject.timestamps, words.split()
    if tokens[:2] == ["at", "step"]:
        return np.arange(1, len(stamps) + 1) == int(tokens[2])
    if not subject.dated:
        return None
    if tokens[0] == "in" and tokens[1] == "the":
        quarter = ("first", "second", "third", "fourth").index(tokens[2]) + 1
        return np.asarray((stamps.year == int(tokens[-1])) & (stamps.quarter == quarter))
    if tokens[0] == "in" and len(tokens) == 2:
        return np.asarray(stamps.year == int(tokens[1]))
    if tokens[0] == "in":
        return np.asarray((stamps.year == int(tokens[2])) & (stamps.month == MONTHS.index(tokens[1]) + 1))
    day, month, year = tokens[-3:]
    inside = np.asarray(
        (stamps.year == int(year)) & (stamps.month == MONTHS.index(month) + 1) & (stamps.day == int(day))
    )
    if tokens[-4] in WEEKDAYS and not (stamps[inside].day_of_week == WEEKDAYS.index(tokens[-4])).all():
        return None
    if tokens[0] == "at":
        clock = pd.Timestamp(f"2000-01-01 {tokens[1]}")
        inside &= np.asarray(
            (stamps.hour == clock.hour) & (stamps.minute == clock.minute) & (stamps.second == clock.second)
        )
    return inside
