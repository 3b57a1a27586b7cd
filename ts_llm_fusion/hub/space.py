"""The Gradio Space of a pushed checkpoint."""

from pathlib import Path

import numpy as np
import pandas as pd
from huggingface_hub import SpaceCard, SpaceCardData
from transformers import AutoConfig

from .. import __version__
from .templates import family, render

_GRADIO, _PYTHON = "6.31.0", "3.12"


def space_files(checkpoint: Path, repo_id: str) -> dict[str, bytes]:
    """The files of a Space that demonstrates a checkpoint.

    Args:
        checkpoint: folder of a saved forecaster or language model.
        repo_id: the model on the Hub that the Space is to load.

    Returns:
        path in the Space -> contents: the app, what it needs, a card, and for a forecaster an example.

    Raises:
        FileNotFoundError: if the folder holds no model.
        ValueError: for another kind of model, or a bad name.
    """
    kind = family(checkpoint)
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
        template_str=render("space/README.md", repo_id).decode(),
    )
    requirements = render("space/requirements.txt", repo_id).decode().replace("{{ version }}", __version__)
    contents = {
        "README.md": f"{card}\n".encode(),
        "app.py": render(f"space/{kind}.py", repo_id),
        "requirements.txt": requirements.encode(),
    }
    if kind == "forecaster":
        contents["example.csv"] = _example(checkpoint)
    return contents


def _example(checkpoint: Path) -> bytes:
    """A CSV of hourly series with a daily wave, a trend and noise, of as many variables as the model takes."""
    config = AutoConfig.from_pretrained(checkpoint)
    variables = 2 if config.share_projection else config.num_input_channels
    rng = np.random.default_rng(0)
    hours = np.arange(3 * config.context_length)[:, None]
    daily = np.sin(2 * np.pi * (hours / 24 + np.arange(variables) / variables))
    values = 100 + 10 * daily + 0.02 * hours + rng.normal(size=(len(hours), variables))
    table = pd.DataFrame(values.round(3), columns=[f"series {k + 1}" for k in range(variables)])
    table.insert(0, "timestamp", pd.date_range("2024-01-01", periods=len(table), freq="h"))
    return table.to_csv(index=False).encode()
