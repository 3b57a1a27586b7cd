"""Recipe of the time-to-text encoder of LLM-PS: series in, an encoder for `t2t: FOLDER` of a forecaster out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import set_seed

from ..data.preparation import DataArguments, prepare
from ..data.windows import collate_windows
from ..hub.push import requested_publication
from ..plots import plot_losses, save_figure
from ..training.arguments import changed_settings
from ..training.t2t import T2TConfigArguments, T2TTrainingArguments, WordArguments, build_t2t, train_t2t
from .endings import finish_run, save_run
from .run_folder import check_run_folder

# Settings of the recipe.
T2T_SETTINGS = (DataArguments, T2TConfigArguments, WordArguments, T2TTrainingArguments)


def _past_values(batch: Any) -> dict[str, Tensor]:
    return {"past_values": collate_windows(batch)["past_values"]}


def run_t2t_recipe(
    data_arguments: DataArguments,
    config_arguments: Any,
    word_arguments: WordArguments,
    arguments: T2TTrainingArguments,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Pre-train, select on validation, and save the encoder with its report in `arguments.output_dir`.

    Args:
        data_arguments: the series.
        config_arguments: `T2TConfigArguments`, the fields of `T2TConfig`.
        word_arguments: the language model whose words label the patches.
        arguments: of the Trainer; `push_to_hub` publishes the checkpoint at the end.
        recipe: what recipe.yaml holds; by default the settings that differ from their defaults.

    Returns:
        The contents of metrics.json, with the address of the pushed commit under "commit" where one was made; None on
        every process but the first.

    Raises:
        ValueError, OSError: for settings or series that are not usable.
    """
    if recipe is None:
        # Before the Trainer: making default TrainingArguments resets the state that it shares.
        recipe = changed_settings((data_arguments, config_arguments, word_arguments, arguments))
    check_run_folder(arguments, (word_arguments.word_embeddings,))
    publication = requested_publication(arguments)
    with arguments.main_process_first():
        # Windows without a future: the shortest there can be.
        data = prepare(data_arguments, config_arguments.context_length, prediction_length=1)
    set_seed(arguments.seed)
    model = build_t2t(config_arguments, word_arguments)
    trainer = train_t2t(model, arguments, data.splits["train"], data.splits["validation"], _past_values)
    if not trainer.is_world_process_zero():
        return None
    output = Path(arguments.output_dir)
    trainer.accelerator.unwrap_model(trainer.model).save_pretrained(output)
    save_run(output, trainer.state.log_history, recipe)
    metrics = {
        "data": data.source.name,
        "windows": {name: len(data.splits[name]) for name in ("train", "validation")},
        "validation_loss": trainer.state.best_metric,
        "semantic_words": model.config.semantic_words,
        "seed": arguments.seed,
    }
    save_figure(plot_losses(trainer.state.log_history, data.source.name), output / "plots" / "loss.png")
    return finish_run(output, metrics, publication)
