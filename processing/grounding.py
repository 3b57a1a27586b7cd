"""Grounding of a text on a time axis, without a model: its clauses, windows of time and numbers."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from .grounding_axis import Axis
from .grounding_markup import without_markup
from .grounding_numbers import Number, read_numbers
from .grounding_reading import read_windows
from .grounding_references import Reference, read_references
from .grounding_windows import Window
from .grounding_words import CLOSING, Token, tokenize, words

_ABBREVIATIONS = words(
    "approx e.g i.e eg ie no nos st mr mrs dr vs etc inc ltd fig ca est jan feb mar apr jun jul aug sep "
    "sept oct nov dec max min"
)
_ITEMS = words("- * > \N{BULLET} \N{MIDDLE DOT}")
_BREAK = re.compile(r"[^\S\n]*\n\s*(?:\n|[-*•])")
# Characters of a line that no text is wrapped at, with the first word of the next one.
_SHORT_LINE = 50
_COORDINATORS = words("but while whereas although though however yet and then so because")
# "No more and no less", "over and above", "busier and busier".
_COMPARATIVES = words("more less over higher lower up down again busier quieter further bigger smaller")
# Characters behind a coordinator in which the upper bound of a range stands.
_CLOSE = 40
# Words that say nothing of an effect by themselves.
_EMPTY = words(
    "a an the on in of at to from by for and or with is are be will was were it this that they there then "
    "while but also , - ( )"
)
# What begins a part of a clause behind a comma.
_RELATIVE = words(
    "which who whose where when as because since after before if unless of including compared up with without like "
    "or due owing thanks except"
)
# Words that state an effect without others.
_ALONE = words("closed shut nothing none nil doubled halved")
_AS_USUAL = words("unchanged unaffected normal usual")
# Distance of a value from the range of the history, in multiples of it, up to which it may be one of the series.
_FARTHEST = 5.0


@dataclass(frozen=True)
class Clause:
    """A sentence or a part of one that can state one effect: characters `start` to `stop` of the text."""

    start: int
    stop: int


@dataclass(frozen=True)
class Grounding:
    """What was found in a text; positions count characters.

    Args:
        text: as given, with spaces for markup.
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
    text = without_markup(unicodedata.normalize("NFC", text))
    tokens = tokenize(text)
    references, referred = read_references(tokens)
    windows = read_windows(tokens, axis, referred)
    taken = [a or b for a, b in zip(_covered(tokens, windows), referred, strict=True)]
    # A value of a step is in its unit.
    numbers = [
        replace(number, per="") if number.form == "value" and number.per == axis.unit else number
        for number in read_numbers(tokens, taken)
    ]
    clauses = _clauses(text, tokens, windows, numbers, taken)
    return Grounding(
        text, tuple(clauses), tuple(windows), tuple(numbers), tuple(references), tuple(tokens), axis.history
    )


def with_history(grounding: Grounding, history: np.ndarray) -> Grounding:
    """A grounding with its numbers held against the values of a history (time,), NaN where missing."""
    return replace(grounding, numbers=tuple(_checked(number, history) for number in grounding.numbers))


def _covered(tokens: Sequence[Token], parts: Sequence[Window | Number]) -> list[bool]:
    """Whether each token lies in one of the parts, which are in order."""
    covered, k = [False] * len(tokens), 0
    for i, token in enumerate(tokens):
        while k < len(parts) and parts[k].stop <= token.start:
            k += 1
        covered[i] = k < len(parts) and token.start >= parts[k].start
    return covered


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


def _is_broken(text: str, stop: int, following: Token) -> bool:
    """Whether a sentence ends with its line: before an empty one or an item, or where the next word had room in it."""
    if "\n" not in text[stop : following.start]:
        return False
    line = text[text.rfind("\n", 0, stop) + 1 : stop].strip()
    return _BREAK.match(text, stop) is not None or len(line) + following.stop - following.start < _SHORT_LINE


def _is_picture(token: Token) -> bool:
    """Whether a token is an emoji, or a part of one."""
    return all(unicodedata.category(letter) in ("So", "Sk", "Mn", "Cf") for letter in token.word)


def _ends_sentence(tokens: Sequence[Token], i: int) -> bool:
    word = tokens[i].word
    if word in ("!", "?", ";"):
        return True
    follows = tokens[i + 1] if i + 1 < len(tokens) else None
    if word in CLOSING and i and tokens[i - 1].word == "." and tokens[i - 1].stop == tokens[i].start:
        return follows is None or (follows.capital and follows.start > tokens[i].stop)
    if word != ".":
        return False
    before = tokens[i - 1].word if i else ""
    if follows is not None and follows.start == tokens[i].stop:
        return False
    return before not in _ABBREVIATIONS and (
        len(before) > 1 or not before.isalpha() or follows is None or follows.capital
    )


def _joins_bounds(start: int, place: int, numbers: Sequence[Number], windows: Sequence[Window]) -> bool:
    """Whether a coordinator stands between the lower and the upper bound of one range: "above 90 and below 120"."""
    before = [number for number in numbers if start <= number.start < place]
    behind = next((number for number in numbers if number.start > place), None)
    if not before or behind is None or behind.start - place > _CLOSE:
        return False
    low, high = before[-1], behind
    if any(low.start < window.start < place for window in windows):
        # "At least 90 on Monday, but at most 110 on Tuesday".
        return False
    sides = low.bound, high.bound
    return {low.form, high.form} == {"value"} and low.value < high.value and sides in (
        ("floor", "cap"), ("floor", ""), ("", "cap"),
    )  # fmt: skip


