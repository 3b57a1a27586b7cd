"""Check of an explanation: its sentences are parsed by the grammar, and each claim is computed anew from the evidence.

Nothing here reads the facts that the words were rendered from: a fault of theirs, a swapped number or the words of
another series fail.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .evidence import Evidence, TextPart
from .grammar import CONNECTIVES, Frame, Slot, frames
from .lexicon import operation_words, parse_number, rounding_place, season_name

# Relative tolerance of claims beside that of their rounding: float64 sums in another order.
_PRECISION = 1e-12
# Values that differ by less than this share of the unit of rounding tie, and so do weights.
_TIE = 1e-6
_CONNECTIVE = re.compile(rf"(?:{'|'.join(CONNECTIVES)}), (?=[a-z])")
_SENTENCE_END = re.compile(r"[.!?](?=\s)")


@dataclass(frozen=True)
class Claim:
    """A claim of a sentence and its verdict.

    Args:
        sentence: that it stands in.
        quantity: what it is of, a path in `facts.Facts`; `sentence` for one that is no frame of the grammar.
        kind: how it is written, see `grammar`; empty for a sentence.
        words: of the claim.
        actual: the value computed from the evidence; None where there is none.
        holds: whether they agree within the rounding.
    """

    sentence: str
    quantity: str
    kind: str
    words: str
    actual: float | str | None
    holds: bool

    @property
    def numeric(self) -> bool:
        """Whether the claim has a number in it, of values, steps or dates."""
        return self.kind not in ("", "name", "covariate", "phrase", "operation") and "|" not in self.kind

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def _without_line(time: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Residuals of the least-squares line."""
    return values - np.polyval(np.polyfit(time, values, 1), time)


