"""Scopes that a query asks about: its times, those of a comparison, or all that is known."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from ..processing.grounding_axis import add_units, start_of
from .query import CannotTellError, Query
from .scopes import Scope, bare, horizon, scope_of, simplified, whole_history, within
from .subject import Subject
from .times import Times

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


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


def pair_of_scopes(query: Query, subject: Subject) -> tuple[Scope, Scope]:
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
