"""Tables of labeled series as questions: long and wide, and content that does not fit."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion.data.qa.archives import ArchiveArguments
from ts_llm_fusion.data.qa.questions import QuestionArguments, find_source, prepare_questions
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments
from ts_llm_fusion.data.qa.tables import is_table, read_labeled_table, table_labels, table_samples

LONG = pd.DataFrame(
    {
        "id": [7, 7, 7, 8, 8, 8],
        "time": [2, 0, 1, 0, 1, 3],
        "x": [3.0, 1, 2, 4, 5, 6],
        "y": [1, 2, 3, 4, np.nan, np.nan],
        "label": ["going up", "going up", "going up", " down ", "down", "down"],
    }
)
WIDE = pd.DataFrame({"label": [1, 2], "x_0": [3, 4], "x_1": [5, 6], "x_2": [7, 8]})


def written(folder: Path, table: pd.DataFrame, **options) -> Path:
    path = folder / "table.csv"
    table.to_csv(path, index=False, **options)
    return path


def test_a_long_table_is_sorted_and_keeps_gaps_and_lengths(tmp_path: Path) -> None:
    found = read_labeled_table(written(tmp_path, LONG))
    assert (found.ids, found.labels, found.splits) == (["7", "8"], ["going up", "down"], None)
    assert found.channels["x"][0].tolist() == [1, 2, 3]
    assert np.array_equal(found.channels["x"][1], [4, 5, np.nan, 6], equal_nan=True)
    assert [values.tolist() for values in found.channels["y"]] == [[2, 3, 1], [4]]


@pytest.mark.parametrize("times", [["03", "01", "02", "01", "02", "04"], None])
def test_times_are_dates_or_the_order_of_rows(tmp_path: Path, times: list | None) -> None:
    table = LONG.drop(columns="time") if times is None else LONG.assign(time=[f"2024-01-{day}" for day in times])
    found = read_labeled_table(written(tmp_path, table))
    expected = [[3, 1, 2], [4, 5, 6]] if times is None else [[1, 2, 3], [4, 5, np.nan, 6]]
    for values, wanted in zip(found.channels["x"], expected, strict=True):
        assert np.array_equal(values, wanted, equal_nan=True)


def test_a_table_with_decimal_commas_and_labels_as_numbers_is_read(tmp_path: Path) -> None:
    found = read_labeled_table(written(tmp_path, LONG.assign(label=[1.0] * 3 + [2.0] * 3), sep=";", decimal=","))
    assert found.labels == ["1", "2"]
    assert found.channels["x"][0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("written_labels", "expected"),
    [
        (["001", "1", "01", "1"], ["001", "1", "01", "1"]),
        (["0", "1", "2", "1"], ["0", "1", "2", "1"]),
        (["1.0", "2.0", "1.0", "2.0"], ["1", "2", "1", "2"]),
        (["250.0", "250.00", "250.0", "401.0"], ["250.0", "250.00", "250.0", "401.0"]),
        (["1.50", "1.5", "2", "+2"], ["1.50", "1.5", "2", "+2"]),
        (["1,000", "2,000", "10,000", "1,000"], ["1,000", "2,000", "10,000", "1,000"]),
        (["true", "1e3", "1000", "low"], ["true", "1e3", "1000", "low"]),
    ],
)
@pytest.mark.parametrize("separator", [",", ";"])
def test_labels_ids_and_subjects_stay_as_they_are_written(
    tmp_path: Path, written_labels: list[str], expected: list[str], separator: str
) -> None:
    ids = ["07", "7", "007", "0.7"]
    table = pd.DataFrame({"id": ids, "Label": written_labels, "patient": ids, "x_0": [1, 2, 3, 4], "x_1": 0.5})
    found = read_labeled_table(written(tmp_path, table, sep=separator))
    assert (found.labels, found.ids, found.subjects) == (expected, ids, ids)
    assert [values.tolist() for values in found.channels["x"]] == [[row, 0.5] for row in range(1, 5)]
    steps = pd.concat([table[["id", "Label", "x_0"]].assign(time=time) for time in range(3)])
    found = read_labeled_table(written(tmp_path, steps, sep=separator))
    assert (found.labels, found.ids) == (expected, ids)
    assert found.channels["x_0"][3].tolist() == [4, 4, 4]


def test_numbers_and_categories_of_a_parquet_file_are_labels(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    for labels, expected in (
        ([1, 2], ["1", "2"]),
        ([1.0, 2.0], ["1", "2"]),
        ([-0.0, 1e20], ["0", "100000000000000000000"]),
        (["001", "1"], ["001", "1"]),
        (pd.Categorical(["01", "1"]), ["01", "1"]),
    ):
        WIDE.assign(label=labels).to_parquet(path)
        assert read_labeled_table(path).labels == expected
    # With an index that repeats, as that of tables one below the other.
    WIDE.assign(label=["001", "1"]).set_axis([0, 0]).to_parquet(path)
    assert read_labeled_table(path).labels == ["001", "1"]
    WIDE.assign(label=["001", 1]).to_excel(tmp_path / "table.xlsx", index=False)
    assert read_labeled_table(tmp_path / "table.xlsx").labels == ["001", "1"]


def test_a_class_with_the_name_of_a_total_is_no_total(tmp_path: Path) -> None:
    assert read_labeled_table(written(tmp_path, WIDE.assign(label=["low", "average"]))).labels == ["low", "average"]


def test_a_wide_table_has_a_row_for_each_sample(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "label": [1, 2],
            "turn_10": [7, 7],
            "turn_9": [3.0, 4],
            "push_1": [2, np.nan],
            "push_0": [1, 5],
            "split": ["test", "train"],
        }
    )
    found = read_labeled_table(written(tmp_path, table))
    assert (found.ids, found.labels, found.splits) == (["1", "2"], ["1", "2"], ["test", "train"])
    assert {name: [values.tolist() for values in series] for name, series in found.channels.items()} == {
        "turn": [[3, 7], [4, 7]],
        "push": [[1, 2], [5]],
    }


@pytest.mark.parametrize("table", [LONG, WIDE])
def test_a_written_index_is_no_channel(tmp_path: Path, table: pd.DataFrame) -> None:
    table.to_csv(tmp_path / "table.csv")
    expected = [name for name in ("x", "y") if any(column.startswith(name) for column in table)]
    assert list(read_labeled_table(tmp_path / "table.csv").channels) == expected


def test_columns_in_the_index_of_a_parquet_file_are_read(tmp_path: Path) -> None:
    LONG.set_index(["id", "time"]).to_parquet(tmp_path / "table.parquet")
    assert read_labeled_table(tmp_path / "table.parquet").channels["x"][0].tolist() == [1, 2, 3]


def test_a_date_of_each_sample_leaves_a_table_wide(tmp_path: Path) -> None:
    found = read_labeled_table(written(tmp_path, WIDE.assign(id=[7, 8], date=["2024-01-01", "2024-01-02"])))
    assert (found.ids, [values.tolist() for values in found.channels["x"]]) == (["7", "8"], [[3, 5, 7], [4, 6, 8]])


def test_a_value_for_each_sample_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tables = [LONG.assign(id=LONG["id"] + 2 * row, age=50 + LONG["id"] + row) for row in range(6)]
    path = written(tmp_path, pd.concat(tables).assign(y=1))
    table_labels((path,))
    assert "table.csv: constant in every sample, and read as channels: 'age'; leave out" in caplog.text


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (LONG.assign(time=[0, 0, 1, 0, 1, 2]), "sample 7 has two rows of the same time"),
        (LONG.assign(label=list("aabccc")), "sample 7 has more than one label, 'a' and 'b'"),
        (LONG.assign(label=["a", None, "a", "c", "c", "c"]), "sample 7 has no label in a row"),
        (LONG.drop(columns="label"), "has no column label; columns are id, time, x, y"),
        (LONG.drop(columns="id"), "has a column of time and none named id"),
        (LONG.assign(z=list("abcdef")), "column 'z' has '.'; channels hold numbers"),
        (LONG[["id", "time", "label"]], "has no channel beside id, time, label"),
        (LONG.assign(y=[1, 2, 3, np.nan, np.nan, np.nan]), "sample 8, channel y has no value"),
        (LONG.assign(y=[1, 2, 3, 4, np.inf, 5]), "sample 8, channel y has infinite values"),
        (LONG.assign(y=[1, 2, 3, 4, -1e39, 5]), "sample 8, channel y has values beyond float32"),
        (LONG.assign(label="a"), "every label is 'a'"),
        (LONG.assign(label=""), "sample 7 has no label in a row"),
        (LONG.assign(subject=np.nan), "sample 7 has no subject in a row"),
        (LONG.assign(label=["A"] * 3 + ["a"] * 3), "labels 'A' and 'a' differ in case, spaces, a final period"),
        (LONG.assign(label=["A."] * 3 + ["A"] * 3), "labels 'A' and 'A.' differ in case, spaces, a final period"),
        (LONG.assign(label=["1"] * 3 + ["1.0"] * 3), "column 'label' has '1' and '1.0'; write one of them"),
        (LONG.assign(label=["A"] * 3 + ["A (b)"] * 3), r"labels 'A' and 'A \(b\)' differ in case, spaces, a final"),
        (LONG.assign(label=["a"] * 3 + ["b | c, d"] * 3), r"label 'b \| c, d' cannot be read among the options"),
        (LONG.assign(label=["A) up"] * 3 + ["B) down"] * 3), r"label 'A\) up' cannot be read among the options"),
        (LONG.assign(label=["Answer: up"] * 3 + ["up"] * 3), "label 'Answer: up' cannot be read among the options"),
        (LONG.assign(split="train"), "column split has 'train'; give both"),
        (LONG.assign(**{"class": [1, 1, 1, 2, 2, 2]}), "columns 'label' and 'class' are for the same"),
        (LONG.assign(record_id=[1, 1, 1, 2, 2, 2]), "column 'record_id' would be read as a channel.* name it subject"),
        (LONG.assign(Patient_ID=list("aabccc")), "sample 7 has more than one Patient_ID, 'a' and 'b'"),
        (LONG.assign(subject=[1, 1, 1, 2, np.nan, 2]), "sample 8 has no subject in a row"),
        (LONG.assign(subject=1, patient=1), "columns 'subject' and 'patient' are for the same"),
        (LONG.assign(label=["None"] * 3 + ["block"] * 3), "sample 7 has no label in a row; .* another word than NA"),
        (pd.DataFrame({"label": [1, 2], "height": [1.0, 2]}), "column 'height' is not the step of a series"),
        (WIDE.assign(id=[4, 4]), "2 rows have id 4, and 3 columns look like the steps of channel 'x'"),
        (WIDE.rename(columns={"x_2": "x_-1"}), "columns 'x_1' and 'x_-1' are the same step"),
        (WIDE.rename(columns={"x_2": "x_0.5"}), "column 'x_0.5' is not the step of a series"),
    ],
)
def test_a_table_that_does_not_fit_is_an_error_with_its_place(
    tmp_path: Path, table: pd.DataFrame, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read_labeled_table(written(tmp_path, table))


def test_a_table_is_split_by_class_and_a_class_of_one_sample_is_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    labels = ["walk"] * 10 + ["run, fast"] * 10 + ["fall"]
    path = written(tmp_path, pd.DataFrame({"label": labels, "0": np.arange(21.0), "1": 1.0}))
    arguments = QuestionArguments(data=str(path))
    data = prepare_questions(arguments, SyntheticArguments(), ArchiveArguments(test_share=0.3))
    assert {name: len(samples) for name, samples in data.splits.items()} == {"train": 13, "validation": 2, "test": 6}
    assert data.labels == {"table.csv": ["fall", "run, fast", "walk"]}
    assert data.splits["train"]["answer"].count("fall") == 1
    warning = "1 class has a single training instance, so that validation has none: 'fall'"
    assert warning in caplog.text
    caplog.clear()
    # Its samples are in the cache now.
    prepare_questions(arguments, SyntheticArguments(), ArchiveArguments(test_share=0.3))
    assert warning in caplog.text
    assert data.splits["test"][0]["messages"][0]["content"][0]["text"].endswith("Options: fall | run, fast | walk.")


def test_classes_too_small_to_hold_out_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    path = written(tmp_path, pd.DataFrame({"label": ["a", "b"] * 2, "0": 1.0, "1": 2.0}))
    with pytest.raises(ValueError, match=r"table\.csv: no class has two instances to train and validate on.* 'a'"):
        find_source(str(path)).prepare()
    assert is_table("TABLE.CSV")


def of_subjects(folder: Path, subjects: list, labels: list, **columns: list) -> Path:
    table = pd.DataFrame({"label": labels, "0": np.arange(len(labels)), "1": 1.0, "subject": subjects, **columns})
    return written(folder, table)


def parts_of(path: Path, **options) -> dict[str, list[dict]]:
    table_labels((path,), **options)
    return {split: list(table_samples((path,), split, **options)) for split in ("train", "validation", "test")}


def test_no_subject_is_in_two_splits_and_classes_are_balanced(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    subjects = rng.integers(0, 30, 600)
    labels = np.where(rng.random(600) < 0.2 + 0.02 * subjects, "ill", "well")
    path = of_subjects(tmp_path, subjects.tolist(), labels.tolist())
    parts = parts_of(path)
    assert [len(part) for part in parts.values()] == pytest.approx([384, 96, 120], rel=0.12)
    found = {split: {sample["subject"] for sample in part} for split, part in parts.items()}
    assert sum(map(len, found.values())) == len(set.union(*found.values())) == 30
    for part in parts.values():
        ill = np.mean([sample["answer"] == "ill" for sample in part])
        assert ill == pytest.approx((labels == "ill").mean(), abs=0.04)
    assert parts_of(path) == parts
    assert {sample["subject"] for sample in parts_of(path, split_seed=1)["test"]} != found["test"]


def test_a_class_of_one_subject_is_trained_on_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = of_subjects(tmp_path, [*"abcabcc"], [*"xxxyyyz"])
    parts = parts_of(path)
    assert {split: len({sample["subject"] for sample in part}) for split, part in parts.items()} == dict.fromkeys(
        parts, 1
    )
    assert {sample["subject"] for sample in parts["train"]} == {"c"}
    assert "table.csv: too few subjects have a class to hold one out, so that test has none of: 'z'" in caplog.text
    with pytest.raises(
        ValueError, match=r"no class has samples of two subjects to train and validate on.*; subjects left: 1"
    ):
        parts_of(of_subjects(tmp_path, [*"aabb"], [*"xyxy"]))


def test_subjects_in_both_splits_of_a_table_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    split = ["train"] * 6 + ["test"] * 4
    path = of_subjects(tmp_path, [*"aabbcc", *"aaff"], ["x", "y"] * 5, split=split)
    parts = parts_of(path)
    assert len({sample["subject"] for sample in parts["train"]}) == 2
    assert "1 of 2 subjects to test on are in training, too" in caplog.text


def test_a_label_that_training_never_saw_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    split = ["train"] * 8 + ["test"] * 2
    path = written(tmp_path, pd.DataFrame({"label": ["a", "b"] * 4 + ["b", "c"], "0": 1.0, "1": 2.0, "split": split}))
    with pytest.raises(ValueError, match=r"1 instances of the test split are of classes .* 'c' \(1\)"):
        find_source(str(path)).prepare()
    with pytest.raises(FileNotFoundError, match=r"absent\.csv: no such file"):
        find_source(str(tmp_path / "absent.csv"))
