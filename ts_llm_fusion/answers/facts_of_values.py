"""Statements of values: statistics, extremes, differences, ranks and profiles."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..explanations.lexicon import MONTHS, WEEKDAYS
from .asked_scopes import pair_of_scopes, scope_for
from .query import CannotTellError, Query
from .scopes import Scope, simplified
from .statements import Statement, state
from .stretches import (
    MOST_LISTED,
    values,
)
from .subject import Subject

_SECTIONS = {"hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}


def statistic_of(values: np.ndarray, statistic: str) -> float:
    """A statistic of values, NaN left out; NaN where there are none."""
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan")
    if statistic == "standard deviation":
        return float(known.std(ddof=1)) if len(known) > 1 else 0.0
    functions: dict[str, Callable[[np.ndarray], float]] = {
        "mean": np.mean, "value": np.mean, "median": np.median, "sum": np.sum, "range": np.ptp,
        "maximum": np.max, "minimum": np.min,
    }  # fmt: skip
    return float(functions[statistic](known))


def known_values(scope: Scope) -> np.ndarray:
    """Values of a scope of which at least one is known."""
    values = scope.values
    if np.isnan(values).all():
        raise CannotTellError(f"every value {scope.words} is missing.")
    return values


def single_value(scope: Scope) -> list[Statement]:
    """The value of one step."""
    subject, row = scope.subject, scope.first
    if row < len(subject):
        value = subject.values[row]
        if np.isnan(value):
            return [state("missing value", subject, "when", when=row)]
        return [state("value", subject, "value", when=row, value=float(value))]
    band = subject.forecast(scope.ahead).iloc[row - len(subject)]
    low, high = band_ends(band)
    return [state("forecast", subject, "value", when=row, value=float(band["mean"]), low=low, high=high)]


def band_ends(band: pd.Series) -> tuple[float, float]:
    """Ends of the 80 % band of a forecast."""
    levels = np.array([float(name) for name in band.index if name != "mean"])
    values = band.drop("mean").to_numpy(dtype=np.float64)
    low, high = np.interp((0.1, 0.9), levels, values)
    return float(low), float(high)


def of_values(tell: Callable[[Query, Scope], list[Statement]]) -> Callable[[Query, Subject], list[Statement]]:
    """A computation of the values of the one scope of a query, of which one is known."""

    def compute_of_scope(query: Query, subject: Subject) -> list[Statement]:
        scope = scope_for(query, subject)
        known_values(scope)
        return tell(query, scope)

    return compute_of_scope


def tell_statistic(query: Query, subject: Subject) -> list[Statement]:
    """A statistic of the values of a scope, or its one value."""
    scope = scope_for(query, subject)
    if scope.is_single and query.statistic in ("mean", "median", "sum", "value", "maximum", "minimum"):
        return single_value(scope)
    statistic = "mean" if query.statistic == "value" else query.statistic
    if statistic == "standard deviation" and (~np.isnan(known_values(scope))).sum() < 2:
        raise CannotTellError(f"{scope.words} there is one value, which has no standard deviation.")
    value = statistic_of(known_values(scope), statistic)
    if not scope.forecast_rows:
        return [state("statistic", subject, "value", statistic=statistic, scope=scope, value=value)]
    if scope.forecast_rows == len(scope):
        return [state("expected statistic", subject, "value", statistic=statistic, scope=scope, value=value)]
    return [
        state(
            "partly expected statistic", subject, "value",
            statistic=statistic, scope=scope, value=value, ahead=scope.forecast_rows, steps=len(scope),
        )
    ]  # fmt: skip


def tell_extreme(query: Query, subject: Subject) -> list[Statement]:
    """The highest or lowest value, and when it was."""
    scope = scope_for(query, subject)
    if query.unit and query.unit != subject.calendar.step:
        return _extreme_period(query, scope)
    if scope.is_single:
        return single_value(scope)
    values = known_values(scope)
    best = int(np.nanargmax(values) if query.side == "highest" else np.nanargmin(values))
    row, value = int(scope.rows[best]), float(values[best])
    main = "when" if query.when else "value"
    if row >= len(subject):
        return [state("expected extreme", subject, main, side=query.side, scope=scope, value=value, when=row)]
    times = int((values == value).sum())
    told = {"side": query.side, "scope": scope, "value": value, "when": row}
    if times > 1:
        return [state("tied extreme", subject, main, times=times, **told)]
    return [state("extreme", subject, main, **told)]


def _periods(query: Query, scope: Scope) -> tuple[pd.PeriodIndex, np.ndarray]:
    """Period of each step of a scope, and a mask of the steps of those that are there in full."""
    subject = scope.subject
    if not subject.dated:
        raise CannotTellError("the series has no dates, so that its steps cannot be taken by the " + query.unit + ".")
    periods = subject.timestamps[scope.rows].to_period(_SECTIONS[query.unit])
    counts = pd.Series(1, index=periods).groupby(level=0).sum()
    if len(counts) and counts.max() <= 1:
        raise CannotTellError(
            f"a step of the series, {subject.calendar.duration(1)}, is not finer than a {query.unit}."
        )
    # The first and the last may be cut; they count where most of their steps are there.
    whole = counts >= 0.5 * counts.median()
    return periods, whole.reindex(periods).to_numpy()


def _extreme_group(told: pd.Series, side: str) -> tuple[Any, float]:
    """Label and value of the highest or the lowest of the groups."""
    place = int(told.argmax() if side == "highest" else told.argmin())
    return told.index[place], float(told.iloc[place])


def _extreme_period(query: Query, scope: Scope) -> list[Statement]:
    subject, values = scope.subject, known_values(scope)
    periods, whole = _periods(query, scope)
    statistic = "sum" if query.statistic == "sum" else "mean"
    groups = pd.Series(values[whole]).groupby(periods[whole])
    told = groups.sum(min_count=1) if statistic == "sum" else groups.mean()
    best, value = _extreme_group(told, query.side)
    inside = scope.rows[np.asarray(periods == best)]
    chosen = simplified(replace(scope, rows=inside, first=int(inside[0]), last=int(inside[-1])))
    return [
        state(
            "extreme period", subject, "period" if query.when or query.kind == "extreme" else "value",
            unit=f"{query.unit}s", scope=scope, period=chosen, side=query.side, statistic=statistic,
            value=value,
        )
    ]  # fmt: skip


def tell_difference(query: Query, subject: Subject) -> list[Statement]:
    """The difference between a statistic of two scopes."""
    first, second = pair_of_scopes(query, subject)
    statistic = "mean" if query.statistic == "value" else query.statistic
    if first.is_single and second.is_single:
        statistic = "value"
    one, two = (statistic_of(known_values(scope), statistic) for scope in (first, second))
    statements = [_compared("difference", subject, statistic, first, second, one, two, query)]
    for scope in (first, second):
        if scope.is_single and scope.forecast_rows:
            statements += single_value(scope)
    return statements


def positive(one: float, two: float) -> float:
    """The second of two values that are compared in percent.

    Raises:
        CannotTellError: one of them is not above zero.
    """
    if not (one > 0 and two > 0):
        raise CannotTellError(
            "a change in percent is of values above 0, and one of the two is not; ask for it without percent."
        )
    return two


def _compared(
    topic: str, subject: Subject, statistic: str, first: Scope, second: Scope, one: float, two: float, query: Query
) -> Statement:
    told = {
        "statistic": statistic, "scope": first, "other": second, "first": one, "second": two,
        "difference": abs(one - two), "direction": "more" if one >= two else "less",
    }  # fmt: skip
    if query.percent or (two > 0 and one > 0):
        main = "percent" if query.percent else "difference"
        return state(f"{topic} with percent", subject, main, percent=abs(one / positive(one, two) - 1), **told)
    return state(topic, subject, "difference", **told)


def tell_change(query: Query, subject: Subject) -> list[Statement]:
    """The change over a scope, from its first value to its last."""
    if len(query.times) >= 2 or (query.times and query.times[0].ends):
        early, late = pair_of_scopes(query, subject)
        if early.first > late.first:
            early, late = late, early
    else:
        scope = scope_for(query, subject)
        known = scope.rows[~np.isnan(known_values(scope))]
        early, late = (Scope(subject, np.array([row]), int(row), int(row)) for row in (known[0], known[-1]))
        if query.future and not query.times:
            last = int(np.flatnonzero(~np.isnan(subject.values))[-1])
            early = Scope(subject, np.array([last]), last, last)
    if early.rows[0] == late.rows[0] and len(early) == len(late) == 1:
        raise CannotTellError("a single value has no change; name a time before it.")
    one, two = (statistic_of(known_values(scope), "mean") for scope in (early, late))
    if not (early.is_single and late.is_single):
        return [_compared("difference", subject, "mean", late, early, two, one, query)]
    told = {
        "scope": early.first, "other": late.first, "first": one, "second": two, "difference": abs(two - one),
        "direction": "rises" if two >= one else "falls",
    }  # fmt: skip
    if query.percent or (one > 0 and two > 0):
        main = "percent" if query.percent else "difference"
        percent = abs(two / positive(two, one) - 1)
        return [state("change with percent", subject, main, percent=percent, **told)]
    return [state("change", subject, "difference", **told)]


def tell_largest_step(query: Query, subject: Subject) -> list[Statement]:
    """The largest rise or fall from one step to the next."""
    scope = scope_for(query, subject)
    steps = np.diff(known_values(scope))
    steps[np.diff(scope.rows) > 1] = np.nan
    ranked = {"rise": steps, "fall": -steps, "change": np.abs(steps)}[query.side]
    if not (ranked > 0).any():
        raise CannotTellError(f"there is no {query.side} from one step to the next {scope.words}.")
    place = int(np.nanargmax(ranked))
    told = {
        "before": int(scope.rows[place]),
        "when": int(scope.rows[place + 1]),
        "difference": abs(float(steps[place])),
    }
    first, second = (float(scope.values[place + shift]) for shift in (0, 1))
    main = "when" if query.when else "difference"
    return [
        state("largest step", subject, main, direction=query.side, scope=scope, first=first, second=second, **told)
    ]


def tell_values(query: Query, subject: Subject) -> list[Statement]:
    """The values of a scope."""
    scope = scope_for(query, subject)
    return single_value(scope) if scope.is_single else of_values(values)(query, subject)


def tell_edge(query: Query, subject: Subject) -> list[Statement]:
    """The first or last value."""
    known = np.flatnonzero(~np.isnan(subject.values))
    if not len(known):
        raise CannotTellError("every value is missing.")
    main = "when" if query.when else "value"
    if query.times:
        scope = scope_for(query, subject)
        known = scope.rows[~np.isnan(known_values(scope))]
        row = int(known[0 if query.order == "first" else -1])
        told = {"value": float(subject.values[row]), "when": row}
        return [state("edge within", subject, main, order=query.order, scope=scope, **told)]
    row = int(known[0 if query.order == "first" else -1])
    return [state("edge", subject, main, order=query.order, value=float(subject.values[row]), when=row)]


def tell_top(query: Query, subject: Subject) -> list[Statement]:
    """The highest or lowest values."""
    scope = scope_for(query, subject)
    values = known_values(scope)
    chosen = _ordered(scope, query.side)[: min(query.count, MOST_LISTED)]
    listed = [(float(values[place]), int(scope.rows[place])) for place in chosen]
    return [state("top", subject, "values", count=len(chosen), side=query.side, scope=scope, values=listed)]


def _ordered(scope: Scope, side: str) -> np.ndarray:
    """Places of the known values of a scope, the highest or the lowest first."""
    values = known_values(scope)
    known = np.flatnonzero(~np.isnan(values))
    return known[np.argsort((-1 if side == "highest" else 1) * values[known], kind="stable")]


def tell_statistic_of_top(query: Query, subject: Subject) -> list[Statement]:
    """A statistic of the highest or lowest values."""
    scope = scope_for(query, subject)
    chosen = _ordered(scope, query.side)[: query.count]
    value = statistic_of(scope.values[chosen], query.statistic)
    told = {"count": len(chosen), "side": query.side, "scope": scope, "value": value}
    return [state("statistic of top", subject, "value", statistic=query.statistic, **told)]


def tell_ranked(query: Query, subject: Subject) -> list[Statement]:
    """The value of a rank."""
    scope = scope_for(query, subject)
    order = _ordered(scope, query.side)
    if scope.forecast_rows or query.count > len(order):
        raise CannotTellError(f"{scope.words} there are {len(order):,} observed values, and no place {query.count:,}.")
    row = int(scope.rows[order[query.count - 1]])
    told = {"rank": query.count, "side": query.side, "value": float(subject.values[row]), "when": row}
    return [state("ranked", subject, "when" if query.when else "value", scope=scope, **told)]


def tell_percentile(query: Query, subject: Subject) -> list[Statement]:
    """A percentile of the values."""
    scope = scope_for(query, subject)
    share = query.bounds[0]
    value = float(np.nanquantile(known_values(scope), share))
    return [state("percentile", subject, "value", percent=share, scope=scope, value=value)]


def parts_of(stamps: pd.DatetimeIndex, unit: str) -> np.ndarray:
    """Weekday, month or hour of times, in words."""
    if unit == "weekday":
        return np.array(WEEKDAYS)[stamps.day_of_week]
    if unit == "month":
        return np.array(MONTHS)[stamps.month - 1]
    return np.array([f"{hour:02d}:00" for hour in range(24)])[stamps.hour]


def tell_profile(query: Query, subject: Subject) -> list[Statement]:
    """The weekday, month or hour with the highest and the lowest mean."""
    scope = scope_for(query, subject)
    if not subject.dated:
        raise CannotTellError(f"the series has no dates, so that its steps have no {query.unit}.")
    finest = {
        "weekday": subject.axis.step <= np.timedelta64(1, "D"),
        "hour": subject.axis.step < np.timedelta64(1, "D"),
    }
    if not finest.get(query.unit, subject.axis.step <= np.timedelta64(31, "D")):
        raise CannotTellError(f"a step of the series, {subject.calendar.duration(1)}, is longer than a {query.unit}.")
    means = pd.Series(known_values(scope)).groupby(parts_of(subject.timestamps[scope.rows], query.unit)).mean()
    sides = (query.side, "lowest" if query.side == "highest" else "highest")
    statements = []
    for side in sides:
        best, value = _extreme_group(means, side)
        told = {"unit": query.unit, "part": str(best), "side": side, "scope": scope, "value": value}
        statements.append(state("profile", subject, "part", **told))
    return statements
