"""Quantization of the language model inside a time-series language model."""

from copy import deepcopy
from os import PathLike
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.quantizers.base import get_keys_to_not_convert

from .modeling_text_sources import location_of


def sparing_arguments(
    model_class: Any, pretrained_model_name_or_path: str | PathLike | None, arguments: dict[str, Any]
) -> dict[str, Any]:
    """Arguments of `from_pretrained` whose quantization, if any, is restricted to the layers of the language model."""
    if arguments.get("quantization_config") is None:
        return arguments
    config = arguments.get("config")
    if not isinstance(config, model_class.config_class):
        source: Any = config or pretrained_model_name_or_path
        config = model_class.config_class.from_pretrained(source, **location_of(arguments))
    quantization_config = deepcopy(arguments["quantization_config"])
    with torch.device("meta"):
        spare_from_quantization(model_class(deepcopy(config)), quantization_config)
    return {**arguments, "quantization_config": quantization_config}


def spare_from_quantization(model: PreTrainedModel, quantization_config: Any) -> None:
    """Restrict a quantization to the layers of the language model, unless it lists modules to skip.

    Args:
        model: a `TSLMModel` or a model around one, which may be inside its `tslm`, perhaps on the meta device.
        quantization_config: a configuration of transformers; its list of modules to skip, if None, is filled in.
    """
    for name in ("llm_int8_skip_modules", "modules_to_not_convert"):
        if getattr(quantization_config, name, ()) is None:
            spared = {key.removeprefix("model.") for key in get_keys_to_not_convert(model)}
            spared |= {part for part, _ in model.base_model.named_children() if part != "backbone"}
            # Around a language model in `tslm`, all else is the forecaster.
            inside = r"(?:tslm\.)?" if hasattr(model, "tslm") else ""
            outside = [rf"{part}\." for part, _ in model.named_children() if inside and part != "tslm"]
            patterns = [rf"{inside}(?:model\.)?{part}" for part in spared]
            setattr(quantization_config, name, sorted(patterns + outside))


def share_quantizer(language_model: PreTrainedModel, model: PreTrainedModel) -> None:
    """Copy the quantizer of a language model, if any, to the model around it, for saving and for adapters."""
    quantizer = getattr(language_model, "hf_quantizer", None)
    if quantizer is None:
        return
    spare_from_quantization(model, quantizer.quantization_config)
    del model.config.text_config.quantization_config
    model.hf_quantizer = quantizer
    model.is_quantized = True  # type: ignore[assignment]  # transformers sets it, and declares it nowhere
    model.quantization_method = quantizer.quantization_config.quant_method
    quantizer.postprocess_model(model)


__all__ = ["share_quantizer", "spare_from_quantization", "sparing_arguments"]
