"""Recipe of the time-to-text encoder of LLM-PS: from series to an encoder for the setting `t2t` of a forecaster."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import set_seed

from ..data.series.preparation import DataArguments, prepare
from ..data.series.windows import collate_windows
from ..plots import plot_losses, save_figure
from ..training.t2t import T2TConfigArguments, T2TTrainingArguments, WordArguments, build_t2t, train_t2t
from .endings import finish_run, save_run
from .run_folder import start_run

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

    Result and errors are those of `run_forecaster_recipe`.

    Args:
        data_arguments: the series.
        config_arguments: `T2TConfigArguments`, the fields of `T2TConfig`.
        word_arguments: the language model whose words label the patches.
        arguments: arguments of the Trainer; `push_to_hub` publishes the checkpoint at the end.
        recipe: contents of recipe.yaml; by default the settings that differ from their defaults.
    """
    settings = (data_arguments, config_arguments, word_arguments, arguments)
    recipe, publication = start_run(settings, recipe, (word_arguments.word_embeddings,))
    with arguments.main_process_first():
        # The encoder needs no future values; 1 is the shortest horizon.
        data = prepare(data_arguments, config_arguments.context_length, prediction_length=1)
    set_seed(arguments.seed)
    model = build_t2t(config_arguments, word_arguments)
    trainer = train_t2t(model, arguments, data.splits["train"], data.splits["validation"], _past_values)
    trained = trainer.whole_model()
    if not trainer.is_world_process_zero():
        return None
    output = Path(arguments.output_dir)
    trained.save_pretrained(output)
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
