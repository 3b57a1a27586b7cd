"""A question as lexemes: which classes of words it has, what its numbers are, and on which side of them values lie."""

import re
from dataclasses import dataclass
from functools import cached_property

from . import cues
from .lexicon import Lexeme, lexemes
from .names import Names
from .question_text import Read

SIDES = ("no_more", "no_less", "below", "above", "equal")
_SIDE_NAMES = {
    "no_more": "at most", "no_less": "at least", "below": "below", "above": "above", "equal": "equal to",
}  # fmt: skip
# Forms of a verb of movement that tell where it went, as "the highest it went".
GOING = frozenset(("go", "went", "gone", "going", "goes"))
# Classes of movements, and of words of comparison that may be of these, too.
_MOVEMENTS = frozenset(("rise", "fall", "change", "trend"))
_NO_MOVEMENTS = frozenset(("compare", "above", "below", "between", "no_less", "std", "range"))
OPPOSITE = {"above": "at most", "below": "at least", "at least": "below", "at most": "above", "equal to": "equal to"}
_STATISTICS = (
    ("median", "median"), ("std", "standard deviation"), ("range", "range"), ("sum", "sum"), ("mean", "mean"),
    ("max", "maximum"), ("min", "minimum"),
)  # fmt: skip
_MOST_LISTED = 1000
# Words between a number and the superlative that says what it counts.
_NEAR = 4
# Words before "top 3", where it is not "they top 3".
_BEFORE_A_LIST = frozenset(("", "the", "of", "a", "my", "our", "your", "its", "all", "for"))
# Words before "high" and "low" that make them degrees and not extremes.
_DEGREES = frozenset(("how", "as", "so", "too", "very", "that", "this", "rather", "quite", "is", "was", "a", "are"))
_BEFORE_VERBS = frozenset(
    ("to", "will", "not", "n't", "it", "we", "they", "does", "did", "could", "would", "<s>", "<t>")
)
_FALLS = frozenset(("fall", "falls", "fell", "falling"))
_BEHIND_FALLS = frozenset(("<t>", "in", "on", "within"))
_BEHIND_NOUNS = frozenset(("", "<t>", "<s>", "for", "in", "of", "on", "and", "ever", "recorded", "so far", "mark"))
# Words of sums that say nothing beside a mean.
_OF_MEANS = frozenset(("total", "come to", "comes to", "came to"))
_EXTREME_NOUNS = {"high": "max", "low": "min"}


