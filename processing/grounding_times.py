"""One time that a text names, of any kind, and hours of the day in the sentence of a day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from .grounding_axis import Axis, Span, midnight
from .grounding_holidays import HOLIDAY_STARTS
from .grounding_points import Found
from .grounding_ranges import MOVED, Ranges
from .grounding_words import DAY_PARTS, MONTHS, ORDINALS, SMALL, TENS, TO, WEEKDAYS, Token, words

_LIES = words(
    "stay stays stayed staying remain remains remaining keep keeps kept lie lies lying hold holds held holding be is "
    "are been being was were range ranges ranging fluctuate fluctuates fluctuating vary varies varying move moves "
    "moving limited confined restricted somewhere anywhere values value level levels run runs hover hovers"
)
_CHANGES = words(
    "rise rises rose rising raise raises raised fall falls fell falling drop drops dropped increase increases "
    "increased decrease decreases decreased grow grows grew growing go goes went climb climbs decline declines change "
    "changes changed move moves moved shift shifts shifted up down cut reduced lowered is are be at"
)
# Words behind a time that say that it, or its end, is not meant.
LEFT_OUT = words("exclusive exclusively excluded excepted")
# Words that a window may begin with, beside those of days, months and numbers.
_STARTERS = (
    words(
        "a about across after all alternate an around as at before beginning between biweekly business by calendar "
        "close commencing current cw daily day days during each early effective end entire every exactly final first "
        "following for fortnightly from h henceforth hour hours in indefinitely initial iso kw last "
        "lasting late later latest mid middle midday midnight month months next no noon of on opening over past "
        "period periods permanently post preceding previous prior q quarter quarters remainder rest roughly since "
        "start starting step steps subsequent the this through throughout till timestep timesteps today tomorrow "
        "tonight until up upcoming w week weekday weekdays weekend weekends weeks within working workdays year years "
        "yesterday coming"
    )
    | HOLIDAY_STARTS
    | set(MONTHS)
    | {f"{month}'s" for month in MONTHS}
    | set(WEEKDAYS)
    | {f"{day}s" for day in WEEKDAYS}
    | {f"{day}'s" for day in WEEKDAYS}
    | set(DAY_PARTS)
    | set(SMALL)
    | set(TENS)
    | set(ORDINALS)
)


class Times(Ranges):
    """Reader of one time in the tokens of a text; see [`Dates`]."""

    def __init__(self, tokens: list[Token], axis: Axis, taken: Sequence[bool]):
        super().__init__(tokens, axis, taken)
        # The hours of the last time that had some.
        self.hours: tuple[int, int] | None = None

    def _without_ends(self, span: Span, j: int) -> Found:
        """A range of days without its last one or both, where that is said: "until Friday (exclusive)"."""
        k = self.skip(j, ",", "(")
        both = self.words(k, "both", "days|ends|dates")
        k += 2 * both
        k += 2 if self.words(k, "not", "included") else self.word(k) in LEFT_OUT
        ends = k >= len(self.tokens) or self.tokens[k].kind == "mark"
        if span.recurs:
            # "Saturdays excepted" is an exception itself.
            return None
        if not ends or self.word(k - 1) not in LEFT_OUT | {"included"} or self.axis.left is None:
            return None
        day, least = timedelta(days=1), timedelta(days=2 + both)
        if span.start is None or span.stop is None or span.stop - span.start < least or span.clock is not None:
            return Span(reason="what is left out of it is not understood"), self.skip(k, ")")
        return replace(span, start=span.start + both * day, stop=span.stop - day), self.skip(k, ")")

    def _window(self, i: int) -> Found:
        kind = self.tokens[i].kind if i < len(self.tokens) and not self.taken[i] else "mark"
        if kind == "mark" or (kind == "word" and self.tokens[i].word not in _STARTERS):
            return None
        if self.word(i) == "over" and i > 0 and self.tokens[i - 1].kind == "number":
            # "10 over on the 21st".
            return None
        if (
            self.word(i) == "of"
            and i > 0
            and (self.weekday_number(i - 1) is not None or self.weekday_number(i - 1, plural=True) is not None)
        ):
            # "The last but one Friday of March".
            found = self.point(i + 1)
            return (Span(reason="it is not said which of them it is"), found[1]) if found else None
        for read in (
            self._steps,
            self._horizon,
            self.since_event,
            self._from_now_on,
            self.behind_event,
            self._recurring,
            self._open_nth,
            self._counted_window,
            self._nth,
            self._offset,
            self._part_of_day,
            self._hours_of_a_day,
            self._hours_behind_a_day,
            self._same_hours,
            self._range,
            self._open,
            self._lasting,
        ):
            found = read(i)
            if found is not None:
                return self._without_ends(*found) or found
        return None

    def _hours_of_a_day(self, i: int) -> Found:
        """ "From 22 to 6 on Monday", "9 to 5 on Tuesday"; what rises from 9 to 17 on Monday is an amount."""
        found = self.plain_hours(i)
        # "Stays between 7 and 9 on Tuesday" tells values; of a day as a whole so does "between 7 and 9".
        of_values = self.word(i) == "between" and (self.word(i - 1) in _LIES or not self._is_within_days())
        if found is None or self.word(i - 1) in _CHANGES or of_values or self.word(found[1]) != "on":
            return None
        day = self._window(found[1])
        if day and self.word(i - 1) == "from" and self.word(i - 2) in MOVED:
            return Span(reason="it is not said when it is then"), day[1]
        both = found[0].within(day[0]) if day else None
        return (both, day[1]) if day and both else None

    def _hours_behind_a_day(self, i: int) -> Found:
        """ "20% more from 8 to 10", "before 6 am" in the sentence of a day; what rises from 8 to 10 is an amount."""
        if not self._is_within_days():
            return None
        if (opened := self._open_hours(i)) is not None:
            hours, k = opened
            named = self.point(k + 1) if self.word(k) == "on" and self.word(i) in ("before", "after") else None
            if named is not None and self._is_day(named[0]):
                return named[0].within(hours) or named[0], named[1]
            same = self.skip(k, "on", "the")
            is_same = self.words(same, "that|same", "day")
            days = self.days_before(i, in_sentence=not (is_same or self.word(i - 1) == ";"))
            is_open = self.word(i) in ("before", "after") or self.word(k - 1) in ("on", "onward", "onwards")
            if days is not None and (is_same or is_open):
                self.told_hours = i
                return days.within(hours) or days, same + 2 if is_same else k
        before = self.word(i - 1)
        begins = i > 0 and (
            self.tokens[i - 1].kind == "mark" or before in ("and", "then", "but", "while", "afterwards")
        )
        if self.days_before(i, in_sentence=not begins) is None or self.word(i) not in ("from", "between"):
            return None
        is_by = before in ("up", "down") and self._is_amount(i - 2 - (self.word(i - 2) == "%"))
        is_value = (before in _CHANGES and not is_by) or before in _LIES
        return None if is_value else self.plain_hours(i)

    @staticmethod
    def _hours_of(span: Span) -> tuple[int, int] | None:
        """The hours of the day that a time is, in seconds after midnight; None where it is no part of a day."""
        day = timedelta(days=1)
        if span.clock or span.start is None or span.stop is None or not timedelta() < span.stop - span.start < day:
            return span.clock
        first, last = (time - midnight(time) for time in (span.start, span.stop))
        return int(first.total_seconds()), int(last.total_seconds())

    def _same_hours(self, i: int) -> Found:
        """ "In those hours", "between the same hours": of the time before that had some."""
        j = self.skip(i, "in", "during", "between", "over", "at")
        k = self.skip(j, "the", "those", "these", "same")
        if k == j or self.words(j, "the", "hours|times") or self.word(k) not in ("hours", "times") or not self.hours:
            return None
        return Span(clock=self.hours), k + 1

    def _open_hours(self, i: int) -> Found:
        """ "After 6 pm", "before 8 am", "from 13:00 on" behind a day, until its end or from its beginning."""
        j = self.skip(i, ",")
        ends = self.word(j) in ("before", "until", "till", "by")
        at = self.clock(j + 1) if ends or self.word(j) in ("after", "from", "since") else None
        if at is None or self.word(at[1]) in TO | {"and"} or not self._is_within_days():
            return None
        return Span(clock=(0, at[0]) if ends else (at[0], 86400)), self.skip(at[1], "on", "onward", "onwards")

    def _is_within_days(self) -> bool:
        """Whether a step is shorter than a day."""
        return self.axis.left is not None and self.axis.step < np.timedelta64(1, "D")

    def _from_now_on(self, i: int) -> Found:
        """ "Until further notice", "permanently": the whole horizon."""
        if self.words(i, "until|till", "further", "notice") or self.words(i, "for", "the", "foreseeable"):
            k = i + 3 + (self.word(i + 3) == "future")
        elif self.word(i) in ("henceforth", "permanently", "indefinitely"):
            k = i + 1
        else:
            return None
        return Span(steps=(0, self.axis.horizon)), k

    def _part_of_day(self, i: int) -> Found:
        """ "The morning of 20 March", "in the night of 20 to 21 March"."""
        j = self.skip(i, "on", "in", "during", "the")
        part = DAY_PARTS.get(self.word(j))
        if part is None or self.axis.left is None or not self.words(j + 1, "of|on"):
            return None
        k = self.skip(j + 2, "the")
        day = self.point(k) or self._shared_month(k)
        if day is None or day[0].start is None:
            return None
        first = Span(day[0].start, day[0].start + timedelta(days=1))
        span = first.within(Span(clock=(part[0] * 3600, part[1] * 3600)))
        return (span, day[1]) if span else None


__all__ = ["LEFT_OUT", "Times"]
