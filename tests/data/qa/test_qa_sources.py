"""The published sets, as small files of their published schemas that are made here."""

import gzip
import json
import logging
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, IterableDataset
from qa_files import csv_text, write, write_zip

from ts_llm_fusion.data.qa import har
from ts_llm_fusion.data.qa.archives import ArchiveArguments
from ts_llm_fusion.data.qa.entries import ENTRIES
from ts_llm_fusion.data.qa.questions import QuestionArguments, prepare_questions
from ts_llm_fusion.data.qa.samples import FEATURES, QuestionData
from ts_llm_fusion.data.qa.source import QuestionSource
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments
from ts_llm_fusion.data.registry import find_dataset, find_loader, load_dataset

PARTS = ("train", "validation", "test")


def prepared(name: str) -> QuestionData:
    return prepare_questions(QuestionArguments(data=name), SyntheticArguments(), ArchiveArguments())


def question_of(sample: dict) -> str:
    return sample["messages"][0]["content"][0]["text"]


def reply_of(sample: dict) -> str:
    return sample["messages"][-1]["content"][0]["text"]


def check_splits(name: str, sizes: tuple[int, ...]) -> dict[str, Dataset]:
    """Every split of a set has its size and the schema, streamed as from the cache, and identifiers of its own."""
    splits = load_dataset(name)
    assert tuple(len(splits[part]) for part in splits) == sizes
    ids = []
    for part, samples in splits.items():
        assert samples.features == FEATURES
        streamed = load_dataset(name, part, streaming=True)
        assert isinstance(streamed, IterableDataset)
        assert list(streamed) == list(samples)
        assert all(len(row["time_series"]) == len(row["time_series_names"]) > 0 for row in samples)
        assert {row["source"] for row in samples} == {name}
        ids += samples["id"]
    assert len(set(ids)) == len(ids)
    return splits


TSQA_QUESTION = "Definitions.\nSelect one:\n(a) Upward.\n(b) Downward.\n(c) Constant.\nOnly answer (a), (b), or (c)."
TSQA_COLUMNS = ("Task", "Size", "Question", "Answer", "Label", "Series")


def tsqa_rows(number: int) -> list[tuple]:
    answers = ("(a)", "(b) Downward.", "(c)")
    tasks = ("Trend", "Outliers")
    return [
        (tasks[row % 2], 4, TSQA_QUESTION, answers[row % 3], "x", json.dumps([row, row + 0.5, -row, 1e-3]))
        for row in range(number)
    ]


def test_tsqa_answers_are_the_letters_that_its_questions_ask_for(folder: Path) -> None:
    write(folder / "text/TSQA.csv", csv_text(TSQA_COLUMNS, tsqa_rows(60)))
    splits = check_splits("tsqa", (48, 6, 6))
    samples = [row for part in splits.values() for row in part]
    assert Counter(row["answer"] for row in samples) == {"(a)": 20, "(b)": 20, "(c)": 20}
    assert all(reply_of(row) == row["answer"] and question_of(row) == TSQA_QUESTION for row in samples)
    assert prepared("tsqa").labels == {task: ["(a)", "(b)", "(c)"] for task in ("tsqa/outliers", "tsqa/trend")}
    by_id = {row["id"]: row for row in samples}
    assert np.allclose(by_id["tsqa-11"]["time_series"], [[10, 10.5, -10, 1e-3]])


