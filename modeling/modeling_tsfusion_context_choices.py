"""What a clause of a text states, by the probabilities of the head that reads it: operation, numbers and time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .configuration_tsfusion import OPERATIONS
from .modeling_tsfusion_context import WITH_SHARE, WITH_VALUE, Reading
from .modeling_tsfusion_context_doubts import (
    contradicts,
    is_by_a_factor,
    is_by_a_share,
    is_from_to,
    is_just_flat,
    is_lower_by_a_factor,
    is_of_a_price,
    is_of_some_days,
    is_reached,
    is_replaced,
    is_set_to,
    may_exceed,
    plain_side,
    replaced_side,
    takes_a_share,
    why_unsure,
)
from .modeling_tsfusion_context_effects import ContextEffect
from .modeling_tsfusion_context_senses import (
    is_exception,
    is_of_a_cause,
    is_of_a_level,
    is_of_a_value,
    is_then,
    not_then,
    open_at,
)

# What stands for a time in plain words.
_A_TIME = "during that period"
# What stands behind a time that another one holds anyway, and what a time that tells others again begins with.
_INCLUDED = re.compile(r"\W*(?:is |are )?(?:included|including)\b", re.IGNORECASE)
_TOLD_AGAIN = re.compile(r"(?:on |in |for |during |over )?(?:that|those|these|each of|both|the same)\b", re.IGNORECASE)
# What a ramp is where no word says that it takes its time.
_LEVELS = {"ramp_up": "rise", "ramp_down": "cut"}


@dataclass(frozen=True)
class Choice:
    """What a clause states, before the values of the history are looked at: an effect, and its numbers.

    Args:
        effect: used or not.
        numbers: places of its numbers.
        is_of_series: whether the clause says something of the series, used or not, for one that goes on with it.
    """

    effect: ContextEffect
    numbers: tuple[int, ...] = ()
    is_of_series: bool = True


# What words of a clause say that may keep it from stating an effect; see `clause_cues` of `context_features`.
_HINTS = ("a condition", "a denial", "another place", "the past")


def _no_effect(context: Mapping[str, Any], clause: int) -> str:
    """Why a clause that states no operation is not used, as far as it can be told."""
    own = [k for k, owner in enumerate(context["window_owner"]) if owner == clause == context["window_clause"][k]]
    windows = dict.fromkeys(int(context["window_index"][k]) for k in own)
    told = []
    for window in windows:
        reason = context["window_reasons"][window] if window < len(context["window_reasons"]) else ""
        first, last = context["window_span"][window].tolist()
        told += [f"“{context['text'][first:last]}”: {reason}"] if reason else []
    if not told:
        told = [
            f"words of {hint}" for hint, cue in zip(_HINTS, context["clause_cues"][clause][8:], strict=False) if cue
        ]
    if context["clause_cut"][clause]:
        told.append("its end was not read")
    return "it states no effect on the series" + (f" ({'; '.join(told)})" if told else "")


def _operation(chances: Tensor, context: Mapping[str, Any], clause: int, threshold: float) -> tuple[str, float]:
    """The most probable operation of a clause.

    Where a bound is sure, and its side is not, the words at its number say it; plain ones always do ("stay below 90").
    What "climbs to 90" is set to it, and "6% up" is no ramp.
    """
    confidence, kind = (float(value) for value in chances.max(0))
    name = OPERATIONS[int(kind)]
    if name in ("cap", "floor"):
        own = [k for k, owner in enumerate(context["number_clause"]) if owner == clause and context["number_bound"][k]]
        side = plain_side(context, own[0]) if len(own) == 1 else 0
        if len(own) == 1 and (side or confidence < threshold):
            name = "cap" if context["number_bound"][own[0]] > 0 else "floor"
            confidence = float(chances[OPERATIONS.index("cap")] + chances[OPERATIONS.index("floor")])
    if name in _LEVELS and is_of_a_level(context["texts"][clause]):
        name = _LEVELS[name]
    own = [k for k, owner in enumerate(context["number_clause"]) if owner == clause]
    if len(own) == 1 and (is_set_to(context, own[0]) or is_of_a_value(context["texts"][clause])):
        values = float(chances[[OPERATIONS.index(one) for one in WITH_VALUE]].sum())
        name, confidence = ("set", values) if name in WITH_VALUE or values > confidence else (name, confidence)
    return name, confidence


def _numbers_of(
    reading: Reading, context: Mapping[str, Any], clause: int, name: str
) -> tuple[str, tuple[int, ...], float]:
    """The operation, which two bounds make a range, its numbers and their probability."""
    if name not in (*WITH_VALUE, *WITH_SHARE, "times"):
        return name, (), 1.0
    own = (torch.as_tensor(context["number_clause"]) == clause).nonzero().flatten()
    form, bounds, values = (torch.as_tensor(context[f"number_{kind}"])[own] for kind in ("form", "bound", "value"))
    fits = form == 0 if name in WITH_VALUE else form != 0 if name in WITH_SHARE else form >= 0
    if len(own) > 1:
        # "One instead of two".
        fits = fits & torch.tensor([not is_replaced(context, int(k)) for k in own])
    best = own[(reading.numbers[own] * fits).topk(2 if name == "range" else 1).indices]
    if name == "range" and len({float(context["number_value"][k]) for k in best}) == 1:
        side = replaced_side(context["texts"][clause])
        if side:
            return side, (int(best[0]),), float(reading.numbers[best].sum())
    two = (bounds > 0).sum() == 1 == (bounds < 0).sum()
    if name in ("cap", "floor", "range") and two and values[bounds < 0] < values[bounds > 0]:
        # The words say which number bounds from below, and which from above.
        name, best = "range", own[bounds != 0]
    return name, tuple(best.tolist()), float(reading.numbers[best].sum())


def _window_chances(reading: Reading, context: Mapping[str, Any], clause: int, pairs: Tensor) -> Tensor:
    """Probabilities of the windows of a clause, without those of later exceptions and of later sentences' effects."""
    owners = torch.as_tensor(context["window_owner"])[pairs]
    excepted = torch.tensor([owner > clause and is_exception(context["texts"][owner]) for owner in owners])
    sentence = (torch.as_tensor(context["clause_links"])[:, 2] == 0).cumsum(0)
    with_effect = sentence[reading.operations.argmax(1) != OPERATIONS.index("keep")]
    of_others = (sentence[owners] > sentence[clause]) & torch.isin(sentence[owners], with_effect)
    chances = reading.windows[pairs].masked_fill(of_others | excepted, 0)
    return chances / chances.sum().clamp(min=torch.finfo(chances.dtype).tiny)


