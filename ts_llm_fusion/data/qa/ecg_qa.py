"""ECG-QA and ECG-QA-CoT: questions about the ECGs of PTB-XL, plain and with rationales."""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ...errors import UserError
from ...processing.answer_checks import SEVERAL, offer
from .ptbxl import Patient, Recordings
from .rationales import ask_for_rationale, end_in_answer
from .reading import Bundle, check_labels, parse_integer, read_rows, read_table
from .samples import Labels, make_sample
from .source import QuestionSource
from .splits import SHORT_NAMES, later_splits

logger = logging.getLogger(__name__)

PLAIN, COT = "ecg_qa", "ecg_qa_cot"
# Templates 1 to 42 of the 70 ask about one ECG.
_LAST_SINGLE = 42
_ANSWERS = "ecgqa/ptbxl/answers_for_each_template.csv"
_FOLDERS = {"train": "train", "validation": "valid", "test": "test"}
_COT_COLUMNS = ("question", "answer", "template_id", "rationale", "ecg_id")
_TYPES = {"template_id": int, "question": str, "answer": list, "ecg_id": list}
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_SEPARATOR = "; "


@dataclass(frozen=True)
class Question:
    """Question of either set.

    Args:
        place: file and row in messages.
        template: number of the template.
        text: of the question.
        answers: the true answers; several for some of the templates that ask for findings.
        ecgs: numbers of the one or two ECGs that it is about.
        rationale: of ECG-QA-CoT, leading to the answer.
    """

    place: str
    template: int
    text: str
    answers: tuple[str, ...]
    ecgs: tuple[int, ...]
    rationale: str | None = None


def _read_templates(rows: Iterable[tuple[int, dict[str, str]]], source: str) -> dict[int, list[str]]:
    """Read template -> its answers, which the file writes as a Python list of strings."""
    templates = {}
    for row_number, row in rows:
        place = f"{source}, row {row_number}"
        answers = [single or double for single, double in _QUOTED.findall(row["classes"])]
        if not answers:
            raise UserError(f"{place}: classes {row['classes'][:40]!r} is not a list of quoted answers.")
        templates[parse_integer(row["template_id"], f"{place}, template_id")] = answers
    return templates


def _cot_questions(bundle: Bundle, split: str) -> Iterator[tuple[int, Question]]:
    name = bundle.find(f"ecg_qa_cot_{SHORT_NAMES[split]}.csv")
    source = f"{bundle.path}, {name}"
    with bundle.open(name) as file:
        for row_number, row in read_rows(file, source, _COT_COLUMNS):
            place = f"{source}, row {row_number}"
            template = parse_integer(row["template_id"], f"{place}, template_id")
            ecg = parse_integer(row["ecg_id"], f"{place}, ecg_id")
            question, answer = row["question"].strip(), row["answer"].strip()
            yield row_number, Question(place, template, question, (answer,), (ecg,), row["rationale"])


def _read_objects(file: IO[bytes], source: str) -> list[Any]:
    try:
        objects = json.load(file)
    except ValueError as error:
        raise UserError(f"{source}: is not JSON ({error}).") from None
    if not isinstance(objects, list):
        raise UserError(f"{source}: is a {type(objects).__name__}; it must be a list of questions.")
    return objects


def _plain_questions(bundle: Bundle, split: str) -> Iterator[tuple[int, Question]]:
    """Yield the questions of all JSON files of a split, with those of one file, ten thousand, in memory at a time."""
    folder = f"/ecgqa/ptbxl/template/{_FOLDERS[split]}/"
    names = [name for name in bundle.names() if folder in f"/{name}" and name.endswith(".json")]
    if not names:
        raise FileNotFoundError(f"{bundle.path}: has no {folder[1:]}*.json; is it the repository of ECG-QA?")
    position = 0
    for name in sorted(names, key=lambda name: (len(name), name)):
        with bundle.open(name) as file:
            objects = _read_objects(file, f"{bundle.path}, {name}")
        for item in objects:
            position += 1
            place = f"{bundle.path}, {name}, question {position}"
            for field, kind in _TYPES.items():
                if not isinstance(item, dict) or not isinstance(item.get(field), kind) or not item[field]:
                    raise UserError(f"{place}: {field} must be a {kind.__name__} that is not empty.")
            ecgs = tuple(parse_integer(str(ecg), f"{place}, ecg_id") for ecg in item["ecg_id"])
            answers = tuple(str(answer) for answer in item["answer"])
            yield position, Question(place, item["template_id"], item["question"].strip(), answers, ecgs)


def _patients_of(question: Question, patients: dict[int, Patient]) -> list[Patient]:
    unknown = [ecg for ecg in question.ecgs if ecg not in patients]
    if unknown:
        raise UserError(f"{question.place}: ECG {unknown[0]} is not in PTB-XL.")
    return [patients[ecg] for ecg in question.ecgs]


def _disjoint(
    questions: Callable[[str], Iterator[tuple[int, Question]]],
    split: str,
    patients: dict[int, Patient],
    patient_disjoint: bool,
) -> Iterator[tuple[int, Question]]:
    """Yield the questions of a split, without those about patients of later splits."""
    held_out = {
        patient.patient_id
        for later in (later_splits(split) if patient_disjoint else ())
        for _, question in questions(later)
        for patient in _patients_of(question, patients)
    }
    left_out = 0
    for position, question in questions(split):
        if held_out.isdisjoint(patient.patient_id for patient in _patients_of(question, patients)):
            yield position, question
        else:
            left_out += 1
    if left_out:
        logger.warning("%s split: %d questions about patients of later splits were left out", split, left_out)


