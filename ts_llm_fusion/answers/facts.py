"""Computation of answers: a query and its series to statements."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from ..explanations.lexicon import MONTHS, WEEKDAYS
from ..processing.grounding_axis import add_units, start_of
from .patterns import find_break, find_outliers, find_season, fit_line, steps_of_season, strength_of_period
from .query import CannotTellError, Query
from .scopes import Scope, bare, horizon, scope_of, simplified, whole_history, within
from .statements import Statement, state
from .stretches import (
    MOST_LISTED,
    all_beyond,
    longest,
    meets,
    run_of_moves,
    since,
    until,
    values,
    values_beyond,
)
from .subject import Subject
from .times import Times

_SECTIONS = {"hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
# Share of the variation that a line explains from which on a trend is called one.
_CLEAR_TREND = 0.1
# Horizons within which a forecast is searched for a bound.
_FAR_HORIZONS = 5
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
# Values before a time, by which it is told from which side a bound is reached.
_NEAR = 10
# Steps of a forecast that are told one by one, beside their mean.
_MOST_TOLD = 7


def _range_words(subject: Subject) -> str:
    return f"from {bare(subject.when(0))} to {bare(subject.when(len(subject) - 1))}"


def scopes_of(query: Query, subject: Subject) -> list[Scope]:
    """Steps of the times of a query.

    Raises:
        CannotTellError: a time lies outside of history and reach, or is finer than a step.
    """
    found = []
    for times in query.times:
        scope, last = scope_of(times, subject), len(subject) - 1
        if not len(scope):
            if not subject.dated:
                raise CannotTellError(
                    f"the series has no dates, only steps 1 to {len(subject):,}; ask for some of these."
                )
            finer = times.recurs and len(np.flatnonzero(times.whole(subject.axis)))
            if finer:
                raise CannotTellError(f"it is finer than a step of the series, {subject.calendar.duration(1)}.")
            raise CannotTellError(
                f"it lies outside of what is known: the series runs {_range_words(subject)}, and forecasts reach to "
                f"{bare(subject.when(len(subject) + subject.reach - 1))} at most."
            )
        is_open = times.span.stop is None and times.span.steps is None
        if scope.first <= last < scope.last:
            if not query.future:
                scope = _known_part(query, times, scope)
            elif is_open:
                scope = within(scope, last + 1, last + min(subject.usual_horizon, subject.reach))
        elif scope.first > last and is_open:
            scope = within(scope, scope.first, max(scope.first, last + min(subject.usual_horizon, subject.reach)))
        found.append(scope)
    return found


def _known_part(query: Query, times: Times, scope: Scope) -> Scope:
    """The part of a scope that is in the history; the whole of one whose end was named, for a statistic.

    Raises:
        CannotTellError: something else is asked of a scope whose named end lies in the forecast.
    """
    subject = scope.subject
    if not _names_its_end(times, subject):
        return within(scope, 0, len(subject) - 1)
    if query.kind != "statistic":
        last, following = bare(subject.when(len(subject) - 1)), bare(subject.when(len(subject)))
        raise CannotTellError(
            f"it lies partly in the history, which ends with {last}, and partly in the forecast from {following} on; "
            "ask for either."
        )
    return scope


def _names_its_end(times: Times, subject: Subject) -> bool:
    """Whether the last step of a time was named by a date behind the history: "to 3 September", not "in 2024"."""
    span, behind = times.span, subject.axis.start
    if times.recurs or span.start is None or span.stop is None or not subject.dated:
        return False
    if times.ends is not None:
        start, stop = times.ends[1].start, times.ends[1].stop
        return start is not None and start >= behind and start != stop
    # "From 1 to 3 September" is one time of days, as is a week.
    is_week = span.stop - span.start == _WEEK and span.start == start_of(span.start, "week")
    return _DAY < span.stop - span.start < 4 * _WEEK and not is_week and span.stop - _DAY >= behind


def scope_for(query: Query, subject: Subject) -> Scope:
    """The one scope of a query: its times, the usual horizon, or the whole history."""
    scopes = scopes_of(query, subject)
    if not scopes:
        return horizon(subject, min(subject.usual_horizon, subject.reach)) if query.future else whole_history(subject)
    scope = scopes[0]
    for other in scopes[1:]:
        # "In March on Mondays in 2019" in several places of a question.
        rows = np.intersect1d(scope.rows, other.rows)
        if len(rows):
            narrow, wide = (scope, other) if scope.last - scope.first <= other.last - other.first else (other, scope)
            days, months, clock = (
                getattr(scope, name) if getattr(scope, name) is not None else getattr(other, name)
                for name in ("days", "months", "clock")
            )
            scope = replace(narrow, rows=rows, days=days, months=months, clock=clock)
            scope = replace(scope, first=max(narrow.first, wide.first), last=min(narrow.last, wide.last))
    return simplified(scope)


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


def _known(scope: Scope) -> np.ndarray:
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
    low, high = _band_ends(band)
    return [state("forecast", subject, "value", when=row, value=float(band["mean"]), low=low, high=high)]


def _band_ends(band: pd.Series) -> tuple[float, float]:
    levels = np.array([float(name) for name in band.index if name != "mean"])
    values = band.drop("mean").to_numpy(dtype=np.float64)
    low, high = np.interp((0.1, 0.9), levels, values)
    return float(low), float(high)


def _statistic(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    if scope.is_single and query.statistic in ("mean", "median", "sum", "value", "maximum", "minimum"):
        return single_value(scope)
    statistic = "mean" if query.statistic == "value" else query.statistic
    if statistic == "standard deviation" and (~np.isnan(_known(scope))).sum() < 2:
        raise CannotTellError(f"{scope.words} there is one value, which has no standard deviation.")
    value = statistic_of(_known(scope), statistic)
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


def _extreme(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    if query.unit and query.unit != subject.calendar.step:
        return _extreme_period(query, scope)
    if scope.is_single:
        return single_value(scope)
    values = _known(scope)
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
    subject, values = scope.subject, _known(scope)
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


def _pair_of_scopes(query: Query, subject: Subject) -> tuple[Scope, Scope]:
    """The two scopes of a comparison; a second one that is not named is the last value or the whole history."""
    if len(query.times) == 1 and query.times[0].ends:
        ends = [replace(query.times[0], span=span, ends=None) for span in query.times[0].ends]
        query = replace(query, times=tuple(ends))
    query = _of_one_year(query)
    scopes = scopes_of(query, subject)
    if len(scopes) >= 2:
        return scopes[0], scopes[1]
    last = np.flatnonzero(~np.isnan(subject.values))
    if not len(last):
        raise CannotTellError("every value is missing.")
    latest = Scope(subject, last[-1:], int(last[-1]), int(last[-1]))
    if not scopes:
        if query.future:
            return horizon(subject, 1), latest
        raise CannotTellError("the question compares, but names no two times, series or values; name them.")
    if scopes[0].forecast_rows:
        return scopes[0], latest
    return scopes[0], whole_history(subject)


def _of_one_year(query: Query) -> Query:
    """Two times of which none has a year are those of the same year, the earlier one."""
    if len(query.times) != 2 or any(times.has_year or times.span.start is None for times in query.times):
        return query
    years = [times.span.start.year for times in query.times if times.span.start]
    moved = []
    for times, year in zip(query.times, years, strict=True):
        back = year - min(years)
        span = times.span
        if back and span.start and span.stop:
            span = replace(span, start=add_units(span.start, -back, "year"), stop=add_units(span.stop, -back, "year"))
        moved.append(replace(times, span=span))
    return replace(query, times=tuple(moved))


def _difference(query: Query, subject: Subject) -> list[Statement]:
    first, second = _pair_of_scopes(query, subject)
    statistic = "mean" if query.statistic == "value" else query.statistic
    if first.is_single and second.is_single:
        statistic = "value"
    one, two = (statistic_of(_known(scope), statistic) for scope in (first, second))
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


def _change(query: Query, subject: Subject) -> list[Statement]:
    if len(query.times) >= 2 or (query.times and query.times[0].ends):
        early, late = _pair_of_scopes(query, subject)
        if early.first > late.first:
            early, late = late, early
    else:
        scope = scope_for(query, subject)
        known = scope.rows[~np.isnan(_known(scope))]
        early, late = (Scope(subject, np.array([row]), int(row), int(row)) for row in (known[0], known[-1]))
        if query.future and not query.times:
            last = int(np.flatnonzero(~np.isnan(subject.values))[-1])
            early = Scope(subject, np.array([last]), last, last)
    if early.rows[0] == late.rows[0] and len(early) == len(late) == 1:
        raise CannotTellError("a single value has no change; name a time before it.")
    one, two = (statistic_of(_known(scope), "mean") for scope in (early, late))
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


def _largest_step(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    steps = np.diff(_known(scope))
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


def _count(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    values = _known(scope)
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


def _approached(query: Query, subject: Subject) -> Query:
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


def _crossing(query: Query, subject: Subject) -> list[Statement]:
    query = _approached(query, subject)
    bound = query.bounds[0]
    opposite = "highest" if query.side in ("above", "at least", "equal to") else "lowest"
    if query.future:
        steps = min(_FAR_HORIZONS * subject.usual_horizon, subject.reach)
        scope = scope_for(query, subject) if query.times else horizon(subject, steps)
        if query.expected and query.times and scope.is_single:
            return _probability(query, subject)
        values = scope.values
        reached = np.flatnonzero(meets(values, query.side, bound))
        if len(reached):
            row, value = int(scope.rows[reached[0]]), float(values[reached[0]])
            return [state("forecast crossing", subject, "when", side=query.side, bound=bound, when=row, value=value)]
        best = int(values.argmax() if opposite == "highest" else values.argmin())
        told = {"value": float(values[best]), "when": int(scope.rows[best]), "extreme": opposite}
        return [state("no forecast crossing", subject, "scope", side=query.side, bound=bound, scope=scope, **told)]
    scope = scope_for(query, subject)
    values = _known(scope)
    reached = np.flatnonzero(meets(values, query.side, bound))
    if len(reached):
        place = reached[0 if query.order == "first" else -1]
        told = {"value": float(values[place]), "when": int(scope.rows[place]), "order": query.order}
        return [state("crossing", subject, "when", side=query.side, bound=bound, scope=scope, **told)]
    best = int(np.nanargmax(values) if opposite == "highest" else np.nanargmin(values))
    told = {"value": float(values[best]), "when": int(scope.rows[best]), "extreme": opposite}
    return [state("no crossing", subject, "scope", side=query.side, bound=bound, scope=scope, **told)]


def _of_values(tell: Callable[[Query, Scope], list[Statement]]) -> Callable[[Query, Subject], list[Statement]]:
    """A computation of the values of the one scope of a query, of which one is known."""

    def compute_of_scope(query: Query, subject: Subject) -> list[Statement]:
        scope = scope_for(query, subject)
        _known(scope)
        return tell(query, scope)

    return compute_of_scope


def _values(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    return single_value(scope) if scope.is_single else _of_values(values)(query, subject)


def _values_beyond(query: Query, subject: Subject) -> list[Statement]:
    """All values on a side of a bound; how many, the first and the last where there are many."""
    if query.unit and query.unit != subject.calendar.step:
        raise CannotTellError(f"the {query.unit}s on a side of a bound are not listed; ask how many there are.")
    listed = _of_values(values_beyond)(query, subject)
    ends = [statement for order in ("first", "last") for statement in _crossing(replace(query, order=order), subject)]
    return listed or ([*_count(query, subject), *ends] if ends[0].topic == "crossing" else ends[:1])


def _trend(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    if (~np.isnan(_known(scope))).sum() < 3:
        raise CannotTellError(f"fewer than three values are known {scope.words}; a trend needs more.")
    line = fit_line(scope.rows, scope.values)
    told = {"scope": scope, "change": abs(line.change), "percent": line.explained}
    if line.explained < _CLEAR_TREND:
        return [state("no trend", subject, "change", **told)]
    direction = "rises" if line.slope > 0 else "falls"
    return [state("trend", subject, "direction", direction=direction, slope=abs(line.slope), **told)]


def _season(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(replace(query, future=False), subject)
    if query.unit:
        return _season_of_unit(query, scope)
    found = find_season(_known(scope), subject)
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
    values = _known(scope)
    if (~np.isnan(values)).sum() < 2 * period:
        raise CannotTellError(f"{scope.words} there are fewer values than two seasons of a {query.unit} have.")
    strength = strength_of_period(values, period, subject)
    if strength is None:
        return [state("no season of", subject, "period", scope=scope, period=period)]
    return [state("season", subject, "period", scope=scope, period=period, percent=strength)]


def _break(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(replace(query, future=False), subject)
    values = _known(scope)
    place = find_break(values, subject)
    if place is None:
        return [state("no break", subject, "scope", scope=scope)]
    before, after = float(np.nanmean(values[:place])), float(np.nanmean(values[place:]))
    return [state("break", subject, "when", scope=scope, when=int(scope.rows[place]), first=before, second=after)]


def _outliers(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(replace(query, future=False), subject)
    values = _known(scope)
    found, farthest = find_outliers(values)
    if not found:
        return [state("no outliers", subject, "scope", scope=scope)]
    told = {"value": float(values[farthest]), "when": int(scope.rows[farthest])}
    known = int((~np.isnan(values)).sum())
    return [
        state("outliers", subject, "when" if query.when else "count", count=found, steps=known, scope=scope, **told)
    ]


def _missing(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(replace(query, future=False), subject)
    unknown = np.isnan(scope.values)
    runs = np.diff(np.flatnonzero(np.concatenate(([True], ~unknown, [True])))) - 1
    told = {"count": int(unknown.sum()), "steps": len(scope), "longest": int(runs.max())}
    return [state("missing", subject, "count", scope=scope, **told)]


def _extent(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(replace(query, future=False), subject)
    observed = int((~np.isnan(scope.values)).sum())
    main = "count" if query.statistic == "count" else "steps"
    return [state("extent", subject, main, steps=len(scope), scope=scope, step=1, count=observed)]


def _edge(query: Query, subject: Subject) -> list[Statement]:
    known = np.flatnonzero(~np.isnan(subject.values))
    if not len(known):
        raise CannotTellError("every value is missing.")
    main = "when" if query.when else "value"
    if query.times:
        scope = scope_for(query, subject)
        known = scope.rows[~np.isnan(_known(scope))]
        row = int(known[0 if query.order == "first" else -1])
        told = {"value": float(subject.values[row]), "when": row}
        return [state("edge within", subject, main, order=query.order, scope=scope, **told)]
    row = int(known[0 if query.order == "first" else -1])
    return [state("edge", subject, main, order=query.order, value=float(subject.values[row]), when=row)]


def _band(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(replace(query, future=True), subject)
    if scope.first < len(subject):
        scope = horizon(subject, min(subject.usual_horizon, subject.reach))
    frame, statements = subject.forecast(scope.ahead), []
    for row in dict.fromkeys((scope.first, scope.last)):
        low, high = _band_ends(frame.iloc[row - len(subject)])
        told = {"low": low, "high": high, "width": high - low, "value": float(frame["mean"][row])}
        statements.append(state("band", subject, "width", when=row, **told))
    return statements


def _top(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    values = _known(scope)
    chosen = _ordered(scope, query.side)[: min(query.count, MOST_LISTED)]
    listed = [(float(values[place]), int(scope.rows[place])) for place in chosen]
    return [state("top", subject, "values", count=len(chosen), side=query.side, scope=scope, values=listed)]


def _ordered(scope: Scope, side: str) -> np.ndarray:
    """Places of the known values of a scope, the highest or the lowest first."""
    values = _known(scope)
    known = np.flatnonzero(~np.isnan(values))
    return known[np.argsort((-1 if side == "highest" else 1) * values[known], kind="stable")]


def _statistic_of_top(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    chosen = _ordered(scope, query.side)[: query.count]
    value = statistic_of(scope.values[chosen], query.statistic)
    told = {"count": len(chosen), "side": query.side, "scope": scope, "value": value}
    return [state("statistic of top", subject, "value", statistic=query.statistic, **told)]


def _ranked(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    order = _ordered(scope, query.side)
    if scope.forecast_rows or query.count > len(order):
        raise CannotTellError(f"{scope.words} there are {len(order):,} observed values, and no place {query.count:,}.")
    row = int(scope.rows[order[query.count - 1]])
    told = {"rank": query.count, "side": query.side, "value": float(subject.values[row]), "when": row}
    return [state("ranked", subject, "when" if query.when else "value", scope=scope, **told)]


def _beyond(query: Query, subject: Subject) -> list[Statement]:
    """A statistic of the values on a side of a bound; the highest or the lowest with its time."""
    scope = scope_for(query, subject)
    values = _known(scope)
    inside = np.flatnonzero(meets(values, query.side, query.bounds[0]))
    if not len(inside):
        return _crossing(replace(query, kind="crossing"), subject)
    told = {"count": len(inside), "scope": scope, "side": query.side, "bound": query.bounds[0]}
    if query.statistic not in ("maximum", "minimum"):
        value = statistic_of(values[inside], query.statistic)
        return [state("beyond", subject, "value", statistic=query.statistic, value=value, **told)]
    largest = query.statistic == "maximum"
    best = inside[np.argmax(values[inside]) if largest else np.argmin(values[inside])]
    told |= {"value": float(values[best]), "when": int(scope.rows[best])}
    extreme = "highest" if largest else "lowest"
    return [state("extreme beyond", subject, "when" if query.when else "value", extreme=extreme, **told)]


def _number(query: Query, subject: Subject) -> list[Statement]:
    """How many days, months or other times a scope has."""
    scope = scope_for(query, subject)
    if not subject.dated:
        raise CannotTellError("the series has no dates, so that its steps cannot be taken by the calendar.")
    unit = query.unit or ("month" if scope.months is not None and scope.days is None else "day")
    count = subject.timestamps[scope.rows].to_period(_SECTIONS[unit]).nunique()
    known = int((~np.isnan(scope.values)).sum())
    return [state("number", subject, "count", count=int(count), unit=f"{unit}s", scope=scope, steps=known)]


def _share(query: Query, subject: Subject) -> list[Statement]:
    scopes = scopes_of(query, subject)
    first = scopes[0] if scopes else whole_history(subject)
    second = scopes[1] if len(scopes) > 1 else whole_history(subject)
    one, two = float(np.nansum(_known(first))), float(np.nansum(_known(second)))
    if two == 0:
        raise CannotTellError(f"the sum {second.words} is 0, so that nothing is a share of it.")
    return [state("share", subject, "percent", scope=first, other=second, first=one, second=two, percent=one / two)]


def _percentile(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    share = query.bounds[0]
    value = float(np.nanquantile(_known(scope), share))
    return [state("percentile", subject, "value", percent=share, scope=scope, value=value)]


def _run(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    inside = meets(_known(scope), query.side, query.bounds[0])
    if not inside.any():
        return _crossing(replace(query, kind="crossing"), subject)
    rows = scope.rows[longest(inside)]
    told = {"count": len(rows), "other": Scope(subject, rows, int(rows[0]), int(rows[-1]))}
    return [state("run", subject, "count", side=query.side, bound=query.bounds[0], scope=scope, **told)]


def parts_of(stamps: pd.DatetimeIndex, unit: str) -> np.ndarray:
    """Weekday, month or hour of times, in words."""
    if unit == "weekday":
        return np.array(WEEKDAYS)[stamps.day_of_week]
    if unit == "month":
        return np.array(MONTHS)[stamps.month - 1]
    return np.array([f"{hour:02d}:00" for hour in range(24)])[stamps.hour]


def _profile(query: Query, subject: Subject) -> list[Statement]:
    scope = scope_for(query, subject)
    if not subject.dated:
        raise CannotTellError(f"the series has no dates, so that its steps have no {query.unit}.")
    finest = {
        "weekday": subject.axis.step <= np.timedelta64(1, "D"),
        "hour": subject.axis.step < np.timedelta64(1, "D"),
    }
    if not finest.get(query.unit, subject.axis.step <= np.timedelta64(31, "D")):
        raise CannotTellError(f"a step of the series, {subject.calendar.duration(1)}, is longer than a {query.unit}.")
    means = pd.Series(_known(scope)).groupby(parts_of(subject.timestamps[scope.rows], query.unit)).mean()
    sides = (query.side, "lowest" if query.side == "highest" else "highest")
    statements = []
    for side in sides:
        best, value = _extreme_group(means, side)
        told = {"unit": query.unit, "part": str(best), "side": side, "scope": scope, "value": value}
        statements.append(state("profile", subject, "part", **told))
    return statements


def _forecast(query: Query, subject: Subject) -> list[Statement]:
    query = replace(query, future=True)
    if not query.times:
        scope = horizon(subject, min(subject.usual_horizon, subject.reach))
        outlook = _statistic(replace(query, kind="statistic", statistic="mean"), subject)
        return [*single_value(horizon(subject, 1)), *(outlook if len(scope) > 1 else [])]
    statements = _statistic(query, subject)
    scope = scope_for(query, subject)
    if query.statistic != "value" or scope.is_single:
        return statements
    rows = scope.rows if len(scope) <= _MOST_TOLD else scope.rows[[0, -1]]
    told = [one for row in rows for one in single_value(Scope(subject, np.array([row]), int(row), int(row)))]
    return [*statements, *told]


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


def _probability(query: Query, subject: Subject) -> list[Statement]:
    query = _approached(replace(query, future=True), subject)
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
        return _difference(query, subject)
    known = np.flatnonzero(~np.isnan(subject.values))
    base = other.first if other is not None else int(known[-1])
    bound = float(subject.values[base])
    chance = exceedance(band, bound)
    told = {"percent": chance if side == "above" else 1 - chance, "bound": bound, "other": base}
    return [*single_value(ahead), state("probability", subject, "percent", when=row, side=side, **told)]


KINDS: dict[str, Callable[[Query, Subject], list[Statement]]] = {
    "statistic": _statistic,
    "extreme": _extreme,
    "difference": _difference,
    "change": _change,
    "largest step": _largest_step,
    "count": _count,
    "crossing": _crossing,
    "trend": _trend,
    "season": _season,
    "break": _break,
    "outliers": _outliers,
    "missing": _missing,
    "extent": _extent,
    "edge": _edge,
    "band": _band,
    "top": _top,
    "statistic of top": _statistic_of_top,
    "ranked": _ranked,
    "beyond": _beyond,
    "number": _number,
    "share": _share,
    "percentile": _percentile,
    "run": _run,
    "since": _of_values(since),
    "until": _of_values(until),
    "all": _of_values(all_beyond),
    "run of moves": _of_values(run_of_moves),
    "values": _values,
    "values beyond": _values_beyond,
    "profile": _profile,
    "forecast": _forecast,
    "probability": _probability,
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
