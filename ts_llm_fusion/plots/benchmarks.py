"""Pictures of benchmarks: errors of forecasters, and shares of answers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from ..errors import UserError
from .style import FORECAST, GUIDE, HISTORY, OTHER, finish

_BASELINES = ("#343a40", "#868e96", "#ced4da")


def plot_shares(rows: Mapping[str, Mapping[str, float]], title: str = "") -> Figure:
    """Draw shares as bars, one group for each task.

    Args:
        rows: name -> task -> share, first the model, then the baselines.
        title: title of the figure.
    """
    tasks = list(next(iter(rows.values())))
    figure = Figure(figsize=(10, 0.9 + 0.22 * len(tasks) * (len(rows) + 1)), layout="constrained")
    panel = figure.subplots()
    colors = (FORECAST, *_BASELINES)
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


def draw_scores(
    scores: pd.DataFrame,
    metric: str,
    axes: Axes | None = None,
    by: str = "forecaster",
    reference: str | None = "seasonal_naive",
    name: str = "",
    unit: str = "",
) -> Axes:
    """Draw a table of scores as points: a row for each forecaster, the best mean first.

    Small points are the rows of the table, such as series, data sets or seeds; a large one is their mean. A line marks
    the mean of the reference.

    Args:
        scores: such as a table of `score_forecasts` or of a benchmark, with rows of each forecaster.
        metric: column to draw; smaller is better.
        axes: axes to draw in; by default those of a new figure.
        by: column of the names, which are taken as plain text.
        reference: name of the forecaster to compare with; no line where the table has none of that name.
        name: title, taken as plain text.
        unit: unit of the metric, taken as plain text.

    Returns:
        The axes.

    Raises:
        ValueError: a column is missing, or has no number.
    """
    missing = [column for column in (by, metric) if column not in scores.columns]
    if missing:
        known = ", ".join(map(str, scores.columns))
        raise UserError(f"the table of scores has no column {missing[0]!r}; it has {known}.")
    values = pd.to_numeric(scores[metric], errors="coerce")
    means = values.groupby(scores[by], sort=False).mean().dropna().sort_values(kind="stable")
    if means.empty:
        raise UserError(f"column {metric!r} of the table of scores holds no number; give another metric.")
    if axes is None:
        axes = Figure(figsize=(10, 1.0 + 0.34 * len(means)), layout="constrained").subplots()
    place = pd.Series(range(len(means)), means.index)
    if reference is not None and reference in means.index:
        axes.axvline(means[reference], color=GUIDE, linewidth=1.0, linestyle=(0, (4, 2)))
    shown = values.notna() & (scores.groupby(by)[metric].transform("size") > 1)
    axes.plot(
        values[shown], place.loc[scores[by][shown]], color=OTHER, marker="o", markersize=3, alpha=0.5, linestyle="none"
    )
    axes.plot(means, place, color=FORECAST, marker="D", markersize=6, linestyle="none")
    for row, mean in enumerate(means):
        offset: dict[str, Any] = {
            "xytext": (7, 5),
            "textcoords": "offset points",
            "fontsize": "x-small",
            "parse_math": False,
        }
        axes.annotate(f"{mean:.4g}", (mean, row), **offset)
    axes.set_yticks(place, list(map(str, means.index)), parse_math=False)
    axes.set_ylim(len(means) - 0.5, -0.7)
    finish(axes, name)
    axes.margins(x=0.08)
    axes.set_xlabel(f"{metric} ({unit})" if unit else metric, fontsize="small", parse_math=False)
    return axes


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
                found[metric], found["position"], xerr=found[f"{metric}_std"], color=FORECAST, capsize=2.5, **style
            )
            panel.plot(paper[metric], paper["position"], color=HISTORY, markerfacecolor="white", **style)
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
