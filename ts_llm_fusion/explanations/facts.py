"""Facts of a forecast, computed from its evidence: level, trend, season, band, gaps, covariates and experts."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .evidence import Evidence
from .lexicon import Calendar, operation_words, rounding_place, season_name

# Most seasons at the end of the history that the season is measured on.
_MOST_CYCLES = 4
# Least share of the variation that a season accounts for, and how much more a longer one must, to be named.
_LEAST_STRENGTH, _BETTER = 0.2, 0.1
# Corners of a season, with its peak and trough.
_MOST_CORNERS = 4
# Squared correlation with time from which on a season is not told from a trend.
_STRAIGHT = 0.9
# Least weight of the experts beside a group, at every step, for an effect of the group.
_LEAST_REST = 1e-4
# Coverage of the band that is described, where the forecast has its levels.
_USUAL_COVERAGE = 0.8


@dataclass(frozen=True)
class Point:
    """A value at a time.

    Args:
        value: in units of the series.
        step: 1 is the first of the forecast, 0 the last of the history.
        time: ISO timestamp; None without dates.
    """

    value: float
    step: int
    time: str | None


@dataclass(frozen=True)
class Horizon:
    """The point forecast f at steps 1 to H.

    Args:
        steps: H.
        mean: of f.
        first: at step 1.
        last: at step H.
        highest: first largest value.
        lowest: first smallest value.
    """

    steps: int
    mean: float
    first: Point
    last: Point
    highest: Point
    lowest: Point


@dataclass(frozen=True)
class Trend:
    """Least-squares line through the forecast f; where the horizon holds a season, through what is left beside it.

    The effects of covariates are left out of f.

    f(t) = a + b t + c p(t), p the profile of [`Season`], by least squares; c is 1 where the profile is nearly a line
    over the horizon itself (squared correlation with t above .9).

    Args:
        slope: b, a step.
        change: b (H - 1), from the first step to the last.
    """

    slope: float
    change: float


@dataclass(frozen=True)
class Season:
    """The season of m steps in the last K seasons of the history, at most four, and in the forecast.

    The history is fitted by a line and a value for each phase, p, by least squares over its observed values.

    Args:
        period: m. Of the periods that the experts used, those within the horizon come before longer ones, and a
            shorter before a longer one unless that accounts for .1 more of the variation.
        name: such as `yearly`; None where it has none.
        cycles: K.
        strength: 1 - (residual variance of line and phases) / (that of the line alone), each by its degrees of
            freedom, from .2 to 1. A weaker season is not named.
        peak: largest deviation of the first m steps of the forecast from its [`Trend`] through its mean, the effects
            of covariates left out; None where the horizon is shorter than m.
        trough: smallest of them.
        turn: of the m deviations, the farthest from the polygon that joins those of peak and trough, season after
            season; None where it is nearer than numbers are rounded.
        second_turn: the same with the turn among the corners of the polygon.
    """

    period: int
    name: str | None
    cycles: int
    strength: float
    peak: Point | None = None
    trough: Point | None = None
    turn: Point | None = None
    second_turn: Point | None = None


@dataclass(frozen=True)
class Comparison:
    """The forecast against observed values.

    Args:
        steps: beside a season its steps, at most H: the first ones of the forecast are compared with the same ones a
            season before, where all of these are observed. Without a season H, at most those of the history: the whole
            forecast is compared with what is observed of the last ones of the history.
        difference: mean of the forecast minus that of the observed values.
        percent: the difference over the observed mean; None where a mean is not positive or the share is 10 or more.
    """

    steps: int
    difference: float
    percent: float | None


@dataclass(frozen=True)
class Band:
    """The band between two quantiles.

    Args:
        coverage: nominal share of values in it: .8, or the widest there is.
        first: its width at step 1.
        last: its width at step H.
        growth: last over first; None where the first is 0.
    """

    coverage: float
    first: float
    last: float
    growth: float | None


@dataclass(frozen=True)
class Gaps:
    """Missing values of the history, from its first observed value on.

    Args:
        length: steps of the history.
        missing: how many are not observed.
        longest: most in a row.
        at_end: how many in a row at the end.
    """

    length: int
    missing: int
    longest: int
    at_end: int


@dataclass(frozen=True)
class Share:
    """A part of the forecast: an expert, or the experts of a group.

    Args:
        name: of the expert or group.
        weight: mean over the steps.
        effect: mean of the forecast minus its mean with the others alone, their weights scaled to the sum 1; None
            where the others have no weight.
    """

    name: str
    weight: float
    effect: float | None


@dataclass(frozen=True)
class Experts:
    """The experts that the forecast is the weighted mean of.

    Args:
        count: experts with a weight.
        all: by falling weight.
        groups: of level, trend, season and autoregression, by falling weight.
    """

    count: int
    all: tuple[Share, ...]
    groups: tuple[Share, ...]

    @property
    def first(self) -> Share:
        """The group of the largest weight."""
        return self.groups[0]

    @property
    def second(self) -> Share:
        """The group of the second largest weight."""
        return self.groups[1]

    @property
    def top(self) -> Share:
        """The expert of the largest weight."""
        return self.all[0]


@dataclass(frozen=True)
class Covariate:
    """The effect a of a covariate on the forecast at steps 1 to H, against its median in the history.

    Args:
        name: of its column.
        size: mean of the absolute value of a.
        mean: of a.
        largest: first value of a of the largest absolute value.
        steps: at how many a is at least the unit that numbers are rounded to, above or below 0.
        felt: a at these steps.
    """

    name: str
    size: float
    mean: float
    largest: Point
    steps: int
    felt: tuple[Point, ...]


@dataclass(frozen=True)
class Covariates:
    """The covariates whose effects are added to the weighted mean of the experts.

    Args:
        count: how many there are.
        largest: largest absolute effect of one at a step.
        all: by falling size.
    """

    count: int
    largest: float
    all: tuple[Covariate, ...]

    @property
    def first(self) -> Covariate:
        """The covariate of the largest size."""
        return self.all[0]

    @property
    def second(self) -> Covariate:
        """The covariate of the second largest size."""
        return self.all[1]


@dataclass(frozen=True)
class Text:
    """The effect of a phrase of a text: the forecast with it minus the forecast with the phrase taken out of the text.

    Args:
        phrase: its words.
        operation: what it does, in words, such as "multiplied by 1.5".
        steps: at how many it acts; of the history, where a stretch of it is left out.
        start: first of them, with the forecast, or the value of the history, there.
        end: last of them.
        share: mean part of them for which it acts, 1 for all of each.
        mean: of the effect over these steps; over the horizon where a stretch of the history is left out.
        past: whether it leaves a stretch of the history out.
    """

    phrase: str
    operation: str
    steps: int
    start: Point
    end: Point
    share: float
    mean: float
    past: bool


@dataclass(frozen=True)
class Texts:
    """The phrases of a text that change the forecast.

    Args:
        count: how many there are.
        all: by falling size of their mean effect.
    """

    count: int
    all: tuple[Text, ...]

    @property
    def first(self) -> Text:
        """The phrase of the largest effect."""
        return self.all[0]

    @property
    def second(self) -> Text:
        """The phrase of the second largest effect."""
        return self.all[1]


@dataclass(frozen=True)
class Facts:
    """Facts of one forecast; what does not exist is None.

    Args:
        name: of the series.
        unit: of its values.
        place: numbers in words are rounded to this power of ten, the largest below a tenth of the mean width of the
            band; where that is 0, below a thousandth of the largest absolute value.
        rate_place: the same for changes of a step: of the width and the value over H.
        calendar: how times and steps are named.
        last: last observed value of the history.

    Trend and season are those of the forecast without the effects of covariates and text.
    """

    name: str
    unit: str
    place: int
    rate_place: int
    calendar: Calendar
    last: Point
    horizon: Horizon
    trend: Trend | None
    season: Season | None
    comparison: Comparison | None
    band: Band | None
    gaps: Gaps
    covariates: Covariates | None
    experts: Experts
    texts: Texts | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def _point(evidence: Evidence, value: float, step: int) -> Point:
    moment = evidence.moment(step)
    return Point(float(value), step, moment.isoformat() if isinstance(moment, pd.Timestamp) else None)


def _horizon(evidence: Evidence, forecast: np.ndarray) -> Horizon:
    places = 0, len(forecast) - 1, int(forecast.argmax()), int(forecast.argmin())
    first, last, highest, lowest = (_point(evidence, forecast[place], place + 1) for place in places)
    return Horizon(len(forecast), float(forecast.mean()), first, last, highest, lowest)


def _phase_means(values: np.ndarray, phase: np.ndarray, period: int) -> np.ndarray:
    """Means by phase, NaN where a phase has no value."""
    counts = np.bincount(phase, minlength=period)
    with np.errstate(invalid="ignore"):
        return np.bincount(phase, values, period) / counts


class _Fit(NamedTuple):
    """A season of the history: its profile by phase from the first step of the forecast on; see [`Season`]."""

    period: int
    profile: np.ndarray
    strength: float
    cycles: int


def _fit_season(history: np.ndarray, period: int) -> _Fit | None:
    """Fit a line and a season to the last seasons of a history; None where the season cannot be told."""
    observed = np.flatnonzero(~np.isnan(history))
    cycles = min(_MOST_CYCLES, (len(history) - observed[0]) // period)
    if cycles < 2:
        return None
    recent = history[-cycles * period :]
    time = np.flatnonzero(~np.isnan(recent))
    values, phase = recent[time], time % period
    if len(time) <= period + 1 or len(np.unique(phase)) < period:
        return None
    # The line beside the phases is that of the values and times without the means of their phases (Frisch, Waugh,
    # Lovell).
    within = time - _phase_means(time, phase, period)[phase]
    slope = (within * values).sum() / (within**2).sum()
    profile = _phase_means(values - slope * time, phase, period)
    rest = values - slope * time - profile[phase]
    line = np.polynomial.Polynomial.fit(time, values, 1)
    total = ((values - line(time)) ** 2).sum() / (len(time) - 2)
    if total <= (1e-9 * np.abs(values).max()) ** 2:
        return None
    strength = 1 - (rest**2).sum() / (len(time) - period - 1) / total
    return _Fit(period, profile - profile.mean(), float(max(strength, 0.0)), cycles)


def _choose_season(evidence: Evidence, history: np.ndarray, steps: int) -> _Fit | None:
    """Fit of the season that is named; see [`Season`]."""
    fits = [_fit_season(history, period) for period in sorted(evidence.periods)]
    found = [fit for fit in fits if fit is not None and fit.strength >= _LEAST_STRENGTH]
    found = [fit for fit in found if fit.period <= steps] or found
    chosen: _Fit | None = None
    for fit in found:
        if chosen is None or fit.strength > chosen.strength + _BETTER:
            chosen = fit
    return chosen


def _season(evidence: Evidence, fit: _Fit, forecast: np.ndarray, slope: float, place: int) -> Season:
    """Describe a season whose corners are shown where the horizon holds it."""
    corners: list[Point] = []
    if fit.period <= len(forecast):
        line = forecast.mean() + slope * (np.arange(len(forecast)) - (len(forecast) - 1) / 2)
        deviation = (forecast - line)[: fit.period]
        corners = [_point(evidence, deviation[at], at + 1) for at in _corners(deviation, 10.0**place)]
    name = season_name(evidence.timestamps, fit.period, evidence.dated)
    return Season(fit.period, name, fit.cycles, fit.strength, *corners)


def _corners(deviation: np.ndarray, least: float) -> list[int]:
    """Places of peak, trough and up to two turns in one season of deviations; see [`Season`]."""
    corners = [int(deviation.argmax()), int(deviation.argmin())]
    time = np.arange(len(deviation))
    while len(corners) < _MOST_CORNERS:
        distance = np.abs(np.interp(time, corners, deviation[corners], period=len(deviation)) - deviation)
        if distance.max() < least:
            break
        corners.append(int(distance.argmax()))
    return corners


def _trend_slope(forecast: np.ndarray, profile: np.ndarray | None) -> float:
    """Slope of the line through the forecast, beside a profile by phase; see [`Trend`]."""
    time = np.arange(len(forecast)) - (len(forecast) - 1) / 2
    time = time / np.sqrt((time**2).sum())
    step = float(time[1] - time[0])
    if profile is not None:
        season = profile[np.arange(len(forecast)) % len(profile)]
        season = season - season.mean()
        bent = season - (season @ time) * time
        straight = bent @ bent < (1 - _STRAIGHT) * (season @ season)
        forecast = forecast - season * (1.0 if straight else (bent @ forecast) / (bent @ bent))
    return float((time @ (forecast - forecast.mean())) * step)


def _compare(history: np.ndarray, forecast: np.ndarray, period: int | None) -> Comparison | None:
    if period is None:
        steps = min(len(forecast), len(history))
        before, after = history[-steps:], forecast
        before = before[~np.isnan(before)]
        if not len(before):
            return None
    else:
        steps = min(len(forecast), period)
        before, after = history[-period:][:steps], forecast[:steps]
        if len(history) < period or np.isnan(before).any():
            return None
    old, new = float(before.mean()), float(after.mean())
    percent = (new - old) / old if old > 0 and new > 0 else None
    return Comparison(steps, new - old, percent if percent is not None and abs(percent) < 10 else None)


def _band(evidence: Evidence) -> tuple[Band, float] | None:
    """The band, and its mean width."""
    levels = evidence.levels
    pairs = [(low, high) for low in levels for high in levels if low < high and abs(low + high - 1) < 1e-6]
    if not pairs:
        return None
    low, high = min(pairs, key=lambda pair: (abs(pair[1] - pair[0] - _USUAL_COVERAGE) > 1e-6, pair[0]))
    width = (evidence.forecast[f"{high:g}"] - evidence.forecast[f"{low:g}"]).to_numpy()
    growth = float(width[-1] / width[0]) if width[0] > 0 else None
    return Band(round(high - low, 9), float(width[0]), float(width[-1]), growth), float(width.mean())


def _gaps(history: np.ndarray) -> Gaps:
    known = np.flatnonzero(~np.isnan(history))
    length = len(history) - known[0]
    runs = np.diff(np.append(known, len(history))) - 1
    return Gaps(int(length), int(length - len(known)), int(runs.max()), int(runs[-1]))


def _shares(evidence: Evidence, members: dict[str, list[str]]) -> tuple[Share, ...]:
    """Shares of disjoint sets of experts, which are all there are, by falling weight."""
    names = list(evidence.weights.columns)
    belongs = np.array([[name in experts for experts in members.values()] for name in names], dtype=np.float64)
    weights = evidence.weights.to_numpy()
    parts, products = weights @ belongs, (weights * evidence.predictions.to_numpy()) @ belongs
    rest = parts.sum(1, keepdims=True) - parts
    # Weights are float32: of a rest below this nothing can be told.
    known = (rest > _LEAST_REST).all(0)
    without = (products.sum(1, keepdims=True) - products) / np.where(known, rest, 1.0)
    effects = evidence.mixed.mean() - without.mean(0)
    found = [
        Share(name, float(parts[:, k].mean()), float(effects[k]) if known[k] else None)
        for k, name in enumerate(members)
    ]
    return tuple(sorted(found, key=lambda share: -share.weight))


def _experts(evidence: Evidence) -> Experts:
    groups: dict[str, list[str]] = {}
    for name in evidence.weights.columns:
        groups.setdefault(evidence.groups[name], []).append(name)
    return Experts(
        count=evidence.weights.shape[1],
        all=_shares(evidence, {name: [name] for name in evidence.weights.columns}),
        groups=_shares(evidence, groups),
    )


def _covariates(evidence: Evidence, place: int) -> Covariates | None:
    found = []
    for name, effect in evidence.effects.items():
        values = effect.to_numpy()
        points = [_point(evidence, value, at + 1) for at, value in enumerate(values)]
        felt = tuple(point for point in points if abs(point.value) >= 10.0**place)
        largest = points[int(np.abs(values).argmax())]
        found.append(
            Covariate(str(name), float(np.abs(values).mean()), float(values.mean()), largest, len(felt), felt)
        )
    if not found:
        return None
    size = max(abs(covariate.largest.value) for covariate in found)
    return Covariates(len(found), size, tuple(sorted(found, key=lambda covariate: -covariate.size)))


def _texts(evidence: Evidence) -> Texts | None:
    found = []
    for part in evidence.texts:
        difference = (evidence.forecast["mean"] - part.without).to_numpy()
        past = part.operation == "ignore"
        mean = difference.mean() if past else difference[np.array(part.steps) - 1].mean()
        words = operation_words(part.operation, part.operands, part.weekday)
        values = np.concatenate((evidence.history.to_numpy(), evidence.forecast["mean"].to_numpy()))
        start, end = (
            _point(evidence, values[len(evidence.history) - 1 + step], step)
            for step in (part.steps[0], part.steps[-1])
        )
        share = sum(part.shares) / len(part.shares)
        found.append(Text(part.phrase, words, len(part.steps), start, end, share, float(mean), past))
    if not found:
        return None
    return Texts(len(found), tuple(sorted(found, key=lambda text: -abs(text.mean))))


def find_facts(evidence: Evidence) -> Facts:
    """Compute the facts of a forecast."""
    history = evidence.history.to_numpy(dtype=np.float64)
    forecast = evidence.forecast["mean"].to_numpy(dtype=np.float64)
    mixed = evidence.mixed.to_numpy(dtype=np.float64)
    steps = len(forecast)
    fit = _choose_season(evidence, history, steps)
    profile = fit.profile if fit is not None and fit.period <= steps else None
    slope = _trend_slope(mixed, profile) if steps > 1 else 0.0
    band = _band(evidence)
    width, size = band[1] if band else 0.0, float(max(np.abs(forecast).max(), np.nanmax(np.abs(history))))
    place = rounding_place(width, size)
    last = int(np.flatnonzero(~np.isnan(history))[-1])
    return Facts(
        name=evidence.name,
        unit=evidence.unit,
        place=place,
        rate_place=rounding_place(width / steps, size / steps),
        calendar=evidence.calendar,
        last=_point(evidence, history[last], last + 1 - len(history)),
        horizon=_horizon(evidence, forecast),
        trend=Trend(slope, slope * (steps - 1)) if steps > 1 else None,
        season=_season(evidence, fit, mixed, slope, place) if fit else None,
        comparison=_compare(history, forecast, fit.period if fit else None),
        band=band[0] if band else None,
        gaps=_gaps(history),
        covariates=_covariates(evidence, place),
        experts=_experts(evidence),
        texts=_texts(evidence),
    )
