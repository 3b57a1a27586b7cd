"""TSQA: multiple-choice questions about trend, volatility, season and outliers of generated series."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .reading import check_labels, parse_numbers, read_table
from .samples import Labels, make_sample
from .source import QuestionSource
from .splits import in_split, random_splits

_COLUMNS = ("Task", "Question", "Answer", "Series")
_OPTION = re.compile(r"^\(([a-z])\)", re.MULTILINE)


def _task(row: dict[str, str]) -> str:
    return f"tsqa/{row['Task'].strip().lower()}"


def _choice(row: dict[str, str]) -> str:
    """Option at the start of an answer, or else the whole answer."""
    option = _OPTION.match(row["Answer"].strip())
    return option[0] if option else row["Answer"].strip()


def _options(row: dict[str, str]) -> list[str]:
    return [f"({letter})" for letter in _OPTION.findall(row["Question"])]


def samples(files: tuple[Path, ...], split: str) -> Iterator[dict[str, Any]]:
    """Yield the questions of a split of TSQA.csv (`ChengsenWang/TSQA`): Task, Size, Question, Answer, Label, Series.

    The set is published without splits; 10 % are drawn for testing and 10 % for validation with seed 42, as in
    OpenTSLM: 38,400, 4,800 and 4,800 of the 48,000 rows. Differs from the reference implementation: the answer is only
    the option, "(c)", as the question asks for, so that neither an empty text nor "(" counts as right; it must be one
    that the question offers.
    """
    (path,) = files
    assigned = random_splits(sum(1 for _ in read_table(path, _COLUMNS)), (42, 42))
    chosen = in_split(assigned, split)
    rows = check_labels(read_table(path, _COLUMNS), str(path), _choice, _options)
    for position, (row_number, row) in enumerate(rows):
        if chosen[position]:
            series = parse_numbers(row["Series"], f"{path}, row {row_number}, Series")
            yield make_sample(
                row["Question"].strip(), {"Series": series}, _choice(row), _task(row), "tsqa", f"tsqa-{row_number}"
            )


def labels(files: tuple[Path, ...]) -> Labels:
    """Each kind of question with the options that its questions offer."""
    (path,) = files
    options: dict[str, set[str]] = {}
    for _, row in read_table(path, _COLUMNS):
        options.setdefault(_task(row), set()).update(_options(row))
    return {task: sorted(options[task]) for task in sorted(options)}


load = QuestionSource("tsqa", samples, labels)
