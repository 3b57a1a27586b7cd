"""Building blocks shared by the models: attention and its mask, positions, lengths of series, initial weights."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers import initialization as init
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS


def eager_attention_forward(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    **kwargs: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention by matrix products, the `"eager"` implementation.

    Takes a query (batch, heads, queries, dim), a key and a value (batch, heads, keys, dim), and an additive mask that
    broadcasts to (batch, heads, queries, keys). Returns (batch, queries, heads, dim) and the weights.
    """
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = nn.functional.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    weights = nn.functional.dropout(weights, p=dropout, training=module.training)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Attention with the `config` and the `head_dim` of a module; shapes as in [`eager_attention_forward`].

    Only the eager implementation returns weights. Flash and flex kernels take no additive mask, so a masked call that
    asks for one of them runs on SDPA.
    """
    implementation, scaling = module.config._attn_implementation, module.head_dim**-0.5
    if implementation not in (None, "eager", "sdpa") and attention_mask is not None:
        implementation = "sdpa"
    if attention_mask is not None and attention_mask.dtype != query.dtype:
        # Under autocast. The lowest float32 would become infinite, and a row that allows nothing NaN.
        attention_mask = attention_mask.clamp(min=torch.finfo(query.dtype).min).to(query.dtype)
    attention: Callable = ALL_ATTENTION_FUNCTIONS.get_interface(implementation or "eager", eager_attention_forward)
    dropout = dropout if module.training else 0.0
    return attention(module, query, key, value, attention_mask, scaling=scaling, dropout=dropout)


def additive_mask(allowed: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Additive mask of `dtype` from a boolean one: 0 where attention is allowed, else the lowest number of `dtype`.

    A row that allows nothing becomes a uniform average, never NaN; callers that must not read it drop it.
    """
    return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill_(
        ~allowed, torch.finfo(dtype).min
    )


def sinusoidal_positions(length: int, dim: int, device: torch.device) -> torch.Tensor:
    """Sinusoidal embeddings of positions from 0, (length, dim) float32 (arXiv 1706.03762, section 3.5)."""
    frequencies = torch.exp(torch.arange(0, dim, 2, device=device).float() * (-torch.log(torch.tensor(1e4)) / dim))
    angles = torch.arange(length, device=device).float()[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def series_lengths(mask: torch.Tensor) -> torch.Tensor:
    """Lengths (...) of series under a mask (..., time): up to their last observed step."""
    steps = torch.arange(1, mask.shape[-1] + 1, device=mask.device)
    return (mask.bool() * steps).amax(-1)


def pad_to_multiple(
    values: torch.Tensor, mask: torch.Tensor | None, divisor: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad series (..., time) to a multiple of steps: values, 0 where not observed, and their boolean mask."""
    mask = torch.ones_like(values) if mask is None else mask
    padding = (0, -values.shape[-1] % divisor)
    observed = nn.functional.pad(mask.bool(), padding)
    return nn.functional.pad(values, padding).masked_fill(~observed, 0.0), observed


def init_fan_in(module: nn.Module) -> None:
    """Initialize a linear or convolutional layer by its fan-in, as torch does, with a bias of 0.

    The usual fixed deviation of 0.02 suits widths of a thousand and starves layers of width 64 or 128.
    """
    if isinstance(module, nn.Linear | nn.Conv1d):
        init.kaiming_uniform_(module.weight, a=5**0.5)
        if module.bias is not None:
            init.zeros_(module.bias)


__all__ = [
    "additive_mask",
    "attend",
    "eager_attention_forward",
    "init_fan_in",
    "pad_to_multiple",
    "series_lengths",
    "sinusoidal_positions",
]
