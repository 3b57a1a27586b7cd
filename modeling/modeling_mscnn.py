"""The multi-scale convolutional encoder of LLM-PS (arXiv 2503.09656, section 3.2), in the manner of Res2Net."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .modeling_wavelet import WaveletDecoupling


class PointwiseConv1d(nn.Conv1d):
    """A convolution of kernel 1 as the matrix product that it is: on CPUs several times faster for few channels."""

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Maps (batch, in_channels, time) to (batch, out_channels, time)."""
        weight = self.weight.squeeze(-1).expand(hidden_states.shape[0], -1, -1)
        return torch.baddbmm(self.bias[:, None], weight, hidden_states)


class MSCNNBlock(nn.Module):
    """Bottleneck of `num_branches` convolutions of kernel 3, each fed by the one before: receptive fields grow.

    Args:
        channels: width, a multiple of `num_branches`.
        num_branches: number of receptive fields (3, 5, 7, ...); 1 is a plain convolution.
        length: time steps of the input.
        wavelet_levels: levels of the decoupling between the branches; 0 leaves the branches as they are.
    """

    def __init__(self, channels: int, num_branches: int, length: int, wavelet_levels: int):
        super().__init__()
        width = channels // num_branches
        self.num_branches = num_branches
        self.in_conv = PointwiseConv1d(channels, channels, kernel_size=1)
        self.branch_convs = nn.ModuleList(
            nn.Conv1d(width, width, kernel_size=3, padding=1) for _ in range(num_branches)
        )
        self.decouple = WaveletDecoupling(length, wavelet_levels) if wavelet_levels else None
        self.out_conv = PointwiseConv1d(channels, channels, kernel_size=1)

    def forward(self, hidden_states: Tensor, inside: Tensor | None = None) -> Tensor:
        """Maps (batch, channels, time) to the same shape; steps that are not `inside` (batch, 1, time) are zeros to
        the others."""
        branches: list[Tensor] = []
        for part, conv in zip(
            F.gelu(self.in_conv(hidden_states)).chunk(self.num_branches, dim=1), self.branch_convs, strict=True
        ):
            part = part + branches[-1] if branches else part
            # Beyond its end a series must look to every convolution as its own zero padding does.
            branches.append(F.gelu(conv(part if inside is None else part.masked_fill(~inside, 0.0))))
        stacked = torch.stack(branches, dim=1)
        if self.decouple is not None:
            stacked = self.decouple(stacked)
        return self.out_conv(stacked.flatten(1, 2)).add_(hidden_states)


class MSCNN(nn.Module):
    """Lifts normalised series with their observation mask to multi-scale features of the same length."""

    def __init__(self, channels: int, num_layers: int, num_branches: int, length: int, wavelet_levels: int):
        super().__init__()
        self.embed = nn.Conv1d(2, channels, kernel_size=3, padding=1)
        self.blocks = nn.ModuleList(
            MSCNNBlock(channels, num_branches, length, wavelet_levels) for _ in range(num_layers)
        )

    def forward(self, values: Tensor, observed_mask: Tensor, inside: Tensor | None = None) -> Tensor:
        """Maps values and mask, both (batch, time), to features (batch, channels, time).

        With `inside` (batch, time), bool, the steps that are not are padding: zeros in the features, and without
        influence on the others. It needs values and mask that are zero there, and `wavelet_levels` 0.
        """
        hidden_states = self.embed(torch.stack((values, observed_mask.to(values.dtype)), dim=1))
        inside = None if inside is None else inside[:, None]
        for block in self.blocks:
            hidden_states = block(hidden_states, inside)
        return hidden_states if inside is None else hidden_states.masked_fill(~inside, 0.0)
