"""Pictures of backtests: forecasts by origin, residuals, and nominal beside measured coverage."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ..errors import UserError
from .style import (
    BANDS,
    FORECAST,
    GUIDE,
    HISTORY,
    add_legend,
    add_legend_above,
    draw_line,
    finish,
    new_axes,
    percent,
    set_dates,
    visible_label,
)

_STYLES = ("-", (0, (5, 2)))
# Markers and colors tell forecasters apart; in gray, the markers do.
_FORECASTERS = (
    ("o", FORECAST),
    ("s", HISTORY),
    ("^", "#868e96"),
    ("D", "#1f2933"),
    ("v", "#e8a87c"),
    ("P", "#adb5bd"),
    ("X", "#a61e4d"),
)


def _levels(forecasts: pd.DataFrame) -> dict[Any, float]:
    """Columns of quantiles with their levels, rising, without those that have no value."""
    numbers = pd.to_numeric(pd.Series(forecasts.columns, index=forecasts.columns), errors="coerce")
    levels = numbers[(numbers > 0) & (numbers < 1)].sort_values()
    return {column: level for column, level in levels.items() if forecasts[column].notna().any()}


def _check(forecasts: pd.DataFrame, columns: Sequence[str]) -> None:
    """Check that a table has rows and these columns."""
    if not isinstance(forecasts, pd.DataFrame):
        raise UserError(f"forecasts is a {type(forecasts).__name__}; give a DataFrame of pandas.")
    missing = [name for name in columns if name not in forecasts.columns]
    if missing:
        raise UserError(f"the table of forecasts has no column {missing[0]!r}; give that of cross_validation.")
    if forecasts.empty:
        raise UserError("the table of forecasts has no rows; give some of that of cross_validation.")


def _check_one_forecaster(forecasts: pd.DataFrame) -> None:
    names = forecasts["forecaster"].unique()
    if len(names) > 1:
        raise UserError(f"the table has forecasts of {names[0]!r} and {names[1]!r}; give the rows of one forecaster.")


def draw_backtest(
    forecasts: pd.DataFrame,
    history: pd.Series | None = None,
    axes: Axes | None = None,
    name: str = "",
    unit: str = "",
    timestamp_column: str = "timestamp",
) -> Axes:
    """Draw the forecasts of a backtest over the actual values, each from its origin on.

    Origins are thin vertical lines. The bands are those between the outermost levels. Forecasts are solid and dashed
    in turn, so that windows that overlap can be told apart.

    Args:
        forecasts: rows of one series and one forecaster of the table of `cross_validation`.
        history: actual values by timestamp, NaN where missing; by default those of the windows alone.
        axes: axes to draw in; by default those of a new figure.
        name: name of the series, taken as plain text.
        unit: unit of the values, taken as plain text.
        timestamp_column: column of timestamps.

    Returns:
        The axes.

    Raises:
        ValueError: a column is missing, or the rows are of several series or forecasters.
    """
    _check(forecasts, (timestamp_column, "cutoff", "forecaster", "actual", "predictions"))
    _check_one_forecaster(forecasts)
    if forecasts.duplicated(["cutoff", timestamp_column]).any():
        raise UserError("several forecasts of one timestamp have the same cutoff; give the rows of one series.")
    axes = new_axes(axes)
    by_time = forecasts.set_index(timestamp_column).sort_index()
    actual = by_time["actual"][~by_time.index.duplicated()] if history is None else history
    draw_line(axes, actual, HISTORY, linewidth=1.2, label="actual")
    levels = _levels(forecasts)
    lowest, *_, highest = levels if len(levels) > 1 else (None, None)
    labels = {"origin": "origin", "forecast": "forecast"}
    if lowest is not None:
        labels["band"] = f"{percent(levels[highest] - levels[lowest])} band"
    cutoff: Any  # a time, or the number of a step
    for number, (cutoff, window) in enumerate(by_time.groupby("cutoff")):
        # A single step is drawn as a bar.
        is_single = len(window) == 1
        if lowest is not None and is_single:
            axes.vlines(window.index, window[lowest], window[highest], BANDS[0.8], linewidth=6, label=labels["band"])
        elif lowest is not None:
            ends = window[lowest], window[highest]
            axes.fill_between(window.index, *ends, color=BANDS[0.8], alpha=0.75, linewidth=0, label=labels["band"])
        style: dict[str, Any] = {
            "linestyle": _STYLES[number % 2],
            "marker": "." if is_single else None,
            "label": labels["forecast"],
        }
        axes.plot(window.index, window["predictions"], color=FORECAST, linewidth=1.5, **style)
        axes.axvline(cutoff, color=GUIDE, linewidth=0.8, label=labels["origin"])
        # A legend names each kind once; matplotlib leaves out what begins with an underscore.
        labels = dict.fromkeys(labels, "_")
    set_dates(axes, actual.index.append(by_time.index))
    finish(axes, name, unit)
    add_legend_above(axes)
    return axes


def draw_residuals(
    forecasts: pd.DataFrame,
    by: Literal["time", "step"] = "time",
    axes: Axes | None = None,
    name: str = "",
    unit: str = "",
    timestamp_column: str = "timestamp",
) -> Axes:
    """Draw actual minus forecast of a backtest, over time or by step, with the values outside the band marked.

    The band is the one between the outermost levels. The legend has its nominal share of the values beside the
    measured one. By step, a line is the median of the residuals.

    Args:
        forecasts: rows of one forecaster of the table of `cross_validation`.
        by: "time" or "step", the number of the step after the origin, from 1 on.
        axes: axes to draw in; by default those of a new figure.
        name: name of the series or forecaster, taken as plain text.
        unit: unit of the values, taken as plain text.
        timestamp_column: column of timestamps.

    Returns:
        The axes.

    Raises:
        ValueError: a column is missing, the rows are of several forecasters, or `by` is unknown.
    """
    if by not in ("time", "step"):
        raise UserError(f"by is {by!r}; give 'time' or 'step'.")
    _check(forecasts, (timestamp_column, "cutoff", "forecaster", "actual", "predictions"))
    _check_one_forecaster(forecasts)
    table = forecasts.assign(residual=forecasts["actual"] - forecasts["predictions"])
    times = table[timestamp_column]
    # Each window has a row for each step; several series share them.
    table["place"] = times if by == "time" else times.groupby(table["cutoff"]).rank(method="dense").astype(int)
    table = table[table["actual"].notna()]
    levels = list(_levels(table).items())
    axes = new_axes(axes)
    inside, marked = np.ones(len(table), dtype=bool), ""
    if len(levels) > 1:
        (lowest, low), (highest, high) = levels[0], levels[-1]
        inside = table["actual"].between(table[lowest], table[highest]).to_numpy()
        marked = f"in the {percent(high - low)} band: {inside.sum():,} of {len(table):,} ({percent(inside.mean())})"
    axes.axhline(0, color=GUIDE, linewidth=1.0)
    points: dict[str, Any] = {"linestyle": "none", "markersize": 4.5}
    within, outside = table[inside], table[~inside]
    points["label"] = marked or "residual"
    axes.plot(within["place"], within["residual"], marker="o", color=HISTORY, alpha=0.6, **points)
    if len(outside):
        axes.plot(outside["place"], outside["residual"], marker="x", color=FORECAST, **points | {"label": "outside"})
    if by == "step":
        median = table.groupby("place")["residual"].median()
        axes.plot(median.index, median, color="#1f2933", linewidth=1.4, label="median")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("steps after the origin", fontsize="small")
    else:
        set_dates(axes, pd.Index(times))
    finish(axes, name, f"actual - forecast ({unit})" if unit else "actual - forecast")
    add_legend_above(axes)
    return axes


def draw_coverage(forecasts: pd.DataFrame, axes: Axes | None = None, name: str = "") -> Axes:
    """Draw the measured share of values in the central bands of a backtest beside the nominal one.

    A point for each pair of levels symmetric around the median. Below the diagonal, bands are too narrow.

    Args:
        forecasts: rows of the table of `cross_validation`, of any series and forecasters.
        axes: axes to draw in; by default those of a new figure.
        name: title, taken as plain text.

    Returns:
        The axes.

    Raises:
        ValueError: a column is missing, or there is no pair of levels.
    """
    _check(forecasts, ("forecaster", "actual"))
    levels = _levels(forecasts).items()
    pairs = [
        (high - low, lower, upper)
        for lower, low in levels
        for upper, high in levels
        if low < high and abs(low + high - 1) < 1e-6
    ]
    if not pairs:
        raise UserError("the table of forecasts has no two levels symmetric around 0.5, such as 0.1 and 0.9.")
    pairs.sort()
    axes = Figure(figsize=(5, 4.6), layout="constrained").subplots() if axes is None else axes
    axes.plot([0, 1], [0, 1], color=GUIDE, linewidth=1.0, linestyle=(0, (4, 2)), label="nominal")
    for number, (forecaster, rows) in enumerate(
        forecasts[forecasts["actual"].notna()].groupby("forecaster", sort=False)
    ):
        shares = {}
        for nominal, lower, upper in pairs:
            banded = rows[rows[lower].notna() & rows[upper].notna()]
            if len(banded):
                shares[nominal] = banded["actual"].between(banded[lower], banded[upper]).mean()
        if shares:
            marker, color = _FORECASTERS[number % len(_FORECASTERS)]
            label = visible_label(str(forecaster))
            axes.plot(list(shares), list(shares.values()), marker=marker, color=color, linewidth=1.2, label=label)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlabel("nominal share in the band", fontsize="small")
    finish(axes, name, "measured share")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    add_legend(axes, loc="upper left")
    return axes
