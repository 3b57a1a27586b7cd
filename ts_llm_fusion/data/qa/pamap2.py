"""PAMAP2: physical activities from an accelerometer at the hand, as labels and with rationales."""

import logging
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from ...errors import UserError
from ...processing.answer_checks import offer
from .rationales import ask_for_rationale, end_in_answer
from .reading import AXES, Bundle, check_labels, parse_acceleration, read_table
from .samples import make_sample
from .source import QuestionSource
from .splits import in_split, subject_or_label_splits

logger = logging.getLogger(__name__)

ACC, COT = "pamap2_acc", "pamap2_cot"
# Codes of the activities in the files, by the readme of the set; 0 is any time between two activities.
_ACTIVITIES = {
    1: "lying",
    2: "sitting",
    3: "standing",
    4: "walking",
    5: "running",
    6: "cycling",
    7: "nordic walking",
    9: "watching TV",
    10: "computer work",
    11: "car driving",
    12: "ascending stairs",
    13: "descending stairs",
    16: "vacuum cleaning",
    17: "ironing",
    18: "folding laundry",
    19: "house cleaning",
    20: "playing soccer",
    24: "rope jumping",
}
COT_LABELS = list(_ACTIVITIES.values())
# Activities of the protocol; the others are in the optional recordings.
ACC_LABELS = [_ACTIVITIES[code] for code in (1, 2, 3, 4, 12, 13, 5, 6, 7, 17, 16, 24)]
_SUBJECTS = {"train": (101, 102, 103, 104, 107, 108, 109), "validation": (105,), "test": (106,)}
_INNER = "PAMAP2_Dataset.zip"
_NUM_COLUMNS = 54
# Time stamp, activity, and the accelerometer at the hand with a range of 16 g.
_COLUMNS = (0, 1, 4, 5, 6)
_WINDOW_SECONDS = 3
# From 100 Hz to 50 Hz.
_DOWNSAMPLING = 2
_MAX_MISSING_SHARE = 0.5
_MIN_LENGTH = 150
_SUBJECT_COLUMNS = ("subject", "subject_id")


@contextmanager
def _subject_file(path: Path, subject: int) -> Iterator[IO[bytes]]:
    """Open the recording of a subject: in the folder, in UCI's archive, or in the archive inside that."""
    bundle = Bundle(path)
    ending = f"Protocol/subject{subject}.dat"
    inner = [name for name in bundle.names() if f"/{name}".endswith(f"/{_INNER}")]
    if not inner:
        with bundle.open(bundle.find(ending)) as file:
            yield file
        return
    # A zip in a zip: zipfile can seek in the stream of its member.
    with bundle.open(inner[0]) as nested, zipfile.ZipFile(nested) as archive:
        names = [name for name in archive.namelist() if name.endswith(ending)]
        if not names:
            raise FileNotFoundError(f"{path}, {inner[0]}: has no {ending}; is it the right archive?")
        with archive.open(names[0]) as file:
            yield file


def _read_subject(path: Path, subject: int) -> np.ndarray:
    """Read float64 (rows, 5), a tenth of the columns of the file: time in seconds, activity, three axes in m/s^2."""
    source = f"{path}, subject{subject}.dat"
    with _subject_file(path, subject) as file:
        try:
            table = pd.read_csv(file, sep=r"\s+", header=None, usecols=list(_COLUMNS), dtype=np.float64)
        except (ValueError, pd.errors.ParserError) as error:
            reason = " ".join(str(error).split())
            raise UserError(
                f"{source}: {reason}; rows are {_NUM_COLUMNS} numbers with a space between them."
            ) from None
    if table[[0, 1]].isna().any(axis=None):
        row = int(table[[0, 1]].isna().any(axis=1).argmax()) + 1
        raise UserError(f"{source}, row {row}: has no time or no activity.")
    return table.to_numpy()