def _of_same_times(chances: Tensor, shares: Tensor) -> Tensor:
    """Probabilities of windows, each with those of the others of the same steps: "on 8 March ... on that day"."""
    same = (shares[:, None] == shares).all(-1)
    return (same * chances).sum(1)


def _may_be_within(context: Mapping[str, Any], window: int, before: str, chosen: int) -> bool:
    """Whether a time may be the narrower one that is meant: none of a cause, "(Good Friday included)", or told again.

    Args:
        context: features of the text.
        window: the time.
        before: the words of the clause before it.
        chosen: the time that was chosen; what "that day and the next" tells again is not meant alone.
    """
    text, spans = context["text"], context["window_span"]
    (start, stop), end = spans[chosen].tolist(), int(spans[window, 1])
    return not (
        is_of_a_cause(before)
        or _INCLUDED.match(text[end:]) is not None
        or _TOLD_AGAIN.match(text[start:stop]) is not None
    )


def _narrowest(place: int, chances: Tensor, ahead: Tensor, own: Tensor) -> int:
    """The most probable window of a clause within the one that was chosen: "in March we are closed on Mondays".

    Args:
        place: of the one that was chosen, which is that where it holds no other.
        chances: of each.
        ahead: share of each step of the horizon that lies in each.
        own: whether each stands in the clause, and is no time of a cause.
    """
    inside = own & (ahead > 0).any(1) & (ahead <= ahead[place]).all(1) & (ahead < ahead[place]).any(1)
    return int((chances * inside).argmax()) if own[place] and inside.any() else place


