"""One way to call the forecasters of this package and those of transformers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from .forecasting import check_quantile_levels, quantiles_at


class Batch(NamedTuple):
    """Past of some series that are forecast at once.

    Args:
        values: float64 (batch, time, variables), NaN where missing; shorter series begin with NaN.
        seasonal_periods: int64 (batch, 2) in steps; 1 is none, 0 any that is found.
    """

    values: Tensor
    seasonal_periods: Tensor


class Prediction(NamedTuple):
    """Forecast of a batch.

    Args:
        mean: point forecast of the model, float64 (batch, prediction_length, variables).
        quantiles: float64 (batch, prediction_length, variables, levels), at the levels asked for.
    """

    mean: np.ndarray
    quantiles: np.ndarray


@dataclass(frozen=True)
class Adapter:
    """How to use the models of one `model_type`.

    Args:
        context_length: most steps of a history that the model reads.
        check: raises ValueError for levels or a horizon that the model cannot give.
        predict: forecasts a batch at rising levels.
        min_length: fewest steps of a history.
    """

    context_length: Callable[[PreTrainedConfig], int]
    check: Callable[[PreTrainedConfig, int, Sequence[float]], None]
    predict: Callable[[PreTrainedModel, Batch, int, Sequence[float]], Prediction]
    min_length: int = 1


def _numpy(values: Tensor) -> np.ndarray:
    return values.double().cpu().numpy()


def _context_length(config: Any) -> int:
    return config.context_length


def _any_levels(config: PreTrainedConfig, horizon: int, levels: Sequence[float]) -> None:
    """Accept any horizon and level."""


def _predict_tsfusion(model: Any, batch: Batch, horizon: int, levels: Sequence[float]) -> Prediction:
    periods = batch.seasonal_periods[:, None].expand(-1, batch.values.shape[2], -1)
    out = model.predict(
        batch.values,
        prediction_length=horizon,
        quantile_levels=list(levels) or None,
        seasonal_period=periods,
    )
    return Prediction(_numpy(out.mean_predictions), _numpy(out.full_predictions)[..., : len(levels)])


def _check_llmps(config: Any, horizon: int, levels: Sequence[float]) -> None:
    check_quantile_levels(levels, config.quantiles)


def _predict_llmps(model: Any, batch: Batch, horizon: int, levels: Sequence[float]) -> Prediction:
    mask = ~torch.isnan(batch.values)
    out = model.predict(batch.values.nan_to_num(), mask, prediction_length=horizon)
    mean = _numpy(out.mean_predictions)
    if not levels:
        return Prediction(mean, np.zeros((*mean.shape, 0)))
    return Prediction(mean, quantiles_at(_numpy(out.full_predictions), model.config.quantiles, levels))


# model_type -> adapter
ADAPTERS = {
    "tsfusion": Adapter(_context_length, _any_levels, _predict_tsfusion),
    "llmps": Adapter(_context_length, _check_llmps, _predict_llmps, min_length=2),
}
