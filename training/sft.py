"""Supervised fine-tuning of the time-series language model on trl's SFTTrainer."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from accelerate.utils import gather_object, synchronize_rng_states
from datasets import Dataset, IterableDataset
from peft import PeftConfig, PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from peft.utils import ModulesToSaveWrapper, load_peft_weights
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.utils.data import Sampler
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModelForCausalLM,
    AutoModelForTimeSeriesPrediction,
    AutoProcessor,
    PreTrainedModel,
)
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.trainer_utils import EvalLoopOutput
from trl import ModelConfig, SFTConfig, SFTTrainer, get_peft_config, get_quantization_config

from ..errors import UserError
from ..families import checkpoint_place
from ..modeling.configuration_random_convolutions import RandomConvolutionConfig
from ..modeling.configuration_tsfusion import TSFusionConfig
from ..modeling.configuration_tslm import TSLMConfig
from ..modeling.modeling_text_sources import find_text_model
from ..modeling.modeling_tsfusion_causal_lm import TSFusionForCausalLM
from ..modeling.modeling_tslm import TSLMForCausalLM
from ..processing.answer_checks import SeriesScale, TrainingRange, asked_in, questions_of, scales_of
from ..processing.feature_extraction_time_series import is_constant
from ..processing.processing_fusion import TSFusionProcessor
from ..processing.processing_time_series import TimeSeriesProcessor
from ..requirements import require
from .arguments import config_arguments, mapping
from .backbone import lora_target_modules
from .collator import AnswerCollator
from .encoder_cache import cached_encoder
from .fresh_backbone import save_fresh_backbone
from .processes import WholeModelMixin, rows_not_repeated, share_of_rows
from .resuming import run_training
from .run_time import ProcessorTimeLimit
from .runs import RunDefaults, early_stopping
from .tracking import track_examples

TSLMConfigArguments = config_arguments("TSLMConfigArguments", TSLMConfig)

# Part in a recipe -> modules of `TSLMModel`.
PARTS = {
    "encoder": ("encoder",),
    "projector": ("scale_embedding", "cross_series_layers", "projector", "resampler", "cross_attention_layers"),
    "backbone": ("backbone",),
}
TIME_SERIES_TOKEN = "<|time_series|>"
# A logit with probability 0 in every precision, also scaled, which no product or sum takes out of range.
_NEVER = -1e4
# Batches of a stream whose samples are grouped by their size, as many as in `LengthGroupedSampler`.
_GROUPED_BATCHES = 50
# Answers of each validation that the trackers of a run get.
_SHOWN_ANSWERS = 8


# A language model, or one that is joined with a forecaster.
TSLM = TSLMForCausalLM | TSFusionForCausalLM


@dataclass
class TSLMArguments:
    """Encoder, forecaster and frozen parts of the model, beside `ModelConfig` of trl."""

    encoder_name_or_path: str | None = field(
        default=None, metadata={"help": "Name or path of a pretrained encoder of series; by default a new one."}
    )
    forecaster: str | None = field(
        default=None,
        metadata={
            "help": "TSFusion checkpoint to join the language model with, which stays as it is: a folder, a name of "
            "the Hub, or built-in. It fills in the forecasts of a chat."
        },
    )
    freeze: list[str] = field(
        default_factory=list, metadata={"help": "Parts to exclude from training: encoder, projector, backbone."}
    )
    cache_encoder: bool = field(
        default=False,
        metadata={
            "help": "Keep the outputs of a frozen encoder in memory from the first epoch on, those of each series of "
            "training and validation. Series of one length; others are computed again with another padding."
        },
    )
    scale_text: bool = field(
        default=True,
        metadata={
            "help": "Write mean and deviation before each series; a small model reads them better as scale_embedding."
        },
    )

    def __post_init__(self):
        unknown = set(self.freeze) - set(PARTS)
        if unknown:
            raise UserError(f"freeze: {min(unknown)!r} is not a part of the model; parts are {', '.join(PARTS)}.")
        if self.cache_encoder and "encoder" not in self.freeze:
            raise UserError("cache_encoder keeps the outputs of an encoder that is trained; add encoder to freeze.")


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


def tslm_of(model: TSLM) -> TSLMForCausalLM:
    """Language model of one that is joined with a forecaster, or the model itself."""
    return model.tslm if isinstance(model, TSFusionForCausalLM) else model


def part_of(parameter: str) -> str | None:
    """Part of `PARTS` that a parameter belongs to by its name, also inside adapters and wrappers.

    Those of a forecaster belong to none.
    """
    part_of_module = {module: part for part, modules in PARTS.items() for module in modules}
    return next((part_of_module[name] for name in parameter.split(".") if name in part_of_module), None)


def generate_answers(
    model: PreTrainedModel,
    processor: TimeSeriesProcessor,
    samples: Sequence[Mapping[str, Any]],
    batch_size: int,
    max_new_tokens: int,
    among_options: bool = False,
) -> list[str]:
    """Generate the model's answer to each sample by greedy search.

    Args:
        model: a `TSLMForCausalLM` or `TSFusionForCausalLM`, with or without adapters.
        processor: processor of the model.
        samples: samples with `messages`, of which the last is the true answer and left out, and `time_series`. The
            model itself fills in the forecasts among them, whatever their `future_values`.
        batch_size: number of samples in a batch.
        max_new_tokens: largest number of tokens of an answer; more where an option has more.
        among_options: whether an answer to a question that offers options is one of them, word for word.

    Returns:
        The answers, stripped, in the order of the samples.
    """
    answers: list[str] = []
    was_training = model.training
    model.eval()
    for start in range(0, len(samples), batch_size):
        rows = [samples[row] for row in range(start, min(start + batch_size, len(samples)))]
        asked = [row["messages"][:-1] for row in rows]
        inputs = processor.apply_chat_template(
            asked,
            time_series=[row["time_series"] for row in rows],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            padding_side="left",
        ).to(model.device)
        length = inputs["input_ids"].shape[1]
        allowed = processor.among_options(asked, length) if among_options else None
        room = max_new_tokens if allowed is None else max(max_new_tokens, allowed.longest)
        options = {"max_new_tokens": room, "do_sample": False, "prefix_allowed_tokens_fn": allowed}
        # Weights that FSDP gathers in inference mode could not be trained afterwards.
        with torch.no_grad():
            generated = cast(Any, model).generate(**inputs, **options)
        new_tokens = generated[:, length:]
        answers += [text.strip() for text in processor.batch_decode(new_tokens, skip_special_tokens=True)]
    model.train(was_training)
    return answers


def generate_shared_answers(
    model: PreTrainedModel,
    processor: TimeSeriesProcessor,
    samples: Sequence[Mapping[str, Any]],
    arguments: Any,
) -> list[str]:
    """Generate the answers to all samples; each process generates a share and gets all.

    Args:
        model: a trained model.
        processor: processor of the model.
        samples: samples with `messages`, the answer last, and `time_series`.
        arguments: arguments of a trainer, with `per_device_eval_batch_size`, `max_new_tokens` and `among_options`.
    """
    answers = generate_answers(
        model,
        processor,
        [samples[row] for row in share_of_rows(len(samples), arguments)],
        arguments.per_device_eval_batch_size,
        arguments.max_new_tokens,
        arguments.among_options,
    )
    return gather_object(answers)[: len(samples)]


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


def _loading_arguments(model_arguments: ModelConfig) -> dict[str, Any]:
    """Arguments of `from_pretrained` for precision and attention."""
    if model_arguments.load_in_4bit or model_arguments.load_in_8bit:
        require("bitsandbytes", "quantization")
    arguments = {
        "dtype": model_arguments.dtype,
        "attn_implementation": model_arguments.attn_implementation,
        "quantization_config": get_quantization_config(model_arguments),
    }
    return {name: value for name, value in arguments.items() if value is not None}


def _check_start(config_arguments: Any, tslm_arguments: TSLMArguments, model_arguments: ModelConfig) -> None:
    """Refuse contradictory settings before a model is loaded."""
    if tslm_arguments.encoder_name_or_path is not None and config_arguments.encoder_config is not None:
        raise UserError(
            "encoder_name_or_path and encoder_config are both set; the first has its own, so set one of them."
        )
    if tslm_arguments.forecaster is not None and (model_arguments.load_in_4bit or model_arguments.load_in_8bit):
        raise UserError(
            "forecaster joins whole weights, and load_in_4bit or load_in_8bit quantizes them; leave one of them out."
        )
    source, is_described = model_arguments.model_name_or_path, config_arguments.text_config is not None
    if source is None and not is_described:
        raise UserError("neither model_name_or_path nor text_config is set; name a backbone, or describe a new one.")
    if source is not None and is_described:
        raise UserError("model_name_or_path and text_config are both set; the first has its own, so set one.")
    if source is None and (model_arguments.use_peft or "backbone" in tslm_arguments.freeze):
        raise UserError(
            "a new backbone must be trained in full; set model_name_or_path, or neither use_peft nor freeze it."
        )
    if model_arguments.use_peft and "backbone" in tslm_arguments.freeze:
        raise UserError("use_peft trains adapters in the backbone, and freeze names it; leave one out.")
    encoder = mapping(config_arguments.encoder_config, "encoder_config") or {}
    if (
        model_arguments.use_peft
        and "encoder" in tslm_arguments.freeze
        and encoder.get("model_type") == RandomConvolutionConfig.model_type
    ):
        raise UserError(
            "freeze names the encoder, and use_peft saves no frozen parts; leave it out, as this encoder is fitted to "
            "the data."
        )


def _joined(model: TSLMForCausalLM, processor: TimeSeriesProcessor, name: str) -> tuple[TSLM, TimeSeriesProcessor]:
    """Language model and processor, joined with a forecaster."""
    place = checkpoint_place(name)
    kind = AutoConfig.from_pretrained(place).model_type
    if kind != TSFusionConfig.model_type:
        raise UserError(f"forecaster is {name!r}, a model of type {kind!r}; give one of type tsfusion, or built-in.")
    forecaster = AutoModelForTimeSeriesPrediction.from_pretrained(place)
    extractor = AutoFeatureExtractor.from_pretrained(place)
    return TSFusionForCausalLM.from_parts(forecaster, model), TSFusionProcessor.from_parts(extractor, processor)


def build_tslm(
    config_arguments: Any,
    tslm_arguments: TSLMArguments,
    model_arguments: ModelConfig,
    fresh_folder: Path,
    texts: Iterable[str],
    is_writer: bool,
    derived: Mapping[str, Any] | None = None,
) -> tuple[TSLM, TimeSeriesProcessor]:
    """Build the model of a recipe and its processor.

    Args:
        config_arguments: fields of `TSLMConfig`, for a new model.
        tslm_arguments: the encoder, the forecaster, and the frozen parts.
        model_arguments: the backbone or a saved `TSLMForCausalLM` or `TSFusionForCausalLM`, its precision and
            adapters; without a name, a new backbone of `text_config` is made.
        fresh_folder: folder for a new backbone.
        texts: training texts for the tokenizer of a new backbone.
        is_writer: whether this process writes that folder; the others must come later.
        derived: fields of the configuration of a new model that go by the training samples.

    Raises:
        ValueError: for settings that contradict each other.
        OSError: there is no such language model.
    """
    _check_start(config_arguments, tslm_arguments, model_arguments)
    load = _loading_arguments(model_arguments)
    name = model_arguments.model_name_or_path
    source = str(fresh_folder) if name is None else find_text_model(name)
    if name is None:
        if is_writer:
            text_config = mapping(config_arguments.text_config, "text_config") or {}
            save_fresh_backbone(source, text_config, texts, [TIME_SERIES_TOKEN])
    elif (kind := AutoConfig.from_pretrained(source).model_type) in (TSLMConfig.model_type, TSFusionConfig.model_type):
        defaults = vars(type(config_arguments)())
        changed = [name for name, value in vars(config_arguments).items() if value != defaults[name]]
        if tslm_arguments.encoder_name_or_path is not None:
            changed.append("encoder_name_or_path")
        if tslm_arguments.forecaster is not None and kind == TSFusionConfig.model_type:
            changed.append("forecaster")
        if changed:
            raise UserError(f"{name} is a saved model with a configuration of its own; leave {changed[0]} out.")
        loaded: Any = AutoModelForCausalLM.from_pretrained(source, **load)
        processor = AutoProcessor.from_pretrained(source)
        if tslm_arguments.forecaster is not None:
            return _joined(loaded, processor, tslm_arguments.forecaster)
        return loaded, processor
    fields = {name: value for name, value in vars(config_arguments).items() if name != "text_config"}
    fields["encoder_config"] = mapping(fields["encoder_config"], "encoder_config")
    fields |= derived or {}
    model = TSLMForCausalLM.from_backbone(
        source, encoder=tslm_arguments.encoder_name_or_path, time_series_token=TIME_SERIES_TOKEN, config=fields, **load
    )
    texts_of_processor = {} if tslm_arguments.scale_text else {"scale_text": None}
    processor = TimeSeriesProcessor.from_backbone(
        source, model.config, time_series_token=TIME_SERIES_TOKEN, **texts_of_processor
    )
    if tslm_arguments.forecaster is not None:
        return _joined(model, processor, tslm_arguments.forecaster)
    return model, processor


def freeze_parts(model: TSLM, parts: Sequence[str | None]) -> None:
    """Exclude the parameters of some parts of a model from training."""
    for name, parameter in model.named_parameters():
        if part_of(name) in parts:
            parameter.requires_grad_(False)


def lora_config(model: TSLM, model_arguments: ModelConfig, freeze: Sequence[str]) -> PeftConfig | None:
    """`peft_config` of the trainer: adapters in the backbone, and the other trained parts saved beside them.

    A forecaster is saved there too, as it is: with the backbone, whose name the adapter holds, it makes a whole model.
    """
    config: Any = get_peft_config(model_arguments)
    if config is None:
        return None
    given = model_arguments.lora_target_modules
    given = [given] if isinstance(given, str) else given
    config.target_modules = lora_target_modules(model.config.get_text_config(), given)
    whole = [module for part in ("encoder", "projector") if part not in freeze for module in PARTS[part]]
    # peft cannot wrap a list of modules, but its members.
    present = dict(tslm_of(model).model.named_children())
    names = []
    for module in whole:
        if isinstance(present.get(module), nn.ModuleList):
            names += [f"model.{module}.{index}" for index in range(len(present[module]))]
        elif module in present:
            names.append(f"model.{module}")
    if isinstance(model, TSFusionForCausalLM):
        names += [f"model.{name}" for name, _ in model.model.named_children()]
        names += [name for name, _ in model.named_children() if name not in ("model", "tslm")]
    config.modules_to_save = names
    return config


def keep_4bit_differentiable(model: nn.Module) -> None:
    """Keep the layout of 4-bit layers on CPUs where bitsandbytes would change it at the first evaluation.

    The other layout has no gradient, and training would go on with wrong ones.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010


