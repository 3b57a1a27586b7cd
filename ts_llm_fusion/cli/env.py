"""`ts-llm-fusion env`: versions, processor, devices and optional packages, for a report of a fault."""

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from typing import Any

from packaging.requirements import Requirement

from .parsing import PROGRAM, CommandParser

_PACKAGES = ("torch", "transformers", "peft", "trl", "accelerate", "datasets", "huggingface_hub", "numpy", "pandas")


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(f"{PROGRAM} env", "--json", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


# Extras that no command uses.
_OF_DEVELOPERS = ("test", "dev", "docs", "notebooks")


def _extras() -> dict[str, str]:
    """Extras of the package: "installed", or the packages that they lack."""
    lacking: dict[str, list[str]] = {}
    for requirement in map(Requirement, requires("ts-llm-fusion") or ()):
        extra = str(requirement.marker).rpartition('extra == "')[2].rstrip('"')
        is_extra = requirement.marker is not None and requirement.name != "ts-llm-fusion"
        if not is_extra or extra in _OF_DEVELOPERS:
            continue
        missing = lacking.setdefault(extra, [])
        try:
            version(requirement.name)
        except PackageNotFoundError:
            missing.append(requirement.name)
    return {extra: f"lacks {', '.join(missing)}" if missing else "installed" for extra, missing in lacking.items()}


def _devices() -> dict[str, Any]:
    """Threads and accelerators of torch."""
    import torch

    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    count = 0 if accelerator is None else torch.accelerator.device_count()
    return {
        "torch threads": torch.get_num_threads(),
        "accelerator": "none" if accelerator is None else f"{count} x {accelerator.type}",
    }


def environment() -> dict[str, Any]:
    """Describe this environment: name -> value."""
    return {
        "ts-llm-fusion": version("ts-llm-fusion"),
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES if find_spec(name) is not None},
        "system": platform.platform(),
        "processor": f"{platform.machine()}, {os.cpu_count()} cores",
        **_devices(),
        **{f"extra {name}": state for name, state in _extras().items()},
    }


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = make_parser().parse(args)
    found = environment()
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(f"{name:<18} {value}" for name, value in found.items()))
