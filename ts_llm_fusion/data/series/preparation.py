"""Preparation of series for training: split, scaling, noise, windows."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ...errors import UserError
from ...processing.covariate_inputs import TIME_FEATURES, CovariateInputs
from ...processing.feature_extraction_forecast import ForecastFeatureExtractor
from ...processing.series_arrays import grouped_moments
from ..entries import SPLITS
from .borders import few_shot_end, series_borders
from .sources import SeriesSource
from .static_columns import static_values
from .training_sources import drop_late_ids, load_training_series
from .windows import StepCovariates, WindowDataset, split_windows

logger = logging.getLogger(__name__)

# Look-back where none is given: this, or a quarter of the training rows if they are fewer.
_USUAL_LOOK_BACK = 336
# What to do with a static covariate that changes.
STATIC_REMEDY = "name it under known_covariates or past_covariates"


@dataclass
class DataArguments:
    """Series and their split."""

    data: str = field(
        metadata={"help": "A set by name (ETTh1, co2, ...), or a CSV, parquet or xlsx file with timestamps."}
    )
    id_column: list[str] | None = field(
        default=None,
        metadata={
            "help": "Column, or columns, of ids of a long table (also --id); item_id or unique_id by default.",
            "aliases": "--id",
        },
    )
    timestamp_column: str | None = field(
        default=None, metadata={"help": "Column of timestamps; found by its name by default."}
    )
    target_columns: list[str] | None = field(
        default=None, metadata={"help": "Columns to forecast (also --target); all by default.", "aliases": "--target"}
    )
    known_covariates: list[str] = field(
        default_factory=list, metadata={"help": "Columns of covariates that are known in the future, of any type."}
    )
    past_covariates: list[str] = field(
        default_factory=list, metadata={"help": "Columns of covariates that are known in the past alone."}
    )
    static_covariates: list[str] = field(
        default_factory=list, metadata={"help": "Columns of covariates that are the same in every row of a series."}
    )
    time_features: list[str] = field(
        default_factory=list,
        metadata={
            "help": "Covariates made of the timestamps: minute_of_hour, hour_of_day, day_of_week, day_of_month, "
            "day_of_year, month_of_year."
        },
    )
    freq: str | None = field(
        default=None,
        metadata={"help": "Time step, a pandas alias such as h, B or MS; inferred from the timestamps by default."},
    )
    dayfirst: bool | None = field(
        default=None, metadata={"help": "Whether 01/02/2024 is 1 February; inferred from the whole column by default."}
    )
    split: list[float] = field(
        default_factory=lambda: [0.7, 0.1, 0.2],
        metadata={
            "help": "Shares of train, validation and test, in time order, of each id of a long table; sets with a "
            "protocol have their own."
        },
    )
    seasonal_period: int | None = field(
        default=None,
        metadata={"help": "Season of the seasonal naive baseline in steps; inferred from the time step by default."},
    )
    few_shot: int | None = field(
        default=None,
        metadata={"help": "Percent of the training rows to cut windows from, the earliest; usually 10 or 5."},
    )
    zero_shot: str | None = field(
        default=None, metadata={"help": "Another set to test on, scaled by its own training rows."}
    )
    noise_std: float = field(
        default=0.0,
        metadata={
            "help": "Standard deviation of Gaussian noise on the look-back, relative to that of the training rows."
        },
    )
    noise_splits: list[str] = field(
        default_factory=lambda: ["test"], metadata={"help": "Splits with noise on the look-back."}
    )
    noise_seed: int = field(default=0, metadata={"help": "Seed of the noise."})

    def __post_init__(self) -> None:
        if not 0 <= self.noise_std < float("inf"):
            raise UserError(f"noise_std is {self.noise_std}; give 0 or a positive number.")
        unknown = [split for split in self.noise_splits if split not in SPLITS]
        if unknown:
            raise UserError(f"noise_splits: no split {unknown[0]!r}; the splits are {', '.join(SPLITS)}.")
        names = [*self.known_covariates, *self.past_covariates, *self.static_covariates]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise UserError(f"covariate {twice[0]!r} is named twice; it is known, past or static.")
        unknown = [name for name in self.time_features if name not in TIME_FEATURES]
        if unknown:
            raise UserError(f"time_features: {unknown[0]!r} is none of {', '.join(TIME_FEATURES)}.")


@dataclass(frozen=True)
class PreparedData:
    """Scaled windows, with their series and scale.

    A wide table is one sample of many variables, on one time axis; each id of a long table is a sample of its targets.

    Args:
        source: series before scaling.
        borders: rows at which train, validation and test of each time axis end, int64 (axes, 3).
        train_stops: rows at which the training windows of each end, int64 (axes,).
        values: scaled series, float32 (time, variables).
        noisy: the same with noise; `values` without noise on the test split.
        splits: windows under "train", "validation" and "test".
        moments: mean and standard deviation of the training rows, float64 (axes, 2, variables).
        scaler: column -> its moments; of a long table none, because they differ by id.
        seasonal_period: steps of the season, or None.
        zero_shot: set to test on instead of this one, if any.
        covariates: encoding and scale of the covariates, fitted on the training rows; None without any.
    """

    source: SeriesSource
    borders: np.ndarray
    train_stops: np.ndarray
    values: Tensor
    noisy: Tensor
    splits: dict[str, WindowDataset]
    moments: np.ndarray
    scaler: dict[str, list[float]]
    seasonal_period: int | None
    zero_shot: "PreparedData | None" = None
    covariates: CovariateInputs | None = None

    @property
    def tested(self) -> "PreparedData":
        """Set to test on: this one, or the other one of a zero-shot test."""
        return self.zero_shot or self

    def test_windows(self, context_length: int, covariates: CovariateInputs | None = None) -> WindowDataset:
        """Windows of the test split with another look-back, as far as there are rows before it; the same targets.

        Args:
            context_length: look-back.
            covariates: covariates of a trained model, which the windows then hold; none by default.
        """
        test = self.splits["test"]
        look_back = min(context_length, int((self.borders[:, 1] - test.firsts.numpy()).max()))
        steps = None if covariates is None else encode_covariates(covariates, self.source)
        starts = test.starts + test.context_length - look_back
        return WindowDataset(self.values, look_back, test.prediction_length, self.noisy, starts, steps, test.firsts)

    def check_targets(self, *names: str) -> None:
        """Raise ValueError if one of these splits has no observed value to forecast."""
        for name in names:
            windows = self.splits[name]
            if windows.values[windows.is_forecast()].isnan().all():
                raise UserError(
                    f"{self.source.name}: the {name} split has no observed value to forecast; set split so that it "
                    "has one."
                )


def add_noise(values: Tensor, std: float, seed: int) -> Tensor:
    """Add Gaussian noise, drawn once for each time step and variable, so that all windows over a step agree.

    Args:
        values: (time, variables), scaled; missing values stay missing.
        std: standard deviation of the noise, in scaled units.
        seed: seed of the noise.
    """
    noise = torch.randn(values.shape, generator=torch.Generator().manual_seed(seed), dtype=values.dtype)
    return values + std * noise


def _report_missing(source: SeriesSource) -> None:
    missing = int(source.series.isna().to_numpy().sum())
    if missing:
        logger.info(
            "%s: %d of %d values are missing (%.2g %%). None counts as a target. The model gets a mask of them; "
            "baselines get the last value before, else the first one after, else the mean of the training rows.",
            source.name,
            missing,
            source.series.size,
            100 * missing / source.series.size,
        )


def _warn_of_short_ids(source: SeriesSource, splits: Mapping[str, WindowDataset]) -> None:
    """Say in one line how many ids of a long table have no window in some split."""
    count = len(source.bounds) - 1
    has_window = {name: np.zeros(count, dtype=bool) for name in splits}
    for name, windows in splits.items():
        has_window[name][windows.series_of(windows.starts).numpy()] = True
    lacking = {name: np.flatnonzero(~found) for name, found in has_window.items()}
    if any(map(len, lacking.values())):
        windows = splits["train"]
        logger.warning(
            "%s: of %d ids, %s have no window of %d + %d steps with values in that split and are left out there, the "
            "first %s; they can be forecast nevertheless.",
            source.name,
            count,
            ", ".join(f"{len(ids)} ({name})" for name, ids in lacking.items() if len(ids)),
            windows.context_length,
            windows.prediction_length,
            source.label(int(next(ids[0] for ids in lacking.values() if len(ids)))).removeprefix(f"{source.name}: "),
        )


def _fit_covariates(arguments: DataArguments, source: SeriesSource, is_train: np.ndarray) -> CovariateInputs | None:
    """Encoding and scale of the covariates of a recipe, from the training rows; None without any."""
    known, past, static = arguments.known_covariates, arguments.past_covariates, arguments.static_covariates
    if not (known or past or static or arguments.time_features):
        return None
    table = pd.DataFrame(index=source.series.index) if source.covariates is None else source.covariates
    table = table[is_train]
    empty = [name for name in table.columns if table[name].isna().all()]
    if empty:
        raise UserError(f"{source.name}: covariate {empty[0]!r} has no value in the training split; drop it.")
    return CovariateInputs.fit(table, known, past, static, arguments.time_features)


def encode_covariates(covariates: CovariateInputs, source: SeriesSource) -> StepCovariates:
    """Encode the covariates of the rows of a source.

    Raises:
        ValueError: a covariate does not fit its encoding, a static one changes over time, or the rows have no dates.
    """
    if covariates.time_features and not source.dated:
        raise UserError(f"{source.name}: the rows have no dates; leave time_features out.")
    table = pd.DataFrame(index=source.series.index) if source.covariates is None else source.covariates
    by_step = covariates.encode_past(table, pd.DatetimeIndex(table.index))
    axes = len(source.bounds) - 1
    static = np.zeros((axes, 0))
    if covariates.num_static:
        values = static_values(table, covariates.static.names, source.axis_of_rows, axes, source.label, STATIC_REMEDY)
        static = covariates.encode_static(values)
    return StepCovariates(
        torch.tensor(by_step, dtype=torch.float32), covariates.num_known, torch.tensor(static, dtype=torch.float32)
    )


def scale_by_training(
    source: SeriesSource, is_train: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, list[float]]]:
    """Series in units of the training rows' deviation, the moments of these, and those by column of a wide table.

    A target of an id that has no value among them gets none at all, because it has no unit.
    """
    if source.ids is None:
        train_rows = source.series[is_train]
        empty = train_rows.columns[train_rows.isna().all()]
        if len(empty):
            raise UserError(f"{source.name}: column {empty[0]!r} has no value in the training split; drop it.")
        scaler = ForecastFeatureExtractor.fit_scaler(train_rows)
        moments = np.array(list(scaler.values())).T[None]
        return ForecastFeatureExtractor(scaler=scaler).scale(source.series), moments, scaler
    values = source.series.to_numpy()
    train_values = np.where(is_train[:, None], values, np.nan)
    moments = grouped_moments(train_values, source.bounds)
    is_empty = np.isnan(np.fmax.reduceat(train_values, source.bounds[:-1], axis=0))
    moments[:, 0][is_empty] = np.nan
    mean, deviation = moments[source.axis_of_rows].transpose(1, 0, 2)
    return (values - mean) / deviation, moments, {}


def prepare(
    arguments: DataArguments,
    context_length: int | None,
    prediction_length: int,
    feature_extractor: ForecastFeatureExtractor | None = None,
    table: pd.DataFrame | None = None,
) -> PreparedData:
    """Load series, scale them by their training split, and cut windows.

    Each id of a long table is split in time order and scaled by its own training rows. Few-shot keeps the scaler of
    the whole training split, as in the published protocols. Noise is added to `past_values` only.

    Args:
        arguments: series and their split.
        context_length: look-back; None for a quarter of the training rows (of half of the ids), 336 at most.
        prediction_length: horizon.
        feature_extractor: feature extractor of a trained model, for its order of columns, unchanged by default, and
            its covariates, by default fitted as `arguments` say.
        table: rows of a long table that are read already, instead of those of `arguments.data`.

    Raises:
        ValueError: unusable series, or series too short for a window in each split.
    """
    covariates = None if feature_extractor is None else feature_extractor.covariates
    names = [*arguments.known_covariates, *arguments.past_covariates, *arguments.static_covariates]
    names += [] if covariates is None else [name for name in covariates.names if name not in names]
    source = load_training_series(
        arguments.data,
        arguments.id_column,
        arguments.timestamp_column,
        arguments.target_columns,
        arguments.dayfirst,
        arguments.freq,
        names,
        (context_length or 0) + prediction_length,
        table,
    )
    if feature_extractor is not None:
        order = feature_extractor.training_order(source.series.columns)
        source = replace(source, series=source.series.iloc[:, order])
    if source.ids is not None:
        source = drop_late_ids(source, series_borders(source.bounds, arguments.split)[:, 0])
    borders = np.array([source.borders]) if source.borders else series_borders(source.bounds, arguments.split)
    firsts = source.bounds[:-1]
    if context_length is None:
        context_length = max(1, min(_USUAL_LOOK_BACK, int(np.median(borders[:, 0] - firsts)) // 4))
    is_train = np.arange(len(source.series)) < borders[source.axis_of_rows, 0]
    scaled, moments, scaler = scale_by_training(source, is_train)
    _report_missing(source)
    values = torch.tensor(scaled, dtype=torch.float32)
    covariates = covariates or _fit_covariates(arguments, source, is_train)
    by_step = None if covariates is None else encode_covariates(covariates, source)
    period = arguments.seasonal_period or source.seasonal_period
    if period is None and source.grid is not None:
        period = source.grid.season
    train_stops = borders[:, 0]
    if arguments.few_shot is not None:
        train_stops = firsts + few_shot_end(train_stops - firsts, context_length, arguments.few_shot)
    inputs = {}
    if arguments.noise_std > 0:
        noisy = add_noise(values, arguments.noise_std, arguments.noise_seed)
        inputs = dict.fromkeys(arguments.noise_splits, noisy)
    splits = split_windows(
        values,
        borders,
        context_length,
        prediction_length,
        train_stops,
        inputs,
        by_step,
        None if source.ids is None else firsts,
    )
    if source.ids is not None:
        _warn_of_short_ids(source, splits)
    zero_shot = None
    if arguments.zero_shot is not None:
        # Few-shot concerns training alone; columns, step and season are those of the other set.
        own = ("zero_shot", "few_shot", "id_column", "timestamp_column", "target_columns", "freq", "seasonal_period")
        unset: dict[str, Any] = dict.fromkeys(own)
        other = replace(arguments, data=arguments.zero_shot, **unset)
        trained = ForecastFeatureExtractor(columns=list(map(str, source.series.columns)), covariates=covariates)
        zero_shot = prepare(other, context_length, prediction_length, trained)
    return PreparedData(
        source=source,
        borders=borders,
        train_stops=train_stops,
        values=values,
        noisy=inputs.get("test", values),
        splits=splits,
        moments=moments,
        scaler=scaler,
        seasonal_period=period,
        zero_shot=zero_shot,
        covariates=covariates,
    )
