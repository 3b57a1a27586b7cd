"""Adapters beside a checkpoint: what an adapter needs to be loaded on its base, and how it is merged.

`train` with LoRA leaves the merged model in its folder and the adapter in `adapter/`. An adapter has the low-rank
matrices and every part that was trained in full (encoder, projector, heads). Its base is the model that training
started from, of which there are two kinds:

- a checkpoint of this package: the adapter is loaded on it as on any other;
- a plain text model: then the adapter brings a config.json, from which the model is built, and `load_backbone` puts
  the weights of the text model beneath.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peft import PeftModel

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"


def adapter_folder(checkpoint: Path) -> Path | None:
    """The folder of a checkpoint's adapter: `adapter` in it, or itself where it is one."""
    return next((f for f in (checkpoint / "adapter", checkpoint) if (f / ADAPTER_CONFIG).is_file()), None)


def base_of(adapter: Path) -> str:
    """What an adapter was trained on.

    Raises:
        ValueError: it does not say.
    """
    base = json.loads((adapter / ADAPTER_CONFIG).read_text(encoding="utf-8")).get("base_model_name_or_path")
    if not base:
        raise ValueError(f"{adapter / ADAPTER_CONFIG}: base_model_name_or_path is not set; name the base there.")
    return base


def stands_on_backbone(adapter: Path) -> bool:
    """Whether the base is a plain text model."""
    return (adapter / "config.json").is_file()


def missing_weights(adapter: Path, checkpoint: Path) -> list[str]:
    """Weights of the merged checkpoint that neither a plain text model nor the adapter has.

    Args:
        adapter: an adapter whose base is a plain text model.
        checkpoint: the merged model, in one file.
    """
    from safetensors import safe_open

    with safe_open(adapter / ADAPTER_WEIGHTS, framework="numpy") as file:
        there = {name.removeprefix("base_model.model.") for name in file.keys()}  # noqa: SIM118
    with safe_open(checkpoint / "model.safetensors", framework="numpy") as file:
        wanted = [name for name in file.keys() if not name.startswith("model.backbone.")]  # noqa: SIM118
    return sorted(set(wanted) - there)


def load_on_base(adapter: Path) -> "PeftModel":
    """The base with the adapter on it.

    Raises:
        ValueError: the base is of no model type that has adapters here.
    """
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForTimeSeriesPrediction

    base = base_of(adapter)
    auto_classes = {"llmps": AutoModelForTimeSeriesPrediction, "tslm": AutoModelForCausalLM}
    config = AutoConfig.from_pretrained(adapter if stands_on_backbone(adapter) else base)
    if config.model_type not in auto_classes:
        raise ValueError(
            f"{adapter}: its base {base} is a model of type {config.model_type!r} and there is no config.json beside "
            f"{ADAPTER_CONFIG} that says what was built of it; give the folder that training wrote."
        )
    auto_class = auto_classes[config.model_type]
    if stands_on_backbone(adapter):
        model = auto_class.from_config(config, dtype=config.dtype)
        model.load_backbone(base)
    else:
        model = auto_class.from_pretrained(base)
    return PeftModel.from_pretrained(model, adapter)
