"""Recipe of the time-series language model: from questions to a checkpoint with its report."""

import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import set_seed
from trl import ModelConfig

from ..data.qa.archives import ArchiveArguments
from ..data.qa.questions import QuestionArguments, prepare_questions
from ..data.qa.samples import QuestionData, sample_text, shuffle_series
from ..data.qa.synthetic import SYNTHETIC, SyntheticArguments
from ..evaluation.answers import exact_matches, label_matches, overall_metrics, task_metrics
from ..evaluation.question_baselines import evaluate_question_baselines
from ..families import BUILT_IN_NAME
from ..files import write_text
from ..hub.cards import answers_by_task
from ..modeling.modeling_tsfusion_causal_lm import TSFusionForCausalLM
from ..plots import plot_shares, save_figure
from ..processing.answer_checks import answer_fault, questions_of
from ..processing.processing_time_series import TimeSeriesProcessor
from ..requirements import versions
from ..training.runs import save_model, trained_parameters
from ..training.sft import (
    TSLM,
    TSLMArguments,
    TSLMConfigArguments,
    TSLMTrainer,
    TSLMTrainingArguments,
    build_tslm,
    train_tslm,
    training_range,
)
from .endings import RECIPE, TSLM_RECIPE, carry_recipe, finish_run, save_run, saved_report
from .run_folder import start_run

logger = logging.getLogger(__name__)

# Samples to train a tokenizer on; the questions of a recipe share their words.
_TOKENIZER_SAMPLES = 5000
_MOST_LEARNED_TOKENS = 5000
# Training samples that the baselines are fitted on at most, as a ridge classifier gains nothing from more.
_BASELINE_SAMPLES = 60000
_PACKAGES = ("transformers", "trl", "peft", "accelerate", "datasets")

# Settings of the recipe.
SFT_SETTINGS = (
    QuestionArguments,
    SyntheticArguments,
    ArchiveArguments,
    TSLMConfigArguments,
    TSLMArguments,
    ModelConfig,
    TSLMTrainingArguments,
)


