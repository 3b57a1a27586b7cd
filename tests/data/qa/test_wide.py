"""Wide synthetic questions: their answers hold for the series, by rules that do not know how the series were made."""

import re
from collections import Counter

import numpy as np
import pytest

from ts_llm_fusion.data.qa.synthetic import SyntheticArguments, labels, synthetic_sample
from ts_llm_fusion.data.qa.wide import LETTERS, MOST_SERIES, WIDE_TASKS
from ts_llm_fusion.processing.answer_checks import (
    CANNOT_TELL,
    answer_fault,
    asked_in,
    offered_options,
    questions_of,
    words_of,
)

LETTER = re.compile(r" \(([A-E])\)$")
WIDE = {"wide": True, "shortest_series": 48, "longest_series": 1024}


@pytest.fixture(scope="module")
def samples() -> list[dict]:
    return [synthetic_sample(SyntheticArguments(**WIDE), "train", index) for index in range(700)]


def asked(sample: dict) -> list[np.ndarray]:
    """The series that the last question is about."""
    question = questions_of(sample["messages"])[-1]
    series = [np.asarray(values, dtype=np.float64) for values in sample["time_series"]]
    if question.startswith("Series "):
        return [series[int(question[7:].split(":")[0]) - 1]]
    return series


def in_words(sample: dict) -> str:
    """The answer without the letter behind it."""
    return LETTER.sub("", sample["answer"])


def third(place: float, length: int) -> str:
    return ["first third", "middle third", "last third"][int(3 * place / length)]


def found_outliers(series):
    center = np.median(series[0])
    return str(int((np.abs(series[0] - center) > 8 * np.median(np.abs(series[0] - center))).sum()))


def found_missing(series):
    gaps = np.flatnonzero(np.isnan(series[0]))
    return third(gaps.mean(), len(series[0])) if len(gaps) else "nowhere"


def found_amplitude_ratio(series):
    ratio = np.nanstd(series[1]) / np.nanstd(series[0])
    names = {"a quarter": 0.25, "half": 0.5, "equal": 1, "double": 2, "four times": 4}
    return min(names, key=lambda name: abs(np.log(names[name] / ratio)))


def found_odd_one_out(series):
    scaled = np.nan_to_num([(values - np.nanmean(values)) / np.nanstd(values) for values in series])
    return f"series {np.corrcoef(scaled).sum(0).argmin() + 1}"


def found_change_point(series):
    values = series[0]
    points = np.arange(4, len(values) - 4)
    gaps = [
        abs(values[:point].mean() - values[point:].mean()) * np.sqrt(point * (len(values) - point)) for point in points
    ]
    found = points[int(np.argmax(gaps))]
    options = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768]
    return str(min(options, key=lambda option: abs(option - found)))


def found_phase(series):
    scaled = np.nan_to_num([(values - np.nanmean(values)) / np.nanstd(values) for values in series])
    correlation = np.mean(scaled[0] * scaled[1])
    return "in step" if correlation > 0.5 else "opposite" if correlation < -0.5 else "a quarter apart"


RULES = {
    "outliers": found_outliers,
    "missing": found_missing,
    "amplitude_ratio": found_amplitude_ratio,
    "odd_one_out": found_odd_one_out,
    "change_point": found_change_point,
    "phase": found_phase,
}


@pytest.mark.parametrize("task", RULES)
def test_answers_hold_for_the_series(samples, task):
    of_task = [sample for sample in samples if sample["task"] == task]
    assert len(of_task) > 15
    right = [in_words(sample) == RULES[task](asked(sample)) for sample in of_task]
    assert np.mean(right) > 0.9


def test_the_set_is_as_wide_as_it_says(samples):
    counts = Counter(sample["task"] for sample in samples)
    assert set(counts) == {*WIDE_TASKS, CANNOT_TELL} and len(WIDE_TASKS) == 18
    assert {len(sample["time_series"]) for sample in samples} == set(range(1, MOST_SERIES + 1))
    lengths = [len(series) for sample in samples for series in sample["time_series"]]
    assert min(lengths) < 60 and max(lengths) > 800 and max(lengths) <= 1024
    turns = Counter(len(sample["messages"]) for sample in samples)
    assert set(turns) == {2, 4} and turns[4] > 20
    letters = [sample for sample in samples if LETTER.search(sample["answer"])]
    assert 0.15 < len(letters) / len(samples) < 0.35
    gaps = [any(np.isnan(series).any() for series in sample["time_series"]) for sample in samples]
    assert 0.1 < np.mean(gaps) < 0.4


def test_every_answer_is_a_label_and_among_the_options(samples):
    known = labels((), **WIDE)
    for sample in samples:
        assert sample["answer"] in known[sample["task"]]
        for message, reply in zip(sample["messages"][::2], sample["messages"][1::2], strict=True):
            question = questions_of([message])[0]
            assert answer_fault(reply["content"][0]["text"], question) is None
            assert len(set(offered_options(question))) == len(offered_options(question))


def test_letters_and_options_say_nothing_of_the_answer(samples):
    found = (LETTER.search(sample["answer"]) for sample in samples)
    letters = Counter(letter[1] for letter in found if letter and letter[1] in "ABC")
    assert max(letters.values()) < 1.6 * min(letters.values())
    offering = [sample for sample in samples if CANNOT_TELL in questions_of(sample["messages"])[-1]]
    assert np.mean([in_words(sample) == CANNOT_TELL for sample in offering]) < 0.4


def test_titles_have_units_and_dates_that_no_question_asks_for(samples):
    titles = [sample["time_series_names"] for sample in samples]
    with_date = [" from " in names[0] for names in titles]
    assert 0.4 < np.mean(with_date) < 0.6
    assert not any(" from " in name for names in titles for name in names[1:])
    with_unit = np.array([re.search(r"\((?!every|hourly|daily|weekly|monthly)", names[0]) for names in titles], bool)
    assert 0.4 < with_unit.mean() < 0.6
    for sample, has_date, has_unit in zip(samples, with_date, with_unit, strict=True):
        question = questions_of(sample["messages"])[-1]
        assert not (has_date and "On which date" in question) and not (has_unit and "In which unit" in question)
        if sample["task"] == "amplitude_ratio" and has_unit:
            units = {name.partition("(")[2].partition(",")[0].rstrip(")") for name in sample["time_series_names"]}
            assert len(units) == 1


def test_words_of_titles_are_no_words_of_questions(samples):
    words = {word for sample in samples for question in asked_in(sample["messages"]) for word in words_of(question)}
    assert not words & {"hourly", "weekly", "january", "may", "kw", "mwh"}
    assert {"series", "trend", "options"} <= words


def test_letters_are_looked_up_in_the_text():
    options = {**WIDE, "tasks": [LETTERS], "longest_series": 64, "other_series": 0.0}
    found = [synthetic_sample(SyntheticArguments(**options), "train", index) for index in range(200)]
    looked_up = [sample for sample in found if sample["task"] == LETTERS]
    assert 170 < len(looked_up) < 200  # the others cannot be told
    assert labels((), **options)[LETTERS] is None
    letters = Counter()
    for sample in looked_up:
        offered = offered_options(questions_of(sample["messages"])[0])
        answers = sample["answer"].split(", ")
        assert 2 <= len(offered) <= 6 and len(answers) == 8 and set(answers) <= set(offered)
        letters.update(option[-2] for option in offered)
    # Any letters, so that they say nothing of where an option stands.
    assert len(letters) == 26 and max(letters.values()) < 3 * min(letters.values())
