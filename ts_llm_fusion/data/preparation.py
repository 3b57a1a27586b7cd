"""Season of timestamps, at the place of earlier versions; `data.series.time_axis` tells it."""

import importlib

import pandas as pd


def usual_season(timestamps: pd.DatetimeIndex) -> int | None:
    """Rows of the usual season of the grid of timestamps: 24 for hours, 7 for days, 5 for business days.

    Raises:
        ValueError: as `data.series.time_axis.find_grid`.
    """
    time_axis = importlib.import_module("ts_llm_fusion.data.series.time_axis")
    return time_axis.find_grid(timestamps).season