def _samples(
    name: str,
    questions: Callable[[str], Iterator[tuple[int, Question]]],
    templates: dict[int, list[str]],
    recordings: Recordings,
    split: str,
    patient_disjoint: bool,
) -> Iterator[dict[str, Any]]:
    patients = recordings.patients()

    def labels_of(question: Question) -> list[str]:
        if question.template not in templates:
            raise UserError(f"{question.place}: template {question.template} is not in {Path(_ANSWERS).name}.")
        return templates[question.template]

    def label_of(question: Question) -> str:
        return next((answer for answer in question.answers if answer not in labels_of(question)), question.answers[0])

    chosen = _disjoint(questions, split, patients, patient_disjoint)
    for position, question in check_labels(chosen, f"{name}, {split}", label_of, labels_of):
        question_patients = _patients_of(question, patients)
        series = {
            f"ECG {number}, {lead}" if len(question.ecgs) > 1 else lead: values
            for number, ecg in enumerate(question.ecgs, start=1)
            for lead, values in recordings.read(ecg).items()
        }
        descriptions = list(dict.fromkeys(patient.description for patient in question_patients if patient.description))
        who = f" Patient: {', '.join(descriptions)}." if descriptions else ""
        text = f"A 12-lead ECG of ten seconds at 100 Hz, in mV.{who} {question.text}"
        answer = _SEPARATOR.join(question.answers)
        if question.rationale is None:
            text += offer(labels_of(question)) + SEVERAL
            reply = None
        else:
            text = ask_for_rationale(text, labels_of(question))
            reply = end_in_answer(question.rationale, answer)
        yield make_sample(
            text,
            series,
            answer,
            f"{name}/{question.template}",
            name,
            f"{split}-{position}",
            subject="+".join(dict.fromkeys(patient.patient_id for patient in question_patients)),
            reply=reply,
        )


def cot_samples(files: tuple[Path, ...], split: str, patient_disjoint: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the questions of a split of ecg_qa_cot_final.zip.

    The files `ecg_qa_cot_{train,val,test}.csv` have the columns question, answer, template_id, rationale, ecg_id "[n]"
    (and sample_id, question_type, clinical_context and prompt, not used here).

    The task of a sample is "ecg_qa_cot/" and its template. The labels are all answers of the template, from ECG-QA's
    answers_for_each_template.csv, as in OpenTSLM's prompts; the two that the published `prompt` offers are not used,
    because that text also quotes the true one. Differs from the reference implementation:

    - Identifiers are positions, because `sample_id` 1 to 7 of the training split are repeated.
    - Questions about patients of later splits are left out of training and validation with `patient_disjoint`, and
      counted; the test split is as published. The published splits have no recording in common, but do not separate
      patients.
    - Age and sex come from PTB-XL's own table and not from `clinical_context`, which says 300 years for patients over
      89. The reference's code for such contexts also takes 1 for male, which is female in PTB-XL, and reports noise,
      extra beats and a pacemaker for every patient, because it takes a missing value for a yes: the very subjects of
      templates 26 to 39.
    - A recording is read with its question; the reference reads all of PTB-XL first.
    """
    archive, answers, ptbxl = files
    bundle = Bundle(archive)
    templates = _read_templates(read_table(answers, ("template_id", "classes")), str(answers))
    yield from _samples(
        COT, lambda part: _cot_questions(bundle, part), templates, Recordings(ptbxl), split, patient_disjoint
    )


def cot_labels(files: tuple[Path, ...], patient_disjoint: bool = True) -> Labels:
    """Answers of each template that asks about one ECG."""
    _, answers, _ = files
    templates = _read_templates(read_table(answers, ("template_id", "classes")), str(answers))
    return {f"{COT}/{template}": answers for template, answers in templates.items() if template <= _LAST_SINGLE}


def plain_samples(
    files: tuple[Path, ...], split: str, comparisons: bool = True, patient_disjoint: bool = True
) -> Iterator[dict[str, Any]]:
    """Yield the questions of a split of ECG-QA's repository.

    The files `ecgqa/ptbxl/template/{train,valid,test}/*.json` are lists of objects with template_id, question, answer
    (list), ecg_id (list).

    Differs from the reference implementation: all twelve leads of both ECGs of a comparison, because its first six do
    not answer questions about V1 to V6; all answers of a question with several; and patients as in `cot_samples`.
    Without `comparisons`, questions about two ECGs are left out.
    """
    archive, ptbxl = files
    bundle = Bundle(archive)

    def questions(part: str) -> Iterator[tuple[int, Question]]:
        everything = _plain_questions(bundle, part)
        return everything if comparisons else (item for item in everything if len(item[1].ecgs) == 1)

    yield from _samples(PLAIN, questions, _templates_of(bundle), Recordings(ptbxl), split, patient_disjoint)


def _templates_of(bundle: Bundle) -> dict[int, list[str]]:
    name = bundle.find(_ANSWERS)
    source = f"{bundle.path}, {name}"
    with bundle.open(name) as file:
        return _read_templates(read_rows(file, source, ("template_id", "classes")), source)


def plain_labels(files: tuple[Path, ...], comparisons: bool = True, patient_disjoint: bool = True) -> Labels:
    """Answers of each template, and the combinations of them that occur as answers in any split."""
    bundle = Bundle(files[0])
    templates = _templates_of(bundle)
    combined: dict[int, set[str]] = {}
    for part in _FOLDERS:
        for _, question in _plain_questions(bundle, part):
            if len(question.answers) > 1:
                combined.setdefault(question.template, set()).add(_SEPARATOR.join(question.answers))
    return {
        f"{PLAIN}/{template}": [*answers, *sorted(combined.get(template, ()))]
        for template, answers in templates.items()
        if comparisons or template <= _LAST_SINGLE
    }


load_cot = QuestionSource(COT, cot_samples, cot_labels)
load_plain = QuestionSource(PLAIN, plain_samples, plain_labels)
