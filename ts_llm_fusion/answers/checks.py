"""Check of answers: sentences are parsed by the grammar, and each claim is computed anew from history and forecast.

Nothing here reads the facts that the words were rendered from, or the question: the steps, the statistic, the bound and
the series are those that the sentence names, and the values are taken from the tables by pandas.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..explanations.checks import Claim
from ..explanations.lexicon import MONTHS, WEEKDAYS, parse_number
from .frames import Frame, frames
from .scopes import scope_rows
from .subject import Subject

_NUMERIC = frozenset(("observed", "derived", "forecast", "number", "percent", "count", "correlation"))
_PRECISION = 1e-9
_CODES = {"hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
_SIDES: dict[str, Callable[[pd.Series, float], pd.Series]] = {
    "above": pd.Series.gt, "below": pd.Series.lt, "at least": pd.Series.ge, "at most": pd.Series.le, "equal to": pd.Series.eq,
}  # fmt: skip


class _Said:
    """What a sentence says: its words by slot, and the values that they are of.

    Args:
        groups: words of the slots and of the parts of scopes.
        subject: that the sentence is of.
        subjects: all series of the answer.
    """

    def __init__(self, groups: dict[str, str | None], subject: Subject, subjects: Sequence[Subject]):
        self.groups, self.subject, self.subjects = groups, subject, subjects

    def __getitem__(self, slot: str) -> str:
        return self.groups[slot] or ""

    def number(self, slot: str) -> float:
        """The number that a slot says."""
        value = parse_number(self[slot].split()[0])
        return value / 100 if self[slot].endswith(" %") else value

    def named(self, slot: str) -> Subject:
        """The series that a slot names."""
        return next(subject for subject in self.subjects if subject.name == self[slot])

    def rows(self, slot: str = "scope", subject: Subject | None = None) -> np.ndarray:
        """Rows of a scope."""
        found = scope_rows(self.groups, slot, subject or self.subject)
        return np.zeros(0, dtype=np.int64) if found is None else found

    def values(self, slot: str = "scope", subject: Subject | None = None) -> pd.Series:
        """Values of a scope by row, observed or forecast."""
        subject, rows = subject or self.subject, self.rows(slot, subject)
        ahead = max(int(rows[-1]) + 1 - len(subject), 0) if len(rows) else 0
        whole = pd.Series(subject.values)
        if ahead:
            whole = pd.concat([whole, subject.forecast(ahead)["mean"].head(ahead)], ignore_index=True)
        return whole.loc[rows]

    def row(self, slot: str) -> int | None:
        """Row of a time; None for one that is not there."""
        keys = _keys(self.subject)
        key = self.subject.calendar.parse(self[slot])
        places = keys.get(key or "")
        return places

    def value_at(self, slot: str) -> float:
        """Observed or forecast value at a time."""
        row = self.row(slot)
        if row is None:
            return float("nan")
        if row < len(self.subject):
            return float(self.subject.values[row])
        return float(self.subject.forecast(row + 1 - len(self.subject))["mean"][row])

    def quantile(self, slot: str, level: float) -> float:
        """Quantile of the forecast at a time."""
        row = self.row(slot)
        if row is None or row < len(self.subject):
            return float("nan")
        band = self.subject.forecast(row + 1 - len(self.subject)).loc[row].drop("mean")
        return float(np.interp(level, band.index.astype(float), band.to_numpy()))


def _keys(subject: Subject) -> dict[str, int]:
    known = getattr(subject, "_checked_keys", None)
    if known is None:
        rows = range(len(subject.timestamps))
        known = {subject.calendar.key(subject.moment(row)): row for row in rows}
        subject._checked_keys = known  # type: ignore[attr-defined]
    return known
