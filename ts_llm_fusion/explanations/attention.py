"""Attention of an answer to the patches of the series that it is about."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import UserError


def _weights(query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor:
    """Softmax of the scaled products of queries and keys (batch, heads, tokens, dim), mean over the heads."""
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    return (scores if mask is None else scores + mask).softmax(-1).mean(1)


def _by_heads(values: Tensor, weight: Tensor) -> Tensor:
    """Keys (batch, heads, tokens, head_dim) of values (batch, tokens, dim)."""
    return torch.einsum("btd,hed->bhte", values, weight)


def _split(query: Tensor, heads: int) -> Tensor:
    return query.unflatten(-1, (heads, -1)).transpose(1, 2)


def _of_resampler(layer: Any, args: tuple[Tensor, ...]) -> Tensor:
    """Attention of the latents to the patches in a layer of the resampler, (rows, latents, patches)."""
    latents, patches, mask = args
    normed = layer.latent_norm(latents)
    memory = torch.cat((layer.patch_norm(patches), normed), 1)
    query = _split(layer.query(normed), layer.num_heads)
    weights = _weights(query, _by_heads(memory, layer.key_weight), mask)[..., : patches.shape[1]]
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-12)


def _of_block(block: Any, args: tuple[Tensor, ...]) -> Tensor:
    """Attention of the text to the latents in a block of Flamingo, (batch, text, latents)."""
    hidden_states, latents, mask = args[:3]
    query = _split(block.query(block.norm(hidden_states)), block.num_heads)
    return _weights(query, _by_heads(latents, block.key_weight), mask)


def _recorded(modules: nn.ModuleList, read: Callable[..., Tensor], into: list[Tensor]) -> list[Any]:
    """Hooks that record what `read` computes from the input of each module."""
    return [
        module.register_forward_pre_hook(lambda module, args: into.append(read(module, args))) for module in modules
    ]


def _of_flamingo(model: Any, inputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Attention of the text to the latents (text, latents), and of the latents to the patches."""
    of_blocks: list[Tensor] = []
    of_layers: list[Tensor] = []
    hooks = _recorded(model.model.cross_attention_layers, _of_block, of_blocks)
    hooks += _recorded(model.model.resampler.layers, _of_resampler, of_layers)
    try:
        model(**inputs, use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return torch.stack(of_blocks).mean(0)[0], torch.stack(of_layers).mean(0)


def _of_soft_prompt(model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """Attention of the text to the text, (text, text), mean over layers and heads."""
    before = model.config.get_text_config()._attn_implementation
    model.set_attn_implementation("eager")
    try:
        attentions = model(**inputs, use_cache=False, output_attentions=True).attentions
    finally:
        model.set_attn_implementation(before)
    return torch.stack([one[0].float().mean(0) for one in attentions]).mean(0)


@torch.no_grad()
def attention_to_patches(model: Any, inputs: Mapping[str, Tensor], answer: Tensor) -> list[np.ndarray]:
    """Share of the attention of an answer that each patch of each series gets.

    The mean over layers, heads and tokens of the answer. With Flamingo, the attention to a latent is handed on to the
    patches that the latent attends to. Attention tells where a model looked, not why it answered so.

    Args:
        model: a `TSLMForCausalLM`, or a `TSFusionForCausalLM`, which holds one.
        inputs: of one question, such as those of `processor.apply_chat_template`.
        answer: ids of its tokens, int64 (tokens,), as `model.generate` returns them after the prompt.

    Returns:
        float64 (patches,) for each series; all add up to 1. A patch has `model.config.encoder_geometry.patch_length`
        steps, unless the model averages neighboring ones of a long series.

    Raises:
        ValueError: for several questions at once, an answer without tokens, or a question without a series.
    """
    model = getattr(model, "tslm", model)
    ids, series = inputs["input_ids"], inputs.get("time_series")
    if len(ids) != 1 or answer.ndim != 1 or not len(answer):
        raise UserError(
            f"{len(ids)} questions and an answer of shape {tuple(answer.shape)} are given; give one question, and the "
            "ids of at least one token."
        )
    if series is None:
        raise UserError("the question has no series; ask about at least one.")
    if not inputs.get("attention_mask", torch.ones_like(ids)).all():
        raise UserError("the question is padded; give it without padding.")
    whole = torch.cat((ids, answer[None].to(ids)), 1)
    given = dict(inputs) | {"input_ids": whole, "attention_mask": torch.ones_like(whole)}
    mask = inputs.get("time_series_mask", torch.ones_like(series, dtype=torch.bool))
    _, exists = model.model.encode(series, mask.bool(), inputs.get("time_series_scales"))
    # The token before an answer predicts its first one.
    asking = slice(ids.shape[1] - 1, whole.shape[1] - 1)
    if model.config.fusion == "soft_prompt":
        text = _of_soft_prompt(model, given)[asking].mean(0)
        found = text[whole[0] == model.config.time_series_token_id]
        shares = torch.zeros(exists[0].shape, device=found.device).masked_scatter(exists[0], found)
    else:
        to_latents, to_patches = _of_flamingo(model, given)
        by_row = to_latents[asking].mean(0).float().view(len(to_patches), 1, -1)
        shares = (by_row @ to_patches.float()).view(exists[0].shape)
    shares = (shares / shares[exists[0]].sum().clamp(min=1e-12)).double()
    return [own[there].cpu().numpy() for own, there in zip(shares, exists[0], strict=True) if there.any()]
