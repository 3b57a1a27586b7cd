"""From a recipe's data settings to scaled windows."""

import logging
from dataclasses import dataclass, field, replace

import pandas as pd
import torch
from torch import Tensor

from ...processing.feature_extraction_forecast import ForecastFeatureExtractor
from ..entries import SPLITS
from .borders import few_shot_end, split_borders
from .sources import SeriesSource, load_series
from .time_axis import find_grid
from .windows import WindowDataset, split_windows

logger = logging.getLogger(__name__)


@dataclass
class DataArguments:
    """Which series, and how they are split."""

    data: str = field(
        metadata={"help": "A set by name (ETTh1, co2, ...), or a CSV, parquet or xlsx file with timestamps."}
    )
    timestamp_column: str | None = field(
        default=None, metadata={"help": "Column of timestamps; found by its name by default."}
    )
    target_columns: list[str] | None = field(default=None, metadata={"help": "Columns to forecast; all by default."})
    freq: str | None = field(
        default=None,
        metadata={"help": "Time step, an alias of pandas such as h, B or MS; told from the timestamps by default."},
    )
    dayfirst: bool | None = field(
        default=None, metadata={"help": "Whether 01/02/2024 is 1 February; told by the whole column by default."}
    )
    split: list[float] = field(
        default_factory=lambda: [0.7, 0.1, 0.2],
        metadata={"help": "Shares of train, validation and test, in time order; sets with a protocol have their own."},
    )
    seasonal_period: int | None = field(
        default=None,
        metadata={"help": "Season of the seasonal naive floor in steps; told by the time step by default."},
    )
    few_shot: int | None = field(
        default=None,
        metadata={
            "help": "Percent of the training rows, the earliest, that windows are cut from; 10 and 5 are usual."
        },
    )
    zero_shot: str | None = field(
        default=None, metadata={"help": "Another set, whose test split is tested on, scaled by its own training rows."}
    )
    noise_std: float = field(
        default=0.0,
        metadata={"help": "Standard deviation of Gaussian noise on the look-back, in those of the training rows."},
    )
    noise_splits: list[str] = field(
        default_factory=lambda: ["test"], metadata={"help": "Splits whose look-back gets the noise."}
    )
    noise_seed: int = field(default=0, metadata={"help": "Seed of the noise."})

    def __post_init__(self):
        if not 0 <= self.noise_std < float("inf"):
            raise ValueError(f"noise_std is {self.noise_std}; give 0 or a positive number.")
        unknown = [split for split in self.noise_splits if split not in SPLITS]
        if unknown:
            raise ValueError(f"noise_splits: no split {unknown[0]!r}; the splits are {', '.join(SPLITS)}.")


@dataclass(frozen=True)
class PreparedData:
    """Scaled windows with what is needed to get back to the series.

    Args:
        source: the series.
        borders: rows at which train, validation and test end.
        splits: windows under "train", "validation" and "test".
        scaler: column -> [mean, standard deviation] of the training rows.
        seasonal_period: of the seasonal naive floor, or None.
        zero_shot: the set to test on in place of this one's test split, where there is one.
    """

    source: SeriesSource
    borders: tuple[int, int, int]
    splits: dict[str, WindowDataset]
    scaler: dict[str, list[float]]
    seasonal_period: int | None
    zero_shot: "PreparedData | None" = None

    @property
    def tested(self) -> "PreparedData":
        """The set whose test split is tested on: this one, or the other one of a zero-shot test."""
        return self.zero_shot or self

    def check_targets(self, *names: str) -> None:
        """Raises ValueError if one of these splits has no observed value to forecast: it can be of no use."""
        for name in names:
            windows = self.splits[name]
            if windows.values[windows.context_length :].isnan().all():
                raise ValueError(
                    f"{self.source.name}: the {name} split has no observed value to forecast; set split so that it "
                    "has one."
                )


def usual_season(timestamps: pd.DatetimeIndex) -> int | None:
    """Rows of the season that is usual for the grid of the timestamps: 24 for hours, 7 for days, 5 for business days.

    Raises:
        ValueError: as `time_axis.find_grid`.
    """
    return find_grid(timestamps).season


def add_noise(values: Tensor, std: float, seed: int) -> Tensor:
    """The series as a noisy sensor would show them: one Gaussian draw for each time step and variable.

    The noise belongs to the time step, so every window that shows it shows the same, in whatever batch it comes.

    Args:
        values: (time, variables), scaled; what is missing stays missing.
        std: of the noise, in scaled units.
        seed: of the noise.
    """
    noise = torch.randn(values.shape, generator=torch.Generator().manual_seed(seed), dtype=values.dtype)
    return values + std * noise


def _report_missing(source: SeriesSource) -> None:
    missing = int(source.series.isna().to_numpy().sum())
    if missing:
        logger.info(
            "%s: %d of %d values are missing (%.2g %%). None is counted as a target. The model is told which are "
            "missing; floors and baselines get the last value before, else the first one after, else the mean of the "
            "training rows.",
            source.name,
            missing,
            source.series.size,
            100 * missing / source.series.size,
        )


def prepare(
    arguments: DataArguments,
    context_length: int,
    prediction_length: int,
    feature_extractor: ForecastFeatureExtractor | None = None,
) -> PreparedData:
    """Loads series, scales them by their training split and cuts windows.

    Few-shot keeps the scaler of the whole training split, as the published protocols do. Noise is on `past_values`
    only; targets stay as they are.

    Args:
        arguments: which series, and how they are split.
        context_length: look-back.
        prediction_length: horizon.
        feature_extractor: of a trained model, whose order of columns the series are to have; by default their own.

    Raises:
        ValueError: for series that are not usable or too short for a window in each split.
    """
    source = load_series(
        arguments.data, arguments.timestamp_column, arguments.target_columns, arguments.dayfirst, arguments.freq
    )
    if feature_extractor is not None:
        order = feature_extractor.training_order(source.series.columns)
        source = replace(source, series=source.series.iloc[:, order])
    borders = source.borders or split_borders(len(source.series), arguments.split)
    train_rows = source.series.iloc[: borders[0]]
    empty = train_rows.columns[train_rows.isna().all()]
    if len(empty):
        raise ValueError(f"{source.name}: column {empty[0]!r} has no value in the training split; drop it.")
    scaler = ForecastFeatureExtractor.fit_scaler(train_rows)
    _report_missing(source)
    values = torch.tensor(ForecastFeatureExtractor(scaler=scaler).scale(source.series), dtype=torch.float32)
    period = arguments.seasonal_period or source.seasonal_period
    if period is None and source.grid is not None:
        period = source.grid.season
    train_stop = None
    if arguments.few_shot is not None:
        train_stop = few_shot_end(borders[0], context_length, arguments.few_shot)
    seen = {}
    if arguments.noise_std > 0:
        noisy = add_noise(values, arguments.noise_std, arguments.noise_seed)
        seen = dict.fromkeys(arguments.noise_splits, noisy)
    zero_shot = None
    if arguments.zero_shot is not None:
        # Few-shot is about what is trained on; columns, step and season are those of the other set.
        other = replace(
            arguments,
            data=arguments.zero_shot,
            zero_shot=None,
            few_shot=None,
            timestamp_column=None,
            target_columns=None,
            freq=None,
            seasonal_period=None,
        )
        zero_shot = prepare(other, context_length, prediction_length, ForecastFeatureExtractor(scaler=scaler))
    return PreparedData(
        source=source,
        borders=borders,
        splits=split_windows(values, borders, context_length, prediction_length, train_stop, seen),
        scaler=scaler,
        seasonal_period=period,
        zero_shot=zero_shot,
    )
