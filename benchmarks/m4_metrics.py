"""Scores of forecasts of the M4 competition beside the official sheet: `python -m benchmarks.m4_metrics`.

`TS_LLM_FUSION_DATA_DIR` names a folder with m4/m4_official_scores.csv.gz, the organizers' sheet, and
m4/m4_forecasts_YWH.parquet, the organizers' Naive2 and SES and the forecasts of two entries for the yearly, weekly and
hourly series. Prints for each group sMAPE, MASE and OWA beside the official ones, the seconds that the metrics of one
method took, and the share of the series on which our own Naive2 is theirs to 1e-6.
"""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from ts_llm_fusion.baselines.naive2 import naive2
from ts_llm_fusion.data.series.m4 import load_m4
from ts_llm_fusion.evaluation.point_metrics import mase, owa, seasonal_scale, smape
from ts_llm_fusion.evaluation.report import results_table

GROUPS = ("Yearly", "Weekly", "Hourly")


def main() -> None:
    """Run the benchmark."""
    folder = Path(os.environ["TS_LLM_FUSION_DATA_DIR"], "m4")
    official = pd.read_csv(folder / "m4_official_scores.csv.gz").set_index("method")
    forecasts = pd.read_parquet(folder / "m4_forecasts_YWH.parquet").set_index("id")
    for name in GROUPS:
        group = load_m4(name)
        rows, seconds, baseline = {}, [], None
        for method in forecasts.columns:
            forecast = np.stack(forecasts.loc[group.names, method].to_numpy())
            start = time.perf_counter()
            scale = seasonal_scale(group.train, group.seasonality)[:, None]
            scores = smape(group.test, forecast), mase(group.test, forecast, scale)
            seconds.append(time.perf_counter() - start)
            # The first method is Naive2. The official sheet forms OWA from rounded scores.
            rounded = [round(score, 3) for score in scores]
            baseline = baseline or rounded
            sheet = official.loc[method.lstrip("0")]
            rows[method] = {
                metric: value
                for score, ours in zip(("sMAPE", "MASE", "OWA"), (*scores, owa(*rounded, *baseline)), strict=True)
                for metric, value in ((score, ours), (f"official {score}", sheet[f"{score}_{name}"]))
            }
        start = time.perf_counter()
        ours = naive2(group.train, group.seasonality, group.horizon)
        taken = time.perf_counter() - start
        theirs = np.stack(forecasts.loc[group.names, "Naive2"].to_numpy())
        difference = (abs(ours - theirs) / abs(theirs)).max(1)
        print(f"\n{name}: {len(group.names)} series, metrics of one method in at most {max(seconds):.3f} s")
        print(results_table(rows))
        print(
            f"own Naive2 in {taken:.3f} s: within 1e-6 of the organizers' on {np.mean(difference <= 1e-6):.2%} of the "
            f"series, largest relative difference {difference.max():.1e}"
        )


if __name__ == "__main__":
    main()
