"""The closed grammar of explanations: every sentence is one of these frames, filled.

A slot is `{quantity:kind}`. The quantity is a path in `facts.Facts`, the kind says how it is written:

| kind | written as |
|---|---|
| value, size | a number in the units of the series, rounded; a size without its sign |
| rate | a size for each step |
| below | the smallest number that is not rounded to 0: the size of the quantity is below it |
| percent, ratio, count | a share, a factor, a whole number |
| duration, when, date | a number of steps, a time, a time with its year |
| season | a season by its name, if it has one, and its steps |
| name | of an expert or a group of them |
| covariate | the name of a column |
| covariates | a number of covariates |
| phrase | the words of a phrase of the text |
| operation | what it does to the forecast |
| a\\|b | the first where the quantity is not negative, the second where it is |
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

from .lexicon import DURATION, NUMBER, OPERATION, SEASON_NAME, TIME

_SHARE = "{experts.first.name:name} have {experts.first.weight:percent}"
_SECOND = "{experts.second.name:name} have {experts.second.weight:percent}"
_MIX = "The forecast is a weighted mean of {experts.count:count} experts"
_WITH_COVARIATES = (
    "The forecast is the effect of {covariates.count:covariates} plus a weighted mean of {experts.count:count} experts"
)
_TOP = "{experts.top.name:name} with {experts.top.weight:percent}"
_LAST = "{last.value:value} {last:date}"
_FIRST = "{horizon.first.value:value} {horizon.first:when}"
_FINAL = "{horizon.last.value:value} {horizon.last:when}"
_HIGHEST = "{horizon.highest.value:value} {horizon.highest:when}"
_LOWEST = "{horizon.lowest.value:value} {horizon.lowest:when}"
_MOVE = "{trend.change:rises|falls} by {trend.change:size} over the horizon, {trend.slope:rate}"
_STRENGTH = "accounts for {season.strength:percent} of the variation about the line of the last {season.cycles:count}"
_PEAK = "{season.peak:when}, {season.peak.value:size} {season.peak.value:above|below} the trend"
_TROUGH = "{season.trough:when}, {season.trough.value:size} {season.trough.value:above|below} it"
_TURN = "{season.turn:when} ({season.turn.value:size} {season.turn.value:above|below})"
_SECOND_TURN = "{season.second_turn:when} ({season.second_turn.value:size} {season.second_turn.value:above|below})"
_SEASONS = (
    f"The {{season:season}} {_STRENGTH} seasons; the forecast peaks {_PEAK}, and is lowest {_TROUGH}",
    f"It follows the {{season:season}}, which {_STRENGTH} seasons, with a peak {_PEAK}, and a trough {_TROUGH}",
    f"A {{season:season}} {_STRENGTH} seasons, and brings a peak {_PEAK}, and a trough {_TROUGH}",
)
_DIFFERENCE = "{comparison.difference:size} {comparison.difference:above|below}"
_PERCENT = "{comparison.difference:size} ({comparison.percent:percent}) {comparison.difference:above|below}"
_COMPARED, _EARLIER = "{comparison.steps:duration}", "{season.period:duration}"
_WIDTHS = "{band.first:size} wide {horizon.first:when} and {band.last:size} {horizon.last:when}"
_MISSING = "{gaps.missing:count} of {gaps.length:count} values are missing, at most {gaps.longest:count} in a row"


def _covariate_frames(rank: str, *starts: str) -> dict[str, tuple[str, ...]]:
    """Frames of the effect of the covariate of a rank, by their starts, which name it."""
    path = f"covariates.{rank}"
    most = f"moves it most {{{path}.largest:when}} ({{{path}.largest.value:size}} {{{path}.largest.value:up|down}})"
    moves = {
        "": f"{{{path}.mean:raises|lowers}} the forecast by {{{path}.mean:size}} on average",
        ", flat on average": f"moves the forecast by less than {{{path}.mean:below}} on average",
    }
    counts = {"": "", " at some steps": f"; it counts in {{{path}.steps:count}} of the {{horizon.steps:duration}}"}
    return {
        f"{rank} covariate{some}{flat}": tuple(f"{start} {moved} and {most}{count}." for start in starts)
        for some, count in counts.items()
        for flat, moved in moves.items()
    }


def _text_frames(rank: str, *starts: str) -> dict[str, tuple[str, ...]]:
    """Frames of the effect of the phrase of a rank, by their starts, which quote it."""
    path = f"texts.{rank}"
    does = f"the forecast is {{{path}.operation:operation}}"
    start, end = f"{{{path}.start:when}}", f"{{{path}.end:when}}"
    ends, part = f"first {start} and last {end}", f"for {{{path}.share:percent}} of the time"
    acts = {
        "": f"{does} at {{{path}.steps:count}} of the {{horizon.steps:duration}}, {ends}",
        " in part": f"{does} {part} at {{{path}.steps:count}} of the {{horizon.steps:duration}}, {ends}",
        " at one step": f"{does} {start}",
        " at one step in part": f"{does} {part} {start}",
        " on the past": f"{{{path}.steps:count}} values of the history are left out, first {start} and last {end}",
        " on one past value": f"the value {start} is left out of the history",
    }
    moves = {
        "": f"{{{path}.mean:raises|lowers}} it by {{{path}.mean:size}}",
        ", flat": f"moves it by less than {{{path}.mean:below}}",
    }
    return {
        f"{rank} text{where}{flat}": tuple(
            f"{start} {act}, which {moved}{'' if 'past' in where else ' there'} on average." for start in starts
        )
        for where, act in acts.items()
        for flat, moved in moves.items()
    }


# What a sentence is of -> the ways to say it.
FRAMES: dict[str, tuple[str, ...]] = {
    "outlook": (
        f"The forecast averages {{horizon.mean:value}} over the next {{horizon.steps:duration}}; the last observed "
        f"value is {_LAST}.",
        "Over the next {horizon.steps:duration} the forecast is {horizon.mean:value} on average, after a last "
        f"observed value of {_LAST}.",
        f"The last observed value is {_LAST}; over the next {{horizon.steps:duration}} the forecast averages "
        "{horizon.mean:value}.",
    ),
    "outlook of one step": (
        f"The forecast {{horizon.first:when}} is {{horizon.mean:value}}; the last observed value is {_LAST}.",
        f"After a last observed value of {_LAST}, the forecast {{horizon.first:when}} is {{horizon.mean:value}}.",
    ),
    "path": (
        f"It starts at {_FIRST} and ends at {_FINAL}; its highest value is {_HIGHEST} and its lowest {_LOWEST}.",
        f"It goes from {_FIRST} to {_FINAL}, with its highest value of {_HIGHEST} and its lowest of {_LOWEST}.",
        f"Its lowest value is {_LOWEST} and its highest {_HIGHEST}, from {_FIRST} to {_FINAL}.",
    ),
    "path, flat": (
        "All its values lie within {horizon.range:below} of each other.",
        "It hardly moves, by less than {horizon.range:below} in all.",
        "No two of its values differ by {horizon.range:below} or more.",
    ),
    "trend": (
        f"Its trend {_MOVE}.",
        f"Its line of best fit {_MOVE}.",
        "On the whole it {trend.change:rises|falls} {trend.slope:rate}, by {trend.change:size} over the horizon.",
    ),
    "trend beside the season": (
        f"Apart from the {{season:season}} it {_MOVE}.",
        f"Leaving the {{season:season}} aside, its trend {_MOVE}.",
        "Without the {season:season} it {trend.change:rises|falls} {trend.slope:rate}, by {trend.change:size} over "
        "the horizon.",
    ),
    "trend, flat": (
        "Its trend moves it by less than {trend.change:below} over the horizon.",
        "It has no trend to speak of: its line of best fit moves by less than {trend.change:below} over the horizon.",
        "On the whole it stays level, to within {trend.change:below} over the horizon.",
    ),
    "trend beside the season, flat": (
        "Apart from the {season:season} it moves by less than {trend.change:below} over the horizon.",
        "Leaving the {season:season} aside, its trend moves it by less than {trend.change:below} over the horizon.",
        "Without the {season:season} it stays level, to within {trend.change:below} over the horizon.",
    ),
    "season": tuple(f"{frame}." for frame in _SEASONS),
    "season of one turn": tuple(f"{frame}; it bends {_TURN}." for frame in _SEASONS),
    "season of two turns": tuple(f"{frame}; it bends {_TURN} and {_SECOND_TURN}." for frame in _SEASONS),
    "season, in part": (
        f"The horizon is part of a {{season:season}}, which {_STRENGTH} seasons.",
        f"A {{season:season}}, longer than the horizon, {_STRENGTH} seasons.",
        f"The {{season:season}} {_STRENGTH} seasons, and is longer than the horizon.",
    ),
    "same season before": (
        f"Over {_COMPARED} it lies on average {_PERCENT} the same time {_EARLIER} earlier.",
        f"Over {_COMPARED} it averages {_PERCENT} what was observed {_EARLIER} before.",
    ),
    "same season before, without percent": (
        f"Over {_COMPARED} it lies on average {_DIFFERENCE} the same time {_EARLIER} earlier.",
        f"Over {_COMPARED} it averages {_DIFFERENCE} what was observed {_EARLIER} before.",
    ),
    "same season before, flat": (
        f"Over {_COMPARED} it lies on average within {{comparison.difference:below}} of the same time {_EARLIER} "
        "earlier.",
        f"Over {_COMPARED} it averages within {{comparison.difference:below}} of what was observed {_EARLIER} before.",
    ),
    "recent values": (
        f"On average it lies {_PERCENT} the last {{comparison.steps:duration}} of the history.",
        f"Its mean is {_PERCENT} that of the last {{comparison.steps:duration}}.",
    ),
    "recent values, without percent": (
        f"On average it lies {_DIFFERENCE} the last {{comparison.steps:duration}} of the history.",
        f"Its mean is {_DIFFERENCE} that of the last {{comparison.steps:duration}}.",
    ),
    "recent values, flat": (
        "On average it lies within {comparison.difference:below} of the last {comparison.steps:duration} of the "
        "history.",
        "Its mean differs by less than {comparison.difference:below} from that of the last "
        "{comparison.steps:duration}.",
    ),
    "band": (
        f"The {{band.coverage:percent}} band is {_WIDTHS}, {{band.growth:ratio}} times as wide.",
        f"With {{band.coverage:percent}} probability the value lies in a band {_WIDTHS}, {{band.growth:ratio}} times "
        "as wide.",
    ),
    "band, even": (
        f"The {{band.coverage:percent}} band is {_WIDTHS}.",
        f"With {{band.coverage:percent}} probability the value lies in a band {_WIDTHS}.",
    ),
    "band of one step": (
        "The {band.coverage:percent} band is {band.first:size} wide.",
        "With {band.coverage:percent} probability the value lies in a band {band.first:size} wide.",
    ),
    "gaps": (
        f"In the history {_MISSING}.",
        f"Of the history {_MISSING}.",
    ),
    "gaps to the end": (
        f"In the history {_MISSING} and {{gaps.at_end:count}} at its end.",
        f"Of the history {_MISSING} and {{gaps.at_end:count}} just before the forecast.",
    ),
    **_covariate_frames(
        "first",
        "The covariate {covariates.first.name:covariate}",
        "The covariate with the largest effect is {covariates.first.name:covariate}: it",
    ),
    **_covariate_frames(
        "second",
        "The covariate with the second largest effect, {covariates.second.name:covariate},",
        "The second largest effect is that of the covariate {covariates.second.name:covariate}: it",
    ),
    **_text_frames(
        "first",
        "Because the text says “{texts.first.phrase:phrase}”,",
        "The text says “{texts.first.phrase:phrase}”:",
    ),
    **_text_frames(
        "second",
        "Because it also says “{texts.second.phrase:phrase}”,",
        "It also says “{texts.second.phrase:phrase}”:",
    ),
    "covariates, flat": (
        "No covariate, of {covariates.count:count} given, moves it by {covariates.largest:below} or more at any step.",
        "Of {covariates.count:covariates} none moves it by {covariates.largest:below} or more at any step.",
    ),
    "experts": (
        f"{_MIX}: those of {_SHARE} of the weight (without them it would average {{experts.first.effect:size}} "
        f"{{experts.first.effect:less|more}}) and those of {_SECOND}; the largest single one is {_TOP}.",
        f"{_MIX}, of which those of {_SHARE} of the weight, and without them its mean would be "
        "{experts.first.effect:size} {experts.first.effect:lower|higher}; those of "
        f"{_SECOND}, and the largest single one is {_TOP}.",
    ),
    "experts, flat": (
        f"{_MIX}: those of {_SHARE} of the weight (without them its average moves by less than "
        f"{{experts.first.effect:below}}) and those of {_SECOND}; the largest single one is {_TOP}.",
        f"{_MIX}, of which those of {_SHARE} of the weight, and without them its mean moves by less than "
        f"{{experts.first.effect:below}}; those of {_SECOND}, and the largest single one is {_TOP}.",
    ),
    "experts, nearly all of one group": (
        f"{_MIX}: those of {_SHARE} of the weight and those of {_SECOND}; the largest single one is {_TOP}.",
        f"{_MIX}, of which those of {_SHARE} of the weight; those of {_SECOND}, and the largest single one is {_TOP}.",
    ),
    "experts of one group": (
        f"{_MIX}, all of {{experts.first.name:name}}; the largest is {_TOP}.",
        f"{_MIX} of {{experts.first.name:name}} alone, the largest of which is {_TOP}.",
    ),
}

# Words that a sentence may begin with, before a comma. They add, and claim nothing: no contrast, no cause.
CONNECTIVES = ("Also", "In addition", "Moreover", "Besides")

# What the frames of a topic become where covariates or a text change the forecast: trend and season are told without
# their effects, and the experts are not all that it is made of.
_BEFORE_TEXT = "Before the text, the forecast is"
_MIXES = {
    "covariates": _WITH_COVARIATES,
    "text": _MIX.replace("The forecast is", _BEFORE_TEXT),
    "covariates and text": _WITH_COVARIATES.replace("The forecast is", _BEFORE_TEXT),
}
_NAMES = {"covariates": "the covariates", "text": "the text", "covariates and text": "the covariates and the text"}
_CHANGED = tuple(
    topic
    for topic in FRAMES
    if topic.startswith(("trend", "experts")) or topic in ("season", "season of one turn", "season of two turns")
)
# What is added to the experts -> topic -> the same topic beside it.
BESIDE = {added: {topic: f"{topic}, with {added}" for topic in _CHANGED} for added in _NAMES}


def _beside(topic: str, added: str) -> tuple[str, ...]:
    """The frames of a topic where covariates or a text change the forecast."""
    name = _NAMES[added]
    if topic.startswith("experts"):
        changes: tuple[tuple[str, str], ...] = ((_MIX, _MIXES[added]),)
    elif topic.startswith("season"):
        changes = (
            ("the forecast peaks", f"{name} aside, the forecast peaks"),
            (", with a peak", f", {name} aside with a peak"),
            ("brings a peak", f"brings, {name} aside, a peak"),
        )
    elif "season" in topic:
        changes = (("{season:season}", f"{{season:season}} and {name}"),)
    else:
        changes = (
            ("Its ", f"Apart from {name} its "),
            ("It has", f"Apart from {name} it has"),
            ("On the whole it", f"Apart from {name} it"),
        )
    changed = FRAMES[topic]
    for old, new in changes:
        changed = tuple(frame.replace(old, new, 1) for frame in changed)
    return changed


FRAMES |= {other: _beside(topic, added) for added, topics in BESIDE.items() for topic, other in topics.items()}


class Slot(NamedTuple):
    """A place of a frame that is filled: the path of a quantity, and how it is written."""

    quantity: str
    kind: str


class Frame(NamedTuple):
    """A frame as a parser needs it: what its sentence is of, its pattern with a group for each slot, and its slots."""

    topic: str
    pattern: re.Pattern[str]
    slots: tuple[Slot, ...]


def _any_of(names: Iterable[str]) -> str:
    """Pattern of one of the names; of nothing at all, if there are none."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or "(?!)"


