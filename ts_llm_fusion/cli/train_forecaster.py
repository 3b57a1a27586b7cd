"""`ts-llm-fusion train forecaster`: train an LLM-PS forecaster, or fine-tune a TSFusion forecaster, by a recipe."""

from collections.abc import Sequence

from ..hub.cards import forecasts_table
from ..recipes.fine_tuning import FINE_TUNING_SETTINGS, run_fine_tuning_recipe
from ..recipes.forecaster import FORECASTER_SETTINGS, run_forecaster_recipe
from ..training.arguments import RecipeParser
from ..training.fine_tuning import FineTuningArguments
from .flags import as_given
from .parsing import print_next


def main(args: Sequence[str]) -> None:
    """Run the command."""
    if RecipeParser((FineTuningArguments,)).parse_known_recipe(args).start is None:
        settings, recipe = RecipeParser(FORECASTER_SETTINGS).parse_run(args)
        data, config, backbone, arguments = settings
        metrics = run_forecaster_recipe(data, config, backbone, arguments, recipe)
    else:
        settings, recipe = RecipeParser(FINE_TUNING_SETTINGS).parse_run(args)
        data, fine_tuning, arguments = settings
        metrics = run_fine_tuning_recipe(data, fine_tuning, arguments, recipe)
    if metrics is None:
        return
    print(
        f"\n{metrics['tested_on']}: test split, {metrics['windows']['test']} windows, "
        f"look-back {metrics['context_length']}, horizon {metrics['prediction_length']}, "
        f"{metrics['seconds']:.0f} s of training\n"
        f"{forecasts_table(metrics)}\n\n"
        f"Everything is in {arguments.output_dir}"
    )
    if "commit" in metrics:
        print(f"Pushed: {metrics['commit']}")
    if metrics["tested_on"] == data.data and not data.streaming:
        reading = as_given(data, "id_column", "timestamp_column", "target_columns", "freq", "dayfirst")
        future = ["--future", "FILE"] if data.known_covariates else []
        print_next("forecast", data.data, *reading, "--model", arguments.output_dir, *future)