def _before_times(context: Mapping[str, Any], clause: int, windows: Sequence[int]) -> dict[int, str]:
    """The words of a clause, and of the next one, before each of some windows that stand in them."""
    starts, text = context["window_span"][:, 0].tolist(), context["text"]
    start, end = context["clause_span"][clause, 0], context["clause_span"][clause : clause + 2, 1].max()
    return {k: text[start : starts[k]] for k in windows if k < len(starts) - 1 and start < starts[k] < end}


def _runs(inside: Tensor, history: int) -> tuple[tuple[int, int], ...]:
    """Runs of steps, 0 the first of the horizon."""
    edges = F.pad(inside.int(), (1, 1)).diff().nonzero().flatten() - history
    return tuple((int(first), int(last)) for first, last in edges.view(-1, 2))


def _partial(share: Tensor, history: int) -> tuple[tuple[int, float], ...]:
    """Steps that are covered in part, 0 the first of the horizon, and the share of each."""
    places = ((share > 0) & (share < 1)).nonzero().flatten()
    return tuple(zip((places - history).tolist(), share[places].tolist(), strict=True))


@dataclass(frozen=True)
class _Stated:
    """An operation that a clause states, before its time.

    Args:
        operation: name of it.
        numbers: places of its numbers.
        probability: of the operation with these.
        reason: why its words are not understood; "" where they are.
    """

    operation: str
    numbers: tuple[int, ...]
    probability: float
    reason: str


@dataclass(frozen=True)
class _When:
    """The time of an operation that a clause states.

    Args:
        window: its row in the shares of the context; the last one is the whole horizon.
        probability: that it is the one that is meant.
        is_possible: whether the clause has any time in the part of the axis that the operation is of.
        open_at: times in the clause at which what it closes is open, and how that is said.
        told: times of the clause before, where the clause has none itself and goes on with it.
    """

    window: int
    probability: float
    is_possible: bool
    open_at: Mapping[int, str]
    told: tuple[int, ...]


def _as_worded(stated: _Stated, context: Mapping[str, Any]) -> _Stated:
    """The operation by the words at its number: "20% of the usual" is a factor, and "up to 90" no change by 90."""
    name, numbers, reason = stated.operation, stated.numbers, ""
    if not numbers:
        return stated
    first = numbers[0]
    is_share = context["number_form"][first] != 0
    if name == "times" and is_share and context["number_value"][first] < 0:
        # "Sales: -20%".
        name = "cut"
    # The numbers of ramps are what is reached in the end.
    if name in ("rise", "cut", "plus", "minus"):
        reached, of_usual = is_reached(context, first)
        if name in ("plus", "minus"):
            reason = "its number is the value that is reached, not the change; say “will be”" if reached else ""
        elif of_usual:
            name = "times"
        elif reached:
            reason = "it may be the share that is reached, or that of the change; say “by”, or “of the usual”"
    lower_by_a_factor = "it is said to be lower by a factor; say “a third of the usual”"
    if name in ("rise", "cut", "plus", "minus") and is_by_a_factor(context, first):
        name, reason = ("times", reason) if name in ("rise", "plus") else (name, lower_by_a_factor)
    if name == "times" and is_share and takes_a_share(context, first):
        name = "cut"
    if is_replaced(context, first):
        reason = "another number stands instead of it"
    if name == "times" and is_lower_by_a_factor(context, first):
        reason = lower_by_a_factor
    if name == "times" and is_by_a_share(context, first):
        reason = "it may be what is left or what is lost; say “to”, or “by … lower”"
    return _Stated(name, numbers, stated.probability, reason)


def _has_time_between(context: Mapping[str, Any], numbers: Sequence[int]) -> bool:
    """Whether a time stands between two numbers of a clause: "capped at 105 on Tuesday, at 98 from 16:00 on"."""
    places = sorted(tuple(context["number_place"][k].tolist()) for k in numbers)
    words = context["texts"][context["number_clause"][numbers[0]]]
    return _A_TIME in words[places[0][1] : places[-1][0]]


