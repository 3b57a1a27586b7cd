"""Pictures of benchmarks: errors of forecasters, and shares of answers."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from .style import FORECAST, HISTORY

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
