"""Names of series in questions."""

import re
from collections.abc import Iterable, Sequence

from ..processing.grounding_words import MONTHS, WEEKDAYS, Token, words
from .lexicon import class_names
from .query import CannotTellError
from .vocabulary import MEANINGFUL, is_known

# Words before a name that say that it is one.
_MARKERS = frozenset(
    [
        "series",
        "column",
        "columns",
        "variable",
        "id",
        "item",
        "store",
        "shop",
        "sensor",
        "region",
        "site",
        "station",
        "product",
        "called",
        "named",
        "channel",
        "for",
        "of",
        "target",
    ]
)
_STRICT_MARKERS = _MARKERS - {"for", "of"}
# Words between the names of two series, and others about a name.
_BESIDE = words("vs versus than larger higher lower smaller with against")
_JOINING = words("and or , & plus to")
_BEFORE_NAMES = _BESIDE | words(
    "of for in is are was were does do did has have had will can between both compare forecast predict expect if when "
    "about take from many much average mean median total our my their daily hourly weekly monthly"
)
_BEHIND_NAMES = (
    _BESIDE
    | _JOINING
    | words(
        "? . ! : ; ) in on at from during over since for is was are were has have had be between until before after "
        "next last together combined go get reach move ever"
    )
    | {""}
)
_SAID_OF_NAMES = frozenset(("max", "min", "more", "less", "above", "below", "rise", "fall", "change", "correlate"))
_STATISTICS = frozenset(("max", "min", "mean", "sum", "median", "std", "range", "count", "trend", "change", "now"))
_BETWEEN_NAMES = frozenset(("above", "below", "compare", "minus"))
_BEFORE_TIMES = words(
    "in on during since until till by before after next last this every each early late mid past through"
)
_SHORT_WORDS = MEANINGFUL | {"a", "i", "s", "t"}
_QUOTES = "\"'`\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
_MOST_WORDS = 8
# Marks that a name begins and ends with.
_LEADING, _TRAILING = re.compile(r"^[^\w\s]+"), re.compile(r"[^\w\s]+$")
# Names that say nothing of what is measured.
_GENERIC = re.compile(r"(?:y|x|value|values|target|series|data|ot|v|column|var|\W*\d*\W*|unnamed.*|0)", re.IGNORECASE)
_LEAST_STEM = 4
_SHOWN = 3
# Verbs that tell a measure, by the stem of its noun.
_VERBS = {"sale": words("sell sells sold selling"), "turnover": words("sell sells sold selling")}


def _words(name: str) -> list[str]:
    return [word for word in re.findall(r"[^\W\d_]+|\d+", name.casefold()) if word]


def _numbers_of(nouns: Iterable[str]) -> frozenset[str]:
    """Nouns in the singular and in the plural."""
    return frozenset(form for noun in nouns for form in (noun.removesuffix("s"), f"{noun.removesuffix('s')}s"))


