"""Cost of `predict_df` beside the bare model on ready tensors, and its memory by the number of series.

`python -m benchmarks.predict_df`: one thread; processor time of reading a table, forecasting it and writing the table
of forecasts, in turn with the model alone on tensors of the same batches; before that the peak memory of processes
that forecast 2,000 and 10,000 series.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch

import ts_llm_fusion
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.prediction import BATCH_SIZE

LEVELS = (0.1, 0.5, 0.9)


def long_table(series: int, points: int) -> pd.DataFrame:
    """Hourly random walks, one below the other."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "item_id": pd.Index([f"series {number}" for number in range(series)]).repeat(points),
            "timestamp": np.tile(pd.date_range("2024-01-01", periods=points, freq="h").to_numpy(), series),
            "target": rng.normal(size=(series, points)).cumsum(1).ravel(),
        }
    )


def seconds(work: Callable[[], object]) -> float:
    """Processor time of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(series: int, points: int, horizon: int, rounds: int) -> None:
    """Print series a second of the bare model and of `predict_df`, measured in turn."""
    model, extractor = load_forecaster(ts_llm_fusion.BUILT_IN)
    table = long_table(series, points)
    batches = torch.tensor(table["target"].to_numpy().reshape(series, points, 1)).split(BATCH_SIZE)

    def bare() -> None:
        for batch in batches:
            seasons = torch.tensor([24, 168]).expand(len(batch), 1, 2)
            model.predict(batch, prediction_length=horizon, quantile_levels=LEVELS, seasonal_period=seasons)

    def whole() -> None:
        ts_llm_fusion.predict_df(table, horizon, quantile_levels=LEVELS, model=(model, extractor))

    alone, complete = zip(*((seconds(bare), seconds(whole)) for _ in range(rounds)), strict=True)
    print(f"{series} series x {points} points, {horizon} steps, one thread, mean of {rounds} rounds in turn")
    print(f"model on ready tensors: {series * rounds / sum(alone):7.0f} series/s of processor time")
    print(f"predict_df:             {series * rounds / sum(complete):7.0f} series/s, {sum(alone) / sum(complete):.2f}")


def peak_memory(series: int, points: int, horizon: int) -> tuple[float, float]:
    """Peak memory in MB of a fresh process before and after it forecasts a table of its own."""
    table = long_table(series, points)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ts_llm_fusion.predict_df(table, horizon)
    return before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--horizon", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="print the peak memory of this process and nothing else")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory:
        print(*peak_memory(options.series, options.points, options.horizon))
        return
    # First, because a process begins with the peak of the one that starts it.
    for series in (options.series // 5, options.series):
        sizes = ["--series", str(series), "--points", str(options.points), "--horizon", str(options.horizon)]
        command = [sys.executable, "-m", "benchmarks.predict_df", "--memory", *sizes]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        before, peak = map(float, done.stdout.split()[-2:])
        print(f"peak memory with {series} series: {peak:.0f} MB, {before:.0f} MB of them before the forecast")
    compare(options.series, options.points, options.horizon, options.rounds)


if __name__ == "__main__":
    main()
