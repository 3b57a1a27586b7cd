"""Stretches of values on one side of a bound, or in one direction, and the values of a few steps one by one."""

import numpy as np

from .query import CannotTellError, Query
from .scopes import Scope, bare
from .statements import Statement, state

# Values that are told one by one.
MOST_LISTED = 20


def meets(values: np.ndarray, side: str, bound: float) -> np.ndarray:
    """Whether values are on a side of a bound, boolean; NaN is not."""
    compare = {
        "above": np.greater, "below": np.less, "at least": np.greater_equal, "at most": np.less_equal,
        "equal to": np.equal,
    }  # fmt: skip
    with np.errstate(invalid="ignore"):
        return compare[side](values, bound)


def longest(inside: np.ndarray) -> slice:
    """The longest run of True, the first one of equal ones; empty where there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], inside.astype(np.int8), [0])))).reshape(-1, 2)
    return slice(*edges[np.argmax(edges[:, 1] - edges[:, 0])]) if len(edges) else slice(0, 0)


def _known_rows(scope: Scope, query: Query) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the known values of the history, and whether each is on the side of the bound.

    Raises:
        CannotTellError: a time is named, or every value is missing.
    """
    if query.times:
        raise CannotTellError("a run that begins or ends the history is of all of it; leave the time out.")
    rows = scope.rows[~np.isnan(scope.values)]
    if not len(rows):
        raise CannotTellError("every value is missing.")
    return rows, meets(scope.subject.values[rows], query.side, query.bounds[0])


def since(query: Query, scope: Scope) -> list[Statement]:
    """The run of values on a side of a bound that lasts to the end of the history."""
    rows, inside = _known_rows(scope, query)
    subject, told = scope.subject, {"side": query.side, "bound": query.bounds[0]}
    if not inside[-1] and query.expected:
        last = int(rows[-1])
        return [state("edge", subject, "value", order="last", value=float(subject.values[last]), when=last)]
    if not inside[-1]:
        raise CannotTellError(
            f"the last value, {subject.values[rows[-1]]:g} {subject.when(int(rows[-1]))}, is not {query.side} "
            f"{query.bounds[0]:g}; ask for the last value that is."
        )
    if inside.all():
        return [state("all beyond", subject, "count", count=len(rows), scope=scope, **told)]
    place = int(np.flatnonzero(~inside)[-1])
    before = int(rows[place])
    told |= {"count": len(rows) - place - 1, "start": int(rows[place + 1]), "when": before}
    main = "start" if query.when else "count"
    return [state("current run", subject, main, value=float(subject.values[before]), **told)]


def until(query: Query, scope: Scope) -> list[Statement]:
    """The run of values on a side of a bound that the history begins with."""
    rows, inside = _known_rows(scope, query)
    subject, told = scope.subject, {"side": query.side, "bound": query.bounds[0]}
    if not inside[0]:
        raise CannotTellError(
            f"the first value, {subject.values[rows[0]]:g} {subject.when(int(rows[0]))}, is not {query.side} "
            f"{query.bounds[0]:g}; ask for the first or the last value that is."
        )
    if inside.all():
        return [state("all beyond", subject, "count", count=len(rows), scope=scope, **told)]
    place = int(np.flatnonzero(~inside)[0])
    if query.order == "last" and inside[place:].any():
        raise CannotTellError(
            f"values are {query.side} {query.bounds[0]:g} until {bare(subject.when(int(rows[place - 1])))}, and later "
            "again; ask until when it stayed so, or for the last value that is."
        )
    behind = int(rows[place])
    told |= {"count": place, "end": int(rows[place - 1]), "when": behind}
    return [state("first run", subject, "end", value=float(subject.values[behind]), **told)]


def all_beyond(query: Query, scope: Scope) -> list[Statement]:
    """Whether every value is on a side of a bound; how many are, where some are not."""
    known = scope.values[~np.isnan(scope.values)]
    inside = int(meets(known, query.side, query.bounds[0]).sum())
    told = {"count": inside, "scope": scope, "side": query.side, "bound": query.bounds[0]}
    if inside == len(known):
        return [state("all beyond", scope.subject, "count", **told)]
    return [state("count", scope.subject, "count", steps=len(known), percent=inside / len(known), **told)]


def run_of_moves(query: Query, scope: Scope) -> list[Statement]:
    """The longest run of rises, or of falls, from one step to the next."""
    steps = np.diff(scope.values)
    steps[np.diff(scope.rows) > 1] = np.nan
    found = longest(meets(steps, "above" if query.side == "rises" else "below", 0.0))
    rows = scope.rows[1:][found]
    if not len(rows):
        raise CannotTellError(f"it never {query.side} from one step to the next {scope.words}.")
    other = Scope(scope.subject, rows, int(rows[0]), int(rows[-1]))
    told = {"direction": query.side, "count": len(rows), "other": other}
    return [state("run of moves", scope.subject, "count", scope=scope, **told)]


def values(query: Query, scope: Scope) -> list[Statement]:
    """The values of a few steps, one by one.

    Raises:
        CannotTellError: there are many.
    """
    places = np.flatnonzero(~np.isnan(scope.values))
    if len(places) > MOST_LISTED:
        raise CannotTellError(
            f"{scope.words} there are {len(places):,} values, and at most {MOST_LISTED} are listed; ask for their "
            "mean, extremes or count."
        )
    listed = [(float(scope.values[place]), int(scope.rows[place])) for place in places]
    return [state("values", scope.subject, "values", count=len(places), scope=scope, values=listed)]


def values_beyond(query: Query, scope: Scope) -> list[Statement]:
    """The values on a side of a bound, one by one; none where there are none or many."""
    inside = np.flatnonzero(meets(scope.values, query.side, query.bounds[0]))
    if not 0 < len(inside) <= MOST_LISTED:
        return []
    listed = [(float(scope.values[place]), int(scope.rows[place])) for place in inside]
    told = {"count": len(inside), "steps": int((~np.isnan(scope.values)).sum()), "values": listed}
    bound = query.bounds[0]
    return [state("values beyond", scope.subject, "values", scope=scope, side=query.side, bound=bound, **told)]
