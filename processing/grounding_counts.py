"""Counted steps and units of time, and parts of the horizon."""

from dataclasses import replace
from datetime import timedelta

from .grounding_axis import FAR, Span, add_units, start_of
from .grounding_events import Events
from .grounding_points import Found
from .grounding_words import (
    HORIZON,
    TO,
    UNITS,
    number_at,
    words,
)

_NEXT = words("next coming following upcoming")
_LAST = words("last past previous preceding final latest")
_FIRST = words("first initial opening")
_ROLLING, _WHOLE_UNITS = words("next coming last past previous"), words("week month quarter year")
_FULL = words("full whole complete entire")
_PERIODS = words("period window horizon")


class Counts(Events):
    """Reader of counts and of parts of the horizon in the tokens of a text; see [`Dates`]."""

    def _steps(self, i: int) -> Found:
        """ "Steps 3 to 7", "step 5": counted from 1 within the horizon."""
        if self.word(i) not in ("step", "steps", "timestep", "timesteps", "periods"):
            return None
        j = self.skip(i + 1, "number", "no")
        first = number_at(self.tokens, j)
        if first is None or not 1 <= first[0] <= FAR:
            return None
        last, k = first[0], first[1]
        if (
            self.word(k) in TO | {"and"}
            and self.word(i).endswith("s")
            and (to := number_at(self.tokens, k + 1)) is not None
        ):
            last, k = to
        if self.word(k) in ("onward", "onwards"):
            last, k = FAR, k + 1
        return (Span(steps=(int(first[0]) - 1, int(min(last, FAR)))), k) if last >= first[0] else None

    def _horizon(self, i: int) -> Found:
        """ "The whole forecast", "the second half of the horizon", "the rest of the month"."""
        j = self.skip(i, "over", "throughout", "during", "across", "the", "in")
        whole = self.axis.horizon
        if self.word(j) in ("entire", "whole", "full", "complete", "all") or self.word(i) in (
            "throughout",
            "during",
            "over",
            "across",
        ):
            k = self.skip(j, "entire", "whole", "full", "complete", "all")
            k = self.skip(k, "of", "the")
            end = self._end_of_horizon(k)
            if end is not None:
                return Span(steps=(0, whole)), end
        if self.word(j) in ("first", "second", "last") and self.words(j + 1, "half", "of", "the"):
            end = self._end_of_horizon(j + 4)
            if end is not None:
                half = whole // 2
                return Span(steps=(0, half) if self.word(j) == "first" else (half, whole)), end
        if self.word(j) in ("rest", "remainder") and self.word(j + 1) == "of":
            k = self.skip(j + 2, "the", "this")
            end = self._end_of_horizon(k)
            if end is not None:
                return Span(steps=(0, whole)), end
            unit = UNITS.get(self.word(k))
            if unit in ("day", "week", "month", "quarter", "year") and self.axis.left is not None:
                event = self.event_before(i)
                if event is not None and event.start is not None and event.start >= self.axis.start:
                    self.told_by = i
                    return Span(self.since(event), add_units(start_of(event.start, unit), 1, unit)), k + 1
                stop = add_units(start_of(self.axis.now, unit), 1, unit)
                if stop is not None and stop <= self.axis.start:
                    stop = add_units(start_of(self.axis.start, unit), 1, unit)
                return Span(self.axis.start, stop), k + 1
        return None

    def _end_of_horizon(self, k: int) -> int | None:
        """The index behind "forecast horizon", "prediction window" or "forecast"."""
        if self.word(k) in ("forecast", "forecasting", "prediction") and self.word(k + 1) in _PERIODS:
            return k + 2
        return k + 1 if self.word(k) in HORIZON else None

    def _counted_window(self, i: int) -> Found:
        """ "The next three days", "the first two weeks of March", "the last 5 steps of the forecast"."""
        j = self.skip(i, "for", "over", "during", "in", "the", "within", "throughout", "of")
        word = self.word(j)
        if word not in _NEXT | _LAST | _FIRST:
            return None
        found = self.duration(j + 1)
        if self.words(j + 1, "fortnight"):
            found = 14.0, "day", j + 2
        if found is None and word in _FIRST | {"final", "last"} and self.word(j + 1) in UNITS:
            # "The first week of March", "the final day of the forecast".
            found = (1.0, UNITS[self.word(j + 1)], j + 2)
            if self.word(j + 2) not in ("of", "in"):
                found = None if word == "last" else found
        if found is None and self.word(j - 1) == "the" and word in _ROLLING and self.word(j + 1) in _WHOLE_UNITS:
            # "Over the next year" begins now, "next year" in January.
            found = 1.0, self.word(j + 1), j + 2
        if found is None and self.word(j + 1) in _FULL and self.word(j + 2) in UNITS:
            behind = self.skip(j + 3, "of", "in", "the")
            holder = self.point(behind)
            if holder is None or self.word(j + 2) != "week" or not (holder[0].start and holder[0].stop):
                return Span(reason="say which days these are"), holder[1] if holder else j + 3
            # From Monday to Sunday, within the month.
            week = timedelta(days=7)
            first = start_of(holder[0].start - timedelta(days=1), "week") + week
            begin = start_of(holder[0].stop, "week") - week if word in _LAST else first
            return Span(begin, begin + week), holder[1]
        if found is None:
            return None
        count, unit, k = found
        if unit == "hour" and self.words(k, "of", "each|every", "day") and 0 < count < 24:
            seconds = round(count * 3600)
            clock = (86400 - seconds, 86400) if word in _LAST else (0, seconds)
            return Span(clock=clock, recurs=True), k + 3
        inside = self.skip(k, "of", "in", "the")
        end = self._end_of_horizon(inside) if inside > k else None
        if end is not None or word in _NEXT or (word in _FIRST | {"final"} and inside == k):
            at_end = word in _LAST
            return self._from_edge(count, unit, at_end), k if end is None else end
        if word in _FIRST | _LAST and inside > k and (holder := self.point(inside) or self._this(inside)) is not None:
            start, stop = holder[0].start, holder[0].stop
            if start and stop:
                length = add_units(start, count, unit) if unit != "step" else None
                if length is None:
                    return None
                span = Span(stop - (length - start), stop) if word in _LAST else Span(start, min(length, stop))
                return span, holder[1]
        return (self._before(count, unit), k) if word in _LAST else None

    def _this(self, i: int) -> Found:
        """ "The month" that the horizon begins in."""
        if self.word(i - 1) != "the" or self.word(i) not in _WHOLE_UNITS or self.axis.left is None:
            return None
        start = start_of(self.axis.start, self.word(i))
        return Span(start, add_units(start, 1, self.word(i))), i + 1

    def _in_steps(self, count: float, unit: str) -> int | None:
        """A number of units as whole steps, where a unit is a step."""
        return max(round(count), 1) if unit in ("step", self.axis.unit) or self.axis.left is None else None

    def _from_edge(self, count: float, unit: str, at_end: bool) -> Span:
        """So many units at the start or end of the horizon."""
        whole, steps = self.axis.horizon, self._in_steps(count, unit)
        if steps is not None:
            return Span(steps=(max(whole - steps, 0), whole) if at_end else (0, steps))
        if at_end:
            return Span(add_units(self.axis.end, -count, unit), self.axis.end)
        return Span(self.axis.start, add_units(self.axis.start, count, unit))

    def _before(self, count: float, unit: str) -> Span:
        """So many units at the end of the history."""
        steps = self._in_steps(count, unit)
        if steps is not None:
            return Span(steps=(-steps, 0))
        return Span(add_units(self.axis.start, -count, unit), self.axis.start)

    def _lengthened(self, span: Span, count: float, unit: str) -> Span:
        """A time with the start of a span and a length."""
        if span.steps is not None:
            steps = self._in_steps(count, unit)
            return replace(span, steps=(span.steps[0], span.steps[0] + (steps or 1)))
        if unit == "step" or span.start is None:
            steps = round(count)
            inside = replace(span, stop=None).on(self.axis).nonzero()[0]
            first = int(inside[0]) - self.axis.history if len(inside) else self.axis.horizon
            return Span(steps=(first, first + steps))
        return replace(span, stop=add_units(span.start, count, unit))


__all__ = ["Counts"]
