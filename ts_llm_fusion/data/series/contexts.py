"""Series with texts about their future, and the truth of what each text does, by construction.

Each example has a twin: the same history and noise without the effects. Families of effects:

| family | operation on the steps of its window |
|---|---|
| zero, set, times, rise, cut, plus, minus | 0, v, y v, y (1 + v), y (1 - v), y + v, y - v |
| cap, floor, range | y held below v, above v, between two |
| ramp_up, ramp_down | y (1 + v s), y (1 - v s), with s growing linearly to 1 at the end of the window |
| flat, reverse | the trend ends, or turns, where the window begins |
| like_day | the level of another weekday |
| ignore | a stretch of the history is faulty, and the future does not repeat it |

Effects of one text act in its order, but for bounds, which hold for what the others make. A value of fewer steps than
a bound, or a later one, is an exception to it. No two changes of one kind are of the same steps.

Windows may recur (hours of each day, weekdays), several effects may stand in one text, and sentences without any
effect stand between them: background, denials, other places, conditions that do not hold, the past, other things.
Example 17 of seed 0 is the same in any process and order.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
from numpy.random import Generator

from .context_grammar import FAMILIES, SPLITS
from .context_windows import Calendar, draw_calendar
from .context_writer import Effect, Writer, positions, unmarked

# Shares of the series with a name that says what they are, of these names that are as long as in the text ("visitors
# to the museum", not "visitors"), and of other series that are in the same table.
_NAMED_SHARE, _WHOLE_SHARE, _OTHERS_SHARE = 0.75, 0.6, 0.3
# What a short name leaves out.
_BEHIND = re.compile(r"(?<=\w{3})(?<!number)(?<!count)(?<!volume)(?<!amount) (?:to|in|on|at|for|from|per|with|of) .*")
_BOUNDS, _VALUES = ("cap", "floor", "range"), ("zero", "set")
# Kinds of changes of which two contradict each other, if they are of the same steps.
_CHANGES = (("rise", "cut", "times"), ("plus", "minus"), ("ramp_up", "ramp_down"), ("flat", "reverse"))


@dataclass(frozen=True)
class Example:
    """A series, a text, and what the text does.

    Args:
        text: sentences about the series.
        calendar: the timestamps.
        history: float64 (history,).
        future: float64 (horizon,), with the effects.
        twin: float64 (horizon,), the same noise without them.
        effects: in the order of the text; empty where it states none.
        names: what a table would call the series; empty for one with a name such as "y".
        others: names of other series of that table.
    """

    text: str
    calendar: Calendar
    history: np.ndarray
    future: np.ndarray
    twin: np.ndarray
    effects: tuple[Effect, ...]
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass
class _Series:
    calendar: Calendar
    values: np.ndarray
    slope: float
    profile: np.ndarray = field(repr=False)


def _draw_series(rng: Generator) -> _Series:
    """A positive series: level, trend, season of the calendar, noise."""
    calendar = draw_calendar(rng)
    stamps, n = calendar.timestamps, len(calendar.timestamps)
    level = np.exp(rng.uniform(np.log(5), np.log(5000)))
    strength = rng.uniform(0.05, 0.35)
    hours = _smooth(rng, 24)[stamps.hour] if calendar.freq == "h" else 0.0
    ends = np.where(np.arange(7) >= 5, rng.uniform(-1.5, 1), 0) + 0.3 * rng.standard_normal(7)
    weekdays = ends if calendar.freq in ("h", "D") else np.zeros(7)
    months = _smooth(rng, 12)[stamps.month - 1] if calendar.freq in ("W-MON", "MS") else 0.0
    slope = level * rng.choice([-1, 1]) * rng.uniform(0, 0.4) / n
    noise = rng.standard_normal(n) * rng.uniform(0.02, 0.12)
    season = strength * (hours + weekdays[stamps.day_of_week] + months)
    values = level * (1.2 + season + noise) + slope * np.arange(n)
    return _Series(calendar, np.maximum(values, 0.02 * level), slope, level * strength * weekdays)


def _smooth(rng: Generator, period: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(period) / period
    return np.sin(angle + rng.uniform(0, 6.3)) + 0.4 * np.sin(2 * angle + rng.uniform(0, 6.3))


def apply_effect(effect: Effect, values: np.ndarray, history: int, slope: float, profile: np.ndarray) -> np.ndarray:
    """The values that an effect turns some into.

    Args:
        effect: what is stated.
        values: (history + horizon,).
        history: steps of the history.
        slope: trend of the values in a step.
        profile: (history + horizon,), level of the weekday of `like_day` above that of each step's own.
    """
    inside = effect.steps.copy()
    inside[:history] = False
    place = np.cumsum(inside)
    v = effect.operands[0] if effect.operands else 0.0
    share = place / max(place[-1], 1)
    changed = {
        "zero": lambda: np.zeros_like(values),
        "set": lambda: np.full_like(values, v),
        "times": lambda: values * v,
        "rise": lambda: values * (1 + v),
        "cut": lambda: values * (1 - v),
        "plus": lambda: values + v,
        "minus": lambda: values - v,
        "cap": lambda: np.minimum(values, v),
        "floor": lambda: np.maximum(values, v),
        "range": lambda: np.clip(values, v, effect.operands[-1]),
        "ramp_up": lambda: values * (1 + v * share),
        "ramp_down": lambda: values * (1 - v * share),
        "flat": lambda: values - slope * place,
        "reverse": lambda: values - 2 * slope * place,
        "like_day": lambda: values + profile,
        "ignore": lambda: values,
    }[effect.operation]()
    return np.where(inside, changed, values)


def _combination_split(families: Sequence[str]) -> str:
    """The split of families in one text: of their pairs, an eighth is kept for validation and an eighth for test."""
    places = sorted(FAMILIES.index(family) for family in families)
    kept = {(a + 3 * b) % 8 for a, b in combinations(places, 2)}
    return "test" if 7 in kept else "validation" if 6 in kept else "train"


def draw_example(
    seed: int, number: int, phrasings: str = "train", numbers: str = "train", families: int | None = None
) -> Example:
    """One example of a stream.

    Args:
        seed: of the stream.
        number: of the example in it.
        phrasings: "train", "validation" or "test": whose phrases, and whose combinations of families, are used.
        numbers: the same for the ranges that shares, factors and values are drawn from.
        families: effects in the text; by default 0 in a quarter of the texts, 1, 2 or 3.

    Raises:
        ValueError: for another split.
    """
    for split in (phrasings, numbers):
        if split not in SPLITS:
            raise ValueError(f"split is {split!r}; give one of {', '.join(SPLITS)}.")
    rng = np.random.default_rng([seed, number, SPLITS.index(phrasings), SPLITS.index(numbers)])
    series = _draw_series(rng)
    writer = Writer(rng, series.calendar, series.values, phrasings, numbers)
    count = int(rng.choice(4, p=[0.25, 0.5, 0.2, 0.05])) if families is None else families
    possible = [family for family in FAMILIES if family != "like_day" or series.calendar.freq in ("h", "D")]
    while True:
        chosen = [possible[k] for k in rng.permutation(len(possible))[:count]]
        if count > 1 and _combination_split(chosen) != phrasings:
            continue
        drawn = [writer.effect(family) for family in chosen]
        if not _contradict([effect for _, effect in drawn]):
            break
    sentences: list[tuple[str, Effect | None]] = [*drawn]
    sentences += [(writer.no_effect(), None) for _ in range(int(rng.integers(count == 0, 4)))]
    order = rng.permutation(len(sentences))
    texts, effects, length = [], [], 0
    for k in order:
        marked, effect = sentences[k]
        plain = unmarked(marked)
        if effect is not None:
            found = {kind: [(a + length, b + length) for a, b in spans] for kind, spans in positions(marked).items()}
            effects.append(
                replace(
                    effect,
                    phrase=found["phrase"][0],
                    numbers=tuple(found["number"]),
                    window=found["window"][0] if found["window"] else None,
                )
            )
        texts.append(plain)
        length += len(plain) + 1
    return _named(
        _with_effects(rng, series, " ".join(texts), effects), writer, [seed, number, SPLITS.index(phrasings)]
    )


def draw_silent(seed: int, number: int, phrasings: str, kind: str, frame: str) -> Example:
    """One example whose text is a sentence without an effect.

    Args:
        seed: of the stream.
        number: of the example in it.
        phrasings: "train", "validation" or "test": whose predicates, causes and names of series are used.
        kind: of the frame, a key of `Grammar.no_effect`.
        frame: of the sentence.
    """
    rng = np.random.default_rng([seed, number, SPLITS.index(phrasings)])
    series = _draw_series(rng)
    writer = Writer(rng, series.calendar, series.values, phrasings, "train")
    text = writer.without_effect(kind, frame)
    return _named(_with_effects(rng, series, text, []), writer, [seed, number, SPLITS.index(phrasings)])


def _named(example: Example, writer: Writer, stream: Sequence[int]) -> Example:
    """The example with names, which are of a stream of their own: they change neither texts nor series."""
    names, others = _draw_names(np.random.default_rng([*stream, len(SPLITS)]), writer)
    return replace(example, names=names, others=others)


def _draw_names(rng: Generator, writer: Writer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the series, which a part of the tables lacks, and of those of the others that are in the table, too."""
    others = tuple(name for name in writer.mentioned if rng.random() < _OTHERS_SHARE)
    name = writer.subject if rng.random() < _WHOLE_SHARE else _BEHIND.sub("", writer.subject)
    return ((name,) if rng.random() < _NAMED_SHARE else ()), others


