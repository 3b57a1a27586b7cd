"""Recipe of the time-series language model: from questions to a checkpoint with its report."""

import logging
import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datasets import Dataset, IterableDataset, concatenate_datasets
from transformers import set_seed
from transformers.trainer_utils import IntervalStrategy, SaveStrategy
from trl import ModelConfig

from ..data.qa.archives import ArchiveArguments
from ..data.qa.questions import (
    QuestionArguments,
    StreamedQuestionArguments,
    is_classification,
    prepare_questions,
    stream_questions,
)
from ..data.qa.samples import QuestionData, sample_text
from ..data.qa.synthetic import SYNTHETIC, SyntheticArguments
from ..errors import UserError
from ..evaluation.answers import overall_metrics, task_metrics
from ..families import BUILT_IN_NAME
from ..hub.cards import answers_by_task
from ..hub.push import Publication
from ..modeling.configuration_random_convolutions import RandomConvolutionConfig
from ..modeling.modeling_random_convolutions import RandomConvolutionModel
from ..modeling.modeling_tsfusion_causal_lm import TSFusionForCausalLM
from ..plots import plot_shares, save_figure
from ..processing.answer_checks import TrainingRange
from ..processing.processing_time_series import TimeSeriesProcessor
from ..requirements import versions
from ..training.arguments import mapping
from ..training.question_samples import training_range, training_scales
from ..training.random_convolutions import fit_random_convolutions, random_convolutions_for
from ..training.run_time import earlier_seconds
from ..training.runs import save_model, trained_parameters
from ..training.sft import TSLMTrainer, TSLMTrainingArguments, train_tslm
from ..training.tslm_models import TSLM, TSLMArguments, TSLMConfigArguments, build_tslm, tslm_of
from .answering import answer_results, answer_splits, questions_seen, room_for_labels
from .endings import RECIPE, TSLM_RECIPE, carry_recipe, finish_run, save_run, saved_report
from .run_folder import FRESH_BACKBONE, start_run

logger = logging.getLogger(__name__)

# Samples to train a tokenizer on; the questions of a recipe share their words.
_TOKENIZER_SAMPLES = 5000
_MOST_LEARNED_TOKENS = 5000
_PACKAGES = ("transformers", "trl", "peft", "accelerate", "datasets")

# Settings of the recipe.
SFT_SETTINGS = (
    StreamedQuestionArguments,
    SyntheticArguments,
    ArchiveArguments,
    TSLMConfigArguments,
    TSLMArguments,
    ModelConfig,
    TSLMTrainingArguments,
)


def _labels(data: QuestionData) -> list[str]:
    """All labels of all tasks."""
    return sorted({label for known in data.labels.values() for label in known or ()})


def build_model(settings: Sequence[Any], data: QuestionData, fresh_folder: Path) -> tuple[TSLM, TimeSeriesProcessor]:
    """Build the model of a recipe, by the size and the scales of its training split where the model goes by them.

    Args:
        settings: those of `SFT_SETTINGS`.
        data: questions.
        fresh_folder: folder for a new backbone.
    """
    *_, config_arguments, tslm_arguments, model_arguments, arguments = settings
    samples = data.splits["train"]
    encoder = mapping(config_arguments.encoder_config, "encoder_config") or {}
    if encoder.get("model_type") == RandomConvolutionConfig.model_type:
        encoder = random_convolutions_for(encoder, samples, len(_labels(data)), arguments.seed)
        config_arguments = replace(config_arguments, encoder_config=encoder)
    # Synthetic series are drawn at any level and scale.
    has_scales = config_arguments.scale_embedding and SYNTHETIC not in samples.unique("source")
    derived = {"training_scales": training_scales(samples)} if has_scales else {}
    set_seed(arguments.seed)
    with arguments.main_process_first(local=False):
        return build_tslm(
            config_arguments,
            tslm_arguments,
            model_arguments,
            fresh_folder,
            [sample_text(sample) for sample in samples.take(min(_TOKENIZER_SAMPLES, len(samples)))],
            is_writer=arguments.process_index == 0,
            derived=derived,
        )


def set_range(processor: TimeSeriesProcessor, samples: Dataset, earlier: Mapping[str, Any] | None = None) -> None:
    """Set the range of the training.

    Args:
        processor: of the model.
        samples: training samples.
        earlier: range of the training before, which is joined with it.
    """
    # A larger vocabulary is that of a pretrained language model, which knows more words than these questions have.
    is_small = len(processor.tokenizer) <= _MOST_LEARNED_TOKENS
    # Synthetic series are drawn at any level and scale, so that those of others are no reason for doubt.
    with_scales = processor.reads_scales and SYNTHETIC not in samples.unique("source")
    found = training_range(samples, is_small, with_scales)
    if earlier is not None:
        found = found.joined(TrainingRange.from_dict(earlier))
    processor.trained_on = found.to_dict()


