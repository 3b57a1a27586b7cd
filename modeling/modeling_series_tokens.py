"""Tokens of a series after its encoder: numbers of its scale and time, comparison with other series, pooling."""

from collections.abc import Sequence

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from .configuration_encoders import ENCODERS
from .configuration_tslm import NUM_SCALES, TSLMConfig
from .modeling_shared_layers import additive_mask, eager_attention_forward, pad_to_multiple

_WAVES = 4
_NUM_NUMBERS = NUM_SCALES + 2 * _WAVES + 1
# Places of the level and the deviation among the scales of a series.
_LEVEL, _LOG_DEVIATION = 0, 1
_LARGEST_SCALE = 50.0


def observed_shares(config: TSLMConfig, time_series_mask: torch.Tensor) -> torch.Tensor:
    """Share of observed steps of each token (batch, series, tokens) under a mask (batch, series, time)."""
    geometry = config.encoder_geometry
    if ENCODERS[config.get_encoder_config().model_type].is_joint:
        # One token of each series.
        return time_series_mask.float().mean(-1, keepdim=True)
    window = geometry.window_for(time_series_mask.shape[-1])
    observed, _ = pad_to_multiple(time_series_mask.float(), time_series_mask, window)
    patches = observed.unflatten(-1, (-1, window)).unfold(-1, geometry.patch_length, geometry.patch_stride)
    return patches.mean(-1).flatten(2)


def relative_scales(scales: torch.Tensor, training_scales: Sequence[Sequence[float]]) -> torch.Tensor:
    """Level and scale of series relative to those of the training, as signed logarithms.

    Args:
        scales: (batch, series, `NUM_SCALES`).
        training_scales: of `TSLMConfig`; the last pair stands for places beyond.

    Returns:
        (batch, series, 2): level above that of the training, in its deviations, by asinh; logarithm of the ratio of
        the deviations.
    """
    scales = scales.float()
    pairs = scales.new_tensor(training_scales)
    place = torch.arange(scales.shape[1], device=scales.device).clamp(max=len(pairs) - 1)
    level, deviation = pairs[place].unbind(-1)
    mean = scales[..., _LEVEL].sinh() * scales[..., _LOG_DEVIATION].exp()
    relative = torch.stack((((mean - level) / deviation).asinh(), scales[..., _LOG_DEVIATION] - deviation.log()), -1)
    return relative.clamp(-_LARGEST_SCALE, _LARGEST_SCALE)


class ScaleEmbedding(nn.Module):
    """Embedding of numbers that normalization takes away: level, scale and length of the series, place of the token.

    A token has the scales of its series, those relative to the training where the configuration has them, its place
    in the series from 0 to 1 as waves of one half to eight halves of a cycle, and the share of its steps that are
    observed.
    """

    def __init__(self, config: TSLMConfig):
        super().__init__()
        width = config.get_encoder_config().hidden_size
        self.training_scales = config.training_scales
        self.input = nn.Linear(_NUM_NUMBERS + (2 if self.training_scales else 0), 2 * width)
        self.activation = nn.GELU()
        self.output = nn.Linear(2 * width, width)

    def forward(
        self, features: torch.Tensor, token_mask: torch.Tensor, shares: torch.Tensor, scales: torch.Tensor
    ) -> torch.Tensor:
        """Add the numbers to features (batch, series, tokens, width).

        Args:
            features: tokens of the encoder.
            token_mask: bool (batch, series, tokens), True where a token exists.
            shares: (batch, series, tokens), shares of observed steps.
            scales: (batch, series, `NUM_SCALES`).
        """
        exists = token_mask.to(features.dtype)
        place = (exists.cumsum(-1) - 0.5) / exists.sum(-1, keepdim=True).clamp(min=1)
        halves = 2 ** torch.arange(_WAVES, device=features.device, dtype=features.dtype)
        angles = torch.pi * place[..., None] * halves
        if self.training_scales:
            scales = torch.cat((scales, relative_scales(scales, self.training_scales).to(scales)), -1)
        scales = scales.to(features)[..., None, :].expand(*features.shape[:3], -1)
        numbers = torch.cat((scales, angles.sin(), angles.cos(), shares.to(features)[..., None]), -1)
        return features + self.output(self.activation(self.input(numbers)))