def _contradict(effects: Sequence[Effect]) -> bool:
    """Whether two effects are changes of one kind and of the same steps."""
    return any(
        any(one.operation in kind and other.operation in kind for kind in _CHANGES)
        and np.array_equal(one.steps, other.steps)
        for one, other in combinations(effects, 2)
    )


def _limits(effect: Effect) -> tuple[float, float]:
    """The least and largest value that a bound leaves, or the one that an effect sets."""
    operands = effect.operands or (0.0,)
    return (
        -np.inf if effect.operation == "cap" else operands[0],
        np.inf if effect.operation == "floor" else operands[-1],
    )


def _beside_others(place: int, effects: Sequence[Effect]) -> Effect:
    """A bound without the steps of an exception to it, or of a later bound that excludes it; others as they are."""
    effect = effects[place]
    if effect.operation not in _BOUNDS:
        return effect
    (low, high), steps = _limits(effect), effect.steps.copy()
    for other, one in enumerate(effects):
        if other == place or one.operation not in (*_BOUNDS, *_VALUES):
            continue
        fewer = (effect.steps >= one.steps).all() and (effect.steps > one.steps).any()
        least, most = _limits(one)
        if (low > most or high < least) and (other > place or (fewer and one.operation in _VALUES)):
            steps &= ~one.steps
    return replace(effect, steps=steps)


def _with_effects(rng: Generator, series: _Series, text: str, effects: list[Effect]) -> Example:
    """The series as the effects make it, bounds last: they hold for what the others make."""
    calendar, values = series.calendar, series.values
    n = calendar.history
    weekday = np.asarray(calendar.timestamps.day_of_week)
    changed, history = values.copy(), values[:n].copy()
    stated = [_beside_others(place, effects) for place in range(len(effects))]
    for effect in sorted(stated, key=lambda one: one.operation in _BOUNDS):
        profile = series.profile[effect.weekday] - series.profile[weekday]
        changed = apply_effect(effect, changed, n, series.slope, profile)
        if effect.operation == "ignore":
            faulty = effect.steps[:n]
            history[faulty] = history[faulty] * 0 if rng.random() < 0.5 else history[faulty] * rng.uniform(1.5, 3)
    return Example(text, calendar, history, changed[n:], values[n:], tuple(effects))


def stream(seed: int, phrasings: str = "train", numbers: str = "train") -> Iterator[Example]:
    """Examples without end; see `draw_example`."""
    number = 0
    while True:
        yield draw_example(seed, number, phrasings, numbers)
        number += 1


__all__ = ["Example", "apply_effect", "draw_example", "draw_silent", "stream"]
