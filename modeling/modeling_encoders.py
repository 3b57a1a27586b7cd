"""Time-series encoders, the counterpart of `configuration_encoders.py`, and their common interface."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file
from transformers import AutoModel, PreTrainedConfig, PreTrainedModel

from .configuration_encoders import ENCODERS as ENCODER_CONFIGS
from .configuration_encoders import EncoderGeometry, encoder_geometry
from .configuration_ts_encoder import TSEncoderConfig
from .modeling_mscnn_encoder import MSCNNEncoderModel
from .modeling_random_convolutions import RandomConvolutionModel
from .modeling_shared_layers import pad_to_multiple, series_lengths
from .modeling_ts_encoder import TSEncoderModel


def _encode_patches(encoder: Any, values: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    return encoder(past_values=values, past_observed_mask=observed).last_hidden_state


def _encode_patchtst(encoder: Any, values: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    outputs = encoder(past_values=values[..., None], past_observed_mask=observed[..., None])
    return outputs.last_hidden_state[:, 0, int(encoder.config.use_cls_token) :]


def _encode_samples(encoder: Any, values: torch.Tensor, observed: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    return encoder(past_values=values, past_observed_mask=observed, scales=scales).last_hidden_state


def _encode_timesfm(encoder: Any, values: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    """Move series right and their tokens back left: TimesFM is causal and takes its padding on the left."""
    time, patch_length = values.shape[1], encoder.config.patch_length
    shift = time - series_lengths(observed)
    steps = torch.arange(time, device=values.device)[None] - shift[:, None]
    moved = values.gather(1, steps.clamp(min=0)).masked_fill(steps < 0, 0.0)
    hidden_states = encoder(past_values=moved, past_values_padding=(steps < 0).long()).last_hidden_state
    tokens = torch.arange(hidden_states.shape[1], device=values.device)[None] + (shift // patch_length)[:, None]
    tokens = tokens.clamp(max=hidden_states.shape[1] - 1)[..., None].expand_as(hidden_states)
    return hidden_states.gather(1, tokens)


class EncoderModel(NamedTuple):
    """Row of [`ENCODERS`]: the model class, `None` for one of transformers, and the encoding function.

    The function takes the model, windows and their bool mask, both (rows, window), and returns tokens (rows, tokens,
    hidden_size). That of an encoder that is joint takes the model, series and their mask, both (batch, series, time),
    and their scales, and returns one vector a sample, (batch, hidden_size).
    """

    model_class: type[PreTrainedModel] | None
    encode: Callable[..., torch.Tensor] = _encode_patches


# Encoders by model_type. Own classes are named, as transformers has none registered where only a checkpoint's code is.
ENCODERS: dict[str, EncoderModel] = {
    "patchtst": EncoderModel(None, _encode_patchtst),
    "timesfm2_5": EncoderModel(None, _encode_timesfm),
    "ts_mscnn_encoder": EncoderModel(MSCNNEncoderModel),
    "ts_patch_encoder": EncoderModel(TSEncoderModel),
    "ts_random_convolutions": EncoderModel(RandomConvolutionModel, _encode_samples),
}


def build_encoder(config: PreTrainedConfig) -> PreTrainedModel:
    """Build a new encoder of series from its configuration."""
    model_class = ENCODERS[config.model_type].model_class
    return AutoModel.from_config(config) if model_class is None else model_class._from_config(config)


def load_built_in_encoder() -> PreTrainedModel:
    """Load the encoder that [`TSLMForCausalLM.from_backbone`] starts with, in float32.

    It reads each series alone, in patches of 8 steps, with two layers of width 96 that learned to read series from
    synthetic questions, and by 192 principal components of random convolutions of synthetic series. 169 thousand
    weights are trained; `python -m benchmarks.built_in_encoder` of the repository makes it.

    Raises:
        OSError: the package ts-llm-fusion, which has it, is not installed: this is the code beside a checkpoint.
    """
    package = importlib.util.find_spec("ts_llm_fusion")
    if package is None or package.origin is None:
        raise OSError(
            "the built-in encoder is part of the package ts-llm-fusion, which is not installed; install it, or give "
            "an encoder, or an encoder_config for an untrained one."
        )
    folder = Path(package.origin).parent / "built_in" / "encoder"
    config = TSEncoderConfig.from_dict(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    encoder = build_encoder(config).float()
    encoder.config.dtype = encoder.dtype
    encoder.load_state_dict(load_file(folder / "model.safetensors"))
    return encoder


def checked_mask(time_series: torch.Tensor, time_series_mask: torch.Tensor | None) -> torch.Tensor:
    """Validated mask of series (batch, series, time), all ones by default.

    Raises:
        ValueError: wrong shapes, or values that are not floating-point.
    """
    if time_series.ndim != 3:
        raise ValueError(f"time_series has shape {tuple(time_series.shape)}; it must be (batch, series, time).")
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
    """Number of tokens (..., windows) of each window of series under a mask (..., time).

    Each patch that touches data has one token, and a window that is not empty at least one.
    """
    window = geometry.window_for(time_series_mask.shape[-1])
    starts = torch.arange(0, time_series_mask.shape[-1], window, device=time_series_mask.device)
    lengths = (series_lengths(time_series_mask)[..., None] - starts).clamp(0, window)
    unused = (window - geometry.patch_length) % geometry.patch_stride
    most = (window - geometry.patch_length) // geometry.patch_stride + 1
    tokens = -((unused - lengths) // geometry.patch_stride)
    return torch.where(lengths > 0, tokens.clamp(1, most), 0)


def _encode_rows(encoder: PreTrainedModel, values: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    """Tokens (rows, tokens, hidden_size) of windows; those of windows without data are 0 and cost nothing."""
    encode = ENCODERS[encoder.config.model_type].encode
    used = observed.any(-1)
    if torch.compiler.is_compiling() or used.all() or not used.any():
        return encode(encoder, values, observed)
    features = encode(encoder, values[used], observed[used])
    return features.new_zeros(len(values), *features.shape[1:]).index_put((used.nonzero().squeeze(-1),), features)


def encode_series(
    encoder: PreTrainedModel,
    time_series: torch.Tensor,
    time_series_mask: torch.Tensor,
    time_series_scales: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Encode every series of a batch on its own, or with an encoder that is joint, all series of a sample at once.

    Args:
        encoder: a model whose `model_type` is in [`ENCODERS`].
        time_series (`torch.Tensor` of shape `(batch, series, time)`): values; those under the mask do not matter.
        time_series_mask (`torch.Tensor` of the same shape): 1 where a value is observed.
        time_series_scales (`torch.Tensor` of shape `(batch, series, scales)`, *optional*): level, scale and length of
            the series, for an encoder that is joint.

    Returns:
        Tokens `(batch, series, tokens, hidden_size)`, and a bool mask `(batch, series, tokens)` of those that exist.

    Raises:
        ValueError: an observed value is not finite in the dtype of the encoder.
    """
    geometry = encoder_geometry(encoder.config)
    batch, series, time = time_series.shape
    is_joint = ENCODER_CONFIGS[encoder.config.model_type].is_joint
    window = time if is_joint else geometry.window_for(time)
    values, observed = pad_to_multiple(time_series, time_series_mask, window)
    # Not every supported torch compiles branches that depend on values.
    if not torch.compiler.is_compiling() and not (values.abs() <= torch.finfo(encoder.dtype).max).all():
        raise ValueError(
            f"time_series has values that {encoder.dtype} of the encoder cannot hold; normalize or mask them."
        )
    if is_joint:
        encode = ENCODERS[encoder.config.model_type].encode
        token_mask = observed.any(-1, keepdim=True)
        features = encode(encoder, values, observed, time_series_scales)
        return features[:, None, None].expand(-1, series, 1, -1), token_mask
    counts = tokens_by_window(geometry, time_series_mask)
    # An encoder of this package takes float32, of which convolutions need the small differences.
    is_own = ENCODERS[encoder.config.model_type].model_class is not None
    rows = values.to(torch.float32 if is_own else encoder.dtype).reshape(-1, window), observed.reshape(-1, window)
    features = _encode_rows(encoder, *rows)
    token_mask = torch.arange(features.shape[1], device=features.device) < counts[..., None]
    return features.view(batch, series, -1, features.shape[-1]), token_mask.flatten(2)


__all__ = [
    "ENCODERS",
    "EncoderModel",
    "build_encoder",
    "checked_mask",
    "encode_series",
    "load_built_in_encoder",
    "tokens_by_window",
]
