"""Days that a text compares with: "as on a Sunday", "a holiday schedule"."""

from collections.abc import Sequence
from dataclasses import dataclass

from .grounding_words import WEEKDAYS, Token, words

# What compares, before a day, with words that may stand between.
_LIKE = words(
    "as like resemble resembles resembling mirror mirrors match matches typical mimic mimics equal equals imitate "
    "imitates follow follows correspond corresponds same similar comparable equivalent identical par what different "
    "indistinguishable difference copy copies replicate replicates reproduce reproduces repeat repeats "
    "modelled"  # codespell:ignore modelled
)
_BETWEEN = words(
    "on in a an any to if it were was the usual normal typical ordinary regular quiet average standard customary of "
    "for is seen its pattern level levels that those with from we you one see sees get gets have has do does"
)
# The same where "of" stands behind.
_LIKE_OF = words(
    "shape profile pattern values curve numbers figures level levels scale mood character signature that those way "
    "rhythm"
)
# Before a day that is none of the calendar: "a normal Sunday", though not "on a Sunday".
_ANY = words("a an any normal usual typical ordinary regular average standard customary familiar")
# Behind a day, what is like on it; the second ones are something else behind "on Sunday".
_KINDS = words(
    "schedule schedules timetable pattern patterns profile shape like mode routine regime rhythm rota roster rules "
    "hours curve template shift duty character standard baseline picture type feel mold "
    "mould"  # codespell:ignore mould
)
_LOOSE_KINDS = words("service levels level traffic figures numbers values plan business conditions load staffing")
_DATED = words("on this next last every each coming")


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


def _before(tokens: Sequence[Token], i: int) -> tuple[int, bool]:
    """The first token of a comparison with the day at an index, and whether there is one."""
    j = i
    while j > max(i - 8, 0) and tokens[j - 1].word in _BETWEEN:
        if tokens[j - 1].word in _LIKE_OF and tokens[j].word == "of":
            return j - 1, True
        j -= 1
    previous = tokens[j - 1].word if j else ""
    if previous in _LIKE and not (previous == "as" and tokens[j].word == "of"):
        return j - 1, True
    if previous in _LIKE_OF and tokens[j].word == "of":
        return j - 1, True
    is_any = tokens[i].word in WEEKDAYS and i > 0 and tokens[i - 1].word in _ANY
    return i - 1, is_any and not any(token.word == "on" for token in tokens[j:i])


def read_references(tokens: Sequence[Token]) -> tuple[list[Reference], list[bool]]:
    """References in the tokens of a text, and whether each token belongs to one."""
    found, taken, i = [], [False] * len(tokens), 0
    while i < len(tokens):
        day = _day(tokens, i)
        if day is None:
            i += 1
            continue
        value, stop = day
        if stop < len(tokens) and tokens[stop].kind in ("number", "ordinal", "date"):
            # "As usual on Friday 8 March" is a date.
            i = stop
            continue
        first, compares = _before(tokens, i)
        behind = stop + (stop < len(tokens) and tokens[stop].word == "-")
        kind = tokens[behind].word if behind < len(tokens) else ""
        loose = kind in _LOOSE_KINDS and not (i and tokens[i - 1].word in _DATED)
        if not compares and (kind in _KINDS or loose):
            first, stop, compares = i, behind + 1, True
        if compares:
            found.append(Reference(tokens[first].start, tokens[stop - 1].stop, value))
            taken[first:stop] = [True] * (stop - first)
        i = stop
    return found, taken


__all__ = ["Reference", "read_references"]
