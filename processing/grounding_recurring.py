"""Hours of the day, and windows that recur."""

from dataclasses import replace

from .grounding_axis import Span
from .grounding_points import Found, Points
from .grounding_words import (
    DAY_PARTS,
    TO,
    WEEKEND,
    WORKDAYS,
    words,
)

_EVERY = words("every each")


class Recurring(Points):
    """Reader of hours and of windows that recur in the tokens of a text; see [`Dates`]."""

    def _recurring(self, i: int) -> Found:
        """ "Every Monday", "on weekends", "daily", "each day between 9:00 and 17:00", "in the mornings"."""
        if self.axis.left is None:
            return None
        j = self.skip(i, "on", "the", "in", "at", "during")
        word, every = self.word(j), self.word(j) in _EVERY
        if every:
            weekday = self.weekday_number(j + 1)
            if weekday is not None:
                k = self.skip(j + 3, "every", "each")
                if self.word(j + 2) == "and" and (more := self.weekday_number(k)) is not None:
                    return Span(weekdays=frozenset({weekday, more}), recurs=True), k + 1
                return Span(weekdays=frozenset({weekday}), recurs=True), j + 2
            if self.word(j + 1) in ("weekend", "weekday", "workday") or self.words(j + 1, "working|business", "day"):
                group = WEEKEND if self.word(j + 1) == "weekend" else WORKDAYS
                return Span(weekdays=group, recurs=True), j + 2 + (self.word(j + 2) == "day")
            if self.word(j + 1) in DAY_PARTS:
                return self._clocked(self._part(self.word(j + 1)), j + 2)
            if self.word(j + 1) == "day":
                return self._clocked(Span(recurs=True), j + 2)
            return None
        if word == "daily":
            # "Daily sales" is not a window.
            found = self._clocked(Span(recurs=True), j + 1)
            return found if found and found[0].clock else None
        if word in ("weekends", "weekdays", "workdays"):
            return Span(weekdays=WEEKEND if word == "weekends" else WORKDAYS, recurs=True), j + 1
        plural = self.weekday_number(j, plural=True)
        if plural is not None:
            days, k = {plural}, j + 1
            if self.word(k) in ("and", "or") and (more := self.weekday_number(k + 1, plural=True)) is not None:
                days, k = {plural, more}, k + 2
            return Span(weekdays=frozenset(days), recurs=True), k
        if word in DAY_PARTS and word != "night" and (word.endswith("s") or word == "overnight"):
            return self._clocked(self._part(word), j + 1)
        hours = self._hours(j)
        if hours is not None and self._says_daily(hours[1]):
            return replace(hours[0], recurs=True), self._says_daily(hours[1])
        return None

    def _part(self, word: str) -> Span:
        first, last = DAY_PARTS[word]
        return Span(clock=(first * 3600, last * 3600), recurs=True)

    def _clocked(self, span: Span, j: int) -> Found:
        """A recurring span, held to the hours that follow."""
        hours = self._hours(self.skip(j, ",", "in"))
        if hours is not None:
            return replace(span, clock=hours[0].clock, recurs=True), hours[1]
        return span, j

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
            # "From 9 to 11 am", "between 22 and 24 h".
            hour, last = self.integer(j, 0, 24), self.clock(j + 2)
            if hour is not None and last is not None:
                half = 12 if last[0] > 43200 and hour < 12 and hour * 3600 + 43200 < last[0] else 0
                return Span(clock=((hour + half) * 3600, last[0])), last[1]
        if first is None or self.word(first[1]) not in TO | {"and"}:
            return None
        last = self.clock(first[1] + 1)
        return (Span(clock=(first[0], last[0])), last[1]) if last else None


__all__ = ["Recurring"]