def _windows(recording: np.ndarray) -> Iterator[tuple[int, str, np.ndarray]]:
    """Yield number, activity and axes (3, time) of each window of three seconds that is mostly one activity."""
    time, activity, axes = recording[:, 0], recording[:, 1].astype(int), recording[:, 2:]
    windows = ((time - time[0]) // _WINDOW_SECONDS).astype(int)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(windows)) + 1, [len(windows)]])
    for start, end in pairwise(starts):
        codes, counts = np.unique(activity[start:end], return_counts=True)
        most_frequent = int(codes[counts.argmax()])
        if most_frequent == 0 or 2 * counts.max() < end - start:
            continue
        values = axes[start:end]
        if np.isnan(values).mean(0).max() <= _MAX_MISSING_SHARE:
            yield int(windows[start]), _ACTIVITIES.get(most_frequent, str(most_frequent)), values.T


def acc_samples(files: tuple[Path, ...], split: str) -> Iterator[dict[str, Any]]:
    """Yield the windows of a split of UCI's archive.

    PAMAP2_Dataset.zip inside the archive holds `Protocol/subject{101..109}.dat`, 54 columns of numbers at 100 Hz.

    The splits are those of the reference, by subject: 105 for validation, 106 for testing, the others for training. A
    window is three seconds of the accelerometer at the hand, every second value, 150 of them; its label is the most
    frequent activity, of at least half of its values. Differs from the reference implementation: windows are cut
    before the transient rows between activities are dropped, not after, so that none joins values from before and
    after a gap or is cut short by one; missing values stay missing (a window with more than half of an axis missing is
    left out) and are not interpolated from one subject to the next; and the question names the rate of the values,
    50 Hz.
    """
    (path,) = files
    question = (
        "A sensor at the hand recorded this acceleration for three seconds at 50 Hz, in m/s^2. What is its wearer "
        f"doing?{offer(ACC_LABELS)}"
    )
    for subject in _SUBJECTS[split]:
        windows = ((window, (label, axes)) for window, label, axes in _windows(_read_subject(path, subject)))
        source = f"{path}, subject{subject}.dat"
        for window, (label, axes) in check_labels(windows, source, lambda content: content[0], lambda _: ACC_LABELS):
            series = {name: values[::_DOWNSAMPLING] for name, values in zip(AXES.values(), axes, strict=True)}
            yield make_sample(question, series, label, ACC, ACC, f"{subject}-{window}", subject=str(subject))


_COT_COLUMNS = (*AXES, "label", "rationale")


def _subject(row: dict[str, str]) -> str | None:
    return next((row[name].strip() for name in _SUBJECT_COLUMNS if name in row), None)


def _long_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows whose series have enough values, by the commas between them."""
    for row_number, row in read_table(path, _COT_COLUMNS):
        if min(row[column].count(",") for column in AXES) + 1 >= _MIN_LENGTH:
            yield row_number, row


def cot_samples(files: tuple[Path, ...], split: str) -> Iterator[dict[str, Any]]:
    """Yield the windows of a split of pamap2_cot.csv: x_axis, y_axis, z_axis (lists as text), label, rationale.

    Windows with fewer than 150 values are left out, as in the reference. It draws windows, 90, 5 and 5 % of each label
    (drawn in the same way here), so that one person is in all splits. Differs from the reference implementation: where
    the file names subjects, no subject is in two splits; every rationale ends in "Answer: " and its label.
    """
    (path,) = files
    drawn = ((row["label"].strip(), _subject(row)) for _, row in _long_rows(path))
    chosen = in_split(subject_or_label_splits(drawn, 1 / 9, 0.05), split)
    question = ask_for_rationale(
        "A sensor at the hand recorded this acceleration. What is its wearer doing?", COT_LABELS
    )
    rows = check_labels(_long_rows(path), str(path), lambda row: row["label"].strip(), lambda _: COT_LABELS)
    for position, (row_number, row) in enumerate(rows):
        if not chosen[position]:
            continue
        label = row["label"].strip()
        series = parse_acceleration(row, f"{path}, row {row_number}")
        reply = end_in_answer(row["rationale"], label)
        yield make_sample(question, series, label, COT, COT, f"{COT}-{row_number}", subject=_subject(row), reply=reply)


load_acc = QuestionSource(ACC, acc_samples, lambda files: {ACC: ACC_LABELS})
load_cot = QuestionSource(COT, cot_samples, lambda files: {COT: COT_LABELS})
