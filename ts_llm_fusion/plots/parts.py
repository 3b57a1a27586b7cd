"""Pictures of the parts of a series: long- and short-term, and the patches that an answer attends to."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from ..errors import UserError
from .style import BANDS, FORECAST, HISTORY, add_legend_above, draw_line, finish, new_axes, set_dates

# From white to a tone on which a line is still seen, darker in gray too.
_ATTENTION = LinearSegmentedColormap.from_list("attention", ["#ffffff", BANDS[0.8], BANDS[0.5]])


def draw_parts(
    values: pd.Series,
    long_term: Sequence[float] | np.ndarray,
    axes: Axes | None = None,
    name: str = "",
    unit: str = "",
) -> Axes:
    """Draw a series with its long-term part; what is between both, the short-term part, is shaded.

    Args:
        values: by timestamp or by step.
        long_term: as many values, such as those of `WaveletDecoupling`, the low-pass of LLM-PS.
        axes: axes to draw in; by default those of a new figure.
        name: name of the series, taken as plain text.
        unit: unit of the values, taken as plain text.

    Returns:
        The axes.

    Raises:
        ValueError: the two have different lengths.
    """
    if len(long_term) != len(values):
        raise UserError(
            f"the long-term part has {len(long_term)} values, the series {len(values)}; give one of each step."
        )
    axes = new_axes(axes)
    axes.fill_between(values.index, long_term, values, color=BANDS[0.8], linewidth=0, label="short-term part")
    draw_line(axes, values, HISTORY, linewidth=0.9, label="series")
    axes.plot(values.index, long_term, color=FORECAST, linewidth=1.8, label="long-term part")
    set_dates(axes, values.index)
    finish(axes, name, unit)
    add_legend_above(axes)
    return axes


def draw_attention(
    values: pd.Series,
    attention: Sequence[float] | np.ndarray,
    patch_length: int,
    axes: Axes | None = None,
    name: str = "",
    unit: str = "",
) -> Axes:
    """Draw a series over its patches, each as dark as an answer attends to it.

    Args:
        values: by timestamp or by step.
        attention: to each patch, at least 0, such as that of `attention_to_patches`; the patches follow each other
            from the first value on, and the last one may reach beyond the series.
        patch_length: steps of a patch.
        axes: axes to draw in; by default those of a new figure.
        name: such as the question and its answer, taken as plain text.
        unit: unit of the values, taken as plain text.

    Returns:
        The axes.

    Raises:
        ValueError: the patches do not cover the series, or an attention is negative or missing.
    """
    given = np.asarray(attention, dtype=float)
    needed = -(-len(values) // patch_length) if patch_length > 0 else 0
    if given.ndim != 1 or not needed or len(given) != needed:
        raise UserError(
            f"{given.size} patches of {patch_length} steps are given for a series of {len(values)} steps; give the "
            f"attention to each of {needed} patches."
        )
    if not (given >= 0).all():
        raise UserError("an attention is negative or missing; give the share of each patch.")
    axes = new_axes(axes)
    largest = given.max() or 1.0
    starts = [patch * patch_length for patch in range(len(given))]
    ends = [min(start + patch_length, len(values) - 1) for start in starts]
    for start, end, share in zip(starts, ends, given, strict=True):
        axes.axvspan(values.index[start], values.index[end], color=_ATTENTION(share / largest), linewidth=0, zorder=0)
    most = int(given.argmax())
    axes.axvspan(
        values.index[starts[most]], values.index[ends[most]], fill=False, edgecolor=HISTORY, linewidth=0.8, zorder=1,
        label=f"most: {100 * given[most] / (given.sum() or 1.0):.3g} % of the attention",
    )  # fmt: skip
    draw_line(axes, values, "#1f2933", linewidth=1.2, label="series")
    set_dates(axes, values.index)
    finish(axes, name, unit)
    axes.grid(False)
    add_legend_above(axes)
    return axes
