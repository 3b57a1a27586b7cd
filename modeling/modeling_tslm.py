"""Time-series language model: a causal language model that reads series by soft prompt or by Flamingo."""

import dataclasses
import difflib
import inspect
from collections.abc import Callable, Mapping
from copy import copy, deepcopy
from dataclasses import dataclass
from os import PathLike
from typing import Any, Self, cast

import torch
from torch import nn
from transformers import (
    AddedToken,
    AutoModel,
    AutoModelForCausalLM,
    GenerationConfig,
    GenerationMixin,
    PreTrainedModel,
)
from transformers import initialization as init
from transformers.cache_utils import Cache
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast
from transformers.utils import ModelOutput, can_return_tuple, logging

from .configuration_encoders import ENCODERS
from .configuration_tslm import NUM_SCALES, TSLMConfig
from .modeling_cross_attention import (
    CrossAttentionContext,
    GatedCrossAttention,
    attach_cross_attention,
    run_with_context,
)
from .modeling_encoders import build_encoder, checked_mask, encode_series, load_built_in_encoder
from .modeling_perceiver import PerceiverLayer, PerceiverResampler
from .modeling_quantization import share_quantizer, sparing_arguments
from .modeling_series_states import (
    SeriesStates,
    check_continuation,
    check_prompt,
    cross_attention_context,
    scatter_features,
    soft_prompt_states,
    states_after_prompt,
)
from .modeling_series_tokens import (
    CrossSeriesLayer,
    ScaleEmbedding,
    compare_series,
    observed_shares,
    pool_tokens,
)
from .modeling_shared_layers import init_fan_in
from .modeling_text_sources import find_text_model, location_of

logger = logging.get_logger(__name__)

# Fields of `TSLMConfig` that `from_backbone` takes from the language model.
_OF_THE_BACKBONE = ("text_config", "time_series_token_id", "dtype", "attn_implementation")


@dataclass
class TSLMModelOutputWithPast(BaseModelOutputWithPast):
    """Output of [`TSLMModel`]: that of a language model, and `series_states` for the steps that follow."""

    series_states: SeriesStates | None = None


@dataclass
class TSLMCausalLMOutputWithPast(CausalLMOutputWithPast):
    """Output of [`TSLMForCausalLM`]: that of a causal language model, and `series_states` for the steps that follow.

    With the soft prompt, the logit of the placeholder is the lowest number of the dtype.
    """

    series_states: SeriesStates | None = None


