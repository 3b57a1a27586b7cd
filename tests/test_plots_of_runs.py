"""Pictures of texts, backtests, training runs and samples: what is drawn where."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ts_llm_fusion.plots import (
    draw_attention,
    draw_backtest,
    draw_coverage,
    draw_losses,
    draw_parts,
    draw_residuals,
    draw_sample,
    draw_scores,
    draw_text_effect,
    plot_reasons,
)

DAYS = pd.date_range("2024-01-01", periods=40)
NAME = r"costs in $ and $\alpha_{ %"


def lines(axes: Axes) -> dict[str, Line2D]:
    return {str(line.get_label()): line for line in axes.get_lines()}


def windows() -> pd.DataFrame:
    """Two windows of four steps: forecasts of 10 with a band from 8 to 12; two of eight values are outside."""
    actual = [10, 11, 13, 9, 10, 12, 8, 5.0]
    cutoffs = DAYS[[29, 33]].repeat(4)
    table = pd.DataFrame({"timestamp": DAYS[30:38], "cutoff": cutoffs, "actual": actual, "predictions": 10.0})
    return table.assign(forecaster="model", **{"0.1": 8.0, "0.5": 10.0, "0.9": 12.0})


def test_a_text_is_a_dashed_line_and_shaded_steps() -> None:
    history = pd.Series(np.arange(30.0), DAYS[:30])
    told = pd.DataFrame({"predictions": [5.0, 0, 0, 5, 0, 5, 5, 5, 5, 5]}, DAYS[30:])
    axes = draw_text_effect(history, told, pd.Series(5.0, DAYS[30:]), Figure().subplots(), name=NAME, unit="$")
    assert (axes.get_title("left"), axes.get_ylabel()) == (NAME, "$")
    assert lines(axes)["without the text"].get_ydata().tolist() == [5.0] * 10
    assert lines(axes)["forecast"].get_ydata().tolist() == told["predictions"].tolist()
    noon = pd.Timedelta(hours=12)
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches]
    ends = [(DAYS[31] - noon, DAYS[32] + noon), (DAYS[34] - noon, DAYS[34] + noon)]
    assert spans == [tuple(axes.convert_xunits(end) for end in pair) for pair in ends]
    with pytest.raises(ValueError, match=r"9 steps .* 10 from"):
        draw_text_effect(history, told, pd.Series(5.0, DAYS[31:]))


@pytest.mark.parametrize("horizon", [10, 1])
def test_the_reasons_of_a_forecast_are_below_its_usual_picture(horizon: int) -> None:
    history, ahead = pd.Series(np.arange(30.0), DAYS[:30]), DAYS[30 : 30 + horizon]
    levels = {f"{level / 10:g}": np.arange(horizon) + level for level in range(1, 10)}
    forecast = pd.DataFrame({"predictions": levels["0.5"], **levels}, ahead)
    shares = pd.DataFrame({"season": 0.25, "trend": 0.75}, ahead)
    figure = plot_reasons(history, forecast, shares, NAME, 7, "$", pd.Series(5.0, ahead))
    figure.draw_without_rendering()
    upper, lower = figure.axes
    usual = draw_text_effect(history, forecast, pd.Series(5.0, ahead), season=7)
    labels = usual.get_legend_handles_labels()[1]
    assert upper.get_legend_handles_labels()[1] == labels
    assert {"history", "last season", "80 % band", "50 % band", "median", "without the text"} <= set(labels)
    assert (upper.get_ylabel(), lower.get_ylabel()) == ("$", "weight")
    assert lower.get_legend_handles_labels()[1] == ["season", "trend"]


def test_a_backtest_has_a_forecast_and_a_band_from_each_origin() -> None:
    axes = draw_backtest(windows(), pd.Series(1.0, DAYS), name=NAME)
    forecasts = [line for line in axes.get_lines() if list(line.get_ydata()) == [10.0] * 4]
    assert [pd.Timestamp(line.get_xdata()[0]) for line in forecasts] == [DAYS[30], DAYS[34]]
    assert [line.get_linestyle() for line in forecasts] == ["-", "--"]
    assert len(lines(axes)["actual"].get_xdata()) == 40
    assert [band.get_paths()[0].vertices[:, 1].max() for band in axes.collections] == [12.0, 12.0]
    assert sorted(axes.get_legend_handles_labels()[1]) == ["80 % band", "actual", "forecast", "origin"]
    with pytest.raises(ValueError, match="rows of one series"):
        draw_backtest(pd.concat([windows(), windows()]))
    with pytest.raises(ValueError, match="'model' and 'other'"):
        draw_backtest(pd.concat([windows(), windows().assign(forecaster="other")]))


def test_residuals_show_nominal_and_measured_coverage() -> None:
    axes = draw_residuals(windows(), "step")
    drawn = lines(axes)
    assert drawn["outside"].get_xdata().tolist() == [3, 4]
    assert drawn["outside"].get_ydata().tolist() == [3.0, -5.0]
    assert drawn["median"].get_ydata().tolist() == [0.0, 1.5, 0.5, -3.0]
    assert "in the 80 % band: 6 of 8 (75 %)" in drawn
    assert len(lines(draw_residuals(windows().assign(actual=10.0), "time"))) == 2
    (shares,) = [line for name, line in lines(draw_coverage(windows())).items() if name == "model"]
    assert (list(shares.get_xdata()), list(shares.get_ydata())) == ([pytest.approx(0.8)], [0.75])
    with pytest.raises(ValueError, match="'time' or 'step'"):
        draw_residuals(windows(), "day")


def test_losses_are_by_epoch_with_the_lowest_one() -> None:
    log = [{"loss": 3.0, "epoch": 1}, {"eval_loss": 2.5, "epoch": 1}, {"eval_loss": 2.75, "epoch": 2}]
    drawn = lines(draw_losses(log, name=NAME))
    assert list(drawn["validation"].get_ydata()) == [2.5, 2.75]
    assert list(drawn["lowest: 2.5 at epoch 1"].get_xdata()) == [1]
    with pytest.raises(ValueError, match="no row with `loss`"):
        draw_losses([{"train_loss": 1.0}])


def test_a_sample_has_its_dates_and_the_text_of_its_question() -> None:
    axes = draw_sample({"_a": pd.Series(1.0, DAYS), "$b$": pd.Series(2.0, DAYS)}, text="How much $? " * 60)
    axes.figure.draw_without_rendering()
    assert not any(":" in label.get_text() for label in axes.get_xticklabels())
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [" _a", "$b$"]
    assert axes.get_lines()[0].get_linestyle() != axes.get_lines()[1].get_linestyle()
    shown = axes.get_xlabel().splitlines()
    assert len(shown) == 3 and shown[-1].endswith("...")


def test_the_parts_of_a_series_add_up_to_it() -> None:
    values = pd.Series(np.arange(40.0), DAYS)
    axes = draw_parts(values, np.full(40, 20.0), name=NAME, unit="$")
    drawn = lines(axes)
    assert list(drawn["long-term part"].get_ydata()) == [20.0] * 40
    assert axes.collections[0].get_label() == "short-term part"
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0.0, 39.0)
    assert axes.get_title("left") == NAME
    with pytest.raises(ValueError, match="3 values, the series 40"):
        draw_parts(values, [1, 2, 3])


def test_patches_are_as_dark_as_they_are_attended_to() -> None:
    values = pd.Series(np.arange(40.0), DAYS)
    axes = draw_attention(values, [0.1, 0.0, 0.5, 0.4], 12, name=NAME)
    *patches, most = axes.patches
    first, last = (axes.convert_xunits(DAYS[place]) for place in (24, 36))
    assert (most.get_x(), most.get_width()) == (first, last - first)
    assert most.get_label() == "most: 50 % of the attention"
    light = [np.dot(patch.get_facecolor()[:3], [0.3, 0.6, 0.1]) for patch in patches]
    assert np.argsort(light).tolist() == [2, 3, 0, 1]
    with pytest.raises(ValueError, match="each of 4 patches"):
        draw_attention(values, [0.5, 0.5], 12)
    with pytest.raises(ValueError, match="negative or missing"):
        draw_attention(values, [0.5, np.nan, 0.5, 0], 12)


def test_scores_are_ordered_by_their_mean() -> None:
    table = pd.DataFrame({"forecaster": ["b", "b", "$a$", "seasonal_naive"], "mase": [1.0, 2.0, 0.5, 1.75]})
    axes = draw_scores(table, "mase", name=NAME, unit="$")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["$a$", "b", "seasonal_naive"]
    reference, rows, means = axes.get_lines()
    assert list(reference.get_xdata()) == [1.75, 1.75]
    assert (list(rows.get_xdata()), list(rows.get_ydata())) == ([1.0, 2.0], [1, 1])
    assert list(means.get_xdata()) == [0.5, 1.5, 1.75]
    assert axes.get_xlabel() == "mase ($)"
    with pytest.raises(ValueError, match="no column 'mae'; it has forecaster, mase"):
        draw_scores(table, "mae")
