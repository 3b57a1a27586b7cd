"""Tables that visitors upload or paste, as panels."""

import logging
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from pyarrow import ArrowInvalid

from ..answers.subject import names_of
from ..data.series.frames import (
    NAMES_OF_SERIES,
    STEP,
    find_timestamp_column,
    is_identifier,
    number_rows,
    other_content,
)
from ..data.series.panel_reading import read_panel
from ..data.series.panels import ID, TARGET, TIMESTAMP, Panel
from ..data.series.tables import read_table
from ..errors import UserError
from .notes import collected

logger = logging.getLogger(__name__)

SUFFIXES = (".csv", ".tsv", ".parquet", ".xlsx")
# Bytes of a file and characters of a pasted text; bytes that a spreadsheet unpacks to; cells of a table; its series.
MOST_BYTES, _MOST_PASTED = 20_000_000, 2_000_000
_MOST_UNPACKED, _MOST_CELLS, MOST_SERIES = 60_000_000, 4_000_000, 2_000
PASTED = "pasted text"
_FEWER = "give less of it, or run `ts-llm-fusion forecast` on it"


@dataclass(frozen=True)
class Columns:
    """Columns of a table, as a visitor chose them; nothing where they are to be found.

    Args:
        ids: that tell series apart which stand one below the other.
        timestamp: of the timestamps.
        targets: to forecast.
    """

    ids: tuple[str, ...] = ()
    timestamp: str = ""
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Upload:
    """Table of a visitor.

    Args:
        name: of the file.
        table: as it was read.
        panel: its series.
        columns: that it was read by.
    """

    name: str
    table: pd.DataFrame
    panel: Panel
    columns: Columns

    @property
    def series(self) -> list[str]:
        """Names of the series; a name that stands for several is numbered."""
        names = names_of(self.panel)
        if len(set(names)) == len(names):
            return names
        return [f"{number}: {name}" for number, name in enumerate(names, start=1)]

    @property
    def stem(self) -> str:
        """Name without its suffix, of letters, digits, - and _, for files that are made from it."""
        return re.sub(r"[^\w-]+", "_", self.name.partition(".")[0]).strip("_")[:80] or "table"

    def place(self, series: str | None) -> tuple[int, int]:
        """Positions of a series and its target by its name; those of the first one by default.

        Raises:
            ValueError: no series of this name.
        """
        names = self.series
        if series is not None and series not in names:
            raise UserError(f"{self.name}: no series {series!r}; choose one of its {len(names):,}.")
        return divmod(0 if series is None else names.index(series), len(self.panel.targets))


def _check_size(path: Path) -> None:
    """Raise ValueError for a file that is, or would be in memory, larger than the page takes."""
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path.name}: unknown kind of file; give {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")
    if path.stat().st_size > MOST_BYTES:
        raise UserError(f"{path.name}: more than {MOST_BYTES // 1_000_000} MB; {_FEWER}.")
    cells, unpacked = 0, 0
    if path.suffix.lower() == ".parquet":
        try:
            found = pq.read_metadata(path)
        except (ArrowInvalid, OSError):
            return  # Reading says why.
        cells = found.num_rows * found.num_columns
    elif path.suffix.lower() == ".xlsx" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    if cells > _MOST_CELLS or unpacked > _MOST_UNPACKED:
        raise UserError(f"{path.name}: too many cells for this page; {_FEWER}.")


def read_file(path: str | Path) -> pd.DataFrame:
    """Read an uploaded table.

    Raises:
        ValueError, OSError: as `read_table`, or it is too large. The message names the file without its folder.
    """
    path = Path(path)
    _check_size(path)
    return _read(path, path.name)


def _read(path: Path, name: str) -> pd.DataFrame:
    """Read a table whose messages tell its name, and not where it lies."""
    try:
        with collected() as lines:
            table = read_table(path)
    except UserError as error:
        raise UserError(str(error).replace(str(path), name)) from None
    for line in lines:
        logger.info("%s", line.replace(str(path), name))
    return table


def read_pasted(text: str) -> pd.DataFrame:
    """Read a pasted table, with a header, or numbers alone, separated by spaces, commas, semicolons or lines.

    Raises:
        ValueError: it is empty, too long, or neither.
    """
    if not text.strip():
        raise UserError(f"{PASTED}: it is empty; paste a table with a header, or numbers.")
    if len(text) > _MOST_PASTED:
        raise UserError(f"{PASTED}: more than {_MOST_PASTED:,} characters; upload it as a file.")
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    if all(re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|NaN|NA", word) for word in words):
        return pd.DataFrame({"value": pd.to_numeric(pd.Series(words), errors="coerce")})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pasted.csv")
        path.write_text(text, encoding="utf-8")
        return _read(path, PASTED)


def usual_columns(table: pd.DataFrame, name: str) -> Columns:
    """Columns to read a table by before a visitor chooses any.

    Where timestamps repeat, columns of ids, by their names, or else all columns of text, tell series apart.
    """
    table = number_rows(table)
    try:
        timestamp = find_timestamp_column(table, None, name)
    except UserError:
        return Columns()
    if ID in table.columns or "unique_id" in table.columns or not table[timestamp].duplicated().any():
        return Columns()
    others = table.drop(columns=timestamp)
    named = [column for column in others if is_identifier(column) or str(column).lower() in NAMES_OF_SERIES]
    text = others.select_dtypes(["object", "string", "category"]).columns
    ids = named or [column for column in text if other_content(others[column]) is None]
    if ids:
        verb = "tells" if len(ids) == 1 else "tell"
        logger.info("%s: %s %s the series apart.", name, " and ".join(map(repr, ids)), verb)
    return Columns(tuple(map(str, ids)))


def open_table(
    table: pd.DataFrame, name: str, columns: Columns = Columns(), options: Mapping[str, Any] | None = None
) -> Upload:
    """Find the series of a table.

    Args:
        table: from `read_file` or `read_pasted`.
        name: of the table, for messages.
        columns: to read it by.
        options: that the model brings, from `prediction.reading_options`.

    Raises:
        ValueError: as `read_panel`, or there are too many cells or series.
    """
    if table.size > _MOST_CELLS:
        raise UserError(f"{name}: too many cells for this page; {_FEWER}.")
    table = number_rows(table)
    if STEP in table.columns and not columns.timestamp:
        columns = replace(columns, timestamp=STEP)
    ids, timestamp, targets = columns.ids or ID, columns.timestamp or TIMESTAMP, columns.targets or TARGET
    panel = read_panel(table, ids, timestamp, targets, source=name, **(options or {}))
    if len(panel) * len(panel.targets) > MOST_SERIES:
        raise UserError(f"{name}: more than {MOST_SERIES:,} series; {_FEWER}.")
    return Upload(name, table, panel, columns)
