"""Optional packages."""

import importlib
from collections.abc import Iterable
from importlib.metadata import version
from types import ModuleType


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
