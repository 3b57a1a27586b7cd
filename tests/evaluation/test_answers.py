"""Metrics of answers, against numbers worked out by hand."""

import pytest

from ts_llm_fusion.evaluation.answers import answer_label, macro_f1, overall_metrics, task_metrics

LABELS = {"way": ["up", "down", "none"], "cycle": ["yes", "no"]}


def sample(task: str, answer: str) -> dict[str, str]:
    return {"task": task, "answer": answer}


def test_macro_f1_is_over_the_fixed_list_and_answers_outside_it_are_misses_only() -> None:
    truths, answers = ["up", "up", "up", "down"], ["up", "down", "sideways", "down"]
    # up: 1 of 3 true, 1 answered -> 2 * 1 / 4; down: 1 true, 2 answered -> 2 / 3; none: 0.
    assert macro_f1(truths, answers, LABELS["way"]) == pytest.approx((0.5 + 2 / 3 + 0) / 3)


def test_exact_match_is_of_the_text_and_accuracy_of_the_label() -> None:
    samples = [sample("way", "up"), sample("way", "down"), sample("way", "up"), sample("way", "none")]
    metrics = task_metrics(["up", " Down.", "down", "none"], samples, LABELS)["way"]
    assert metrics["exact_match"] == 0.5
    assert metrics["accuracy"] == 0.75
    assert metrics["chance"] == 0.5
    assert metrics["count"] == 4


def test_overall_metrics_weigh_samples_and_macro_f1_weighs_tasks() -> None:
    samples = [sample("way", "up")] * 3 + [sample("cycle", "no")]
    tasks = task_metrics(["up", "up", "none", "yes"], samples, LABELS)
    assert list(tasks) == ["cycle", "way"]
    overall = overall_metrics(tasks)
    assert overall["exact_match"] == overall["accuracy"] == 0.5
    assert overall["chance"] == 1.0
    assert overall["macro_f1"] == pytest.approx((0 + 0.8 / 3) / 2)


def test_a_label_has_neither_case_nor_spaces_nor_a_full_stop() -> None:
    assert answer_label("  More \n Volatile. ") == "more volatile"


@pytest.mark.parametrize("answers", [["up", "up"], []])
def test_answers_and_samples_must_be_as_many(answers: list[str]) -> None:
    with pytest.raises(ValueError, match=f"there are {len(answers)} answers to 1 samples"):
        task_metrics(answers, [sample("way", "up")], LABELS)
