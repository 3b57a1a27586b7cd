"""Numbers, times and steps as words and back: the terminals of the grammar that renderer and checker share."""

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

# Written out, because those of `calendar` follow the locale.
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_QUARTERS = ("first", "second", "third", "fourth")
# Decimal places from which on, and magnitudes from which on, numbers are written with an exponent.
_MOST_DECIMALS, _LONGEST = 6, 1e15
# Share of the width of the band, else of the magnitude, that a rounded number still shows.
_SHOWN_OF_WIDTH, _SHOWN_OF_MAGNITUDE = 0.1, 1e-3
# Share of the magnitude below which a width is an error of floating point.
_PRECISION = 1e-12
NUMBER = r"-?\d(?:[\d,]*\d)?(?:\.\d+)?(?:e[+-]\d+)?"
_DATE = rf"\d{{1,2}} (?:{'|'.join(MONTHS)})(?: \d+)?"
_DAY = rf"(?:{'|'.join(WEEKDAYS)}) {_DATE}"
_CLOCK = r"\d\d:\d\d(?::\d\d(?:\.\d{6})?)?"
# Resolution -> its pattern. Each resolution is a way of writing the times of a whole series.
_TIMES = {
    "step": r"at step -?\d+",
    "year": r"in \d+",
    "quarter": rf"in the (?:{'|'.join(_QUARTERS)}) quarter of \d+",
    "month": rf"in (?:{'|'.join(MONTHS)}) \d+",
    "date": rf"on {_DATE}",
    "day": rf"on {_DAY}",
    "clock": rf"at {_CLOCK} on {_DAY}",
}
TIME = "|".join(_TIMES.values())
_UNITS = ("year", "quarter", "month", "week", "business day", "day", "hour", "minute", "second", "millisecond")
DURATION = rf"\d[\d,]* (?:(?:{'|'.join(_UNITS)})s?|steps?(?: of \d+ (?:{'|'.join(_UNITS)})s)?)"
# Name of a season -> least and most days between its repetitions.
_SEASONS = {
    "daily": (0.99, 1.01),
    "weekly": (6.9, 7.1),
    "monthly": (28, 31.1),
    "quarterly": (89, 92.1),
    "yearly": (363, 367),
}
SEASON_NAME = rf"(?:{'|'.join(_SEASONS)})"
# Fixed lengths of steps in milliseconds, longest first.
_FIXED = (
    ("week", 604_800_000),
    ("day", 86_400_000),
    ("hour", 3_600_000),
    ("minute", 60_000),
    ("second", 1000),
    ("millisecond", 1),
)


def rounding_place(width: float, magnitude: float) -> int:
    """Exponent of the power of ten that numbers are rounded to: the largest below a tenth of a width.

    Args:
        width: mean width of the band.
        magnitude: largest absolute value; where the band has no width, the power is below a thousandth of it.
    """
    shown = width * _SHOWN_OF_WIDTH if width > _PRECISION * magnitude else magnitude * _SHOWN_OF_MAGNITUDE
    # A width that is a power of ten stays one, however it was summed.
    return math.floor(math.log10(shown) + 1e-9) if shown > 0 else 0


def number_words(value: float, place: int) -> str:
    """A number rounded to a power of ten, such as `43,200` (place 2) or `0.53` (place -2)."""
    rounded = round(value, -place) + 0.0
    if abs(rounded) >= _LONGEST or place < -_MOST_DECIMALS:
        digits = math.floor(math.log10(abs(rounded))) - place if rounded else 0
        return f"{rounded:.{max(digits, 0)}e}"
    return f"{rounded:,.{max(-place, 0)}f}"


def parse_number(words: str) -> float:
    """Inverse of `number_words`."""
    return float(words.replace(",", ""))


