"""Pictures of samples of data sets: series by date or step, and the texts of questions."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import UserError
from .style import add_legend, finish, new_axes, set_dates, visible_label

_STYLES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
# Letters of a line of text, and lines of it.
_WIDTH, _LINES = 150, 3


def _shown_text(text: str) -> str:
    """A text in at most three lines, with dots where it is cut."""
    return "\n".join(textwrap.wrap(text, _WIDTH, max_lines=_LINES, placeholder=" ..."))


def draw_sample(
    series: Mapping[str, np.ndarray | pd.Series],
    axes: Axes | None = None,
    name: str = "",
    text: str = "",
    unit: str = "",
) -> Axes:
    """Draw the series of a sample, and a text such as a question with its answer below them.

    Args:
        series: name -> values (time,), by timestamp or by step.
        axes: axes to draw in; by default those of a new figure.
        name: name of the sample, taken as plain text.
        text: text of the sample, taken as plain text; three lines of it are shown.
        unit: unit of the values, taken as plain text.

    Returns:
        The axes.

    Raises:
        ValueError: there are no series.
    """
    if not series:
        raise UserError("the sample has no series; give at least one by its name.")
    axes = new_axes(axes)
    for number, (label, values) in enumerate(series.items()):
        line = values if isinstance(values, pd.Series) else pd.Series(values)
        style = _STYLES[number % len(_STYLES)]
        axes.plot(line.index, line, linewidth=1.1, linestyle=style, label=visible_label(label))
        set_dates(axes, line.index)
    # Below the year of the dates.
    below = 14 if isinstance(line.index, pd.DatetimeIndex) else 4
    axes.set_xlabel(_shown_text(text), loc="left", fontsize="small", parse_math=False, labelpad=below)
    finish(axes, name, unit)
    if len(series) > 1:
        add_legend(axes, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return axes


def plot_samples(
    panels: Sequence[tuple[str, Mapping[str, np.ndarray | pd.Series]]], title: str = "", texts: Sequence[str] = ()
) -> Figure:
    """Draw the series of a few samples by date or step, one panel for each sample.

    Args:
        panels: (title, name -> values (time,), by timestamp or by step) for each sample.
        title: title of the figure.
        texts: a text for each sample, such as a question with its answer; none by default.
    """
    texts = texts or [""] * len(panels)
    heights = [2.3 + 0.18 * (1 + _shown_text(text).count("\n") if text else 0) for text in texts]
    figure = Figure(figsize=(10, 0.6 + sum(heights)), layout="constrained")
    rows = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (name, series), text in zip(rows, panels, texts, strict=True):
        draw_sample(series, axes, name, text)
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium", parse_math=False)
    return figure