def test_the_published_row_of_tsqa_is_read(data_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = gzip.decompress((data_dir / "text/chattime_TSQA_sample.csv.gz").read_bytes()).decode()
    header, row = text.split("\n", 1)
    write(folder / "text/TSQA.csv", header + "\n" + row.rstrip("\n") + "\n" + (row.rstrip("\n") + "\n") * 9)
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(folder))
    (sample,) = load_dataset("tsqa", "test")
    assert (sample["answer"], sample["task"], len(sample["time_series"][0])) == ("(c)", "tsqa/outliers", 512)
    assert sample["time_series"][0][0] == pytest.approx(0.71847928)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {3: "(d)"},
            r"1 rows have a label that is not in the list, from row 7 on: '\(d\)' \(1\); .* \(a\), \(b\), \(c\)",
        ),
        ({3: ""}, r"from row 7 on: '' \(1\)"),
        ({5: "[1, 2"}, r"TSQA.csv, row 7, Series: '\[1, 2' is not a list of finite numbers"),
    ],
)
def test_a_row_of_tsqa_that_does_not_fit_is_named(folder: Path, change: dict, message: str) -> None:
    rows = [list(row) for row in tsqa_rows(20)]
    for column, value in change.items():
        rows[6][column] = value
    write(folder / "text/TSQA.csv", csv_text(TSQA_COLUMNS, rows))
    for streaming in (True, False):
        with pytest.raises(ValueError, match=message) as error:
            for part in PARTS:
                list(load_dataset("tsqa", part, streaming=streaming))
        assert "\n" not in str(error.value)


FREQUENCIES = ("Daily", "Hourly", "Monthly", "Quarterly", "Weekly", "Yearly")


def m4_members(number: int) -> dict[str, str]:
    members = {}
    for frequency in FREQUENCIES:
        ids = [f"{frequency[0]}{row}" for row in range(number)]
        series = [(one, json.dumps([row, row + 1.5])) for row, one in enumerate(ids)]
        # One series without a caption, one caption without a series, in another order.
        captions = [(one, f"Caption of {one}." if row else " ") for row, one in enumerate(ids)][:-1]
        members[f"M4TimeSeriesCaptionDataset/m4_series_{frequency}.csv"] = csv_text(("id", "series"), series)
        members[f"M4TimeSeriesCaptionDataset/m4_captions_{frequency}.csv"] = csv_text(
            ("id", "caption"), [*captions[::-1], ("X1", "Nobody's.")]
        )
    return members


