"""Questions in other words: a linear classifier over the states of a text encoder finds the standard question.

The table of intents answers a question only if it understands all of its words. One that it refuses for a word is
classified by phrasings of known kinds, with its times, numbers and names replaced by plain words. If one kind is
likely enough, takes the times, numbers and series of the question and no others, and contradicts none of its words,
the question is rewritten as the standard question of that kind, which goes through the table as any other. The weights
come with the package; `python -m benchmarks.answers_paraphrases` makes them.
"""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ..modeling.modeling_text_encoder import FrozenTextEncoder, load_text_encoder
from ..processing.grounding_axis import Axis
from ..processing.grounding_words import ORDINALS
from .lexicon import lexemes
from .question_text import Read
from .statements import ordinal_words
from .times import Times

logger = logging.getLogger(__name__)

WEIGHTS = Path(__file__).with_name("paraphrases.safetensors")
# Kinds that no question is rewritten as: what no series tells, and questions about the one before.
NONE, FOLLOW_UP = "none", "follow-up"
# Length of the mean state beside the classes of the lexicon, which are 0 or 1.
_STATE_LENGTH = 6.0
# A question with a word of one class is none whose standard form has only words of the other.
_OPPOSITES = (
    ("max", "min"), ("above", "below"), ("first", "last"), ("rise", "fall"), ("up", "down"), ("mean", "median"),
    ("mean", "sum"),
)  # fmt: skip
# Classes of words that a question has only if its standard form has one of the same.
_TELLING = (
    "median", "std", "percentile", "correlate", "run", "except", "step", "beside", "not", "again", "rate",
    "chance", "others", "period_on_period",
)  # fmt: skip
_PERIODS = ("hour", "day", "week", "month", "quarter", "year", "weekday", "decade")
_PLACES = {word: place for word, place in ORDINALS.items() if place > 1}
_PREPOSITION = re.compile(
    r"^(?:in|on|at|of|for|from|to|by|during|over|between|within|through|since|until)\b ?", re.IGNORECASE
)


@dataclass(frozen=True)
class Standard:
    """The standard question of a kind.

    Args:
        question: with `{t}` for all times, `{a}` and `{b}` for the first and the second one without their
            prepositions, `{n}` for the number, `{r}` for the place in an order, `{s}` and `{u}` for series.
        times: least and most times that it takes.
        series: the same of series.
        period: unit of time that a question of this kind names.
    """

    question: str
    times: tuple[int, int] = (0, 0)
    series: tuple[int, int] = (0, 1)
    period: str = ""

    @property
    def numbers(self) -> int:
        """Numbers that it takes, places in an order among them."""
        return len(re.findall(r"\{[nr]\}", self.question))


_EVER = (0, 1)
STANDARDS: dict[str, tuple[Standard, ...]] = {
    "highest": (Standard("the highest value{s}{t}", _EVER),),
    "lowest": (Standard("the lowest value{s}{t}", _EVER),),
    "when highest": (Standard("when the value{s} was highest{t}", _EVER),),
    "when lowest": (Standard("when the value{s} was lowest{t}", _EVER),),
    "mean": (Standard("the mean{s}{t}", _EVER),),
    "median": (Standard("the median{s}{t}", _EVER),),
    "sum": (Standard("the sum{s}{t}", _EVER),),
    "spread": (Standard("the standard deviation{s}{t}", _EVER),),
    "range": (Standard("the range{s}{t}", _EVER),),
    "value": (Standard("the value{s}{t}", (1, 1)),),
    "difference": (
        Standard("the mean{s} in {a} compared with {b}", (2, 2)),
        Standard("the difference in the mean{s}{t}", (1, 1)),
    ),
    "percent change": (
        Standard("the percentage change{s} from {a} to {b}", (2, 2)),
        Standard("the percentage change{s}{t}", (1, 1)),
    ),
    "count above": (Standard("the number of values{s} above {n}{t}", _EVER),),
    "count below": (Standard("the number of values{s} below {n}{t}", _EVER),),
    "share above": (Standard("the percentage of values{s} above {n}{t}", _EVER),),
    "first above": (Standard("the first date with a value{s} above {n}"),),
    "last value": (Standard("the latest value{s}"),),
    "forecast": (Standard("the forecast{s}{t}", (1, 1)), Standard("the forecast{s} for the next step")),
    "forecast mean": (Standard("the mean of the forecast{s}{t}", (1, 1)),),
    "forecast peak": (Standard("the date of the highest forecast{s}{t}", (1, 1)),),
    "forecast exceed": (Standard("when the forecast{s} is first above {n}"),),
    "next above last": (
        Standard("will the value{s}{t} be above the latest value", (1, 1)),
        Standard("will the next value{s} be above the latest value"),
    ),
    "sure": (Standard("how sure is the forecast{s}"),),
    "trend": (Standard("the trend{s}{t}", _EVER),),
    "season": (Standard("is there a season{s}, and what is its period"),),
    "break": (Standard("is there a break in the level{s}, and when"),),
    "weekend": (Standard("are values{s}{t} different from the rest of the week", (1, 1)),),
    "highest month": (Standard("the month with the highest mean{s}", period="month"),),
    "lowest year": (Standard("the year with the lowest mean{s}", period="year"),),
    "count": (Standard("the number of values{s}"),),
    "missing": (Standard("the number of missing values{s}"),),
    "extent": (Standard("the first date of the series{s}"),),
    "outliers": (Standard("are there outliers{s}"),),
    "largest series": (Standard("the series with the highest mean", series=(0, 0)),),
    "fastest series": (Standard("the fastest growing series", series=(0, 0)),),
    "two series": (Standard("the mean{s} compared with that of {u}", series=(2, 2)),),
    "correlation": (Standard("the correlation{s} with {u}", series=(2, 2)),),
    "mean of two columns": (Standard("the mean{s} and {u} together", series=(2, 2)),),
    "mean of top k": (Standard("the mean of the {n} highest values{s}"),),
    "count of weekdays": (Standard("the number of {a}", (1, 1), (0, 0)),),
    "highest below": (Standard("the highest value{s} below {n}"),),
    "second highest": (Standard("the {r} highest value{s}"),),
    "consecutive": (Standard("the longest run of values{s} above {n}"),),
}


