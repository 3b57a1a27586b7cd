"""Benchmarks: models x data sets x horizons x seeds, with a row of results for each cell, saved after each cell."""

import dataclasses
import itertools
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout
from tqdm.auto import tqdm

from ..baselines.table import BASELINES
from ..data.series.preparation import DataArguments
from ..data.series.sources import load_series
from ..errors import UserError, refuses_input
from ..evaluation.baselines import CheckpointArguments, WindowArguments, run_checkpoint, run_fitted, run_trained
from ..evaluation.benchmark_report import REPORT_FILE, picture_name
from ..files import atomic_path, check_output_folder, read_mapping
from ..suggestions import nearest
from ..training.arguments import RecipeParser
from ..training.forecaster import ForecastTrainingArguments
from .forecaster import FORECASTER_SETTINGS, run_forecaster_recipe

logger = logging.getLogger(__name__)

RESULTS_FILE = "results.csv"
KEY = ["dataset", "model", "horizon", "seed"]


@dataclass(frozen=True)
class ModelKind:
    """Kind of model that a benchmark can run.

    Args:
        settings: dataclasses of its settings, `DataArguments` first.
        run: takes an instance of each and returns the contents of metrics.json.
        is_seeded: whether results depend on a seed; otherwise there is one cell for all seeds.
    """

    settings: tuple[type, ...]
    run: Callable[..., dict[str, Any] | None]
    is_seeded: bool


def model_kinds() -> dict[str, ModelKind]:
    """Kinds of models that a benchmark can run, by name."""
    windows: tuple[type, ...] = (DataArguments, WindowArguments)
    kinds = {
        name: ModelKind(windows, partial(run_fitted, name), is_seeded=False)
        if (settings := baseline.settings) is None
        else ModelKind((*windows, settings, ForecastTrainingArguments), partial(run_trained, name), is_seeded=True)
        for name, baseline in BASELINES.items()
    }
    checkpoint = ModelKind((*windows, CheckpointArguments), run_checkpoint, is_seeded=False)
    return {
        **kinds,
        "checkpoint": checkpoint,
        "llmps": ModelKind((DataArguments, *FORECASTER_SETTINGS[1:]), run_forecaster_recipe, is_seeded=True),
    }


@dataclass(frozen=True)
class Cell:
    """Cell of the table of results: one model on one data set with one horizon and seed.

    Args:
        dataset: name of the data set in the table.
        model: name of the model in the table.
        kind: kind of the model.
        horizon: steps to forecast.
        seed: seed of the run; None for a model without randomness.
        settings: all settings that the result depends on.
    """

    dataset: str
    model: str
    kind: str
    horizon: int
    seed: int | None
    settings: dict[str, Any]

    @property
    def key(self) -> tuple[str, str, int, int | None]:
        return self.dataset, self.model, self.horizon, self.seed

    @property
    def identity(self) -> str:
        """Names and settings as text, by which a row of results is recognized."""
        names = {"dataset": self.dataset, "model": self.model, "kind": self.kind}
        return json.dumps(names | self.settings, sort_keys=True)

    @property
    def folder(self) -> Path:
        parts = [self.dataset, self.model, str(self.horizon), "any" if self.seed is None else str(self.seed)]
        # No part is hidden, or leads out of the folder.
        return Path(*(re.sub(r"^\.+|[^\w.-]+", "_", part) for part in parts))


@dataclass(frozen=True)
class Benchmark:
    """Settings of a benchmark; every field is a key of its configuration file.

    Args:
        datasets: name in the table -> settings of the data and of the windows; `data` is the name by default,
            `horizons` replaces the general horizons for this set, and `models` lists the models to run on it.
        models: name in the table -> settings; `model` is the kind, the name by default, and `recipe` is a recipe
            file, relative to the configuration, which the other settings override.
        horizons: steps to forecast.
        seeds: seeds of the models with randomness.
        output_dir: folder for results, report and checkpoints.
    """

    datasets: dict[str, dict[str, Any]]
    models: dict[str, dict[str, Any]]
    horizons: list[int]
    seeds: list[int]
    output_dir: str


