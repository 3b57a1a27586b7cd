"""Baselines for questions: their training, features and accuracy."""

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset

from ts_llm_fusion.baselines.questions import (
    NUM_FEATURES,
    majority,
    make_question_baselines,
    penalty_folds,
    ridge_classifier,
    sample_features,
    series_features,
)
from ts_llm_fusion.data.qa import synthetic
from ts_llm_fusion.data.qa.archives import ArchiveSource
from ts_llm_fusion.data.qa.samples import make_sample
from ts_llm_fusion.evaluation.answers import overall_metrics
from ts_llm_fusion.evaluation.question_baselines import any_option, evaluate_question_baselines

LABELS = {"way": ["up", "down"], "caption": None}


def samples(*rows: tuple[str, str, list]) -> Dataset:
    """Samples of (task, answer, series)."""
    return Dataset.from_list(
        [
            make_sample("?", {str(k): np.asarray(s) for k, s in enumerate(series)}, answer, task, "test", str(number))
            for number, (task, answer, series) in enumerate(rows)
        ]
    )


def test_an_option_at_random_is_right_as_often_as_there_are_options() -> None:
    offered = [
        make_sample("Up? Options: yes (A), no (B), maybe (C).", {}, "no (B)", "way", "own", str(k)) for k in range(900)
    ]
    asked = [make_sample("Up?", {}, "yes", "way", "own", str(k)) for k in range(1000)]
    train, test = (Dataset.from_list(rows) for rows in (asked, [*offered, *asked[:10]]))
    answers = any_option(train, 0)(test)
    assert set(answers[:900]) == {"yes (A)", "no (B)", "maybe (C)"} and set(answers[900:]) == {"yes"}
    assert 0.28 < answers.count("no (B)") / 900 < 0.38
    assert any_option(train, 0)(test) == answers != any_option(train, 1)(test)


def test_majority_is_the_most_frequent_training_answer_of_each_task() -> None:
    train = samples(
        *[("way", answer, []) for answer in ("up", "down", "down", "It falls. Answer: up", "up")],
        *[("cycle", answer, []) for answer in ("yes", "no")],
    )
    test = samples(("cycle", "yes", []), ("way", "down", []), ("other", "?", []))
    assert majority(train)(test) == ["no", "up", "up"]


def test_features_are_those_of_the_values_whatever_scale_gaps_and_length() -> None:
    time = np.arange(64.0)
    waves = np.sin(2 * np.pi * time / np.array([[4.0], [32.0]]))
    features = series_features(np.concatenate([waves, 5 + 10 * waves, np.ones((1, 64)), time[None]]))
    assert features.shape == (6, NUM_FEATURES)
    # Only mean and deviation know the scale.
    np.testing.assert_allclose(features[:2, 2:], features[2:4, 2:], atol=1e-9)
    np.testing.assert_allclose(features[2:4, 0], 5, atol=1e-9)
    # A period of 4 is in the highest band but one, half the rate of which is a period of 2 to 4; of 32, three below.
    bands = features[:, -8:]
    np.testing.assert_array_equal(bands[:2].argmax(1), [7, 4])
    np.testing.assert_allclose(bands[:2].max(1), 1)
    assert np.argmax(features[:, 2]) == 5
    assert np.isfinite(features).all()
    gaps = np.where(time % 7 == 3, np.nan, time)
    np.testing.assert_allclose(series_features(gaps[None])[0, 0], np.nanmean(gaps))
    for row in (gaps, np.full(64, np.nan), np.ones(1), np.ones(2)):
        assert np.isfinite(series_features(row[None])).all()


def test_features_of_a_sample_are_those_of_its_series_in_turn() -> None:
    series = [np.arange(5.0), np.arange(9.0) ** 2, np.sin(np.arange(5.0))]
    data = samples(("way", "up", series[:2]), ("way", "up", [series[2]]), ("way", "up", []))
    found = sample_features(data, channels=2).reshape(3, 2, NUM_FEATURES)
    expected = {(0, 0): series[0], (0, 1): series[1], (1, 0): series[2]}
    for place, values in expected.items():
        np.testing.assert_allclose(found[place], series_features(values[None].astype(np.float32))[0])
    assert not found[1, 1].any()
    assert not found[2].any()
    np.testing.assert_array_equal(sample_features(data, channels=1), found[:, 0])


