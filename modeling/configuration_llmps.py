"""Configuration of the LLM-PS forecaster."""

import math
from typing import Any, Literal

from transformers import AutoConfig, PreTrainedConfig

from .configuration_checks import build_config, check_at_least, check_multiple, validated


def max_wavelet_levels(length: int) -> int:
    """Largest number of levels of a Daubechies-4 transform of `length` steps, as in `pywt.dwt_max_level`.

    `2**levels * 7` is at most `length`, where 7 is the number of filter taps less one.
    """
    return 0 if length < 8 else int(math.log2(length / 7))


@validated
class LLMPSConfig(PreTrainedConfig):
    r"""Configuration of [`LLMPSModel`] and [`LLMPSForForecasting`] (LLM-PS, arXiv 2503.09656).

    Args:
        context_length (`int`, defaults to 96): number of past time steps; shorter input is padded, longer cut.
        prediction_length (`int`, defaults to 96): forecast horizon in time steps.
        text_config (`dict` or config, *optional*): configuration of the LLM backbone, any text model of transformers
            that takes `inputs_embeds`; a `dict` names it by `model_type` (`"gpt2"` by default). Defaults to GPT-2 with
            6 layers, as in the paper.
        mscnn_channels (`int`, defaults to 32): channels of the multi-scale CNN, a multiple of `mscnn_branches`.
        mscnn_layers (`int`, defaults to 1): blocks of the multi-scale CNN.
        mscnn_branches (`int`, defaults to 4): receptive fields of a block of the multi-scale CNN.
        wavelet_levels (`int`, *optional*): levels of the Daubechies-4 transform; by default as many as
            `context_length` allows, up to 3.
        patch_length (`int`, *optional*): time steps of a token. By default a whole variable is one token.
        patch_stride (`int`, *optional*): time steps between the starts of two tokens; defaults to `patch_length`.
        mix_variables (`bool`, defaults to `True`): whether the tokens of all variables form one sequence, so that the
            backbone relates them. Otherwise every variable is forecast from itself alone.
        num_input_channels (`int`, *optional*): number of variables, needed only for `share_projection=False`.
        share_projection (`bool`, defaults to `True`): whether one output head serves every variable. Otherwise each
            variable has a head of its own, and input must have exactly `num_input_channels` variables.
        head_dropout (`float`, defaults to 0.0): dropout before the output head.
        loss (`str`, defaults to `"mse"`): point loss, one of `"mse"`, `"mae"`, `"huber"`.
        huber_delta (`float`, defaults to 1.0): error at which the Huber loss turns linear, in units of the values.
        quantiles (`list[float]`, defaults to none): levels of the quantile head, rising, each between 0 and 1; they
            add the pinball loss to the point loss.
        use_multi_scale (`bool`, defaults to `True`): whether a block has `mscnn_branches` receptive fields. Ablation:
            `False` leaves one, and nothing for the wavelet to exchange.
        use_wavelet (`bool`, defaults to `True`): whether the branches exchange their long-term and short-term parts.
            Ablation: `False` leaves them as they are.
        use_llm (`bool`, defaults to `True`): whether the tokens pass through the backbone. Ablation: `False` takes
            them straight to the output head.
        t2t_hidden_size (`int`, *optional*): width of the time-to-text features that the multi-scale features are drawn
            to in training; by default there is no such loss.
        t2t_patch_length (`int`, defaults to 24): time steps of a time-to-text patch.
        t2t_patch_stride (`int`, defaults to 12): time steps between the starts of two time-to-text patches.
        feature_loss_weight (`float`, defaults to 0.01): weight of the loss against the time-to-text features.
        num_known_covariates (`int`, defaults to 0): features of each time step that are known in the future too.
        num_past_covariates (`int`, defaults to 0): further features of each past time step.
        num_static_covariates (`int`, defaults to 0): features of a sample that do not change over time.
        initializer_range (`float`, defaults to 0.02): standard deviation of initial weights outside the backbone.
    """

    model_type = "llmps"
    sub_configs = {"text_config": AutoConfig}

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
    num_known_covariates: int = 0
    num_past_covariates: int = 0
    num_static_covariates: int = 0
    initializer_range: float = 0.02

    def __post_init__(self, **kwargs: Any) -> None:
        if self.text_config is None:
            self.text_config = {"model_type": "gpt2", "num_hidden_layers": 6}
        if isinstance(self.text_config, dict):
            self.text_config = build_config("text_config", {"model_type": "gpt2", **self.text_config})
        self.quantiles = list(self.quantiles)
        super().__post_init__(**kwargs)

    @property
    def hidden_size(self) -> int:
        """Width of a token."""
        return self.get_text_config().hidden_size

    @property
    def tokens_per_variable(self) -> int:
        """Number of tokens per variable."""
        if self.patch_length is None:
            return 1
        return (self.context_length - self.patch_length) // (self.patch_stride or self.patch_length) + 1

    @property
    def most_variables(self) -> int | None:
        """Largest number of variables that the backbone has positions for, `None` for any number."""
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
        """Receptive fields of a block under the ablation switch."""
        return self.mscnn_branches if self.use_multi_scale else 1

    @property
    def effective_wavelet_levels(self) -> int:
        """Levels of the wavelet decoupling, 0 without it."""
        if not self.use_wavelet or self.effective_branches == 1:
            return 0
        return min(3, max_wavelet_levels(self.context_length)) if self.wavelet_levels is None else self.wavelet_levels

    def validate_lengths(self) -> None:
        """Validate lengths and the multi-scale CNN; called by `@strict`."""
        check_at_least(self, 1, "context_length", "prediction_length", "mscnn_channels", "mscnn_branches")
        check_at_least(self, 0, "mscnn_layers")
        check_multiple(self, "mscnn_channels", "mscnn_branches")
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
                    f"wavelet_levels is {self.wavelet_levels}; context_length {self.context_length} allows 1 to "
                    f"{most} (or use_wavelet: false)."
                )

    def validate_head(self) -> None:
        """Validate the output head and its loss; called by `@strict`."""
        if not self.share_projection and self.num_input_channels is None:
            raise ValueError("share_projection is False but num_input_channels is not set; set the latter.")
        check_at_least(self, 1, "num_input_channels")
        if not 0 <= self.head_dropout < 1:
            raise ValueError(f"head_dropout is {self.head_dropout}; it must be at least 0 and below 1.")
        if any(not 0 < q < 1 for q in self.quantiles) or sorted(set(self.quantiles)) != list(self.quantiles):
            raise ValueError(f"quantiles is {self.quantiles}; it must be rising levels between 0 and 1.")
        if self.huber_delta <= 0:
            raise ValueError(f"huber_delta is {self.huber_delta}; it must be above 0.")

    def validate_covariates(self) -> None:
        """Validate the numbers of covariates; called by `@strict`."""
        check_at_least(self, 0, "num_known_covariates", "num_past_covariates", "num_static_covariates")

    def validate_t2t(self) -> None:
        """Validate the loss against time-to-text features; called by `@strict`."""
        if self.t2t_hidden_size is not None and self.t2t_patch_length > self.context_length:
            raise ValueError(
                f"t2t_patch_length is {self.t2t_patch_length}, longer than context_length ({self.context_length})."
            )
        check_at_least(self, 0, "feature_loss_weight")

    def validate_backbone(self) -> None:
        """Validate the kind of backbone; called by `@strict`."""
        if self.use_llm and getattr(self.text_config, "is_encoder_decoder", False):
            model_type = self.get_text_config().model_type
            raise ValueError(
                f"text_config: {model_type!r} is an encoder-decoder; give a decoder-only or an encoder model."
            )


__all__ = ["LLMPSConfig", "max_wavelet_levels"]
