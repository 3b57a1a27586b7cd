"""Patterns of the synthetic questions: ten kinds, each with its phrasings and a draw of series with a true answer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Possible answers, in steps, to questions about a period.
PERIODS = (6, 9, 14, 21)
THIRDS = ["first third", "middle third", "last third"]


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


def smooth(rng: np.random.Generator, length: int) -> np.ndarray:
    """Draw a smooth curve of mean 0 and standard deviation 1, the sum of three slow sines."""
    time = np.linspace(0, 1, length)[:, None]
    cycles = np.arange(1, 4)
    phases = rng.uniform(0, 2 * np.pi, 3)
    curve = (rng.normal(size=3) * np.sin(2 * np.pi * cycles * time + phases)).sum(1)
    return (curve - curve.mean()) / curve.std()


def wave(rng: np.random.Generator, length: int, period: float) -> np.ndarray:
    """Draw a cycle of amplitude 1: a sine, with some of its second harmonic."""
    angle = 2 * np.pi * np.arange(length) / period + rng.uniform(0, 2 * np.pi)
    return np.sin(angle) + rng.uniform(0, 0.3) * np.sin(2 * angle + rng.uniform(0, 2 * np.pi))


def bump(length: int, center: float, width: float) -> np.ndarray:
    return np.exp(-0.5 * ((np.arange(length) - center) / width) ** 2)


def in_third(rng: np.random.Generator, third: int, length: int) -> float:
    """Draw a position well inside a third of a series."""
    return (third + rng.uniform(0.2, 0.8)) / 3 * (length - 1)


def _trend(rng: np.random.Generator, length: int) -> Drawn:
    answer = rng.choice(["rising", "falling", "flat"])
    slope = {"rising": 1, "falling": -1, "flat": 0}[answer] * rng.uniform(1.5, 4)
    texture = 0.3 * rng.normal(size=length)
    return Drawn([slope * np.linspace(0, 1, length) + texture], answer)


def _seasonality(rng: np.random.Generator, length: int) -> Drawn:
    if rng.random() < 0.5:
        return Drawn([wave(rng, length, rng.uniform(6, length / 4))], "yes")
    noise = rng.normal(size=length)
    return Drawn([noise if rng.random() < 0.5 else noise.cumsum() / noise.cumsum().std()], "no")


def _period(rng: np.random.Generator, length: int) -> Drawn:
    period = int(rng.choice(PERIODS))
    return Drawn([wave(rng, length, period)], str(period))


def _level_shift(rng: np.random.Generator, length: int) -> Drawn:
    answer = rng.choice(["up", "down", "none"])
    size = {"up": 1, "down": -1, "none": 0}[answer] * rng.uniform(1.5, 4)
    step = np.arange(length) >= rng.uniform(0.25, 0.75) * length
    return Drawn([size * step + 0.3 * rng.normal(size=length)], answer)


def _spike(rng: np.random.Generator, length: int) -> Drawn:
    third = int(rng.integers(3))
    series = 0.3 * rng.normal(size=length)
    series[round(in_third(rng, third, length))] += rng.choice([-1, 1]) * rng.uniform(3, 6)
    return Drawn([series], THIRDS[third])


def _volatility(rng: np.random.Generator, length: int) -> Drawn:
    answer = rng.choice(["more volatile", "less volatile", "unchanged"])
    factor = {"more volatile": 1.0, "less volatile": -1.0, "unchanged": 0.0}[answer]
    after = np.arange(length) >= rng.uniform(0.35, 0.65) * length
    return Drawn([rng.normal(size=length) * rng.uniform(3, 5) ** (factor * after)], answer)


def _extremum(rng: np.random.Generator, length: int) -> Drawn:
    high, low = rng.choice(3, size=2, replace=False)
    width = length / 15
    series = bump(length, in_third(rng, high, length), width) - bump(length, in_third(rng, low, length), width)
    aspect = int(rng.integers(2))
    return Drawn([rng.uniform(1, 2) * series], THIRDS[(high, low)[aspect]], aspect)


def _comparison(rng: np.random.Generator, length: int) -> Drawn:
    fast = rng.uniform(5, length / 8)
    waves = [wave(rng, length, fast), wave(rng, length, fast * rng.uniform(2, 3))]
    faster, aspect = (int(draw) for draw in rng.integers(2, size=2))
    return Drawn(waves[:: 1 - 2 * faster], ["first", "second"][faster ^ aspect], aspect)


def _correlation(rng: np.random.Generator, length: int) -> Drawn:
    answer = rng.choice(["together", "opposite", "unrelated"])
    first = smooth(rng, length)
    if answer != "unrelated":
        return Drawn([first, (1 if answer == "together" else -1) * first], answer)
    other = smooth(rng, length)
    other = other - first * (first @ other) / (first @ first)
    return Drawn([first, other / other.std()], answer)


def _lead_lag(rng: np.random.Generator, length: int) -> Drawn:
    answer = rng.choice(["first", "second", "neither"])
    lag = rng.uniform(0.15, 0.4) * length
    early = rng.uniform(0.1 * length, 0.9 * length - lag)
    late = early if answer == "neither" else early + lag
    width, sign = length / 20, rng.choice([-1, 1])
    series = [sign * bump(length, center, width) for center in (early, late)]
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
        THIRDS,
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
        THIRDS,
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
