"""Configuration of the time-series language model."""

from typing import Any, Literal, cast

import numpy as np
from transformers import AutoConfig, PreTrainedConfig

from .configuration_checks import build_config, check_at_least, validated
from .configuration_encoders import ENCODERS, EncoderGeometry, encoder_geometry
from .configuration_ts_encoder import TSEncoderConfig

# Numbers that describe the level, scale and length of a series; `TimeSeriesFeatureExtractor` defines them.
NUM_SCALES = 7


@validated
class TSLMConfig(PreTrainedConfig):
    r"""Configuration of [`TSLMModel`] and [`TSLMForCausalLM`] (OpenTSLM, arXiv 2510.02410).

    Args:
        fusion (`str`, defaults to `"soft_prompt"`): way of series into the language model. `"soft_prompt"` puts the
            projected patches of a series in place of its placeholder tokens; `"flamingo"` compresses a series to
            `num_latents` vectors that the text reads through gated cross-attention.
        text_config (`dict` or config, *optional*): configuration of the language model, any decoder-only one of
            transformers; a `dict` names it by `model_type`. Defaults to a Llama.
        encoder_config (`dict` or config, *optional*): configuration of the encoder of a series: the patch encoder
            (`ts_patch_encoder`), the multi-scale CNN (`ts_mscnn_encoder`) or the random convolutions
            (`ts_random_convolutions`, for samples of the same series) of this package, or a `patchtst` or
            `timesfm2_5` of transformers. Defaults to the patch encoder, with 6 layers for the soft prompt and none for
            Flamingo, as in the paper.
        time_series_token_id (`int`, *optional*): id of the placeholder token of a series; a model needs one.
        num_latents (`int`, defaults to 64): vectors that a series is compressed to (Flamingo).
        resampler_num_layers (`int`, defaults to 6): layers of the resampler (Flamingo).
        resampler_num_heads (`int`, defaults to 8): attention heads of the resampler (Flamingo).
        resampler_head_dim (`int`, defaults to 64): width of an attention head of the resampler (Flamingo).
        cross_attention_every_n_layers (`int`, defaults to 1): decoder layers per gated cross-attention block; the
            first block is before layer n (Flamingo).
        cross_attention_num_heads (`int`, defaults to 4): attention heads of a cross-attention block (Flamingo). The
            paper has 8, and published checkpoints are converted with them.
        cross_attention_head_dim (`int`, defaults to 64): width of an attention head of a cross-attention block
            (Flamingo).
        cross_attention_intermediate_size (`int`, *optional*): width of the feed-forward network of a cross-attention
            block (Flamingo); by default that of the language model's hidden states. The paper has 4 times that, more
            than half the weights of a decoder layer, and published checkpoints are converted with it.
        cross_attention_to (`str`, defaults to `"preceding"`): series that a token reads, all that precede it
            (`"preceding"`) or the last of them (`"last"`) (Flamingo).
        joint_latents (`bool`, defaults to `False`): whether all series of a sample share one set of latents, as in
            the published checkpoints; tokens after the second placeholder then read their plain average (Flamingo).
            Needs `cross_attention_to="last"`.
        scale_embedding (`bool`, defaults to `False`): whether the tokens of a series carry as numbers what
            normalization takes away (`time_series_scales`), their place in the series, and gaps.
        training_scales (`list` of pairs of `float`, *optional*): mean level and typical deviation of the series of the
            training, in their own units: a pair for each place in a prompt, or one for all. With them, the tokens also
            carry the level and scale of a series relative to these; needs `scale_embedding`.
        cross_series_layers (`int`, defaults to 0): layers in which a token reads those of the preceding series at
            its own place in time, before the text sees either.
        cross_series_num_heads (`int`, defaults to 4): attention heads of these layers, a divisor of the width of the
            encoder.
        max_series_tokens (`int`, *optional*): most tokens of a series; neighboring ones of a longer series are
            averaged. By default a token for each patch.
    """

    model_type = "tslm"
    sub_configs = {"text_config": AutoConfig, "encoder_config": AutoConfig}
    keys_to_ignore_at_inference = ["past_key_values", "series_states"]

    fusion: Literal["soft_prompt", "flamingo"] = "soft_prompt"
    text_config: dict | PreTrainedConfig | None = None
    encoder_config: dict | PreTrainedConfig | None = None
    time_series_token_id: int | None = None
    num_latents: int = 64
    resampler_num_layers: int = 6
    resampler_num_heads: int = 8
    resampler_head_dim: int = 64
    cross_attention_every_n_layers: int = 1
    cross_attention_num_heads: int = 4
    cross_attention_head_dim: int = 64
    cross_attention_intermediate_size: int | None = None
    cross_attention_to: Literal["preceding", "last"] = "preceding"
    joint_latents: bool = False
    scale_embedding: bool = False
    training_scales: list[list[float]] | None = None
    cross_series_layers: int = 0
    cross_series_num_heads: int = 4
    max_series_tokens: int | None = None
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        if self.text_config is None:
            self.text_config = {"model_type": "llama"}
        if self.encoder_config is None:
            layers = 6 if self.fusion == "soft_prompt" else 0
            self.encoder_config = TSEncoderConfig(num_hidden_layers=layers)
        self.text_config = build_config("text_config", self.text_config)
        own = {name: row.config_class for name, row in ENCODERS.items() if row.config_class is not None}
        self.encoder_config = build_config("encoder_config", self.encoder_config, own)
        # The language model ties its own head; the field only reports it.
        self.tie_word_embeddings = bool(getattr(self.text_config, "tie_word_embeddings", False))
        super().__post_init__(**kwargs)

    def get_encoder_config(self) -> PreTrainedConfig:
        """Return the configuration of the encoder, the counterpart of `get_text_config`."""
        return cast(PreTrainedConfig, self.encoder_config)

    @property
    def cross_attention_layers(self) -> list[int]:
        """Decoder layers with a gated cross-attention block before them, counted from 0."""
        if self.fusion != "flamingo":
            return []
        every = self.cross_attention_every_n_layers
        return list(range(every - 1, self.get_text_config().num_hidden_layers, every))

    @property
    def encoder_geometry(self) -> EncoderGeometry:
        """Division of a series into the encoder's patches."""
        return encoder_geometry(self.get_encoder_config())

    @property
    def reads_scales(self) -> bool:
        """Whether the model reads the level, scale and length of series as numbers (`time_series_scales`)."""
        return self.scale_embedding or ENCODERS[self.get_encoder_config().model_type].is_joint

    @property
    def context_length(self) -> int | None:
        """Largest number of tokens of the language model, `None` for no limit in its configuration."""
        return getattr(self.text_config, "max_position_embeddings", None)

    def validate_training_scales(self) -> None:
        """Validate `training_scales`; called by `@strict`."""
        if self.training_scales is None:
            return
        if not self.scale_embedding:
            raise ValueError("training_scales needs scale_embedding; set it, or leave the scales out.")
        pairs = [pair for pair in self.training_scales if len(pair) == 2 and np.isfinite(pair).all() and pair[1] > 0]
        if not pairs or len(pairs) != len(self.training_scales):
            raise ValueError(
                f"training_scales is {self.training_scales}; give pairs of a finite level and a positive deviation."
            )

    def validate_fusion(self) -> None:
        """Validate the fields of the fusion; called by `@strict`."""
        check_at_least(self, 1, "num_latents", "resampler_num_layers", "resampler_num_heads", "resampler_head_dim")
        check_at_least(self, 1, "cross_attention_every_n_layers", "cross_attention_num_heads")
        check_at_least(self, 1, "cross_attention_head_dim", "cross_attention_intermediate_size")
        if self.joint_latents and self.fusion != "flamingo":
            raise ValueError(f"joint_latents is for fusion 'flamingo'; this one is {self.fusion!r}.")
        if self.joint_latents and self.cross_attention_to != "last":
            raise ValueError(f"joint_latents needs cross_attention_to 'last', not {self.cross_attention_to!r}.")
        if self.fusion == "flamingo" and not self.cross_attention_layers:
            raise ValueError(
                f"cross_attention_every_n_layers is {self.cross_attention_every_n_layers}; it must be from 1 to the "
                f"{self.get_text_config().num_hidden_layers} layers of the language model."
            )

    def validate_series_tokens(self) -> None:
        """Validate the fields of the tokens of series; called by `@strict`."""
        check_at_least(self, 0, "cross_series_layers")
        check_at_least(self, 1, "cross_series_num_heads", "max_series_tokens")
        width = self.get_encoder_config().hidden_size
        if self.cross_series_layers and width % self.cross_series_num_heads:
            raise ValueError(
                f"cross_series_num_heads is {self.cross_series_num_heads}; it must divide the width {width} of the "
                "encoder."
            )

    def validate_text_config(self) -> None:
        """Validate the kind of language model and the placeholder token; called by `@strict`."""
        text_config = self.get_text_config()
        if getattr(text_config, "is_encoder_decoder", False):
            raise ValueError(f"text_config: {text_config.model_type!r} is not a decoder-only model.")
        if text_config.get_text_config(decoder=True) is not text_config:
            raise ValueError(f"text_config: {text_config.model_type!r} reads more than text; take a text model.")
        token, vocab_size = self.time_series_token_id, text_config.vocab_size
        if token is not None and not 0 <= token < vocab_size:
            raise ValueError(f"time_series_token_id is {token}; it must be below the vocabulary size {vocab_size}.")

    def validate_encoder_config(self) -> None:
        """Validate the kind of encoder; called by `@strict`."""
        encoder_geometry(self.get_encoder_config())


__all__ = ["NUM_SCALES", "TSLMConfig"]