def wording(read: Read, axis: Axis) -> str:
    """A question as the encoder sees it: plain words in the place of times, numbers, names and the unit of a step."""
    text = read.text
    if read.step:
        text = re.sub(rf"\b{read.step}(s?)\b", r"step\1", text)
    for one in read.times:
        text = text.replace("<t>", _time_word(one, axis), 1)
    return text.replace("<t>", "in 2020").replace("<n>", "100").replace("<s>", "sales")


def _time_word(one: Times, axis: Axis) -> str:
    """A plain word of the same kind: weekends, a weekday, a time to come, or one that has been."""
    span = one.span
    days = (one.every or one).span.weekdays
    if days:
        return "at weekends" if days == frozenset((5, 6)) else "on weekdays" if len(days) > 2 else "on Monday"
    begins = (
        span.steps[0] >= 0 if span.steps else bool(axis.left is not None and span.start and span.start >= axis.start)
    )
    return "next month" if begins else "in 2020"


def place_of(text: str) -> int | None:
    """The place in an order that a question names, such as 3 for "third"; 2 for a runner-up."""
    for word in re.findall(r"\d+(?=st\b|nd\b|rd\b|th\b)|[a-z]+", text):  # codespell:ignore nd
        if word.isdigit() or word in _PLACES:
            return int(word) if word.isdigit() else _PLACES[word]
    return 2 if re.search(r"\brunner[- ]?up\b|\bnext\b|\bafter\b", text) else None


def _classes(text: str) -> frozenset[str]:
    """Classes of the lexicon that the words of a text have."""
    plain = re.sub(r"[^\w\s%'&/#+-]", " ", re.sub(r"(?<=\w)-(?=\w)", " ", text.lower()))
    return frozenset(name for word in lexemes(plain.split()) for name in word.classes)


def _contradicts(read: Read, standard: Standard) -> bool:
    """Whether a word of a question that is understood says something else than the standard question."""
    said, meant = _classes(read.text), _classes(standard.question)
    opposed = any(
        one in said and other not in said and other in meant and one not in meant
        for pair in _OPPOSITES
        for one, other in (pair, pair[::-1])
    )
    # "How often was it above the other one?" asks for no comparison of their means.
    counted = "count" in said and "compare" in meant and "count" not in meant
    untold = read.names_a_noun or counted or any(name in said and name not in meant for name in _TELLING)
    periods = {word for word in _PERIODS if re.search(rf"\b{word}s?\b", read.text)}
    other = periods - {read.step, standard.period}
    unnamed = standard.period and standard.period != read.step and standard.period not in periods
    return opposed or untold or bool(other or unnamed)


