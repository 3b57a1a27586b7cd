"""HAR-CoT: everyday activities from an accelerometer, with rationales."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .rationales import ask_for_rationale, end_in_answer
from .reading import AXES, Bundle, check_labels, parse_acceleration, read_rows
from .samples import make_sample
from .source import QuestionSource
from .splits import SHORT_NAMES

TASK = "har_cot"
LABELS = ["biking", "lying", "running", "sitting", "standing", "walking", "walking_down", "walking_up"]
_COLUMNS = (*AXES, "label", "rationale")
_QUESTION = ask_for_rationale(
    "A wearable sensor recorded this acceleration for 2.56 seconds at 50 Hz. What is its wearer doing?", LABELS
)


def samples(files: tuple[Path, ...], split: str) -> Iterator[dict[str, Any]]:
    """Yield the windows of a split of har_cot.zip.

    The files `har_cot_{train,val,test}_cot.csv` have the columns x_axis, y_axis, z_axis (lists of 128 values as text),
    label and rationale.

    The splits are the published ones, 68,542, 8,718 and 8,222 windows. Their subjects are not published: `subject` is
    empty, and a person may be in two splits. Differs from the reference implementation: header rows that repeat among
    the data are left out and counted, and every rationale ends in "Answer: " and its label.
    """
    (path,) = files
    bundle = Bundle(path)
    name = bundle.find(f"har_cot_{SHORT_NAMES[split]}_cot.csv")
    source = f"{path}, {name}"
    with bundle.open(name) as file:
        rows = check_labels(read_rows(file, source, _COLUMNS), source, lambda row: row["label"], lambda _: LABELS)
        for row_number, row in rows:
            series = parse_acceleration(row, f"{source}, row {row_number}")
            reply = end_in_answer(row["rationale"], row["label"])
            yield make_sample(_QUESTION, series, row["label"], TASK, TASK, f"{split}-{row_number}", reply=reply)


load = QuestionSource(TASK, samples, lambda files: {TASK: LABELS})