class TimeSeriesProjector(nn.Module):
    """Projection of encoder tokens to the width of the language model (arXiv 2510.02410, section 3.2)."""

    def __init__(self, config: TSLMConfig):
        super().__init__()
        encoder_width = config.get_encoder_config().hidden_size
        self.norm = nn.LayerNorm(encoder_width)
        self.linear = nn.Linear(encoder_width, config.get_text_config().hidden_size)
        self.activation = nn.GELU()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map (..., encoder width) to (..., width of the language model)."""
        return self.activation(self.linear(self.norm(features)))


# Arguments that some backbones do not accept.
_OPTIONAL_ARGUMENTS = frozenset({"position_ids", "logits_to_keep"})


def grow_embeddings(language_model: PreTrainedModel, vocab_size: int) -> None:
    """Extend the embeddings of a language model to `vocab_size` rows, new ones at the mean of the others.

    Without randomness, a backbone loaded again below an adapter equals the one that the adapter was trained on.
    """
    old = cast(nn.Embedding, language_model.get_input_embeddings()).weight.shape[0]
    if vocab_size <= old:
        return
    language_model.resize_token_embeddings(vocab_size, mean_resizing=False)
    with torch.no_grad():
        for module in (language_model.get_input_embeddings(), language_model.get_output_embeddings()):
            for parameter in () if module is None else module.parameters():
                parameter[old:] = parameter[:old].float().mean(0).to(parameter.dtype)


class TSLMPreTrainedModel(PreTrainedModel):
    """Base class: loading, weight initialization, embeddings."""

    config: TSLMConfig
    config_class = TSLMConfig
    base_model_prefix = "model"
    input_modalities = ["text", "time"]
    supports_gradient_checkpointing = True
    _no_split_modules = ["GatedCrossAttention", "PerceiverLayer", "CrossSeriesLayer"]
    _skip_keys_device_placement = ["past_key_values", "series_states"]
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    _can_compile_fullgraph = True

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | PathLike | None, *args: Any, **kwargs: Any) -> Self:
        """Load a model as [`PreTrainedModel.from_pretrained`] does.

        A `quantization_config` without a list of modules to skip quantizes the layers of the language model, but not
        its embeddings and head, nor any module that reads series.
        """
        kwargs = sparing_arguments(cls, pretrained_model_name_or_path, kwargs)
        return super().from_pretrained(pretrained_model_name_or_path, *args, **kwargs)

    def post_init(self) -> None:
        super().post_init()
        # FSDP refuses names of modules that a model does not have, and no model has all of them.
        present = {type(module).__name__ for module in self.modules()}
        self._no_split_modules = sorted(present.intersection(self._no_split_modules or ()))

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        init_fan_in(module)
        if isinstance(module, PerceiverResampler):
            init.normal_(module.latents, std=1.0)
        elif isinstance(module, PerceiverLayer | GatedCrossAttention):
            for weight in (module.key_weight, module.value_weight):
                init.uniform_(weight, -(weight.shape[-1] ** -0.5), weight.shape[-1] ** -0.5)
        if isinstance(module, GatedCrossAttention):
            init.zeros_(module.attention_gate)
            init.zeros_(module.mlp_gate)

    @property
    def _backbone(self) -> PreTrainedModel:
        return cast("TSLMModel", self.base_model).backbone

    def get_decoder(self) -> PreTrainedModel:
        return self._backbone.get_decoder()

    def get_input_embeddings(self) -> nn.Embedding:
        return cast(nn.Embedding, self._backbone.get_input_embeddings())

    def set_input_embeddings(self, value: nn.Module) -> None:
        self._backbone.set_input_embeddings(value)

    def get_output_embeddings(self) -> nn.Module | None:
        return self._backbone.get_output_embeddings()

    def set_output_embeddings(self, value: nn.Module) -> None:
        self._backbone.set_output_embeddings(value)


class TSLMModel(TSLMPreTrainedModel):
    """Encoder of series, fusion and language model, up to its last hidden state.

    The weights of the language model keep their names below `backbone`. Flamingo's cross-attention blocks are separate
    modules, each run by a hook before a decoder layer.

    Args:
        config (`TSLMConfig`): configuration.
        backbone (`PreTrainedModel`, *optional*): causal language model of `config.text_config`; by default a new one.
        encoder (`PreTrainedModel`, *optional*): encoder of `config.encoder_config`; by default a new one.

    Raises:
        ValueError: no placeholder token, a backbone without attention, or one that Flamingo cannot be attached to.
    """

    def __init__(
        self, config: TSLMConfig, backbone: PreTrainedModel | None = None, encoder: PreTrainedModel | None = None
    ):
        super().__init__(config)
        if config.time_series_token_id is None:
            raise ValueError("time_series_token_id is None; give the id of the placeholder token of a series.")
        # Not `language_model`: transformers renames weights of that name when it loads a checkpoint.
        self.backbone = AutoModelForCausalLM.from_config(config.text_config) if backbone is None else backbone
        # Cached: inspect.signature is too slow for every decoding step.
        self._backbone_arguments = frozenset(inspect.signature(self.backbone.forward).parameters)
        if "past_key_values" not in self._backbone_arguments:
            raise ValueError(
                f"text_config: {config.get_text_config().model_type!r} keeps no keys and values of the text before a "
                "token; take a language model with attention."
            )
        # The backbone ties its head itself; peft asks the outermost model.
        tied = self.backbone.get_expanded_tied_weights_keys()
        self._tied_weights_keys = {f"backbone.{name}": f"backbone.{source}" for name, source in tied.items()}
        self.encoder = build_encoder(config.get_encoder_config()) if encoder is None else encoder
        # Of the model around this one, if it forecasts: see `get_time_series_features`.
        self.fill_forecasts: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None
        if config.scale_embedding:
            self.scale_embedding = ScaleEmbedding(config)
        if config.cross_series_layers:
            self.cross_series_layers = nn.ModuleList(
                [CrossSeriesLayer(config) for _ in range(config.cross_series_layers)]
            )
        if config.fusion == "soft_prompt":
            self.projector = TimeSeriesProjector(config)
        else:
            self.resampler = PerceiverResampler(config)
            self.cross_attention_layers = nn.ModuleList(
                [GatedCrossAttention(config) for _ in config.cross_attention_layers]
            )
            attach_cross_attention(self.backbone, self.cross_attention_layers, config.cross_attention_layers)
        self.post_init()

    def train(self, mode: bool = True) -> "TSLMModel":
        """Set the training mode, except in a frozen encoder, to keep its running statistics constant."""
        super().train(mode)
        if mode and not any(parameter.requires_grad for parameter in self.encoder.parameters()):
            self.encoder.eval()
        return self

    def encode(
        self, time_series: torch.Tensor, time_series_mask: torch.Tensor, time_series_scales: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (batch, series, tokens, width of the encoder) of series, and a bool mask of those that exist."""
        if self.config.reads_scales:
            if time_series_scales is None:
                raise ValueError("time_series_scales is missing; prepare series with the processor of this model.")
            expected = (*time_series.shape[:2], NUM_SCALES)
            if time_series_scales.shape != expected:
                raise ValueError(
                    f"time_series_scales has shape {tuple(time_series_scales.shape)}; it must be {expected}."
                )
        features, token_mask = encode_series(self.encoder, time_series, time_series_mask, time_series_scales)
        if self.config.scale_embedding:
            features = features.to(self.scale_embedding.input.weight.dtype)
            shares = observed_shares(self.config, time_series_mask)
            features = self.scale_embedding(features, token_mask, shares, time_series_scales)
        # Before tokens are averaged, in which a short cycle is gone and with it how two of them are shifted.
        if self.config.cross_series_layers:
            features = features.to(next(self.cross_series_layers.parameters()).dtype)
            features = compare_series(self.cross_series_layers, features, token_mask)
        if self.config.max_series_tokens is not None:
            features, token_mask = pool_tokens(features, token_mask, self.config.max_series_tokens)
        return features, token_mask

    def get_time_series_features(
        self,
        time_series: torch.Tensor,
        time_series_mask: torch.Tensor | None = None,
        time_series_scales: torch.Tensor | None = None,
    ) -> SeriesStates:
        """Encode the series of a batch for the language model.

        Args:
            time_series (`torch.Tensor` of shape `(batch, series, time)`): normalized values. A sample with fewer or
                shorter series than others is padded; values under the mask do not matter.
            time_series_mask (`torch.Tensor` of the same shape, *optional*): 1 where a value is observed; by default
                everywhere. A row without an observed value is padding.
            time_series_scales (`torch.Tensor` of shape `(batch, series, scales)`, *optional*): numbers of the
                processor on the level, scale and length of each series; needed if the configuration `reads_scales`.

        Values that are NaN and observed are a forecast of the series before; [`TSFusionForCausalLM`] fills them.

        Raises:
            ValueError: wrong shapes or dtype, or a forecast in a model without forecaster.
        """
        time_series_mask = checked_mask(time_series, time_series_mask)
        if self.fill_forecasts is not None:
            time_series = self.fill_forecasts(time_series, time_series_mask)
        features, token_mask = self.encode(time_series, time_series_mask, time_series_scales)
        if self.config.fusion == "soft_prompt":
            features = self.projector(features.to(self.projector.linear.weight.dtype))
            return soft_prompt_states(features, token_mask)
        counts = token_mask.any(-1).sum(-1)
        if self.config.joint_latents:
            features, token_mask = features.flatten(1, 2), token_mask.flatten(1)
        else:
            features, token_mask = features.flatten(0, 1), token_mask.flatten(0, 1)
        latents = self.resampler(features.to(self.resampler.latents.dtype), token_mask)
        return SeriesStates(counts, latents=latents.view(time_series.shape[0], -1, latents.shape[-1]))

    def states_after_prompt(self, states: SeriesStates) -> SeriesStates:
        """States of a prompt in the cache for the tokens that follow it."""
        return states_after_prompt(self.config, states, self.get_input_embeddings().weight.dtype)

    def get_placeholder_mask(self, input_ids: torch.Tensor | None, inputs_embeds: torch.Tensor | None) -> torch.Tensor:
        """Bool mask (batch, text) of the placeholders, found by their id or, without ids, by their embedding.

        Raises:
            ValueError: both arguments are given, or neither.
        """
        token = cast(int, self.config.time_series_token_id)
        if input_ids is not None and inputs_embeds is None:
            return input_ids.eq(token)
        if inputs_embeds is None or input_ids is not None:
            raise ValueError("Give exactly one of input_ids and inputs_embeds.")
        embedding = self.get_input_embeddings()(torch.tensor(token, device=inputs_embeds.device))
        return (inputs_embeds == embedding.to(inputs_embeds.dtype)).all(-1)

    def place_series(
        self,
        placeholders: torch.Tensor,
        attention_mask: torch.Tensor | None,
        past_key_values: Cache | None,
        time_series: torch.Tensor | None,
        time_series_mask: torch.Tensor | None,
        series_states: SeriesStates | None,
        time_series_scales: torch.Tensor | None = None,
    ) -> tuple[SeriesStates | None, torch.Tensor]:
        """Find the series of a text, passed or carried by the cache, and check them against its placeholders.

        The arguments are those of [`TSLMForCausalLM.forward`].

        Returns:
            The states of the series, `None` without any, and the rank (batch, text) of each position: the number of
            placeholders of the whole text at or before it.
        """
        rank = placeholders.cumsum(-1)
        if series_states is not None and series_states.is_prompt_past:
            return series_states, rank
        cached = 0 if past_key_values is None else past_key_values.get_seq_length()
        past = series_states
        if past is None and (torch.compiler.is_compiling() or cached):
            past = getattr(past_key_values, "series_states", None)
        if past is None or (series_states is None and time_series is not None):
            # A single token after a cache without series is a step of a text without series.
            if past_key_values is None or time_series is not None or placeholders.shape[1] > 1:
                check_prompt(self.config, placeholders, attention_mask, time_series, time_series_mask, cached, past)
            if time_series is None or time_series.shape[1] == 0:
                return None, rank
            states = self.get_time_series_features(time_series, time_series_mask, time_series_scales)
            states = states.with_placeholders(placeholders, cached, past)
        else:
            if series_states is None:
                check_continuation(self.config, placeholders, attention_mask, cached, past)
            states = past.with_placeholders(placeholders, cached, None if past.positions is None else past)
        return states, rank + states.count_before(cached)[:, None]

    def prepare_inputs(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        time_series: torch.Tensor | None = None,
        time_series_mask: torch.Tensor | None = None,
        series_states: SeriesStates | None = None,
        time_series_scales: torch.Tensor | None = None,
    ) -> tuple[dict[str, Any], SeriesStates | None]:
        """Prepare the arguments of the backbone: embeddings with a soft prompt, or Flamingo's `series_context`.

        The arguments are those of [`TSLMForCausalLM.forward`].

        Returns:
            Arguments for [`run`][TSLMModel.run], and the states of the series.
        """
        placeholders = self.get_placeholder_mask(input_ids, inputs_embeds)
        series_states, rank = self.place_series(
            placeholders,
            attention_mask,
            past_key_values,
            time_series,
            time_series_mask,
            series_states,
            time_series_scales,
        )
        if inputs_embeds is None:
            inputs_embeds = self.get_input_embeddings()(input_ids)
        context = CrossAttentionContext()
        if series_states is not None and series_states.is_prompt_past:
            context = series_states.later_context or context
        elif series_states is not None and self.config.fusion == "soft_prompt":
            inputs_embeds = scatter_features(inputs_embeds, placeholders, rank, series_states)
        elif series_states is not None:
            context = cross_attention_context(self.config, rank, series_states, inputs_embeds.dtype)
        if position_ids is None and attention_mask is not None and attention_mask.ndim == 2:
            # Padding on either side takes no position.
            position_ids = (attention_mask.long().cumsum(-1) - 1).clamp(min=0)[:, -placeholders.shape[1] :]
        inputs = {
            "inputs_embeds": inputs_embeds,
            "attention_mask": attention_mask,
            "position_ids": position_ids,
            "past_key_values": past_key_values,
        }
        if self.config.fusion == "flamingo":
            inputs["series_context"] = context
        return inputs, series_states

    def run(self, decoder: nn.Module, inputs: dict[str, Any]) -> Any:
        """Run `decoder`, the backbone with or without its head, on inputs of `prepare_inputs`; return its output."""
        unaccepted = _OPTIONAL_ARGUMENTS - self._backbone_arguments
        inputs = {name: value for name, value in inputs.items() if name not in unaccepted} | {"return_dict": True}
        for name in ("output_hidden_states", "output_attentions"):
            if inputs.get(name) is None and getattr(self.config, name):
                inputs[name] = True
        if self.config.fusion == "soft_prompt":
            return decoder(**inputs)
        return run_with_context(decoder, inputs.pop("series_context"), len(self.cross_attention_layers), **inputs)

    def states_to_return(self, states: SeriesStates | None, cache: Cache | None) -> SeriesStates | None:
        """States for the output of a forward pass, `None` in training.

        The cache carries them, too: keys and values do not reveal the series of its text.
        """
        if self.training:
            return None
        if cache is not None and states is not None and not states.is_prompt_past:
            cache.series_states = states  # type: ignore[attr-defined]  # our own attribute on a class of transformers
        return states

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        time_series: torch.Tensor | None = None,
        time_series_mask: torch.Tensor | None = None,
        series_states: SeriesStates | None = None,
        time_series_scales: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> TSLMModelOutputWithPast:
        r"""Run [`TSLMForCausalLM.forward`] up to the last hidden state `(batch, text, hidden_size)`."""
        text = (input_ids, attention_mask, position_ids, past_key_values, inputs_embeds)
        inputs, series_states = self.prepare_inputs(
            *text, time_series, time_series_mask, series_states, time_series_scales
        )
        outputs = self.run(self.backbone.base_model, inputs | kwargs)
        return TSLMModelOutputWithPast(
            last_hidden_state=outputs.last_hidden_state,
            past_key_values=outputs.past_key_values,
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
            series_states=self.states_to_return(series_states, outputs.past_key_values),
        )


