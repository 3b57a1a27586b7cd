"""Validation of tables, and their conversion to series."""

import datetime
import logging
import re
from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ...errors import UserError
from .dates import are_dates, are_years, is_written_date, parse_timestamps

logger = logging.getLogger(__name__)

TIMESTAMP_NAMES = ("timestamp", "date", "datetime", "time", "ds")
# Column of the numbers of the rows of a table without timestamps.
STEP = "step"
# Names of columns that identify the series of a row, and names that may do so.
_IDENTIFIER = re.compile(r"^id$|_(?:id|nbr)$")
NAMES_OF_SERIES = ("series", "item", "store", "sku", "ticker", "symbol")
# Names of further columns of dates, besides those of timestamps.
_DATE = re.compile(r"(?:^|_)(?:timestamp|datetime|date|epoch|unix)(?:_|$)")
_CALENDAR = {name: name for name in ("year", "quarter", "month", "day", "hour", "minute")} | {
    "weekday": "day_of_week",
    "dayofweek": "day_of_week",
    "day_of_week": "day_of_week",
    "dayofyear": "day_of_year",
    "day_of_year": "day_of_year",
}
_YEARS = ("year", "jahr")
_NAMELESS = re.compile(r"(?:Unnamed: [\d.]+)?|None")
# Names that pandas, polars, R and spreadsheets give to row numbers; other columns may have them, too.
_ROW_NUMBERS = re.compile(r"(?:index|level_\d+|row|row_?(?:names?|num|number|nr|index|id)|time_idx|nr|no\.?|#)")
_KINDS = {
    "dates": datetime.date,
    "times of day": datetime.time,
    "periods": pd.Period,
    "durations": datetime.timedelta,
    "complex numbers": complex,
}


def _has_index_of_time(table: pd.DataFrame) -> bool:
    return isinstance(table.index, pd.DatetimeIndex | pd.PeriodIndex)


def find_timestamp_column(table: pd.DataFrame, name: str | None, source: str) -> Any:
    """Find the column of timestamps: the one named, the first with a usual name, or the only one that holds dates.

    Raises:
        ValueError: no such column, or several columns of dates.
    """
    if name is not None:
        if name not in table.columns:
            raise UserError(f"{source}: no column {name!r}; the columns are {list(table.columns)}.")
        return name
    for column in table.columns:
        if str(column).lower() in TIMESTAMP_NAMES:
            return column
    # A written index without a name.
    if len(table.columns) and _is_nameless(table.columns[0]) and table.iloc[:, 0].dtype in (object, "str"):
        return table.columns[0]
    dated = [column for column in table.columns if _holds_dates(column, table[column])]
    if len(dated) == 1:
        logger.info("%s: column %r holds the timestamps.", source, dated[0])
        return dated[0]
    if dated:
        raise UserError(
            f"{source}: columns {', '.join(map(repr, dated))} hold dates; name that of the timestamps with "
            "--timestamp_column (timestamp_column= in Python)."
        )
    usual = " or ".join(map(repr, TIMESTAMP_NAMES[:2]))
    how = f"name one of {list(table.columns)} with --timestamp_column, or call it" if len(table.columns) else "add one"
    raise UserError(f"{source}: no timestamp column; {how} {usual}.")


