"""Times that a question names, by the grounding of texts, read as those of a history unless it asks of the future."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from ..processing.grounding_axis import Axis, Span, add_units, start_of
from ..processing.grounding_points import Found
from ..processing.grounding_windows import Windows
from ..processing.grounding_words import (
    AMBIGUOUS,
    DAY_PARTS,
    MONTHS,
    ORDINALS,
    TENS,
    UNITS,
    WEEKEND,
    WORKDAYS,
    Token,
    number_at,
    words,
)
from .lexicon import class_names

# Months of the seasons of the year in the northern hemisphere.
# "When did it last fall below 90?" names no season.
_BEHIND_A_FALL = frozenset(("below", "under", "beneath", "by", "to", "from", "short", "again"))
# "The longest run of falls" neither.
_BEFORE_FALLS = frozenset(("run", "runs", "streak", "streaks", "sequence", "sequences", "stretch", "stretches"))
SEASONS = {"spring": (3, 4, 5), "summer": (6, 7, 8), "autumn": (9, 10, 11), "fall": (9, 10, 11), "winter": (12, 1, 2)}
_DECADES = {
    "twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80,
    "nineties": 90,
}  # fmt: skip
_LAST = words("last past previous preceding final latest recent")
_NEXT = words("next coming following upcoming")
_FIRST = words("first initial opening earliest")
_STEPS = words(
    "step steps point points value values observation observations reading readings row rows sample samples record "
    "records entry entries figure figures datapoint datapoints number numbers period periods timestep timesteps"
)
_ITEMS = words("element slot data item measurement one line cell")
_EVERY = words("every each all typical average usual any")
# Behind these, a number is a bound and not a year.
_BOUNDS = words(
    "above over beyond below under exceed exceeds exceeded exceeding surpass surpasses surpassed past reach reaches "
    "reached top tops topped least most than excess more less fewer greater is was of equal around about hits hit"
)
_USUAL = words("usual typical normal")
_USUALLY = words("usually typically normally generally commonly ordinarily")
# Contractions as they are typed in a hurry.
_WITHOUT_APOSTROPHE = {
    **{f"{word}s": word for word in ("what", "how", "when", "where", "who", "that", "there")},
    **{
        f"{word}nt": f"{word}n't"
        for word in words("do does did is was are were have has had would could should ca wo")
    },
    "im": "i'm", "ive": "i've", "id": "i'd", "itll": "it'll", "whatd": "what", "howd": "how",
}  # fmt: skip
# Letters of a month in the plural, such as "Julys", and more than of "this".
_LEAST_PLURAL = 4
_PLACED = frozenset(("max", "min"))
_EXTREMES = frozenset(("max", "min", "mean", "median", "runner"))
_COMPARES = words("separate separates separated differ differs differed different distinguishes distinguish")
_HISTORY = words("history series data record records dataset sample observations table file")
_WHICH = words("that which when where with in whose")
_BEFORE_A_MONTH = words(
    "in of during this last next since until till between and to from than vs versus with for every each by before "
    "after through on - , or compared against past previous late early mid"
)


@dataclass(frozen=True)
class Times:
    """Times that a question names.

    Args:
        span: of time, or of steps.
        start: character where the words begin.
        stop: character behind the words.
        months: of the year, 1 for January; None for all.
        ends: the first and the last time of a range that was named by two.
        has_year: whether a year, or a time relative to the end of the history, was named.
        every: of a weekday alone, all days of its name.
    """

    span: Span
    start: int
    stop: int
    months: frozenset[int] | None = None
    ends: tuple[Span, Span] | None = None
    has_year: bool = True
    every: "Times | None" = None

    @property
    def recurs(self) -> bool:
        """Whether it is some weekdays, months or hours only."""
        return bool(self.months or self.span.weekdays or self.span.clock)

    def rows(self, axis: Axis) -> np.ndarray:
        """Boolean (history + horizon,): the steps inside."""
        plain = replace(self.span, clock=None)
        found = plain.on(axis)
        if axis.left is not None and (plain.start or plain.stop) and plain.start != plain.stop:
            # A step belongs to the time that it begins in, as far as one begins there.
            start = np.datetime64(plain.start or datetime.min, "us")
            stop = np.datetime64(plain.stop or datetime.max, "us")
            begun = replace(plain, start=None, stop=None).on(axis) & (axis.left >= start) & (axis.left < stop)
            found = begun if begun.any() else found
        if self.span.clock is not None and axis.left is not None:
            second = (axis.left - axis.left.astype("datetime64[D]").astype(axis.left.dtype)) / np.timedelta64(1, "s")
            first, last = self.span.clock
            at = (second >= first) & (second < last) if first < last else (second >= first) | (second < last)
            found = found & at & (axis.step < np.timedelta64(1, "D"))
        if self.months is not None and axis.left is not None:
            months = axis.left.astype("datetime64[M]").astype(np.int64) % 12 + 1
            # A step of months is the month that its middle lies in.
            if axis.step >= np.timedelta64(28, "D"):
                middle = axis.left + (axis.right - axis.left) // 2
                months = middle.astype("datetime64[M]").astype(np.int64) % 12 + 1
            found = found & np.isin(months, list(self.months))
        return found

    def earlier(self, unit: str) -> "Times | None":
        """The same time a unit before, such as a year; None of steps, and of a time without an end."""
        start, stop = self.span.start, self.span.stop
        if start is None or stop is None or self.span.steps or self.ends:
            return None
        span = replace(self.span, start=add_units(start, -1, unit), stop=add_units(stop, -1, unit))
        return replace(self, span=span, every=None) if span.start and span.stop else None

    def whole(self, axis: Axis) -> np.ndarray:
        """The steps from its first to its last time, on all weekdays, months and hours."""
        span = replace(self.span, weekdays=None, clock=None, recurs=False)
        return replace(self, span=span, months=None).rows(axis)


def plain_tokens(tokens: list[Token]) -> list[Token]:
    """Tokens without the possessive of times: "last year's", "March's"."""
    found = []
    for token in tokens:
        if token.word in _WITHOUT_APOSTROPHE:
            token = token._replace(word=_WITHOUT_APOSTROPHE[token.word])
        base = token.word.removesuffix("'s")
        if base != token.word and (base in UNITS or base in MONTHS or base in SEASONS or base.endswith("day")):
            token = token._replace(word=base)
        found.append(token)
    return found


class TimesReader(Windows):
    """Reader of the times in the tokens of a question.

    Args:
        tokens: of the question, as of `plain_tokens`.
        axis: of the history and as far as a forecast may reach.
        taken: tokens that are the name of a series.
        past: whether a time without a year is the last one in the history, and not the next one.
        extent: lowest and highest value of the series: a number between them may be one, and not a year.
    """

    def __init__(self, tokens: list[Token], axis: Axis, taken: list[bool], past: bool, extent: tuple[float, float]):
        super().__init__(tokens, axis, taken)
        self.past, self.extent = past, extent
        self.is_usual = any(
            token.word in _USUALLY or (token.word in _USUAL and behind.word in ("for", "in"))
            for token, behind in zip(tokens, [*tokens[1:], *tokens[-1:]], strict=True)
        )
        self.compares = any(token.word in _COMPARES for token in tokens)
        self.months: dict[Span, frozenset[int]] = {}
        self.ends: dict[Span, tuple[Span, Span]] = {}
        self.years = {} if axis.left is None else {i: year for i in range(len(tokens)) if (year := self._bare_year(i))}

    def times(self) -> list[Times]:
        """All times, in their order; words belong to one at most."""
        found: list[Times] = []
        i = 0
        while i < len(self.tokens):
            one = self._window(i)
            if one is None or one[1] <= i:
                i += 1
                continue
            span, j = one[0], min(one[1], len(self.tokens))
            months = self.months.get(span)
            for _ in range(3):
                k = self.skip(j, ",", "on", "in", "during", "of", "at", "the")
                more = self._window(k) or self._window(j)
                if more is None or more[1] <= j:
                    break
                both = span.within(more[0])
                if both is None and {span, more[0]} & self.months.keys():
                    months = self.months.get(span) or self.months.get(more[0])
                    bare = more[0] if span in self.months else span
                    both = replace(bare, recurs=True)
                if both is None:
                    break
                ends = self.ends.get(span) or self.ends.get(more[0])
                if ends:
                    self.ends[both] = ends
                span, j = both, more[1]
            if span.clock is not None and span.clock[1] - span.clock[0] == 60 and self.axis.left is not None:
                # A moment of each day is the step that begins then.
                seconds = int(self.axis.step / np.timedelta64(1, "s"))
                span = replace(span, clock=(span.clock[0], (span.clock[0] + seconds) % 86400))
            every = self._every_day(i, j)
            has_year = span.start is None or any(i <= k < j for k in self.years) or not self._names_month(i, j)
            found.append(
                Times(
                    span, self.tokens[i].start, self.tokens[j - 1].stop, months, self.ends.get(span), has_year, every
                )
            )
            i = j
        return found

    def _every_day(self, i: int, j: int) -> Times | None:
        """All days of the name of a weekday that stands alone."""
        k = self.skip(i, "on", "in", "of", "the", "for", "at")
        day = self.weekday_number(k)
        if self.axis.left is None or day is None or j != k + 1:
            return None
        return Times(Span(weekdays=frozenset((day,)), recurs=True), self.tokens[i].start, self.tokens[j - 1].stop)

    def _names_month(self, i: int, j: int) -> bool:
        return any(self.month_number(k) is not None for k in range(i, j))

    def _bare_year(self, i: int) -> int | None:
        """A number that is a year and not a bound or an amount."""
        token = self.tokens[i]
        if token.kind != "number" or len(token.word) != 4 or not token.word.isdecimal():
            return None
        year, before = int(token.word), self.word(i - 1)
        assert self.axis.left is not None
        covered = self.axis.left[0].item().year <= year <= self.axis.end.year
        if not 1000 <= year <= (9899 if before in ("in", "year") else 3999) or (
            self.word(i + 1) in UNITS | dict.fromkeys(_STEPS, "")
        ):
            return None
        if before in _BOUNDS:
            others = any(
                other.kind == "number" and len(other.word) == 4 and k != i for k, other in enumerate(self.tokens)
            )
            low, high = self.extent
            may_be_value = low - (high - low) <= year <= high + (high - low)
            allowed = covered and (
                before in ("of", "is", "was", "about") or ((others or before == "over") and not may_be_value)
            )
            return year if allowed else None
        return year

    def month_number(self, i: int) -> int | None:
        """The month that a word names, in lower case where the words about it say so."""
        found = super().month_number(i)
        word = self.word(i)
        said = self.word(i - 1) in _BEFORE_A_MONTH or i + 1 in self.years
        return MONTHS.get(word) if found is None and word in AMBIGUOUS and said else found

    def _window(self, i: int) -> Found:
        if i >= len(self.tokens) or self.taken[i] or self._is_place(i):
            return None
        found = self._time_at(i)
        # "For each weekday" asks for an answer for each of them.
        return None if found and any(self.word(k) == "each" for k in range(i, found[1])) else found

    def _time_at(self, i: int) -> Found:
        for read in (self._rows, self._counted_back, self._group, self._season_of_year, self._every_month,
                     self._half, self._era, self._iso):  # fmt: skip
            found = read(i)
            if found is not None:
                return found
        found = super()._window(i)
        k = self.skip(i, "in", "for", "over", "during", "of", "from", "between", "the")
        if found is not None and found[0].reason and self.word(k) in ("year", "years") and k + 1 in self.years:
            # "The years 1720 to 1740" of a series of years.
            return self._extended_year(k + 1)
        if found is None and self.axis.left is not None and i in self.years:
            return self._extended_year(i)
        return found

    def _is_place(self, i: int) -> bool:
        """Whether it is a place in an order, as "the 4th highest"."""
        j = self.skip(i, "the", "on", "of")
        ordinal = j < len(self.tokens) and (self.tokens[j].kind == "ordinal" or self.word(j) in ORDINALS)
        return ordinal and self.word(j + 1 + (self.word(j + 1) == "-")) not in UNITS and bool(
            _PLACED & (class_names(self.word(j + 1)) | class_names(self.word(j + 2)))
        )  # fmt: skip

    def _extended_year(self, i: int) -> Found:
        span = self._span(datetime(self.years[i], 1, 1), 1, "year")
        if span is None:
            return None
        k = i + 1
        if self.words(k, "to|until|through|till|-") and k + 1 in self.years:
            last = self._span(datetime(self.years[k + 1], 1, 1), 1, "year")
            if last is not None and last.start is not None and span.start is not None and span.start < last.start:
                return self._join(span, last), k + 2
        return span, k

    def _extended(self, span: Span, k: int, starts: bool) -> Found:
        """A point; it is no open start where it is compared ("what separates May from March")."""
        if starts and (self.compares or self.word(k) in ("and", "to")):
            starts = False
        return super()._extended(span, k, starts)

    def point(self, i: int) -> Found:
        """A day, week, month, quarter, year or moment; a bare year too."""
        if self.axis.left is None:
            return None
        i = self.skip(i, "the")
        for read in (self._iso, self._era, self._half, self._season_of_year):
            found = read(i)
            if found is not None:
                return found
        found = super().point(i)
        if found is None and i in self.years:
            span = self._span(datetime(self.years[i], 1, 1), 1, "year")
            return (span, i + 1) if span else None
        return found

    @staticmethod
    def _reversed(first: Span, last: Span) -> bool:
        """Never: two times of which the later one is named first are compared."""
        return False

    def _join(self, first: Span, last: Span) -> Span:  # type: ignore[override]
        joined = super()._join(first, last)
        self.ends[joined] = (first, last)
        return joined

    def _year(self, i: int) -> tuple[int | None, int]:
        """A year behind a date, else the one that the question names elsewhere."""
        year, end = super()._year(i)
        if year is not None or not self.years:
            return year, end
        ahead = [k for k in self.years if k >= i]
        behind = [k for k in self.years if k < i]
        return self.years[min(ahead) if ahead else max(behind)], i

    def _nearest(self, candidates: list[datetime]) -> datetime | None:
        before = [day for day in candidates if day < self.axis.start]
        ahead = [day for day in candidates if day >= self.axis.start]
        if self.past and before:
            latest, first = max(before), datetime.min if self.axis.left is None else self.axis.left[0].item()
            # None of them is in the history: the one that is nearer to it.
            nearer = latest < first and ahead and min(ahead) - self.axis.start < first - latest
            return min(ahead) if nearer else latest
        return min(ahead) if ahead and not self.past else super()._nearest(candidates)

    def _month_in(self, month: int, year: int | None) -> datetime | None:
        if year is not None or not self.past:
            return super()._month_in(month, year)
        first = start_of(self.axis.now, "month").replace(month=1)
        months = [first.replace(year=first.year - k, month=month) for k in range(2) if first.year > k]
        return self._nearest(months)

    def _weekday(self, i: int) -> Found:
        found = super()._weekday(i)
        if found is None or not self.past or found[0].start is None or found[1] > i + 1:
            return found
        start, stop = found[0].start, found[0].stop
        weeks = 0
        while start - timedelta(days=7 * weeks) >= self.axis.start:
            weeks += 1
        back = timedelta(days=7 * weeks)
        return replace(found[0], start=start - back, stop=stop - back if stop else None), found[1]

    def _counted(self, count: float, unit: str, length: float) -> Span | None:
        """ "In five years", "two weeks ago": the step that many units away."""
        if self.axis.left is None or unit in ("step", self.axis.unit) or not count or length != 1:
            return super()._counted(count, unit, length)
        time = add_units(self.axis.now, count, unit)
        return Span(time, time) if time else None

    def _edge(self, i: int) -> Found:
        """ "The end of 1959" is its last step, "the start of" its first; the middle a third of it."""
        found = super()._edge(i)
        if found is None or self.word(i) not in ("beginning", "start", "end", "close"):
            return found
        start, stop = found[0].start, found[0].stop
        if start is None or stop is None:
            return found
        step = self.axis.step.astype("timedelta64[us]").item()
        return (Span(stop - step, stop) if self.word(i) in ("end", "close") else Span(start, start + step)), found[1]

    def _horizon(self, i: int) -> Found:
        return None

    def _steps(self, i: int) -> Found:
        """ "Steps 3 to 7", counted from 1 within the history."""
        found = super()._steps(i) if self.word(i) in ("step", "steps", "timestep", "timesteps") else None
        if found is None and self.word(i) in _STEPS | words("element slot index position item measurement line"):
            j = self.skip(i + 1, "number", "no", ".", "nr", "#", "at", "index", "position")
            if j == i + 1 and (self.word(i) in ("number", "level") or self.word(i - 1) in ("a", "an", "any", "top")):
                return None
            first = number_at(self.tokens, j)
            # "Value 28 October 1997" is of a date.
            if first is None or j in self.years or self.word(first[1]) in MONTHS or self.word(first[1]) in UNITS:
                return None
            last = number_at(self.tokens, first[1] + 1) if self.words(first[1], "to|-|and|through") else None
            upto = last or first
            found = Span(steps=(int(first[0]) - 1, int(upto[0]))), upto[1]
        if found is None or found[0].steps is None:
            return found
        first_step, last_step = found[0].steps
        return Span(steps=(first_step - self.axis.history, last_step - self.axis.history)), found[1]

    def _digits(self, i: int) -> Found:
        """A date in digits; where day and month may be confused, month first if that day is on the axis."""
        parts = [int(part) for part in re.findall(r"\d+", self.word(i))]
        found = super()._digits(i)
        if (
            found is None
            or self.axis.left is None
            or len(parts) != 3
            or parts[0] > 31
            or max(parts[:2]) > 12
            or "." in self.word(i)
        ):
            return found
        day = datetime(parts[2] + (2000 if parts[2] < 100 else 0), parts[0], parts[1])
        span = self._span(day)
        return (span, i + 1) if span and self.axis.left[0].item() <= day < self.axis.end else found

    def _rows(self, i: int) -> Found:
        """ "The last 20 values", "the first 100 points", "the next 5 values", "steps 3 to 7"."""
        start = self.skip(i, "from", "between")
        steps = self._steps(start)
        if steps is not None and (own := steps[0].steps) is not None:
            k = steps[1]
            last = (
                self._steps(k + 1) or self._bare_step(k + 1) if self.words(k, "to|and|-|through|until|till") else None
            )
            if last is not None and (upto := last[0].steps) is not None and start > i:
                return Span(steps=(own[0], upto[1])), last[1]
            return steps
        ranked = self._kth(i)
        if ranked is not None:
            return ranked
        j = self.skip(i, "over", "for", "in", "the", "during", "within", "of", "among")
        word = self.word(j)
        if word not in _LAST | _FIRST | _NEXT:
            return None
        counted = number_at(self.tokens, j + 1)
        if counted is None or self.word(counted[1]) not in _STEPS or not 1 <= counted[0] <= 1e6:
            return None
        count, k = int(counted[0]), counted[1] + 1
        if word in _NEXT:
            return Span(steps=(0, count)), k
        return Span(steps=(-count, 0) if word in _LAST else (-self.axis.history, count - self.axis.history)), k

    def _ordinal(self, i: int) -> tuple[int, int]:
        """An ordinal in digits or words, and the token behind it; 0 where there is none."""
        word = self.word(i)
        digits = re.match(r"(\d+)(?:st|[nr]d|th)$", word)
        if digits or word in ORDINALS:
            return int(digits.group(1)) if digits else ORDINALS[word], i + 1
        stem = re.sub("ieth$", "y", word)
        if stem != word and stem in TENS:
            return int(TENS[stem]), i + 1
        j = i + 1 + (self.word(i + 1) == "-")
        if word in TENS and ORDINALS.get(self.word(j), 10) < 10:
            return int(TENS[word]) + ORDINALS[self.word(j)], j + 1
        return (100, i + 1) if word == "hundredth" else (0, i)

    def _kth(self, i: int) -> Found:
        """ "The 5th value", "the second to last reading": counted from an end of the history."""
        j = self.skip(i, "the", "at", "in", "of", "on")
        if self.word(j) == "penultimate":
            number, k, from_end = 2, j + 1, True
        elif self.words(j, "next", "to", "last") or self.words(j, "last", "but", "one"):
            number, k, from_end = 2, j + 3, True
        else:
            number, end = self._ordinal(j)
            k = self.skip(end, "-", "to", "from", "the")
            from_end = self.word(k) in ("last", "latest", "end")
            k = k + 1 if from_end else end
            if number < 1 or (number == 1 and self.tokens[j].kind != "ordinal"):
                return None
        is_step = UNITS.get(self.word(k)) == self.axis.unit and (
            self.word(k + 1) not in ("of", "in") or self.word(self.skip(k + 2, "the", "this", "our")) in _HISTORY
        )
        bounded = class_names(self.word(k + 1)) & {"above", "below", "no_less", "no_more"}
        if not (is_step or self.word(k) in _STEPS | _ITEMS) or bounded or number > self.axis.history:
            return None
        from_end = from_end or self.words(k + 1, "from", "the", "end")
        k = k + 4 if self.words(k + 1, "from", "the", "end") else k + 1
        start = -number if from_end else number - 1 - self.axis.history
        return Span(steps=(start, start + 1)), k

    def _bare_step(self, i: int) -> Found:
        """The number behind "from step 3 to"."""
        counted = number_at(self.tokens, i)
        if counted is None:
            return None
        return Span(steps=(int(counted[0]) - 1 - self.axis.history, int(counted[0]) - self.axis.history)), counted[1]

    def _counted_window(self, i: int) -> Found:
        j = self.skip(i, "for", "over", "during", "in", "the", "within", "throughout", "of")
        # "The first hour above 3" is asked for, and no time.
        alone = self.word(j) in _FIRST | _LAST and self.word(j + 1) in UNITS and self.word(j + 2) not in ("of", "in")
        return None if alone else super()._counted_window(i)

    def _counted_back(self, i: int) -> Found:
        """ "The last year", "the past week", "the first two years", "the next month": counted from an end."""
        if self.axis.left is None:
            return None
        j = self.skip(i, "over", "for", "in", "during", "within", "of")
        ahead = self.duration(j)
        if ahead is not None and self.word(ahead[2]) == "ahead":
            return self._from_edge(ahead[0], ahead[1], at_end=False), ahead[2] + 1
        the = self.word(j) == "the"
        j += the
        word = self.word(j)
        if word not in _LAST | _FIRST | _NEXT:
            return None
        counted = self.duration(j + 1)
        asked_for = self.word(j + 2) in _BOUNDS | _WHICH or (word in _FIRST and self.word(j + 2) not in ("", "?", "."))
        if counted is None and the and UNITS.get(self.word(j + 1), "step") != "step" and not asked_for:
            counted = 1.0, UNITS[self.word(j + 1)], j + 2
        if counted is None:
            return None
        count, unit, k = counted
        inside = (
            self.word(k) in ("of", "in")
            and self.word(k + 1) not in _HISTORY
            and not (self.word(k + 1) in ("the", "this", "our") and self.word(k + 2) in _HISTORY)
        )
        if inside:
            return None
        if word in _FIRST:
            steps = self._in_steps(count, unit)
            first = self.axis.left[0].item()
            if steps is not None:
                return Span(steps=(-self.axis.history, steps - self.axis.history)), k
            return Span(first, add_units(first, count, unit)), k
        return (self._from_edge(count, unit, at_end=False) if word in _NEXT else self._before(count, unit)), k

    def _group(self, i: int) -> Found:
        """Weekends, weekdays and parts of the day that recur: "a weekend", "during the week", "at night"."""
        if self.axis.left is None or (self.word(i) == "of" and self.word(i - 1) in ("number", "count")):
            return None
        j = self.skip(i, "on", "at", "over", "during", "in", "the", "a", "an", "of", "from")
        j = self.skip(j, *_EVERY)
        word, before = self.word(j), self.word(j - 1)
        named = before not in _LAST | _NEXT | {"this", "which", "what", "by", "per"}
        # "Between Monday to Friday and the weekend".
        j = self.skip(j, "between") if self.words(j + 2, "to|through|till|until|-|thru") else j
        if self.words(j, "monday|mondays|mon", "to|through|till|until|-|thru", "friday|fridays|fri") and named:
            return Span(weekdays=WORKDAYS, recurs=True), j + 3
        if self.words(j, "saturday|sat", "and|or|&|to|/", "sunday|sun") and named:
            return Span(weekdays=WEEKEND, recurs=True), j + 3
        if word in ("weekend", "weekends") and named:
            return Span(weekdays=WEEKEND, recurs=True), j + 1
        if word in ("weekday", "weekdays", "workday", "workdays", "workweek", "workweeks") and named:
            return Span(weekdays=WORKDAYS, recurs=True), j + 1
        if self.words(j, "working|business|week|work", "days|day|week|weeks") and named and before != "many":
            return Span(weekdays=WORKDAYS, recurs=True), j + 2
        if word == "week" and before == "the" and self.word(j - 2) in ("during", "in") and j > i:
            return Span(weekdays=WORKDAYS, recurs=True), j + 1
        plural = self.weekday_number(j, plural=True)
        if plural is None and (
            (j > i and before in _EVERY | {"a", "an"}) or self._is_ranked(j) or before in ("which", "what")
        ):
            plural = self.weekday_number(j)
        if plural is not None:
            days, k = {plural}, j + 1
            while self.words(k, "and|or|,|&"):
                more = self.weekday_number(self.skip(k, "and", "or", ",", "&", "on"), plural=True)
                if more is None:
                    break
                days.add(more)
                k = self.skip(k, "and", "or", ",", "&", "on") + 1
            return Span(weekdays=frozenset(days), recurs=True), k
        part = word in DAY_PARTS and j > i and before in _EVERY | {"the", "at", "in", "during", "on"} and named
        if part and (word.endswith("s") or self.point(j + 1 + (self.word(j + 1) in ("of", "on"))) is None):
            return self._part(word), j + 1
        return None

    def _is_ranked(self, i: int) -> bool:
        """Whether a superlative stands before, as in "the lowest Monday"."""
        before = i - 1 - (self.word(i - 1) in ("ever", "single", "recorded"))
        return bool(_EXTREMES & class_names(self.word(before)))

    def _season_of_year(self, i: int) -> Found:
        """ "Summer 2019", "last winter", "in the summers", "every autumn"."""
        if self.axis.left is None:
            return None
        j = self.skip(i, "in", "during", "over", "of", "the", "for", "on")
        every = self.word(j) in _EVERY
        relative = self.word(j) if self.word(j) in _LAST | _NEXT | {"this"} else ""
        j += bool(every or relative)
        word = self.word(j)
        name = word if word in SEASONS else word.removesuffix("s")
        if (
            name not in SEASONS
            or (word == "fall" and (j == i or self.word(j + 1) in _BEHIND_A_FALL))
            or (word in ("springs", "falls") and not every and j == i)
            or (name == "fall" and self.word(i - 1) in _BEFORE_FALLS)
        ):
            return None
        year_at = self.skip(j + 1, "of", ",", "the", "year")
        year = self.years.get(year_at)
        months = SEASONS[name]
        if every or word != name or (year is None and not relative and self.past):
            span = Span(recurs=True, weekdays=None, steps=(-self.axis.history, self.axis.horizon))
            self.months[span] = frozenset(months)
            return span, j + 1
        if year is not None:
            start = datetime(year, months[0], 1)
            return self._lasting_from(start, 3, "month", year_at + 1)
        starts = [datetime(y, months[0], 1) for y in range(max(self.axis.now.year - 2, 1), self.axis.now.year + 3)]
        if relative in _LAST or self.past:
            ended = [one for one in starts if (add_units(one, 3, "month") or one) <= self.axis.start]
            chosen = max(ended) if relative in _LAST and ended else max(one for one in starts if one <= self.axis.now)
        else:
            chosen = min(one for one in starts if one >= self.axis.start)
        return self._lasting_from(chosen, 3, "month", j + 1)

    def _every_month(self, i: int) -> Found:
        """ "Every March", "in Decembers", "a typical July"."""
        if self.axis.left is None:
            return None
        j = self.skip(i, "in", "during", "of", "for", "the", "a", "an")
        every = self.word(j) in _EVERY
        j += every
        every = every or self._is_ranked(j)
        word = self.word(j)
        usual = self.is_usual and self.past and not self.years and self.month_number(j) is not None
        month = MONTHS.get(word) if every or usual else None
        if usual and self.integer(j + 1, 1, 31, ("number", "ordinal")) is not None:
            return None
        if month is None and word.endswith("s") and len(word) > _LEAST_PLURAL:
            month = MONTHS.get(word.removesuffix("es")) or MONTHS.get(word.removesuffix("s"))
        if month is None or j + 1 in self.years:
            return None
        span = Span(recurs=True, steps=(-self.axis.history, self.axis.horizon))
        self.months[span] = frozenset((month,))
        return span, j + 1

    def _half(self, i: int) -> Found:
        """ "The first half of 2019", "the second half of the data", "H2 2019"."""
        j = self.skip(i, "in", "during", "over", "the", "for")
        if self.axis.left is not None and self.word(j) == "h" and (which := self.integer(j + 1, 1, 2)) is not None:
            year = self.years.get(self.skip(j + 2, "of", ","))
            if year is not None:
                end = self.skip(j + 2, "of", ",") + 1
                return self._lasting_from(datetime(year, 6 * which - 5, 1), 6, "month", end)
        parts = {"half": 2, "third": 3, "quarter": 4}
        ordinal = ORDINALS.get(self.word(j)) or (-1 if self.word(j) in ("last", "latter", "final") else None)
        if ordinal is not None and self.words(j + 1, "and|or|versus|vs|to|with|than"):
            # "The first and the second half".
            k = self.skip(j + 2, "the", "to")
            other = self._half(k) if self.word(k + 1) in parts else None
            if other is not None and ordinal <= parts[self.word(k + 1)]:
                return self._nth_part(ordinal, parts[self.word(k + 1)], j + 1)
        count = parts.get(self.word(j + 1))
        if ordinal is None or count is None or ordinal > count or self.word(j + 2) not in ("of", ""):
            return None
        number = count - 1 if ordinal < 0 else ordinal - 1
        k = self.skip(j + 3, "the", "this", "our", "whole", "entire", "year")
        if self.word(j + 2) != "of":
            return self._nth_part(number + 1, count, j + 2)
        if self.word(k) in _HISTORY:
            return self._part_of_history(number, count), k + 1
        if count == 4 and self.axis.left is not None and (k in self.years or self.word(k - 1) == "year"):
            return None
        inside = self.point(k) or (self.point(k - 1) if self.word(k - 1) == "year" else None)
        if self.word(k - 1) == "year" and inside is None:
            inside = self._lasting_from(start_of(self.axis.now, "year"), 1, "year", k)
        return self._part_of(inside, number, count)

    def _nth_part(self, ordinal: int, count: int, end: int) -> Found:
        """A part of the year that is named elsewhere, else of the history."""
        number = count - 1 if ordinal < 0 else ordinal - 1
        if self.years:
            # "The first half of 1960 with the second half".
            year = self.years[min(self.years, key=lambda at: abs(at - end))]
            return self._part_of(self._lasting_from(datetime(year, 1, 1), 1, "year", end), number, count)
        return self._part_of_history(number, count), end

    def _part_of_history(self, number: int, count: int) -> Span:
        edges = [round(self.axis.history * part / count) - self.axis.history for part in (number, number + 1)]
        return Span(steps=(edges[0], edges[1]))

    def _lasting_from(self, start: datetime, count: float, unit: str, end: int) -> Found:
        """A time by its start and length, and the token behind it; None where it ends beyond the calendar."""
        span = self._span(start, count, unit)
        return None if span is None else (span, end)

    def _part_of(self, inside: Found, number: int, count: int) -> Found:
        """One of the equal parts of a time; the halves of a year are six months."""
        if inside is None or inside[0].start is None or inside[0].stop is None:
            return None
        start, stop = inside[0].start, inside[0].stop
        if (
            count == 2
            and (start.month, start.day, stop.month, stop.day) == (1, 1, 1, 1)
            and stop.year == start.year + 1
        ):
            return self._lasting_from(start.replace(month=1 + 6 * number), 6, "month", inside[1])
        length = (stop - start) / count
        return Span(start + number * length, start + (number + 1) * length), inside[1]

    def _era(self, i: int) -> Found:
        """Decades and centuries: "the 1950s", "the fifties", "the 19th century"."""
        if self.axis.left is None:
            return None
        j = self.skip(i, "in", "during", "over", "the", "for", "of")
        token = self.tokens[j] if j < len(self.tokens) else None
        if token is None:
            return None
        if token.kind == "number" and self.word(j + 1) == "s" and token.word.isdecimal() and token.word.endswith("0"):
            decade = int(token.word)
            if len(token.word) == 4 and decade:
                return self._lasting_from(datetime(decade, 1, 1), 10, "year", j + 2)
            if len(token.word) == 2:
                return self._decade(decade, j + 2)
        if token.word in _DECADES:
            return self._decade(_DECADES[token.word], j + 1)
        if self.word(j + 1) == "century":
            digits = re.match(r"\d+", token.word)
            number = int(digits.group()) if digits else ORDINALS.get(token.word)
            if number is None and self.words(j, "this|last"):
                number = self.axis.now.year // 100 + (token.word == "this")
            if number and 1 < number < 40:
                return self._lasting_from(datetime(100 * number - 100, 1, 1), 100, "year", j + 2)
        return None

    def _decade(self, decade: int, end: int) -> Found:
        now = self.axis.now.year
        year = max(century + decade for century in range(1000, 2300, 100) if century + decade <= now)
        return self._lasting_from(datetime(year, 1, 1), 10, "year", end)

    def _iso(self, i: int) -> Found:
        """ "2019-05", "05/2019", "May-2019", "2019 Q3", "2019-Q3", "week 23 of 2019"."""
        if self.axis.left is None:
            return None
        j = self.skip(i, "in", "during", "for", "the")
        if j in self.years:
            k = j + 1 + (self.word(j + 1) in ("-", "/"))
            month = self.integer(k, 1, 12)
            joined = k == j + 2 and k < len(self.tokens) and self.tokens[k].start == self.tokens[j].stop + 1
            if month is not None and joined and len(self.word(k)) == 2:
                return self._lasting_from(datetime(self.years[j], month, 1), 1, "month", k + 1)
            if self.word(k) == "q" and (quarter := self.integer(k + 1, 1, 4)) is not None:
                return self._lasting_from(datetime(self.years[j], 3 * quarter - 2, 1), 3, "month", k + 2)
        if self.words(j, "week|w|wk|kw") and (week := self.integer(j + 1, 1, 53)) is not None:
            k = self.skip(j + 2, "of", ",", "in", "/", "-")
            if k in self.years:
                try:
                    monday = datetime.fromisocalendar(self.years[k], week, 1)
                except ValueError:
                    return None
                return self._lasting_from(monday, 7, "day", k + 1)
        month = self.month_number(j)
        if month is not None and self.words(j + 1, "-|/") and j + 2 in self.years:
            return self._lasting_from(datetime(self.years[j + 2], month, 1), 1, "month", j + 3)
        month = self.integer(j, 1, 12)
        if month is not None and self.word(j + 1) == "/" and j + 2 in self.years:
            return self._lasting_from(datetime(self.years[j + 2], month, 1), 1, "month", j + 3)
        return None
