"""Holidays by name."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

_FIXED_DAYS = {
    ("christmas", "eve"): (12, 24),
    ("christmas", "day"): (12, 25),
    ("christmas",): (12, 25),
    ("boxing", "day"): (12, 26),
    ("new", "year's", "eve"): (12, 31),
    ("new", "year's", "day"): (1, 1),
    ("new", "year's"): (1, 1),
    ("valentine's", "day"): (2, 14),
    ("independence", "day"): (7, 4),
    ("halloween",): (10, 31),
}  # words -> month and day


def easter(year: int) -> datetime:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Meeus 1991)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return datetime(year, month, day + 1)


def thanksgiving(year: int) -> datetime:
    """The fourth Thursday of November, as in the United States."""
    first = datetime(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


def holiday(words: Sequence[str]) -> tuple[Callable[[int], datetime], int] | None:
    """The holiday that these words begin with: its day in a year, and how many words name it."""
    for names, (month, day) in _FIXED_DAYS.items():
        if tuple(words[: len(names)]) == names:
            return (lambda year, month=month, day=day: datetime(year, month, day)), len(names)
    first, second = (*words, "", "")[:2]
    if first == "thanksgiving":
        return thanksgiving, 1 + (second == "day")
    if (first, second) == ("black", "friday"):
        return (lambda year: thanksgiving(year) + timedelta(days=1)), 2
    if first == "easter":
        return (lambda year: easter(year) + timedelta(days=int(second == "monday"))), 1 + (
            second in ("sunday", "monday")
        )
    return None


__all__ = ["easter", "holiday", "thanksgiving"]
