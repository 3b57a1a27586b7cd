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

    @property
    def used(self) -> list[str]:
        """Columns that are used."""
        return [*self.columns.ids, self.columns.timestamp, *self.columns.targets, *self.others]

    def read(self, begin: int, end: int, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Rows from `begin` to `end`, which is not among them, of some columns, by default all that are used.

        Raises:
            ValueError: a row group that is damaged.
        """
        first, last = self._group_of(begin), self._group_of(end - 1)
        columns = self.used if columns is None else columns
        parts = [_read_group(*self.groups[number], columns, self.columns.ids) for number in range(first, last + 1)]
        start = begin - int(self.group_offsets[first])
        table = pa.concat_tables(parts, promote_options="permissive").slice(start, end - begin)
        return table.to_pandas(ignore_metadata=True)

    def read_series(self, first: int, last: int, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Rows of the series from `first` to `last`, which is not among them; `columns` as `read` takes them."""
        return self.read(int(self.offsets[first]), int(self.offsets[last]), columns)

    def series_of(self, row: int) -> int:
        """Series of a row."""
        return int(np.searchsorted(self.offsets, row, side="right")) - 1

    def place(self, first: int, last: int) -> str:
        """File, or first and last file, of the series from `first` to `last`, which is not among them."""
        numbers = (self._group_of(int(self.offsets[first])), self._group_of(int(self.offsets[last]) - 1))
        return " to ".join(dict.fromkeys(str(self.groups[number][0]) for number in numbers))

    def label(self, series: int) -> str:
        """Name of a series for messages, with its file."""
        return f"{self.place(series, series + 1)}: id {plain_id(self.ids, series)!r}"

    def time(self, row: int) -> Any:
        """Time of a row, as the table has it."""
        return self.read(row, row + 1, [self.columns.timestamp]).iat[0, 0]

    def _group_of(self, row: int) -> int:
        return int(np.searchsorted(self.group_offsets, row, side="right")) - 1

    def check_finite(self) -> None:
        """Raise a ValueError for an infinite value of a target or covariate, with file, id and time.

        A row group whose statistics bound a column is not read for it.
        """
        values = [*self.columns.targets, *self.others]
        for (path, number), begin, end in zip(self.groups, self.group_offsets, self.group_offsets[1:], strict=False):
            with _open(path) as file:
                unbounded = [name for name in values if not _is_bounded(file, number, name)]
            if not unbounded:
                continue
            table = self.read(int(begin), int(end), unbounded)
            infinite = np.isinf(table.to_numpy(dtype=np.float64, na_value=np.nan))
            if infinite.any():
                row, column = np.argwhere(infinite)[0].tolist()
                row += int(begin)
                raise UserError(
                    f"{self.label(self.series_of(row))} has an infinite {unbounded[column]} at {self.time(row)}; "
                    "correct it or leave it empty."
                )


def _open(path: Path, dictionaries: Sequence[str] = ()) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, read_dictionary=list(dictionaries))
    except (ValueError, OSError) as error:
        raise UserError(f"{path}: not a readable parquet file ({' '.join(str(error).split())}).") from None


def _read_group(path: Path, number: int, columns: Sequence[str], ids: Sequence[str]) -> pa.Table:
    """Some columns of a row group; ids of text as a dictionary, which takes a fraction of the memory."""
    with _open(path, ids) as file:
        try:
            return file.read_row_group(number, columns=list(columns))
        except (ValueError, OSError) as error:
            raise UserError(f"{path}: row group {number} is damaged ({' '.join(str(error).split())}).") from None


def _is_bounded(file: pq.ParquetFile, group: int, column: str) -> bool:
    """Whether a column of a row group has no infinity, by its type or its statistics."""
    if not pa.types.is_floating(file.schema_arrow.field(column).type):
        return True
    parts = file.metadata.row_group(group)
    chunk = next(part for part in map(parts.column, range(parts.num_columns)) if part.path_in_schema == column)
    found = chunk.statistics
    return found is not None and found.has_min_max and bool(np.isfinite([found.min, found.max]).all())


def _check_types(files: Sequence[Path], names: Names, others: Sequence[str]) -> None:
    """Raise a ValueError for a file that lacks a column, or has it with another type than the files before it."""
    common = pa.schema([])
    for path in files:
        with _open(path) as file:
            schema = file.schema_arrow
        used = [_field(path, schema, name) for name in (*names.ids, names.timestamp, *names.targets, *others)]
        for name in names.targets:
            kind = schema.field(name).type
            if pa.types.is_string(_plain(kind)) or pa.types.is_large_string(_plain(kind)):
                raise UserError(f"{path}: column {name!r} holds text ({kind}); write it as numbers.")
        try:
            common = pa.unify_schemas([common, pa.schema(used)], promote_options="permissive")
        except (ValueError, TypeError) as error:
            told = " ".join(str(error).split())
            raise UserError(f"{path}: a column has another type than in the files before ({told}).") from None


def _field(path: Path, schema: pa.Schema, name: str) -> pa.Field:
    if name not in schema.names:
        raise UserError(f"{path}: no column {name!r}; the columns are {shortened(schema.names)}.")
    return schema.field(name)


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


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
    _check_types(files, names, others)
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
    offsets = np.concatenate((*starts, [sizes[-1]]))
    table = LongFiles(data, names, tuple(others), tuple(groups), np.array(sizes), found, offsets)
    if found.has_duplicates:
        again = int(np.argmax(found.duplicated()))
        raise UserError(
            f"{table.label(again)} comes back at {table.time(int(offsets[again]))}, after rows of other ids; sort the "
            "table by id and time."
        )
    logger.info("%s: %d ids, %d rows in %d files", data, len(found), sizes[-1], len(files))
    return table