def test_the_ridge_classifier_reads_series_of_the_training_split_only() -> None:
    rng = np.random.default_rng(0)
    up = [np.arange(20) + rng.normal(size=20) for _ in range(20)]
    rows = [("way", "up", [s]) for s in up] + [("way", "It turns. Answer: down", [-s]) for s in up]
    train = samples(*rows, ("caption", "a line", [up[0]]), ("caption", "a line", [up[1]]), ("caption", "x", [up[2]]))
    answer = ridge_classifier(train, LABELS)
    test = samples(("way", "?", [-up[3]]), ("caption", "?", [up[3]]), ("way", "?", [np.arange(30.0)]))
    assert answer(test) == ["down", "a line", "up"]


def test_the_ridge_classifier_answers_options_with_letters_without_them() -> None:
    rng = np.random.default_rng(0)
    up = [np.arange(20) + rng.normal(size=20) for _ in range(20)]
    answers = ["up", "up (A)", "down (A)", "down (B)"]
    train = samples(*(("way", answers[row % 4], [s if row % 4 < 2 else -s]) for row, s in enumerate(up)))
    labels = {"way": ["up", "down", "up (A)", "down (A)", "up (B)", "down (B)"]}
    assert ridge_classifier(train, labels)(train) == ["up", "up", "down", "down"] * 5
    # A single class, whatever its letters, is that of the majority.
    assert ridge_classifier(train.select([0, 1]), labels)(train.select([2])) == ["up"]


def test_penalties_are_chosen_by_folds_that_share_no_subject() -> None:
    rng = np.random.default_rng(0)
    train = samples(*(("way", ["up", "down"][row % 2], [rng.normal(size=20)]) for row in range(24)))
    assert penalty_folds(train) is None
    subjects = [f"patient {row // 3}" for row in range(24)]
    known = train.remove_columns("subject").add_column("subject", subjects)
    folds = penalty_folds(known)
    assert len(folds) == 5
    for fitted, scored in folds:
        assert not {subjects[row] for row in fitted} & {subjects[row] for row in scored}
    assert sorted(np.concatenate([scored for _, scored in folds])) == list(range(24))
    assert set(ridge_classifier(known, LABELS)(known)) <= {"up", "down"}
    assert penalty_folds(known.select(range(3))) is None


def test_synthetic_questions_are_partly_told_by_features() -> None:
    data = synthetic.load.prepare(
        num_train=1200, num_validation=1, num_test=300, tasks=["trend", "period", "extremum"], question_seed=1
    )
    found = evaluate_question_baselines(data)
    assert list(found) == ["majority", "ridge classifier"]
    assert overall_metrics(found["majority"])["accuracy"] < 0.5
    for task in ("trend", "period"):
        assert found["ridge classifier"][task]["accuracy"] >= 0.95
    # Whether the highest or the lowest value is asked for is in the question, which it does not read.
    assert found["ridge classifier"]["extremum"]["accuracy"] < 0.7


@pytest.mark.parametrize(("name", "reached"), [("BasicMotions", 0.95), ("Epilepsy", 0.95)])
def test_archives_are_told_by_features(name: str, reached: float, data_dir: Path) -> None:
    found = evaluate_question_baselines(ArchiveSource(name).prepare())
    scores = {key: overall_metrics(tasks) for key, tasks in found.items()}
    assert scores["ridge classifier"]["accuracy"] >= reached
    assert scores["majority"]["accuracy"] == pytest.approx(scores["majority"]["chance"], abs=0.05)


def test_the_ridge_classifier_is_left_out_where_it_cannot_be(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert list(make_question_baselines(samples(("way", "up", [])), LABELS)) == ["majority"]
    captions = samples(("caption", "a line", [np.arange(5.0)]))
    assert list(make_question_baselines(captions, LABELS)) == ["majority"]
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with caplog.at_level(logging.WARNING):
        found = make_question_baselines(samples(("way", "up", [np.arange(5.0)])), LABELS)
    assert list(found) == ["majority"]
    assert "sklearn is not installed; run pip install 'ts-llm-fusion[evaluation]'" in caplog.text
