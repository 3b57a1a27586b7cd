"""Dates, times of the day and durations in the tokens of a text."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

import numpy as np

from .grounding_axis import Axis, Span, add_units, midnight, start_of
from .grounding_words import (
    AMBIGUOUS,
    MONTHS,
    ORDINALS,
    TO,
    UNITS,
    WEEKDAYS,
    Token,
    number_at,
    words,
)

Found = tuple[Span, int] | None

# Hour, minute and second of a time in digits.
_CLOCK = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?(?::([0-9]{2}))?")
_POINTED_CLOCK = re.compile(r"(0?[1-9]|1[0-2])\.([0-5][0-9])")
_HALVES = {"morning": 0, "afternoon": 1, "evening": 1}
# Units that are some others: how many, and of which.
_LONGER_UNITS = {
    "fortnight": (14.0, "day"), "fortnights": (14.0, "day"), "decade": (10.0, "year"), "decades": (10.0, "year"),
}  # fmt: skip
# Years about the axis that a number may name, and words behind one that are not what an amount is of.
_FARTHEST_YEARS = 100
_BEHIND_A_YEAR = words("is was has does sales this its as plus minus yes across unless less hours")
_BEFORE_A_DAY = words("on from until till to through since before after by the of between and starting")
# Words before and behind "15th" without an article.
_BEFORE_AN_ORDINAL = words("then while closed shut off from and to till until through for by on")
_BEHIND_AN_ORDINAL = words(
    "and or to until till through is are was should will we no at max min half double triple twice closed shut up "
    "down nothing none too as zero about around just only they it sales normal usual"
)
# Words behind "Sat 16".
_ENDS_A_DAY = words("and or to until till through")
_BEFORE_A_DOT = _BEFORE_A_DAY | words("- : ( \N{BULLET}")
# What a day with a month in lower case may stand behind: "closed on 8 march, 15 march".
_IN_A_ROW = words(", and & or - : ( \N{BULLET}")
_OF_UNITS = words("- consecutive full whole straight more trading working business time")


def _of_week(day: datetime) -> datetime:
    return start_of(day, "week")


class Dates:
    """Reader of dates, times of the day and durations in the tokens of a text, on a time axis.

    Methods take the index of a token, and return what they found there with the index behind it, or None.
    """

    def __init__(self, tokens: list[Token], axis: Axis, taken: Sequence[bool]):
        self.tokens, self.axis, self.taken = tokens, axis, taken
        self._words = ["" if away else token.word for token, away in zip(tokens, taken, strict=True)]

    def word(self, i: int) -> str:
        """The word at an index, "" where it is taken and outside the text."""
        return self._words[i] if 0 <= i < len(self._words) else ""

    def words(self, i: int, *expected: str) -> bool:
        """Whether these words, several allowed ones joined by a stroke, stand at an index."""
        return all(self.word(i + k) in group.split("|") for k, group in enumerate(expected))

    def skip(self, i: int, *words: str) -> int:
        """The index behind at most three of these words."""
        for _ in range(3):
            i += self.word(i) in words
        return i

    def integer(self, i: int, least: int, most: int, kinds: tuple[str, ...] = ("number",)) -> int | None:
        """A whole number within limits, in digits."""
        if i >= len(self.tokens) or self.tokens[i].kind not in kinds:
            return None
        digits = self.word(i).rstrip("stndrh")
        return int(digits) if digits.isdecimal() and len(digits) <= 4 and least <= int(digits) <= most else None

    def _span(self, start: datetime | None, count: float = 1, unit: str = "day") -> Span | None:
        stop = add_units(start, count, unit) if start else None
        return Span(start, stop) if start and stop else None

    def _nearest(self, candidates: list[datetime]) -> datetime | None:
        """The candidate day in the horizon, else the last one in the history, else the next one behind."""
        return min(candidates, key=self._rank, default=None)

    def _rank(self, day: datetime) -> tuple[int, float]:
        """Part of the axis that a day lies in, 0 for the horizon, 1 for the history, and how far away in seconds."""
        first = datetime.min if self.axis.left is None else self.axis.left[0].item()
        until = add_units(day, 1, "day") or day
        if until > self.axis.start and day < self.axis.end:
            return (0, (day - self.axis.start).total_seconds())
        if first <= day < self.axis.start:
            return (1, (self.axis.start - day).total_seconds())
        return (2, abs((day - self.axis.end).total_seconds()))

    def in_digits(self, days: list[datetime]) -> Span | None:
        """Day of a date in digits, by its readings month first and day first.

        The one in the horizon, else the one in the history; where both lie in the same, it is not known.
        """
        parts = [self._rank(day)[0] for day in days]
        if len(set(days)) == 2 and parts[0] == parts[1] < 2:
            return Span(reason="day and month may be confused; write the month as a word")
        return self._span(self._nearest(days))

    def calendar_day(self, year: int | None, month: int, day: int) -> datetime | None:
        """A date, in the year that suits the axis where none is given."""
        years = [year] if year is not None else range(max(1, self.axis.now.year - 2), self.axis.end.year + 2)
        days = []
        for one in years:
            try:
                days.append(datetime(one, month, day))
            except ValueError:
                continue
        return self._nearest(days)

    def _year(self, i: int) -> tuple[int | None, int]:
        """A year behind a date, after a comma or "of"."""
        j = self.skip(i, ",", "of")
        if self.words(j, "next|last|this", "year") and self.axis.left is not None:
            return self.axis.now.year + {"next": 1, "last": -1, "this": 0}[self.word(j)], j + 2
        year = self.integer(j, 1000, 9998)
        return (year, j + 1) if year is not None and self._is_year(year, j) else (None, i)

    def _is_year(self, year: int, i: int) -> bool:
        """Whether a number behind a date is a year: one of the axis, or near it and not an amount of something."""
        if self.axis.left is None or self.axis.left[0].item().year <= year <= self.axis.end.year:
            return True
        word = self.word(i + 1)
        return abs(year - self.axis.end.year) <= _FARTHEST_YEARS and not (
            word in ("%", "percent") or (word.endswith("s") and word.isalpha() and word not in _BEHIND_A_YEAR)
        )

    def _is_abbreviated(self, i: int) -> bool:
        """Whether a point behind the month at an index belongs to it: "Mar. 20"."""
        return (
            self.word(i + 1) == "."
            and 3 <= len(self.word(i)) <= 4
            and self.word(i) not in ("june", "july")
            and self.tokens[i + 1].start == self.tokens[i].stop
            and i + 2 < len(self.tokens)
            and (self.tokens[i + 2].kind in ("number", "ordinal") or self.word(i + 2) in TO)
        )

    def month_number(self, i: int) -> int | None:
        """The month that a word names."""
        month = MONTHS.get(self.word(i).removesuffix("'s"))
        known = month and (self.word(i) not in AMBIGUOUS or self.tokens[i].capital or self._is_small(i))
        return month if known else None

    def _are_hours(self, i: int) -> bool:
        """Whether a number behind a weekday begins hours of it: "Tuesday 9 to 11" on steps shorter than a day."""
        is_short = self.axis.left is not None and self.axis.step < np.timedelta64(1, "D")
        return is_short and self.word(i + 1) in TO and self.integer(i + 2, 0, 24) is not None

    def _begins_part(self, i: int) -> bool:
        """Whether a text, a line or a part of a sentence begins at an index, or a range does."""
        before = self.word(i - 1)
        return i == 0 or self.tokens[i].begins_line or not before[:1].isalnum() or before in _BEFORE_AN_ORDINAL

    def _is_no_noun(self, i: int) -> bool:
        """Whether what stands at an index is not counted by an ordinal: "15th and 16th should be", "6th: 20 less"."""
        return i >= len(self.tokens) or self.tokens[i].kind != "word" or self.word(i) in _BEHIND_AN_ORDINAL

    def _is_small(self, i: int) -> bool:
        """Whether a word is a day or month in a text that writes another one in lower case: "feb ..., march"."""
        return self.word(i) not in ("may", "second") and self._in_lower_case

    @cached_property
    def _in_lower_case(self) -> bool:
        names = (MONTHS.keys() | WEEKDAYS.keys()) - AMBIGUOUS
        return any(word in names and not token.capital for word, token in zip(self._words, self.tokens, strict=True))

    def _is_ordinal(self, i: int) -> bool:
        return i < len(self.tokens) and self.tokens[i].kind == "ordinal"

    def weekday_number(self, i: int, plural: bool = False) -> int | None:
        """The weekday that a word names, in the plural only where asked for."""
        word = self.word(i)
        if plural:
            return WEEKDAYS.get(word[:-1]) if word.endswith("days") else None
        day = WEEKDAYS.get(word.removesuffix("'s"))
        known = word not in AMBIGUOUS or self.tokens[i].capital or self._is_ordinal(i + 1) or self._is_small(i)
        return day if day is not None and known else None

    def clock(self, i: int) -> tuple[int, int] | None:
        """A time of the day in seconds after midnight."""
        i = self.skip(i, "at", "about", "around")
        word = self.word(i)
        if word in ("noon", "midday", "midnight"):
            return (0 if word == "midnight" else 43200), i + 1
        kind = self.tokens[i].kind if i < len(self.tokens) else ""
        if self.words(i, "half|quarter", "past|to"):
            return self._clock_in_words(i)
        if kind == "number" and self.words(i + 1, "in", "the") and self.word(i + 3) in _HALVES:
            hour = self.integer(i, 1, 12)
            return None if hour is None else (hour % 12 * 3600 + _HALVES[self.word(i + 3)] * 43200, i + 4)
        if (
            kind == "number"
            and len(word) == 4
            and self.word(i + 1) in ("hours", "h")
            and word.isdecimal()
            and word < "2400"
        ):
            return int(word[:2]) * 3600 + int(word[2:]) * 60, i + 2
        if kind == "number" and self.word(i + 1) in ("o'clock", "h") and (hour := self.integer(i, 0, 24)) is not None:
            return hour * 3600, i + 2
        if kind == "number" and self.word(i + 1) in ("am", "pm") and (pointed := _POINTED_CLOCK.fullmatch(word)):
            return int(pointed[1]) % 12 * 3600 + int(pointed[2]) * 60 + 43200 * (self.word(i + 1) == "pm"), i + 2
        if kind != "clock":
            return None
        j = i + 1
        half = "".join(letter for letter in word if letter in "apm")
        if not half and self.word(j) in ("am", "pm"):
            half, j = self.word(j), j + 1
        # Fractions of a second and zones are left out: the time of a series is that of its place.
        parts = [int(part) for part in _CLOCK.findall(word)[0] if part]
        hour, minute, second = (*parts, 0, 0)[:3]
        if minute > 59 or second > 59 or hour > (12 if half else 24):
            return None
        hour = hour % 12 + 12 * (half == "pm") if half else hour
        if self.word(j) in ("+", "-") and self.integer(j + 1, 0, 1400) is not None and len(self.word(j + 1)) == 4:
            # "14:33:07 +0000".
            j += 2
        return hour * 3600 + minute * 60 + second, self.skip(j, "hours", "utc", "gmt", "uhr", "sharp")

    def _clock_in_words(self, i: int) -> tuple[int, int] | None:
        """ "Half past nine", "a quarter to 10 am"."""
        found = number_at(self.tokens, i + 2)
        if found is None or not 1 <= found[0] <= 12:
            return None
        minutes = (30 if self.word(i) == "half" else 15) * (1 if self.word(i + 1) == "past" else -1)
        hour, j = int(found[0]) % 12, found[1]
        hour += 12 * (self.word(j) == "pm")
        return (hour * 3600 + minutes * 60) % 86400, j + (self.word(j) in ("am", "pm"))

    def duration(self, i: int) -> tuple[float, str, int] | None:
        """A number of units of time, the unit, and the index behind it: "three days", "36-hour", "half a year"."""
        i = self.skip(i, "about", "around", "approximately", "roughly", "exactly", "full", "whole")
        counted = number_at(self.tokens, i)
        if self.words(i, "half", "a|an"):
            counted = 0.5, i + 2
        elif self.words(i, "a", "couple", "of"):
            counted = 2.0, i + 3
        if counted is None:
            if self.word(i) not in ("a", "an", "one"):
                return None
            counted = (0.5, i + 2) if self.words(i, "a", "half") else (1.0, i + 1)
        count, j = counted
        if self.words(j, "and", "a", "half"):
            count, j = count + 0.5, j + 3
        j = self.skip(j, *_OF_UNITS)
        if self.word(j) in _LONGER_UNITS:
            times, longer = _LONGER_UNITS[self.word(j)]
            return count * times, longer, j + 1
        unit = UNITS.get(self.word(j))
        if unit is None and self.word(j) == "h" and i < j and self.tokens[j - 1].stop == self.tokens[j].start:
            unit = "hour"
        # "3 points" are steps only of a series without dates: elsewhere they are an amount.
        if unit is None or count > 1e6 or (unit == "step" and not self.word(j).startswith(("step", "time", "period"))):
            return None
        j += 1
        if self.words(j, "and", "a", "half"):
            count, j = count + 0.5, j + 3
        return count, unit, j

    def _date(self, i: int) -> Found:
        """A date with a day or a month by name, behind a weekday or not."""
        weekday = self.weekday_number(i)
        if weekday is not None:
            i = self.skip(i + 1, ".", ",", "the")
        if i < len(self.tokens) and self.tokens[i].kind == "date":
            return self._digits(i)
        day = self.integer(i, 1, 31, ("number", "ordinal"))
        if day is None and ORDINALS.get(self.word(i)) and self.word(i + 1) == "of":
            day = ORDINALS[self.word(i)]
        behind = self.skip(i + 1, "of")
        if day is None and self.integer(i, 0, 999, ("ordinal",)) is not None and self.month_number(behind) is not None:
            return Span(reason="there is no such day"), behind + 1
        if day is not None:
            # Also "20-Mar-2026" and "20/Mar/2026".
            j = self.skip(i + 1, "of", "-", "/") if MONTHS.get(self.word(self.skip(i + 1, "of", "-", "/"))) else i + 1
            if self.word(i + 1) == "." and self.month_number(i + 2) and (i == 0 or self.word(i - 1) in _BEFORE_A_DOT):
                # "On 3. March".
                j = i + 2
            month = MONTHS.get(self.word(j).removesuffix("'s"))
            if month and self.tokens[j].begins_line:
                # "-10" at the end of a line, and "Feb" in the next one.
                return None
            if month is None:
                j = self._later_month(i + 1)
                month = MONTHS.get(self.word(j)) if j else None
                day_of = self.calendar_day(self._year(j + 1)[0], month, day) if month else None
                span = self._span(day_of)
                if span is not None:
                    return span, i + 1
                month = None
            # "About 5 may fail".
            said = self.word(i - 1) in _BEFORE_A_DAY or self.tokens[i].kind == "ordinal"
            said = said or (self.word(j) != "may" and (i == 0 or self.word(i - 1) in _IN_A_ROW))
            if month and (said or self.month_number(j)):
                j += self._is_abbreviated(j)
                year, end = self._year(self.skip(j + 1, "-", "/"))
                end = j + 1 if year is None else end
                span = self._span(self.calendar_day(year, month, day))
                return (span, end) if span else None
            # "The 7th and 8th".
            in_a_row = self.word(i - 1) in (",", "and", "or", "&", "+") and self._is_ordinal(i - 2)
            is_bare = self._is_ordinal(i) and self._begins_part(i) and self._is_no_noun(i + 1)
            said = self.word(i - 1) == "the" or weekday is not None or in_a_row or is_bare
            # "On Sat 16", and no "Sat 16 visitors".
            ends = i + 1 >= len(self.tokens) or self.tokens[i + 1].kind == "mark" or self.word(i + 1) in _ENDS_A_DAY
            is_plain = weekday is not None and ends and self.word(i + 1) != "%" and not self._are_hours(i)
            is_range = self.word(i + 1) == "-" and self.word(i + 2)[:1].isdecimal() and self.word(i + 3) != "%"
            is_plain = is_plain and not is_range
            if (self._is_ordinal(i) or is_plain) and said and self.word(i + 1) not in UNITS:
                first = midnight(self.axis.start).replace(day=1)
                months = [add_units(first, k, "month") for k in (-1, 0, 1, 2)]
                days = [add_units(one, day - 1, "day") for one in months if one]
                known = [one for one in days if one and one.day == day]
                # "Mon 11th" is the 11th that is a Monday; a plain number has to be one.
                fits = [one for one in known if one.weekday() == weekday]
                span = self._span(self._nearest(fits or known)) if fits or self._is_ordinal(i) else None
                return (span, i + 1) if span else None
        month = self.month_number(i)
        if month is None:
            return None
        i += self._is_abbreviated(i)
        day = self.integer(i + 1, 1, 31, ("number", "ordinal"))
        # "All of March 10% up".
        if day is not None and self.word(i + 2) not in (
            "%",
            "percent",
            "more",
            "fewer",
            "less",
            "extra",
            "additional",
        ):
            year, end = self._year(i + 2)
            span = self._span(self.calendar_day(year, month, day))
            return (span, end) if span else None
        year, end = self._year(i + 1)
        span = self._span(self._month_in(month, year), 1, "month")
        return (span, end) if span else None

    def _later_month(self, i: int) -> int:
        """The index of the month of "3, 5 and 8 May" behind its first day; 0 where there is none."""
        k = i
        while self.word(k) in (",", "and", "or", "&", "+"):
            k = self.skip(k, ",", "and", "or", "&", "+", "the")
            if self.integer(k, 1, 31, ("number", "ordinal")) is None:
                return 0
            k = self.skip(k + 1, "of")
        return k if k > i and self.month_number(k) is not None else 0

    def _month_in(self, month: int, year: int | None) -> datetime | None:
        """The first day of a month, in the year that suits the axis."""
        if year is not None:
            return datetime(year, month, 1)
        start, end = self.axis.start, self.axis.end
        years = range(max(1, start.year - 2), end.year + 2)
        months = [datetime(one, month, 1) for one in years]
        inside = [one for one in months if one < end and (add_units(one, 1, "month") or one) > start]
        return inside[0] if inside else self._nearest(months)

    def _digits(self, i: int) -> Found:
        """A date in digits; with two numbers up to 12, see `in_digits`."""
        parts = [int(part) for part in self.word(i).replace("/", "-").replace(".", "-").split("-")]
        if parts[0] > 31:
            orders = [(parts[0], parts[1], parts[2])]
        else:
            year = parts[2] + (2000 if parts[2] < 100 else 0)
            orders = [(year, parts[0], parts[1]), (year, parts[1], parts[0])]
            # With points the day is always first.
            orders = orders[1:] if "." in self.word(i) else orders
        days = []
        for year, month, day in orders:
            try:
                days.append(datetime(year, month, day))
            except ValueError:
                continue
        span = self.in_digits(days)
        return (span, i + 1) if span else None


__all__ = ["Dates", "Found"]
