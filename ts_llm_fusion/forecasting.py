"""Forecasts of a table of series with a saved forecaster."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModelForTimeSeriesPrediction,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.utils import logging

from .checkpoints import check_checkpoint
from .data.series.sources import SeriesSource, load_series
from .data.series.time_axis import find_grid
from .errors import UserError
from .families import BUILT_IN, BUILT_IN_NAME, find_family
from .processing.feature_extraction_forecast import ForecastFeatureExtractor, shortened
from .processing.series_arrays import columns_of, stack_columns

logger = logging.get_logger(__name__)


def load_forecaster(name_or_path: str | Path) -> tuple[PreTrainedModel, ForecastFeatureExtractor]:
    """Load a forecaster and its feature extractor from a folder or the Hub; "built-in" is that of the package.

    Raises:
        ValueError: if the model is not a forecaster, or one of its files is damaged.
    """
    name = BUILT_IN if str(name_or_path) == BUILT_IN_NAME else str(name_or_path)
    check_checkpoint(name)
    find_family(AutoConfig.from_pretrained(name).model_type, name, ["forecasting"])
    try:
        model, loading = AutoModelForTimeSeriesPrediction.from_pretrained(name, output_loading_info=True)
    except RuntimeError as error:
        raise UserError(f"{name}: the weights do not fit config.json; copy or train the checkpoint again.") from error
    if loading["missing_keys"]:
        missing = ", ".join(sorted(loading["missing_keys"]))
        raise UserError(f"{name}: the checkpoint has no weights for {missing}; copy or train it again.")
    return model, AutoFeatureExtractor.from_pretrained(name)


def quantiles_at(quantiles: np.ndarray, known: Sequence[float], wanted: Sequence[float]) -> np.ndarray:
    """Interpolate quantiles linearly between the two nearest levels of the model.

    Args:
        quantiles: quantiles of the model (..., levels).
        known: their levels, increasing.
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
    """Quantile levels of a forecast: those given, by default all of the model.

    Raises:
        ValueError: for a level outside the range that the model was trained for.
    """
    if wanted is None:
        return list(known)
    outside = [level for level in wanted if not known or not known[0] <= level <= known[-1]]
    if outside:
        offered = f"levels from {known[0]:g} to {known[-1]:g}" if known else "no quantiles, only a point forecast"
        raise UserError(f"quantile {outside[0]:g} is asked for; this model gives {offered}.")
    return list(wanted)


def model_order(
    config: PreTrainedConfig, feature_extractor: ForecastFeatureExtractor, columns: Iterable[str]
) -> np.ndarray:
    """Positions that sort columns into the variables of a model, so that their given order does not matter.

    Columns come in the order of training, and unknown columns last, by name. If the model depends on the order and
    that of training is not known, the columns keep their order, with one warning.

    Args:
        config: configuration of the model.
        feature_extractor: feature extractor of the model, with the columns of training if it was saved with them.
        columns: names of the columns.

    Returns:
        int64 (columns,): `columns[positions[k]]` is the k-th variable.

    Raises:
        ValueError: if the model has a head for each variable of training, and these are other columns.
    """
    names, known = [str(column) for column in columns], list(feature_extractor.columns or feature_extractor.scaler)
    unknown, missing = [name for name in names if name not in known], [name for name in known if name not in names]
    if not config.share_projection and known and (missing or unknown):
        raise UserError(
            f"columns {shortened(names)}: missing are {shortened(missing) or 'none'}, unknown "
            f"{shortened(unknown) or 'none'}; this model has a head for each of {shortened(known)}, so give "
            "exactly these, in any order."
        )
    if config.depends_on_order and len(names) > 1:
        if not feature_extractor.columns:
            logger.warning_once(
                "a forecast of this model depends on the order of its variables, and that of training is not known: "
                f"{shortened(names)} are taken in the order that they are given in."
            )
        elif unknown:
            logger.warning_once(
                "a forecast of this model depends on the order of its variables, and training had no columns "
                f"{shortened(unknown)}: they are taken after those of training, in the order of their names."
            )
    return feature_extractor.training_order(names)


