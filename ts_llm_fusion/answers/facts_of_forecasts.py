"""Statements of forecasts: their values and bands."""

from dataclasses import replace

import numpy as np

from .asked_scopes import scope_for
from .facts_of_values import band_ends, single_value, tell_statistic
from .query import Query
from .scopes import Scope, horizon
from .statements import Statement, state
from .subject import Subject

# Steps of a forecast that are told one by one, beside their mean.
_MOST_TOLD = 7


def tell_band(query: Query, subject: Subject) -> list[Statement]:
    """The bands of the forecast at the ends of a scope."""
    scope = scope_for(replace(query, future=True), subject)
    if scope.first < len(subject):
        scope = horizon(subject, min(subject.usual_horizon, subject.reach))
    frame, statements = subject.forecast(scope.ahead), []
    for row in dict.fromkeys((scope.first, scope.last)):
        low, high = band_ends(frame.iloc[row - len(subject)])
        told = {"low": low, "high": high, "width": high - low, "value": float(frame["mean"][row])}
        statements.append(state("band", subject, "width", when=row, **told))
    return statements


def tell_forecast(query: Query, subject: Subject) -> list[Statement]:
    """The forecast of a scope, with its values where they are few."""
    query = replace(query, future=True)
    if not query.times:
        scope = horizon(subject, min(subject.usual_horizon, subject.reach))
        outlook = tell_statistic(replace(query, kind="statistic", statistic="mean"), subject)
        return [*single_value(horizon(subject, 1)), *(outlook if len(scope) > 1 else [])]
    statements = tell_statistic(query, subject)
    scope = scope_for(query, subject)
    if query.statistic != "value" or scope.is_single:
        return statements
    rows = scope.rows if len(scope) <= _MOST_TOLD else scope.rows[[0, -1]]
    told = [one for row in rows for one in single_value(Scope(subject, np.array([row]), int(row), int(row)))]
    return [*statements, *told]
