"""Text backbones: configuration of a pretrained one, and the modules that get adapters."""

from transformers import AutoConfig, PreTrainedConfig

from ..errors import UserError
from ..modeling.modeling_text_sources import find_text_model


def backbone_config(name_or_path: str, num_layers: int | None) -> PreTrainedConfig:
    """Configuration of a pretrained text model, cut to its first `num_layers` layers; all by default."""
    config = AutoConfig.from_pretrained(find_text_model(name_or_path)).get_text_config(decoder=True)
    if num_layers is not None:
        if not 1 <= num_layers <= config.num_hidden_layers:
            raise UserError(f"backbone_layers is {num_layers}; {name_or_path} has {config.num_hidden_layers} layers.")
        config.num_hidden_layers = num_layers
        if getattr(config, "layer_types", None):
            config.layer_types = config.layer_types[:num_layers]
    return config


def lora_target_modules(config: PreTrainedConfig, given: list[str] | None) -> str:
    """Regular expression of the modules of the backbone that get adapters.

    Args:
        config: configuration of the backbone.
        given: names of modules; by default those that peft has for this type of model.
    """
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as DEFAULTS

    names = given or DEFAULTS.get(config.model_type)
    if not names:
        raise UserError(
            f"lora_target_modules is not set and peft has no default for {config.model_type!r}; name them."
        )
    return rf".*backbone\..*\.({'|'.join(names)})"
