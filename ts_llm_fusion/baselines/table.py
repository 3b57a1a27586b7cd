"""Table of the forecasting baselines, for training reports, evaluation, backtests, benchmarks and fev."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from .flair import flair
from .forecaster import Forecaster, ForecastTask
from .naive import pooled_ridge, repeat_last, seasonal_naive
from .naive2 import batched_naive2
from .neural import DLinearArguments, PatchTSTArguments, make_dlinear, make_patchtst
from .statistical import auto_ets, auto_theta


@dataclass(frozen=True)
class Baseline:
    """Row of the table.

    Args:
        make: task -> its `Forecaster`; for a neural baseline, a `NeuralForecaster` that is still to be trained.
        settings: dataclass of the settings of a neural baseline; None for any other.
        needs_training_windows: whether the task must have training windows.
        packages: packages behind it, for the versions in a report.
        num_parameters: task -> number of fitted parameters, for a baseline without settings.
    """

    make: Callable[[ForecastTask], Any]
    settings: type | None = None
    needs_training_windows: bool = False
    packages: tuple[str, ...] = ()
    num_parameters: Callable[[ForecastTask], int] = lambda task: 0


def _seasonal_naive(task: ForecastTask) -> Forecaster:
    if task.seasonal_period is None or not task.has_season:
        raise UserError(
            f"{task.name}: seasonal_naive needs a season within the look-back of {task.context_length}; the season is "
            f"{task.seasonal_period or 'not known'}. Set seasonal_period, or leave seasonal_naive out."
        )
    return seasonal_naive(task.prediction_length, task.seasonal_period, task.quantile_levels)


BASELINES: dict[str, Baseline] = {
    "repeat_last": Baseline(lambda task: repeat_last(task.prediction_length, task.quantile_levels)),
    "seasonal_naive": Baseline(_seasonal_naive),
    "naive2": Baseline(
        lambda task: batched_naive2(task.prediction_length, task.seasonal_period or 1),
    ),
    "ridge": Baseline(
        lambda task: pooled_ridge(task.training_windows),
        needs_training_windows=True,
        num_parameters=lambda task: task.training_windows.context_length * task.prediction_length,
    ),
    "auto_ets": Baseline(
        lambda task: auto_ets(task.prediction_length, task.seasonal_period, task.quantile_levels),
        packages=("statsforecast",),
    ),
    "auto_theta": Baseline(
        lambda task: auto_theta(task.prediction_length, task.seasonal_period, task.quantile_levels),
        packages=("statsforecast",),
    ),
    "flair": Baseline(
        lambda task: flair(task.prediction_length, task.seasonal_period, task.quantile_levels), packages=("flaircast",)
    ),
    "dlinear": Baseline(make_dlinear, DLinearArguments, needs_training_windows=True, packages=("transformers",)),
    "patchtst": Baseline(make_patchtst, PatchTSTArguments, needs_training_windows=True, packages=("transformers",)),
}


def check_fitted(names: Iterable[str]) -> None:
    """Check names of baselines that need no settings.

    Raises:
        ValueError: for an unknown name, or that of a neural baseline.
    """
    known = [name for name, baseline in BASELINES.items() if baseline.settings is None]
    for name in names:
        if name not in known:
            raise UserError(
                f"baselines: {name!r} is none of {', '.join(known)}; `ts-llm-fusion benchmark` trains others."
            )


def make_naive_baselines(task: ForecastTask) -> dict[str, Forecaster]:
    """Naive baselines of a training report: repeat-last, seasonal naive (with a season in the look-back) and ridge."""
    names = ["repeat_last", *(["seasonal_naive"] if task.has_season else []), "ridge"]
    return {name: BASELINES[name].make(task) for name in names}
