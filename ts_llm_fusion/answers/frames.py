"""The closed grammar of answers: every sentence is one of these frames, filled.

A slot is `{name:kind}`:

| kind | written as |
|---|---|
| observed, derived, forecast | a number in the units of the series: as given, with four digits, rounded by the band |
| number | a number as the question gives it |
| percent, count, ratio, correlation | a share, a whole number, a factor, a number between -1 and 1 |
| scope | the steps that it is of, see `scopes` |
| when | a time |
| steps | a number of steps with their unit |
| name | of a series |
| a\\|b | one of these words |
| each | the unit of a step |
| part | a weekday, a month or an hour |
| rank | a place in an order, such as 2nd |
| list | values with their times |

`{name!s:one|many}` is the first of two words where the slot of that name says 1, else the second; it is no slot.
"""

import re
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

from ..explanations.lexicon import DURATION, MONTHS, NUMBER, TIME, WEEKDAYS
from .scopes import scope_pattern

STATISTICS = (
    "mean", "median", "sum", "range", "standard deviation", "value", "maximum", "minimum",
)  # fmt: skip
_STATISTIC = "|".join(STATISTICS)
UNITS = ("hour", "day", "week", "month", "quarter", "year")
_SIDE = "above|below|at least|at most|equal to"
_COMPARED = "{first:derived} and {other:scope} {second:derived}"
_MORE = "{difference:derived} {direction:more|less}"

