"""One way to call the forecasters of this package and those of transformers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
import transformers
from torch import Tensor
from transformers import AutoConfig, PreTrainedConfig, PreTrainedModel

from .checkpoints import check_available, load_part
from .errors import UserError
from .families import FAMILIES, checkpoint_place
from .forecasting import load_forecaster, quantiles_at
from .processing.feature_extraction_forecast import ForecastFeatureExtractor

# Draws from a distribution whose quantiles have no closed form.
_DRAWS = 1000


class Batch(NamedTuple):
    """Past of some samples that are forecast at once.

    Args:
        values: float64 (batch, time, variables), NaN where missing; shorter series begin with NaN.
        seasonal_periods: int64 (batch, 2) in steps; 1 is none, 0 any that is found.
        covariates: those that the model uses by the names of its arguments: `past_covariates` (batch, time, features),
            `future_covariates` (batch, prediction_length, known features), `static_covariates` (batch, features).
        contexts: features of the text, or None, of each variable of each sample; None without texts.
    """

    values: Tensor
    seasonal_periods: Tensor
    covariates: Mapping[str, Tensor] = MappingProxyType({})
    contexts: Sequence[Mapping[str, Any] | None] | None = None


class Prediction(NamedTuple):
    """Forecast of a batch.

    Args:
        mean: point forecast of the model, float64 (batch, prediction_length, variables).
        quantiles: float64 (batch, prediction_length, variables, levels), at the levels asked for.
        effects: what the text of each variable of each sample does; None without texts.
    """

    mean: np.ndarray
    quantiles: np.ndarray
    effects: Sequence[Sequence[Any]] | None = None


@dataclass(frozen=True)
class Adapter:
    """Use of the models of one `model_type`.

    Args:
        predict: forecasts a batch: model, batch, horizon, rising levels.
        levels: levels of the quantiles of a model, between which others are interpolated; None for any level.
        longest_horizon: most steps that a model forecasts; None for any number.
        variables: number of variables that a model reads together, 0 for any number, None for each series by itself.
        auto_class: class of transformers that loads a checkpoint.
    """

    predict: Callable[[Any, Batch, int, Sequence[float]], Prediction]
    levels: Callable[[Any], Sequence[float] | None] = lambda _: None
    longest_horizon: Callable[[Any], int | None] = lambda _: None
    variables: Callable[[Any], int | None] = lambda _: None
    auto_class: str = "AutoModelForTimeSeriesPrediction"

    def check(self, config: PreTrainedConfig, prediction_length: int, quantile_levels: Sequence[float]) -> None:
        """Raise ValueError for a horizon or a level that a model cannot give."""
        longest = self.longest_horizon(config)
        if longest is not None and prediction_length > longest:
            raise UserError(
                f"prediction_length is {prediction_length}; this model ({config.model_type}) forecasts at most "
                f"{longest} steps."
            )
        known = self.levels(config)
        if known is None or not len(quantile_levels):
            return
        if not len(known):
            raise UserError(
                f"quantile {quantile_levels[0]:g} is asked for; this model ({config.model_type}) gives only a point "
                "forecast: leave the levels out (quantile_levels=() in Python)."
            )
        outside = [level for level in quantile_levels if not known[0] <= level <= known[-1]]
        if outside:
            raise UserError(
                f"quantile {outside[0]:g} is asked for; this model ({config.model_type}) gives levels from "
                f"{known[0]:g} to {known[-1]:g}."
            )

    def has_median(self, config: PreTrainedConfig) -> bool:
        """Whether a model gives the quantile of level 0.5."""
        known = self.levels(config)
        return known is None or (len(known) > 0 and known[0] <= 0.5 <= known[-1])


def _numpy(values: Tensor) -> np.ndarray:
    return values.detach().double().cpu().numpy()


def _at_levels(mean: np.ndarray, quantiles: Tensor, known: Sequence[float], levels: Sequence[float]) -> Prediction:
    if not len(levels):
        return Prediction(mean, np.zeros((*mean.shape, 0)))
    return Prediction(mean, quantiles_at(_numpy(quantiles), known, levels))


def _predict_tsfusion(model: Any, batch: Batch, horizon: int, levels: Sequence[float]) -> Prediction:
    periods = batch.seasonal_periods[:, None].expand(-1, batch.values.shape[2], -1)
    asked = list(levels) or [0.5]
    out = model.predict(
        batch.values,
        prediction_length=horizon,
        quantile_levels=asked,
        seasonal_period=periods,
        context=batch.contexts,
        **batch.covariates,
    )
    quantiles = _numpy(out.full_predictions)[..., : len(levels)]
    return Prediction(_numpy(out.mean_predictions), quantiles, out.context_effects)


def _predict_llmps(model: Any, batch: Batch, horizon: int, levels: Sequence[float]) -> Prediction:
    mask = ~torch.isnan(batch.values)
    out = model.predict(batch.values.nan_to_num(), mask, prediction_length=horizon, **batch.covariates)
    return _at_levels(_numpy(out.mean_predictions), out.full_predictions, model.config.quantiles, levels)


def _filled(values: np.ndarray) -> list[np.ndarray]:
    """Series (rows, time) from their first observed value on, gaps filled by straight lines."""
    filled = []
    for row in values:
        known = np.flatnonzero(~np.isnan(row))
        filled.append(np.interp(np.arange(known[0], len(row)), known, row[known]))
    return filled


def _uncrossed(quantiles: np.ndarray) -> np.ndarray:
    """Quantiles (..., levels) that rise: from the middle one on outward none is nearer than the one before."""
    middle = quantiles.shape[-1] // 2
    above = np.maximum.accumulate(quantiles[..., middle:], -1)
    below = np.minimum.accumulate(quantiles[..., middle::-1], -1)
    return np.concatenate((below[..., :0:-1], above), -1)


def _predict_timesfm(model: Any, batch: Batch, horizon: int, levels: Sequence[float]) -> Prediction:
    """Forecast each variable by itself; the model has no mask, so that gaps are filled first.

    The model counts in float32 and holds forecasts of batches without a negative value at 0, so that it gets each
    series in units of its own standard deviation, and each forecast is held by its own history.
    """
    config, (size, time, variables) = model.config, batch.values.shape
    rows = _numpy(batch.values).transpose(0, 2, 1).reshape(-1, time)
    known = ~np.isnan(rows).all(1)
    mean = np.full((len(rows), horizon), np.nan)
    quantiles = np.full((len(rows), horizon, len(config.quantiles)), np.nan)
    if known.any():
        loc = np.nanmean(rows[known], 1, keepdims=True)
        scale = np.nanstd(rows[known], 1, keepdims=True)
        scale[scale == 0] = 1.0
        past = [torch.from_numpy(row).to(model.device, model.dtype) for row in _filled((rows[known] - loc) / scale)]
        longest = -(-max(map(len, past)) // config.patch_length) * config.patch_length
        with torch.no_grad():
            out = model(past_values=past, forecast_context_len=longest, truncate_negative=False)
        steps = _numpy(out.full_predictions)[:, :horizon] * scale[..., None] + loc[..., None]
        if config.infer_is_positive:
            steps = np.where((np.nanmin(rows[known], 1) >= 0)[:, None, None], np.maximum(steps, 0.0), steps)
        # After the mean come the quantiles.
        mean[known], quantiles[known] = steps[..., config.decode_index], _uncrossed(steps[..., 1:])

    def by_variable(found: np.ndarray) -> np.ndarray:
        return np.moveaxis(found.reshape(size, variables, *found.shape[1:]), 1, 2)

    found = quantiles_at(quantiles, config.quantiles, levels) if len(levels) else quantiles[..., :0]
    return Prediction(by_variable(mean), by_variable(found))


def _predict_patchtst(model: Any, batch: Batch, horizon: int, levels: Sequence[float]) -> Prediction:
    values = batch.values[:, -model.config.context_length :]
    values = torch.nn.functional.pad(values, (0, 0, model.config.context_length - values.shape[1], 0), value=torch.nan)
    mask = ~torch.isnan(values)
    with torch.no_grad():
        out = model(values.nan_to_num().to(model.dtype), mask)
        if model.distribution_output is None:
            mean = _numpy(out.prediction_outputs)[:, :horizon]
            return Prediction(mean, np.zeros((*mean.shape, 0)))
        # A fixed seed, so that the same table has the same forecast.
        with torch.random.fork_rng():
            torch.manual_seed(0)
            distribution = model.distribution_output.distribution(out.prediction_outputs, loc=out.loc, scale=out.scale)
            draws = distribution.sample((_DRAWS,)).double()[:, :, :horizon]
    asked = torch.tensor([0.5, *levels], dtype=torch.float64, device=draws.device)
    found = np.moveaxis(_numpy(torch.quantile(draws, asked, dim=0)), 0, -1)
    return Prediction(found[..., 0], found[..., 1:])


# model_type -> adapter
ADAPTERS = {
    "tsfusion": Adapter(_predict_tsfusion),
    "llmps": Adapter(_predict_llmps, levels=lambda config: config.quantiles, variables=lambda _: 0),
    "timesfm2_5": Adapter(
        _predict_timesfm,
        levels=lambda config: config.quantiles,
        longest_horizon=lambda config: config.horizon_length,
    ),
    "patchtst": Adapter(
        _predict_patchtst,
        levels=lambda config: () if config.loss == "mse" else None,
        longest_horizon=lambda config: config.prediction_length,
        variables=lambda config: config.num_input_channels if config.num_input_channels > 1 else None,
        auto_class="PatchTSTForPrediction",
    ),
}


def find_adapter(config: PreTrainedConfig, name: str) -> Adapter:
    """Find the adapter of a model.

    Raises:
        ValueError: unknown `model_type`.
    """
    if config.model_type not in ADAPTERS:
        raise UserError(f"{name}: a model of type {config.model_type!r}; give a forecaster: {' or '.join(ADAPTERS)}.")
    return ADAPTERS[config.model_type]


def load_model(name_or_path: str | Path) -> tuple[PreTrainedModel, ForecastFeatureExtractor | None]:
    """Load a forecaster of any type in `ADAPTERS`, with its feature extractor if it has one.

    Raises:
        ValueError, OSError: for another kind of model, or a damaged checkpoint.
    """
    name = checkpoint_place(name_or_path)
    check_available(name)
    config = load_part(AutoConfig, name)
    adapter = find_adapter(config, name)
    if config.model_type in FAMILIES:
        return load_forecaster(name)
    return getattr(transformers, adapter.auto_class).from_pretrained(name), None