def test_m4_captions_are_joined_by_id_over_the_six_frequencies(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_zip(folder / "text/M4TimeSeriesCaptionDatasetV02.zip", m4_members(11))
    splits = load_dataset("m4_captions")
    samples = [row for part in splits.values() for row in part]
    # Sixty captioned series, of which six captions are empty.
    assert len(samples) == 54
    assert (len(splits["test"]) <= 6, len(splits["validation"]) <= 6) == (True, True)
    assert {row["id"] for row in samples} == {
        f"{frequency[0]}{row}" for frequency in FREQUENCIES for row in range(1, 10)
    }
    assert all(row["answer"] == reply_of(row) == f"Caption of {row['id']}." for row in samples)
    assert all(row["time_series"] == [[float(row["id"][1:]), float(row["id"][1:]) + 1.5]] for row in samples)
    left_out = [int(record.args[1]) for record in caplog.records if "empty caption" in record.message]
    assert sum(left_out) == 6
    assert prepared("m4_captions").labels == {"m4_captions": None}


def test_m4_captions_without_a_frequency_are_an_error(folder: Path) -> None:
    members = m4_members(4)
    del members["M4TimeSeriesCaptionDataset/m4_series_Weekly.csv"]
    write_zip(folder / "text/M4TimeSeriesCaptionDatasetV02.zip", members)
    with pytest.raises(FileNotFoundError, match=r"V02.zip: has no m4_series_Weekly.csv"):
        load_dataset("m4_captions")


HAR_COLUMNS = ("x_axis", "y_axis", "z_axis", "label", "rationale")
HAR_LABELS = ("biking", "lying", "running", "sitting", "standing", "walking", "walking_down", "walking_up")


def har_row(number: int, label: str) -> tuple:
    axes = [str([float(number + axis), 0.25, -1e-05]) for axis in range(3)]
    return (*axes, label, f"It moves like number {number}. Answer: {label}")


def har_members() -> dict[str, str]:
    rows = [har_row(number, HAR_LABELS[number % 8]) for number in range(20)]
    return {
        "har_cot_train_cot.csv": csv_text(HAR_COLUMNS, [*rows[:5], HAR_COLUMNS, *rows[5:16]]),
        "har_cot_val_cot.csv": csv_text(HAR_COLUMNS, rows[16:18]),
        "har_cot_test_cot.csv": csv_text(HAR_COLUMNS, rows[18:]),
    }


def test_har_has_rationales_that_end_in_the_label_and_no_header_rows(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_zip(folder / "har/har_cot.zip", har_members())
    splits = check_splits("har_cot", (16, 2, 2))
    assert "1 rows repeat the header and were left out" in caplog.text
    sample = splits["train"][5]
    assert (sample["id"], sample["answer"], sample["subject"]) == ("train-7", "walking", None)
    assert reply_of(sample) == "It moves like number 5. Answer: walking"
    assert sample["time_series_names"] == ["Acceleration x", "Acceleration y", "Acceleration z"]
    assert np.allclose(sample["time_series"], [[5, 0.25, -1e-05], [6, 0.25, -1e-05], [7, 0.25, -1e-05]])
    assert set(HAR_LABELS) == set(prepared("har_cot").labels["har_cot"])
    assert all(f"{label}," in question_of(sample) for label in HAR_LABELS[:-1])


def test_labels_of_har_that_are_not_in_the_list_are_counted(folder: Path) -> None:
    members = har_members()
    members["har_cot_test_cot.csv"] = csv_text(
        HAR_COLUMNS, [har_row(0, "Walking"), har_row(1, "hopping"), har_row(2, "x")]
    )
    write_zip(folder / "har/har_cot.zip", members)
    assert len(load_dataset("har_cot", "train")) == 16
    with pytest.raises(ValueError, match=r"test_cot.csv: 3 rows .* from row 1 on: 'Walking' \(1\), 'hopping' \(1\)"):
        load_dataset("har_cot", "test")


SLEEP_LABELS = ("Wake", "Non-REM stage 1", "Non-REM stage 2", "Non-REM stage 3", "Non-REM stage 4", "REM sleep")


def sleep_rows(number: int) -> list[tuple]:
    return [
        (str([[float(row), 2.0]]), SLEEP_LABELS[row % 6], f"Slow. Answer: {SLEEP_LABELS[row % 6]}")
        for row in range(number)
    ]


def test_sleep_counts_stage_4_as_stage_3_and_offers_no_movement(folder: Path) -> None:
    write(folder / "sleep/sleep_cot.csv", csv_text(("time_series", "label", "rationale"), sleep_rows(120)))
    splits = check_splits("sleep_cot", (96, 12, 12))
    data = prepared("sleep_cot")
    assert data.labels == {"sleep_cot": ["Wake", "Non-REM stage 1", "Non-REM stage 2", "Non-REM stage 3", "REM sleep"]}
    assert Counter(splits["test"]["answer"])["Non-REM stage 3"] == 4
    for row in splits["train"]:
        assert reply_of(row) == f"Slow. Answer: {row['answer']}"
        assert "Movement" not in question_of(row) and "stage 4" not in question_of(row)
    kept = load_dataset("sleep_cot", "test", merge_stage_4=False)
    assert Counter(kept["answer"]) == dict.fromkeys(SLEEP_LABELS, 2)
    source = find_loader(find_dataset("sleep_cot"))
    assert source.question_labels(merge_stage_4=False) == {"sleep_cot": [*SLEEP_LABELS]}


def test_sleep_with_recordings_has_both_nights_of_a_subject_in_one_split(folder: Path) -> None:
    rows = [(f"SC4{row // 2 % 20:02d}{1 + row % 2}E0", *values) for row, values in enumerate(sleep_rows(240))]
    write(folder / "sleep/sleep_cot.csv", csv_text(("record_id", "time_series", "label", "rationale"), rows))
    splits = check_splits("sleep_cot", (192, 24, 24))
    subjects = [set(splits[part]["subject"]) for part in PARTS]
    assert [len(found) for found in subjects] == [16, 2, 2]
    assert len(set.union(*subjects)) == 20
    assert all(len(subject) == 5 for subject in subjects[0])


def test_a_real_night_at_100_hz_goes_through_a_table(data_dir: Path, folder: Path, monkeypatch) -> None:
    eeg = np.loadtxt(data_dir / "bio/yasa_data_N3_no-spindles_30sec_100Hz.txt.gz")
    rows = [(str([eeg.tolist()]), SLEEP_LABELS[row % 6], "Slow.") for row in range(60)]
    write(folder / "sleep/sleep_cot.csv", csv_text(("time_series", "label", "rationale"), rows))
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(folder))
    sample = load_dataset("sleep_cot", "test")[0]
    assert np.array_equal(np.float32(sample["time_series"]), np.float32([eeg]))


def test_movement_is_no_label_of_sleep(folder: Path) -> None:
    rows = [*sleep_rows(60), *(("[[1, 2]]", "Movement", "x") for _ in range(10))]
    write(folder / "sleep/sleep_cot.csv", csv_text(("time_series", "label", "rationale"), rows))
    with pytest.raises(ValueError, match=r"10 rows have a label .* from row 61 on: 'Movement' \(10\)"):
        load_dataset("sleep_cot", "test")


TS_HEADER = """\
#The description of the set.
@problemName BIDMC32SpO2
@timeStamps false
@missing false
@univariate false
@dimensions 2
@equalLength true
@seriesLength 3
@targetlabel true
@data
"""


def ts_lines(targets: list[str]) -> str:
    return TS_HEADER + "".join(f"{row},1,2:3,4,{row}:{target}\n" for row, target in enumerate(targets))


def test_spo2_is_a_number_with_two_decimals_and_the_last_tenth_validates(folder: Path) -> None:
    members = {
        "Monash/BIDMC32SpO2/BIDMC32SpO2_TRAIN.ts": ts_lines([str(90 + row / 8) for row in range(20)]),
        "Monash/BIDMC32SpO2/BIDMC32SpO2_TEST.ts": ts_lines(["97.5", "98"]),
    }
    write_zip(folder / "monash/Monash_UEA_UCR_Regression_Archive.zip", members)
    splits = check_splits("spo2", (18, 2, 2))
    assert splits["test"]["answer"][:] == ["97.50", "98.00"]
    assert splits["validation"]["id"][:] == ["TRAIN-18", "TRAIN-19"]
    assert splits["train"][3]["time_series"] == [[3, 1, 2], [3, 4, 3]]
    assert splits["train"][3]["time_series_names"] == ["PPG", "ECG"]
    assert prepared("spo2").labels == {"spo2": None}


def test_a_target_of_spo2_that_is_no_number_is_named(folder: Path) -> None:
    members = {
        "BIDMC32SpO2_TRAIN.ts": ts_lines(["97.5"] * 20),
        "BIDMC32SpO2_TEST.ts": ts_lines(["97.5", "high"]),
    }
    write_zip(folder / "monash/Monash_UEA_UCR_Regression_Archive.zip", members)
    with pytest.raises(ValueError, match=r"BIDMC32SpO2_TEST.ts, row 2: target 'high' is not a number"):
        load_dataset("spo2", "test")


def truce_line(split: str, number: int, series: list, source: str = "stock") -> str:
    captions = [f"up {number}", " down ", "flat"]
    row = {"source": source, "split": split, "id": f"{number}.png", "series": series, "captions": captions}
    return json.dumps(row) + "\n"


def test_truce_has_a_sample_for_each_caption_and_no_series_in_two_splits(folder: Path) -> None:
    lines = [
        truce_line("train", 0, [1, 2]),
        truce_line("train", 1, [3, 4]),
        truce_line("train", 2, [3, 4], "synthetic"),
        truce_line("val", 3, [5, 6]),
        truce_line("test", 4, [3, 4]),
    ]
    write(folder / "text/truce.jsonl", "".join(lines))
    splits = check_splits("truce", (6, 3, 3))
    assert splits["train"]["answer"][:] == ["up 0", "down", "flat", "up 2", "down", "flat"]
    assert set(splits["train"]["task"]) == {"truce/stock", "truce/synthetic"}
    assert set(prepared("truce").labels.values()) == {None}


def test_the_captions_of_truce_are_all_there(data_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(data_dir))
    # Twenty series of the training split are in a later one too.
    splits = check_splits("truce", (3 * (1968 - 20), 3 * 246, 3 * 246))
    assert {len(row["time_series"][0]) for row in splits["validation"]} == {12}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "row 2: is not JSON"),
        ('{"source": "stock"}', "row 2: split must be a str"),
        (truce_line("train", 1, [1, "2"]), "row 2: series must be a list of numbers"),
        (truce_line("dev", 1, [1, 2]), "row 2: source 'stock' and split 'dev' must be of"),
    ],
)
def test_a_line_of_truce_that_does_not_fit_is_named(folder: Path, line: str, message: str) -> None:
    write(folder / "text/truce.jsonl", truce_line("train", 0, [1, 2]) + line)
    with pytest.raises(ValueError, match=message):
        load_dataset("truce", "train")


