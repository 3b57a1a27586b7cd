"""Columns of tables of many series: kinds of tables, ids, and timestamps that repeat from id to id."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...errors import UserError
from ...processing.series_arrays import shortened
from .dates import parse_timestamps
from .frames import holds_lists

# Most columns of a table: more of them are series in rows, or features.
_MOST_COLUMNS = 50_000


def plain_id(ids: pd.Index, position: int) -> Any:
    """Id as a plain object of Python, for messages."""
    return ids[position : position + 1].tolist()[0]


def take_rows(table: pd.DataFrame, names: Sequence[str], rows: np.ndarray) -> pd.DataFrame:
    """Rows of some columns; missing where a row is -1."""
    columns = {name: pd.api.extensions.take(table[name].array, rows, allow_fill=True) for name in names}
    return pd.DataFrame(columns, index=range(len(rows)))


def is_time_index(index: pd.Index) -> bool:
    return isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)


def table_kind(table: Any, source: str) -> str:
    """Library of a table, as `Panel.kind` names it; ValueError for anything else."""
    module = type(table).__module__.partition(".")[0]
    if isinstance(table, pd.DataFrame):
        return "pandas"
    if module in ("polars", "pyarrow") and hasattr(table, "to_pandas"):
        return module
    raise UserError(
        f"{source} is a {type(table).__name__}; give a table of pandas, polars or pyarrow (a Series has to_frame, a "
        "LazyFrame collect)."
    )


def to_pandas(table: Any, source: str) -> pd.DataFrame:
    """Table with text as names of columns; named levels of the index become columns, except a lone index of time."""
    kind = table_kind(table, source)
    columns = table.shape[1]
    if columns > _MOST_COLUMNS:
        raise UserError(
            f"{source} has {columns} columns; at most {_MOST_COLUMNS} are read: give a long table, with a row for "
            "each id and time step (DataFrame.melt makes it), or transpose it."
        )
    frame = table if kind == "pandas" else table.to_pandas()
    levels = [name for name in frame.index.names if name is not None]
    twice = [name for name in levels if name in frame.columns]
    if twice:
        raise UserError(f"{source}: {twice[0]!r} names a column and a level of the index; rename or drop one.")
    if levels:
        frame = frame.reset_index()
    names = frame.columns.map(str)
    if not names.is_unique:
        raise UserError(f"{source}: column {names[names.duplicated()][0]!r} appears twice.")
    if frame.empty:
        raise UserError(f"{source}: a table of {len(frame)} rows and {len(names)} columns; give at least one of each.")
    return frame.set_axis(names, axis=1) if not frame.columns.equals(names) else frame


def to_kind(table: pd.DataFrame, kind: str) -> Any:
    """Convert a table to the library that `Panel.kind` names."""
    if kind == "polars":
        import polars

        return polars.from_pandas(table)
    if kind == "pyarrow":
        import pyarrow

        return pyarrow.Table.from_pandas(table, preserve_index=False)
    return table


def check_columns(table: pd.DataFrame, names: Sequence[str], source: str) -> pd.DataFrame:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise UserError(
            f"{source}: no column {missing[0]!r}; the columns are {shortened([*map(repr, table.columns)], 20)}."
        )
    return table


def check_no_lists(table: pd.DataFrame, columns: Sequence[str], source: str) -> None:
    """Raise a ValueError for a column of ids that holds lists, which cannot be compared."""
    for name in columns:
        if holds_lists(table[name]):
            raise UserError(f"{source}: column {name!r} holds lists; give ids of text, numbers or tuples.")


def id_index(table: pd.DataFrame, columns: Sequence[str]) -> pd.Index:
    if not columns:
        # One series, whose position is its id.
        return pd.Index(np.zeros(len(table), dtype=np.int64))
    if len(columns) > 1:
        return pd.MultiIndex.from_frame(table[list(columns)])
    return pd.Index(table[columns[0]])


def parse_repeated(column: pd.Series, source: str, dayfirst: bool | None = None) -> pd.DatetimeIndex:
    """Parse timestamps that repeat from id to id."""
    column = column.reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or column.isna().any() or holds_lists(column):
        return parse_timestamps(column, source, dayfirst)
    codes, different = pd.factorize(column)
    try:
        stamps = parse_timestamps(pd.Series(different, name=column.name), source, dayfirst)
    except UserError:
        # The message names rows of the table; an order of day and month may also need all of them.
        return parse_timestamps(column, source, dayfirst)
    return stamps[codes]
