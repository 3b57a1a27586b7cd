"""`ts-llm-fusion train sft`: fine-tune a language model to answer questions about series by a recipe."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..hub.cards import answers_table
from ..recipes.sft import SFT_SETTINGS, run_sft_recipe
from ..training.arguments import RecipeParser
from .parsing import print_push


def main(args: Sequence[str]) -> None:
    """Run the command."""
    settings, recipe = RecipeParser(SFT_SETTINGS).parse_run(args)
    question, synthetic, archive, config, tslm, model, arguments = settings
    metrics = run_sft_recipe(question, synthetic, archive, config, tslm, model, arguments, recipe)
    if metrics is not None:
        print_answers(metrics, arguments.output_dir)


def print_answers(metrics: Mapping[str, Any], output_dir: str) -> None:
    """Print the test metrics of a trained model, and the next command."""
    print(
        f"\n{metrics['data']}: test split, {metrics['samples']['test']} questions, {metrics['seconds']:.0f} s of "
        f"training\n{answers_table(metrics)}\n\nEverything is in {output_dir}"
    )
    if "commit" in metrics:
        print(f"Pushed: {metrics['commit']}")
    else:
        print_push(output_dir)
