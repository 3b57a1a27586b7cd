"""Dates as logs and other countries write them: months and weeks in numbers, days without a year, and halves."""

import re
from datetime import datetime, timedelta
from itertools import pairwise

from .grounding_axis import Span, add_units, start_of
from .grounding_dates import Dates, Found
from .grounding_words import TO, UNITS, words

_WEEK_WORDS = words("week weeks wk kw cw")
_BEFORE_A_SHORT_DATE = words("on from until till through since starting after before effective")
_DAY_AND_MONTH = re.compile(r"(\d{1,2})\.(\d{1,2})")


class Forms(Dates):
    """Reader of these forms in the tokens of a text; see [`Dates`]."""

    def form(self, i: int) -> Found:
        """A time in one of these forms."""
        for read in (self._numbered_month, self._numbered_week, self._short_date, self._half_year, self._half_of):
            found = read(i)
            if found is not None:
                return found
        return None

    def _tight(self, i: int, count: int) -> bool:
        """Whether so many tokens from an index on stand without a space."""
        some = self.tokens[i : i + count]
        return len(some) == count and all(a.stop == b.start for a, b in pairwise(some))

    def _numbered_month(self, i: int) -> Found:
        """ "2026-04", "04/2026", "2026-Q3", "2026Q3", "2Q26"."""
        year = self.integer(i, 1900, 2199)
        if year is not None:
            j = i + 1 + (self.word(i + 1) in ("-", "/"))
            if self.word(j) == "q" and self._tight(i, j + 2 - i):
                quarter = self.integer(j + 1, 1, 4)
                span = self._span(datetime(year, 3 * quarter - 2, 1), 3, "month") if quarter else None
                return (span, j + 2) if span else None
            month = self.integer(j, 1, 12)
            if j == i + 2 and month and len(self.word(j)) == 2 and self._tight(i, 3) and self.word(j + 1) != "-":
                span = self._span(datetime(year, month, 1), 1, "month")
                return (span, j + 1) if span else None
            return None
        month, year = self.integer(i, 1, 12), self.integer(i + 2, 1900, 2199)
        if month and year and self.word(i + 1) == "/" and self._tight(i, 3):
            span = self._span(datetime(year, month, 1), 1, "month")
            return (span, i + 3) if span else None
        if self.word(i + 1) in ("q", "h") and self._tight(i, 2):
            count = self.integer(i, 1, 4 if self.word(i + 1) == "q" else 2)
            length = 3 if self.word(i + 1) == "q" else 6
            return self._months_of_year(length * (count - 1) + 1, length, i + 2) if count else None
        return None

    def _months_of_year(self, first: int, count: int, i: int) -> Found:
        """Some months of the year behind an index, also in two digits, or of that which suits the axis."""
        year, end = self._year(i)
        short = self.integer(i, 0, 99) if year is None else None
        if short is not None and len(self.word(i)) == 2:
            year, end = 2000 + short, i + 1
        span = self._span(self._month_in(first, year), count, "month")
        return (span, end) if span else None

    def _numbered_week(self, i: int) -> Found:
        """ "Week 13", "KW 12", "calendar weeks 14-16", "W13", "2026-W13": weeks of ISO 8601, from Monday on."""
        year = self.integer(i, 1900, 2199)
        j = i if year is None else self.skip(i + 1, "-")
        if year is not None and not (self.word(j) == "w" and self._tight(i, j + 2 - i)):
            return None
        j = self.skip(j, "calendar", "iso")
        tight = self.word(j) == "w" and self._tight(j, 2) and self.tokens[j].capital
        week = self.integer(j + 1, 1, 53) if self.word(j) in _WEEK_WORDS or tight else None
        if week is None or (self.words(j + 2, "of|in", "the") and self.word(j + 4) != "year"):
            # "Week 3 of the forecast" is counted from its start.
            return None
        end = j + 2
        if year is None:
            year, end = self._year(self.skip(end, "/"))
        years = [year] if year is not None else range(self.axis.now.year - 1, self.axis.end.year + 2)
        mondays = []
        for one in years:
            try:
                mondays.append(datetime.fromisocalendar(one, week, 1))
            except ValueError:
                continue
        span = self._span(self._nearest(mondays), 1, "week")
        return (span, end if year is not None else j + 2) if span else None

    def _short_date(self, i: int) -> Found:
        """A day and a month in digits, "3/15", "15/3" or "20.3.", where the words about it say that it is one."""
        j = i + 3
        if self.word(i + 1) == "/" and self._tight(i, 3):
            one, other = self.integer(i, 1, 31), self.integer(i + 2, 1, 31)
        else:
            parts = _DAY_AND_MONTH.fullmatch(self.word(i))
            # "It rose to 20.3." is no date: the point of one does not end a sentence.
            ends = i + 2 >= len(self.tokens) or self.tokens[i + 2].capital
            follows = self.word(i - 1) in TO and self.word(i - 2) == "."
            if parts is None or self.word(i + 1) != "." or (ends and not follows):
                return None
            one, other, j = int(parts[1]), int(parts[2]), i + 2 - ends
        if one is None or other is None or self.word(j) in ("of", "%"):
            return None
        introduced = j < len(self.tokens) and self.tokens[j].kind == "clock"
        introduced = introduced or self.word(i - 1) in _BEFORE_A_SHORT_DATE or self.word(i - 2) in ("from", "between")
        is_range = (self.word(j) in TO and self.word(j + 2) in ("/", ".")) or self.word(i - 1) in TO
        if not (introduced or is_range) or self.word(j) == "/":
            return None
        orders = [(other, one)] if self.word(i + 1) != "/" else [(one, other), (other, one)]
        days = [day for month, day_ in orders if month <= 12 and (day := self.calendar_day(None, month, day_))]
        span = self.in_digits(days)
        return (span, j) if span else None

    def _half_year(self, i: int) -> Found:
        """ "H1 2026"."""
        half = self.integer(i + 1, 1, 2)
        if self.word(i) != "h" or half is None or not self.tokens[i].capital or not self._tight(i, 2):
            return None
        return self._months_of_year(6 * half - 5, 6, i + 2)

    def _half_of(self, i: int) -> Found:
        """ "The first half of April", its days to the 15th, and "the second half of the year"."""
        later = {"first": 0, "1st": 0, "front": 0, "second": 1, "2nd": 1, "last": 1, "latter": 1, "back": 1}.get(
            self.word(i)
        )
        if later is None or self.word(i + 1) != "half":
            return None
        if self.word(i + 2) != "of":
            # Of months "the second half" is that of the year.
            is_said = self.word(i - 1) == "the" and self.axis.unit in ("month", "quarter")
            return self._months_of_year(6 * later + 1, 6, i + 2) if is_said else None
        holder = self.holder(i + 3)
        if holder is None:
            return None
        start, stop, end = holder
        middle = start + (stop - start) / 2
        if add_units(start, 1, "month") == stop:
            middle = start + timedelta(days=15)
        elif add_units(start, 1, "year") == stop:
            middle = start.replace(month=7)
        return (Span(middle, stop) if later else Span(start, middle)), end

    def holder(self, i: int) -> tuple[datetime, datetime, int] | None:
        """A week, month, quarter or year that something is a part of: start, end, and the index behind it."""
        j = self.skip(i, "the", "this", "current")
        unit = UNITS.get(self.word(j), "step")
        year = self.integer(j, 1800, 2299)
        found: Found
        if unit not in ("step", "minute", "hour") and not self.word(j).endswith("s"):
            start = start_of(self.axis.start, unit)
            found = (Span(start, add_units(start, 1, unit)), j + 1)
        elif year is not None:
            span = self._span(datetime(year, 1, 1), 1, "year")
            found = (span, j + 1) if span else None
        else:
            found = self.whole(j)
        if found is None or found[0].start is None or found[0].stop is None:
            return None
        return found[0].start, found[0].stop, found[1]

    def whole(self, i: int) -> Found:
        """A day, week, month, quarter or year by its name."""
        return self._date(i)


__all__ = ["Forms"]
