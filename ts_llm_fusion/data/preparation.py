"""Season of timestamps, kept where earlier versions had it; see `series.time_axis`."""

import pandas as pd

from .series.time_axis import find_grid


def usual_season(timestamps: pd.DatetimeIndex) -> int | None:
    """Rows of the usual season of the grid of timestamps: 24 for hours, 7 for days, 5 for business days.

    Raises:
        ValueError: as `data.series.time_axis.find_grid`.
    """
    return find_grid(timestamps).season
