"""Pictures of forecasts after the history of their series."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import (
    BANDS,
    FORECAST,
    GUIDE,
    HISTORY,
    HISTORY_RATIO,
    LEAST_HISTORY,
    MAX_PANELS,
    OTHER,
    TRUTH,
    add_legend_above,
    draw_line,
    finish,
    new_axes,
    percent,
    set_dates,
)


def draw_forecast(
    history: pd.Series,
    forecast: pd.DataFrame,
    axes: Axes | None = None,
    season: int | None = None,
    name: str = "",
    unit: str = "",
    legend: bool = True,
    truth: pd.Series | None = None,
) -> Axes:
    """Draw the forecast of a series after the last stretch of its history.

    The stretch is three horizons, and at least two seasons. Beside the median and the bands of 80 % and 50 %, as far
    as the quantiles reach, a thin line repeats the last season.

    Args:
        history: past values by timestamp.
        forecast: by timestamp, `predictions` and a column for each quantile level.
        axes: axes to draw in; by default those of a new figure.
        season: steps of the season; none by default.
        name: name of the series, taken as plain text.
        unit: unit of the values, taken as plain text.
        legend: whether a row above the axes names lines and bands.
        truth: values that were observed at the timestamps of the forecast; none by default.

    Returns:
        The axes.
    """
    axes = new_axes(axes)
    steps = max(HISTORY_RATIO * len(forecast), 2 * (season or 0), LEAST_HISTORY)
    past, median = history.iloc[-steps:], forecast["predictions"]
    draw_line(axes, past, HISTORY, linewidth=1.2, label="history")
    if season and season <= len(history):
        repeated = np.resize(history.iloc[-season:].to_numpy(), len(forecast))
        mark = "_" if len(forecast) == 1 else None
        season_style: dict[str, Any] = {
            "linewidth": 0.8,
            "linestyle": (0, (3, 2)),
            "marker": mark,
            "label": "last season",
        }
        axes.plot(forecast.index, repeated, color=OTHER, **season_style)
    columns = sorted(forecast.columns.drop("predictions"), key=float)
    levels, quantiles = np.array(list(map(float, columns))), forecast[columns].to_numpy()
    # Without quantiles it is the point forecast of the model.
    point = "median" if columns else "forecast"
    # One step is drawn as a bar.
    is_single = len(forecast) == 1
    for share, tone in BANDS.items():
        band = central_band(levels, quantiles, share)
        if band is not None:
            label = f"{percent(share)} band"
            if is_single:
                axes.vlines(forecast.index, *band, color=tone, linewidth=6, label=label)
            else:
                axes.fill_between(forecast.index, *band, color=tone, linewidth=0, label=label)
    marker = "." if is_single else None
    if truth is not None:
        truth_style: dict[str, Any] = {"linewidth": 1.2, "linestyle": (0, (4, 2)), "marker": marker, "label": "truth"}
        axes.plot(truth.index, truth, color=TRUTH, **truth_style)
    axes.plot(forecast.index, median, color=FORECAST, linewidth=1.6, marker=marker, label=point)
    axes.axvline(past.index[-1], color=GUIDE, linewidth=0.8)
    set_dates(axes, past.index.append(forecast.index))
    finish(axes, name, unit)
    if legend:
        add_legend_above(axes)
    return axes


def forecast_figure(
    series: Sequence[tuple[str, pd.Series, pd.DataFrame, int | None]],
    title: str = "",
    total: int | None = None,
    truths: Sequence[pd.Series] | None = None,
) -> Figure:
    """Draw forecasts after the ends of series that may differ in their time axes, one panel for each of the first six.

    Args:
        series: name, past values, forecast and season of each, as of `draw_forecast`.
        title: title of the figure.
        total: number of series that were forecast, if more than those given.
        truths: observed values of each at the timestamps of its forecast; none by default.
    """
    shown = series[:MAX_PANELS]
    height = 1.05 + 2.1 * len(shown)
    figure = Figure(figsize=(10, height))
    # Margins of their own: a layout that is computed takes most of the time of such a picture.
    figure.subplots_adjust(left=0.08, right=0.985, top=1 - 0.75 / height, bottom=0.5 / height, hspace=0.45)
    panels = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    for number, (axes, (name, history, forecast, season)) in enumerate(zip(panels, shown, strict=True)):
        truth = None if truths is None else truths[number]
        draw_forecast(history, forecast, axes, season, name, legend=False, truth=truth)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", ncols=6, frameon=False, fontsize="small")
    total = len(series) if total is None else total
    note = f" (first {len(shown)} of {total} series)" if total > len(shown) else ""
    figure.suptitle(title + note, x=0.01, y=1 - 0.1 / height, ha="left", va="top", fontsize="medium", parse_math=False)
    return figure


def central_band(levels: np.ndarray, quantiles: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Lower and upper end of the central band with a share of the probability, (time,) each; None beyond the levels.

    Between two levels the quantiles are interpolated.
    """
    ends = (0.5 - share / 2, 0.5 + share / 2)
    if not len(levels) or ends[0] < levels[0] - 1e-9 or ends[1] > levels[-1] + 1e-9:
        return None
    lower, upper = (np.array([np.interp(end, levels, row) for row in quantiles]) for end in ends)
    return lower, upper
