"""How the intents of stretches fill a query; see `fills`."""

from dataclasses import replace

from . import cues_of_stretches as cues
from .fills import with_bounds
from .query import Query
from .sentence import Sentence


def stretch(sentence: Sentence, base: Query) -> Query | None:
    """Since or until when values are on a side of a bound, whether all of them are, or which ones."""
    found = replace(with_bounds(sentence, base), percent=False)
    of_all = sentence.is_yes_no and sentence.matches_said(cues.ALWAYS) and not sentence.matches(cues.OF_ONE)
    if found.side == "equal to" and not sentence.has("equal"):
        # "Was it always 5?"
        return replace(found, kind="all", expected="all") if of_all and sentence.matches(cues.ALWAYS_IS) else None
    keeps = sentence.matches(cues.KEEPS)
    if sentence.matches(cues.SINCE_WHEN):
        return replace(found, kind="since", when=not sentence.matches(cues.HOW_LONG))
    if sentence.matches(cues.UNTIL_WHEN):
        return replace(found, kind="until", order="first" if keeps else "last")
    if sentence.matches(cues.STILL) and not base.times:
        return replace(found, kind="since", expected="all")
    since = sentence.matches_said(cues.HAS_SINCE)
    if of_all or (sentence.is_yes_no and (keeps or since or sentence.denies_side)):
        return replace(found, kind="all", expected="all")
    if sentence.matches(cues.WHICH_ONES) and not sentence.has("first", "last", "count", "run"):
        return replace(found, kind="values beyond", unit=sentence.unit)
    return None


def run_of_moves(sentence: Sentence, base: Query) -> Query | None:
    """The longest run of rises or falls."""
    down, up = sentence.has("fall", "down", "less"), sentence.has("rise", "up", "more")
    asks = sentence.matches(cues.LONGEST_RUN) and not sentence.matches(cues.SINCE_WHEN)
    return replace(base, kind="run of moves", side="falls" if down else "rises") if asks and down != up else None


__all__ = ["run_of_moves", "stretch"]
