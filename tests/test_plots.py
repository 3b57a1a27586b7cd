"""The picture of a forecast: what it shows, and in which words."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ts_llm_fusion.plots import draw_forecast, forecast_figure, save_figure

LEVELS = np.arange(1, 10) / 10


def parts(freq: str, steps: int = 14, past: int = 300) -> tuple[pd.Series, pd.DataFrame]:
    times = pd.date_range("2024-01-01", periods=past + steps, freq=freq)
    history = pd.Series(np.arange(past) % 7.0, times[:past])
    quantiles = 3 + 10 * (LEVELS - 0.5) + np.zeros((steps, 1))
    table = pd.DataFrame(quantiles, times[past:], [f"{level:g}" for level in LEVELS])
    return history, table.assign(predictions=table["0.5"])


def test_bands_median_and_last_season_are_drawn_after_three_horizons_of_history() -> None:
    history, forecast = parts("D")
    axes = Figure().subplots()
    assert draw_forecast(history, forecast, axes, 7, "sales") is axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert len(lines["history"].get_xdata()) == 3 * 14
    assert lines["last season"].get_ydata().tolist() == list(history.iloc[-7:]) * 2
    assert lines["median"].get_ydata().tolist() == [3.0] * 14
    wide, narrow = axes.collections
    assert (wide.get_label(), narrow.get_label()) == ("80 % band", "50 % band")
    for band, (low, high) in ((wide, (-1.0, 7.0)), (narrow, (0.5, 5.5))):
        ends = band.get_paths()[0].vertices[:, 1]
        assert (ends.min(), ends.max()) == pytest.approx((low, high))
    # Two seasons where these are longer, and no band beyond the levels.
    narrowed = forecast[["predictions", "0.2", "0.8"]]
    axes = draw_forecast(history, narrowed, season=60)
    assert len(axes.get_lines()[0].get_xdata()) == 120
    assert [band.get_label() for band in axes.collections] == ["50 % band"]


def test_the_truth_is_a_line_beside_the_median_of_each_series() -> None:
    history, forecast = parts("D")
    truths = [pd.Series(level, forecast.index) for level in (4.0, 5.0)]
    figure = forecast_figure([("a", history, forecast, 7), ("b", history, forecast, 7)], truths=truths)
    drawn = [{line.get_label(): line for line in axes.get_lines()}["truth"] for axes in figure.axes]
    assert [line.get_ydata().tolist() for line in drawn] == [[4.0] * 14, [5.0] * 14]
    assert [text.get_text() for text in figure.legends[0].get_texts()].count("truth") == 1


@pytest.mark.parametrize(("freq", "steps"), [("D", 1), ("D", 14), ("W", 8), ("MS", 12), ("h", 6)])
def test_dates_have_a_time_of_day_only_below_a_day(freq: str, steps: int) -> None:
    axes = draw_forecast(*parts(freq, steps))
    axes.figure.draw_without_rendering()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert 2 <= len([label for label in labels if label]) <= 9
    assert any(":" in label for label in labels) == (freq == "h")


def test_names_are_text_whatever_they_hold(tmp_path) -> None:
    name = r"costs in $ and $\alpha_{ %"
    series = [(name, *parts("D"), None)] * 8
    figure = forecast_figure(series, name, 9)
    save_figure(figure, tmp_path / "picture.png")
    assert len(figure.axes) == 6
    assert figure.axes[0].get_title("left") == name
    assert figure.get_suptitle() == f"{name} (first 6 of 9 series)"
