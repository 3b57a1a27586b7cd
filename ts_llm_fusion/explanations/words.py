"""Words of a forecast: two to six sentences, frames of the grammar that are filled from the facts."""

import math
from collections.abc import Iterator
from operator import attrgetter
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd

from .facts import Covariate, Facts, Point, Season, Text
from .grammar import BESIDE, FRAMES
from .lexicon import number_words

# Most sentences between the first, which is of the outlook, and the last, of the experts.
_MOST_BETWEEN = 4
# Factors between which a band is as wide at its end as at its start.
_EVEN = (0.95, 1.05)
# Percent below which, and from which on to 100, a share has a decimal, and below which more; the least share of a
# comparison that is told.
_FEW_PERCENT, _NEARLY_ALL, _LEAST_PERCENT, _LEAST_SHARE = 9.95, 99.0, 0.05, 0.0005
# A change of a width of the band or more has the weight 1. Weights of what has no such size, and what is added for
# gaps at the end and for a season, which tells more than one change.
_BAND_WEIGHT, _PATH_WEIGHT, _END_GAP_BONUS, _SEASON_BONUS = 0.6, 0.5, 0.8, 0.1
# The same for covariates that move nothing, and what is added for one that does: it was given to be seen.
_FLAT_COVARIATES_WEIGHT, _COVARIATE_BONUS = 0.7, 0.5
# The same for phrases of a text, which come before all else.
_TEXT_WEIGHT = 3.0
# Weight of a comparison of the same size, of the strength of a season beyond the horizon, and of the share of gaps.
_OF_COMPARISON, _OF_STRENGTH, _OF_GAPS = 0.9, 0.5, 4.0


def _moment(point: Point) -> pd.Timestamp | int:
    return point.step if point.time is None else pd.Timestamp(point.time)


def in_words(kind: str, value: Any, facts: Facts) -> str:
    """A quantity as a kind of slot writes it; see `grammar`."""
    unit = f" {facts.unit}" if facts.unit else ""
    if kind in ("value", "size", "below"):
        number = value if kind == "value" else abs(value)
        return number_words(number, facts.place) + unit
    if kind == "rate":
        return f"{number_words(abs(value), facts.rate_place)}{unit} per {facts.calendar.each}"
    if kind == "percent":
        share = 100 * abs(value)
        if 0 < share < _LEAST_PERCENT:
            return f"{share:.{1 - math.floor(math.log10(share))}f} %"
        return f"{share:,.1f} %" if share < _FEW_PERCENT or _NEARLY_ALL < share < 100 else f"{share:,.0f} %"
    if kind == "ratio":
        return f"{value:,.1f}"
    if kind == "count":
        return f"{value:,}"
    if kind == "duration":
        return facts.calendar.duration(value)
    if kind in ("when", "date"):
        return facts.calendar.words(_moment(value), with_year=kind == "date")
    if kind == "season":
        season: Season = value
        return f"{f'{season.name} ' if season.name else ''}season of {facts.calendar.duration(season.period)}"
    if kind == "name":
        return str(value).replace("_", " ")
    if kind in ("covariate", "phrase", "operation"):
        return str(value)
    if kind == "covariates":
        return f"{value:,} covariate{'' if value == 1 else 's'}"
    positive, negative = kind.split("|")
    return positive if value >= 0 else negative


def fill(template: str, facts: Facts) -> str:
    """A frame with its slots filled from facts."""
    sentence = ""
    for literal, quantity, kind, _ in Formatter().parse(template):
        sentence += literal
        if quantity is not None and kind is not None:
            value = 10.0**facts.place if kind == "below" else attrgetter(quantity)(facts)
            sentence += in_words(kind, value, facts)
    return sentence


def connect(connective: str, sentence: str) -> str:
    """A sentence behind a connective of the grammar."""
    return f"{connective}, {sentence[0].lower()}{sentence[1:]}"


