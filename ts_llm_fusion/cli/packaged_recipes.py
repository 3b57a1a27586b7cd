"""Recipes that come with the package, by their names."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from ..suggestions import nearest


def packaged_recipes(folder: str) -> dict[str, Path]:
    """Recipes in a folder of `configs`, by their names."""
    spec = importlib.util.find_spec(f"ts_llm_fusion.configs.{folder}")
    places = spec.submodule_search_locations if spec is not None else None
    return {path.stem: path for place in places or () for path in sorted(Path(place).glob("*.yaml"))}


def find_recipe(name: str, folders: Sequence[str]) -> Path:
    """Find a recipe: a file, or a name of one in folders of `configs`, such as "demo" or "llmps/demo".

    Raises:
        FileNotFoundError: there is neither; the nearest name is given.
    """
    if Path(name).is_file():
        return Path(name)
    known = {stem: path for folder in reversed(folders) for stem, path in packaged_recipes(folder).items()}
    short = name.removeprefix("configs/").removesuffix(".yaml")
    for folder in folders:
        short = short.removeprefix(f"{folder}/")
    if short in known:
        return known[short]
    raise FileNotFoundError(f"--config {name}: no such recipe file; {nearest(short, known)}")
