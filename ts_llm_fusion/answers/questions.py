"""The query of a question: the first intent that understands all of its words."""

import re
from dataclasses import replace

from ..processing.grounding_axis import Span
from . import cues
from . import cues_of_stretches as stretches
from .intents import INTENTS
from .limits import check_computed
from .names import Names
from .query import CannotTellError, NotUnderstoodError, Query, UnknownWordError
from .question_text import Read
from .sentence import Sentence
from .times import Times

# Kinds in which a weekday alone is each one of its name: "the lowest Monday".
_OF_EACH = frozenset(("extreme", "top", "statistic of top", "ranked", "beyond", "number"))


def query_of(read: Read, names: Names) -> Query:
    """The query of a question; see [`Query`].

    Raises:
        CannotTellError: it asks for nothing that can be computed, or a word of it is not understood.
    """
    sentence = Sentence(read, names)
    times = read.times
    if cues.NEXT_STEP.search(read.text) and not times:
        times = (Times(Span(steps=(0, 1)), 0, 0),)
    base = Query(
        kind="statistic",
        times=times,
        series=read.series,
        future=read.future,
        when=sentence.asks_when,
        percent=sentence.has("percent"),
        side="lowest" if sentence.has("min") and not sentence.has("max") else "highest",
    )
    _check_supported(sentence)
    check_computed(sentence)
    nearest: list[str] | None = None
    for intent in INTENTS:
        found = intent.fill(sentence, base) if intent.applies(sentence) else None
        if found is None:
            continue
        left = sentence.leftover(intent.understood)
        if not left:
            if sentence.matches(stretches.IN_A_ROW) and found.kind in ("extreme", "statistic", "count", "crossing"):
                raise CannotTellError("it is not understood which run is meant; ask for the longest run of one kind.")
            if found.kind == "trend" and base.when:
                raise CannotTellError("when it moves so is not computed; ask for the largest rise or fall.")
            if sentence.is_denied and found.expected not in ("none", ""):
                # "Is it not rising?": a yes would be read in both ways, and the statement in one.
                found = replace(found, expected="")
            if found.kind in _OF_EACH:
                found = replace(found, times=tuple(one.every or one for one in found.times))
            return found
        if nearest is None or len(left) < len(nearest):
            nearest = left
    raise _not_understood(sentence, nearest)


def _not_understood(sentence: Sentence, left: list[str] | None) -> CannotTellError:
    """The error for a question that no intent understands, with the words that the nearest one lacks."""
    if left:
        return UnknownWordError(f"{left[0]!r} is not understood in it; leave it out or say it otherwise.")
    if len(sentence.numbers("bound")) > 1:
        return CannotTellError(
            "it names several numbers, and bounds from two sides are computed between A and B alone."
        )
    if sentence.read.numbers:
        number = sentence.read.numbers[0]
        return CannotTellError(f"the number {number:g} is not understood in it; leave it out or say it otherwise.")
    return NotUnderstoodError(
        "it is not understood; ask for values, dates, changes, comparisons, patterns or forecasts of the series."
    )


def _check_supported(sentence: Sentence) -> None:
    """Refuse statistics that are not computed, and parts that are to be left out.

    Raises:
        CannotTellError: with what it is.
    """
    found = cues.UNSUPPORTED.search(sentence.text)
    if found:
        raise CannotTellError(
            f"{found.group()!r} is not computed here; ask for a mean, a sum, a change or an extreme."
        )
    if cues.UTMOST_GAP.search(sentence.text) and cues.FROM_A_LEVEL.search(sentence.text):
        raise CannotTellError("distances from a level are not computed; ask for outliers, or for an extreme.")
    if cues.FROM_AN_EXTREME.search(sentence.text) and sentence.has("max") != sentence.has("min"):
        raise CannotTellError(
            "distances from an extreme are not computed; ask for the extreme, and for the last value."
        )
    if sentence.moves and cues.TWO_MOVEMENTS.search(sentence.text):
        raise CannotTellError(
            "the changes of two series are not compared by a number; ask which of them grows fastest, or for the "
            "change of each."
        )
    if cues.LEFT_OUT_BEHIND.search(sentence.text):
        raise CannotTellError(
            "it is not understood what is to be left out; ask for the values below or above a bound."
        )
    _check_stretches(sentence)
    left_out = cues.LEFT_OUT_VALUES.sub(" ", sentence.text)
    if cues.LEFT_OUT.search(left_out) and (sentence.read.times or sentence.read.numbers):
        raise CannotTellError("an answer leaves nothing out of a time; name the times that it is to be of.")
    per = re.search(r"\b(?:per|for each|by|in each|of each) (hour|day|week|month|quarter|year)\b", sentence.text)
    asks_one = sentence.has("max", "min", "rise", "fall", "change") or sentence.read.numbers
    if per and per.group(1) != sentence.read.step and sentence.has("mean") and not asks_one:
        raise CannotTellError(
            f"an answer is one number; ask for one {per.group(1)}, or which {per.group(1)} is the highest."
        )


