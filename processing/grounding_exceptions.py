"""Times that are taken out of others: "except on Sundays", "(5 May not included)"."""

from datetime import timedelta

from .grounding_axis import Span, midnight
from .grounding_points import Found
from .grounding_times import LEFT_OUT, Times
from .grounding_words import DAY_PARTS, UNITS, words

# Why a time is not used of which something is taken out.
NOT_UNDERSTOOD = "what is left out of it is not understood"
_PARTS = words("first last final lunch lunchtime evening evenings morning mornings night nights")
# "All months but July".
_COUNTED_TIMES = words("day days dates nights month months week weeks quarter quarters hour hours")


class Exceptions(Times):
    """Reader of these times in the tokens of a text; see [`Dates`]."""

    def _exception(self, i: int) -> Found:
        """ "Except on Sundays", "excluding 24 March"; a weekday alone recurs as what it is taken out of."""
        j = self.skip(i, ",", "(", "but", "with", "the")
        if self.words(i, ",|but|(|-|\N{EN DASH}") and (excluded := self._excluded(i)) is not None:
            return excluded
        if self.words(j, "apart", "from") or self.words(j, "other", "than") or self.words(j, "exception", "of"):
            j += 2
        elif self.word(j) in ("except", "excluding", "excepting", "outside", "save"):
            if self.words(j, "outside", "from|on|in|until|during|by"):
                # "Replacement outside from Tuesday to Thursday".
                return None
            j += 1
        elif self.words(i, "with", "a|one", "break|pause|gap"):
            j = i + 3
        elif self.words(i, "with", "breaks|pauses|gaps"):
            j = i + 2
        elif self.word(i) == "but" and (
            self.weekday_number(i + 1) is not None
            or self.weekday_number(i + 1, plural=True) is not None
            or self.word(i - 1) in _COUNTED_TIMES
            or self._recurs_until(i)
        ):
            j = i + 1
        elif self.words(j - 1, "with", "one|an|the", "exception|exceptions", ":"):
            j += 3
        elif self.words(i, "that|which", "are", "not"):
            # "On days that are not Mondays".
            j = i + 3
        elif (
            self.words(j - 1, "but|though|although|,", "not", "on|in|during|over")
            or self.words(j - 1, "but", "normal|unchanged")
            or self.words(j - 1, ",", "bar")
        ):
            j += 1
        else:
            return None
        k = self.skip(j, "for", "on", "in", "during", "the")
        if j == i + 1 and self.words(j, "the", "first|last") and self.is_end(self.skip(j + 2, "one")):
            return self._end_of_recurring(j + 1), self.skip(j + 2, "one")
        if (end := self._behind_counted(k, j)) is not None:
            return Span(reason=NOT_UNDERSTOOD), end
        weekday = self.weekday_number(k)
        if weekday is not None and (dated := self._date(k)) is not None:
            # "Except Wednesday 13 March".
            return dated
        if weekday is not None:
            days = {weekday}
            while (more := self.weekday_number(self.skip(k + 1, ",", "and", "or", "on"))) is not None:
                days, k = days | {more}, self.skip(k + 1, ",", "and", "or", "on")
            span, end = Span(weekdays=frozenset(days), recurs=True), k + 1
            if self.word(end) in DAY_PARTS:
                # "Except Tuesday night".
                return self._in_part(span, end)
            at = self.skip(end, ",")
            hours = self._hours(at) or self.plain_hours(at) or self._open_hours(end)
            both = span.within(hours[0]) if hours else None
            # "Except Tuesday from 18:00 to 22:00".
            return (both, hours[1]) if hours and both else (span, end)
        behind = self.skip(k, "lunch", "coffee", "night", "one")
        behind += self.word(behind) in ("hour", "hours", "break", "breaks", "time", "period", "shift")
        return self._window(k) or self._window(j) or (self._window(behind) if behind > k else None)

    def _behind_counted(self, k: int, j: int) -> int | None:
        """The index behind "the last day" or "the first two weeks" where it is not said of what; else None."""
        if self.word(k) not in ("first", "last", "final") or self.word(k - 1) != "the" or k < j:
            return None
        count = self.duration(k + 1)
        end = count[2] if count is not None else k + 2 if self.word(k + 1) in UNITS else None
        return None if end is None or self.word(end) in ("of", "in") else end

    def leaves_out(self, i: int) -> bool:
        """Whether something is taken out at an index that is no time which is understood: "but the last day"."""
        j = i + 1 + (self.word(i + 1) == "for")
        k = self.skip(j, "at", "the", "during")
        is_part = self.word(k) in _PARTS and self.word(j) in ("the", "at", "during", *_PARTS)
        return self.word(i) in ("but", "except", "excluding", "excepting", "save") and is_part

    def _end_of_recurring(self, i: int) -> Span:
        """The "first" or "last" day at an index of a time that recurs, in a time with a beginning and an end."""
        span = self.before[0] if self.before is not None else Span()
        first, stop = span.start or self.axis.start, span.stop or self.axis.end
        if not span.weekdays or (span.stop is None and self.axis.end > self.end_of_month()):
            return Span(reason="it is not said of which time")
        days = [first + timedelta(days=k) for k in range((stop - first).days)]
        days = [day for day in days if day.weekday() in span.weekdays]
        day = midnight(days[-1 if self.word(i) == "last" else 0]) if days else None
        return Span(day, day + timedelta(days=1)) if day else Span(reason="it is not said of which time")

    def _recurs_until(self, i: int) -> bool:
        """Whether a time that recurs ends at an index: that before "every Thursday in March but the 28th"."""
        return self.before is not None and self.before[1] == i and self.before[0].recurs

    def _excluded(self, i: int) -> Found:
        """ ", Sundays excluded", "(5 May not included)"."""
        k = self.skip(i, ",", "(", "-", "\N{EN DASH}", "but", "with", "lunch")
        # As a window of its own it would not be understood.
        found = (self._recurring(k) or self.point(k) or self._hours(k)) if k < len(self.tokens) else None
        if found is None:
            return None
        j = found[1]
        more = self.skip(j, "and", "or", "&")
        if more > j and (other := self._recurring(more) or self.point(more)) is not None:
            # "July and August excluded".
            found, j = (Span(reason=NOT_UNDERSTOOD), other[1]), other[1]
        behind = j + 1 if self.word(j) in LEFT_OUT else j + 2 if self.words(j, "not", "included") else None
        return (found[0], self.skip(behind, ")")) if behind else None


__all__ = ["NOT_UNDERSTOOD", "Exceptions"]
