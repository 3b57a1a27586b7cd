"""Statements of values on a side of a bound: how many, when, for how long, and how probably."""

from dataclasses import replace

import numpy as np
import pandas as pd

from .asked_scopes import scope_for, scopes_of
from .facts_of_values import known_values, of_values, single_value, statistic_of, tell_difference
from .query import CannotTellError, Query
from .scopes import Scope, horizon, whole_history
from .statements import Statement, state
from .stretches import longest, meets, values_beyond
from .subject import Subject

_SECTIONS = {"hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
# Horizons within which a forecast is searched for a bound.
_FAR_HORIZONS = 5
# Values before a time, by which it is told from which side a bound is reached.
_NEAR = 10


def tell_count(query: Query, subject: Subject) -> list[Statement]:
    """The number of values on a side of a bound."""
    scope = scope_for(query, subject)
    values = known_values(scope)
    main = "percent" if query.percent else "count"
    if query.unit and query.unit != subject.calendar.step and subject.dated and len(query.bounds) == 1:
        counts = subject.timestamps[scope.rows].to_period(_SECTIONS[query.unit])
        if len(counts.unique()) < len(scope):
            means = pd.Series(values).groupby(counts).mean().dropna()
            inside = int(meets(means.to_numpy(), query.side, query.bounds[0]).sum())
            return [
                state(
                    "count of periods", subject, main, count=inside, steps=len(means), unit=f"{query.unit}s",
                    scope=scope, side=query.side, bound=query.bounds[0], percent=inside / len(means),
                )
            ]  # fmt: skip
    known = values[~np.isnan(values)]
    if len(query.bounds) > 1:
        low, high = sorted(query.bounds[:2])
        inside = int(((known >= low) & (known <= high)).sum())
        told = {"count": inside, "steps": len(known), "scope": scope, "percent": inside / len(known)}
        return [state("count between", subject, main, bound=low, upper=high, **told)]
    inside = int(meets(known, query.side, query.bounds[0]).sum())
    told = {"count": inside, "steps": len(known), "scope": scope, "percent": inside / len(known)}
    return [state("count", subject, main, side=query.side, bound=query.bounds[0], **told)]


def approached(query: Query, subject: Subject) -> Query:
    """A query with the side on which a bound that is to be reached lies: below where the values are above it."""
    values = subject.values
    if query.reaches:
        before = values if query.future else values[: scope_for(query, subject).first]
        near = before[~np.isnan(before)][-_NEAR:]
        if len(near):
            latest = near[-1]
        else:
            near = values[~np.isnan(values)][:_NEAR]
            latest = near[0] if len(near) else np.nan
        if len(near) and min(latest, np.median(near)) > query.bounds[0]:
            return replace(query, side="at most", reaches=False)
    return query


def tell_crossing(query: Query, subject: Subject) -> list[Statement]:
    """The first or last value on a side of a bound."""
    query = approached(query, subject)
    bound = query.bounds[0]
    opposite = "highest" if query.side in ("above", "at least", "equal to") else "lowest"
    if query.future:
        steps = min(_FAR_HORIZONS * subject.usual_horizon, subject.reach)
        scope = scope_for(query, subject) if query.times else horizon(subject, steps)
        if query.expected and query.times and scope.is_single:
            return tell_probability(query, subject)
        values = scope.values
        reached = np.flatnonzero(meets(values, query.side, bound))
        if len(reached):
            row, value = int(scope.rows[reached[0]]), float(values[reached[0]])
            return [state("forecast crossing", subject, "when", side=query.side, bound=bound, when=row, value=value)]
        best = int(values.argmax() if opposite == "highest" else values.argmin())
        told = {"value": float(values[best]), "when": int(scope.rows[best]), "extreme": opposite}
        return [state("no forecast crossing", subject, "scope", side=query.side, bound=bound, scope=scope, **told)]
    scope = scope_for(query, subject)
    values = known_values(scope)
    reached = np.flatnonzero(meets(values, query.side, bound))
    if len(reached):
        place = reached[0 if query.order == "first" else -1]
        told = {"value": float(values[place]), "when": int(scope.rows[place]), "order": query.order}
        return [state("crossing", subject, "when", side=query.side, bound=bound, scope=scope, **told)]
    best = int(np.nanargmax(values) if opposite == "highest" else np.nanargmin(values))
    told = {"value": float(values[best]), "when": int(scope.rows[best]), "extreme": opposite}
    return [state("no crossing", subject, "scope", side=query.side, bound=bound, scope=scope, **told)]


def tell_values_beyond(query: Query, subject: Subject) -> list[Statement]:
    """All values on a side of a bound; how many, the first and the last where there are many."""
    if query.unit and query.unit != subject.calendar.step:
        raise CannotTellError(f"the {query.unit}s on a side of a bound are not listed; ask how many there are.")
    listed = of_values(values_beyond)(query, subject)
    ends = [
        statement for order in ("first", "last") for statement in tell_crossing(replace(query, order=order), subject)
    ]
    return listed or ([*tell_count(query, subject), *ends] if ends[0].topic == "crossing" else ends[:1])


def tell_beyond(query: Query, subject: Subject) -> list[Statement]:
    """A statistic of the values on a side of a bound; the highest or the lowest with its time."""
    scope = scope_for(query, subject)
    values = known_values(scope)
    inside = np.flatnonzero(meets(values, query.side, query.bounds[0]))
    if not len(inside):
        return tell_crossing(replace(query, kind="crossing"), subject)
    told = {"count": len(inside), "scope": scope, "side": query.side, "bound": query.bounds[0]}
    if query.statistic not in ("maximum", "minimum"):
        value = statistic_of(values[inside], query.statistic)
        return [state("beyond", subject, "value", statistic=query.statistic, value=value, **told)]
    largest = query.statistic == "maximum"
    best = inside[np.argmax(values[inside]) if largest else np.argmin(values[inside])]
    told |= {"value": float(values[best]), "when": int(scope.rows[best])}
    extreme = "highest" if largest else "lowest"
    return [state("extreme beyond", subject, "when" if query.when else "value", extreme=extreme, **told)]


def tell_number(query: Query, subject: Subject) -> list[Statement]:
    """How many days, months or other times a scope has."""
    scope = scope_for(query, subject)
    if not subject.dated:
        raise CannotTellError("the series has no dates, so that its steps cannot be taken by the calendar.")
    unit = query.unit or ("month" if scope.months is not None and scope.days is None else "day")
    count = subject.timestamps[scope.rows].to_period(_SECTIONS[unit]).nunique()
    known = int((~np.isnan(scope.values)).sum())
    return [state("number", subject, "count", count=int(count), unit=f"{unit}s", scope=scope, steps=known)]


def tell_share(query: Query, subject: Subject) -> list[Statement]:
    """Share that the sum of one scope has in that of another."""
    scopes = scopes_of(query, subject)
    first = scopes[0] if scopes else whole_history(subject)
    second = scopes[1] if len(scopes) > 1 else whole_history(subject)
    one, two = float(np.nansum(known_values(first))), float(np.nansum(known_values(second)))
    if two == 0:
        raise CannotTellError(f"the sum {second.words} is 0, so that nothing is a share of it.")
    return [state("share", subject, "percent", scope=first, other=second, first=one, second=two, percent=one / two)]


def tell_run(query: Query, subject: Subject) -> list[Statement]:
    """The longest run of values on a side of a bound."""
    scope = scope_for(query, subject)
    inside = meets(known_values(scope), query.side, query.bounds[0])
    if not inside.any():
        return tell_crossing(replace(query, kind="crossing"), subject)
    rows = scope.rows[longest(inside)]
    told = {"count": len(rows), "other": Scope(subject, rows, int(rows[0]), int(rows[-1]))}
    return [state("run", subject, "count", side=query.side, bound=query.bounds[0], scope=scope, **told)]


def exceedance(band: pd.Series, bound: float) -> float:
    """Probability that a value is above a bound, by its quantiles; between .01 and .99."""
    levels = np.array([float(name) for name in band.index if name != "mean"])
    values = np.maximum.accumulate(band.drop("mean").to_numpy(dtype=np.float64))
    # Beyond the outer quantiles the slope of the last ones goes on.
    low = values[0] - (values[1] - values[0]) * levels[0] / (levels[1] - levels[0])
    high = values[-1] + (values[-1] - values[-2]) * (1 - levels[-1]) / (levels[-1] - levels[-2])
    points, shares = np.concatenate(([low], values, [high])), np.concatenate(([0.0], levels, [1.0]))
    if points[-1] <= points[0]:
        return 0.99 if points[0] > bound else 0.01
    return float(np.clip(1 - np.interp(bound, points, shares), 0.01, 0.99))


def tell_probability(query: Query, subject: Subject) -> list[Statement]:
    """The probability that a value is on a side of a bound, or of another value."""
    query = approached(replace(query, future=True), subject)
    scopes = scopes_of(query, subject)
    ahead = next((scope for scope in scopes if scope.forecast_rows), None) or horizon(subject, 1)
    other = next((scope for scope in scopes if not scope.forecast_rows), None)
    row = ahead.last
    band = subject.forecast(ahead.ahead).iloc[row - len(subject)]
    side = "below" if query.side in ("below", "at most") else "above"
    if query.bounds:
        chance = exceedance(band, query.bounds[0])
        told = {"percent": chance if side == "above" else 1 - chance, "bound": query.bounds[0]}
        return [state("probability of a bound", subject, "percent", when=row, side=side, **told)]
    if not ahead.is_single or (other is not None and not other.is_single):
        return tell_difference(query, subject)
    known = np.flatnonzero(~np.isnan(subject.values))
    base = other.first if other is not None else int(known[-1])
    bound = float(subject.values[base])
    chance = exceedance(band, bound)
    told = {"percent": chance if side == "above" else 1 - chance, "bound": bound, "other": base}
    return [*single_value(ahead), state("probability", subject, "percent", when=row, side=side, **told)]
