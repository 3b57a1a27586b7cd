"""Invented tables that a page opens with."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..processing.feature_extraction_forecast import ForecastFeatureExtractor

_ROWS = 420


@dataclass(frozen=True)
class Example:
    """Table that a page opens with.

    Args:
        name: of the table.
        table: wide, with a column `date`.
        steps: to forecast; as many as the forecaster usually does for None.
        text: what is known of the future.
    """

    name: str
    table: pd.DataFrame
    steps: int | None = None
    text: str = ""


def example_for(config: Any, extractor: ForecastFeatureExtractor | None) -> Example:
    """Example that a forecaster can forecast: a museum, or waves in the columns of its training if it needs these."""
    by_column = not getattr(config, "share_projection", True) or config.model_type == "patchtst"
    count = getattr(config, "num_input_channels", 1) if by_column else 1
    if count == 1:
        return _museum()
    columns = list(extractor.columns if extractor is not None else ()) or [f"series {k + 1}" for k in range(count)]
    scaler = {} if extractor is None else extractor.scaler
    return _waves({name: scaler.get(name, [100.0, 10.0]) for name in columns})


def _museum() -> Example:
    """Daily visitors and sales until February 2026: a week, a year, growth, holidays and noise."""
    rng = np.random.default_rng(7)
    days = pd.date_range(end="2026-02-22", periods=_ROWS)
    week = np.array([0.72, 0.78, 0.86, 0.9, 1.02, 1.42, 1.3])[days.day_of_week]
    year = 1 + 0.16 * np.sin(2 * np.pi * (days.day_of_year - 100) / 365.25)
    growth = 1 + 0.12 * np.arange(_ROWS) / _ROWS
    is_holiday = (days.month == 12) & (days.day >= 27)
    visitors = 400 * week * year * growth * np.where(is_holiday, 1.35, 1.0) * rng.lognormal(0, 0.06, _ROWS)
    sales = 3.4 * visitors * rng.lognormal(0, 0.09, _ROWS)
    table = pd.DataFrame({"date": days, "visitors": visitors.round(), "shop sales": sales.round(2)})
    text = "Closed 3 to 9 March. Free entry on Sunday 15 March, 40 % more visitors."
    return Example("museum.csv", table, 28, text)


def _waves(moments: dict[str, list[float]]) -> Example:
    """Hourly waves of a day with noise, by the mean and the standard deviation of each column."""
    rng, hours = np.random.default_rng(7), np.arange(_ROWS)
    table = pd.DataFrame({"date": pd.date_range("2026-02-01", periods=_ROWS, freq="h")})
    for number, (name, (mean, deviation)) in enumerate(moments.items()):
        wave = np.sin(2 * np.pi * (hours / 24 + number / len(moments))) + 0.3 * rng.normal(size=_ROWS)
        table[name] = mean + deviation * wave
    return Example("waves.csv", table)
