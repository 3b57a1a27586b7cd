"""Examples of validation in the trackers of a run: forecasts as pictures, answers as tables."""

import html
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from PIL import Image
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.integrations import TensorBoardCallback, TrackioCallback, WandbCallback

# Name of an example -> its picture or table.
Examples = Mapping[str, Figure | pd.DataFrame]


def _picture(figure: Figure) -> Image.Image:
    """Picture of a figure at a hundred points an inch."""
    file = BytesIO()
    figure.savefig(file, dpi=100)
    return Image.open(file).convert("RGB")


def _markdown(table: pd.DataFrame) -> str:
    """Table in Markdown, in whose cells a text is no markup and ends no row."""
    rows = [table.columns.tolist(), ["---"] * table.shape[1], *table.astype(str).to_numpy().tolist()]
    cells = ([html.escape(" ".join(cell.split())).replace("|", "&#124;") for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _to_tensorboard(callback: TensorBoardCallback, examples: Examples, step: int) -> None:
    for name, example in examples.items():
        if isinstance(example, Figure):
            callback.tb_writer.add_figure(name, example, step)
        else:
            callback.tb_writer.add_text(name, _markdown(example), step)
    callback.tb_writer.flush()


def _to_log(library: Any, examples: Examples, step: int) -> None:
    """Log by wandb, or by trackio, which has its functions."""
    media = {
        name: library.Image(_picture(example)) if isinstance(example, Figure) else library.Table(dataframe=example)
        for name, example in examples.items()
    }
    library.log({**media, "train/global_step": step})


class ExamplesCallback(TrainerCallback):
    """Callback that sends examples to the trackers of `report_to` (tensorboard, trackio, wandb) after each validation.

    Args:
        trainer: that the callback is added to.
        examples: function of the model that makes them. All processes call it, as a model in shards needs all of them;
            the first one sends.
    """

    def __init__(self, trainer: Trainer, examples: Callable[[Any], Examples]):
        self.trainer = trainer
        self.examples = examples

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **kwargs: Any
    ) -> None:
        examples = self.examples(model)
        if not state.is_world_process_zero:
            return
        for callback in self.trainer.callback_handler.callbacks:
            # A validation after the end of the training finds its trackers closed.
            if isinstance(callback, TensorBoardCallback) and callback.tb_writer is not None:
                _to_tensorboard(callback, examples, state.global_step)
            elif isinstance(callback, WandbCallback) and callback._initialized:
                _to_log(callback._wandb, examples, state.global_step)
            elif isinstance(callback, TrackioCallback) and callback._initialized:
                _to_log(callback._trackio, examples, state.global_step)


def track_examples(trainer: Trainer, examples: Callable[[Any], Examples]) -> None:
    """Have examples sent after each validation, if the run has trackers."""
    if trainer.args.report_to:
        trainer.add_callback(ExamplesCallback(trainer, examples))
