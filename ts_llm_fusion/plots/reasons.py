"""Picture of a forecast above the parts that it is mixed of."""

import pandas as pd
from matplotlib.figure import Figure

from .forecasts import draw_forecast
from .style import TRUTH, finish, set_dates
from .texts import draw_text_effect

_PARTS = ("#d9480f", "#4c566a", "#e8a87c", "#868e96", "#1f2933", "#ced4da")


def plot_reasons(
    history: pd.Series,
    forecast: pd.DataFrame,
    shares: pd.DataFrame,
    title: str = "",
    season: int | None = None,
    unit: str = "",
    without: pd.Series | None = None,
) -> Figure:
    """Draw a forecast with its extremes, as `draw_forecast` does, above the shares of what it is mixed of.

    Args:
        history: past values by timestamp.
        forecast: by timestamp, `predictions` and a column for each quantile level.
        shares: by timestamp, a column for each part; rows add up to 1.
        title: title of the figure.
        season: steps of the season; none by default.
        unit: unit of the values, taken as plain text.
        without: point forecast without a text, drawn as by `draw_text_effect`; none by default.
    """
    figure = Figure(figsize=(10, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1))
    if without is None:
        draw_forecast(history, forecast, upper, season, unit=unit)
    else:
        draw_text_effect(history, forecast, without, upper, season, unit=unit)
    median, is_single = forecast["predictions"], len(forecast) == 1
    if is_single:
        # One step is drawn half a step wide, so that it can be seen.
        (at,), quarter = forecast.index, (forecast.index[0] - history.index[-1]) / 4
        shares = shares.iloc[[0, 0]].set_axis([at - quarter, at + quarter])
    else:
        for mark, place in (("^", int(median.argmax())), ("v", int(median.argmin()))):
            upper.plot(median.index[place], median.iloc[place], marker=mark, color=TRUTH, markersize=6)
    lower.stackplot(
        shares.index, shares.T.to_numpy(), labels=list(shares.columns), colors=_PARTS, alpha=0.85, linewidth=0
    )
    lower.set_ylim(0, 1)
    finish(lower, unit="weight")
    if is_single:
        lower.set_xticks([])
    else:
        set_dates(lower, shares.index)
    lower.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize="small", reverse=True)
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium", parse_math=False)
    return figure
