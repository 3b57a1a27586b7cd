"""Timestamps that are whole numbers of steps, such as 1, 2, 3, held as seconds since 1970."""

import re

import numpy as np
import pandas as pd

from ...errors import UserError
from .dates import are_years

# The first step is below, and each is below the second: larger whole numbers are days of a spreadsheet, written dates
# or seconds since 1970.
_MOST_FIRST, _MOST = 20_000, 10**8
# A file with text in a column of numbers is read as text.
_WRITTEN = r"\s*[+-]?\d{1,9}\s*"


def _whole_numbers(column: pd.Series) -> np.ndarray | None:
    """Whole numbers of a column, which may be written, int64 (rows,); None for any other column."""
    if column.empty or column.isna().any():
        return None
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.to_numpy(dtype=np.int64)
    if column.dtype not in (object, "str") or not re.fullmatch(_WRITTEN, str(column.iloc[0])):
        return None
    cells = column.astype("str")
    return cells.astype(np.int64).to_numpy() if cells.str.fullmatch(_WRITTEN).all() else None


def are_step_numbers(column: pd.Series) -> bool:
    """Whether a column of timestamps numbers the steps: whole numbers from below 20,000 that are not all years."""
    values = _whole_numbers(column)
    if values is None:
        return False
    return bool(-_MOST < values.min() < _MOST_FIRST and values.max() < _MOST) and not are_years(values)


def numbers_to_timestamps(column: pd.Series, source: str) -> pd.DatetimeIndex:
    """Hold the numbers of steps of a column as timestamps; ValueError for anything but whole numbers."""
    values = _whole_numbers(column)
    if values is None:
        raise UserError(
            f"{source}: column {column.name!r} holds {column.dtype}, but that of the past numbers the steps; give the "
            "numbers that follow."
        )
    return pd.DatetimeIndex(values.astype("datetime64[s]"))


def timestamps_to_numbers(timestamps: pd.DatetimeIndex) -> pd.Index:
    """Numbers of steps that timestamps hold, int64."""
    return pd.Index(timestamps.as_unit("s").asi8, name=timestamps.name)


def step_alias(changes: np.ndarray, freq: str | None, source: str) -> str:
    """Time step as a pandas alias: the given whole number, or the largest that divides all changes.

    Args:
        changes: between neighboring rows of a series, int64.
        freq: given step.
        source: name of the table for errors.

    Raises:
        ValueError: the given step is not a whole number of at least 1, or does not divide all changes.
    """
    common = int(np.gcd.reduce(changes))
    if freq is None:
        return f"{max(1, common)}s"
    if not freq.isdecimal() or int(freq) < 1:
        raise UserError(
            f"{source}: freq is {freq!r}, but the timestamps number the steps; give a whole number, or leave it out."
        )
    if common % int(freq):
        raise UserError(f"{source}: freq is {freq}, but the numbers of some steps differ by {int(changes.min())}.")
    return f"{int(freq)}s"
