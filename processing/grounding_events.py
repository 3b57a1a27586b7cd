"""Times that are told by an event that was named before: "from then on", "until 11:00", "the day after it"."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from .grounding_axis import Axis, Span, add_units, midnight
from .grounding_points import Found
from .grounding_recurring import Recurring
from .grounding_words import DAY_PARTS, UNITS, Token, words

# Tokens between an event and what is told by it, between a day and hours of it, and words of the noun of an event.
_NEAR, _NEAR_DAY, _LONGEST_NOUN = 25, 60, 4
# Words of a start, and tokens from one to the end of its time.
_STARTS, _LONGEST_START = words("starts start begins begin launch launches launched starting beginning"), 8
SENTENCE_ENDS = frozenset((".", "!", "?", ";"))


class Events(Recurring):
    """Reader of these times in the tokens of a text; see [`Dates`].

    Attributes:
        before: the last window and the index behind it; None behind several times in a row.
        latest: the same, also the last one of such a row.
        told_by: index of the last time that was told by it.
        days: those of the last time, and the index behind it.
        days_are_whole: whether they were told without hours.
        told_hours: index of the last hours that are of them.
        beside: the last "day before" or "day after", whether it was the latter, and of which time.
        told_the: the time that the last window was a weekday of, "the Saturday", for "and Sunday" behind it.
        tells_the: the same of the window that is read.
    """

    def __init__(self, tokens: list[Token], axis: Axis, taken: Sequence[bool]):
        super().__init__(tokens, axis, taken)
        self.before: tuple[Span, int] | None = None
        self.latest: tuple[Span, int] | None = None
        self.days: tuple[Span, int] | None = None
        self.days_are_whole = False
        self.told_by = self.told_hours = -1
        self.beside: tuple[Span, bool, Span] | None = None
        self.told_the: Span | None = None
        self.tells_the: Span | None = None

    def event_before(self, i: int, latest: bool = False) -> Span | None:
        """A day, a moment or a stretch of the horizon that was named shortly before: "a pump fails on 28 May; ..."."""
        before = self.latest if latest else self.before
        if before is None or before[1] < i - _NEAR:
            return None
        span = before[0]
        is_once = span.start is not None and span.stop is not None and not (span.weekdays or span.clock or span.months)
        if not is_once or span.reason:
            return None
        assert span.start is not None and span.stop is not None
        return span if span.stop > self.axis.start or span.start >= self.axis.start else None

    def in_sentence_of_event(self, i: int) -> bool:
        """Whether no sentence ends between the event and an index."""
        return self.before is not None and not any(self.word(k) in SENTENCE_ENDS for k in range(self.before[1], i))

    def since_event(self, i: int) -> Found:
        """ "From then on", "from that day", "thereafter"."""
        j = i + 1 if self.word(i) == "thereafter" else 0
        if self.words(i, "from", "then") or self.words(
            i, "from", "that", "day|moment|date|time|point|week|month|hour"
        ):
            j = self.skip(i + 2 + (self.word(i + 1) == "that"), "on", "onward", "onwards", "forward")
        event = self.event_before(i) or self._opened_before(i) if j else None
        if event is None:
            return None
        self.told_by = i
        first = self.since(event) if event.stop is not None else event.start
        is_until = self.word(j) in ("until", "till", "to")
        last, at = (self.point(j + 1), self.clock(j + 1)) if is_until else (None, None)
        if last is None and at is not None and first is not None and self.axis.left is not None:
            # "The pump stops at 10:00 on Tuesday. From then until 14:00".
            stop = midnight(first) + timedelta(seconds=at[0])
            return Span(first, stop + timedelta(days=int(stop <= first))), at[1]
        return (Span(first, last[0].stop), last[1]) if last else (Span(first, None), j)

    def _opened_before(self, i: int) -> Span | None:
        """A time without an end that was named shortly before: "stops from 21 March. From then on ..."."""
        span = self.before[0] if self.before is not None and self.before[1] >= i - _NEAR else None
        return span if span is not None and span.start is not None and span == Span(span.start) else None

    def of_weekday_before(self, i: int) -> Span | None:
        """ "The Saturday" of a range that was named before, or behind a day; a weekday of a week in its sentence."""
        before = self.event_before(i, latest=True)
        event, weekday = (before and self.told_the) or before, self.weekday_number(i)
        if event is None or weekday is None or event.start is None or event.stop is None:
            return None
        days = (event.stop - event.start).days
        of_week = days == 7 and self.in_sentence_of_event(i)
        # "105 on Monday 18 March, then 95 on Tuesday".
        assert self.latest is not None
        behind = days == 1 and not any(self.word(k) in (".", "!", "?") for k in range(self.latest[1], i))
        by_the = self.word(i - 1) == "the" or (self.word(i - 1) == "and" and self.told_the is not None)
        if not (by_the or of_week or behind):
            return None
        if self.words(i + 1, "before|between|preceding") and not (
            i + 2 < len(self.tokens) and self.tokens[i + 2].kind == "number"
        ):
            return Span(reason="it is not said which one it is")
        self.tells_the = event if by_the else None
        first = event.start
        day = midnight(first) + timedelta(days=(weekday - first.weekday()) % 7)
        # Behind one day it is the next one, or that day itself; behind Monday to Friday the weekend.
        if not by_the and day >= self.axis.end:
            # "Wednesday ...; and on Tuesday": the one of the horizon.
            return None
        is_near = days <= 1 or day < event.stop or (by_the and days < 7)
        return Span(day, day + timedelta(days=1)) if is_near else None

    def behind_event(self, i: int) -> Found:
        """ "The following day", "the next week", "the day after", "the weekend before that": beside the event."""
        j = self.skip(i, "on", "in", "during", "over", "at")
        is_beside = self.words(j, "the", "day|week|weekend|month", "before|after")
        is_next = self.words(j, "the", "following|next", "weekend") or self.words(
            j, "the", "day|week|weekend|month", "that", "follows"
        )
        if (is_beside or is_next) and (beside := self._beside_event(i, j)) is not None:
            return beside
        if (day := self._day_behind(i, j)) is not None:
            return day
        lasting = self.duration(j + 2) if self.words(j, "the", "following|next") else None
        behind = self.duration(j + 1) if lasting is None and self.word(j) == "the" else None
        if behind is not None and self.word(behind[2]) in ("after", "following") and self.is_end(behind[2] + 1):
            # "On 12 March and the two days after, ...".
            lasting = behind[0], behind[1], behind[2] + 1
        told = self.event_before(i) if lasting and self.in_sentence_of_event(i) else None
        if (
            lasting is not None
            and told is not None
            and told.stop is not None
            and lasting[1] in ("day", "week", "month")
        ):
            # "The following three days".
            self.told_by = i
            return Span(told.stop, add_units(told.stop, lasting[0], lasting[1])), lasting[2]
        unit = UNITS.get(self.word(j + 2))
        units = ("day", "week", "month")
        if not self.words(j, "the", "following|next") or unit not in units or self.word(j + 2).endswith("s"):
            return None
        event = self.event_before(i)
        stop = add_units(event.stop, 1, unit) if event is not None and event.stop is not None else None
        if event is None or stop is None:
            return None
        self.told_by = i
        return Span(event.stop, stop), j + 3

    def _day_behind(self, i: int, j: int) -> Found:
        """ "The following Monday" behind an event, and "on the first day" of one of several, at an index j."""
        event = self.event_before(i, latest=True)
        if event is None or event.start is None or event.stop is None or self.word(j) != "the":
            return None
        weekday, day, one = self.weekday_number(j + 2), midnight(event.stop), timedelta(days=1)
        if self.word(j + 1) in ("following", "next") and weekday is not None:
            self.told_by = i
            first = day + timedelta(days=(weekday - day.weekday()) % 7)
            return Span(first, first + one), j + 3
        if self.words(j + 1, "first|last", "day") and self.word(j + 3) != "of" and event.stop - event.start > one:
            self.told_by = i
            first = midnight(event.start) if self.word(j + 1) == "first" else day - one
            return Span(first, first + one), j + 3
        return None

    def _beside_event(self, i: int, j: int) -> Found:
        """ "The day after", "the weekend before that", "the weekend that follows" at an index j: beside the event."""
        event, is_later = self.event_before(i), self.word(j + 2) != "before"
        k = self.skip(j + 3, "that", "it", "this", "follows")
        if self.beside is not None and self.beside[:2] == (event, not is_later) and k == j + 3:
            # "The day before: ... The day after: ..." are beside one day.
            event = self.beside[2]
        is_next = self.words(j + 1, "following|next")
        before = self.before[0] if event is None and self.before is not None and self.before[1] >= i - _NEAR else None
        if before is not None and before.weekdays and before.start and before.stop:
            # "On weekdays from 11 to 15 March, and at the weekend that follows".
            event = Span(before.start, before.stop)
        # "The day after 110".
        ends = self.is_end(k) or (self.tokens[k].kind == "number" and self.point(k) is None)
        if event is None or event.start is None or event.stop is None or not (k > j + 3 or is_next or ends):
            return None
        self.told_by = i
        unit = self.word(j + 1 + is_next)
        day = midnight(event.stop if is_later else event.start)
        if unit == "weekend":
            # The first that begins behind it, or the last that ends before it.
            first = day + timedelta(days=(5 - day.weekday()) % 7 if is_later else -day.weekday() - 2)
            length = timedelta(days=2)
        elif unit == "month":
            first = day if is_later else add_units(day, -1, "month") or day
            length = (add_units(first, 1, "month") or first) - first
        else:
            length = timedelta(days=7 if unit == "week" else 1)
            first = day if is_later else day - length
        found = Span(first, first + length)
        self.beside = found, is_later, event
        return found, k

    def is_end(self, i: int) -> bool:
        """Whether a mark, or the end of the text, stands at an index."""
        return i >= len(self.tokens) or self.tokens[i].kind == "mark"

    @staticmethod
    def since(event: Span) -> datetime | None:
        """When what an event brings about begins: with a moment, a day or a month, and behind any other stretch."""
        units = (add_units(event.start, 1, unit) for unit in ("day", "month")) if event.start else ()
        return event.start if event.start == event.stop or event.stop in units else event.stop

    def until_clock(self, i: int, k: int) -> Found:
        """ "Until 11:00", at index k, of the day of the event, or of the next one where that is over."""
        at, event = self.clock(k), self.event_before(i)
        if at is None or event is None or event.start is None or self.axis.left is None:
            return None
        begin = self.end_before_then(i) or event.start
        stop = midnight(begin) + timedelta(seconds=at[0])
        self.told_by = i
        return Span(begin, stop + timedelta(days=int(stop <= begin))), at[1]

    def end_before_then(self, i: int) -> datetime | None:
        """When a time ends that "then until 10 March" goes on from: "closed on the 4th, then 10 % down until"."""
        if self.latest is None or self.latest[1] < i - _NEAR:
            return None
        said = [self.word(k) for k in range(self.latest[1], i)]
        return self.latest[0].stop if "then" in said and not SENTENCE_ENDS & set(said) else None

    def begin_before(self, i: int) -> datetime | None:
        """When something starts of which "until 22 March" tells the end: "the promotion starts on 18 March; ..."."""
        told = self.event_before(i, latest=True)
        if told is None or self.latest is None:
            return None
        before = range(max(self.latest[1] - _LONGEST_START, 0), self.latest[1])
        return told.start if any(self.word(k) in _STARTS for k in before) else None

    def days_before(self, i: int, in_sentence: bool = False) -> Span | None:
        """The days that the last time was of, for hours that are told behind it."""
        if self.days is None or self.days[1] < i - _NEAR_DAY:
            return None
        is_away = in_sentence and any(self.word(k) in SENTENCE_ENDS for k in range(self.days[1], i))
        return None if is_away else self.days[0]

    def on_days_before(self, span: Span, i: int) -> Span:
        """Hours that are told behind their days: "on 28 May there is an outage between 15:00 and 18:00"."""
        # A moment alone may be one of something else: "before the opening at 9:00".
        # "From midnight to midnight" is a day.
        is_range = span.clock is not None and not 0 < (span.clock[1] - span.clock[0]) % 86400 <= 60
        is_moment = span.clock is not None and not is_range and self.word(i) == "at"
        is_range = is_range or (is_moment and self.days_before(i, in_sentence=True) is not None)
        is_plain = is_range and not (span.start or span.stop or span.weekdays or span.months or span.steps)
        if span.recurs:
            # "On Tuesday, mornings are 10% up and evenings 5% down".
            is_plain = is_plain and self.word(i) in DAY_PARTS and not self.days_are_whole
        days = self.days_before(i, in_sentence=span.recurs) if is_plain else None
        if days is None:
            return span
        self.told_hours = i
        if self.days_before(i, in_sentence=True) is not None and self.days_are_whole:
            self.told_by = i
        return days.within(span) or span

    def days_of(self, row: Sequence[Span]) -> Span | None:
        """The days that times in a row are of: one, several within a week, a range, or those that recur."""
        only = row[0]
        if any(one.reason or one.months or one.steps for one in row):
            return None
        if len(row) == 1 and (only.recurs or only.weekdays):
            return replace(only, clock=None)
        days = []
        for one in row:
            if one.start is None or one.stop is None or one.weekdays or one.clock or one.stop <= self.axis.start:
                return None
            if one.stop - one.start > timedelta(days=1):
                is_range = len(row) == 1 and one.start == midnight(one.start) and one.stop == midnight(one.stop)
                return one if is_range else None
            # The day that it ends in.
            days.append(midnight(max(one.start, one.stop - timedelta(microseconds=1))))
        first, last = min(days), max(days)
        if last - first >= timedelta(days=7):
            return None
        weekdays = frozenset(day.weekday() for day in days)
        return Span(first, last + timedelta(days=1), None if len(weekdays) == (last - first).days + 1 else weekdays)

    def named_event(self, k: int, dated: bool) -> Found:
        """ "The festival on 20 July" at an index; "it" is the event that was named before.

        A noun without a date is it, too, but for `dated`: "following the opening of a rival" is a reason.
        """
        if self.word(k) in ("it", "that", "this") and (event := self.event_before(k)) is not None:
            return event, k + 1
        first = self.skip(k, "the", "our", "its", "this")
        if first == k:
            return None
        for behind in range(first + 1, first + 1 + _LONGEST_NOUN):
            if not all(self.word(n).isalpha() for n in range(first, behind)):
                break
            if self.word(behind) in ("on", "in", "at", "of") and (point := self.point(behind + 1)) is not None:
                return point
        event = None if dated else self.event_before(k)
        return None if event is None else (event, first + 1)


__all__ = ["SENTENCE_ENDS", "Events"]
