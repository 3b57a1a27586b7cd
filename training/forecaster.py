"""Training the LLM-PS forecaster on transformers.Trainer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler
from transformers import (
    EvalPrediction,
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from ..errors import UserError
from ..modeling.configuration_llmps import LLMPSConfig
from ..modeling.modeling_llmps import LLMPSForForecasting
from ..modeling.modeling_t2t import T2TModel
from ..processing.covariate_inputs import CovariateInputs
from .arguments import config_arguments, mapping
from .backbone import backbone_config, lora_target_modules
from .processes import WholeModelMixin, rows_not_repeated
from .resuming import run_training
from .runs import RunDefaults, early_stopping
from .tracking import Examples, track_examples

ForecasterConfigArguments = config_arguments("ForecasterConfigArguments", LLMPSConfig)


@dataclass
class BackboneArguments:
    """Source of the backbone, and its trained parts."""

    backbone: str | None = field(
        default=None,
        metadata={"help": "Name or path of a pretrained text model; by default random weights from text_config."},
    )
    backbone_layers: int | None = field(
        default=None, metadata={"help": "Number of its layers, from the first; all by default."}
    )
    backbone_training: Literal["full", "lora", "frozen"] = field(
        default="full", metadata={"help": "Trained part of the backbone: full, lora (adapters) or frozen."}
    )
    lora_r: int = field(default=8, metadata={"help": "Rank of the adapters."})
    lora_alpha: int = field(default=32, metadata={"help": "Scale of the adapters, divided by the rank."})
    lora_dropout: float = field(default=0.1, metadata={"help": "Dropout in the adapters."})
    lora_target_modules: list[str] | None = field(
        default=None, metadata={"help": "Modules of the backbone that get adapters; peft's choice by default."}
    )
    t2t: str | None = field(
        default=None,
        metadata={"help": "Folder of a time-to-text encoder for the feature loss; no such loss by default."},
    )


@dataclass
class ForecastTrainingArguments(RunDefaults, TrainingArguments):  # type: ignore[misc]  # bf16 may be null here
    """`TrainingArguments` with the defaults of a forecaster: validation every epoch, and the best epoch kept."""

    output_dir: str = field(
        default="outputs/forecaster", metadata={"help": "Folder of the checkpoint and its report."}
    )
    per_device_train_batch_size: int = field(default=32, metadata={"help": "Windows in a training batch."})
    per_device_eval_batch_size: int = field(default=256, metadata={"help": "Windows in an evaluation batch."})
    learning_rate: float = field(default=5e-4, metadata={"help": "Peak learning rate."})
    num_train_epochs: float = field(
        default=10.0, metadata={"help": "Largest number of passes over the training windows."}
    )
    logging_strategy: str = field(default="epoch", metadata={"help": "Moments of logging: epoch, steps or no."})
    metric_for_best_model: str | None = field(default="mse", metadata={"help": "Metric of the best checkpoint."})
    greater_is_better: bool | None = field(
        default=False, metadata={"help": "Whether a higher value of that metric is better."}
    )
    early_stopping_patience: int | None = field(
        default=5, metadata={"help": "Evaluations without improvement before training stops; null to never stop."}
    )
    batch_eval_metrics: bool = field(
        default=True, metadata={"help": "Compute metrics batch by batch, without keeping forecasts."}
    )
    ddp_find_unused_parameters: bool | None = field(
        default=False, metadata={"help": "Search for parameters without a gradient; all have one."}
    )
    label_names: list[str] | None = field(
        default_factory=lambda: ["future_values"], metadata={"help": "Names of the targets in a batch."}
    )
    seed: int = field(default=2021, metadata={"help": "Seed of weights, order and dropout."})


@runtime_checkable
class Ordered(Protocol):
    """Windows that are trained on in an order of their own, such as one that reads few files at a time."""

    def order(self, batch_size: int, streams: int, seed: int) -> Sampler:
        """Sampler of an epoch, with `set_epoch`; of whole batches, every `streams`-th goes to the same worker."""


class _EpochOrder(TrainerCallback):
    """Tells a sampler its epoch, which accelerate does not for several processes that resume."""

    def __init__(self, sampler: Any):
        self.sampler = sampler

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.sampler.set_epoch(int(state.epoch or 0))


class ForecastTrainer(WholeModelMixin):
    """Trainer that averages the loss over observed targets, and adds frozen time-to-text features in training.

    Args:
        t2t: pre-trained time-to-text encoder, or None.
        *args: arguments of `Trainer`.
        **kwargs: arguments of `Trainer`.
    """

    def __init__(self, *args, t2t: T2TModel | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.t2t = t2t.requires_grad_(False).eval().to(self.args.device) if t2t is not None else None

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler | None:
        dataset: Any = self.train_dataset if train_dataset is None else train_dataset
        if not isinstance(dataset, Ordered):
            return super()._get_train_sampler(train_dataset)
        streams = self.args.world_size * max(1, self.args.dataloader_num_workers)
        seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
        sampler = dataset.order(self.args.per_device_train_batch_size, streams, seed)
        self.add_callback(_EpochOrder(sampler))
        return sampler

    def get_batch_samples(
        self, epoch_iterator: Iterator, num_batches: int, device: torch.device
    ) -> tuple[list[dict[str, Tensor]], Tensor]:
        """Batches, and the number of observed targets in the global batch, which the loss is divided by."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        if batches:
            targets = batches[-1]["future_values"]
            targets[rows_not_repeated(self.accelerator, len(targets)) :] = torch.nan
        count = sum((~torch.isnan(batch["future_values"])).sum() for batch in batches)
        return batches, self.accelerator.gather(torch.as_tensor(count).to(device)).sum().clamp(min=1)

    def training_step(self, model: torch.nn.Module, inputs: dict[str, Any], *args, **kwargs) -> Tensor:
        if self.t2t is not None:
            inputs = self._prepare_inputs(inputs)
            with torch.no_grad():
                inputs["semantic_features"] = self.t2t(inputs["past_values"]).last_hidden_state
        return super().training_step(model, inputs, *args, **kwargs)


