"""Pictures of texts, backtests, training runs and samples: what is drawn where."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ts_llm_fusion.plots import (
    draw_backtest,
    draw_coverage,
    draw_losses,
    draw_residuals,
    draw_sample,
    draw_text_effect,
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
    assert lines(axes)["median"].get_ydata().tolist() == told["predictions"].tolist()
    noon = pd.Timedelta(hours=12)
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches]
    ends = [(DAYS[31] - noon, DAYS[32] + noon), (DAYS[34] - noon, DAYS[34] + noon)]
    assert spans == [tuple(axes.convert_xunits(end) for end in pair) for pair in ends]
    with pytest.raises(ValueError, match=r"9 steps .* 10 from"):
        draw_text_effect(history, told, pd.Series(5.0, DAYS[31:]))


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
