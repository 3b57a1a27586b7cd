"""Metrics of generated answers: of labels where the possible ones are known, of texts where they are not."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

_FINAL = re.compile(r"\banswer\s*:", re.IGNORECASE)


def final_answer(text: str) -> str:
    """What follows the last "Answer:" of a rationale; the whole text where there is none. Without spaces around it."""
    return _FINAL.split(text)[-1].strip()


def answer_label(text: str) -> str:
    """The label that the `final_answer` names, whatever its case and spaces, and with or without a full stop."""
    return " ".join(final_answer(text).lower().split()).rstrip(".")


def exact_matches(answers: Sequence[str], truths: Sequence[str]) -> list[bool]:
    """For each answer whether its `final_answer` is that of the truth, to the letter; an empty one never is."""
    return [final_answer(answer) == final_answer(truth) != "" for answer, truth in zip(answers, truths, strict=True)]


def label_matches(answers: Sequence[str], truths: Sequence[str]) -> list[bool]:
    """For each answer whether it names the true label, whole and not a part of it; an empty answer never does."""
    return [answer_label(answer) == answer_label(truth) != "" for answer, truth in zip(answers, truths, strict=True)]


def macro_f1(answers: Sequence[str], truths: Sequence[str], labels: Sequence[str]) -> float:
    """The mean of F1 over a fixed list of labels; one that is neither true nor answered anywhere counts as 0.

    An answer outside the list is a miss of the true label, and no false alarm of another.

    Raises:
        ValueError: for true labels outside the list, counted and named.
    """
    answers, truths = ([answer_label(text) for text in texts] for texts in (answers, truths))
    labels = list(dict.fromkeys(map(answer_label, labels)))
    unknown = Counter(truth for truth in truths if truth not in set(labels))
    if unknown:
        named = ", ".join(f"{label!r} ({count})" for label, count in unknown.most_common(5))
        raise ValueError(f"{unknown.total()} true answers are not in the label list: {named}; known are {labels}.")
    hits = Counter(truth for truth, answer in zip(truths, answers, strict=True) if truth == answer)
    true, answered = Counter(truths), Counter(answers)
    return sum(2 * hits[label] / max(true[label] + answered[label], 1) for label in labels) / len(labels)


def rouge_l(answers: Sequence[str], truths: Sequence[str]) -> float:
    """Mean ROUGE-L F-measure of whole texts (Lin 2004), as the package rouge_score computes it without stemming.

    Raises:
        FileNotFoundError: if rouge_score is not installed.
    """
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ModuleNotFoundError as error:
        raise FileNotFoundError("ROUGE-L needs rouge_score; pip install 'ts-llm-fusion[evaluation]'.") from error
    scorer = RougeScorer(["rougeL"])
    scores = [scorer.score(truth, answer)["rougeL"].fmeasure for answer, truth in zip(answers, truths, strict=True)]
    return sum(scores) / len(scores)


def _mean(matches: Sequence[bool]) -> float:
    return sum(matches) / len(matches)


def task_metrics(
    answers: Sequence[str], samples: Sequence[Mapping[str, Any]], labels: Mapping[str, Sequence[str] | None]
) -> dict[str, dict[str, float]]:
    """Metrics of each task: of texts that end in "Answer: ..." what follows counts, and an empty one is never right.

    Args:
        answers: generated, in the order of the samples.
        samples: with `answer` and `task`.
        labels: task -> its labels, or None where answers are free text.

    Returns:
        Task -> "exact_match" (to the letter) and "count"; with labels also "accuracy" (the same label), "macro_f1"
        over the labels and "chance" (the share of the most frequent label); without them "rouge_l".

    Raises:
        ValueError: if there is not one answer for each sample, or no sample; for true labels outside the list.
    """
    if len(answers) != len(samples) or not len(samples):
        raise ValueError(
            f"there are {len(answers)} answers to {len(samples)} samples; give one for each, and at least one."
        )
    by_task: dict[str, list[tuple[str, str]]] = {}
    for answer, sample in zip(answers, samples, strict=True):
        by_task.setdefault(sample["task"], []).append((answer, sample["answer"]))
    metrics = {}
    for task, pairs in sorted(by_task.items()):
        found, truths = zip(*pairs, strict=True)
        metrics[task] = {"exact_match": _mean(exact_matches(found, truths))}
        if labels[task] is None:
            metrics[task]["rouge_l"] = rouge_l(found, truths)
        else:
            metrics[task] |= {
                "accuracy": _mean(label_matches(found, truths)),
                "macro_f1": macro_f1(found, truths, labels[task]),
                "chance": Counter(map(answer_label, truths)).most_common(1)[0][1] / len(truths),
            }
        metrics[task]["count"] = len(truths)
    return metrics


def overall_metrics(tasks: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Over all tasks that have a metric: macro-F1 as the mean of the tasks', the others as the mean over samples."""
    overall = {}
    for name in dict.fromkeys(name for metrics in tasks.values() for name in metrics if name != "count"):
        having = [metrics for metrics in tasks.values() if name in metrics]
        weights = [1 if name == "macro_f1" else metrics["count"] for metrics in having]
        overall[name] = sum(metrics[name] * weight for metrics, weight in zip(having, weights, strict=True)) / sum(
            weights
        )
    return overall


def template_means(templates: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Both means over question templates, of exact match and macro-F1, as ECG-QA is scored by OpenTSLM.

    The paper does not say which of the two it prints.

    Args:
        templates: what `task_metrics` returns where each template is a task with all its classes as labels.

    Returns:
        "exact_match" and "macro_f1", the unweighted means over templates, and "exact_match_weighted" and
        "macro_f1_weighted", weighted by the number of questions of each.
    """
    count = sum(metrics["count"] for metrics in templates.values())
    means = {}
    for name in ("exact_match", "macro_f1"):
        means[name] = sum(metrics[name] for metrics in templates.values()) / len(templates)
        means[f"{name}_weighted"] = sum(m[name] * m["count"] for m in templates.values()) / count
    return means
