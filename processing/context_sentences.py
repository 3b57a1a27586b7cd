"""Clauses that go on with the one before, written as the sentences of their own that they stand for."""

import re
from collections.abc import Sequence

import numpy as np

from .grounding_words import words

# What stands for a time to come in the words of a clause.
FUTURE = "during that period"
# Words of a clause, and for the first character of each part of the text the characters that stand for it in them.
Written = tuple[str, dict[int, tuple[int, int]]]

# The beginning of a clause without a subject of its own: "and rise by 10%", "but a drop of 10%", "and on 9 March it";
# and that of one with its own: "and on 9 March sales".
_GOES_ON = re.compile(
    r"(?:(?:and|but|yet|while|whereas) )?(?:then )?(?=(?:to|will|an?|expect|up|down|twice|half|double|halve|rise|fall|"
    r"drop|grow|none|nothing|increase|decrease|decline|climb|jump|slip|return|stay|remain|close|reopen|stop|"
    rf"no more than|at (?:most|least)|minus|\+?\d\S*|(?:{FUTURE} )?(?:it|they|those))\b)",
    re.IGNORECASE,
)
# What a cause does to the series: "the fair runs from 14 to 17 March; it gives us 15% more".
_OURS = re.compile(r"\b(?:us|our|sales|the series)\b", re.IGNORECASE)
_BEGINS = re.compile(rf"(?:and|but|while|whereas) (?={FUTURE} )", re.IGNORECASE)
# A clause that is whole without a period.
_WHOLE = re.compile(
    rf"(?:we(?: are| will be|'re)? |it(?: is| will be|'s) )?(?:closed?|shut) {FUTURE},?", re.IGNORECASE
)
# Words of a clause that says no more than a number and a time: "and 120 on Sunday".
_FILLERS = words("and but then only just even at to by of on in for with a an the those these some about around sales")
_NO_NUMBER = re.compile(r"\b(?:closed?|shut|nil|none|nothing|zero|unchanged)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+|[^\w\s.,;:()-]")
# Roles of numbers, three for each form, and of windows.
_NUMBERS, _WINDOWS = range(1, 10), range(10, 14)


def _number_and_time(written: Written, roles: dict[int, int]) -> tuple[int, int] | None:
    """The first characters of the only number and the only time of a clause."""
    starts = [
        [start for start in written[1] if roles[start] in kind and written[1][start][1] <= len(written[0])]
        for kind in (_NUMBERS, _WINDOWS)
    ]
    return (starts[0][0], starts[1][0]) if [len(some) for some in starts] == [1, 1] else None


def _with_words_of(before: Written, own: Written, roles: dict[int, int]) -> Written | None:
    """A clause of no more than a number and a time in the words of the one before; None where it is none."""
    told, said = _number_and_time(before, roles), _number_and_time(own, roles)
    # Parts that go without saying have no characters.
    if told is None or said is None or sum(last > first for first, last in own[1].values()) != 2:
        return None
    if _NO_NUMBER.search(before[0]):
        # "Ward 4: nil on Monday, 85 on Tuesday".
        return None
    # "+10 % on Friday, -5 % on Sunday" says each direction itself.
    is_signed = own[0][slice(*own[1][said[0]])].startswith("minus")
    if is_signed or (roles[told[0]] - 1) // 3 != (roles[said[0]] - 1) // 3:
        return None
    rest, at = [], 0
    for first, last in sorted(own[1].values()):
        rest.append(own[0][at:first])
        at = last
    if not _FILLERS.issuperset(word.lower() for word in _WORD.findall(" ".join([*rest, own[0][at:]]))):
        return None
    pieces, places, at = "", {}, 0
    for place, start in sorted((before[1][there], here) for there, here in zip(told, said, strict=True)):
        pieces += before[0][at : place[0]]
        part = own[0][slice(*own[1][start])]
        places[start] = (len(pieces), len(pieces) + len(part))
        pieces += part
        at = place[1]
    roles[said[0]] = roles[told[0]]
    return pieces + before[0][at:], places


def _ended(written: Written) -> Written:
    said = written[0].rstrip(",; ")
    return said if said.endswith((".", "!", "?")) else said + ".", written[1]


def complete(
    written: list[Written], roles: dict[int, int], may_go_on: Sequence[bool], is_plain: Sequence[bool]
) -> np.ndarray:
    """Write clauses that go on with the one before as sentences, in place.

    "And 120 on Sunday" behind "At most 100 on Saturday" has its words; "and rise by 10%" loses its "and", as the heads
    know it as a sentence, and so does what has a subject of its own, where neither clause is denied, of the past,
    unreal or of another place.

    Args:
        written: words and places of each clause, from `plain_clause`.
        roles: of the parts of the text by their first characters; a number gets the bound of that whose words it has.
        may_go_on: whether each is in the sentence of the one before, and has a time to come.
        is_plain: whether the words of each take nothing back.

    Returns:
        Whether each clause has the subject of the one before, bool (clauses,).
    """
    goes_on = np.zeros(len(written), dtype=bool)
    for k in np.flatnonzero(may_go_on).tolist():
        before, (said, own) = written[k - 1 : k + 1]
        if (whole := _with_words_of(before, written[k], roles)) is not None:
            written[k - 1 : k + 1], goes_on[k] = [_ended(before), _ended(whole)], True
            continue
        begin = _GOES_ON.match(said) or _BEGINS.match(said)
        if begin is not None and is_plain[k - 1] and is_plain[k]:
            goes_on[k] = begin.re is _GOES_ON and not _OURS.search(said)
            shift = begin.end()
            written[k] = said[shift:], {start: (a - shift, b - shift) for start, (a, b) in own.items()}
            written[k - 1] = _ended(before)
        elif _WHOLE.fullmatch(before[0]):
            written[k - 1] = _ended(before)
    return goes_on


__all__ = ["FUTURE", "Written", "complete"]
