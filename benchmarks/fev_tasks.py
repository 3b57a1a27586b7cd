"""Score the built-in forecaster on local tasks of fev: `python -m benchmarks.fev_tasks`.

Tables of `TS_LLM_FUSION_DATA_DIR` become tasks of fev, which cuts the windows and computes the scores: MASE and the
scaled quantile loss (SQL) over nine levels, beside the seasonal naive, and its skill score over all tasks: 1 minus the
geometric mean of the ratios. The series of M4 have no dates; they get some, at the time step of their group.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import datasets
import fev
import pandas as pd
import torch

import ts_llm_fusion
from benchmarks.zero_shot import LTSF_HORIZONS
from ts_llm_fusion.data.series.ltsf import LTSF_DATASETS
from ts_llm_fusion.data.series.m4 import M4_GROUPS, load_m4
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.evaluation.report import align_columns, markdown_table

FORECASTERS = ("built-in", "seasonal_naive")
SCORES = ("MASE", "SQL")
LEVELS = [k / 10 for k in range(1, 10)]
# name -> season in steps
M4_TASKS = {"Weekly": 52, "Hourly": 24}


def _m4_task(name: str, folder: Path) -> fev.Task:
    group, frequency = load_m4(name), M4_GROUPS[name].frequency
    frames = []
    for series, past, future in zip(group.names, group.train, group.test, strict=True):
        values = [*past, *future]
        dates = pd.date_range("2000-01-02", periods=len(values), freq=frequency)
        frames.append(pd.DataFrame({"id": series, "timestamp": dates, "target": values}))
    path = folder / f"{name}.parquet"
    pd.concat(frames).to_parquet(path)
    return _task(path, group.horizon, 1, M4_TASKS[name])


def _ltsf_task(name: str, folder: Path, windows: int) -> fev.Task:
    """Each variable is a series of its own."""
    horizon = LTSF_HORIZONS[name]
    table = prepare(DataArguments(data=name), 96, horizon).source.series
    long = table.rename_axis("timestamp").reset_index().melt("timestamp", var_name="id", value_name="target")
    path = folder / f"{name}.parquet"
    long.to_parquet(path)
    return _task(path, horizon, windows, LTSF_DATASETS[name].seasonal_period or 1)


def _task(path: Path, horizon: int, windows: int, season: int) -> fev.Task:
    return fev.Task(
        str(path),
        horizon=horizon,
        num_windows=windows,
        seasonality=season,
        quantile_levels=LEVELS,
        eval_metric="MASE",
        extra_metrics=["SQL"],
        task_name=f"{path.stem}, {windows} x {horizon}",
    )


def _tasks(folder: Path, windows: int) -> Iterator[fev.Task]:
    for name in M4_TASKS:
        yield _m4_task(name, folder)
    for name in LTSF_HORIZONS:
        yield _ltsf_task(name, folder, windows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=5, help="of each table of long series, a horizon apart")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if int(datasets.__version__.split(".")[0]) >= 5:
        # fev 0.10 asks for datasets<5; its download settings are the one thing that fails with datasets 5.
        fev.utils.PatchedDownloadConfig = datasets.DownloadConfig
    summaries = []
    rows = [["task", *(f"{score} {name}" for score in SCORES for name in FORECASTERS)]]
    with TemporaryDirectory() as folder:
        for task in _tasks(Path(folder), options.windows):
            found = [
                task.evaluation_summary(ts_llm_fusion.predict_fev(task, name), model_name=name) for name in FORECASTERS
            ]
            rows.append([str(task.task_name), *(f"{one[score]:.3f}" for score in SCORES for one in found)])
            summaries += found
    boards = [fev.leaderboard(summaries, metric_column=score, baseline_model=FORECASTERS[-1]) for score in SCORES]
    rows.append(["skill score", *(f"{board['skill_score'][name]:.3f}" for board in boards for name in FORECASTERS)])
    print(markdown_table(align_columns(rows, right=True)))


if __name__ == "__main__":
    main()
