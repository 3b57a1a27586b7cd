"""Questions in English: their names, times and numbers, and whether a series can answer them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..processing.grounding_axis import Axis
from ..processing.grounding_words import AMBIGUOUS, MONTHS, Token, number_at, tokenize, words
from . import cues
from .lexicon import class_names, lexemes
from .names import Names
from .query import CannotTellError
from .rewording import reworded
from .times import Times, TimesReader, plain_tokens
from .vocabulary import HEADS, REFUSALS, WORLD, is_known

_DETERMINERS = words(
    "the a an our my their his her of for in at by with to from this that these those many much more fewer "
    "average mean total any some no your new highest lowest maximum minimum does do did is was are were will has "
    "have had and or about than between per which what whose each every how"
)
# Words before a noun that a series is of.
_NOUN_MARKERS = words(
    "the our my their his her your of for many much more fewer less any all daily weekly monthly hourly yearly and in "
    "did do are were have"
) | {""}
_MOST_UNKNOWN = 0.5
# Before a noun that the series is not of.
_PLACES = "in|at|on|by|with|about|to|from|into|like|near|behind|against|is|a|an"
_STATISTICS = frozenset(("mean", "median", "sum", "std", "max", "min"))
# Words of a question about two statistics at once.
_OF_BOTH = frozenset(("compare", "range", "extremes"))
# Steps without dates are read beside days, so that times which they do not have are found.
_ANY_DAYS = pd.date_range("1990-01-01", periods=12_000, unit="s").to_numpy()


@dataclass(frozen=True)
class Read:
    """A question with its names, times and numbers found.

    Args:
        text: lower case, with `<t>` for times, `<s>` for series and `<n>` for numbers.
        times: in their order.
        numbers: in their order.
        series: positions of the named series.
        future: whether it asks of the future.
        unknown: runs of words that are not of questions about series, each with the words before and behind it.
        share: of the words, how many are unknown.
        nouns: unknown words that may say what a series without a telling name is of.
        step: unit of a step, such as `day`; empty where there are no dates.
        said_times: words of the times, in their order.
        said_numbers: the same of the numbers.
    """

    text: str
    times: tuple[Times, ...]
    numbers: tuple[float, ...]
    percents: tuple[bool, ...]
    series: tuple[int, ...]
    future: bool
    unknown: tuple[tuple[str, str, str], ...]
    share: float
    has_proper: bool
    nouns: frozenset[str]
    step: str
    said_times: tuple[str, ...] = ()
    said_numbers: tuple[str, ...] = ()

    @property
    def names_a_noun(self) -> bool:
        """Whether an unknown word stands where the noun does that is asked about: "the median wage", "did wages"."""
        return any(
            before in _NOUN_MARKERS | _DETERMINERS or class_names(before) - {"plain"} for before, _, _ in self.unknown
        )


def split_questions(question: str) -> list[str]:
    """The questions of a text; sentences without a question mark are said of the question that follows them."""
    text = " ".join(unicodedata.normalize("NFKC", question).split())
    parts = [part.strip() for part in re.findall(r"[^?]*\?+|[^?]+$", text)]
    return [part for part in parts if re.search(r"\w{2}|\d|\b[A-Z]\b", part)]


def of_two_statistics(question: str) -> list[str]:
    """The two questions of one that asks for two statistics, such as "the mean and the maximum in 2020"."""
    lowered = question.lower()
    parts = re.split(r"\band\b", question, flags=re.IGNORECASE)
    # "Take the top three and average them" asks for one.
    if len(parts) != 2 or re.search(r"\bbetween\b|\bfrom\b|\b(?:them|those|these|their|which one)\b", lowered):
        return [question]
    classes = [
        # "Taken together" is a word of how, and no sum.
        {
            name
            for word in lexemes(re.findall(r"[\w']+", part.lower()))
            for name in word.classes
            if name != "sum" or "together" not in word.classes
        }
        for part in parts
    ]
    found = [names & _STATISTICS for names in classes]
    if not (found[0] and found[1]) or found[0] & found[1] or (classes[0] | classes[1]) & _OF_BOTH:
        return [question]
    return [part.strip() for part in parts]


def read_question(
    question: str, names: Names, axis: Axis, extent: tuple[float, float], of_future: bool = False
) -> Read:
    """Find the names, times and numbers of a question.

    Args:
        question: one, of `split_questions`.
        names: of the series.
        axis: of the first of them.
        extent: its lowest and its highest value.
        of_future: whether it follows up on a question of the future.

    Raises:
        CannotTellError: it names a series that is not there, or a time that is not understood.
    """
    step = axis.unit if axis.left is not None else ""
    question = reworded(question, step)
    tokens = plain_tokens(tokenize(question))
    series, taken = names.find(question, tokens)
    lowered = question.lower()
    future = bool(cues.FUTURE.search(lowered)) and not (
        cues.PAST_FIRST.search(lowered)
        and not re.search(r"\b(will|going to|next|expect|predict|forecast|tomorrow)\b", lowered)
    )
    if re.search(r"\b(did|was|were) .*\b(following|coming|ahead|likely|estimat\w+)\b", lowered):
        future = bool(re.search(r"\b(will|going to|next|forecast|predict)\b", lowered))
    future = future or (of_future and not cues.PAST_FIRST.search(lowered))
    times = TimesReader(tokens, axis, taken, not future, extent).times()
    if axis.left is None:
        _check_undated(tokens, taken, axis, times)
    numbers: list[float] = []
    percents: list[bool] = []
    said_numbers: list[str] = []
    words: list[tuple[str, Token | None]] = []
    i = 0
    starts = {one.start: one for one in times}
    while i < len(tokens):
        token = tokens[i]
        if taken[i]:
            if not words or words[-1][0] != "<s>":
                words.append(("<s>", None))
            i += 1
            continue
        if token.start in starts:
            stop = starts[token.start].stop
            words.append(("<t>", None))
            while i < len(tokens) and tokens[i].start < stop:
                i += 1
            continue
        counted = number_at(tokens, i) if token.kind in ("number", "word") else None
        if counted is not None and (token.kind == "number" or not (token.word == "one" or token.word == "second")):
            joined = i > 0 and tokens[i - 1].word == "-" and tokens[i - 1].stop == token.start
            # "Top-5" has a hyphen.
            word_before = i > 1 and tokens[i - 2].kind == "word" and tokens[i - 2].stop == tokens[i - 1].start
            sign = -1.0 if joined and not word_before else 1.0
            if joined:
                words.pop()
            numbers.append(sign * counted[0])
            said_numbers.append(question[tokens[i - (sign < 0)].start : tokens[counted[1] - 1].stop])
            follows = tokens[counted[1]].word if counted[1] < len(tokens) else ""
            percents.append(follows in ("%", "percent"))
            words.append(("<n>", None))
            i = _behind_unit(tokens, counted[1])
            continue
        words.append((token.word, token))
        i += 1
    text = _joined(words)
    unknown, share, has_proper = _unknown(words, names)
    _check_times(words)
    return Read(
        text,
        tuple(times),
        tuple(numbers),
        tuple(percents),
        tuple(series),
        future,
        unknown,
        share,
        has_proper,
        _nouns(text, unknown, has_proper) if names.is_generic else frozenset(),
        step,
        tuple(question[one.start : one.stop] for one in times),
        tuple(said_numbers),
    )


def _behind_unit(tokens: Sequence[Token], i: int) -> int:
    """The token behind the unit of a number, such as "\N{DEGREE SIGN}C", if there is one."""
    following = [token.word for token in tokens[i : i + 2]]
    if following[:1] == ["\N{DEGREE SIGN}"]:
        return i + 1 + (following[1:] in (["c"], ["f"]))
    return i + (following[:1] != [] and following[0] in cues.UNITS_OF_MEASURE)


def _nouns(text: str, unknown: Sequence[tuple[str, str, str]], has_proper: bool) -> frozenset[str]:
    """The one unknown word of a question, if it may be what the series is of: "average sales", not "in the exam"."""
    said = {run for _, run, _ in unknown}
    word = min(said, default=" ")
    elsewhere = re.search(rf"\b(?:{_PLACES}) (?:the |an? |our |my |this |that |your )?{re.escape(word)}\b", text)
    as_noun = all(before in _NOUN_MARKERS or class_names(before) & _STATISTICS for before, _, _ in unknown)
    # "How many of the patients were over 80?": each value counts many of them.
    counted = "<n>" in text and re.search(rf"\bhow many (?:of (?:the|our|my|these) )?{re.escape(word)}\b", text)
    alone = not counted and as_noun and len(said) == 1 and " " not in word and not has_proper and word not in WORLD
    return frozenset(said) if alone and not elsewhere else frozenset()


def _check_undated(tokens: list[Token], taken: list[bool], axis: Axis, times: Sequence[Times]) -> None:
    """Refuse times of the calendar of a series without dates."""
    dated = TimesReader(tokens, Axis(10_000, 2000, _ANY_DAYS), taken, True, (np.inf, -np.inf)).times()
    starts = {one.start for one in times}
    if any(one.span.steps is None or one.months for one in dated if one.start not in starts):
        raise CannotTellError(
            f"the series has no dates, only steps 1 to {axis.history:,}; ask for some of these, or for the last ones."
        )


def _check_times(words: Sequence[tuple[str, Token | None]]) -> None:
    """Refuse a question with a month, a date or a clock in it that was not understood."""
    for word, token in words:
        is_month = word in MONTHS and word not in AMBIGUOUS and len(word) > 3
        if token is not None and (is_month or token.kind in ("date", "clock")):
            raise CannotTellError(f"the time about {word!r} is not understood; write it such as 3 May 2019.")


def _joined(words: Sequence[tuple[str, Token | None]]) -> str:
    """The words as one text, without possessives; words with a hyphen between them are one."""
    text, stop = "", -1
    for word, token in words:
        start = token.start if token is not None else -2
        tight = start == stop and (word == "-" or text.endswith("-"))
        text += word.removesuffix("'s") if tight or not text else " " + word.removesuffix("'s")
        stop = token.stop if token is not None else -1
    return text


def _unknown(
    words: Sequence[tuple[str, Token | None]], names: Names
) -> tuple[tuple[tuple[str, str, str], ...], float, bool]:
    runs: list[tuple[str, str, str]] = []
    run: list[str] = []
    proper = False
    before, count, total = "", 0, 0
    sentence_start = True
    for word, token in [*words, ("", None)]:
        is_word = token is not None and token.kind == "word"
        known = not is_word or is_known(word) or names.knows(word)
        if is_word and token is not None:
            total += 1
            count += not known
            proper = proper or (not known and token.capital and not sentence_start)
        if not known:
            run.append(word)
        else:
            if run:
                runs.append((before, " ".join(run), word))
                run = []
            before = word
        sentence_start = word in (".", "!", "?", ":", '"', "'", "(", "") or (word == "<s>" and sentence_start)
    return tuple(runs), count / max(total, 1), proper


def _without_verb_of_measure(text: str, names: Names) -> str:
    """A question in which the verb of what is measured, such as "sell" of sales, is said of the series."""
    if not names.verbs:
        return text
    verb = rf"(?:{'|'.join(sorted(names.verbs))})"
    return re.sub(
        rf"(<s>(?: \w+)??|\bhow (?:much|many)(?: \w+){{0,2}}? (?:it|we|they)|\bwhich \w+) {verb}\b", r"\1", text
    )


def check_answerable(read: Read, names: Names) -> None:
    """Refuse what no series tells, and what is asked of another one.

    Raises:
        CannotTellError: with the reason.
    """
    text = _without_verb_of_measure(read.text, names)
    for pattern, reason in REFUSALS:
        if pattern.search(text):
            raise CannotTellError(f"{reason}.")
    if read.share > _MOST_UNKNOWN or not re.search(r"[a-z]", read.text.replace("<t>", "").replace("<s>", "") + "a"):
        raise CannotTellError(
            "it is not understood; ask in English for values, dates, changes, comparisons or forecasts of the series."
        )
    outside = [
        run
        for before, run, behind in read.unknown
        if (before in _DETERMINERS or before == "") and behind not in HEADS and not run.endswith(("est", "ly"))
    ]
    foreign = [word for _, run, _ in read.unknown for word in run.split() if word in WORLD]
    outside += foreign
    if read.has_proper or outside:
        said = (outside or [run for _, run, _ in read.unknown])[0]
        if said in read.nouns:
            return
        raise CannotTellError(f"nothing is known of {said!r}; {names.shown}.")


def is_follow_up(question: str) -> bool:
    """Whether a question is to be understood by the one before it."""
    return cues.FOLLOW.search(question.lower()) is not None


def shape_is_asked(text: str) -> bool:
    """Whether a question is of the shape of a series."""
    return cues.SHAPE.search(text.lower()) is not None
