"""Picture of what a text changes in a forecast."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..errors import UserError
from .forecasts import draw_forecast
from .style import TRUTH, add_legend_above


def draw_text_effect(
    history: pd.Series,
    forecast: pd.DataFrame,
    without: pd.Series,
    axes: Axes | None = None,
    season: int | None = None,
    name: str = "",
    unit: str = "",
) -> Axes:
    """Draw the forecast with a text, the median without it as a dashed line, and the steps that the text changes.

    The stretch of history, the bands and the last season are those of `draw_forecast`; changed steps are shaded.

    Args:
        history: past values by timestamp.
        forecast: with the text, by timestamp: `predictions` and a column for each quantile level.
        without: point forecast without the text, by the same timestamps.
        axes: axes to draw in; by default those of a new figure.
        season: steps of the season; none by default.
        name: name of the series, taken as plain text.
        unit: unit of the values, taken as plain text.

    Returns:
        The axes.

    Raises:
        ValueError: the two forecasts have different timestamps.
    """
    if not without.index.equals(forecast.index):
        raise UserError(
            f"the forecast without the text has {len(without)} steps from {without.index[0]} on, the one with it "
            f"{len(forecast)} from {forecast.index[0]} on; forecast the same steps twice."
        )
    axes = draw_forecast(history, forecast, axes, season, name, unit, legend=False)
    is_single = len(forecast) == 1
    dashes = {"marker": "_", "markersize": 9} if is_single else {"linestyle": (0, (5, 2))}
    axes.plot(without.index, without, color=TRUTH, linewidth=1.1, label="without the text", **dashes)
    changed = ~np.isclose(forecast["predictions"], without, rtol=1e-6, atol=0)
    # A step reaches half a step to each side; a single one has only the gap to the history.
    half = (forecast.index[-1] - history.index.append(forecast.index)[-2]) / 2
    edges = np.diff(np.concatenate(([0], changed, [0])))
    label = "changed by the text"
    for first, last in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1, strict=True):
        span = forecast.index[int(first)] - half, forecast.index[int(last)] + half
        axes.axvspan(*span, color="#e9ecef", linewidth=0, zorder=0, label=label)
        label = "_"
    add_legend_above(axes)
    return axes
