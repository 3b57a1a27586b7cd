"""Statements of answers: the facts of one sentence, and its words."""

import math
from dataclasses import dataclass
from typing import Any

from ..explanations.lexicon import number_words
from .frames import fill, slots_of
from .subject import Subject

# Percent below which a share has two digits, below which it has a decimal, and from which on to 100.
_LITTLE_PERCENT, _FEW_PERCENT, _NEARLY_ALL = 0.095, 9.95, 99.0


@dataclass(frozen=True)
class Fact:
    """A computed quantity of an answer.

    Args:
        quantity: frame and slot of the grammar, such as `extreme.value`.
        value: a number, a name, or the words of a time or of the steps.
        words: as they stand in the answer.
    """

    quantity: str
    value: float | int | str
    words: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"quantity": self.quantity, "value": self.value, "words": self.words}


@dataclass(frozen=True)
class Statement:
    """One sentence of an answer.

    Args:
        topic: its frame, a key of `frames.FRAMES`.
        facts: of its slots, the one that is asked for first.
        sentence: in words.
        series: name of the series that it is of, where there are several; else empty.
    """

    topic: str
    facts: tuple[Fact, ...]
    sentence: str
    series: str = ""

    @property
    def text(self) -> str:
        """The sentence, behind the name of its series."""
        return f"{self.series}: {self.sentence}" if self.series else self.sentence


def number_of_question(value: float) -> str:
    """A number as short as it can be written."""
    words = f"{value:,.10f}".rstrip("0").rstrip(".")
    return words if "." in words or abs(value) < 1e15 else f"{value:.0f}"


def ordinal_words(place: int) -> str:
    """A place in an order, such as `2nd`."""
    endings = {1: "st", 2: "nd", 3: "rd"}  # codespell:ignore
    ending = "th" if place // 10 % 10 == 1 else endings.get(place % 10, "th")
    return f"{place:,}{ending}"


def percent_words(share: float) -> str:
    """A share in percent, without its sign."""
    percent = 100 * abs(share)
    if 0 < percent < _LITTLE_PERCENT:
        return f"{percent:.{1 - math.floor(math.log10(percent))}f} %" if percent > 1e-6 else "0.0 %"
    return f"{percent:,.1f} %" if percent < _FEW_PERCENT or _NEARLY_ALL < percent < 100 else f"{percent:,.0f} %"


def _in_words(kind: str, value: Any, subject: Subject) -> tuple[Any, str]:
    """Plain value and words of a slot."""
    unit = f" {subject.unit}" if subject.unit else ""
    if kind == "observed":
        return value, number_words(value, subject.observed_place) + unit
    if kind == "derived":
        return value, number_words(value, subject.derived_place(value)) + unit
    if kind == "forecast":
        return value, number_words(value, subject.forecast_place) + unit
    if kind == "number":
        return value, number_of_question(value) + unit
    if kind == "percent":
        return value, percent_words(value)
    if kind == "count":
        return value, f"{value:,}"
    if kind == "rank":
        return value, ordinal_words(value)
    if kind == "correlation":
        return value, f"{value:.2f}"
    if kind == "scope":
        return value.words, value.words
    if kind == "when":
        return str(subject.moment(value)), subject.when(value)
    if kind == "steps":
        words = subject.calendar.duration(value)
        return value, words
    if kind == "each":
        return subject.calendar.each, subject.calendar.each
    if kind == "list":
        items = [f"{_in_words('observed', one, subject)[1]} {subject.when(row)}" for one, row in value]
        *others, last = items
        return [one for one, _ in value], f"{', '.join(others)} and {last}" if others else last
    return value, str(value)


def state(topic: str, subject: Subject, main: str, /, **values: Any) -> Statement:
    """Fill a frame.

    Args:
        topic: of the frame.
        subject: that tells how numbers and times are written.
        main: name of the slot that is asked for.
        values: of the slots: numbers, scopes, rows for times.
    """
    kinds = slots_of(topic)
    told = {name: _in_words(kind, values.get(name), subject) for name, kind in kinds.items()}
    names = [main, *(name for name in kinds if name != main)] if main else list(kinds)
    facts = tuple(Fact(f"{topic}.{name}", told[name][0], told[name][1]) for name in names)
    return Statement(topic, facts, fill(topic, {name: words for name, (_, words) in told.items()}))
