"""`ts-llm-fusion train fusion`: train the TSFusion forecaster on synthetic series; the built-in checkpoint is one."""

from collections.abc import Sequence

from ..recipes.fusion import FUSION_SETTINGS, run_fusion_recipe
from ..training.arguments import RecipeParser
from .parsing import print_next


def main(args: Sequence[str]) -> None:
    """Run the command."""
    settings, recipe = RecipeParser(FUSION_SETTINGS).parse_run(args)
    priors, config, arguments = settings
    metrics = run_fusion_recipe(priors, config, arguments, recipe)
    if metrics is None:
        return
    print(
        f"\n{metrics['batches']:,} batches of up to {metrics['batch_size']} synthetic series, "
        f"{metrics['parameters_total']:,} parameters, {metrics['processor_seconds']:.0f} s of processor time\n\n"
        f"Everything is in {arguments.output_dir}"
    )
    if "commit" in metrics:
        print(f"Pushed: {metrics['commit']}")
    print_next("forecast", "FILE", "--model", arguments.output_dir)
