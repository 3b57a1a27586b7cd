"""Principal components of random convolutions of a series."""

import torch
from torch import nn
from transformers import initialization as init

from .configuration_random_convolutions import NUM_KERNELS, NUM_ORDERS
from .configuration_ts_encoder import TSEncoderConfig
from .modeling_random_convolutions import convolve, quantile_levels, shares_above, white_noise_biases
from .modeling_shared_layers import series_lengths

_DILATIONS = (1, 2, 4, 8, 16, 32)
NUM_SHARES = NUM_ORDERS * len(_DILATIONS) * NUM_KERNELS
# Of new components, which are random: 1,008 shares that each vary by some .2 become numbers that vary by about 1.
_NEW_DEVIATION = 0.15


class ConvolutionComponents(nn.Module):
    """Description of a whole series by random convolutions, projected to the width of its tokens.

    Kernels of nine weights at six dilations read a series and its steps, as in MiniRocket (arXiv 2012.08791), and each
    gives the share of time in which its answer is above its bias. The biases are quantiles of the answers to white
    noise and need no samples; neither do the components, which are those of synthetic series
    (`training/convolution_components.py`), and random in a new model. The projection alone is trained.
    """

    biases: torch.Tensor
    mean: torch.Tensor
    components: torch.Tensor

    def __init__(self, config: TSEncoderConfig):
        super().__init__()
        self.register_buffer("biases", torch.empty(NUM_ORDERS, len(_DILATIONS), NUM_KERNELS, 1))
        self.register_buffer("mean", torch.empty(NUM_SHARES))
        self.register_buffer("components", torch.empty(NUM_SHARES, config.convolution_components))
        self.projection = nn.Linear(config.convolution_components, config.hidden_size)

    def init_buffers(self) -> None:
        """Set the biases to those of white noise, and the components to random ones."""
        levels = quantile_levels(len(_DILATIONS), 1)
        reads = torch.ones(*levels.shape[:3], 1, dtype=torch.bool)
        init.copy_(self.biases, white_noise_biases(levels, reads))
        init.copy_(self.mean, 1 - levels.flatten())
        init.normal_(self.components, std=_NEW_DEVIATION)

    def shares(self, values: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
        """Shares (rows, 1,008) float32 of time in which an answer is above its bias.

        Args:
            values: normalized series (rows, time), 0 where nothing is observed.
            observed: bool mask of the same shape.
        """
        steps = torch.arange(values.shape[-1], device=values.device)
        inside = steps < series_lengths(observed)[:, None]
        reads = torch.ones(*self.biases.shape[:3], 1, dtype=torch.bool, device=values.device)
        found = [
            shares_above(answers, self.biases[order, index], inside)
            for order, index, answers in convolve(values.float()[:, None], observed[:, None], reads, _DILATIONS)
        ]
        return torch.stack(found, 1).flatten(1)

    def forward(self, values: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
        """Describe series by (rows, hidden_size) numbers each; the arguments are those of `shares`."""
        shares = self.shares(values, observed) - self.mean.float()
        return self.projection((shares @ self.components.float()).to(self.projection.weight.dtype))


__all__ = ["NUM_SHARES", "ConvolutionComponents"]