def exam_table(**changes: list) -> pa.Table:
    columns = {
        "question": ["Which trend?", "Do they move together?"],
        "options": [["Up", "Down", "Flat"], ["Yes, they do", "No"]],
        "answer": ["Flat", "Yes, they do"],
        "question_type": ["x", "y"],
        "category": ["Pattern Recognition", "Causality Analysis"],
        "id": [7, 9],
        "ts": [[1.0, 1.0], None],
        "ts1": [None, [1.0, 2.0, 3.0]],
        "ts2": [[], [3.0, 2.0]],
        **changes,
    }
    return pa.table({name: values for name, values in columns.items() if values is not None})


def write_exam(folder: Path, table: pa.Table) -> None:
    (folder / "text").mkdir()
    pq.write_table(table, folder / "text/TimeSeriesExam1.parquet")


def test_the_exam_has_lettered_options_and_one_or_two_series(folder: Path) -> None:
    write_exam(folder, exam_table())
    first, second = check_splits("time_series_exam", (2,))["test"]
    assert question_of(first) == "Which trend?\n(a) Up\n(b) Down\n(c) Flat\nAnswer with the letter of one option."
    assert (first["answer"], first["time_series"], first["time_series_names"]) == ("(c)", [[1, 1]], ["Series"])
    assert (second["answer"], second["time_series"]) == ("(a)", [[1, 2, 3], [3, 2]])
    source = find_loader(find_dataset("time_series_exam"))
    assert source.question_labels() == {
        "time_series_exam/Causality Analysis": ["(a)", "(b)"],
        "time_series_exam/Pattern Recognition": ["(a)", "(b)", "(c)"],
    }
    with pytest.raises(ValueError, match="time_series_exam: has no train split; it is to evaluate on"):
        prepared("time_series_exam")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"answer": ["Flat", "Maybe"]}, r"from row 2 on: 'Maybe' \(1\); .* Yes, they do, No"),
        ({"category": None}, "no column 'category'; the columns are question, "),
        ({"options": ["Up", "Down"]}, "options must be lists of text, not string"),
        ({"ts": [None, None]}, "row 1: has 0 series in ts, ts1, ts2"),
    ],
)
def test_an_exam_that_does_not_fit_is_named(folder: Path, changes: dict, message: str) -> None:
    write_exam(folder, exam_table(**changes))
    with pytest.raises(ValueError, match=message):
        load_dataset("time_series_exam", "test")