def _why_not(stated: _Stated, context: Mapping[str, Any], clause: int) -> str:
    """Why an operation is not applied, by the words of its clause; "" where nothing speaks against it."""
    name, numbers = stated.operation, stated.numbers
    if numbers and is_of_a_price(context, numbers[0]):
        return "it is a discount, and not a change of the series"
    if numbers and contradicts(name, context, numbers[0]):
        return "the word at its number says the other direction"
    if name == "range" and is_from_to(context["texts"][clause]):
        return "it says from which value to which it changes; state the one that it will be"
    if name == "range" and len(numbers) > 1 and _has_time_between(context, numbers):
        return "a time stands between its numbers; say what each holds for in a sentence of its own"
    if name == "like_day" and int(context["day_length"]) == 0:
        return "a step of the series is longer than a day"
    if context["another_quantity"][clause] and name != "ignore":
        return "it is of another quantity; say what that does to the series"
    if context["about_another"][clause]:
        return "it names another series of the table; say what is of this one in a sentence of its own"
    if stated.reason:
        return stated.reason
    phrase = context["text"][slice(*context["clause_span"][clause].tolist())]
    return why_unsure(name, phrase, context, clause)


def _when(reading: Reading, context: Mapping[str, Any], clause: int, name: str) -> _When:
    """The most probable time of an operation."""
    history, shares = int(context["history"]), torch.as_tensor(context["shares"])
    of_past = name == "ignore"
    has_steps = (shares[:, :history] if of_past else shares[:, history:]).gt(0).any(1)
    pairs = (torch.as_tensor(context["window_clause"]) == clause).nonzero().flatten()
    index, owner = (torch.as_tensor(context[f"window_{kind}"])[pairs] for kind in ("index", "owner"))
    right = has_steps[index]
    chances = _window_chances(reading, context, clause, pairs)
    before = _before_times(context, clause, index.tolist())
    times_open = {k: how for k, words in before.items() if name == "zero" and (how := open_at(words))}
    others = [
        k
        for k, words in before.items()
        if not_then(words, context["text"][slice(*context["window_span"][k].tolist())])
    ]
    if times_open or others:
        chances = chances.masked_fill(torch.isin(index, torch.tensor([*times_open, *others])), 0)
        chances = chances / chances.sum().clamp(min=torch.finfo(chances.dtype).tiny)
    earlier, is_named = owner[owner < clause], index < len(context["window_span"]) - 1
    if is_then(context["texts"][clause]) and len(earlier) and not ((owner == clause) & is_named).any():
        # "A cake at 10:00. Idle from 12:00 to 18:00; the load will then be 60% of normal".
        chances = chances.masked_fill(owner != earlier.max(), 0)
        chances = chances / chances.sum().clamp(min=torch.finfo(chances.dtype).tiny)
    chances = _of_same_times(chances, shares[index])
    place = int((chances * (right if right.any() else 1)).argmax())
    probability = float(chances[place])
    if not of_past:
        may = [_may_be_within(context, int(k), before.get(int(k), ""), int(index[place])) for k in index]
        own = (owner == clause) & torch.tensor(may)
        to_come = shares[index][:, history:]
        place = _narrowest(place, chances, to_come, own)
        if own[place]:
            # "On Monday 10 % more after 6 pm": the day stands for its evening.
            probability = float(chances[own & (to_come >= to_come[place]).all(1)].sum())
    window, told = int(index[place]), []
    if not of_past and window == len(context["window_span"]) - 1 and context["clause_links"][clause, 2]:
        # "Closed from 1 to 7 July; admissions will be 40 % lower": not for the whole horizon.
        told = index[owner == clause - 1].tolist()
        ahead = [k for k in told if bool(has_steps[k])]
        window = ahead[0] if len(ahead) == 1 else window
    return _When(window, probability, bool(right.any()), times_open, tuple(told))


def _why_not_then(stated: _Stated, when: _When, context: Mapping[str, Any], clause: int) -> str:
    """Why an operation is not applied, by its time; "" where nothing speaks against it."""
    history, of_past = int(context["history"]), stated.operation == "ignore"
    reasons, is_whole = context["window_reasons"], when.window == len(context["window_span"]) - 1
    is_known = any((context["shares"][k][history:] > 0).any() or not reasons[k] for k in when.told)
    if when.told and not is_known:
        return f"the time before it is not known: {reasons[when.told[0]]}"
    if not of_past and is_whole and context["of_past"][clause]:
        return "it tells of the past, and of no time to come; say “will”"
    if not of_past and is_whole and is_of_some_days(context["text"][slice(*context["clause_span"][clause].tolist())]):
        return "it says on what kind of days it is so, and not when these are"
    if not when.is_possible:
        unknown = reasons[when.window] if when.window < len(reasons) else ""
        part = "history" if of_past else "horizon"
        return f"its time has no step in the {part}{f': {unknown}' if unknown else ''}"
    return ""


