"""Long tables in parquet files that are larger than memory: where their ids are, and rows of them."""

import glob
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import UserError
from ...processing.series_arrays import shortened
from .panel_columns import id_index, plain_id
from .panel_reading import Names, find_names

logger = logging.getLogger(__name__)

# Rows from which the columns are told.
_HEAD_ROWS = 1000


@dataclass(frozen=True)
class LongFiles:
    """Parquet files that hold one long table, one after the other, and the places of its ids.

    Args:
        name: of the table, for messages.
        columns: of ids, timestamps and targets.
        others: other columns to read.
        groups: file and number of each row group.
        group_offsets: first row of each row group and the end of the last, int64 (row groups + 1,).
        ids: of the series, (series,).
        offsets: first row of each series and the end of the last, int64 (series + 1,).
    """

    name: str
    columns: Names
    others: tuple[str, ...]
    groups: tuple[tuple[Path, int], ...]
    group_offsets: np.ndarray
    ids: pd.Index
    offsets: np.ndarray

    def read(self, begin: int, end: int) -> pd.DataFrame:
        """Rows from `begin` to `end`, which is not among them, of the columns that are used.

        Raises:
            ValueError: a row group that is damaged.
        """
        first, last = np.searchsorted(self.group_offsets, (begin, end - 1), side="right") - 1
        columns = [*self.columns.ids, self.columns.timestamp, *self.columns.targets, *self.others]
        parts = [_read_group(*self.groups[number], columns, self.columns.ids) for number in range(first, last + 1)]
        start = begin - int(self.group_offsets[first])
        try:
            table = pa.concat_tables(parts, promote_options="permissive").slice(start, end - begin)
        except (ValueError, TypeError) as error:
            told = " ".join(str(error).split())
            raise UserError(f"{self.name}: its files have columns of different types ({told}).") from None
        return table.to_pandas(ignore_metadata=True)

    def read_series(self, first: int, last: int) -> pd.DataFrame:
        """Rows of the series from `first` to `last`, which is not among them."""
        return self.read(int(self.offsets[first]), int(self.offsets[last]))

    def label(self, series: int) -> str:
        """Name of a series for messages."""
        return f"{self.name}: id {plain_id(self.ids, series)!r}"


def _open(path: Path, dictionaries: Sequence[str] = ()) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, read_dictionary=list(dictionaries))
    except (ValueError, OSError) as error:
        raise UserError(f"{path}: not a readable parquet file ({' '.join(str(error).split())}).") from None


def _read_group(path: Path, number: int, columns: Sequence[str], ids: Sequence[str]) -> pa.Table:
    """Some columns of a row group; ids of text as a dictionary, which takes a fraction of the memory."""
    with _open(path, ids) as file:
        absent = [name for name in columns if name not in file.schema_arrow.names]
        if absent:
            raise UserError(f"{path}: no column {absent[0]!r}; the columns are {shortened(file.schema_arrow.names)}.")
        try:
            return file.read_row_group(number, columns=list(columns))
        except (ValueError, OSError) as error:
            raise UserError(f"{path}: row group {number} is damaged ({' '.join(str(error).split())}).") from None


def find_parquet_files(data: str) -> list[Path]:
    """Parquet files of a folder (and the folders in it), of a pattern with `*`, or a single one, in order of names.

    Raises:
        FileNotFoundError: there are none.
    """
    place = Path(data)
    # Path.glob takes no pattern of an absolute path.
    found = place.rglob("*.parquet") if place.is_dir() else map(Path, glob.glob(data, recursive=True))  # noqa: PTH207
    # Those with an underscore are notes of Spark and Dask.
    files = sorted(path for path in found if path.is_file() and not path.name.startswith(("_", ".")))
    if not files:
        raise FileNotFoundError(
            f"{data}: no parquet file; give one, a folder, or a pattern such as 'sales/*.parquet'."
        )
    wrong = [path for path in files if path.suffix != ".parquet"]
    if wrong:
        raise UserError(f"{wrong[0]}: streaming reads parquet files; write it as parquet, or leave streaming out.")
    return files


def _head(path: Path) -> pd.DataFrame:
    """First rows of a file, with all columns but unnamed numbers of rows."""
    with _open(path) as file:
        batch = next(file.iter_batches(batch_size=_HEAD_ROWS), None)
        if batch is None or not batch.num_rows:
            raise UserError(f"{path}: the file has no rows; leave it out.")
        table = batch.to_pandas(ignore_metadata=True)
    return table.drop(columns=[name for name in table.columns if name.startswith("__index_level_")])


def _group_ids(files: Sequence[Path], columns: Sequence[str]) -> Iterator[tuple[tuple[Path, int], pd.DataFrame]]:
    """Yield the ids of every row of each row group, which is all that is read."""
    for path in files:
        with _open(path) as file:
            groups = file.num_row_groups
        for number in range(groups):
            yield (path, number), _read_group(path, number, columns, columns).to_pandas(ignore_metadata=True)


def index_files(
    data: str,
    id_column: str | Sequence[str],
    timestamp_column: str,
    target: str | Sequence[str],
    others: Sequence[str] = (),
) -> LongFiles:
    """Find the ids of a long table in parquet files, whose rows are sorted by id; of other columns nothing is read.

    Args:
        data: a file, a folder or a pattern; see `find_parquet_files`. An id may go on from one file to the next.
        id_column: column of ids, or several, as `read_panel` finds them.
        timestamp_column: column of timestamps.
        target: column to forecast, or several.
        others: other columns to read, such as covariates.

    Raises:
        FileNotFoundError: there are no files.
        ValueError: a column is missing or holds no id in some row, or the rows of an id do not follow one another.
    """
    files = find_parquet_files(data)
    names = find_names(_head(files[0]), id_column, timestamp_column, target, data, others)
    if not names.ids or not names.targets:
        raise UserError(f"{data}: streaming takes a long table, with a column of ids; name it with --id.")
    groups, sizes, starts, heads = [], [0], [], []
    last: tuple[Any, ...] | None = None
    for place, ids in _group_ids(files, names.ids):
        if not len(ids):
            continue
        is_new = np.zeros(len(ids), dtype=bool)
        for name in names.ids:
            codes = pd.factorize(ids[name])[0]
            if codes.min() < 0:
                raise UserError(f"{place[0]}: column {name!r} has a row without an id; give every row one.")
            is_new[1:] |= np.diff(codes) != 0
        first = tuple(ids.iloc[0])
        is_new[0] = first != last
        last = tuple(ids.iloc[-1])
        starts.append(np.flatnonzero(is_new) + sizes[-1])
        heads.append(ids[is_new].astype(object))
        groups.append(place)
        sizes.append(sizes[-1] + len(ids))
    found = id_index(pd.concat(heads, ignore_index=True), names.ids)
    if found.has_duplicates:
        twice = plain_id(found[found.duplicated()], 0)
        raise UserError(f"{data}: rows of id {twice!r} are in two places; sort the table by id and time.")
    offsets = np.concatenate((*starts, [sizes[-1]]))
    logger.info("%s: %d ids, %d rows in %d files", data, len(found), sizes[-1], len(files))
    return LongFiles(data, names, tuple(others), tuple(groups), np.array(sizes), found, offsets)
