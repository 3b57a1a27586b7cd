"""Mentions of series by their names in a text: of the one that is forecast, and of others of its table."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

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
_ITSELF = re.compile(r"\b(?:the|our|this) (?:time )?series\b(?! (?:of|\d+|[A-Z])\b)", re.IGNORECASE)
# Signs between the words of a name; a full stop is one behind a short word alone: "St. Gallen".
_BETWEEN = re.compile(r"[\s_-]{0,2}|\s?[&/#+'\N{RIGHT SINGLE QUOTATION MARK}]\s?|(?<![^\W\d_]{3})\.\s?")
# Letters up to which a name in capitals counts only as it is written: "IT" is not "it".
_SHORT = 3
# An "A" that begins a sentence is a name before a verb, and an article before all else.
_BEGINS = re.compile(r"(?:^|[.!?;:\n])\s*$")
_VERB = re.compile(
    r"\s*(?:[,:;.)]|(?:and|or|will|is|was|has|rises|falls|doubles|triples|halves|closes|opens|drops|grows|shrinks|gains|"
    r"loses|goes|sells|increases|decreases|stays|jumps)\b)"
)
# Numbers behind that of a name: "stores 1, 2 and 5".
_NUMBERS = re.compile(r"(?:(?:\s*,\s*|,?\s+(?:and|or)\s+|\s*&\s*)\d+(?![\w%]|[.,]\d|\s?%))+")
# Words behind a name that it may go without: "solar" for "solar_power".
_GENERIC = words(
    "power energy price sales demand load consumption production generation output revenue traffic usage store shop "
    "plant station site city region branch"
)
# What a sentence begins with where no series has a name: "sales double", and no "sales tax" or "sales of coal".
_UNNAMED = re.compile(
    r"(?:^|[.!?;:]\s)\s*"
    r"(?P<noun>(?:(?:all|our|the|daily|total) )?"
    r"(?:sales|visitors|orders|calls|demand|consumption|footfall|load|output|production|traffic|turnover))"
    r"(?= (?:will|should|are|is|on|in|from|until|at|up|down|doubles?|triples?|halves?|rises?|falls?|drops?|grows?|"
    r"climbs?|increased?s?|decreased?s?|rose|fell|doubled|tripled|halved|stays?|remains?|come|[-+x*]?\d))",
    re.IGNORECASE | re.MULTILINE,
)
# Words of names that say what is counted or measured: such a series is not one of the weather, prices or staff.
_MEASURED = words(
    "sales demand load consumption production generation output revenue traffic visitor customer order call admission "
    "passenger booking usage turnover throughput attendance delivery withdrawal visit trip ride electricity gas "
    "shipment arrival departure guest patient kwh mwh"
)
# Between the names of a list, and between its last two.
_COMMA = re.compile(r"\s*,\s*")
_AND = re.compile(r"\s*(?:[/&]|,?\s(?:and|or|as well as)(?:\s(?:in|at|for|of|the))*)\s*", re.IGNORECASE)
# Before a series that is left out, and before one that is compared with.
_WITHIN = r"(?:\s(?:in|at|for|from|of|that|those|the))*\s+$"
_EXCEPT = re.compile(
    r"(?:\b(?:all|every|each|any)(?: other)?(?: \w+){0,2} )?\b(?:except(?:ing)?|excluding|other than|apart from|"
    rf"aside from|outside|besides|with the exception of|but not){_WITHIN}"
    rf"|\b(?:all|every\w*|each|any\w*)(?: other)?(?: \w+){{0,2}} but{_WITHIN}",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    rf"\b(?:than|unlike|compared (?:to|with)|versus|vs\.?|instead|relative to|in contrast to){_WITHIN}", re.IGNORECASE
)


@dataclass(frozen=True)
class Mention:
    """A series in a text.

    Args:
        start: its first character.
        stop: the one behind it.
        own: whether it is the series that is forecast.
        about: whether what is said is of the series, by this mention; None where it tells nothing: all series have the
            name, or it is compared with.
    """

    start: int
    stop: int
    own: bool
    about: bool | None


@dataclass(frozen=True)
class _Found:
    """A name in a text: its characters, the series that have it, and which of their names it is.

    `role` is "" for a name, else "except" or "compared" by the words before it.
    """

    start: int
    stop: int
    owners: frozenset[int]
    kind: int
    role: str = ""


def _plain(word: str) -> str:
    """A word in lower case, without the ending of a plural; a letter is a capital, but for an article or pronoun."""
    if len(word) == 1 and word not in ("a", "i"):
        return word.upper()
    word = word.lower()
    plural = len(word) > _SHORT and word.endswith("s") and not word.endswith("ss") and word not in _PLURAL
    return word[:-1] if plural else word


def words_of_name(name: object) -> tuple[str, ...]:
    """Words that stand for a series in a text, ("visitor",) of "daily_visitors"; empty where the name says nothing.

    A name of one to three capitals stands as it is written, ("IT",), and a letter as a capital; numbers, common words
    and names such as "y" or "value" stand for nothing.
    """
    found = _WORD.findall(_BRACKETS.sub(" ", unicodedata.normalize("NFC", name))) if isinstance(name, str) else []
    while len(found) > 1 and found[0].lower() in _AROUND:
        found = found[1:]
    while len(found) > 1 and len(found[-1]) > 1 and found[-1].lower() in _AROUND:
        found = found[:-1]
    letters = "".join(found)
    if len(found) == 1 and letters.isupper() and len(letters) <= _SHORT and letters not in ("I", "X", "Y"):
        return (letters,)
    says = [word for word in found if not word.isdecimal() and word.lower() not in _EMPTY]
    # "Store 3" has a name, "store" and "3" have none.
    numbered = len(found) > 1 and any(word.isdecimal() for word in found) and not letters.isdecimal()
    lettered = len(found) > 1 and len(found[-1]) == 1
    long_enough = len(letters) > 2 or (len(found) > 1 and not letters.isascii()) or letters in "bcdefghjklmnopqrstuvwz"
    if not (numbered or lettered or (long_enough and says)):
        return ()
    return tuple(word.upper() if len(word) == 1 else _plain(word) for word in found)


def _forms(name: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Orders of the words of a name in a text: "diesel price", "price of diesel", "price of the diesel"."""
    if len(name) != 2 or any(word.isdecimal() or len(word) == 1 for word in name):
        return [name] if name else []
    first, second = name
    return [name, (second, "of", first), (second, "of", "the", first)]