def _steps_of(stated: _Stated, when: _When, context: Mapping[str, Any]) -> tuple[Tensor, str]:
    """Share of each step (history + horizon,) that an operation is of, and why it cannot be of these."""
    history, shares = int(context["history"]), torch.as_tensor(context["shares"])
    name, share, reason = stated.operation, shares[when.window].clone(), ""
    if name == "ignore":
        share[history:] = 0
        share = (share >= 0.5).to(share)
        if when.is_possible and not share.any():
            reason = "its time covers less than half of any step of the history"
        return share, reason
    share[:history] = 0
    for time, how in when.open_at.items():
        opened = shares[time] > 0
        share[opened.cumsum(0) > 0 if how == "again" else opened] = 0
    if when.open_at and not share.any():
        return share, "its time is one at which it is open"
    exceeds = name in ("cap", "floor") and may_exceed(context, stated.numbers[0])
    if exceeds and (name == "cap" or int((share > 0).sum()) > 1):
        reason = "it may be exceeded once or all the time; say “stays above”"
    elif name in WITH_VALUE and share.any() and not (share == 1).any():
        reason = "its time covers no whole step, and its number may be of that time or of a step"
    return share, reason


def choose_clause(reading: Reading, context: Mapping[str, Any], clause: int, threshold: float) -> Choice:
    """Choose the most probable operation of a clause, its numbers and its time.

    Args:
        reading: probabilities of all clauses of the text.
        context: features of the text.
        clause: its place among the clauses.
        threshold: least probability of the operation, and of it with its numbers and time.
    """
    start, stop = context["clause_span"][clause].tolist()
    phrase, words = context["text"][start:stop], context["texts"][clause]
    kept = ContextEffect("keep", phrase, (start, stop), (), "", (), -1, 1.0, (), False)
    name, confidence = _operation(reading.operations[clause], context, clause, threshold)
    if name == "keep" or confidence < threshold:
        reason = _improbable(name, "", confidence, threshold) if name != "keep" else _no_effect(context, clause)
        # "Flat on Saturday, 10 % down on Sunday".
        is_of_series = name != "keep" or is_just_flat(words) or is_exception(words)
        return Choice(replace(kept, confidence=confidence, reason=reason), is_of_series=is_of_series)
    name, numbers, share_of_numbers = _numbers_of(reading, context, clause, name)
    stated = _as_worded(_Stated(name, numbers, confidence * share_of_numbers, ""), context)
    reason = _why_not(stated, context, clause)
    is_of_series = not reason or is_just_flat(words)
    when = _when(reading, context, clause, stated.operation)
    sure = stated.probability * when.probability
    if sure < threshold:
        reason = _improbable(stated.operation, " with its number and time", sure, threshold)
        return Choice(replace(kept, confidence=sure, reason=reason), is_of_series=is_of_series)
    share, why_not_those = _steps_of(stated, when, context)
    reason = reason or _why_not_then(stated, when, context, clause) or why_not_those
    history, (first, last) = int(context["history"]), context["window_span"][when.window].tolist()
    effect = replace(
        kept,
        operation=stated.operation,
        when=context["text"][first:last],
        steps=_runs(share > 0, history),
        weekday=int(context["reference"][clause]) if stated.operation == "like_day" else -1,
        confidence=min(sure, 1.0),
        partial=_partial(share, history),
        applied=not reason,
        reason=reason,
    )
    return Choice(effect, stated.numbers, is_of_series)


def _improbable(name: str, what: str, probability: float, threshold: float) -> str:
    return f"“{name.replace('_', ' ')}”{what} has the probability {probability:.2f}, below {threshold:g}"


__all__ = ["Choice", "choose_clause"]
