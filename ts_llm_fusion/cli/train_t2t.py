"""`ts-llm-fusion train t2t`: pre-trains a time-to-text encoder for `train forecaster` with `t2t: FOLDER`."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import set_seed

from ..data.preparation import DataArguments, prepare
from ..data.windows import collate_windows
from ..files import write_json, write_text, write_yaml
from ..hub.cards import model_card
from ..hub.push import publish, requested_publication
from ..plots import plot_losses, save_figure
from ..training.arguments import RecipeParser, effective_recipe
from ..training.t2t import T2TConfigArguments, T2TTrainingArguments, WordArguments, build_t2t, train_t2t
from .runs import check_run_folder

logger = logging.getLogger(__name__)


def _past_values(batch: Any) -> dict[str, Tensor]:
    return {"past_values": collate_windows(batch)["past_values"]}


def main(args: Sequence[str]) -> None:
    """Runs the command."""
    parser = RecipeParser([DataArguments, T2TConfigArguments, WordArguments, T2TTrainingArguments])
    parsed = data_arguments, config_arguments, word_arguments, arguments = parser.parse_recipe(args)
    check_run_folder(arguments, (word_arguments.word_embeddings,))
    publication = requested_publication(arguments)
    with arguments.main_process_first():
        # Windows without a future: the shortest there can be.
        data = prepare(data_arguments, config_arguments.context_length, prediction_length=1)
    set_seed(arguments.seed)
    model = build_t2t(config_arguments, word_arguments)
    trainer = train_t2t(model, arguments, data.splits["train"], data.splits["validation"], _past_values)
    if not trainer.is_world_process_zero():
        return
    output = Path(arguments.output_dir)
    trainer.accelerator.unwrap_model(trainer.model).save_pretrained(output)
    metrics = {
        "data": data.source.name,
        "windows": {name: len(data.splits[name]) for name in ("train", "validation")},
        "validation_loss": trainer.state.best_metric,
        "semantic_words": model.config.semantic_words,
        "seed": arguments.seed,
    }
    write_json(output / "metrics.json", metrics)
    write_json(output / "log_history.json", trainer.state.log_history)
    write_yaml(output / "recipe.yaml", effective_recipe(args, parsed))
    save_figure(plot_losses(trainer.state.log_history, data.source.name), output / "plots" / "loss.png")
    write_text(output / "README.md", str(model_card(output, str(output))))
    print(f"\n{data.source.name}: validation loss {trainer.state.best_metric:.4f}\n\nEverything is in {output}")
    if publication is not None:
        print(f"Pushed: {publish(output, publication)}")
