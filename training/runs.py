"""What every training run asks of its model and its output folder."""

import torch
from transformers import TrainingArguments
from transformers.trainer_utils import get_last_checkpoint


def checkpoint_to_resume(arguments: TrainingArguments) -> str | None:
    """The checkpoint that `--resume_from_checkpoint` names: a folder, or `true` for the last one in `output_dir`.

    Raises:
        ValueError: if there is none.
    """
    wanted = arguments.resume_from_checkpoint
    if not wanted or str(wanted).lower() == "false":
        return None
    if str(wanted).lower() != "true":
        return str(wanted)
    last = get_last_checkpoint(arguments.output_dir)
    if last is None:
        raise ValueError(f"--resume_from_checkpoint: {arguments.output_dir} holds no checkpoint.")
    return last


def trained_parameters(model: torch.nn.Module) -> dict[str, int]:
    """Numbers of trained and of all parameters."""
    return {
        "parameters_trained": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "parameters_total": sum(p.numel() for p in model.parameters()),
    }
