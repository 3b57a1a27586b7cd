"""Notes that state several effects, written as a whole, as texts to train on beside those of composed phrases.

A note has its text and what a careful reader expects, `[operation, operands, steps]` of each effect. Which clause,
number and window of the grounded text an effect is stated by follows from its operands and steps.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from ...processing.context_features import prepare_context

_SHARES = ("rise", "cut")
_VALUES = ("set", "plus", "minus", "cap", "floor", "range")
# Shares are told in words, and written with some digits: "a third" is 0.333.
_TOLERANCE = 0.01


@dataclass(frozen=True)
class NotesSeries:
    """The series that notes are on, with values from 83 to 117.

    Args:
        stamps: of history and horizon.
        horizon: steps ahead.
        season: steps of a period.
        first: number of the first step of the horizon in the notes.
    """

    stamps: pd.DatetimeIndex
    horizon: int
    season: int
    first: int

    def history(self) -> np.ndarray:
        """Its values, (time,)."""
        time = len(self.stamps) - self.horizon
        season = 10 * np.sin(np.arange(time) * 2 * np.pi / self.season)
        return 100 + season + np.random.default_rng(0).normal(0, 3, time)


# Daily until 29 February 2024, with a horizon of March; hourly until 3 March 2024, a Sunday, with one of three days;
# monthly until December 2023, with one of 2024.
NOTES_SERIES = {
    "days": NotesSeries(pd.date_range("2024-01-01", periods=91, freq="D"), 31, 7, 1),
    "hours": NotesSeries(pd.date_range("2024-02-12", periods=24 * 24, freq="h"), 72, 24, 0),
    "months": NotesSeries(pd.date_range("2019-01-01", periods=72, freq="MS"), 12, 12, 1),
}


def _numbers_of(operation: str, operands: Sequence[float], features: Mapping[str, Any]) -> list[list[int]]:
    """For each operand the numbers of the text that may be it; an empty list where there is none."""
    forms, values = features["number_form"], np.abs(features["number_value"])
    found = []
    for operand in operands:
        fits = np.abs(values - abs(operand)) <= _TOLERANCE * max(1.0, abs(operand))
        fits &= forms == 0 if operation in _VALUES else forms != 0 if operation in _SHARES else forms >= 0
        found.append(np.flatnonzero(fits).tolist())
    return found


def _clauses_of(
    operation: str, numbers: Sequence[Sequence[int]], windows: Sequence[int], features: Mapping[str, Any]
) -> list[int]:
    """Clauses that have a number for each operand, and may mean a window of the steps of an effect."""
    of_number, of_window = features["number_clause"], features["window_clause"]
    able = {int(of_window[pair]) for pair in windows}
    for candidates in numbers:
        able &= {int(of_number[k]) for k in candidates}
    if operation == "zero":
        # Its own time, and no time of a neighbor.
        own = {int(of_window[pair]) for pair in windows if features["window_owner"][pair] == of_window[pair]}
        able &= own or able
    return sorted(able)


def note_targets(
    effects: Sequence[tuple[str, Sequence[float], Sequence[int]]], features: Mapping[str, Any], series: NotesSeries
) -> dict[str, Any]:
    """What the head that chooses operations should choose for a note.

    Args:
        effects: operation, operands and steps.
        features: of its text, from `prepare_context`.
        series: that it is on.

    Returns:
        As `context_targets`, with None as the operation of a clause that may state an effect which is not found.
    """
    count, history = len(features["texts"]), int(features["history"])
    operation: list[str | None] = ["keep"] * count
    right_number = np.zeros(len(features["number"]), dtype=bool)
    right_window = np.zeros(len(features["window_clause"]), dtype=bool)
    steps = features["shares"][:, history:] > 0.5
    wanted = np.zeros((len(effects), series.horizon), dtype=bool)
    for k, (*_, own) in enumerate(effects):
        wanted[k, [step - series.first for step in own]] = True
    told: list[tuple[list[list[int]], list[int], list[int]]] = []
    for k, (name, operands, _) in enumerate(effects):
        numbers = _numbers_of(name, operands, features)
        index = features["window_index"]
        exact = (steps == wanted[k]).all(1)
        # Steps of another effect may be exceptions of this one; or its own are told in parts.
        more = steps & ~wanted[k]
        loose = (steps | ~wanted[k]).all(1) & (~more | wanted[np.arange(len(effects)) != k].any(0)).all(1)
        parts = steps.any(1) & ~more.any(1)
        fits = next((some for some in (exact, loose) if some[index].any()), parts)
        windows = np.flatnonzero(fits[index]).tolist()
        told.append((numbers, windows, _clauses_of(name, numbers, windows, features)))
    is_found = True
    for k, ((name, _, _), (numbers, windows, clauses)) in enumerate(zip(effects, told, strict=True)):
        # Clauses that state one effect alone: one of all its time, or several of parts of it.
        sole = [c for c in clauses if sum(c in others for *_, others in told) == 1]
        of_pair = [int(features["window_clause"][pair]) for pair in windows]
        parts = steps[features["window_index"][windows]] & wanted[k]
        covered = np.array([c in sole for c in of_pair], dtype=bool)
        is_whole = bool(covered.any()) and bool((parts[covered].any(0) == wanted[k]).all())
        is_parted = is_whole and (parts[covered].sum(0) <= 1).all()
        if not is_whole or (len(sole) > 1 and not is_parted):
            is_found = False
            continue
        for clause in sole:
            operation[clause] = name
            for candidates in numbers:
                right_number[[one for one in candidates if features["number_clause"][one] == clause]] = True
            right_window[[pair for pair, c in zip(windows, of_pair, strict=True) if c == clause]] = True
    if not is_found:
        operation = [name if name != "keep" else None for name in operation]
    return {"operation": operation, "right_number": right_number, "right_window": right_window}


def note_item(note: Mapping[str, Any], series: NotesSeries) -> dict[str, Any]:
    """Features and targets of a note."""
    _, features = prepare_context(note["text"], series.history(), series.horizon, series.stamps)
    return features | note_targets(note["effects"], features, series)


def training_notes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the notes to train on, each with the kind of its series."""
    for kind in NOTES_SERIES:
        for path in sorted(files(__package__).joinpath("notes", kind).iterdir(), key=lambda one: one.name):
            for line in path.read_text(encoding="utf-8").splitlines():
                yield kind, json.loads(line)


__all__ = ["NOTES_SERIES", "NotesSeries", "note_item", "note_targets", "training_notes"]
