"""PAMAP2 over recordings and windows of the published schemas that are made here."""

import io
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from qa_files import csv_text, write, write_zip

from ts_llm_fusion.data.qa.archives import ArchiveArguments
from ts_llm_fusion.data.qa.questions import QuestionArguments, prepare_questions
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments
from ts_llm_fusion.data.registry import load_dataset

SUBJECTS = range(101, 110)
# Seconds of each activity of the recordings here; 0 is transient.
PROGRAMME = ((0, 2), (1, 10), (0, 4), (4, 8), (24, 6))


def recording(subject: int) -> np.ndarray:
    """(rows, 54) at 100 Hz: time, activity, ..., the three axes in columns 4 to 6 tell the row and the subject."""
    activity = np.repeat([number for number, _ in PROGRAMME], [100 * seconds for _, seconds in PROGRAMME])
    rows = len(activity)
    table = np.full((rows, 54), 7.5)
    table[:, 0] = 8.38 + np.arange(rows) / 100
    table[:, 1] = activity
    table[:, 2] = np.nan
    table[:, 4:7] = np.arange(rows)[:, None] / 100 + np.arange(3) + subject
    table[40:42, 4] = np.nan
    return table


def text_of(table: np.ndarray) -> str:
    out = io.StringIO()
    np.savetxt(out, table, fmt="%.6g")
    return out.getvalue().replace("nan", "NaN")


def write_archive(folder: Path, recordings: dict[int, str]) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        for subject, text in recordings.items():
            archive.writestr(f"PAMAP2_Dataset/Protocol/subject{subject}.dat", text)
            archive.writestr(f"PAMAP2_Dataset/Optional/subject{subject}.dat", "")
    path = folder / "pamap2/pamap2+physical+activity+monitoring.zip"
    write_zip(path, {"readme.pdf": "x", "PAMAP2_Dataset.zip": inner.getvalue()})


def test_windows_are_whole_and_of_one_activity_and_split_by_subject(folder: Path) -> None:
    write_archive(folder, {subject: text_of(recording(subject)) for subject in SUBJECTS})
    splits = load_dataset("pamap2_acc")
    assert {part: sorted(set(samples["subject"])) for part, samples in splits.items()} == {
        "train": ["101", "102", "103", "104", "107", "108", "109"],
        "validation": ["105"],
        "test": ["106"],
    }
    # 30 s are ten windows. Of them 0-3 s is transient by 2 of 3 s, and 12-15 and 15-18 by 3 and 1 of 3.
    assert Counter(splits["test"]["answer"]) == {"lying": 3, "walking": 3, "rope jumping": 2}
    assert splits["test"]["id"][:] == [f"106-{number}" for number in (1, 2, 3, 5, 6, 7, 8, 9)]
    sample = splits["test"][0]
    assert [len(series) for series in sample["time_series"]] == [150] * 3
    assert np.allclose(sample["time_series"][1], 107 + 3 + np.arange(0, 3, 0.02), atol=1e-2)
    assert "50 Hz" in sample["messages"][0]["content"][0]["text"]
    assert list(load_dataset("pamap2_acc", "test", streaming=True)) == list(splits["test"])
    data = prepare_questions(QuestionArguments(data="pamap2_acc"), SyntheticArguments(), ArchiveArguments())
    assert len(data.labels["pamap2_acc"]) == 12


def test_missing_values_stay_missing_and_an_axis_without_values_is_no_window(folder: Path) -> None:
    table = recording(105)
    table[300:600:4, 5] = np.nan  # a quarter of window 1
    table[600:800, 6] = np.nan  # two thirds of window 2
    write_archive(folder, {105: text_of(table)})
    samples = load_dataset("pamap2_acc", "validation")
    assert samples["id"][:3] == ["105-1", "105-3", "105-5"]
    axis = np.array(samples[0]["time_series"][1], dtype=float)
    assert np.isnan(axis).sum() == 75
    assert not np.isnan(samples[0]["time_series"][0]).any()


def test_recordings_that_do_not_fit_are_named(folder: Path) -> None:
    table = recording(105)
    table[300:900, 1] = 19
    write_archive(folder, {105: text_of(table), 106: "1 2 3\n"})
    with pytest.raises(ValueError, match=r"subject105.dat: 2 rows .* from row 1 on: 'house cleaning' \(2\); .* lying"):
        load_dataset("pamap2_acc", "validation")
    with pytest.raises(ValueError, match=r"subject106.dat: .*; rows are 54 numbers with a space between them"):
        load_dataset("pamap2_acc", "test")
    table[5, 1] = np.nan
    write_archive(folder, {105: text_of(table)})
    with pytest.raises(ValueError, match=r"subject105.dat, row 6: has no time or no activity"):
        load_dataset("pamap2_acc", "validation")
    with pytest.raises(FileNotFoundError, match=r"has no Protocol/subject101\.dat"):
        load_dataset("pamap2_acc", "train")


LABELS = ("lying", "nordic walking", "computer work", "rope jumping")


def cot_rows(number: int, length: int = 150) -> list[tuple]:
    return [
        (*[str([float(row)] * length)] * 3, LABELS[row % 4], f"Quiet. Answer: {LABELS[row % 4]}")
        for row in range(number)
    ]


COLUMNS = ("x_axis", "y_axis", "z_axis", "label", "rationale")


def test_windows_with_rationales_are_drawn_by_label_and_short_ones_left_out(folder: Path) -> None:
    rows = [*cot_rows(10, 149), *cot_rows(400)]
    write(folder / "pamap2/pamap2_cot.csv", csv_text(COLUMNS, rows))
    splits = load_dataset("pamap2_cot")
    assert [len(splits[part]) for part in ("train", "validation", "test")] == [360, 20, 20]
    assert Counter(splits["test"]["answer"]) == dict.fromkeys(LABELS, 5)
    sample = splits["test"][0]
    assert sample["messages"][1]["content"][0]["text"] == f"Quiet. Answer: {sample['answer']}"
    assert {len(series) for row in splits["test"] for series in row["time_series"]} == {150}
    data = prepare_questions(QuestionArguments(data="pamap2_cot"), SyntheticArguments(), ArchiveArguments())
    assert len(data.labels["pamap2_cot"]) == 18


def test_windows_of_named_subjects_are_split_by_subject(folder: Path) -> None:
    rows = [(101 + position % 9, *row) for position, row in enumerate(cot_rows(90))]
    write(folder / "pamap2/pamap2_cot.csv", csv_text(("subject", *COLUMNS), rows))
    splits = load_dataset("pamap2_cot")
    subjects = [set(splits[part]["subject"]) for part in ("train", "validation", "test")]
    assert [len(found) for found in subjects] == [7, 1, 1]
    assert len(set.union(*subjects)) == 9
