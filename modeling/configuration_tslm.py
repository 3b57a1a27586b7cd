"""Configuration of the time-series language model."""

from typing import Literal

from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig

from .configuration_checks import validated
from .configuration_mscnn_encoder import MSCNNEncoderConfig
from .configuration_ts_encoder import TSEncoderConfig
from .modeling_series_encoding import EncoderGeometry, encoder_geometry


def _sub_config(name: str, value: dict | PreTrainedConfig) -> PreTrainedConfig:
    """The config that `value` describes; `name` is the field, for the error."""
    if isinstance(value, PreTrainedConfig):
        return value
    fields = dict(value)
    model_type = fields.pop("model_type", None)
    # Named here too, because a checkpoint that carries its code may be read where nothing is registered.
    own = {config.model_type: config for config in (TSEncoderConfig, MSCNNEncoderConfig)}
    if model_type not in own and model_type not in CONFIG_MAPPING:
        raise ValueError(f"{name}: model_type {model_type!r} is not one that transformers knows.")
    return (own.get(model_type) or CONFIG_MAPPING[model_type])(**fields)


@validated
class TSLMConfig(PreTrainedConfig):
    r"""Configuration of [`TSLMModel`] and [`TSLMForCausalLM`] (OpenTSLM, arXiv 2510.02410).

    Args:
        fusion (`str`, defaults to `"soft_prompt"`): how the language model reads series. `"soft_prompt"` puts the
            projected patches of a series in place of its placeholder tokens; `"flamingo"` compresses a series to
            `num_latents` vectors that the text reads through gated cross-attention.
        text_config (`dict` or config, *optional*): the language model, any decoder-only one of transformers; a `dict`
            names it by `model_type`. Defaults to a Llama.
        encoder_config (`dict` or config, *optional*): the encoder of a series, the patch encoder or the multi-scale
            CNN (`ts_mscnn_encoder`) of this package, or a `patchtst` or `timesfm2_5` of transformers. Defaults to the
            patch encoder, with 6 layers for the soft prompt and none for Flamingo, as in the paper.
        time_series_token_id (`int`, *optional*): the placeholder token of a series; a model cannot be built without.
        num_latents (`int`, defaults to 64): Flamingo: vectors that a series is compressed to.
        resampler_num_layers (`int`, defaults to 6): Flamingo: layers of the resampler.
        resampler_num_heads (`int`, defaults to 8): Flamingo: attention heads of the resampler.
        resampler_head_dim (`int`, defaults to 64): Flamingo: width of such a head.
        cross_attention_every_n_layers (`int`, defaults to 1): Flamingo: one gated cross-attention block before every
            n-th decoder layer, the first one before layer n.
        cross_attention_num_heads (`int`, defaults to 8): Flamingo: heads of a cross-attention block.
        cross_attention_head_dim (`int`, defaults to 64): Flamingo: width of such a head.
        cross_attention_intermediate_size (`int`, *optional*): Flamingo: width of the feed-forward network of a
            cross-attention block; by default that of the language model's hidden states. The paper has 4 times that,
            more than half the weights of a decoder layer, and published checkpoints are converted with it.
        cross_attention_to (`str`, defaults to `"preceding"`): Flamingo: which series a token reads, every one that
            precedes it (`"preceding"`) or the last of them (`"last"`).
        joint_latents (`bool`, defaults to `False`): Flamingo: legacy of the published checkpoints, which compress all
            series of a sample into one set of latents; tokens after the second placeholder then read their plain
            average. Needs `cross_attention_to="last"`.
    """

    model_type = "tslm"
    sub_configs = {"text_config": AutoConfig, "encoder_config": AutoConfig}  # noqa: RUF012
    keys_to_ignore_at_inference = ["past_key_values", "series_states"]  # noqa: RUF012

    fusion: Literal["soft_prompt", "flamingo"] = "soft_prompt"
    text_config: dict | PreTrainedConfig | None = None
    encoder_config: dict | PreTrainedConfig | None = None
    time_series_token_id: int | None = None
    num_latents: int = 64
    resampler_num_layers: int = 6
    resampler_num_heads: int = 8
    resampler_head_dim: int = 64
    cross_attention_every_n_layers: int = 1
    cross_attention_num_heads: int = 8
    cross_attention_head_dim: int = 64
    cross_attention_intermediate_size: int | None = None
    cross_attention_to: Literal["preceding", "last"] = "preceding"
    joint_latents: bool = False
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs):
        if self.text_config is None:
            self.text_config = {"model_type": "llama"}
        if self.encoder_config is None:
            layers = 6 if self.fusion == "soft_prompt" else 0
            self.encoder_config = TSEncoderConfig(num_hidden_layers=layers)
        self.text_config = _sub_config("text_config", self.text_config)
        self.encoder_config = _sub_config("encoder_config", self.encoder_config)
        # The language model keeps its own head and ties it itself; the field only has to say what it does.
        self.tie_word_embeddings = bool(getattr(self.text_config, "tie_word_embeddings", False))
        super().__post_init__(**kwargs)

    @property
    def cross_attention_layers(self) -> list[int]:
        """Decoder layers that have a gated cross-attention block before them, counted from 0."""
        if self.fusion != "flamingo":
            return []
        every = self.cross_attention_every_n_layers
        return list(range(every - 1, self.text_config.num_hidden_layers, every))

    @property
    def encoder_geometry(self) -> EncoderGeometry:
        """How many tokens the encoder makes of a series."""
        return encoder_geometry(self.encoder_config)

    @property
    def context_length(self) -> int | None:
        """Tokens that the language model can take; `None` where its configuration names no limit."""
        return getattr(self.text_config, "max_position_embeddings", None)

    def validate_fusion(self):
        """Part of `@strict`-powered validation."""
        for name in (
            "num_latents",
            "resampler_num_layers",
            "resampler_num_heads",
            "resampler_head_dim",
            "cross_attention_every_n_layers",
            "cross_attention_num_heads",
            "cross_attention_head_dim",
            "cross_attention_intermediate_size",
        ):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1.")
        if self.joint_latents and self.fusion != "flamingo":
            raise ValueError(f"joint_latents is for fusion 'flamingo'; this one is {self.fusion!r}.")
        if self.joint_latents and self.cross_attention_to != "last":
            raise ValueError(f"joint_latents needs cross_attention_to 'last', not {self.cross_attention_to!r}.")
        if self.fusion == "flamingo" and not self.cross_attention_layers:
            raise ValueError(
                f"cross_attention_every_n_layers is {self.cross_attention_every_n_layers}; it must be from 1 to the "
                f"{self.text_config.num_hidden_layers} layers of the language model."
            )

    def validate_text_config(self):
        """Part of `@strict`-powered validation."""
        if getattr(self.text_config, "is_encoder_decoder", False):
            raise ValueError(f"text_config: {self.text_config.model_type!r} is not a decoder-only model.")
        if self.text_config.get_text_config(decoder=True) is not self.text_config:
            raise ValueError(f"text_config: {self.text_config.model_type!r} reads more than text; take a text model.")
        token, vocab_size = self.time_series_token_id, self.text_config.vocab_size
        if token is not None and not 0 <= token < vocab_size:
            raise ValueError(f"time_series_token_id is {token}; it must be below the vocabulary size {vocab_size}.")

    def validate_encoder_config(self):
        """Part of `@strict`-powered validation."""
        encoder_geometry(self.encoder_config)


__all__ = ["TSLMConfig"]
