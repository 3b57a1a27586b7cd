"""Synthetic questions: their answers hold for the series, by rules that do not know how the series were made."""

from collections import Counter

import numpy as np
import pytest
from datasets import Dataset

from ts_llm_fusion.data.qa import synthetic
from ts_llm_fusion.data.qa.archives import ArchiveArguments
from ts_llm_fusion.data.qa.questions import QuestionArguments, prepare_questions
from ts_llm_fusion.data.qa.samples import FEATURES, make_sample, numbers_as_text, shuffle_series
from ts_llm_fusion.data.qa.synthetic import PERIODS, TASKS, SyntheticArguments, synthetic_sample
from ts_llm_fusion.evaluation.answers import answer_label

THIRDS = ["first third", "middle third", "last third"]


def standardized(values) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    return (values - values.mean()) / values.std()


def question_of(sample) -> str:
    return sample["messages"][0]["content"][0]["text"]


def third_of(position: int, length: int) -> str:
    return THIRDS[int(3 * position / length)]


def strongest_period(values: np.ndarray) -> float:
    """Length over the frequency of the highest peak of a finely sampled spectrum."""
    power = np.abs(np.fft.rfft(values * np.hanning(len(values)), 16 * len(values)))
    return 16 * len(values) / power.argmax()


def found_trend(sample, series):
    change = np.polyfit(np.linspace(0, 1, len(series[0])), series[0], 1)[0]
    return "flat" if abs(change) < 1.5 else "rising" if change > 0 else "falling"


def found_level_shift(sample, series):
    quarter = len(series[0]) // 4
    change = series[0][-quarter:].mean() - series[0][:quarter].mean()
    return "none" if abs(change) < 1.5 else "up" if change > 0 else "down"


def found_spike(sample, series):
    return third_of(np.abs(series[0] - np.median(series[0])).argmax(), len(series[0]))


def found_volatility(sample, series):
    third = len(series[0]) // 3
    ratio = series[0][-third:].std() / series[0][:third].std()
    return "unchanged" if 0.55 < ratio < 1.8 else "more volatile" if ratio > 1 else "less volatile"


def found_extremum(sample, series):
    lowest = any(word in question_of(sample) for word in ("minimum", "trough", "lowest"))
    return third_of((series[0].argmin if lowest else series[0].argmax)(), len(series[0]))


def found_period(sample, series):
    return str(min(PERIODS, key=lambda period: abs(np.log(strongest_period(series[0]) / period))))


def found_seasonality(sample, series):
    power = np.abs(np.fft.rfft(series[0] * np.hanning(len(series[0])))) ** 2
    peak = power[4:].argmax() + 4
    return "yes" if power[peak - 2 : peak + 3].sum() > 0.6 * power.sum() else "no"


def found_comparison(sample, series):
    slower = any(word in question_of(sample) for word in ("slowly", "longer", "fewer"))
    first_is_faster = strongest_period(series[0]) < strongest_period(series[1])
    return "first" if first_is_faster != slower else "second"


def found_correlation(sample, series):
    correlation = (series[0] * series[1]).mean()
    return "unrelated" if abs(correlation) < 0.5 else "together" if correlation > 0 else "opposite"


def found_lead_lag(sample, series):
    peaks = [np.abs(np.convolve(one - np.median(one), np.ones(5), "same")).argmax() for one in series]
    lag = (peaks[1] - peaks[0]) / len(series[0])
    return "neither" if abs(lag) < 0.07 else "first" if lag > 0 else "second"


RULES = {name: globals()[f"found_{name}"] for name in TASKS}
# What a rule that looks at noisy values may get wrong.
RIGHT_AT_LEAST = dict.fromkeys(TASKS, 1.0) | {"trend": 0.98, "volatility": 0.93, "seasonality": 0.97, "period": 0.99}


@pytest.mark.parametrize("task", TASKS)
def test_the_answer_holds_for_the_series(task: str) -> None:
    arguments = SyntheticArguments(tasks=[task], noise=0.1, longest_series=160)
    samples = [synthetic_sample(arguments, "train", index) for index in range(300)]
    right = [
        RULES[task](sample, [standardized(one) for one in sample["time_series"]]) == answer_label(sample["answer"])
        for sample in samples
    ]
    assert np.mean(right) >= RIGHT_AT_LEAST[task]


@pytest.mark.parametrize("task", TASKS)
def test_no_answer_is_much_more_frequent_than_another(task: str) -> None:
    arguments = SyntheticArguments(tasks=[task])
    counts = Counter(answer_label(synthetic_sample(arguments, "test", index)["answer"]) for index in range(600))
    assert set(counts) == set(TASKS[task].labels)
    assert max(counts.values()) / 600 <= 1 / len(TASKS[task].labels) + 0.07


def test_there_are_ten_kinds_each_with_three_phrasings_or_more() -> None:
    assert len(TASKS) == 10
    assert min(len(phrasings) for task in TASKS.values() for phrasings in task.phrasings) >= 3


def test_a_seed_and_a_split_make_the_same_questions_and_others_make_others() -> None:
    first = synthetic.load.prepare(num_train=40, num_validation=40, num_test=1).splits
    again = [synthetic_sample(SyntheticArguments(), "train", index) for index in range(40)]
    assert list(first["train"]) == again
    assert first["train"].features == FEATURES
    other = synthetic.load.prepare(num_train=40, num_validation=1, num_test=1, question_seed=1).splits
    for different in (first["validation"], other["train"]):
        assert not {str(row) for row in first["train"]["time_series"]} & {str(row) for row in different["time_series"]}


