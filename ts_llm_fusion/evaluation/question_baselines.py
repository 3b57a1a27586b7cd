"""Evaluation of the baselines for questions."""

import numpy as np
from datasets import Dataset

from ..baselines.questions import QuestionBaseline, majority, make_question_baselines
from ..data.qa.samples import QuestionData
from ..processing.answer_checks import offered_options, questions_of
from .answers import task_metrics


def evaluate_question_baselines(
    data: QuestionData, train: Dataset | None = None, with_minirocket: bool = False
) -> dict[str, dict[str, dict[str, float]]]:
    """Evaluate every baseline that applies on the test split.

    Args:
        data: questions.
        train: training samples; the training split by default.
        with_minirocket: see `make_question_baselines`.

    Returns:
        Baseline -> task -> metric -> value; see `task_metrics`.
    """
    test = data.splits["test"]
    train = data.splits["train"] if train is None else train
    fitted = make_question_baselines(train, data.labels, with_minirocket)
    return {name: task_metrics(baseline(test), test, data.labels) for name, baseline in fitted.items()}


def any_option(train: Dataset, seed: int) -> QuestionBaseline:
    """Answer a question that offers options with one of them, drawn at random, and others as `majority`."""
    fallback = majority(train)

    def answer(samples: Dataset) -> list[str]:
        rng = np.random.default_rng(seed)
        offered = [offered_options(questions_of(messages)[-1]) for messages in samples["messages"]]
        others = fallback(samples)
        return [str(rng.choice(options)) if options else other for options, other in zip(offered, others, strict=True)]

    return answer
