"""Computation of answers: a query and its series to statements."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .asked_scopes import scopes_of
from .facts_of_bounds import (
    tell_beyond,
    tell_count,
    tell_crossing,
    tell_number,
    tell_probability,
    tell_run,
    tell_share,
    tell_values_beyond,
)
from .facts_of_forecasts import tell_band, tell_forecast
from .facts_of_shape import tell_break, tell_extent, tell_missing, tell_outliers, tell_season, tell_trend
from .facts_of_values import (
    of_values,
    tell_change,
    tell_difference,
    tell_edge,
    tell_extreme,
    tell_largest_step,
    tell_percentile,
    tell_profile,
    tell_ranked,
    tell_statistic,
    tell_statistic_of_top,
    tell_top,
    tell_values,
)
from .query import Query
from .statements import Statement
from .stretches import all_beyond, run_of_moves, since, until
from .subject import Subject

KINDS: dict[str, Callable[[Query, Subject], list[Statement]]] = {
    "statistic": tell_statistic,
    "extreme": tell_extreme,
    "difference": tell_difference,
    "change": tell_change,
    "largest step": tell_largest_step,
    "count": tell_count,
    "crossing": tell_crossing,
    "trend": tell_trend,
    "season": tell_season,
    "break": tell_break,
    "outliers": tell_outliers,
    "missing": tell_missing,
    "extent": tell_extent,
    "edge": tell_edge,
    "band": tell_band,
    "top": tell_top,
    "statistic of top": tell_statistic_of_top,
    "ranked": tell_ranked,
    "beyond": tell_beyond,
    "number": tell_number,
    "share": tell_share,
    "percentile": tell_percentile,
    "run": tell_run,
    "since": of_values(since),
    "until": of_values(until),
    "all": of_values(all_beyond),
    "run of moves": of_values(run_of_moves),
    "values": tell_values,
    "values beyond": tell_values_beyond,
    "profile": tell_profile,
    "forecast": tell_forecast,
    "probability": tell_probability,
}


# Kinds that are of one scope: several times that have nothing in common are answered one after the other.
_OF_ONE_SCOPE = frozenset(
    (
        "statistic", "extreme", "count", "crossing", "trend", "top", "statistic of top", "ranked", "beyond", "number",
        "percentile", "run", "forecast", "largest step", "edge", "all", "run of moves", "values", "values beyond",
    )
)  # fmt: skip


def _parts(query: Query, subject: Subject) -> list[Query]:
    """A query for each of its times, where these have no step in common."""
    if query.kind not in _OF_ONE_SCOPE or len(query.times) < 2:
        return [query]
    scopes = scopes_of(query, subject)
    rows = scopes[0].rows
    for scope in scopes[1:]:
        rows = np.intersect1d(rows, scope.rows)
    return [query] if len(rows) else [replace(query, times=(times,)) for times in query.times]


def compute(query: Query, subjects: Sequence[Subject]) -> list[Statement]:
    """Answer a query for each of its series.

    Raises:
        CannotTellError: the series do not tell it.
    """
    statements = []
    for subject in subjects:
        found = [one for part in _parts(query, subject) for one in KINDS[part.kind](part, subject)]
        if len(subjects) > 1:
            found = [replace(statement, series=subject.name) for statement in found]
        statements += found
    return statements
