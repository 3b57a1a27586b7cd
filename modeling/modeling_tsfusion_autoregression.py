"""Autoregressions and linear predictors of many series at once, for any horizon without a loop over its steps."""

import torch
from torch import Tensor

from .modeling_tsfusion_series import at, mean_over

# Values that an autoregression and the linear predictor look at.
LAGS = 12
PREDICTORS = 32
_TINY = 1e-12


def autocovariance(values: Tensor, weight: Tensor, lags: int) -> Tensor:
    """Biased autocovariances at lags 0 to `lags` of zero-mean rows, (rows, lags + 1)."""
    values = values * weight
    size = values.shape[1]
    products = [torch.einsum("nt,nt->n", values[:, lag:], values[:, : size - lag]) for lag in range(lags + 1)]
    return torch.stack(products, 1) / weight.sum(1, keepdim=True).clamp(min=1)


def yule_walker(covariance: Tensor, length: Tensor) -> Tensor:
    """Coefficients (rows, lags) of a stationary autoregression, from autocovariances (rows, lags + 1).

    A ridge of 0.002 + 2 / n of the variance keeps short histories from being taken at their word.

    Args:
        covariance: biased, so that the matrix is positive definite.
        length: n, int64 (rows,).
    """
    lags = covariance.shape[1] - 1
    order = torch.arange(lags, device=covariance.device)
    ridge = covariance[:, :1] * (0.002 + 2 / length.clamp(min=1)[:, None]) + _TINY
    matrix = covariance[:, (order[:, None] - order).abs()] + torch.diag_embed(ridge.expand(-1, lags))
    return torch.linalg.solve(matrix, covariance[:, 1:, None]).squeeze(-1)


def iterate(coefficients: Tensor, state: Tensor, last_step: int) -> tuple[Tensor, ...]:
    """Forecasts 1 to `last_step` of an autoregression, and how far a shock of 1 is still felt in each of them.

    The rows e'A^h of the companion matrix A come by doubling: a dozen batched products for any horizon.

    Args:
        coefficients: (rows, lags).
        state: the last values, latest first, of one or more starts, (rows, lags, starts).
        last_step: steps.

    Returns:
        The forecasts of each start, then the impulse responses, (rows, last_step) each.
    """
    rows, lags = coefficients.shape
    shift = torch.eye(lags, device=state.device)[:-1].expand(rows, -1, -1)
    power = torch.cat((coefficients[:, None], shift), 1)
    reading = coefficients[:, None]
    while reading.shape[1] < last_step:
        reading = torch.cat((reading, reading @ power), 1)
        power = power @ power
    reading = reading[:, :last_step]
    impulse = torch.cat((torch.ones_like(reading[:, :1, 0]), reading[:, :-1, 0]), 1)
    return *(reading @ state).unbind(-1), impulse


def linear_predictor(values: Tensor, valid: Tensor, length: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
    """Best linear predictor of each step from the last 32 values, and its standard deviation, (rows, steps) each.

    Of a stationary process with the autocovariances of the history: c_h' C^-1 x (simple kriging, no iteration).

    Args:
        values: (rows, time), gaps filled.
        valid: 1 in the history, same shape.
        length: int64 (rows,).
        steps: int64 (rows, steps), from 1 on.
    """
    size = values.shape[1]
    mean = mean_over(values, valid)
    centred = (values - mean) * valid
    power = torch.fft.rfft(centred, 2 * size).abs().square()
    covariance = torch.fft.irfft(power, 2 * size)[:, :size] / length.clamp(min=1)[:, None]
    order = torch.arange(PREDICTORS, device=values.device)
    ridge = (0.005 + 2 / length.clamp(min=1)[:, None]) * covariance[:, :1] + 1e-6
    matrix = covariance[:, (order[:, None] - order).abs()] + torch.diag_embed(ridge.expand(-1, PREDICTORS))
    back = length[:, None] - 1 - order
    known = torch.where(back >= 0, at(centred, back), 0.0)
    index = (steps[..., None] + order).flatten(1)
    to_past = torch.where(index < size, at(covariance, index), 0.0).view(*steps.shape, PREDICTORS)
    weights = to_past @ torch.cholesky_inverse(torch.linalg.cholesky_ex(matrix).L)
    forecast = (weights @ known[..., None]).squeeze(-1) + mean
    explained = (weights * to_past).sum(-1)
    return forecast, (covariance[:, :1] - explained).clamp(min=0).sqrt()


__all__ = ["LAGS", "autocovariance", "iterate", "linear_predictor", "yule_walker"]
