"""Split of a series into a long-term and a short-term part with the Daubechies-4 wavelet.

The low-pass of a series of fixed length is a linear map over time, kept as matrices. The transform is that of
PyWavelets with `wavelet="db4", mode="symmetric"`.
"""

import itertools

import torch
from torch import nn

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


def _analysis_matrix(length: int) -> torch.Tensor:
    """Matrix of one level of analysis: (length + 7) // 2 low-band coefficients of a signal mirrored at both ends."""
    taps = torch.tensor(DB4_LOW_PASS, dtype=torch.float64)
    coefficient = torch.arange((length + len(taps) - 1) // 2)[:, None]
    step = (2 * coefficient + 1 - torch.arange(len(taps))) % (2 * length)
    step = torch.where(step < length, step, 2 * length - 1 - step)
    matrix = torch.zeros(len(coefficient), length, dtype=torch.float64)
    return matrix.scatter_add_(1, step, taps.expand(len(coefficient), -1))


def _synthesis_matrix(num_coefficients: int, length: int) -> torch.Tensor:
    """Matrix of one level of synthesis: the first `length` steps of the inverse transform, without the high band."""
    taps = torch.tensor(DB4_LOW_PASS[::-1], dtype=torch.float64)
    tap = torch.arange(length)[:, None] + len(taps) - 2 - 2 * torch.arange(num_coefficients)
    exists = (tap >= 0) & (tap < len(taps))
    return torch.where(exists, taps[tap.clamp(0, len(taps) - 1)], 0.0)


def low_pass_factors(length: int, levels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Factors of the map of a signal to its long-term part: the lowest band after `levels` levels, transformed back.

    Returns:
        float64 matrices `down` (coefficients, length), the analysis, and `up` (length, coefficients), the synthesis;
        `up @ (down @ signal)` is the long-term part.
    """
    down = torch.eye(length, dtype=torch.float64)
    lengths = [length]
    for _ in range(levels):
        down = _analysis_matrix(lengths[-1]) @ down
        lengths.append(down.shape[0])
    up = torch.eye(lengths[-1], dtype=torch.float64)
    for shorter, longer in zip(lengths[:0:-1], lengths[-2::-1], strict=True):
        up = _synthesis_matrix(shorter, longer) @ up
    return down, up


class WaveletDecoupling(nn.Module):
    """Exchange of long-term and short-term parts between branches (LLM-PS, arXiv 2503.09656, section 3.2).

    The short-term parts accumulate from the smallest receptive field to the largest, the long-term parts from the
    largest to the smallest; a branch becomes the sum of its two accumulated parts.

    The long-term part of a step depends on few coefficients, and these on the steps around it. So it is computed for
    stretches of equal length, each from a window a little wider.
    """

    low_pass: torch.Tensor

    def __init__(self, length: int, levels: int):
        super().__init__()
        self.length, self.levels = length, levels
        # A stretch holds 16 coefficients or more: windows of shorter ones overlap much, matrices of longer ones are
        # mostly zeros.
        most = max(1, length // (16 * 2**levels))
        self.stretch = length // max(count for count in range(1, most + 1) if length % count == 0)
        # A coefficient of the lowest band reaches 6 * (2**levels - 1) steps back and 2**levels - 1 forth.
        self.margin = 7 * (2**levels - 1) if self.stretch < length else 0
        self.register_buffer("low_pass", self.initial_low_pass(), persistent=False)

    def initial_low_pass(self) -> torch.Tensor:
        """Factors of each stretch, float32 (stretches, coefficients, window + stretch).

        `down` for the window of the stretch and `up`, transposed, lie side by side.
        """
        down, up = low_pass_factors(self.length, self.levels)
        step = 2**self.levels
        starts = range(0, self.length, self.stretch)
        ends = [start + self.stretch for start in starts]
        firsts = [start // step for start in starts]
        count = max((end - 1 + 6 * (step - 1)) // step + 1 - first for first, end in zip(firsts, ends, strict=True))
        down = nn.functional.pad(down, (self.margin, self.margin, 0, count))
        up = nn.functional.pad(up, (0, count))
        parts = [
            torch.cat(
                (down[first : first + count, start : end + 2 * self.margin], up[start:end, first : first + count].T), 1
            )
            for first, start, end in zip(firsts, starts, ends, strict=True)
        ]
        return torch.stack(parts).to(torch.float32)

    def forward(self, branches: torch.Tensor) -> torch.Tensor:
        """Map branches (batch, branch, channels, time), smallest receptive field first, to the same shape."""
        width = self.stretch + 2 * self.margin
        down, up = self.low_pass.to(branches.dtype).split((width, self.stretch), dim=-1)
        windows = nn.functional.pad(branches.flatten(0, 2), (self.margin, self.margin)).unfold(-1, width, self.stretch)
        # (stretches, coefficients, series): the transposed product is half as fast.
        coarse = torch.bmm(down, windows.permute(1, 2, 0))
        coarse = coarse.unflatten(-1, branches.shape[:3])
        up_to = coarse.cumsum(3)
        after_less_before = up_to[:, :, :, -1:] - 2 * up_to + coarse
        # With short-term = branch - long-term, a branch becomes the sum of the branches up to it, plus the long-term
        # part of those after it less those before it.
        mixed = torch.stack(list(itertools.accumulate(branches.unbind(1))), dim=1)
        long_term = torch.bmm(after_less_before.flatten(2).mT, up).transpose(0, 1)
        return (mixed.view(-1, len(up), self.stretch) + long_term).reshape(branches.shape)


__all__ = ["WaveletDecoupling", "low_pass_factors"]
