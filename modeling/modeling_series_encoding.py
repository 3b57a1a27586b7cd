"""How a time-series model is run as the encoder of a series: its windows, its tokens, its arguments."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedConfig


@dataclass(frozen=True)
class EncoderGeometry:
    """How many tokens an encoder makes of a series. A series longer than a window is encoded window by window.

    Args:
        patch_length: time steps of a patch.
        patch_stride: time steps between two patches.
        window_length: time steps that the encoder takes at once; `None` where it takes any number.
        fixed_window: whether the encoder takes windows of exactly that length.
    """

    patch_length: int
    patch_stride: int
    window_length: int | None = None
    fixed_window: bool = False

    def window_for(self, time: int) -> int:
        """Window length for a batch that is `time` long: no longer than needed where the encoder leaves a choice."""
        needed = -(-max(time, 1) // self.patch_stride) * self.patch_stride
        if self.window_length is None:
            return needed
        return self.window_length if self.fixed_window else min(self.window_length, needed)

    def tokens_of_window(self, lengths: torch.Tensor, window: int) -> torch.Tensor:
        """Tokens of windows in which the first `lengths` steps hold data: every patch that touches data, at least one
        of a window that is not empty."""
        unused = (window - self.patch_length) % self.patch_stride
        most = (window - self.patch_length) // self.patch_stride + 1
        tokens = -((unused - lengths) // self.patch_stride)
        return torch.where(lengths > 0, tokens.clamp(1, most), 0)


def encoder_geometry(config: PreTrainedConfig) -> EncoderGeometry:
    """Geometry of the encoder that `config` describes.

    Raises:
        ValueError: the config is of a model that is no encoder here, or of one that mixes several series.
    """
    if config.model_type in ("ts_patch_encoder", "ts_mscnn_encoder"):
        return EncoderGeometry(config.patch_length, config.patch_length)
    if config.model_type == "timesfm2_5":
        return EncoderGeometry(config.patch_length, config.patch_length, config.context_length)
    if config.model_type == "patchtst":
        if config.num_input_channels != 1:
            raise ValueError(f"encoder_config: num_input_channels is {config.num_input_channels}; a series has 1.")
        return EncoderGeometry(config.patch_length, config.patch_stride, config.context_length, fixed_window=True)
    raise ValueError(
        f"encoder_config: model_type {config.model_type!r} is no encoder of series; take one of {sorted(_ENCODE)}."
    )


def _encode_patches(encoder: nn.Module, values: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    return encoder(past_values=values, past_observed_mask=observed).last_hidden_state


def _encode_patchtst(encoder: nn.Module, values: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    outputs = encoder(past_values=values[..., None], past_observed_mask=observed[..., None])
    return outputs.last_hidden_state[:, 0, int(encoder.config.use_cls_token) :]


def _encode_timesfm(encoder: nn.Module, values: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    """TimesFM is causal and takes its padding on the left, so series are moved right and their tokens back left."""
    time, patch_length = values.shape[1], encoder.config.patch_length
    shift = time - series_lengths(observed)
    steps = torch.arange(time, device=values.device)[None] - shift[:, None]
    moved = values.gather(1, steps.clamp(min=0)).masked_fill(steps < 0, 0.0)
    hidden_states = encoder(past_values=moved, past_values_padding=(steps < 0).long()).last_hidden_state
    tokens = torch.arange(hidden_states.shape[1], device=values.device)[None] + (shift // patch_length)[:, None]
    tokens = tokens.clamp(max=hidden_states.shape[1] - 1)[..., None].expand_as(hidden_states)
    return hidden_states.gather(1, tokens)


_ENCODE: dict[str, Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "patchtst": _encode_patchtst,
    "timesfm2_5": _encode_timesfm,
    "ts_mscnn_encoder": _encode_patches,
    "ts_patch_encoder": _encode_patches,
}


def series_lengths(mask: torch.Tensor) -> torch.Tensor:
    """Lengths (...) of series under a mask (..., time): up to their last observed step."""
    steps = torch.arange(1, mask.shape[-1] + 1, device=mask.device)
    return (mask.bool() * steps).amax(-1)


def checked_mask(time_series: torch.Tensor, time_series_mask: torch.Tensor | None) -> torch.Tensor:
    """The mask of series, all ones by default.

    Raises:
        ValueError: the shapes or the dtype are not those that the processor makes.
    """
    if time_series.ndim != 3:
        raise ValueError(
            f"time_series has shape {tuple(time_series.shape)}; it must be (batch, series, time), as the processor "
            "returns it."
        )
    if not time_series.is_floating_point():
        raise ValueError(f"time_series has dtype {time_series.dtype}; it must be of floating-point numbers.")
    if time_series_mask is None:
        return torch.ones_like(time_series)
    if time_series_mask.shape != time_series.shape:
        raise ValueError(
            f"time_series_mask has shape {tuple(time_series_mask.shape)}; it must be that of time_series, "
            f"{tuple(time_series.shape)}."
        )
    return time_series_mask


def tokens_by_window(geometry: EncoderGeometry, time_series_mask: torch.Tensor) -> torch.Tensor:
    """Tokens (..., windows) that the encoder makes of each window of series under a mask (..., time)."""
    window = geometry.window_for(time_series_mask.shape[-1])
    starts = torch.arange(0, time_series_mask.shape[-1], window, device=time_series_mask.device)
    return geometry.tokens_of_window((series_lengths(time_series_mask)[..., None] - starts).clamp(0, window), window)


def encode_series(
    encoder: nn.Module, time_series: torch.Tensor, time_series_mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Encodes every series of a batch, each by itself.

    Args:
        encoder: a model whose config [`encoder_geometry`] knows.
        time_series (`torch.Tensor` of shape `(batch, series, time)`): values; those under the mask do not matter.
        time_series_mask (`torch.Tensor` of the same shape): 1 where a value is observed.

    Returns:
        Tokens `(batch, series, tokens, hidden_size)`, and a bool mask `(batch, series, tokens)` of those that exist.

    Raises:
        ValueError: an observed value is not finite in the dtype of the encoder.
    """
    geometry = encoder_geometry(encoder.config)
    batch, series, time = time_series.shape
    window = geometry.window_for(time)
    padding = (0, -time % window)
    observed = torch.nn.functional.pad(time_series_mask.bool(), padding)
    values = torch.nn.functional.pad(time_series, padding).masked_fill(~observed, 0.0)
    # Not while compiling: not every torch that we support can trace what depends on values.
    if not torch.compiler.is_compiling() and not (values.abs() <= torch.finfo(encoder.dtype).max).all():
        raise ValueError(
            f"time_series has values that {encoder.dtype} of the encoder cannot hold; normalise or mask them."
        )
    counts = tokens_by_window(geometry, time_series_mask)
    rows = values.to(encoder.dtype).reshape(-1, window), observed.reshape(-1, window)
    features = _ENCODE[encoder.config.model_type](encoder, *rows)
    token_mask = torch.arange(features.shape[1], device=features.device) < counts[..., None]
    return features.view(batch, series, -1, features.shape[-1]), token_mask.flatten(2)
