"""Autoregressions and linear predictors of many series at once, for any horizon without a loop over its steps."""

import torch
from torch import Tensor

from .modeling_tsfusion_series import at, mean_over

# Number of last values in an autoregression, and in the linear predictor.
LAGS = 12
PREDICTORS = 32
# Last values of the regression on seasonal lags; steps whose forecasts are solved for at once; largest forecast.
_NEAR = 8
_BLOCK_OF_STEPS = 256
_LARGEST = 1e6
_TINY = 1e-12


def _toeplitz(column: Tensor) -> Tensor:
    """Symmetric Toeplitz matrices (rows, size, size) of their first columns (rows, size)."""
    size = column.shape[1]
    return torch.cat((column.flip(1), column[:, 1:]), 1).unfold(1, size, 1).flip(1)


def autocovariance(values: Tensor, weight: Tensor, lags: int) -> Tensor:
    """Biased autocovariances at lags 0 to `lags` of zero-mean rows, (rows, lags + 1)."""
    values = values * weight
    size = values.shape[1]
    products = [torch.einsum("nt,nt->n", values[:, lag:], values[:, : size - lag]) for lag in range(lags + 1)]
    return torch.stack(products, 1) / weight.sum(1, keepdim=True).clamp(min=1)


def yule_walker(covariance: Tensor, length: Tensor) -> Tensor:
    """Coefficients (rows, lags) of a stationary autoregression, from autocovariances (rows, lags + 1).

    A ridge of 0.002 + 2 / n of the variance keeps the coefficients of short histories small.

    Args:
        covariance: biased, so that the matrix is positive definite.
        length: n, int64 (rows,).
    """
    lags = covariance.shape[1] - 1
    ridge = covariance[:, :1] * (0.002 + 2 / length.clamp(min=1)[:, None]) + _TINY
    matrix = _toeplitz(covariance[:, :lags]) + torch.diag_embed(ridge.expand(-1, lags))
    return torch.linalg.solve(matrix, covariance[:, 1:, None]).squeeze(-1)


def iterate(coefficients: Tensor, state: Tensor, last_step: int) -> tuple[Tensor, ...]:
    """Forecast the steps 1 to `last_step` of an autoregression, with its impulse responses.

    The rows e'A^h of the companion matrix A are computed by doubling: a dozen batched products for any horizon.

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

    It is that of a stationary process with the autocovariances of the history, c_h' C^-1 x (simple kriging).

    Args:
        values: (rows, time), gaps filled.
        valid: 1 in the history, same shape.
        length: int64 (rows,).
        steps: int64 (rows, steps), from 1 on.
    """
    size = values.shape[1]
    mean = mean_over(values, valid)
    centered = (values - mean) * valid
    power = torch.fft.rfft(centered, 2 * size).abs().square()
    covariance = torch.fft.irfft(power, 2 * size)[:, :size] / length.clamp(min=1)[:, None]
    order = torch.arange(PREDICTORS, device=values.device)
    ridge = (0.005 + 2 / length.clamp(min=1)[:, None]) * covariance[:, :1] + 1e-6
    matrix = _toeplitz(covariance[:, :PREDICTORS]) + torch.diag_embed(ridge.expand(-1, PREDICTORS))
    back = length[:, None] - 1 - order
    known = torch.where(back >= 0, at(centered, back), 0.0)
    index = (steps[..., None] + order).flatten(1)
    to_past = torch.where(index < size, at(covariance, index), 0.0).view(*steps.shape, PREDICTORS)
    weights = to_past @ torch.cholesky_inverse(torch.linalg.cholesky_ex(matrix).L)
    forecast = (weights @ known[..., None]).squeeze(-1) + mean
    explained = (weights * to_past).sum(-1)
    return forecast, (covariance[:, :1] - explained).clamp(min=0).sqrt()


def _lags(periods: Tensor, length: Tensor) -> Tensor:
    """Lags of the regression on seasonal lags, int64 (rows, lags): 0 where one does not fit three times or repeats."""
    near = torch.arange(1, _NEAR + 1, device=periods.device).expand(len(periods), -1)
    around = periods[..., None] + torch.arange(-1, 2, device=periods.device)
    seasonal = torch.where((periods[..., None] > 1) & (around > _NEAR), around, 0)
    again = (seasonal[:, 1:, :, None] == seasonal[:, :1, None, :]).any(-1)
    seasonal = torch.cat((seasonal[:, :1], torch.where(again, 0, seasonal[:, 1:])), 1)
    lags = torch.cat((near, seasonal.flatten(1)), 1)
    return torch.where(3 * lags <= length[:, None], lags, 0)


