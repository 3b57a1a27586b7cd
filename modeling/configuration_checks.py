"""Validation of configurations, and building of the configurations nested in them."""

import functools
from collections.abc import Mapping
from typing import Any, TypeVar

from huggingface_hub.dataclasses import strict
from huggingface_hub.errors import StrictDataclassClassValidationError, StrictDataclassFieldValidationError
from transformers import PreTrainedConfig

Config = TypeVar("Config")


def validated(cls: type[Config]) -> type[Config]:
    """Apply `@strict`, with its errors as a `ValueError` of one line: the class and the validator's message."""
    cls = strict(cls)
    strict_init = cls.__init__

    @functools.wraps(strict_init)
    def __init__(self: Config, *args: Any, **kwargs: Any) -> None:
        try:
            strict_init(self, *args, **kwargs)
        except (StrictDataclassClassValidationError, StrictDataclassFieldValidationError) as error:
            raise ValueError(f"{cls.__name__}: {' '.join(str(error.__cause__).split())}") from error

    setattr(cls, "__init__", __init__)  # noqa: B010  (a type checker forbids assignments to methods)
    return cls


def check_at_least(config: PreTrainedConfig, minimum: float, *names: str) -> None:
    """Raise a `ValueError` for the first named field below `minimum`; `None` means unset and passes."""
    for name in names:
        value = getattr(config, name)
        if value is not None and value < minimum:
            raise ValueError(f"{name} is {value}; it must be at least {minimum}.")


def check_multiple(config: PreTrainedConfig, name: str, divisor: str) -> None:
    """Raise a `ValueError` unless the field `name` is a multiple of the field `divisor`."""
    value, factor = getattr(config, name), getattr(config, divisor)
    if value % factor:
        raise ValueError(f"{name} is {value}; it must be a multiple of {divisor} ({factor}).")


def build_config(
    name: str, value: dict[str, Any] | PreTrainedConfig, own: Mapping[str, type[PreTrainedConfig]] | None = None
) -> PreTrainedConfig:
    """Build the nested configuration in the field `name` from its fields, or return one that is built.

    `own` has classes by `model_type` that transformers may not have registered; a `ValueError` names an unknown type.
    """
    if isinstance(value, PreTrainedConfig):
        return value
    # Not at the top: it imports the Auto classes, which import our configurations, which import this module.
    from transformers import CONFIG_MAPPING

    fields = dict(value)
    model_type = fields.pop("model_type", None)
    if own is not None and model_type in own:
        return own[model_type](**fields)
    if model_type not in CONFIG_MAPPING:
        raise ValueError(f"{name}: model_type {model_type!r} is unknown to transformers; check its spelling.")
    config_class = CONFIG_MAPPING[model_type]
    # By their own names fields are validated, by others not.
    return config_class(**{config_class.attribute_map.get(name, name): value for name, value in fields.items()})


__all__ = ["build_config", "check_at_least", "check_multiple", "validated"]