def number_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Add a column `STEP`, 1, 2, ..., to a table of numbers alone that has no dates; return others as they are."""
    if not len(table) or not table.dtypes.map(pd.api.types.is_numeric_dtype).all():
        return table
    for column, cells in table.items():
        if str(column).lower() in (*TIMESTAMP_NAMES, STEP) or _holds_dates(column, cells):
            return table
    return table.assign(**{STEP: range(1, len(table) + 1)})


def _holds_dates(column: Any, cells: pd.Series) -> bool:
    """Whether a column holds dates, as such or written; numbers are dates such as 20240131, or years by name."""
    dtype = cells.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    if pd.api.types.is_integer_dtype(dtype):
        values = np.unique(cells.dropna().to_numpy(dtype=np.int64))
        return bool(len(values)) and (are_dates(values) or (str(column).lower() in _YEARS and are_years(values)))
    if pd.api.types.is_numeric_dtype(dtype):
        return False
    what = other_content(cells)
    return what in ("dates", "periods") or (what is None and is_written_date(cells))


def _is_nameless(column: Any) -> bool:
    return _NAMELESS.fullmatch(str(column)) is not None


def is_identifier(column: Any) -> bool:
    return _IDENTIFIER.search(str(column).lower()) is not None


def _check_is_wide(table: pd.DataFrame, timestamps: pd.DatetimeIndex, chosen: bool, source: str) -> None:
    """Raise ValueError for a long table: series below each other, recognized by a column of repeating identifiers.

    Ambiguous names, and any name if target columns are given, count only where time starts again.
    """
    starts_again = timestamps.has_duplicates or not timestamps.is_monotonic_increasing
    for column in table.columns:
        is_strong = is_identifier(column) and not chosen
        if is_strong or (starts_again and (is_identifier(column) or str(column).lower() in NAMES_OF_SERIES)):
            count = table[column].nunique()
            if 1 < count < len(table):
                raise UserError(
                    f"{source}: column {column!r} names {count} series, one below the other; name it with --id "
                    "(id_column= in Python), or give a table with a column for each, as "
                    f"DataFrame.pivot(index=..., columns={column!r}, values=...) makes it."
                )


def hint_of_ids(table: pd.DataFrame) -> str:
    """End of a message on a timestamp that a table has twice: a column that may name several series."""
    for name in table.columns:
        cells, text = table[name], str(name)
        if is_identifier(name) or text.lower() in NAMES_OF_SERIES or not pd.api.types.is_numeric_dtype(cells):
            return (
                "; if the table holds several series, name the columns of their ids with --id (id_column= in Python), "
                f"such as {text!r}"
            )
    return ""


def is_row_number(column: Any, cells: pd.Series) -> bool:
    """Whether a column without a name numbers the rows."""
    if not _is_nameless(column):
        return False
    if not pd.api.types.is_integer_dtype(cells.dtype) or cells.isna().any():
        return False
    return len(cells) == 1 or bool((np.diff(cells.to_numpy(dtype=np.int64)) > 0).all())


def other_content(cells: pd.Series) -> str | None:
    """Name of the content of a column that cannot be a series, by the type of its cells; None for a series."""
    dtype = cells.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    if isinstance(dtype, pd.ArrowDtype):
        dtype = dtype.numpy_dtype  # type: ignore[attr-defined]  # not in pandas-stubs
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "dates"
    if isinstance(dtype, pd.PeriodDtype):
        return "periods"
    if isinstance(dtype, pd.IntervalDtype):
        return "intervals"
    if dtype.kind in "mc":
        return {"m": "durations", "c": "complex numbers"}[dtype.kind]
    kinds = set(cells.dropna().map(type)) if isinstance(dtype, np.dtype) and dtype.kind == "O" else set()
    if pd.api.types.is_bool_dtype(dtype) or (kinds and kinds <= {bool, np.bool_}):
        return "booleans"
    for what, kind in _KINDS.items():
        if any(issubclass(cell_type, kind) for cell_type in kinds):
            return what
    return None


def holds_lists(cells: pd.Series) -> bool:
    """Whether a column holds lists, arrays or other cells that are not hashable."""
    if isinstance(cells.dtype, pd.ArrowDtype):
        return pa.types.is_nested(cells.dtype.pyarrow_dtype)
    return cells.dtype == object and any(kind.__hash__ is None for kind in set(cells.map(type)))


def _label_content(column: Any, cells: pd.Series, timestamps: pd.DatetimeIndex) -> str | None:
    """Name of the content of a column that numbers, identifies or dates the rows; None for a series."""
    name, is_whole, count = str(column).lower(), pd.api.types.is_integer_dtype(cells.dtype), np.arange(len(cells))
    if is_row_number(column, cells):
        return "row numbers"
    if _ROW_NUMBERS.fullmatch(name) and is_whole and any(np.array_equal(cells, count + first) for first in (0, 1)):
        return "row numbers"
    is_text = cells.dtype in (object, "str")
    names_series = is_identifier(column) or (name in NAMES_OF_SERIES and (is_whole or is_text))
    if names_series and cells.nunique(dropna=False) == 1:
        return "the same identifier in every row"
    if is_whole or is_text:
        if is_identifier(column) and cells.nunique() == len(cells):
            return "an identifier of each row"
        if name in TIMESTAMP_NAMES or _DATE.search(name):
            return "dates"
    # Seconds since 1970 become floats where any is missing or has a part.
    if pd.api.types.is_float_dtype(cells.dtype) and _DATE.search(name) and cells.min() >= 1e8:
        return "dates"
    if is_whole and not cells.isna().any():
        values = cells.to_numpy(dtype=np.int64)
        if are_dates(values) or (name in _CALENDAR and np.array_equal(values, getattr(timestamps, _CALENDAR[name]))):
            return "dates"
    return None


def _may_be_number(cell: Any) -> bool:
    # A boolean and a duration of numpy are whole numbers to Python, and an integer may be beyond any float.
    if isinstance(cell, int) and cell.bit_length() > 1023:
        return False
    return isinstance(cell, str | Real | Decimal) and not isinstance(cell, bool | np.timedelta64)


def numeric_values(column: pd.Series, source: str) -> np.ndarray:
    if isinstance(column.dtype, pd.CategoricalDtype | pd.ArrowDtype) and not pd.api.types.is_numeric_dtype(column):
        # Arrow text that is not a number would become NaN, which pandas does not count as missing there.
        column = pd.Series(np.asarray(column, dtype=object), name=column.name)
    wrong, numbers = np.zeros(len(column), dtype=bool), column
    if column.dtype == object:
        wrong = (column.notna() & ~column.map(_may_be_number).astype(bool)).to_numpy(dtype=bool)
        numbers = column.mask(wrong)
    values = pd.to_numeric(numbers, errors="coerce")
    bad = np.flatnonzero(wrong | (values.isna() & numbers.notna()).to_numpy(dtype=bool))
    if len(bad):
        cell = repr(column.iloc[bad[0]])
        raise UserError(
            f"{source}: row {bad[0] + 1} of column {column.name!r} is not a number: "
            f"{cell if len(cell) < 80 else cell[:77] + '...'}; name the numeric columns as targets, or correct the "
            "value (an empty cell is a missing value)."
        )
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _columns_of_series(
    table: pd.DataFrame, timestamps: pd.DatetimeIndex, wanted: Sequence[str] | None, source: str
) -> list[Any]:
    """Select the columns of series: the wanted ones, or all with the content of a series."""
    if wanted is not None:
        unknown = [column for column in wanted if column not in table.columns]
        if unknown:
            raise UserError(f"{source}: no column {unknown[0]!r}; the columns are {list(table.columns)}.")
        for column in wanted:
            if what := other_content(table[column]):
                raise UserError(f"{source}: column {column!r} holds {what}, not a series; name columns of numbers.")
        return list(wanted)
    left_out = {
        name: other_content(table[name]) or _label_content(name, table[name], timestamps) for name in table.columns
    }
    for column, what in left_out.items():
        if what:
            logger.warning("%s: column %r is left out: it holds %s, not a series", source, column, what)
    return [column for column, what in left_out.items() if not what]


def to_series(
    table: pd.DataFrame,
    timestamp_column: str | None = None,
    target_columns: Sequence[str] | None = None,
    source: str = "the table",
    dayfirst: bool | None = None,
) -> pd.DataFrame:
    """Check a table and convert it to series.

    Columns that are not series are left out with a warning: row numbers without a name, an identifier that is the
    same in every row (`unique_id`, `item_id`, ...), dates, periods, durations, booleans and complex numbers.

    Args:
        table: one row for each time step, one column for each series, and a column (or index) of timestamps.
        timestamp_column: column of timestamps; by default an index of datetimes, else the first usual name.
        target_columns: series to keep, all by default.
        source: name of the table for errors.
        dayfirst: whether 01/02/2024 is 1 February; inferred from the whole column by default.

    Returns:
        float64 DataFrame with an increasing DatetimeIndex; missing values are NaN. Rows that are out of order in time
        are sorted, with a warning.

    Raises:
        ValueError: a missing, unparsable, ambiguous or duplicate timestamp, an unknown, duplicate or non-numeric
            column, an infinity, a series without any value, or series below each other.
    """
    return to_series_and_covariates(table, timestamp_column, target_columns, (), source, dayfirst)[0]


def to_series_and_covariates(
    table: pd.DataFrame,
    timestamp_column: str | None,
    target_columns: Sequence[str] | None,
    covariate_columns: Sequence[Any],
    source: str,
    dayfirst: bool | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Series of a table, and its columns of covariates as they are, in the same rows; otherwise as `to_series`."""
    # Names are compared as text: 1 and "1" are the same.
    names = table.columns.map(str)
    if not names.is_unique:
        raise UserError(f"{source}: column {names[names.duplicated()][0]!r} appears twice.")
    covariates, table = table[list(covariate_columns)], table.drop(columns=list(covariate_columns))
    names = table.columns
    if table.empty:
        raise UserError(f"{source}: a table of {len(table)} rows and {len(names)} columns; give at least one of each.")
    if not _has_index_of_time(table) and table.index.names != [None]:
        table = table.reset_index()
    if _has_index_of_time(table) and timestamp_column in (None, table.index.name):
        timestamps = parse_timestamps(table.index.to_series(), source)
    else:
        timestamp_column = find_timestamp_column(table, timestamp_column, source)
        timestamps = parse_timestamps(table[timestamp_column], source, dayfirst)
        table = table.drop(columns=timestamp_column)
    covariates = covariates.set_axis(timestamps)
    _check_is_wide(table, timestamps, target_columns is not None, source)
    if timestamps.has_duplicates:
        first = timestamps[timestamps.duplicated()][0]
        hint = hint_of_ids(table)
        raise UserError(f"{source}: timestamp {first} appears more than once; keep one row for each time step{hint}.")

    columns = _columns_of_series(table, timestamps, target_columns, source)
    if not columns:
        raise UserError(f"{source}: no column of values beside the timestamps.")
    series = pd.DataFrame({str(c): numeric_values(table[c], source) for c in columns}, index=timestamps)
    for column in series.columns:
        values = series[column].to_numpy()
        if np.isinf(values).any():
            row = int(np.flatnonzero(np.isinf(values))[0])
            raise UserError(
                f"{source}: row {row + 1} of column {column!r} is infinite; correct the value or leave it empty."
            )
        if np.isnan(values).all():
            raise UserError(f"{source}: column {column!r} has no values at all; drop it.")
    if timestamps.is_monotonic_increasing:
        return series, covariates
    row = int(np.flatnonzero(np.diff(timestamps.asi8) < 0)[0]) + 2
    logger.warning(
        "%s: timestamps are not in order, row %d (%s) is earlier than the row before; the rows are sorted by time.",
        source,
        row,
        timestamps[row - 1],
    )
    return series.sort_index(), covariates.sort_index()
