"""Check of answers: sentences are parsed by the grammar, and each claim is computed anew from history and forecast.

Nothing here reads the facts that the words were rendered from, or the question: the steps, the statistic, the bound
and the series are those that the sentence names, and the values are taken from the tables by pandas.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..explanations.checks import Claim
from ..explanations.lexicon import parse_number
from .frames import Frame, frames
from .scopes import rows_at, scope_rows
from .subject import Subject

_NUMERIC = frozenset(("observed", "derived", "forecast", "number", "percent", "count", "correlation"))
_PRECISION = 1e-9
# Frames of which a series is named in the words.
_OF_SERIES = frozenset(
    ("rank", "expected rank", "growth", "correlation", "pair", "pair with percent", "utmost gap", "pooled")
)
_CODES = {"hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
_SIDES: dict[str, Callable[[pd.Series, float], pd.Series]] = {
    "above": pd.Series.gt, "below": pd.Series.lt, "at least": pd.Series.ge, "at most": pd.Series.le,
    "equal to": pd.Series.eq,
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
        self.scores: pd.Series | None = None

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
        inside = rows_at(self[slot], self.subject)
        if inside is None:
            return None
        places = np.flatnonzero(inside)
        return int(places[0]) if len(places) == 1 else None

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


def _statistic(values: pd.Series, name: str) -> float:
    functions: dict[str, Callable[[pd.Series], float]] = {
        "mean": pd.Series.mean, "value": pd.Series.mean, "median": pd.Series.median, "sum": pd.Series.sum,
        "range": lambda v: v.max() - v.min(), "standard deviation": pd.Series.std, "maximum": pd.Series.max,
        "minimum": pd.Series.min,
    }  # fmt: skip
    return float(functions[name](values)) if values.notna().any() else float("nan")


def _of(slot: str = "scope") -> Callable[[_Said], float]:
    return lambda said: _statistic(said.values(slot), said["statistic"])


def _share(one: float, two: float) -> float:
    return abs(one / two - 1) if two else float("nan")


def _direction(one: float, two: float, up: str, down: str) -> str:
    return up if one >= two else down


def _extreme(said: _Said) -> float:
    values = said.values()
    return float(values.max() if said["side"] == "highest" else values.min())


def _opposite(said: _Said) -> float:
    values = said.values()
    return float(values.max() if said["extreme"] == "highest" else values.min())


def _row_of_extreme(side: str) -> Callable[[_Said], int]:
    def find(said: _Said) -> int:
        values = said.values().dropna()
        return int(values.index[int(values.argmax() if said[side] == "highest" else values.argmin())])

    return find


def _inside(said: _Said) -> pd.Series:
    values = said.values().dropna()
    if said.groups.get("upper"):
        return values[values.between(said.number("bound"), said.number("upper"))]
    return values[_SIDES[said["side"]](values, said.number("bound"))]


def _crossed(said: _Said) -> int | None:
    inside = _inside(said)
    if not len(inside):
        return None
    return int(inside.index[0 if said.groups.get("order") != "last" else -1])


def _value_crossed(said: _Said) -> float:
    row = _crossed(said)
    return float("nan") if row is None else float(said.values()[row])


def _period_values(said: _Said) -> pd.Series:
    """Statistic by period of a scope, without periods of which less than half is there."""
    values = said.values()
    periods = said.subject.timestamps[values.index].to_period(_CODES[said["unit"].removesuffix("s")])
    groups = values.groupby(np.asarray(periods))
    told = groups.sum(min_count=1) if said.groups.get("statistic") == "sum" else groups.mean()
    sizes = groups.size()
    return told[sizes >= 0.5 * sizes.median()] if "period" in said.groups else told.dropna()


def _named_period(said: _Said) -> str:
    """The words of the period if it is the extreme one, else those of that."""
    told = _period_values(said)
    best = told.idxmax() if said["side"] == "highest" else told.idxmin()
    rows = said.rows("period")
    periods = said.subject.timestamps[rows].to_period(_CODES[said["unit"].removesuffix("s")])
    return said["period"] if len(rows) and (periods == best).all() else str(best)


def _largest_step(said: _Said) -> tuple[int, float]:
    """Row and size of the largest difference to the step before, among consecutive rows of a scope."""
    steps = said.values().diff()
    steps = steps[np.diff(steps.index, prepend=-2) == 1]
    ranked = {"rise": steps, "fall": -steps, "change": steps.abs()}[said["direction"]]
    row = int(ranked.idxmax())
    return row, float(steps[row])


def _line(said: _Said) -> tuple[float, float, float]:
    """Slope, change and share of the variation of the line through the values."""
    rows = said.rows()
    values = said.values().dropna()
    slope, level = np.polyfit(values.index.to_numpy(), values.to_numpy(), 1)
    left = values - (slope * values.index.to_numpy() + level)
    total = float(((values - values.mean()) ** 2).sum())
    explained = 1 - float((left**2).sum()) / total if total > 0 else 0.0
    return float(slope), float(slope * (rows[-1] - rows[0])), explained


def _season_share(said: _Said) -> float:
    """Share of the variation about the mean of a season that the means of its phases explain, by groups."""
    values = said.values().reset_index(drop=True).tail(20_000).reset_index(drop=True)
    period = said.subject.calendar.steps(said["period"])
    known = values.dropna()
    rest = (values - values.rolling(period or 1, center=True, min_periods=1).mean()).dropna()
    left = rest - rest.groupby(known.index % (period or 1)).transform("mean")
    total = (rest**2).sum() / (len(known) - 1)
    return float(1 - (left**2).sum() / (len(known) - (period or 0)) / total)


def _split(said: _Said) -> tuple[pd.Series, pd.Series]:
    values, row = said.values(), said.row("when")
    return values.loc[: (row or 0) - 1], values.loc[row:]


def _distance(said: _Said) -> pd.Series:
    values = said.values().reset_index(drop=True)
    beside = pd.concat([values.shift(k) for k in (-3, -2, -1, 1, 2, 3)], axis=1)
    distance = (values - beside.median(axis=1)).abs().where(beside.notna().sum(axis=1) >= 2)
    for ends in (values, values[::-1]):
        for row in ends.index[: min(3, max(len(values) - 9, 0))]:
            behind = ends.loc[row:].iloc[1:]
            near, farther = behind.iloc[:3].median(), behind.iloc[3:6].median()
            going_on = abs(values[row] - near - (near - farther) * 2 / 3)
            if going_on < distance[row]:
                distance[row] = going_on
    return distance


def _far(said: _Said) -> int:
    distance = _distance(said)
    spread = 1.4826 * distance.median() or 1.2533 * distance.mean()
    values = said.values()
    return int(((distance > 8 * spread) & (distance > 0.02 * (values.max() - values.min()))).sum())


def _longest_gap(said: _Said) -> int:
    unknown = said.values().isna()
    return int(unknown.groupby((~unknown).cumsum()).sum().max())


def _longest_run(said: _Said) -> tuple[int, np.ndarray]:
    values = said.values()
    meets = _SIDES[said["side"]](values, said.number("bound"))
    runs = meets.groupby((~meets).cumsum()).sum()
    best = int(runs.max())
    rows = said.rows("other")
    held = bool(len(rows) == best and meets.reindex(rows).all())
    return best, rows if held else np.zeros(0, dtype=np.int64)


def _edge_of_run(said: _Said, current: bool) -> tuple[int, int, int]:
    """Length of the run of known values that begins or ends the history, its inner edge, and the row beyond it."""
    values = pd.Series(said.subject.values).dropna()
    if current:
        values = values[::-1]
    outside = (~_SIDES[said["side"]](values, said.number("bound"))).to_numpy()
    length = int(outside.argmax()) if outside.any() else 0
    return length, int(values.index[max(length - 1, 0)]), int(values.index[length])


def _longest_moves(said: _Said) -> tuple[int, np.ndarray]:
    values = said.values()
    moves = values.diff().where(pd.Series(values.index, values.index).diff() == 1)
    meets = moves.gt(0) if said["direction"] == "rises" else moves.lt(0)
    best = int(meets.groupby((~meets).cumsum()).sum().max())
    rows = said.rows("other")
    held = bool(len(rows) == best and meets.reindex(rows).all())
    return best, rows if held else np.zeros(0, dtype=np.int64)


def _highest_first(said: _Said) -> pd.Series:
    """Known values of a scope in the order of their side."""
    return said.values().dropna().sort_values(ascending=said["side"] == "lowest", kind="stable")


def _best_beyond(said: _Said) -> int:
    inside = _inside(said)
    return int(inside.index[int(inside.argmax() if said["extreme"] == "highest" else inside.argmin())])


def _place(said: _Said) -> int:
    return int(said["rank"].replace(",", "")[:-2]) - 1


def _edge_within(said: _Said) -> int:
    return int(said.values().dropna().index[0 if said["order"] == "first" else -1])


def _periods_of_scope(said: _Said) -> int:
    periods = said.subject.timestamps[said.rows()].to_period(_CODES[said["unit"].removesuffix("s")])
    return len(set(periods))


def _both(said: _Said) -> float:
    pooled = pd.concat([said.values("scope", said.named(slot)) for slot in ("name", "other")], ignore_index=True)
    return _statistic(pooled, said["statistic"])


def _edge(said: _Said) -> int:
    known = np.flatnonzero(~np.isnan(said.subject.values))
    return int(known[0 if said["order"] == "first" else -1])


def _part(said: _Said) -> tuple[str, float]:
    stamps = said.subject.timestamps[said.rows()]
    names: Any = {"weekday": stamps.day_name(), "month": stamps.month_name(), "hour": stamps.hour}
    means = said.values().groupby(np.asarray(names[said["unit"]])).mean()
    place = int(means.argmax() if said["side"] == "highest" else means.argmin())
    best = means.index[place]
    return f"{best:02d}:00" if said["unit"] == "hour" else str(best), float(means.iloc[place])


def _chance(said: _Said) -> float:
    """Probability of the side of the bound by the quantiles of the forecast, with straight tails."""
    row, bound = said.row("when"), said.number("bound")
    if row is None or row < len(said.subject):
        return float("nan")
    band = said.subject.forecast(row + 1 - len(said.subject)).loc[row].drop("mean")
    levels, values = band.index.astype(float).to_numpy(), np.maximum.accumulate(band.to_numpy())
    if said.groups.get("other") is not None:
        bound = said.value_at("other")
    slopes = np.diff(values) / np.diff(levels)
    points = np.r_[values[0] - slopes[0] * levels[0], values, values[-1] + slopes[-1] * (1 - levels[-1])]
    below = (
        float(np.interp(bound, points, np.r_[0, levels, 1])) if points[-1] > points[0] else float(points[0] <= bound)
    )
    above = min(max(1 - below, 0.01), 0.99)
    return above if said["side"] == "above" else 1 - above


def _scores(said: _Said) -> pd.Series:
    """Score of each series for a rank or its growth, best first."""
    if said.scores is not None:
        return said.scores
    scores = {}
    whole = said.groups.get("scope_first") is not None
    for subject in said.subjects:
        values = pd.Series(subject.values) if whole else said.values("scope", subject)
        known = values.dropna()
        if "statistic" in said.groups:
            scores[subject.name] = _statistic(values, said["statistic"])
        elif len(known) > 2 and known.mean():
            scores[subject.name] = np.polyfit(known.index, known, 1)[0] / abs(known.mean())
    told = pd.Series(scores, dtype=float).dropna()
    said.scores = told.sort_values(ascending=said["side"] in ("lowest", "slowest"), kind="stable")
    return said.scores


def _name_at(place: int) -> Callable[[_Said], list[str]]:
    def find(said: _Said) -> list[str]:
        scores = _scores(said)
        tied = (scores - scores.iloc[place]).abs() <= _PRECISION * max(scores.abs().max(), 1e-300)
        return list(scores.index[tied])

    return find


def _correlation(said: _Said) -> float:
    both = []
    for slot in ("name", "other"):
        subject = said.named(slot)
        values = said.values("scope", subject)
        both.append(values.set_axis(subject.timestamps[values.index]) if subject.dated else values)
    frame = pd.concat(both, axis=1, join="inner").dropna()
    return float(frame.iloc[:, 0].corr(frame.iloc[:, 1]))


def _of_named(slot: str) -> Callable[[_Said], float]:
    return lambda said: _statistic(said.values("scope", said.named(slot)), said["statistic"])


def _difference(one: Callable[[_Said], float], two: Callable[[_Said], float]) -> dict[str, Callable[[_Said], Any]]:
    return {
        "first": one,
        "second": two,
        "difference": lambda s: abs(one(s) - two(s)),
        "direction": lambda s: _direction(one(s), two(s), "more", "less"),
        "percent": lambda s: _share(one(s), two(s)),
    }


def _gaps(said: _Said) -> pd.Series:
    """Sizes of the differences of two named series by row, the one that is said first."""
    one, two = (said.values("scope", said.named(slot)) for slot in ("name", "other"))
    # The series may begin at other times: the steps of a scope are the same, and not their rows.
    sizes = one.sub(two.to_numpy()).abs() if len(one) == len(two) else one.iloc[:0]
    return sizes.dropna().sort_values(ascending=said["side"] == "smallest", kind="stable")


def _then(slot: str) -> Callable[[_Said], float]:
    """Observed value of a named series at the time of the sentence."""

    def find(said: _Said) -> float:
        inside = rows_at(said["when"], said.named(slot))
        rows = np.flatnonzero(inside) if inside is not None else np.zeros(0, dtype=np.int64)
        values = said.named(slot).values
        return float(values[rows[0]]) if len(rows) and rows[0] < len(values) else float("nan")

    return find


def _at(slot: str) -> Callable[[_Said], float]:
    return lambda said: said.value_at(slot)


def _length(said: _Said) -> int:
    return len(said.values())


def _observed(said: _Said) -> int:
    return int(said.values().notna().sum())


def _fraction(said: _Said) -> float:
    return len(_inside(said)) / max(_observed(said), 1)


_CHANGE: dict[str, Callable[[_Said], Any]] = {
    "first": _at("scope"),
    "second": _at("other"),
    "difference": lambda s: abs(s.value_at("other") - s.value_at("scope")),
    "direction": lambda s: _direction(s.value_at("other"), s.value_at("scope"), "rises", "falls"),
    "percent": lambda s: _share(s.value_at("other"), s.value_at("scope")),
}
_EXTREME: dict[str, Callable[[_Said], Any]] = {
    "value": _extreme,
    "when": _row_of_extreme("side"),
    "times": lambda s: int((s.values() == _extreme(s)).sum()),
}
_COUNT: dict[str, Callable[[_Said], Any]] = {
    "count": lambda s: len(_inside(s)),
    "steps": _observed,
    "percent": _fraction,
}
_FARTHEST: dict[str, Callable[[_Said], Any]] = {"value": _opposite, "when": _row_of_extreme("extreme")}
_BAND: dict[str, Callable[[_Said], Any]] = {
    "value": _at("when"),
    "low": lambda s: s.quantile("when", 0.1),
    "high": lambda s: s.quantile("when", 0.9),
    "width": lambda s: s.quantile("when", 0.9) - s.quantile("when", 0.1),
}
_PERIOD_COUNT: dict[str, Callable[[_Said], Any]] = {
    "count": lambda s: int(_SIDES[s["side"]](_period_values(s), s.number("bound")).sum()),
    "steps": lambda s: len(_period_values(s)),
    "percent": lambda s: float(_SIDES[s["side"]](_period_values(s), s.number("bound")).mean()),
}

_RANK: dict[str, Callable[[_Said], Any]] = {
    "count": lambda s: len(s.subjects),
    "name": _name_at(0),
    "second": _name_at(1),
    "value": lambda s: float(_scores(s).iloc[0]),
    "next": lambda s: float(_scores(s).iloc[1]),
}

# Frame -> how each of its claims is computed: a number, a row for a time, a word.
_CLAIMS: dict[str, dict[str, Callable[[_Said], Any]]] = {
    "statistic": {"value": _of()},
    "expected statistic": {"value": _of()},
    "partly expected statistic": {
        "value": _of(),
        "ahead": lambda s: int((s.rows() >= len(s.subject)).sum()),
        "steps": _length,
    },
    "value": {"value": _at("when")},
    "missing value": {"when": lambda s: s.row("when") if np.isnan(s.value_at("when")) else None},
    "forecast": _BAND,
    "extreme": _EXTREME,
    "tied extreme": _EXTREME,
    "expected extreme": _EXTREME,
    "extreme period": {
        "value": lambda s: float(_period_values(s).max() if s["side"] == "highest" else _period_values(s).min()),
        "period": _named_period,
    },
    "difference": _difference(_of(), _of("other")),
    "difference with percent": _difference(_of(), _of("other")),
    "change": _CHANGE,
    "change with percent": _CHANGE,
    "largest step": {
        "difference": lambda s: abs(_largest_step(s)[1]),
        "first": _at("before"),
        "second": _at("when"),
        "before": lambda s: (s.row("when") or 0) - 1,
        "when": lambda s: _largest_step(s)[0],
    },
    "count": _COUNT,
    "count between": _COUNT,
    "count of periods": _PERIOD_COUNT,
    "crossing": {"value": _value_crossed, "when": _crossed},
    "no crossing": {"scope": lambda s: s["scope"] if not len(_inside(s)) else "", **_FARTHEST},
    "forecast crossing": {
        "value": _at("when"),
        "when": lambda s: (
            s.row("when") if _SIDES[s["side"]](pd.Series(s.value_at("when")), s.number("bound"))[0] else None
        ),
    },
    "no forecast crossing": {"scope": lambda s: s["scope"] if not len(_inside(s)) else "", **_FARTHEST},
    "probability": {"percent": _chance, "bound": _at("other")},
    "probability of a bound": {"percent": _chance},
    "trend": {
        "direction": lambda s: _direction(_line(s)[0], 0, "rises", "falls"),
        "slope": lambda s: abs(_line(s)[0]),
        "each": lambda s: s.subject.calendar.each,
        "change": lambda s: abs(_line(s)[1]),
        "percent": lambda s: _line(s)[2],
    },
    "no trend": {"change": lambda s: abs(_line(s)[1]), "percent": lambda s: _line(s)[2]},
    "season": {"percent": _season_share},
    "no season": {},
    "no season of": {},
    "break": {"first": lambda s: float(_split(s)[0].mean()), "second": lambda s: float(_split(s)[1].mean())},
    "no break": {},
    "outliers": {
        "count": _far,
        "steps": _observed,
        "value": _at("when"),
        "when": lambda s: int(s.rows()[int(_distance(s).argmax())]),
    },
    "no outliers": {"scope": lambda s: s["scope"] if not _far(s) else ""},
    "missing": {"count": lambda s: int(s.values().isna().sum()), "steps": _length, "longest": _longest_gap},
    "extent": {"steps": _length, "count": _observed, "step": lambda s: s.subject.calendar.duration(1)},
    "edge": {"value": lambda s: float(s.subject.values[_edge(s)]), "when": _edge},
    "band": _BAND,
    "edge within": {"value": lambda s: float(s.subject.values[_edge_within(s)]), "when": _edge_within},
    "beyond": {"count": lambda s: len(_inside(s)), "value": lambda s: _statistic(_inside(s), s["statistic"])},
    "extreme beyond": {
        "count": lambda s: len(_inside(s)),
        "value": lambda s: float(s.values()[_best_beyond(s)]),
        "when": _best_beyond,
    },
    "statistic of top": {
        "count": lambda s: len(_highest_first(s).head(int(s.number("count")))),
        "value": lambda s: _statistic(_highest_first(s).head(int(s.number("count"))), s["statistic"]),
    },
    "ranked": {
        "rank": lambda s: s["rank"] if _place(s) < len(_highest_first(s)) else "",
        "value": lambda s: float(_highest_first(s).iloc[_place(s)]),
        "when": lambda s: int(_highest_first(s).index[_place(s)]),
    },
    "number": {"count": _periods_of_scope, "steps": _observed},
    "top": {},
    "share": {
        "first": lambda s: float(s.values().sum()),
        "second": lambda s: float(s.values("other").sum()),
        "percent": lambda s: float(s.values().sum() / s.values("other").sum()),
    },
    "percentile": {"value": lambda s: float(s.values().quantile(s.number("percent")))},
    "run": {
        "count": lambda s: _longest_run(s)[0],
        "other": lambda s: s["other"] if len(_longest_run(s)[1]) else "",
    },
    "current run": {
        "count": lambda s: _edge_of_run(s, True)[0],
        "start": lambda s: _edge_of_run(s, True)[1],
        "when": lambda s: _edge_of_run(s, True)[2],
        "value": _at("when"),
    },
    "first run": {
        "count": lambda s: _edge_of_run(s, False)[0],
        "end": lambda s: _edge_of_run(s, False)[1],
        "when": lambda s: _edge_of_run(s, False)[2],
        "value": _at("when"),
    },
    "all beyond": {
        "count": lambda s: _observed(s) if len(_inside(s)) == _observed(s) else -1,
    },
    "run of moves": {
        "count": lambda s: _longest_moves(s)[0],
        "other": lambda s: s["other"] if len(_longest_moves(s)[1]) else "",
    },
    "values": {"count": _observed},
    "values beyond": _COUNT,
    "profile": {"part": lambda s: _part(s)[0], "value": lambda s: _part(s)[1]},
    "rank": _RANK,
    "expected rank": _RANK,
    "growth": {
        "count": lambda s: len(s.subjects),
        "name": _name_at(0),
        "second": _name_at(1),
        "percent": lambda s: abs(float(_scores(s).iloc[0])),
        "direction": lambda s: _direction(float(_scores(s).iloc[0]), 0, "rises", "falls"),
        "each": lambda s: s.subject.calendar.each,
    },
    "pair": _difference(_of_named("name"), _of_named("other")),
    "pair with percent": _difference(_of_named("name"), _of_named("other")),
    "utmost gap": {
        "difference": lambda s: float(_gaps(s).iloc[0]),
        "when": lambda s: int(_gaps(s).index[0]),
        "first": _then("name"),
        "second": _then("other"),
    },
    "pooled": {"value": _both, "first": _of_named("name"), "second": _of_named("other")},
    "correlation": {"value": _correlation},
    "series": {},
    "one series": {},
    "yes": {},
    "no": {},
}


def _agrees(kind: str, words: str, actual: Any, subject: Subject) -> bool:
    """Whether words say a value within the rounding of their last digit."""
    if isinstance(actual, list):
        return words in actual
    if actual is None or (isinstance(actual, float) and np.isnan(actual)):
        return False
    if kind == "when":
        return isinstance(actual, int | np.integer) and subject.when(int(actual)) == words
    if kind not in _NUMERIC:
        return bool(words == actual)
    number = words.split()[0].replace(",", "")
    if kind == "count":
        return int(number) == actual
    digits, _, exponent = number.partition("e")
    place = -len(digits.partition(".")[2]) + int(exponent or 0) - (2 if kind == "percent" else 0)
    claimed = float(number) / (100 if kind == "percent" else 1)
    return bool(abs(claimed - actual) <= 0.5 * 10.0**place * (1 + 1e-6) + _PRECISION * abs(actual))


def _listed(topic: str, said: _Said) -> tuple[str, bool]:
    """The words of the values that a sentence lists with their times, and whether it says them."""
    if topic == "top":
        chosen = _highest_first(said).head(int(said.number("count")))
    else:
        chosen = said.values().dropna() if topic == "values" else _inside(said)
    items = said["values"].replace(" and ", ", ").split(", ")
    holds = len(items) == len(chosen)
    for item, (row, value) in zip(items, chosen.items(), strict=False):
        number, _, when = item.partition(" ")
        if said.subject.unit:
            when = when.removeprefix(said.subject.unit).strip()
        holds = holds and _agrees("observed", number, float(value), said.subject)
        holds = holds and when == said.subject.when(int(str(row)))
    return ", ".join(map(str, chosen.tolist())), holds


def _check(frame: Frame, said: _Said, sentence: str) -> list[Claim]:
    told = _CLAIMS[frame.name]
    claims = []
    for slot, kind in frame.slots.items():
        words = said[slot]
        name = f"{frame.name}.{slot}"
        if kind == "list":
            shown, holds = _listed(frame.name, said)
            claims.append(Claim(sentence, name, kind, words, shown, holds))
        elif slot in told:
            actual = told[slot](said)
            holds = _agrees(kind, words, actual, said.subject)
            shown = actual[0] if isinstance(actual, list) and actual else actual
            if kind == "when" and isinstance(actual, int | np.integer):
                shown = said.subject.when(int(actual))
            claims.append(Claim(sentence, name, kind, words, shown, holds))
        elif kind == "scope":
            # The steps that the other claims are of.
            claims.append(Claim(sentence, name, kind, words, words, len(said.rows(slot)) > 0))
        elif kind == "when":
            row = said.row(slot)
            claims.append(Claim(sentence, name, kind, words, words if row is not None else None, row is not None))
    return claims


def check_sentence(sentence: str, subjects: Sequence[Subject]) -> list[Claim]:
    """Check every claim of a sentence of an answer.

    Args:
        sentence: behind the name of its series and a colon, where there are several.
        subjects: the series that the answer is of; the first one where the sentence names none.

    Returns:
        One claim for each number, time, set of steps and name; a sentence that is no frame of the grammar is one
        claim, which does not hold.
    """
    subject = subjects[0]
    for one in subjects:
        if sentence.startswith(f"{one.name}: "):
            subject, sentence = one, sentence.removeprefix(f"{one.name}: ")
            break
    names = frozenset(one.name for one in subjects if one.name in sentence)
    for frame in frames(subject.unit, names):
        match = frame.pattern.fullmatch(sentence)
        if match is not None:
            groups = match.groupdict()
            if "name" in frame.slots and frame.name in _OF_SERIES:
                subject = next(one for one in subjects if one.name == groups["name"])
            return _check(frame, _Said(groups, subject, subjects), sentence)
    return [Claim(sentence, "sentence", "", sentence, None, False)]
