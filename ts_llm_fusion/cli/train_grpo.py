"""`ts-llm-fusion train grpo`: train a language model that reads series on the rewards of its own answers."""

from collections.abc import Sequence

from ..hub.cards import answers_table
from ..recipes.grpo import GRPO_SETTINGS, run_grpo_recipe
from ..training.arguments import RecipeParser


def main(args: Sequence[str]) -> None:
    """Run the command."""
    settings, recipe = RecipeParser(GRPO_SETTINGS).parse_run(args)
    question, synthetic, archive, rewards, model, arguments = settings
    metrics = run_grpo_recipe(question, synthetic, archive, rewards, model, arguments, recipe)
    if metrics is None:
        return
    print(
        f"\n{metrics['data']}: test split, {metrics['samples']['test']} questions, {metrics['seconds']:.0f} s of "
        f"training\n{answers_table(metrics)}\n\nEverything is in {arguments.output_dir}"
    )
    if "commit" in metrics:
        print(f"Pushed: {metrics['commit']}")
