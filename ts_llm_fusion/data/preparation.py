"""From a recipe's data settings to scaled windows."""

from dataclasses import dataclass, field

import pandas as pd
import torch

from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from .frames import infer_step
from .sources import SeriesSource, load_series
from .windows import WindowDataset, split_borders, split_windows


@dataclass
class DataArguments:
    """Which series, and how they are split."""

    data: str = field(metadata={"help": "A set by name (ETTh1, co2, ...), or a CSV or parquet file with timestamps."})
    timestamp_column: str | None = field(
        default=None, metadata={"help": "Column of timestamps; found by its name by default."}
    )
    target_columns: list[str] | None = field(default=None, metadata={"help": "Columns to forecast; all by default."})
    split: list[float] = field(
        default_factory=lambda: [0.7, 0.1, 0.2],
        metadata={"help": "Shares of train, validation and test, in time order; sets with a protocol have their own."},
    )
    seasonal_period: int | None = field(
        default=None,
        metadata={"help": "Season of the seasonal naive floor in steps; told by the time step by default."},
    )


@dataclass(frozen=True)
class PreparedData:
    """Scaled windows with what is needed to get back to the series.

    Args:
        source: the series.
        borders: rows at which train, validation and test end.
        splits: windows under "train", "validation" and "test".
        scaler: column -> [mean, standard deviation] of the training rows.
        seasonal_period: of the seasonal naive floor, or None.
    """

    source: SeriesSource
    borders: tuple[int, int, int]
    splits: dict[str, WindowDataset]
    scaler: dict[str, list[float]]
    seasonal_period: int | None


# Step -> steps of the season that people expect of it: a day of minutes or hours, a week of days, a year of the rest.
_SEASONS = (
    (pd.Timedelta(hours=12), pd.Timedelta(days=1)),
    (pd.Timedelta(days=2), pd.Timedelta(days=7)),
    (pd.Timedelta(days=100), pd.Timedelta(days=365.25)),
)


def usual_season(timestamps: pd.DatetimeIndex) -> int | None:
    """Steps of the season that is usual for the time step: 24 for hours, 7 for days, 52 for weeks, 12 for months."""
    step = infer_step(timestamps)
    length = (timestamps[-1] - timestamps[0]) / (len(timestamps) - 1) if not isinstance(step, pd.Timedelta) else step
    for longest, season in _SEASONS:
        if length <= longest:
            period = round(season / length)
            return period if period > 1 else None
    return None


def prepare(arguments: DataArguments, context_length: int, prediction_length: int) -> PreparedData:
    """Loads series, scales them by their training split and cuts windows.

    Raises:
        ValueError: for series that are not usable or too short for a window in each split.
    """
    source = load_series(arguments.data, arguments.timestamp_column, arguments.target_columns)
    borders = source.borders or split_borders(len(source.series), arguments.split)
    train_rows = source.series.iloc[: borders[0]]
    empty = train_rows.columns[train_rows.isna().all()]
    if len(empty):
        raise ValueError(f"{source.name}: column {empty[0]!r} has no value in the training split; drop it.")
    scaler = ForecastFeatureExtractor.fit_scaler(train_rows)
    values = torch.tensor(ForecastFeatureExtractor(scaler=scaler).scale(source.series), dtype=torch.float32)
    period = arguments.seasonal_period or source.seasonal_period
    if period is None and source.borders is None:
        period = usual_season(source.series.index)
    return PreparedData(
        source=source,
        borders=borders,
        splits=split_windows(values, borders, context_length, prediction_length),
        scaler=scaler,
        seasonal_period=period,
    )
