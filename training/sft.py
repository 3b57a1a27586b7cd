"""Supervised fine-tuning of the time-series language model on trl's SFTTrainer."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from accelerate.utils import synchronize_rng_states
from datasets import Dataset, IterableDataset
from peft import PeftModel
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.trainer_utils import EvalLoopOutput
from trl import ModelConfig, SFTConfig, SFTTrainer

from ..processing.processing_time_series import TimeSeriesProcessor
from .answers import answer_table, generate_shared_answers
from .collator import AnswerCollator
from .encoder_cache import cached_encoder
from .processes import WholeModelMixin, rows_not_repeated
from .question_samples import counts_and_lengths, group_stream, series_tokens
from .resuming import run_training
from .run_time import ProcessorTimeLimit
from .runs import RunDefaults, early_stopping
from .tracking import track_examples
from .tslm_adapters import keep_4bit_differentiable, load_adapters, lora_config, restore_whole_modules
from .tslm_models import TSLM, TSLMArguments, freeze_parts, part_of, tslm_of

# A logit with probability 0 in every precision, also scaled, which no product or sum takes out of range.
_NEVER = -1e4
# Answers of each validation that the trackers of a run get.
_SHOWN_ANSWERS = 8


@dataclass
class AnswerDefaults(RunDefaults):
    """Settings that trainings on answers share: a learning rate for each part, and the best greedy answers kept."""

    per_device_eval_batch_size: int = field(default=128, metadata={"help": "Samples in an evaluation batch."})
    encoder_learning_rate: float | None = field(
        default=None, metadata={"help": "Peak learning rate of the encoder; that of the backbone by default."}
    )
    projector_learning_rate: float | None = field(
        default=None,
        metadata={
            "help": "Peak learning rate of projector, resampler and cross-attention; that of the backbone by default."
        },
    )
    max_new_tokens: int = field(default=32, metadata={"help": "Largest number of tokens of a greedy answer."})
    among_options: bool = field(
        default=False,
        metadata={"help": "Whether an answer to a question that offers options is one of them, word for word."},
    )
    metric_for_best_model: str | None = field(
        default="exact_match", metadata={"help": "Metric of the best checkpoint."}
    )
    greater_is_better: bool | None = field(
        default=True, metadata={"help": "Whether a higher value of that metric is better."}
    )
    max_seconds: float | None = field(
        default=None, metadata={"help": "Processor seconds after which training stops; no limit by default."}
    )
    # Not False, which later versions of transformers take for a use of the old name of the setting, and warn of.
    gradient_checkpointing: bool | None = field(
        default=None, metadata={"help": "Recompute activations in the backward pass: less memory, more time."}
    )


@dataclass
class TSLMTrainingArguments(AnswerDefaults, SFTConfig):  # type: ignore[misc]  # bf16 may be null here
    """`SFTConfig` with the settings of answers."""

    output_dir: str = field(default="outputs/tslm", metadata={"help": "Folder of the checkpoint and its report."})
    max_length: int | None = field(
        default=None,
        metadata={
            "help": "Largest number of tokens of a sample; longer texts are cut, series are not. No limit by default."
        },
    )
    per_device_train_batch_size: int = field(default=32, metadata={"help": "Samples in a training batch."})
    learning_rate: float = field(default=1e-3, metadata={"help": "Peak learning rate of the backbone or of LoRA."})
    refit: bool = field(
        default=False,
        metadata={
            "help": "Go on from the best model with training and validation samples together, for as many steps as it "
            "took."
        },
    )
    dataset_kwargs: dict[str, Any] | str | None = field(
        default_factory=lambda: {"skip_prepare_dataset": True},
        metadata={"help": "Data settings of trl; the collator prepares samples."},
    )


@contextmanager
def placeholder_out_of_fused_loss(model: Any) -> Iterator[None]:
    """Exclude the placeholder from a loss that trl computes from hidden states and head, as the model itself does.

    SFTTrainer multiplies hidden states by the weight of the head, without the step of the soft prompt's `forward` that
    lowers the logit of the placeholder; within this context, it gets a head with a bias that lowers it. Flamingo's
    `forward` treats the placeholder as any other token.
    """
    model = model.get_base_model() if isinstance(model, PeftModel) else model
    config = tslm_of(model).config
    output_embeddings = model.get_output_embeddings

    def scored() -> Any:
        head = output_embeddings()
        if isinstance(head, FSDPModule):
            # Its own forward, which would do so, does not run; a gradient through its shards is that of one process.
            head.unshard()
        if config.fusion != "soft_prompt":
            return head
        bias = head.weight.new_zeros(head.out_features) if head.bias is None else head.bias
        token = torch.tensor([config.time_series_token_id], device=bias.device)
        return SimpleNamespace(weight=head.weight, bias=bias.index_fill(0, token, _NEVER))

    model.get_output_embeddings = scored
    try:
        yield
    finally:
        del model.get_output_embeddings


class ShuffledBatches(Sampler):
    """Rows of a `LengthGroupedSampler` with its batches in random order.

    Its own order descends in length over fifty batches, so that neighboring ones are far from random draws.
    """

    def __init__(self, sampler: LengthGroupedSampler):
        self.sampler = sampler
        # A column of a data set would be asked for one length at a time, a minute for a million of them.
        sampler.lengths = sampler.lengths[:]

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[int]:
        if torch.distributed.is_initialized():
            # Dropout may have drawn more in one process than in another.
            synchronize_rng_states(["torch"])
        size, rows = self.sampler.batch_size, list(self.sampler)
        whole = len(rows) // size
        for batch in torch.randperm(whole, generator=self.sampler.generator).tolist():
            yield from rows[batch * size : (batch + 1) * size]
        yield from rows[whole * size :]


class AnswerTraining(WholeModelMixin):
    """Part of a trainer of trl: a learning rate for each part of the model, and metrics of generated answers.

    Args:
        answer_metrics: (answers, samples) -> metric -> value.
        *args: arguments of the trainer.
        **kwargs: arguments of the trainer.
    """

    args: Any
    processing_class: Any

    def __init__(
        self,
        *args: Any,
        answer_metrics: Callable[[Sequence[str], Sequence[Mapping[str, Any]]], dict[str, float]],
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        self.answer_metrics = answer_metrics
        # Of the last evaluation, in the order of its samples.
        self.answers: list[str] = []

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Skip the card of trl, which describes a text model; the recipe writes one at the end."""

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Create the optimizer, with parameter groups by part, each with its learning rate."""
        is_new = self.optimizer is None
        optimizer = super().create_optimizer(model)
        if not is_new:
            return optimizer
        rates: dict[str | None, float | None] = {
            "encoder": self.args.encoder_learning_rate,
            "projector": self.args.projector_learning_rate,
        }
        named = (self.model if model is None else model).named_parameters()
        parts = {id(parameter): part_of(name) for name, parameter in named}
        groups = []
        for group in optimizer.param_groups:
            by_part: dict[str | None, list[nn.Parameter]] = {}
            for parameter in group["params"]:
                by_part.setdefault(parts[id(parameter)], []).append(parameter)
            for part, parameters in by_part.items():
                rate = rates.get(part)
                groups.append({**group, "params": parameters, "lr": group["lr"] if rate is None else rate})
        optimizer.param_groups = groups
        return optimizer

    def _issue_warnings_after_load(self, load_result: Any) -> None:
        """Warn of weights that a checkpoint lacks, except those that are tied to others and never stored."""
        tied = getattr(self.model, "all_tied_weights_keys", {})
        missing = [name for name in load_result.missing_keys if name not in tied]
        super()._issue_warnings_after_load(load_result._replace(missing_keys=missing))

    def generate_answers(self, samples: Sequence[Mapping[str, Any]]) -> list[str]:
        """Generate the answers to all samples; each process generates a share and gets all."""
        return generate_shared_answers(
            self.accelerator.unwrap_model(self.model), self.processing_class, samples, self.args
        )

    def evaluation_loop(
        self,
        dataloader: Any,
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:
        """Compute the loss, and the metrics of generated answers."""
        output = super().evaluation_loop(dataloader, description, prediction_loss_only, ignore_keys, metric_key_prefix)
        samples = dataloader.dataset
        self.answers = self.generate_answers(samples)
        metrics = self.answer_metrics(self.answers, samples)
        named = {f"{metric_key_prefix}_{name}": value for name, value in metrics.items()}
        return output._replace(metrics={**(output.metrics or {}), **named})


class TSLMTrainer(AnswerTraining, SFTTrainer):
    """SFTTrainer of a language model that reads series; its arguments are those of [`AnswerTraining`]."""

    def compute_loss(self, model: nn.Module, *args: Any, **kwargs: Any) -> Any:
        """Loss of `model(labels=...)`, over the tokens that the model can write."""
        with placeholder_out_of_fused_loss(self.accelerator.unwrap_model(model)):
            return super().compute_loss(model, *args, **kwargs)

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler | None:
        sampler = super()._get_train_sampler(train_dataset)
        if not isinstance(sampler, LengthGroupedSampler):
            return sampler
        # Of a global batch.
        sampler.batch_size *= self.args.world_size
        return ShuffledBatches(sampler)

    def get_batch_samples(self, *args: Any, **kwargs: Any) -> tuple[list, Any]:
        """Batches, and the number of their tokens with a label, which the loss is divided by."""
        batches, count = super().get_batch_samples(*args, **kwargs)
        if batches and self.args.world_size > 1:
            labels = batches[-1]["labels"]
            labels[rows_not_repeated(self.accelerator, len(labels)) :] = -100
            count = self._get_num_items_in_batch(batches, self.args.device)
        return batches, count


def track_answers(trainer: AnswerTraining, samples: Dataset) -> None:
    """Have the first answers of each validation sent to the trackers of a run.

    Args:
        trainer: the trainer.
        samples: those of its validation.
    """
    shown = samples.take(min(_SHOWN_ANSWERS, len(samples)))
    track_examples(trainer, lambda model: {"eval/answers": answer_table(trainer.answers[: len(shown)], shown)})


def train_tslm(
    model: TSLM,
    processor: TimeSeriesProcessor,
    arguments: TSLMTrainingArguments,
    tslm_arguments: TSLMArguments,
    model_arguments: ModelConfig,
    train_dataset: Dataset | IterableDataset,
    eval_dataset: Dataset,
    answer_metrics: Callable[[Sequence[str], Sequence[Mapping[str, Any]]], dict[str, float]],
    adapters: Path | None = None,
) -> TSLMTrainer:
    """Train a model and load the checkpoint that is best on `eval_dataset`.

    Args:
        model: from `build_tslm`.
        processor: processor of the model.
        arguments: arguments of the trainer.
        tslm_arguments: frozen parts, and whether the outputs of a frozen encoder are kept.
        model_arguments: adapters.
        train_dataset: samples with `messages`, the assistant's last, `time_series`, and `future_values` where there
            are forecasts; see [`AnswerCollator`]. A stream is without end, and `max_steps` ends it.
        eval_dataset: such samples to select the checkpoint on.
        answer_metrics: (answers, samples) -> metric -> value.
        adapters: folder of adapters to train on; new ones by default.

    Returns:
        The trainer with the best model.

    Raises:
        ValueError: if model and processor, or model and adapters, do not match.
    """
    processor.check_model(model.config)
    is_grouped = arguments.train_sampling_strategy == "group_by_length"
    if is_grouped and isinstance(train_dataset, IterableDataset):
        seed = arguments.seed if arguments.data_seed is None else arguments.data_seed
        train_dataset = group_stream(train_dataset, processor, arguments.per_device_train_batch_size, seed)
        # The Trainer has no sampler for a stream, and would say so.
        arguments = copy.copy(arguments)
        arguments.train_sampling_strategy = "random"
    elif is_grouped:
        train_dataset, eval_dataset = (
            samples.add_column(arguments.length_column_name, series_tokens(samples, processor))
            for samples in (train_dataset, eval_dataset)
        )
    # No loss of words reaches a forecaster.
    freeze_parts(model, [*tslm_arguments.freeze, None])
    keep_4bit_differentiable(model)
    callbacks = early_stopping(arguments)
    if arguments.max_seconds is not None:
        callbacks.append(ProcessorTimeLimit(arguments.max_seconds))
    trainer = TSLMTrainer(
        model=model,
        args=arguments,
        data_collator=AnswerCollator(processor, arguments.max_length),
        train_dataset=train_dataset,
        eval_dataset=eval_dataset,
        processing_class=processor,
        callbacks=callbacks,
        peft_config=lora_config(model, model_arguments, tslm_arguments.freeze),
        answer_metrics=answer_metrics,
    )
    restore_whole_modules(trainer.model)
    track_answers(trainer, eval_dataset)
    if adapters is not None:
        load_adapters(trainer.model, adapters)
    with ExitStack() as stack:
        if tslm_arguments.cache_encoder:
            rows = sum(
                counts.sum() for part in (train_dataset, eval_dataset) for counts, _ in counts_and_lengths(part)
            )
            stack.enter_context(cached_encoder(tslm_of(model).model.encoder, int(rows)))
        run_training(trainer)
    return trainer
