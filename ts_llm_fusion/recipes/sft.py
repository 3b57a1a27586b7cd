"""Recipe of the time-series language model: questions in, a checkpoint with its report out."""

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
from ..files import write_text
from ..hub.cards import answers_by_task
from ..hub.push import requested_publication
from ..plots import plot_shares, save_figure
from ..training.arguments import changed_settings
from ..training.runs import save_model, trained_parameters
from ..training.sft import (
    TSLMArguments,
    TSLMConfigArguments,
    TSLMTrainer,
    TSLMTrainingArguments,
    build_tslm,
    train_tslm,
)
from .endings import finish_run, save_run, versions
from .run_folder import check_run_folder

logger = logging.getLogger(__name__)

# The words of a recipe's questions are all in the first of them.
_TOKENIZER_SAMPLES = 5000
_PACKAGES = ("ts-llm-fusion", "torch", "transformers", "trl", "peft", "accelerate", "datasets")

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
    """JSON lines, one for each sample."""
    truths = [sample["answer"] for sample in samples]
    lines = [
        {
            **{name: sample[name] for name in ("id", "source", "task", "answer")},
            "prediction": answer,
            "exact_match": is_exact,
            "correct": is_correct,
        }
        for answer, sample, is_exact, is_correct in zip(
            answers, samples, exact_matches(answers, truths), label_matches(answers, truths), strict=True
        )
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _test(trainer: TSLMTrainer, data: QuestionData, output: Path) -> dict[str, dict[str, dict[str, float]]]:
    """The one look at the test split: as it is, and with the series of other samples where there are any."""
    variants = {"test": data.splits["test"]}
    if any(data.splits["test"][0]["time_series"]):
        variants["shuffled"] = shuffle_series(data.splits["test"], trainer.args.seed)
    found = {}
    for name, samples in variants.items():
        answers = trainer.generate_answers(samples)
        found[name] = task_metrics(answers, samples, data.labels)
        if trainer.is_world_process_zero():
            write_text(output / f"predictions_{name}.jsonl", prediction_lines(answers, samples))
    return found


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

    Args:
        question: the questions, and whether the encoder or the text holds their series.
        synthetic: settings of the synthetic questions.
        archive: settings of the classification archives.
        config_arguments: `TSLMConfigArguments`, the fields of `TSLMConfig`.
        tslm_arguments: the encoder, and parts that stay as they are.
        model_arguments: the language model and its adapters.
        arguments: of the Trainer; `push_to_hub` publishes the checkpoint at the end.
        recipe: what recipe.yaml holds; by default the settings that differ from their defaults.

    Returns:
        The contents of metrics.json, with the address of the pushed commit under "commit" where one was made; None on
        every process but the first.

    Raises:
        ValueError, OSError: for settings, questions or checkpoints that are not usable.
    """
    if recipe is None:
        # Before the Trainer: making default TrainingArguments resets the state that it shares.
        settings = (question, synthetic, archive, config_arguments, tslm_arguments, model_arguments, arguments)
        recipe = changed_settings(settings)
    check_run_folder(arguments, (model_arguments.model_name_or_path,))
    publication = requested_publication(arguments)
    output = Path(arguments.output_dir)
    data = prepare_questions(question, synthetic, archive)
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

    def answer_metrics(answers: Sequence[str], samples: Sequence[Mapping[str, Any]]) -> dict[str, float]:
        return overall_metrics(task_metrics(answers, samples, data.labels))

    start = time.perf_counter()
    trainer = train_tslm(
        model,
        processor,
        arguments,
        tslm_arguments,
        model_arguments,
        data.splits["train"],
        data.splits["validation"],
        answer_metrics,
    )
    seconds = time.perf_counter() - start
    trained = trainer.accelerator.unwrap_model(trainer.model)
    parameters = trained_parameters(trained)
    try:
        found = _test(trainer, data, output)
    finally:
        # After the test, which reads adapters as they were trained, and whether or not it fails.
        if trainer.is_world_process_zero():
            save_model(trained, output, model_arguments.model_name_or_path)
            processor.save_pretrained(output)
            save_run(output, trainer.state.log_history, recipe)
    if not trainer.is_world_process_zero():
        return None
    floors = evaluate_question_baselines(data)
    metrics = {
        "data": question.data,
        "series_as": question.series_as,
        "samples": {name: len(samples) for name, samples in data.splits.items()},
        **{name: overall_metrics(tasks) for name, tasks in found.items()},
        **{f"{name}_by_task": tasks for name, tasks in found.items()},
        "floors": {name: overall_metrics(tasks) for name, tasks in floors.items()},
        "floors_by_task": floors,
        "example_question": data.splits["train"][0]["messages"][0]["content"][0]["text"],
        "selected_on": arguments.metric_for_best_model,
        "best_validation": trainer.state.best_metric,
        **parameters,
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
    return finish_run(output, metrics, publication)
