"""Quantization of the language model inside a time-series language model."""

from typing import Any

from transformers import PreTrainedModel
from transformers.quantizers.base import get_keys_to_not_convert


def spare_from_quantization(model: PreTrainedModel, quantization_config: Any) -> None:
    """Restrict a quantization to the layers of the language model, unless it lists modules to skip.

    Args:
        model: a `TSLMModel` or a model around one, perhaps on the meta device.
        quantization_config: a configuration of transformers; its list of modules to skip, if None, is filled in.
    """
    for name in ("llm_int8_skip_modules", "modules_to_not_convert"):
        if getattr(quantization_config, name, ()) is None:
            spared = {key.removeprefix("model.") for key in get_keys_to_not_convert(model)}
            spared |= {part for part, _ in model.base_model.named_children() if part != "backbone"}
            setattr(quantization_config, name, sorted(rf"(?:model\.)?{part}" for part in spared))


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


__all__ = ["share_quantizer", "spare_from_quantization"]
