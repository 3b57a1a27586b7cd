"""Evaluation of the baselines for questions."""

from datasets import Dataset

from ..baselines.questions import make_question_baselines
from ..data.qa.samples import QuestionData
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
