"""Mentions of series by their names in a text: of the one that is forecast, and of others of its table."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .grounding_words import words

# Words: runs of capitals, of small letters, of other letters or of digits ("dailyVisitors", "store_12").
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]|\d+")
_BRACKETS = re.compile(r"[(\[{].*?[)\]}]")
# Words around the name of a series in that of a column, which a text may leave out or change.
_AROUND = words(
    "the our a an total overall average mean daily hourly weekly monthly yearly per hour day week month year number "
    "count amount volume num n of no sum quantity qty units eur usd mw mwh kwh"
)
# Names that say nothing of a series.
_EMPTY = words(
    "y x target value series data id unique item store column variable feature metric ts all total other others none "
    "unknown sum average mean low high top open closed normal usual new old day week month year hour time today "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december any and are but can did for from get had has how its not now off one our out "
    "own per put set run the this that too two use was way who why will with yes you"
)
# Plurals of another meaning than the singular.
_PLURAL = frozenset(("sales", "goods", "news", "works"))
# Words before a name that are a part of its mention.
_BEFORE = re.compile(
    r"(?:\b(?:the|our|this|total|overall|average|daily|hourly|weekly|monthly|yearly|"
    r"(?:number|count|amount|volume|total|quantity|sum) of)\s+)+$",
    re.IGNORECASE,
)
# Characters before a name in which they are looked for.
_REACH = 60
# Mentions of the series that need no name.
_ITSELF = re.compile(r"\b(?:the|our|this) (?:time )?series\b(?! of\b)", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s_-]{0,2}")
# Letters up to which a name in capitals counts only as it is written: "IT" is not "it".
_SHORT = 3


@dataclass(frozen=True)
class Mention:
    """A series in a text.

    Args:
        start: its first character.
        stop: the one behind it.
        own: whether it is the series that is forecast.
        tells: whether the name tells series of the table apart: that of a column which all have does not.
    """

    start: int
    stop: int
    own: bool
    tells: bool


def _plain(word: str) -> str:
    """A word in lower case, without the ending of a plural."""
    word = word.lower()
    plural = len(word) > _SHORT and word.endswith("s") and not word.endswith("ss") and word not in _PLURAL
    return word[:-1] if plural else word


def words_of_name(name: object) -> tuple[str, ...]:
    """Words that stand for a series in a text, ("visitor",) of "daily_visitors"; empty where the name says nothing.

    A name of two or three capitals stands as it is written, ("IT",); numbers, single letters, common words and names
    such as "y" or "value" stand for nothing.
    """
    found = _WORD.findall(_BRACKETS.sub(" ", name)) if isinstance(name, str) else []
    while len(found) > 1 and found[0].lower() in _AROUND:
        found = found[1:]
    while len(found) > 1 and found[-1].lower() in _AROUND:
        found = found[:-1]
    letters = "".join(found)
    if _in_capitals(letters):
        return (letters,)
    says = [word for word in found if not word.isdecimal() and word.lower() not in _EMPTY]
    # "Store 3" has a name, "store" and "3" have none.
    numbered = len(found) > 1 and any(word.isdecimal() for word in found) and not letters.isdecimal()
    return tuple(map(_plain, found)) if len(letters) > 2 and (says or numbered) else ()


def _forms(name: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Orders of the words of a name in a text: "diesel price", "price of diesel", "price of the diesel"."""
    if len(name) != 2 or any(word.isdecimal() for word in name):
        return [name] if name else []
    first, second = name
    return [name, (second, "of", first), (second, "of", "the", first)]


def _in_capitals(letters: str) -> bool:
    """Whether a name is as short as "IT" or "H1"."""
    return 1 < len(letters) <= _SHORT and letters == letters.upper() and not letters.isdecimal()


class SeriesNames:
    """Names of the series of a table, to be found in texts.

    Args:
        names: of each series, those that it goes by: its id, and the column of its values.
    """

    def __init__(self, names: Sequence[Iterable[object]]):
        self._series = len(names)
        self._owners: dict[tuple[str, ...], set[int]] = {}
        for series, own in enumerate(names):
            for name in own:
                for key in _forms(words_of_name(name)):
                    self._owners.setdefault(key, set()).add(series)
        self._longest = max(map(len, self._owners), default=0)
        self._found: dict[str, list[tuple[int, int, set[int] | None]]] = {}

    def mentions(self, text: str, series: int) -> tuple[Mention, ...]:
        """Mentions of a series, by its number, and of others in a text, in their order and without overlap.

        "The series" is one of each; of names that begin at one word, the longest counts.
        """
        if text not in self._found:
            self._found[text] = self._find(text)
        return tuple(
            Mention(start, stop, own is None or series in own, own is None or len(own) < max(self._series, 2))
            for start, stop, own in self._found[text]
        )

    def _find(self, text: str) -> list[tuple[int, int, set[int] | None]]:
        """Characters of the mentions, and the series of each; None for all."""
        found: list[tuple[int, int, set[int] | None]] = [(*match.span(), None) for match in _ITSELF.finditer(text)]
        written = list(_WORD.finditer(text)) if self._owners else []
        plain = [_plain(word.group()) for word in written]
        for first, word in enumerate(written):
            stop = first
            while stop < len(written) and stop - first < self._longest:
                if stop > first and not _BETWEEN.fullmatch(text, written[stop - 1].end(), written[stop].start()):
                    break
                stop += 1
            for last in range(stop, first, -1):
                start, end = word.start(), written[last - 1].end()
                whole = "".join(one.group() for one in written[first:last])
                key = (whole,) if _in_capitals(whole) and (whole,) in self._owners else tuple(plain[first:last])
                if key in self._owners and not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
                    before = _BEFORE.search(text[max(start - _REACH, 0) : start])
                    start -= len(before.group()) if before else 0
                    found.append((start, end, self._owners[key]))
                    break
        kept: list[tuple[int, int, set[int] | None]] = []
        for one in sorted(found, key=lambda span: (span[0], -span[1])):
            if not kept or one[0] >= kept[-1][1]:
                kept.append(one)
        return kept


__all__ = ["Mention", "SeriesNames", "words_of_name"]