def _checked_fields(config: Mapping[str, Any], has_encoder: bool) -> dict[str, Any]:
    """Copy the fields of a configuration that a user gives beside a backbone, and perhaps an encoder."""
    if not isinstance(config, Mapping):
        raise TypeError(f"config is a {type(config).__name__}; give a dict of fields of TSLMConfig.")
    known = [field.name for field in dataclasses.fields(TSLMConfig)]
    for name in config:
        if name in _OF_THE_BACKBONE:
            raise ValueError(f"config has {name!r}, which the backbone gives; leave it out.")
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see TSLMConfig for what there is."
            raise ValueError(f"config has no field {name!r}; {hint}")
    encoder_config = config.get("encoder_config")
    if encoder_config is not None and has_encoder:
        raise ValueError("config has an encoder_config beside an encoder; give one of them.")
    if isinstance(encoder_config, Mapping) and "model_type" not in encoder_config:
        raise ValueError(f"encoder_config names no model_type; give one of {', '.join(sorted(ENCODERS))}.")
    return dict(config)


class TSLMForCausalLM(TSLMPreTrainedModel, GenerationMixin):
    """Causal language model that reads text with any number of time series in it, and answers in text."""

    def __init__(
        self, config: TSLMConfig, backbone: PreTrainedModel | None = None, encoder: PreTrainedModel | None = None
    ):
        super().__init__(config)
        self.model = TSLMModel(config, backbone, encoder)
        tied = self.model._tied_weights_keys
        self._tied_weights_keys = {f"model.{name}": f"model.{source}" for name, source in tied.items()}
        if backbone is not None:
            self.generation_config = copy(backbone.generation_config)
        if config.fusion == "flamingo":  # with the soft prompt, forward itself excludes the placeholder
            excluded = self.generation_config.bad_words_ids or []
            self.generation_config.bad_words_ids = [*excluded, [config.time_series_token_id]]
        self.post_init()

    @classmethod
    def from_backbone(
        cls,
        backbone: str,
        encoder: str | PathLike[str] | PreTrainedModel | None = None,
        time_series_token: str = "<|time_series|>",
        config: dict[str, Any] | None = None,
        tokenizer: Any = None,
        **kwargs: Any,
    ) -> "TSLMForCausalLM":
        r"""Build a model from a pretrained decoder and new modules that read series.

        Args:
            backbone: name or path of a causal language model with its tokenizer, see [`find_text_model`] for where a
                name is looked for.
            encoder: pretrained time-series model, or its name or path; by default an untrained one of the
                `encoder_config` in `config`, and without one the built-in encoder ([`load_built_in_encoder`]), which
                reads each series alone, so that samples may have any number of them. Where samples of the same series
                are at hand, one fitted to them reads them better: `fitted_random_convolutions(samples, labels)`
                (`training/random_convolutions.py`).
            time_series_token: placeholder of a series in text, added to the tokenizer and the embeddings if new.
            config: fields of [`TSLMConfig`] other than those that the backbone gives: `text_config`, `dtype`,
                `attn_implementation` and `time_series_token_id`.
            tokenizer: tokenizer of the backbone, for example with more tokens; by default the one saved with it.
            **kwargs: arguments of `AutoModelForCausalLM.from_pretrained`, for example `dtype` or
                `quantization_config`, which concerns the backbone only.

        Returns:
            The model, in evaluation mode; its new modules have the dtype and the device of the backbone.

        Raises:
            ValueError: the config has an unknown field or one of the backbone, or contradicts itself, the backbone or
                the encoder; the placeholder is an ordinary word of the tokenizer.
            TypeError: the config is no `dict`.
            OSError: there is no such backbone, or no built-in encoder.
        """
        fields = _checked_fields({} if config is None else config, encoder is not None)
        # Not at the top: an import of AutoProcessor may import this module before transformers has its AutoTokenizer.
        from transformers import AutoTokenizer

        backbone = find_text_model(backbone, **location_of(kwargs))
        tokenizer = AutoTokenizer.from_pretrained(backbone) if tokenizer is None else tokenizer
        if time_series_token in tokenizer.get_vocab() and time_series_token not in tokenizer.get_added_vocab():
            raise ValueError(
                f"time_series_token is {time_series_token!r}, an ordinary token of the tokenizer; give one that no "
                "text has, such as '<|time_series|>'."
            )
        tokenizer.add_tokens(AddedToken(time_series_token, special=True, normalized=False))
        if kwargs.get("quantization_config") is not None:
            kwargs["quantization_config"] = deepcopy(kwargs["quantization_config"])
        language_model = AutoModelForCausalLM.from_pretrained(backbone, **kwargs)
        grow_embeddings(language_model, len(tokenizer))
        encoder_model = AutoModel.from_pretrained(encoder) if isinstance(encoder, str | PathLike) else encoder
        if encoder_model is None and fields.get("encoder_config") is None:
            encoder_model = load_built_in_encoder()
        if encoder_model is not None:
            fields["encoder_config"] = encoder_model.config
        derived: dict[str, Any] = {
            "text_config": language_model.config,
            "time_series_token_id": tokenizer.convert_tokens_to_ids(time_series_token),
            "dtype": language_model.dtype,
            "attn_implementation": language_model.config._attn_implementation,
        }
        model = cls(TSLMConfig(**derived, **fields), backbone=language_model, encoder=encoder_model)
        for name, module in model.model.named_children():
            if name != "backbone":
                module.to(language_model.device, language_model.dtype)
        share_quantizer(language_model, model)
        if model.generation_config.pad_token_id is None:
            pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
            model.generation_config.pad_token_id = pad
        return model.eval()

    def load_backbone(self, backbone: str, **kwargs: Any) -> None:
        """Copy the weights of a pretrained decoder into the backbone, below an adapter that has all other weights.

        Args:
            backbone: name or path of the causal language model that `from_backbone` started from.
            **kwargs: arguments of `AutoModelForCausalLM.from_pretrained`, for example `revision`.

        Raises:
            RuntimeError: its weights have other names or shapes.
            OSError: there is no such language model.
        """
        backbone = find_text_model(backbone, **location_of(kwargs))
        language_model = AutoModelForCausalLM.from_pretrained(backbone, dtype=self.dtype, **kwargs)
        grow_embeddings(language_model, self.config.get_text_config().vocab_size)
        self.model.backbone.load_state_dict(language_model.state_dict())

    def get_time_series_features(
        self,
        time_series: torch.Tensor,
        time_series_mask: torch.Tensor | None = None,
        time_series_scales: torch.Tensor | None = None,
    ) -> SeriesStates:
        """Encode series, as [`TSLMModel.get_time_series_features`] does."""
        return self.model.get_time_series_features(time_series, time_series_mask, time_series_scales)

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        time_series: torch.Tensor | None = None,
        time_series_mask: torch.Tensor | None = None,
        series_states: SeriesStates | None = None,
        labels: torch.Tensor | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        time_series_scales: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> TSLMCausalLMOutputWithPast:
        r"""Score the next token of each position.

        Args:
            input_ids (`torch.LongTensor` of shape `(batch, text)`): tokens, with the placeholders of the series.
            attention_mask (`torch.Tensor` of shape `(batch, text)`, *optional*): 0 at padding, left or right.
            position_ids (`torch.LongTensor` of shape `(batch, text)`, *optional*): positions; by default, tokens that
                are not padding are counted from 0.
            past_key_values (`Cache`, *optional*): cache of the text before, with its series.
            inputs_embeds (`torch.FloatTensor` of shape `(batch, text, hidden_size)`, *optional*): embeddings, that of
                the placeholder for each series, instead of `input_ids`.
            time_series (`torch.Tensor` of shape `(batch, series, time)`, *optional*): normalized series of the whole
                text, its cached part included. With a cache they are only needed for new placeholders.
            time_series_mask (`torch.Tensor` of the same shape, *optional*): 1 where a value is observed. A row without
                any is padding of a sample with fewer series than others.
            series_states (`SeriesStates`, *optional*): states of an earlier call, instead of `time_series`.
            labels (`torch.LongTensor` of shape `(batch, text)`, *optional*): tokens to predict, -100 where none.
                Placeholders are never predicted.
            logits_to_keep (`int` or `torch.Tensor`, defaults to 0): number of last positions to score, 0 for all, or a
                tensor of positions.
            time_series_scales (`torch.Tensor` of shape `(batch, series, scales)`, *optional*): numbers on the level,
                scale and length of each series, from the processor; needed if the configuration `reads_scales`.
            **kwargs: arguments of the backbone, for example `use_cache` or `output_hidden_states`.

        Raises:
            ValueError: placeholders and series do not match, or shapes are wrong; before the language model runs.

        Example:

        ```python
        >>> model = TSLMForCausalLM.from_backbone("Qwen/Qwen3-0.6B", config={"fusion": "flamingo"})
        >>> processor = TimeSeriesProcessor.from_backbone("Qwen/Qwen3-0.6B", config=model.config)
        >>> inputs = processor("<|time_series|> Does it rise?", time_series=[0.0, 1.0, 2.0])
        >>> processor.batch_decode(model.generate(**inputs, max_new_tokens=8), skip_special_tokens=True)
        ```"""
        text = (input_ids, attention_mask, position_ids, past_key_values, inputs_embeds)
        inputs, series_states = self.model.prepare_inputs(
            *text, time_series, time_series_mask, series_states, time_series_scales
        )
        inputs |= {name: value for name, value in kwargs.items() if name != "num_items_in_batch"}
        outputs = self.model.run(self.model.backbone, inputs | {"logits_to_keep": logits_to_keep})
        token = cast(int, self.config.time_series_token_id)
        if self.config.fusion == "soft_prompt":
            # The model must never write a placeholder. In place, because logits are large; not -inf, whose product
            # with the probability of 0 is NaN in an entropy.
            outputs.logits[..., token] = torch.finfo(outputs.logits.dtype).min
        loss = None
        if labels is not None:
            labels = labels.masked_fill(labels.eq(token), -100)
            loss = self.loss_function(
                logits=outputs.logits, labels=labels, vocab_size=outputs.logits.shape[-1], **kwargs
            )
        return TSLMCausalLMOutputWithPast(
            loss=loss,
            logits=outputs.logits,
            past_key_values=outputs.past_key_values,
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
            series_states=self.model.states_to_return(series_states, outputs.past_key_values),
        )

    def _validate_generated_length(
        self, generation_config: GenerationConfig, input_ids_length: int, has_default_max_length: bool
    ) -> None:
        limit, new = self.config.context_length, generation_config.max_length - input_ids_length
        if limit is not None and input_ids_length + new > limit:
            if not has_default_max_length or generation_config.max_new_tokens is not None or input_ids_length >= limit:
                raise ValueError(
                    f"A prompt of {input_ids_length} tokens and {new} new ones are more than the {limit} of the "
                    "language model; lower max_new_tokens, or shorten the prompt."
                )
            generation_config.max_length = limit  # the default length gives way
            logger.warning(
                "A prompt of %d tokens leaves %d for the answer, which may be cut; shorten the prompt.",
                input_ids_length,
                limit - input_ids_length,
            )
        # The type that transformers gives the mixin's self suits no class; it is for another type checker.
        super()._validate_generated_length(generation_config, input_ids_length, has_default_max_length)  # type: ignore[misc]

    def prepare_inputs_for_generation(
        self,
        input_ids: torch.LongTensor,
        *args: Any,
        inputs_embeds: torch.Tensor | None = None,
        series_states: SeriesStates | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Pass raw series with the prompt only; later steps reuse `series_states`."""
        kwargs["inputs_embeds"] = inputs_embeds
        inputs = super().prepare_inputs_for_generation(input_ids, *args, **kwargs)  # type: ignore[misc]  # as above
        if series_states is not None:
            inputs["series_states"] = series_states
            for name in ("time_series", "time_series_mask", "time_series_scales"):
                inputs.pop(name, None)
        return inputs

    def _update_model_kwargs_for_generation(
        self, outputs: ModelOutput, model_kwargs: dict[str, Any], *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        model_kwargs = super()._update_model_kwargs_for_generation(outputs, model_kwargs, *args, **kwargs)
        states = cast(TSLMCausalLMOutputWithPast, outputs).series_states
        if states is not None and model_kwargs.get("series_states") is None:
            # Without a cache every step reads the whole text again, its placeholders included.
            if model_kwargs.get("use_cache", True):
                states = self.model.states_after_prompt(states)
            model_kwargs["series_states"] = states
        return model_kwargs


__all__ = ["TSLMForCausalLM", "TSLMModel", "TSLMPreTrainedModel"]

# Checkpoints carry this code, which loads with `trust_remote_code=True`.
TSLMConfig.register_for_auto_class()
TSLMModel.register_for_auto_class("AutoModel")
TSLMForCausalLM.register_for_auto_class("AutoModelForCausalLM")
