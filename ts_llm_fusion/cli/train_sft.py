"""`ts-llm-fusion train sft`: a recipe in, a language model that reads series and its report out."""

import json
import logging
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from transformers import set_seed
from trl import ModelConfig

from ..data.questions import SYNTHETIC, QuestionArguments, prepare_questions
from ..data.samples import QuestionData, sample_text, shuffle_series
from ..data.synthetic_qa import SyntheticArguments
from ..data.tsc import ArchiveArguments
from ..evaluation.answers import exact_matches, label_matches, overall_metrics, task_metrics
from ..evaluation.question_baselines import question_floors
from ..files import write_json, write_text, write_yaml
from ..hub.cards import answers_by_task, answers_table, model_card
from ..hub.push import publish, requested_publication
from ..plots import plot_shares, save_figure
from ..training.arguments import RecipeParser, effective_recipe
from ..training.runs import save_model, trained_parameters
from ..training.sft import (
    TSLMArguments,
    TSLMConfigArguments,
    TSLMTrainer,
    TSLMTrainingArguments,
    build_tslm,
    train_tslm,
)
from .runs import check_run_folder

logger = logging.getLogger(__name__)

# The words of a recipe's questions are all in the first of them.
_TOKENIZER_SAMPLES = 5000
_PACKAGES = ("ts-llm-fusion", "torch", "transformers", "trl", "peft", "accelerate", "datasets")


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


def main(args: Sequence[str]) -> None:
    """Runs the command."""
    parser = RecipeParser(
        [
            QuestionArguments,
            SyntheticArguments,
            ArchiveArguments,
            TSLMConfigArguments,
            TSLMArguments,
            ModelConfig,
            TSLMTrainingArguments,
        ]
    )
    parsed = parser.parse_recipe(args)
    question, synthetic, archive, config_arguments, tslm_arguments, model_arguments, arguments = parsed
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
    found = _test(trainer, data, output)
    if not trainer.is_world_process_zero():
        return
    trained = trainer.accelerator.unwrap_model(trainer.model)
    parameters = trained_parameters(trained)
    save_model(trained, output, model_arguments.model_name_or_path)
    processor.save_pretrained(output)
    floors = question_floors(data)
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
        "versions": {package: version(package) for package in _PACKAGES},
        "recipe": {
            **vars(question),
            **vars(synthetic if question.data == SYNTHETIC else archive),
            **vars(config_arguments),
            **vars(tslm_arguments),
            "model_name_or_path": model_arguments.model_name_or_path,
            "max_new_tokens": arguments.max_new_tokens,
        },
    }
    write_json(output / "log_history.json", trainer.state.log_history)
    write_json(output / "metrics.json", metrics)
    write_yaml(output / "recipe.yaml", effective_recipe(args, parsed))
    figure = plot_shares(answers_by_task(metrics), f"{question.data}, test split: exact match")
    save_figure(figure, output / "plots" / "exact_match.png")
    write_text(output / "README.md", str(model_card(output, str(output))))
    print(
        f"\n{question.data}: test split, {len(data.splits['test'])} questions, {seconds:.0f} s of training\n"
        f"{answers_table(metrics)}\n\nEverything is in {output}"
    )
    if publication is not None:
        print(f"Pushed: {publish(output, publication)}")
