"""Flags of the settings of a recipe, without the classes that hold them."""

import argparse
import ast
from collections.abc import Callable
from typing import Any

from ..training.settings import Setting

# The words of `trl.TrlParser`.
_BOOLEANS = {
    **dict.fromkeys(("yes", "true", "t", "y", "1"), True),
    **dict.fromkeys(("no", "false", "f", "n", "0"), False),
}


def _boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return _BOOLEANS[text.lower()]


_TYPES: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "bool": _boolean}


def _reader(kind: str, is_optional: bool) -> Callable[[str], Any] | None:
    """Function that reads a value from its text; None for text itself."""
    read = _TYPES.get(kind)
    if read is None or not is_optional or kind == "bool":
        return read

    def read_or_none(text: str) -> Any:
        return None if text.lower() in ("none", "null") else read(text)

    # For the errors of argparse.
    read_or_none.__name__ = read.__name__
    return read_or_none


def _kind(annotation: str) -> str:
    """Type of the values of a setting, by its annotation: `trl.TrlParser` takes one type and None."""
    members = [member for member in annotation.split(" | ") if member != "None"]
    if "float" in members:
        return "float"
    if "str" in members and "None" not in annotation.split(" | "):
        return next((member for member in members if member != "str"), "str")
    return "str" if "str" in members else members[0]


def add_setting(parser: argparse.ArgumentParser, setting: Setting) -> None:
    """Add the flag of a setting, by the rules of the parser of recipes, `trl.TrlParser`."""
    kind, is_optional = _kind(setting.annotation), "None" in setting.annotation.split(" | ")
    options: dict[str, Any] = {"required": setting.default is None}
    if kind.startswith("Literal["):
        options["choices"] = ast.literal_eval(kind.removeprefix("Literal"))
    elif kind.startswith("list["):
        options |= {"nargs": "+", "type": _reader(kind[5:-1], is_optional)}
    else:
        options["type"] = _reader(kind, is_optional)
    if kind == "bool" and (setting.annotation == "bool" or setting.default != "None"):
        options |= {"nargs": "?", "const": True}
    options |= {"help": setting.help.replace("%", "%%"), **setting.options}
    aliases = options.pop("aliases", ())
    names = [f"--{setting.name}", *([aliases] if isinstance(aliases, str) else aliases)]
    parser.add_argument(*names, **options)
    if kind == "bool" and setting.default == "True":
        parser.add_argument(f"--no_{setting.name}", dest=setting.name, action="store_false", help=argparse.SUPPRESS)
