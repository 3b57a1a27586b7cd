"""Evaluation of forecasters from rolling origins, on a user's own table or a set of series."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..data.series.panel_sources import load_source, m4_rules
from ..data.series.panels import ID, Panel
from ..data.series.preparation import DataArguments
from ..errors import UserError
from ..evaluation.backtests import PanelForecaster, backtest
from ..evaluation.cross_validation import (
    BASELINES,
    check_known,
    known_by_models,
    load_models,
    make_forecasters,
    panel_seasons,
    reading_options,
)
from ..evaluation.forecast_scores import score_forecasts
from ..evaluation.point_metrics import owa
from ..families import FAMILIES
from ..files import atomic_path
from ..prediction import check_count, check_horizon, check_levels
from .evaluation import EvaluationArguments, ForecastArguments, check_evaluation_output

logger = logging.getLogger(__name__)

FORECASTS_FILE, SCORES_FILE = "forecasts.parquet", "scores_by_id.csv"
# Share of the longest series that a horizon takes at most where none is asked for.
_LARGEST_SHARE = 5
# Such a horizon of series without a season.
_WITHOUT_SEASON = 12


@dataclass
class BacktestArguments:
    """Rolling origins at the end of each series: for own tables, and for sets without a test split of their own."""

    windows: int = field(default=1, metadata={"help": "Windows at the end of each series."})
    step: int | None = field(
        default=None, metadata={"help": "Steps between the origins of two windows; the horizon by default."}
    )
    quantile_levels: list[float] = field(
        default_factory=lambda: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
        metadata={"help": "Levels of the quantiles."},
    )
    series_batch: int = field(default=256, metadata={"help": "Series forecast at a time."})


def _usual_horizon(panel: Panel, configs: Sequence[Any]) -> int:
    """Horizon that models were trained for, else the season of most series, as far as these are long."""
    trained = [config for config in configs if config.model_type in FAMILIES]
    horizons = {config.prediction_length for config in trained if not FAMILIES[config.model_type].any_history}
    if len(horizons) > 1:
        raise UserError(f"prediction_length is not set and the models have {sorted(horizons)}; set it.")
    if horizons:
        return horizons.pop()
    seasons, counts = np.unique(panel_seasons(panel), return_counts=True)
    season = int(seasons[counts.argmax()])
    return min(season if season > 1 else _WITHOUT_SEASON, max(1, int(panel.lengths.max()) // _LARGEST_SHARE))


def _timed(forecaster: PanelForecaster, name: str, seconds: dict[str, float]) -> PanelForecaster:
    """Wrap a forecaster so that its time is added to `seconds`."""

    def forecast(*arguments: Any) -> Any:
        start = time.perf_counter()
        found = forecaster(*arguments)
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
        return found

    return forecast


def _rows(scores: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Scores by forecaster; None where one is not defined."""
    return {
        str(row.pop("forecaster")): {str(name): value if value == value else None for name, value in row.items()}
        for row in scores.to_dict("records")
    }


def _with_owa(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    base = rows["naive2"]
    return {
        name: {
            "mase": row["mase"],
            "smape": row["smape"],
            "owa": owa(row["smape"], row["mase"], base["smape"], base["mase"]),
            **row,
        }
        for name, row in rows.items()
    }


def backtest_forecasters(
    arguments: EvaluationArguments,
    data_arguments: DataArguments,
    forecast: ForecastArguments,
    rolling: BacktestArguments,
) -> dict[str, Any]:
    """Scores of checkpoints and baselines from rolling origins at the end of every series.

    A group of M4 is scored by the rules of the competition: its test is the one window, its seasonality that of MASE,
    and OWA is relative to Naive2, which is always among the baselines.

    Writes the forecasts and the scores of each series in `arguments.output_dir`.

    Returns:
        The scores by forecaster under "results", with settings and counts.

    Raises:
        ValueError, OSError: for a checkpoint, series or settings that are not usable.
    """
    check_evaluation_output(arguments, (FORECASTS_FILE, SCORES_FILE))
    rules = m4_rules(data_arguments.data)
    windows, levels = check_count("windows", rolling.windows), sorted(check_levels(rolling.quantile_levels))
    if rules and (forecast.prediction_length not in (None, rules.horizon) or windows > 1):
        raise UserError(
            f"{data_arguments.data} has one window of {rules.horizon} steps by the rules of the competition; leave "
            "windows and prediction_length out."
        )
    names = list(BASELINES if forecast.baselines is None else forecast.baselines)
    if rules and "naive2" not in names:
        names.append("naive2")
    models = load_models(list(arguments.models) if arguments.models is not None else None)
    forecasters = make_forecasters(models, names, rolling.series_batch)
    known = known_by_models(models, data_arguments.known_covariates)
    panel = load_source(
        data_arguments.data,
        id_column=data_arguments.id_column,
        timestamp_column=data_arguments.timestamp_column,
        target=data_arguments.target_columns,
        freq=data_arguments.freq,
        dayfirst=data_arguments.dayfirst,
        **reading_options(models, [*known, *data_arguments.past_covariates, *data_arguments.static_covariates]),
    )
    check_known(panel, known)
    season = rules.seasonality if rules else data_arguments.seasonal_period
    horizon = rules.horizon if rules else forecast.prediction_length
    if horizon is None:
        horizon = _usual_horizon(panel, [model.config for model, _ in models.values()])
    horizon = check_horizon(horizon)
    step = horizon if rolling.step is None else check_count("step", rolling.step)
    seconds: dict[str, float] = {}
    timed = {name: _timed(forecaster, name, seconds) for name, forecaster in forecasters.items()}
    seasons = panel_seasons(panel, season)
    table = backtest(panel, timed, horizon, windows, step, levels, seasons, known)
    output = Path(arguments.output_dir)
    with atomic_path(output / FORECASTS_FILE) as temporary:
        table.to_parquet(temporary, index=False)
    by = [*(panel.id_columns or [ID]), *(["target_name"] if len(panel.targets) > 1 else [])]
    with atomic_path(output / SCORES_FILE) as temporary:
        score_forecasts(table, by).to_csv(temporary, index=False)
    rows = _rows(score_forecasts(table))
    return {
        "data": data_arguments.data,
        "tested_on": data_arguments.data,
        "ids": len(panel),
        "windows": windows,
        "step": step,
        "prediction_length": horizon,
        "results": _with_owa(rows) if rules else rows,
        "seconds": seconds,
        "published": {},
    }
