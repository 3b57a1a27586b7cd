"""Figures of forecasts, training runs and benchmarks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from .files import atomic_path

_HISTORY, _TRUTH, _FORECAST = "#4c566a", "#1f2933", "#d9480f"
_BASELINES = ("#343a40", "#868e96", "#ced4da")
_PARTS = ("#d9480f", "#4c566a", "#e8a87c", "#868e96", "#1f2933", "#ced4da")
_MAX_PANELS = 6
# Steps of history per step of forecast.
_HISTORY_RATIO = 3
# Fewest steps of history.
_LEAST_HISTORY = 24
# Steps that history is shown for at least as many times.
_LEAST_SHOWN = 8


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
    columns = list(forecast.columns[:_MAX_PANELS])
    figure = Figure(figsize=(10, 0.9 + 2.4 * len(columns)), layout="constrained")
    panels = figure.subplots(len(columns), 1, sharex=True, squeeze=False)[:, 0]
    for panel, column in zip(panels, columns, strict=True):
        if truth is not None:
            panel.plot(truth.index, truth[column], color=_TRUTH, linewidth=1.2, linestyle=(0, (4, 2)), label="truth")
        own_bands = [(lower[column], upper[column], label) for lower, upper, label in bands]
        _draw_forecast(panel, column, history[column], forecast[column], own_bands)
    panels[0].legend(loc="upper left", ncols=4, frameon=False, fontsize="small", bbox_to_anchor=(0, 1.18))
    hidden = forecast.shape[1] - len(columns)
    note = f" (first {len(columns)} of {forecast.shape[1]} series)" if hidden else ""
    figure.suptitle(title + note, x=0.01, ha="left", fontsize="medium")
    return figure


def _draw_forecast(
    panel: Axes, name: str, history: pd.Series, forecast: pd.Series, bands: Sequence[tuple[pd.Series, pd.Series, str]]
) -> None:
    # A value between two missing ones is no line.
    values = history.to_numpy()
    missing = np.concatenate(([True], np.isnan(values), [True]))
    alone = history[~np.isnan(values) & missing[:-2] & missing[2:]]
    panel.plot(history.index, values, color=_HISTORY, linewidth=1.2, label="history")
    panel.plot(alone.index, alone, color=_HISTORY, linestyle="none", marker=".", markersize=4)
    for number, (lower, upper, label) in enumerate(bands):
        alpha = 0.18 + 0.1 * number
        panel.fill_between(forecast.index, lower, upper, color=_FORECAST, alpha=alpha, linewidth=0, label=label)
    marker = "." if len(forecast) == 1 else None
    panel.plot(forecast.index, forecast, color=_FORECAST, linewidth=1.6, marker=marker, label="forecast")
    panel.axvline(history.index[-1], color="#adb5bd", linewidth=0.8)
    panel.set_ylabel(name, parse_math=False)
    panel.margins(x=0.01)
    panel.grid(alpha=0.25, linewidth=0.5)
    panel.spines[["top", "right"]].set_visible(False)


def plot_shares(rows: Mapping[str, Mapping[str, float]], title: str = "") -> Figure:
    """Draw shares as bars, one group for each task.

    Args:
        rows: name -> task -> share, first the model, then the baselines.
        title: title of the figure.
    """
    tasks = list(next(iter(rows.values())))
    figure = Figure(figsize=(10, 0.9 + 0.22 * len(tasks) * (len(rows) + 1)), layout="constrained")
    panel = figure.subplots()
    colors = (_FORECAST, *_BASELINES)
    for row, (name, shares) in enumerate(rows.items()):
        positions = [task * (len(rows) + 1) + row for task in range(len(tasks))]
        panel.barh(positions, [shares[task] for task in tasks], color=colors[min(row, len(_BASELINES))], label=name)
    panel.set_yticks([task * (len(rows) + 1) + (len(rows) - 1) / 2 for task in range(len(tasks))], tasks)
    panel.invert_yaxis()
    panel.set_xlim(0, 1)
    panel.grid(axis="x", alpha=0.25, linewidth=0.5)
    panel.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=len(rows), frameon=False, fontsize="small")
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium")
    return figure


def plot_losses(log_history: Sequence[Mapping[str, float]], title: str = "") -> Figure:
    """Draw training and validation loss over epochs, from the log history of a Trainer."""
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    panel = figure.subplots()
    for key, label, color in (("loss", "training", _HISTORY), ("eval_loss", "validation", _FORECAST)):
        rows = [row for row in log_history if key in row]
        panel.plot([row["epoch"] for row in rows], [row[key] for row in rows], color=color, marker=".", label=label)
    panel.set_xlabel("epoch")
    panel.set_ylabel("loss")
    panel.grid(alpha=0.25, linewidth=0.5)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False, fontsize="small")
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium")
    return figure


def plot_samples(panels: Sequence[tuple[str, Mapping[str, np.ndarray]]], title: str = "") -> Figure:
    """Draw the series of a few samples by step, one panel for each sample.

    Args:
        panels: (title, name -> values (time,)) for each sample.
        title: title of the figure.
    """
    figure = Figure(figsize=(10, 0.6 + 2.3 * len(panels)), layout="constrained")
    for axes, (name, series) in zip(figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True):
        for label, values in series.items():
            axes.plot(values, linewidth=1.1, label=label)
        axes.set_title(name, loc="left", fontsize="small", parse_math=False)
        axes.margins(x=0.01)
        axes.grid(alpha=0.25, linewidth=0.5)
        axes.spines[["top", "right"]].set_visible(False)
        if len(series) > 1:
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize="small")
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium")
    return figure


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a PNG file."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")


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


def plot_errors(summary: pd.DataFrame, published: pd.DataFrame, title: str = "") -> Figure:
    """Draw errors of models with their spread over seeds: a panel for each metric and horizon, a row for each model.

    Args:
        summary: columns model, horizon, mse, mse_std, mae and mae_std.
        published: columns model, horizon, mse and mae.
        title: title of the figure.
    """
    horizons = list(dict.fromkeys(summary["horizon"]))
    papers = published[published["horizon"].isin(horizons)]
    rows = [*dict.fromkeys(summary["model"]), *(f"{model} (paper)" for model in dict.fromkeys(papers["model"]))]
    position = {name: row for row, name in enumerate(rows)}
    ours = summary.assign(position=summary["model"].map(position))
    papers = papers.assign(position=(papers["model"] + " (paper)").map(position))
    size = (2.2 + 2.4 * len(horizons), 1.2 + 0.46 * len(rows))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(2, len(horizons), sharey=True, sharex="row", squeeze=False)
    for metric, name, line in zip(("mse", "mae"), ("mean squared error", "mean absolute error"), panels, strict=True):
        for horizon, panel in zip(horizons, line, strict=True):
            found, paper = ours[ours["horizon"] == horizon], papers[papers["horizon"] == horizon]
            style = {"linestyle": "none", "marker": "o", "markersize": 5}
            panel.errorbar(
                found[metric], found["position"], xerr=found[f"{metric}_std"], color=_FORECAST, capsize=2.5, **style
            )
            panel.plot(paper[metric], paper["position"], color=_HISTORY, markerfacecolor="white", **style)
            panel.set_xscale("log")
            panel.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 1.5, 2, 3, 5, 7)))
            panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            panel.xaxis.set_minor_formatter(NullFormatter())
            panel.set_yticks(range(len(rows)), rows)
            panel.tick_params(labelsize="small")
            panel.set_title(f"{name}, {horizon} steps", fontsize="small", loc="left")
            panel.grid(alpha=0.3, linewidth=0.5)
            panel.spines[["top", "right"]].set_visible(False)
    # The first model is on top; the axis is shared by all panels.
    panels[0, 0].invert_yaxis()
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium")
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


def draw_forecast(
    history: pd.Series, forecast: pd.DataFrame, axes: Axes | None = None, season: int | None = None, name: str = ""
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

    Returns:
        The axes.
    """
    if axes is None:
        axes = Figure(figsize=(10, 3.2)).subplots()
    steps = max(_HISTORY_RATIO * len(forecast), 2 * (season or 0), _LEAST_HISTORY)
    past, median = history.iloc[-steps:], forecast["predictions"]
    values = past.to_numpy()
    # A value between two missing ones is no line.
    missing = np.concatenate(([True], np.isnan(values), [True]))
    alone = past[~np.isnan(values) & missing[:-2] & missing[2:]]
    axes.plot(past.index, values, color=_HISTORY, linewidth=1.2, label="history")
    axes.plot(alone.index, alone, color=_HISTORY, linestyle="none", marker=".", markersize=4)
    if season and season <= len(history):
        repeated = np.resize(history.iloc[-season:].to_numpy(), len(forecast))
        axes.plot(forecast.index, repeated, color="#868e96", linewidth=0.8, linestyle=(0, (3, 2)), label="last season")
    columns = sorted(forecast.columns.drop("predictions"), key=float)
    levels, quantiles = np.array(list(map(float, columns))), forecast[columns].to_numpy()
    # One step is drawn as a bar.
    is_single = len(forecast) == 1
    for share, tone in ((0.8, "#f6cdb8"), (0.5, "#ec9a72")):
        band = central_band(levels, quantiles, share)
        if band is not None:
            label = f"{share:.0%} band".replace("%", " %")
            if is_single:
                axes.vlines(forecast.index, *band, color=tone, linewidth=6, label=label)
            else:
                axes.fill_between(forecast.index, *band, color=tone, linewidth=0, label=label)
    marker = "." if is_single else None
    axes.plot(forecast.index, median, color=_FORECAST, linewidth=1.6, marker=marker, label="median")
    axes.axvline(past.index[-1], color="#adb5bd", linewidth=0.8)
    _set_dates(axes, past.index.append(forecast.index))
    axes.set_title(name, loc="left", fontsize="small", parse_math=False)
    axes.margins(x=0.01)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize="small")
    axes.xaxis.get_offset_text().set_fontsize("small")
    return axes


