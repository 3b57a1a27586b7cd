"""Common parts of training runs: precision, early stopping, and saving."""

import math
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    EarlyStoppingCallback,
    PreTrainedModel,
    TrainerCallback,
    TrainingArguments,
)
from transformers.utils import is_liger_kernel_available, is_torch_bf16_gpu_available, logging

from ..errors import UserError
from ..modeling.modeling_text_sources import find_text_model
from ..requirements import require

logger = logging.get_logger(__name__)

# Those that get examples of validation too; transformers knows others.
_TRACKERS = {"tensorboard", "trackio", "wandb"}

# Settings of the Trainer, which does not check them: least value, and the value that they stay below.
_RANGES = {
    "per_device_train_batch_size": (1, math.inf),
    "per_device_eval_batch_size": (1, math.inf),
    "gradient_accumulation_steps": (1, math.inf),
    "num_train_epochs": (0, math.inf),
    "max_steps": (-1, 2**31),
    "learning_rate": (0, math.inf),
    "weight_decay": (0, math.inf),
    "adam_beta1": (0, 1),
    "adam_beta2": (0, 1),
    "adam_epsilon": (0, math.inf),
    "seed": (0, 2**32),
}


def check_ranges(arguments: TrainingArguments) -> None:
    """Check settings of the Trainer before any work.

    Raises:
        ValueError: for a number outside its range, which would end the training in its course, or make it useless.
    """
    for name, (least, end) in _RANGES.items():
        value = getattr(arguments, name)
        if not least <= value < end:
            below = "" if end == math.inf else f" and below {end}"
            raise UserError(f"{name} is {value}; give a finite number of at least {least}{below}.")


@dataclass
class RunFolder:
    """Folder of a run, and its processes; base of the `TrainingArguments` of all recipes."""

    overwrite: bool = field(
        default=False,
        metadata={"help": "Write in an output_dir that is not empty, over the files of an earlier run."},
    )

    report_to: None | str | list[str] = field(  # noqa: RUF036
        default="none", metadata={"help": "Trackers to report to: tensorboard, trackio, wandb."}
    )

    def __post_init__(self):
        if int(os.environ.get("WORLD_SIZE", 1)) > 1 and not torch.accelerator.is_available():
            # accelerate would take each process for a run of its own, and all would write as the first.
            self.use_cpu = True
        try:
            super().__post_init__()
        except ValueError as error:
            # Settings that transformers or trl refuse; the command line shows a traceback of their errors otherwise.
            raise UserError(" ".join(str(error).split())) from error
        if self.use_liger_kernel and not is_liger_kernel_available():
            raise UserError(
                "use_liger_kernel is set, and liger-kernel is not installed; run pip install liger-kernel."
            )
        for tracker in _TRACKERS.intersection(self.report_to):
            require(tracker, "tracking")


@dataclass
class RunDefaults(RunFolder):
    """Defaults of `TrainingArguments` that the recipes share: validation every epoch, and the best epoch kept."""

    lr_scheduler_type: str = field(default="cosine", metadata={"help": "Learning-rate schedule."})
    eval_strategy: str = field(default="epoch", metadata={"help": "Moments of evaluation: epoch, steps or no."})
    save_strategy: str = field(default="epoch", metadata={"help": "Moments of saving; must equal eval_strategy."})
    save_total_limit: int | None = field(default=1, metadata={"help": "Number of checkpoints kept beside the best."})
    load_best_model_at_end: bool = field(
        default=True, metadata={"help": "Reload the checkpoint that is best on validation at the end."}
    )
    early_stopping_patience: int | None = field(
        default=None, metadata={"help": "Evaluations without improvement before training stops; never by default."}
    )
    early_stopping_threshold: float = field(
        default=0.0, metadata={"help": "Least change of the metric that counts as improvement for early stopping."}
    )
    bf16: bool | None = field(
        default=False, metadata={"help": "Mixed precision in bfloat16; null in a recipe to use it where it is faster."}
    )
    dataloader_pin_memory: bool = field(
        default=False, metadata={"help": "Pin memory in data loaders, which helps with an accelerator only."}
    )
    remove_unused_columns: bool = field(
        default=False, metadata={"help": "Remove columns that the model does not take; the collator needs all."}
    )

    def __post_init__(self):
        if self.bf16 is None:
            # The defaults differ (transformers off, trl on), and neither depends on the processor.
            self.bf16 = bfloat16_is_faster() and not self.fp16
            # transformers refuses it on a processor that was not asked for.
            self.use_cpu = self.use_cpu or (self.bf16 and not torch.accelerator.is_available())
        super().__post_init__()


def bfloat16_is_faster() -> bool:
    """Whether mixed precision in bfloat16 is faster than float32 on this machine.

    It is on accelerators with bfloat16, and on processors with products of it (AMX or AVX-512); other processors
    emulate it, several times slower.
    """
    if torch.accelerator.is_available():
        return is_torch_bf16_gpu_available()
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("amx_bf16", "avx512_bf16"))


def early_stopping(arguments: RunDefaults) -> list[TrainerCallback]:
    """Callbacks that stop training after `early_stopping_patience` evaluations without improvement.

    Returns:
        One callback; none without a patience, or without `load_best_model_at_end`, as no best model is tracked then.
    """
    if arguments.early_stopping_patience is None:
        return []
    if not arguments.load_best_model_at_end:
        logger.warning("load_best_model_at_end is off, so that early_stopping_patience has no effect.")
        return []
    return [EarlyStoppingCallback(arguments.early_stopping_patience, arguments.early_stopping_threshold)]


def trained_parameters(model: torch.nn.Module) -> dict[str, int]:
    """Number of trained parameters and of all parameters."""
    return {
        "parameters_trained": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "parameters_total": sum(p.numel() for p in model.parameters()),
    }


def save_model(model: Any, output: Path, base: str | None) -> PreTrainedModel:
    """Save a trained model; of a model with adapters, the merged model, and the adapters in `output/adapter`.

    Adapters are loaded on top of `base`. If `base` is a plain text model, the configuration of this model is saved
    beside the adapters.

    Args:
        model: a plain model or a `PeftModel`, which is merged in place.
        output: folder of the checkpoint.
        base: name or path of the pretrained model; required with adapters.

    Returns:
        The plain model.
    """
    if not hasattr(model, "merge_and_unload"):
        model.save_pretrained(output)
        return model
    adapter = output / "adapter"
    for config in model.peft_config.values():
        config.base_model_name_or_path = base
    # No embeddings are trained; to detect new ones, peft would ask the Hub.
    model.save_pretrained(adapter, save_embedding_layers=False)
    plain = model.merge_and_unload()
    plain.save_pretrained(output)
    if base is not None and AutoConfig.from_pretrained(find_text_model(base)).model_type != plain.config.model_type:
        shutil.copyfile(output / "config.json", adapter / "config.json")
    return plain
