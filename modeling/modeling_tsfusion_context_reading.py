"""The way from texts to the effects that the TSFusion forecaster applies, clause by clause, and against each other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .modeling_scaling import observed
from .modeling_tsfusion_context import WITH_SHARE, ContextHead, read_clauses
from .modeling_tsfusion_context_choices import Choice, choose_clause
from .modeling_tsfusion_context_conflicts import (
    with_additions,
    without_contradictions,
    without_exceptions,
    without_replaced,
)
from .modeling_tsfusion_context_effects import ContextEffect, shares_of
from .modeling_tsfusion_context_senses import (
    begins_exception,
    is_addition,
    is_exception,
    is_of_the_bound,
    is_said_to_be_negative,
)

if TYPE_CHECKING:
    from .modeling_text_encoder import FrozenTextEncoder

_NOTHING_CHANGES = "it says that nothing changes"
# Factor beyond which a forecast is not multiplied, and the same for a plain number that may be a value of the series.
_LARGEST_FACTOR, _LARGEST_PLAIN_FACTOR = 100.0, 10.0
# Share of the largest size of a series up to which values on the other side of 0 count as noise or rounding of 0: a
# meter of the sun reads -0.4 at night and 800 at noon, and temperatures run from -8 to 31.
_NOISE = 0.05


def _operands(name: str, context: Mapping[str, Any], numbers: list[int]) -> tuple[tuple[float, ...], str]:
    """Values of the numbers of an operation, a range in rising order, and why they cannot be; "" where they can."""
    operands = tuple(sorted(float(context["number_value"][k]) for k in numbers))
    if name in ("minus", "cut", "ramp_down"):
        # "Minus 5 %".
        operands = (abs(operands[0]),)
    if name in ("cut", "ramp_down") and operands[0] > 1:
        return operands, f"{100 * operands[0]:g} % less is less than nothing"
    if operands[0] == (1 if name == "times" else 0) and name in (*WITH_SHARE, "times", "plus", "minus"):
        return operands, _NOTHING_CHANGES
    low, high = (float(value) for value in context["value_range"])
    spread = max(high - low, 0.2 * max(abs(low), abs(high)))
    if name in WITH_SHARE and high < 0:
        return operands, "a share more of values below 0 may be meant as higher or as lower; state the value"
    if name in WITH_SHARE and min(-low, high) > _NOISE * max(-low, high):
        reason = "a share more may be meant as higher or as lower below 0, and the series runs from {:g} to {:g}"
        return operands, f"{reason.format(low, high)}; state the value"
    if name == "times" or name in WITH_SHARE:
        if context["number_form"][numbers[0]] != 0 and context["number_reasons"][numbers[0]]:
            return operands, f"its number cannot be applied: {context['number_reasons'][numbers[0]]}"
        most = abs(operands[0])
        is_value = context["number_form"][numbers[0]] == 0 and low - spread <= most <= high + spread
        if most > (_LARGEST_PLAIN_FACTOR if is_value else _LARGEST_FACTOR):
            return operands, f"{most:g} is too large for a factor of a series from {low:g} to {high:g}"
        return operands, ""
    reason = next((context["number_reasons"][k] for k in numbers if context["number_reasons"][k]), "")
    if reason:
        return operands, f"its number cannot be of the series: {reason}"
    if name in ("cap", "range") and operands[-1] < low - spread:
        return operands, f"it would hold a series from {low:g} to {high:g} below {operands[-1]:g}"
    if name in ("floor", "range") and operands[0] > high + spread:
        return operands, f"it would hold a series from {low:g} to {high:g} above {operands[0]:g}"
    return operands, ""


def _held_to_subjects(choices: Sequence[Choice], context: Mapping[str, Any]) -> list[Choice]:
    """Choices without effects of clauses that go on with one which says nothing of the series."""
    kept: list[Choice] = []
    for choice, goes_on in zip(choices, context["goes_on"], strict=True):
        if goes_on and not kept[-1].is_of_series:
            reason = choice.effect.reason or "what it goes on with states no effect on the series"
            choice = Choice(replace(choice.effect, applied=False, reason=reason), choice.numbers, False)
        kept.append(choice)
    return kept


def _choices(
    head: ContextHead, encoder: "FrozenTextEncoder", context: Mapping[str, Any], threshold: float
) -> list[Choice]:
    """What each clause of a text states, and a last one for what is left of a text that is too long."""
    if not context["texts"]:
        return []
    reading = read_clauses(head, encoder, context)
    choices = [choose_clause(reading, context, clause, threshold) for clause in range(len(context["texts"]))]
    choices = _held_to_subjects(choices, context)
    end = int(context["clause_span"][-1, 1])
    rest = context["text"][end:]
    if any(letter.isalnum() for letter in rest):
        reason = f"only the first {len(choices)} clauses of a text are read"
        span = (end, len(context["text"]))
        choices.append(Choice(ContextEffect("keep", rest, span, (), "", (), -1, 1.0, (), False, reason)))
    return choices


def _time_of(clause: int, context: Mapping[str, Any]) -> frozenset[int] | None:
    """Steps of the horizon of the only time of a clause; None where it has none or several, or is taken back."""
    history = int(context["history"])
    of_condition, of_another = (context["clause_cues"][clause, column] for column in (8, 10))
    owners = (context["window_owner"] == clause) & (context["window_clause"] == clause)
    times = {
        tuple((context["shares"][k][history:] > 0).nonzero()[0].tolist())
        for k in context["window_index"][owners]
        if k < len(context["shares"]) - 1
    }
    taken_back = of_condition or of_another or context["about_another"][clause]
    return frozenset(times.pop()) if len(times) == 1 and not taken_back else None


def _exceptions(effects: Sequence[ContextEffect], context: Mapping[str, Any]) -> dict[int, frozenset[int]]:
    """Steps that each clause says to be as usual, or to have an effect of their own, by its place."""
    found = {}
    for clause, words in enumerate(context["texts"]):
        is_other = effects[clause].applied and not begins_exception(words)
        says_so = is_exception(words) or effects[clause].reason == _NOTHING_CHANGES
        if not is_other and says_so and (time := _time_of(clause, context)) is not None:
            found[clause] = time
    return found


def _with_bounds(effects: Sequence[ContextEffect], context: Mapping[str, Any]) -> list[ContextEffect]:
    """Effects with values that are those of the bound before them: "the limit is 108; on Wednesday it is 98"."""
    kept = list(effects)
    for clause in range(1, len(context["texts"])):
        before, own, texts = kept[clause - 1], kept[clause], context["texts"]
        if own.operation == "set" and before.operation in ("cap", "floor") and before.applied:
            is_bound = is_of_the_bound(texts[clause], texts[clause - 1])
            kept[clause] = replace(own, operation=before.operation) if is_bound else own
    return kept


def _additions(effects: Sequence[ContextEffect], context: Mapping[str, Any]) -> dict[int, frozenset[int]]:
    """Steps of which each clause says the same as the one before, by its place."""
    found = {}
    for clause, words in enumerate(context["texts"]):
        is_one = not effects[clause].applied and is_addition(words)
        if is_one and (time := _time_of(clause, context)) is not None:
            found[clause] = time
    return found


@torch.no_grad()
def choose(
    head: ContextHead,
    encoder: "FrozenTextEncoder",
    context: Mapping[str, Any],
    threshold: float,
    choices: dict[int, list[Choice]] | None = None,
) -> list[ContextEffect]:
    """What the clauses of a text state, each one in their order, used or not.

    The most probable operation of a clause is taken, with its most probable number and window, where the product of
    their probabilities reaches the threshold. Others are "keep" with the reason, and operations whose number or window
    cannot be have a reason too.

    Args:
        head: of the model.
        encoder: of the words.
        context: features of a text.
        threshold: between 0 and 1.
        choices: of contexts that share their `texts`, kept to read the text of many series once.
    """
    choices = {} if choices is None else choices
    key = id(context["texts"])
    if key not in choices:
        choices[key] = _choices(head, encoder, context, threshold)
    effects: list[ContextEffect] = []
    for choice in choices[key]:
        effect = choice.effect
        if choice.numbers:
            low, value = float(context["value_range"][0]), float(context["number_value"][choice.numbers[0]])
            is_set = effect.operation == "set" and low >= 0
            may_be_set = (value < 0 and is_set) or (effect.operation == "minus" and low >= 0)
            if may_be_set and is_said_to_be_negative(effect.phrase):
                effect = replace(effect, reason="it is a value below 0, and the series has none", applied=False)
            elif value < 0 and (effect.operation == "plus" or is_set):
                # "-6 each day", said of a series without values below 0.
                effect = replace(effect, operation="minus")
            operands, reason = _operands(effect.operation, context, list(choice.numbers))
            reason = effect.reason or reason
            effect = replace(effect, operands=operands, applied=not reason, reason=reason)
        effects.append(effect)
    effects = _with_bounds(effects, context)
    effects = with_additions(effects, _additions(effects, context))
    effects = without_exceptions(effects, _exceptions(effects, context))
    return without_contradictions(without_replaced(effects))


def read_contexts(
    head: ContextHead,
    encoder: "FrozenTextEncoder",
    context: Sequence[Mapping[str, Any] | None],
    past_values: Tensor,
    past_observed_mask: Tensor | None,
    length: int,
    threshold: float,
) -> tuple[list[list[ContextEffect]], Tensor]:
    """Read the texts of a batch: what they do, and the mask of the values that are used, without those called faulty.

    Args:
        head: of the model.
        encoder: of the words.
        context: features of a text, or None, for each series: the batch times the channels, in this order.
        past_values: (batch, time, channels).
        past_observed_mask: same shape, or None.
        length: steps of the forecast.
        threshold: probability from which on an operation is chosen.

    Raises:
        ValueError: for contexts of another number or horizon.
    """
    batch, time, channels = past_values.shape
    if len(context) != batch * channels:
        raise ValueError(
            f"{len(context)} contexts for past_values of shape {tuple(past_values.shape)}; give one, or None, for "
            "each channel of each sample."
        )
    known = observed(past_values, past_observed_mask).clone()
    found: list[list[ContextEffect]] = []
    choices: dict[int, list[Choice]] = {}
    for row, features in enumerate(context):
        found.append([])
        if features is None:
            continue
        ahead = len(features["weekday"]) - int(features["history"])
        if ahead != length:
            raise ValueError(f"context {row} was prepared for {ahead} steps ahead; the forecast has {length}.")
        shown = known[row // channels, :, row % channels]
        for effect in choose(head, encoder, features, threshold, choices):
            if effect.operation == "ignore" and effect.applied:
                left = shown & (shares_of(effect, time, 0, shown.device) == 0)
                if left.any():
                    shown.copy_(left)
                else:
                    reason = "nothing would be left of the history"
                    effect = replace(effect, applied=False, reason=reason)
            found[-1].append(effect)
    return found, known


__all__ = ["choose", "read_contexts"]
