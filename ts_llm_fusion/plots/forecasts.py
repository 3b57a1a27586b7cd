"""Pictures of forecasts after the history of their series."""

from collections.abc import Sequence

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


def plot_forecast(
    history: pd.DataFrame,
    forecast: pd.DataFrame,
    truth: pd.DataFrame | None = None,
    bands: Sequence[tuple[pd.DataFrame, pd.DataFrame, str]] = (),
    title: str = "",
) -> Figure:
    """Draw history, forecast, truth and quantile bands, one panel for each of the first six series.

    Args:
        history: past values, one column for each series, indexed by time.
        forecast: point forecast with the same columns.
        truth: true future values, if known.
        bands: (lower, upper, label) from the widest to the narrowest.
        title: title of the figure.
    """
    columns = list(forecast.columns[:MAX_PANELS])
    figure = Figure(figsize=(10, 0.9 + 2.4 * len(columns)), layout="constrained")
    panels = figure.subplots(len(columns), 1, sharex=True, squeeze=False)[:, 0]
    for panel, column in zip(panels, columns, strict=True):
        if truth is not None:
            panel.plot(truth.index, truth[column], color=TRUTH, linewidth=1.2, linestyle=(0, (4, 2)), label="truth")
        own_bands = [(lower[column], upper[column], label) for lower, upper, label in bands]
        _draw_forecast(panel, column, history[column], forecast[column], own_bands)
    panels[0].legend(loc="upper left", ncols=4, frameon=False, fontsize="small", bbox_to_anchor=(0, 1.18))
    hidden = forecast.shape[1] - len(columns)
    note = f" (first {len(columns)} of {forecast.shape[1]} series)" if hidden else ""
    figure.suptitle(title + note, x=0.01, ha="left", fontsize="medium", parse_math=False)
    return figure


def _draw_forecast(
    panel: Axes, name: str, history: pd.Series, forecast: pd.Series, bands: Sequence[tuple[pd.Series, pd.Series, str]]
) -> None:
    draw_line(panel, history, HISTORY, linewidth=1.2, label="history")
    for number, (lower, upper, label) in enumerate(bands):
        alpha = 0.18 + 0.1 * number
        panel.fill_between(forecast.index, lower, upper, color=FORECAST, alpha=alpha, linewidth=0, label=label)
    marker = "." if len(forecast) == 1 else None
    panel.plot(forecast.index, forecast, color=FORECAST, linewidth=1.6, marker=marker, label="forecast")
    panel.axvline(history.index[-1], color=GUIDE, linewidth=0.8)
    panel.set_ylabel(name, parse_math=False)
    panel.margins(x=0.01)
    panel.grid(alpha=0.25, linewidth=0.5)
    panel.spines[["top", "right"]].set_visible(False)


def draw_forecast(
    history: pd.Series,
    forecast: pd.DataFrame,
    axes: Axes | None = None,
    season: int | None = None,
    name: str = "",
    unit: str = "",
    legend: bool = True,
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

    Returns:
        The axes.
    """
    axes = new_axes(axes)
    steps = max(HISTORY_RATIO * len(forecast), 2 * (season or 0), LEAST_HISTORY)
    past, median = history.iloc[-steps:], forecast["predictions"]
    draw_line(axes, past, HISTORY, linewidth=1.2, label="history")
    if season and season <= len(history):
        repeated = np.resize(history.iloc[-season:].to_numpy(), len(forecast))
        axes.plot(forecast.index, repeated, color=OTHER, linewidth=0.8, linestyle=(0, (3, 2)), label="last season")
    columns = sorted(forecast.columns.drop("predictions"), key=float)
    levels, quantiles = np.array(list(map(float, columns))), forecast[columns].to_numpy()
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
    axes.plot(forecast.index, median, color=FORECAST, linewidth=1.6, marker=marker, label="median")
    axes.axvline(past.index[-1], color=GUIDE, linewidth=0.8)
    set_dates(axes, past.index.append(forecast.index))
    finish(axes, name, unit)
    if legend:
        add_legend_above(axes)
    return axes


def forecast_figure(
    series: Sequence[tuple[str, pd.Series, pd.DataFrame, int | None]], title: str = "", total: int | None = None
) -> Figure:
    """Draw forecasts after the ends of series that may differ in their time axes, one panel for each of the first six.

    Args:
        series: name, past values, forecast and season of each, as of `draw_forecast`.
        title: title of the figure.
        total: number of series that were forecast, if more than those given.
    """
    shown = series[:MAX_PANELS]
    height = 1.05 + 2.1 * len(shown)
    figure = Figure(figsize=(10, height))
    # Margins of their own: a layout that is computed takes most of the time of such a picture.
    figure.subplots_adjust(left=0.08, right=0.985, top=1 - 0.75 / height, bottom=0.5 / height, hspace=0.45)
    for axes, (name, history, forecast, season) in zip(
        figure.subplots(len(shown), 1, squeeze=False)[:, 0], shown, strict=True
    ):
        draw_forecast(history, forecast, axes, season, name, legend=False)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", ncols=5, frameon=False, fontsize="small")
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


def quantile_bands(
    quantiles: np.ndarray, levels: Sequence[float], index: pd.Index, columns: Sequence[str] | pd.Index
) -> list[tuple[pd.DataFrame, pd.DataFrame, str]]:
    """Bands between quantiles whose levels are symmetric around the median, widest first.

    Args:
        quantiles: (time, variables, levels).
        levels: increasing levels.
        index: timestamps of the forecast.
        columns: names of the variables.

    Returns:
        (lower, upper, label) for each pair of levels.
    """
    bands: list[tuple[pd.DataFrame, pd.DataFrame, str]] = []
    for low, level in enumerate(levels):
        high = next((k for k, other in enumerate(levels) if abs(other + level - 1) < 1e-6 and k > low), None)
        if high is not None:
            lower, upper = (pd.DataFrame(quantiles[..., k], index, pd.Index(columns)) for k in (low, high))
            bands.append((lower, upper, f"{level:g} to {levels[high]:g} quantile"))
    return bands
