"""Perceiver resampler of Flamingo: any number of patches of a series to a fixed number of latents."""

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from .configuration_tslm import TSLMConfig
from .modeling_shared_layers import additive_mask, attend


class PerceiverLayer(GradientCheckpointingLayer):
    """Attention of the latents to the patches and each other, then a feed-forward network.

    The key and value maps are applied to the queries and to the attended average instead of to every patch. That is
    the same function, `q (W k) = (W' q) k`, with one vector of width `dim` per patch in memory rather than a key and a
    value for each head.
    """

    def __init__(self, config: TSLMConfig):
        super().__init__()
        self.config = config
        dim = config.get_encoder_config().hidden_size
        self.num_heads = num_heads = config.resampler_num_heads
        self.head_dim = head_dim = config.resampler_head_dim
        self.is_causal = False
        self.patch_norm = nn.LayerNorm(dim)
        self.latent_norm = nn.LayerNorm(dim)
        self.query = nn.Linear(dim, num_heads * head_dim, bias=False)
        self.key_weight = nn.Parameter(torch.empty(num_heads, head_dim, dim))
        self.value_weight = nn.Parameter(torch.empty(num_heads, head_dim, dim))
        self.output = nn.Linear(num_heads * head_dim, dim, bias=False)
        self.mlp = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 4 * dim, bias=False), nn.GELU(), nn.Linear(4 * dim, dim, bias=False)
        )

    def forward(self, latents: torch.Tensor, patches: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Update latents (rows, latents, dim) from patches (rows, patches, dim).

        The additive mask is (rows, 1, 1, patches + latents).
        """
        normed = self.latent_norm(latents)
        memory = torch.cat([self.patch_norm(patches), normed], dim=1)[:, None]
        query = self.query(normed).unflatten(-1, (self.num_heads, self.head_dim))
        # (rows, 1, latents * heads, dim): to the memory, all heads are queries of one head of width `dim`.
        query = torch.einsum("blhd,hdm->blhm", query, self.key_weight).flatten(1, 2)[:, None]
        attended, _ = attend(self, query, memory, memory, attention_mask)
        attended = attended.squeeze(2).unflatten(1, (latents.shape[1], self.num_heads))
        attended = torch.einsum("blhm,hdm->blhd", attended, self.value_weight).flatten(2)
        latents = latents + self.output(attended)
        return latents + self.mlp(latents)


class PerceiverResampler(nn.Module):
    """Compression of the patches of a series to `num_latents` vectors (Flamingo, arXiv 2204.14198, section 2.1)."""

    def __init__(self, config: TSLMConfig):
        super().__init__()
        dim = config.get_encoder_config().hidden_size
        self.latents = nn.Parameter(torch.empty(config.num_latents, dim))
        self.layers = nn.ModuleList([PerceiverLayer(config) for _ in range(config.resampler_num_layers)])
        self.norm = nn.LayerNorm(dim)

    def forward(self, patches: torch.Tensor, patch_mask: torch.Tensor) -> torch.Tensor:
        """Compress patches (rows, patches, dim) under a bool mask (rows, patches) to (rows, num_latents, dim)."""
        latents = self.latents.expand(patches.shape[0], -1, -1)
        visible = torch.cat([patch_mask, patch_mask.new_ones(patch_mask.shape[0], latents.shape[1])], dim=1)
        attention_mask = additive_mask(visible[:, None, None], patches.dtype)
        for layer in self.layers:
            latents = layer(latents, patches, attention_mask)
        return self.norm(latents)


__all__ = ["PerceiverLayer", "PerceiverResampler"]
