"""Evaluation of the baselines for questions."""

from ..baselines.questions import make_question_baselines
from ..data.qa.samples import QuestionData
from .answers import task_metrics


def evaluate_question_baselines(data: QuestionData) -> dict[str, dict[str, dict[str, float]]]:
    """Evaluate every baseline that applies on the test split.

    Returns:
        Baseline -> task -> metric -> value; see `task_metrics`.
    """
    test = data.splits["test"]
    return {
        name: task_metrics(baseline(test), test, data.labels)
        for name, baseline in make_question_baselines(data.splits["train"], data.labels).items()
    }
