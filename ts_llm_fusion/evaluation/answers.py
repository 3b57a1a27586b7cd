"""Metrics of generated answers: accuracy and F1 for labels, ROUGE-L and a check of claims for free text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..data.qa.rationales import final_answer
from ..data.qa.samples import without_letter
from ..errors import UserError
from ..requirements import require
from .caption_claims import claim_metrics

# Metrics of some of the samples of a task -> the metric that is the share of those samples.
_SHARES = {"claims_hold": "with_claims", "true_claims_hold": "true_with_claims"}


def answer_label(text: str) -> str:
    """Normalized `final_answer`: lower case, single spaces, no final period."""
    return " ".join(final_answer(text).lower().split()).rstrip(".")


def exact_matches(answers: Sequence[str], truths: Sequence[str]) -> list[bool]:
    """Compare each `final_answer` with the true one to the letter; an empty answer never matches."""
    return [final_answer(answer) == final_answer(truth) != "" for answer, truth in zip(answers, truths, strict=True)]


def answer_labels(texts: Sequence[str], labels: Sequence[str]) -> list[str]:
    """Labels (`answer_label`) of answers, `without_letter`, which tells the order of the options and not a class.

    Args:
        texts: answers.
        labels: possible answers, with and without letters.
    """
    known = set(map(answer_label, labels))
    return [without_letter(answer_label(text), known) for text in texts]


def label_matches(answers: Sequence[str], truths: Sequence[str], labels: Sequence[str] = ()) -> list[bool]:
    """Compare each of `answer_labels` with the true one as a whole; an empty answer never matches.

    Args:
        answers: generated texts.
        truths: true answers.
        labels: possible answers; needed where options have letters.
    """
    found, true = (answer_labels(texts, labels) for texts in (answers, truths))
    return [label == truth != "" for label, truth in zip(found, true, strict=True)]


def macro_f1(answers: Sequence[str], truths: Sequence[str], labels: Sequence[str]) -> float:
    """Mean F1 over a fixed list of labels; a label that is neither true nor answered anywhere counts as 0.

    An answer outside the list is a miss of the true label and not a false alarm of another.

    Raises:
        ValueError: true labels outside the list; they are counted and named.
    """
    answers, truths, labels = (answer_labels(texts, labels) for texts in (answers, truths, labels))
    labels = list(dict.fromkeys(labels))
    unknown = Counter(truth for truth in truths if truth not in set(labels))
    if unknown:
        named = ", ".join(f"{label!r} ({count})" for label, count in unknown.most_common(5))
        raise UserError(f"{unknown.total()} true answers are not in the label list: {named}; known are {labels}.")
    hits = Counter(truth for truth, answer in zip(truths, answers, strict=True) if truth == answer)
    true, answered = Counter(truths), Counter(answers)
    return sum(2 * hits[label] / max(true[label] + answered[label], 1) for label in labels) / len(labels)


def rouge_l(answers: Sequence[str], truths: Sequence[str]) -> float:
    """Mean ROUGE-L F-measure of whole texts (Lin 2004), computed by rouge_score without stemming.

    Raises:
        MissingPackageError: rouge_score is not installed.
    """
    scorer = require("rouge_score.rouge_scorer", "evaluation").RougeScorer(["rougeL"])
    scores = [scorer.score(truth, answer)["rougeL"].fmeasure for answer, truth in zip(answers, truths, strict=True)]
    return sum(scores) / len(scores)


def _mean(matches: Sequence[bool]) -> float:
    return sum(matches) / len(matches)


def task_metrics(
    answers: Sequence[str], samples: Sequence[Mapping[str, Any]], labels: Mapping[str, Sequence[str] | None]
) -> dict[str, dict[str, float]]:
    """Metrics of each task, of the `final_answer` for all but "rouge_l"; an empty answer is never right.

    Args:
        answers: generated texts, in the order of the samples.
        samples: samples with `answer` and `task`, and `time_series` for the claims of captions.
        labels: task -> its labels, or None where answers are free text.

    Returns:
        Task -> "exact_match" (to the letter) and "count"; with labels also "accuracy" (the same label), "macro_f1"
        over the labels and "chance" (the share of the most frequent label); without them "rouge_l" and, where the
        true answers are captions of one series, those of `claim_metrics`.

    Raises:
        ValueError: numbers of answers and samples differ or are 0; true labels are outside the list.
    """
    if len(answers) != len(samples) or not len(samples):
        raise UserError(
            f"there are {len(answers)} answers to {len(samples)} samples; give one for each, and at least one."
        )
    by_task: dict[str, list[tuple[str, str]]] = {}
    captioned: dict[str, list[Mapping[str, Any]]] = {}
    for answer, sample in zip(answers, samples, strict=True):
        by_task.setdefault(sample["task"], []).append((answer, sample["answer"]))
        if labels[sample["task"]] is None:
            captioned.setdefault(sample["task"], []).append(sample)
    metrics = {}
    for task, pairs in sorted(by_task.items()):
        found, truths = zip(*pairs, strict=True)
        metrics[task] = {"exact_match": _mean(exact_matches(found, truths))}
        task_labels = labels[task]
        if task_labels is None:
            metrics[task] |= {"rouge_l": rouge_l(found, truths), **claim_metrics(found, captioned[task])}
        else:
            metrics[task] |= {
                "accuracy": _mean(label_matches(found, truths, task_labels)),
                "macro_f1": macro_f1(found, truths, task_labels),
                "chance": Counter(answer_labels(truths, task_labels)).most_common(1)[0][1] / len(truths),
            }
        metrics[task]["count"] = len(truths)
    return metrics


def overall_metrics(tasks: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Metrics over all tasks that have them: macro-F1 averaged over tasks, the others over the samples they are of."""
    overall = {}
    for name in dict.fromkeys(name for metrics in tasks.values() for name in metrics if name != "count"):
        weights = {
            task: 1 if name == "macro_f1" else metrics["count"] * metrics.get(_SHARES.get(name, ""), 1)
            for task, metrics in tasks.items()
            if name in metrics
        }
        total = sum(tasks[task][name] * weight for task, weight in weights.items())
        overall[name] = total / sum(weights.values())
    return overall


def template_means(templates: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Weighted and unweighted means of exact match and macro-F1 over the question templates of ECG-QA.

    The OpenTSLM paper does not say which of the two it reports.

    Args:
        templates: template -> metrics, from `task_metrics` with templates as tasks and all their classes as labels.

    Returns:
        "exact_match" and "macro_f1", the unweighted means over templates; "exact_match_weighted" and
        "macro_f1_weighted", weighted by the number of questions.
    """
    count = sum(metrics["count"] for metrics in templates.values())
    means = {}
    for name in ("exact_match", "macro_f1"):
        means[name] = sum(metrics[name] for metrics in templates.values()) / len(templates)
        means[f"{name}_weighted"] = sum(m[name] * m["count"] for m in templates.values()) / count
    return means
