"""`ts-llm-fusion train forecaster`: train an LLM-PS forecaster by a recipe."""

from collections.abc import Sequence

from ..evaluation.report import results_table
from ..recipes.forecaster import FORECASTER_SETTINGS, run_forecaster_recipe
from ..training.arguments import RecipeParser, effective_recipe


def main(args: Sequence[str]) -> None:
    """Run the command."""
    settings = data, config, backbone, arguments = RecipeParser(FORECASTER_SETTINGS).parse_recipe(args)
    metrics = run_forecaster_recipe(data, config, backbone, arguments, effective_recipe(args, settings))
    if metrics is None:
        return
    print(
        f"\n{metrics['tested_on']}: test split, {metrics['windows']['test']} windows, look-back "
        f"{metrics['look_back']}, horizon {metrics['horizon']}, {metrics['seconds']:.0f} s of training\n"
        f"{results_table({'this model': metrics['test'], **metrics['floors']})}\n\n"
        f"Everything is in {arguments.output_dir}"
    )
    if "commit" in metrics:
        print(f"Pushed: {metrics['commit']}")
