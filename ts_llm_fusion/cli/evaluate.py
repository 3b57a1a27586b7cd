"""`ts-llm-fusion evaluate`: evaluate saved checkpoints and baselines on the test split of a set, in one table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..data.registry import REGISTRY
from ..evaluation.report import results_table
from ..files import write_json, write_text
from ..recipes.evaluation import ANSWER_SETTINGS, FORECAST_SETTINGS, evaluate_answers, evaluate_forecasters
from ..requirements import versions
from ..training.arguments import RecipeParser

_PACKAGES = ("transformers", "datasets")


@dataclass
class _Set:
    """Data to evaluate on, parsed first: its task selects the other settings."""

    data: str = field(
        metadata={"help": "A set of series or questions by name, or a CSV, parquet or xlsx file of series."}
    )


def main(args: Sequence[str]) -> None:
    """Run the command."""
    data = RecipeParser([_Set]).parse_known_recipe(args).data
    if data not in REGISTRY or REGISTRY[data].task == "forecasting":
        settings = RecipeParser(FORECAST_SETTINGS).parse_recipe(args)
        found = evaluate_forecasters(*settings)
        part = "" if found["windows"] == found["all_windows"] else f" of {found['all_windows']}"
        lengths = f"look-back {found['context_length']}, horizon {found['prediction_length']}"
        extent = f"{found['windows']}{part} windows, {lengths}"
    else:
        settings = RecipeParser(ANSWER_SETTINGS).parse_recipe(args)
        found = evaluate_answers(*settings)
        extent = f"{found['questions']} questions"
    found["versions"] = versions(_PACKAGES)
    output = Path(settings[0].output_dir)
    table = results_table({**found["results"], **found["published"]})
    write_json(output / "evaluation.json", found)
    write_text(output / "evaluation.md", table + "\n")
    print(f"\n{found['tested_on']}: test split, {extent}\n{table}\n\nEverything is in {output}")
