"""What is not computed although its words are understood: each with what to ask instead."""

import re

from .query import CannotTellError
from .sentence import Sentence

_MOVES = (
    r"(?:ris|rose|increase|increasing|gr[eo]w|climb|jump|gain|fall|fell|drop|declin|decrease|decreasing|shr[aiu]nk|los[et]|sink|sank|dip|chang|"
    r"mov|go(?:es)? (?:up|down)|went (?:up|down))\w*"
)
_EXTREME = r"(?:max\w*|min\w*|peaks?|highs?|lows?|records?|highest|lowest)"
_UNIT = r"hour|day|week|month|quarter|year"
_STATISTIC = r"(?:mean|average|median|sum|total|range|standard deviation|max\w*|min\w*|peak|trend)"
_SIDE = (
    r"(?:above|below|over|under|exceed\w*|beyond|(?:more|less|higher|lower|greater|smaller|larger) than|at least|"
    r"at most)"
)
_COUNTABLE = r"(?:breaks?|seasons?|trends?|outliers?|gaps?|cycles?|change points?|periods?|shifts?|jumps?)"

# Pattern in the text of a question -> the reason.
_NOT_COMPUTED = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (
            rf"\b{_MOVES} (?:\w+ ){{0,2}}?by (?:(?:more|less|fewer|over|under|at least|at most|exactly|about|than) )*"
            r"<n>(?! (?:%|percent))",
            "movements by an amount are not counted; ask for the largest rise or fall, or for values beyond a bound.",
        ),
        (
            rf"\b{_MOVES} (?:more|less|faster|slower|most|least)\b.*<t> or (?:\w+ )?<t>",
            "the movements of two times are not compared; ask for the change in each.",
        ),
        (
            rf"\b(?:mean|average|median|sum|total|{_EXTREME}) of (?:the |all |its )*"
            rf"(?:hourly|daily|weekly|monthly|quarterly|yearly|annual) {_EXTREME}\b",
            "statistics of the extremes of periods are not computed; ask for the extreme of one period.",
        ),
        (
            rf"^(?:so |and |but )?(?:is|was|were|are) (?:the |its )?{_STATISTIC}\b[^?]*?\b{_SIDE} "
            r"(?:or equal to )?<n>",
            "a statistic is not compared with a number; ask for the statistic itself.",
        ),
        (
            rf"^(?:so |and |but )?(?:is|was|were|are) (?:the |its )?{_STATISTIC}\b(?: of| in| for| at| on| <t>| <s>)*"
            r" (?:equal to |exactly |really |about )?<n> ?(?:<t> ?)?\??$",
            "a statistic is not compared with a number; ask for the statistic itself.",
        ),
        (
            rf"\bhow long\b.*\b{_SIDE} <n> at (?:most|once|a time)\b",
            "ask for the longest run above or below the bound.",
        ),
        (
            rf"^(?:is|are|were|was|does|do|did|has|have)\b.*(?:<n>|\b(?:one|two|three|several|many|more than one)) "
            rf"(?:\w+ )?{_COUNTABLE}\b",
            "how many there are is not computed; ask whether there is one, or for the largest.",
        ),
        (
            r"\b(?:more|most|less|least) (?:often|frequently)\b.*|\b(?:often|frequently)(?:est)\b",
            "how often one thing is compared with another is not computed; ask how many values are beyond a bound.",
        ),
    )
)
_PERIOD_WITH = re.compile(
    rf"\b(?:which|what) ({_UNIT}) (?:contains?|contained|holds?|held|includes?|included) the "
    rf"(?:overall |absolute |single )?{_EXTREME}\b"
)
_PERIOD_MOVED = re.compile(
    rf"\b(?:which|what) (?:calendar |single )?({_UNIT})s? "
    rf"(?:{_MOVES}\b|(?:had|has|saw|sees|shows?|showed|brought) the "
    rf"\w+est (?:overall |total )?(?:rise|increase|growth|gain|fall|drop|decline|decrease|loss|change))"
)


def check_computed(sentence: Sentence) -> None:
    """Refuse what would be answered by another quantity than the one that is asked for.

    Raises:
        CannotTellError: with what to ask instead.
    """
    for pattern, reason in _NOT_COMPUTED:
        if pattern.search(sentence.text):
            raise CannotTellError(reason)
    holding = _PERIOD_WITH.search(sentence.text)
    if holding and holding[1] != sentence.read.step:
        raise CannotTellError("ask when the highest or the lowest value was.")
    moved = _PERIOD_MOVED.search(sentence.text)
    if moved and sentence.has("max", "min", "fast", "slow", "steepest") and moved[1] != sentence.read.step:
        raise CannotTellError(
            f"changes are computed from one step to the next, and not within a {moved[1]}; ask for the change in one "
            f"{moved[1]}, or which {moved[1]} has the highest mean."
        )


__all__ = ["check_computed"]
