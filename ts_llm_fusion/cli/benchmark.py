"""`ts-llm-fusion benchmark`: models x datasets x horizons x seeds, to a table with the published numbers beside it."""

import argparse
from collections.abc import Sequence

from ..errors import UserError


def main(args: Sequence[str]) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="ts-llm-fusion benchmark", description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", required=True, help="YAML file, such as configs/eval/ili.yaml")
    parser.add_argument("--output_dir", help="folder of the results, in place of the one in the file")
    parser.add_argument(
        "--overwrite", action="store_true", help="overwrite files in the folder that belong to no benchmark"
    )
    options = parser.parse_args(args)
    # Imported here, so that --help needs no torch.
    from ..evaluation.benchmark_report import report, write_report
    from ..recipes.benchmark import check_benchmark_folder, make_cells, read_benchmark, run_benchmark

    benchmark = read_benchmark(options.config, options.output_dir)
    check_benchmark_folder(benchmark, options.overwrite)
    results = run_benchmark(benchmark)
    missing = len(make_cells(benchmark)) - len(results)
    if len(results):
        written = write_report(results, benchmark.output_dir)
        print(f"\n{report(results)}\nEverything is in {', '.join(map(str, written))}")
    if missing:
        raise UserError(f"{missing} cells could not be run; the warnings above say why.")
