"""Hours of the day, and windows that recur."""

import re
from dataclasses import replace

from .grounding_axis import Span
from .grounding_points import Found, Points
from .grounding_words import (
    DAY_PARTS,
    SERIES,
    SMALL,
    TO,
    UNITS,
    WEEKEND,
    WORKDAYS,
    words,
)

_EVERY = words("every each")
# Words of a single weekend.
_ONE = words("the this next last that coming following per")
_ALTERNATE = words("other second third fourth 2nd 3rd 4th")
_PERIODICALLY = words("biweekly fortnightly bimonthly")
# First and last weekday that are said of every week.
_STRETCHES = {(0, 4), (0, 5), (0, 6), (0, 3), (5, 6)}
# What an amount, and no hour, is of.
_AMOUNTS = words(
    "% percent units unit orders items pieces visitors customers calls people points degrees mw kw kwh mwh gw euros "
    "dollars cars trips passengers bikes per"
)
_PLAIN_HOUR = re.compile(r"([01]?[0-9]|2[0-4])(?:(?:\.|(?<=[0-9]{2}))([0-5][0-9]))?")
_UNKNOWN_PHASE = "it is not said on which of them it begins"


class Recurring(Points):
    """Reader of hours and of windows that recur in the tokens of a text; see [`Dates`]."""

    def _recurring(self, i: int) -> Found:
        """ "Every Monday", "on weekends", "daily", "each day between 9:00 and 17:00", "in the mornings"."""
        if self.axis.left is None:
            return None
        j = self.skip(i, "on", "the", "in", "at", "during")
        # "On any weekday", and not "any day now".
        every = self.word(j) in _EVERY or (self.word(j) == "any" and self.word(j + 1) != "day")
        word = self.word(j)
        for read in (self._alternating, self._stretch_of_weeks, self._parts_of_days):
            found = read(j)
            if found is not None:
                return found
        if every:
            month = self.month_number(j + 1)
            if month is not None:
                return Span(months=frozenset({month}), recurs=True), j + 2
            weekday = self.weekday_number(j + 1)
            if weekday is not None:
                k = self.skip(j + 3, "every", "each")
                if self.word(j + 2) == "and" and (more := self.weekday_number(k)) is not None:
                    return Span(weekdays=frozenset({weekday, more}), recurs=True), k + 1
                return self._in_part(Span(weekdays=frozenset({weekday}), recurs=True), j + 2)
            if self.word(j + 1) in ("weekend", "weekday", "workday") or self.words(j + 1, "working|business", "day"):
                group = WEEKEND if self.word(j + 1) == "weekend" else WORKDAYS
                return self._in_part(Span(weekdays=group, recurs=True), j + 2 + (self.word(j + 2) == "day"))
            if self.word(j + 1) in DAY_PARTS:
                return self._clocked(self._part(self.word(j + 1)), j + 2)
            if self.word(j + 1) == "day":
                return self._clocked(Span(recurs=True), j + 2)
            return None
        if word in ("daily", "nightly"):
            # "Daily sales" is not a window.
            found = self._clocked(Span(recurs=True), j + 1)
            return found if found and found[0].clock else None
        if word in ("weekends", "weekdays", "workdays"):
            return self._clocked(Span(weekdays=WEEKEND if word == "weekends" else WORKDAYS, recurs=True), j + 1)
        if word in ("weekday", "weekend") and j == i and self.word(i - 1) not in _ONE and self.word(j + 1) in SERIES:
            # "Weekend sales".
            return Span(weekdays=WEEKEND if word == "weekend" else WORKDAYS, recurs=True), j + 1
        if self.words(j, "working|business|week", "days"):
            return self._clocked(Span(weekdays=WORKDAYS, recurs=True), j + 2)
        j = self.skip(j, "all")
        plural = self.weekday_number(j, plural=True)
        if plural is not None:
            days, k = {plural}, j + 1
            if self.word(k) in ("and", "or") and (more := self.weekday_number(k + 1, plural=True)) is not None:
                days, k = {plural, more}, k + 2
            return Span(weekdays=frozenset(days), recurs=True), k
        if word in DAY_PARTS and word != "night" and (word.endswith("s") or word == "overnight"):
            return self._clocked(self._part(word), j + 1)
        if word == "night" and self.word(j - 1) == "at" and self.word(j + 1) != "than":
            return self._part(word), j + 1
        hours = self._hours(j)
        if hours is not None and self._says_daily(hours[1]):
            return replace(hours[0], recurs=True), self._says_daily(hours[1])
        return None

    def _alternating(self, j: int) -> Found:
        """ "Every other Monday", "every second week", "every 6 hours", "on alternate days", "biweekly": not known."""
        if self.word(j) in _PERIODICALLY:
            return Span(reason=_UNKNOWN_PHASE), j + 1
        if self.word(j) == "alternate":
            return Span(reason=_UNKNOWN_PHASE), j + 2
        if self.word(j) not in _EVERY:
            return None
        counted = self.duration(j + 1)
        if counted is not None and counted[0] > 1:
            k = counted[2]
        elif self.word(j + 1) in _ALTERNATE and (
            self.weekday_number(j + 2) is not None or self.word(j + 2) in UNITS or self.word(j + 2) == "weekend"
        ):
            k = j + 3
        else:
            return None
        # "Every two weeks on Friday".
        behind = self.skip(k, "on", "a", "starting", "beginning", "from")
        named = self.point(behind) if behind > k else None
        return Span(reason=_UNKNOWN_PHASE), named[1] if named else k

    def _stretch_of_weeks(self, j: int) -> Found:
        """ "Monday to Friday" and "Sat-Sun" of every week."""
        first, last = self.weekday_number(j), self.weekday_number(j + 2)
        plural = self.weekday_number(j, plural=True), self.weekday_number(j + 2, plural=True)
        if plural[0] is not None and plural[1] is not None:
            first, last = plural
        if first is None or last is None or self.word(j + 1) not in TO or self.word(j - 1) in ("from", "between"):
            return None
        behind = self.skip(j + 3, ",", "of", "in")
        one_week = self.word(behind) in ("next", "this", "last", "the", "coming") or self.integer(behind, 1, 31)
        clocked = self._clocked(Span(recurs=True), j + 3)
        is_clocked = clocked is not None and clocked[0].clock is not None
        every_week = is_clocked or plural[0] is not None
        if not every_week and (one_week or (first, last) not in _STRETCHES):
            return None
        days = frozenset(day % 7 for day in range(first, first + (last - first) % 7 + 1))
        return self._clocked(Span(weekdays=days, recurs=True), j + 3)

    def _parts_of_days(self, j: int) -> Found:
        """ "Weekend mornings", "Monday evenings"."""
        part = self.word(j + 1)
        if part not in DAY_PARTS or not part.endswith("s"):
            return None
        weekday = self.weekday_number(j)
        groups = {"weekend": WEEKEND, "weekday": WORKDAYS, "workday": WORKDAYS}
        days = groups.get(self.word(j)) if weekday is None else frozenset({weekday})
        return (replace(self._part(part), weekdays=days), j + 2) if days else None

    def _in_part(self, span: Span, j: int) -> Found:
        """A recurring span, held to the part of the day that follows: "every Sunday night"."""
        part = DAY_PARTS.get(self.word(j))
        return (span, j) if part is None else (replace(span, clock=(part[0] * 3600, part[1] * 3600)), j + 1)

    def _part(self, word: str) -> Span:
        first, last = DAY_PARTS[word]
        return Span(clock=(first * 3600, last * 3600), recurs=True)

    def _clocked(self, span: Span, j: int) -> Found:
        """A recurring span, held to the hours that follow."""
        k = self.skip(j, ",", "in")
        hours = self._hours(k) or self.plain_hours(k)
        if hours is not None:
            return replace(span, clock=hours[0].clock, recurs=True), hours[1]
        return span, j

    def plain_hours(self, i: int) -> Found:
        """Hours in numbers alone behind a day: "between 9 and 17", "9-17", "from 9 to 5", "from 18.00 to 22.00"."""
        j = self.skip(i, "from", "between")
        first, last = self._plain_hour(j), self._plain_hour(j + 2)
        if first is None or last is None or first == last or self.word(j + 1) not in TO | {"and"}:
            return None
        if (self.word(j + 1) == "and" and j == i) or self.word(j + 3) in _AMOUNTS or self.word(j + 3)[:1].isdecimal():
            return None
        if self.month_number(self.skip(j + 3, "of")) is not None:
            # "Weekdays from 8 to 12 March".
            return None
        if last < first <= 12 * 3600:
            # "From 9 to 5".
            last += 12 * 3600
        return Span(clock=(first, last)), self.skip(j + 3, "hours", "h", "uhr")

    def _plain_hour(self, i: int) -> int | None:
        if i >= len(self.tokens) or self.tokens[i].kind != "number":
            return None
        match = _PLAIN_HOUR.fullmatch(self.word(i))
        return None if match is None else 3600 * int(match[1]) + 60 * int(match[2] or 0)

    def _says_daily(self, j: int) -> int:
        """The index behind "every day", "each day", "daily", "on each day"; 0 where it does not follow."""
        j = self.skip(j, ",", "on", "of")
        if self.word(j) in _EVERY and self.word(j + 1) in ("day", "night", "morning", "evening", "afternoon"):
            return j + 2
        return j + 1 if self.word(j) == "daily" else 0

    def _hours(self, i: int) -> Found:
        """Hours of the day: "from 9:00 to 17:00", "between 10 am and 2 pm", "9 to 5 pm"."""
        j = self.skip(i, "from", "between", "the", "hours", "of")
        first = self.clock(j)
        if first is None and self.word(j + 1) in TO | {"and"}:
            # "From 9 to 11 am", "between 22 and 24 h", "9.30-11.30 am".
            start, last = self._plain_hour(j), self.clock(j + 2)
            if start is not None and last is not None:
                half = 43200 if start < 43200 and start + 43200 < last[0] else 0
                return Span(clock=(start + half, last[0])), last[1]
        if first is None or self.word(first[1]) not in TO | {"and"}:
            return None
        last = self.clock(first[1] + 1)
        word = SMALL.get(self.word(first[1] + 1), 0)
        if last is None and self.word(j) in ("noon", "midday", "midnight") and 0 < word <= 12:
            # "From noon to one".
            last = (word * 3600 + first[0]) % 86400, first[1] + 2
        hour = self._plain_hour(first[1] + 1) if last is None and self.word(j + 1) == "in" else None
        if hour is not None:
            # "From 3 in the afternoon until 5".
            last = hour + 43200 * (hour <= first[0]), first[1] + 2
        return (Span(clock=(first[0], last[0])), last[1]) if last else None


__all__ = ["Recurring"]
