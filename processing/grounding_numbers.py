"""Numbers that a text states: values, percentages, factors, and whether they bound something from above or below."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .grounding_words import TO, UNITS, Token, number_at, words

_FACTORS = {
    word: value
    for value, words in {
        0.5: "half halve halves halved halving",
        2.0: "double doubles doubled doubling twice twofold",
        3.0: "triple triples tripled tripling thrice threefold treble trebles trebled",
        4.0: "quadruple quadruples quadrupled quadrupling fourfold",
        5.0: "quintuple quintuples quintupled fivefold",
        10.0: "tenfold",
    }.items()
    for word in words.split()
}
_PARTS = {
    "half": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6,
    "eighth": 8, "eighths": 8, "tenth": 10, "tenths": 10,
}  # fmt: skip
_BEHIND_A_PART = words("of less more lower higher fewer below above off as the its their , .")
_BEFORE_QUARTERS = words("for next last past coming previous over in within")
_NEGATIONS = words(
    "not no never cannot can't won't don't doesn't didn't isn't aren't wouldn't couldn't shouldn't shan't "
    "nor without neither nowhere none nothing nobody unable"
)
_UP = words(
    "above over exceed exceeds exceeding exceeded beyond surpass surpasses surpassing surpassed top tops pass passing "
    "past overshoot overshooting overstep oversteps overstepping outgrow outgrows"
)
_DOWN = words("below under beneath underneath undershoot undershooting undercut undercutting deeper")
# "Dip past 90".
_FALLS = words(
    "dip dips sink sinks fall falls drop drops slip slips slide slides decline declines slipping dipping falling "
    "sinking dropping"
)
_CLIMBS = words("climb climbs climbing climbed rise rises rising rose soar soars jump jumps shoot shoots")
# "Kept from falling below 90" denies the fall; so does "whatever is above 90 will be turned away".
_KEPT = words(
    "keep keeps kept prevent prevents prevented stop stops stopped bar barred safe secured insured protected saved"
)
# "Forbids values below 90", "clear of anything over 90", "surplus over 90".
_FORBIDDEN = words(
    "forbid forbids forbidden prohibit prohibits prohibited prevents prevented curtail curtails curtailed shaved "
    "trimmed truncated choked refuse refuses reject"
)
_CLEAR_OF = {("clear", "of"), ("short", "of"), ("against", "any"), ("narrow", "for")}
_EXCESS = words("surplus excess shortfall shortfalls surpluses")
_REFUSED = words("impossible refused rejected excluded turned question lost clipped prohibited forbidden")
# What is done to what lies beyond a bound, behind "is" or in these pairs.
_DONE = words(
    "banned disallowed ruled curtailed trimmed shaved discarded thrown filled made rounded replaced compensated shed "
    "dumped spilled diverted sold sent raised lifted"
)
_BE = words("is are be being gets get was were")
_DONE_PAIRS = {("fill", "the"), ("fills", "the"), ("lift", "it"), ("to", "waste")}
# Words that begin a reason or another part.
_OTHER_PART = words(", when as if because thanks since so while although")
_THAN = {
    "more": 1, "greater": 1, "higher": 1, "larger": 1, "bigger": 1,
    "less": -1, "lower": -1, "fewer": -1, "smaller": -1,
}  # fmt: skip
_CAPS = words(
    "maximum max cap caps capped capping ceiling limit limits limited limiting restricted restrict "
    "restricts peak peaks quota highest largest lid"
)
_FLOORS = words("minimum min floor floors floored guaranteed lowest smallest backstop bottom")
# Behind a number: "90 at the very most", "90 as a minimum".
_CAPS_BEHIND = words("maximum most outside utmost tops ceiling highest")
_FLOORS_BEHIND = words("minimum least lowest upwards")
_AT = words("at as in on a an the very bare absolute possible")
# "Topped up to 90".
_FILLED = words("topped tops filled fill fills raised lifted bolstered propped rounded made makes brought bring")
_RANGES = words(
    "between within range ranges ranging interval band corridor limits values bracket span channel window strip zone "
    "tunnel envelope anything anywhere somewhere bandwidth margin inside outside confined confines squeezed only"
)
_BOUND_NOUNS = words("bound bounds bounded limit limits threshold")
_PART_ENDS = frozenset((".", ";", "!", "?", "while", "whereas", "but", "although"))
_CAP_BEHIND = {("at", "most"), *(("or", word) for word in ("less", "below", "fewer", "under", "lower", "smaller"))}
_FLOOR_BEHIND = {
    ("at", "least"),
    *(("or", word) for word in ("more", "above", "greater", "higher", "over", "better")),
}
# "90 or anywhere lower".
_ANY = words("anything anywhere somewhere something")
# "Clears the mark of 90", and not "clear of 90".
_CLEARS = words("clear clears cleared beat beats beating")
# "<= 90"; an arrow ends in one of them too.
_SIGNS = {"<": "cap", "\N{LESS-THAN OR EQUAL TO}": "cap", ">": "floor", "\N{GREATER-THAN OR EQUAL TO}": "floor"}
# As it is often misspelt, too.
_PERCENT = words("% percent pct pc percents percnt perecnt precent persent percant pecent")  # codespell:ignore
_DENOMINATORS, _PLAIN_PARTS = words("2 3 4 5 6 8 10"), words("¼ ½ ¾ ⅓ ⅔ ⅛ ⅜ ⅝ ⅞")
_BASIS_POINTS = "basis points may be of its values or of a share of them"
# Tokens of the longest number in words.
_LONGEST_NUMBER = 12
_NO_UNITS = words("on in for within of at over from to by the and or but per a an")
# Tokens before and behind a number in which words of a bound are looked for.
_BEFORE, _BEHIND = 7, 5


# Before a factor, "x2", and tokens with digits that are no numbers.
_TIMES = words("x \N{MULTIPLICATION SIGN} *")
_NO_NUMBERS = ("date", "clock", "ordinal")
# Units whose powers have a number: "m3".
_LENGTHS = ("m", "cm", "dm", "km")


@dataclass(frozen=True)
class Number:
    """A number that a text states.

    Args:
        start: where the words begin in the text.
        stop: where they end.
        value: 0.3 for "30 %", 2.0 for "double" and "twice", 1500.0 for "1.5k".
        form: "value", "percent" or "factor".
        bound: "cap" behind words such as "at most" and "will not exceed", "floor" behind such as "at least" and "not
            below", "" otherwise.
        relative: a value in standard deviations of the history from its mean; None for other forms and constants.
        reason: why it cannot be a value of the series, such as its size; "" where it can.
        per: unit of time that it is said for, such as "day" of "120 per day"; "" for none.
    """

    start: int
    stop: int
    value: float
    form: str
    bound: str = ""
    relative: float | None = None
    reason: str = ""
    per: str = ""


class _Reader:
    def __init__(self, tokens: Sequence[Token], taken: Sequence[bool]):
        self.tokens, self.taken = tokens, taken

    def word(self, i: int) -> str:
        """The word at an index, "" outside the text and within a window of time."""
        return self.tokens[i].word if 0 <= i < len(self.tokens) and not self.taken[i] else ""

    def number(self, i: int) -> tuple[float, str, int] | None:
        """Value, form and the index behind it."""
        word = self.word(i)
        fraction = self._fraction(i)
        if word in ("twice", "thrice") and self._per(i + 1):
            # How often, and not by how much.
            return None
        if fraction is not None:
            value, j = fraction
            return value, "factor", j + (self.word(j) == "times")
        if word in _FACTORS:
            return _FACTORS[word], "factor", i + 1
        if word in _TIMES and i + 1 < len(self.tokens) and self.tokens[i + 1].kind == "number":
            # "x2", "*2".
            following = self.number(i + 1)
            is_factor = following is not None and following[1] == "value" and not self.word(i - 1)[:1].isdecimal()
            return (following[0], "factor", following[2]) if following is not None and is_factor else None
        found = self._spaced(i) or number_at(list(self.tokens[i : i + _LONGEST_NUMBER]), 0)
        if found is None:
            return None
        value, j = found[0], i + found[1]
        if any(self.taken[i:j]):
            return None
        if self.word(j) == "and" and self.word(j + 1) == "a" and self.word(j + 2) in ("half", "quarter", "third"):
            value, j = value + 1 / _PARTS[self.word(j + 2)], j + 3
        if self.word(j) == "dozen":
            # "Two dozen".
            value, j = 12 * value, j + 1
        if self.word(j) == "\N{PER MILLE SIGN}":
            return value / 1000, "percent", j + 1
        if self.word(j) in _PERCENT or (self.word(j) == "per" and self.word(j + 1) == "cent"):
            return value / 100, "percent", j + 1 + (self.word(j) == "per")
        if self.word(j) == "-" and self.word(j + 1) in ("percent", "fold", "times"):
            return (value / 100, "percent", j + 2) if self.word(j + 1) == "percent" else (value, "factor", j + 2)
        if self.word(j) in ("times", "x", "fold"):
            # "Three times a week" is how often.
            return None if self._per(j + 1) else (value, "factor", j + 1)
        if word in _PLAIN_PARTS:
            # "½ of the usual".
            return value, "factor", j
        if value == 0 and self.word(j) == "-" and self.word(j + 1).isalpha():
            # "Zero-emission buses".
            return None
        if word in ("one", "a", "an") and self.tokens[i].kind == "word" and j == i + 1:
            # "One of the stations" is no amount.
            return None
        return value, "value", j

    def _spaced(self, i: int) -> tuple[float, int] | None:
        """ "1 200", "1 200 000": groups of three digits, one space apart."""
        j = i
        while j < len(self.tokens) and self.tokens[j].kind == "number" and not self.taken[j]:
            own = self.tokens[j]
            is_group = re.fullmatch("[0-9]{3}" if j > i else "[1-9][0-9]{0,2}", own.word) is not None
            if not is_group or (j > i and own.start != self.tokens[j - 1].stop + 1):
                break
            j += 1
        return (float("".join(self.word(k) for k in range(i, j))), j - i) if j > i + 1 else None

    def _per(self, i: int) -> str:
        """The unit of time of "per day", "a week", "/h" and "each month" at an index; "" where there is none."""
        if self.word(i) not in ("per", "a", "an", "each", "every", "/"):
            return ""
        unit = UNITS.get(self.word(i + 1), "hour" if self.word(i) == "/" and self.word(i + 1) == "h" else "")
        return "" if unit == "step" or self.word(i + 1).endswith("s") else unit

    def per(self, j: int) -> str:
        """The unit of time that a number before an index is said for: "120 per day", "20 units a day", "5 %/week"."""
        unit = "" if self.word(j) in ("each", "every") else self._per(j)
        if unit or not self.word(j).isalpha() or self.word(j) in _NO_UNITS:
            return unit
        return self._per(j + 1) if self.word(j + 1) in ("per", "a", "an", "/") else ""

    def _fraction(self, i: int) -> tuple[float, int] | None:
        """ "A third", "two thirds", "three-quarters", "a half"."""
        if (digits := self._fraction_in_digits(i)) is not None:
            return digits
        count = {"a": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0}.get(self.word(i))
        j = i + 1 + (self.word(i + 1) == "-")
        part = _PARTS.get(self.word(j)) if count else None
        if part is None or count is None:
            return None
        behind = self.word(j + 1)
        # "A quarter" is also three months.
        if count == 1 and part == 4 and behind and behind not in _BEHIND_A_PART:
            return None
        if part == 4 and self.word(i - 1) in _BEFORE_QUARTERS:
            return None
        return count / part, j + 1

    def _fraction_in_digits(self, i: int) -> tuple[float, int] | None:
        """ "1/3", of which both numbers are small."""
        some = [self.word(k) for k in range(i, i + 3)]
        if some[1] != "/" or some[0] not in ("1", "2", "3", "4") or some[2] not in _DENOMINATORS:
            return None
        tight = all(a.stop == b.start for a, b in pairwise(self.tokens[i : i + 3]))
        share = int(some[0]) / int(some[2])
        return (share, i + 3) if tight and share < 1 and self.word(i + 3) != "/" else None

    def bound(self, i: int, j: int) -> str:
        """The side from which the number in tokens i to j bounds something."""
        sign = i - 1 - (self.word(i - 1) == "=" and self.word(i - 2) in ("<", ">"))
        if self.word(sign) in _SIGNS and self.word(sign - 1) not in ("-", "="):
            return _SIGNS[self.word(sign)]
        behind = [self.word(k) for k in range(j, j + _BEHIND)]
        ends = (k for k, word in enumerate(behind) if word in (".", ";", ",", ":", ")", "and") or word[:1].isdecimal())
        sentence = [self.word(k) for k in range(j, j + 2 * _BEHIND)]
        sentence = sentence[: next((k for k, word in enumerate(sentence) if word in _PART_ENDS), len(sentence))]
        own = behind[: next(ends, len(behind))]
        behind = behind[: next((k for k, word in enumerate(behind) if word in (".", ";", ",")), len(behind))]
        for k, pair in enumerate(pairwise(behind), j):
            # "95 and at least 90" bounds the next number.
            if pair[0] == "or" and pair[1] in _ANY:
                pair = ("or", self.word(k + 2))
            if (pair in _CAP_BEHIND or pair in _FLOOR_BEHIND) and not self.word(k + 2)[:1].isdecimal():
                return "cap" if pair in _CAP_BEHIND else "floor"
        word = next((word for word in own if word not in _AT), "")
        if word in _CAPS_BEHIND or word in _FLOORS_BEHIND:
            return "cap" if word in _CAPS_BEHIND else "floor"
        # A window of time may stand between: "the maximum from 3 to 9 March is 90".
        before = [word for word in map(self.word, range(max(i - 2 * _BEFORE, 0), i)) if word][-_BEFORE:]
        stops = [
            k
            for k, word in enumerate(before)
            if (word in _PART_ENDS and before[k - 1 : k] not in (["max"], ["min"])) or word[:1].isdecimal()
        ]
        if stops:
            # "Not below 90 or above 120": what is denied of the first is denied of the second.
            is_joined = before[stops[-1] + 1 :][:1] in (["or"], ["nor"]) and before[stops[-1]][:1].isdecimal()
            denied = ["not"] if is_joined and any(word in _NEGATIONS for word in before[: stops[-1]]) else []
            before = denied + before[stops[-1] + 1 :]
        if before[-1:] == ["by"] and not any(word in _BOUND_NOUNS or word in _CAPS for word in before):
            # "Exceed the usual by 90".
            return ""
        # "Hold above 90, no surprises please" denies nothing of it.
        part = sentence[: next((k for k, word in enumerate(sentence) if word in _OTHER_PART), len(sentence))]
        refused = any(word in _NEGATIONS for word in part)
        refused |= any(word in _REFUSED for word in (part if "fine" in part else sentence))
        refused |= any(pair in _DONE_PAIRS for pair in pairwise(sentence)) or any(
            done in _DONE and by in _BE and after != "possible"
            for by, done, after in zip(part, part[1:], [*part[2:], ""], strict=False)
        )
        for k in range(len(before) - 1, -1, -1):
            side = self._side(before, k, refused)
            if side:
                return side
        return ""

    @staticmethod
    def _side(before: list[str], k: int, refused: bool) -> str:
        word = before[k]
        previous, following = before[k - 1] if k else "", before[k + 1] if k + 1 < len(before) else ""
        earlier = before[max(k - 5, 0) : k]
        negated = any(one in _NEGATIONS or one in _FORBIDDEN for one in earlier) or (
            "from" in earlier and any(one in _KEPT for one in earlier)
        )
        negated |= previous in _EXCESS or any(pair in _CLEAR_OF for pair in pairwise(earlier))
        # "Filled up wherever it would be below 90".
        is_down = word in _DOWN or (_THAN.get(word) == -1 and following == "than")
        negated |= is_down and any(one in _FILLED for one in earlier)
        if word in ("top", "tops", "topped", "max", "maxes", "maxed", "bottom", "bottoms") and following == "out":
            return "floor" if word.startswith("bottom") else "cap"
        if word in ("above", "below", "upper", "lower") and (
            following in _BOUND_NOUNS or "bounded" in before[max(k - 2, 0) : k]
        ):
            return "cap" if word in ("above", "upper") else "floor"
        if word in ("top", "bottom") and previous in ("a", "the", "at"):
            return "cap" if word == "top" else "floor"
        if word in _CLEARS and following in ("the", "a", "our", "its"):
            return "cap" if negated else "floor"
        if word in ("above", "below") and previous == "from":
            return "cap" if word == "above" else "floor"
        if word == "past" and not negated and previous in _CLIMBS:
            return "floor"
        if word == "past" and not negated:
            return ""
        if word == "past" and previous in _FALLS:
            return "floor"
        if word in _UP or (_THAN.get(word) == 1 and following == "than"):
            return "cap" if negated or refused else "floor"
        if word in _DOWN or (_THAN.get(word) == -1 and following == "than"):
            return "floor" if negated or refused else "cap"
        if word in ("most", "least") and previous == "at":
            return "cap" if word == "most" else "floor"
        if word == "up" and following == "to":
            return "floor" if previous in _FILLED else "cap"
        if word in _CAPS and previous == "minimum":
            return "floor"
        if word in _CAPS and previous not in ("lower", "upper") and not negated:
            return "cap"
        if word in _FLOORS and not negated:
            return "floor"
        return ""

    def is_of_basis_points(self, j: int) -> bool:
        """Whether the number before an index is one of basis points, of a rate itself or of its change."""
        return self.word(j) in ("bp", "bps") or (self.word(j) == "basis" and self.word(j + 1) in ("point", "points"))

    def is_between_shares(self, j: int, i: int) -> bool:
        """Whether a number that ends before j and one that begins at i are a range: "20 to 30 %", "20 % - 30 %"."""
        link = self.word(j)
        return i == j + 1 and (link in TO or (link == "and" and any(self.word(j - k) == "between" for k in (2, 3, 4))))

    def is_range(self, i: int, first: tuple[float, str, int]) -> bool:
        """Whether "between", "within" or "range" introduces two numbers that begin at i."""
        link = self.word(first[2])
        second = self.number(first[2] + 1) if link in ("and", "to", "-") else None
        if second is None or {first[1], second[1]} != {"value"} or second[0] < first[0]:
            return False
        around = [*range(max(i - 4, 0), i), *range(second[2], second[2] + 1)]
        return any(self.word(k) in _RANGES for k in around)


def read_numbers(tokens: Sequence[Token], taken: Sequence[bool]) -> list[Number]:
    """Numbers in the tokens of a text that do not belong to a window of time.

    Args:
        tokens: of the text.
        taken: whether each belongs to a window of time.
    """
    reader, i, range_end, last = _Reader(tokens, taken), 0, -1, 0
    numbers: list[Number] = []
    while i < len(tokens):
        is_mark = tokens[i].kind == "mark" and tokens[i].word not in _TIMES
        # "95 m3".
        is_power = i > 0 and tokens[i - 1].word in _LENGTHS and tokens[i - 1].stop == tokens[i].start
        is_none = taken[i] or is_mark or is_power or tokens[i].kind in _NO_NUMBERS
        found = None if is_none else reader.number(i)
        if found is None or not abs(found[0]) < float("inf"):
            i += 1
            continue
        value, form, j = found
        first = i
        if reader.word(i - 1) in ("minus", "negative") or (
            reader.word(i - 1) in ("-",)
            and tokens[i - 1].stop == tokens[i].start
            and (i < 2 or tokens[i - 2].stop < tokens[i - 1].start or tokens[i - 2].word in (",", ":", "(", ";"))
        ):
            value, first = -value, i - 1
        bound = ""
        if form == "value":
            if i == range_end:
                bound = "cap"
            elif reader.is_range(i, found):
                bound, range_end = "floor", j + 1
            else:
                bound = reader.bound(first, j)
        reason = _BASIS_POINTS if reader.is_of_basis_points(j) else ""
        start, stop = tokens[first].start, tokens[j - 1].stop
        numbers.append(Number(start, stop, value, form, bound, reason=reason, per=reader.per(j)))
        if form == "percent" and len(numbers) > 1 and reader.is_between_shares(last, first):
            reason = f"it is the end of a range up to {100 * value:g} %"
            numbers[-2:] = [replace(number, reason=reason) for number in numbers[-2:]]
        last = j
        i = j
    return numbers


__all__ = ["Number", "read_numbers"]