def _check_stretches(sentence: Sentence) -> None:
    """Refuse stretches that are not computed, and times that are to be left out.

    Raises:
        CannotTellError: with what it is.
    """
    told, numbers = sentence.read.said_times, sentence.read.numbers
    if sentence.matches(stretches.LEFT_OUT_TIME) or sentence.matches_said(stretches.IS_LEFT_OUT):
        raise CannotTellError("an answer leaves nothing out of a time; name the times that it is to be of.")
    if sentence.matches(stretches.RUN_OF_LENGTH) and not sentence.matches(r"\blongest\b"):
        raise CannotTellError("runs of a given length are not counted; ask for the longest run.")
    if sentence.matches(stretches.SINCE_WHEN) and sentence.moves and not numbers:
        raise CannotTellError("since when it moves so is not computed; ask for the trend, or for the longest run.")
    if sentence.has("again") and sentence.has("first") and numbers and not sentence.read.future:
        raise CannotTellError("a return to a bound is not computed; ask for the first or the last value beyond it.")
    if sentence.matches(stretches.STOPS):
        raise CannotTellError("the end of such a time is not computed; ask until when it stayed on a side of a bound.")
    if sentence.matches(r"\bcross\w*") and sentence.has("count"):
        raise CannotTellError("crossings are not counted; ask how many values are above or below a bound.")
    keeps = sentence.matches(stretches.KEEPS) or sentence.matches(stretches.ALWAYS) or sentence.denies_side
    if sentence.read.future and sentence.is_yes_no and numbers and keeps:
        raise CannotTellError(
            "whether a forecast stays so is not computed; ask for its lowest or highest value, or for a chance."
        )
    compares = sentence.moves or sentence.has("more", "less", "above", "below", "compare", "max", "min")
    of_steps = compares and not numbers and not sentence.has("season")
    every = sentence.matches(stretches.ALWAYS) or any(re.search(stretches.EVERY_TIME, one.lower()) for one in told)
    if of_steps and sentence.is_yes_no and every:
        raise CannotTellError("whether it is so at every step is not computed; ask for the trend or a comparison.")
    edges = any(re.search(stretches.EDGE_OF_TIME, one.lower()) for one in told)
    if sentence.matches(stretches.NUMBER_BEFORE_EDGE) or (edges and len(told) > 1):
        raise CannotTellError(
            "the first or last values of a time are not taken; name their times, from one to another."
        )


def has_own_kind(read: Read, names: Names) -> Query | None:
    """The query of a follow-up that says itself what it asks, but for its times; else None.

    Raises:
        UnknownWordError: a word of it is not understood.
    """
    bare = re.sub(cues.FOLLOW, "", read.text)
    if not re.sub(cues.OF_A_FOLLOW_UP, " ", bare).strip():
        return None
    try:
        query = query_of(read, names)
    except UnknownWordError:
        raise
    except CannotTellError:
        return None
    # A time alone is not a kind.
    return None if query.kind == "statistic" and query.statistic == "value" else query


def carried_over(before: Query, read: Read, own: Query | None) -> Query:
    """The query before with the times, series and numbers of a follow-up.

    Where the follow-up has a kind of its own, it is that with the times and series of the one before.
    """
    query = own or before
    times = read.times or before.times
    if own is None and read.times and len(before.times) == 2 and len(read.times) == 1:
        times = (*read.times, before.times[1])
    future = read.future or (before.future and not read.times)
    return replace(
        query,
        times=times,
        series=read.series or before.series,
        bounds=query.bounds if own else (read.numbers if read.numbers and before.bounds else before.bounds),
        future=future,
        expected="" if own is None else own.expected,
    )
