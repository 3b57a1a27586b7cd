"""Where series come from: a file, a benchmark set by name, or a series that statsmodels ships."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .download import DATA_DIR_VARIABLE, locate
from .frames import read_table, to_series
from .ltsf import LTSF_DATASETS

__all__ = ["DATA_DIR_VARIABLE", "SeriesSource", "load_series"]


@dataclass(frozen=True)
class SeriesSource:
    """Series with what is known of them.

    Args:
        name: the name or file that they were asked for by.
        series: float64 DataFrame with a DatetimeIndex, one column for each series.
        borders: rows at which train, validation and test end, where a protocol fixes them.
        seasonal_period: steps of the season, where it is known.
    """

    name: str
    series: pd.DataFrame
    borders: tuple[int, int, int] | None = None
    seasonal_period: int | None = None


def _co2() -> pd.DataFrame:
    """Weekly CO2 at Mauna Loa in ppm, 1958-2001, some weeks missing; public domain."""
    from statsmodels.datasets import co2

    return co2.load_pandas().data


def _sunspots() -> pd.DataFrame:
    """Yearly sunspot numbers, 1700-2008; public domain."""
    from statsmodels.datasets import sunspots

    data = sunspots.load_pandas().data
    return pd.DataFrame(
        {"sunspots": data["SUNACTIVITY"].to_numpy()}, index=pd.to_datetime(data["YEAR"].astype(int).astype(str))
    )


# name -> (loader, seasonal period)
_EMBEDDED: dict[str, tuple[Callable[[], pd.DataFrame], int]] = {"co2": (_co2, 52), "sunspots": (_sunspots, 11)}


def _read_ltsf(name: str) -> pd.DataFrame:
    """The series of a benchmark set, all rows of its file.

    Raises:
        FileNotFoundError: as `locate`.
        ValueError: for a file of another shape than the protocol's.
    """
    dataset = LTSF_DATASETS[name]
    table = read_table(locate(dataset.file, name))
    if dataset.even_rows and "date" in table.columns:
        first = pd.to_datetime(table["date"].iloc[0])
        table["date"] = pd.date_range(first, periods=len(table), freq=dataset.frequency)
    series = to_series(table, "date", None, source=name)
    if len(series) < dataset.test_end or series.shape[1] != dataset.num_variables:
        raise ValueError(
            f"{name}: the file has {len(series)} rows and {series.shape[1]} columns; the protocol needs "
            f"{dataset.test_end} and {dataset.num_variables}."
        )
    return series


def load_series(
    data: str | Path | pd.DataFrame,
    timestamp_column: str | None = None,
    target_columns: Sequence[str] | None = None,
) -> SeriesSource:
    """Series by name (`ETTh1`, `co2`, ...), from a CSV or parquet file, or from a DataFrame.

    Args:
        data: a name, a path, or a table with one row for each time step.
        timestamp_column: the column of timestamps; found by its name by default.
        target_columns: the series to keep, all by default.

    Raises:
        FileNotFoundError: for a file or set that is not there, saying where to put it.
        ValueError: for an unknown name (the nearest one is named), or a table that is not one of series.
    """
    if isinstance(data, pd.DataFrame):
        return SeriesSource("the table", to_series(data, timestamp_column, target_columns))
    name = str(data)
    if name in _EMBEDDED:
        loader, period = _EMBEDDED[name]
        try:
            table = loader()
        except ModuleNotFoundError as error:
            raise FileNotFoundError(
                f"{name}: it is part of statsmodels; pip install 'ts-llm-fusion[demo]'."
            ) from error
        return SeriesSource(name, to_series(table, None, target_columns, source=name), None, period)
    if name in LTSF_DATASETS:
        dataset = LTSF_DATASETS[name]
        series = _read_ltsf(name)
        if target_columns is not None:
            series = to_series(series, None, target_columns, source=name)
        return SeriesSource(name, series, dataset.borders, dataset.seasonal_period)
    if not Path(name).suffix:
        known = [*LTSF_DATASETS, *_EMBEDDED]
        nearest = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {nearest[0]!r}?" if nearest else f"known are {', '.join(known)}."
        raise ValueError(f"{name}: neither a file nor a known set; {hint}")
    return SeriesSource(name, to_series(read_table(name), timestamp_column, target_columns, source=name))
