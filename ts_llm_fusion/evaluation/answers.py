"""Metrics of generated answers whose possible labels are known."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def answer_label(text: str) -> str:
    """The label that an answer names, whatever its case and spaces, and with or without a full stop."""
    return " ".join(text.lower().split()).rstrip(".")


def macro_f1(truths: Sequence[str], answers: Sequence[str], labels: Sequence[str]) -> float:
    """The mean of F1 over a fixed list of labels; one that is neither true nor answered anywhere counts as 0.

    An answer outside the list is a miss of the true label, and no false alarm of another.
    """
    hits = Counter(truth for truth, answer in zip(truths, answers, strict=True) if truth == answer)
    true, answered = Counter(truths), Counter(answers)
    return sum(2 * hits[label] / max(true[label] + answered[label], 1) for label in labels) / len(labels)


def task_metrics(
    answers: Sequence[str], samples: Sequence[Mapping[str, Any]], labels: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Metrics of each task.

    Args:
        answers: generated, in the order of the samples.
        samples: with `answer` and `task`.
        labels: task -> its labels.

    Returns:
        Task -> "exact_match" (the same text), "accuracy" (the same label), "macro_f1" over the labels, "chance" (the
        share of the most frequent label) and "count".

    Raises:
        ValueError: if there is not one answer for each sample, or no sample.
    """
    if len(answers) != len(samples) or not len(samples):
        raise ValueError(
            f"there are {len(answers)} answers to {len(samples)} samples; give one for each, and at least one."
        )
    by_task: dict[str, list[tuple[str, str]]] = {}
    for answer, sample in zip(answers, samples, strict=True):
        by_task.setdefault(sample["task"], []).append((sample["answer"], answer))
    metrics = {}
    for task, pairs in sorted(by_task.items()):
        truths = [answer_label(truth) for truth, _ in pairs]
        found = [answer_label(answer) for _, answer in pairs]
        known = [answer_label(label) for label in labels[task]]
        metrics[task] = {
            "exact_match": sum(truth == answer for truth, answer in pairs) / len(pairs),
            "accuracy": sum(map(str.__eq__, truths, found)) / len(pairs),
            "macro_f1": macro_f1(truths, found, known),
            "chance": Counter(truths).most_common(1)[0][1] / len(pairs),
            "count": len(pairs),
        }
    return metrics


def overall_metrics(tasks: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Over all tasks: macro-F1 as the mean of the tasks', the others as the mean over samples."""
    count = sum(metrics["count"] for metrics in tasks.values())
    overall = {
        name: sum(metrics[name] * metrics["count"] for metrics in tasks.values()) / count
        for name in ("exact_match", "accuracy", "chance")
    }
    return {**overall, "macro_f1": sum(metrics["macro_f1"] for metrics in tasks.values()) / len(tasks)}
