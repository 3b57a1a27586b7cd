"""Gated cross-attention of Flamingo: the text reads the latents of its series before a decoder layer."""

from dataclasses import dataclass

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from .configuration_tslm import TSLMConfig
from .modeling_layers import attend


@dataclass
class CrossAttentionContext:
    """What one forward pass of the backbone hands to its gated cross-attention blocks.

    Args:
        key_values: keys and values of each block, each (batch, heads, series * latents, head_dim), or none where the
            batch has no series.
        attention_mask: additive mask (batch, 1, text, series * latents), or `None` where all of it may be seen.
        reads: (batch, text, 1) of 1 where a text position may read a series, else 0; `None` where every one may.
    """

    key_values: list[tuple[torch.Tensor, torch.Tensor]] | None = None
    attention_mask: torch.Tensor | None = None
    reads: torch.Tensor | None = None


class GatedCrossAttention(GradientCheckpointingLayer):
    """Cross-attention and feed-forward network, each behind a tanh gate (arXiv 2204.14198, section 2.2).

    The gates start at 0, so that an untrained block passes its input on unchanged.
    """

    def __init__(self, config: TSLMConfig):
        super().__init__()
        self.config = config
        dim, latent_dim = config.text_config.hidden_size, config.encoder_config.hidden_size
        self.num_heads = num_heads = config.cross_attention_num_heads
        self.head_dim = head_dim = config.cross_attention_head_dim
        self.is_causal = False
        self.norm = nn.LayerNorm(dim)
        self.query = nn.Linear(dim, num_heads * head_dim, bias=False)
        self.key = nn.Linear(latent_dim, num_heads * head_dim, bias=False)
        self.value = nn.Linear(latent_dim, num_heads * head_dim, bias=False)
        self.output = nn.Linear(num_heads * head_dim, dim, bias=False)
        self.mlp = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 4 * dim, bias=False), nn.GELU(), nn.Linear(4 * dim, dim, bias=False)
        )
        self.attention_gate = nn.Parameter(torch.empty(1))
        self.mlp_gate = nn.Parameter(torch.empty(1))

    def split_heads(self, states: torch.Tensor) -> torch.Tensor:
        """(batch, length, heads * head_dim) to (batch, heads, length, head_dim)."""
        return states.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)

    def project(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values of latents (batch, series * latents, latent_dim), to be used for every token to come."""
        latents = latents.to(self.key.weight.device)
        return self.split_heads(self.key(latents)), self.split_heads(self.value(latents))

    def forward(
        self,
        hidden_states: torch.Tensor,
        key: torch.Tensor | None,
        value: torch.Tensor | None,
        context: CrossAttentionContext,
    ) -> torch.Tensor:
        """Hidden states (batch, text, dim) that have read the series."""
        if key is not None:
            query = self.split_heads(self.query(self.norm(hidden_states)))
            attended = attend(
                self, self.config._attn_implementation, query, key, value, context.attention_mask, self.head_dim**-0.5
            )
            attended = self.output(attended.flatten(2))
            if context.reads is not None:
                attended = attended * context.reads
            hidden_states = hidden_states + self.attention_gate.tanh() * attended
        return hidden_states + self.mlp_gate.tanh() * self.mlp(hidden_states)


class CrossAttentionHook:
    """Forward pre-hook of a decoder layer: takes `series_context` out of the layer's arguments and reads the series.

    A hook keeps the backbone's modules and the names of its weights as they are, and holds nothing between calls.

    Args:
        blocks: all blocks; looked up at each call, because peft may put another module in a block's place.
        index: the place among them of the block to run before the layer, or `None` before layers that have none.
    """

    def __init__(self, blocks: nn.ModuleList, index: int | None):
        self.blocks = blocks
        self.index = index

    def __call__(self, layer: nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        context = kwargs.pop("series_context", None)
        if context is None or self.index is None:
            return args, kwargs
        block = self.blocks[self.index]
        key, value = context.key_values[self.index] if context.key_values is not None else (None, None)
        if args:
            return (block(args[0], key, value, context), *args[1:]), kwargs
        return args, {**kwargs, "hidden_states": block(kwargs["hidden_states"], key, value, context)}


__all__ = ["CrossAttentionContext", "CrossAttentionHook", "GatedCrossAttention"]
