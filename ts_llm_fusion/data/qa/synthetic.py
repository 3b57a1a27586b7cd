"""Synthetic questions about series, with answers that are true by construction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserError
from ..entries import SPLITS
from .samples import Labels, make_sample, offer
from .source import QuestionSource

SYNTHETIC = "synthetic"
# Possible answers, in steps, to questions about a period.
PERIODS = (6, 9, 14, 21)
_THIRDS = ["first third", "middle third", "last third"]


@dataclass
class SyntheticArguments:
    """Options of the synthetic questions."""

    num_train: int = field(default=20000, metadata={"help": "Number of training questions."})
    num_validation: int = field(default=500, metadata={"help": "Number of validation questions."})
    num_test: int = field(default=1000, metadata={"help": "Number of test questions."})
    shortest_series: int = field(default=48, metadata={"help": "Length of the shortest series, in steps."})
    longest_series: int = field(default=96, metadata={"help": "Length of the longest series, in steps."})
    noise: float = field(
        default=0.1, metadata={"help": "Standard deviation of the noise; the patterns have a size of about 1."}
    )
    multiple_choice: float = field(
        default=0.5, metadata={"help": "Share of questions that offer options, in any order; the others are open."}
    )
    tasks: list[str] | None = field(default=None, metadata={"help": "Kinds of questions; all by default."})
    question_seed: int = field(default=0, metadata={"help": "Seed of the questions and series."})

    def __post_init__(self):
        if not 2 * max(PERIODS) <= self.shortest_series <= self.longest_series:
            raise UserError(
                f"shortest_series is {self.shortest_series} and longest_series {self.longest_series}; they must be at "
                f"least {2 * max(PERIODS)}, two of the longest period, and in order."
            )
        if self.noise < 0:
            raise UserError(f"noise is {self.noise}; it must not be negative.")
        if not 0 <= self.multiple_choice <= 1:
            raise UserError(f"multiple_choice is {self.multiple_choice}; it must be a share from 0 to 1.")
        unknown = set(self.tasks or ()) - set(TASKS)
        if unknown:
            raise UserError(f"tasks: {sorted(unknown)[0]!r} is unknown; known are {', '.join(TASKS)}.")


@dataclass(frozen=True)
class Drawn:
    """Drawn pattern.

    Args:
        series: one or two arrays, float64 (time,), without noise.
        answer: the true answer.
        aspect: index of the group of phrasings that ask for it.
    """

    series: list[np.ndarray]
    answer: str
    aspect: int = 0


@dataclass(frozen=True)
class Task:
    """Kind of question.

    Args:
        labels: possible answers.
        phrasings: for each aspect, several phrasings of the question.
        draw: (random generator, length) -> pattern.
        noisy: add noise; not for questions about the noise itself.
    """

    labels: list[str]
    phrasings: list[list[str]]
    draw: Callable[[np.random.Generator, int], Drawn]
    noisy: bool = True


def _smooth(rng: np.random.Generator, length: int) -> np.ndarray:
    """Draw a smooth curve of mean 0 and standard deviation 1, the sum of three slow sines."""
    time = np.linspace(0, 1, length)[:, None]
    cycles = np.arange(1, 4)
    phases = rng.uniform(0, 2 * np.pi, 3)
    curve = (rng.normal(size=3) * np.sin(2 * np.pi * cycles * time + phases)).sum(1)
    return (curve - curve.mean()) / curve.std()


def _wave(rng: np.random.Generator, length: int, period: float) -> np.ndarray:
    """Draw a cycle of amplitude 1: a sine, with some of its second harmonic."""
    angle = 2 * np.pi * np.arange(length) / period + rng.uniform(0, 2 * np.pi)
    return np.sin(angle) + rng.uniform(0, 0.3) * np.sin(2 * angle + rng.uniform(0, 2 * np.pi))


def _bump(length: int, center: float, width: float) -> np.ndarray:
    return np.exp(-0.5 * ((np.arange(length) - center) / width) ** 2)


def _in_third(rng: np.random.Generator, third: int, length: int) -> float:
    """Draw a position well inside a third of a series."""
    return (third + rng.uniform(0.2, 0.8)) / 3 * (length - 1)


def _trend(rng: np.random.Generator, length: int) -> Drawn:
    answer = rng.choice(["rising", "falling", "flat"])
    slope = {"rising": 1, "falling": -1, "flat": 0}[answer] * rng.uniform(1.5, 4)
    texture = 0.3 * rng.normal(size=length)
    return Drawn([slope * np.linspace(0, 1, length) + texture], answer)


def _seasonality(rng: np.random.Generator, length: int) -> Drawn:
    if rng.random() < 0.5:
        return Drawn([_wave(rng, length, rng.uniform(6, length / 4))], "yes")
    noise = rng.normal(size=length)
    return Drawn([noise if rng.random() < 0.5 else noise.cumsum() / noise.cumsum().std()], "no")


def _period(rng: np.random.Generator, length: int) -> Drawn:
    period = int(rng.choice(PERIODS))
    return Drawn([_wave(rng, length, period)], str(period))


def _level_shift(rng: np.random.Generator, length: int) -> Drawn:
    answer = rng.choice(["up", "down", "none"])
    size = {"up": 1, "down": -1, "none": 0}[answer] * rng.uniform(1.5, 4)
    step = np.arange(length) >= rng.uniform(0.25, 0.75) * length
    return Drawn([size * step + 0.3 * rng.normal(size=length)], answer)


def _spike(rng: np.random.Generator, length: int) -> Drawn:
    third = int(rng.integers(3))
    series = 0.3 * rng.normal(size=length)
    series[round(_in_third(rng, third, length))] += rng.choice([-1, 1]) * rng.uniform(3, 6)
    return Drawn([series], _THIRDS[third])


def _volatility(rng: np.random.Generator, length: int) -> Drawn:
    answer = rng.choice(["more volatile", "less volatile", "unchanged"])
    factor = {"more volatile": 1.0, "less volatile": -1.0, "unchanged": 0.0}[answer]
    after = np.arange(length) >= rng.uniform(0.35, 0.65) * length
    return Drawn([rng.normal(size=length) * rng.uniform(3, 5) ** (factor * after)], answer)


def _extremum(rng: np.random.Generator, length: int) -> Drawn:
    high, low = rng.choice(3, size=2, replace=False)
    width = length / 15
    series = _bump(length, _in_third(rng, high, length), width) - _bump(length, _in_third(rng, low, length), width)
    aspect = int(rng.integers(2))
    return Drawn([rng.uniform(1, 2) * series], _THIRDS[(high, low)[aspect]], aspect)


def _comparison(rng: np.random.Generator, length: int) -> Drawn:
    fast = rng.uniform(5, length / 8)
    waves = [_wave(rng, length, fast), _wave(rng, length, fast * rng.uniform(2, 3))]
    faster, aspect = (int(draw) for draw in rng.integers(2, size=2))
    return Drawn(waves[:: 1 - 2 * faster], ["first", "second"][faster ^ aspect], aspect)


def _correlation(rng: np.random.Generator, length: int) -> Drawn:
    answer = rng.choice(["together", "opposite", "unrelated"])
    first = _smooth(rng, length)
    if answer != "unrelated":
        return Drawn([first, (1 if answer == "together" else -1) * first], answer)
    other = _smooth(rng, length)
    other = other - first * (first @ other) / (first @ first)
    return Drawn([first, other / other.std()], answer)


def _lead_lag(rng: np.random.Generator, length: int) -> Drawn:
    answer = rng.choice(["first", "second", "neither"])
    lag = rng.uniform(0.15, 0.4) * length
    early = rng.uniform(0.1 * length, 0.9 * length - lag)
    late = early if answer == "neither" else early + lag
    width, sign = length / 20, rng.choice([-1, 1])
    series = [sign * _bump(length, center, width) for center in (early, late)]
    return Drawn(series[::-1] if answer == "second" else series, answer)


TASKS = {
    "trend": Task(
        ["rising", "falling", "flat"],
        [
            [
                "What is the trend of this series?",
                "Is the series rising, falling or flat?",
                "Which way does the series go overall?",
            ]
        ],
        _trend,
    ),
    "seasonality": Task(
        ["yes", "no"],
        [["Does this series repeat in cycles?", "Is the series seasonal?", "Is there a regular cycle in the values?"]],
        _seasonality,
    ),
    "period": Task(
        [str(period) for period in PERIODS],
        [
            [
                "How many steps does one cycle take?",
                "What is the period of this series in steps?",
                "After how many steps does the pattern repeat?",
            ]
        ],
        _period,
    ),
    "level_shift": Task(
        ["up", "down", "none"],
        [
            [
                "Does the level jump up, down or not at all?",
                "Which way does the level shift, if it does?",
                "Is there a sudden change of level, and which way?",
            ]
        ],
        _level_shift,
    ),
    "spike": Task(
        _THIRDS,
        [["Where is the spike?", "In which part of the series is the outlier?", "Locate the single odd value."]],
        _spike,
    ),
    "volatility": Task(
        ["more volatile", "less volatile", "unchanged"],
        [
            [
                "How does the volatility change?",
                "Do the swings become larger, smaller or neither?",
                "Compare the spread of the values late and early.",
            ]
        ],
        _volatility,
        noisy=False,
    ),
    "extremum": Task(
        _THIRDS,
        [
            ["Where is the maximum?", "In which part does the series peak?", "Locate the highest value."],
            ["Where is the minimum?", "In which part is the trough?", "Locate the lowest value."],
        ],
        _extremum,
    ),
    "comparison": Task(
        ["first", "second"],
        [
            [
                "Which series oscillates faster?",
                "Which of the two has the shorter cycle?",
                "Which one goes through more cycles?",
            ],
            [
                "Which series oscillates more slowly?",
                "Which of the two has the longer cycle?",
                "Which one goes through fewer cycles?",
            ],
        ],
        _comparison,
    ),
    "correlation": Task(
        ["together", "opposite", "unrelated"],
        [
            [
                "Do the two series move together, opposite or unrelated?",
                "How are the two series correlated?",
                "What does one series do when the other one moves?",
            ]
        ],
        _correlation,
    ),
    "lead_lag": Task(
        ["first", "second", "neither"],
        [
            [
                "Which series leads the other?",
                "In which of the two does the event come earlier?",
                "Which one is ahead of the other, if any?",
            ]
        ],
        _lead_lag,
    ),
}


def synthetic_sample(arguments: SyntheticArguments, split: str, index: int) -> dict[str, Any]:
    """Generate question `index` of a split, a function of the seed, the split and the index alone."""
    rng = np.random.default_rng([arguments.question_seed, SPLITS.index(split), index])
    names = arguments.tasks or list(TASKS)
    name = names[int(rng.integers(len(names)))]
    task = TASKS[name]
    length = int(rng.integers(arguments.shortest_series, arguments.longest_series + 1))
    drawn = task.draw(rng, length)
    series = np.stack(drawn.series)
    if task.noisy:
        series = series + arguments.noise * rng.normal(size=series.shape)
    # Random level and scale, which say nothing about the answer.
    series = rng.normal(scale=10, size=(len(series), 1)) + 10 ** rng.uniform(-1, 1, size=(len(series), 1)) * series
    question, answer = str(rng.choice(task.phrasings[drawn.aspect])), str(drawn.answer)
    if rng.random() < arguments.multiple_choice:
        question += offer(rng.permutation(task.labels).tolist())
    titles = ["Series"] if len(series) == 1 else ["First series", "Second series"]
    return make_sample(question, dict(zip(titles, series, strict=True)), answer, name, SYNTHETIC, f"{split}-{index}")


def samples(files: tuple[Path, ...], split: str, **options: Any) -> Iterator[dict[str, Any]]:
    """Generate the questions of a split; no question of one split is in another."""
    arguments = SyntheticArguments(**options)
    for index in range(getattr(arguments, f"num_{split}")):
        yield synthetic_sample(arguments, split, index)


def labels(files: tuple[Path, ...], **options: Any) -> Labels:
    """Each kind of question with its answers."""
    return {name: TASKS[name].labels for name in SyntheticArguments(**options).tasks or TASKS}


load = QuestionSource(SYNTHETIC, samples, labels, SyntheticArguments)
