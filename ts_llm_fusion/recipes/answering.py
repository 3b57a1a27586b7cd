"""Tests of a trained language model: its answers, their metrics, and those of the baselines."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset

from ..data.qa.samples import QuestionData, shuffle_series
from ..evaluation.answers import exact_matches, label_matches, overall_metrics, task_metrics
from ..evaluation.question_baselines import evaluate_question_baselines
from ..files import write_text
from ..processing.answer_checks import answer_fault, questions_of
from ..training.sft import AnswerTraining

logger = logging.getLogger(__name__)

# Training samples that the baselines are fitted on at most, as a ridge classifier gains nothing from more.
_BASELINE_SAMPLES = 60000


def prediction_lines(answers: Sequence[str], samples: Sequence[Mapping[str, Any]]) -> str:
    """JSON lines of answers, one for each sample."""
    truths = [sample["answer"] for sample in samples]
    lines = [
        {
            **{name: sample[name] for name in ("id", "source", "task", "answer")},
            "prediction": answer,
            "exact_match": is_exact,
            "correct": is_correct,
            "fault": answer_fault(answer, questions_of(sample["messages"])[-1]),
        }
        for answer, sample, is_exact, is_correct in zip(
            answers, samples, exact_matches(answers, truths), label_matches(answers, truths), strict=True
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
        questions = (questions_of(sample["messages"])[-1] for sample in samples)
        faults = [fault for pair in zip(answers, questions, strict=True) if (fault := answer_fault(*pair))]
        if faults:
            logger.warning(
                "%s: %d of %d answers have a fault, the first: %s", name, len(faults), len(answers), faults[0]
            )
        # Claims of a caption are checked against the series that the question is of.
        found[name] = task_metrics(answers, data.splits["test"], data.labels)
        if trainer.is_world_process_zero():
            write_text(output / f"predictions_{name}.jsonl", prediction_lines(answers, samples))
    return found


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
        **{name: overall_metrics(tasks) for name, tasks in found.items()},
        **{f"{name}_by_task": tasks for name, tasks in found.items()},
        "baselines": {name: overall_metrics(tasks) for name, tasks in baselines.items()},
        "baselines_by_task": baselines,
        "example_question": train[0]["messages"][0]["content"][0]["text"],
    }
