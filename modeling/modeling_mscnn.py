"""Multi-scale CNN of LLM-PS (arXiv 2503.09656, section 3.2), after Res2Net."""

import torch
from torch import nn

from .modeling_wavelet import WaveletDecoupling


class PointwiseConv1d(nn.Conv1d):
    """Convolution of kernel 1 as a matrix product, several times faster on CPUs for few channels."""

    bias: torch.Tensor

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """Map (batch, in_channels, time) to (batch, out_channels, time)."""
        weight = self.weight.squeeze(-1).expand(hidden_states.shape[0], -1, -1)
        return torch.baddbmm(self.bias[:, None], weight, hidden_states)


class MSCNNBlock(nn.Module):
    """Bottleneck of `num_branches` convolutions of kernel 3 with growing receptive fields: each takes the one before.

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

    def forward(self, hidden_states: torch.Tensor, step_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Map (batch, channels, time) to the same shape; steps outside `step_mask` (batch, 1, time) are read as 0."""
        branches: list[torch.Tensor] = []
        parts = nn.functional.gelu(self.in_conv(hidden_states)).chunk(self.num_branches, dim=1)
        for part, conv in zip(parts, self.branch_convs, strict=True):
            part = part + branches[-1] if branches else part
            # To every convolution, steps beyond the end of a series look like its own zero padding.
            branches.append(nn.functional.gelu(conv(part if step_mask is None else part.masked_fill(~step_mask, 0.0))))
        stacked = torch.stack(branches, dim=1)
        if self.decouple is not None:
            stacked = self.decouple(stacked)
        return self.out_conv(stacked.flatten(1, 2)).add_(hidden_states)


class MSCNN(nn.Module):
    """Multi-scale features of normalized series with their observation mask, of the same length."""

    def __init__(self, channels: int, num_layers: int, num_branches: int, length: int, wavelet_levels: int):
        super().__init__()
        self.embed = nn.Conv1d(2, channels, kernel_size=3, padding=1)
        self.blocks = nn.ModuleList(
            MSCNNBlock(channels, num_branches, length, wavelet_levels) for _ in range(num_layers)
        )

    def forward(
        self, values: torch.Tensor, observed_mask: torch.Tensor, step_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Map values and mask, both (batch, time), to features (batch, channels, time).

        Steps outside `step_mask` (batch, time), bool, are padding: zeros in the features, and without influence on the
        others. They must be zeros in values and mask, and `wavelet_levels` must be 0.
        """
        hidden_states = self.embed(torch.stack((values, observed_mask.to(values.dtype)), dim=1))
        step_mask = None if step_mask is None else step_mask[:, None]
        for block in self.blocks:
            hidden_states = block(hidden_states, step_mask)
        return hidden_states if step_mask is None else hidden_states.masked_fill(~step_mask, 0.0)


__all__ = ["MSCNN", "MSCNNBlock", "PointwiseConv1d"]