def test_an_archive_is_read_from_its_files_or_from_the_zip_of_both(data_dir: Path, folder: Path, monkeypatch) -> None:
    members = {
        f"GunPoint/GunPoint_{part}.ts": "@timeStamps false\n@dimensions 1\n@classLabel true a b\n@data\n"
        + "".join(f"{row},{row + 1}:{'ab'[row % 2]}\n" for row in range(number))
        for part, number in (("TRAIN", 20), ("TEST", 6))
    }
    write_zip(folder / "tsc/GunPoint.zip", members)
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(folder))
    splits = check_splits("GunPoint", (16, 4, 6))
    assert splits["test"]["answer"][:] == ["a", "b", "a", "b", "a", "b"]
    assert prepared("GunPoint").labels == {"GunPoint": ["a", "b"]}
    assert prepared("GunPoint").splits["train"]["id"][:] == splits["train"]["id"][:]
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(data_dir))
    check_splits("GunPoint", (40, 10, 150))


def test_classes_that_only_the_test_split_has_are_counted(folder: Path) -> None:
    head = "@timeStamps false\n@classLabel true a b c\n@data\n"
    write(folder / "tsc/Mine_TRAIN.ts", head + "1,2:a\n3,4:b\n" * 5)
    write(folder / "tsc/Mine_TEST.ts", head + "1,2:a\n3,4:c\n3,4:c\n")
    with pytest.raises(ValueError, match=r"Mine: 2 instances of the test split .*: 'c' \(2\)"):
        prepared("Mine")


