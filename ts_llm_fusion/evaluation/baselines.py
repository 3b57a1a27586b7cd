"""Baselines by one interface: settings in, the errors on the test split out."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from transformers import PatchTSTConfig, set_seed

from ..data.preparation import DataArguments, PreparedData, prepare
from ..data.windows import collate_windows
from ..training.forecaster import ForecastTrainingArguments, train_forecaster
from ..training.runs import trained_parameters
from .baseline_models import BaselineModel, DLinear, PatchTST
from .floors import pooled_ridge, repeat_last, seasonal_naive
from .forecast_errors import ForecastErrors
from .forecasters import Forecaster, auto_ets, auto_theta, chosen_windows, evaluate_forecaster, metrics_function


@dataclass
class WindowArguments:
    """Which windows a baseline sees, and which of the test split it is evaluated on."""

    context_length: int = field(default=96, metadata={"help": "Look-back."})
    prediction_length: int = field(default=96, metadata={"help": "Horizon."})
    test_stride: int = field(default=1, metadata={"help": "Evaluate every such test window; all by default."})
    drop_last_batch: int | None = field(
        default=None,
        metadata={"help": "Leave out the test windows that do not fill a batch of this size, as old tables did."},
    )


@dataclass
class DLinearArguments:
    """Settings of `DLinear`."""

    moving_average: int = field(default=25, metadata={"help": "Steps of the moving average, odd."})


@dataclass
class PatchTSTArguments:
    """Settings of `PatchTST`; the defaults are its authors' for small sets."""

    patch_length: int = field(default=16, metadata={"help": "Steps of a patch."})
    patch_stride: int = field(default=8, metadata={"help": "Steps between two patches."})
    num_hidden_layers: int = field(default=3, metadata={"help": "Layers."})
    d_model: int = field(default=16, metadata={"help": "Width of a patch's token."})
    num_attention_heads: int = field(default=4, metadata={"help": "Attention heads."})
    ffn_dim: int = field(default=128, metadata={"help": "Width of the feed-forward network."})
    dropout: float = field(default=0.3, metadata={"help": "Dropout of attention and feed-forward network."})
    head_dropout: float = field(default=0.0, metadata={"help": "Dropout before the output."})


def _windows(data: PreparedData, arguments: WindowArguments) -> tuple[Any, dict[str, Any]]:
    """The test windows to evaluate, and what a report says of them."""
    data.tested.check_targets("test")
    test = chosen_windows(data.tested.splits["test"], arguments.test_stride, arguments.drop_last_batch)
    report = {
        "data": data.source.name,
        "tested_on": data.tested.source.name,
        "look_back": arguments.context_length,
        "horizon": arguments.prediction_length,
        "windows": {name: len(windows) for name, windows in data.splits.items()} | {"test": len(test)},
        "test_windows": len(data.tested.splits["test"]),
    }
    return test, report


def _repeat_last(data: PreparedData, arguments: WindowArguments) -> Forecaster:
    return repeat_last(arguments.prediction_length)


def _seasonal_naive(data: PreparedData, arguments: WindowArguments) -> Forecaster:
    period = data.tested.seasonal_period
    if period is None or period > arguments.context_length:
        raise ValueError(
            f"{data.tested.source.name}: seasonal_naive needs a season within the look-back of "
            f"{arguments.context_length}; the season is {period or 'not known'}. Set seasonal_period, "
            "or leave seasonal_naive out."
        )
    return seasonal_naive(arguments.prediction_length, period)


def _ridge(data: PreparedData, arguments: WindowArguments) -> Forecaster:
    return pooled_ridge(data.splits["train"])


def _auto_ets(data: PreparedData, arguments: WindowArguments) -> Forecaster:
    return auto_ets(arguments.prediction_length, data.tested.seasonal_period)


def _auto_theta(data: PreparedData, arguments: WindowArguments) -> Forecaster:
    return auto_theta(arguments.prediction_length, data.tested.seasonal_period)


def _dlinear(data: PreparedData, window: WindowArguments, arguments: DLinearArguments) -> BaselineModel:
    network = DLinear(window.context_length, window.prediction_length, arguments.moving_average)
    return BaselineModel(network, window.context_length)


def _patchtst(data: PreparedData, window: WindowArguments, arguments: PatchTSTArguments) -> BaselineModel:
    config = PatchTSTConfig(
        context_length=window.context_length,
        prediction_length=window.prediction_length,
        num_input_channels=data.source.series.shape[1],
        patch_length=arguments.patch_length,
        patch_stride=arguments.patch_stride,
        num_hidden_layers=arguments.num_hidden_layers,
        d_model=arguments.d_model,
        num_attention_heads=arguments.num_attention_heads,
        ffn_dim=arguments.ffn_dim,
        attention_dropout=arguments.dropout,
        ff_dropout=arguments.dropout,
        head_dropout=arguments.head_dropout,
        # All patches lead to the forecast, as in the paper; the default of transformers is their mean.
        pooling_type=None,
    )
    return BaselineModel(PatchTST(config), window.context_length)


# name -> how to make the forecaster: from the training split in closed form, or from each window alone.
FITTED: dict[str, Callable[[PreparedData, WindowArguments], Forecaster]] = {
    "repeat_last": _repeat_last,
    "seasonal_naive": _seasonal_naive,
    "ridge": _ridge,
    "auto_ets": _auto_ets,
    "auto_theta": _auto_theta,
}
# name -> (settings, how to make the model from them).
TRAINED: dict[str, tuple[type, Callable[[PreparedData, WindowArguments, Any], BaselineModel]]] = {
    "dlinear": (DLinearArguments, _dlinear),
    "patchtst": (PatchTSTArguments, _patchtst),
}


def run_fitted(name: str, data_arguments: DataArguments, window: WindowArguments) -> dict[str, Any]:
    """Fits a baseline of `FITTED` and tests it.

    Returns:
        The errors under "test", with the counts and settings that a row of results holds.

    Raises:
        ValueError, OSError: for settings or series that are not usable.
    """
    data = prepare(data_arguments, window.context_length, window.prediction_length)
    test, report = _windows(data, window)
    start = time.perf_counter()
    forecaster = FITTED[name](data, window)
    errors = evaluate_forecaster(forecaster, test)
    packages = ("ts-llm-fusion", "torch", *(("statsforecast",) if name.startswith("auto_") else ()))
    return {
        **report,
        "test": errors,
        "parameters_trained": window.context_length * window.prediction_length if name == "ridge" else 0,
        "seconds": time.perf_counter() - start,
        "versions": {package: version(package) for package in packages},
    }


def run_trained(
    name: str,
    data_arguments: DataArguments,
    window: WindowArguments,
    model_arguments: Any,
    arguments: ForecastTrainingArguments,
) -> dict[str, Any]:
    """Trains a baseline of `TRAINED` as our forecaster is trained, selects on validation and tests it.

    Returns:
        As `run_fitted`, and "selected_on" with "best_validation".

    Raises:
        ValueError, OSError: for settings or series that are not usable.
    """
    data = prepare(data_arguments, window.context_length, window.prediction_length)
    data.check_targets("train", "validation")
    test, report = _windows(data, window)
    set_seed(arguments.seed)
    model = TRAINED[name][1](data, window, model_arguments)
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
        "test": evaluate_forecaster(trainer.model.forecast, test),
        "selected_on": arguments.metric_for_best_model,
        "best_validation": trainer.state.best_metric,
        **trained_parameters(model),
        "seconds": seconds,
        "versions": {package: version(package) for package in ("ts-llm-fusion", "torch", "transformers")},
    }
