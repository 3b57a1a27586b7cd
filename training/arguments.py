"""Recipes: YAML files whose keys are the fields of dataclasses, and command-line flags that override them."""

import argparse
import dataclasses
import inspect
import json
import math
import os
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

from transformers import PreTrainedConfig
from trl import TrlParser

from ..errors import UserError
from ..files import read_mapping
from .settings import DERIVED_FIELDS, argument_descriptions, unknown_setting

# Characters of a wrong value that a message shows.
_SHOWN = 80


class RecipeParser(TrlParser):
    """Parser of recipes and flags whose errors are `ValueError`s of one line; flags cannot be abbreviated.

    Args:
        dataclass_types: classes of the settings.
    """

    def __init__(self, dataclass_types: Iterable[Any]):
        classes = list(dataclass_types)
        super().__init__(dataclass_types=classes, allow_abbrev=False)
        # name of a setting -> types of its values
        self._kinds = {
            name: _members(annotation) for cls in classes for name, annotation in typing.get_type_hints(cls).items()
        }

    def error(self, message: str) -> typing.NoReturn:
        raise UserError(message)

    def parse_recipe(self, args: Sequence[str]) -> tuple[Any, ...]:
        """Dataclass instances from `--config FILE` and flags, which override FILE; see `parse_run`."""
        return self.parse_run(args)[0]

    def parse_run(self, args: Sequence[str]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Dataclass instances from `--config FILE` and flags, and the recipe that repeats the run.

        Returns:
            The instances; and the settings of FILE and flags by name, without those of one run, such as output_dir.

        Raises:
            ValueError: for an unknown key or flag, naming the nearest known one, or a value of the wrong kind.
            FileNotFoundError: if there is no such FILE.
        """
        recipe, flags = _read_config(args)
        parsed, *unknown = self._parse(recipe, flags)
        for place, strings in zip(("the recipe", "the command line"), unknown, strict=True):
            if strings:
                name = next((string for string in strings if string.startswith("--")), strings[0])
                raise UserError(self._unknown(name.split("=")[0].removeprefix("--"), f" in {place}"))
        values = _values(parsed)
        for flag in (flag.removeprefix("--").split("=")[0].replace("-", "_") for flag in flags if flag[:2] == "--"):
            name = flag if flag in values else flag.removeprefix("no_")
            if name in values:
                recipe[name] = values[name]
        return parsed, _without_run(recipe)

    def parse_settings(self, settings: Mapping[str, Any]) -> tuple[Any, ...]:
        """Dataclass instances from names and values.

        Raises:
            ValueError: for an unknown name, naming the nearest known one, or a value of the wrong kind.
        """
        parsed, unknown, _ = self._parse(settings, [])
        if unknown:
            raise UserError(self._unknown(unknown[0].removeprefix("--")))
        return parsed

    def parse_known_recipe(self, args: Sequence[str]) -> Any:
        """Instance of the first dataclass alone; other keys and flags are ignored."""
        return self._parse(*_read_config(args))[0][0]

    def _parse(self, recipe: Mapping[str, Any], flags: Sequence[str]) -> tuple[tuple[Any, ...], list[str], list[str]]:
        """Dataclass instances, the unknown keys of a recipe, and the unknown flags."""
        unknown_keys = self.set_defaults_with_config(**self._read_values(recipe))
        try:
            *parsed, unknown_flags = self.parse_args_into_dataclasses(list(flags), return_remaining_strings=True)
        except (ValueError, TypeError, OverflowError, ImportError) as error:
            # The classes check their values, and for the packages that these need.
            raise UserError(" ".join(str(error).split())) from error
        for name, value in _values(parsed).items():
            if isinstance(value, float) and math.isnan(value):
                raise UserError(f"{name} is nan; give a number.")
        return tuple(parsed), unknown_keys, unknown_flags

    def _read_values(self, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """Values of a recipe in the types of their settings; argparse reads and checks those of flags only."""
        actions = {action.dest: action for action in reversed(self._actions)}
        return {
            name: self._read_value(actions[name], value) if name in actions else value
            for name, value in recipe.items()
        }

    def _read_value(self, action: argparse.Action, value: Any) -> Any:
        kinds = self._kinds[action.dest]
        if value is None and type(None) not in kinds and action.default is not None:
            raise UserError(f"{action.dest} is null; give a value, or leave it out.")
        if value is None or (isinstance(value, dict) and dict in kinds):
            return value
        if list in kinds and (action.nargs == "+" or isinstance(value, list)):
            return [self._read_item(action, item) for item in (value if isinstance(value, list) else [value])]
        return self._read_item(action, value)

    def _read_item(self, action: argparse.Action, value: Any) -> Any:
        """Read a single value as a flag of the same text would be."""
        if not isinstance(value, str | int | float | date):
            raise UserError(f"{action.dest} is {str(value)[:_SHOWN]}; give a single value.")
        try:
            read = self._get_value(action, str(value))
        except argparse.ArgumentError as error:
            raise UserError(str(error)) from None
        if action.choices is not None and read not in action.choices:
            raise UserError(f"{action.dest} is {value!r}; give one of {', '.join(map(str, action.choices))}.")
        return read

    def _unknown(self, name: str, place: str = "") -> str:
        return unknown_setting(name, [action.dest for action in self._actions], place)


def _read_config(args: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Recipe of `--config FILE`, empty without it, and the other arguments; sets the variables under `env`."""
    flags = list(args)
    if "--config" not in flags:
        return {}, flags
    position = flags.index("--config")
    path, flags[position : position + 2] = "".join(flags[position + 1 : position + 2]), []
    if not Path(path).is_file():
        raise FileNotFoundError(f"--config {path}: no such recipe file.")
    recipe = read_mapping(path)
    variables = recipe.pop("env", {})
    if not isinstance(variables, dict):
        raise UserError(f"{path}: env is {variables!r}; give a mapping of environment variables to values.")
    os.environ.update({name: str(value) for name, value in variables.items()})
    return recipe, flags


# Settings of one run instead of its result, and those that could hold a secret.
_OF_ONE_RUN = {"output_dir", "overwrite", "push_to_hub", "push_to_hub_token", "resume_from_checkpoint"}


def changed_settings(settings: Iterable[Any]) -> dict[str, Any]:
    """Settings that differ from the defaults of their dataclasses, without those of one run."""
    changed: dict[str, Any] = {}
    for instance in settings:
        fields = dataclasses.fields(instance)
        required = [field.name for field in fields if field.default is field.default_factory is dataclasses.MISSING]
        default = type(instance)(**{name: getattr(instance, name) for name in required})
        values, defaults = _values([instance]), _values([default])
        changed |= {name: value for name, value in values.items() if name in required or value != defaults[name]}
    return _without_run(changed)


def _values(settings: Iterable[Any]) -> dict[str, Any]:
    """Values of dataclass instances by name, enumerations as plain values."""
    found = {
        name: getattr(values, name)
        for values in settings
        for name in values.__dataclass_fields__
        if hasattr(values, name)
    }
    return {name: value.value if isinstance(value, Enum) else value for name, value in found.items()}


def _without_run(recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in recipe.items() if name not in _OF_ONE_RUN and not name.startswith("hub_")}


def _members(annotation: Any) -> set[Any]:
    """Types that an annotation allows, without their parameters."""
    is_union = typing.get_origin(annotation) in (types.UnionType, typing.Union)
    members = typing.get_args(annotation) if is_union else (annotation,)
    return {typing.get_origin(member) or member for member in members}


def _argument_type(annotation: Any) -> Any:
    """Type of the flag for a configuration field: the parser supports one type and None."""
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
    """Make a dataclass of the fields that a configuration class adds to `PreTrainedConfig`, without `DERIVED_FIELDS`.

    Args:
        name: name of the dataclass.
        config_class: the class, whose docstring describes the fields.
    """
    described = argument_descriptions(inspect.getdoc(config_class) or "")
    derived = DERIVED_FIELDS.get(config_class.__name__, ())
    fields = []
    for field in dataclasses.fields(config_class):
        if field.name not in config_class.__annotations__ or field.name in derived:
            continue
        spec: dict[str, Any] = {"metadata": {"help": described[field.name]}, "default": field.default}
        if isinstance(field.default, tuple):
            spec["default_factory"] = partial(list, spec.pop("default"))
        fields.append((field.name, _argument_type(field.type), dataclasses.field(**spec)))
    return dataclasses.make_dataclass(name, fields, namespace={"_argument_group_name": "model"})


def mapping(value: dict | str | None, name: str) -> dict | None:
    """Read the JSON of a mapping given on the command line; return one from a recipe unchanged.

    Raises:
        ValueError: for text that is not the JSON of a mapping; the message starts with `name`.
    """
    if not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
    except json.JSONDecodeError as error:
        raise UserError(f"{name}: not JSON ({error}).") from None
    if not isinstance(parsed, dict):
        raise UserError(f"{name}: {value} is not a mapping.")
    return parsed
