"""TimeSeriesExam: multiple-choice questions about concepts of time series, for evaluation alone."""

import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import UserError
from .reading import check_labels
from .samples import Labels, make_sample
from .source import QuestionSource

_NAME = "time_series_exam"
_COLUMNS = ("question", "options", "answer", "category", "id")
_SERIES_COLUMNS = ("ts", "ts1", "ts2")
_BATCH_ROWS = 64


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        table = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise UserError(f"{path}: is not a parquet file ({error}).") from None
    with table:
        names = table.schema_arrow.names
        missing = [name for name in _COLUMNS if name not in names]
        if missing:
            raise UserError(f"{path}: no column {missing[0]!r}; the columns are {', '.join(names)}.")
        if not pa.types.is_list(table.schema_arrow.field("options").type):
            raise UserError(f"{path}: options must be lists of text, not {table.schema_arrow.field('options').type}.")
        rows = (row for batch in table.iter_batches(_BATCH_ROWS) for row in batch.to_pylist())
        yield from enumerate(rows, start=1)


def _task(row: dict[str, Any]) -> str:
    return f"{_NAME}/{row['category']}"


def _letters(row: dict[str, Any]) -> list[str]:
    return [f"({letter})" for letter in string.ascii_lowercase[: len(row["options"])]]


def samples(files: tuple[Path, ...], split: str) -> Iterator[dict[str, Any]]:
    """Yield the questions of the exam.

    The parquet file of `AutonLab/TimeSeriesExam1` has the columns question, options (list), answer (one of them),
    category, id and the series, `ts` or `ts1` and `ts2` (the dataset cards of its versions). Hints and concepts are
    not shown.

    The only split is "test": the exam is not for training. The task of a sample is "time_series_exam/" and its
    category; the answer is the letter of the option, "(b)".
    """
    (path,) = files
    rows = check_labels(_rows(path), str(path), lambda row: row["answer"], lambda row: row["options"])
    for row_number, row in rows:
        series = [row[name] for name in _SERIES_COLUMNS if row.get(name)]
        titles = ["Series"] if len(series) == 1 else ["First series", "Second series"]
        if len(series) not in (1, 2):
            raise UserError(f"{path}, row {row_number}: has {len(series)} series in {', '.join(_SERIES_COLUMNS)}.")
        letters = _letters(row)
        options = "".join(f"\n{letter} {option}" for letter, option in zip(letters, row["options"], strict=True))
        question = f"{row['question'].strip()}{options}\nAnswer with the letter of one option."
        answer = letters[row["options"].index(row["answer"])]
        yield make_sample(
            question, dict(zip(titles, series, strict=True)), answer, _task(row), _NAME, f"{_NAME}-{row['id']}"
        )


def labels(files: tuple[Path, ...]) -> Labels:
    """Each category with the letters of its options."""
    (path,) = files
    letters: dict[str, set[str]] = {}
    for _, row in _rows(path):
        letters.setdefault(_task(row), set()).update(_letters(row))
    return {task: sorted(letters[task]) for task in sorted(letters)}


load = QuestionSource(_NAME, samples, labels)