def restore_whole_modules(model: nn.Module) -> None:
    """Restore the precision of modules that are trained as a whole beside adapters.

    In a quantized model, SFTTrainer casts all trained parameters to bfloat16, which is meant for the adapters.
    """
    for module in model.modules():
        if isinstance(module, ModulesToSaveWrapper):
            original = module.original_module
            for trained in module.modules_to_save.values():
                trained.to(next(original.parameters()).dtype).load_state_dict(original.state_dict())


def load_adapters(model: PeftModel, folder: str | Path) -> None:
    """Load saved adapters, and the modules that were trained beside them, to train them on.

    Raises:
        ValueError: the adapters in the folder are of other modules than those of the model.
    """
    saved = load_peft_weights(str(folder), device="cpu")
    own = get_peft_model_state_dict(model, save_embedding_layers=False)
    if different := saved.keys() ^ own.keys():
        raise UserError(f"{folder}: the adapters are not those of this model, which differ in {min(different)}.")
    set_peft_model_state_dict(model, saved)


def _series_lengths(samples: Dataset) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, for batches of samples, the number of series of each and the length of each series."""
    # As Arrow arrays, because Python lists are slow.
    for batch in samples.select_columns("time_series").with_format("arrow").iter(1000):
        column = batch["time_series"].combine_chunks()
        yield column.value_lengths().to_numpy(), column.flatten().value_lengths().to_numpy()


def series_tokens(samples: Dataset, processor: TimeSeriesProcessor) -> list[int]:
    """Number of tokens of all series of each sample, to make batches of samples of similar size."""
    tokens: list[int] = []
    for counts, lengths in _series_lengths(samples):
        costs = {length: processor.series_extractor.num_tokens(int(length)) for length in np.unique(lengths)}
        totals = np.cumsum([0, *(costs[length] for length in lengths)])
        tokens += np.diff(totals[np.cumsum([0, *counts])]).tolist()
    return tokens


def group_stream(
    samples: IterableDataset, processor: TimeSeriesProcessor, batch_size: int, seed: int
) -> IterableDataset:
    """Stream whose batches hold samples of similar size, as those of `LengthGroupedSampler` do.

    Of so many samples that they fill `_GROUPED_BATCHES` batches, those with series of as many tokens come together;
    the batches come in random order.

    Args:
        samples: with `time_series`.
        processor: of the model.
        batch_size: samples in a batch of one process.
        seed: of the order of the batches.
    """

    def grouped(columns: dict[str, list], numbers: list[int]) -> dict[str, list]:
        costs = np.array(
            [
                sum(processor.series_extractor.num_tokens(len(one)) for one in series)
                for series in columns["time_series"]
            ]
        )
        rng = np.random.default_rng((seed, numbers[0]))
        # Of the same size in random order.
        order = np.lexsort((rng.random(len(costs)), costs))
        whole = len(order) // batch_size * batch_size
        batches = rng.permutation(order[:whole].reshape(-1, batch_size))
        rows = [*batches.ravel().tolist(), *order[whole:].tolist()]
        return {name: [column[row] for row in rows] for name, column in columns.items()}

    size = _GROUPED_BATCHES * batch_size
    return samples.map(grouped, with_indices=True, batched=True, batch_size=size, features=samples.features)


def _series_moments(samples: Dataset) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, for batches of samples, mean and standard deviation of each series; 0 is that of a constant one."""
    for batch in samples.select_columns("time_series").with_format("arrow").iter(1000):
        series = batch["time_series"].combine_chunks().flatten()
        lengths = series.value_lengths().to_numpy()
        rows = np.repeat(np.arange(len(lengths)), lengths)
        values = series.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
        rows, values = rows[~np.isnan(values)], values[~np.isnan(values)]
        counts = np.maximum(np.bincount(rows, minlength=len(lengths)), 1)
        means = np.bincount(rows, values, len(lengths)) / counts
        deviations = np.sqrt(np.bincount(rows, np.square(values - means[rows]), len(lengths)) / counts)
        yield means, np.where(is_constant(means, deviations), 0.0, deviations)


