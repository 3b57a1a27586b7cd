"""Recipes: YAML files whose keys are the fields of dataclasses, and command-line flags that override them."""

import dataclasses
import difflib
import inspect
import json
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from transformers import PreTrainedConfig
from trl import TrlParser

from .settings import DERIVED_FIELDS, argument_descriptions


class RecipeParser(TrlParser):
    """A parser whose errors are `ValueError`s of one line, and which takes no abbreviated flags.

    Args:
        dataclass_types: the settings.
        prog: name of the command in its usage.
    """

    def __init__(self, dataclass_types: Iterable[type], prog: str | None = None):
        super().__init__(dataclass_types=dataclass_types, allow_abbrev=False, prog=prog)

    def error(self, message: str) -> typing.NoReturn:
        raise ValueError(message)

    def parse_recipe(self, args: Sequence[str]) -> tuple[Any, ...]:
        """Dataclass instances from `--config FILE` and flags; flags win.

        Raises:
            ValueError: for an unknown key or flag, naming the nearest known one, or a value of the wrong kind.
            FileNotFoundError: if there is no such recipe.
        """
        self._check_recipe(args)
        *parsed, in_recipe, in_flags = self.parse_args_and_config(
            args, return_remaining_strings=True, separate_remaining_strings=True
        )
        for place, strings in (("the recipe", in_recipe), ("the command line", in_flags)):
            unknown = [string for string in strings if string.startswith("--")] or strings
            if unknown:
                raise ValueError(self._unknown(unknown[0].split("=")[0].removeprefix("--"), f" in {place}"))
        return tuple(parsed)

    def parse_settings(self, settings: Mapping[str, Any]) -> tuple[Any, ...]:
        """Dataclass instances from names and values, as a recipe holds them.

        Raises:
            ValueError: for an unknown name, naming the nearest known one, or a value of the wrong kind.
        """
        self._check_choices(settings)
        unknown = self.set_defaults_with_config(**settings)
        if unknown:
            raise ValueError(self._unknown(unknown[0].removeprefix("--")))
        return self.parse_args_into_dataclasses([])

    def parse_known_recipe(self, args: Sequence[str]) -> Any:
        """The first dataclass alone; keys and flags that belong to another are left alone.

        Raises:
            ValueError, FileNotFoundError: as `parse_recipe`, but not for what is unknown.
        """
        self._check_recipe(args)
        return self.parse_args_and_config(args, return_remaining_strings=True)[0]

    def _check_recipe(self, args: Sequence[str]) -> None:
        if "--config" not in args:
            return
        path = args[args.index("--config") + 1] if args[-1] != "--config" else ""
        if not Path(path).is_file():
            raise FileNotFoundError(f"--config {path}: no such recipe file.")
        try:
            recipe = yaml.safe_load(Path(path).read_text())
        except yaml.YAMLError as error:
            raise ValueError(f"{path}: not YAML ({' '.join(str(error).split())}).") from None
        if not isinstance(recipe, dict):
            raise ValueError(f"{path}: a recipe is a mapping of names to values.")
        self._check_choices(recipe, f"{path}: ")

    def _check_choices(self, recipe: Mapping[str, Any], place: str = "") -> None:
        """Checks values against the choices of their settings; argparse does so for flags alone."""
        choices = {action.dest: list(action.choices) for action in self._actions if action.choices is not None}
        for name in choices.keys() & recipe.keys():
            values = recipe[name] if isinstance(recipe[name], list) else [recipe[name]]
            wrong = [value for value in values if value is not None and value not in choices[name]]
            if wrong:
                raise ValueError(f"{place}{name} is {wrong[0]!r}; give one of {', '.join(map(str, choices[name]))}.")

    def _unknown(self, name: str, place: str = "") -> str:
        known = [action.dest for action in self._actions]
        nearest = difflib.get_close_matches(name.replace("-", "_"), known, n=1, cutoff=0.5)
        return f"{name!r}{place} is not a setting" + (f"; did you mean {nearest[0]!r}?" if nearest else ".")


# Settings that are of one run and not of what it makes, or that could hold a secret.
_OF_ONE_RUN = {
    "config",
    "env",
    "output_dir",
    "overwrite",
    "push_to_hub",
    "push_to_hub_token",
    "resume_from_checkpoint",
}


def effective_recipe(args: Sequence[str], parsed: Iterable[Any]) -> dict[str, Any]:
    """The recipe that makes a run again: what `--config FILE` and the flags say, flags first, without where it was
    written and pushed.

    Args:
        args: the command line.
        parsed: what `RecipeParser.parse_recipe` made of it.
    """
    recipe: dict[str, Any] = {}
    if "--config" in args:
        recipe = yaml.safe_load(Path(args[args.index("--config") + 1]).read_text())
    known = _values(parsed)
    for flag in (arg.removeprefix("--").split("=")[0].replace("-", "_") for arg in args if arg.startswith("--")):
        name = flag if flag in known else flag.removeprefix("no_")
        if name in known:
            recipe[name] = known[name]
    return _without_run(recipe)


def changed_settings(settings: Iterable[Any]) -> dict[str, Any]:
    """Values of dataclass instances that differ from the defaults of their classes, without those of one run."""
    changed: dict[str, Any] = {}
    for one in settings:
        required = [f.name for f in dataclasses.fields(one) if f.default is f.default_factory is dataclasses.MISSING]
        default = type(one)(**{name: getattr(one, name) for name in required})
        values, defaults = _values([one]), _values([default])
        changed |= {name: value for name, value in values.items() if name in required or value != defaults[name]}
    return _without_run(changed)


def _values(settings: Iterable[Any]) -> dict[str, Any]:
    """Values of dataclass instances by name, those of enumerations as plain values."""
    found = {name: getattr(one, name) for one in settings for name in one.__dataclass_fields__ if hasattr(one, name)}
    return {name: value.value if isinstance(value, Enum) else value for name, value in found.items()}


def _without_run(recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in recipe.items() if name not in _OF_ONE_RUN and not name.startswith("hub_")}


def _argument_type(annotation: Any) -> Any:
    """The type that a command-line flag of a configuration field takes: the parser knows one type and None."""
    members = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    optional = type(None) in members
    if dict in members:
        return dict | str | None
    if float in members:
        chosen: Any = float
    else:
        chosen = next(member for member in members if member is not type(None))
    return chosen | None if optional else chosen


def config_arguments(name: str, config_class: type[PreTrainedConfig]) -> type:
    """A dataclass of the settings that a configuration class adds to `PreTrainedConfig`, described by its docstring.

    Args:
        name: of the dataclass.
        config_class: its `DERIVED_FIELDS` are left out.
    """
    described = argument_descriptions(inspect.getdoc(config_class) or "")
    derived = DERIVED_FIELDS.get(config_class.__name__, ())
    fields = []
    for field in dataclasses.fields(config_class):
        if field.name not in config_class.__annotations__ or field.name in derived:
            continue
        metadata = {"help": described[field.name]}
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        spec = (
            dataclasses.field(default_factory=lambda value=default: list(value), metadata=metadata)
            if isinstance(default, list)
            else dataclasses.field(default=default, metadata=metadata)
        )
        fields.append((field.name, _argument_type(field.type), spec))
    return dataclasses.make_dataclass(name, fields, namespace={"_argument_group_name": "model"})


def mapping(value: dict | str | None, name: str) -> dict | None:
    """A mapping given in YAML, or as JSON on the command line."""
    if not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"{name}: not JSON ({error}).") from None
    if not isinstance(parsed, dict):
        raise ValueError(f"{name}: {value} is not a mapping.")
    return parsed
