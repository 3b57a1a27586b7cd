"""Invented table that the page opens with."""

import numpy as np
import pandas as pd

NAME = "museum.csv"
CONTEXT = "Closed 3 to 9 March. Free entry on Sunday 15 March, 40 % more visitors."
HORIZON = 28
_DAYS = 420


def example_table() -> pd.DataFrame:
    """Daily visitors and sales of a museum until February 2026: a week, a year, growth, holidays and noise."""
    rng = np.random.default_rng(7)
    days = pd.date_range(end="2026-02-22", periods=_DAYS)
    week = np.array([0.72, 0.78, 0.86, 0.9, 1.02, 1.42, 1.3])[days.day_of_week]
    year = 1 + 0.16 * np.sin(2 * np.pi * (days.day_of_year - 100) / 365.25)
    growth = 1 + 0.12 * np.arange(_DAYS) / _DAYS
    is_holiday = (days.month == 12) & (days.day >= 27)
    visitors = 400 * week * year * growth * np.where(is_holiday, 1.35, 1.0) * rng.lognormal(0, 0.06, _DAYS)
    sales = 3.4 * visitors * rng.lognormal(0, 0.09, _DAYS)
    return pd.DataFrame({"date": days, "visitors": visitors.round(), "shop sales": sales.round(2)})