class CrossSeriesLayer(GradientCheckpointingLayer):
    """Transformer layer across series: a token reads those of the preceding series at its own place in time.

    The attention leaves out the token itself, so that what it reads is what it differs from or equals; tokens of the
    first series read nothing. Later series change nothing in earlier ones, as in the text.
    """

    def __init__(self, config: TSLMConfig):
        super().__init__()
        encoder = config.get_encoder_config()
        width = encoder.hidden_size
        self.head_dim = width // config.cross_series_num_heads
        self.attention_norm = nn.LayerNorm(width)
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.o_proj = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.up_proj = nn.Linear(width, 4 * width)
        self.activation = nn.GELU()
        self.down_proj = nn.Linear(4 * width, width)

    def forward(self, features: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        """Update features (rows, series, width); `allowed` bool (rows, series, series) says which are read."""
        shape = (*features.shape[:2], -1, self.head_dim)
        normed = self.attention_norm(features)
        query, key, value = (
            projection(normed).view(shape).transpose(1, 2) for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        # Fused kernels take no more than 65,535 rows, and a few series do not fill one of their blocks.
        mask = additive_mask(allowed[:, None], features.dtype)
        attended, _ = eager_attention_forward(self, query, key, value, mask, self.head_dim**-0.5)
        reads = allowed.any(-1)[..., None].to(features.dtype)  # a row that allows nothing is an average of all
        features = features + self.o_proj(attended.flatten(2) * reads)
        return features + self.down_proj(self.activation(self.up_proj(self.mlp_norm(features))))


def compare_series(layers: nn.ModuleList, features: torch.Tensor, token_mask: torch.Tensor) -> torch.Tensor:
    """Run [`CrossSeriesLayer`]s on tokens (batch, series, tokens, width) that exist where `token_mask` is True."""
    batch, series, tokens, width = features.shape
    exists = token_mask.transpose(1, 2).reshape(-1, series)
    rows = features.transpose(1, 2).reshape(-1, series, width)
    # The places behind the end of a sample's series cost nothing.
    used = exists.any(-1)
    is_padded = not torch.compiler.is_compiling() and not used.all()
    compared, exists = (rows[used], exists[used]) if is_padded else (rows, exists)
    earlier = torch.ones(series, series, dtype=torch.bool, device=features.device).tril(-1)
    allowed = earlier & exists[:, None]
    for layer in layers:
        compared = layer(compared, allowed)
    if is_padded:
        compared = rows.index_put((used.nonzero().squeeze(-1),), compared)
    return compared.view(batch, tokens, series, width).transpose(1, 2)


def pool_tokens(features: torch.Tensor, token_mask: torch.Tensor, most: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Average neighboring tokens of each series that has more than `most` of them, in as many groups.

    Args:
        features: (batch, series, tokens, width).
        token_mask: bool (batch, series, tokens), True where a token exists.
        most: largest number of tokens of a series.

    Returns:
        Features (batch, series, most, width) and their bool mask, existing tokens first.
    """
    counts = token_mask.sum(-1, keepdim=True)
    rank = token_mask.cumsum(-1) - 1
    group = torch.where(counts > most, rank * most // counts.clamp(min=1), rank).clamp(0, most - 1)
    weights = token_mask[..., None] & (group[..., None] == torch.arange(most, device=group.device))
    weights = weights.to(features.dtype)
    sizes = weights.sum(-2)
    pooled = weights.transpose(-1, -2) @ features / sizes.clamp(min=1)[..., None]
    return pooled, sizes > 0


__all__ = ["CrossSeriesLayer", "ScaleEmbedding", "compare_series", "observed_shares", "pool_tokens", "relative_scales"]