def fit_encoder(
    model: TSLM, processor: TimeSeriesProcessor, config_arguments: Any, data: QuestionData, samples: Dataset
) -> None:
    """Fit an encoder of random convolutions that is not that of a saved model.

    Args:
        model: before its training on the samples.
        processor: of the model.
        config_arguments: `TSLMConfigArguments`; without an `encoder_config`, the encoder stays.
        data: questions.
        samples: training samples.
    """
    encoder = tslm_of(model).model.encoder
    if config_arguments.encoder_config is not None and isinstance(encoder, RandomConvolutionModel):
        fit_random_convolutions(encoder, processor.series_extractor, samples, _labels(data))


def _global_batch(arguments: TSLMTrainingArguments) -> int:
    """Samples of a step in all processes."""
    return arguments.train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size


def _refit_arguments(arguments: TSLMTrainingArguments, steps: int) -> TSLMTrainingArguments:
    """Arguments of a training of so many steps without validation."""
    changed = copy(arguments)
    changed.max_steps = steps
    changed.eval_strategy, changed.save_strategy = IntervalStrategy.NO, SaveStrategy.NO
    changed.load_best_model_at_end, changed.early_stopping_patience = False, None
    changed.resume_from_checkpoint = changed.max_seconds = None
    return changed


def _train(
    model: TSLM,
    processor: TimeSeriesProcessor,
    data: QuestionData,
    arguments: TSLMTrainingArguments,
    tslm_arguments: TSLMArguments,
    model_arguments: ModelConfig,
    train: Dataset | IterableDataset,
    adapters: Path | None = None,
) -> TSLMTrainer:
    """Train, and select by the metrics of generated answers on validation."""

    def answer_metrics(answers: Sequence[str], samples: Sequence[Mapping[str, Any]]) -> dict[str, float]:
        return overall_metrics(task_metrics(answers, samples, data.labels))

    return train_tslm(
        model,
        processor,
        arguments,
        tslm_arguments,
        model_arguments,
        train,
        data.splits["validation"],
        answer_metrics,
        adapters,
    )


@dataclass(frozen=True)
class Earlier:
    """Training before a run, beside the weights that it starts from.

    Args:
        trained_on: range of that training, as its processor has it.
        adapters: folder of adapters to train on; new ones by default.
        samples: training samples of it to train on again.
        origin: name of the model that it started from, None for a new backbone.
    """

    trained_on: Mapping[str, Any] | None = None
    adapters: Path | None = None
    samples: Dataset | None = None
    origin: str | None = None


def _with_earlier(samples: Dataset, earlier: Earlier) -> Dataset:
    """Training samples, those of an earlier training among them."""
    return samples if earlier.samples is None else concatenate_datasets([samples, earlier.samples])


def train_on_questions(
    settings: Sequence[Any],
    data: QuestionData,
    recipe: Mapping[str, Any],
    publication: Publication | None = None,
    earlier: Earlier | None = None,
    stream: IterableDataset | None = None,
) -> dict[str, Any] | None:
    """Train, select on validation, test once, and save the checkpoint with its report; see `run_sft_recipe`.

    Args:
        settings: those of `SFT_SETTINGS`, with a folder that is checked.
        data: questions.
        recipe: contents of recipe.yaml.
        publication: options of the push, or None.
        earlier: training that goes on; none by default.
        stream: samples to train on; those of the training split by default.
    """
    question, synthetic, archive, config_arguments, tslm_arguments, model_arguments, arguments = settings
    earlier = earlier or Earlier(origin=model_arguments.model_name_or_path)
    output = Path(arguments.output_dir)
    logger.info("%s: %s questions", question.data, {name: len(samples) for name, samples in data.splits.items()})
    start_time = time.perf_counter()
    samples = data.splits["train"]
    model, processor = build_model(settings, data, output / FRESH_BACKBONE)
    arguments = copy(arguments)
    arguments.max_new_tokens = room_for_labels(processor, data.labels, arguments.max_new_tokens)
    set_range(processor, samples, earlier.trained_on)
    fit_encoder(model, processor, config_arguments, data, samples)
    # Checkpoint of the forecaster, whose report and recipe go on beside those of the language model.
    whole = tslm_arguments.forecaster or model_arguments.model_name_or_path
    start = whole if isinstance(model, TSFusionForCausalLM) else None
    common = (tslm_arguments, model_arguments)
    trained_on = _with_earlier(samples, earlier) if stream is None else stream
    trainer = _train(model, processor, data, arguments, *common, trained_on, earlier.adapters)
    start_time -= earlier_seconds(trainer)
    best_validation, log_history = trainer.state.best_metric, trainer.state.log_history
    seen = questions_seen(trainer) if stream is None else trainer.state.global_step * _global_batch(arguments)
    if arguments.refit:
        samples = concatenate_datasets([samples, data.splits["validation"]])
        steps = trainer.state.best_global_step or trainer.state.global_step
        logger.info("training goes on with all %d samples, %d steps", len(samples), steps)
        set_range(processor, samples, earlier.trained_on)
        fit_encoder(model, processor, config_arguments, data, samples)
        refit_arguments = _refit_arguments(arguments, steps)
        trainer = _train(model, processor, data, refit_arguments, *common, _with_earlier(samples, earlier))
        log_history = [*log_history, *trainer.state.log_history]
        seen += questions_seen(trainer)
    seconds = time.perf_counter() - start_time
    trained = trainer.whole_model()
    parameters = trained_parameters(trained)
    try:
        found = answer_splits(trainer, data, output)
    finally:
        # After the test, as saving merges adapters, and even if the test fails.
        if trainer.is_world_process_zero():
            save_model(trained, output, model_arguments.model_name_or_path)
            processor.save_pretrained(output)
            save_run(output, log_history, recipe, RECIPE if start is None else TSLM_RECIPE)
    if not trainer.is_world_process_zero():
        return None
    metrics = {
        "data": question.data,
        "series_as": question.series_as,
        **answer_results(data, samples, found, is_classification(question.data)),
        "selected_on": arguments.metric_for_best_model,
        "best_validation": best_validation,
        "trained_steps": trainer.state.global_step,
        "questions_seen": seen,
        **parameters,
        "trained_on": {name: value for name, value in (processor.trained_on or {}).items() if name != "words"},
        "seconds": seconds,
        "seed": arguments.seed,
        "versions": versions(_PACKAGES),
        "recipe": {
            **vars(question),
            **vars(synthetic if question.data == SYNTHETIC else archive),
            **vars(config_arguments),
            **vars(tslm_arguments),
            "model_name_or_path": earlier.origin,
            "max_new_tokens": arguments.max_new_tokens,
            "among_options": arguments.among_options,
        },
    }
    figure = plot_shares(answers_by_task(metrics), f"{question.data}, test split: exact match")
    save_figure(figure, output / "plots" / "exact_match.png")
    if start is None:
        return finish_run(output, metrics, publication)
    carry_recipe(start, RECIPE, output, RECIPE)
    return finish_run(output, metrics, publication, {**saved_report(start), "tslm": metrics})