def _slot_pattern(
    kind: str, unit: str, names: Iterable[str], covariates: Iterable[str], phrases: Iterable[str]
) -> str:
    number = NUMBER + (re.escape(f" {unit}") if unit else "")
    patterns = {
        **dict.fromkeys(("value", "size", "below"), number),
        "rate": rf"{number} per [a-z ]+?",
        "percent": rf"{NUMBER} %",
        **dict.fromkeys(("ratio", "count"), NUMBER),
        "duration": DURATION,
        **dict.fromkeys(("when", "date"), TIME),
        "season": rf"(?:{SEASON_NAME} )?season of {DURATION}",
        "name": _any_of(names),
        "covariate": _any_of(covariates),
        "covariates": rf"{NUMBER} covariates?",
        "phrase": _any_of(phrases),
        "operation": OPERATION,
    }
    return patterns.get(kind, kind)


@lru_cache(maxsize=64)
def frames(
    unit: str,
    names: frozenset[str],
    covariates: frozenset[str] = frozenset(),
    phrases: frozenset[str] = frozenset(),
) -> tuple[Frame, ...]:
    """All frames for a unit of values, and names of experts, groups, covariates and phrases as they are written."""
    found = []
    for topic, templates in FRAMES.items():
        for template in templates:
            pattern, slots = "", []
            for literal, quantity, kind, _ in Formatter().parse(template):
                pattern += re.escape(literal)
                if quantity is not None and kind is not None:
                    pattern += f"({_slot_pattern(kind, unit, names, covariates, phrases)})"
                    slots.append(Slot(quantity, kind))
            found.append(Frame(topic, re.compile(pattern), tuple(slots)))
    return tuple(found)
