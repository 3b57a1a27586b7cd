"""Encoder of all series of a sample at once: frozen random convolutions, and a projection of their features."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import torch
from torch import nn
from torch.nn.functional import conv1d, pad
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import BaseModelOutput

from .configuration_random_convolutions import NUM_KERNELS, NUM_ORDERS, RandomConvolutionConfig
from .configuration_tslm import NUM_SCALES
from .modeling_shared_layers import series_lengths

_KERNEL_LENGTH = 9
_MOST_SERIES_OF_A_KERNEL = 9
# Fractions of multiples of the golden ratio are spread evenly over 0 to 1, however many there are.
_GOLDEN_RATIO = (5**0.5 - 1) / 2
# Column of `time_series_scales`.
_LOG_DEVIATION = 1


def kernels(device: torch.device) -> torch.Tensor:
    """All kernels with three weights of 2 and six of -1, (84, 9) float32; each sums to 0."""
    places = torch.tensor(list(combinations(range(_KERNEL_LENGTH), 3)), device=device)
    return torch.full((NUM_KERNELS, _KERNEL_LENGTH), -1.0, device=device).scatter(1, places, 2.0)


def draw_series(config: RandomConvolutionConfig) -> torch.Tensor:
    """Draw the series that each kernel reads the sum of, up to nine: bool (orders, dilations, 84, series).

    The logarithm of their number is uniform, so that most kernels read one or few.
    """
    generator = torch.Generator().manual_seed(config.seed)
    shape = (NUM_ORDERS, len(config.dilations), NUM_KERNELS)
    most = min(config.num_series, _MOST_SERIES_OF_A_KERNEL)
    numbers = (most + 1) ** torch.rand(shape, generator=generator)
    ranks = torch.rand((*shape, config.num_series), generator=generator).argsort(-1).argsort(-1)
    return ranks < numbers.floor()[..., None]


def quantile_levels(num_dilations: int, biases_per_kernel: int) -> torch.Tensor:
    """Quantiles of the answers of a kernel that its biases are, (orders, dilations, 84, biases), in (0, 1)."""
    shape = (NUM_ORDERS, num_dilations, NUM_KERNELS, biases_per_kernel)
    count = torch.Size(shape).numel()
    return (torch.arange(1, count + 1, dtype=torch.float64) * _GOLDEN_RATIO % 1).float().view(shape)


def white_noise_biases(levels: torch.Tensor, reads: torch.Tensor) -> torch.Tensor:
    """Quantiles of the answers of kernels to white noise of deviation 1, in the shape of `levels`.

    Args:
        levels: of `quantile_levels`, (orders, dilations, 84, biases).
        reads: series that each kernel reads the sum of, bool (orders, dilations, 84, series).
    """
    # An answer has the variance of the weights, about twice that for differences.
    variance = kernels(torch.device("cpu")).square().sum(-1) * reads.sum(-1).cpu()
    deviation = (variance * torch.arange(1, NUM_ORDERS + 1)[:, None, None]).sqrt()
    return torch.special.ndtri(levels) * deviation[..., None]


def convolve(
    values: torch.Tensor, observed: torch.Tensor, reads: torch.Tensor, dilations: Sequence[int], stride: int = 1
) -> Iterator[tuple[int, int, torch.Tensor]]:
    """Yield for each order and dilation its indices and the answers of its kernels, (batch, 84, places) float32.

    Args:
        values: (batch, series, time) float32, 0 where nothing is observed.
        observed: bool mask of the same shape.
        reads: bool (orders, dilations, 84, series), the series that each kernel reads the sum of.
        dilations: time steps between the nine weights of a kernel.
        stride: time steps between two places of a kernel.
    """
    weights = kernels(values.device)
    for order in range(NUM_ORDERS):
        for index, dilation in enumerate(dilations):
            filters = reads[order, index].float()[..., None] * weights[:, None]
            reach = _KERNEL_LENGTH // 2 * dilation
            yield order, index, conv1d(values, filters, None, stride, reach, dilation)
        # A step out of the series or over a gap is none.
        observed = pad(observed[..., 1:] & observed[..., :-1], (1, 0))
        values = pad(values.diff(dim=-1), (1, 0)).masked_fill(~observed, 0.0)


def shares_above(answers: torch.Tensor, biases: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """Shares (batch, 84, biases) of places where answers (batch, 84, places) are above biases (84, biases).

    Places count where `inside`, bool (batch, places), is True.
    """
    counts = inside.sum(-1).clamp(min=1)[:, None, None]
    return ((answers[:, :, None] > biases.float()[..., None]) & inside[:, None, None]).sum(-1) / counts


class RandomConvolutionModel(PreTrainedModel):
    """Random convolutions of all series of a sample, in the manner of MiniRocket (arXiv 2012.08791).

    A series is divided by its typical deviation in the training set, so that its amplitude counts. A kernel adds up
    some of the series, or of their differences from step to step; the shares of time in which its answer is above
    its biases are features. They and the level, scale and length of each series are standardized and projected:
    the projection alone has weights, and the biases and moments are those of a training set
    (`training/random_convolutions.py`), until then those of white noise.
    """

    config: RandomConvolutionConfig
    config_class = RandomConvolutionConfig
    base_model_prefix = "encoder"
    main_input_name = "past_values"
    input_modalities = ["time"]
    # Without attention, any implementation that the language model asks for will do.
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    reads: torch.Tensor
    biases: torch.Tensor
    log_deviations: torch.Tensor
    feature_mean: torch.Tensor
    feature_scale: torch.Tensor

    def __init__(self, config: RandomConvolutionConfig):
        super().__init__(config)
        shape = (NUM_ORDERS, len(config.dilations), NUM_KERNELS)
        inputs = config.num_features + config.num_series * NUM_SCALES
        self.register_buffer("reads", torch.empty(*shape, config.num_series, dtype=torch.bool))
        self.register_buffer("biases", torch.empty(*shape, config.biases_per_kernel))
        self.register_buffer("log_deviations", torch.empty(config.num_series))
        self.register_buffer("feature_mean", torch.empty(inputs))
        self.register_buffer("feature_scale", torch.empty(inputs))
        self.dropout = nn.Dropout(config.dropout)
        self.projection = nn.Linear(inputs, config.hidden_size)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if not isinstance(module, RandomConvolutionModel):
            return
        reads = draw_series(module.config)
        levels = quantile_levels(len(module.config.dilations), module.config.biases_per_kernel)
        init.copy_(module.reads, reads)
        init.copy_(module.biases, white_noise_biases(levels, reads))
        init.zeros_(module.log_deviations)
        init.zeros_(module.feature_mean)
        init.zeros_(module.feature_scale)
        init.constant_(module.feature_scale, 1.0)
        count = module.config.num_features
        init.copy_(module.feature_mean[:count], 1 - levels.flatten())

    def get_input_embeddings(self) -> nn.Module:
        return self.projection

    def answers(
        self, past_values: torch.Tensor, past_observed_mask: torch.Tensor, scales: torch.Tensor
    ) -> Iterator[tuple[int, int, torch.Tensor]]:
        """Yield for each order and dilation its indices and the answers of its kernels, (batch, 84, places) float32.

        Args:
            past_values: normalized series (batch, series, time).
            past_observed_mask: of the same shape; missing values count as the mean of their series.
            scales: (batch, series, `NUM_SCALES`).
        """
        factors = (scales[..., _LOG_DEVIATION].float() - self.log_deviations.float()).exp()
        observed = past_observed_mask.bool()
        values = past_values.float().masked_fill(~observed, 0.0)
        yield from convolve(
            values * factors[..., None], observed, self.reads, self.config.dilations, self.config.stride
        )

    def places(self, past_observed_mask: torch.Tensor) -> torch.Tensor:
        """Bool mask (batch, places) of the places of kernels within the longest series of a sample."""
        steps = torch.arange(0, past_observed_mask.shape[-1], self.config.stride, device=past_observed_mask.device)
        return steps < series_lengths(past_observed_mask).amax(-1)[:, None]

    def features(
        self, past_values: torch.Tensor, past_observed_mask: torch.Tensor, scales: torch.Tensor
    ) -> torch.Tensor:
        """Features (batch, `num_features` + series * `NUM_SCALES`) float32, not standardized, of `answers`."""
        inside = self.places(past_observed_mask)
        shares = [
            shares_above(answers, self.biases[order, index], inside)
            for order, index, answers in self.answers(past_values, past_observed_mask, scales)
        ]
        return torch.cat((torch.stack(shares, 1).flatten(1), scales.float().flatten(1)), 1)

    def forward(
        self, past_values: torch.Tensor, past_observed_mask: torch.Tensor, scales: torch.Tensor
    ) -> BaseModelOutput:
        r"""Encode samples.

        Args:
            past_values (`torch.Tensor` of shape `(batch, num_series, time)`): normalized series.
            past_observed_mask (`torch.Tensor` of the same shape): 1 where a value is observed.
            scales (`torch.Tensor` of shape `(batch, num_series, 7)`): level, scale and length of the series, the
                `time_series_scales` of the processor.

        Returns:
            `BaseModelOutput` whose `last_hidden_state` is `(batch, hidden_size)`.

        Raises:
            ValueError: another number of series than `num_series`.
        """
        if past_values.shape[1] != self.config.num_series:
            raise ValueError(
                f"a sample has {past_values.shape[1]} series; this encoder reads samples of "
                f"{self.config.num_series}, all of them at once."
            )
        features = self.features(past_values, past_observed_mask, scales)
        features = (features - self.feature_mean) * self.feature_scale
        return BaseModelOutput(
            last_hidden_state=self.projection(self.dropout(features.to(self.projection.weight.dtype)))
        )


__all__ = [
    "RandomConvolutionModel",
    "convolve",
    "kernels",
    "quantile_levels",
    "shares_above",
    "white_noise_biases",
]
