"""Windows of time that a text names, each put together from its times, and those that are told by others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from .grounding_axis import Axis, Span, midnight
from .grounding_events import SENTENCE_ENDS
from .grounding_exceptions import NOT_UNDERSTOOD, Exceptions
from .grounding_words import DAY_PARTS, Token, words

# Why no step lies in a time that is known.
_NOT_SAID = "it is not said which time that is"
_FINER, _OUTSIDE = "it is finer than a step", "it lies outside history and horizon"
# Tokens before a day in which it is said that what begins then lasts.
_FOR_GOOD = 12
# Tokens and times before "on all other days" that it may tell of, so that the work does not grow with the text.
_FARTHEST_BACK, _MOST_TOLD = 200, 8
# Words before and behind "otherwise" where it is no time.
_OR_ELSE = words("unless would might could may or if until")
_TOLD_OTHERWISE = words("stated specified noted agreed announced indicated instructed advised told known said")
# Words that a clause begins with.
_SUBJECTS = words("a an the our we they it there sales visitors orders calls load demand")
# Words of a clause of nothing else but a time.
_STATED = words("unchanged normal closed shut nothing none nil zero unaffected")
# Words that say that a clause is one, and those that go on with the one before.
_FINITE = words("will is are can must may")
_NO_SUBJECTS = _FINITE | words("because due as for when while since if with to by of only too and or")


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


class Windows(Exceptions):
    """Reader of windows in the tokens of a text; see [`Dates`]."""

    def __init__(self, tokens: list[Token], axis: Axis, taken: Sequence[bool]):
        super().__init__(tokens, axis, taken)
        self.shares_of: dict[Span, np.ndarray] = {}
        # The time and the span that were taken out of the last window.
        self.left_out: Window | None = None
        self.excepted: Span | None = None

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
                # "That day and the day after" is one window.
                i, row = self.skip(by_others[1], "and"), []
                joined = i > by_others[1] and self.behind_event(i) is not None
                is_apposition = is_listed = False
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
            for _ in range(3 * (self._excluded(j) is None)):
                k = self.skip(j, ",", "on", "in", "during", "throughout", "of", "at", "the")
                # "Since Monday and until 8 March".
                k = j + 1 if self.word(i) == "since" and self.words(j, "and", "until|till") else k
                # "Monday: mornings 10% up".
                k = j + 1 if self.word(j) == ":" and self.word(j + 1) in DAY_PARTS else k
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
            if self.left_out is not None:
                windows[-1] = self._outside(windows[-1], self.left_out, self.tokens[j - 1].stop)
            elif self.leaves_out(j):
                windows[-1] = self._placed(windows[-1].start, windows[-1].stop, window.shares, False, NOT_UNDERSTOOD)
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
        is_one = is_one or (self.words(j, "that", "time|period") and self.words(j - 1, "in|during|over"))
        if is_one or self.words(j, "those", "days|dates|weeks|weekends|months") or self.words(j, "both", "days"):
            return j + 2
        is_each = self.words(j, "each", "of")
        if (
            self.words(j + 2 * is_each, "those|these")
            and self.weekday_number(j + 1 + 2 * is_each, plural=True) is not None
        ):
            # "On those Thursdays", which were told, and not what was taken out of them.
            self.left_out = None
            return j + 2 + 2 * is_each
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
            also, j = self.on_days_before(more[0], k), more[1]
            window = _together(window, self._on_axis(also, window.stop, self.tokens[j - 1].stop))
            k = self.skip(j, "and", "or", "&")
        # "Except Wed 6: closed" says what is so then, as a clause of its own.
        begins = self.tokens[i].begins_line and self.word(j) == ":"
        begins = begins or (self.word(i - 1) in SENTENCE_ENDS and self.word(j) in (":", "("))
        is_entry = begins and (self.word(j + 1) in _STATED or self._is_amount(j + 1))
        if begins and self.word(j) == ":" and not is_entry:
            # "Except the 26th: freezer service, none sold" and "except on Sundays: sales double".
            window = replace(window, shares=np.zeros_like(window.shares), kind="none", reason=NOT_UNDERSTOOD)
        return None if is_entry else (window, j)

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


__all__ = ["Window", "Windows"]
