"""`ts-llm-fusion benchmark`: models x datasets x horizons x seeds, to a table with the published numbers beside it."""

import argparse
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..data.preparation import DataArguments
from ..evaluation.baselines import FITTED, TRAINED, WindowArguments, run_fitted, run_trained
from ..evaluation.benchmark import (
    RESULTS_FILE,
    Benchmark,
    ModelKind,
    is_benchmark,
    make_cells,
    read_benchmark,
    run_benchmark,
)
from ..evaluation.benchmark_report import REPORT_FILE, picture_name, report, write_report
from ..files import check_output_folder
from ..training.forecaster import ForecastTrainingArguments
from .train_forecaster import RECIPE, run_forecaster_recipe

logger = logging.getLogger(__name__)


def model_kinds() -> dict[str, ModelKind]:
    """Every kind of model that a benchmark can run."""
    windows = (DataArguments, WindowArguments)
    fitted = {name: ModelKind(windows, partial(run_fitted, name), is_seeded=False) for name in FITTED}
    trained = {
        name: ModelKind((*windows, settings, ForecastTrainingArguments), partial(run_trained, name), is_seeded=True)
        for name, (settings, _) in TRAINED.items()
    }
    return {**fitted, **trained, "llmps": ModelKind(RECIPE, run_forecaster_recipe, is_seeded=True)}


def _check_output(benchmark: Benchmark, overwrite: bool) -> None:
    """Raises if a folder holds files of the names of a benchmark's, but not its results: those are gone on with."""
    folder = Path(benchmark.output_dir)
    written = [RESULTS_FILE, REPORT_FILE, *map(picture_name, benchmark.datasets)]
    check_output_folder(folder, () if is_benchmark(folder) else written, overwrite=overwrite)
    if not is_benchmark(folder):
        Path(folder, RESULTS_FILE).unlink(missing_ok=True)


def main(args: Sequence[str]) -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="ts-llm-fusion benchmark", description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", required=True, help="YAML file, such as configs/eval/ili.yaml")
    parser.add_argument("--output_dir", help="folder of the results, in place of the one in the file")
    parser.add_argument(
        "--overwrite", action="store_true", help="write over files in the folder that are not of a benchmark"
    )
    options = parser.parse_args(args)
    benchmark, kinds = read_benchmark(options.config, options.output_dir), model_kinds()
    _check_output(benchmark, options.overwrite)
    results = run_benchmark(benchmark, kinds)
    missing = len(make_cells(benchmark, kinds)) - len(results)
    if len(results):
        written = write_report(results, benchmark.output_dir)
        print(f"\n{report(results)}\nEverything is in {', '.join(map(str, written))}")
    if missing:
        raise ValueError(f"{missing} cells could not be run; the warnings above say why.")
