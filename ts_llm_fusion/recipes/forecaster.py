"""Recipe of the LLM-PS forecaster: from series to a checkpoint with its report."""

import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from transformers import set_seed

from ..baselines.table import make_naive_baselines
from ..data.series.preparation import DataArguments, PreparedData
from ..data.series.streaming import StreamedWindows, StreamingArguments, prepare_training
from ..data.series.windows import WindowDataset, collate_windows
from ..evaluation.baselines import forecast_task
from ..evaluation.forecast_errors import ForecastErrors
from ..evaluation.forecasters import evaluate_forecaster, metrics_function
from ..forecasting import model_order
from ..plots import forecast_figure, save_figure
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from ..requirements import versions
from ..training.forecaster import (
    BackboneArguments,
    ForecasterConfigArguments,
    ForecastTrainer,
    ForecastTrainingArguments,
    build_forecaster,
    train_forecaster,
)
from ..training.run_time import earlier_seconds
from ..training.runs import save_model, trained_parameters
from .endings import finish_run, save_run
from .run_folder import start_run

logger = logging.getLogger(__name__)

_PACKAGES = ("transformers", "peft", "accelerate")
_NUM_PLOTS = 3

# Settings of the recipe.
FORECASTER_SETTINGS = (StreamingArguments, ForecasterConfigArguments, BackboneArguments, ForecastTrainingArguments)


def _test_metrics(trainer: ForecastTrainer, data: PreparedData, errors: ForecastErrors) -> dict[str, Any]:
    """Errors on every window of the test split, which the trainer sums in `errors`, and those in units of the data."""
    found = trainer.predict(data.tested.splits["test"], metric_key_prefix="test").metrics or {}
    names = [name for name in ("mse", "mae", "quantile_loss", "coverage") if f"test_{name}" in found]
    test = {name: found[f"test_{name}"] for name in names} | errors.nominal()
    return {"test": test, "mae_in_units": errors.in_units(data.tested.scaler)}


def _report(data: PreparedData, train: WindowDataset | StreamedWindows, config_arguments: Any) -> dict[str, Any]:
    """Part of metrics.json on the data and the windows to train on, with the errors of the baselines."""
    test, task = data.tested.splits["test"], forecast_task(data, config_arguments.prediction_length)
    return {
        "data": data.source.name,
        "tested_on": data.tested.source.name,
        "context_length": config_arguments.context_length,
        "prediction_length": config_arguments.prediction_length,
        "variables": list(data.source.series.columns),
        **({} if data.source.ids is None else {"ids": len(data.source.ids)}),
        **({"streamed_ids": len(train.files.ids)} if isinstance(train, StreamedWindows) else {}),
        "windows": {"train": len(train), "validation": len(data.splits["validation"]), "test": len(test)},
        "baselines": {name: evaluate_forecaster(made, test) for name, made in make_naive_baselines(task).items()},
    }


def _forecast_figures(model: Any, data: PreparedData, split: str) -> Iterator[tuple[int, Figure]]:
    """Yield forecasts at the beginning, in the middle and at the end of the windows of a split, with their numbers."""
    windows = data.splits[split]
    length, columns = model.config.context_length, data.source.series.columns
    for number, chosen in enumerate(np.linspace(0, len(windows) - 1, _NUM_PLOTS).astype(int), start=1):
        begin = int(windows.starts[int(chosen)])
        rows = data.source.series.iloc[begin : begin + length + model.config.prediction_length]
        past, future = rows.iloc[:length], rows.iloc[length:]
        window = {name: given[None].to(model.device) for name, given in windows[int(chosen)].items()}
        if torch.isnan(window["past_values"]).all(1).any():
            continue
        del window["future_values"]
        outputs = model.predict(**window)
        axis = int(windows.series_of(windows.starts[int(chosen)]))
        loc, scale = data.moments[axis]
        point = outputs.mean_predictions[0].double().cpu().numpy() * scale + loc
        quantiles = {}
        if model.config.quantiles:
            found = outputs.full_predictions[0].double().cpu().numpy() * scale[:, None] + loc[:, None]
            quantiles = {f"{level:g}": found[..., k] for k, level in enumerate(model.config.quantiles)}
        # The median, as in tables of forecasts.
        tables = {"predictions": quantiles.get("0.5", point), **quantiles}
        # A picture is pushed with the model, and tells no folder of this machine.
        name = Path(data.source.name).name + data.source.label(axis).removeprefix(data.source.name)
        first = future.index[0]
        if isinstance(future.index, pd.DatetimeIndex):
            is_daily = (future.index.normalize() == future.index).all()
            first = f"{first:%Y-%m-%d}" if is_daily else f"{first:%Y-%m-%d %H:%M}"
        series = [
            (
                str(column),
                past[column],
                pd.DataFrame({kind: values[:, place] for kind, values in tables.items()}, future.index),
                data.seasonal_period,
            )
            for place, column in enumerate(columns)
        ]
        title = f"{name}, {split} split, from {first}"
        figure = forecast_figure(series, title, truths=[future[column] for column in columns])
        yield number, figure


