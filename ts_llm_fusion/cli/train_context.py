"""`ts-llm-fusion train context`: train the part of a TSFusion forecaster that reads texts, on synthetic texts."""

from collections.abc import Sequence

from ..recipes.fusion_context import CONTEXT_SETTINGS, run_context_recipe
from ..training.arguments import RecipeParser
from .parsing import print_next


def main(args: Sequence[str]) -> None:
    """Run the command."""
    settings, recipe = RecipeParser(CONTEXT_SETTINGS).parse_run(args)
    texts, arguments = settings
    metrics = run_context_recipe(texts, arguments, recipe)
    if metrics is None:
        return
    context = metrics["context"]
    print(
        f"\n{context['texts']:,} synthetic texts, {context['parameters_trained']:,} parameters trained, "
        f"{context['processor_seconds']:.0f} s of processor time\n\nEverything is in {arguments.output_dir}"
    )
    if "commit" in metrics:
        print(f"Pushed: {metrics['commit']}")
    print_next("forecast", "FILE", "--model", arguments.output_dir, "--context", "Closed tomorrow.")