def _set_dates(axes: Axes, index: pd.Index) -> None:
    """Mark dates by few words, and no time of day where the steps are whole days."""
    if not isinstance(index, pd.DatetimeIndex) or len(index) < 2:
        return
    whole_days = bool((index.normalize() == index).all())
    days = int((index[-1] - index[0]).days)
    locator = AutoDateLocator(minticks=max(1, min(3, days)) if whole_days else 3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def forecast_figure(
    series: Sequence[tuple[str, pd.Series, pd.DataFrame, int | None]], title: str = "", total: int | None = None
) -> Figure:
    """Draw forecasts after the ends of series that may differ in their time axes, one panel for each of the first six.

    Args:
        series: name, past values, forecast and season of each, as of `draw_forecast`.
        title: title of the figure.
        total: number of series that were forecast, if more than those given.
    """
    shown = series[:_MAX_PANELS]
    height = 1.05 + 2.1 * len(shown)
    figure = Figure(figsize=(10, height))
    # Margins of their own: a layout that is computed takes most of the time of such a picture.
    figure.subplots_adjust(left=0.08, right=0.985, top=1 - 0.75 / height, bottom=0.5 / height, hspace=0.45)
    for axes, (name, history, forecast, season) in zip(
        figure.subplots(len(shown), 1, squeeze=False)[:, 0], shown, strict=True
    ):
        draw_forecast(history, forecast, axes, season, name)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", ncols=5, frameon=False, fontsize="small")
    total = len(series) if total is None else total
    note = f" (first {len(shown)} of {total} series)" if total > len(shown) else ""
    figure.suptitle(title + note, x=0.01, y=1 - 0.1 / height, ha="left", va="top", fontsize="medium", parse_math=False)
    return figure


def plot_reasons(history: pd.Series, forecast: pd.DataFrame, shares: pd.DataFrame, title: str = "") -> Figure:
    """Draw a forecast with its extremes above the shares of what it is mixed of.

    Args:
        history: past values by timestamp.
        forecast: by timestamp, `mean` and a column for each quantile level.
        shares: by timestamp, a column for each part; rows add up to 1.
        title: title of the figure.
    """
    places = {"^": int(forecast["mean"].argmax()), "v": int(forecast["mean"].argmin())}
    if len(forecast) == 1:
        # One step is drawn half a step wide, so that it can be seen.
        (at,), quarter = forecast.index, (forecast.index[0] - history.index[-1]) / 4
        forecast, shares = (table.iloc[[0, 0]].set_axis([at - quarter, at + quarter]) for table in (forecast, shares))
        places = {}
    figure = Figure(figsize=(10, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1))
    shown, mean = history.iloc[-_HISTORY_RATIO * max(len(forecast), _LEAST_SHOWN) :], forecast["mean"]
    upper.plot(shown.index, shown, color=_HISTORY, linewidth=1.2, label="history")
    levels = sorted((level for level in forecast.columns if level != "mean"), key=float)
    quantiles = forecast[levels].to_numpy()[:, None]
    bands = quantile_bands(quantiles, [float(level) for level in levels], forecast.index, ["value"])
    for low, high, label in bands[::2]:
        style = {"color": _FORECAST, "alpha": 0.2, "linewidth": 0, "label": label}
        upper.fill_between(forecast.index, low["value"], high["value"], **style)
    upper.plot(forecast.index, mean, color=_FORECAST, linewidth=1.6, label="forecast")
    for mark, place in places.items():
        upper.plot(forecast.index[place], mean.iloc[place], marker=mark, color=_TRUTH, markersize=6)
    upper.axvline(shown.index[-1], color="#adb5bd", linewidth=0.8)
    upper.legend(loc="upper left", ncols=4, frameon=False, fontsize="small", bbox_to_anchor=(0, 1.14))
    lower.stackplot(
        forecast.index, shares.T.to_numpy(), labels=list(shares.columns), colors=_PARTS, alpha=0.85, linewidth=0
    )
    lower.set_ylabel("weight")
    lower.set_ylim(0, 1)
    if not places:
        lower.set_xticks([])
    lower.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize="small", reverse=True)
    for panel in (upper, lower):
        panel.margins(x=0.01)
        panel.grid(alpha=0.25, linewidth=0.5)
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium", parse_math=False)
    return figure
