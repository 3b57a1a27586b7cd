"""Sources of series: a file, a table, a benchmark set by name, or a series shipped by statsmodels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...errors import UserError
from ...requirements import require
from ...suggestions import nearest
from ..download import locate
from ..entries import DatasetEntry
from .borders import split_borders
from .frames import to_series, to_series_and_covariates
from .ltsf import LTSF_DATASETS
from .mitbih import MITBIH, read_mitbih
from .panel_columns import plain_id
from .tables import check_table, read_table
from .time_axis import TimeGrid, complete, find_grid

if TYPE_CHECKING:
    import polars
    import pyarrow


@dataclass(frozen=True)
class SeriesSource:
    """Series and the known facts about them.

    Args:
        name: the requested name or file.
        series: float64 DataFrame with a DatetimeIndex, one column for each series; of a long table the rows of one id
            after those of another, and a column for each target; there the index may number the steps.
        borders: rows at which train, validation and test end, where a protocol defines them.
        seasonal_period: steps of the season, where it is known.
        dated: whether the index holds real dates; if not, only its step has a meaning.
        grid: time grid of the rows; None where a protocol defines the rows.
        covariates: columns of covariates as they were given, indexed like `series`; None without any.
        ids: ids of a long table, (ids,); None for any other.
        offsets: first row of each id and the end of the last, int64 (ids + 1,).
    """

    name: str
    series: pd.DataFrame
    borders: tuple[int, int, int] | None = None
    seasonal_period: int | None = None
    dated: bool = True
    grid: TimeGrid | None = None
    covariates: pd.DataFrame | None = None
    ids: pd.Index | None = None
    offsets: np.ndarray | None = None

    @property
    def bounds(self) -> np.ndarray:
        """First row of each time axis and the end of the last, int64 (axes + 1,): one axis, or one for each id."""
        return np.array([0, len(self.series)]) if self.offsets is None else self.offsets

    @property
    def axis_of_rows(self) -> np.ndarray:
        """Position of the time axis of each row, int64 (rows,)."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    def label(self, axis: int) -> str:
        """Name of a time axis for messages."""
        return self.name if self.ids is None else f"{self.name}: id {plain_id(self.ids, axis)!r}"

    @property
    def step(self) -> str | None:
        """Time step as a pandas alias; None where the rows follow opening hours, or a protocol defines them."""
        return None if self.grid is None or self.grid.slots is not None or not self.dated else self.grid.alias


def _statsmodels(name: str) -> pd.DataFrame:
    return require(f"statsmodels.datasets.{name}", "demo").load_pandas().data


def _co2() -> pd.DataFrame:
    """Read weekly CO2 at Mauna Loa in ppm, 1958-2001, some weeks missing; public domain."""
    return _statsmodels("co2")


def _sunspots() -> pd.DataFrame:
    """Read yearly sunspot numbers, 1700-2008; public domain."""
    data = _statsmodels("sunspots")
    return pd.DataFrame(
        {"sunspots": data["SUNACTIVITY"].to_numpy()}, index=pd.to_datetime(data["YEAR"].astype(int).astype(str))
    )


# name -> (function that reads a table, seasonal period)
READERS: dict[str, tuple[Callable[[], pd.DataFrame], int]] = {
    "co2": (_co2, 52),
    "sunspots": (_sunspots, 11),
}


def _read_ltsf(name: str) -> pd.DataFrame:
    """Read the series of a benchmark set, all rows of its file."""
    dataset = LTSF_DATASETS[name]
    table = read_table(locate(dataset.file, name))
    if dataset.even_rows and "date" in table.columns:
        first = pd.to_datetime(table["date"].iloc[0])
        table["date"] = pd.date_range(first, periods=len(table), freq=dataset.frequency)
    series = to_series(table, "date", None, source=name)
    if len(series) < dataset.borders[2] or series.shape[1] != dataset.num_variables:
        raise UserError(
            f"{name}: the file has {len(series)} rows and {series.shape[1]} columns; the protocol needs "
            f"{dataset.borders[2]} and {dataset.num_variables}."
        )
    return series


def on_grid(
    name: str,
    series: pd.DataFrame,
    freq: str | None,
    default_freq: str | None,
    seasonal_period: int | None = None,
    covariates: pd.DataFrame | None = None,
) -> SeriesSource:
    """Find the grid of series, and add the rows that are absent from it; arguments and errors as `load_series`."""
    grid = find_grid(pd.DatetimeIndex(series.index), freq, default_freq, name)
    series = complete(series, grid, name)
    if covariates is not None:
        covariates = covariates.reindex(series.index)
    return SeriesSource(name, series, None, seasonal_period, grid=grid, covariates=covariates)


