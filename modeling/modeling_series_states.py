"""Encoded series of a batch, and their places in the text."""

from dataclasses import dataclass, field, replace
from typing import Self

import torch

from .configuration_tslm import TSLMConfig
from .modeling_cross_attention import CrossAttentionContext, KeysAndValues
from .modeling_encoders import checked_mask, tokens_by_window
from .modeling_shared_layers import additive_mask

# Position beyond the end of any text.
NOWHERE = torch.iinfo(torch.long).max


@dataclass
class SeriesStates:
    """Encoded series of a batch, made once and kept for a whole generation.

    Args:
        counts: `(batch,)`, number of series of each sample.
        features: soft prompt: `(batch, tokens, hidden_size)`, the existing tokens of a sample first and in order.
        feature_counts: soft prompt: `(batch,)`, number of existing tokens.
        latents: Flamingo: `(batch, series * latents, dim)`, compressed series.
        positions: `(batch, text)`, positions of placeholders in the text and its cached part; `NOWHERE` elsewhere.
        earlier_count: `(batch,)`, number of placeholders in a cached part without known positions.
        keys_and_values: Flamingo: keys and values of each cross-attention block, after a prompt without gradients.
        later_context: Flamingo: context of the tokens that follow the prompt.
        is_prompt_past: whether the prompt is in the cache, so that only tokens that follow it are passed.
    """

    counts: torch.Tensor
    features: torch.Tensor | None = None
    feature_counts: torch.Tensor | None = None
    latents: torch.Tensor | None = None
    positions: torch.Tensor | None = None
    earlier_count: torch.Tensor | None = None
    keys_and_values: list[KeysAndValues] = field(default_factory=list)
    later_context: CrossAttentionContext | None = None
    is_prompt_past: bool = False

    @property
    def num_placeholders(self) -> torch.Tensor:
        """Number of placeholders that the text of each sample must have, `(batch,)`."""
        return self.counts if self.feature_counts is None else self.feature_counts

    def require(self, name: str) -> torch.Tensor:
        """Return a tensor, or raise a `ValueError` for states of the other fusion or without a text."""
        value = getattr(self, name)
        if value is None:
            raise ValueError(f"series_states has no {name}; pass the series_states that this model returned.")
        return value

    def count_before(self, length: int | torch.Tensor) -> torch.Tensor:
        """Number of placeholders in the first `length` tokens of each sample, `(batch,)`."""
        return self.require("earlier_count") + (self.require("positions") < length).sum(-1)

    def with_placeholders(
        self, placeholders: torch.Tensor, cached: int | torch.Tensor, past: "SeriesStates | None"
    ) -> Self:
        """Copy of the states with the positions of the placeholders in a text.

        Args:
            placeholders: (batch, text), True at each placeholder of the tokens passed, which end the text.
            cached: number of tokens in the cache, which begin the text.
            past: states of the cached part, where known.
        """
        columns = torch.arange(placeholders.shape[1], device=placeholders.device) + cached
        positions = torch.where(placeholders, columns, NOWHERE)
        if past is None:
            return replace(self, positions=positions, earlier_count=self.num_placeholders - placeholders.sum(-1))
        before = past.require("positions")
        before = before.masked_fill(before >= cached, NOWHERE)
        return replace(self, positions=torch.cat((before, positions), dim=1), earlier_count=past.earlier_count)


def check_prompt(
    config: TSLMConfig,
    placeholders: torch.Tensor,
    attention_mask: torch.Tensor | None,
    time_series: torch.Tensor | None,
    time_series_mask: torch.Tensor | None,
    cached: int | torch.Tensor = 0,
    past: SeriesStates | None = None,
) -> None:
    """Check a prompt against its series and the context length.

    Under `torch.compile` nothing is checked: not every supported torch compiles branches that depend on values.

    Args:
        config: configuration of the model.
        placeholders: (batch, text), True at each placeholder of the tokens passed.
        attention_mask: mask of the text, its cached part included.
        time_series: series of the whole text, its cached part included.
        time_series_mask: mask of the same shape.
        cached: number of tokens in the cache, which begin the text.
        past: states of the cached part, where known.

    Raises:
        ValueError: placeholders and series do not match, shapes are wrong, or the prompt is too long.
    """
    if torch.compiler.is_compiling():
        return
    given = placeholders.sum(-1)
    required = torch.zeros_like(given)
    if time_series is not None:
        tokens = tokens_by_window(config.encoder_geometry, checked_mask(time_series, time_series_mask)).sum(-1)
        tokens = tokens if config.max_series_tokens is None else tokens.clamp(max=config.max_series_tokens)
        required = required + (tokens if config.fusion == "soft_prompt" else tokens > 0).sum(-1)
    before = required - given
    if not cached:
        matches, rule = before == 0, "prepare text and series together, with the processor of this model."
    else:
        matches = before >= 0 if past is None else before == past.count_before(cached)
        rule = "with past_key_values give the series of the whole text, also of its cached part."
    if not matches.all():
        raise ValueError(
            f"The samples have {given.tolist()} placeholder tokens of id {config.time_series_token_id} but series for "
            f"{required.tolist()}; {rule}"
        )
    check_length(config, placeholders, attention_mask, cached)