def read_benchmark(path: str | Path, output_dir: str | None = None) -> Benchmark:
    """Read a configuration file.

    Args:
        path: a YAML file.
        output_dir: folder of the results in place of the one in the file.

    Raises:
        FileNotFoundError: if the file or a recipe that it names does not exist.
        ValueError: for an unknown or missing key, or a value of the wrong kind.
    """
    path = Path(path)
    content = read_mapping(path) | ({"output_dir": output_dir} if output_dir is not None else {})
    known = [field.name for field in dataclasses.fields(Benchmark)]
    for name in content:
        if name not in known:
            raise UserError(f"{path}: {name!r} is not a setting; {nearest(name, known)}")
    for name in known:
        if name not in content:
            raise UserError(f"{path}: {name} is not set.")
    for name in ("horizons", "seeds"):
        _check_counts(f"{path}: {name}", content[name])
    for name in ("datasets", "models"):
        if not isinstance(content[name], dict) or not content[name]:
            raise UserError(f"{path}: {name} must be a mapping of names to settings, and not empty.")
        content[name] = {str(label): settings or {} for label, settings in content[name].items()}
        for label, settings in content[name].items():
            if not isinstance(settings, dict):
                raise UserError(f"{path}: {name}: {label}: {settings!r} is not a mapping of settings.")
    for label, settings in content["datasets"].items():
        if "horizons" in settings:
            _check_counts(f"{path}: datasets: {label}: horizons", settings["horizons"])
        for model in settings.get("models", ()):
            if model not in content["models"]:
                raise UserError(f"{path}: datasets: {label}: {model!r} is not one of the models.")
    for label, settings in content["models"].items():
        if "recipe" in settings:
            recipe = read_mapping(path.parent / settings["recipe"])
            overrides = {name: value for name, value in settings.items() if name != "recipe"}
            content["models"][label] = {"model": label} | recipe | overrides
    return Benchmark(**content)


def _check_counts(name: str, values: Any) -> None:
    is_list = isinstance(values, list) and values and all(type(v) is int and v > 0 for v in values)
    if not is_list or len(set(values)) != len(values):
        raise UserError(f"{name} is {values!r}; give a list of different whole numbers above 0.")


def make_cells(benchmark: Benchmark) -> list[Cell]:
    """List the cells of a benchmark, sorted by data set and horizon.

    Raises:
        ValueError: for a model of an unknown kind, or two cells with the same folder.
    """
    cells, kinds = [], model_kinds()
    for dataset, data_settings in benchmark.datasets.items():
        data_settings = {"data": dataset} | data_settings
        horizons = data_settings.pop("horizons", benchmark.horizons)
        for horizon, model in itertools.product(horizons, data_settings.pop("models", benchmark.models)):
            model_settings = benchmark.models[model]
            kind = model_settings.get("model", model)
            if kind not in kinds:
                raise UserError(f"models: {model}: {kind!r} is not a kind of model; {nearest(kind, kinds)}")
            settings = {"disable_tqdm": True, "save_only_model": True} if kinds[kind].is_seeded else {}
            settings |= {name: value for name, value in model_settings.items() if name not in _NOT_SETTINGS}
            settings |= {**data_settings, "prediction_length": horizon}
            for seed in benchmark.seeds if kinds[kind].is_seeded else [None]:
                seeded = settings if seed is None else {**settings, "seed": seed}
                cells.append(Cell(dataset, model, kind, horizon, seed, seeded))
    folders: dict[Path, Cell] = {}
    for cell in cells:
        other = folders.setdefault(cell.folder, cell)
        if other is not cell:
            raise UserError(f"{other.key} and {cell.key} would share the folder {cell.folder}; rename one.")
    return cells


# Keys of a model: its kind, and the settings that the benchmark makes for each cell.
_NOT_SETTINGS = ("model", "output_dir", "seed", "prediction_length")


def is_benchmark(folder: str | Path) -> bool:
    """Whether a folder holds the results of a benchmark."""
    path = Path(folder, RESULTS_FILE)
    try:
        return path.is_file() and {*KEY, "settings"} <= set(pd.read_csv(path, nrows=0).columns)
    except ValueError:
        return False


def read_results(folder: str | Path) -> pd.DataFrame:
    """Results in the folder of a benchmark so far, one row for each finished cell."""
    path = Path(folder, RESULTS_FILE)
    if not path.is_file():
        return pd.DataFrame(columns=[*KEY, "settings"])
    # Earlier versions call the look-back by that name.
    return pd.read_csv(path, dtype={"seed": "Int64"}).rename(columns={"look_back": "context_length"})


