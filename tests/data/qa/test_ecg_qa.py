"""ECG-QA and ECG-QA-CoT over recordings that wfdb writes here."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from qa_files import csv_text, write, write_zip

from ts_llm_fusion.data.qa.archives import ArchiveArguments
from ts_llm_fusion.data.qa.questions import QuestionArguments, prepare_questions
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments
from ts_llm_fusion.data.registry import load_dataset
from ts_llm_fusion.requirements import MissingPackageError

wfdb = pytest.importorskip("wfdb")

ROOT = "ptb-xl-a-large-publicly-available-electrocardiography-dataset-1.0.3"
# As PTB-XL's headers have them.
LEADS = ["I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6"]
# ECG, patient, age, sex.
DATABASE = [(1, "100.0", "56.0", "1"), (2, "101.0", "300.0", "0"), (3, "100.0", "57", "1"), (1004, "102.0", "", "0")]
TEMPLATES = csv_text(
    ("template_id", "classes"),
    [
        (1, "['no', 'not sure', 'yes']"),
        (
            7,
            "['bigeminal pattern (unknown origin, supraventricular, or ventricular)', 'none', \"Wenckebach's block\"]",
        ),
        (43, "['no', 'yes']"),
    ],
)
COT_COLUMNS = (
    *("sample_id", "question", "answer", "template_id", "question_type", "clinical_context", "rationale", "ecg_id"),
    "prompt",
)


def signal(ecg_id: int) -> np.ndarray:
    """mV (5000, 12), a multiple of a thousandth."""
    return np.round(np.sin(np.arange(5000)[:, None] / 50 + np.arange(12) + ecg_id), 3)


@pytest.fixture(scope="module")
def ptbxl_members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("records")
    members = {f"{ROOT}/ptbxl_database.csv": csv_text(("ecg_id", "patient_id", "age", "sex"), DATABASE).encode()}
    for ecg_id, *_ in DATABASE:
        name = f"{ecg_id:05d}_hr"
        wfdb.wrsamp(
            name,
            fs=500,
            units=["mV"] * 12,
            sig_name=LEADS,
            p_signal=signal(ecg_id),
            fmt=["16"] * 12,
            adc_gain=[1000.0] * 12,
            baseline=[0] * 12,
            write_dir=str(folder),
        )
        for suffix in (".hea", ".dat"):
            members[f"{ROOT}/records500/{ecg_id // 1000 * 1000:05d}/{name}{suffix}"] = (
                folder / (name + suffix)
            ).read_bytes()
    return members


def cot_row(sample_id: int, ecg: int, template: int = 1, answer: str = "yes", **changes: object) -> list:
    row = {
        "sample_id": sample_id,
        "question": "Is it flat?",
        "answer": answer,
        "template_id": template,
        "question_type": "single-verify",
        "clinical_context": "300-year-old male patient. pacemaker present.",
        "rationale": f"The leads swing. Answer: {answer}.",
        "ecg_id": f"[{ecg}]",
        "prompt": "This question has one of two possible answers:",
        **changes,
    }
    return [row[column] for column in COT_COLUMNS]


def write_cot(folder: Path, ptbxl_members: dict[str, bytes], train: list, validation: list, test: list) -> None:
    parts = {"train": train, "val": validation, "test": test}
    members = {f"ecg_qa_cot/ecg_qa_cot_{part}.csv": csv_text(COT_COLUMNS, rows) for part, rows in parts.items()}
    write_zip(folder / "ecg_qa/ecg_qa_cot_final.zip", members)
    write(folder / "ecg_qa/answers_for_each_template.csv", TEMPLATES)
    write_zip(folder / "ptbxl/ptb-xl-1.0.3.zip", ptbxl_members)


def asked(sample: dict) -> str:
    return sample["messages"][0]["content"][0]["text"]


def test_a_question_has_twelve_leads_a_rationale_and_the_answers_of_its_template(folder: Path, ptbxl_members) -> None:
    train = [cot_row(1, 1), cot_row(2, 2), cot_row(1, 1004, 7, "none")]
    write_cot(folder, ptbxl_members, train, [cot_row(0, 2)], [cot_row(0, 1004)])
    splits = load_dataset("ecg_qa_cot", patient_disjoint=False)
    assert [len(splits[part]) for part in ("train", "validation", "test")] == [3, 1, 1]
    first, second, third = splits["train"]
    # Sample identifiers repeat; positions do not.
    assert [row["id"] for row in (first, second, third)] == ["train-1", "train-2", "train-3"]
    assert (first["task"], third["task"]) == ("ecg_qa_cot/1", "ecg_qa_cot/7")
    assert (first["answer"], first["subject"]) == ("yes", "100")
    assert first["messages"][1]["content"][0]["text"] == "The leads swing. Answer: yes"
    names = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
    assert first["time_series_names"] == [f"Lead {name}" for name in names]
    assert np.allclose(first["time_series"], signal(1)[::5].T, atol=1e-6)
    assert np.allclose(third["time_series"], signal(1004)[::5].T, atol=1e-6)
    assert "one of: no, not sure, yes." in asked(first)
    # Of PTB-XL's table: 300 is over 89, 1 is female, and nothing is told of noise and pacemakers.
    assert "Patient: 56-year-old female. Is it flat?" in asked(first)
    assert "Patient: over-89-year-old male. Is it flat?" in asked(second)
    assert "Patient: male. Is it flat?" in asked(third)
    assert not any(word in asked(row) for row in splits["train"] for word in ("300", "pacemaker"))
    data = prepare_questions(QuestionArguments(data="ecg_qa_cot"), SyntheticArguments(), ArchiveArguments())
    assert data.labels == {
        "ecg_qa_cot/1": ["no", "not sure", "yes"],
        "ecg_qa_cot/7": [
            "bigeminal pattern (unknown origin, supraventricular, or ventricular)",
            "none",
            "Wenckebach's block",
        ],
    }


def test_patients_of_later_splits_are_in_no_earlier_one(
    folder: Path, ptbxl_members, caplog: pytest.LogCaptureFixture
) -> None:
    # ECGs 1 and 3 are of one patient.
    write_cot(
        folder, ptbxl_members, [cot_row(0, 1), cot_row(1, 2), cot_row(2, 1004)], [cot_row(0, 2)], [cot_row(0, 3)]
    )
    splits = load_dataset("ecg_qa_cot")
    assert {part: samples["subject"][:] for part, samples in splits.items()} == {
        "train": ["102"],
        "validation": ["101"],
        "test": ["100"],
    }
    assert "train split: 2 questions about patients of later splits were left out" in caplog.text
    assert list(load_dataset("ecg_qa_cot", "train", streaming=True)) == list(splits["train"])


def test_without_wfdb_the_extra_is_named(folder: Path, ptbxl_members, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cot(folder, ptbxl_members, [cot_row(0, 1)], [cot_row(0, 2)], [cot_row(0, 1004)])
    monkeypatch.setitem(sys.modules, "wfdb", None)
    with pytest.raises(MissingPackageError, match=r"wfdb is not installed; .*\[physionet\]"):
        load_dataset("ecg_qa_cot", "test")


def test_an_unpacked_ptbxl_is_read_as_well(folder: Path, ptbxl_members) -> None:
    write_cot(folder, ptbxl_members, [cot_row(0, 1)], [cot_row(0, 2)], [cot_row(0, 1004)])
    packed = load_dataset("ecg_qa_cot", "test")
    (folder / "ptbxl/ptb-xl-1.0.3.zip").unlink()
    for name, content in ptbxl_members.items():
        path = folder / "ptbxl/ptb-xl-1.0.3" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert list(load_dataset("ecg_qa_cot", "test")) == list(packed)


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        (
            cot_row(0, 1, answer="maybe"),
            ValueError,
            r"ecg_qa_cot, test: 2 rows .* 'maybe' \(2\); .* no, not sure, yes",
        ),
        (cot_row(0, 1, template=99), ValueError, "row 1: template 99 is not in answers_for_each_template.csv"),
        (cot_row(0, 1, template_id="x"), ValueError, "test.csv, row 1, template_id: 'x' is not a whole number"),
        (cot_row(0, 1, ecg_id="[1, 2]"), ValueError, r"row 1, ecg_id: '\[1, 2\]' is not a whole number"),
        (cot_row(0, 5), ValueError, "row 1: ECG 5 is not in PTB-XL"),
    ],
)
def test_a_row_that_does_not_fit_is_named(folder: Path, ptbxl_members, row: list, error: type, message: str) -> None:
    write_cot(folder, ptbxl_members, [cot_row(0, 1)], [cot_row(0, 2)], [row, row])
    with pytest.raises(error, match=message) as caught:
        load_dataset("ecg_qa_cot", "test")
    assert "\n" not in str(caught.value)


def test_a_recording_that_is_not_in_the_archive_is_named(folder: Path, ptbxl_members) -> None:
    members = {name: content for name, content in ptbxl_members.items() if "00001_hr.dat" not in name}
    write_cot(folder, members, [cot_row(0, 2)], [cot_row(0, 2)], [cot_row(0, 1)])
    with pytest.raises(FileNotFoundError, match=r"has no .*records500/00000/00001_hr.dat; is the archive complete"):
        load_dataset("ecg_qa_cot", "test")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            b"00001_hr.dat",
            b"00002_hr.dat",
            r"00001_hr: its signals must all be in 00001_hr.dat; the recording cannot be",
        ),
        (b"00001_hr.dat", b"../../x.dat ", "00001_hr: invalid syntax in signal line; the recording cannot be read"),
        (b"AVR", b"XYZ", "00001_hr: has no lead aVR"),
    ],
)
def test_a_header_that_does_not_fit_is_named(
    folder: Path, ptbxl_members, old: bytes, new: bytes, message: str
) -> None:
    members = dict(ptbxl_members)
    header = next(name for name in members if name.endswith("00001_hr.hea"))
    members[header] = members[header].replace(old, new)
    write_cot(folder, members, [cot_row(0, 2)], [cot_row(0, 2)], [cot_row(0, 1)])
    with pytest.raises(ValueError, match=message):
        load_dataset("ecg_qa_cot", "test")


def plain(template: int, answer: list, ecg_id: list, **changes: object) -> dict:
    question = {
        "template_id": template,
        "question_id": 0,
        "sample_id": 0,
        "question_type": "single-verify",
        "attribute_type": "scp_code",
        "question": "What is it?",
        "answer": answer,
        "ecg_id": ecg_id,
        "attribute": None,
    }
    return question | changes


def write_plain(folder: Path, ptbxl_members: dict[str, bytes], train: dict[str, list]) -> None:
    base = "ecg-qa-master/ecgqa/ptbxl"
    files = {f"train/{name}": questions for name, questions in train.items()}
    files |= {"valid/00000.json": [plain(1, ["no"], [2])], "test/00000.json": [plain(1, ["yes"], [1004])]}
    members = {f"{base}/template/{name}": json.dumps(questions) for name, questions in files.items()}
    members[f"{base}/answers_for_each_template.csv"] = TEMPLATES
    members["ecg-qa-master/ecgqa/mimic-iv-ecg/template/train/00000.json"] = "[{}]"
    write_zip(folder / "ecg_qa/ecg-qa.zip", members)
    write_zip(folder / "ptbxl/ptb-xl-1.0.3.zip", ptbxl_members)


def test_ecg_qa_has_comparisons_and_several_answers(folder: Path, ptbxl_members) -> None:
    train = {
        "100000.json": [plain(43, ["no"], [1, 3])],
        "00000.json": [plain(1, ["no"], [1]), plain(7, ["none", "Wenckebach's block"], [3])],
    }
    write_plain(folder, ptbxl_members, train)
    first, second, third = load_dataset("ecg_qa", "train")
    assert [row["id"] for row in (first, second, third)] == ["train-1", "train-2", "train-3"]
    assert second["answer"] == "none; Wenckebach's block"
    assert "Options: no, not sure, yes." in asked(first)
    assert (len(first["time_series"]), len(third["time_series"])) == (12, 24)
    assert third["time_series_names"][:1] + third["time_series_names"][12:13] == ["ECG 1, Lead I", "ECG 2, Lead I"]
    assert np.allclose(third["time_series"][12:], signal(3)[::5].T, atol=1e-6)
    assert third["subject"] == "100"
    assert len(load_dataset("ecg_qa", "train", comparisons=False)) == 2
    data = prepare_questions(QuestionArguments(data="ecg_qa"), SyntheticArguments(), ArchiveArguments())
    assert set(data.labels) == {"ecg_qa/1", "ecg_qa/7", "ecg_qa/43"}
    assert data.labels["ecg_qa/7"][-2:] == ["Wenckebach's block", "none; Wenckebach's block"]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (plain(1, "no", [1]), "train/00000.json, question 2: answer must be a list that is not empty"),
        (plain(1, ["no"], []), "question 2: ecg_id must be a list"),
        ("no object", "question 2: template_id must be a int"),
        (plain(1, ["no", "never"], [1]), r"1 rows have a label .* from row 2 on: 'never' \(1\)"),
    ],
)
def test_a_question_of_ecg_qa_that_does_not_fit_is_named(
    folder: Path, ptbxl_members, question: dict, message: str
) -> None:
    write_plain(folder, ptbxl_members, {"00000.json": [plain(1, ["no"], [1]), question]})
    with pytest.raises(ValueError, match=message):
        load_dataset("ecg_qa", "train")
