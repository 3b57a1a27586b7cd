"""Interactive pictures of forecasts, in the JSON of plotly.js, which Gradio brings."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..plots import central_band
from .forecasts import Result

_HISTORY, _FORECAST, _WITHOUT, _OTHER = "#74808f", "#e8590c", "#8a94a3", "#1c7ed6"
_TONES = {0.8: "rgba(232,89,12,0.16)", 0.5: "rgba(232,89,12,0.26)"}
_NOW = {"color": "rgba(128,128,128,0.45)", "width": 1, "dash": "dot"}
_FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"
# Steps of history that are shown at first, for each step of the forecast, and the fewest of them.
_HISTORY_RATIO, _LEAST_HISTORY = 3, 40
# Steps of history that a visitor can zoom out to.
_MOST_HISTORY = 5_000


def _times(index: pd.Index) -> list[Any]:
    """Timestamps as local times, or numbers of steps."""
    if isinstance(index, pd.DatetimeIndex):
        return [stamp.isoformat() for stamp in index.tz_localize(None)]
    return index.tolist()


def _numbers(values: np.ndarray | pd.Series) -> list[float | None]:
    return [None if np.isnan(value) else float(f"{value:.6g}") for value in np.asarray(values, dtype=np.float64)]


def _line(series: pd.Series, name: str, color: str, dash: str = "solid", width: float = 1.8) -> dict[str, Any]:
    mode = "lines+markers" if len(series) == 1 else "lines"
    line = {"color": color, "width": width, "dash": dash}
    return {
        "type": "scatter",
        "x": _times(series.index),
        "y": _numbers(series),
        "name": name,
        "mode": mode,
        "line": line,
        "hovertemplate": "%{y:,.5~g}",
    }


def _bands(forecast: pd.DataFrame, shares: Sequence[float]) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
    """Filled areas between the ends of central bands, widest first, and these ends."""
    columns = sorted(forecast.columns.drop("predictions"), key=float)
    levels, quantiles = np.array(list(map(float, columns))), forecast[columns].to_numpy()
    traces, ends = [], []
    for share in sorted(shares, reverse=True):
        band = central_band(levels, quantiles, share)
        if band is None:
            continue
        name = f"{100 * share:.0f} % band"
        times = _times(forecast.index)
        around = {"x": [*times, *times[::-1]], "y": _numbers(np.concatenate((band[1], band[0][::-1])))}
        style = {"fill": "toself", "fillcolor": _TONES[share], "line": {"width": 0}, "hoverinfo": "skip"}
        traces.append({"type": "scatter", "mode": "lines", "name": name, **around, **style})
        ends += [*band]
    return traces, ends


def _span(result: Result, ends: Sequence[np.ndarray]) -> tuple[list[Any], list[float]]:
    """Ranges of time and values that are shown at first."""
    past = result.history.iloc[-max(_HISTORY_RATIO * len(result.forecast), _LEAST_HISTORY) :]
    others = [] if result.without is None else [result.without]
    others += [] if result.other is None else [result.other[1]]
    values = np.concatenate([past, result.forecast["predictions"], *others, *ends])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.06 * (high - low) or abs(high) or 1.0
    return _times(past.index[:1].append(result.forecast.index[-1:])), [low - margin, high + margin]


def _number_format(values: Sequence[float]) -> str:
    return "~s" if max(map(abs, values)) >= 1e6 else ",~g"


def chart(result: Result, shares: Sequence[float]) -> str:
    """Picture of a forecast after its history, with its bands, its form without the text, and another forecast.

    Args:
        result: of `forecasts.forecast_series`.
        shares: of the probability in the central bands: 0.8, 0.5, both or none.

    Returns:
        JSON of a figure of plotly.js.
    """
    history, forecast = result.history.iloc[-_MOST_HISTORY:], result.forecast
    bands, ends = _bands(forecast, shares)
    traces = [*bands, _line(history, "history", _HISTORY)]
    if result.without is not None:
        traces.append(_line(result.without, "without the text", _WITHOUT, "dot"))
    if result.other is not None:
        traces.append(_line(result.other[1], result.other[0], _OTHER, "dash"))
    traces.append(_line(forecast["predictions"], "forecast", _FORECAST, width=2.4))
    (now,), (times, values) = _times(history.index[-1:]), _span(result, ends)
    axis = {"gridcolor": "rgba(128,128,128,0.16)", "zeroline": False, "fixedrange": False}
    layout = {
        "height": 400,
        "margin": {"l": 48, "r": 12, "t": 8, "b": 64},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": _FONT, "size": 12.5, "color": "#868e96"},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": "#dee2e6", "font": {"color": "#1f2933"}},
        "dragmode": "zoom",
        "legend": {"orientation": "h", "x": 0, "y": -0.14, "yanchor": "top", "traceorder": "reversed"},
        "xaxis": {**axis, "range": times, "showgrid": False, "tickangle": 0, "nticks": 7},
        "yaxis": {**axis, "range": values, "automargin": True, "tickformat": _number_format(values)},
        "shapes": [{"type": "line", "x0": now, "x1": now, "yref": "paper", "y0": 0, "y1": 1, "line": _NOW}],
    }
    config = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "toImage"]}
    return json.dumps({"data": traces, "layout": layout, "config": config}, allow_nan=False)
