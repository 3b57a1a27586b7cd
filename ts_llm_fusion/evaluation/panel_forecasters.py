"""Forecasts of panels by models and by baselines, called in one way."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel

from ..adapters import ADAPTERS, Prediction
from ..baselines.forecaster import ForecastTask
from ..baselines.table import BASELINES
from ..data.series.panels import Panel
from ..data.series.windows import WindowDataset, pooled_windows
from ..panel_covariates import encode_covariates
from ..prediction import panel_batches, predict_panel
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor

# Longest look-back of a baseline that is fitted on windows.
_LONGEST_LOOK_BACK = 512


def _training_windows(panel: Panel, series: np.ndarray, prediction_length: int, season: int) -> WindowDataset:
    """Every window of some series, each series in units of its own deviation.

    The look-back is two seasons, or two horizons if these are longer, as far as half of the series have them.
    Where no series has a horizon to learn from, it is one step, from which the ridge repeats the last value.
    """
    lengths = panel.lengths[series]
    if lengths.max() <= prediction_length:
        return WindowDataset(torch.zeros(prediction_length + 1, 1), 1, prediction_length)
    rows = np.concatenate([np.arange(*panel.offsets[number : number + 2]) for number in series])
    owner = np.repeat(np.arange(len(series)), lengths)
    columns = []
    for values in panel.values[rows].T:
        count = np.maximum(np.bincount(owner, ~np.isnan(values), len(series)), 1)
        centered = values - (np.bincount(owner, np.nan_to_num(values), len(series)) / count)[owner]
        deviation = np.sqrt(np.bincount(owner, np.nan_to_num(centered) ** 2, len(series)) / count)
        columns.append(centered / np.where(deviation > 0, deviation, 1.0)[owner])
    usual = int(np.sort(lengths)[len(lengths) // 2]) - prediction_length
    context_length = max(1, min(2 * max(season, prediction_length), _LONGEST_LOOK_BACK, usual))
    return pooled_windows(np.concatenate(columns), np.tile(lengths, len(columns)), context_length, prediction_length)


def predict_baseline(
    panel: Panel,
    prediction_length: int,
    quantile_levels: Sequence[float],
    seasons: np.ndarray,
    future_df: pd.DataFrame | None,
    name: str,
    batch_size: int,
) -> Prediction:
    """Forecast the steps after each series of a panel with a baseline.

    A baseline that is fitted on windows is fitted on all those of the panel, series of the same season together.

    Args:
        panel: the past of each series; other targets and covariates have no influence.
        prediction_length: steps to forecast.
        quantile_levels: rising levels.
        seasons: steps of the season of each series, 1 for none, int64 (series,).
        future_df: known covariates, which baselines do not use.
        name: in `BASELINES`, one without settings.
        batch_size: series at once.

    Returns:
        As `predict_panel`; quantiles are NaN where the baseline gives none.
    """
    shape = (len(panel), prediction_length, len(panel.targets))
    mean, quantiles = np.full(shape, np.nan), np.full((*shape, len(quantile_levels)), np.nan)
    baseline = BASELINES[name]
    for season in np.unique(seasons).tolist():
        series = np.flatnonzero(seasons == season)
        train = None
        if baseline.needs_training_windows:
            train = _training_windows(panel, series, prediction_length, season)
        task = ForecastTask(
            "the table", prediction_length, seasonal_period=season, train=train, quantile_levels=quantile_levels
        )
        forecaster = baseline.make(task)
        for chosen, batch in panel_batches(panel, series, int(panel.lengths.max()), batch_size):
            forecast = forecaster(batch.values)
            mean[chosen] = forecast.mean.double().numpy()
            if forecast.quantiles is not None:
                quantiles[chosen] = forecast.quantiles.double().numpy()
    return Prediction(mean, quantiles)


def predict_model(
    panel: Panel,
    prediction_length: int,
    quantile_levels: Sequence[float],
    seasons: np.ndarray,
    future_df: pd.DataFrame | None,
    model: PreTrainedModel,
    extractor: ForecastFeatureExtractor | None,
    batch_size: int,
) -> Prediction:
    """The median as the point forecast, if the model has one, and its quantiles, if it has any.

    The model gets the seasons of the calendar from the panel, not those of the baselines.
    """
    adapter = ADAPTERS[model.config.model_type]
    has_median, known = adapter.has_median(model.config), adapter.levels(model.config)
    levels = sorted({*quantile_levels, *([0.5] if has_median else [])}) if known is None or len(known) else []
    covariates = encode_covariates(panel, future_df, prediction_length, model, extractor)
    found = predict_panel(panel, model, prediction_length, levels, batch_size, extractor, covariates)
    point = found.quantiles[..., levels.index(0.5)] if has_median else found.mean
    if not levels:
        return Prediction(point, np.full((*point.shape, len(quantile_levels)), np.nan))
    return Prediction(point, found.quantiles[..., [levels.index(level) for level in quantile_levels]])
