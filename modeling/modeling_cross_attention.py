"""Gated cross-attention of Flamingo, from the text to the latents of its series, before a decoder layer."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from .configuration_tslm import TSLMConfig
from .modeling_shared_layers import attend

KeysAndValues = tuple[torch.Tensor, torch.Tensor]


@dataclass
class CrossAttentionContext:
    """Inputs of the gated cross-attention blocks in one forward pass of the backbone.

    Args:
        latents: `(batch, series * latents, dim)`, or `None` for a batch without series.
        attention_mask: additive mask (batch, 1, text, series * latents), or `None` where every position reads all.
        text_mask: (batch, text, 1), 1 at text positions that read a series, else 0; `None` where all of them do.
        keys_and_values: cached keys and values of these latents, block by block; empty where gradients are needed.
        blocks_run: number of blocks that have run in this pass.
    """

    latents: torch.Tensor | None = None
    attention_mask: torch.Tensor | None = None
    text_mask: torch.Tensor | None = None
    keys_and_values: list[KeysAndValues] = field(default_factory=list)
    blocks_run: int = 0


# Context of the current forward pass, for language models that do not pass keyword arguments on to their layers, or
# pass a copy, as FSDP does.
_CURRENT: ContextVar[CrossAttentionContext | None] = ContextVar("series_context", default=None)


class GatedCrossAttention(GradientCheckpointingLayer):
    """Cross-attention and feed-forward network, each behind a tanh gate (arXiv 2204.14198, section 2.2).

    The gates start at 0, so that an untrained block passes its input on unchanged.

    Keys and values are made once for all tokens to come. Latents that are no wider than a key and a value together
    serve as both and cost no memory: as in the resampler, the key and value maps are then applied to the queries and
    to the attended average.
    """

    def __init__(self, config: TSLMConfig):
        super().__init__()
        self.config = config
        dim, latent_dim = config.get_text_config().hidden_size, config.get_encoder_config().hidden_size
        self.num_heads = num_heads = config.cross_attention_num_heads
        self.head_dim = head_dim = config.cross_attention_head_dim
        self.is_causal = False
        self.attends_to_latents = latent_dim <= 2 * head_dim
        self.norm = nn.LayerNorm(dim)
        self.query = nn.Linear(dim, num_heads * head_dim, bias=False)
        self.key_weight = nn.Parameter(torch.empty(num_heads, head_dim, latent_dim))
        self.value_weight = nn.Parameter(torch.empty(num_heads, head_dim, latent_dim))
        self.output = nn.Linear(num_heads * head_dim, dim, bias=False)
        width = config.cross_attention_intermediate_size or dim
        self.mlp = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, width, bias=False), nn.GELU(), nn.Linear(width, dim, bias=False)
        )
        self.attention_gate = nn.Parameter(torch.empty(1))
        self.mlp_gate = nn.Parameter(torch.empty(1))

    def keys_and_values(self, latents: torch.Tensor) -> KeysAndValues:
        """Keys and values of latents (batch, latents, dim), each (batch, heads or 1, latents, head_dim or dim)."""
        if self.attends_to_latents:
            return latents[:, None], latents[:, None]
        key, value = (
            nn.functional.linear(latents, weight.flatten(0, 1)).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for weight in (self.key_weight, self.value_weight)
        )
        return key.contiguous(), value.contiguous()

    def attend_to_series(
        self,
        hidden_states: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        text_mask: torch.Tensor | None,
    ) -> torch.Tensor:
        """Attention of text positions (batch, text, dim) to keys and values, of the same shape."""
        query = self.query(self.norm(hidden_states)).unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)
        one_token = query.shape[2] == 1
        if self.attends_to_latents:
            query = torch.matmul(query, self.key_weight)
            if one_token:
                query = query.transpose(1, 2)  # queries of one head, which reads the latents once for all heads
            else:
                key, value = (latents.expand(-1, self.num_heads, -1, -1) for latents in (key, value))
        attended, _ = attend(self, query, key, value, attention_mask)
        if self.attends_to_latents:
            attended = attended if one_token else attended.transpose(1, 2)
            attended = torch.matmul(attended, self.value_weight.transpose(1, 2)).transpose(1, 2)
        attended = self.output(attended.flatten(2))
        return attended if text_mask is None else attended * text_mask

    def forward(
        self,
        hidden_states: torch.Tensor,
        latents: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        text_mask: torch.Tensor | None = None,
        keys_and_values: KeysAndValues | None = None,
    ) -> tuple[torch.Tensor, KeysAndValues | None]:
        """Update hidden states (batch, text, dim) from the series, and return also the keys and values.

        The arguments are as in [`CrossAttentionContext`]; `keys_and_values` are by default made of the latents.
        """
        if latents is not None:
            if keys_and_values is None:
                keys_and_values = self.keys_and_values(latents)
            attended = self.attend_to_series(hidden_states, *keys_and_values, attention_mask, text_mask)
            hidden_states = torch.addcmul(hidden_states, self.attention_gate.tanh(), attended)
        hidden_states = torch.addcmul(hidden_states, self.mlp_gate.tanh(), self.mlp(hidden_states))
        return hidden_states, keys_and_values


class CrossAttentionHook:
    """Forward pre-hook that runs a block on the hidden states of a decoder layer, with the argument `series_context`.

    A hook leaves the backbone's modules and the names of its weights as they are, and holds nothing between calls.

    Args:
        blocks: all blocks; looked up at each call, because peft may replace a block by a trained copy.
        index: index of the block to run before the layer, or `None` for layers without one.
    """

    def __init__(self, blocks: nn.ModuleList, index: int | None):
        self.blocks = blocks
        self.index = index

    def __call__(self, layer: nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        context = kwargs.pop("series_context", None)
        if not torch.compiler.is_compiling():
            # None where gradient checkpointing runs the layer again.
            context = _CURRENT.get() or context
        if context is None or self.index is None:
            return args, kwargs
        block = self.blocks[self.index]
        order, cached = context.blocks_run, context.keys_and_values
        hidden_states = args[0] if args else kwargs["hidden_states"]
        keys_and_values = cached[order] if order < len(cached) else None
        hidden_states, keys_and_values = block(
            hidden_states, context.latents, context.attention_mask, context.text_mask, keys_and_values
        )
        context.blocks_run += 1
        # The first pass of reentrant gradient checkpointing trains with gradients disabled.
        needs_gradient = torch.is_grad_enabled() or block.training
        if order == len(cached) and keys_and_values is not None and not needs_gradient:
            cached.append(keys_and_values)
        if args:
            return (hidden_states, *args[1:]), kwargs
        return args, {**kwargs, "hidden_states": hidden_states}


def _decoder_layers(language_model: PreTrainedModel) -> nn.ModuleList:
    """Decoder layers of a language model: its first list of as many modules as the config has layers."""
    num_layers = language_model.config.num_hidden_layers
    for module in language_model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == num_layers:
            return module
    raise ValueError(
        f"{type(language_model).__name__} has no list of {num_layers} decoder layers to attach Flamingo to; use "
        "fusion='soft_prompt'."
    )


def attach_cross_attention(backbone: PreTrainedModel, blocks: nn.ModuleList, before: list[int]) -> None:
    """Hook each of `blocks` to a decoder layer of a backbone, the n-th before layer `before[n]`, from 0.

    Raises:
        ValueError: the backbone has no list of decoder layers.
    """
    block_of = {layer: block for block, layer in enumerate(before)}
    for index, layer in enumerate(_decoder_layers(backbone)):
        layer.register_forward_pre_hook(CrossAttentionHook(blocks, block_of.get(index)), with_kwargs=True)


def run_with_context(decoder: nn.Module, context: CrossAttentionContext, num_blocks: int, **kwargs: Any) -> Any:
    """Run a language model whose layers have [`CrossAttentionHook`]s, and check that its blocks ran.

    Raises:
        ValueError: some blocks did not run, so that the model would have answered without its series.
    """
    context.blocks_run = 0
    # A compiler sees no context variables; compiled models have to pass keyword arguments on.
    token = None if torch.compiler.is_compiling() else _CURRENT.set(context)
    try:
        outputs = decoder(series_context=context, **kwargs)
    finally:
        if token is not None:
            _CURRENT.reset(token)
    if context.blocks_run != num_blocks:
        raise ValueError(
            f"{context.blocks_run} of {num_blocks} cross-attention blocks ran in {type(decoder).__name__}, which "
            "Flamingo does not support; do not compile it, or use fusion='soft_prompt'."
        )
    return outputs


__all__ = [
    "CrossAttentionContext",
    "CrossAttentionHook",
    "GatedCrossAttention",
    "KeysAndValues",
    "attach_cross_attention",
    "run_with_context",
]
