"""Columns that hold one value for each series."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ...errors import UserError


def is_constant(column: pd.Series, series_of_rows: np.ndarray, count: int) -> np.ndarray:
    """Whether the values of a column are the same in each series, (series,); missing ones aside.

    Args:
        column: (rows,).
        series_of_rows: position of the series of each row, int64 (rows,).
        count: number of series.
    """
    codes, _ = pd.factorize(column)
    seen = codes >= 0
    highest, lowest = (np.full(count, fill) for fill in (-1, len(codes)))
    np.maximum.at(highest, series_of_rows[seen], codes[seen])
    np.minimum.at(lowest, series_of_rows[seen], codes[seen])
    return highest <= lowest


def static_values(
    table: pd.DataFrame,
    names: Sequence[str],
    series_of_rows: np.ndarray,
    count: int,
    label: Callable[[int], str],
    remedy: str,
) -> pd.DataFrame:
    """The value of each series in some columns, (series, names); missing where no row of the series has one.

    Args:
        table: (rows, columns).
        names: columns.
        series_of_rows: as in `is_constant`.
        count: number of series.
        label: name of the table and of a series by its position, for the message.
        remedy: end of the message.

    Raises:
        ValueError: a column changes within a series.
    """
    for name in names:
        changes = ~is_constant(table[name], series_of_rows, count)
        if changes.any():
            raise UserError(f"{label(int(changes.argmax()))}: static covariate {name!r} changes over time; {remedy}.")
    return table[list(names)].groupby(series_of_rows).first()
