"""Tables row by row, lists written as text, labels, rationales and splits."""

import io
import sys
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset

from ts_llm_fusion.data.qa.rationales import ask_for_rationale, end_in_answer
from ts_llm_fusion.data.qa.reading import Bundle, check_labels, parse_numbers, read_rows
from ts_llm_fusion.data.qa.splits import in_split, random_splits, stratified_splits, subject_splits
from ts_llm_fusion.requirements import MissingPackageError


def rows_of(text: str, columns=("a", "b")) -> list:
    return list(read_rows(io.BytesIO(text.encode()), "x.csv", columns))


def test_rows_are_text_with_their_numbers_and_repeated_headers_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    rows = rows_of('a,b\n1,"one, two\nthree"\na,b\n,NA\n')
    assert rows == [(1, {"a": "1", "b": "one, two\nthree"}), (3, {"a": "", "b": "NA"})]
    assert "x.csv: 1 rows repeat the header" in caplog.text
    assert len(rows_of("a,b\n" + "1,2\n" * 1000)) == 1000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,c\n1,2\n", r"x.csv: no column 'b'; the columns are a, c"),
        ("a,b\n1,2\n1,2,3\n", r"x.csv: row 2 has 3 fields, the header 2"),
        ("a,b\n1,2\n1\n", r"x.csv: row 2 has 1 fields, the header 2"),
        ('a,b\n1,2\n1,"2', r"x.csv: after row 1: unexpected end of data"),
        ("", r"x.csv: no column 'a'; the columns are none"),
    ],
)
def test_a_table_that_does_not_fit_is_one_line_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        rows_of(text)
    assert "\n" not in str(error.value)


def test_a_table_that_is_no_text_is_named() -> None:
    with pytest.raises(ValueError, match=r"x.csv: after row 0: 'utf-8' codec"):
        list(read_rows(io.BytesIO(b"a,b\n\xff\xfe,2\n"), "x.csv", ("a",)))


def test_lists_written_as_text_are_numbers() -> None:
    assert parse_numbers("[1, 2.5, -3e-2]", "x").tolist() == [1, 2.5, -0.03]
    assert parse_numbers("[[1, 2]]", "x").tolist() == [1, 2]
    for text in ("[1, nan, 2]", "[1, NaN, 2]", "[1, null, 2]"):
        assert np.array_equal(parse_numbers(text, "x"), [1, np.nan, 2], equal_nan=True)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "[1, 2", "1", "[[1], [2]]", "[[1, 2], [3]]", "['1']", "[1e999]", "[" * 100_000, "__import__('os')"],
)
def test_anything_else_is_no_series_and_nothing_is_run(text: str) -> None:
    with pytest.raises(ValueError, match=r"row 7: .* is not a list of finite numbers") as error:
        parse_numbers(text, "row 7")
    assert len(str(error.value)) < 120


def test_labels_outside_the_list_are_counted_and_named() -> None:
    rows = enumerate(["a", "b", "x", "a", "y", "x", "x"], start=1)
    checked = check_labels(rows, "file", lambda label: label, lambda _: ["a", "b"])
    assert [next(checked), next(checked)] == [(1, "a"), (2, "b")]
    with pytest.raises(ValueError, match=r"file: 4 rows .* from row 3 on: 'x' \(3\), 'y' \(1\); .* are a, b\."):
        next(checked)


def test_a_rationale_ends_in_its_label() -> None:
    for rationale in (
        "It swings.",
        "It swings. Answer: sitting",
        "It swings.\n\n**Answer:** walking.",
        "It swings. Answer:",
    ):
        assert end_in_answer(rationale, "walking") == "It swings. Answer: walking"
    assert end_in_answer("", "walking") == "Answer: walking"
    assert ask_for_rationale("What?", ["a", "b"]).endswith('"Answer: " and one of: a, b.')


def test_files_of_an_archive_or_of_its_folder_are_found_by_their_ending(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("root/data.csv", "a\n1\n")
        archive.writestr("root/more/otherdata.csv", "b\n")
        archive.writestr("__MACOSX/root/._data.csv", "c\n")
        archive.extractall(tmp_path / "x")
    for path in (tmp_path / "x.zip", tmp_path / "x"):
        bundle = Bundle(path)
        assert bundle.find("data.csv") == "root/data.csv"
        with bundle.open("root/data.csv") as file:
            assert file.read() == b"a\n1\n"
        for missing in (lambda b=bundle: b.find("a.csv"), lambda b=bundle: b.open("a.csv")):
            with pytest.raises(FileNotFoundError, match=r"has no a\.csv"):
                missing()
    (tmp_path / "y.zip").write_bytes(b"no zip")
    with pytest.raises(ValueError, match="is not a zip archive"):
        Bundle(tmp_path / "y.zip")


def test_random_splits_have_the_published_sizes_and_overlap_nowhere() -> None:
    parts = random_splits(48_000, (42, 42))
    assert [in_split(parts, part).sum() for part in ("train", "validation", "test")] == [38_400, 4_800, 4_800]
    first = Dataset.from_dict({"row": range(1237)}).train_test_split(test_size=0.1, seed=42)
    second = first["train"].train_test_split(test_size=0.1 / (1 - 0.1), seed=43)
    drawn = random_splits(1237, (42, 43))
    for part, rows in (("train", second["train"]), ("validation", second["test"]), ("test", first["test"])):
        assert np.flatnonzero(in_split(drawn, part)).tolist() == sorted(rows["row"])
    assert not np.array_equal(parts, random_splits(48_000, (42, 43)))
    with pytest.raises(ValueError, match="there are 9 rows"):
        random_splits(9, (0, 0))


def test_stratified_splits_have_the_published_sizes_and_class_counts() -> None:
    # Appendix of the OpenTSLM paper: train, validation and test windows of each stage of Sleep-CoT.
    published = {
        "Wake": (3367, 421, 421),
        "Non-REM stage 1": (410, 52, 51),
        "Non-REM stage 2": (2057, 257, 257),
        "Non-REM stage 3": (357, 45, 45),
        "Non-REM stage 4": (299, 37, 38),
        "REM sleep": (944, 118, 118),
    }
    labels = np.array([label for label, counts in published.items() for _ in range(sum(counts))])
    parts = stratified_splits(labels, 0.1, (42, 43))
    for part, index in (("train", 0), ("validation", 1), ("test", 2)):
        found = Counter(labels[in_split(parts, part)])
        assert sum(found.values()) == (7434, 930, 930)[index]
        assert all(abs(found[label] - counts[index]) <= 1 for label, counts in published.items())


def test_splits_by_subject_have_no_subject_in_common() -> None:
    subjects = [f"s{row % 23}" for row in range(500)]
    parts = subject_splits(subjects, 0.1, 42)
    of_part = [
        {subjects[row] for row in np.flatnonzero(in_split(parts, part))} for part in ("train", "validation", "test")
    ]
    assert [len(found) for found in of_part] == [19, 2, 2]
    assert not (of_part[0] & of_part[1] or of_part[0] & of_part[2] or of_part[1] & of_part[2])
    with pytest.raises(ValueError, match="there are 2 subjects"):
        subject_splits(["a", "b"], 0.1, 0)


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.model_selection", None)
    with pytest.raises(MissingPackageError, match=r"sklearn is not installed; .*\[evaluation\]"):
        stratified_splits(["a", "b"] * 50, 0.1, (42, 43))
