"""Truth of an example in terms of its grounded text: the operation, number and window of each clause."""

from typing import Any

import numpy as np

from ...processing.grounding import Grounding
from .context_writer import Effect
from .contexts import Example


def _clauses_of(effect: Effect, grounding: Grounding, features: dict[str, Any]) -> set[int]:
    """Clauses that state an effect: those of its numbers, else that of its day, its window or its first word."""
    ends = [clause.stop for clause in grounding.clauses]

    def clause_of(start: int) -> int:
        return int(np.searchsorted(ends, start, side="right"))

    if effect.numbers:
        return {clause_of(start) for start, _ in effect.numbers}
    first, last = effect.phrase
    within = range(clause_of(first), clause_of(max(last - 1, first)) + 1)
    if effect.operation == "like_day":
        return {next((k for k in within if features["reference"][k] >= 0), within[0])}
    window = effect.window
    return {clause_of(window[0])} if window is not None and first <= window[0] < last else {within[0]}


def context_targets(example: Example, grounding: Grounding, features: dict[str, Any]) -> dict[str, Any]:
    """What the head that chooses operations should choose.

    Args:
        example: a series and its text.
        grounding: of the text.
        features: from `context_features`.

    Returns:
        `operation`, the name for each clause, "keep" where it states none; `right_number` bool (numbers,) and
        `right_window` bool (pairs,), whether each is that of its clause. Grounding may have missed the right one.
    """
    operation = ["keep"] * len(features["texts"])
    right_number = np.zeros(len(features["number"]), dtype=bool)
    right_window = np.zeros(len(features["window_clause"]), dtype=bool)
    history = len(example.history)
    for effect in example.effects:
        part = slice(None, history) if effect.operation == "ignore" else slice(history, None)
        # A step is stated for where most of it lies in the window.
        steps = features["shares"][:, part] > 0.5
        clauses = _clauses_of(effect, grounding, features)
        for clause in clauses:
            # Two bounds in two clauses are a floor and a cap.
            parted = effect.operation == "range" and len(clauses) == 2
            operation[clause] = ("floor" if clause == min(clauses) else "cap") if parted else effect.operation
            own = (features["window_clause"] == clause).nonzero()[0]
            right_window[own] = (steps[features["window_index"][own]] == effect.steps[part]).all(1)
        for k, index in enumerate(features["number"]):
            number = grounding.numbers[index]
            right_number[k] |= any(number.start < stop and number.stop > start for start, stop in effect.numbers)
    return {"operation": operation, "right_number": right_number, "right_window": right_window}


__all__ = ["context_targets"]