FRAMES: dict[str, str] = {
    "statistic": f"The {{statistic:{_STATISTIC}}} {{scope:scope}} is {{value:derived}}.",
    "expected statistic": f"The expected {{statistic:{_STATISTIC}}} {{scope:scope}} is {{value:forecast}}.",
    "partly expected statistic": f"The {{statistic:{_STATISTIC}}} {{scope:scope}} is {{value:forecast}}, with "
    "{ahead:count} of its {steps:count} steps forecast.",
    "value": "The value {when:when} is {value:observed}.",
    "missing value": "The value {when:when} is missing.",
    "forecast": "The forecast {when:when} is {value:forecast}, with 80 % of outcomes between {low:forecast} and "
    "{high:forecast}.",
    "extreme": "The {side:highest|lowest} value {scope:scope} is {value:observed}, {when:when}.",
    "tied extreme": "The {side:highest|lowest} value {scope:scope} is {value:observed}, first {when:when} and "
    "{times:count} times in all.",
    "expected extreme": "The {side:highest|lowest} forecast {scope:scope} is {value:forecast}, {when:when}.",
    "extreme period": f"Of the {{unit:{'|'.join(f'{unit}s' for unit in UNITS)}}} {{scope:scope}}, the "
    "{side:highest|lowest} {statistic:mean|sum} is {value:derived}, {period:scope}.",
    "difference": f"The {{statistic:{_STATISTIC}}} {{scope:scope}} is {_COMPARED}: {_MORE}.",
    "difference with percent": f"The {{statistic:{_STATISTIC}}} {{scope:scope}} is {_COMPARED}: {_MORE}, "
    "{percent:percent}.",
    "change": "It {direction:rises|falls} from {first:derived} {scope:when} to {second:derived} {other:when}, by "
    "{difference:derived}.",
    "change with percent": "It {direction:rises|falls} from {first:derived} {scope:when} to {second:derived} "
    "{other:when}, by {difference:derived} or {percent:percent}.",
    "largest step": "The largest {direction:rise|fall|change} from one step to the next {scope:scope} is "
    "{difference:derived}, from {first:derived} {before:when} to {second:derived} {when:when}.",
    "count": f"{{count:count}} of the {{steps:count}} {{steps!s:value|values}} {{scope:scope}} "
    f"{{count!s:is|are}} {{side:{_SIDE}}} {{bound:number}}, "
    "{percent:percent}.",
    "count of periods": f"{{count:count}} of the {{steps:count}} {{unit:{'|'.join(f'{unit}s' for unit in UNITS)}}} "
    f"{{scope:scope}} {{count!s:has|have}} a mean {{side:{_SIDE}}} {{bound:number}}, {{percent:percent}}.",
    "count between": "{count:count} of the {steps:count} {steps!s:value|values} {scope:scope} {count!s:is|are} "
    "between {bound:number} and "
    "{upper:number}, {percent:percent}.",
    "crossing": f"The {{order:first|last}} value {{side:{_SIDE}}} {{bound:number}} {{scope:scope}} is "
    "{value:observed}, {when:when}.",
    "no crossing": f"No value {{scope:scope}} is {{side:{_SIDE}}} {{bound:number}}: the {{extreme:highest|lowest}} is "
    "{value:observed}, {when:when}.",
    "forecast crossing": f"The forecast is first {{side:{_SIDE}}} {{bound:number}} {{when:when}}, with "
    "{value:forecast}.",
    "no forecast crossing": f"The forecast is not {{side:{_SIDE}}} {{bound:number}} {{scope:scope}}: its "
    "{extreme:highest|lowest} value is {value:forecast}, {when:when}.",
    "probability": "The value {when:when} is {side:above|below} {bound:observed}, that {other:when}, with a "
    "probability of about {percent:percent}.",
    "probability of a bound": "The value {when:when} is {side:above|below} {bound:number} with a probability of about "
    "{percent:percent}.",
    "trend": "The line through the values {scope:scope} {direction:rises|falls} by {slope:derived} per {each:each}, "
    "by {change:derived} in all, and explains {percent:percent} of their variation.",
    "no trend": "The line through the values {scope:scope} moves by {change:derived} in all, and explains "
    "{percent:percent} of their variation: no clear trend.",
    "season": "The values {scope:scope} repeat every {period:steps}: this season explains {percent:percent} of their "
    "variation about the trend.",
    "no season": "No season is found in the values {scope:scope}.",
    "no season of": "The values {scope:scope} do not repeat every {period:steps}.",
    "break": "The level of the values {scope:scope} changes most {when:when}, from a mean of {first:derived} before "
    "to {second:derived} from then on.",
    "no break": "No lasting change of level is found in the values {scope:scope}.",
    "outliers": "{count:count} of the {steps:count} {steps!s:value|values} {scope:scope} {count!s:lies|lie} far "
    "from the values around them; the "
    "farthest is {value:observed}, {when:when}.",
    "no outliers": "No value {scope:scope} lies far from the values around it.",
    "missing": "{count:count} of the {steps:count} {steps!s:value|values} {scope:scope} {count!s:is|are} "
    "missing, at most {longest:count} in a "
    "row.",
    "extent": "The series has {steps:count} {steps!s:value|values} {scope:scope}, one every {step:steps}, of "
    "which {count:count} {count!s:is|are} "
    "observed.",
    "edge": "The {order:first|last} observed value is {value:observed}, {when:when}.",
    "band": "80 % of outcomes {when:when} are expected between {low:forecast} and {high:forecast}, a band of "
    "{width:forecast} about {value:forecast}.",
    "edge within": "The {order:first|last} observed value {scope:scope} is {value:observed}, {when:when}.",
    "beyond": f"The {{statistic:mean|median|sum}} of the {{count:count}} {{count!s:value|values}} "
    f"{{scope:scope}} that {{count!s:is|are}} "
    f"{{side:{_SIDE}}} "
    "{bound:number} is {value:derived}.",
    "extreme beyond": f"Of the {{count:count}} {{count!s:value|values}} {{scope:scope}} that {{count!s:is|are}} "
    f"{{side:{_SIDE}}} {{bound:number}}, the "
    "{extreme:highest|lowest} is {value:observed}, {when:when}.",
    "statistic of top": "The {statistic:mean|median|sum} of the {count:count} {side:highest|lowest} "
    "{count!s:value|values} "
    "{scope:scope} "
    "is {value:derived}.",
    "ranked": "The {rank:rank} {side:highest|lowest} value {scope:scope} is {value:observed}, {when:when}.",
    "number": f"There are {{count:count}} {{unit:{'|'.join(f'{unit}s' for unit in UNITS)}}} {{scope:scope}}, with "
    "{steps:count} values.",
    "top": "The {count:count} {side:highest|lowest} {count!s:value|values} {scope:scope} {count!s:is|are} "
    "{values:list}.",
    "share": "The sum {scope:scope} is {first:derived}, {percent:percent} of the sum {other:scope}, {second:derived}.",
    "percentile": "{percent:percent} of the values {scope:scope} are at most {value:derived}.",
    "run": f"The longest run of values {{side:{_SIDE}}} {{bound:number}} {{scope:scope}} has {{count:count}} "
    f"{{count!s:step|steps}}, "
    "{other:scope}.",
    "current run": f"The current run of values {{side:{_SIDE}}} {{bound:number}} has {{count:count}} "
    f"{{count!s:step|steps}} and begins "
    "{start:when}; the value before, {when:when}, is {value:observed}.",
    "first run": f"The run of values {{side:{_SIDE}}} {{bound:number}} that begins the history has {{count:count}} "
    "{count!s:step|steps} and ends {end:when}; the value behind it, {when:when}, is {value:observed}.",
    "all beyond": f"All {{count:count}} {{count!s:value|values}} {{scope:scope}} {{count!s:is|are}} "
    f"{{side:{_SIDE}}} {{bound:number}}.",
    "run of moves": "The longest run of steps in which it {direction:rises|falls} {scope:scope} has {count:count} "
    "{count!s:step|steps}, {other:scope}.",
    "values": "The {count:count} {count!s:value|values} {scope:scope} {count!s:is|are} {values:list}.",
    "values beyond": f"{{count:count}} of the {{steps:count}} {{steps!s:value|values}} {{scope:scope}} "
    f"{{count!s:is|are}} {{side:{_SIDE}}} "
    "{bound:number}: {values:list}.",
    "profile": "By the mean of each {unit:weekday|month|hour}, {part:part} is {side:highest|lowest} {scope:scope}, "
    "with {value:derived}.",
    "rank": f"Of {{count:count}} series, {{name:name}} has the {{side:highest|lowest}} {{statistic:{_STATISTIC}}} "
    "{scope:scope}, {value:derived}; {second:name} is next, with {next:derived}.",
    "expected rank": f"Of {{count:count}} series, {{name:name}} is expected to have the {{side:highest|lowest}} "
    f"{{statistic:{_STATISTIC}}} {{scope:scope}}, {{value:derived}}; {{second:name}} is next, with {{next:derived}}.",
    "growth": "Of {count:count} series, {name:name} grows {side:fastest|slowest} {scope:scope}: the line through its "
    "values {direction:rises|falls} by {percent:percent} of their mean per {each:each}; {second:name} is next.",
    "pair": f"The {{statistic:{_STATISTIC}}} {{scope:scope}} is {{first:derived}} for {{name:name}} and "
    f"{{second:derived}} for {{other:name}}: {_MORE}.",
    "pair with percent": f"The {{statistic:{_STATISTIC}}} {{scope:scope}} is {{first:derived}} for {{name:name}} and "
    f"{{second:derived}} for {{other:name}}: {_MORE}, {{percent:percent}}.",
    "utmost gap": "The {side:largest|smallest} difference of {name:name} and {other:name} {scope:scope} is "
    "{difference:derived}, {when:when}, with {first:observed} and {second:observed}.",
    "pooled": f"The {{statistic:{_STATISTIC}}} of {{name:name}} and {{other:name}} together {{scope:scope}} is "
    "{value:derived}; alone it is {first:derived} and {second:derived}.",
    "correlation": "The correlation of {name:name} and {other:name} {scope:scope} is {value:correlation}.",
    "series": "There are {count:count} series, such as {name:name}.",
    "one series": "There is one series, {name:name}.",
    "yes": "Yes.",
    "no": "No.",
}