def test_a_stream_has_the_samples_that_memory_has() -> None:
    options = {"num_train": 25, "num_validation": 1, "num_test": 1, "tasks": ["trend", "spike"]}
    stream = synthetic.load("train", streaming=True, **options)
    # A list among the options is not a list of shards to deal to workers.
    assert stream.num_shards == 1
    assert list(stream) == list(synthetic.load.prepare(**options).splits["train"])


def test_processes_share_the_questions_of_a_split_and_keep_their_order() -> None:
    options = {"num_train": 2100, "num_validation": 1, "num_test": 1, "tasks": ["trend"]}
    assert synthetic.load("train", streaming=True, **options).num_shards == 3
    found = synthetic.load.prepare(num_proc=2, **options).splits["train"]
    assert found["id"][:] == [f"train-{index}" for index in range(2100)]
    for index in (0, 999, 1000, 2099):
        assert found[index] == synthetic_sample(SyntheticArguments(**options), "train", index)


def test_lengths_noise_and_share_of_multiple_choice_are_as_asked() -> None:
    arguments = SyntheticArguments(shortest_series=100, longest_series=120, multiple_choice=0.25, noise=0)
    samples = [synthetic_sample(arguments, "train", index) for index in range(800)]
    lengths = {len(series) for sample in samples for series in sample["time_series"]}
    assert lengths == set(range(100, 121))
    offered = [sample for sample in samples if "Options:" in question_of(sample)]
    assert len(offered) / 800 == pytest.approx(0.25, abs=0.05)
    for sample in offered:
        options = question_of(sample).split("Options: ")[1].rstrip(".").split(", ")
        assert sorted(options) == sorted(TASKS[sample["task"]].labels)
    orders = {tuple(question_of(sample).split("Options: ")[1:]) for sample in offered if sample["task"] == "trend"}
    assert len(orders) == 6
    noiseless = next(sample for sample in samples if answer_label(sample["answer"]) == "together")
    first, second = map(standardized, noiseless["time_series"])
    assert np.abs(first - second).max() < 1e-4


def test_numbers_as_text_keep_the_series_to_a_twentieth_of_a_standard_deviation() -> None:
    sample = synthetic_sample(SyntheticArguments(tasks=["correlation"]), "train", 3)
    written = numbers_as_text(sample)
    assert written["time_series"] == []
    texts = [part["text"] for part in written["messages"][0]["content"]]
    assert texts[:2] == [part["text"] for part in sample["messages"][0]["content"][:2]]
    for text, series in zip((texts[2], texts[4]), sample["time_series"], strict=True):
        values = np.array(text.split(") ")[1].split(), dtype=float) / 10
        assert np.abs(values - standardized(series)).max() <= 0.05 + 1e-6


def test_missing_values_are_question_marks_in_the_text() -> None:
    sample = make_sample("Which?", {"Series": np.array([1, np.nan, 3])}, "a", "task", "source", "id")
    assert numbers_as_text(sample)["messages"][0]["content"][2]["text"] == "(mean 2, std 1) -10 ? 10"


def test_samples_name_their_series_and_their_subject() -> None:
    sample = make_sample(
        "Which?", {"x": [1.0], "y": [2.0, 3.0]}, "b", "task", "source", "id", subject="7", reply="So: b"
    )
    assert (sample["time_series_names"], sample["time_series"]) == (["x", "y"], [[1.0], [2.0, 3.0]])
    assert (sample["answer"], sample["messages"][1]["content"][0]["text"], sample["subject"]) == ("b", "So: b", "7")
    assert set(sample) == set(FEATURES)
    assert numbers_as_text(sample)["time_series_names"] == []


def test_shuffling_keeps_the_number_of_series_of_each_question() -> None:
    rows = [
        make_sample("Which?", {name: [row, 0.0] for name in "ab"[: 1 + row % 2]}, "a", "task", "source", str(row))
        for row in range(40)
    ]
    samples = Dataset.from_list(rows, features=FEATURES)
    shuffled = shuffle_series(samples, seed=0)
    assert shuffled.features == FEATURES
    assert shuffled["id"][:] == samples["id"][:]
    for before, after in zip(samples, shuffled, strict=True):
        assert len(after["time_series"]) == len(after["time_series_names"])
        assert after["time_series"] != before["time_series"]


def test_shuffling_gives_each_question_the_series_of_another_one_of_its_kind() -> None:
    samples = synthetic.load.prepare(num_train=1, num_validation=1, num_test=200).splits["test"]
    shuffled = shuffle_series(samples, seed=0)
    assert samples["messages"][:] == shuffled["messages"][:]
    for task in TASKS:
        before = [row["time_series"] for row in samples if row["task"] == task]
        after = [row["time_series"] for row in shuffled if row["task"] == task]
        assert sorted(before) == sorted(after)
        assert not any(one == other for one, other in zip(before, after, strict=True))


def test_the_text_control_has_the_same_questions_and_no_series() -> None:
    arguments = SyntheticArguments(num_train=20, num_validation=2, num_test=2)
    plain = prepare_questions(QuestionArguments(), arguments, ArchiveArguments())
    text = prepare_questions(QuestionArguments(series_as="text"), arguments, ArchiveArguments())
    assert text.splits["train"]["answer"][:] == plain.splits["train"]["answer"][:]
    assert set(map(len, text.splits["train"]["time_series"])) == {0}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shortest_series": 20}, "shortest_series is 20 and longest_series 96; they must be at least 42"),
        ({"noise": -1.0}, "noise is -1.0"),
        ({"multiple_choice": 1.5}, "multiple_choice is 1.5"),
        ({"tasks": ["trends"]}, "'trends' is unknown; known are trend, "),
    ],
)
def test_bad_settings_are_named(given: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SyntheticArguments(**given)
