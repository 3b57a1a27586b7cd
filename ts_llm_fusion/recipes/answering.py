"""Tests of a trained language model: its answers, their metrics, and those of the baselines."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset

from ..data.qa.samples import Labels, QuestionData, shuffle_series
from ..evaluation.answers import exact_matches, label_matches, overall_metrics, task_metrics
from ..evaluation.caption_claims import caption_fault
from ..evaluation.question_baselines import evaluate_question_baselines
from ..files import write_text
from ..processing.answer_checks import answer_fault, questions_of
from ..processing.processing_time_series import TimeSeriesProcessor
from ..training.sft import AnswerTraining

logger = logging.getLogger(__name__)

# Training samples that the baselines are fitted on at most, as a ridge classifier gains nothing from more.
_BASELINE_SAMPLES = 60000
# First training samples, among which the example of a card is, and characters that are many for it.
_EXAMPLES, _LONG_EXAMPLE = 50, 60


def room_for_labels(processor: TimeSeriesProcessor, labels: Labels, max_new_tokens: int) -> int:
    """Number of new tokens that each label fits in with the token that ends it, at least `max_new_tokens`.

    A label that is cut would count as wrong, whatever the model reads.

    Args:
        processor: of the model.
        labels: task -> its labels, or None where answers are free text.
        max_new_tokens: largest number of tokens of an answer.
    """
    texts = [f" {label}" for known in labels.values() for label in known or ()]
    encoded = processor.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
    room = max([max_new_tokens, *(len(tokens) + 1 for tokens in encoded)])
    if room > max_new_tokens:
        logger.info("max_new_tokens is %d instead of %d, so that the longest label fits", room, max_new_tokens)
    return room


def answer_faults(answers: Sequence[str], samples: Sequence[Mapping[str, Any]], labels: Labels) -> list[str | None]:
    """Fault of each answer, in one line, or `None`: of the answer as a whole, or a claim of a caption of one series.

    Args:
        answers: generated texts, in the order of the samples.
        samples: samples with `messages`, `task` and `time_series`, which captions are checked against.
        labels: task -> its labels, or None where answers are free text.
    """
    faults = []
    for answer, sample in zip(answers, samples, strict=True):
        fault = answer_fault(answer, questions_of(sample["messages"])[-1])
        series = list(sample["time_series"] or [])
        if fault is None and labels[sample["task"]] is None and len(series) == 1:
            fault = caption_fault(answer, np.asarray(series[0], dtype=np.float64))
        faults.append(fault)
    return faults


def prediction_lines(
    answers: Sequence[str], samples: Sequence[Mapping[str, Any]], faults: Sequence[str | None], labels: Labels
) -> str:
    """JSON lines of answers, one for each sample, with its fault from `answer_faults`."""
    truths = [sample["answer"] for sample in samples]
    correct = [
        label_matches([answer], [sample["answer"]], labels[sample["task"]] or ())[0]
        for answer, sample in zip(answers, samples, strict=True)
    ]
    lines = [
        {
            **{name: sample[name] for name in ("id", "source", "task", "answer")},
            "prediction": answer,
            "exact_match": is_exact,
            "correct": is_correct,
            "fault": fault,
        }
        for answer, sample, is_exact, is_correct, fault in zip(
            answers, samples, exact_matches(answers, truths), correct, faults, strict=True
        )
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def questions_seen(trainer: AnswerTraining) -> int:
    """Questions that a training has gone through, each pass over all of them counted."""
    samples: Any = trainer.train_dataset
    return round((trainer.state.epoch or 0.0) * len(samples))


def answer_splits(trainer: AnswerTraining, data: QuestionData, output: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Metrics on the test split, and on the test split with the series of other samples if it has series."""
    variants = {"test": data.splits["test"]}
    if any(data.splits["test"][0]["time_series"]):
        variants["shuffled"] = shuffle_series(data.splits["test"], trainer.args.seed)
    found = {}
    for name, samples in variants.items():
        answers = trainer.generate_answers(samples)
        faults = answer_faults(answers, samples, data.labels)
        if found_faults := [fault for fault in faults if fault is not None]:
            logger.warning(
                "%s: %d of %d answers have a fault, the first: %s",
                name,
                len(found_faults),
                len(answers),
                found_faults[0],
            )
        # Claims of a caption are checked against the series that the question is of.
        found[name] = task_metrics(answers, data.splits["test"], data.labels)
        if trainer.is_world_process_zero():
            write_text(output / f"predictions_{name}.jsonl", prediction_lines(answers, samples, faults, data.labels))
    return found


def _subject_counts(data: QuestionData) -> dict[str, dict[str, int]]:
    """Number of subjects in each split, where those of all samples are known."""
    found = {name: set(samples["subject"]) for name, samples in data.splits.items()}
    if any(None in subjects for subjects in found.values()):
        return {}
    return {"subjects": {name: len(subjects) for name, subjects in found.items()}}


def _example_question(train: Dataset) -> str:
    """Question for a card, which shows it with one series: a short one of the samples with the fewest series."""
    first = train.select(range(min(_EXAMPLES, len(train))))
    asked = [(len(one["time_series"]), str(one["messages"][0]["content"][0]["text"])) for one in first]
    return min(asked, key=lambda pair: (pair[0], len(pair[1]) > _LONG_EXAMPLE))[1]


def answer_results(
    data: QuestionData,
    train: Dataset,
    found: Mapping[str, Mapping[str, Mapping[str, float]]],
    with_minirocket: bool,
) -> dict[str, Any]:
    """Metrics of the model and of the baselines, over all questions and by task, with the counts of questions.

    Args:
        data: questions.
        train: samples that the model was trained on, for the baselines.
        found: split or variant of it -> task -> metric -> value of the model.
        with_minirocket: whether MiniRocket is among the baselines.
    """
    train = train.take(min(_BASELINE_SAMPLES, len(train)))
    baselines = evaluate_question_baselines(data, train, with_minirocket)
    return {
        "samples": {name: len(samples) for name, samples in data.splits.items()},
        **_subject_counts(data),
        **{name: overall_metrics(tasks) for name, tasks in found.items()},
        **{f"{name}_by_task": tasks for name, tasks in found.items()},
        "baselines": {name: overall_metrics(tasks) for name, tasks in baselines.items()},
        "baselines_by_task": baselines,
        "example_question": _example_question(train),
    }
