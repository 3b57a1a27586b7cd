"""Splitting a series into a long-term and a short-term part with the Daubechies-4 wavelet.

A wavelet low-pass of a fixed length is a linear map over time, so it is kept as one matrix. The transform is
that of PyWavelets with `wavelet="db4", mode="symmetric"`.
"""

import math

import torch
from torch import Tensor, nn

# Decomposition low-pass filter of the Daubechies wavelet with four vanishing moments: I. Daubechies, "Ten Lectures on
# Wavelets" (1992), table 6.1; length 8. The reconstruction filter is the same in reverse order.
DB4_LOW_PASS = (
    -0.010597401784997278,
    0.032883011666982945,
    0.030841381835986965,
    -0.18703481171888114,
    -0.02798376941698385,
    0.6308807679295904,
    0.7148465705525415,
    0.23037781330885523,
)


def max_wavelet_levels(length: int) -> int:
    """Most levels for which the filter still fits into the low band of a signal of `length` steps, or 0."""
    if length < len(DB4_LOW_PASS):
        return 0
    return int(math.log2(length / (len(DB4_LOW_PASS) - 1)))


def _analysis_matrix(length: int) -> Tensor:
    """One level down: (length + 7) // 2 low-band coefficients of a signal that is mirrored at both ends."""
    taps = torch.tensor(DB4_LOW_PASS, dtype=torch.float64)
    coefficient = torch.arange((length + len(taps) - 1) // 2)[:, None]
    step = (2 * coefficient + 1 - torch.arange(len(taps))) % (2 * length)
    step = torch.where(step < length, step, 2 * length - 1 - step)
    matrix = torch.zeros(len(coefficient), length, dtype=torch.float64)
    return matrix.scatter_add_(1, step, taps.expand(len(coefficient), -1))


def _synthesis_matrix(num_coefficients: int, length: int) -> Tensor:
    """One level up: the first `length` steps of the inverse transform with the high band set to zero."""
    taps = torch.tensor(DB4_LOW_PASS[::-1], dtype=torch.float64)
    tap = torch.arange(length)[:, None] + len(taps) - 2 - 2 * torch.arange(num_coefficients)
    inside = (tap >= 0) & (tap < len(taps))
    return torch.where(inside, taps[tap.clamp(0, len(taps) - 1)], 0.0)


def low_pass_matrix(length: int, levels: int) -> Tensor:
    """The map of a signal to its long-term part: `levels` transforms, all high bands zeroed, transformed back.

    Returns:
        float64 tensor of shape (length, length); `matrix @ signal` is the long-term part.
    """
    matrix = torch.eye(length, dtype=torch.float64)
    lengths = [length]
    for _ in range(levels):
        matrix = _analysis_matrix(lengths[-1]) @ matrix
        lengths.append(matrix.shape[0])
    for shorter, longer in zip(lengths[:0:-1], lengths[-2::-1], strict=True):
        matrix = _synthesis_matrix(shorter, longer) @ matrix
    return matrix


class WaveletDecoupling(nn.Module):
    """Splits the branches of a multi-scale block and exchanges their parts (LLM-PS, arXiv 2503.09656, section 3.2).

    The short-term parts accumulate from the smallest receptive field to the largest, the long-term parts from the
    largest to the smallest; a branch becomes the sum of its two accumulated parts.
    """

    def __init__(self, length: int, levels: int):
        super().__init__()
        self.length, self.levels = length, levels
        self.register_buffer("low_pass", self.initial_low_pass(), persistent=False)

    def initial_low_pass(self) -> Tensor:
        return low_pass_matrix(self.length, self.levels).to(torch.float32)

    def forward(self, branches: Tensor) -> Tensor:
        """Maps branches (batch, branch, channels, time), smallest receptive field first, to the same shape."""
        long_term = branches @ self.low_pass.T.to(branches.dtype)
        short_term = branches - long_term
        return short_term.cumsum(1) + long_term.flip(1).cumsum(1).flip(1)
