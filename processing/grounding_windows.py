"""Windows of time that a text names: ranges, open ends, durations, recurring days and hours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from .grounding_axis import FAR, Axis, Span, add_units, midnight
from .grounding_events import SENTENCE_ENDS
from .grounding_holidays import HOLIDAY_STARTS, holiday
from .grounding_offsets import Offsets
from .grounding_points import Found
from .grounding_words import (
    DAY_PARTS,
    MONTHS,
    ORDINALS,
    SMALL,
    TENS,
    TO,
    WEEKDAYS,
    Token,
    words,
)

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
# Why no step lies in a time that is known.
_NOT_SAID = "it is not said which time that is"
_FINER, _OUTSIDE = "it is finer than a step", "it lies outside history and horizon"
# Words behind a number that is no day.
_OF_AN_AMOUNT = words("% percent more fewer less extra additional higher lower up down sales orders visitors calls")
# Words behind a time that say that it, or its end, is not meant.
_LEFT_OUT = words("exclusive exclusively excluded excepted")
# Words of an open time that begins with what they name, and not behind it.
_AT_ITS_START = words("since as effective no")
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


@dataclass(frozen=True)
class Window:
    """Times that a text names.

    Args:
        start: where the words begin in the text.
        stop: where they end.
        shares: float64 (history + horizon,), the share of each step that lies inside; 0 where `reason` says why.
        kind: "future", "past", "both" or "none", the part of the axis that it lies in.
        recurs: whether it was said to recur, as "every day" and "Mondays" do.
        reason: why no step lies inside; "" otherwise.
        by_event: whether it was told by the window before, which is the time of an event.
    """

    start: int
    stop: int
    shares: np.ndarray
    kind: str
    recurs: bool = False
    reason: str = ""
    by_event: bool = False

    @property
    def steps(self) -> np.ndarray:
        """Boolean (history + horizon,), the steps of which a part or all lies inside."""
        return self.shares > 0


def _together(first: Window, second: Window) -> Window:
    """Two windows as one."""
    unknown = next((one.reason for one in (first, second) if one.reason not in ("", _OUTSIDE, _FINER)), "")
    if unknown:
        return Window(first.start, second.stop, np.zeros_like(first.shares), "none", False, unknown)
    kinds = {first.kind, second.kind} - {"none"} or {"none"}
    kind = kinds.pop() if len(kinds) == 1 else "both"
    reason = first.reason if kind == "none" else ""
    # Parts of one step, such as Monday and Thursday of a week.
    shares = np.minimum(first.shares + second.shares, 1.0)
    return Window(first.start, second.stop, shares, kind, first.recurs or second.recurs, reason)


def _in_both(first: Window, second: Window) -> Window:
    """Two times of which the second explains the first: what lies in both, "this year, on 10 March"; else both."""
    shares = np.minimum(first.shares, second.shares)
    if first.reason or second.reason or not shares.any():
        return _together(first, second)
    inner = first if first.shares.sum() < second.shares.sum() else second
    return replace(inner, start=first.start, stop=second.stop, shares=shares)


# Tokens before a day in which it is said that what begins then lasts.
_FOR_GOOD = 12
# Tokens behind an event in which "that day" is that of the event.
_SAME_DAY = 10

# Tokens and times before "on all other days" that it may tell of, so that the work does not grow with the text.
_FARTHEST_BACK, _MOST_TOLD = 200, 8
# Words before and behind "otherwise" where it is no time.
_OR_ELSE = words("unless would might could may or if until")
_TOLD_OTHERWISE = words("stated specified noted agreed announced indicated instructed advised told known said")
# "All months but July".
_COUNTED_TIMES = words("day days dates nights month months week weeks quarter quarters hour hours")
# Words that a clause begins with.
_SUBJECTS = words("a an the our we they it there sales visitors orders calls load demand")
# Words of a clause of nothing else but a time.
_STATED = words("unchanged normal closed shut nothing none nil zero unaffected")
# Words that say that a clause is one, and those that go on with the one before.
_FINITE = words("will is are can must may")
_NO_SUBJECTS = _FINITE | words("because due as for when while since if with to by of only too and or")


class Windows(Offsets):
    """Reader of windows in the tokens of a text; see [`Dates`]."""

    def __init__(self, tokens: list[Token], axis: Axis, taken: Sequence[bool]):
        super().__init__(tokens, axis, taken)
        self.shares_of: dict[Span, np.ndarray] = {}
        # The time that was taken out of the last window.
        self.left_out: Window | None = None
        # The hours of the last time that had some, and the span that was taken out of the last window.
        self.hours: tuple[int, int] | None = None
        self.excepted: Span | None = None
        # The token of a duration that the open time before it has.
        self.bounded_by = -1

    def read(self) -> list[Window]:
        """All windows, in their order; words belong to one at most."""
        windows: list[Window] = []
        i, joined, is_apposition, is_listed = 0, False, False, False
        # Times that are told in a row.
        row: list[Span] = []
        # Behind a window that begins, and has no end.
        since: int | None = None
        while i < len(self.tokens):
            if (by_others := self._by_others(windows, i)) is not None:
                windows.append(by_others[0])
                i, joined = by_others[1], False
                continue
            found = self._window(i)
            if found is None and (without := self._exceptions(i)) is not None:
                self.left_out, end = without
                windows[len(windows) - 1 :] = self._without(windows[-1:], self.left_out, i, end)
                i, joined = end, False
                continue
            if found is None:
                i, joined = i + 1, False
                continue
            span, j = found
            before = i > 0 and self.word(i - 1) not in SENTENCE_ENDS
            # "On Monday from 9:00 to 17:00", "every day in March": both at once.
            for _ in range(3):
                k = self.skip(j, ",", "on", "in", "during", "throughout", "of", "at", "the")
                # "Since Monday and until 8 March".
                k = j + 1 if self.word(i) == "since" and self.words(j, "and", "until|till") else k
                more = self._open_hours(j) if self._is_day(span) else None
                more = more or self._window(k) or self._window(j)
                if more is None and (span.weekdays or self._is_day(span)):
                    more = self.plain_hours(self.skip(j, ","))
                both = span.within(more[0]) if more else None
                if more is None or both is None:
                    break
                span, j = both, more[1]
            span = self.on_days_before(span, i)
            if self._is_day(span) and self._for_good(i):
                span = replace(span, stop=None)
            window = self._on_axis(span, self.tokens[i].start, self.tokens[j - 1].stop)
            window = replace(window, by_event=self.told_by == i)
            if self.bounded_by == i:
                # "From 8 April we are closed for ten days": both are the ten days.
                windows[-1] = replace(windows[-1], shares=window.shares, kind=window.kind, reason=window.reason)
            self.before = self.latest = (span, j)
            self.hours = self._hours_of(span) or self.hours
            row = [*row, span] if joined else [span]
            self.told_the, self.tells_the = self.tells_the, None
            self.left_out = None
            if (without := self._exceptions(j)) is not None and without[1] > j:
                self.left_out, j = without
                window = self._outside(window, self.left_out, self.tokens[j - 1].stop)
            if since is not None and self.word(i) in ("until", "till") and not self._has_end(since, i):
                # "Closed since 20 February, and will be until 8 March".
                windows[-1] = replace(windows[-1], shares=windows[-1].shares * window.shares)
            since = j if self.word(i) == "since" else None
            windows.append(window)
            if joined and len(windows) > 1:
                if not is_apposition and (each := self._with_hours_of_last(row)) is not None:
                    # "On Monday and Wednesday from 10 to 12".
                    windows[-2] = self._on_axis(each, windows[-2].start, windows[-2].stop)
                windows[-2:] = [_in_both(*windows[-2:]) if is_apposition else _together(*windows[-2:])]
                self.before = self.before if is_apposition else None
            days = self.days_of(row)
            if days is not None or len(row) > 1 or span.start is not None:
                self.days = None if days is None else (days, j)
                self.days_are_whole = all(self._is_day(one) or one.recurs for one in row) and span.clock is None
            # "On Monday and on Thursday" is one window.
            first, i = i, self.skip(j, ",", "and", "or", "&", "+", "as", "well")
            is_apposition = all(self.word(k) == "," for k in range(j, i))
            more = self._window(i) if i > j else None
            joined = more is not None and not (before and self._is_clause(j, more[1]))
            if joined and more is not None and self._is_day(more[0]):
                # "After 6 pm, on Tuesday", "Friday and Sunday, Saturday twice as many".
                joined = self.told_hours != first and not (is_apposition and is_listed)
            is_listed = joined and not is_apposition
            i = i if joined else j
        return windows

    def _with_hours_of_last(self, row: Sequence[Span]) -> Span | None:
        """The days in a row before the last one within its hours; None where that has none, or they are no days."""
        hours = self._hours_of(row[-1])
        days = self.days_of(row[:-1]) if hours and all(self._is_day(one) for one in row[:-1]) else None
        return days and days.within(Span(clock=hours))

    def _by_others(self, windows: Sequence[Window], i: int) -> tuple[Window, int] | None:
        """A time that is told by those before it, "on that day" or "on all other days", and the index behind it."""
        same, rest, each = self._same_time(i), self._other_times(i), self._each_of(windows, i)
        if not same and not rest and not each:
            return None
        end = same or rest or each
        start, stop = self.tokens[i].start, self.tokens[end - 1].stop
        if not windows:
            return self._placed(start, stop, np.zeros(len(self.axis)), False, _NOT_SAID), end
        if same or each:
            if self.left_out is not None and self.excepted is not None:
                self.before = self.latest = (self.excepted, end)
            # The time before, or that which was taken out of it.
            return replace(self.left_out or windows[-1], start=start, stop=stop, by_event=False), end
        said = self.tokens[self._sentence_start(i)].start
        told = [one for one in windows[-_MOST_TOLD:] if one.start >= said] or windows[-1:]
        # "On all other days of the week".
        all_in = self._window(self.skip(end, "of", "in", "during", ",")) or self._window(end)
        span, end = all_in or (Span(steps=(0, self.axis.horizon)), end)
        whole = self._on_axis(span, start, self.tokens[end - 1].stop)
        for one in told:
            # "In March we close on the 8th; on all other days": not March.
            if not any((other.steps < one.steps).any() and (other.steps <= one.steps).all() for other in told):
                whole = self._outside(whole, one, whole.stop)
        return whole, end

    def _sentence_start(self, i: int) -> int:
        """The first token of the sentence of a token."""
        least = max(i - _FARTHEST_BACK, 0)
        return next((k + 1 for k in range(i - 1, least - 1, -1) if self.word(k) in SENTENCE_ENDS), least)

    def _each_of(self, windows: Sequence[Window], i: int) -> int:
        """The index behind "each day" of some days in its sentence: "off sick on the 6th and 7th, so 85 each day"."""
        if self.words(i, "each|every|all", "day", "that|this", "week|weekend|month"):
            return i + 4
        if not windows or not self.words(i, "each|every", "day") or not self.is_end(i + 2):
            return 0
        told, said = windows[-1], self.tokens[self._sentence_start(i)].start
        return i + 2 if told.start >= said and not told.recurs and told.steps.sum() > 1 else 0

    def _other_times(self, i: int) -> int:
        """The index behind "on all other days", "at other times", "otherwise"; 0 where it is none of these."""
        j = self.skip(i, "on", "at", "during", "all", "the")
        if j > i and self.words(j, "other|remaining", "days|dates|times|nights|weekdays"):
            return j + 2
        if self.words(i, "the", "rest", "of", "the", "time"):
            return i + 5
        if self.word(i) != "otherwise" or self.word(i - 1) in _OR_ELSE or self.word(i + 1) in _TOLD_OTHERWISE:
            return 0
        return self._other_times(self.skip(i + 1, ",")) or i + 1

    def _same_time(self, i: int) -> int:
        """The index behind "on that day", "for those days", "on the same day"; 0 where it is none of these."""
        if self.left_out is not None and (
            self.words(i, "then", "it|they|we|sales")
            or self.words(i - 1, ",", "when", "it|they|we|sales")
            or self.words(i - 1, ",", "which", "is|are|will")
        ):
            return i + 1
        j = self.skip(i, "on", "in", "during", "for", "over", "throughout")
        is_one = self.words(j, "that|same", "day|date|weekend|week|month|morning|afternoon|evening|night")
        if is_one or self.words(j, "those", "days|dates|weeks|weekends|months") or self.words(j, "both", "days"):
            return j + 2
        if self.words(j, "each|both", "of", "the|these|those|them"):
            # "On each of the two days".
            k = self.skip(j + 3, "two", "three", "four")
            is_days = self.word(k) in ("days", "dates", "weekends")
            is_other = self.word(k + is_days) in ("before", "after", "following", "preceding")
            return k + is_days if (is_days or self.word(j + 2) == "them") and not is_other else 0
        return j + 3 if self.words(j, "the", "same", "day|days|date|dates|week|weekend") else 0

    def _without(self, before: list[Window], left_out: Window, i: int, j: int) -> list[Window]:
        """The window before an exception in its sentence without it, by the words of both; else all other times."""
        start, stop = self.tokens[i].start, self.tokens[j - 1].stop
        last = next((k for k in reversed(range(i)) if before and self.tokens[k].stop == before[0].stop), i)
        if before and not before[0].reason and not self._has_end(last, i):
            left = self._outside(before[0], left_out, before[0].stop)
            return [left, replace(left, start=start, stop=stop, by_event=False)]
        # "Closed except on Sundays", "outside 9:00-17:00".
        whole = self._on_axis(Span(steps=(0, self.axis.horizon)), start, self.tokens[i].stop)
        return [*before, self._outside(whole, left_out, stop)]

    def _is_clause(self, i: int, j: int) -> bool:
        """Whether a clause of its own begins at the comma of ", and on 9 March it will": an index, and that behind."""
        if self.words(self.skip(i, ","), "and") and self.word(j) in _STATED and self.is_end(j + 1):
            # "Down on Tuesday and on Wednesday unchanged".
            return True
        if self.words(i, ",", "and") and self.word(j) in _SUBJECTS:
            # "Our director turns sixty on Friday, and on Saturday a gala doubles sales".
            return True
        if not self.words(i, ",", "and") or self.word(j) in _NO_SUBJECTS or not self.word(j)[:1].isalnum():
            return False
        for k in range(j, len(self.tokens)):
            if self.word(k) in SENTENCE_ENDS:
                break
            if self.word(k) in _FINITE or self.tokens[k].kind == "number":
                return True
        return False

    def _has_end(self, first: int, last: int) -> bool:
        """Whether a sentence ends among some tokens."""
        return any(self.word(k) in SENTENCE_ENDS for k in range(first, last))

    @staticmethod
    def _is_day(span: Span) -> bool:
        return bool(span.start and span.stop and span.stop - span.start == timedelta(days=1))

    def _for_good(self, i: int) -> bool:
        """Whether what begins at a day is said before it to last: "shuts for good on 14 April"."""
        least = max(i - _FOR_GOOD, 0)
        begin = next((k + 1 for k in range(i - 1, least - 1, -1) if self.word(k) in SENTENCE_ENDS), least)
        said = " ".join(self.word(k) for k in range(begin, i))
        return any(words in said for words in ("for good", "for ever", "forever"))

    def _exceptions(self, i: int) -> tuple[Window, int] | None:
        """All times that are left out, "except the 9th and 10th", and the index behind them."""
        found = self._exception(i)
        if found is None:
            return None
        span, j = found
        span = self.excepted = self.on_days_before(span, i)
        start, stop = self.tokens[i].start, self.tokens[j - 1].stop
        window = self._placed(start, stop, span.shares(self.axis), span.recurs, span.reason)
        k = self.skip(j, "and", "or", "&")
        while k > j and (more := self._window(k)) is not None:
            j = more[1]
            window = _together(window, self._on_axis(more[0], window.stop, self.tokens[j - 1].stop))
            k = self.skip(j, "and", "or", "&")
        # "Except Wed 6: closed" says what is so then, as a clause of its own.
        is_entry = (
            self.tokens[i].begins_line
            and self.word(j) == ":"
            and (self.word(j + 1) in _STATED or self._is_amount(j + 1))
        )
        return None if is_entry else (window, j)

    def _exception(self, i: int) -> Found:
        """ "Except on Sundays", "excluding 24 March"; a weekday alone recurs as what it is taken out of."""
        j = self.skip(i, ",", "(", "but", "with", "the")
        if self.words(i, ",|but|(|-|\N{EN DASH}") and (excluded := self._excluded(i)) is not None:
            return excluded
        if self.words(j, "apart", "from") or self.words(j, "other", "than") or self.words(j, "exception", "of"):
            j += 2
        elif self.word(j) in ("except", "excluding", "excepting", "outside", "save"):
            j += 1
        elif self.word(i) == "but" and (
            self.weekday_number(i + 1) is not None
            or self.weekday_number(i + 1, plural=True) is not None
            or self.word(i - 1) in _COUNTED_TIMES
        ):
            j = i + 1
        elif self.words(j - 1, "with", "one|an|the", "exception|exceptions", ":"):
            j += 3
        elif self.words(i, "that|which", "are", "not"):
            # "On days that are not Mondays".
            j = i + 3
        elif (
            self.words(j - 1, "but|though|although", "not", "on|in|during|over")
            or self.words(j - 1, "but", "normal|unchanged")
            or self.words(j - 1, ",", "bar")
        ):
            j += 1
        else:
            return None
        k = self.skip(j, "for", "on", "in", "during", "the")
        weekday = self.weekday_number(k)
        if weekday is not None and (dated := self._date(k)) is not None:
            # "Except Wednesday 13 March".
            return dated
        if weekday is not None:
            days = {weekday}
            while (more := self.weekday_number(self.skip(k + 1, ",", "and", "or", "on"))) is not None:
                days, k = days | {more}, self.skip(k + 1, ",", "and", "or", "on")
            return Span(weekdays=frozenset(days), recurs=True), k + 1
        behind = self.skip(k, "lunch", "coffee", "night", "one")
        behind += self.word(behind) in ("hour", "hours", "break", "breaks", "time", "period", "shift")
        return self._window(k) or self._window(j) or (self._window(behind) if behind > k else None)

    def _excluded(self, i: int) -> Found:
        """ ", Sundays excluded", "(5 May not included)"."""
        k = self.skip(i, ",", "(", "-", "\N{EN DASH}", "but", "with")
        # As a window of its own it would not be understood.
        found = (self._recurring(k) or self.point(k)) if k < len(self.tokens) else None
        if found is None:
            return None
        j = found[1]
        behind = j + 1 if self.word(j) in _LEFT_OUT else j + 2 if self.words(j, "not", "included") else None
        return (found[0], self.skip(behind, ")")) if behind else None

    def _without_ends(self, span: Span, j: int) -> Found:
        """A range of days without its last one or both, where that is said: "until Friday (exclusive)"."""
        k = self.skip(j, ",", "(")
        both = self.words(k, "both", "days|ends|dates")
        k += 2 * both
        k += 2 if self.words(k, "not", "included") else self.word(k) in _LEFT_OUT
        ends = k >= len(self.tokens) or self.tokens[k].kind == "mark"
        if span.recurs:
            # "Saturdays excepted" is an exception itself.
            return None
        if not ends or self.word(k - 1) not in _LEFT_OUT | {"included"} or self.axis.left is None:
            return None
        day, least = timedelta(days=1), timedelta(days=2 + both)
        if span.start is None or span.stop is None or span.stop - span.start < least or span.clock is not None:
            return Span(reason="what is left out of it is not understood"), self.skip(k, ")")
        return replace(span, start=span.start + both * day, stop=span.stop - day), self.skip(k, ")")

    def _outside(self, window: Window, left_out: Window, stop: int) -> Window:
        """A window without another time, which need not be one of the axis."""
        shares = np.maximum(window.shares - left_out.shares, 0)
        unknown = left_out.reason if left_out.reason not in (_OUTSIDE, _FINER) else ""
        return self._placed(window.start, stop, shares, window.recurs, unknown or window.reason)

    def _on_axis(self, span: Span, start: int, stop: int) -> Window:
        axis = self.axis
        alone = not (span.recurs or span.start or span.stop or span.weekdays)
        if span.clock and alone and axis.left is not None:
            # The first time that it is so late in the horizon.
            first = midnight(axis.start)
            first += timedelta(days=int(first + timedelta(seconds=span.clock[0]) < axis.start))
            span = Span(first, first + timedelta(days=1)).within(span) or span
        if span not in self.shares_of:
            self.shares_of[span] = span.shares(axis)
        shares = self.shares_of[span]
        reason = span.reason
        if not reason and not shares.any():
            is_moment = span.clock is not None or (span.start is not None and span.start == span.stop)
            finer = is_moment and axis.left is not None and axis.step >= np.timedelta64(1, "D")
            reason = _FINER if finer else _OUTSIDE
        return self._placed(start, stop, shares, span.recurs, reason)

    def _placed(self, start: int, stop: int, shares: np.ndarray, recurs: bool, reason: str) -> Window:
        """A window by its words and its shares of the steps, which are those of no step where there is a reason."""
        history = self.axis.history
        shares = np.zeros_like(shares) if reason else shares
        past, future = shares[:history].any(), shares[history:].any()
        kind = "both" if past and future else "future" if future else "past" if past else "none"
        return Window(start, stop, shares, kind, recurs, reason)

    def _window(self, i: int) -> Found:
        kind = self.tokens[i].kind if i < len(self.tokens) and not self.taken[i] else "mark"
        if kind == "mark" or (kind == "word" and self.tokens[i].word not in _STARTERS):
            return None
        if self.word(i) == "over" and i > 0 and self.tokens[i - 1].kind == "number":
            # "10 over on the 21st".
            return None
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

    def _range(self, i: int) -> Found:
        """From one point to another, hours, or one point alone with the duration that follows."""
        introductions = ("on", "in", "during", "throughout", "from", "between", "over", "starting", "beginning")
        j = self.skip(i, *introductions, "at", "for", "of")
        hours = self._hours(j)
        if hours is not None:
            return hours
        between = any(self.word(k) == "between" for k in range(i, j))
        starts = any(self.word(k) in ("from", "between", "starting", "beginning") for k in range(i, j))
        first = self.point(i if self.word(i) in ("in", "within") else j) or self.point(j)
        if first is None and starts and self.word(j - 1) == "in":
            # "Starting in three days".
            first = self.point(j - 1)
        if first is None:
            shared = self._shared_month(j, between)
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
        shared = self._shared_month(j, between)
        if shared is not None:
            return shared
        to = k + (self.word(k) == "up")
        if self.word(to) in TO | {"and", "/"} and (self.word(to) != "and" or between):
            last = self._last(span, self.skip(to + 1, "and", "including"))
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

    def _hours_of_a_day(self, i: int) -> Found:
        """ "From 22 to 6 on Monday", "9 to 5 on Tuesday"; what rises from 9 to 17 on Monday is an amount."""
        found = self.plain_hours(i)
        # "Stays between 7 and 9 on Tuesday" tells values; of a day as a whole so does "between 7 and 9".
        of_values = self.word(i) == "between" and (self.word(i - 1) in _LIES or not self._is_within_days())
        if found is None or self.word(i - 1) in _CHANGES or of_values or self.word(found[1]) != "on":
            return None
        day = self._window(found[1])
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
            return Span(None if at_start else self.axis.start, stop), k
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
        since = self.event_before(i)
        if since is not None and not self.words(k, "at", "a", "time"):
            return self._lengthened(since, count, unit), k
        return self._from_edge(count, unit, at_end=False), k


__all__ = ["Window", "Windows"]
