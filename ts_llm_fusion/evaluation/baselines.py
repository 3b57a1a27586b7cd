"""Runs of baselines and of ready checkpoints: settings in, the errors on the test split out."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch.utils.data import Subset
from transformers import PreTrainedModel, set_seed

from ..baselines.forecaster import ForecastTask
from ..baselines.table import BASELINES
from ..data.series.ltsf import LTSF_DATASETS
from ..data.series.preparation import DataArguments, PreparedData, prepare
from ..data.series.windows import collate_windows
from ..families import BUILT_IN_NAME
from ..forecasting import load_forecaster, model_order
from ..processing.covariate_inputs import CovariateInputs
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from ..requirements import versions
from ..training.forecaster import ForecastTrainingArguments, train_forecaster
from ..training.runs import trained_parameters
from .forecast_errors import ForecastErrors
from .forecasters import chosen_windows, evaluate_forecaster, metrics_function, model_forecaster, sum_errors


@dataclass
class WindowArguments:
    """Windows of a baseline, and the part of the test split to evaluate it on.

    Args:
        context_length: look-back.
        prediction_length: horizon.
        test_stride: steps between two evaluated test windows.
        drop_last_batch: leave out the test windows that do not fill a batch of this size, as old tables did.
    """

    context_length: int = 96
    prediction_length: int = 96
    test_stride: int = 1
    drop_last_batch: int | None = None


def _test_windows(data: PreparedData, arguments: WindowArguments) -> tuple[Subset, dict[str, Any]]:
    """Test windows to evaluate, and their description in a report."""
    data.tested.check_targets("test")
    test = chosen_windows(data.tested.splits["test"], arguments.test_stride, arguments.drop_last_batch)
    report = {
        "data": data.source.name,
        "tested_on": data.tested.source.name,
        "context_length": arguments.context_length,
        "prediction_length": arguments.prediction_length,
        "windows": {name: len(windows) for name, windows in data.splits.items()} | {"test": len(test)},
        "test_windows": len(data.tested.splits["test"]),
    }
    return test, report


def forecast_task(data: PreparedData, prediction_length: int, settings: Any = None) -> ForecastTask:
    """Task of forecasting prepared data: fitted on its training windows, tested on `data.tested`."""
    train, tested = data.splits["train"], data.tested
    return ForecastTask(
        tested.source.name, prediction_length, train.context_length, tested.seasonal_period, train, settings=settings
    )


def run_fitted(name: str, data_arguments: DataArguments, window: WindowArguments) -> dict[str, Any]:
    """Fit and test a baseline without settings of its own.

    Args:
        name: in `BASELINES`.
        data_arguments: the series.
        window: look-back, horizon and test windows.

    Returns:
        Errors under "test", with the counts and settings of a row of results.

    Raises:
        ValueError, OSError: unusable settings or series.
        MissingPackageError: statsforecast is needed and not installed.
    """
    data = prepare(data_arguments, window.context_length, window.prediction_length)
    test, report = _test_windows(data, window)
    start = time.perf_counter()
    baseline, task = BASELINES[name], forecast_task(data, window.prediction_length)
    errors = evaluate_forecaster(baseline.make(task), test)
    return {
        **report,
        "test": errors,
        "parameters_trained": baseline.num_parameters(task),
        "seconds": time.perf_counter() - start,
        "versions": versions(baseline.packages),
    }


@dataclass
class CheckpointArguments:
    """A forecaster that is ready.

    Args:
        checkpoint: folder or Hub name, or "built-in" for the forecaster that needs no training.
    """

    checkpoint: str = BUILT_IN_NAME


def evaluate_on_test(
    model: PreTrainedModel,
    data: PreparedData,
    order: np.ndarray | None = None,
    stride: int = 1,
    drop_last_batch: int | None = None,
    covariates: CovariateInputs | None = None,
) -> dict[str, float]:
    """Errors of a model on the test split; arguments as of `sum_test_errors`."""
    errors = sum_test_errors(model, data, order, stride, drop_last_batch, covariates)
    return errors.compute() | errors.nominal()


def sum_test_errors(
    model: PreTrainedModel,
    data: PreparedData,
    order: np.ndarray | None = None,
    stride: int = 1,
    drop_last_batch: int | None = None,
    covariates: CovariateInputs | None = None,
) -> ForecastErrors:
    """Sum the errors of a model on the test split, with its own look-back, as far as there are rows.

    Args:
        model: forecaster; one that takes a season gets that of the set.
        data: series and windows.
        order: see `model_forecaster`.
        stride: see `chosen_windows`.
        drop_last_batch: see `chosen_windows`.
        covariates: covariates that the model was trained with; none by default.
    """
    windows = data.test_windows(model.config.context_length, covariates)
    # A set with a protocol and without a season has none.
    season = data.seasonal_period or (1 if data.source.name in LTSF_DATASETS else None)
    forecaster = model_forecaster(model, windows.prediction_length, order, season)
    chosen = chosen_windows(windows, stride, drop_last_batch)
    return sum_errors(forecaster, chosen, with_covariates=covariates is not None)


def run_checkpoint(
    data_arguments: DataArguments, window: WindowArguments, arguments: CheckpointArguments
) -> dict[str, Any]:
    """Test a forecaster that is ready; it looks back as far as it was made for.

    Args:
        data_arguments: the series.
        window: horizon and test windows.
        arguments: the checkpoint.

    Returns:
        As `run_fitted`.

    Raises:
        ValueError, OSError: unusable settings, series or checkpoint.
    """
    model, extractor = load_forecaster(arguments.checkpoint)
    trained_with = ForecastFeatureExtractor(covariates=extractor.covariates)
    data = prepare(data_arguments, window.context_length, window.prediction_length, trained_with)
    _, report = _test_windows(data, window)
    order = model_order(model.config, extractor, data.tested.source.series.columns)
    start = time.perf_counter()
    errors = evaluate_on_test(
        model, data.tested, order, window.test_stride, window.drop_last_batch, extractor.covariates
    )
    return {
        **report,
        "context_length": model.config.context_length,
        "test": errors,
        "parameters_trained": 0,
        "seconds": time.perf_counter() - start,
        "versions": versions(("transformers",)),
    }


def run_trained(
    name: str,
    data_arguments: DataArguments,
    window: WindowArguments,
    model_arguments: Any,
    arguments: ForecastTrainingArguments,
) -> dict[str, Any]:
    """Train a neural baseline with the Trainer of our forecaster, select it on validation and test it.

    The data and the windows are as in `run_fitted`, and so is the result, with "selected_on" and "best_validation".
    """
    data = prepare(data_arguments, window.context_length, window.prediction_length)
    data.check_targets("train", "validation")
    test, report = _test_windows(data, window)
    set_seed(arguments.seed)
    model = BASELINES[name].make(forecast_task(data, window.prediction_length, model_arguments))
    start = time.perf_counter()
    trainer = train_forecaster(
        model,
        arguments,
        data.splits["train"],
        data.splits["validation"],
        collate_windows,
        metrics_function(ForecastErrors()),
    )
    seconds = time.perf_counter() - start
    return {
        **report,
        "test": evaluate_forecaster(model.forecast, test),
        "selected_on": arguments.metric_for_best_model,
        "best_validation": trainer.state.best_metric,
        **trained_parameters(model),
        "seconds": seconds,
        "versions": versions(BASELINES[name].packages),
    }
