"""`ts-llm-fusion train grpo`: train a language model that reads series on the rewards of its own answers."""

from collections.abc import Sequence

from ..recipes.grpo import GRPO_SETTINGS, run_grpo_recipe
from ..training.arguments import RecipeParser
from .train_sft import print_answers


def main(args: Sequence[str]) -> None:
    """Run the command."""
    settings, recipe = RecipeParser(GRPO_SETTINGS).parse_run(args)
    question, synthetic, archive, rewards, model, arguments = settings
    metrics = run_grpo_recipe(question, synthetic, archive, rewards, model, arguments, recipe)
    if metrics is not None:
        print_answers(metrics, arguments.output_dir)