def prediction_lines(answers: Sequence[str], samples: Sequence[Mapping[str, Any]]) -> str:
    """JSON lines of answers, one for each sample."""
    truths = [sample["answer"] for sample in samples]
    lines = [
        {
            **{name: sample[name] for name in ("id", "source", "task", "answer")},
            "prediction": answer,
            "exact_match": is_exact,
            "correct": is_correct,
            "fault": answer_fault(answer, questions_of(sample["messages"])[-1]),
        }
        for answer, sample, is_exact, is_correct in zip(
            answers, samples, exact_matches(answers, truths), label_matches(answers, truths), strict=True
        )
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _test(trainer: TSLMTrainer, data: QuestionData, output: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Metrics on the test split, and on the test split with the series of other samples if it has series."""
    variants = {"test": data.splits["test"]}
    if any(data.splits["test"][0]["time_series"]):
        variants["shuffled"] = shuffle_series(data.splits["test"], trainer.args.seed)
    found = {}
    for name, samples in variants.items():
        answers = trainer.generate_answers(samples)
        questions = (questions_of(sample["messages"])[-1] for sample in samples)
        faults = [fault for pair in zip(answers, questions, strict=True) if (fault := answer_fault(*pair))]
        if faults:
            logger.warning(
                "%s: %d of %d answers have a fault, the first: %s", name, len(faults), len(answers), faults[0]
            )
        found[name] = task_metrics(answers, samples, data.labels)
        if trainer.is_world_process_zero():
            write_text(output / f"predictions_{name}.jsonl", prediction_lines(answers, samples))
    return found


def _train(
    model: TSLM,
    processor: TimeSeriesProcessor,
    data: QuestionData,
    arguments: TSLMTrainingArguments,
    tslm_arguments: TSLMArguments,
    model_arguments: ModelConfig,
) -> TSLMTrainer:
    """Train, and select by the metrics of generated answers on validation."""

    def answer_metrics(answers: Sequence[str], samples: Sequence[Mapping[str, Any]]) -> dict[str, float]:
        return overall_metrics(task_metrics(answers, samples, data.labels))

    train, validation = data.splits["train"], data.splits["validation"]
    return train_tslm(model, processor, arguments, tslm_arguments, model_arguments, train, validation, answer_metrics)


def _results(data: QuestionData, found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    """Metrics of the model and of the baselines, over all questions and by task, with the counts of questions."""
    train = data.splits["train"]
    fitted = {**data.splits, "train": train.take(min(_BASELINE_SAMPLES, len(train)))}
    baselines = evaluate_question_baselines(QuestionData(fitted, data.labels))
    return {
        "samples": {name: len(samples) for name, samples in data.splits.items()},
        **{name: overall_metrics(tasks) for name, tasks in found.items()},
        **{f"{name}_by_task": tasks for name, tasks in found.items()},
        "baselines": {name: overall_metrics(tasks) for name, tasks in baselines.items()},
        "baselines_by_task": baselines,
        "example_question": train[0]["messages"][0]["content"][0]["text"],
    }


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
        question: the questions, and whether their series go to the encoder or into the text.
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
    recipe, publication = start_run(settings, recipe, inputs)
    output = Path(arguments.output_dir)
    data = prepare_questions(question, synthetic, archive, num_proc=arguments.dataset_num_proc)
    logger.info("%s: %s questions", question.data, {name: len(samples) for name, samples in data.splits.items()})
    set_seed(arguments.seed)
    with arguments.main_process_first(local=False):
        model, processor = build_tslm(
            config_arguments,
            tslm_arguments,
            model_arguments,
            output / "fresh_backbone",
            [sample_text(sample) for sample in data.splits["train"].take(_TOKENIZER_SAMPLES)],
            is_writer=arguments.process_index == 0,
        )
    # A larger vocabulary is that of a pretrained language model, which knows more words than these questions have.
    is_small = len(processor.tokenizer) <= _MOST_LEARNED_TOKENS
    processor.trained_on = training_range(data.splits["train"], with_words=is_small).to_dict()
    # Checkpoint of the forecaster, whose report and recipe go on beside those of the language model.
    start = (forecaster or model_arguments.model_name_or_path) if isinstance(model, TSFusionForCausalLM) else None
    start_time = time.perf_counter()
    trainer = _train(model, processor, data, arguments, tslm_arguments, model_arguments)
    seconds = time.perf_counter() - start_time
    trained = trainer.accelerator.unwrap_model(trainer.model)
    parameters = trained_parameters(trained)
    try:
        found = _test(trainer, data, output)
    finally:
        # After the test, as saving merges adapters, and even if the test fails.
        if trainer.is_world_process_zero():
            save_model(trained, output, model_arguments.model_name_or_path)
            processor.save_pretrained(output)
            save_run(output, trainer.state.log_history, recipe, RECIPE if start is None else TSLM_RECIPE)
    if not trainer.is_world_process_zero():
        return None
    metrics = {
        "data": question.data,
        "series_as": question.series_as,
        **_results(data, found),
        "selected_on": arguments.metric_for_best_model,
        "best_validation": trainer.state.best_metric,
        **parameters,
        "trained_on": {name: value for name, value in processor.trained_on.items() if name != "words"},
        "seconds": seconds,
        "seed": arguments.seed,
        "versions": versions(_PACKAGES),
        "recipe": {
            **vars(question),
            **vars(synthetic if question.data == SYNTHETIC else archive),
            **vars(config_arguments),
            **vars(tslm_arguments),
            "model_name_or_path": model_arguments.model_name_or_path,
            "max_new_tokens": arguments.max_new_tokens,
        },
    }
    figure = plot_shares(answers_by_task(metrics), f"{question.data}, test split: exact match")
    save_figure(figure, output / "plots" / "exact_match.png")
    if start is None:
        return finish_run(output, metrics, publication)
    carry_recipe(start, RECIPE, output, RECIPE)
    return finish_run(output, metrics, publication, {**saved_report(start), "tslm": metrics})
