"""Clauses of a text: its sentences, and the parts of them that can state one effect."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from .grounding_numbers import Number
from .grounding_windows import Window
from .grounding_words import CLOSING, SERIES, Token, words

_ABBREVIATIONS = words(
    "approx e.g i.e eg ie no nos st mr mrs dr vs etc inc ltd fig ca est jan feb mar apr jun jul aug sep "
    "sept oct nov dec max min"
)
_ITEMS = words("- * > \N{BULLET} \N{MIDDLE DOT}")
_BREAK = re.compile(r"[^\S\n]*\n\s*(?:\n|[-*•])")
# Characters of a line that no text is wrapped at, with the first word of the next one.
_SHORT_LINE = 50
_COORDINATORS = words("& but while whereas although though however yet and then so because")
# "No more and no less", "over and above", "busier and busier".
_COMPARATIVES = words("more less over higher lower up down again busier quieter further bigger smaller")
# Tokens of a bracket that is a clause.
_LONGEST_BRACKET = 60
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
_AS_USUAL = words(
    "flat all untouched unchanged unaffected normal as usual ever regular open no change effect back again everything "
    "stay stays remain remains"
)


@dataclass(frozen=True)
class Clause:
    """A sentence or a part of one that can state one effect: characters `start` to `stop` of the text."""

    start: int
    stop: int


def covered(tokens: Sequence[Token], parts: Sequence[Window | Number]) -> list[bool]:
    """Whether each token lies in one of the parts, which are in order."""
    covered, k = [False] * len(tokens), 0
    for i, token in enumerate(tokens):
        while k < len(parts) and parts[k].stop <= token.start:
            k += 1
        covered[i] = k < len(parts) and token.start >= parts[k].start
    return covered


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


class Clauses:
    """Reader of the clauses of a text.

    A clause is a sentence, or a part of one about a coordinator, a comma or a bracket where both parts can state an
    effect. A part can if it has a number and a window, or either of them and words of its own; about a mark, if it has
    a time to come, and a number or such a word as "closed".

    Args:
        text: that the tokens are of.
        tokens: all of them.
        windows: of time, in their order.
        numbers: in their order.
        taken: whether each token is part of a time.
    """

    def __init__(
        self,
        text: str,
        tokens: Sequence[Token],
        windows: Sequence[Window],
        numbers: Sequence[Number],
        taken: Sequence[bool],
    ):
        self.text, self.tokens, self.windows, self.numbers, self.taken = text, tokens, windows, numbers, taken
        self.counted = covered(tokens, numbers)
        self.ahead = covered(tokens, [window for window in windows if window.kind in ("future", "both")])
        alone = [
            (token.word in _ALONE or self._is_none(k)) and not taken[k] and not self.counted[k]
            for k, token in enumerate(tokens)
        ]
        # Sums up to each token, so that a text of commas alone takes no longer than others.
        self.times, self.amounts, self.whole = (
            list(accumulate(some, initial=0)) for some in (self.ahead, self.counted, alone)
        )

    def _is_none(self, k: int) -> bool:
        """Whether "no" and what there is none of stand at an index."""
        return self.tokens[k].word == "no" and k + 1 < len(self.tokens) and self.tokens[k + 1].word in SERIES

    def read(self) -> list[Clause]:
        """All clauses, in their order."""
        clauses: list[Clause] = []
        first, able, goes_on = 0, False, False
        for begin, end, closes in self._parts():
            if not goes_on:
                first, able = begin, self._can_state(begin, end)
            elif able and self._can_state(begin, end):
                clauses += self._clauses(first, begin)
                first = begin
            else:
                able = able or self._can_state(begin, end)
            if closes:
                clauses += self._clauses(first, end)
            goes_on = not closes
        return clauses

    def _parts(self) -> list[tuple[int, int, bool]]:
        """Parts of sentences about coordinators: first token, that behind the last, whether the sentence ends."""
        parts: list[tuple[int, int, bool]] = []
        start = 0
        for i in range(len(self.tokens)):
            if i > start and self._begins_line(i):
                parts.append((start, i, True))
                start = i
            if not self.taken[i] and not self.counted[i] and _ends_sentence(self.tokens, i):
                parts.append((start, i + 1, True))
                start = i + 1
            elif i > start and self._coordinates(start, i):
                parts.append((start, i, False))
                start = i
        if start < len(self.tokens):
            parts.append((start, len(self.tokens), True))
        return parts

    def _begins_line(self, i: int) -> bool:
        """Whether a sentence begins with the line of a token, which is no part of a time with the one before."""
        if self.taken[i - 1] and self.taken[i]:
            return False
        return _is_broken(self.text, self.tokens[i - 1].stop, self.tokens[i]) or self._begins_entry(i)

    def _begins_entry(self, i: int) -> bool:
        """Whether a line begins with a time and a colon: "8 March: closed"."""
        if not self.taken[i] or "\n" not in self.text[self.tokens[i - 1].stop : self.tokens[i].start]:
            return False
        end = next((k for k in range(i, len(self.tokens)) if not self.taken[k]), len(self.tokens) - 1)
        return self.tokens[end].word in (":", "-", "\N{EN DASH}", "\N{EM DASH}")

    def _coordinates(self, start: int, i: int) -> bool:
        """Whether a token is a coordinator of a part, and not within an amount, a comparison or a range of values."""
        token, before = self.tokens[i], self.tokens[i - 1].word
        if token.word not in _COORDINATORS or self.taken[i]:
            return False
        within_amount = self.counted[i - 1] and any(self.counted[i + 1 : i + 2])
        compares = before in _COMPARATIVES and token.word == "and" and not any(self.taken[i + 1 : i + 2])
        return not (
            within_amount
            or compares
            or _joins_bounds(self.tokens[start].start, token.start, self.numbers, self.windows)
        )

    def _own_words(self, first: int, last: int) -> list[str]:
        return [
            token.word
            for k, token in enumerate(self.tokens[first:last], first)
            if token.kind == "word"
            and token.word not in _EMPTY | _COORDINATORS
            and not self.taken[k]
            and not self.counted[k]
        ]

    def _can_state(self, first: int, last: int) -> bool:
        own = self._own_words(first, last)
        amount, time = any(self.counted[first:last]), any(self.taken[first:last])
        if self.tokens[first].word == "but" and any(self.ahead[first + 1 : first + 2]) and own:
            # "But on Sunday it pauses".
            return True
        return (time and (amount or not _ALONE.isdisjoint(own))) or ((amount or time) and len(own) + amount >= 2)

    def _states(self, first: int, last: int) -> bool:
        said = self.amounts[last] > self.amounts[first] or self.whole[last] > self.whole[first]
        return said and self.times[last] > self.times[first]

    def _is_usual(self, first: int, last: int) -> bool:
        own = self._own_words(first, last) if self.times[last] > self.times[first] else []
        return bool(own) and _AS_USUAL.issuperset(own)

    def _is_whole(self, first: int, last: int) -> bool:
        return self._states(first, last) or self._is_usual(first, last)

    def _is_mark(self, k: int, last: int) -> bool:
        """Whether a token is a comma, or opens a bracket that says something from a time on."""
        if self.taken[k] or self.counted[k] or self.tokens[k].word not in (",", "("):
            return False
        if self.tokens[k].word == ",":
            return True
        within = range(k + 1, min(last, k + _LONGEST_BRACKET)) if self.taken[k + 1] else ()
        close = next((i for i in within if self.tokens[i].word == ")"), None)
        return close is not None and self._is_whole(k + 1, close)

    def _inner_ends(self, first: int, last: int) -> list[int]:
        """Commas and brackets that a clause ends at: "20% more on 8 March, 10% less on 9 March (10 March: open)"."""
        marks = [k for k in range(first + 1, last - 1) if self._is_mark(k, last)]
        found, begin = [], first
        for k, behind in pairwise([*marks, last]):
            is_part = self.tokens[k + 1].word in _RELATIVE | _COORDINATORS and not self.taken[k + 1]
            if not is_part and self._is_whole(begin, k) and self._is_whole(k + 1, behind):
                found.append(k)
                begin = k + 1
        return found

    def _clauses(self, first: int, last: int) -> list[Clause]:
        """Those of some tokens, without the mark of an item of a list ("- closed") and pictures at its ends."""
        tokens = self.tokens
        while first < last and (
            _is_picture(tokens[first])
            or (tokens[first].word in _ITEMS and not any(self.counted[first + 1 : first + 2]))
        ):
            first += 1
        while last > first and _is_picture(tokens[last - 1]):
            last -= 1
        if last <= first:
            return []
        # The mark itself belongs to neither.
        marks = self._inner_ends(first, last)
        if any(tokens[k].word == "(" for k in marks):
            last = next((k for k in range(last - 1, marks[-1], -1) if tokens[k].word == ")"), last)
        begins = [first, *(k + 1 for k in marks)]
        return [
            Clause(tokens[begin].start, tokens[end - 1].stop)
            for begin, end in zip(begins, [*marks, last], strict=True)
        ]


__all__ = ["Clause", "Clauses", "covered"]