class SeriesNames:
    """Names of the series of a table, to be found in texts.

    Args:
        names: of each series, by kind: those that it goes by as a column of values, then those of each column of ids.
            Of a list, names are of one kind.
    """

    def __init__(self, names: Sequence[Sequence[Iterable[object]]]):
        self._series = len(names)
        self._measured = [
            any(not _MEASURED.isdisjoint(words_of_name(name)) for kind in own for name in kind) for own in names
        ]
        owners: list[dict[tuple[str, ...], set[int]]] = [{} for _ in range(max(map(len, names), default=0))]
        for series, kinds in enumerate(names):
            for kind, own in enumerate(kinds):
                for name in own:
                    for key in _forms(words_of_name(name)):
                        owners[kind].setdefault(key, set()).add(series)
        # A name of two kinds is the one that tells series apart.
        self._owners: dict[tuple[str, ...], tuple[frozenset[int], int]] = {}
        for kind, names_of_kind in enumerate(owners):
            for key, having in names_of_kind.items():
                if key not in self._owners or len(having) < len(self._owners[key][0]):
                    self._owners[key] = frozenset(having), kind
        alike: dict[str, list[tuple[frozenset[int], int]]] = {}
        for key, told in self._owners.items():
            alike.setdefault(key[0], []).append(told)
        short = {key[:1] for key in self._owners if len(key) == 2 and key[1] in _GENERIC and key[0] not in _GENERIC}
        for key in short - self._owners.keys():
            kind = alike[key[0]][0][1]
            if words_of_name(key[0]) and all(other == kind for _, other in alike[key[0]]):
                self._owners[key] = frozenset().union(*(having for having, _ in alike[key[0]])), kind
        # Lengths of the names that begin with a word, and the kind of names that are a word and a number.
        self._lengths: dict[str, set[int]] = {}
        self._numbered: dict[str, int] = {}
        for key, (_, kind) in self._owners.items():
            self._lengths.setdefault(key[0], set()).add(len(key))
            if len(key) == 2 and key[1].isdecimal():
                self._numbered[key[0]] = kind
        self._found: dict[str, list[_Found | tuple[int, int]]] = {}

    def mentions(self, text: str, series: int) -> tuple[Mention, ...]:
        """Mentions of a series, by its number, and of others in a text, in their order and without overlap.

        "The series" is one of each, and "sales" at the start of a sentence where no series has a name. Of names that
        begin at one word, the longest counts. Names of one kind in a list ("Lyon, Paris and Rome") are one mention.
        """
        if text not in self._found:
            self._found[text] = self._find(text)
        return tuple(
            Mention(*one, own=True, about=True) if isinstance(one, tuple) else self._mention(one, series)
            for one in self._found[text]
        )

    def is_measured(self, series: int) -> bool:
        """Whether a name of a series says what is counted or measured, so that it is no weather, price or staff."""
        return self._measured[series]

    def _mention(self, found: _Found, series: int) -> Mention:
        own = series in found.owners
        about: bool | None = own
        if found.role == "except":
            return Mention(found.start, found.stop, not own, False if own else None)
        if found.role == "compared" or (own and len(found.owners) >= max(self._series, 2)):
            about = None
        return Mention(found.start, found.stop, own, about)

    def _find(self, text: str) -> list[_Found | tuple[int, int]]:
        """Names in a text, and the characters of what stands for each series."""
        found: list[_Found] = []
        written = list(_WORD.finditer(text)) if self._owners else []
        plain = [
            word.group().upper() if len(word.group()) == 1 and text[word.start() - 1 : word.start()] in ("_", "-")
            else _plain(word.group())
            for word in written
        ]  # fmt: skip
        for first, word in enumerate(written):
            named = self._name_at(text, written, plain, first)
            if named is not None and not (found and word.start() < found[-1].stop):
                found.append(named)
        listed = _lists(text, found)
        spans: list[_Found | tuple[int, int]] = [_with_role(text, one) for one in listed]
        spans += [match.span() for match in _ITSELF.finditer(text)]
        spans += [] if self._owners else [match.span("noun") for match in _UNNAMED.finditer(text)]
        kept: list[_Found | tuple[int, int]] = []
        last = 0
        for start, stop, one in sorted(
            ((*(one if isinstance(one, tuple) else (one.start, one.stop)), one) for one in spans),
            key=lambda span: (span[0], -span[1]),
        ):
            if start >= last:
                kept.append(one)
                last = stop
        return kept

    def _name_at(self, text: str, written: Sequence[re.Match[str]], plain: Sequence[str], first: int) -> _Found | None:
        """The longest name that begins at a word."""
        capitals = written[first].group()
        lengths = self._lengths.get(plain[first], set()) | ({1} if (capitals,) in self._owners else set())
        start = written[first].start()
        for length in sorted(lengths, reverse=True):
            last = first + length - 1
            if last >= len(written):
                continue
            key = (capitals,) if length == 1 and (capitals,) in self._owners else tuple(plain[first : last + 1])
            end = written[last].end()
            if (
                key in self._owners
                and not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
                and all(_BETWEEN.fullmatch(text, written[k].end(), written[k + 1].start()) for k in range(first, last))
                and not (
                    key == ("A",)
                    and _BEGINS.search(text[max(start - _REACH, 0) : start])
                    and not _VERB.match(text, end)
                )
            ):
                return self._with_numbers(text, _Found(start, end, *self._owners[key]), key)
        if plain[first] in self._numbered and plain[first + 1 : first + 2] and plain[first + 1].isdecimal():
            # One that the table lacks.
            end = written[first + 1].end()
            if (
                _BETWEEN.fullmatch(text, written[first].end(), written[first + 1].start())
                and not text[end : end + 1].isalnum()
            ):
                found = _Found(start, end, frozenset(), self._numbered[plain[first]])
                return self._with_numbers(text, found, (plain[first], plain[first + 1]))
        return None

    def _with_numbers(self, text: str, found: _Found, key: tuple[str, ...]) -> _Found:
        """A name that ends with a number, with the numbers behind it: "stores 1, 2 and 5"."""
        if not (len(key) > 1 and key[-1].isdecimal() and (behind := _NUMBERS.match(text, found.stop))):
            return found
        others = (self._owners.get((*key[:-1], number)) for number in re.findall(r"\d+", behind.group()))
        owners = found.owners.union(*(one[0] for one in others if one is not None))
        return replace(found, stop=behind.end(), owners=owners)


