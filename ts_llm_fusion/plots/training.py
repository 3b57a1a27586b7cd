"""Picture of a training run."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import UserError
from .style import FORECAST, HISTORY, add_legend, finish, new_axes


def draw_losses(log_history: Sequence[Mapping[str, float]], axes: Axes | None = None, name: str = "") -> Axes:
    """Draw training and validation loss over epochs, and mark the epoch with the lowest validation loss.

    Args:
        log_history: rows of a Trainer, as in the `log_history.json` of a training run.
        axes: axes to draw in; by default those of a new figure.
        name: name of the run, taken as plain text.

    Returns:
        The axes.

    Raises:
        ValueError: no row has a loss.
    """
    curves = {key: [(row["epoch"], row[key]) for row in log_history if key in row] for key in ("loss", "eval_loss")}
    if not any(curves.values()):
        raise UserError("the log history has no row with `loss` or `eval_loss`; give that of a training run.")
    axes = new_axes(axes)
    styles: dict[str, dict[str, Any]] = {
        "loss": {"label": "training", "color": HISTORY, "linestyle": (0, (4, 2))},
        "eval_loss": {"label": "validation", "color": FORECAST, "marker": "."},
    }
    for key, points in curves.items():
        # A single point has no line.
        style = styles[key] if len(points) > 1 else styles[key] | {"marker": "."}
        if points:
            axes.plot(*zip(*points, strict=True), linewidth=1.4, **style)
    if curves["eval_loss"]:
        epoch, lowest = min(curves["eval_loss"], key=lambda point: point[1])
        ring: dict[str, Any] = {
            "linestyle": "none",
            "marker": "o",
            "markersize": 9,
            "markerfacecolor": "none",
            "color": FORECAST,
        }
        axes.plot([epoch], [lowest], label=f"lowest: {lowest:.4g} at epoch {epoch:.4g}", **ring)
    axes.set_xlabel("epoch", fontsize="small")
    finish(axes, name, "loss")
    add_legend(axes)
    return axes


def plot_losses(log_history: Sequence[Mapping[str, float]], title: str = "") -> Figure:
    """Draw training and validation loss over epochs, from the log history of a Trainer."""
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    draw_losses(log_history, figure.subplots())
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium", parse_math=False)
    return figure
