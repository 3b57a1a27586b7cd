"""Names of series in questions."""

import re
from collections.abc import Sequence

from ..processing.grounding_words import Token
from .query import CannotTellError
from .vocabulary import KNOWN, is_known

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
# Words between the names of two series.
_BESIDE = frozenset(("vs", "versus", "than", "larger", "higher", "with"))
_QUOTES = "\"'`\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
_MOST_WORDS = 8
# Names that say nothing of what is measured.
_GENERIC = re.compile(r"(?:y|x|value|values|target|series|data|ot|v|column|var|\W*\d*\W*|unnamed.*|0)", re.IGNORECASE)
_LEAST_STEM = 4
_SHOWN = 3


def _words(name: str) -> list[str]:
    return [word for word in re.findall(r"[^\W\d_]+|\d+", name.casefold()) if word]


class Names:
    """The names of the series of a panel, as questions write them.

    Args:
        names: of the series.
        parts: other names of some of them, such as that of an id with several targets.
    """

    def __init__(self, names: Sequence[str], parts: dict[str, list[int]] | None = None):
        self.names = list(names)
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
            j, places = self._at(text, tokens, plain, i)
            if places:
                found += [place for place in places if place not in found]
                taken[i:j] = [True] * (j - i)
            i = max(j, i + 1)
        if not found:
            self._check_unknown(text, tokens)
        return found, taken

    def _at(
        self, text: str, tokens: Sequence[Token], plain: Sequence[tuple[str, ...]], i: int
    ) -> tuple[int, list[int]]:
        for j in range(min(i + 2 * self.longest, len(tokens)), i, -1):
            if not plain[i] or not plain[j - 1]:
                continue
            key = tuple(word for words in plain[i:j] for word in words)
            places = self.places.get(key)
            if places and self._is_meant(text, tokens, i, j, key, places):
                return j, places
        return i + 1, []

    def _is_meant(
        self, text: str, tokens: Sequence[Token], i: int, j: int, key: tuple[str, ...], places: list[int]
    ) -> bool:
        """Whether words are a name, and not words of the question that are written alike."""
        said = text[tokens[i].start : tokens[j - 1].stop]
        before = tokens[i - 1].word if i else ""
        quoted = i > 0 and tokens[i - 1].word in _QUOTES
        if quoted or before in _STRICT_MARKERS:
            return True
        name = self.names[places[0]]
        plain = "".join(key)
        if plain.isdigit():
            return before in _MARKERS - {"for", "of"} or (before == "series")
        if len(plain) <= 2 or (len(key) == 1 and key[0] in KNOWN):
            # A short name, or a word of questions, is written exactly, and not as the first word of a sentence.
            exact = said == name or said in name.split(", ")
            behind = tokens[j].word if j < len(tokens) else ""
            if exact and (
                behind in _BESIDE or before in _BESIDE or (before in _MARKERS and behind in ("", "?", ".", ","))
            ):
                return True
            if plain in ("a", "i") and i == 0:
                return False
            return exact and not (said.islower() and plain in KNOWN | {"a", "i", "s", "t"})
        return True

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
                or (said.kind == "word" and not is_known(said.word) and said.word != token.word)
                or (said.kind == "number" and token.word in ("id", "item", "store", "sensor", "column", "series"))
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
        """Whether a word is a part of a name, or written much like one."""
        if len(self.names) > 1000:
            return word in self.vocabulary
        stem = word.removesuffix("s")
        if len(stem) < _LEAST_STEM:
            return word in self.vocabulary
        squashed = ["".join(key) for key in self.places]
        return any(
            stem in name
            or (len(name) >= _LEAST_STEM and name in stem)
            or any(
                len(part) >= _LEAST_STEM and (stem.startswith(part[:5]) if len(part) >= 5 else stem == part)
                for part in key
            )
            for name, key in zip(squashed, self.places, strict=True)
        )
