"""The folder of a training run, checked before anything is trained."""

from collections.abc import Sequence
from pathlib import Path

from transformers import TrainingArguments

from ..checkpoints import check_checkpoint
from ..files import check_output_folder
from ..training.runs import checkpoint_to_resume


def check_run_folder(arguments: TrainingArguments, inputs: Sequence[str | None] = ()) -> None:
    """Raises if a run cannot write in its `output_dir`, or another lies there that neither `--overwrite` gives up nor
    `--resume_from_checkpoint` goes on with.

    Args:
        arguments: of the run; only the first of its processes looks, as the others may come when it writes already.
        inputs: checkpoints that the run reads, those of them that are folders here.

    Raises:
        ValueError: if there is no checkpoint to go on with, one is damaged, or the folder is one of the inputs.
        OSError: if the folder is not empty, or cannot be written in.
    """
    checkpoint = checkpoint_to_resume(arguments)
    for name in (checkpoint, *inputs):
        if name is not None:
            check_checkpoint(name)
    if arguments.process_index:
        return
    output = Path(arguments.output_dir)
    goes_on = checkpoint is not None and Path(checkpoint).resolve().is_relative_to(output.resolve())
    check_output_folder(output, ("[!.]*",), inputs, arguments.overwrite or goes_on)
