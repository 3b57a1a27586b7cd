"""Quantising the language model inside a time-series language model, and nothing else of it."""

from typing import Any

from transformers import PreTrainedModel
from transformers.quantizers.base import get_keys_to_not_convert

# Arguments of `from_pretrained` that say where a checkpoint is.
WHERE = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")


def spare_from_quantization(model: PreTrainedModel, quantization_config: Any) -> None:
    """Has a quantiser that was not told what to spare take nothing but the layers of the language model.

    Args:
        model: a `TSLMModel` or a model around one, which may be on the meta device.
        quantization_config: a configuration of transformers; its list of modules to spare is filled in if it is None.
    """
    for name in ("llm_int8_skip_modules", "modules_to_not_convert"):
        if getattr(quantization_config, name, ()) is None:
            spared = {key.removeprefix("model.") for key in get_keys_to_not_convert(model)}
            spared |= {part for part, _ in model.base_model.named_children() if part != "backbone"}
            setattr(quantization_config, name, sorted(rf"(?:model\.)?{part}" for part in spared))


def share_quantizer(language_model: PreTrainedModel, model: PreTrainedModel) -> None:
    """Has a model know that the language model inside it was loaded with a quantiser, if it was: whoever saves the
    whole, or trains adapters in it, asks the whole."""
    quantizer = getattr(language_model, "hf_quantizer", None)
    if quantizer is None:
        return
    spare_from_quantization(model, quantizer.quantization_config)
    del model.config.text_config.quantization_config
    model.hf_quantizer, model.is_quantized = quantizer, True
    model.quantization_method = quantizer.quantization_config.quant_method
    quantizer.postprocess_model(model)
