"""Synthetic questions about series, with answers that are true by construction."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserError
from ...processing.answer_checks import offer
from ..entries import SPLITS
from .patterns import PERIODS, TASKS
from .samples import Labels, make_sample
from .source import QuestionSource
from .wide import LETTERS, WIDE_TASKS, wide_labels, wide_sample

SYNTHETIC = "synthetic"
# Questions that one process makes before it takes the next ones.
_QUESTIONS_AT_ONCE = 1000


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
    wide: bool = field(
        default=False,
        metadata={
            "help": "Eighteen kinds instead of ten, on 1 to 12 series, with gaps, options by letter, several "
            "questions in a chat, and questions that the series cannot answer."
        },
    )
    letters: float = field(
        default=0.5, metadata={"help": "Share of the wide questions with options that have a letter behind each."}
    )
    other_series: float = field(
        default=0.3, metadata={"help": "Share of the wide questions about one series that have others beside it."}
    )
    question_seed: int = field(default=0, metadata={"help": "Seed of the questions and series."})

    def __post_init__(self):
        if not 2 * max(PERIODS) <= self.shortest_series <= self.longest_series:
            raise UserError(
                f"shortest_series is {self.shortest_series} and longest_series {self.longest_series}; they must be at "
                f"least {2 * max(PERIODS)}, two of the longest period, and in order."
            )
        if self.noise < 0:
            raise UserError(f"noise is {self.noise}; it must not be negative.")
        for name in ("multiple_choice", "letters", "other_series"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"{name} is {getattr(self, name)}; it must be a share from 0 to 1.")
        known = [*WIDE_TASKS, LETTERS] if self.wide else list(TASKS)
        unknown = set(self.tasks or ()) - set(known)
        if unknown:
            raise UserError(f"tasks: {sorted(unknown)[0]!r} is unknown; known are {', '.join(known)}.")


def synthetic_sample(arguments: SyntheticArguments, split: str, index: int) -> dict[str, Any]:
    """Generate question `index` of a split, a function of the seed, the split and the index alone."""
    rng = np.random.default_rng([arguments.question_seed, SPLITS.index(split), index])
    if arguments.wide:
        return wide_sample(rng, vars(arguments), SYNTHETIC, f"{split}-{index}")
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


def samples(files: tuple[Path, ...], split: str, ranges: list[range], **options: Any) -> Iterator[dict[str, Any]]:
    """Generate questions of a split by their indices; no question of one split is in another."""
    arguments = SyntheticArguments(**options)
    for indices in ranges:
        for index in indices:
            yield synthetic_sample(arguments, split, index)


def _ranges(split: str, **options: Any) -> list[range]:
    count = getattr(SyntheticArguments(**options), f"num_{split}")
    return [range(start, min(start + _QUESTIONS_AT_ONCE, count)) for start in range(0, count, _QUESTIONS_AT_ONCE)]


def labels(files: tuple[Path, ...], **options: Any) -> Labels:
    """Each kind of question with its answers."""
    arguments = SyntheticArguments(**options)
    if arguments.wide:
        return wide_labels(arguments.tasks)
    return {name: TASKS[name].labels for name in arguments.tasks or TASKS}


load = QuestionSource(SYNTHETIC, samples, labels, SyntheticArguments, _ranges)
