"""Adapters of a time-series language model, and the modules that are trained as a whole beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from peft import PeftConfig, PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from peft.utils import ModulesToSaveWrapper, load_peft_weights
from torch import nn
from trl import ModelConfig, get_peft_config

from ..errors import UserError
from ..modeling.modeling_tsfusion_causal_lm import TSFusionForCausalLM
from .backbone import lora_target_modules
from .tslm_models import PARTS, TSLM, tslm_of


def lora_config(model: TSLM, model_arguments: ModelConfig, freeze: Sequence[str]) -> PeftConfig | None:
    """`peft_config` of the trainer: adapters in the backbone, and the other trained parts saved beside them.

    A forecaster is saved there too, as it is: with the backbone, whose name the adapter holds, it makes a whole model.
    """
    config: Any = get_peft_config(model_arguments)
    if config is None:
        return None
    given = model_arguments.lora_target_modules
    given = [given] if isinstance(given, str) else given
    config.target_modules = lora_target_modules(model.config.get_text_config(), given)
    whole = [module for part in ("encoder", "projector") if part not in freeze for module in PARTS[part]]
    # peft cannot wrap a list of modules, but its members.
    present = dict(tslm_of(model).model.named_children())
    names = []
    for module in whole:
        if isinstance(present.get(module), nn.ModuleList):
            names += [f"model.{module}.{index}" for index in range(len(present[module]))]
        elif module in present:
            names.append(f"model.{module}")
    if isinstance(model, TSFusionForCausalLM):
        names += [f"model.{name}" for name, _ in model.model.named_children()]
        names += [name for name, _ in model.named_children() if name not in ("model", "tslm")]
    config.modules_to_save = names
    return config


def keep_4bit_differentiable(model: nn.Module) -> None:
    """Keep the layout of 4-bit layers on CPUs where bitsandbytes would change it at the first evaluation.

    The other layout has no gradient, and training would go on with wrong ones.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010


def restore_whole_modules(model: nn.Module) -> None:
    """Restore the precision of modules that are trained as a whole beside adapters.

    In a quantized model, SFTTrainer casts all trained parameters to bfloat16, which is meant for the adapters.
    """
    for module in model.modules():
        if isinstance(module, ModulesToSaveWrapper):
            original = module.original_module
            for trained in module.modules_to_save.values():
                trained.to(next(original.parameters()).dtype).load_state_dict(original.state_dict())


def load_adapters(model: PeftModel, folder: str | Path) -> None:
    """Load saved adapters, and the modules that were trained beside them, to train them on.

    Raises:
        ValueError: the adapters in the folder are of other modules than those of the model.
    """
    saved = load_peft_weights(str(folder), device="cpu")
    own = get_peft_model_state_dict(model, save_embedding_layers=False)
    if different := saved.keys() ^ own.keys():
        raise UserError(f"{folder}: the adapters are not those of this model, which differ in {min(different)}.")
    set_peft_model_state_dict(model, saved)
