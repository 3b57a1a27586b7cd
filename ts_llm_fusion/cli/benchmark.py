"""`ts-llm-fusion benchmark`: models x datasets x horizons x seeds, to a table with the published numbers beside it."""

import json
from collections.abc import Sequence

from ..errors import UserError
from ..files import read_mapping
from ..training.settings import read_settings, unknown_setting
from .packaged_recipes import find_recipe, packaged_recipes
from .parsing import PROGRAM, CommandParser, print_next

_SETTINGS = "ts_llm_fusion.recipes.benchmark:Benchmark"


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(f"{PROGRAM} benchmark", "--config ili --output_dir outputs/ili", description=__doc__)
    names = ", ".join(packaged_recipes("eval"))
    parser.add_argument("--config", required=True, help=f"YAML file, or the name of one of the package: {names}")
    parser.add_argument("--output_dir", help="folder of the results, in place of the one in the file")
    parser.add_argument(
        "--overwrite", action="store_true", help="overwrite files in the folder that belong to no benchmark"
    )
    parser.add_argument("--json", action="store_true", help="print the rows of results.csv as JSON, not the report")
    return parser


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = make_parser().parse(args)
    path = find_recipe(options.config, ("eval",))
    known = [setting.name for setting in read_settings(_SETTINGS)]
    wrong = next((key for key in read_mapping(path) if key not in known), None)
    if wrong is not None:
        raise UserError(f"{path}: {unknown_setting(str(wrong), known)}")
    # Imported here, so that --help and a misspelled name need no torch.
    from ..evaluation.benchmark_report import report, write_report
    from ..recipes.benchmark import check_benchmark_folder, make_cells, read_benchmark, run_benchmark

    benchmark = read_benchmark(path, options.output_dir)
    check_benchmark_folder(benchmark, options.overwrite)
    results = run_benchmark(benchmark)
    missing = len(make_cells(benchmark)) - len(results)
    if len(results):
        written = write_report(results, benchmark.output_dir)
        if options.json:
            print(json.dumps(json.loads(results.to_json(orient="records")), indent=2, ensure_ascii=False))
        else:
            print(f"\n{report(results)}\nEverything is in {', '.join(map(str, written))}")
            data = next(iter(benchmark.datasets.items()))
            print_next("evaluate", "--data", data[1].get("data", data[0]), "--horizon", benchmark.horizons[0])
    if missing:
        raise UserError(f"{missing} cells could not be run; the warnings above say why.")
