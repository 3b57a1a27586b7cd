"""Statements of one text that contradict each other: which of them stands, and why the other one does not."""

import math
import re
from dataclasses import replace

from .modeling_tsfusion_context_effects import BOUNDS, ContextEffect

# Characters between clauses of one sentence.
_NEAR = 3
# Operations after which nothing is left of a forecast.
_FIXED = ("zero", "set")
# Operations that say in different words, or in opposite directions, how much a forecast changes.
_CHANGES = (
    frozenset(("rise", "cut", "times")),
    frozenset(("plus", "minus")),
    frozenset(("ramp_up", "ramp_down")),
    frozenset(("flat", "reverse")),
    frozenset(("like_day",)),
)
# Words of a change that comes on top of another one.
_ON_TOP = re.compile(
    r"\b(?:another(?! (?:day|week|month|year))|further|additional(?:ly)?|in addition|on top|as well|also|too|"
    r"moreover|furthermore|besides|plus)\b",
    re.IGNORECASE,
)
# The cause behind a word that says that there is one, or before a verb of what it does.
_CAUSE = re.compile(
    r"\b(?:because of|due to|thanks to|owing to|on account of|as a (?:result|consequence) of|caused by|driven by|"
    r"in view of) (?P<behind>[^\d,.;:!?%]+?)(?= (?:from|on|in|at|by|to|next|this|until|during|for)\b|[\d,.;:!?%]|$)"
    r"|^(?:and |but |then |next week |correction: )?(?P<before>(?:[^\W\d]+[ -]){1,5}?)(?:will |would |is going to |is "
    r"expected to |is set to )?(?:lifts?|boosts?|brings?|raises?|adds?|cuts?|costs?|reduces?|lowers?|pushes?|drives?|"
    r"depresses|depress|takes?|knocks?|dampens?|shaves?|slash(?:es)?|leads? to|doubles?|triples?|halves?) (?!by\b)\w",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|an?|our|its|their|this|that) ", re.IGNORECASE)


def _cause(phrase: str) -> str:
    """The cause that a clause names for a change; "" for none."""
    found = _CAUSE.search(phrase)
    return "" if found is None else _ARTICLE.sub("", (found["behind"] or found["before"]).strip().lower())


def _adds_up(first: str, second: str) -> bool:
    """Whether two changes of the same steps are both meant: the later one is on top, or they have other causes."""
    one, other = _cause(first), _cause(second)
    return _ON_TOP.search(second) is not None or ("" != one != other != "")


def _is_change(one: ContextEffect, other: ContextEffect) -> bool:
    """Whether two effects are changes of the same kind and the same steps."""
    same = (one.steps, one.partial) == (other.steps, other.partial)
    return same and any(one.operation in kind and other.operation in kind for kind in _CHANGES)


def _amount(effect: ContextEffect) -> tuple[str, tuple[float, ...], int]:
    """What a change does, whichever words say it: "doubles" is "rises by 100 %"."""
    factor = {"rise": 1.0, "cut": -1.0}.get(effect.operation)
    if factor is not None:
        return "times", (1 + factor * effect.operands[0],), -1
    return effect.operation, effect.operands, effect.weekday


def _says_again(before: ContextEffect, effect: ContextEffect) -> bool:
    """Whether an effect is that of an earlier clause, and not on top of it."""
    same = (before.steps, before.partial, *_amount(before)) == (effect.steps, effect.partial, *_amount(effect))
    return same and not (_is_change(before, effect) and _adds_up(before.phrase, effect.phrase))


def _limits(effect: ContextEffect) -> tuple[float, float]:
    """The least and largest value that a bound leaves."""
    low = -math.inf if effect.operation == "cap" else effect.operands[0]
    return low, math.inf if effect.operation == "floor" else effect.operands[-1]


def _exclude(one: ContextEffect, other: ContextEffect) -> bool:
    """Whether no value lies within two bounds."""
    if one.operation not in BOUNDS or other.operation not in BOUNDS:
        return False
    (low, high), (least, most) = _limits(one), _limits(other)
    return low > most or high < least


def _steps(effect: ContextEffect) -> frozenset[int]:
    return frozenset(step for first, last in effect.steps for step in range(first, last))


def _whole(effect: ContextEffect, steps: frozenset[int]) -> frozenset[int]:
    """Those of its steps that its window covers all of."""
    return steps - {step for step, _ in effect.partial}


def _runs(steps: frozenset[int]) -> tuple[tuple[int, int], ...]:
    first = sorted(step for step in steps if step - 1 not in steps)
    last = sorted(step + 1 for step in steps if step + 1 not in steps)
    return tuple(zip(first, last, strict=True))


def _left_out(effect: ContextEffect, reason: str) -> ContextEffect:
    return replace(effect, applied=False, reason=reason)


def _why_left_out(effect: ContextEffect, own: frozenset[int], later: ContextEffect, others: frozenset[int]) -> str:
    """Why an effect does not stand beside a later one; "" where it does."""
    if _says_again(effect, later):
        return ""
    if later.operation in _FIXED and own <= _whole(later, others):
        return "a later clause says what these steps are"
    if _exclude(effect, later) and own <= others:
        return "a later clause has another bound"
    if _is_change(effect, later) and not _adds_up(effect.phrase, later.phrase):
        return "a later clause says another change of these steps; say there “another” or “further” if both are meant"
    return ""


