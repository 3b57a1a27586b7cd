"""Configurations of the time-series encoders of [`TSLMConfig`], and their division of a series into patches."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from transformers import PreTrainedConfig

from .configuration_mscnn_encoder import MSCNNEncoderConfig
from .configuration_random_convolutions import RandomConvolutionConfig
from .configuration_ts_encoder import TSEncoderConfig

# Steps of a patch that holds any series.
_WHOLE_SERIES = 2**30


@dataclass(frozen=True)
class EncoderGeometry:
    """Division of a series into patches, one token each. A series longer than a window is encoded window by window.

    Args:
        patch_length: time steps of a patch.
        patch_stride: time steps between the starts of two patches.
        window_length: largest number of time steps per call of the encoder; `None` for any number.
        fixed_window: whether every window must have exactly `window_length` steps.
    """

    patch_length: int
    patch_stride: int
    window_length: int | None = None
    fixed_window: bool = False

    def window_for(self, time: int) -> int:
        """Window length for a batch of `time` steps, no longer than necessary where the encoder leaves a choice."""
        needed = -(-max(time, 1) // self.patch_stride) * self.patch_stride
        if self.window_length is None:
            return needed
        return self.window_length if self.fixed_window else min(self.window_length, needed)


def _patches_of_any_length(config: Any) -> EncoderGeometry:
    return EncoderGeometry(config.patch_length, config.patch_length)


def _patches_of_context(config: Any) -> EncoderGeometry:
    return EncoderGeometry(config.patch_length, config.patch_length, config.context_length)


def _patchtst_geometry(config: Any) -> EncoderGeometry:
    if config.num_input_channels != 1:
        raise ValueError(f"encoder_config: num_input_channels is {config.num_input_channels}; a series has 1.")
    return EncoderGeometry(config.patch_length, config.patch_stride, config.context_length, fixed_window=True)


def _whole_series(config: Any) -> EncoderGeometry:
    return EncoderGeometry(_WHOLE_SERIES, _WHOLE_SERIES)


class EncoderConfig(NamedTuple):
    """Row of [`ENCODERS`].

    Args:
        config_class: the configuration class, `None` for one of transformers.
        geometry: function from the configuration to the division of a series.
        is_joint: whether the encoder reads all series of a sample at once, and their scales; each series then has one
            token, and all tokens of a sample are the same.
    """

    config_class: type[PreTrainedConfig] | None
    geometry: Callable[[Any], EncoderGeometry] = _patches_of_any_length
    is_joint: bool = False


# Encoders by model_type. Own classes are named, as transformers has none registered where only a checkpoint's code is.
ENCODERS: dict[str, EncoderConfig] = {
    "patchtst": EncoderConfig(None, _patchtst_geometry),
    "timesfm2_5": EncoderConfig(None, _patches_of_context),
    "ts_mscnn_encoder": EncoderConfig(MSCNNEncoderConfig),
    "ts_patch_encoder": EncoderConfig(TSEncoderConfig),
    "ts_random_convolutions": EncoderConfig(RandomConvolutionConfig, _whole_series, is_joint=True),
}


def encoder_geometry(config: PreTrainedConfig) -> EncoderGeometry:
    """Geometry of the encoder of a configuration.

    Raises:
        ValueError: `model_type` is not in [`ENCODERS`], or the configuration is of a model of several variables.
    """
    if config.model_type not in ENCODERS:
        raise ValueError(
            f"encoder_config: model_type {config.model_type!r} is not an encoder of series; take one of "
            f"{sorted(ENCODERS)}."
        )
    return ENCODERS[config.model_type].geometry(config)


__all__ = ["ENCODERS", "EncoderConfig", "EncoderGeometry", "encoder_geometry"]
