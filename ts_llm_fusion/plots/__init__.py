"""Pictures of series, forecasts, texts, backtests, training runs and benchmarks.

A function `draw_...` draws into axes of matplotlib and returns them; the others return a figure of several panels.
"""

from .backtests import draw_backtest, draw_coverage, draw_residuals
from .benchmarks import draw_scores, plot_errors, plot_shares
from .forecasts import central_band, draw_forecast, forecast_figure
from .parts import draw_attention, draw_parts
from .reasons import plot_reasons
from .samples import draw_sample, plot_samples
from .style import save_figure
from .texts import draw_text_effect
from .training import draw_losses, plot_losses

__all__ = [
    "central_band",
    "draw_attention",
    "draw_backtest",
    "draw_coverage",
    "draw_forecast",
    "draw_losses",
    "draw_parts",
    "draw_residuals",
    "draw_sample",
    "draw_scores",
    "draw_text_effect",
    "forecast_figure",
    "plot_errors",
    "plot_losses",
    "plot_reasons",
    "plot_samples",
    "plot_shares",
    "save_figure",
]