def _clauses(
    text: str, tokens: Sequence[Token], windows: Sequence[Window], numbers: Sequence[Number], taken: Sequence[bool]
) -> list[Clause]:
    """Sentences, and their parts about a coordinator or a comma where both parts can state an effect.

    A part can if it has a number and a window, or either of them and words of its own; about a comma, if it has a
    time to come, and a number or such a word as "closed".
    """
    counted = _covered(tokens, numbers)

    def begins_entry(i: int) -> bool:
        """Whether a line begins with a time and a colon: "8 March: closed"."""
        if not taken[i] or "\n" not in text[tokens[i - 1].stop : tokens[i].start]:
            return False
        end = next((k for k in range(i, len(tokens)) if not taken[k]), len(tokens) - 1)
        return tokens[end].word in (":", "-", "\N{EN DASH}", "\N{EM DASH}")

    ahead = _covered(tokens, [window for window in windows if window.kind in ("future", "both")])
    parts: list[list[int]] = []
    start = 0
    for i, token in enumerate(tokens):
        is_new = i > start and not (taken[i - 1] and taken[i])
        if is_new and (_is_broken(text, tokens[i - 1].stop, token) or begins_entry(i)):
            parts.append([start, i, 1])
            start = i
        if not taken[i] and not counted[i] and _ends_sentence(tokens, i):
            parts.append([start, i + 1, 1])
            start = i + 1
        elif (
            token.word in _COORDINATORS
            and not taken[i]
            and i > start
            and not (counted[i - 1] and any(counted[i + 1 : i + 2]))
            and not (tokens[i - 1].word in _COMPARATIVES and token.word == "and" and not any(taken[i + 1 : i + 2]))
            and not _joins_bounds(tokens[start].start, token.start, numbers, windows)
        ):
            parts.append([start, i, 0])
            start = i
    if start < len(tokens):
        parts.append([start, len(tokens), 1])

    def own_words(first: int, last: int) -> list[str]:
        return [
            token.word
            for k, token in enumerate(tokens[first:last], first)
            if token.kind == "word" and token.word not in _EMPTY | _COORDINATORS and not taken[k] and not counted[k]
        ]

    def can_state(first: int, last: int) -> bool:
        own = own_words(first, last)
        amount, time = any(counted[first:last]), any(taken[first:last])
        if tokens[first].word == "but" and any(ahead[first + 1 : first + 2]) and own:
            # "But on Sunday it pauses".
            return True
        return (time and (amount or not _ALONE.isdisjoint(own))) or ((amount or time) and len(own) + amount >= 2)

    alone = [token.word in _ALONE and not taken[k] and not counted[k] for k, token in enumerate(tokens)]
    # So that a text of commas alone takes no longer than others.
    times, amounts, whole = (list(accumulate(some, initial=0)) for some in (ahead, counted, alone))

    def states(first: int, last: int) -> bool:
        said = amounts[last] > amounts[first] or whole[last] > whole[first]
        return said and times[last] > times[first]

    def is_usual(first: int, last: int) -> bool:
        own = own_words(first, last) if times[last] > times[first] else []
        return bool(own) and _AS_USUAL.issuperset(own)

    def ends_at_commas(first: int, last: int) -> list[int]:
        """Commas that a clause ends at: "10% less on 8 March, 20% more on 9 March, the rest unchanged"."""
        commas = [k for k in range(first + 1, last - 1) if tokens[k].word == "," and not taken[k] and not counted[k]]
        found, begin = [], first
        for k, behind in pairwise([*commas, last]):
            is_part = tokens[k + 1].word in _RELATIVE | _COORDINATORS and not taken[k + 1]
            if not is_part and states(begin, k) and (states(k + 1, behind) or is_usual(k + 1, behind)):
                found.append(k)
                begin = k + 1
        return found

    def said(first: int, last: int) -> list[Clause]:
        """The clause of some tokens, without the mark of an item of a list ("- closed") and pictures at its ends."""
        while first < last and (
            _is_picture(tokens[first]) or (tokens[first].word in _ITEMS and not any(counted[first + 1 : first + 2]))
        ):
            first += 1
        while last > first and _is_picture(tokens[last - 1]):
            last -= 1
        if last <= first:
            return []
        # The comma itself belongs to neither.
        commas = ends_at_commas(first, last)
        begins = [first, *(k + 1 for k in commas)]
        return [
            Clause(tokens[begin].start, tokens[end - 1].stop)
            for begin, end in zip(begins, [*commas, last], strict=True)
        ]

    clauses: list[Clause] = []
    first, able = 0, False
    for k, (begin, end, closes) in enumerate(parts):
        if k == 0 or parts[k - 1][2]:
            first, able = begin, can_state(begin, end)
        elif able and can_state(begin, end):
            clauses += said(first, begin)
            first, able = begin, True
        else:
            able = able or can_state(begin, end)
        if closes and end > first:
            clauses += said(first, end)
    return clauses


__all__ = ["Clause", "Grounding", "ground", "ground_on_axis", "with_history"]