@dataclass(frozen=True)
class Sentence:
    """A question that was read.

    Args:
        read: with its names, times and numbers.
        names: of the series.
    """

    read: Read
    names: Names

    @property
    def several(self) -> bool:
        """Whether there are several series."""
        return len(self.names.names) > 1

    @property
    def text(self) -> str:
        """Lower case, with `<t>`, `<s>` and `<n>` for times, series and numbers."""
        return self.read.text

    @cached_property
    def words(self) -> list[Lexeme]:
        """Its words and phrases."""
        plain = re.sub(r"(?<=\w)-(?=\w)|- ?>|= ?>", " ", self.text)
        plain = re.sub(r"[^\w\s<>%≥≤='&/#+-]", " ", plain)
        found = lexemes(plain.split())
        asks_which = any(word.classes & {"count", "max", "min"} for word in found)
        told = any(word.text in ("did", "does", "do", "has", "have") for word in found)
        ends = Lexeme("", frozenset())
        asked = {name for name, _ in _STATISTICS}
        if any(word.classes & asked for word in found if word.text != "record"):
            # "The minimum of the full record" asks for one extreme.
            found = [Lexeme(word.text, word.classes - asked) if word.text == "record" else word for word in found]
        for place, (before, one, behind) in enumerate(zip([ends, *found], found, [*found[1:], ends], strict=False)):
            beside = {before.text, behind.text}
            if "<s>" in beside and ("series" in one.classes or one.text in self.names.id_words):
                # "The north store".
                found[place] = Lexeme(one.text, one.classes | {"plain"})
            elif one.text in self.names.verbs:
                # "How much did they sell in May?"
                found[place] = Lexeme(one.text, frozenset(("plain",) if "<n>" in self.text else ("plain", "sum")))
            elif one.text in _EXTREME_NOUNS and before.text not in _DEGREES and behind.text in _BEHIND_NOUNS:
                found[place] = Lexeme(one.text, one.classes | {_EXTREME_NOUNS[one.text]})
            elif cues.ADVERBS.get(one.text) == self.read.step:
                # "Daily" says nothing of a series of days.
                found[place] = Lexeme(one.text, one.classes | {"plain"})
            elif one.text in _FALLS and (behind.text == "between" or cues.BETWEEN_WHICH.search(self.text)):
                # "Between which limits will it fall?"
                found[place] = Lexeme(one.text, frozenset(("plain",)))
            elif asks_which and not told and one.text in _FALLS and behind.text in _BEHIND_FALLS:
                # "How many values fall on a Monday?"
                found[place] = Lexeme(one.text, frozenset(("plain",)))
        return found

    @cached_property
    def classes(self) -> frozenset[str]:
        """All classes of its words."""
        return frozenset(name for word in self.words for name in word.classes)

    def has(self, *classes: str) -> bool:
        """Whether one of its words is of one of the classes."""
        return not self.classes.isdisjoint(classes)

    def count(self, name: str) -> int:
        """How many of its words are of a class."""
        return sum(name in word.classes for word in self.words)

    def place(self, name: str) -> int:
        """Position of the first word of a class; beyond the last one where there is none."""
        return next((k for k, word in enumerate(self.words) if name in word.classes), len(self.words))

    @cached_property
    def extremes(self) -> list[Lexeme]:
        """Its words of extremes, without those of bounds, such as "at least" and the verb "top"."""
        return [
            word
            for place, word in enumerate(self.words)
            if word.classes & {"max", "min"}
            and not word.classes & {"no_less", "no_more"}
            and (not word.classes & {"above", "below"} or not self._is_verb(place))
        ]

    def _is_verb(self, place: int) -> bool:
        """Whether a word such as "top" is a verb: before a number, or behind what a verb stands behind."""
        before = self.words[place - 1].text if place else ""
        behind = self.words[place + 1].text if place + 1 < len(self.words) else ""
        return behind == "<n>" or before.endswith(" to") or before in _BEFORE_VERBS

    @cached_property
    def moves(self) -> bool:
        """Whether a movement is asked for, such as a growth."""
        return any(
            word.classes & _MOVEMENTS and not word.classes & _NO_MOVEMENTS and word.text not in GOING
            for word in self.words
        )

    def matches(self, pattern: str) -> bool:
        """Whether a regular expression is found in its text."""
        return re.search(pattern, self.text) is not None

    def matches_said(self, pattern: str) -> bool:
        """Whether a regular expression is found in its text with the words of its times in their places."""
        said = iter(self.read.said_times)
        return re.search(pattern, re.sub("<t>", lambda _: next(said, "<t>").lower(), self.text)) is not None

    @cached_property
    def is_denied(self) -> bool:
        """Whether it has a word of negation that is of no bound."""
        return any(
            word.text in ("no", "none", "never", "nothing", "neither") or word.text.split(" ")[0] in ("not", "n't")
            for word in self.words
        )

    @property
    def denies_side(self) -> bool:
        """Whether the side of its bound is the other one of that which is denied: "did it not exceed 5?"."""
        denied = any(
            word.classes & set(SIDES) and word.text.startswith(("not ", "n't ", "never ")) for word in self.words
        )
        return denied or any(
            word.classes & {*SIDES, "more", "less"} and self._is_negated(place)
            for place, word in enumerate(self.words)
        )

    @cached_property
    def is_yes_no(self) -> bool:
        """Whether it is to be answered by yes or no."""
        return cues.VERB_FIRST.search(self.text) is not None

    @cached_property
    def asks_when(self) -> bool:
        """Whether a time is asked for."""
        return self.has("when") or any(map(self.matches, (cues.WHICH_PERIOD, cues.BEST_PERIOD, cues.DAY_OF)))

    @cached_property
    def unit(self) -> str:
        """Unit of periods that are asked for, such as `week`; empty for none."""
        found = cues.UNIT_ASKED.search(self.text) or re.search(
            r"^(hour|day|week|month|quarter|year)s? (?:with|of|when|where|in which|that)\b", self.text
        )
        unit = found.group(1) if found else ""
        if not unit:
            per = cues.PER.search(self.text)
            unit = (per.group(1) or cues.ADVERBS[per.group(2)]) if per else ""
        return "" if unit == "weekday" else unit

    @cached_property
    def statistic(self) -> str:
        """Statistic that is asked for; `value` where none is named."""
        if self.has("extremes") or (self.has("max") and self.has("min") and self.has("compare", "minus", "between")):
            return "range"
        names = self.classes
        if "std" in names and "range" in names and not self._alone("std"):
            names = names - {"std"}
        if "mean" in names and all("together" in word.classes or word.text in _OF_MEANS for word in self.words
                                   if "sum" in word.classes):  # fmt: skip
            # "The combined average", "what they come to on average".
            names = names - {"sum"}
        return next((statistic for name, statistic in _STATISTICS if name in names), "value")

    def _alone(self, name: str) -> bool:
        return any(name in word.classes and "range" not in word.classes for word in self.words)

    @cached_property
    def roles(self) -> list[str]:
        """What each number is: `percent`, `listed` (how many values), `series`, `bound` or `number`."""
        found: list[str] = []
        for place, word in enumerate(self.words):
            if word.text == "<n>":
                found.append(self._role(place, self.read.numbers[len(found)]))
        return found

    def _role(self, place: int, number: float) -> str:
        before = self.words[place - 1] if place else Lexeme("", frozenset())
        behind = self.words[place + 1 : place + 1 + _NEAR]
        compared = bool(before.classes & set(SIDES)) or before.text == "than"
        if behind and behind[0].text in ("%", "percent", "per cent") and not compared:
            return "percent"
        if behind and behind[0].text in ("series", "columns", "of them", "variables", "sensors", "stores"):
            return "series"
        if number == int(number) and 1 <= number <= _MOST_LISTED:
            of_list = bool(before.classes & {"max", "min"}) and not before.classes & {"no_less", "no_more"}
            if of_list and before.text in ("top", "tops"):
                of_list = place < 2 or self.words[place - 2].text in _BEFORE_A_LIST or bool(
                    self.words[place - 2].classes & {"mean", "sum", "median", "list"}
                )  # fmt: skip
            if of_list:
                return "listed"
            beyond = before.classes & set(SIDES) or before.text in ("than", "between", "is", "was", "equal")
            for word in () if beyond else behind:
                if word.classes & {"max", "min"} and not word.classes & {"no_less", "no_more"}:
                    return "listed"
                if word.text in ("<t>", "<n>", "<s>") or not word.classes & {"plain", "measure", "unit"}:
                    break
        return "bound" if self.has(*SIDES, "between", "more", "less") else "number"

    def numbers(self, role: str) -> tuple[float, ...]:
        """The numbers of a role."""
        return tuple(number for number, one in zip(self.read.numbers, self.roles, strict=True) if one == role)

    @cached_property
    def side(self) -> str:
        """Side of the first bound that values are compared with; `equal to` where no word says one."""
        at = next((k for k, word in enumerate(self.words) if word.text == "<n>"), len(self.words))
        bounds = [k for k, word in enumerate(self.words) if word.text == "<n>"]
        for k, role in zip(bounds, self.roles, strict=True):
            if role == "bound":
                at = k
                break
        behind = [name for word in self.words[at + 1 : at + 2] for name in SIDES if name in word.classes
                  and word.text.startswith(("or ", "and "))]  # fmt: skip
        if behind:
            return _SIDE_NAMES[behind[0]]
        ordered = [*range(at - 1, -1, -1), *range(at + 1, len(self.words))]
        for strict in (True, False):
            for k in ordered:
                found = self._side_of(k, strict)
                if found:
                    return OPPOSITE[found] if self._is_negated(k) else found
        return "equal to"

    def _side_of(self, place: int, strict: bool) -> str | None:
        """Side that a word says; the comparatives only where it is not to be strict."""
        word = self.words[place]
        if not strict:
            return "above" if word.classes & {"more"} else "below" if word.classes & {"less"} else None
        if word.text in ("and above", "and below") and (not place or self.words[place - 1].text != "<n>"):
            # "And above 500?", which is no "500 and above".
            return word.text.removeprefix("and ")
        if word.text.startswith(("get", "got")) and self.has("near"):
            # "The closest it got to 500" is on neither side.
            return None
        if word.text == "top" and (place + 1 == len(self.words) or self.words[place + 1].text != "<n>"):
            return None
        # "Exactly" may stress another word.
        named = [name for name in SIDES if name in word.classes]
        if "below" in named and word.text.startswith(("fail", "not ", "never ", "n't ")):
            return "below"
        return _SIDE_NAMES[named[0]] if named and word.text not in ("exactly", "precisely") else None

    def _is_negated(self, place: int) -> bool:
        """Whether a word of negation stands close before, but for a question that begins with one."""
        return any(self.words[k].text in ("not", "n't") for k in range(max(place - 3, 2), place)) and not any(
            self.words[k].text == "<n>" for k in range(max(place - 3, 2), place)
        )

    def expected(self, kind: str) -> str:
        """What a question to be answered by yes or no supposes: see [`Query`]."""
        if not self.is_yes_no:
            return ""
        return "some" if kind == "some" else self.direction(kind)

    def direction(self, kind: str) -> str:
        """The direction that its words suppose; empty for both or none."""
        up, down = self.has("rise", "up", "more", "above"), self.has("fall", "down", "less", "below")
        words = ("rises", "falls") if kind == "trend" else ("more", "less")
        return "" if up == down else words[0] if up else words[1]

    def leftover(self, understood: frozenset[str]) -> list[str]:
        """Words that are of none of the classes, and of no name of a series."""
        return [
            word.text
            for word in self.words
            if not word.classes & understood
            and not re.fullmatch(r"<[tsn]>|[^\w%<>≥≤]+", word.text)
            and not (word.classes == frozenset() and self._is_harmless(word.text))
        ]

    def _is_harmless(self, word: str) -> bool:
        """Whether an unknown word is of a name, or an adverb, or the noun of a series whose name says nothing."""
        return self.names.knows(word) or (word.endswith("ly") and len(word) > 4) or word in self.read.nouns
