"""Adapters beside a checkpoint: finding, checking and loading them on their base.

`train` with LoRA writes the merged model to its folder and the adapter to `adapter/`. An adapter holds the low-rank
matrices and all parts that were trained in full (encoder, projector, heads). Its base is the model that training
started from:

- a checkpoint of this package: the adapter is loaded on it like any other;
- a plain text model: the adapter comes with a config.json, from which the model is built before `load_backbone` loads
  the weights of the text model.
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..families import FAMILIES

if TYPE_CHECKING:
    from peft import PeftModel

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
# Names of the weights of the text model; in a forecaster with a language model it is further inside.
_OF_BACKBONE = re.compile(r"(tslm\.)?model\.backbone\.")


def adapter_folder(checkpoint: Path) -> Path | None:
    """Folder of a checkpoint's adapter: its subfolder `adapter`, or the checkpoint itself if it is an adapter."""
    return next((f for f in (checkpoint / "adapter", checkpoint) if (f / ADAPTER_CONFIG).is_file()), None)


def base_of(adapter: Path) -> str:
    """Name or folder of the base model of an adapter."""
    base = json.loads((adapter / ADAPTER_CONFIG).read_text(encoding="utf-8")).get("base_model_name_or_path")
    if not base:
        raise UserError(f"{adapter / ADAPTER_CONFIG}: base_model_name_or_path is not set; name the base there.")
    return base


def stands_on_backbone(adapter: Path) -> bool:
    """Whether the base is a plain text model."""
    return (adapter / "config.json").is_file()


def missing_weights(adapter: Path, checkpoint: Path) -> list[str]:
    """Names of weights of the merged checkpoint that are neither in a plain text model nor in the adapter.

    Args:
        adapter: folder of an adapter whose base is a plain text model.
        checkpoint: folder of the merged model, saved in one file.
    """
    from safetensors import safe_open

    with safe_open(adapter / ADAPTER_WEIGHTS, framework="numpy") as file:
        present = {name.removeprefix("base_model.model.") for name in file.keys()}  # noqa: SIM118
    with safe_open(checkpoint / "model.safetensors", framework="numpy") as file:
        required = [name for name in file.keys() if not _OF_BACKBONE.match(name)]  # noqa: SIM118
    return sorted(set(required) - present)


def load_on_base(adapter: Path) -> "PeftModel":
    """Load the base and the adapter on it."""
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForTimeSeriesPrediction

    base = base_of(adapter)
    auto_classes = {"forecasting": AutoModelForTimeSeriesPrediction, "question-answering": AutoModelForCausalLM}
    config = AutoConfig.from_pretrained(adapter if stands_on_backbone(adapter) else base)
    family = FAMILIES.get(config.model_type)
    if family is None or family.task not in auto_classes:
        raise UserError(
            f"{adapter}: its base {base} is a model of type {config.model_type!r} and there is no config.json beside "
            f"{ADAPTER_CONFIG} that describes the model built on it; give the folder that training wrote."
        )
    has_tslm = getattr(config, "tslm_config", None) is not None
    auto_class: Any = AutoModelForCausalLM if has_tslm else auto_classes[family.task]
    if stands_on_backbone(adapter):
        model = auto_class.from_config(config, dtype=config.dtype)
        model.load_backbone(base)
    else:
        model = auto_class.from_pretrained(base)
    return PeftModel.from_pretrained(model, adapter)
