"""Configuration of the LLM-PS forecaster."""

from typing import Literal

from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig

from .configuration_checks import validated
from .modeling_wavelet import max_wavelet_levels


@validated
class LLMPSConfig(PreTrainedConfig):
    r"""Configuration of [`LLMPSModel`] and [`LLMPSForForecasting`] (LLM-PS, arXiv 2503.09656).

    Args:
        context_length (`int`, defaults to 96): look-back in time steps. Shorter input is padded, longer input is cut.
        prediction_length (`int`, defaults to 96): forecast horizon in time steps.
        text_config (`dict` or config, *optional*): the LLM backbone, any text model of transformers that takes
            `inputs_embeds`; a `dict` names it by `model_type` (`"gpt2"` by default). Defaults to GPT-2 with 6 layers,
            as in the paper.
        mscnn_channels (`int`, defaults to 32): channels of the multi-scale CNN, a multiple of `mscnn_branches`.
        mscnn_layers (`int`, defaults to 1): blocks of the multi-scale CNN.
        mscnn_branches (`int`, defaults to 4): receptive fields of a block.
        wavelet_levels (`int`, *optional*): levels of the Daubechies-4 transform; by default as many as
            `context_length` allows, up to 3.
        patch_length (`int`, *optional*): time steps of a token. By default a whole variable is one token.
        patch_stride (`int`, *optional*): time steps between two tokens; defaults to `patch_length`.
        mix_variables (`bool`, defaults to `True`): whether the tokens of all variables form one sequence, so that the
            backbone relates them. Otherwise every variable is forecast from itself alone.
        num_input_channels (`int`, *optional*): number of variables, needed only for `share_projection=False`.
        share_projection (`bool`, defaults to `True`): whether one output head serves every variable. Otherwise each
            variable has a head of its own, and input must have exactly `num_input_channels` variables.
        head_dropout (`float`, defaults to 0.0): dropout before the output head.
        loss (`str`, defaults to `"mse"`): point loss, one of `"mse"`, `"mae"`, `"huber"`.
        huber_delta (`float`, defaults to 1.0): where the Huber loss turns linear, in units of the values.
        quantiles (`list[float]`, defaults to none): levels of the quantile head, rising, each between 0 and 1; they
            add the pinball loss to the point loss.
        use_multi_scale (`bool`, defaults to `True`): ablation: `False` is one receptive field (and then there is
            nothing for the wavelet to exchange).
        use_wavelet (`bool`, defaults to `True`): ablation: `False` leaves the branches as they are.
        use_llm (`bool`, defaults to `True`): ablation: `False` takes the tokens straight to the output head.
        t2t_hidden_size (`int`, *optional*): width of the time-to-text features that the multi-scale features are drawn
            to in training; by default there is no such loss.
        t2t_patch_length (`int`, defaults to 24): time steps of a time-to-text patch.
        t2t_patch_stride (`int`, defaults to 12): time steps between two time-to-text patches.
        feature_loss_weight (`float`, defaults to 0.01): weight of that loss.
        initializer_range (`float`, defaults to 0.02): standard deviation of initial weights outside the backbone.
    """

    model_type = "llmps"
    sub_configs = {"text_config": AutoConfig}  # noqa: RUF012

    context_length: int = 96
    prediction_length: int = 96
    text_config: dict | PreTrainedConfig | None = None
    mscnn_channels: int = 32
    mscnn_layers: int = 1
    mscnn_branches: int = 4
    wavelet_levels: int | None = None
    patch_length: int | None = None
    patch_stride: int | None = None
    mix_variables: bool = True
    num_input_channels: int | None = None
    share_projection: bool = True
    head_dropout: float | int = 0.0
    loss: Literal["mse", "mae", "huber"] = "mse"
    huber_delta: float | int = 1.0
    quantiles: list[float] | tuple[float, ...] = ()
    use_multi_scale: bool = True
    use_wavelet: bool = True
    use_llm: bool = True
    t2t_hidden_size: int | None = None
    t2t_patch_length: int = 24
    t2t_patch_stride: int = 12
    feature_loss_weight: float | int = 0.01
    initializer_range: float = 0.02

    def __post_init__(self, **kwargs):
        if self.text_config is None:
            self.text_config = {"model_type": "gpt2", "num_hidden_layers": 6}
        if isinstance(self.text_config, dict):
            fields = dict(self.text_config)
            model_type = fields.pop("model_type", "gpt2")
            if model_type not in CONFIG_MAPPING:
                raise ValueError(f"text_config: model_type {model_type!r} is not one that transformers knows.")
            self.text_config = CONFIG_MAPPING[model_type](**fields)
        self.quantiles = list(self.quantiles)
        super().__post_init__(**kwargs)

    @property
    def hidden_size(self) -> int:
        """Width of a token."""
        return self.text_config.hidden_size

    @property
    def tokens_per_variable(self) -> int:
        """Number of tokens that a variable becomes."""
        if self.patch_length is None:
            return 1
        return (self.context_length - self.patch_length) // (self.patch_stride or self.patch_length) + 1

    @property
    def most_variables(self) -> int | None:
        """Most variables that the backbone has positions for at once, or None for any number."""
        positions = getattr(self.text_config, "max_position_embeddings", None)
        if not (self.use_llm and self.mix_variables) or positions is None:
            return None
        return positions // self.tokens_per_variable

    @property
    def depends_on_order(self) -> bool:
        """Whether the forecast of a variable depends on its place among the others."""
        return not self.share_projection or (self.use_llm and self.mix_variables)

    @property
    def effective_branches(self) -> int:
        """Receptive fields of a block, the ablation switch taken into account."""
        return self.mscnn_branches if self.use_multi_scale else 1

    @property
    def effective_wavelet_levels(self) -> int:
        """Levels of the decoupling, 0 where there is none."""
        if not self.use_wavelet or self.effective_branches == 1:
            return 0
        return min(3, max_wavelet_levels(self.context_length)) if self.wavelet_levels is None else self.wavelet_levels

    def validate_lengths(self):
        """Part of `@strict`-powered validation."""
        for name in ("context_length", "prediction_length", "mscnn_channels", "mscnn_branches"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        if self.mscnn_layers < 0:
            raise ValueError(f"mscnn_layers is {self.mscnn_layers}; it must be at least 0.")
        if self.mscnn_channels % self.mscnn_branches:
            raise ValueError(
                f"mscnn_channels is {self.mscnn_channels}; it must be a multiple of mscnn_branches "
                f"({self.mscnn_branches})."
            )
        if self.patch_stride is not None and self.patch_length is None:
            raise ValueError(f"patch_stride is {self.patch_stride} but patch_length is not set; set both or neither.")
        for name in ("patch_length", "patch_stride"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= self.context_length:
                raise ValueError(f"{name} is {value}; it must be from 1 to context_length ({self.context_length}).")
        if self.use_wavelet and self.wavelet_levels is not None:
            most = max_wavelet_levels(self.context_length)
            if not 1 <= self.wavelet_levels <= most:
                raise ValueError(
                    f"wavelet_levels is {self.wavelet_levels}; context_length {self.context_length} "
                    f"allows 1 to {most} "
                    "(or use_wavelet: false)."
                )

    def validate_head(self):
        """Part of `@strict`-powered validation."""
        if not self.share_projection and self.num_input_channels is None:
            raise ValueError(
                "share_projection is False but num_input_channels is not set; say how many variables there are."
            )
        if self.num_input_channels is not None and self.num_input_channels < 1:
            raise ValueError(f"num_input_channels is {self.num_input_channels}; it must be at least 1.")
        if not 0 <= self.head_dropout < 1:
            raise ValueError(f"head_dropout is {self.head_dropout}; it must be at least 0 and below 1.")
        if any(not 0 < q < 1 for q in self.quantiles) or sorted(set(self.quantiles)) != list(self.quantiles):
            raise ValueError(f"quantiles is {self.quantiles}; it must be rising levels between 0 and 1.")
        if self.huber_delta <= 0:
            raise ValueError(f"huber_delta is {self.huber_delta}; it must be above 0.")

    def validate_t2t(self):
        """Part of `@strict`-powered validation."""
        if self.t2t_hidden_size is not None and self.t2t_patch_length > self.context_length:
            raise ValueError(
                f"t2t_patch_length is {self.t2t_patch_length}, longer than context_length ({self.context_length})."
            )
        if self.feature_loss_weight < 0:
            raise ValueError(f"feature_loss_weight is {self.feature_loss_weight}; it must be at least 0.")

    def validate_backbone(self):
        """Part of `@strict`-powered validation."""
        if self.use_llm and getattr(self.text_config, "is_encoder_decoder", False):
            raise ValueError(
                f"text_config: {self.text_config.model_type!r} is an encoder-decoder; give a "
                "decoder-only or an encoder model."
            )


__all__ = ["LLMPSConfig"]
