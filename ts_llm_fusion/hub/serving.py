"""Files that serve a checkpoint on the Hub: the handler of an Inference Endpoint, and a Gradio Space."""

import json
import re
from importlib.metadata import requires, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from huggingface_hub import SpaceCard, SpaceCardData
from huggingface_hub.utils import HFValidationError, validate_repo_id

from ..errors import UserError
from ..families import COVARIATE_FIELDS, Family, find_family

_GRADIO, _PYTHON = "6.31.0", "3.12"
_NAME = "ts-llm-fusion"
# Folders of the package that setup.cfg maps into it, and folders that its page does not need.
_FOLDERS = ("modeling", "processing", "training")
_LEFT_OUT = ("__pycache__", "cli", "recipes", "hub", "published", "configs", "hub_cards")
_WEB = r"""extra == ['"]web['"]"""
_SERVED = ("forecasting", "question-answering")


def _family(checkpoint: Path) -> Family:
    path = checkpoint / "config.json"
    if not path.is_file():
        raise FileNotFoundError(f"{checkpoint}: no config.json in it; give the folder of a saved model.")
    config = json.loads(path.read_text(encoding="utf-8"))
    if any(config.get(name) for name in COVARIATE_FIELDS):
        raise UserError(
            f"{checkpoint}: a model that was trained with covariates, which an endpoint or Space does not take; push "
            "it without them."
        )
    return find_family(config.get("model_type"), checkpoint, _SERVED)


def _render(template: str, repo_id: str) -> bytes:
    """Fill the name of the repository into a file of hub_cards."""
    try:
        # An invalid name could inject code into the rendered file.
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise UserError(str(error)) from None
    text = files("ts_llm_fusion.hub_cards").joinpath(template).read_text(encoding="utf-8")
    return text.replace("{{ repo_id }}", repo_id).encode()


def endpoint_files(checkpoint: Path, repo_id: str) -> dict[str, bytes]:
    """Files that an Inference Endpoint needs besides a checkpoint.

    Args:
        checkpoint: folder of a saved forecaster or language model.
        repo_id: name of the model on the Hub.

    Returns:
        path in the repository -> contents: `handler.py`, whose docstring is the JSON contract, its requirements, and
        for a forecaster `time_axis.py`, which the handler imports.

    Raises:
        FileNotFoundError: the folder has no config.json.
        ValueError: another kind of model, one with covariates, or an invalid name.
    """
    family = _family(checkpoint)
    contents = {
        "handler.py": _render(f"endpoint/{family.app}", repo_id),
        "requirements.txt": _render("endpoint/requirements.txt", repo_id),
    }
    if family.task == "forecasting":
        contents["time_axis.py"] = files("ts_llm_fusion.data.series").joinpath("time_axis.py").read_bytes()
    return contents


def space_files(checkpoint: Path, repo_id: str) -> dict[str, bytes]:
    """Files of a Space that demonstrates a checkpoint with public packages alone.

    That of a forecaster is the page of `ts-llm-fusion demo`, with this package beside it; that of a language model has
    the handler of an endpoint behind it, and runs the code of the checkpoint. Arguments and errors are those of
    `endpoint_files`.

    Returns:
        path in the Space -> contents: the app, the code behind it, requirements and a card.
    """
    family = _family(checkpoint)
    card = SpaceCard.from_template(
        SpaceCardData(
            title=repo_id.split("/")[-1],
            sdk="gradio",
            sdk_version=_GRADIO,
            python_version=_PYTHON,
            app_file="app.py",
            models=[repo_id],
            tags=["time-series", "ts-llm-fusion"],
        ),
        template_str=_render("space/README.md", repo_id).decode(),
        task=family.task,
    )
    app = {"app.py": _render(f"space/{family.app}", repo_id), "README.md": f"{card}\n".encode()}
    if family.task == "forecasting":
        return {**app, **_package_files(), "requirements.txt": _requirements()}
    contents = endpoint_files(checkpoint, repo_id)
    contents["requirements.txt"] += _render("space/requirements.txt", repo_id)
    return {**contents, **app}


def _package_files() -> dict[str, bytes]:
    """This package as it is installed, but for the folders that the page does not need."""
    contents: dict[str, bytes] = {}
    for folder in ("", *_FOLDERS):
        root = files(f"ts_llm_fusion.{folder}" if folder else "ts_llm_fusion")
        contents |= _below(root, f"ts_llm_fusion/{folder}".rstrip("/"))
    # What the version of an installed package is read from.
    release = version(_NAME)
    about = f"Metadata-Version: 2.1\nName: {_NAME}\nVersion: {release}\n"
    return {**contents, f"{_NAME.replace('-', '_')}-{release}.dist-info/METADATA": about.encode()}


def _below(folder: Traversable, place: str) -> dict[str, bytes]:
    """Files below a folder of the package, by their places in the Space."""
    contents: dict[str, bytes] = {}
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name not in _LEFT_OUT:
            contents |= _below(entry, f"{place}/{entry.name}")
        elif entry.is_file():
            contents[f"{place}/{entry.name}"] = entry.read_bytes()
    return contents


def _requirements() -> bytes:
    """Packages that this one requires, with those of the page."""
    needed = (line.partition(";") for line in requires(_NAME) or ())
    chosen = [name.strip() for name, _, marker in needed if "extra" not in marker or re.search(_WEB, marker)]
    return "".join(f"{line}\n" for line in chosen).encode()