class _Measures:
    """Quantities of evidence by their path, computed from its tables alone.

    Args:
        evidence: of the forecast.
        said: words of the sentence by their quantity: the season, the group of experts and the covariate that it
            names, and the times of the corners of a season, are those that its other claims are of.
        beside: what the sentence says to leave aside: "covariates", "text", "covariates and text", or "".
    """

    def __init__(self, evidence: Evidence, said: dict[str, str], beside: str = ""):
        self.evidence, self.said = evidence, said
        self.history, self.mean = evidence.history, evidence.forecast["mean"]
        self.steps = len(self.mean)
        self.beside = beside
        self.described = self.mean
        if "text" in beside and evidence.numeric is not None:
            self.described = evidence.numeric
        if "covariates" in beside:
            self.described = self.described - evidence.effects.sum(axis=1).reindex(self.mean.index, fill_value=0.0)
        season = said.get("season", said.get("season.period"))
        self.named_season = season is not None
        period = None if season is None else evidence.calendar.steps(season.rpartition("season of ")[2])
        self.period = period if period in evidence.periods else None
        group = said.get("experts.first.name")
        self.group = next((one for one in evidence.groups.values() if one.replace("_", " ") == group), None)

    def time(self, place: int) -> pd.Timestamp | int:
        """Time of a row of the forecast."""
        return self.mean.index[place] if self.evidence.dated else place + 1

    def times(self, values: pd.Series | None, largest: bool) -> list[pd.Timestamp | int] | None:
        """Times of the largest or smallest value of the forecast: more than one where values tie."""
        if values is None:
            return None
        best = values.max() if largest else values.min()
        near = (values - best).abs() <= _TIE * 10.0 ** self.place() + _PRECISION * self.mean.abs().max()
        return [self.time(int(place)) for place in np.flatnonzero(near)]

    @cached_property
    def last(self) -> tuple[float, pd.Timestamp | int]:
        """Last observed value and its time."""
        row = int(np.flatnonzero(self.history.notna())[-1])
        time = self.history.index[row] if self.evidence.dated else row + 1 - len(self.history)
        return float(self.history.iloc[row]), time

    @cached_property
    def season(self) -> tuple[np.ndarray, float, int] | None:
        """Profile by phase from the first step of the forecast on, strength and number of seasons."""
        if self.period is None:
            return None
        known = self.history.loc[self.history.first_valid_index() :].to_numpy()
        cycles = min(4, len(known) // self.period)
        if cycles < 2:
            return None
        values = known[-cycles * self.period :].reshape(cycles, self.period)
        unknown = np.isnan(values)
        count = int((~unknown).sum())
        if unknown.all(0).any() or count <= self.period + 1:
            return None
        time = np.where(unknown, np.nan, np.arange(values.size, dtype=np.float64).reshape(values.shape))
        mean, mean_time = np.nanmean(values, 0), np.nanmean(time, 0)
        inner, inner_time = values - mean, time - mean_time
        slope = np.nansum(inner * inner_time) / np.nansum(inner_time**2)
        residual = np.nansum((inner - slope * inner_time) ** 2) / (count - self.period - 1)
        level = float(np.nanmean(values))
        straight = _without_line(time[~unknown], values[~unknown] - level)
        plain = (straight**2).sum() / (count - 2)
        strength = max(0.0, float(1 - residual / plain)) if plain > 0 else 0.0
        return mean - slope * mean_time, strength, cycles

    @cached_property
    def slope(self) -> float | None:
        """Slope of the described forecast, beside a multiple of the profile where the sentence names a season."""
        if self.steps < 2:
            return None
        time = np.arange(self.steps, dtype=np.float64)
        values = (self.described - self.described.mean()).to_numpy()
        if self.named_season:
            season = self.season
            if season is None or self.period is None or self.period > self.steps:
                return None
            profile = np.resize(season[0] - season[0].mean(), self.steps)
            bent = _without_line(time, profile)
            is_line = bent.var() < 0.1 * profile.var()
            values = values - profile * (1.0 if is_line else (bent * values).mean() / bent.var())
        return float(np.polyfit(time, values, 1)[0])

    @cached_property
    def deviation(self) -> pd.Series | None:
        """Deviation of the first season of the described forecast from its trend."""
        slope = self.slope if self.named_season else None
        if slope is None or self.period is None:
            return None
        line = self.described.mean() + slope * (np.arange(self.steps) - (self.steps - 1) / 2)
        return (self.described - line).iloc[: self.period]

    def corner(self, quantity: str) -> int | None:
        """Place in the first season of the forecast of a corner that the sentence names."""
        if self.deviation is None or quantity not in self.said:
            return None
        key = self.evidence.calendar.parse(self.said[quantity])
        places = (place for place in range(len(self.deviation)) if self.evidence.calendar.key(self.time(place)) == key)
        return next(places, None)

    def height(self, quantity: str) -> float | None:
        """Deviation at a corner that the sentence names."""
        place = self.corner(quantity)
        return None if place is None or self.deviation is None else float(self.deviation.iloc[place])

    def turns(self, *before: str) -> list[pd.Timestamp | int] | None:
        """Times farthest from the polygon through the corners that the sentence names before."""
        corners = [place for quantity in before if (place := self.corner(quantity)) is not None]
        if self.deviation is None or len(corners) < len(before):
            return None
        heights = self.deviation.iloc[corners].to_numpy()
        polygon = np.interp(np.arange(len(self.deviation)), corners, heights, period=self.period)
        distance = (self.deviation - polygon).abs()
        return self.times(distance, True) if distance.max() >= 10.0 ** self.place() * (1 - _TIE) else None

    @cached_property
    def compared(self) -> tuple[int, float, float] | None:
        """Steps, mean of the forecast and observed mean."""
        if self.named_season:
            if self.period is None or len(self.history) < self.period:
                return None
            steps = min(self.period, self.steps)
            before = self.history.tail(self.period).head(steps)
            return (steps, self.mean.head(steps).mean(), before.mean()) if before.notna().all() else None
        steps = min(self.steps, len(self.history))
        before = self.history.tail(steps)
        return (steps, self.mean.mean(), before.mean()) if before.notna().any() else None

    @cached_property
    def difference(self) -> float | None:
        """Mean of the forecast minus the observed mean."""
        compared = self.compared
        return None if compared is None else compared[1] - compared[2]

    @cached_property
    def percent(self) -> float | None:
        """The difference over the observed mean."""
        compared = self.compared
        return None if compared is None or compared[2] <= 0 else compared[1] / compared[2] - 1

    @cached_property
    def width(self) -> pd.Series | None:
        """Width of the band at each step; None without quantiles."""
        pair = self.band
        return None if pair is None else self.evidence.forecast[pair[1]] - self.evidence.forecast[pair[0]]

    @cached_property
    def band(self) -> tuple[str, str] | None:
        """Columns of the band."""
        columns = self.evidence.forecast.columns
        if {"0.1", "0.9"} <= set(columns):
            return "0.1", "0.9"
        levels = [f"{level:g}" for level in self.evidence.levels]
        return next(((q, f"{1 - float(q):g}") for q in levels if q < "0.5" and f"{1 - float(q):g}" in levels), None)

    def place(self, steps: int = 1) -> int:
        """Power of ten that numbers are rounded to."""
        width = self.width
        size = max(self.mean.abs().max(), self.history.abs().max())
        return rounding_place((0.0 if width is None else width.mean()) / steps, size / steps)

    @cached_property
    def missing(self) -> pd.Series:
        """Lengths of the runs of missing values behind the first observed value, by the run; 0 where observed."""
        unknown = self.history.loc[self.history.first_valid_index() :].isna()
        return unknown.groupby((~unknown).cumsum()).sum()

    @cached_property
    def groups(self) -> pd.Series:
        """Mean weights of the groups, largest first."""
        totals: dict[str, float] = {}
        for name, weight in self.evidence.weights.mean().to_dict().items():
            group = self.evidence.groups[str(name)]
            totals[group] = totals.get(group, 0.0) + weight
        return pd.Series(totals).sort_values(ascending=False)

    @cached_property
    def experts(self) -> pd.Series:
        """Mean weights of the experts, largest first."""
        return self.evidence.weights.mean().sort_values(ascending=False)

    def effect(self, group: str | None) -> float | None:
        """Mean of the forecast minus its mean without the experts of a group."""
        others = [name for name in self.evidence.weights if self.evidence.groups[str(name)] != group]
        if group not in self.evidence.groups.values() or not others:
            return None
        weights = self.evidence.weights[others]
        if not (weights.sum(axis=1) > 1e-4).all():
            return None
        kept = (weights.div(weights.sum(axis=1), axis=0) * self.evidence.predictions[others]).sum(axis=1)
        added = self.evidence.effects.sum(axis=1)
        before = self.mean if self.evidence.numeric is None else self.evidence.numeric
        return float(before.mean() - (added.mean() if len(added) else 0.0) - kept.mean())

    def leading(self, weights: pd.Series, place: int, unit: float = 1.0) -> list[str] | None:
        """Names with the weight of that place, counted from the largest: more than one where they tie."""
        if place >= len(weights):
            return None
        return list(weights.index[(weights - weights.iloc[place]).abs() <= _TIE * unit])

    @cached_property
    def sizes(self) -> pd.Series:
        """Mean absolute effects of the covariates, largest first."""
        return self.evidence.effects.abs().mean().sort_values(ascending=False)

    def covariate(self, rank: str) -> pd.Series | None:
        """Effects of the covariate that the sentence names for a rank."""
        return self.evidence.effects.get(self.said.get(f"covariates.{rank}.name"))

    def changes(self, part: TextPart) -> pd.Series:
        """What the forecast loses where a phrase is taken out: at its steps, or at all for one on the history."""
        difference = self.mean - part.without
        inside = [step - 1 for step in part.steps if step >= 1]
        return difference.iloc[inside] if inside else difference

    def text(self, rank: str) -> TextPart | None:
        """Phrase that the sentence names for a rank."""
        said = self.said.get(f"texts.{rank}.phrase")
        parts = [part for part in self.evidence.texts if part.phrase == said]
        # Of equal phrases the one that does what the sentence says.
        does = self.said.get(f"texts.{rank}.operation")
        return next((part for part in parts if does in (None, _operation(part))), parts[0] if parts else None)

    def phrases(self, place: int) -> list[str] | None:
        """Phrases whose effect has that place, counted from the largest."""
        sizes = pd.Series([abs(self.changes(part).mean()) for part in self.evidence.texts])
        ranked = sizes.sort_values(ascending=False, kind="stable")
        if place >= len(ranked):
            return None
        near = (sizes - ranked.iloc[place]).abs() <= _TIE * 10.0 ** self.place()
        return [self.evidence.texts[k].phrase for k in np.flatnonzero(near)]

    def edge(self, part: TextPart | None, last: bool) -> pd.Timestamp | int | None:
        """Time of the first or last step of a phrase."""
        return None if part is None else self.evidence.moment(max(part.steps) if last else min(part.steps))

    @property
    def experts_count(self) -> int | None:
        """Experts with a weight; None where text or covariates change their mean and the sentence omits them."""
        if self.beside != self.evidence.added:
            return None
        return int((self.evidence.weights > 0).any().sum())


def _pick(found: tuple[Any, ...] | None, place: int) -> Any:
    return None if found is None else found[place]


def _of(values: pd.Series | None, function: Callable[[pd.Series], Any]) -> float | None:
    return None if values is None or values.empty else float(function(values))


def _of_covariate(rank: str, place: int) -> dict[str, Callable[[_Measures], Any]]:
    """Quantities of the covariate of a rank, whose place from the largest is given."""
    path = f"covariates.{rank}"
    return {
        f"{path}.name": lambda m: m.leading(m.sizes, place, 10.0 ** m.place()),
        f"{path}.mean": lambda m: _of(m.covariate(rank), pd.Series.mean),
        f"{path}.largest": lambda m: m.times(_size(m.covariate(rank)), True),
        f"{path}.largest.value": lambda m: _of(m.covariate(rank), lambda a: a.iloc[int(a.abs().argmax())]),
        f"{path}.steps": lambda m: _of(_size(m.covariate(rank)), lambda size: (size >= 10.0 ** m.place()).sum()),
    }


def _operation(part: TextPart) -> str:
    return operation_words(part.operation, part.operands, part.weekday)


def _of_text(rank: str, place: int) -> dict[str, Callable[[_Measures], Any]]:
    """Quantities of the phrase of a rank, whose place from the largest is given."""
    path = f"texts.{rank}"

    def of(function: Callable[[_Measures, TextPart], Any]) -> Callable[[_Measures], Any]:
        def measured(m: _Measures) -> Any:
            part = m.text(rank)
            return None if part is None else function(m, part)

        return measured

    return {
        f"{path}.phrase": lambda m: m.phrases(place),
        # A sentence that tells no share claims whole steps.
        f"{path}.operation": of(
            lambda m, part: _operation(part) if f"{path}.share" in m.said or min(part.shares) == 1 else None
        ),
        f"{path}.steps": of(lambda m, part: len(part.steps)),
        f"{path}.start": of(lambda m, part: m.edge(part, False)),
        f"{path}.end": of(lambda m, part: m.edge(part, True)),
        f"{path}.share": of(lambda m, part: float(np.mean(part.shares))),
        f"{path}.mean": of(lambda m, part: float(m.changes(part).mean())),
    }


def _size(values: pd.Series | None) -> pd.Series | None:
    return None if values is None else values.abs()


# Quantity -> how it is computed; a list where several times or names tie.
_QUANTITIES: dict[str, Callable[[_Measures], Any]] = {
    "last.value": lambda m: m.last[0],
    "last": lambda m: m.last[1],
    "horizon.steps": lambda m: m.steps,
    "horizon.mean": lambda m: _of(m.mean, pd.Series.mean),
    "horizon.first.value": lambda m: _of(m.mean, lambda f: f.iloc[0]),
    "horizon.first": lambda m: m.time(0),
    "horizon.last.value": lambda m: _of(m.mean, lambda f: f.iloc[-1]),
    "horizon.last": lambda m: m.time(m.steps - 1),
    "horizon.highest.value": lambda m: _of(m.mean, pd.Series.max),
    "horizon.highest": lambda m: m.times(m.mean, True),
    "horizon.lowest.value": lambda m: _of(m.mean, pd.Series.min),
    "horizon.lowest": lambda m: m.times(m.mean, False),
    "horizon.range": lambda m: _of(m.mean, lambda f: f.max() - f.min()),
    "trend.slope": lambda m: m.slope,
    "trend.change": lambda m: None if m.slope is None else m.slope * (m.steps - 1),
    "season.period": lambda m: m.period,
    "season.strength": lambda m: _pick(m.season, 1),
    "season.cycles": lambda m: _pick(m.season, 2),
    "season.peak.value": lambda m: _of(m.deviation, pd.Series.max),
    "season.peak": lambda m: m.times(m.deviation, True),
    "season.trough.value": lambda m: _of(m.deviation, pd.Series.min),
    "season.trough": lambda m: m.times(m.deviation, False),
    "season.turn.value": lambda m: m.height("season.turn"),
    "season.turn": lambda m: m.turns("season.peak", "season.trough"),
    "season.second_turn.value": lambda m: m.height("season.second_turn"),
    "season.second_turn": lambda m: m.turns("season.peak", "season.trough", "season.turn"),
    "comparison.steps": lambda m: _pick(m.compared, 0),
    "comparison.difference": lambda m: m.difference,
    "comparison.percent": lambda m: m.percent,
    "band.coverage": lambda m: None if m.band is None else float(m.band[1]) - float(m.band[0]),
    "band.first": lambda m: _of(m.width, lambda width: width.iloc[0]),
    "band.last": lambda m: _of(m.width, lambda width: width.iloc[-1]),
    "band.growth": lambda m: _of(m.width, lambda width: width.iloc[-1] / width.iloc[0]),
    "gaps.length": lambda m: len(m.history.loc[m.history.first_valid_index() :]),
    "gaps.missing": lambda m: int(m.missing.sum()),
    "gaps.longest": lambda m: int(m.missing.max()),
    "gaps.at_end": lambda m: int(m.missing.iloc[-1]),
    **_of_covariate("first", 0),
    **_of_covariate("second", 1),
    **_of_text("first", 0),
    **_of_text("second", 1),
    "covariates.count": lambda m: m.evidence.effects.shape[1],
    "covariates.largest": lambda m: m.evidence.effects.abs().to_numpy().max() if m.evidence.effects.size else None,
    "experts.count": lambda m: m.experts_count,
    "experts.first.weight": lambda m: _of(m.groups[:1], pd.Series.max),
    "experts.first.name": lambda m: m.leading(m.groups, 0),
    "experts.first.effect": lambda m: m.effect(m.group),
    "experts.second.weight": lambda m: _of(m.groups[1:2], pd.Series.max),
    "experts.second.name": lambda m: m.leading(m.groups, 1),
    "experts.top.weight": lambda m: _of(m.experts[:1], pd.Series.max),
    "experts.top.name": lambda m: m.leading(m.experts, 0),
}


def _as_list(actual: Any) -> list[Any]:
    return actual if isinstance(actual, list) else [actual]


def _agrees(slot: Slot, words: str, actual: Any, measures: _Measures) -> bool:
    """Whether words claim an actual value, within half of the last digit that they are rounded to."""
    calendar, evidence = measures.evidence.calendar, measures.evidence
    kind = slot.kind
    if kind in ("when", "date"):
        return calendar.parse(words) in [calendar.key(moment) for moment in _as_list(actual)]
    if kind == "duration":
        return calendar.steps(words) == actual
    if kind == "season":
        name = season_name(evidence.timestamps, actual, evidence.dated)
        return words == f"{f'{name} ' if name else ''}season of {calendar.duration(actual)}"
    if kind in ("covariate", "phrase", "operation"):
        return words in _as_list(actual)
    if kind == "name":
        return words in [name.replace("_", " ") for name in _as_list(actual)]
    if "|" in kind:
        # Of nothing both directions are true.
        is_nothing = bool(abs(actual) <= _TIE * 10.0 ** measures.place())
        return is_nothing or words == kind.split("|")[0 if actual > 0 else 1]
    if kind == "rate" and words.rpartition(" per ")[2] != calendar.each:
        return False
    claimed = parse_number(words.split()[0])
    if kind in ("count", "covariates"):
        return claimed == actual
    if kind == "below":
        least = 10.0 ** measures.place()
        return bool(abs(claimed - least) <= _TIE * least and abs(actual) < least * (1 + _TIE))
    if kind == "percent":
        decimals = len(words.split()[0].partition(".")[2])
        claimed, tolerance = claimed / 100, 0.005 / 10**decimals
    elif kind == "ratio":
        tolerance = 0.05
    else:
        tolerance = 10.0 ** measures.place(measures.steps if kind == "rate" else 1) / 2
    if kind != "value":
        actual = abs(actual)
    return bool(abs(claimed - actual) <= tolerance * (1 + _TIE) + _PRECISION * abs(actual))


def _check_sentence(sentence: str, frame: Frame, texts: tuple[str, ...], evidence: Evidence) -> list[Claim]:
    said = {slot.quantity: text for slot, text in zip(frame.slots, texts, strict=True) if "|" not in slot.kind}
    measures = _Measures(evidence, said, frame.topic.partition(", with ")[2])
    claims = []
    for slot, words in zip(frame.slots, texts, strict=True):
        actual = _QUANTITIES["season.period" if slot.kind == "season" else slot.quantity](measures)
        holds = actual is not None and _agrees(slot, words, actual, measures)
        shown = _as_list(actual)[0]
        if slot.kind in ("when", "date") and shown is not None:
            shown = evidence.calendar.key(shown)
        claims.append(Claim(sentence, slot.quantity, slot.kind, words, shown, holds))
    return claims


def _parse(text: str, start: int, known: tuple[Frame, ...]) -> tuple[str, Frame, tuple[str, ...]] | None:
    """The longest frame that stands at a place of a text, perhaps behind a connective."""
    begin, capitalized = start, text
    if (connective := _CONNECTIVE.match(text, start)) is not None:
        begin = connective.end()
        capitalized = text[:begin] + text[begin].upper() + text[begin + 1 :]
    found = [(match, frame) for frame in known if (match := frame.pattern.match(capitalized, begin)) is not None]
    whole = [(match, frame) for match, frame in found if not text[match.end() :][:1].strip()]
    if not whole:
        return None
    match, frame = max(whole, key=lambda pair: pair[0].end())
    return text[start : match.end()], frame, match.groups()


def check_text(text: str, evidence: Evidence) -> list[Claim]:
    """Check every claim of a text about a forecast.

    The text is read by the grammar, sentence by sentence. Each number, date and name in it is a claim; its value is
    computed anew from the history, the forecast and the experts, for the season and the group that the sentence names.

    Args:
        text: of sentences of the grammar.
        evidence: of the forecast.

    Returns:
        One claim for each slot, in the order of the text. A sentence that is no frame of the grammar is one claim,
        which does not hold, and so is an empty text.
    """
    names = {*evidence.groups.values(), *evidence.groups}
    covariates = frozenset(map(str, evidence.effects.columns))
    phrases = frozenset(part.phrase for part in evidence.texts)
    known = frames(evidence.unit, frozenset(name.replace("_", " ") for name in names), covariates, phrases)
    claims: list[Claim] = []
    text, start = text.strip(), 0
    while start < len(text) or not claims:
        parsed = _parse(text, start, known)
        if parsed is None:
            end = _SENTENCE_END.search(text, start)
            stop = end.end() if end else len(text)
            sentence = text[start:stop]
            claims.append(Claim(sentence, "sentence", "", sentence, None, False))
            start = stop
        else:
            sentence, frame, texts = parsed
            claims += _check_sentence(sentence, frame, texts, evidence)
            start += len(sentence)
        while text[start : start + 1].isspace():
            start += 1
    return claims
