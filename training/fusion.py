"""Training of the TSFusion forecaster on synthetic series, on transformers.Trainer."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import Dataset
from transformers import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from ..errors import UserError
from ..modeling.configuration_tsfusion import TSFusionConfig
from ..modeling.modeling_tsfusion import TSFusionForForecasting
from .arguments import config_arguments
from .processes import WholeModelMixin
from .resuming import run_training
from .runs import RunFolder

logger = logging.getLogger(__name__)

FusionConfigArguments = config_arguments("FusionConfigArguments", TSFusionConfig)

_AVERAGE_FILE = "average.safetensors"


@dataclass
class FusionTrainingArguments(RunFolder, TrainingArguments):
    """`TrainingArguments` with the defaults of one pass over a stream of synthetic batches."""

    output_dir: str = field(default="outputs/fusion", metadata={"help": "Folder of the checkpoint and its report."})
    per_device_train_batch_size: int = field(default=1, metadata={"help": "Items of a step, each a whole batch."})
    max_steps: int = field(default=1500, metadata={"help": "Optimizer steps."})
    learning_rate: float = field(default=2e-3, metadata={"help": "Peak learning rate."})
    lr_scheduler_type: str = field(default="cosine", metadata={"help": "Learning-rate schedule."})
    warmup_steps: float = field(default=50, metadata={"help": "Steps until the peak learning rate."})
    weight_decay: float = field(default=0.01, metadata={"help": "Weight decay of AdamW."})
    max_grad_norm: float = field(default=1.0, metadata={"help": "Largest norm of the gradient."})
    average_decay: float = field(
        default=0.995, metadata={"help": "Decay of the moving average of the weights, which is saved."}
    )
    logging_steps: float = field(default=50, metadata={"help": "Steps between two logs."})
    save_steps: float = field(default=250, metadata={"help": "Steps between two checkpoints to resume from."})
    save_total_limit: int | None = field(default=1, metadata={"help": "Checkpoints kept."})
    dataloader_num_workers: int = field(default=1, metadata={"help": "Processes that generate batches."})
    dataloader_pin_memory: bool = field(default=False, metadata={"help": "Useful with an accelerator only."})
    remove_unused_columns: bool = field(default=False, metadata={"help": "Batches have no other columns."})
    label_names: list[str] | None = field(
        default_factory=lambda: ["future_values"], metadata={"help": "Names of the targets."}
    )
    seed: int = field(default=0, metadata={"help": "Seed of weights and series."})


class AverageCallback(TrainerCallback):
    """Exponential moving average of the weights, which replaces the weights when training ends.

    Args:
        decay: decay of the average in a step.
    """

    def __init__(self, decay: float):
        self.decay = decay
        self.average: AveragedModel

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **kwargs
    ) -> None:
        self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(self.decay))
        saved = Path(str(args.output_dir), f"checkpoint-{state.global_step}", _AVERAGE_FILE)
        if state.global_step and saved.is_file():
            self.average.load_state_dict(load_file(saved))

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **kwargs
    ) -> None:
        self.average.update_parameters(model)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs) -> None:
        if state.is_world_process_zero:
            folder = Path(str(args.output_dir), f"checkpoint-{state.global_step}")
            save_file(self.average.state_dict(), folder / _AVERAGE_FILE)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **kwargs
    ) -> None:
        model.load_state_dict(self.average.module.state_dict())


def only_batch(items: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Collate a data set whose items are batches."""
    (batch,) = items
    return batch


def train_fusion(
    model: TSFusionForForecasting, arguments: FusionTrainingArguments, train_dataset: Dataset
) -> WholeModelMixin:
    """Train the gate in one pass, and leave the average of its weights in the trainer.

    Args:
        model: to train.
        arguments: of the Trainer; a training batch is one item of the data set.
        train_dataset: items are batches of `past_values`, `future_values` and `seasonal_period`.

    Raises:
        ValueError: for a `per_device_train_batch_size` other than 1, or processes that share the weights.
    """
    if arguments.per_device_train_batch_size != 1:
        raise UserError(
            f"per_device_train_batch_size is {arguments.per_device_train_batch_size}; items are whole batches, so "
            "leave it at 1 and set batch_size."
        )
    trainer = WholeModelMixin(
        model=model,
        args=arguments,
        train_dataset=train_dataset,
        data_collator=only_batch,
        callbacks=[AverageCallback(arguments.average_decay)],
    )
    if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        raise UserError(
            "this training averages whole weights, and FSDP or DeepSpeed would cut them; start it by "
            "configs/accelerate/ddp.yaml."
        )
    trainer.remove_callback(PrinterCallback)
    run_training(trainer)
    return trainer