def standard_question(kind: str, read: Read, names: Sequence[str]) -> str | None:
    """The standard question of a kind with the times, numbers and series of a question; None if these do not fit."""
    series = [names[place] for place in read.series]
    for one in STANDARDS.get(kind, ()):
        places = [place_of(read.text)] if "{r}" in one.question else []
        given = len(read.numbers) + len(places)
        if (
            one.times[0] <= len(read.times) <= one.times[1]
            and one.series[0] <= len(series) <= one.series[1]
            and given == one.numbers
            and None not in places
        ):
            bare = [_PREPOSITION.sub("", said) for said in read.said_times]
            fields = {
                "t": "".join(f" {said}" for said in read.said_times),
                "a": bare[0] if bare else "",
                "b": bare[-1] if bare else "",
                "n": read.said_numbers[0] if read.said_numbers else "",
                "r": ordinal_words(places[0]) if places and places[0] else "",
                "s": f" of {series[0]}" if series else "",
                "u": series[-1] if series else "",
            }
            question = one.question.format(**fields)
            return None if _contradicts(read, one) else question
    return None


class ParaphraseReader:
    """A linear classifier of questions over the mean state of their tokens and the classes of their words.

    Args:
        kinds: names of its classes, keys of `STANDARDS` among them.
        classes: of the lexicon, in the order of the weights behind those of the state.
        weight: (hidden_size + classes, kinds), float32.
        bias: (kinds,), float32.
        encoder: text encoder that it was trained with.
        threshold: least probability of a kind that is taken.
    """

    def __init__(
        self,
        kinds: Sequence[str],
        classes: Sequence[str],
        weight: torch.Tensor,
        bias: torch.Tensor,
        encoder: FrozenTextEncoder,
        threshold: float,
    ):
        self.kinds, self.classes = list(kinds), list(classes)
        self.weight, self.bias = weight, bias
        self.encoder, self.threshold = encoder, threshold

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "ParaphraseReader":
        """Load weights that `save` wrote, and the text encoder that they name.

        Raises:
            OSError: there is no such text encoder; the message says what to install.
        """
        with safe_open(path, "pt") as file:
            told = file.metadata()
            weight, bias = (file.get_tensor(name).float() for name in ("weight", "bias"))
        encoder = load_text_encoder(told["encoder"])
        kinds, classes = json.loads(told["kinds"]), json.loads(told["classes"])
        return cls(kinds, classes, weight, bias, encoder, float(told["threshold"]))

    def save(self, path: Path) -> None:
        """Save the weights in float16, with the names of their rows and columns."""
        told = {
            "kinds": json.dumps(self.kinds),
            "classes": json.dumps(self.classes),
            "encoder": self.encoder.name,
            "threshold": f"{self.threshold:g}",
        }
        save_file({"weight": self.weight.half(), "bias": self.bias.half()}, path, metadata=told)

    def probabilities(self, wordings: Sequence[str]) -> np.ndarray:
        """Probability of each kind for questions as of `wording`, (questions, kinds)."""
        states = features(self.encoder, wordings, self.classes)
        return torch.softmax(states @ self.weight + self.bias, dim=1).numpy()

    def standard(self, read: Read, axis: Axis, names: Sequence[str]) -> str | None:
        """The standard question that a question is of; None if none is likely enough, fits, or agrees with its words.

        Args:
            read: the question.
            axis: of its times.
            names: of the series.
        """
        chances = self.probabilities([wording(read, axis)])[0]
        if chances.max() < self.threshold:
            return None
        return standard_question(self.kinds[int(chances.argmax())], read, names)


def features(encoder: FrozenTextEncoder, wordings: Sequence[str], classes: Sequence[str]) -> torch.Tensor:
    """Mean states of a fixed length, and whether there are words of each class: (questions, hidden_size + classes)."""
    means = torch.stack(
        [
            one.states.mean(0) if len(one.states) else torch.zeros(encoder.hidden_size)
            for one in encoder.states(wordings)
        ]
    )
    said = [_classes(text) for text in wordings]
    flags = torch.tensor([[float(name in one) for name in classes] for one in said])
    return torch.cat((_STATE_LENGTH * torch.nn.functional.normalize(means, dim=1), flags), dim=1)


@lru_cache(maxsize=1)
def load_paraphrases() -> ParaphraseReader | None:
    """Load the reader that comes with the package, once; None where its text encoder is nowhere to be found."""
    try:
        return ParaphraseReader.load()
    except OSError as missing:
        logger.info("Questions are not read in other words: %s", missing)
        return None
