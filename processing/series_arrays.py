"""Conversion of series in any container to float64 arrays, NaN where a value is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from transformers.utils import is_pandas_available

# A checkpoint carries this code to where pandas may be missing; arrays do not need it.
if is_pandas_available():
    import pandas as pd

ALLOWED = (
    "numbers in a list, a numpy array, a torch tensor, or a series or table of pandas, polars or pyarrow, missing "
    "values as NaN or None"
)


# Standard deviation, as a share of the largest magnitude, up to which a column counts as constant because of rounding;
# by the size of its floating-point numbers in bytes.
_ROUNDING = {2: 1e-2, 4: 1e-6, 8: 1e-12}


def is_container(series: Any) -> bool:
    """Whether an object is an array, series or table of a library, which holds all its values itself."""
    held = any(hasattr(series, name) for name in ("columns", "to_numpy")) and hasattr(series, "__len__")
    return held or getattr(series, "shape", ()) != ()


def is_list(series: Any) -> bool:
    """Whether an object is a plain ordered sequence or iterator of Python."""
    return (
        isinstance(series, Iterable)
        and not isinstance(series, str | bytes | bytearray | Mapping | Set)
        and not is_container(series)
        and not hasattr(series, "__array__")
    )


def columns_of(table: Any) -> dict[str, Any] | None:
    """Columns of a pandas, polars or pyarrow table by name, in order; None for any other object.

    Raises:
        ValueError: for two columns of the same name.
    """
    if is_pandas_available() and isinstance(table, pd.DataFrame):
        names, columns = table.columns, [table.iloc[:, position] for position in range(table.shape[1])]
    elif hasattr(table, "column_names") and hasattr(table, "columns"):
        names, columns = table.column_names, table.columns
    elif hasattr(table, "get_columns"):
        names, columns = table.columns, table.get_columns()
    else:
        return None
    named = {str(name): column for name, column in zip(names, columns, strict=True)}
    if len(named) < len(columns):
        texts = [str(name) for name in names]
        twice = next(name for name in texts if texts.count(name) > 1)
        raise ValueError(f"column {twice!r} appears twice; give each a name of its own.")
    return named


def stack_columns(columns: Mapping[str, Any]) -> np.ndarray:
    """Stack columns of equal length to float64 (time, columns)."""
    arrays = [to_array(column, f"column {name!r}") for name, column in columns.items()]
    return np.stack(arrays, axis=-1) if arrays else np.empty((0, 0))


def to_array(series: Any, name: str) -> np.ndarray:
    """Convert a series, or an array of several, to float64 of the same shape, NaN where a value is missing.

    Masked values, None, NaN, and the nulls of pandas, polars and pyarrow are missing. Booleans become 0 and 1,
    categories and decimals their numbers.

    Args:
        series: numpy (also masked), torch (any number type and device), a series of pandas (numpy, nullable, Arrow,
            sparse or categorical), polars or pyarrow, an object with `__array__`, or a nested list of numbers.
        name: name of the series, which errors start with.

    Raises:
        ValueError: for values that are not real numbers, or lists of unequal length.
    """
    if isinstance(series, Mapping | Set):
        raise ValueError(f"{name} is a {type(series).__name__}; a series is {ALLOWED}.")
    if hasattr(series, "detach"):
        array = _from_torch(series, name)
    elif is_pandas_available() and isinstance(series, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        array = _from_pandas(pd.Series(series))
    elif hasattr(series, "to_numpy"):
        # In polars and pyarrow, copying may have to be allowed by name.
        try:
            array = series.to_numpy(zero_copy_only=False)
        except TypeError:
            array = series.to_numpy()
    elif is_list(series):
        array = _from_list(list(series), name)
    else:
        array = series
    return _as_float64(array, name)


def _from_torch(tensor: Any, name: str) -> np.ndarray:
    try:
        tensor = tensor.detach().cpu()
        tensor = tensor if str(tensor.layout) == "torch.strided" else tensor.to_dense()
        # numpy lacks some float types of torch, such as bfloat16.
        return (tensor.double() if tensor.is_floating_point() else tensor).numpy()
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"{name} is a tensor without values to read ({str(error).splitlines()[0]}).") from None


def _from_pandas(series: pd.Series) -> np.ndarray:
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    elif pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_complex_dtype(series.dtype):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    return series.to_numpy()


def _from_list(items: list[Any], name: str) -> np.ndarray:
    """Convert a list of numbers, or of series of equal length, to an array."""
    types = set(map(type, items))
    if types <= {str} or (types <= {int, float, bool, type(None)} and int not in types):
        return np.array(items, dtype=None if str in types else np.float64)
    nested = [is_list(item) or is_container(item) for item in items]
    if all(nested):
        arrays = [to_array(item, name) for item in items]
        if len({array.shape for array in arrays}) > 1:
            raise ValueError(f"{name} is nested to unequal depth or length; a series is {ALLOWED}.")
        return np.stack(arrays)
    if any(nested):
        raise ValueError(f"{name} is nested to unequal depth; a series is {ALLOWED}.")
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def _is_missing(item: Any) -> bool:
    return item is None or item is np.ma.masked or (is_pandas_available() and item is pd.NA)


def _as_float64(values: Any, name: str) -> np.ndarray:
    mask = np.ma.getmaskarray(values) if np.ma.isMaskedArray(values) else None
    try:
        array = np.asarray(np.ma.getdata(values) if mask is not None else values)
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"{name} is a {type(values).__name__} that numpy cannot read ({error}).") from None
    if array.ndim == 0:
        raise ValueError(f"{name} has 0 dimensions; a series is {ALLOWED}.")
    if array.dtype.kind == "O":
        items = [np.nan if _is_missing(item) else item for item in array.ravel().tolist()]
        if mask is not None:
            items = [np.nan if hidden else item for item, hidden in zip(items, mask.ravel(), strict=True)]
        array = np.array([_number(item, name) for item in items], dtype=np.float64).reshape(array.shape)
    elif array.dtype.kind not in "fiub":
        raise ValueError(f"{name} is not numeric, but has values of type {array.dtype}; a series is {ALLOWED}.")
    # Values beyond float64 become infinite; callers refuse infinities.
    with np.errstate(over="ignore"):
        array = array.astype(np.float64)
    return array if mask is None else np.where(mask, np.nan, array)


def _number(item: Any, name: str) -> float:
    if isinstance(item, np.ndarray):
        item = item[()]
    elif hasattr(item, "detach"):
        item = item.item()
    # A duration of numpy is a whole number to Python.
    if isinstance(item, np.timedelta64) or not isinstance(item, Real | Decimal | np.bool_):
        raise ValueError(
            f"{name} is not numeric, but has values of type {type(item).__name__}; a series is {ALLOWED}."
        )
    try:
        return float(item)
    except OverflowError:
        raise ValueError(f"{name} has a value beyond float64; scale it.") from None
    except ValueError:
        raise ValueError(f"{name} has the value {item!r}; a series is {ALLOWED}.") from None


def shortened(names: Sequence[str], limit: int = 5) -> str:
    """List of names for a message, at most `limit` of them and the number of the others."""
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def column_moments(column: Any, name: str) -> list[float]:
    """Mean and population standard deviation of the observed values of a column, which errors call `name`.

    A column that is constant up to the rounding of its floating-point type has standard deviation 1; a column without
    values has mean 0 and standard deviation 1.
    """
    values = to_array(column, name)
    values = values[~np.isnan(values)]
    if not len(values):
        return [0.0, 1.0]
    # A power of two changes no digit, and keeps squares from over- and underflow.
    largest, exponent = np.frexp(np.abs(values).max())
    values = np.ldexp(values, -exponent)
    std = values.std()
    dtype = getattr(column, "dtype", None)
    size = getattr(dtype, "itemsize", 8) if getattr(dtype, "kind", "") == "f" else 8
    scale = float(np.ldexp(std, exponent)) if std > _ROUNDING.get(size, _ROUNDING[8]) * largest else 1.0
    return [float(np.ldexp(values.mean(), exponent)), scale]


def grouped_moments(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Moments as of `column_moments` of many series, one after the other.

    Args:
        values: float64 (rows, columns), NaN where missing.
        offsets: first row of each series, none of them empty, and the end of the last, int64 (series + 1,).

    Returns:
        Mean and standard deviation, float64 (series, 2, columns).
    """
    firsts, series_of_rows = offsets[:-1], np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    counts = np.maximum(np.add.reduceat(~np.isnan(values), firsts, axis=0, dtype=np.int64), 1)
    largest, exponent = np.frexp(np.nan_to_num(np.fmax.reduceat(np.abs(values), firsts, axis=0), nan=0.0))
    scaled = np.nan_to_num(np.ldexp(values, -exponent[series_of_rows]), nan=0.0)
    mean = np.add.reduceat(scaled, firsts, axis=0) / counts
    centered = np.where(np.isnan(values), 0.0, scaled - mean[series_of_rows])
    std = np.sqrt(np.add.reduceat(centered**2, firsts, axis=0) / counts)
    scale = np.where(std > _ROUNDING[8] * largest, np.ldexp(std, exponent), 1.0)
    return np.stack((np.ldexp(mean, exponent), scale), axis=1)
