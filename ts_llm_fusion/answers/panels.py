"""Questions of several series: the largest, the fastest growing, two beside each other."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..data.series.panels import Panel
from .asked_scopes import scope_for
from .facts_of_values import positive, statistic_of
from .names import Names
from .patterns import fit_line
from .query import CannotTellError, Query
from .scopes import Scope
from .statements import Statement, state
from .subject import Subject

# Kinds of queries that are of several series at once.
OF_PANEL = frozenset(("rank", "growth", "pair", "utmost gap", "pooled", "correlation", "series"))
Subjects = Callable[[Sequence[int]], list[Subject]]
Forecast = Callable[[Sequence[int], Sequence[Subject], int], None]


def compute_of_panel(
    query: Query, panel: Panel, names: Names, subjects: Subjects, forecast: Forecast
) -> tuple[list[Statement], list[Subject]]:
    """Answer a query of several series, and the series that its words are of.

    Raises:
        CannotTellError: the series do not tell it.
    """
    count = len(names.names)
    if query.kind == "series":
        first = subjects([0])
        if count == 1:
            return [state("one series", first[0], "name", name=names.names[0])], first
        return [state("series", first[0], "count", count=count, name=names.names[0])], first
    if count < 2:
        raise CannotTellError(f"{names.shown}, so that there is nothing to compare it with.")
    if query.kind in _OF_TWO:
        chosen = list(query.series) or [0, 1]
        if len(chosen) != 2 or (not query.series and count > 2):
            raise CannotTellError(f"name two of the series; {names.shown}.")
        pair = subjects(chosen)
        return [_OF_TWO[query.kind](query, *pair)], pair
    chosen = list(query.series) or list(range(count))
    about = subjects(chosen)
    ahead = max((scope_for(query, about[0]).ahead, 0)) if about else 0
    if ahead:
        forecast(chosen, about, max(ahead, about[0].usual_horizon))
    return _rank(query, about)


def _pair(query: Query, first: Subject, second: Subject) -> Statement:
    scopes = [scope_for(query, subject) for subject in (first, second)]
    if scopes[0].words != scopes[1].words:
        raise CannotTellError("the two series have other steps; name a time that both have.")
    one, two = (statistic_of(scope.values, query.statistic) for scope in scopes)
    if np.isnan(one) or np.isnan(two):
        raise CannotTellError(f"every value of one of them is missing {scopes[0].words}.")
    told: dict[str, Any] = {"difference": abs(one - two), "direction": "more" if one >= two else "less"}
    told |= {"statistic": query.statistic, "scope": scopes[0], "first": one, "second": two}
    told |= {"name": first.name, "other": second.name}
    if not query.percent:
        return state("pair", first, "difference", **told)
    return state("pair with percent", first, "percent", percent=abs(one / positive(one, two) - 1), **told)


def _utmost_gap(query: Query, first: Subject, second: Subject) -> Statement:
    """The largest or the smallest difference of two series at one step."""
    if query.unit and query.unit != first.calendar.step:
        raise CannotTellError(
            f"two series are compared step by step; ask for one step of {first.calendar.duration(1)}, or for one "
            f"{query.unit} by its name."
        )
    if query.percent:
        raise CannotTellError("the differences of two series at each step are compared by their size, not in percent.")
    scopes = [scope_for(query, subject) for subject in (first, second)]
    if scopes[0].words != scopes[1].words:
        raise CannotTellError("the two series have other steps; name a time that both have.")
    one, two = (scope.values for scope in scopes)
    apart = np.abs(one - two)
    if scopes[0].forecast_rows or np.isnan(apart).all():
        raise CannotTellError(f"the two series have no step with an observed value of both {scopes[0].words}.")
    least = query.side == "lowest"
    place = int(np.nanargmin(apart) if least else np.nanargmax(apart))
    return state(
        "utmost gap", first, "when" if query.when else "difference", side="smallest" if least else "largest",
        name=first.name, other=second.name, scope=scopes[0], difference=float(apart[place]),
        when=int(scopes[0].rows[place]), first=float(one[place]), second=float(two[place]),
    )  # fmt: skip


def _pooled(query: Query, first: Subject, second: Subject) -> Statement:
    """A statistic of the values of two series together."""
    scopes = [scope_for(query, subject) for subject in (first, second)]
    if scopes[0].words != scopes[1].words:
        raise CannotTellError("the two series have other steps; name a time that both have.")
    values = [scope.values for scope in scopes]
    one, two, both = (statistic_of(part, query.statistic) for part in (*values, np.concatenate(values)))
    if np.isnan(one) or np.isnan(two):
        raise CannotTellError(f"every value of one of them is missing {scopes[0].words}.")
    return state(
        "pooled", first, "value", statistic=query.statistic, scope=scopes[0], value=both, first=one, second=two,
        name=first.name, other=second.name,
    )  # fmt: skip


def together(first: Scope, second: Scope) -> tuple[np.ndarray, np.ndarray]:
    """Values of two scopes at the times that both have."""
    values = [
        pd.Series(scope.values, scope.subject.timestamps[scope.rows] if scope.subject.dated else scope.rows)
        for scope in (first, second)
    ]
    both = pd.concat(values, axis=1, join="inner").dropna().to_numpy()
    return both[:, 0], both[:, 1]


def _correlation(query: Query, first: Subject, second: Subject) -> Statement:
    query = replace(query, future=False)
    scopes = [scope_for(query, subject) for subject in (first, second)]
    one, two = together(*scopes)
    if len(one) < 3 or one.std() == 0 or two.std() == 0:
        raise CannotTellError("the two series have fewer than three values in common, or one of them never changes.")
    value = float(np.corrcoef(one, two)[0, 1])
    return state("correlation", first, "value", name=first.name, other=second.name, scope=scopes[0], value=value)


# Kinds of two series.
_OF_TWO: dict[str, Callable[[Query, Subject, Subject], Statement]] = {
    "pair": _pair, "utmost gap": _utmost_gap, "pooled": _pooled, "correlation": _correlation,
}  # fmt: skip


def _rank(query: Query, subjects: list[Subject]) -> tuple[list[Statement], list[Subject]]:
    scores = []
    for subject in subjects:
        try:
            scores.append(_score(query, scope_for(query, subject)))
        except CannotTellError:
            scores.append(np.nan)
    known = np.flatnonzero(~np.isnan(scores))
    if not len(known):
        raise CannotTellError("none of the series has a value then.")
    if len(known) < 2:
        raise CannotTellError(f"only {subjects[known[0]].name!r} has a value then.")
    largest = query.side in ("highest", "fastest")
    order = known[np.argsort(-np.array(scores)[known] if largest else np.array(scores)[known], kind="stable")]
    best, second = subjects[order[0]], subjects[order[1]]
    scope = scope_for(query, best)
    told = {"count": len(subjects), "name": best.name, "second": second.name, "scope": scope, "side": query.side}
    if query.kind == "growth":
        values = {"percent": abs(scores[order[0]]), "direction": "rises" if scores[order[0]] >= 0 else "falls"}
        return [state("growth", best, "name", **told, **values)], subjects
    values = {"value": scores[order[0]], "next": scores[order[1]], "statistic": query.statistic}
    topic = "expected rank" if scope.forecast_rows else "rank"
    return [state(topic, best, "name", **told, **values)], subjects


def _score(query: Query, scope: Scope) -> float:
    values = scope.values
    if query.kind == "rank":
        return statistic_of(values, query.statistic)
    if (~np.isnan(values)).sum() < 3:
        return float("nan")
    mean = abs(float(np.nanmean(values)))
    return fit_line(scope.rows, values).slope / mean if mean else float("nan")