def look_back(series: pd.DataFrame, length: int) -> np.ndarray:
    """Last rows of a table of series, NaN where missing.

    Args:
        series: one column for each series.
        length: number of rows.

    Returns:
        float64 (time, columns). A column without values in these rows is filled with its last value before them, with
        a warning.
    """
    values = stack_columns(columns_of(series) or {})
    window = values[-length:]
    empty = np.isnan(window).all(0) & ~np.isnan(values).all(0)
    if empty.any():
        before = np.flatnonzero(empty)
        last = len(values) - 1 - np.isnan(values[::-1, before]).argmin(0)
        window[:, before] = values[last, before]
        logger.warning(
            "%s: no value in the last %d steps; forecast from the last value before.",
            shortened([str(name) for name in series.columns[before]]),
            len(window),
        )
    return window


def _as_source(series: Any, freq: str | None, default_freq: str | None) -> SeriesSource:
    """Load a table, or return loaded series; arguments and errors as `forecast_frame`."""
    if isinstance(series, SeriesSource):
        if freq is not None:
            raise UserError(f"freq is {freq!r}, but the series are loaded; give it to load_series.")
        return series
    if isinstance(series, str | Path):
        raise UserError(f"series is {str(series)!r}; give a table, or what load_series reads from there.")
    if isinstance(series, pd.DataFrame) and not isinstance(series.index, pd.DatetimeIndex):
        raise UserError(
            f"the index of series is a {type(series.index).__name__}; make it a DatetimeIndex, one timestamp for "
            "each row, or pass the table through load_series."
        )
    return load_series(series, freq=freq, default_freq=default_freq)


def forecast_frame(
    model: PreTrainedModel,
    feature_extractor: ForecastFeatureExtractor,
    series: pd.DataFrame | SeriesSource,
    prediction_length: int | None = None,
    quantile_levels: Sequence[float] | None = None,
    freq: str | None = None,
) -> pd.DataFrame:
    """Forecast the rows after a table of series.

    Rows that are absent from the time grid are missing values, and the forecast is for the next rows of the grid.

    Args:
        model: from `load_forecaster`.
        feature_extractor: from `load_forecaster`.
        series: one column for each series, indexed by increasing timestamps (in pyarrow and polars tables a column of
            them), NaN where missing; or the result of `load_series`, which is not checked again. Columns are
            recognized by name, in any order; see `model_order`.
        prediction_length: steps to forecast; by default the horizon of the model. Longer forecasts are rolled out.
        quantile_levels: levels between the lowest and the highest of the model, interpolated linearly; by default
            those of the model.
        freq: time step of a table, a pandas alias; by default that of the feature extractor if it fits, else it is
            inferred from the timestamps.

    Returns:
        Tidy table with columns `timestamp`, `series`, `mean` and one for each level, such as `0.1`.

    Raises:
        ValueError: for series, a horizon or a level that the model does not support, a forecast that is not finite,
            and as `load_series`.

    Example:

    ```python
    >>> model, feature_extractor = load_forecaster("outputs/demo")
    >>> forecast_frame(model, feature_extractor, load_series("sales.csv"), prediction_length=24)
    ```
    """
    levels = check_quantile_levels(quantile_levels, model.config.quantiles)
    source = _as_source(series, freq, feature_extractor.freq)
    series = source.series
    grid = source.grid or find_grid(pd.DatetimeIndex(series.index), source=source.name)
    if len(series) < feature_extractor.min_length:
        raise UserError(
            f"{source.name}: the series have {len(series)} steps; at least {feature_extractor.min_length} are needed."
        )
    order = model_order(model.config, feature_extractor, series.columns)
    # Not scaled: the model normalizes each window, and scaling by other moments would cost digits.
    batch = feature_extractor.pad([look_back(series, model.config.context_length)[:, order]])
    outputs = cast(Any, model).predict(**batch.to(model.device), prediction_length=prediction_length)
    given_order = np.argsort(order)
    mean = outputs.mean_predictions[0].double().cpu().numpy()[:, given_order]
    if not np.isfinite(mean).all():
        column = series.columns[int(np.argmin(np.isfinite(mean).all(0)))]
        raise UserError(
            f"{source.name}: the forecast of {column!r} is not finite; the weights of the model are damaged, or its "
            "training diverged."
        )
    timestamps = grid.following(len(mean))
    tidy = {
        "timestamp": np.repeat(timestamps, mean.shape[1]),
        "series": np.tile(series.columns, len(timestamps)),
        "mean": mean.ravel(),
    }
    if levels:
        quantiles = outputs.full_predictions[0].double().cpu().numpy()[:, given_order]
        chosen = quantiles_at(quantiles, model.config.quantiles, levels).reshape(-1, len(levels))
        tidy |= {f"{level:g}": chosen[:, k] for k, level in enumerate(levels)}
    return pd.DataFrame(tidy)