def _ranked(facts: Facts) -> Iterator[tuple[float, str]]:
    """Weight and topic of the sentences that may stand between the outlook and the experts."""
    least = 10.0**facts.place
    horizon, trend, season, comparison, band, gaps = (
        facts.horizon, facts.trend, facts.season, facts.comparison, facts.band, facts.gaps
    )  # fmt: skip
    width = max((band.first + band.last) / 2 if band else 0.0, 10 * least)

    def weight(size: float) -> float:
        return min(abs(size) / width, 1.0)

    if trend is not None:
        flat = horizon.highest.value - horizon.lowest.value < least
        yield _PATH_WEIGHT, "path, flat" if flat else "path"
        beside = season is not None and season.peak is not None
        if beside or not flat:
            topic = "trend beside the season" if beside else "trend"
            yield weight(trend.change), topic if abs(trend.change) >= least else f"{topic}, flat"
    if season is not None:
        if season.peak is None or season.trough is None:
            yield season.strength * _OF_STRENGTH, "season, in part"
        elif (height := season.peak.value - season.trough.value) >= least:
            turns = " of two turns" if season.second_turn else " of one turn" if season.turn else ""
            yield weight(height) + _SEASON_BONUS, f"season{turns}"
    if comparison is not None and (season is not None or comparison.steps > 1):
        topic = "same season before" if season else "recent values"
        if abs(comparison.difference) < least:
            topic += ", flat"
        elif comparison.percent is None or abs(comparison.percent) < _LEAST_SHARE:
            topic += ", without percent"
        yield weight(comparison.difference) * _OF_COMPARISON, topic
    if band is not None and max(band.first, band.last) >= least:
        even = band.growth is None or _EVEN[0] < band.growth < _EVEN[1]
        yield _BAND_WEIGHT, "band of one step" if horizon.steps == 1 else "band, even" if even else "band"
    if gaps.missing:
        size = _OF_GAPS * gaps.missing / gaps.length + (_END_GAP_BONUS if gaps.at_end else 0.0)
        yield min(size, 1.0), "gaps to the end" if gaps.at_end else "gaps"
    if facts.texts is not None:
        for place, (rank, text) in enumerate(zip(("first", "second"), facts.texts.all, strict=False)):
            yield _TEXT_WEIGHT - place, _topic_of_text(rank, text, facts)
    if facts.covariates is not None:
        if facts.covariates.largest < least:
            yield _FLAT_COVARIATES_WEIGHT, "covariates, flat"
        for rank, covariate in zip(("first", "second"), facts.covariates.all, strict=False):
            if covariate.steps:
                yield weight(covariate.size) + _COVARIATE_BONUS, _topic_of_covariate(rank, covariate, facts)


def topics(facts: Facts) -> list[str]:
    """Topics of the sentences in their order: the outlook, the most important facts, and the reasons."""
    ranked = sorted(_ranked(facts), key=lambda pair: -pair[0])
    outlook = "outlook" if facts.horizon.steps > 1 else "outlook of one step"
    chosen = [outlook, *(topic for _, topic in ranked[:_MOST_BETWEEN]), _topic_of_experts(facts)]
    added = " and ".join(
        name for name, fact in (("covariates", facts.covariates), ("text", facts.texts)) if fact is not None
    )
    return [BESIDE[added].get(topic, topic) for topic in chosen] if added else chosen


def _topic_of_text(rank: str, text: Text, facts: Facts) -> str:
    flat = "" if abs(text.mean) >= 10.0**facts.place else ", flat"
    few, many = (" on one past value", " on the past") if text.past else (" at one step", "")
    part = " in part" if text.share < 1 else ""
    return f"{rank} text{few if text.steps == 1 else many}{part}{flat}"


def _topic_of_covariate(rank: str, covariate: Covariate, facts: Facts) -> str:
    some = " at some steps" if covariate.steps < facts.horizon.steps else ""
    return f"{rank} covariate{some}" + ("" if abs(covariate.mean) >= 10.0**facts.place else ", flat on average")


def _topic_of_experts(facts: Facts) -> str:
    experts = facts.experts
    if len(experts.groups) == 1:
        return "experts of one group"
    if experts.first.effect is None:
        return "experts, nearly all of one group"
    return "experts" if abs(experts.first.effect) >= 10.0**facts.place else "experts, flat"


def sentences(facts: Facts, seed: int = 0) -> list[str]:
    """Say the facts in two to six sentences.

    Numbers are filled in from the facts and rounded to the largest power of ten below a tenth of the mean width of the
    band.

    Args:
        facts: of one forecast.
        seed: of the choice among the ways to say the same.
    """
    rng = np.random.default_rng(seed)
    return [fill(FRAMES[topic][rng.integers(len(FRAMES[topic]))], facts) for topic in topics(facts)]
