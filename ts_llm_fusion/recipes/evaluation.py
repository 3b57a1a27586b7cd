"""Evaluation of saved checkpoints and baselines on the test split of a set."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoModelForCausalLM, AutoProcessor

from ..baselines.table import BASELINES, check_fitted
from ..checkpoints import check_checkpoint, load_part
from ..data.qa.archives import ArchiveArguments
from ..data.qa.questions import QuestionArguments, is_classification, prepare_questions
from ..data.qa.samples import shuffle_series
from ..data.qa.synthetic import SyntheticArguments
from ..data.series.preparation import DataArguments, PreparedData, prepare
from ..errors import UserError
from ..evaluation.answers import overall_metrics, task_metrics
from ..evaluation.baselines import WindowArguments, evaluate_on_test, forecast_task
from ..evaluation.forecasters import chosen_windows, evaluate_forecaster
from ..evaluation.published import published_answers, published_forecasts
from ..evaluation.question_baselines import any_option, evaluate_question_baselines
from ..families import BUILT_IN_NAME, find_family
from ..files import check_output_folder, write_text
from ..forecasting import load_forecaster, model_order
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from ..training.answers import generate_answers
from ..training.runs import trained_parameters
from .answering import answer_faults, prediction_lines, room_for_labels

logger = logging.getLogger(__name__)

# forecaster or model -> metric -> value
Rows = dict[str, dict[str, float]]


@dataclass
class EvaluationArguments:
    """Checkpoints to evaluate, and the folder of the results."""

    models: list[str] | None = field(
        default=None,
        metadata={
            "help": "Folders or Hub names of checkpoints. Series have built-in, too: the forecaster that needs no "
            "training, and the default."
        },
    )
    output_dir: str = field(default="outputs/evaluation", metadata={"help": "Folder of the results."})
    overwrite: bool = field(default=False, metadata={"help": "Overwrite the results of another evaluation."})
    json: bool = field(default=False, metadata={"help": "Print the contents of evaluation.json, not the table."})


@dataclass
class ForecastArguments:
    """Windows to evaluate forecasters on, and baselines beside them."""

    baselines: list[str] | None = field(
        default=None,
        metadata={
            "help": "Baselines without settings, such as flair or auto_ets; an unknown name lists all. By default "
            "repeat_last and ridge, and seasonal_naive from rolling origins."
        },
    )
    context_length: int | None = field(
        default=None,
        metadata={
            "help": "Look-back of the baselines; the longest of the trained models by default, 96 where there is none."
        },
    )
    prediction_length: int | None = field(
        default=None,
        metadata={
            "help": "Horizon (also --horizon); by default that of the trained models, the shortest that is published "
            "for the set, or a season.",
            "aliases": "--horizon",
        },
    )
    test_stride: int = field(default=1, metadata={"help": "Steps between two evaluated test windows."})


@dataclass
class AnswerArguments:
    """Settings of answer generation."""

    batch_size: int = field(default=64, metadata={"help": "Questions answered at a time."})
    max_new_tokens: int = field(default=32, metadata={"help": "Largest number of tokens of an answer."})
    among_options: bool = field(
        default=False,
        metadata={"help": "Whether an answer to a question that offers options is one of them, word for word."},
    )
    seed: int = field(default=0, metadata={"help": "Seed of the drawing of other samples' series for questions."})


# Settings of `evaluate_forecasters`, and of `evaluate_answers`.
FORECAST_SETTINGS = (EvaluationArguments, DataArguments, ForecastArguments)
ANSWER_SETTINGS = (EvaluationArguments, QuestionArguments, SyntheticArguments, ArchiveArguments, AnswerArguments)


def check_evaluation_output(arguments: EvaluationArguments, others: Sequence[str] = ()) -> None:
    """Check that the results, and other files, can be written; raises OSError and ValueError if not."""
    answers = [f"predictions_{number}*.jsonl" for number, _ in enumerate(arguments.models or (), start=1)]
    check_output_folder(
        arguments.output_dir, ("evaluation.json", "evaluation.md", *answers, *others), overwrite=arguments.overwrite
    )


def _lengths(data: str, forecast: ForecastArguments, configs: Mapping[str, Any]) -> tuple[int, int]:
    """Look-back of the baselines and horizon, in steps."""
    trained = [config for config in configs.values() if not find_family(config.model_type, data).any_history]
    horizons = {config.prediction_length for config in trained or configs.values()}
    published = published_forecasts(data)["horizon"]
    horizon = forecast.prediction_length
    if horizon is None and not trained and len(published):
        horizon = int(published.min())
    if horizon is None:
        if len(horizons) != 1:
            given = f"the models have {sorted(horizons)}" if horizons else "there is no model to take it from"
            raise UserError(f"prediction_length is not set and {given}; set it.")
        horizon = horizons.pop()
    if forecast.context_length is not None:
        return forecast.context_length, horizon
    return max((config.context_length for config in trained), default=WindowArguments.context_length), horizon


def _baseline_rows(data: PreparedData, horizon: int, names: Sequence[str], test: Any) -> Rows:
    check_fitted(names)
    task = forecast_task(data, horizon)
    return {name: evaluate_forecaster(BASELINES[name].make(task), test) for name in names}


def _with_covariates_of(data: DataArguments, extractors: Iterable[ForecastFeatureExtractor]) -> DataArguments:
    """Settings in which the covariates of checkpoints are no series to forecast."""
    given = [*data.known_covariates, *data.past_covariates, *data.static_covariates]
    names = {name: None for extractor in extractors if extractor.covariates for name in extractor.covariates.names}
    return replace(data, known_covariates=data.known_covariates + [name for name in names if name not in given])


def evaluate_forecasters(
    arguments: EvaluationArguments, data_arguments: DataArguments, forecast: ForecastArguments
) -> dict[str, Any]:
    """Errors of checkpoints and baselines on the test split, in units of the training split's standard deviation.

    All forecasters forecast the same steps; each model looks back as far as it was made for. A model that was trained
    with covariates gets them, encoded as in its training; baselines ignore them.

    Returns:
        The errors by forecaster under "results", with settings, counts of windows and published errors.

    Raises:
        ValueError, OSError: for a checkpoint, series or settings that are not usable.
    """
    check_evaluation_output(arguments)
    names = [BUILT_IN_NAME] if arguments.models is None else arguments.models
    models = {name: load_forecaster(name) for name in names}
    configs = {name: model.config for name, (model, _) in models.items()}
    context_length, horizon = _lengths(data_arguments.zero_shot or data_arguments.data, forecast, configs)
    data_arguments = _with_covariates_of(data_arguments, [extractor for _, extractor in models.values()])
    data = prepare(data_arguments, context_length, horizon)
    data.tested.check_targets("test")
    columns = data.tested.source.series.columns
    orders = {name: model_order(model.config, extractor, columns) for name, (model, extractor) in models.items()}
    test = chosen_windows(data.tested.splits["test"], forecast.test_stride)
    baselines = ["repeat_last", "ridge"] if forecast.baselines is None else forecast.baselines
    rows = _baseline_rows(data, horizon, baselines, test)
    seconds, parameters = {}, {}
    for name, (model, extractor) in models.items():
        start = time.perf_counter()
        rows[name] = evaluate_on_test(
            model, data.tested, orders[name], forecast.test_stride, covariates=extractor.covariates
        )
        seconds[name] = time.perf_counter() - start
        parameters[name] = trained_parameters(model)["parameters_total"]
    published = published_forecasts(data.tested.source.name)
    published = published[published["horizon"] == horizon]
    return {
        "data": data.source.name,
        "tested_on": data.tested.source.name,
        "context_length": context_length,
        "prediction_length": horizon,
        "windows": len(test),
        "all_windows": len(data.tested.splits["test"]),
        "results": rows,
        "seconds": seconds,
        "parameters": parameters,
        "published": {
            f"{model} (published)": {"mse": mse, "mae": mae}
            for model, mse, mae in zip(published["model"], published["mse"], published["mae"], strict=True)
        },
    }


def evaluate_answers(
    arguments: EvaluationArguments,
    question: QuestionArguments,
    synthetic: SyntheticArguments,
    archive: ArchiveArguments,
    answer: AnswerArguments,
) -> dict[str, Any]:
    """Metrics of generated answers and naive baselines on the test split; of each model also with shuffled series.

    Writes predictions_*.jsonl in `arguments.output_dir`.

    Returns:
        The metrics by model under "results" and, for each kind of question, "by_task", with settings, counts and
        published metrics.

    Raises:
        ValueError, OSError: for a checkpoint, questions or settings that are not usable.
    """
    check_evaluation_output(arguments)
    names = arguments.models or []
    for name in names:
        check_checkpoint(name)
        config = load_part(AutoConfig, name)
        if getattr(config, "tslm_config", None) is None:  # a forecaster may have a language model
            find_family(config.model_type, name, ["question-answering"])
    data = prepare_questions(question, synthetic, archive, needed=("test",))
    test = data.splits["test"]
    variants = {"": test}
    if any(test[0]["time_series"]):
        variants[", series shuffled"] = shuffle_series(test, answer.seed)
    by_task = {}
    if "train" in data.splits:
        by_task = evaluate_question_baselines(data, with_minirocket=is_classification(question.data))
        if answer.among_options:
            drawn = any_option(data.splits["train"], answer.seed)(test)
            by_task["an option at random"] = task_metrics(drawn, test, data.labels)
    seconds, parameters = {}, {}
    for number, name in enumerate(names, start=1):
        model = load_part(AutoModelForCausalLM, name)
        processor = load_part(AutoProcessor, name)
        parameters[name] = trained_parameters(model)["parameters_total"]
        room = room_for_labels(processor, data.labels, answer.max_new_tokens)
        for variant, samples in variants.items():
            start = time.perf_counter()
            answers = generate_answers(model, processor, samples, answer.batch_size, room, answer.among_options)
            seconds[name + variant] = time.perf_counter() - start
            # Claims of a caption are checked against the series that the question is of.
            by_task[name + variant] = task_metrics(answers, test, data.labels)
            file = f"predictions_{number}{'_shuffled' if variant else ''}.jsonl"
            faults = answer_faults(answers, samples, data.labels)
            lines = prediction_lines(answers, samples, faults, data.labels)
            write_text(Path(arguments.output_dir, file), lines)
    published = published_answers(question.data)
    return {
        "data": question.data,
        "tested_on": question.data,
        "series_as": question.series_as,
        "among_options": answer.among_options,
        "questions": len(test),
        "results": {name: overall_metrics(tasks) for name, tasks in by_task.items()},
        "by_task": by_task,
        "seconds": seconds,
        "parameters": parameters,
        "published": {
            f"{model} (published)": {"accuracy": percent / 100, "macro_f1": macro_f1_percent / 100}
            for model, percent, macro_f1_percent in zip(
                published["model"], published["accuracy_percent"], published["macro_f1_percent"], strict=True
            )
        },
    }
