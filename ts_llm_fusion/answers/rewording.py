"""Turns of phrase of questions, said plainly before the words are read."""

import re

from . import cues, cues_of_stretches


def reworded(question: str, step: str) -> str:
    """A question without what asks for nothing, and with bounds, places and comparisons said in one way each.

    Args:
        question: as it was asked.
        step: unit of a step, such as `day`; empty where there are no dates.
    """
    # No time: each step is compared with the one before it.
    question = cues.POLITE.sub(" ", _with_steps_apart(cues.ASIDE.sub(" ", question), step))
    question = cues.BOTH.sub(r"\1 ", cues.WHETHER.sub(r"\1 whether", question))
    question = cues.PURPOSE.sub(" ", cues.IF_AT_ALL.sub(r"\1\2", question))
    question = cues.CAME_FROM.sub(r"\1 in", cues.TO_DATE.sub(_until_now, question))
    question = cues_of_stretches.NEGATED_FIRST.sub(lambda found: _AFFIRMED.get(found[1].lower(), found[1]), question)
    question = cues.TO_PLAN_FOR.sub(r"\1 is expected for", cues.TO_COME.sub(r"next \1", question))
    question = _counted_from(cues.BY_FROM_BASELINE.sub(r"\1 to", question))
    question = cues.WEEK_FROM_TO.sub(" ", cues.WEEK_OF.sub("of the week of ", question))
    question = cues.SHARE_THAT_FELL.sub(r"\1 was in ", cues.LAST_DAY_OF.sub("at the end of ", question))
    return cues.FROM_UPWARDS.sub(_as_bound, question)


# "Isn't it rising?" supposes that it is, as "is it rising?" does.
_AFFIRMED = {"wo": "will", "ca": "can"}


def _with_steps_apart(question: str, step: str) -> str:
    """A question without "from one month to the next" of a series of months, which says nothing of a time.

    "Year over year", and a comparison with the same time a year before, become a word of `PERIOD_ON_PERIOD`.
    """

    def before(found: re.Match[str]) -> str:
        unit = found["unit"] or found["before"]
        return (
            f" {cues.WORD_OF_UNIT[unit.lower()]}"
            if cues.NAMES_A_TIME.search(question[: found.start()])
            else found.group()
        )

    def apart(found: re.Match[str]) -> str:
        unit = (found["unit"] or found["from"] or "").lower()
        utmost = cues.UTMOST_OR_MEAN.search(question) is not None
        if found["from"] and (not step or (unit == step and utmost)):
            return found.group()
        between_steps = unit not in cues.WORD_OF_UNIT or not step or (unit == step and utmost)
        return " " if between_steps else f" {cues.WORD_OF_UNIT[unit]} "

    def on_period(found: re.Match[str]) -> str:
        if found["unit"]:
            return cues.WORD_OF_UNIT[found["unit"].lower()]
        return f"{(found['short'] or found['before']).lower().replace('/', 'o')} "

    apart_from_steps = cues.ONE_TO_NEXT.sub(apart, cues.SAME_BEFORE.sub(before, question))
    return cues.ON_PERIOD.sub(on_period, apart_from_steps)


def _until_now(found: re.Match[str]) -> str:
    """The time of "year to date"."""
    return f"this {found[1] or cues.UNIT_TO_DATE[found[2].lower()]}"


def _as_bound(upwards: re.Match[str]) -> str:
    """A bound that is told by the direction in which values lie from it."""
    return f"at or {'above' if upwards[2].lower().startswith('up') else 'below'} {upwards[1]}"


def _counted_from(question: str) -> str:
    """A question about "the third value" whose end to count from is said beside it alone."""
    forward = cues.FROM_START.sub(" ", question)
    if forward != question:
        # "In third place, counting from the start": no place by size.
        forward = cues.IN_PLACE.sub(r"the \1 value", forward)
    backward = cues.FROM_END.sub(" ", forward)
    return forward if backward == forward else cues.NTH_ITEM.sub(r"\1 from the end", backward)