def run_sft_recipe(
    question: QuestionArguments,
    synthetic: SyntheticArguments,
    archive: ArchiveArguments,
    config_arguments: Any,
    tslm_arguments: TSLMArguments,
    model_arguments: ModelConfig,
    arguments: TSLMTrainingArguments,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Train, select on validation, test once, and save the checkpoint with its report in `arguments.output_dir`.

    Result and errors are those of `run_forecaster_recipe`, and an ImportError without bitsandbytes where it is needed.

    Args:
        question: the questions, and whether their series go to the encoder or into the text;
            `StreamedQuestionArguments` for more training questions than memory or disk hold.
        synthetic: settings of the synthetic questions.
        archive: settings of the classification archives.
        config_arguments: `TSLMConfigArguments`, the fields of `TSLMConfig`.
        tslm_arguments: the encoder, the forecaster, and the frozen parts.
        model_arguments: the language model and its adapters.
        arguments: arguments of the Trainer; `push_to_hub` publishes the checkpoint at the end.
        recipe: contents of recipe.yaml; by default the settings that differ from their defaults.

    Example:

    ```python
    >>> metrics = run_sft_recipe(
    ...     QuestionArguments(data="synthetic"),
    ...     SyntheticArguments(tasks=["trend"], num_train=1000),
    ...     ArchiveArguments(),
    ...     TSLMConfigArguments(),
    ...     TSLMArguments(),
    ...     ModelConfig(model_name_or_path="HuggingFaceTB/SmolLM2-135M-Instruct", use_peft=True),
    ...     TSLMTrainingArguments(output_dir="outputs/trend"),
    ... )
    >>> metrics["test"]["exact_match"], metrics["baselines"]["majority"]["exact_match"]
    ```
    """
    settings = (question, synthetic, archive, config_arguments, tslm_arguments, model_arguments, arguments)
    forecaster = tslm_arguments.forecaster
    inputs = (model_arguments.model_name_or_path, None if forecaster == BUILT_IN_NAME else forecaster)
    if arguments.refit and model_arguments.use_peft:
        raise UserError("refit goes on with a whole model, and use_peft trains adapters; leave one of them out.")
    is_streamed = isinstance(question, StreamedQuestionArguments) and question.streaming
    if is_streamed and arguments.max_steps < 1:
        raise UserError("streaming goes on without end; set max_steps, the number of training steps.")
    if is_streamed and arguments.refit:
        raise UserError("refit trains on validation samples too, which a stream does not hold; leave one of them out.")
    recipe, publication = start_run(settings, recipe, inputs)
    sources, num_proc = (synthetic, archive), arguments.dataset_num_proc
    if isinstance(question, StreamedQuestionArguments) and question.streaming:
        seed = arguments.seed if arguments.data_seed is None else arguments.data_seed
        data, stream = stream_questions(question, *sources, seed, num_proc)
        return train_on_questions(settings, data, recipe, publication, stream=stream)
    data = prepare_questions(question, *sources, num_proc=num_proc)
    return train_on_questions(settings, data, recipe, publication)
