"""What the layers of the time-series language model share: attention and its mask, positions, initial weights."""

from collections.abc import Callable

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
    **kwargs,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention written out. Query (batch, heads, queries, dim), key and value (batch, heads, keys, dim), an additive
    mask that broadcasts to (batch, heads, queries, keys). Returns (batch, queries, heads, dim) and the weights."""
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = nn.functional.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    weights = nn.functional.dropout(weights, p=dropout, training=module.training)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights


def attend(
    module: nn.Module,
    implementation: str | None,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    dropout: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Attention under an additive mask by the implementation that the config names.

    Returns (batch, queries, heads, dim), and from the eager one the weights (batch, heads, queries, keys).

    Flash and flex kernels take no additive mask, so a masked call that asks for one of them runs on SDPA.
    """
    if implementation not in (None, "eager", "sdpa") and attention_mask is not None:
        implementation = "sdpa"
    attention: Callable = ALL_ATTENTION_FUNCTIONS.get_interface(implementation, eager_attention_forward)
    return attention(
        module, query, key, value, attention_mask, scaling=scaling, dropout=dropout if module.training else 0.0
    )


def additive_mask(allowed: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Additive mask of `dtype` from a boolean one: 0 where attention is allowed, else the lowest number of `dtype`.

    A row that allows nothing becomes a uniform average, never NaN; who must not see it has to drop it.
    """
    return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill_(
        ~allowed, torch.finfo(dtype).min
    )


def sinusoidal_positions(length: int, dim: int, device: torch.device) -> torch.Tensor:
    """Positions 0 .. `length` - 1 as sines and cosines, (length, dim) float32 (arXiv 1706.03762, section 3.5)."""
    frequencies = torch.exp(torch.arange(0, dim, 2, device=device).float() * (-torch.log(torch.tensor(1e4)) / dim))
    angles = torch.arange(length, device=device).float()[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def init_fan_in(module: nn.Module) -> None:
    """Initial weights of a linear or convolutional layer by its fan-in, torch's own default; its bias starts at 0.

    The usual fixed 0.02 is made for widths of a thousand and starves layers of width 64 or 128.
    """
    if isinstance(module, nn.Linear | nn.Conv1d):
        init.kaiming_uniform_(module.weight, a=5**0.5)
        if module.bias is not None:
            init.zeros_(module.bias)