def _owners(tokens: Sequence[Token], plain: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The words of tokens without the possessive of some: "north's"."""
    return [said[:-1] if token.word.endswith("'s") else said for token, said in zip(tokens, plain, strict=True)]


class Names:
    """The names of the series of a panel, as questions write them.

    Args:
        names: of the series.
        parts: other names of some of them, such as that of an id with several targets.
        targets: names of the columns of values, whose words stand for the values.
        ids: names of the columns of ids, whose words stand for the series.
    """

    def __init__(
        self,
        names: Sequence[str],
        parts: dict[str, list[int]] | None = None,
        targets: Sequence[str] = (),
        ids: Sequence[str] = (),
    ):
        self.names = list(names)
        self.columns = [key for name in (*targets, *ids) if (key := tuple(_words(name)))]
        self.id_words = _numbers_of(word for name in ids for word in _words(name))
        stems = {word.removesuffix("s") for name in (*targets, *names) for word in _words(name)}
        self.verbs = frozenset(verb for stem in stems for verb in _VERBS.get(stem, ()))
        self.places: dict[tuple[str, ...], list[int]] = {}
        written: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            written.setdefault(name, []).append(place)
        for name, places in {**(parts or {}), **written}.items():
            key = tuple(_words(name))
            if key:
                self.places.setdefault(key, []).extend(one for one in places if one not in self.places.get(key, []))
        self.longest = min(max(map(len, self.places), default=0), _MOST_WORDS)
        self.vocabulary = {word for key in self.places for word in key}

    @property
    def is_generic(self) -> bool:
        """Whether there is one series, whose name says nothing of what it is."""
        return len(self.names) == 1 and _GENERIC.fullmatch(self.names[0]) is not None

    def without_names(self, text: str) -> str:
        """A question in which the names of series and of columns of values are left out."""
        known = {*self.names, *(" ".join(key) for key in self.columns)}
        for name in sorted((name for name in known if name.lower() in text.lower()), key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text, flags=re.IGNORECASE)
        return text

    def find(self, text: str, tokens: Sequence[Token]) -> tuple[list[int], list[bool]]:
        """Positions of the series that a question names, in its order, and whether each token is of a name.

        Raises:
            CannotTellError: a series that is not there is named.
        """
        found: list[int] = []
        taken = [False] * len(tokens)
        i = 0
        plain = [tuple(_words(token.word)) for token in tokens]
        while i < len(tokens):
            j, places = self._at(text, tokens, plain, i, taken)
            if places:
                found += [place for place in places if place not in found]
                lead, trail = (pattern.search(self.names[places[0]]) for pattern in (_LEADING, _TRAILING))
                marked = bool(lead and i and tokens[i - 1].word in lead.group() and tokens[i - 1].kind == "mark")
                while trail and j < len(tokens) and tokens[j].kind == "mark" and tokens[j].word in trail.group():
                    j += 1
                taken[i - marked : j] = [True] * (j - i + marked)
            i = max(j, i + 1)
        if not found:
            self._check_unknown(text, tokens)
        return found, taken

    def _at(
        self, text: str, tokens: Sequence[Token], plain: Sequence[tuple[str, ...]], i: int, taken: Sequence[bool]
    ) -> tuple[int, list[int]]:
        for j in range(min(i + 2 * self.longest, len(tokens)), i, -1):
            if not plain[i] or not plain[j - 1]:
                continue
            for spoken in (plain[i:j], _owners(tokens[i:j], plain[i:j])):
                key = tuple(word for words in spoken for word in words)
                places = self.places.get(key)
                if places and self._is_meant(text, tokens, i, j, key, taken):
                    return j, places
        return i + 1, []

    def _is_meant(
        self, text: str, tokens: Sequence[Token], i: int, j: int, key: tuple[str, ...], taken: Sequence[bool]
    ) -> bool:
        """Whether words are a name, and not words of the question that are written alike."""
        said = text[tokens[i].start : tokens[j - 1].stop]
        owns = tokens[j - 1].word.endswith("'s") and key[-1] != "s"
        said = said[: -len("'s")] if owns else said
        before = tokens[i - 1].word if i else ""
        if before and (before in _QUOTES or before in _STRICT_MARKERS or before in self.id_words):
            return True
        plain = "".join(key)
        if plain.isdigit():
            return False
        if len(plain) > 2 and not (len(key) == 1 and key[0] in MEANINGFUL):
            return True
        # A short name, or a word of questions, is written exactly, and stands where a name does.
        name = self.names[self.places[key][0]]
        name = _TRAILING.sub("", _LEADING.sub("", name))
        if said != name and said not in name.split(", "):
            return False
        behind = tokens[j].word if j < len(tokens) else ""
        if plain in MONTHS or plain in WEEKDAYS:
            near = (before, behind, tokens[i - 2].word if i > 1 else "")
            if before in _BEFORE_TIMES or any(word[:1].isdigit() for word in near):
                return False
        joined = before in _JOINING and i > 1 and taken[i - 2]
        compared = class_names(before) & _BETWEEN_NAMES
        at_start = (
            before in _BEFORE_NAMES
            or bool(compared)
            or (not before and (behind in _BESIDE or behind == ":"))
            or (not before and behind in _BEFORE_TIMES and not class_names(plain) & _STATISTICS)
            or joined
        )
        ends = owns or behind in _BEHIND_NAMES or bool(class_names(behind) & _SAID_OF_NAMES)
        if len(plain) > 2 or plain in ("a", "i"):
            return at_start and ends
        return (at_start and ends) or not (said.islower() and plain in _SHORT_WORDS)

    def _check_unknown(self, text: str, tokens: Sequence[Token]) -> None:
        """Refuse a name behind "column" or "series" that no series has."""
        for i, token in enumerate(tokens[:-1]):
            if token.word not in ("column", "variable", "id", "item", "store", "sensor", "series"):
                continue
            k = i + 1 + (tokens[i + 1].word in _QUOTES)
            if k >= len(tokens):
                return
            said = tokens[k]
            is_name = (
                k > i + 1
                or (said.kind == "word" and not is_known(said.word) and not self.knows(said.word))
                or (
                    said.kind == "number"
                    and len(self.names) > 1
                    and token.word in ("id", "item", "store", "sensor", "column", "series")
                )
            )
            if is_name and said.kind in ("word", "number"):
                raise CannotTellError(f"there is no series {text[said.start : said.stop]!r}; {self.shown}.")

    @property
    def shown(self) -> str:
        """What the series are, in a few words."""
        if len(self.names) == 1:
            return f"the only one is {self.names[0]!r}"
        listed = ", ".join(map(repr, self.names[:_SHOWN]))
        more = f" and {len(self.names) - _SHOWN:,} more" if len(self.names) > _SHOWN else ""
        return f"there are {listed}{more}"

    def knows(self, word: str) -> bool:
        """Whether a word is a part of a name or of that of a column, or written much like one, or its verb."""
        if word in self.verbs or word in self.vocabulary or any(word in key for key in self.columns):
            return True
        stem = word.removesuffix("s")
        if len(self.names) > 1000 or len(stem) < _LEAST_STEM:
            return False
        keys = [*self.places, *self.columns]
        squashed = ["".join(key) for key in keys]
        return any(
            stem in name
            or (len(name) >= _LEAST_STEM and name in stem)
            or any(
                len(part) >= _LEAST_STEM and (stem.startswith(part[:5]) if len(part) >= 5 else stem == part)
                for part in key
            )
            for name, key in zip(squashed, keys, strict=True)
        )