def _beside_others(place: int, effects: list[ContextEffect], steps: list[frozenset[int]]) -> ContextEffect:
    """A bound without the steps of which another clause says a value beyond it, or later another bound.

    The value is an exception where it is said of fewer steps ("at least 50 a day; closed on Sunday"), and a correction
    where it is said later. Where the bound is said later, of no more steps, it holds.
    """
    bound = effects[place]
    low, high = _limits(bound)
    left = steps[place]
    for other, (effect, own) in enumerate(zip(effects, steps, strict=True)):
        if effect.applied and effect.operation in _FIXED and (other > place or own < steps[place]):
            value = effect.operands[0] if effect.operands else 0.0
            left = left if low <= value <= high else left - _whole(effect, own)
        elif effect.applied and other > place and _exclude(bound, effect):
            left = left - own
    if left == steps[place]:
        return bound
    if not left:
        return _left_out(bound, "other clauses say what these steps are")
    partial = tuple((step, share) for step, share in bound.partial if step in left)
    return replace(bound, steps=_runs(left), partial=partial)


def with_additions(effects: list[ContextEffect], additions: dict[int, frozenset[int]]) -> list[ContextEffect]:
    """Effects with the times at which later clauses say that they hold, too.

    Args:
        effects: of the clauses.
        additions: steps of each clause that says so of the one before, by its place.
    """
    kept = list(effects)
    for place, steps in additions.items():
        told = next((k for k in reversed(range(place)) if k not in additions), -1)
        if told >= 0 and kept[told].applied and kept[told].operation != "ignore" and steps:
            kept[told] = replace(kept[told], steps=_runs(_steps(kept[told]) | steps))
            kept[place] = replace(kept[place], reason="its time is added to that of an earlier clause")
    return kept


def without_exceptions(effects: list[ContextEffect], exceptions: dict[int, frozenset[int]]) -> list[ContextEffect]:
    """Effects without the times at which a later clause says that they do not hold.

    Args:
        effects: of the clauses.
        exceptions: steps of each clause that says so, by its place.
    """
    kept = list(effects)
    for place, steps in exceptions.items():
        for other, effect in enumerate(kept[:place]):
            own = _steps(effect)
            if effect.applied and effect.operation != "ignore" and steps & own and own - steps:
                partial = tuple((step, share) for step, share in effect.partial if step not in steps)
                kept[other] = replace(effect, steps=_runs(own - steps), partial=partial)
                if not kept[place].applied:
                    kept[place] = replace(kept[place], reason="its time is taken out of that of an earlier clause")
    return kept


def _of_one_sentence(effect: ContextEffect, following: ContextEffect) -> bool:
    """Whether a sentence goes on from one clause to the next."""
    near = following.span[0] - effect.span[1] <= _NEAR
    return near and effect.phrase.rstrip()[-1:] not in (".", "!", "?")


def _replaces(effect: ContextEffect, later: ContextEffect) -> bool:
    """Whether a later effect of one sentence holds in place of an earlier one at some of its steps.

    It does where nothing would be left of it ("closed from 11 to 17 March; on the 14th half the usual sales"), and
    where both are changes of one kind ("10 % up from 4 to 8 March, but 20 % up on the 6th").
    """
    if not (effect.applied and later.applied) or later.operation in (*BOUNDS, "ignore"):
        return False
    same_kind = any(effect.operation in kind and later.operation in kind for kind in _CHANGES)
    of_change = same_kind and not _adds_up(effect.phrase, later.phrase)
    return (effect.operation in _FIXED or of_change) and _steps(later) < _steps(effect)


def without_replaced(effects: list[ContextEffect]) -> list[ContextEffect]:
    """Effects without the steps at which later ones of their sentence hold in their place."""
    kept = list(effects)
    for place, later in enumerate(effects):
        for k in reversed(range(place)):
            if not _of_one_sentence(effects[k], effects[k + 1]):
                break
            if _replaces(kept[k], later):
                others = _steps(later)
                partial = tuple((step, share) for step, share in kept[k].partial if step not in others)
                kept[k] = replace(kept[k], steps=_runs(_steps(kept[k]) - others), partial=partial)
    return kept


def without_contradictions(effects: list[ContextEffect]) -> list[ContextEffect]:
    """Let the later one stand of two statements that contradict each other; the earlier one is not applied.

    They do where nothing is left of the earlier one, and where two changes of one kind are said of the same steps
    ("10 % more", "20 % less"), unless the later one is said to be on top, or both name causes of their own. What is
    said twice is applied once. A bound stays for the steps of which neither a value beyond it is said as an exception,
    nor later another bound that excludes it.
    """
    kept = list(effects)
    steps = [_steps(effect) for effect in effects]
    for place, effect in enumerate(effects):
        if effect.applied and effect.operation != "ignore":
            told = (
                _why_left_out(effect, steps[place], effects[other], steps[other])
                for other in range(place + 1, len(effects))
                if effects[other].applied
            )
            reason = next(filter(None, told), "")
            kept[place] = _left_out(effect, reason) if reason else effect
    for place, effect in enumerate(kept):
        if effect.applied and any(before.applied and _says_again(before, effect) for before in kept[:place]):
            kept[place] = _left_out(effect, "it was said before")
    return [
        _beside_others(place, kept, steps) if effect.applied and effect.operation in BOUNDS else effect
        for place, effect in enumerate(kept)
    ]


__all__ = ["with_additions", "without_contradictions", "without_exceptions", "without_replaced"]
