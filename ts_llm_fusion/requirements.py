"""Optional packages."""

import importlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from types import ModuleType

# Loggers whose warnings tell of kernels that nothing here uses, where torchao or bitsandbytes are installed, or that a
# small language model does not need, where causal-conv1d is not.
UNUSED_KERNELS = (
    "torchao",
    "torch.utils._pytree",
    "bitsandbytes.backends.cpu.ops",
    "transformers.integrations.hub_kernels",
)


class MissingPackageError(ImportError):
    """Error for an optional package that is not installed; the message gives the command that installs it."""


def require(package: str, extra: str) -> ModuleType:
    """Import an optional package, or a module of it.

    Args:
        package: name of the module, such as "wfdb" or "sklearn.model_selection".
        extra: extra of this package that installs it, as in pyproject.toml.

    Raises:
        MissingPackageError: the package, or one that it needs, is not installed.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        missing = (error.name or package).split(".")[0]
        raise MissingPackageError(
            f"{missing} is not installed; run pip install 'ts-llm-fusion[{extra}]'.", name=missing
        ) from error


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Installed versions of this package, torch and others, by name."""
    return {package: version(package) for package in ("ts-llm-fusion", "torch", *packages)}


@contextmanager
def quiet_kernels() -> Iterator[None]:
    """Import without the warnings of `UNUSED_KERNELS`; their loggers are as before at the end."""
    loggers = [logging.getLogger(name) for name in UNUSED_KERNELS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
