"""Recipe of fine-tuning: from a TSFusion forecaster and a table of series to one that is at least as good on it."""

import copy
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import set_seed

from ..baselines.table import make_naive_baselines
from ..data.series.preparation import DataArguments, PreparedData
from ..data.series.streaming import StreamingArguments, prepare_training
from ..data.series.windows import collate_windows, single_windows, window_starts
from ..errors import UserError
from ..evaluation.baselines import evaluate_on_test, forecast_task, sum_test_errors
from ..evaluation.forecast_errors import ForecastErrors
from ..evaluation.forecasters import evaluate_forecaster, metrics_function
from ..families import BUILT_IN_NAME
from ..forecasting import load_forecaster, load_whole_forecaster
from ..modeling.modeling_tsfusion import TSFusionForForecasting
from ..modeling.modeling_tsfusion_causal_lm import TSFusionForCausalLM
from ..modeling.modeling_tslm import TSLMForCausalLM
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from ..processing.processing_fusion import TSFusionProcessor
from ..requirements import versions
from ..training.fine_tuning import (
    ComputedWindows,
    FineTuningArguments,
    FineTuningTrainingArguments,
    GateTuner,
    compute_windows,
)
from ..training.forecaster import train_forecaster
from ..training.run_time import earlier_seconds
from ..training.runs import trained_parameters
from .endings import TSLM_RECIPE, carry_recipe, finish_run, save_run, saved_report
from .run_folder import start_run

logger = logging.getLogger(__name__)

_PACKAGES = ("transformers", "accelerate")
# Settings of the recipe.
FINE_TUNING_SETTINGS = (StreamingArguments, FineTuningArguments, FineTuningTrainingArguments)
# Most numbers of the experts of training windows, and as many of validation windows, that are held: 256 MiB.
_MOST_NUMBERS = 2**26
# Metrics to select a checkpoint by.
_METRICS = ("quantile_loss", "mse", "mae")


def _start(arguments: FineTuningArguments) -> tuple[TSFusionForForecasting, Any, TSLMForCausalLM | None]:
    """Load the forecaster to start from, with the look-back and the horizon of the recipe.

    Returns:
        The forecaster; its feature extractor, or its processor if the checkpoint has a language model; and that.
    """
    name = str(arguments.start)
    whole, preparation = load_whole_forecaster(name)
    tslm = whole.tslm if isinstance(whole, TSFusionForCausalLM) else None
    model = whole if tslm is None else load_forecaster(name)[0]
    if not isinstance(model, TSFusionForForecasting):
        raise UserError(
            f"start is {name!r}, a model of type {model.config.model_type!r}; fine-tuning starts from one of type "
            "tsfusion, such as built-in."
        )
    for setting in ("context_length", "prediction_length"):
        value = getattr(arguments, setting)
        if value is not None:
            setattr(model.config, setting, value)
    model.config.validate_lengths()
    if model.context_head is not None:
        model.context_head.requires_grad_(False)
    return model, preparation, tslm


