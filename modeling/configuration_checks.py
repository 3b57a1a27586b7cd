"""How a configuration says what is wrong with it."""

import functools
from typing import Any, TypeVar

from huggingface_hub.dataclasses import strict
from huggingface_hub.errors import StrictDataclassClassValidationError, StrictDataclassFieldValidationError

Config = TypeVar("Config")


def validated(cls: type[Config]) -> type[Config]:
    """`@strict` whose errors are `ValueError`s of one line: what the validator said, after the name of the class."""
    cls = strict(cls)
    strict_init = cls.__init__

    @functools.wraps(strict_init)
    def __init__(self: Config, *args: Any, **kwargs: Any) -> None:
        try:
            strict_init(self, *args, **kwargs)
        except (StrictDataclassClassValidationError, StrictDataclassFieldValidationError) as error:
            raise ValueError(f"{cls.__name__}: {' '.join(str(error.__cause__).split())}") from error

    cls.__init__ = __init__
    return cls


__all__ = ["validated"]
