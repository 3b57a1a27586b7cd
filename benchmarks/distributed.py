"""Forecasts of a table by two workers of Dask and of Ray beside one process with pandas: speed, memory, difference.

python -m benchmarks.distributed [--series 4000] [--points 200] [--horizon 24] [--engines pandas dask ray]

Each engine reads the same parquet files, in processes of its own of one thread each, and forecasts the table once to
load the model (an eighth of the series), and once to be measured. Memory is the peak of the process that asks, and the
largest of its workers.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.predict_df import long_table

_FILES, _WORKERS = 8, 2
_KEYS = ["item_id", "timestamp"]

# (folder -> its table, table of results -> a table of pandas)
Engine = tuple[Callable[[str], Any], Callable[[Any], pd.DataFrame]]


@contextmanager
def running(name: str) -> Iterator[Engine]:
    """Start an engine with two workers."""
    if name == "dask":
        import dask.dataframe as dd
        from dask.distributed import Client

        with Client(n_workers=_WORKERS, threads_per_worker=1):
            yield dd.read_parquet, lambda table: table.compute()
    elif name == "ray":
        import ray

        ray.init(num_cpus=_WORKERS, include_dashboard=False)
        try:
            yield ray.data.read_parquet, lambda table: table.to_pandas()
        finally:
            ray.shutdown()
    else:
        yield pd.read_parquet, lambda table: table


def peak(process: int) -> float:
    """Peak memory of a process in MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def forecast(name: str, folder: str, horizon: int, output: str) -> None:
    """Forecast with an engine, write the result, and print time and memory."""
    import psutil

    import ts_llm_fusion

    with running(name) as (read, get):
        get(ts_llm_fusion.predict_df(read(f"{folder}/0.parquet"), horizon, freq="h"))
        start = time.perf_counter()
        found = get(ts_llm_fusion.predict_df(read(f"{folder}/"), horizon, freq="h"))
        seconds = time.perf_counter() - start
        workers = [peak(child.pid) for child in psutil.Process().children(recursive=True)]
    found.to_parquet(output)
    print(json.dumps({"seconds": seconds, "main": peak(os.getpid()), "worker": max(workers, default=0.0)}))


def run(name: str, folder: Path, horizon: int) -> tuple[dict[str, float], pd.DataFrame]:
    """Run `forecast` in a process of its own."""
    output = str(folder.parent / f"{name}.parquet")
    options = ("--folder", str(folder), "--horizon", str(horizon), "--output", output, "--engines", name)
    command = [sys.executable, "-m", "benchmarks.distributed", *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    table = pd.read_parquet(output).sort_values(_KEYS, ignore_index=True)
    return json.loads(done.stdout.splitlines()[-1]), table


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=4000)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--horizon", type=int, default=24)
    parser.add_argument(
        "--engines", nargs="+", default=["pandas", "dask", "ray"], help="pandas first, to compare with"
    )
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder is not None:
        forecast(options.engines[0], options.folder, options.horizon, options.output)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "table")
        folder.mkdir()
        table = long_table(options.series, options.points)
        for number, rows in enumerate(np.array_split(np.arange(len(table)), _FILES)):
            table.iloc[rows].to_parquet(folder / f"{number}.parquet", index=False)
        print("| engine | series a second | peak memory | of a worker | largest difference to pandas |")
        print("| ------ | --------------- | ----------- | ----------- | ---------------------------- |")
        expected = None
        for name in options.engines:
            measured, found = run(name, folder, options.horizon)
            expected = found if expected is None else expected
            assert (found[_KEYS].astype(str) == expected[_KEYS].astype(str)).all(axis=None)
            numbers = expected.select_dtypes("number").columns
            difference = np.abs(found[numbers].to_numpy(float) - expected[numbers].to_numpy(float)).max()
            worker = f"{measured['worker']:.0f} MB" if measured["worker"] else "-"
            speed = options.series / measured["seconds"]
            print(f"| {name} | {speed:.0f} | {measured['main']:.0f} MB | {worker} | {difference:.1e} |", flush=True)


if __name__ == "__main__":
    main()
