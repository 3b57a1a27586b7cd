"""Colors, dates and text that all pictures share."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from ..files import atomic_path

HISTORY, TRUTH, FORECAST = "#4c566a", "#1f2933", "#d9480f"
# A second forecast, and lines that only guide the eye.
OTHER, GUIDE = "#868e96", "#adb5bd"
# Tones of the central bands, by their share of the probability, widest first.
BANDS = {0.8: "#f6cdb8", 0.5: "#ec9a72"}
MAX_PANELS = 6
# Steps of history per step of forecast.
HISTORY_RATIO = 3
# Fewest steps of history.
LEAST_HISTORY = 24


def new_axes(axes: Axes | None) -> Axes:
    """The given axes, or those of a new figure."""
    return Figure(figsize=(10, 3.2), layout="constrained").subplots() if axes is None else axes


def finish(axes: Axes, name: str = "", unit: str = "") -> Axes:
    """Give axes their title, unit and grid; both are taken as plain text."""
    # A height that is given needs no measuring of all labels.
    axes.set_title(name, loc="left", fontsize="small", parse_math=False, y=1.0)
    axes.set_ylabel(unit, fontsize="small", parse_math=False)
    axes.margins(x=0.01)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize="small")
    axes.xaxis.get_offset_text().set_fontsize("small")
    return axes


def add_legend(axes: Axes, **options: Any) -> None:
    """Name lines and bands, as plain text."""
    legend = axes.legend(frameon=False, fontsize="small", **options)
    for text in legend.get_texts():
        text.set_parse_math(False)


def add_legend_above(axes: Axes) -> None:
    """Name lines and bands in a row between the axes and their title, where it hides no values."""
    handles, _ = axes.get_legend_handles_labels()
    add_legend(axes, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(handles), borderaxespad=0)
    if axes.get_title("left"):
        axes.set_title(axes.get_title("left"), loc="left", fontsize="small", parse_math=False, y=1.0, pad=22)


def visible_label(name: str) -> str:
    """A name as the label of a line: matplotlib leaves labels out of a legend that begin with an underscore."""
    return f" {name}" if name.startswith("_") else name


def percent(share: float) -> str:
    """A share in percent, such as `80 %`."""
    return f"{100 * share:.3g} %"


def draw_line(axes: Axes, values: pd.Series, color: str, **style: Any) -> None:
    """Draw values by time, and as a point each one that stands between two missing ones, where no line is."""
    missing = np.concatenate(([True], values.isna(), [True]))
    alone = values[~missing[1:-1] & missing[:-2] & missing[2:]]
    axes.plot(values.index, values, color=color, **style)
    axes.plot(alone.index, alone, color=color, linestyle="none", marker=".", markersize=4)


def set_dates(axes: Axes, index: pd.Index) -> None:
    """Mark dates by few words, and no time of day where the steps are whole days."""
    if not isinstance(index, pd.DatetimeIndex) or len(index) < 2:
        return
    whole_days = bool((index.normalize() == index).all())
    days = int((index.max() - index.min()).days)
    locator = AutoDateLocator(minticks=max(1, min(3, days)) if whole_days else 3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a PNG file."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
