"""Forecasts of a table of series with a saved forecaster."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from transformers import AutoConfig, AutoFeatureExtractor, AutoModelForTimeSeriesPrediction, PreTrainedModel

from .checkpoints import check_checkpoint
from .data.sources import SeriesSource, load_series
from .data.time_axis import find_grid
from .families import find_family
from .processing.feature_extraction_forecast import ForecastFeatureExtractor

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
            returned, which is taken as it is.
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
    batch = feature_extractor(series)
    outputs = model.predict(**batch.to(model.device), prediction_length=prediction_length)
    mean = feature_extractor.unscale(outputs.mean_predictions[0].double().cpu().numpy(), series.columns)
    timestamps = grid.following(len(mean))
    tidy = {
        "timestamp": np.repeat(timestamps, mean.shape[1]),
        "series": np.tile(series.columns, len(timestamps)),
        "mean": mean.ravel(),
    }
    if levels:
        quantiles = np.moveaxis(outputs.full_predictions[0].double().cpu().numpy(), -1, 0)
        quantiles = np.moveaxis(feature_extractor.unscale(quantiles, series.columns), 0, -1)
        chosen = quantiles_at(quantiles, model.config.quantiles, levels).reshape(-1, len(levels))
        tidy |= {f"{level:g}": chosen[:, k] for k, level in enumerate(levels)}
    return pd.DataFrame(tidy)
