"""What the sources share: files of an archive one by one, tables row by row, lists written as text, and labels."""

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

Row = dict[str, str]

logger = logging.getLogger(__name__)

_SHOWN = 40


class Bundle:
    """Files of a zip archive, or of the folder it was unpacked to, opened one by one.

    Args:
        path: of the archive or the folder.

    Raises:
        ValueError: if the file is no zip archive.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._archive: zipfile.ZipFile | None = None
        if not self.path.is_dir():
            try:
                self._archive = zipfile.ZipFile(self.path)
            except zipfile.BadZipFile as error:
                raise ValueError(f"{self.path}: is no zip archive ({error}); remove it and fetch it again.") from None

    def names(self) -> list[str]:
        """Every file, as its path in the archive or below the folder."""
        if self._archive is not None:
            return [info.filename for info in self._archive.infolist() if not info.is_dir()]
        return sorted(path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file())

    def find(self, ending: str) -> str:
        """The one file whose path is `ending`, or ends in "/" and it.

        Raises:
            FileNotFoundError: if there is none.
        """
        found = [name for name in self.names() if f"/{name}".endswith(f"/{ending}")]
        if not found:
            raise FileNotFoundError(f"{self.path}: has no {ending}; is it the right archive?")
        return min(found, key=len)

    def open(self, name: str) -> IO[bytes]:
        """A file of the archive, read as a stream.

        Raises:
            FileNotFoundError: if it is not there.
        """
        try:
            return (self.path / name).open("rb") if self._archive is None else self._archive.open(name)
        except (KeyError, FileNotFoundError):
            raise FileNotFoundError(f"{self.path}: has no {name}; is the archive complete?") from None


def read_rows(file: IO[bytes], where: str, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """The rows of a CSV file one by one, as text. Repeated header rows are left out.

    Args:
        file: to read from.
        where: its name in messages.
        columns: those that must be there; others are read too.

    Yields:
        The number of the row, from 1 and without the header, and its column -> text.

    Raises:
        ValueError: for a missing column, a row with more or fewer fields than the header, or what is no CSV file; with
            its place.
    """
    reader = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), strict=True)
    number = repeated = 0
    try:
        names = next(reader, [])
        missing = [name for name in columns if name not in names]
        if missing:
            raise ValueError(f"no column {missing[0]!r}; the columns are {', '.join(names) or 'none'}")
        for values in filter(None, reader):
            number += 1
            if len(values) != len(names):
                raise ValueError(f"row {number} has {len(values)} fields, the header {len(names)}")
            if values == names:
                repeated += 1
                continue
            yield number, dict(zip(names, values, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{where}: after row {number}: {error}.") from None
    except ValueError as error:
        raise ValueError(f"{where}: {error}.") from None
    if repeated:
        logger.warning("%s: %d rows repeat the header and were left out", where, repeated)


def read_table(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """`read_rows` of a file, gzip'd or not.

    Raises:
        ValueError: as `read_rows`.
    """
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        yield from read_rows(file, str(path), columns)


def parse_numbers(text: str, where: str) -> np.ndarray:
    """A series written as a list, "[1.5, 2, NaN]", or as a list with that list alone in it.

    Args:
        text: JSON, or what Python writes for a list of numbers; nothing of it is run.
        where: its place in messages.

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
        raise ValueError(f"{where}: {shown!r} is no list of finite numbers.")
    return values


def parse_integer(text: str, where: str) -> int:
    """A whole number, in brackets or not.

    Raises:
        ValueError: for anything else.
    """
    try:
        return int(text.strip().strip("[]"))
    except ValueError:
        raise ValueError(f"{where}: {text!r} is no whole number.") from None


def known_labels(
    rows: Iterator[tuple[int, Any]],
    where: str,
    label_of: Callable[[Any], str],
    labels_of: Callable[[Any], Collection[str]],
) -> Iterator[tuple[int, Any]]:
    """Passes rows on while their labels are known.

    Raises:
        ValueError: at the first label that is not, once the rest of the rows has been counted: how many rows have such
            labels, which, and which are known.
    """
    for number, row in rows:
        if label_of(row) in labels_of(row):
            yield number, row
            continue
        known = labels_of(row)
        unknown = Counter([label_of(row)])
        unknown.update(label_of(other) for _, other in rows if label_of(other) not in labels_of(other))
        counted = ", ".join(f"{label!r} ({count})" for label, count in unknown.most_common())
        raise ValueError(
            f"{where}: {unknown.total()} rows have a label that is not in the list, from row {number} on: {counted}; "
            f"the labels of that row are {', '.join(known)}."
        )
