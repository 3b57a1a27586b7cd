"""Tables of series: reading them and saying what is wrong with them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

TIMESTAMP_NAMES = ("timestamp", "date", "datetime", "time", "ds")


def read_table(path: str | Path) -> pd.DataFrame:
    """Reads a CSV (also compressed) or parquet file as it is.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is empty, or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; give a CSV or parquet file.")
    if path.stat().st_size == 0:
        raise ValueError(f"{path}: the file is empty; give a header and at least one row.")
    kinds = {suffix.lower() for suffix in path.suffixes}
    try:
        if ".parquet" in kinds:
            table = pd.read_parquet(path)
        elif ".csv" in kinds:
            table = pd.read_csv(path)
        else:
            raise ValueError(f"{path}: unknown kind of file; give .csv, .csv.gz or .parquet.")
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a readable table ({error}).") from error
    if table.empty:
        raise ValueError(f"{path}: the file has a header but no rows.")
    return table


def _timestamp_column(table: pd.DataFrame, name: str | None, source: str) -> str:
    if name is not None:
        if name not in table.columns:
            raise ValueError(f"{source}: no column {name!r}; the columns are {list(table.columns)}.")
        return name
    for column in table.columns:
        if str(column).lower() in TIMESTAMP_NAMES or pd.api.types.is_datetime64_any_dtype(table[column]):
            return column
    raise ValueError(
        f"{source}: no timestamp column; name one of {list(table.columns)} with --timestamp_column, or call it "
        f"{' or '.join(map(repr, TIMESTAMP_NAMES[:2]))}."
    )


def _parse_timestamps(column: pd.Series, source: str) -> pd.DatetimeIndex:
    # Whole numbers such as 19580329 are dates written without dashes, not nanoseconds.
    text = column.astype(str) if pd.api.types.is_integer_dtype(column) else column
    parsed = pd.to_datetime(text, errors="coerce", format="mixed")
    if parsed.isna().any():
        row = int(np.flatnonzero(parsed.isna())[0])
        raise ValueError(
            f"{source}: row {row + 1} of column {column.name!r} is not a timestamp: {column.iloc[row]!r}."
        )
    return pd.DatetimeIndex(parsed)


def _numeric(column: pd.Series, source: str) -> np.ndarray:
    values = pd.to_numeric(column, errors="coerce")
    bad = np.flatnonzero((values.isna() & column.notna()).to_numpy())
    if len(bad):
        raise ValueError(
            f"{source}: row {bad[0] + 1} of column {column.name!r} is not a number: {column.iloc[bad[0]]!r}; name the "
            "numeric columns as targets, or mend the value (an empty cell is a missing value)."
        )
    return values.to_numpy(dtype=np.float64)


def to_series(
    table: pd.DataFrame,
    timestamp_column: str | None = None,
    target_columns: Sequence[str] | None = None,
    source: str = "the table",
) -> pd.DataFrame:
    """Checks a table and turns it into series.

    Args:
        table: one row for each time step, one column for each series, and a column (or index) of timestamps.
        timestamp_column: by default the index if it holds datetimes, else the first column with a usual name.
        target_columns: the series to keep, all by default.
        source: what to call the table in an error.

    Returns:
        DataFrame of float64 with an increasing DatetimeIndex; missing values are NaN.

    Raises:
        ValueError: for a missing, unparseable, duplicate or unsorted timestamp, an unknown or duplicate or non-numeric
            column, an infinity, or a series without any value.
    """
    if not table.columns.is_unique:
        raise ValueError(f"{source}: column {table.columns[table.columns.duplicated()][0]!r} appears twice.")
    if timestamp_column is None and isinstance(table.index, pd.DatetimeIndex):
        timestamps = table.index
    else:
        timestamp_column = _timestamp_column(table, timestamp_column, source)
        timestamps = _parse_timestamps(table[timestamp_column], source)
        table = table.drop(columns=timestamp_column)
    if timestamps.has_duplicates:
        first = timestamps[timestamps.duplicated()][0]
        raise ValueError(f"{source}: timestamp {first} appears more than once; keep one row for each time step.")
    if not timestamps.is_monotonic_increasing:
        row = int(np.flatnonzero(np.diff(timestamps.asi8) < 0)[0]) + 2
        raise ValueError(
            f"{source}: timestamps are not sorted; row {row} ({timestamps[row - 1]}) is earlier than the row before."
        )

    columns = list(table.columns) if target_columns is None else list(target_columns)
    unknown = [column for column in columns if column not in table.columns]
    if unknown or not columns:
        raise ValueError(
            f"{source}: no column {unknown[0]!r}; the columns are {list(table.columns)}."
            if unknown
            else f"{source}: no column of values beside the timestamps."
        )
    series = pd.DataFrame({str(c): _numeric(table[c], source) for c in columns}, index=timestamps)
    for column in series.columns:
        values = series[column].to_numpy()
        if np.isinf(values).any():
            row = int(np.flatnonzero(np.isinf(values))[0])
            raise ValueError(
                f"{source}: row {row + 1} of column {column!r} is infinite; mend the value or leave it empty."
            )
        if np.isnan(values).all():
            raise ValueError(f"{source}: column {column!r} has no values at all; drop it.")
    return series