def training_scales(samples: Dataset) -> list[list[float]] | None:
    """Mean level and typical deviation of training samples, for `TSLMConfig`; None without any series.

    A pair for each place where all samples have as many series, else one for all. The typical deviation is the root
    mean square of those that are not constant, 1 where all are.

    Args:
        samples: with `time_series`.
    """
    counts = np.concatenate([counts for counts, _ in _series_lengths(samples)])
    means, deviations = (np.concatenate(parts) for parts in zip(*_series_moments(samples), strict=True))
    if not len(means):
        return None
    places = int(counts[0]) if (counts == counts[0]).all() else 1
    levels, squares = means.reshape(-1, places).mean(0), np.square(deviations).reshape(-1, places)
    varying = (squares > 0).sum(0)
    typical = np.where(varying, np.sqrt(squares.sum(0) / np.maximum(varying, 1)), 1.0)
    return np.stack((levels, typical), axis=-1).tolist()


def training_range(samples: Dataset, with_words: bool, with_scales: bool, most_questions: int = 5000) -> TrainingRange:
    """Extent of the prompts of training samples.

    Args:
        samples: with `messages` and `time_series`.
        with_words: whether to keep the words of the questions, those of the first `most_questions`.
        with_scales: whether to keep levels and scales of the series; for a model that reads them.
        most_questions: number of questions whose words are kept.
    """
    counts, lengths = (np.concatenate(parts) for parts in zip(*_series_lengths(samples), strict=True))
    scales: tuple[SeriesScale, ...] = ()
    if with_scales:
        scales = scales_of(counts, *(np.concatenate(parts) for parts in zip(*_series_moments(samples), strict=True)))
    texts = samples.select_columns("messages").take(min(most_questions, len(samples)))
    questions = (question for sample in texts for question in asked_in(sample["messages"]))
    return TrainingRange.of(counts, lengths, questions, with_words, scales)


def answer_table(answers: Sequence[str], samples: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Table of questions, their true answers, and the answers of a model.

    Args:
        answers: of the model.
        samples: of which the answers are, with `messages`, the true answer last.
    """

    def text_of(message: Mapping[str, Any]) -> str:
        return " ".join(part["text"] for part in message["content"] if part.get("text"))

    rows = [
        (questions_of(sample["messages"])[-1], text_of(sample["messages"][-1]), answer)
        for answer, sample in zip(answers, samples, strict=True)
    ]
    return pd.DataFrame(rows, columns=["question", "truth", "answer"])


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
            rows = sum(counts.sum() for part in (train_dataset, eval_dataset) for counts, _ in _series_lengths(part))
            stack.enter_context(cached_encoder(tslm_of(model).model.encoder, int(rows)))
        run_training(trainer)
    return trainer
