"""Days, weeks, months and moments that a text names, as spans of time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from .grounding_axis import Axis, Span, add_units, midnight, start_of
from .grounding_dates import Found
from .grounding_forms import Forms
from .grounding_holidays import holiday
from .grounding_words import (
    CALENDAR_MONTHS,
    DAY_PARTS,
    HORIZON,
    ORDINALS,
    SECONDS,
    SMALL,
    TO,
    UNITS,
    Token,
    words,
)

# "A maximum of 1990", "in the range from 1800 to 1990" are values.
_QUANTITIES = words(
    "maximum minimum max min bound limit ceiling floor cap quota value values level rate total sum average mean peak "
    "top bottom amount number reading readings figure range band interval corridor capacity count base factor range "
    "ranges ranging increase decrease rise drop surplus shortfall constant uniform flat threshold setpoint volume"
)
_BEFORE_A_YEAR = words("in of during since until through year from")
_NEXT = words("next coming following upcoming subsequent")
_LAST = words("last previous past preceding")
_EDGES = {
    "early": 0, "beginning": 0, "start": 0, "mid": 1, "middle": 1, "late": 2, "end": 2, "close": 2,
}  # fmt: skip
# Days of a week and of a month that its middle and its end begin with, from 0.
_PARTS_OF_WEEK, _PARTS_OF_MONTH = (2, 4), (10, 20)


def _of_week(day: datetime) -> datetime:
    return start_of(day, "week")


class Points(Forms):
    """Reader of single days, weeks, months, quarters, years and moments in the tokens of a text; see [`Dates`]."""

    def __init__(self, tokens: list[Token], axis: Axis, taken: Sequence[bool]):
        super().__init__(tokens, axis, taken)
        # Weekdays and holidays as the end of a range are those behind its start.
        self.earliest = datetime.min

    def point(self, i: int) -> Found:
        """A day, week, month, quarter, year or moment."""
        if self.axis.left is None:
            return None
        i = self.skip(i, "the")
        for read in (
            self._holiday,
            self.form,
            self._date,
            self.moment,
            self._edge,
            self._end_of,
            self._named,
            self._relative,
            self._weekday,
        ):
            found = read(i)
            if found is not None:
                return self._with_clock(*found)
        return None

    def _with_clock(self, span: Span, j: int) -> Found:
        """A day with the moment or the part of the day that follows it."""
        if span.start is None or span.start != midnight(span.start) or span.stop != add_units(span.start, 1, "day"):
            return span, j
        if self.word(j) in DAY_PARTS:
            first, last = DAY_PARTS[self.word(j)]
            return span.within(Span(clock=(first * 3600, last * 3600))) or span, j + 1
        if j < len(self.tokens) and self.tokens[j].begins_line:
            return span, j
        at = self.clock(j + (self.words(j, ",|:")) + (self.words(j, ",", "at")))
        # "Monday 9:00 to 17:00" are hours of a day, "Monday 9:00 to Tuesday" begins at a moment.
        if at is None or (self.word(at[1]) in TO and self.clock(at[1] + 1) is not None):
            return span, j
        return self._moment(span, at[0]), at[1]

    @staticmethod
    def _moment(day: Span, seconds: int) -> Span:
        """A time of the day that a span begins with."""
        time = midnight(day.start or datetime.min) + timedelta(seconds=seconds)
        return Span(time, time)

    def moment(self, i: int) -> Found:
        """ "Noon tomorrow", "10:00 on Monday"."""
        at = self.clock(i)
        day = self.point(self.skip(at[1], "on", ",")) if at else None
        if at is None or day is None or day[0].start is None or day[0].start == day[0].stop:
            return None
        return self._moment(day[0], at[0]), day[1]

    def _edge(self, i: int) -> Found:
        """ "Early March", "the end of next week", "the middle of the month"."""
        edge = _EDGES.get(self.word(i))
        if edge is None:
            return None
        j = self.skip(i + 1, "-", "of", "in")
        if self.word(i) not in ("early", "mid", "late") and self.word(i + 1) != "of":
            return None
        before, j = j, self.skip(j, "the")
        if self.word(j) in HORIZON or self.words(j, "forecasting|prediction", "period|window|horizon"):
            j += 1 + (self.word(j + 1) in ("period", "window", "horizon"))
            start, stop = self.axis.start, self.axis.end
        else:
            found = self.holder(before)
            if found is None:
                return None
            start, stop, j = found
        if stop - start <= timedelta(days=1):
            return None
        bounds = [start, *self._inner_bounds(start, stop), stop]
        return Span(bounds[edge], bounds[edge + 1]), j

    @staticmethod
    def _inner_bounds(start: datetime, stop: datetime) -> list[datetime]:
        """Where the middle and the late part of a time begin: thirds, in whole days or months."""
        if add_units(start, 7, "day") == stop:
            return [start + timedelta(days=day) for day in _PARTS_OF_WEEK]
        if add_units(start, 1, "month") == stop:
            return [start + timedelta(days=day) for day in _PARTS_OF_MONTH]
        if add_units(start, 1, "year") == stop:
            return [start.replace(month=month) for month in (5, 9)]
        days = (stop - start).days
        third = timedelta(days=round(days / 3)) if days > 3 else (stop - start) / 3
        return [start + third, stop - third]

    def whole(self, i: int) -> Found:
        """A day, week, month, quarter or year by its name, or by its place from now."""
        return self._date(i) or self._named(i) or self._relative(i)

    def _end_of(self, i: int) -> Found:
        """ "Month-end", "year end": the last third of the month or year that the horizon begins in."""
        unit = UNITS.get(self.word(i).removesuffix("'s"))
        j = self.skip(i + 1, "-")
        if unit not in ("week", "month", "quarter", "year") or self.word(j) != "end":
            return None
        start = start_of(self.axis.start, unit)
        stop = add_units(start, 1, unit)
        return (Span(self._inner_bounds(start, stop)[1], stop), j + 1) if stop else None

    def _named(self, i: int) -> Found:
        """Quarters, years, and weeks or weekdays counted within a month."""
        if self.word(i - 1) in ("per", "a", "an"):
            # "50 more per week from 6 May".
            return None
        if self.words(i, "week", "of|beginning|starting|commencing|from|ending") or self.words(i, "w", "/", "c|e"):
            ends = self.word(i + 1) == "ending" or self.word(i + 2) == "e"
            day = self._date(self.skip(i + 2 + (self.word(i) == "w"), "on", "the"))
            start = day[0].start if day else None
            monday = _of_week(start) if start and self.word(i + 1) == "of" else start
            span = self._span(monday - timedelta(days=6) if monday and ends else monday, 1, "week")
            return (span, day[1]) if day and span else None
        if self.words(i, "weekend", "of"):
            k = self.skip(i + 2, "the")
            # "The weekend of 21-22 March".
            k += 2 * (self.word(k + 1) in TO | {"/", "and", "&"} and self.integer(k, 1, 31) is not None)
            day = self._date(k)
            start = day[0].start if day else None
            span = self._span(_of_week(start) + timedelta(days=5), 2) if start else None
            if day is None or span is None:
                return None
            # "The weekend of March 21-22".
            both = self.word(day[1]) in TO and self.integer(day[1] + 1, 1, 31) is not None
            return span, day[1] + 2 * both
        if self.word(i) == "q" and (quarter := self.integer(i + 1, 1, 4)) is not None:
            return self._quarter(quarter, i + 2)
        ordinal = ORDINALS.get(self.word(i)) or (-1 if self.word(i) in ("last", "final") else None)
        ordinal = self.integer(i, 1, 5, ("ordinal",)) if ordinal is None else ordinal
        if ordinal is not None and self.word(i + 1) == "quarter" and 1 <= ordinal <= 4:
            return self._quarter(ordinal, i + 2)
        weekday = self.weekday_number(i + 1)
        if ordinal is not None and weekday is not None and (self.word(i - 1) == "the" or self._begins(i)):
            counted = self._counted_weekday(i, ordinal, weekday)
            if counted is not None:
                return counted
        if (several := self._counted_weekdays(i)) is not None:
            return several
        if (
            ordinal is not None
            and self.word(i + 2) in ("of", "in")
            and (weekday is not None or self.word(i + 1) in ("week", "weekend"))
        ):
            inside = self._date(self.skip(i + 3, "the"))
            # "The last weekend of the month".
            held = self.holder(i + 3) if inside is None else None
            inside = (Span(held[0], held[1]), held[2]) if held else inside
            if inside is None or inside[0].start is None or inside[0].stop is None:
                return None
            start, stop = inside[0].start, inside[0].stop
            is_weekend = self.word(i + 1) == "weekend"
            if weekday is None and not is_weekend:
                span = (
                    Span(stop - timedelta(days=7), stop)
                    if ordinal < 0
                    else self._span(start + timedelta(days=7 * ordinal - 7), 1, "week")
                )
                return (span, inside[1]) if span else None
            days = [start + timedelta(days=k) for k in range((stop - start).days)]
            days = [day for day in days if day.weekday() == (5 if is_weekend else weekday)]
            if len(days) < abs(ordinal):
                return Span(reason="there is no such day"), inside[1]
            span = self._span(days[ordinal - (ordinal > 0)], 1 + is_weekend)
            return (span, inside[1]) if span else None
        year = self.integer(i, 1800, 2299)
        if year is not None and self._is_said_year(year, i):
            span = self._span(datetime(year, 1, 1), 1, "year")
            return (span, i + 1) if span else None
        return None

    def end_of_month(self) -> datetime:
        """The end of the month that the horizon begins in."""
        first = midnight(self.axis.start.replace(day=1))
        return add_units(first, 1, "month") or first

    def _counted_weekday(self, i: int, ordinal: int, weekday: int) -> Found:
        """ "The second Tuesday" without a month: that of the horizon, where it lies within one."""
        if self.word(i + 2) in ("of", "in", "after", "before", "following", "on") or self.word(i) == "last":
            return None
        first, stop = midnight(self.axis.start.replace(day=1)), self.end_of_month()
        if self.axis.end > stop:
            return Span(reason="it is not said of which month"), i + 2
        days = [first + timedelta(days=k) for k in range((stop - first).days)]
        days = [day for day in days if day.weekday() == weekday]
        span = self._span(days[ordinal - (ordinal > 0)]) if abs(ordinal) <= len(days) else None
        return (span, i + 2) if span else None

    def _begins(self, i: int) -> bool:
        """Whether a text, a line or what stands behind a mark begins with a token."""
        return i == 0 or self.tokens[i].begins_line or self.tokens[i - 1].kind == "mark"

    def _counted_weekdays(self, i: int) -> Found:
        """ "The last two Saturdays of March"; without a month, of that of the horizon, where it lies within one."""
        weekday, count = self.weekday_number(i + 2, plural=True), self.integer(i + 1, 2, 5)
        count = SMALL.get(self.word(i + 1)) if count is None else count
        if weekday is None or count is None or not 2 <= count <= 5 or self.word(i) not in ("first", "last", "final"):
            return None
        first, stop, end = midnight(self.axis.start.replace(day=1)), self.end_of_month(), i + 3
        if self.word(end) in ("of", "in"):
            inside = self._date(self.skip(end + 1, "the"))
            held = self.holder(end + 1) if inside is None else None
            if inside is not None and inside[0].start is not None and inside[0].stop is not None:
                first, stop, end = inside[0].start, inside[0].stop, inside[1]
            elif held is not None:
                first, stop, end = held
        elif self.axis.end > stop:
            return Span(reason="it is not said of which month"), end
        days = [first + timedelta(days=k) for k in range((stop - first).days)]
        days = [day for day in days if day.weekday() == weekday]
        days = days[:count] if self.word(i) == "first" else days[-count:]
        return (Span(days[0], days[-1] + timedelta(days=1), frozenset({weekday})), end) if days else None

    def _is_said_year(self, year: int, i: int) -> bool:
        """Whether the words before a number, or its place in a range, say that it is a year."""
        before = self.word(i - 1)
        if self.word(i - 2) in _QUANTITIES:
            return False
        if before in _BEFORE_A_YEAR:
            return True
        assert self.axis.left is not None
        first, last = self.axis.left[0].item().year, self.axis.end.year
        other = self.integer(i + 2, 1800, 2299) if self.word(i + 1) in TO | {"and"} else None
        if not first <= year <= last:
            return False
        if before in ("and", "or") and self.integer(i - 2, first, last) is not None:
            return True
        if before in ("after", "before", "by"):
            return i + 1 >= len(self.tokens) or self.tokens[i + 1].kind == "mark"
        in_range = other is not None and year < other <= last
        return in_range and (before == "between" or (self.word(i + 1) == "-" and before not in _QUANTITIES))

    def _quarter(self, quarter: int, j: int) -> Found:
        year, end = self._year(j + self.words(j, "/"))
        short = self.integer(j + 1, 0, 99) if self.word(j) == "/" else None
        if short is not None:
            year, end = 2000 + short, j + 2
        span = self._span(self._month_in(3 * quarter - 2, year), 3, "month")
        return (span, end) if span else None

    def _relative(self, i: int) -> Found:
        """Today and tomorrow, next week, last month, in three days, five hours ago."""
        word, today = self.word(i), midnight(self.axis.now)
        # "From now on" is the whole horizon, as no time is.
        starts = self.word(i - 1) == "between" or (self.word(i - 1) == "from" and self.word(i + 1) in TO)
        if word == "now" and (starts or self.word(i - 1) in ("until", "till")):
            return Span(self.axis.start, self.axis.start), i + 1
        if word == "tonight" or (word == "this" and self.word(i + 1) in DAY_PARTS):
            part = DAY_PARTS["night" if word == "tonight" else self.word(i + 1)]
            day = Span(today, today + timedelta(days=1)).within(Span(clock=(part[0] * 3600, part[1] * 3600)))
            return (day, i + 1 + (word == "this")) if day else None
        if word == "later" and self.word(i + 1) in ("this", "today"):
            unit = "day" if self.word(i + 1) == "today" else UNITS.get(self.word(i + 2), "step")
            if unit in ("step", "minute", "hour"):
                return None
            return Span(self.axis.start, add_units(start_of(self.axis.now, unit), 1, unit)), i + 2 + (unit != "day")
        if UNITS.get(word) in ("week", "month", "quarter", "year") and self.words(i + 1, "after|before", "next|last"):
            away = 2 if self.words(i + 1, "after", "next") else -2 if self.words(i + 1, "before", "last") else 0
            span = self._span(add_units(start_of(self.axis.now, UNITS[word]), away, UNITS[word]), 1, UNITS[word])
            return (span, i + 3) if span and away else None
        days = {"today": 0, "tomorrow": 1, "yesterday": -1}
        if self.words(i, "day", "after", "tomorrow") or self.words(i, "day", "before", "yesterday"):
            span = self._span(add_units(today, 2 if self.word(i + 1) == "after" else -2, "day"))
            return (span, i + 3) if span else None
        if word in days:
            span = self._span(add_units(today, days[word], "day"))
            return (span, i + 1) if span else None
        if word in ("in", "within") and (found := self.duration(i + 1)) is not None:
            count, unit, j = found
            behind = self._counted(count if word == "in" else 0, unit, 1 if word == "in" else count)
            return (behind, j) if behind else None
        found = self.duration(i)
        if found is not None and (
            self.word(found[2]) in ("ago", "earlier") or self.words(found[2], "from", "now|today")
        ):
            past = self.word(found[2]) != "from"
            behind = self._counted(-found[0] if past else found[0], found[1], 1)
            return (behind, found[2] + (1 if past else 2)) if behind else None
        shift = 1 if word in _NEXT else -1 if word in _LAST else 0 if word in ("this", "current") else None
        if shift is None:
            return None
        j, unit = i + 1, UNITS.get(self.word(i + 1), "step")
        if unit != "step" and not self.word(j).endswith("s"):
            weekday = self.weekday_number(self.skip(j + 1, "on", ",")) if unit == "week" else None
            if weekday is not None:
                span = self._span(_of_week(today) + timedelta(days=weekday + 7 * shift))
                return (span, self.skip(j + 1, "on", ",") + 1) if span else None
            if unit == self.axis.unit and shift:
                return Span(steps=(0, 1) if shift > 0 else (-1, 0)), j + 1
            span = self._span(add_units(start_of(self.axis.now, unit), shift, unit), 1, unit)
            if unit == "month" and shift == 0 and span is not None and span.stop == self.axis.start:
                # "This month" on its eve, as nothing of the one before is to come.
                span = self._span(self.axis.start, 1, unit)
            return (span, j + 1) if span else None
        if self.word(j) == "weekend":
            saturday = _of_week(today) + timedelta(days=5 + 7 * min(shift, 0))
            saturday += (
                timedelta(days=7) if shift >= 0 and saturday + timedelta(days=2) <= self.axis.start else timedelta(0)
            )
            span = self._span(saturday, 2)
            return (span, j + 1) if span else None
        weekday = self.weekday_number(j)
        if weekday is not None:
            ahead = (
                (weekday - today.weekday() - 1) % 7 + 1 if shift >= 0 else -((today.weekday() - weekday - 1) % 7 + 1)
            )
            span = self._span(today + timedelta(days=ahead))
            return (span, j + 1) if span else None
        month = self.month_number(j)
        if month is not None:
            first = self.axis.now.replace(day=1)
            ahead = (month - first.month - 1) % 12 + 1
            ahead = ahead if shift >= 0 else -((first.month - month - 1) % 12 + 1)
            span = self._span(add_units(midnight(first), ahead, "month"), 1, "month")
            return (span, j + 1) if span else None
        return None

    def _counted(self, count: float, unit: str, length: float) -> Span | None:
        """A span so many units behind the end of the history (before it where negative)."""
        if unit == "step" or unit == self.axis.unit:
            first = round(count) - 1 if count > 0 else round(count)
            return Span(steps=(first, first + max(round(length), 1)))
        if (unit in SECONDS and SECONDS[unit] >= 86400) or unit in CALENDAR_MONTHS:
            # "In three days" is the day, not the moment; "within three days" begins now.
            base = midnight(self.axis.now) if count else self.axis.start
        else:
            base = self.axis.start
        return self._span(
            add_units(base, count, unit),
            length,
            unit if SECONDS.get(unit, 0) < 7 * 86400 else "day" if count else unit,
        )

    def _holiday(self, i: int) -> Found:
        """A holiday, in the year that suits the axis."""
        if self.words(i, "st", "."):
            return self._holiday(i + 1)
        if self.word(i) == "new" and (self.word(i - 1) in ("the", "chinese", "lunar") or not self.tokens[i].capital):
            # "In the new year".
            return None
        found = holiday([self.word(k) for k in range(i, i + 3)])
        if found is None:
            return None
        day_in, words = found
        year, end = self._year(i + words)
        years = [year] if year else range(self.axis.now.year - 1, self.axis.end.year + 2)
        days = [day_in(one) for one in years]
        span = self._span(self._nearest([day for day in days if day >= self.earliest] or days))
        long = self.word(end) == "weekend" or self.word(i - 1) in ("over", "during")
        if span and span.start and self.word(i) == "easter" and words == 1 and long:
            # From Good Friday to Easter Monday.
            two = timedelta(days=2)
            return Span(span.start - two, span.start + two), end + (self.word(end) == "weekend")
        return (span, end) if span else None

    def _weekday(self, i: int) -> Found:
        """A weekday: the next one, or that of the week that follows it in the text."""
        weekday = self.weekday_number(i)
        today = midnight(self.axis.now)
        if (weekday is not None or self.word(i) == "weekend") and (beside := self._beside_date(i)) is not None:
            return beside
        if weekday is None and self.word(i) == "weekend" and self.word(i - 1) in ("the", "over", "this"):
            day, length = _of_week(today) + timedelta(days=5), 2
            day += timedelta(days=7 * (day + timedelta(days=2) <= self.axis.start))
            if self.words(i + 1, "after", "next"):
                span = self._span(day + timedelta(days=7), length)
                return (span, i + 3) if span else None
        elif weekday is not None:
            first = midnight(max(today, self.earliest))
            day, length = first + timedelta(days=(weekday - first.weekday() - 1) % 7 + 1), 1
            j = self.skip(i + 1, "of", ",")
            if self.word(j) in _NEXT | _LAST | {"this"} and self.word(j + 1) == "week":
                weeks = 1 if self.word(j) in _NEXT else -1 if self.word(j) in _LAST else 0
                day = _of_week(today) + timedelta(days=weekday + 7 * weeks)
                span = self._span(day)
                return (span, j + 2) if span else None
            if self.word(i + 1) == "week" and self.word(i - 1) not in _NEXT | _LAST | {"this", "the"}:
                # "Monday week" is a week behind Monday.
                span = self._span(day + timedelta(days=7))
                return (span, i + 2) if span else None
            told = self.of_weekday_before(i)
            if told is not None:
                return told, i + 1 + 2 * self.words(i + 1, "after|following", "that|this")
        else:
            return None
        span = self._span(day, length)
        return (span, i + 1) if span else None

    def _beside_date(self, i: int) -> Found:
        """ "Tuesday before Easter", "weekend after 12 March"."""
        if not self.words(i + 1, "before|after|preceding|following"):
            return None
        k, is_later = self.skip(i + 2, "the"), self.word(i + 1) in ("after", "following")
        found = (self._holiday(k) or self.form(k) or self._date(k)) if k < len(self.tokens) else None
        if found is None or found[0].start is None or found[0].stop is None:
            return None
        weekday = self.weekday_number(i)
        first, length = 5 if weekday is None else weekday, timedelta(days=2 if weekday is None else 1)
        if is_later:
            day = midnight(found[0].stop)
            day += timedelta(days=(first - day.weekday()) % 7)
        else:
            day = midnight(found[0].start) - length
            day -= timedelta(days=(day.weekday() - first) % 7)
        return Span(day, day + length), found[1]

    def of_weekday_before(self, i: int) -> Span | None:
        """The day of a weekday by a time that was named before; none here."""
        return None


__all__ = ["Found", "Points"]
