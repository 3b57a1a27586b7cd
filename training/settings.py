"""Descriptions of recipe settings, read from source code.

Importing a configuration class imports torch and transformers, which would delay a help page by 2 s; reading its
source takes milliseconds.
"""

import ast
import contextlib
import importlib.util
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..suggestions import nearest

# Fields of configurations that are derived from data or other checkpoints, and so are not settings of a recipe.
DERIVED_FIELDS = {
    "LLMPSConfig": (
        "num_input_channels",
        "t2t_hidden_size",
        "t2t_patch_length",
        "t2t_patch_stride",
        "num_known_covariates",
        "num_past_covariates",
        "num_static_covariates",
    ),
    "T2TConfig": ("semantic_words", "word_embedding_size"),
    # From the tokenizer, and from the configuration of the backbone.
    "TSLMConfig": ("training_scales", "time_series_token_id", "tie_word_embeddings"),
    # From the language model that a forecaster is joined with.
    "TSFusionConfig": ("tslm_config",),
}

# An entry of an Args section: the name, in configurations its type and default in brackets, and the description.
_ENTRY = re.compile(r"(\w+)(?: \((.*?)\))?: (.*)", re.DOTALL)


@dataclass(frozen=True)
class Setting:
    """Setting of a recipe.

    Args:
        name: key of the recipe, and flag without its dashes.
        default: default value as source code, empty for a named constant; None if the setting is required.
        help: description in one sentence.
        annotation: its type as source code.
        options: of its flag, for `argparse` (and `aliases`, as of `transformers.HfArgumentParser`).
    """

    name: str
    default: str | None
    help: str
    annotation: str = "str"
    options: Mapping[str, Any] = field(default_factory=dict)


def argument_descriptions(docstring: str) -> dict[str, str]:
    """Descriptions by name from the Args section of a docstring, each as one line with a capital and a period."""
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", docstring, re.DOTALL | re.MULTILINE)
    descriptions = {}
    for entry in re.split(r"\n(?= {4}\w)", "\n" + section[1].rstrip() if section else ""):
        found = _ENTRY.fullmatch(" ".join(entry.split()))
        if found:
            text = found[3].replace("`", "").rstrip(".")
            descriptions[found[1]] = f"{text[0].upper()}{text[1:]}."
    return descriptions


def _source_file(module: str) -> Path:
    """Path of a module. No package of others is imported for it, as `find_spec` would do for a module inside one."""
    package, _, rest = module.partition(".")
    is_own = package == __name__.partition(".")[0]
    spec = importlib.util.find_spec(module if is_own else package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{module}: no such module.")
    return Path(spec.origin) if is_own else Path(spec.origin).parent.joinpath(*rest.split(".")).with_suffix(".py")


@cache
def _class_definition(place: str) -> ast.ClassDef:
    module, name = place.split(":")
    tree = ast.parse(_source_file(module).read_text(encoding="utf-8"))
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def _literals(mapping: ast.expr | None) -> dict[str, Any]:
    """Entries of a mapping in source code whose values are literals."""
    found = {}
    if isinstance(mapping, ast.Dict):
        for key, value in zip(mapping.keys, mapping.values, strict=True):
            # `choices` of transformers are read from tables.
            if key is not None:
                with contextlib.suppress(ValueError):
                    found[ast.literal_eval(key)] = ast.literal_eval(value)
    return found


def _field(node: ast.AnnAssign, name: str, described: dict[str, str]) -> Setting:
    """Setting of a line `name: annotation = value`, where `value` may be a call of `dataclasses.field`."""
    value, default = node.value, node.value
    metadata: dict[str, Any] = {}
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "field":
        keywords = {keyword.arg: keyword.value for keyword in value.keywords}
        factory = keywords.get("default_factory")
        default = factory.body if isinstance(factory, ast.Lambda) else keywords.get("default", factory)
        metadata = _literals(keywords.get("metadata"))
    # argparse, which these texts are written for, reads %% as %.
    text = " ".join(metadata.pop("help", described.get(name, "")).replace("%%", "%").split())
    # A named constant says nothing.
    shown = None if default is None else "" if isinstance(default, ast.Name) else ast.unparse(default)
    return Setting(name, shown, text, ast.unparse(node.annotation), metadata)


def read_settings(place: str) -> list[Setting]:
    """Settings that the class at "module:Class" defines itself, in their order; the module is not imported.

    The description of a field is the `help` of its metadata, a literal; without metadata, its entry in the Args
    section of the class docstring.
    """
    definition = _class_definition(place)
    described = argument_descriptions(ast.get_docstring(definition) or "")
    derived = DERIVED_FIELDS.get(definition.name, ())
    return [
        _field(node, node.target.id, described)
        for node in definition.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id not in derived
    ]


def unknown_setting(name: str, known: Iterable[str], place: str = "") -> str:
    """Message for a name that is not a setting.

    Args:
        name: the name as given, without dashes before it.
        known: names of the settings.
        place: where it was given, such as " in the recipe".
    """
    return f"{name!r}{place} is not a setting; {nearest(name.replace('-', '_'), known, 'see --help.')}"
