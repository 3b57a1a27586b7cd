"""`ts-llm-fusion train curriculum`: train a language model on sets of questions, one stage after another."""

from collections.abc import Sequence
from pathlib import Path

from ..recipes.curriculum import CURRICULUM_SETTINGS, run_curriculum_recipe, validation_table
from ..training.arguments import RecipeParser
from .parsing import print_push


def main(args: Sequence[str]) -> None:
    """Run the command."""
    settings, recipe = RecipeParser(CURRICULUM_SETTINGS).parse_run(args)
    curriculum, stage, question, synthetic, archive, config, tslm, model, arguments = settings
    state = run_curriculum_recipe(
        curriculum, stage, question, synthetic, archive, config, tslm, model, arguments, recipe
    )
    if arguments.process_index:
        return
    print(
        f"\nvalidation after each stage\n{validation_table(state['validation'])}\n\n"
        f"Everything is in {arguments.output_dir}"
    )
    done = [name for name, stage in state["stages"].items() if stage.get("done")]
    print_push(Path(arguments.output_dir, done[-1]))