# Operation -> what it does to a forecast, with its operands.
_OPERATIONS = {
    "zero": "set to 0",
    "set": "set to {0:,g}",
    "times": "multiplied by {0:,g}",
    "rise": "raised by {0:.4g} %",
    "cut": "cut by {0:.4g} %",
    "plus": "raised by {0:,g}",
    "minus": "lowered by {0:,g}",
    "cap": "held at {0:,g} or below",
    "floor": "held at {0:,g} or above",
    "range": "held from {0:,g} to {1:,g}",
    "ramp_up": "raised gradually by {0:.4g} %",
    "ramp_down": "cut gradually by {0:.4g} %",
    "flat": "kept without its trend",
    "reverse": "turned against its trend",
    "like_day": "moved to the level of a {0}",
    "ignore": "made without them",
}
# Pattern of these words.
OPERATION = "|".join(
    re.sub(r"\\\{\d[^}]*\}", r"(?:[a-zA-Z]+|-?[\\d.,]+(?:e[-+]\\d+)?)", re.escape(words))
    for words in _OPERATIONS.values()
)
_IN_PERCENT = frozenset(("rise", "cut", "ramp_up", "ramp_down"))


def operation_words(operation: str, operands: tuple[float, ...], weekday: int = -1) -> str:
    """An operation that a text states on a forecast, such as `multiplied by 1.5`."""
    if operation == "like_day":
        return _OPERATIONS[operation].format(WEEKDAYS[weekday])
    scale = 100 if operation in _IN_PERCENT else 1
    return _OPERATIONS[operation].format(*(scale * operand for operand in operands))


def _plural(count: int, unit: str) -> str:
    return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"


@dataclass(frozen=True)
class Calendar:
    """Names of the times and steps of a series.

    Args:
        resolution: how a time is written: `year`, `quarter`, `month`, `date`, `day` (with the weekday), `clock`, or
            `step` without dates.
        step: unit of a step, such as `month`; `step` where steps differ in length.
        multiple: units of a step, such as 30 of `minute`.
        year: that dates of days are written without, where all times that are named lie in it.
    """

    resolution: str
    step: str
    multiple: int = 1
    year: int | None = None

    def duration(self, steps: int) -> str:
        """A number of steps in words, such as `12 months` or `48 steps of 30 minutes`."""
        if self.multiple == 1:
            return _plural(steps, self.step)
        return f"{_plural(steps, 'step')} of {_plural(self.multiple, self.step)}"

    def steps(self, words: str) -> int | None:
        """Inverse of `duration`; None for a duration in other units than these."""
        steps = int(words.split()[0].replace(",", ""))
        return steps if self.duration(steps) == words else None

    @property
    def each(self) -> str:
        """One step after `per`."""
        return self.step if self.multiple == 1 else "step"

    def key(self, moment: pd.Timestamp | int) -> str:
        """A time as far as it is written, such as `1961-07`; equal for equal words."""
        if isinstance(moment, int | np.integer):
            return str(moment)
        wall = moment.tz_localize(None)
        if self.resolution == "quarter":
            return f"{wall.year}-{wall.quarter}"
        if self.resolution == "clock":
            # Without seconds where there are none, and without their fraction where it is 0.
            clock = wall.time().isoformat().removesuffix(":00") if not wall.microsecond else wall.time().isoformat()
            return f"{wall.year}-{wall.month}-{wall.day} {clock}"
        return "-".join(str(part) for part in (wall.year, wall.month, wall.day)[: _PARTS[self.resolution]])

    def words(self, moment: pd.Timestamp | int, with_year: bool = False) -> str:
        """A time in words, such as `in July 1961` or `on Monday 3 July`; of a step `at step 5`."""
        key = self.key(moment)
        if self.resolution == "step":
            return f"at step {key}"
        if self.resolution == "year":
            return f"in {key}"
        parts = key.split()[0].split("-")
        if self.resolution == "quarter":
            return f"in the {_QUARTERS[int(parts[1]) - 1]} quarter of {parts[0]}"
        if self.resolution == "month":
            return f"in {MONTHS[int(parts[1]) - 1]} {parts[0]}"
        date = f"{parts[2]} {MONTHS[int(parts[1]) - 1]}"
        if with_year or parts[0] != str(self.year):
            date += f" {parts[0]}"
        if self.resolution == "date":
            return f"on {date}"
        day = f"on {_weekday(parts)} {date}"
        return day if self.resolution == "day" else f"at {key.split()[1]} {day}"

    def parse(self, words: str) -> str | None:
        """The key that a time in words stands for; None for another resolution or a weekday that is not its own."""
        tokens = words.split()
        if self.resolution == "step":
            return tokens[2] if tokens[:2] == ["at", "step"] else None
        if self.resolution == "year":
            return tokens[1] if len(tokens) == 2 else None
        if self.resolution == "quarter":
            return f"{tokens[5]}-{_QUARTERS.index(tokens[2]) + 1}" if tokens[1] == "the" else None
        if self.resolution == "month":
            return f"{tokens[2]}-{MONTHS.index(tokens[1]) + 1}" if len(tokens) == 3 and tokens[1] in MONTHS else None
        if self.year is not None and tokens[-1] in MONTHS:
            tokens.append(str(self.year))
        if len(tokens) != {"date": 4, "day": 5, "clock": 7}[self.resolution]:
            return None
        day, month, year = tokens[-3:]
        if month not in MONTHS:
            return None
        parts = [year, str(MONTHS.index(month) + 1), day]
        if self.resolution != "date" and _weekday(parts) != tokens[-4]:
            return None
        return "-".join(parts) + (f" {tokens[1]}" if self.resolution == "clock" else "")


