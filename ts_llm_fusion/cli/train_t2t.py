"""`ts-llm-fusion train t2t`: pre-train a time-to-text encoder by a recipe."""

from collections.abc import Sequence

from ..recipes.t2t import T2T_SETTINGS, run_t2t_recipe
from ..training.arguments import RecipeParser
from .parsing import print_next


def main(args: Sequence[str]) -> None:
    """Run the command."""
    settings, recipe = RecipeParser(T2T_SETTINGS).parse_run(args)
    data, config, words, arguments = settings
    metrics = run_t2t_recipe(data, config, words, arguments, recipe)
    if metrics is None:
        return
    output = arguments.output_dir
    print(f"\n{metrics['data']}: validation loss {metrics['validation_loss']:.4f}\n\nEverything is in {output}")
    if "commit" in metrics:
        print(f"Pushed: {metrics['commit']}")
    print_next("train", "forecaster", "--data", metrics["data"], "--t2t", output)