def _row(cell: Cell, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Row of a cell in the results."""
    test = metrics["windows"]["test"]
    return {
        "dataset": cell.dataset,
        "model": cell.model,
        "horizon": cell.horizon,
        "seed": cell.seed,
        "context_length": metrics["context_length"],
        "train_windows": metrics["windows"]["train"],
        "test_windows": test,
        "all_test_windows": metrics.get("test_windows", test),
        **metrics["test"],
        "parameters": metrics["parameters_trained"],
        "seconds": round(metrics["seconds"], 2),
        "selected_on": metrics.get("selected_on"),
        "validation": metrics.get("best_validation"),
        "versions": json.dumps(metrics["versions"]),
        "settings": cell.identity,
    }


def _parse(cell: Cell, kinds: Mapping[str, ModelKind], folder: Path) -> tuple[Any, ...]:
    settings = {name: value for name, value in cell.settings.items() if value is not None}
    if kinds[cell.kind].is_seeded:
        # The folder may hold files of this cell from an interrupted run.
        settings |= {"output_dir": str(folder / "cells" / cell.folder), "overwrite": True}
    try:
        return RecipeParser(kinds[cell.kind].settings).parse_settings(settings)
    except ValueError as error:
        raise UserError(f"models: {cell.model} on {cell.dataset}: {error}") from None


def check_benchmark_folder(benchmark: Benchmark, overwrite: bool) -> None:
    """Check that a benchmark can start or continue in its folder.

    Raises:
        OSError: without `overwrite` for a folder with files of the same names but no results to continue, or for a
            folder that is not writable.
    """
    folder = Path(benchmark.output_dir)
    names = [RESULTS_FILE, REPORT_FILE, *map(picture_name, benchmark.datasets)]
    check_output_folder(folder, () if is_benchmark(folder) else names, overwrite=overwrite)
    if not is_benchmark(folder):
        Path(folder, RESULTS_FILE).unlink(missing_ok=True)


def _check_data(arguments: DataArguments) -> None:
    """Load the series once before the first cell, for the errors that they raise."""
    load_series(
        arguments.data, arguments.timestamp_column, arguments.target_columns, arguments.dayfirst, arguments.freq
    )
    if arguments.zero_shot is not None:
        load_series(arguments.zero_shot, dayfirst=arguments.dayfirst)


def _keys(results: pd.DataFrame) -> list[tuple]:
    return [(d, m, h, None if pd.isna(s) else s) for d, m, h, s in results[KEY].itertuples(index=False)]


def _remove_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of training; the selected model is saved beside them."""
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)


def run_benchmark(benchmark: Benchmark) -> pd.DataFrame:
    """Run the cells without a row of results for the same settings, and save the results after each.

    A cell without a window in a split, or with contradictory settings, is skipped with a warning.

    Returns:
        The rows of the cells, in the order of `make_cells`.

    Raises:
        ValueError: for settings or series that no cell could be run with, or if another process writes in the folder.
        OSError: if series do not exist, or the folder is not writable.

    Example:

    ```python
    >>> benchmark = Benchmark(
    ...     datasets={"sales": {"data": "sales.csv", "context_length": 96}},
    ...     models={"seasonal_naive": {}, "ridge": {}},
    ...     horizons=[24, 48],
    ...     seeds=[2021],
    ...     output_dir="outputs/benchmark",
    ... )
    >>> run_benchmark(benchmark)[["model", "horizon", "mse", "mae"]]
    ```
    """
    folder = Path(benchmark.output_dir)
    cells, kinds = make_cells(benchmark), model_kinds()
    parsed = {cell.key: _parse(cell, kinds, folder) for cell in cells}
    for arguments in {dataset: arguments[0] for (dataset, *_), arguments in parsed.items()}.values():
        _check_data(arguments)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            _run_cells(cells, parsed, kinds, folder)
    except Timeout:
        raise UserError(f"{folder}: another process is running a benchmark there; wait for it.") from None
    return select_rows(read_results(folder), cells)


def _run_cells(
    cells: list[Cell], parsed: Mapping[tuple, tuple[Any, ...]], kinds: Mapping[str, ModelKind], folder: Path
) -> None:
    results = read_results(folder)
    known = set(results["settings"])
    pending = [cell for cell in cells if cell.identity not in known]
    logger.info("%d of %d cells are in %s already", len(cells) - len(pending), len(cells), folder / RESULTS_FILE)
    progress = tqdm(pending, unit="cell")
    for cell in progress:
        progress.set_postfix_str(f"{cell.dataset} {cell.horizon} {cell.model} {cell.seed or ''}")
        try:
            metrics = kinds[cell.kind].run(*parsed[cell.key])
        except ValueError as error:
            # A fault of the package shows its traceback, and the other cells still run.
            fault = None if refuses_input(error) else error
            logger.warning(
                "%s, %s, horizon %d: left out: %s", cell.dataset, cell.model, cell.horizon, error, exc_info=fault
            )
            continue
        if metrics is None:
            continue
        _remove_checkpoints(folder / "cells" / cell.folder)
        others = results[[key != cell.key for key in _keys(results)]]
        row = pd.DataFrame([_row(cell, metrics)]).astype({"seed": "Int64"})
        results = pd.concat([others, row], ignore_index=True) if len(others) else row
        with atomic_path(folder / RESULTS_FILE) as temporary:
            results.to_csv(temporary, index=False)


def select_rows(results: pd.DataFrame, cells: Iterable[Cell]) -> pd.DataFrame:
    """Select the rows of cells, in the order of the cells, without rows of other settings."""
    positions = {identity: row for row, identity in enumerate(results["settings"])}
    chosen = [positions[cell.identity] for cell in cells if cell.identity in positions]
    return results.iloc[chosen].reset_index(drop=True)