def _lists(text: str, found: Sequence[_Found]) -> list[_Found]:
    """Names of which those of one kind in a list are one."""
    lists: list[_Found] = []
    first = 0
    while first < len(found):
        last, ends = first, first
        while last + 1 < len(found) and found[last + 1].kind == found[first].kind:
            between = found[last].stop, found[last + 1].start
            is_last = _AND.fullmatch(text, *between) is not None
            if not is_last and not _COMMA.fullmatch(text, *between):
                break
            last += 1
            ends = last if is_last else ends
        owners = frozenset().union(*(one.owners for one in found[first : ends + 1]))
        lists.append(replace(found[first], stop=found[ends].stop, owners=owners))
        lists += found[ends + 1 : last + 1]
        first = last + 1
    return lists


def _with_role(text: str, found: _Found) -> _Found:
    """A name with the words before it that are a part of its mention, and its role by them."""
    reach = max(found.start - _REACH, 0)
    before = _BEFORE.search(text[reach : found.start])
    start = found.start - (len(before.group()) if before else 0)
    left_out = _EXCEPT.search(text[reach:start])
    if left_out:
        return replace(found, start=reach + left_out.start(), role="except")
    return replace(found, start=start, role="compared" if _COMPARED.search(text[reach:start]) else "")


__all__ = ["Mention", "SeriesNames", "words_of_name"]
