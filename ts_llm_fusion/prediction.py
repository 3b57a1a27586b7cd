"""Forecasts of tables of many series with any forecaster."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm
from transformers import PreTrainedModel
from transformers.utils import logging

from .adapters import ADAPTERS, Batch, Prediction
from .data.series.panels import ID, TARGET, TIMESTAMP, Panel, read_panel, to_kind
from .errors import UserError
from .families import BUILT_IN
from .forecasting import load_forecaster
from .processing.feature_extraction_forecast import ForecastFeatureExtractor, shortened

logger = logging.get_logger(__name__)

_BATCH_SIZE = 256
# Batches from which on a progress bar is shown.
_LONG_WORK = 20


def check_levels(quantile_levels: Sequence[float]) -> list[float]:
    """Levels as floats.

    Raises:
        ValueError: for a level outside (0, 1) or one given twice.
    """
    levels = [float(level) for level in quantile_levels]
    for level in levels:
        if not 0 < level < 1:
            raise UserError(
                f"quantile level {level:g} is asked for; give levels between 0 and 1, such as 0.1 and 0.9."
            )
    if len({f"{level:g}" for level in levels}) < len(levels):
        raise UserError(f"quantile_levels is {levels}; give each level once.")
    return levels


def check_horizon(prediction_length: int) -> int:
    """A number of steps.

    Raises:
        ValueError: for one below 1, or no whole number.
    """
    if isinstance(prediction_length, bool) or prediction_length != int(prediction_length) or prediction_length < 1:
        raise UserError(f"prediction_length is {prediction_length}; give a whole number of steps, at least 1.")
    return int(prediction_length)


def panel_batches(
    panel: Panel, series: np.ndarray, context_length: int, batch_size: int
) -> Iterator[tuple[np.ndarray, Batch]]:
    """Batches of series of similar lengths, and the positions of these series."""
    lengths = np.minimum(panel.lengths, context_length)
    periods = panel.seasonal_periods()
    ordered = series[np.argsort(lengths[series], kind="stable")]
    starts = range(0, len(ordered), batch_size)
    for start in tqdm(starts, desc="batches", leave=False, disable=None if len(starts) >= _LONG_WORK else True):
        chosen = ordered[start : start + batch_size]
        longest = int(lengths[chosen].max())
        rows = panel.offsets[chosen + 1][:, None] - np.arange(longest, 0, -1)
        values = panel.values[np.maximum(rows, 0)]
        values[rows < panel.offsets[chosen][:, None]] = np.nan
        yield chosen, Batch(torch.from_numpy(values), torch.from_numpy(periods[chosen]))


def predict_panel(
    panel: Panel,
    model: PreTrainedModel,
    prediction_length: int,
    quantile_levels: Sequence[float],
    batch_size: int = _BATCH_SIZE,
) -> Prediction:
    """Forecast the steps after each series of a panel.

    Args:
        panel: from `read_panel`.
        model: a forecaster of `ADAPTERS`.
        prediction_length: steps to forecast.
        quantile_levels: rising levels.
        batch_size: series at once.

    Returns:
        Arrays (series, prediction_length, targets) and (series, prediction_length, targets, levels), NaN for a target
        of a series without any observed value.
    """
    adapter = ADAPTERS[model.config.model_type]
    adapter.check(model.config, prediction_length, quantile_levels)
    shape = (len(panel), prediction_length, len(panel.targets))
    mean, quantiles = np.full(shape, np.nan), np.full((*shape, len(quantile_levels)), np.nan)
    for chosen, batch in panel_batches(panel, np.arange(len(panel)), adapter.context_length(model.config), batch_size):
        batch = Batch(*(tensor.to(model.device) for tensor in batch))
        mean[chosen], quantiles[chosen] = adapter.predict(model, batch, prediction_length, quantile_levels)
    return Prediction(mean, quantiles)


def predict_df(
    df: Any,
    prediction_length: int,
    future_df: Any = None,
    context: str | Mapping[Any, str] | pd.Series | None = None,
    quantile_levels: Sequence[float] = (0.1, 0.5, 0.9),
    id_column: str | Sequence[str] = ID,
    timestamp_column: str = TIMESTAMP,
    target: str | Sequence[str] = TARGET,
    freq: str | None = None,
    model: str | Path | PreTrainedModel | tuple[PreTrainedModel, ForecastFeatureExtractor] | None = None,
    batch_size: int = _BATCH_SIZE,
) -> Any:
    """Forecast every series of a table.

    Args:
        df: table of pandas, polars or pyarrow; see `read_panel` for its forms: long with a column of ids, one series,
            or wide.
        prediction_length: steps to forecast.
        future_df: known future of covariates: a row for each id and step of the horizon.
        context: a text for all series, or one for each id; used by models that read text.
        quantile_levels: levels between 0 and 1.
        id_column: column of ids, or several.
        timestamp_column: column of timestamps.
        target: column to forecast, or several.
        freq: time step, a pandas alias; inferred for each id by default.
        model: folder or Hub name of a forecaster, a loaded one, or one with its feature extractor; by default the
            built-in one, which needs no training.
        batch_size: series to forecast at once; memory grows with it and not with the number of series.

    Returns:
        A table of the same library with the columns of ids and timestamps, `target_name`, `predictions` (the median)
        and a column for each level, named as "0.1". Ids keep the order in which they first appear; the rows of each
        are sorted by target and time.

    Raises:
        ValueError: as `read_panel`; for a horizon below 1, a level outside (0, 1), or what the model cannot give.

    Example:

    ```python
    >>> predict_df(sales, prediction_length=14, id_column="store", target="sales")
    ```
    """
    horizon, levels = check_horizon(prediction_length), check_levels(quantile_levels)
    forecaster, extractor = _loaded(model)
    panel = read_panel(df, id_column, timestamp_column, target, freq, getattr(extractor, "freq", None))
    rising = sorted({*levels, 0.5})
    found = predict_panel(panel, forecaster, horizon, rising, batch_size)
    return to_kind(_table(panel, found, rising, levels), panel.kind)


def _loaded(model: Any) -> tuple[PreTrainedModel, ForecastFeatureExtractor | None]:
    if isinstance(model, tuple):
        return model
    if isinstance(model, PreTrainedModel):
        return model, None
    return load_forecaster(BUILT_IN if model is None else model)


def _table(panel: Panel, found: Prediction, rising: Sequence[float], levels: Sequence[float]) -> pd.DataFrame:
    """Long table of a forecast: by id, target and step."""
    series, horizon, targets = found.mean.shape

    def flat(values: np.ndarray) -> np.ndarray:
        return values.transpose(0, 2, 1).reshape(-1)

    rows = np.repeat(np.arange(series), targets * horizon)
    step = np.tile(np.arange(horizon), series * targets)
    ids = panel.ids.to_frame(
        index=False, name=list(panel.id_columns) if len(panel.id_columns) > 1 else panel.id_columns[0]
    )
    columns: dict[str, Any] = {name: ids[name].array.take(rows) for name in panel.id_columns}
    columns[panel.timestamp_column] = panel.future_timestamps(horizon)[rows * horizon + step]
    columns["target_name"] = pd.Categorical.from_codes(
        np.tile(np.repeat(np.arange(targets), horizon), series), list(panel.targets)
    ).astype("str")
    columns["predictions"] = flat(found.quantiles[..., rising.index(0.5)])
    for level in levels:
        columns[f"{level:g}"] = flat(found.quantiles[..., rising.index(level)])
    table = pd.DataFrame(columns)
    known = ~np.isnan(table["predictions"].to_numpy())
    if not known.all():
        left_out = pd.unique(rows[~known])
        logger.warning(
            "%d of %d ids have no observed value, the first %s: they are left out.",
            len(left_out),
            series,
            shortened([repr(panel.ids[number]) for number in left_out], 3),
        )
        table = table[known].reset_index(drop=True)
    if table.empty:
        raise UserError("no series has an observed value; there is nothing to forecast from.")
    return table
