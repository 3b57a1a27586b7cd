"""Draw a forecast with its reasons: what each covariate and each sentence of a text adds, and the words.

python examples/forecast_with_reasons.py    # writes docs/images/forecast.png and prints the words
"""

import textwrap
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ts_llm_fusion import explain
from ts_llm_fusion.plots import draw_forecast, save_figure

ROOT = Path(__file__).parent.parent
TEXT = "Closed on 10 and 11 September. Sales will be 30 % higher on 14 September."


def main() -> None:
    sales, future = (pd.read_csv(ROOT / "examples" / name) for name in ("sales.csv", "future.csv"))
    north, *_ = explain(sales, 14, future, id_column="store", target="sales", context={"north": TEXT})
    print(north.text)
    evidence = north.evidence
    forecast = evidence.forecast.rename(columns={"mean": "predictions"})
    effects = evidence.effects.assign(text=evidence.forecast["mean"] - evidence.numeric)
    without = evidence.numeric.rename("without the text")

    figure = Figure(figsize=(10, 6.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(2, 1), sharex=True)
    draw_forecast(evidence.history, forecast, upper, name="north: sales a day, and the next 14 days")
    upper.plot(without.index, without, color="#1f2933", linewidth=0.9, linestyle=(0, (4, 2)), label=without.name)
    upper.legend(loc="upper left", ncols=5, frameon=False, fontsize="small")
    upper.set_ylim(0, 260)
    upper.set_xlim(forecast.index[0] - pd.Timedelta(days=28), forecast.index[-1] + pd.Timedelta(days=1))
    for number, name in enumerate(effects):
        days = effects.index + pd.Timedelta(hours=7 * (number - 1))
        lower.bar(days, effects[name], width=0.28, label=name, color=("#4c566a", "#adb5bd", "#d9480f")[number])
    lower.set_title("what covariates and text add", loc="left", fontsize="small")
    lower.legend(loc="lower left", ncols=3, frameon=False, fontsize="small")
    lower.grid(alpha=0.25, linewidth=0.5)
    lower.spines[["top", "right"]].set_visible(False)
    lower.tick_params(labelsize="small")
    words = textwrap.fill(" ".join(north.sentences[:4]), 150)
    figure.supxlabel(words, x=0.01, ha="left", fontsize="small", parse_math=False)
    path = ROOT / "docs" / "images" / "forecast.png"
    path.parent.mkdir(exist_ok=True)
    save_figure(figure, path)


if __name__ == "__main__":
    main()
