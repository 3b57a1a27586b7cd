"""Exponential smoothing of many series with many parameters at once, by matrix products in place of a recursion."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .modeling_tsfusion_series import BLOCK

# (level, slope / level, damping) of the smoothers; a damping of 0 has no slope and is simple smoothing.
SIMPLE = tuple((a, 0.0, 0.0) for a in (0.03, 0.08, 0.16, 0.3, 0.45, 0.6, 0.8, 0.97))
HOLT = tuple((a, b, 1.0) for a in (0.12, 0.35, 0.65, 0.95) for b in (0.04, 0.15, 0.5))
DAMPED = tuple((a, b, d) for d in (0.8, 0.93) for a in (0.25, 0.6, 0.95) for b in (0.15, 0.6))
GRID = SIMPLE + HOLT + DAMPED
# Prior precision of the initial level and slope, in error variances.
_PRIOR_LEVEL, _PRIOR_SLOPE = 0.02, 0.5
# Blocks to fit the initial state to, and rows of one pass.
_EARLY = 5
_ROWS = 64


@dataclass
class Smoothed:
    """Results of the smoothers of `GRID` for each row.

    Args:
        level: at the end, (rows, smoothers).
        slope: at the end, same shape.
        error: mean squared one-step error, same shape.
    """

    level: Tensor
    slope: Tensor
    error: Tensor


def _powers(matrix: Tensor, count: int) -> Tensor:
    """matrix^0, ..., matrix^(count - 1) of (smoothers, 2, 2), (count, smoothers, 2, 2), by doubling."""
    powers = torch.eye(2, dtype=matrix.dtype, device=matrix.device).expand(1, *matrix.shape)
    step = matrix
    while len(powers) < count:
        powers = torch.cat((powers, powers @ step))
        step = step @ step
    return powers[:count]


def grid_tensor(device: torch.device) -> Tensor:
    """Float64 (smoothers, 3): level, slope and damping parameters."""
    return torch.tensor(GRID, dtype=torch.float64, device=device)


def smooth(values: Tensor, length: Tensor) -> Smoothed:
    """Run every smoother of the grid over every row, with initial states by least squares.

    In innovations form (Hyndman et al. 2008, ETS(A,Ad,N)): the forecast is f_t = w's_t and the state moves by
    s_(t+1) = D s_t + k y_t. That is linear in the values and in the initial state, so that blocks of 32 steps are
    products with the impulse response, blocks are joined by powers of D, and the initial state is a regression on its
    own response, with a weak prior (the start of the history, no slope).

    Args:
        values: float32 (rows, time), a multiple of 32 steps, 0 after the end.
        length: int64 (rows,).
    """
    blocks = values.shape[1] // BLOCK
    alpha, ratio, damping = grid_tensor(values.device).unbind(1)
    count = len(alpha)
    gain = torch.stack((alpha, alpha * ratio), -1)
    row = torch.stack((torch.ones_like(damping), damping), -1)
    move = torch.stack((row, torch.stack((torch.zeros_like(damping), damping), -1)), 1)
    decay = move - gain[:, :, None] * row[:, None, :]
    within = _powers(decay, BLOCK + 1)
    across = _powers(within[BLOCK], blocks + 1)
    # Response of the state after j steps to a value before it, (j, smoothers, 2), and of the forecast to the state.
    pulse = (within[:BLOCK] @ gain[:, :, None]).squeeze(-1)
    read = torch.einsum("gi,jgik->jgk", row, within[:BLOCK])

    lag = torch.arange(BLOCK, device=values.device)
    distance = lag[None, :] - 1 - lag[:, None]
    reply = torch.einsum("gi,jgi->gj", row, pulse)
    kernel = torch.where(distance >= 0, reply[:, distance.clamp(min=0)], 0.0)
    # Maps values to errors, not to forecasts.
    kernel = (torch.eye(BLOCK, dtype=kernel.dtype, device=values.device) - kernel).float()
    ends = pulse[BLOCK - 1 - lag].float()
    order = torch.arange(blocks + 1, device=values.device)
    since = order[:, None] - 1 - order[None, :blocks]
    carry = torch.where((since >= 0)[..., None, None, None], across[since.clamp(min=0)], 0.0).float()
    # The initial state is forgotten after a while, and fitted to no more steps than that.
    early = min(blocks, _EARLY)
    response = torch.einsum("jgi,cgik->gcjk", read, across[:early]).reshape(count, early * BLOCK, 2)
    energy = (response[..., :, None] * response[..., None, :]).cumsum(1)
    energy = energy[:, (length - 1).clamp(0, early * BLOCK - 1)].float()
    tables = (across.float(), within.float(), pulse.float(), read.float(), kernel, ends, carry, response.float())
    out = [
        _smooth_rows(*part, *tables)
        for part in zip(values.split(_ROWS), length.split(_ROWS), energy.split(_ROWS, 1), strict=True)
    ]
    return Smoothed(*(torch.cat(part) for part in zip(*out, strict=True)))


def _smooth_rows(
    values: Tensor,
    length: Tensor,
    energy: Tensor,
    across: Tensor,
    within: Tensor,
    pulse: Tensor,
    read: Tensor,
    kernel: Tensor,
    ends: Tensor,
    carry: Tensor,
    response: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Level, slope and error of some rows; few at a time, so that their errors stay in the cache."""
    rows, size = values.shape
    count, blocks = len(kernel), size // BLOCK
    time = torch.arange(size, device=values.device)
    # The mean of the first steps is the prior of the initial level.
    head = time < length.clamp(max=4)[:, None]
    origin = (values * head).sum(1, keepdim=True) / head.sum(1, keepdim=True).clamp(min=1)
    valid = time < length[:, None]
    centered = torch.where(valid, values - origin, 0.0)
    parts = centered.view(-1, BLOCK)
    inputs = (parts @ ends.reshape(BLOCK, -1)).view(rows, blocks, count, 2)
    states = torch.einsum("cdgij,ndgj->gnci", carry, inputs)

    error = torch.matmul(parts, kernel)
    error.baddbmm_(states[:, :, :blocks].reshape(count, -1, 2), read.permute(1, 2, 0), alpha=-1)
    error = error.view(count, rows, size)
    error *= valid
    match = error[..., : response.shape[1]] @ response

    # (E + P) s = r in closed form.
    e11, e22, e12 = energy[..., 0, 0] + _PRIOR_LEVEL, energy[..., 1, 1] + _PRIOR_SLOPE, energy[..., 0, 1]
    determinant = e11 * e22 - e12 * e12
    initial = torch.stack((e22 * match[..., 0] - e12 * match[..., 1], e11 * match[..., 1] - e12 * match[..., 0]), -1)
    initial = initial / determinant[..., None]
    squares = torch.linalg.vector_norm(error, dim=-1).square()
    squares = squares - 2 * (initial * match).sum(-1) + torch.einsum("gni,gnij,gnj->gn", initial, energy, initial)

    block, offset = length // BLOCK, length % BLOCK
    state = states.gather(2, block[None, :, None, None].expand(count, -1, 1, 2)).squeeze(2)
    state = state + torch.einsum("ngij,gnj->gni", across[block], initial)
    state = torch.einsum("ngij,gnj->gni", within[offset], state)
    last = parts.view(rows, blocks, BLOCK)[torch.arange(rows, device=values.device), block.clamp(max=blocks - 1)]
    back = offset[:, None] - 1 - torch.arange(BLOCK, device=values.device)
    tail = torch.where(back >= 0, last, 0.0)
    state = state + torch.einsum("nb,nbgi->gni", tail, pulse[back.clamp(min=0)])
    mean_square = squares.clamp(min=0) / length.clamp(min=1)
    return state[..., 0].T + origin, state[..., 1].T, mean_square.T


__all__ = ["DAMPED", "GRID", "HOLT", "SIMPLE", "Smoothed", "grid_tensor", "smooth"]