def test_the_generated_questions_are_in_the_registry_too(folder: Path) -> None:
    samples = load_dataset("synthetic", "test", streaming=True, num_test=4)
    kept = load_dataset("synthetic", "test", num_test=4)
    assert list(samples) == list(kept)
    assert len(kept) == 4


def test_every_set_of_questions_says_what_is_missing_and_where_to_put_it(folder: Path) -> None:
    sources = [entry for entry in ENTRIES if entry.files and entry.task != "classification"]
    assert len(sources) == 11
    for entry in sources:
        assert isinstance(find_loader(entry), QuestionSource)
        assert find_loader(entry).name == entry.name
        with pytest.raises(FileNotFoundError, match=r"put the file at \$TS_LLM_FUSION_DATA_DIR/") as error:
            load_dataset(entry.name, entry.splits[-1], streaming=True)
        assert entry.name in str(error.value) and "\n" not in str(error.value)


def test_other_names_are_no_questions() -> None:
    with pytest.raises(ValueError, match=r"har_coot: not a known data set; did you mean 'har_cot'"):
        prepared("har_coot")
    with pytest.raises(ValueError, match="ETTh1: is a set of series for forecasting, not of questions"):
        prepared("ETTh1")
    with pytest.raises(ValueError, match="tsqa: no split 'dev'"):
        load_dataset("tsqa", "dev")


def test_a_changed_file_is_read_again(folder: Path) -> None:
    for number in (60, 120):
        write(folder / "text/TSQA.csv", csv_text(TSQA_COLUMNS, tsqa_rows(number)))
        assert len(load_dataset("tsqa", "train")) == 0.8 * number


@pytest.fixture(autouse=True)
def _caught(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def peak_of_reading(folder: Path, rows: int) -> int:
    """Most bytes that Python holds while a split of HAR-CoT with so many rows is read."""
    text = csv_text(HAR_COLUMNS, [(*[str([row / 7] * 128)] * 3, "lying", "Still.") for row in range(rows)])
    path = write_zip(folder / f"{rows}.zip", {"har_cot_train_cot.csv": text})
    del text
    tracemalloc.start()
    count = sum(1 for _ in har.samples((path,), "train"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == rows
    return peak


def test_reading_more_rows_of_an_archive_takes_no_more_memory(folder: Path) -> None:
    peak_of_reading(folder, 10)
    few, many = peak_of_reading(folder, 100), peak_of_reading(folder, 1000)
    # The longer file has 7 MB of text more.
    assert many < few + 70_000