def build_forecaster(
    config_arguments: Any,
    backbone_arguments: BackboneArguments,
    num_variables: int,
    covariates: CovariateInputs | None = None,
) -> tuple[Any, T2TModel | None]:
    """Build the model of a recipe, load the weights of its backbone, and freeze its untrained parts.

    Args:
        config_arguments: fields of `LLMPSConfig`.
        backbone_arguments: the backbone, its trained parts, and the time-to-text encoder.
        num_variables: number of variables in the data.
        covariates: covariates of the data; none by default.

    Returns:
        The model (a `PeftModel` with LoRA), and the time-to-text encoder, or None without one.

    Raises:
        ValueError: for settings that contradict each other.
    """
    fields = dict(vars(config_arguments))
    fields["text_config"] = mapping(fields["text_config"], "text_config")
    source = backbone_arguments.backbone
    if source is not None:
        if fields["text_config"] is not None:
            raise UserError(
                "backbone and text_config are both set; the first takes its configuration along, so set one."
            )
        fields["text_config"] = backbone_config(source, backbone_arguments.backbone_layers)
    elif backbone_arguments.backbone_training != "full" and fields["use_llm"]:
        raise UserError(
            f"backbone_training is {backbone_arguments.backbone_training!r} but backbone is not set; random weights "
            "need training, so name a pretrained backbone or set backbone_training: full."
        )
    t2t = T2TModel.from_pretrained(backbone_arguments.t2t) if backbone_arguments.t2t is not None else None
    if t2t is not None:
        if t2t.config.context_length != fields["context_length"]:
            raise UserError(
                f"t2t {backbone_arguments.t2t} was trained for context_length {t2t.config.context_length}, the recipe "
                f"says {fields['context_length']}; they must be the same."
            )
        fields |= {
            "t2t_hidden_size": t2t.config.hidden_size,
            "t2t_patch_length": t2t.config.patch_length,
            "t2t_patch_stride": t2t.config.patch_stride,
        }
    if covariates is not None:
        fields |= {
            "num_known_covariates": covariates.num_known,
            "num_past_covariates": covariates.num_past,
            "num_static_covariates": covariates.num_static,
        }
    config = LLMPSConfig(num_input_channels=num_variables, **fields)
    model = LLMPSForForecasting(config)
    backbone = model.model.backbone
    if backbone is not None:
        if source is not None:
            model.load_backbone(source)
        if backbone_arguments.backbone_training == "frozen":
            backbone.requires_grad_(False)
        elif backbone_arguments.backbone_training == "lora":
            return _with_lora(model, backbone_arguments), t2t
    return model, t2t


def _with_lora(model: LLMPSForForecasting, arguments: BackboneArguments) -> Any:
    from peft import LoraConfig, get_peft_model

    outside = ["mscnn", "token_projection", "head"]
    optional = ("feature_projection", "covariate_projection", "static_projection", "covariate_head")
    outside += [name for name in optional if getattr(model, name, None) or getattr(model.model, name, None)]
    return get_peft_model(
        model,
        LoraConfig(
            r=arguments.lora_r,
            lora_alpha=arguments.lora_alpha,
            lora_dropout=arguments.lora_dropout,
            target_modules=lora_target_modules(model.config.get_text_config(), arguments.lora_target_modules),
            modules_to_save=outside,
        ),
    )


def train_forecaster(
    model: torch.nn.Module,
    arguments: ForecastTrainingArguments,
    train_dataset: Dataset,
    eval_dataset: Dataset,
    data_collator: Callable[[Any], dict[str, Tensor]],
    compute_metrics: Callable[[EvalPrediction, bool], dict[str, float]],
    t2t: T2TModel | None = None,
    examples: Callable[[Any], Examples] | None = None,
) -> ForecastTrainer:
    """Train a forecaster and load the checkpoint that is best on `eval_dataset`.

    Args:
        model: from `build_forecaster`, or a module with the same inputs and outputs.
        arguments: arguments of the Trainer.
        train_dataset: windows with `past_values` and `future_values`.
        eval_dataset: windows to select the checkpoint on.
        data_collator: collator of windows.
        compute_metrics: adds a batch, and returns the metrics when its second argument is True.
        t2t: time-to-text encoder for the feature loss.
        examples: function of the model that makes forecasts of `eval_dataset` for the trackers; none by default.

    Returns:
        The trainer with the best model.
    """
    trainer = ForecastTrainer(
        model=model,
        args=arguments,
        train_dataset=train_dataset,
        eval_dataset=eval_dataset,
        data_collator=data_collator,
        compute_metrics=compute_metrics,
        callbacks=early_stopping(arguments),
        t2t=t2t,
    )
    trainer.remove_callback(PrinterCallback)
    if examples is not None:
        track_examples(trainer, examples)
    run_training(trainer)
    return trainer