def _past(values: Tensor, periods: Tensor) -> Tensor:
    """Values at the lags of `_lags` before each step, (rows, lags, time); arbitrary where there is none."""
    size = values.shape[1]
    padded = torch.nn.functional.pad(values, (_NEAR, 1))
    near = [padded[:, _NEAR - lag : _NEAR - lag + size] for lag in range(1, _NEAR + 1)]
    time = torch.arange(size, device=values.device)
    index = [(time - period[:, None]).clamp(min=0) for period in periods.unbind(1)]
    # One step later is one lag less.
    shifted = [padded[:, _NEAR + shift : _NEAR + shift + size] for shift in (1, 0, -1)]
    return torch.stack([*near, *(one.gather(1, place) for place in index for one in shifted)], 1)


def _system(coefficients: Tensor, lags: Tensor, steps: int) -> Tensor:
    """Matrices I - A of `regress_on_lags`, (rows, steps, steps)."""
    by_lag = coefficients.new_zeros(len(lags), steps + 1)
    by_lag.scatter_add_(1, lags.clamp(max=steps), torch.where(lags < steps, -coefficients, 0.0))
    by_lag[:, 0] = 1.0
    # Row h of a lower Toeplitz matrix is a window of its reversed first column.
    windows = torch.nn.functional.pad(by_lag[:, :steps].flip(1), (0, steps - 1))
    return windows.unfold(1, steps, 1).flip(1)


def regress_on_lags(values: Tensor, weight: Tensor, length: Tensor, periods: Tensor, last_step: int) -> Tensor:
    """Forecasts 1 to `last_step` by least squares on the last 8 values and on those about a season ago.

    Ridge regression on x_(t-1), ..., x_(t-8) and on the three values about each season ago. The forecasts of a block
    of steps solve one triangular system, (I - A) f = c, with A of the coefficients of lags inside the block.

    Args:
        values: zero-mean rows, (rows, time), 0 outside of the history.
        weight: 1 where a step may be regressed on its past, same shape.
        length: int64 (rows,).
        periods: int64 (rows, 2), 1 where there is no season.
        last_step: steps.

    Returns:
        (rows, last_step).
    """
    device = values.device
    lags = _lags(periods, length)
    used = (lags > 0).float()
    time = torch.arange(values.shape[1], device=device)
    past = _past(values, periods).mul_((weight * (time >= lags.amax(1, keepdim=True)))[:, None])
    gram = past @ past.transpose(1, 2) * used[:, :, None] * used[:, None]
    target = (past @ values[..., None]).squeeze(-1) * used
    energy = gram.diagonal(dim1=1, dim2=2).sum(1, keepdim=True) / used.sum(1, keepdim=True).clamp(min=1)
    ridge = energy * (0.001 + 0.5 / length.clamp(min=1)[:, None]) + _TINY
    gram = gram + torch.diag_embed(torch.where(used > 0, ridge, 1.0))
    coefficients = torch.linalg.solve(gram, target[..., None]).squeeze(-1) * used

    known, end = values, length
    blocks = []
    for start in range(0, last_step, _BLOCK_OF_STEPS):
        steps = min(_BLOCK_OF_STEPS, last_step - start)
        ahead = torch.arange(steps, device=device)
        index = end[:, None, None] + ahead[:, None] - lags[:, None]
        from_past = (index < end[:, None, None]) & (index >= 0)
        seen = known.gather(1, index.clamp(0, known.shape[1] - 1).flatten(1)).view(*index.shape)
        constant = (torch.where(from_past, seen, 0.0) * coefficients[:, None]).sum(-1, keepdim=True)
        system = _system(coefficients, lags, steps)
        block = torch.linalg.solve_triangular(system, constant, upper=False, unitriangular=True).squeeze(-1)
        # The caller clamps forecasts that explode; they must stay finite.
        block = block.nan_to_num(0.0, _LARGEST, -_LARGEST).clamp(-_LARGEST, _LARGEST)
        blocks.append(block)
        known = torch.nn.functional.pad(known, (0, steps)).scatter(1, end[:, None] + ahead, block)
        end = end + steps
    return torch.cat(blocks, 1)


__all__ = ["LAGS", "autocovariance", "iterate", "linear_predictor", "regress_on_lags", "yule_walker"]
