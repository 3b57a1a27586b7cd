"""Picture of a forecast above the parts that it is mixed of."""

import pandas as pd
from matplotlib.figure import Figure

from .forecasts import quantile_bands
from .style import FORECAST, HISTORY, HISTORY_RATIO, TRUTH

_PARTS = ("#d9480f", "#4c566a", "#e8a87c", "#868e96", "#1f2933", "#ced4da")
# Steps that history is shown for at least as many times.
_LEAST_SHOWN = 8


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
    shown, mean = history.iloc[-HISTORY_RATIO * max(len(forecast), _LEAST_SHOWN) :], forecast["mean"]
    upper.plot(shown.index, shown, color=HISTORY, linewidth=1.2, label="history")
    levels = sorted((level for level in forecast.columns if level != "mean"), key=float)
    quantiles = forecast[levels].to_numpy()[:, None]
    bands = quantile_bands(quantiles, [float(level) for level in levels], forecast.index, ["value"])
    for low, high, label in bands[::2]:
        style = {"color": FORECAST, "alpha": 0.2, "linewidth": 0, "label": label}
        upper.fill_between(forecast.index, low["value"], high["value"], **style)
    upper.plot(forecast.index, mean, color=FORECAST, linewidth=1.6, label="forecast")
    for mark, place in places.items():
        upper.plot(forecast.index[place], mean.iloc[place], marker=mark, color=TRUTH, markersize=6)
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