def run_forecaster_recipe(
    data_arguments: DataArguments,
    config_arguments: Any,
    backbone_arguments: BackboneArguments,
    arguments: ForecastTrainingArguments,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Train, select on validation, test once, and save the checkpoint with its report in `arguments.output_dir`.

    Each id of a long table is a sample, and all its windows have the same weight, so that a longer id has more of it.
    The checkpoint is saved before the test, so that a failure in the test does not lose it.

    Args:
        data_arguments: the series; `StreamingArguments` for a table that is larger than memory.
        config_arguments: `ForecasterConfigArguments`, the fields of `LLMPSConfig`.
        backbone_arguments: the backbone, and its trained parts.
        arguments: arguments of the Trainer; `push_to_hub` publishes the checkpoint at the end.
        recipe: contents of recipe.yaml; by default the settings that differ from their defaults.

    Returns:
        The contents of metrics.json, with the URL of the pushed commit under "commit" if there is one; None on every
        process but the first.

    Raises:
        ValueError, OSError: for settings or series that are not usable.

    Example:

    ```python
    >>> metrics = run_forecaster_recipe(
    ...     DataArguments(data="sales.csv"),
    ...     ForecasterConfigArguments(context_length=96, prediction_length=24),
    ...     BackboneArguments(),
    ...     ForecastTrainingArguments(output_dir="outputs/sales", num_train_epochs=3),
    ... )
    >>> metrics["test"]["mse"], metrics["baselines"]["ridge"]["mse"]
    ```
    """
    settings = (data_arguments, config_arguments, backbone_arguments, arguments)
    recipe, publication = start_run(settings, recipe, (backbone_arguments.backbone, backbone_arguments.t2t))
    with arguments.main_process_first():
        data, train = prepare_training(
            data_arguments, config_arguments.context_length, config_arguments.prediction_length
        )
        if isinstance(train, StreamedWindows) and arguments.local_process_index == 0:
            train.check()
    data.check_targets("train", "validation")
    data.tested.check_targets("test")
    set_seed(arguments.seed)
    model, t2t = build_forecaster(config_arguments, backbone_arguments, data.source.series.shape[1], data.covariates)
    feature_extractor = ForecastFeatureExtractor(
        context_length=config_arguments.context_length,
        min_length=config_arguments.patch_length or 2,
        scaler=data.scaler,
        freq=data.source.step if data_arguments.freq is None else data_arguments.freq,
        columns=list(map(str, data.source.series.columns)),
        covariates=data.covariates,
    )
    # Before training: the model may not fit the set of a zero-shot test.
    model_order(model.config, feature_extractor, data.tested.source.series.columns)
    parameters = trained_parameters(model)
    counts = {name: len(windows) for name, windows in (data.splits | {"train": train}).items()}
    logger.info("%s: %s windows, %s", data.source.name, counts, parameters)

    start, errors = time.perf_counter(), ForecastErrors(config_arguments.quantiles)
    trainer = train_forecaster(
        model,
        arguments,
        train,
        data.splits["validation"],
        collate_windows,
        metrics_function(errors),
        t2t,
        lambda trained: {
            f"eval/forecast_{number}": figure for number, figure in _forecast_figures(trained, data, "validation")
        },
    )
    seconds = time.perf_counter() - start + earlier_seconds(trainer)
    output = Path(arguments.output_dir)
    trained = trainer.whole_model()
    if trainer.is_world_process_zero():
        forecaster = save_model(trained, output, backbone_arguments.backbone)
        feature_extractor.save_pretrained(output)
        save_run(output, trainer.state.log_history, recipe)
    tested = _test_metrics(trainer, data, errors)
    if not trainer.is_world_process_zero():
        return None

    metrics = {
        **_report(data, train, config_arguments),
        **tested,
        "selected_on": arguments.metric_for_best_model,
        "best_validation": trainer.state.best_metric,
        **parameters,
        "seconds": seconds,
        "seed": arguments.seed,
        "versions": versions(_PACKAGES),
        "recipe": {**vars(data_arguments), **vars(config_arguments), **vars(backbone_arguments)},
    }
    for number, figure in _forecast_figures(forecaster, data.tested, "test"):
        save_figure(figure, output / "plots" / f"forecast_{number}.png")
    return finish_run(output, metrics, publication)
