"""Holidays by name."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

# Words -> month and day.
_FIXED_DAYS = {
    ("christmas", "eve"): (12, 24),
    ("christmas", "day"): (12, 25),
    ("christmas",): (12, 25),
    ("xmas",): (12, 25),
    ("boxing", "day"): (12, 26),
    ("new", "year's", "eve"): (12, 31),
    ("new", "year's", "day"): (1, 1),
    ("new", "year's"): (1, 1),
    ("new", "year"): (1, 1),
    ("epiphany",): (1, 6),
    ("valentine's", "day"): (2, 14),
    ("patrick's", "day"): (3, 17),
    ("may", "day"): (5, 1),
    ("juneteenth",): (6, 19),
    ("independence", "day"): (7, 4),
    ("bastille", "day"): (7, 14),
    ("halloween",): (10, 31),
    ("all", "saints"): (11, 1),
    ("veterans", "day"): (11, 11),
    ("singles",): (11, 11),
}
# Words -> days behind Easter Sunday.
_EASTER_DAYS = {
    ("easter", "sunday"): 0,
    ("easter", "monday"): 1,
    ("easter", "saturday"): -1,
    ("easter",): 0,
    ("ash", "wednesday"): -46,
    ("palm", "sunday"): -7,
    ("maundy", "thursday"): -3,
    ("good", "friday"): -2,
    ("holy", "saturday"): -1,
    ("ascension", "day"): 39,
    ("whit", "sunday"): 49,
    ("pentecost", "sunday"): 49,
    ("pentecost", "monday"): 50,
    ("pentecost",): 49,
    ("whit", "monday"): 50,
    ("corpus", "christi"): 60,
}
# Words -> month, weekday (0 for Monday) and which of them, the last for -1, as in the United States.
_WEEKDAYS_OF_MONTHS = {
    ("memorial", "day"): (5, 0, -1),
    ("labor", "day"): (9, 0, 1),
    ("columbus", "day"): (10, 0, 2),
    ("thanksgiving", "day"): (11, 3, 4),
    ("thanksgiving",): (11, 3, 4),
}
# Words -> days behind Thanksgiving.
_SALES_DAYS = {("black", "friday"): 1, ("cyber", "monday"): 4}
# Words that a holiday may begin with.
HOLIDAY_STARTS = frozenset(
    names[0] for table in (_FIXED_DAYS, _EASTER_DAYS, _WEEKDAYS_OF_MONTHS, _SALES_DAYS) for names in table
)
Day = Callable[[int], datetime]


def easter(year: int) -> datetime:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Meeus 1991)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return datetime(year, month, day + 1)


def weekday_of_month(year: int, month: int, weekday: int, which: int) -> datetime:
    """The first (1), second (2), ... or last (-1) of a weekday, 0 for Monday, in a month."""
    first = datetime(year, month, 1)
    first += timedelta(days=(weekday - first.weekday()) % 7)
    days = [first + timedelta(days=7 * k) for k in range(5)]
    return [day for day in days if day.month == month][which - (which > 0)]


def thanksgiving(year: int) -> datetime:
    """The fourth Thursday of November, as in the United States."""
    return weekday_of_month(year, 11, 3, 4)


def _day(names: tuple[str, ...]) -> Day | None:
    """The day in a year of the holiday of these words."""
    if names in _FIXED_DAYS:
        return lambda year: datetime(year, *_FIXED_DAYS[names])
    if names in _EASTER_DAYS:
        return lambda year: easter(year) + timedelta(days=_EASTER_DAYS[names])
    if names in _WEEKDAYS_OF_MONTHS:
        return lambda year: weekday_of_month(year, *_WEEKDAYS_OF_MONTHS[names])
    if names in _SALES_DAYS:
        return lambda year: thanksgiving(year) + timedelta(days=_SALES_DAYS[names])
    return None


def holiday(words: Sequence[str]) -> tuple[Day, int] | None:
    """The holiday that these words begin with: its day in a year, and how many words name it."""
    for count in (3, 2, 1):
        day = _day(tuple(words[:count]))
        if day is not None:
            return day, count
    return None


__all__ = ["HOLIDAY_STARTS", "easter", "holiday", "thanksgiving", "weekday_of_month"]
