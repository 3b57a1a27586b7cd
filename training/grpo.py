"""Reinforcement learning of the time-series language model on trl's GRPOTrainer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from datasets import Dataset
from torch import Tensor, nn
from trl import GRPOConfig, GRPOTrainer, ModelConfig

from ..processing.processing_time_series import TimeSeriesProcessor
from .run_time import ProcessorTimeLimit
from .runs import early_stopping
from .sft import AnswerDefaults, AnswerTraining, placeholder_out_of_fused_loss, track_answers
from .tslm_adapters import keep_4bit_differentiable, lora_config, restore_whole_modules
from .tslm_models import TSLM, freeze_parts, tslm_of

# Of the inputs of the model, those that say nothing of the series.
_TEXT_INPUTS = ("input_ids", "attention_mask")


@dataclass
class TSLMGRPOArguments(AnswerDefaults, GRPOConfig):  # type: ignore[misc]  # bf16 may be null here
    """`GRPOConfig` with the settings of answers."""

    output_dir: str = field(default="outputs/grpo", metadata={"help": "Folder of the checkpoint and its report."})
    freeze: list[str] = field(
        default_factory=list, metadata={"help": "Parts to exclude from training: encoder, projector, backbone."}
    )
    per_device_train_batch_size: int = field(
        default=64, metadata={"help": "Answers in a training batch, num_generations of them to a question."}
    )
    num_generations_eval: int | None = field(
        default=1, metadata={"help": "Answers that are sampled to a validation question, beside the greedy one."}
    )
    max_completion_length: int | None = field(
        default=32, metadata={"help": "Largest number of tokens of a sampled answer."}
    )
    learning_rate: float = field(default=1e-5, metadata={"help": "Peak learning rate of the backbone or of LoRA."})


def prompt_with_series(sample: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Messages before the answer of a sample, each series in its part."""
    series = iter(sample["time_series"])
    return [
        {
            "role": message["role"],
            "content": [
                {"type": "time_series", "time_series": next(series)} if part["type"] == "time_series" else part
                for part in message["content"]
            ],
        }
        for message in sample["messages"][:-1]
    ]


class TSLMGRPOTrainer(AnswerTraining, GRPOTrainer):
    """GRPOTrainer whose prompts hold series.

    GRPOTrainer carries images from the processor to the loss by the names of their tensors; the series of the answers
    that are scored take their way here. A reward function gets every column of the samples, the series among them.

    Args:
        model: a `TSLMForCausalLM` or `TSFusionForCausalLM`.
        *args: arguments of [`AnswerTraining`] and `GRPOTrainer`.
        **kwargs: arguments of [`AnswerTraining`] and `GRPOTrainer`.
    """

    def __init__(self, model: TSLM, *args: Any, **kwargs: Any):
        self._series: dict[str, Tensor] = {}
        # GRPOTrainer keeps a model from writing the placeholder of an image, which it finds by this name.
        config = model.config
        config.image_token_id = tslm_of(model).config.time_series_token_id
        super().__init__(model, *args, **kwargs)
        del config.image_token_id

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """Sample answers and their advantages, with the series of their prompts."""
        scored = super()._generate_and_score_completions(
            [{**sample, "prompt": prompt_with_series(sample)} for sample in inputs]
        )
        return {**scored, **self._series}

    def _tokenize_prompts(self, prompts: list[Any]) -> tuple[list[list[int]], None, dict[str, Tensor]]:
        """Tokens of the prompts, no images, and the tensors of their series."""
        inputs = self.processing_class.apply_chat_template(
            prompts,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            **cast(Any, self.chat_template_kwargs),
        )
        rows = zip(inputs["input_ids"], inputs["attention_mask"].bool(), strict=True)
        fields = {name: value for name, value in inputs.items() if name not in _TEXT_INPUTS}
        self._series = {name: value.to(self.accelerator.device) for name, value in fields.items()}
        return [ids[mask].tolist() for ids, mask in rows], None, fields

    def _get_per_token_logps_and_entropies(
        self,
        model: nn.Module,
        input_ids: Tensor,
        attention_mask: Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        **images: Any,
    ) -> tuple[Tensor, Tensor | None, None]:
        """Log-probabilities of the answers, (batch, logits_to_keep), and their entropies, with the series read."""
        log_probabilities, entropies = [], []
        with placeholder_out_of_fused_loss(self.accelerator.unwrap_model(model)):
            for rows in torch.arange(len(input_ids)).split(batch_size or len(input_ids)):
                ids, mask = input_ids[rows], attention_mask[rows]
                labels = ids.masked_fill(mask == 0, -100)
                labels[:, :-logits_to_keep] = -100
                series = {name: value[rows] for name, value in self._series.items()}
                with self.accelerator.autocast():
                    outputs = model(input_ids=ids, attention_mask=mask, labels=labels, fused_lm_head=True, **series)
                log_probabilities.append(outputs.log_probs[:, -logits_to_keep:])
                entropies.append(outputs.entropy[:, -logits_to_keep:])
        return torch.cat(log_probabilities), torch.cat(entropies) if compute_entropy else None, None

    def _compute_loss(self, model: nn.Module, inputs: dict[str, Any]) -> Tensor:
        self._series = {name: inputs[name] for name in self._series}
        return super()._compute_loss(model, inputs)


def make_grpo_trainer(
    model: TSLM,
    processor: TimeSeriesProcessor,
    arguments: TSLMGRPOArguments,
    model_arguments: ModelConfig,
    rewards: Sequence[Callable[..., list[float | None]]],
    train_dataset: Dataset,
    eval_dataset: Dataset,
    answer_metrics: Callable[[Sequence[str], Sequence[Mapping[str, Any]]], dict[str, float]],
) -> TSLMGRPOTrainer:
    """Make the trainer of a model on the rewards of its own answers, which keeps the best on `eval_dataset`.

    Args:
        model: a trained model.
        processor: processor of the model.
        arguments: arguments of the trainer.
        model_arguments: adapters.
        rewards: functions that score answers, as `GRPOTrainer` takes them.
        train_dataset: samples with `messages`, the answer last, and `time_series`.
        eval_dataset: such samples to select the checkpoint on.
        answer_metrics: (answers, samples) -> metric -> value.

    Raises:
        ValueError: if model and processor do not match.
    """
    processor.check_model(model.config)
    freeze_parts(model, [*arguments.freeze, None])
    keep_4bit_differentiable(model)
    callbacks = early_stopping(arguments)
    if arguments.max_seconds is not None:
        callbacks.append(ProcessorTimeLimit(arguments.max_seconds))
    trainer = TSLMGRPOTrainer(
        model,
        list(rewards),
        args=arguments,
        train_dataset=train_dataset,
        eval_dataset=eval_dataset,
        processing_class=processor,
        callbacks=callbacks,
        peft_config=lora_config(model, model_arguments, arguments.freeze),
        answer_metrics=answer_metrics,
    )
    restore_whole_modules(trainer.model)
    track_answers(trainer, eval_dataset)
    return trainer
