"""Metrics of answers, against numbers worked out by hand."""

import sys

import pytest

from ts_llm_fusion.data.qa.rationales import final_answer
from ts_llm_fusion.evaluation.answers import (
    answer_label,
    exact_matches,
    label_matches,
    macro_f1,
    overall_metrics,
    rouge_l,
    task_metrics,
    template_means,
)

LABELS = {"way": ["up", "down", "none"], "cycle": ["yes", "no"]}


def sample(task: str, answer: str) -> dict[str, str]:
    return {"task": task, "answer": answer}


def test_macro_f1_is_over_the_fixed_list_and_answers_outside_it_are_misses_only() -> None:
    truths, answers = ["up", "up", "up", "down"], ["up", "down", "sideways", "down"]
    # up: 1 of 3 true, 1 answered -> 2 * 1 / 4; down: 1 true, 2 answered -> 2 / 3; none: 0.
    assert macro_f1(answers, truths, LABELS["way"]) == pytest.approx((0.5 + 2 / 3 + 0) / 3)


def test_exact_match_is_of_the_text_and_accuracy_of_the_label() -> None:
    samples = [sample("way", "up"), sample("way", "down"), sample("way", "up"), sample("way", "none")]
    metrics = task_metrics(["up", " Down.", "down", "none"], samples, LABELS)["way"]
    assert metrics["exact_match"] == 0.5
    assert metrics["accuracy"] == 0.75
    assert metrics["chance"] == 0.5
    assert metrics["count"] == 4


def test_options_with_letters_are_labels_without_them_and_exact_with_them() -> None:
    labels = {"way": ["up", "down", "up (A)", "up (B)", "down (A)", "down (B)"], "type": ["fault (A)", "fault (B)"]}
    samples = [sample("way", truth) for truth in ("up (B)", "down", "up", "up (A)")]
    metrics = task_metrics(["Up (b).", "down", "up (A)", "down (A)"], samples, labels)["way"]
    assert (metrics["exact_match"], metrics["accuracy"], metrics["chance"]) == (0.25, 0.75, 0.75)
    # up: 3 true, 2 answered, 2 right; down: 1 true, 2 answered, 1 right.
    assert metrics["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    # A letter that alone tells labels apart stays.
    metrics = task_metrics(["fault (A)", "fault (A)"], [sample("type", f"fault ({c})") for c in "AB"], labels)["type"]
    assert (metrics["accuracy"], metrics["chance"]) == (0.5, 0.5)


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


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ("The axes move. Answer: walking up", "walking up"),
        ('Answer: sitting would need rest.\nSo the "answer: x" is no.\nANSWER :  walking.\n', "walking."),
        ("walking", "walking"),
        ("It moves, but no label", "It moves, but no label"),
        ("It moves. Answer:", ""),
        ("His answers: none", "His answers: none"),
    ],
)
def test_the_final_answer_of_a_rationale_follows_the_last_answer_mark(text: str, final: str) -> None:
    assert final_answer(text) == final


@pytest.mark.parametrize("truth", ['The trace says "calm": little moves. Answer: Non-REM stage 2', "Non-REM stage 2"])
def test_rationales_are_compared_by_their_final_answer(truth: str) -> None:
    answers = [
        "Slow waves. Answer: Non-REM stage 2",
        "Other words. Answer: non-rem stage 2.",
        "non-rem stage 2",
        "Answer: Non-REM stage 2, or no. Answer: Wake",
        "Non-REM stage 2 is what I see here, but I do not answer",
        "Slow waves. Answer: Non-REM stage",
    ]
    assert exact_matches(answers, [truth] * 6) == [True, False, False, False, False, False]
    assert label_matches(answers, [truth] * 6) == [True, True, True, False, False, False]
    metrics = task_metrics(answers, [sample("sleep", truth)] * 6, {"sleep": ["Non-REM stage 2", "Wake"]})["sleep"]
    assert metrics["accuracy"] == 0.5
    assert metrics["macro_f1"] == pytest.approx((2 * 3 / (6 + 3) + 0) / 2)


@pytest.mark.parametrize("answer", ["", " ", "\n", "(", "(a", "u", ".", "Answer:", "Answer: "])
def test_an_empty_or_cut_answer_is_never_right(answer: str) -> None:
    for truth in ("(a) up", "up", "It goes up. Answer: up", ""):
        assert exact_matches([answer], [truth]) == [False]
        assert label_matches([answer], [truth]) == [False]


def test_true_labels_outside_the_list_are_counted_and_named() -> None:
    samples = [sample("way", "up"), sample("way", "Sideways"), sample("way", "sideways"), sample("way", "left")]
    with pytest.raises(ValueError, match=r"3 true answers are not in the label list: 'sideways' \(2\), 'left' \(1\)"):
        task_metrics(["up"] * 4, samples, LABELS)


def test_answers_without_labels_are_compared_as_texts() -> None:
    samples = [sample("caption", "The series rises slowly"), sample("caption", "It falls"), sample("way", "up")]
    tasks = task_metrics(["the series falls", "It falls", "down"], samples, LABELS | {"caption": None})
    # "the series" of 3 and 4 words: precision 2 / 3, recall 2 / 4.
    rouge = 2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4)
    assert tasks["caption"] == pytest.approx({"exact_match": 0.5, "rouge_l": (rouge + 1) / 2, "count": 2})
    overall = overall_metrics(tasks)
    assert overall["exact_match"] == pytest.approx(1 / 3)
    assert overall["rouge_l"] == tasks["caption"]["rouge_l"]
    assert overall["accuracy"] == overall["macro_f1"] == 0.0


def test_rouge_l_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rouge_score.rouge_scorer", None)
    with pytest.raises(
        ImportError, match=r"rouge_score is not installed; run pip install 'ts-llm-fusion\[evaluation\]'"
    ):
        rouge_l(["a"], ["a"])


def test_template_means_are_given_with_and_without_weights() -> None:
    labels = {"1": ["yes", "no", "not sure"], "2": ["none", "sinus"]}
    samples = [sample("1", "yes")] * 3 + [sample("2", "Sinus")]
    found = template_means(task_metrics(["yes", "yes", "no", "none"], samples, labels))
    assert found == pytest.approx(
        {
            "exact_match": (2 / 3 + 0) / 2,
            "exact_match_weighted": 2 / 4,
            "macro_f1": (0.8 + 0 + 0) / 3 / 2,
            "macro_f1_weighted": 3 * 0.8 / 3 / 4,
        }
    )
