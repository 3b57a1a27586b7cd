"""Interactive pictures of forecasts, as the data that `chart.js` draws."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from ..plots import central_band
from .forecasts import Result

_HISTORY, _FORECAST, _WITHOUT, _OTHER = "#74808f", "#e8590c", "#8a94a3", "#1c7ed6"
_TONES = {0.8: "rgba(232,89,12,0.18)", 0.5: "rgba(232,89,12,0.28)"}
# Steps of history that are shown at first, for each step of the forecast, and the fewest of them.
_HISTORY_RATIO, _LEAST_HISTORY = 3, 40
# Steps of history that a visitor can zoom out to.
_MOST_HISTORY = 5_000


def chart(result: Result, shares: Sequence[float]) -> str:
    """Picture of a forecast after its history, with its bands, its form without the text, and another forecast.

    Args:
        result: of `forecasts.forecast_series`.
        shares: of the probability in the central bands: 0.8, 0.5 or both.

    Returns:
        HTML element with JSON: `lines` with `name`, `x`, `y`, `color`, `width` and `dash`; `bands` with `low` and
        `high` in place of `y`, widest first; `now`, the last time of the history; `range`, the times shown at first,
        and `all` of them; `dated`, whether times are milliseconds since 1970, and `clock`, whether they have an hour.
    """
    history, forecast = result.history.iloc[-_MOST_HISTORY:], result.forecast
    lines = [_line(history, "history", _HISTORY)]
    if result.without is not None:
        lines.append(_line(result.without, "without the text", _WITHOUT, "2 4"))
    if result.other is not None:
        lines.append(_line(result.other[1], result.other[0], _OTHER, "6 4"))
    lines.append(_line(forecast["predictions"], "forecast", _FORECAST, width=2.4))
    times, dated = _times(history.index.append(forecast.index)), isinstance(forecast.index, pd.DatetimeIndex)
    shown = max(_HISTORY_RATIO * len(forecast), _LEAST_HISTORY) + len(forecast)
    figure = {
        "label": f"{result.series}: history and forecast",
        "lines": lines,
        "bands": _bands(forecast, shares),
        "now": times[len(history) - 1],
        "range": [times[-min(shown, len(times))], times[-1]],
        "all": [times[0], times[-1]],
        "dated": dated,
        "clock": dated and any(time % 86_400_000 for time in times[-2:]),
    }
    return Markup('<div class="chart" data-chart="{}"></div>').format(json.dumps(figure, allow_nan=False))


def _times(index: pd.Index) -> list[int]:
    """Local times in milliseconds since 1970, or numbers of steps."""
    if isinstance(index, pd.DatetimeIndex):
        return index.tz_localize(None).as_unit("ms").asi8.tolist()
    return index.tolist()


def _numbers(values: np.ndarray | pd.Series) -> list[float | None]:
    return [None if np.isnan(value) else float(f"{value:.6g}") for value in np.asarray(values, dtype=np.float64)]


def _line(series: pd.Series, name: str, color: str, dash: str = "", width: float = 1.7) -> dict[str, Any]:
    x, y = _times(series.index), _numbers(series)
    return {"name": name, "x": x, "y": y, "color": color, "width": width, "dash": dash}


def _bands(forecast: pd.DataFrame, shares: Sequence[float]) -> list[dict[str, Any]]:
    """Central bands, widest first, as far as the quantiles reach."""
    columns = sorted(forecast.columns.drop("predictions"), key=float)
    levels, quantiles, times = np.array([*map(float, columns)]), forecast[columns].to_numpy(), _times(forecast.index)
    ends = {share: central_band(levels, quantiles, share) for share in sorted(shares, reverse=True)}
    return [
        {
            "name": f"{100 * share:.0f} % band",
            "x": times,
            "low": _numbers(band[0]),
            "high": _numbers(band[1]),
            "color": _TONES[share],
        }
        for share, band in ends.items()
        if band is not None
    ]
