"""Start of a training recipe: checks before any work."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..checkpoints import check_checkpoint
from ..files import check_output_folder
from ..hub.push import Publication, requested_publication
from ..training.arguments import changed_settings
from ..training.resuming import checkpoint_to_resume
from ..training.runs import check_ranges

# Folder of a new language model, which a run makes first.
FRESH_BACKBONE = "fresh_backbone"
# Of a run that was killed before its first checkpoint was whole; "runs" are logs of TensorBoard.
_LEFTOVERS = ("checkpoint-*", FRESH_BACKBONE, "runs")


def start_run(
    settings: Sequence[Any], recipe: Mapping[str, Any] | None, inputs: Sequence[str | None]
) -> tuple[Mapping[str, Any], Publication | None]:
    """Check the settings of a run, its output folder and its access to the Hub.

    See `check_ranges`, `check_run_folder` and `requested_publication`.

    Args:
        settings: dataclass instances of the recipe, the arguments of the Trainer last.
        recipe: settings that repeat the run; by default those that differ from the defaults.
        inputs: names of checkpoints that the run reads.

    Returns:
        The recipe, and the publication that it asks for, or None.
    """
    check_ranges(settings[-1])
    # Before the Trainer: making default TrainingArguments resets the state that it shares.
    recipe = changed_settings(settings) if recipe is None else recipe
    check_run_folder(settings[-1], inputs)
    return recipe, requested_publication(settings[-1])


def check_run_folder(arguments: Any, inputs: Sequence[str | None] = ()) -> None:
    """Check that a run can write in its `output_dir`.

    A folder that is not empty needs `overwrite`, or `resume_from_checkpoint` with a checkpoint in it. For `auto`, one
    that holds nothing but what a run writes before its first checkpoint is whole will do, too.

    Args:
        arguments: `TrainingArguments` with `RunDefaults`; only the first process checks the folder, as the others may
            start after it has written there.
        inputs: names of checkpoints that the run reads; those that are local folders are checked too.

    Raises:
        ValueError: if there is no checkpoint to resume from, one is damaged, or the folder is one of the inputs.
        OSError: if the folder is not empty or not writable.
    """
    checkpoint = checkpoint_to_resume(arguments)
    for name in (checkpoint, *inputs):
        if name is not None:
            check_checkpoint(name)
    if arguments.process_index:
        return
    output = Path(arguments.output_dir)
    resumes = checkpoint is not None and Path(checkpoint).resolve().is_relative_to(output.resolve())
    is_auto = str(arguments.resume_from_checkpoint).lower() == "auto"
    is_begun = all(any(map(path.match, _LEFTOVERS)) for path in output.glob("[!.]*"))
    try:
        check_output_folder(output, ("[!.]*",), inputs, arguments.overwrite or resumes or (is_auto and is_begun))
    except FileExistsError as error:
        message = str(error).rstrip(".")
        if any(output.glob("*.safetensors")):
            message = message.replace(f"{output}: ", f"{output}: the folder holds the model of another run: ", 1)
        # Only from a checkpoint can a run go on, not from its model.
        can_go_on = not is_auto and any(output.glob("checkpoint-*"))
        goes_on = ", or --resume_from_checkpoint auto to go on with that run" if can_go_on else ""
        raise FileExistsError(f"{message}{goes_on}.") from None
