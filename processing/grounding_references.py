"""Days that a text compares with: "as on a Sunday", "a holiday schedule"."""

from collections.abc import Sequence
from dataclasses import dataclass

from .grounding_words import WEEKDAYS, Token, words

_LIKE = words(
    "as like resemble resembles resembling mirror mirrors match matches typical mimic mimics equal imitate imitates "
    "follow follows correspond corresponds"
)
_BETWEEN = words(
    "on in a an to if it were was the usual normal typical ordinary regular quiet of for what is seen "
    "its pattern level levels"
)
_KINDS = words(
    "schedule schedules timetable service levels level pattern patterns profile shape like mode traffic "
    "routine regime rhythm"
)


@dataclass(frozen=True)
class Reference:
    """A weekday that a text compares with, 0 for Monday; holidays count as Sundays."""

    start: int
    stop: int
    weekday: int


def _day(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """A weekday or a holiday, and the index behind it."""
    word = tokens[i].word if i < len(tokens) else ""
    if word in ("public", "bank", "national") and i + 1 < len(tokens):
        i, word = i + 1, tokens[i + 1].word
    if word in ("holiday", "holidays"):
        return 6, i + 1
    day = WEEKDAYS.get(word, WEEKDAYS.get(word[:-1]) if word.endswith("days") else None)
    return None if day is None or not word.endswith(("day", "days")) else (day, i + 1)


def read_references(tokens: Sequence[Token]) -> tuple[list[Reference], list[bool]]:
    """References in the tokens of a text, and whether each token belongs to one."""
    found, taken, i = [], [False] * len(tokens), 0
    while i < len(tokens):
        j = i
        if tokens[i].word in _LIKE and not (
            tokens[i].word == "as" and tokens[i + 1 : i + 2] and tokens[i + 1].word == "of"
        ):
            j = i + 1
            while j < min(i + 7, len(tokens)) and tokens[j].word in _BETWEEN:
                j += 1
        day = _day(tokens, j)
        behind = day[1] + (day[1] < len(tokens) and tokens[day[1]].word == "-") if day else 0
        if day is not None and (j > i or (behind < len(tokens) and tokens[behind].word in _KINDS)):
            stop = day[1] if j > i else behind + 1
            found.append(Reference(tokens[i].start, tokens[stop - 1].stop, day[0]))
            taken[i:stop] = [True] * (stop - i)
            i = stop
        else:
            i += 1
    return found, taken


__all__ = ["Reference", "read_references"]
