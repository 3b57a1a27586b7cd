"""Readers that the sources share: members of archives, rows of tables, lists written as text, and checked labels."""

import csv
import gzip
import io
import json
import logging
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...errors import UserError

Row = dict[str, str]

logger = logging.getLogger(__name__)

# Column of an axis of an accelerometer -> name of its series.
AXES = {"x_axis": "Acceleration x", "y_axis": "Acceleration y", "z_axis": "Acceleration z"}
# Characters of a bad value that an error shows.
_SHOWN = 40


class Bundle:
    """Files of a zip archive, or of the folder that it was unpacked to.

    Args:
        path: of the archive or the folder.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._archive: zipfile.ZipFile | None = None
        if not self.path.is_dir():
            try:
                self._archive = zipfile.ZipFile(self.path)
            except zipfile.BadZipFile as error:
                raise UserError(
                    f"{self.path}: is not a zip archive ({error}); remove it and fetch it again."
                ) from None

    def names(self) -> list[str]:
        """Paths of all files, in the archive or below the folder."""
        if self._archive is not None:
            return [info.filename for info in self._archive.infolist() if not info.is_dir()]
        return sorted(path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file())

    def find(self, ending: str) -> str:
        """Find the file whose path is `ending`, or ends in "/" and it; the shortest path of several."""
        matching = [name for name in self.names() if f"/{name}".endswith(f"/{ending}")]
        if not matching:
            raise FileNotFoundError(f"{self.path}: has no {ending}; is it the right archive?")
        return min(matching, key=len)

    def open(self, name: str) -> IO[bytes]:
        """Open a file as a stream of bytes."""
        try:
            return (self.path / name).open("rb") if self._archive is None else self._archive.open(name)
        except (KeyError, FileNotFoundError):
            raise FileNotFoundError(f"{self.path}: has no {name}; is the archive complete?") from None


def read_rows(file: IO[bytes] | gzip.GzipFile, source: str, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a CSV file as text, without repeated header rows.

    Args:
        file: to read from.
        source: name of the file in messages.
        columns: required columns; others are read too.

    Yields:
        The number of the row, from 1 after the header, and its column -> text.

    Raises:
        ValueError: for a missing column, a row with more or fewer fields than the header, or a file that is not CSV;
            with the row.
    """
    reader = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), strict=True)
    row_number = repeated = 0
    try:
        names = next(reader, [])
        missing = [name for name in columns if name not in names]
        if missing:
            raise UserError(f"no column {missing[0]!r}; the columns are {', '.join(names) or 'none'}")
        for values in filter(None, reader):
            row_number += 1
            if len(values) != len(names):
                raise UserError(f"row {row_number} has {len(values)} fields, the header {len(names)}")
            if values == names:
                repeated += 1
                continue
            yield row_number, dict(zip(names, values, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(f"{source}: after row {row_number}: {error}.") from None
    except ValueError as error:
        raise UserError(f"{source}: {error}.") from None
    if repeated:
        logger.warning("%s: %d rows repeat the header and were left out", source, repeated)


def read_table(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a CSV file, gzipped or not, as `read_rows`."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        yield from read_rows(file, str(path), columns)


def parse_numbers(text: str, place: str) -> np.ndarray:
    """Parse a series written as a list, "[1.5, 2, NaN]", or as a list that holds only that list.

    Args:
        text: JSON, or a list of numbers as Python prints it; it is never evaluated.
        place: file, row and column in messages.

    Returns:
        float64 (time,), NaN where a value is missing.

    Raises:
        ValueError: for anything else, an empty list, and infinities.
    """
    try:
        values = np.asarray(json.loads(text.replace("nan", "NaN") if "nan" in text else text), dtype=np.float64)
    except (ValueError, TypeError, OverflowError, RecursionError):
        values = np.empty(0)
    if values.ndim == 2 and len(values) == 1:
        values = values[0]
    if values.ndim != 1 or not len(values) or np.isinf(values).any():
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        raise UserError(f"{place}: {shown!r} is not a list of finite numbers.")
    return values


def parse_acceleration(row: Row, place: str) -> dict[str, np.ndarray]:
    """Parse the series in the columns of `AXES`, by name; errors start with `place`."""
    return {name: parse_numbers(row[column], f"{place}, {column}") for column, name in AXES.items()}


def parse_integer(text: str, place: str) -> int:
    """Parse a whole number such as "7" or "[7]"; errors start with `place`."""
    try:
        return int(text.strip().strip("[]"))
    except ValueError:
        raise UserError(f"{place}: {text!r} is not a whole number.") from None


def check_labels(
    rows: Iterator[tuple[int, Any]],
    source: str,
    label_of: Callable[[Any], str],
    labels_of: Callable[[Any], Collection[str]],
) -> Iterator[tuple[int, Any]]:
    """Pass rows on, up to the first one with an unknown label.

    Args:
        rows: number and content of each row.
        source: name of the file in messages.
        label_of: row -> its label.
        labels_of: row -> the labels that it can have.

    Raises:
        ValueError: at the first unknown label, with the unknown labels of the rest counted.
    """
    for row_number, row in rows:
        if label_of(row) in labels_of(row):
            yield row_number, row
            continue
        unknown = Counter([label_of(row)])
        unknown.update(label_of(other) for _, other in rows if label_of(other) not in labels_of(other))
        counted = ", ".join(f"{label!r} ({count})" for label, count in unknown.most_common())
        raise UserError(
            f"{source}: {unknown.total()} rows have a label that is not in the list, from row {row_number} on: "
            f"{counted}; the labels of that row are {', '.join(labels_of(row))}."
        )
