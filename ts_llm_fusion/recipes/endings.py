"""End of a training recipe: report, recipe and card beside the checkpoint, and its publication."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..files import write_json, write_text, write_yaml
from ..hub.cards import model_card
from ..hub.push import Publication, publish


def save_run(output: Path, log_history: Sequence[Mapping[str, Any]], recipe: Mapping[str, Any]) -> None:
    """Write log_history.json of the Trainer, and recipe.yaml, which repeats the run, beside a checkpoint."""
    write_json(output / "log_history.json", log_history)
    write_yaml(output / "recipe.yaml", dict(recipe))


def finish_run(output: Path, metrics: dict[str, Any], publication: Publication | None) -> dict[str, Any]:
    """Write metrics.json and the card, and publish the folder if requested.

    Args:
        output: folder of the checkpoint, with its plots and the files of `save_run`.
        metrics: contents of metrics.json.
        publication: options of the push, or None.

    Returns:
        The metrics, with the URL of the pushed commit under "commit" if there is one.
    """
    write_json(output / "metrics.json", metrics)
    write_text(output / "README.md", str(model_card(output, str(output))))
    return metrics if publication is None else {**metrics, "commit": publish(output, publication)}
