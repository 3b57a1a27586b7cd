"""Sleep-CoT: sleep stages from half a minute of EEG, with rationales."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .rationales import ask_for_rationale, end_in_answer
from .reading import check_labels, parse_numbers, read_table
from .samples import Labels, make_sample
from .source import QuestionSource
from .splits import in_split, subject_or_label_splits

TASK = "sleep_cot"
LABELS = ["Wake", "Non-REM stage 1", "Non-REM stage 2", "Non-REM stage 3", "REM sleep"]
_STAGE_3, _STAGE_4 = "Non-REM stage 3", "Non-REM stage 4"
_COLUMNS = ("time_series", "label", "rationale")
# Possible names of the column of recordings. Sleep-EDF names recordings SC4ssN... and ST7ssN...: subject ss, night N.
_RECORDING_COLUMNS = ("subject", "subject_id", "record", "record_id", "recording", "recording_id")
_SUBJECT_LENGTH = 5


def _labels(merge_stage_4: bool) -> list[str]:
    return LABELS if merge_stage_4 else [*LABELS[:4], _STAGE_4, *LABELS[4:]]


def _subject(row: dict[str, str]) -> str | None:
    """Subject of a window, where the file names it; both nights of a person have one subject."""
    recording = next((row[name].strip() for name in _RECORDING_COLUMNS if name in row), None)
    if recording is None:
        return None
    return recording[:_SUBJECT_LENGTH] if recording.upper().startswith(("SC4", "ST7")) else recording


def samples(files: tuple[Path, ...], split: str, merge_stage_4: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the windows of a split of sleep_cot.csv: time_series (a list in a list, as text), label, rationale.

    Differs from the reference implementation, whose prompt offers "Movement", which no window has, and leaves out
    stage 4, which one in 25 has. Here stage 4 counts as stage 3, as in the reference's evaluation and the AASM manual,
    or is a label of its own without `merge_stage_4`; every rationale ends in "Answer: " and the label that counts. The
    reference draws windows, 80, 10 and 10 % of each label (7,434, 930 and 930 windows, drawn in the same way here), so
    that one night is in all splits; where the file names recordings or subjects, no subject is in two splits here.
    Series have the length that they have in the file: 1,500 values in the published one, 30 s at 50 Hz.
    """
    (path,) = files
    drawn = ((row["label"].strip(), _subject(row)) for _, row in read_table(path, _COLUMNS))
    chosen = in_split(subject_or_label_splits(drawn, 0.1, 0.1), split)
    offered = _labels(merge_stage_4)
    question = ask_for_rationale("This is an EEG (Fpz-Cz) of 30 seconds of a night. Which sleep stage is it?", offered)

    def label_of(row: dict[str, str]) -> str:
        label = row["label"].strip()
        return _STAGE_3 if merge_stage_4 and label == _STAGE_4 else label

    rows = check_labels(read_table(path, _COLUMNS), str(path), label_of, lambda _: offered)
    for position, (row_number, row) in enumerate(rows):
        if not chosen[position]:
            continue
        series = parse_numbers(row["time_series"], f"{path}, row {row_number}, time_series")
        label = label_of(row)
        yield make_sample(
            question,
            {"EEG": series},
            label,
            TASK,
            TASK,
            f"{TASK}-{row_number}",
            subject=_subject(row),
            reply=end_in_answer(row["rationale"], label),
        )


def labels(files: tuple[Path, ...], merge_stage_4: bool = True) -> Labels:
    """Labels of the five stages, or six with stage 4."""
    return {TASK: _labels(merge_stage_4)}


load = QuestionSource(TASK, samples, labels)
