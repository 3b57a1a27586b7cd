"""Files that serve a checkpoint on the Hub: the handler of an Inference Endpoint, and a Gradio Space."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from huggingface_hub import SpaceCard, SpaceCardData
from huggingface_hub.utils import HFValidationError, validate_repo_id
from transformers import AutoConfig

from ..errors import UserError
from ..families import COVARIATE_FIELDS, Family, find_family

_GRADIO, _PYTHON = "6.31.0", "3.12"
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
    """Files of a Space that demonstrates a checkpoint with public packages and the code of the checkpoint alone.

    Arguments and errors are those of `endpoint_files`.

    Returns:
        path in the Space -> contents: the app, the handler behind it, requirements, a card, and for a forecaster an
        example.
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
    )
    contents = endpoint_files(checkpoint, repo_id)
    contents["requirements.txt"] += _render("space/requirements.txt", repo_id)
    contents["app.py"] = _render(f"space/{family.app}", repo_id)
    contents["README.md"] = f"{card}\n".encode()
    if family.task == "forecasting":
        contents["example.csv"] = _example(checkpoint)
    return contents


def _example(checkpoint: Path) -> bytes:
    """CSV of hourly series with a daily wave, a trend and noise, with the number of variables of the model."""
    config = AutoConfig.from_pretrained(checkpoint)
    variables = 2 if getattr(config, "share_projection", True) else config.num_input_channels
    rng = np.random.default_rng(0)
    hours = np.arange(3 * config.context_length)[:, None]
    daily = np.sin(2 * np.pi * (hours / 24 + np.arange(variables) / variables))
    values = 100 + 10 * daily + 0.02 * hours + rng.normal(size=(len(hours), variables))
    table = pd.DataFrame(values.round(3), columns=[f"series {k + 1}" for k in range(variables)])
    table.insert(0, "timestamp", pd.date_range("2024-01-01", periods=len(table), freq="h"))
    return table.to_csv(index=False).encode()
