"""Text backbones: taking one from a checkpoint, and choosing what of it is trained."""

from transformers import AutoConfig, PreTrainedConfig


def backbone_config(name_or_path: str, num_layers: int | None) -> PreTrainedConfig:
    """Configuration of a pretrained text model, cut to its first `num_layers` layers.

    Raises:
        ValueError: for more layers than the model has.
    """
    config = AutoConfig.from_pretrained(name_or_path).get_text_config(decoder=True)
    if num_layers is not None:
        if not 1 <= num_layers <= config.num_hidden_layers:
            raise ValueError(f"backbone_layers is {num_layers}; {name_or_path} has {config.num_hidden_layers} layers.")
        config.num_hidden_layers = num_layers
        if getattr(config, "layer_types", None):
            config.layer_types = config.layer_types[:num_layers]
    return config


def lora_target_modules(config: PreTrainedConfig, given: list[str] | None) -> str:
    """Regular expression of the backbone's modules that get adapters: those named, else peft's choice for this model.

    Raises:
        ValueError: if none are named and peft knows none for this kind of model.
    """
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as KNOWN

    names = given or KNOWN.get(config.model_type)
    if not names:
        raise ValueError(
            f"lora_target_modules is not set and peft has no default for {config.model_type!r}; name them."
        )
    return rf".*backbone\..*\.({'|'.join(names)})"