class Frame(NamedTuple):
    """A frame as a parser needs it: its name, its pattern with named groups, and the kinds of its slots."""

    name: str
    pattern: re.Pattern[str]
    slots: dict[str, str]


class _Field(NamedTuple):
    """Words of a frame and the slot behind them, if there is one; `inflected`, whether it follows the number there."""

    literal: str
    name: str | None
    kind: str
    inflected: bool


@lru_cache(maxsize=128)
def _fields(topic: str) -> tuple[_Field, ...]:
    parsed = Formatter().parse(FRAMES[topic])
    return tuple(_Field(literal, name, kind or "", bool(inflected)) for literal, name, kind, inflected in parsed)


def _slot_pattern(name: str, kind: str, unit: str, names: str) -> str:
    number = NUMBER + (re.escape(f" {unit}") if unit else "")
    if kind == "scope":
        return scope_pattern(name)
    patterns = {
        **dict.fromkeys(("observed", "derived", "forecast", "number"), number),
        "percent": rf"{NUMBER} %",
        **dict.fromkeys(("count", "ratio", "correlation"), NUMBER),
        "when": TIME,
        "steps": DURATION,
        "name": names,
        "each": r"[a-z]+(?: [a-z]+)?",
        "part": rf"(?:{'|'.join((*WEEKDAYS, *MONTHS))}|\d\d:00)",
        "rank": r"\d[\d,]*(?:st|nd|rd|th)",  # codespell:ignore nd
        "list": rf"{number} (?:{TIME})(?:, {number} (?:{TIME}))*(?: and {number} (?:{TIME}))?",
    }
    return f"(?P<{name}>{patterns.get(kind, kind)})"


@lru_cache(maxsize=16)
def frames(unit: str, names: frozenset[str]) -> tuple[Frame, ...]:
    """All frames for a unit of values and the names of series."""
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or "(?!)"
    found = []
    for topic in FRAMES:
        pattern, slots = "", {}
        for literal, name, kind, inflected in _fields(topic):
            pattern += re.escape(literal)
            if inflected:
                pattern += f"(?:{kind})"
            elif name is not None:
                pattern += _slot_pattern(name, kind, unit, known)
                slots[name] = kind
        found.append(Frame(topic, re.compile(pattern), slots))
    return tuple(found)


def slots_of(topic: str) -> dict[str, str]:
    """Names and kinds of the slots of a frame."""
    return {field.name: field.kind for field in _fields(topic) if field.name is not None and not field.inflected}


def fill(topic: str, words: dict[str, str]) -> str:
    """A frame with the words of its slots; the first letter is a capital."""
    sentence = ""
    for literal, name, kind, inflected in _fields(topic):
        filled = words[name] if name is not None else ""
        if inflected:
            one, many = kind.split("|")
            filled = one if filled == "1" else many
        sentence += literal + filled
    return sentence[:1].upper() + sentence[1:]