_PARTS = {"year": 1, "month": 2, "date": 3, "day": 3}


def _weekday(parts: list[str]) -> str | None:
    year, month, day = map(int, parts)
    try:
        return WEEKDAYS[pd.Timestamp(year, month, day).day_of_week]
    except ValueError:
        return None


def find_calendar(timestamps: pd.DatetimeIndex, dated: bool = True) -> Calendar:
    """Choose the names for the times and steps of increasing timestamps, at least two.

    Args:
        timestamps: of history and forecast.
        dated: whether they are real dates; if not, times are the numbers of steps.
    """
    if not dated:
        return Calendar("step", "step")
    wall = timestamps.tz_localize(None)
    midnight = bool((wall == wall.normalize()).all())
    # The same days of the months, but for their ends and weekends.
    if midnight and wall.day.max() - wall.day.min() <= 5:
        year, month = wall.year.to_numpy(), wall.month.to_numpy()
        for unit, ordinal in (("year", year), ("quarter", 4 * year + (month - 1) // 3), ("month", 12 * year + month)):
            steps = np.unique(np.diff(ordinal))
            if len(steps) == 1 and steps[0] > 0 and (unit != "year" or len(np.unique(month)) == 1):
                return Calendar(unit, unit, int(steps[0]))
    resolution = "day" if midnight else "clock"
    # Days have one length in wall time, hours in universal time.
    for index in (timestamps, wall):
        milliseconds = np.unique(np.diff(index.as_unit("ns").asi8)) / 1e6
        if len(milliseconds) == 1 and milliseconds[0] % 1 == 0:
            unit, length = next((unit, length) for unit, length in _FIXED if milliseconds[0] % length == 0)
            # All days are of one weekday.
            resolution = "date" if midnight and unit == "week" else resolution
            return Calendar(resolution, unit, int(milliseconds[0] // length))
    days = np.unique(np.diff(wall.as_unit("ns").asi8)) / 86_400e9
    if midnight and set(days) == {1.0, 3.0} and wall.day_of_week.max() < 5:
        return Calendar(resolution, "business day")
    return Calendar(resolution, "step")


def season_name(timestamps: pd.DatetimeIndex, period: int, dated: bool = True) -> str | None:
    """Name of the season of so many steps, such as `yearly`; None where it has none."""
    if not dated or period >= len(timestamps):
        return None
    days = float(np.median((timestamps[period:] - timestamps[:-period]) / pd.Timedelta(days=1)))
    return next((name for name, (least, most) in _SEASONS.items() if least <= days <= most), None)
