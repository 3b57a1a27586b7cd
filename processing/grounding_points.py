"""Days, weeks, months and moments that a text names, as spans of time."""

from datetime import datetime, timedelta

from .grounding_axis import Span, add_units, midnight, start_of
from .grounding_dates import Dates, Found
from .grounding_holidays import holiday
from .grounding_words import (
    CALENDAR_MONTHS,
    DAY_PARTS,
    HORIZON,
    ORDINALS,
    SECONDS,
    TO,
    UNITS,
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
_BEFORE_A_YEAR = words("in of during since until through year from")
_EDGES = {
    "early": 0, "beginning": 0, "start": 0, "mid": 1, "middle": 1, "late": 2, "end": 2, "close": 2,
}  # fmt: skip


def _of_week(day: datetime) -> datetime:
    return start_of(day, "week")


class Points(Dates):
    """Reader of single days, weeks, months, quarters, years and moments in the tokens of a text; see [`Dates`]."""

    def point(self, i: int) -> Found:
        """A day, week, month, quarter, year or moment."""
        if self.axis.left is None:
            return None
        i = self.skip(i, "the")
        for read in (self._date, self.moment, self._edge, self._named, self._relative, self._holiday, self._weekday):
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
        at = self.clock(j + (self.words(j, ",", "at")))
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
        j = self.skip(i + 1, "-", "of", "in", "the")
        if self.word(i) not in ("early", "mid", "late") and self.word(i + 1) != "of":
            return None
        if self.word(j) in HORIZON or self.words(j, "forecasting|prediction", "period|window|horizon"):
            j += 1 + (self.word(j + 1) in ("period", "window", "horizon"))
            start, stop = self.axis.start, self.axis.end
        else:
            if self.word(j - 1) == "the" and self.word(j) in ("month", "year", "week", "quarter"):
                start = start_of(self.axis.start, self.word(j))
                found: Found = (Span(start, add_units(start, 1, self.word(j))), j + 1)
            else:
                found = self._date(j) or self._named(j) or self._relative(j)
            if found is None or found[0].start is None or found[0].stop is None:
                return None
            (start, stop), j = (found[0].start, found[0].stop), found[1]
        if stop - start <= timedelta(days=1):
            return None
        third = (stop - start) / 3
        first = start + edge * third
        return Span(first, stop if edge == 2 else first + third), j

    def _named(self, i: int) -> Found:
        """Quarters, years, and weeks or weekdays counted within a month."""
        if self.words(i, "week", "of|beginning|starting|commencing|from"):
            day = self._date(self.skip(i + 2, "on", "the"))
            start = day[0].start if day else None
            monday = _of_week(start) if start and self.word(i + 1) == "of" else start
            span = self._span(monday, 1, "week")
            return (span, day[1]) if day and span else None
        if self.word(i) == "q" and (quarter := self.integer(i + 1, 1, 4)) is not None:
            return self._quarter(quarter, i + 2)
        ordinal = ORDINALS.get(self.word(i)) or (-1 if self.word(i) in ("last", "final") else None)
        if ordinal is not None and self.word(i + 1) == "quarter" and 1 <= ordinal <= 4:
            return self._quarter(ordinal, i + 2)
        weekday = self.weekday_number(i + 1)
        if (
            ordinal is not None
            and self.word(i + 2) in ("of", "in")
            and (weekday is not None or self.word(i + 1) == "week")
        ):
            inside = self._date(self.skip(i + 3, "the"))
            if inside is None or inside[0].start is None or inside[0].stop is None:
                return None
            start, stop = inside[0].start, inside[0].stop
            if weekday is None:
                span = (
                    Span(stop - timedelta(days=7), stop)
                    if ordinal < 0
                    else self._span(start + timedelta(days=7 * ordinal - 7), 1, "week")
                )
                return (span, inside[1]) if span else None
            days = [start + timedelta(days=k) for k in range((stop - start).days)]
            days = [day for day in days if day.weekday() == weekday]
            if len(days) < abs(ordinal):
                return None
            span = self._span(days[ordinal - (ordinal > 0)])
            return (span, inside[1]) if span else None
        year = self.integer(i, 1800, 2299)
        if year is not None and self.word(i - 1) in _BEFORE_A_YEAR and self.word(i - 2) not in _QUANTITIES:
            span = self._span(datetime(year, 1, 1), 1, "year")
            return (span, i + 1) if span else None
        return None

    def _quarter(self, quarter: int, j: int) -> Found:
        year, end = self._year(j)
        span = self._span(self._month_in(3 * quarter - 2, year), 3, "month")
        return (span, end) if span else None

    def _relative(self, i: int) -> Found:
        """Today and tomorrow, next week, last month, in three days, five hours ago."""
        word, today = self.word(i), midnight(self.axis.now)
        days = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
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
            if unit == self.axis.unit and shift:
                return Span(steps=(0, 1) if shift > 0 else (-1, 0)), j + 1
            span = self._span(add_units(start_of(self.axis.now, unit), shift, unit), 1, unit)
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
        found = holiday([self.word(k) for k in range(i, i + 3)])
        if found is None:
            return None
        day_in, words = found
        year, end = self._year(i + words)
        years = [year] if year else range(self.axis.now.year - 1, self.axis.end.year + 1)
        span = self._span(self._nearest([day_in(one) for one in years]))
        return (span, end) if span else None

    def _weekday(self, i: int) -> Found:
        """A weekday: the next one, or that of the week that follows it in the text."""
        weekday = self.weekday_number(i)
        today = midnight(self.axis.now)
        if weekday is None and self.word(i) == "weekend" and self.word(i - 1) in ("the", "over", "this"):
            day, length = _of_week(today) + timedelta(days=5), 2
        elif weekday is not None:
            day, length = today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1), 1
            j = self.skip(i + 1, "of", ",")
            if self.word(j) in _NEXT | _LAST | {"this"} and self.word(j + 1) == "week":
                weeks = 1 if self.word(j) in _NEXT else -1 if self.word(j) in _LAST else 0
                day = _of_week(today) + timedelta(days=weekday + 7 * weeks)
                span = self._span(day)
                return (span, j + 2) if span else None
        else:
            return None
        span = self._span(day, length)
        return (span, i + 1) if span else None


__all__ = ["Found", "Points"]
