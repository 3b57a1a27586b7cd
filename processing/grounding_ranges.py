"""Times from one point to another, with an open end, and of a length: "from 3 to 9 March", "until Friday"."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from .grounding_axis import FAR, Axis, Span, add_units, midnight
from .grounding_holidays import holiday
from .grounding_offsets import Offsets
from .grounding_points import Found
from .grounding_words import TO, Token, words

# Words behind a number that is no day.
_OF_AN_AMOUNT = words("% percent more fewer less extra additional higher lower up down sales orders visitors calls")
# Words of what takes place at the end of "from 8 to 12 March" alone.
MOVED = words("move moves moved moving postponed rescheduled shifted delayed")
# The longest time from a day to one of the next month whose month alone is said: "28 to 2 April", and no "8-7 March".
_LONGEST_TO_NEXT_MONTH = timedelta(days=20)
# Words of an open time that begins with what they name, and not behind it.
_AT_ITS_START = words("since as effective no")
# Tokens behind an event in which "that day" is that of the event.
_SAME_DAY = 10


class Ranges(Offsets):
    """Reader of these times in the tokens of a text; see [`Dates`]."""

    def __init__(self, tokens: list[Token], axis: Axis, taken: Sequence[bool]):
        super().__init__(tokens, axis, taken)
        # The token of a duration that the open time before it has.
        self.bounded_by = -1

    @staticmethod
    def _is_day(span: Span) -> bool:
        return bool(span.start and span.stop and span.stop - span.start == timedelta(days=1))

    def _range(self, i: int) -> Found:
        """From one point to another, hours, or one point alone with the duration that follows."""
        introductions = ("on", "in", "during", "throughout", "from", "between", "over", "starting", "beginning")
        j = self.skip(i, *introductions, "at", "for", "of")
        is_moved = self.word(i - 1) in MOVED and self.word(i) == "from"
        hours = self._hours(j)
        if hours is not None and hours[0].clock is not None and is_moved:
            return Span(clock=(hours[0].clock[1], hours[0].clock[1] + 60)), hours[1]
        if hours is not None:
            return hours
        between = any(self.word(k) == "between" for k in range(i, j))
        starts = any(self.word(k) in ("from", "between", "starting", "beginning") for k in range(i, j))
        first = self.point(i if self.word(i) in ("in", "within") else j) or self.point(j)
        if first is None and starts and self.word(j - 1) == "in":
            # "Starting in three days".
            first = self.point(j - 1)
        shared = self._shared_month(j, between)
        if shared is not None and is_moved and shared[0].stop is not None:
            return Span(shared[0].stop - timedelta(days=1), shared[0].stop), shared[1]
        if first is None:
            if shared is not None:
                return shared
            at = self.clock(j) if self.axis.left is not None else None
            if at is None or (self.word(j - 1) not in ("at", "from", "around", "about") and self.word(i) != "at"):
                return None
            lasting = self.duration(self.skip(at[1], "for"))
            if lasting is not None and lasting[1] in ("minute", "hour") and lasting[0] <= 24:
                seconds = {"minute": 60, "hour": 3600}[lasting[1]] * lasting[0]
                return Span(clock=(at[0], int(at[0] + seconds) % 86400)), lasting[2]
            if starts or self.word(at[1]) in ("onward", "onwards"):
                return self._open_clock(at[0], True), at[1] + self.words(at[1], "onward|onwards|on")
            return Span(clock=(at[0], at[0] + 60)), at[1]
        span, k = first
        if shared is not None:
            return shared
        to = k + (self.word(k) == "up")
        if self.word(to) in TO | {"and", "/"} and (self.word(to) != "and" or between):
            last = self._last(span, self.skip(to + 1, "and", "including"))
            if last is not None and is_moved:
                # "The fair moved from 8 March to 12 March": what comes then is on the 12th.
                return last
            if last is not None and (starts or between) and self._reversed(span, last[0]):
                return Span(reason="it ends before it begins"), last[1]
            if last is not None and self._ordered(span, last[0]):
                if between and holiday([self.word(n) for n in range(j, k)]) and self._is_day(last[0]):
                    # The days between Christmas and New Year are neither.
                    return Span(span.stop, last[0].start), last[1]
                return self._join(span, last[0]), last[1]
        return self._extended(span, k, starts)

    def _last(self, first: Span, k: int) -> Found:
        """The end of a range that begins with a span."""
        self.earliest = first.start or self.earliest
        try:
            last = self.point(k) or self._last_of(first, k)
        finally:
            self.earliest = datetime.min
        if last is None:
            return None
        span, week = self._to_midnight(last[0], k, last[1]), timedelta(days=7)
        is_moment = span.start is not None and span.start == span.stop and first.start == first.stop
        if is_moment and span.start and first.start and first.start < span.start - week:
            # "From Tuesday 04:00 to Tuesday 08:00" are of one day.
            span = Span(span.start - week, span.start - week)
        return span, last[1]

    def _to_midnight(self, span: Span, i: int, j: int) -> Span:
        """A time that something ends at: midnight is the end of its day."""
        if span.start and span.start == span.stop and any(self.word(k) == "midnight" for k in range(i, j)):
            end = span.start + timedelta(days=int(span.start == midnight(span.start)))
            return Span(end, end)
        return span

    def _first_clock(self, i: int) -> Found:
        """A time of the day that is said of every day, "before 8 am every day", or the first in the horizon."""
        at = self.clock(i) if self.axis.left is not None else None
        if at is None:
            return None
        opens = self.word(i - 1) in ("after", "since", "past")
        daily = self._says_daily(at[1])
        if daily:
            clock = (at[0], 86400) if opens else (0, at[0])
            return Span(clock=clock, recurs=True), daily
        if self.word(i - 1) == "after":
            return Span(reason="it is not said of which day"), at[1]
        moment = self._open_clock(at[0], opens).start
        return (Span(moment, moment), at[1]) if moment else None

    def _open_clock(self, seconds: int, begins: bool) -> Span:
        """From the first time that it is so late in the horizon on, or until then."""
        day = midnight(self.axis.start)
        first = day + timedelta(seconds=seconds)
        first += timedelta(days=int(first < self.axis.start or (first == self.axis.start and not begins)))
        return Span(first, None)

    def _extended(self, span: Span, k: int, starts: bool) -> Found:
        """A point with a duration or an open end behind it."""
        hours = self._hours(k) if starts and self._is_day(span) and not self._says_daily(k) else None
        if hours is not None and not self._says_daily(hours[1]) and (moments := span.within(hours[0])) is not None:
            # "From 2024-03-04 09:00 to 17:00".
            return moments, hours[1]
        lasts = self._behind_lasts(k)
        if lasts and (lasting := self.duration(lasts)) is not None:
            return self._lengthened(span, lasting[0], lasting[1]), lasting[2]
        ends = lasts + 1 if lasts and self.word(lasts) in ("until", "till") else self._behind_ends(k)
        if ends and (last := self._last(span, ends)) is not None and self._ordered(span, last[0]):
            same = self.skip(last[1], "on", "the", "that")
            return self._join(span, last[0]), same + 2 if self.words(same, "same", "day") else last[1]
        begin = self.skip(k, ",", "and", "lasting", "for")
        if starts or self.word(begin - 1) in ("for", "lasting"):
            lasting = self.duration(begin)
            at = self._clock_of_length(lasting) if lasting is not None and self._is_day(span) else None
            if at is not None and (both := span.within(at[0])) is not None:
                return both, at[1]
            if lasting is not None and self.word(begin - 1) in ("for", "lasting"):
                return self._lengthened(span, lasting[0], lasting[1]), lasting[2]
        if starts and self.words(k, "until|till|to", "the", "end") and self.word(k + 3) != "of":
            return replace(span, stop=None, steps=span.steps and (span.steps[0], FAR)), k + 3
        onward = self.word(k) in ("onward", "onwards", "forward") or (self.word(k) == "on" and starts)
        behind = self.skip(k + 1, ",")
        if onward and self.word(behind) == "for" and (lasting := self.duration(behind + 1)) is not None:
            return self._lengthened(span, lasting[0], lasting[1]), lasting[2]
        if onward or starts:
            return replace(span, stop=None, steps=span.steps and (span.steps[0], FAR)), k + onward
        return span, k

    def _behind_lasts(self, k: int) -> int | None:
        """The index behind "and lasts for", "and will go on": what began at the time before it has this length."""
        j = self.skip(self.skip(k, ",", "and", "which"), "will", "should", "it")
        if self.word(j) in ("lasts", "lasted") or (self.word(j) == "last" and self.word(j - 1) in ("will", "should")):
            return self.skip(j + 1, "for")
        return self.skip(j + 2, "for") if self.words(j, "go|goes|went", "on") else None

    def _behind_ends(self, k: int) -> int | None:
        """The index behind "and ended at", ", ending on"."""
        j = self.skip(self.skip(k, ",", "and", "which"), "will")
        if self.word(j) in ("ends", "ended", "ending") or (self.word(j) == "end" and self.word(j - 1) == "will"):
            return self.skip(j + 1, "at", "on", "in", "around", "by")
        return None

    @staticmethod
    def _ordered(first: Span, last: Span) -> bool:
        if first.steps and last.steps:
            return first.steps[0] <= last.steps[0]
        return bool(first.start and last.start and first.start <= last.start)

    @staticmethod
    def _reversed(first: Span, last: Span) -> bool:
        return bool(first.start and last.stop and last.stop < first.start)

    @staticmethod
    def _join(first: Span, last: Span) -> Span:
        if first.steps and last.steps:
            return Span(steps=(first.steps[0], last.steps[1]))
        return Span(first.start, last.stop)

    def _last_of(self, first: Span, k: int) -> Found:
        """The day behind "from 15 March to" where its month is not repeated; the time behind a moment."""
        year = self.integer(k, 1800, 2299)
        if year is not None and first.start and add_units(first.start, 1, "year") == first.stop:
            span = self._span(datetime(year, 1, 1), 1, "year")
            return (span, k + 1) if span else None
        week = self.integer(k, 1, 53)
        if week is not None and first.start and first.stop == first.start + timedelta(days=7):
            ahead = week - first.start.isocalendar().week
            span = self._span(first.start + timedelta(days=7 * ahead), 1, "week") if ahead > 0 else None
            return (span, k + 1) if span else None
        at = self.clock(k)
        if at is not None and first.start and first.start == first.stop:
            stop = midnight(first.start) + timedelta(seconds=at[0])
            stop += timedelta(days=int(stop <= first.start))
            return Span(stop, stop), at[1]
        day = self.integer(self.skip(k, "the"), 1, 31, ("number", "ordinal"))
        if (
            day is None
            or self.word(self.skip(k, "the") + 1) in _OF_AN_AMOUNT
            or first.start is None
            or first.stop != add_units(first.start, 1, "day")
            or day <= first.start.day
        ):
            return None
        start = add_units(first.start, day - first.start.day, "day")
        return (Span(start, add_units(start, 1, "day")), self.skip(k, "the") + 1) if start else None

    def _shared_month(self, i: int, between: bool = False) -> Found:
        """ "15 to 21 March", "the 3rd to the 7th of March", "March 15-21"."""
        i = self._behind_weekday(self.skip(i, "the"))
        first, j = self.integer(i, 1, 31, ("number", "ordinal")), i + 1
        if self.axis.left is None or first is None or self.word(j) not in (TO | {"and"} if between else TO):
            return None
        k = self._behind_weekday(self.skip(j + 1, "the"))
        last = self.integer(k, 1, 31, ("number", "ordinal"))
        found = self.point(k) if last is not None and last != first else None
        if found is None or found[0].start is None or last is None or found[0].start.day != last:
            return None
        start: datetime | None = found[0].start.replace(day=1)
        if last < first:
            # "From 28 to 2 April".
            start = add_units(start, -1, "month") if start else None
        start = add_units(start, first - 1, "day") if start else None
        if start and found[0].start - start > _LONGEST_TO_NEXT_MONTH and last < first:
            return Span(reason="it ends before it begins"), found[1]
        return (Span(start, found[0].stop), found[1]) if start and start < found[0].start else None

    def _behind_weekday(self, i: int) -> int:
        return self.skip(i + 1, ",", ".", "the") if self.weekday_number(i) is not None else i

    def _open(self, i: int) -> Found:
        """ "Until Friday", "after 3 March", "since the 5th", "before noon on Monday", "through 10 March"."""
        word = self.word(i)
        ends = word in ("until", "till", "through", "before", "by") or self.words(i, "up|prior", "to|until")
        begins = word in ("after", "since", "following", "effective", "post", "past") or self.words(i, "as", "of|from")
        k = i + 1 + (word in ("up", "as", "prior"))
        if self.words(i, "no", "later|earlier", "than"):
            ends, begins, k = self.word(i + 1) == "later", self.word(i + 1) == "earlier", i + 3
        if not ends and not begins:
            return None
        if self.word(i - 1) == "not":
            # "Not before 20 March" begins then, "not after" it ends.
            word = {"before": "since", "until": "since", "till": "since", "after": "until"}.get(word, word)
            ends, begins = word in ("through", "by", "up", "until"), word == "since"
        if word == "through" and self.word(i - 1) == "all":
            return self.point(k)
        word = "before" if word == "prior" else word
        out = self.skip(k, ",", "but")
        if ends and (self.words(out, "not", "including") or self.word(out) in ("excluding", "excepting")):
            # "Up to but not including Friday".
            word, k = "before", self.skip(out + 1 + (self.word(out) == "not"), ",")
        k = self.skip(k, "and", "including") if word in ("up", "until", "till", "through") else k
        if self.word(k) == "now" and ends:
            return Span(None, self.axis.start), k + 1
        if word in ("until", "till") and self.point(k) is None and (until := self.until_clock(i, k)) is not None:
            return until
        found, found_at = self.point(k) or self._first_clock(k), k
        if found is None and word in ("before", "after", "following"):
            found = self.named_event(k, dated=True)
            if found is not None and any(self.words(n, "that", "day") for n in range(found[1], found[1] + _SAME_DAY)):
                # "After the accident on 23 July, admissions rose by 90 that day".
                return found
        if found is None and word == "after" and (lasting := self.duration(k)) and self.word(lasting[2]) != "of":
            # "After three weeks sales will be higher".
            edge = self._from_edge(*lasting[:2], at_end=False)
            return Span(edge.stop, steps=edge.steps and (edge.steps[1], FAR)), lasting[2]
        if found is None:
            return None
        span, k = (self._to_midnight(found[0], k, found[1]) if ends else found[0]), found[1]
        if span.reason or span.recurs:
            return span, k
        at_start = -self.axis.history if span.start and span.start < self.axis.start and ends else 0
        if span.steps:
            steps = (
                (at_start, span.steps[0] if word == "before" else span.steps[1])
                if ends
                else (span.steps[1] if word not in _AT_ITS_START else span.steps[0], FAR)
            )
            return Span(steps=steps), k
        if ends:
            # "Before the end of March" is until its end.
            is_end = self.word(self.skip(found_at, "the")) in ("end", "close")
            stop = span.start if word == "before" and not is_end else span.stop
            since = self.end_before_then(i) or (self.begin_before(i) if word != "before" else None)
            if since is None and self.word(i - 1) == "then":
                return Span(reason="it is not said from when on"), k
            return Span(since or (None if at_start else self.axis.start), stop), k
        start = span.start if word in _AT_ITS_START else span.stop
        return self._extended(Span(start, start), k, starts=True)

    def _open_before(self, i: int) -> Span | None:
        """A time without an end that was named before in the sentence, and in no part that was added to it."""
        if self.before is None or not self.in_sentence_of_event(i) or self.word(i - 1) in ("and", "but", "or", "then"):
            return None
        span = self.before[0]
        is_open = span.steps[1] >= FAR if span.steps else span.start is not None and span.stop is None
        return span if is_open and not (span.recurs or span.reason) else None

    def _clock_of_length(self, lasting: tuple[float, str, int]) -> Found:
        """Hours of the day: the 3 am behind "two hours" in "for two hours from 3 am"."""
        count, unit, k = lasting
        begin = self.skip(k, "starting", "beginning", "from", "at")
        at = self.clock(begin) if begin > k and unit in ("minute", "hour") and count <= 24 else None
        seconds = {"minute": 60, "hour": 3600}.get(unit, 0) * count
        return None if at is None else (Span(clock=(at[0], int(at[0] + seconds) % 86400)), at[1])

    def _lasting(self, i: int) -> Found:
        """ "For three days" alone: from the time that was named before, or from the start of the horizon."""
        if self.word(i) not in ("for", "lasting"):
            return None
        found = self.duration(i + 1) or self.duration(self.skip(i + 1, "the", "a"))
        if found is None:
            return None
        count, unit, k = found
        if self.words(k, "in|during|of") and (inside := self.point(k + 1)) is not None:
            # "For two weeks in April".
            return Span(reason="it is not said which part of that time"), inside[1]
        begin = self.skip(k, ",", "starting", "beginning", "from", "commencing", "on", "as", "of", "after")
        start = self.point(begin) if begin > k else None
        if start is None and (hours := self._clock_of_length(found)) is not None:
            return hours
        told = self.before[0] if self.before is not None and self.in_sentence_of_event(i) else None
        if told is not None and told.recurs and told.clock and unit in ("minute", "hour") and count <= 24:
            # "Each day at 12:00 the line stops for an hour".
            self.told_by = i
            seconds = told.clock[0] + int(count * {"minute": 60, "hour": 3600}[unit])
            return replace(told, clock=(told.clock[0], seconds % 86400)), k
        if start is not None and self.word(begin - 1) != ",":
            first = start[0].stop if self.word(begin - 1) == "after" else start[0].start
            return self._lengthened(replace(start[0], start=first), count, unit), start[1]
        opened = self._open_before(i)
        if opened is not None and not self.words(k, "at", "a", "time"):
            self.bounded_by = i
            return self._lengthened(opened, count, unit), k
        if (ended := self.end_before_then(i)) is not None:
            # "From 9 to 11 we are up 12%, then for two hours down 6%".
            return Span(ended, add_units(ended, count, unit)), k
        since = self.event_before(i)
        if since is not None and not self.words(k, "at", "a", "time"):
            return self._lengthened(since, count, unit), k
        return self._from_edge(count, unit, at_end=False), k


__all__ = ["MOVED", "Ranges"]
