"""The series of a batch as the language model reads them, and where in the text it reads them."""

from dataclasses import dataclass, field, replace
from typing import Self

import torch

from .configuration_tslm import TSLMConfig
from .modeling_cross_attention import CrossAttentionContext, KeysAndValues
from .modeling_layers import additive_mask
from .modeling_series_encoding import checked_mask, tokens_by_window

# A position that no text has.
NOWHERE = torch.iinfo(torch.long).max


@dataclass
class SeriesStates:
    """The series of a batch as the language model reads them, made once and kept for a whole generation.

    Args:
        counts: `(batch,)`, the number of series of each sample.
        features: soft prompt: `(batch, tokens, hidden_size)`, the existing tokens of a sample first and in order.
        feature_counts: soft prompt: `(batch,)`, how many of them exist.
        latents: Flamingo: `(batch, series * latents, dim)`, what the series were compressed to.
        positions: `(batch, text)`, where in the text, a cached part included, placeholders stand; `NOWHERE` elsewhere.
        earlier: `(batch,)`, how many stand in a cached part of which nothing else is known.
        keys_and_values: Flamingo: those of each cross-attention block, once the prompt has run without gradients.
        later_context: Flamingo: what tokens that follow the prompt read.
        is_prompt_past: whether the prompt is in the cache, so that only tokens that follow it are fed.
    """

    counts: torch.Tensor
    features: torch.Tensor | None = None
    feature_counts: torch.Tensor | None = None
    latents: torch.Tensor | None = None
    positions: torch.Tensor | None = None
    earlier: torch.Tensor | None = None
    keys_and_values: list[KeysAndValues] = field(default_factory=list)
    later_context: CrossAttentionContext | None = None
    is_prompt_past: bool = False

    @property
    def wanted(self) -> torch.Tensor:
        """How many placeholders the text of each sample must have, `(batch,)`."""
        return self.counts if self.feature_counts is None else self.feature_counts

    def placed_before(self, length: int | torch.Tensor) -> torch.Tensor:
        """How many placeholders each sample has in the first `length` tokens of its text, `(batch,)`."""
        return self.earlier + (self.positions < length).sum(-1)

    def placed(self, placeholders: torch.Tensor, cached: int | torch.Tensor, past: "SeriesStates | None") -> Self:
        """The states of a text that ends with `placeholders` (batch, text), True where a series stands.

        Args:
            placeholders: of what is fed, one for each series (token) that is not in the cached part.
            cached: tokens that a cache has of the text before.
            past: the states of that part, where they are known.
        """
        columns = torch.arange(placeholders.shape[1], device=placeholders.device) + cached
        positions = torch.where(placeholders, columns, NOWHERE)
        if past is None:
            return replace(self, positions=positions, earlier=self.wanted - placeholders.sum(-1))
        kept = past.positions.masked_fill(past.positions >= cached, NOWHERE)
        return replace(self, positions=torch.cat((kept, positions), dim=1), earlier=past.earlier)


def placeholders_for(
    config: TSLMConfig, time_series: torch.Tensor | None, time_series_mask: torch.Tensor | None
) -> torch.Tensor | int:
    """How many placeholders the text of each sample must have for its series, `(batch,)`; 0 without series."""
    if time_series is None:
        return 0
    tokens = tokens_by_window(config.encoder_geometry, checked_mask(time_series, time_series_mask)).sum(-1)
    return (tokens if config.fusion == "soft_prompt" else tokens > 0).sum(-1)


def check_prompt(
    config: TSLMConfig,
    placeholders: torch.Tensor,
    attention_mask: torch.Tensor | None,
    time_series: torch.Tensor | None,
    time_series_mask: torch.Tensor | None,
    cached: int | torch.Tensor = 0,
    past: SeriesStates | None = None,
) -> None:
    """Compares a prompt, True in `placeholders` (batch, text) where a series stands, with its series and the context.

    Under `torch.compile` nothing is compared: not every torch that we support can trace what depends on values.

    Args:
        config: of the model.
        placeholders: of what is fed.
        attention_mask: of the text.
        time_series: of the whole text, also of what is in a cache.
        time_series_mask: of the same shape.
        cached: tokens that a cache has of the text before.
        past: the series of that part, where they are known.

    Raises:
        ValueError: placeholders and series do not match, shapes are wrong, or the prompt is too long.
    """
    if torch.compiler.is_compiling():
        return
    given = placeholders.sum(-1)
    wanted = placeholders_for(config, time_series, time_series_mask) + torch.zeros_like(given)
    before = wanted - given
    if not cached:
        matches, rule = before == 0, "prepare text and series together, with the processor of this model."
    else:
        matches = before >= 0 if past is None else before == past.placed_before(cached)
        rule = "with past_key_values give the series of the whole text, also of its cached part."
    if not matches.all():
        raise ValueError(
            f"The samples have {given.tolist()} placeholder tokens of id {config.time_series_token_id} but series for "
            f"{wanted.tolist()}; {rule}"
        )
    check_length(config, placeholders, attention_mask, cached)


