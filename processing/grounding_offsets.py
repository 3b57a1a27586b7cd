"""Times counted from another: "the three days before Easter", "two days after 20 March"."""

from dataclasses import replace
from datetime import timedelta

from .grounding_axis import FAR, Span, add_units, midnight
from .grounding_counts import Counts
from .grounding_points import Found
from .grounding_words import ORDINALS, SECONDS, TO, UNITS, number_at, words

_BEFORE, _AFTER = words("before preceding"), words("after following behind")
_INTRODUCTIONS = ("in", "on", "for", "during", "over", "within")
_OF_THE_FORECAST = words("forecast horizon prediction")


class Offsets(Counts):
    """Reader of these times in the tokens of a text; see [`Dates`]."""

    def _offset(self, i: int) -> Found:
        """ "The day before Easter", "a week after 20 March", "the 3 days leading up to 1 April"."""
        j = self.skip(i, *_INTRODUCTIONS)
        is_stretch = self.word(j) == "the"
        j = self.skip(j, "the")
        found = self.duration(j)
        if found is None and is_stretch and self.word(j) in UNITS and not self.word(j).endswith("s"):
            found = (1.0, UNITS[self.word(j)], j + 1)
            is_stretch = found[1] != "day"
        if self.words(j, "eve", "of"):
            found, is_stretch = (1.0, "day", j + 1), False
        if found is None or found[1] == "step" or self.axis.left is None:
            return None
        count, unit, k = found
        side, k = self._side(k)
        anchor = (self.point(k) or self.named_event(k, dated=False)) if side else None
        if anchor is None or anchor[0].start is None or anchor[0].stop is None:
            return None
        span, end = anchor
        assert span.start is not None and span.stop is not None
        if side == "from" and j == i and self.word(j) in ("a", "an"):
            # "95 units a day from 5 September" begins then; "a week from Friday" is a day, or seven.
            reason = "it may be that long a time, or the end of it"
            return None if self._is_rate(i) else (Span(reason=reason), end)
        if side == "from" and unit == "quarter":
            # "It rises by a quarter from 13 October on."
            return None
        if side == "from":
            return self._lengthened(span, count, unit), end
        if side == "to":
            first = add_units(span.stop, -count, unit)
            return (Span(first, span.stop), end) if first and is_stretch else None
        if side == "around":
            first, last = add_units(span.start, -count, unit), add_units(span.stop, count, unit)
        elif is_stretch or self.word(i) in ("for", "during", "over"):
            first = add_units(span.start, -count, unit) if side == "before" else span.stop
            last = span.start if side == "before" else add_units(span.stop, count, unit)
        else:
            # Behind several days it is counted from the last one.
            is_long = span.stop - span.start > timedelta(days=1)
            base = span.stop - timedelta(days=1) if side == "after" and is_long else span.start
            first = add_units(base, -count if side == "before" else count, unit)
            last = add_units(first, 1, "day") if first else None
            if SECONDS.get(unit, 86400) < 86400:
                last = first
            elif first:
                first = midnight(first)
                last = first + timedelta(days=1)
        return (Span(first, last), end) if first and last else None

    def _is_rate(self, i: int) -> bool:
        """Whether "a day" at an index says how much of an amount there is a day: "95 a day", "20 more units a day"."""
        amounts = (k for k in range(i - 1, max(i - 4, -1), -1) if not self.word(k).isalpha() or self._is_amount(k))
        return self._is_amount(next(amounts, -1))

    def _is_amount(self, k: int) -> bool:
        return k >= 0 and number_at(self.tokens, k) is not None and self.word(k) not in ("a", "an")

    def _side(self, k: int) -> tuple[str, int]:
        """On which side of what follows a time lies, and the index of that."""
        if self.words(k, "leading", "up", "to"):
            return "before", k + 3
        if self.words(k - 1, "eve", "of"):
            return "before", k + 1
        if self.word(k) == "ending" or self.word(k) == "to":
            return "to", self.skip(k + 1, "in", "on", "with", "the")
        if self.words(k, "prior", "to") or self.words(k, "up", "to"):
            return "before", k + 2
        if self.word(k) in _BEFORE | _AFTER:
            return ("before" if self.word(k) in _BEFORE else "after"), k + 1
        if self.word(k) == "of" and self.word(k - 3) == "within":
            return "around", k + 1
        if self.word(k) in ("from", "starting", "beginning"):
            k = self.skip(k + 1, "on", "from", "with", "at")
            return ("", k) if self.word(k) in ("now", "today") else ("from", k)
        return "", k

    def _nth(self, i: int) -> Found:
        """ "The third week", "day 3 of the forecast", "days 3 to 5": counted from the start of the horizon."""
        j = self.skip(i, "in", "on", "during", "the")
        ordinal, unit = ORDINALS.get(self.word(j)), UNITS.get(self.word(j + 1), "step")
        counted = ordinal is not None and ordinal > 1 and unit in ("day", "week", "month", "hour")
        if ordinal and counted and self.word(j - 1) == "the":
            k = j + 2
            behind = self.skip(k, "of", "in", "the")
            if behind > k and self.word(behind) not in _OF_THE_FORECAST:
                return None
            return self._counted_from_start(ordinal, ordinal, unit), behind + (behind > k)
        if self.word(j - 1) in ("a", "an", "per", "/"):
            # "90 a day 4 to 8 March".
            return None
        unit = UNITS.get(self.word(j), "step")
        first = self.integer(j + 1, 1, 10**4)
        if first is None or unit not in ("day", "week", "month", "hour", "year", "quarter"):
            return None
        last, k = first, j + 2
        upto = self.integer(k + 1, 1, 10**4)
        if self.word(j).endswith("s") and upto is not None and self.words(k, "to|-|and|through|until"):
            last, k = upto, k + 2
        behind = self.skip(k, "of", "in", "the")
        told = behind > k and self.word(behind) in _OF_THE_FORECAST
        if not told and unit == "day" and self.axis.left is not None and last >= first:
            return self._counted_from_start(first, last, unit), k
        if not told and unit == "week":
            # A week of the calendar.
            return None
        if not told or last < first:
            reason = "it may be counted from the start of the forecast or of the calendar"
            return (Span(reason=reason), k) if j > i or self.word(j).endswith("s") else None
        return self._counted_from_start(first, last, unit), behind + 1

    def _open_nth(self, i: int) -> Found:
        """ "From the second hour of the forecast on", "as of the first week of March", "until the last day of it"."""
        begins = self.words(i, "from|since") or self.words(i, "starting|beginning", "with|from|on|in")
        begins = begins or self.words(i, "as", "of|from")
        if not begins and self.word(i) not in ("until", "till", "through"):
            return None
        k = i + 1 + (self.word(i) in ("starting", "beginning", "as"))
        is_one = self.word(k) == "the" and self.word(k + 2) in UNITS
        found = (self._counted_window(k) or self._nth(k)) if is_one else None
        if found is None or self.word(found[1]) in (*TO, "and", "until", "till", "for"):
            return None
        span, k = found
        if begins:
            span = replace(span, stop=None, steps=span.steps and (span.steps[0], FAR))
            return span, k + self.words(k, "on|onward|onwards")
        start = self.axis.start if span.stop and span.stop > self.axis.start else None
        return replace(span, start=start, steps=span.steps and (0, span.steps[1])), k

    def _counted_from_start(self, first: int, last: int, unit: str) -> Span:
        """The units of these numbers, 1 for the first of the horizon."""
        if unit == self.axis.unit or self.axis.left is None:
            return Span(steps=(first - 1, last))
        start = self.axis.start
        return Span(add_units(start, first - 1, unit), add_units(start, last, unit))


__all__ = ["Offsets"]
