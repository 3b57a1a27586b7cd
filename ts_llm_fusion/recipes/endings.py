"""End of a training recipe: report, recipe and card beside the checkpoint, and its publication."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..checkpoints import seal_weights
from ..families import checkpoint_place
from ..files import write_json, write_text, write_yaml
from ..hub.cards import model_card
from ..hub.push import Publication, publish

# Recipe of a run beside its checkpoint, and that of the language model beside a forecaster that has one.
RECIPE, TSLM_RECIPE = "recipe.yaml", "tslm_recipe.yaml"


def save_run(
    output: Path, log_history: Sequence[Mapping[str, Any]], recipe: Mapping[str, Any], name: str = RECIPE
) -> None:
    """Write log_history.json of the Trainer, and the recipe, which repeats the run, beside a checkpoint."""
    write_json(output / "log_history.json", log_history)
    write_yaml(output / name, dict(recipe))


def carry_recipe(checkpoint: str | Path, name: str, output: Path, new_name: str) -> None:
    """Copy the recipe of a part that goes on in another checkpoint, if there is one here."""
    path = Path(checkpoint_place(checkpoint), name)
    if path.is_file():
        write_text(output / new_name, path.read_text(encoding="utf-8"))


def saved_report(checkpoint: str | Path) -> dict[str, Any]:
    """Contents of metrics.json of a checkpoint, whose parts go on in another; empty where there is none here."""
    path = Path(checkpoint_place(checkpoint), "metrics.json")
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def finish_run(
    output: Path, metrics: dict[str, Any], publication: Publication | None, report: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Seal the weights, write metrics.json and the card, and publish the folder if requested.

    Args:
        output: folder of the checkpoint, with its plots and the files of `save_run`.
        metrics: metrics of the run.
        publication: options of the push, or None.
        report: contents of metrics.json, where the run trained a part of the model only; the metrics by default.

    Returns:
        The metrics, with the URL of the pushed commit under "commit" if there is one.
    """
    seal_weights(output)
    write_json(output / "metrics.json", metrics if report is None else report)
    write_text(output / "README.md", str(model_card(output, str(output))))
    return metrics if publication is None else {**metrics, "commit": publish(output, publication)}
