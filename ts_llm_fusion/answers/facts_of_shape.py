"""Statements of shape and extent: trend, season, break, outliers and gaps."""

from dataclasses import replace

import numpy as np

from .asked_scopes import scope_for
from .facts_of_values import known_values
from .patterns import find_break, find_outliers, find_season, fit_line, steps_of_season, strength_of_period
from .query import CannotTellError, Query
from .scopes import Scope
from .statements import Statement, state
from .subject import Subject

# Share of the variation that a line explains from which on a trend is called one.
_CLEAR_TREND = 0.1


def tell_trend(query: Query, subject: Subject) -> list[Statement]:
    """The line through the values."""
    scope = scope_for(query, subject)
    if (~np.isnan(known_values(scope))).sum() < 3:
        raise CannotTellError(f"fewer than three values are known {scope.words}; a trend needs more.")
    line = fit_line(scope.rows, scope.values)
    told = {"scope": scope, "change": abs(line.change), "percent": line.explained}
    if line.explained < _CLEAR_TREND:
        return [state("no trend", subject, "change", **told)]
    direction = "rises" if line.slope > 0 else "falls"
    return [state("trend", subject, "direction", direction=direction, slope=abs(line.slope), **told)]


def tell_season(query: Query, subject: Subject) -> list[Statement]:
    """The season, and how much of the variation it explains."""
    scope = scope_for(replace(query, future=False), subject)
    if query.unit:
        return _season_of_unit(query, scope)
    found = find_season(known_values(scope), subject)
    if found is None:
        return [state("no season", subject, "scope", scope=scope)]
    period, strength = found
    main = "percent" if query.percent else "period"
    return [state("season", subject, main, scope=scope, period=period, percent=strength)]


def _season_of_unit(query: Query, scope: Scope) -> list[Statement]:
    """Whether values repeat every day, week or year."""
    subject = scope.subject
    if not subject.dated:
        raise CannotTellError("the series has no dates, so that its steps cannot be taken by the calendar.")
    period = steps_of_season(query.unit, subject)
    if period is None:
        raise CannotTellError(
            f"a season of a {query.unit} has no fixed number of steps, or fewer than two; ask for any."
        )
    values = known_values(scope)
    if (~np.isnan(values)).sum() < 2 * period:
        raise CannotTellError(f"{scope.words} there are fewer values than two seasons of a {query.unit} have.")
    strength = strength_of_period(values, period, subject)
    if strength is None:
        return [state("no season of", subject, "period", scope=scope, period=period)]
    return [state("season", subject, "period", scope=scope, period=period, percent=strength)]


def tell_break(query: Query, subject: Subject) -> list[Statement]:
    """The change of the level, if there is one."""
    scope = scope_for(replace(query, future=False), subject)
    values = known_values(scope)
    place = find_break(values, subject)
    if place is None:
        return [state("no break", subject, "scope", scope=scope)]
    before, after = float(np.nanmean(values[:place])), float(np.nanmean(values[place:]))
    return [state("break", subject, "when", scope=scope, when=int(scope.rows[place]), first=before, second=after)]


def tell_outliers(query: Query, subject: Subject) -> list[Statement]:
    """The values that are far from all others."""
    scope = scope_for(replace(query, future=False), subject)
    values = known_values(scope)
    found, farthest = find_outliers(values)
    if not found:
        return [state("no outliers", subject, "scope", scope=scope)]
    told = {"value": float(values[farthest]), "when": int(scope.rows[farthest])}
    known = int((~np.isnan(values)).sum())
    return [
        state("outliers", subject, "when" if query.when else "count", count=found, steps=known, scope=scope, **told)
    ]


def tell_missing(query: Query, subject: Subject) -> list[Statement]:
    """The number of missing values, and the longest gap."""
    scope = scope_for(replace(query, future=False), subject)
    unknown = np.isnan(scope.values)
    runs = np.diff(np.flatnonzero(np.concatenate(([True], ~unknown, [True])))) - 1
    told = {"count": int(unknown.sum()), "steps": len(scope), "longest": int(runs.max())}
    return [state("missing", subject, "count", scope=scope, **told)]


def tell_extent(query: Query, subject: Subject) -> list[Statement]:
    """The number of steps or of values."""
    scope = scope_for(replace(query, future=False), subject)
    observed = int((~np.isnan(scope.values)).sum())
    main = "count" if query.statistic == "count" else "steps"
    return [state("extent", subject, main, steps=len(scope), scope=scope, step=1, count=observed)]
