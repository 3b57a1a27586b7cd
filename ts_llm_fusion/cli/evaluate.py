"""`ts-llm-fusion evaluate`: evaluate checkpoints and baselines on own series or on a set, in one table."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..data.registry import REGISTRY
from ..data.series.ltsf import LTSF_DATASETS
from ..data.series.mitbih import MITBIH
from ..data.series.sources import is_known
from ..errors import UserError
from ..evaluation.report import results_table
from ..families import BUILT_IN_NAME
from ..files import write_json, write_text
from ..recipes.backtest import BacktestArguments, backtest_forecasters
from ..recipes.evaluation import ANSWER_SETTINGS, FORECAST_SETTINGS, evaluate_answers, evaluate_forecasters
from ..requirements import versions
from ..training.arguments import RecipeParser
from .flags import as_given, hide_bars
from .parsing import print_next, print_push

_PACKAGES = ("transformers", "datasets")
# Settings of a table that its training shares.
_OF_TABLE = (
    "id_column", "timestamp_column", "target_columns", "freq", "dayfirst",
    "known_covariates", "past_covariates", "static_covariates",
)  # fmt: skip
# Settings that only the test split has, and those that only rolling origins have.
_OF_SPLIT = (
    "split", "context_length", "test_stride", "few_shot", "zero_shot", "noise_std", "noise_splits", "noise_seed",
)  # fmt: skip
_OF_ROLLING = ("windows", "step", "quantile_levels", "series_batch")


@dataclass
class _Set:
    """Data to evaluate on, parsed first: its task selects the other settings."""

    data: str = field(
        metadata={"help": "A set of series or questions by name, or a CSV, parquet or xlsx file of series."}
    )


def _has_rolling_origins(data: str, given: Collection[str]) -> bool:
    """Whether to evaluate from rolling origins, and not on the test split.

    Raises:
        ValueError: settings of both are given.
    """
    of_split, of_rolling = ([name for name in names if name in given] for names in (_OF_SPLIT, _OF_ROLLING))
    if of_split and of_rolling:
        raise UserError(
            f"{of_split[0]} is a setting of the test split and {of_rolling[0]} of rolling origins; leave one out."
        )
    return bool(of_rolling) or not (of_split or data in LTSF_DATASETS or data == MITBIH)


def _evaluate_series(data: str, args: Sequence[str]) -> tuple[Any, dict[str, Any], str, list[str]]:
    """Settings of the output, results, the extent of the evaluation, and what to train next by which settings."""
    (arguments, series, forecast, rolling), given = RecipeParser((*FORECAST_SETTINGS, BacktestArguments)).parse_run(
        args
    )
    hide_bars(*arguments.models or ())
    if _has_rolling_origins(data, given):
        found = backtest_forecasters(arguments, series, forecast, rolling)
        windows = "1 window" if found["windows"] == 1 else f"{found['windows']} windows"
        extent = f"{found['ids']} {'id' if found['ids'] == 1 else 'ids'}, {windows}, step {found['step']}"
    else:
        found = evaluate_forecasters(arguments, series, forecast)
        part = "" if found["windows"] == found["all_windows"] else f" of {found['all_windows']}"
        extent = f"test split, {found['windows']}{part} windows, look-back {found['context_length']}"
    horizon = found["prediction_length"]
    flags = [*as_given(series, *_OF_TABLE), "--prediction_length", str(horizon)]
    training = ["forecaster", "--config", "finetune", *flags]
    # Nothing can be trained on sets that come in another form than a table.
    is_table = bool(Path(data).suffix) or is_known(data)
    return arguments, found, f"{extent}, horizon {horizon}", training if is_table else []


def _print_next(data: str, models: Sequence[str] | None, training: Sequence[str]) -> None:
    """Print the command that trains a model where none was evaluated, or that pushes the first one."""
    trained = [model for model in models or () if model != BUILT_IN_NAME]
    if not trained and training:
        kind, *settings = training
        name = Path(data).name.partition(".")[0]
        print_next("train", kind, "--data", data, *settings, "--output_dir", f"outputs/{name}")
    elif trained and Path(trained[0]).is_dir():
        print_push(trained[0])


def main(args: Sequence[str]) -> None:
    """Run the command."""
    data = RecipeParser([_Set]).parse_known_recipe(args).data
    if data not in REGISTRY or REGISTRY[data].task == "forecasting":
        arguments, found, extent, training = _evaluate_series(data, args)
    else:
        settings = RecipeParser(ANSWER_SETTINGS).parse_recipe(args)
        arguments = settings[0]
        hide_bars(*arguments.models or ())
        found = evaluate_answers(*settings)
        extent = f"test split, {found['questions']} questions"
        training = ["sft"]
    found["versions"] = versions(_PACKAGES)
    output = Path(arguments.output_dir)
    table = results_table({**found["results"], **found["published"]})
    write_json(output / "evaluation.json", found)
    write_text(output / "evaluation.md", table + "\n")
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print(f"\n{found['tested_on']}: {extent}\n{table}\n\nEverything is in {output}")
        _print_next(data, arguments.models, training)
