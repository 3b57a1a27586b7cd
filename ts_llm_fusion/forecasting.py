"""Forecasts of a table of series with a saved forecaster."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModelForTimeSeriesPrediction,
    PreTrainedConfig,
    PreTrainedModel,
)

from .checkpoints import check_checkpoint
from .data.series.sources import SeriesSource, load_series
from .data.series.time_axis import find_grid
from .families import find_family
from .processing.feature_extraction_forecast import ForecastFeatureExtractor
from .processing.series_arrays import columns_of, stack_columns

logger = logging.getLogger(__name__)


def load_forecaster(name_or_path: str | Path) -> tuple[PreTrainedModel, ForecastFeatureExtractor]:
    """Load a forecaster and its feature extractor from a folder or the Hub.

    Raises:
        ValueError: the model is not a forecaster, or a file of it is damaged.
    """
    name = str(name_or_path)
    check_checkpoint(name)
    find_family(AutoConfig.from_pretrained(name).model_type, name, ["forecasting"])
    try:
        model, loading = AutoModelForTimeSeriesPrediction.from_pretrained(name, output_loading_info=True)
    except RuntimeError as error:
        raise ValueError(f"{name}: the weights do not fit config.json; copy or train the checkpoint again.") from error
    if loading["missing_keys"]:
        missing = ", ".join(sorted(loading["missing_keys"]))
        raise ValueError(f"{name}: the checkpoint has no weights for {missing}; copy or train it again.")
    return model, AutoFeatureExtractor.from_pretrained(name)


def quantiles_at(quantiles: np.ndarray, known: Sequence[float], wanted: Sequence[float]) -> np.ndarray:
    """Quantiles at other levels, linear between the two nearest that the model gives.

    Args:
        quantiles: (..., levels).
        known: their levels, rising.
        wanted: levels between the lowest and the highest of these.

    Returns:
        (..., wanted levels).
    """
    position = np.interp(wanted, known, np.arange(len(known)))
    below = np.floor(position).astype(int)
    above = np.minimum(below + 1, len(known) - 1)
    weight = position - below
    return quantiles[..., below] * (1 - weight) + quantiles[..., above] * weight


def check_quantile_levels(wanted: Sequence[float] | None, known: Sequence[float]) -> list[float]:
    """The levels to give: all that the model has, or those asked for.

    Raises:
        ValueError: for a level outside those that the model was trained for.
    """
    if wanted is None:
        return list(known)
    outside = [level for level in wanted if not known or not known[0] <= level <= known[-1]]
    if outside:
        offered = f"levels from {known[0]:g} to {known[-1]:g}" if known else "no quantiles, only a point forecast"
        raise ValueError(f"quantile {outside[0]:g} is asked for; this model gives {offered}.")
    return list(wanted)


def model_order(
    config: PreTrainedConfig, feature_extractor: ForecastFeatureExtractor, columns: Iterable[str]
) -> np.ndarray:
    """Positions that bring columns into the order in which the model takes its variables.

    That is the order of training, by name; columns that training did not have come after, by name. So the same columns
    in another order get the same forecasts. Where a forecast depends on the order and that of training is not known,
    the columns stay as they are, with a warning, once.

    Args:
        config: of the model.
        feature_extractor: which knows the columns of training, unless it was saved without.
        columns: of the series.

    Returns:
        int64 (columns,): `columns[positions[k]]` is the k-th variable.

    Raises:
        ValueError: if the model has a head for each variable of training, and these columns are others.
    """
    names, known = [str(column) for column in columns], list(feature_extractor.columns or feature_extractor.scaler)
    unknown, missing = [name for name in names if name not in known], [name for name in known if name not in names]
    if not config.share_projection and known and (missing or unknown):
        raise ValueError(
            f"columns {_shortened(names)}: missing are {_shortened(missing) or 'none'}, unknown "
            f"{_shortened(unknown) or 'none'}; this model has a head for each of {_shortened(known)}, so give "
            "exactly these, in any order."
        )
    if config.depends_on_order and len(names) > 1:
        if not feature_extractor.columns:
            logger.warning_once(
                "a forecast of this model depends on the order of its variables, and that of training is not known: "
                f"{_shortened(names)} are taken in the order that they are given in."
            )
        elif unknown:
            logger.warning_once(
                "a forecast of this model depends on the order of its variables, and training had no columns "
                f"{_shortened(unknown)}: they are taken after those of training, in the order of their names."
            )
    return feature_extractor.training_order(names)


def _shortened(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def look_back(series: pd.DataFrame, length: int) -> np.ndarray:
    """The last rows of a table of series, NaN where missing, with a value for every column that has one at all.

    Args:
        series: one column for each series.
        length: rows to take.

    Returns:
        float64 (time, columns). A column that is empty in these rows gets its last value before them in each, with a
        warning.
    """
    values = stack_columns(columns_of(series))
    window = values[-length:]
    empty = np.isnan(window).all(0) & ~np.isnan(values).all(0)
    if empty.any():
        before = np.flatnonzero(empty)
        last = len(values) - 1 - np.isnan(values[::-1, before]).argmin(0)
        window[:, before] = values[last, before]
        logger.warning(
            "%s: no value in the last %d steps; forecast from the last value before.",
            _shortened([str(series.columns[position]) for position in before]),
            len(window),
        )
    return window


def forecast_frame(
    model: PreTrainedModel,
    feature_extractor: ForecastFeatureExtractor,
    series: pd.DataFrame | SeriesSource,
    prediction_length: int | None = None,
    quantile_levels: Sequence[float] | None = None,
    freq: str | None = None,
) -> pd.DataFrame:
    """Forecasts the rows that come after a table of series.

    Rows that are absent from the grid of time are missing values, and the forecast is for the next rows of the grid.

    Args:
        model: from `load_forecaster`.
        feature_extractor: from `load_forecaster`.
        series: one column for each series, indexed by increasing timestamps, NaN is missing; or what `load_series`
            returned, which is taken as it is. Columns are told by their names, and may come in any order; see
            `model_order`.
        prediction_length: steps to forecast; by default what the model was trained for. More is rolled out.
        quantile_levels: levels between the lowest and the highest of the model, linear between two of them; by default
            the model's own.
        freq: time step of a table, an alias of pandas; by default that of the feature extractor if it fits, else it is
            told from the timestamps.

    Returns:
        Tidy table with columns `timestamp`, `series`, `mean` and one for each level, such as `0.1`.

    Raises:
        ValueError: for series, a horizon or a level that the model cannot serve, and as `load_series`.
    """
    levels = check_quantile_levels(quantile_levels, model.config.quantiles)
    if isinstance(series, SeriesSource):
        if freq is not None:
            raise ValueError(f"freq is {freq!r}, but the series are loaded; give it to load_series.")
        source = series
    else:
        if not isinstance(series.index, pd.DatetimeIndex):
            raise ValueError(
                f"the index of series is a {type(series.index).__name__}; make it a DatetimeIndex, one timestamp for "
                "each row, or pass the table through load_series."
            )
        source = load_series(series, freq=freq, default_freq=feature_extractor.freq)
    series = source.series
    grid = source.grid or find_grid(series.index, source=source.name)
    order = model_order(model.config, feature_extractor, series.columns)
    # In the units of the series: the model normalizes each window, and moments of other rows would cost digits.
    batch = feature_extractor.pad([look_back(series, model.config.context_length)[:, order]])
    outputs = model.predict(**batch.to(model.device), prediction_length=prediction_length)
    given = np.argsort(order)
    mean = outputs.mean_predictions[0].double().cpu().numpy()[:, given]
    timestamps = grid.following(len(mean))
    tidy = {
        "timestamp": np.repeat(timestamps, mean.shape[1]),
        "series": np.tile(series.columns, len(timestamps)),
        "mean": mean.ravel(),
    }
    if levels:
        quantiles = outputs.full_predictions[0].double().cpu().numpy()[:, given]
        chosen = quantiles_at(quantiles, model.config.quantiles, levels).reshape(-1, len(levels))
        tidy |= {f"{level:g}": chosen[:, k] for k, level in enumerate(levels)}
    return pd.DataFrame(tidy)