def check_length(
    config: TSLMConfig, placeholders: torch.Tensor, attention_mask: torch.Tensor | None, cached: int | torch.Tensor
) -> None:
    """Compares a text with what the language model can take; the arguments are those of [`check_prompt`].

    Raises:
        ValueError: it is too long.
    """
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
    """Compares what is fed after a cached part with the series that the cache carries, and with the context; the
    arguments are those of [`check_prompt`].

    Raises:
        ValueError: the cache is of another batch or has no series for a placeholder, or the text is too long.
    """
    if torch.compiler.is_compiling():
        return
    batch, expected = placeholders.shape[0], states.wanted.shape[0]
    if batch != expected:
        raise ValueError(
            f"The text has {batch} samples but past_key_values the series of {expected}; give series_states with "
            "them, or the series of the whole text."
        )
    given = placeholders.sum(-1)
    if (states.placed_before(cached) + given > states.wanted).any():
        raise ValueError(
            f"The samples have {given.tolist()} placeholder tokens of id {config.time_series_token_id} after the text "
            "in past_key_values but no series; give the series of the whole text, also of its cached part."
        )
    check_length(config, placeholders, attention_mask, cached)


def soft_prompt_states(features: torch.Tensor, token_mask: torch.Tensor) -> SeriesStates:
    """States of projected tokens (batch, series, tokens, hidden_size), of which `token_mask` is True exist."""
    exists = token_mask.flatten(1)
    # Existing tokens first, in order: the n-th placeholder of a sample then takes the n-th token.
    order = (~exists).int().argsort(dim=1, stable=True)
    features = features.flatten(1, 2)
    return SeriesStates(
        counts=token_mask.any(-1).sum(-1),
        features=features.gather(1, order[..., None].expand_as(features)),
        feature_counts=exists.sum(-1),
    )


def scatter_features(
    inputs_embeds: torch.Tensor, placeholders: torch.Tensor, place: torch.Tensor, states: SeriesStates
) -> torch.Tensor:
    """Soft prompt: embeddings (batch, text, dim) with the tokens of the series in place of the placeholders, `place`
    (batch, text) being how many placeholders of the text stand at or before a position."""
    # A placeholder that the model wrote itself, after those of the prompt, is a token like any other.
    placeholders = placeholders & (place <= states.feature_counts[:, None])
    rank = (place - 1).clamp(0, states.features.shape[1] - 1)
    features = states.features.to(inputs_embeds.device, inputs_embeds.dtype)
    features = features.gather(1, rank[..., None].expand(-1, -1, features.shape[-1]))
    return torch.where(placeholders[..., None], features, inputs_embeds)


def cross_attention_context(
    config: TSLMConfig, precede: torch.Tensor, states: SeriesStates, dtype: torch.dtype
) -> CrossAttentionContext:
    """Flamingo: what each text position may read, `precede` (batch, text) being how many series precede it."""
    precede = torch.minimum(precede, states.counts[:, None])[..., None]
    keys = states.latents.shape[1]
    if config.joint_latents:
        allowed = (precede == 1).expand(-1, -1, keys)
    else:
        series = torch.arange(keys, device=precede.device) // config.num_latents
        allowed = series < precede
        if config.cross_attention_to == "last":
            allowed = allowed & (series == precede - 1)
    return CrossAttentionContext(
        latents=states.latents,
        attention_mask=additive_mask(allowed[:, None], dtype),
        reads=(precede > 0).to(dtype),
        keys_and_values=states.keys_and_values,
    )


def states_after_prompt(config: TSLMConfig, states: SeriesStates, dtype: torch.dtype) -> SeriesStates:
    """States of a prompt for the steps that feed, with its cache, only what follows it; `dtype` is the text's."""
    if config.fusion == "soft_prompt":
        return replace(states, features=None, is_prompt_past=True)
    # Every later token reads the same.
    context = cross_attention_context(config, states.placed_before(NOWHERE)[:, None], states, dtype)
    if (context.attention_mask == 0).all():
        context = replace(context, attention_mask=None, reads=None)
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