def _read_columns(
    name: str,
    table: pd.DataFrame,
    covariate_columns: Sequence[str],
    timestamp_column: str | None = None,
    target_columns: Sequence[str] | None = None,
    dayfirst: bool | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Series of a table, as `to_series`, and its columns of covariates, which are not series; None without any."""
    columns = {str(column): column for column in table.columns}
    for column in covariate_columns:
        if column not in columns:
            raise UserError(f"{name}: no column {column!r} of covariates; the columns are {list(columns)}.")
        if column in (target_columns or ()):
            raise UserError(f"{name}: column {column!r} is both a target and a covariate; name it once.")
    chosen = [columns[column] for column in covariate_columns]
    series, covariates = to_series_and_covariates(table, timestamp_column, target_columns, chosen, name, dayfirst)
    return series, covariates.set_axis(list(covariate_columns), axis=1) if chosen else None


def table_source(
    name: str,
    table: pd.DataFrame,
    timestamp_column: str | None = None,
    target_columns: Sequence[str] | None = None,
    dayfirst: bool | None = None,
    freq: str | None = None,
    default_freq: str | None = None,
    covariate_columns: Sequence[str] = (),
) -> SeriesSource:
    """Series of a wide table that is read already; arguments and errors as `load_series`."""
    series, covariates = _read_columns(name, table, covariate_columns, timestamp_column, target_columns, dayfirst)
    return on_grid(name, series, freq, default_freq, covariates=covariates)


def is_known(name: str) -> bool:
    """Whether there is a set of series of this name for `load_series`."""
    return name in LTSF_DATASETS or name in READERS or name == MITBIH


def check_name(name: str) -> None:
    """Raise ValueError, with the nearest known name, for a name of no set of series of `load_series`."""
    if not is_known(name):
        if Path(name).exists():
            check_table(name)
        known = (*LTSF_DATASETS, *READERS, MITBIH)
        raise UserError(f"{name}: neither a file nor a known set; {nearest(name, known)}")


def load_series(
    data: "str | Path | pd.DataFrame | pyarrow.Table | polars.DataFrame",
    timestamp_column: str | None = None,
    target_columns: Sequence[str] | None = None,
    dayfirst: bool | None = None,
    freq: str | None = None,
    default_freq: str | None = None,
    covariate_columns: Sequence[str] = (),
) -> SeriesSource:
    """Load series by name (`ETTh1`, `co2`, ...), from a CSV, parquet or xlsx file, or from a table.

    A row that is absent from the time grid becomes a row of missing values. The rows of a set with a protocol stay as
    they are.

    Args:
        data: a name, a path, or a table (of pandas, pyarrow or polars) with one row for each time step.
        timestamp_column: column of timestamps; found by its name by default.
        target_columns: series to keep, all by default.
        dayfirst: whether 01/02/2024 is 1 February; inferred from the whole column by default.
        freq: time step, a pandas alias such as `h`, `B` or `MS`; inferred from the timestamps by default.
        default_freq: time step to use where `freq` is None and it fits, such as that of a checkpoint.
        covariate_columns: columns that are covariates of any type instead of series.

    Raises:
        FileNotFoundError: the file or set is not available; the error says where to put it.
        ValueError: unknown name (the nearest one is suggested), a table without usable series, or see
            `time_axis.find_grid`.
        MissingPackageError: the set needs an optional package that is not installed.
    """
    if not isinstance(data, pd.DataFrame) and hasattr(data, "to_pandas"):
        data = data.to_pandas()
    options = (timestamp_column, target_columns, dayfirst, freq, default_freq, covariate_columns)
    if isinstance(data, pd.DataFrame):
        return table_source("the table", data, *options)
    if not isinstance(data, str | Path):
        raise UserError(
            f"the series are of type {type(data).__name__}; give a name, a path, or a table of pandas, pyarrow or "
            "polars (a Series has to_frame, a LazyFrame collect)."
        )
    name = str(data)
    if name in READERS:
        loader, period = READERS[name]
        series, covariates = _read_columns(name, loader(), covariate_columns, target_columns=target_columns)
        return on_grid(name, series, freq, default_freq, period, covariates)
    if freq is not None and (name == MITBIH or name in LTSF_DATASETS):
        raise UserError(f"{name}: freq is {freq!r}, but the rows of this set are those of its protocol; leave it out.")
    if name == MITBIH:
        series, covariates = _read_columns(name, read_mitbih(), covariate_columns, target_columns=target_columns)
        borders = split_borders(len(series), (0.7, 0.1, 0.2))
        return SeriesSource(name, series, borders, dated=False, covariates=covariates)
    if name in LTSF_DATASETS:
        dataset = LTSF_DATASETS[name]
        series, covariates = _read_ltsf(name), None
        if target_columns is not None or covariate_columns:
            series, covariates = _read_columns(name, series, covariate_columns, target_columns=target_columns)
        return SeriesSource(name, series, dataset.borders, dataset.seasonal_period, covariates=covariates)
    if not Path(name).suffix:
        check_name(name)
    return table_source(name, read_table(name), *options)


def _entry(name: str, description: str, homepage: str) -> DatasetEntry:
    return DatasetEntry(
        name=name,
        task="forecasting",
        description=description,
        license="public domain",
        citation="Seabold and Perktold, statsmodels: Econometric and statistical modeling with Python, SciPy 2010",
        homepage=homepage,
        splits=("train",),
        features="ts_llm_fusion.data.series.rows:SERIES_FEATURES",
        loader="ts_llm_fusion.data.series.rows:load_rows",
        options={"data": name},
    )


ENTRIES = (
    _entry(
        "co2",
        "Weekly CO2 at Mauna Loa in ppm, 1958-2001, some weeks missing; part of statsmodels.",
        "https://www.statsmodels.org/stable/datasets/generated/co2.html",
    ),
    _entry(
        "sunspots",
        "Yearly sunspot numbers, 1700-2008; part of statsmodels.",
        "https://www.statsmodels.org/stable/datasets/generated/sunspots.html",
    ),
)