def check_length(
    config: TSLMConfig, placeholders: torch.Tensor, attention_mask: torch.Tensor | None, cached: int | torch.Tensor
) -> None:
    """Check a text against the context length; the arguments are those of [`check_prompt`]."""
    length, limit = placeholders.shape[1] + cached, config.context_length
    if limit is None or length <= limit:
        return
    if attention_mask is not None and attention_mask.ndim == 2:
        length = int(attention_mask.sum(-1).max())  # padding takes no position
    if length > limit:
        raise ValueError(
            f"The longest sample has {length} tokens, more than the {limit} of the language model; "
            f"{int(placeholders.sum(-1).max())} of them stand for series; shorten the series or the text."
        )


def check_continuation(
    config: TSLMConfig,
    placeholders: torch.Tensor,
    attention_mask: torch.Tensor | None,
    cached: int | torch.Tensor,
    states: SeriesStates,
) -> None:
    """Check tokens after a cached part against the series of the cache and the context length.

    The arguments are those of [`check_prompt`]; `states` are those of the cache.

    Raises:
        ValueError: the cache is of another batch or has no series for a placeholder, or the text is too long.
    """
    if torch.compiler.is_compiling():
        return
    batch, expected = placeholders.shape[0], states.num_placeholders.shape[0]
    if batch != expected:
        raise ValueError(
            f"The text has {batch} samples but past_key_values the series of {expected}; give series_states with "
            "them, or the series of the whole text."
        )
    given = placeholders.sum(-1)
    if (states.count_before(cached) + given > states.num_placeholders).any():
        raise ValueError(
            f"The samples have {given.tolist()} placeholder tokens of id {config.time_series_token_id} after the text "
            "in past_key_values but no series; give the series of the whole text, also of its cached part."
        )
    check_length(config, placeholders, attention_mask, cached)


def soft_prompt_states(features: torch.Tensor, token_mask: torch.Tensor) -> SeriesStates:
    """States of projected tokens (batch, series, tokens, hidden_size), existing ones True in `token_mask`."""
    exists = token_mask.flatten(1)
    # Existing tokens first, in order, because the n-th placeholder of a sample takes the n-th token.
    order = (~exists).int().argsort(dim=1, stable=True)
    features = features.flatten(1, 2)
    return SeriesStates(
        counts=token_mask.any(-1).sum(-1),
        features=features.gather(1, order[..., None].expand_as(features)),
        feature_counts=exists.sum(-1),
    )


def scatter_features(
    inputs_embeds: torch.Tensor, placeholders: torch.Tensor, rank: torch.Tensor, states: SeriesStates
) -> torch.Tensor:
    """Soft prompt: embeddings (batch, text, dim) with series tokens at the placeholders.

    `rank` (batch, text) counts placeholders from the start of the text.
    """
    # A placeholder that the model wrote itself, after those of the prompt, is a token like any other.
    placeholders = placeholders & (rank <= states.require("feature_counts")[:, None])
    features = states.require("features").to(inputs_embeds.device, inputs_embeds.dtype)
    index = (rank - 1).clamp(0, features.shape[1] - 1)
    features = features.gather(1, index[..., None].expand(-1, -1, features.shape[-1]))
    return torch.where(placeholders[..., None], features, inputs_embeds)


def cross_attention_context(
    config: TSLMConfig, rank: torch.Tensor, states: SeriesStates, dtype: torch.dtype
) -> CrossAttentionContext:
    """Flamingo: context of text positions, where `rank` (batch, text) is the number of series up to each."""
    rank = torch.minimum(rank, states.counts[:, None])[..., None]
    latents = states.require("latents")
    if config.joint_latents:
        allowed = (rank == 1).expand(-1, -1, latents.shape[1])
    else:
        series = torch.arange(latents.shape[1], device=rank.device) // config.num_latents
        allowed = series < rank
        if config.cross_attention_to == "last":
            allowed = allowed & (series == rank - 1)
    return CrossAttentionContext(
        latents=latents,
        attention_mask=additive_mask(allowed[:, None], dtype),
        text_mask=(rank > 0).to(dtype),
        keys_and_values=states.keys_and_values,
    )


def states_after_prompt(config: TSLMConfig, states: SeriesStates, dtype: torch.dtype) -> SeriesStates:
    """States of a prompt in the cache for the tokens that follow it, of `dtype`."""
    if config.fusion == "soft_prompt":
        return replace(states, features=None, is_prompt_past=True)
    # All later tokens read the same latents.
    context = cross_attention_context(config, states.count_before(NOWHERE)[:, None], states, dtype)
    if context.attention_mask is not None and (context.attention_mask == 0).all():
        context = replace(context, attention_mask=None, text_mask=None)
    return replace(states, later_context=context, is_prompt_past=True)


__all__ = [
    "SeriesStates",
    "check_continuation",
    "check_prompt",
    "cross_attention_context",
    "scatter_features",
    "soft_prompt_states",
    "states_after_prompt",
]
