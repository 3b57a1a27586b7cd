"""Grounding of a text on a time axis, without a model: its clauses, windows of time and numbers."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .grounding_axis import Axis
from .grounding_clauses import Clause, Clauses, covered
from .grounding_markup import without_markup
from .grounding_numbers import Number, read_numbers
from .grounding_reading import read_windows
from .grounding_references import Reference, read_references
from .grounding_windows import Window
from .grounding_words import Token, tokenize

# Decimal digits and signs of other scripts, of one character each.
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_SIGNS = str.maketrans("\N{ARABIC PERCENT SIGN}\N{ARABIC DECIMAL SEPARATOR}\N{FULLWIDTH PERCENT SIGN}", "%.%")
# Distance of a value from the range of the history, in multiples of it, up to which it may be one of the series.
_FARTHEST = 5.0


@dataclass(frozen=True)
class Grounding:
    """What was found in a text; positions count characters.

    Args:
        text: as given, with spaces for markup, and the digits 0 to 9 for those of other scripts.
        clauses: in their order, without overlap.
        windows: of time, in their order.
        numbers: that are not part of a window, in their order.
        references: weekdays that something is compared with, in their order.
        tokens: words, numbers and marks.
        history: steps of the history.
    """

    text: str
    clauses: tuple[Clause, ...]
    windows: tuple[Window, ...]
    numbers: tuple[Number, ...]
    references: tuple[Reference, ...]
    tokens: tuple[Token, ...]
    history: int

    def words(self, part: Clause | Window | Number | Reference) -> str:
        """The words of a part."""
        return self.text[part.start : part.stop]

    def _placed(self, part: Clause | Window | Number | Reference) -> dict[str, Any]:
        return {"text": self.words(part), "start": part.start, "stop": part.stop}

    def numbers_found(self) -> list[dict[str, Any]]:
        """The numbers as plain data."""
        return [self._placed(number) | vars(number) for number in self.numbers]

    def summary(self) -> dict[str, list[dict[str, Any]]]:
        """What was found, as plain data: the words and characters of each part, and the steps of each window as runs.

        Runs are pairs of the first step and the one behind the last; step 0 is the first of the horizon, the history
        has negative ones. Partial are pairs of a step of them and the share of it that lies in the window, where that
        is not all of it.
        """

        windows = []
        for window in self.windows:
            edges = np.flatnonzero(np.diff(np.pad(window.steps, 1).astype(np.int8))) - self.history
            cut = np.flatnonzero(window.steps & (window.shares < 1))
            partial = [[int(step) - self.history, float(window.shares[step])] for step in cut]
            fields = {"kind": window.kind, "recurs": window.recurs, "reason": window.reason}
            windows.append(
                {**self._placed(window), "runs": edges.reshape(-1, 2).tolist(), "partial": partial, **fields}
            )
        return {
            "clauses": [self._placed(clause) for clause in self.clauses],
            "windows": windows,
            "numbers": self.numbers_found(),
            "references": [{**self._placed(one), "weekday": one.weekday} for one in self.references],
        }


def ground(text: str, history: Sequence[float] | np.ndarray, horizon: int, timestamps: Any = None) -> Grounding:
    """Find the clauses, windows of time and numbers of a text.

    Nothing is learned, nothing is executed, and the time it takes grows with the length of the text alone. English
    words are understood; digits and dates in digits in any language.

    Windows are ranges ("from 15 to 21 March", "until Friday"), counts ("the next three days", "for 36 hours from
    noon"), recurrences ("every day between 9:00 and 17:00", "on weekends") and single days, weeks, months, quarters,
    years, holidays and moments. A day or week without a year is that which lies in the horizon, else in the history,
    else the nearest; so are dates in digits that are right both day first and month first, which are not known where
    both lie in the horizon, or both in the history. A day as the end of a range belongs to it; a moment as its end
    does not. Weeks start on Mondays, and "next week" is that behind the one in which the history ends, or the next
    step where a step is a week.

    Args:
        text: any string.
        history: (time,), NaN where missing.
        horizon: steps of the forecast.
        timestamps: of history and horizon, (time + horizon,), without a time zone; None where there are none, so that
            only steps are understood.

    Returns:
        What was found. Windows without any step and numbers that cannot be values of the series carry a reason.

    Raises:
        ValueError: for a text that is not a string, an empty history or horizon, or timestamps that do not fit.
    """
    history = np.asarray(history, dtype=np.float64)
    return with_history(ground_on_axis(text, Axis(len(history), horizon, timestamps)), history)


def ground_on_axis(text: str, axis: Axis) -> Grounding:
    """Find what does not depend on the values of the history: all but `relative` and `reason` of numbers.

    Raises:
        ValueError: for a text that is not a string.
    """
    if not isinstance(text, str):
        raise ValueError(f"context is a {type(text).__name__}; give a string.")
    text = unicodedata.normalize("NFC", text).translate(_SIGNS)
    text = without_markup(_OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit.group())), text))
    tokens = tokenize(text)
    references, referred = read_references(tokens)
    windows = read_windows(tokens, axis, referred)
    taken = [a or b for a, b in zip(covered(tokens, windows), referred, strict=True)]
    # A value of a step is in its unit.
    numbers = [
        replace(number, per="") if number.form == "value" and number.per == axis.unit else number
        for number in read_numbers(tokens, taken)
    ]
    clauses = Clauses(text, tokens, windows, numbers, taken).read()
    return Grounding(
        text, tuple(clauses), tuple(windows), tuple(numbers), tuple(references), tuple(tokens), axis.history
    )


def with_history(grounding: Grounding, history: np.ndarray) -> Grounding:
    """A grounding with its numbers held against the values of a history (time,), NaN where missing."""
    return replace(grounding, numbers=tuple(_checked(number, history) for number in grounding.numbers))


def _checked(number: Number, history: np.ndarray) -> Number:
    """A value in deviations of the history, with a reason where it is of another magnitude."""
    seen = history[np.isfinite(history)]
    if number.reason:
        return number
    if number.form != "value" and number.per:
        return replace(number, reason=f"it is a rate of change per {number.per}")
    if number.form != "value" or not len(seen):
        return number
    low, high, std = seen.min(), seen.max(), seen.std()
    spread = max(high - low, 0.2 * np.abs(seen).max())
    relative = float((number.value - seen.mean()) / std) if std > 0 else None
    reason = ""
    if number.per and not low <= number.value <= high:
        reason = f"it is per {number.per}, and the series runs from {low:g} to {high:g} a step"
    elif number.value != 0 and not low - _FARTHEST * spread <= number.value <= high + _FARTHEST * spread:
        reason = f"the series runs from {low:g} to {high:g}"
    elif number.bound and (number.value < low - spread if number.bound == "cap" else number.value > high + spread):
        reason = f"as a {number.bound} it would leave nothing of a series from {low:g} to {high:g}"
    return replace(number, relative=relative, reason=reason)


__all__ = ["Grounding", "ground", "ground_on_axis", "with_history"]