@dataclass(frozen=True)
class _Segment:
    """Windows of single series whose futures lie in some rows, those of a row one after the other.

    Args:
        values: scaled series, (time, variables); time axes one after the other.
        origins: first row of each future, int64 (origins,).
        firsts: first row of the time axis of each, int64 (origins,).
        context_length: steps of a history.
        prediction_length: steps of a future.
    """

    values: Tensor
    origins: Tensor
    firsts: Tensor
    context_length: int
    prediction_length: int

    def __len__(self) -> int:
        return len(self.origins) * self.values.shape[1]

    def cut(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """History and future of some windows, without those that have no value in one of them."""
        variables = self.values.shape[1]
        places, columns = numbers // variables, numbers % variables
        past, future = single_windows(
            self.values,
            self.origins[places],
            columns,
            self.firsts[places],
            self.context_length,
            self.prediction_length,
        )
        is_usable = ~(past.isnan().all(1) | future.isnan().all(1))
        return past[is_usable], future[is_usable]


def _warn_of_covariates(arguments: DataArguments) -> None:
    names = [*arguments.known_covariates, *arguments.past_covariates, *arguments.static_covariates]
    if names or arguments.time_features:
        logger.warning("covariates take no part in fine-tuning; name them when you forecast (--future).")


def _segments(data: PreparedData, model: TSFusionForForecasting) -> tuple[_Segment, _Segment]:
    """Windows to train on, whose histories may be as short as half the look-back, and windows to validate on."""
    config, firsts, stops = model.config, data.source.bounds[:-1], data.train_stops

    def segment(begins: np.ndarray, ends: np.ndarray) -> _Segment:
        origins = window_starts(begins, ends, config.prediction_length)
        first = firsts[np.searchsorted(firsts, origins, side="right") - 1]
        tensors = torch.from_numpy(origins), torch.from_numpy(first)
        return _Segment(data.values, *tensors, config.context_length, config.prediction_length)

    shortest = np.minimum(config.context_length // 2, np.maximum(stops - firsts, 0) // 3)
    return segment(firsts + shortest, stops), segment(data.borders[:, 0], data.borders[:, 1])


def _most_windows(model: TSFusionForForecasting, wanted: int) -> int:
    """Windows whose experts are held, which bounds their memory."""
    numbers = model.config.prediction_length * (len(model.config.experts) + len(model.config.spreads) + 2)
    most = max(1, _MOST_NUMBERS // numbers)
    if wanted > most:
        logger.info("max_windows is %d; the experts of %d fit into memory.", wanted, most)
    return min(wanted, most)


def _draw_windows(
    data: PreparedData, model: TSFusionForForecasting, wanted: int
) -> tuple[ComputedWindows, ComputedWindows]:
    """Windows to train on, drawn at random, and evenly spaced ones to validate on."""
    training, validation = _segments(data, model)
    most = _most_windows(model, wanted)
    drawn = torch.randperm(len(training))[:most].sort().values
    spaced = torch.arange(min(most, len(validation))) * len(validation) // min(most, len(validation))
    return (
        compute_windows(model, *training.cut(drawn), data.seasonal_period),
        compute_windows(model, *validation.cut(spaced), data.seasonal_period),
    )


def _selecting_metric(data_arguments: DataArguments, arguments: FineTuningTrainingArguments) -> str:
    """Metric to select the checkpoint by; ValueError for one, or for noise, that fine-tuning does not take."""
    metric = str(arguments.metric_for_best_model).removeprefix("eval_")
    if metric not in _METRICS:
        raise UserError(f"metric_for_best_model is {metric!r}; give one of {', '.join(_METRICS)}.")
    noisy = sorted(set(data_arguments.noise_splits) - {"test"})
    if data_arguments.noise_std > 0 and noisy:
        raise UserError(f"noise_splits: {noisy[0]} is among them; fine-tuning takes noise on the test split alone.")
    return metric


def _validation_errors(tuner: GateTuner, windows: ComputedWindows, batch_size: int) -> dict[str, float]:
    """Errors of a gate on computed windows."""
    errors = ForecastErrors(tuner.forecaster.config.quantiles)
    tuner.eval()
    device = tuner.forecaster.device
    with torch.no_grad():
        for rows in torch.arange(len(windows)).split(batch_size):
            batch = windows.__getitems__(rows.tolist())
            out = tuner(**{name: column.to(device) for name, column in batch.items()})
            errors.update(batch["future_values"], out["mean"].cpu(), out["quantiles"].cpu())
    return errors.compute()


def run_fine_tuning_recipe(
    data_arguments: DataArguments,
    fine_tuning: FineTuningArguments,
    arguments: FineTuningTrainingArguments,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Fine-tune the gate of a TSFusion forecaster on a table, and save it with its report in `arguments.output_dir`.

    The experts have nothing to learn; they are run once on windows of single series. The start competes with the
    checkpoint of every epoch on the validation windows: if none is better, it is what is saved. If the start has a
    language model, it is saved too, as it was. Of a table that is streamed, the windows are those of the series that
    are held; see `prepare_training`.

    Args:
        data_arguments: the series; `StreamingArguments` for a table that is larger than memory.
        fine_tuning: checkpoint to start from, look-back, horizon and number of windows.
        arguments: arguments of the Trainer; `push_to_hub` publishes the checkpoint at the end.
        recipe: contents of recipe.yaml; by default the settings that differ from their defaults.

    Returns:
        The contents of metrics.json, with the URL of the pushed commit under "commit" if there is one; None on every
        process but the first.

    Raises:
        ValueError, OSError: for settings, a start or series that are not usable.

    Example:

    ```python
    >>> metrics = run_fine_tuning_recipe(
    ...     DataArguments(data="sales.csv"),
    ...     FineTuningArguments(start="built-in", prediction_length=24),
    ...     FineTuningTrainingArguments(output_dir="outputs/sales"),
    ... )
    >>> metrics["validation"]["start"]["mse"], metrics["validation"]["end"]["mse"]
    ```
    """
    settings = (data_arguments, fine_tuning, arguments)
    start_name = str(fine_tuning.start)
    recipe, publication = start_run(settings, recipe, (None if start_name == BUILT_IN_NAME else start_name,))
    metric = _selecting_metric(data_arguments, arguments)
    _warn_of_covariates(data_arguments)
    model, preparation, tslm = _start(fine_tuning)
    horizon = model.config.prediction_length
    with arguments.main_process_first():
        data, _ = prepare_training(data_arguments, None, horizon)
    data.check_targets("train", "validation")
    data.tested.check_targets("test")
    set_seed(arguments.seed)
    start_time = time.perf_counter()
    train_windows, validation_windows = _draw_windows(data, model, fine_tuning.max_windows)
    tuner = GateTuner(model)
    start: Any = copy.deepcopy(model)
    parameters = trained_parameters(tuner)
    batch_size = arguments.per_device_eval_batch_size
    validated = {"start": _validation_errors(tuner, validation_windows, batch_size)}
    trainer = train_forecaster(
        tuner,
        arguments,
        train_windows,
        validation_windows,
        collate_windows,
        metrics_function(ForecastErrors(model.config.quantiles)),
    )
    seconds = time.perf_counter() - start_time + earlier_seconds(trainer)
    tuner = trainer.whole_model()
    if not trainer.is_world_process_zero():
        return None
    model = tuner.forecaster
    validated["end"] = _validation_errors(tuner, validation_windows, batch_size)
    if not validated["end"][metric] < validated["start"][metric]:
        logger.warning("no epoch is better than the start on validation (%s); the start is kept.", metric)
        model.load_state_dict(start.state_dict())
        validated["end"] = validated["start"]
    output = Path(arguments.output_dir)
    saved = model if tslm is None else TSFusionForCausalLM.from_parts(model, tslm)
    saved.save_pretrained(output)
    extractor = ForecastFeatureExtractor(
        context_length=model.config.context_length, min_length=1, freq=data_arguments.freq
    )
    if isinstance(preparation, TSFusionProcessor):
        preparation.feature_extractor = extractor
    else:
        preparation = extractor
    preparation.save_pretrained(output)
    save_run(output, trainer.state.log_history, recipe)

    baselines = {
        name: evaluate_forecaster(baseline, data.tested.splits["test"])
        for name, baseline in make_naive_baselines(forecast_task(data, horizon)).items()
    }
    errors = sum_test_errors(model, data.tested)
    metrics = {
        "data": data.source.name,
        "tested_on": data.tested.source.name,
        "start": start_name,
        "context_length": model.config.context_length,
        "prediction_length": horizon,
        "variables": list(data.source.series.columns),
        **({} if data.source.ids is None else {"ids": len(data.source.ids)}),
        "windows": {
            "train": len(train_windows),
            "validation": len(validation_windows),
            "test": len(data.tested.splits["test"]),
        },
        "validation": validated,
        "test": errors.compute() | errors.nominal(),
        "mae_in_units": errors.in_units(data.tested.scaler),
        "baselines": {"start": evaluate_on_test(start.to(model.device), data.tested), **baselines},
        "selected_on": metric,
        "best_validation": validated["end"][metric],
        **parameters,
        "seconds": seconds,
        "seed": arguments.seed,
        "versions": versions(_PACKAGES),
        "recipe": {**vars(data_arguments), **vars(fine_tuning)},
    }
    # A language model goes on as it is, with its report and recipe.
    carry_recipe(start_name, TSLM_RECIPE, output, TSLM_RECIPE)
    report = {**metrics, **{name: value for name, value in saved_report(start_name).items() if name == "tslm"}}
    return finish_run(output, metrics, publication, report)
