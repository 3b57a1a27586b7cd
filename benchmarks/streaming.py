"""Peak memory of training a forecaster on a table of 10 GB, one pass over all its series.

python -m benchmarks.streaming [--gigabytes 10] [--folder /tmp]

Writes parquet files of that size with series of different lengths, and deletes them at the end. Prints the peak memory
of the process that trains, beside that of one that trains on a hundredth of the files in the same way.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# Series of 10 to 110 thousand minutes; size of a file.
_LENGTHS, _FILE_GIGABYTES = (10_000, 110_000), 0.2
_RECIPE = {
    "id_column": ["sensor"],
    "streaming": True,
    "context_length": 96,
    "prediction_length": 24,
    "mscnn_channels": 8,
    "use_llm": False,
    "window_stride": 4000,
    "num_train_epochs": 1,
    "per_device_train_batch_size": 256,
    "eval_strategy": "no",
    "save_strategy": "no",
    "load_best_model_at_end": False,
    "early_stopping_patience": None,
    "disable_tqdm": True,
    "use_cpu": True,
}


def write_files(folder: Path, gigabytes: float) -> tuple[int, int, float]:
    """Write files until they have this size; return the number of series, of rows, and the size in gigabytes.

    They are not compressed, of eight bytes for a timestamp and eight for a value, in row groups of half a million. The
    series of a file have the values of those of the others, and ids of their own.
    """
    folder.mkdir()
    rng = np.random.default_rng(0)
    lengths = rng.integers(*_LENGTHS, size=max(2, int(min(_FILE_GIGABYTES, gigabytes) * 1e9 / 16 / np.mean(_LENGTHS))))
    minute = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    codes = pa.array(np.repeat(np.arange(len(lengths), dtype=np.int32), lengths))
    columns = {
        "timestamp": pa.array(np.datetime64("2020-01-01", "ms") + minute * np.timedelta64(60_000, "ms")),
        "value": np.sin(2 * np.pi * minute / 1440) + 0.3 * rng.standard_normal(len(minute)),
    }
    files, written = 0, 0.0
    while written < gigabytes:
        names = pa.array([f"sensor {files:04d} {number:04d}" for number in range(len(lengths))])
        table = pa.table({"sensor": pa.DictionaryArray.from_arrays(codes, names), **columns})
        path = folder / f"{files:04d}.parquet"
        pq.write_table(table, path, 500_000, use_dictionary=["sensor"], compression="none")
        files, written = files + 1, written + path.stat().st_size / 1e9
    return files * len(lengths), files * len(minute), written


def train(folder: Path) -> None:
    """Train on the files of a folder, and print the time and the memory of this process, and the time of the check."""
    from ts_llm_fusion.cli import main
    from ts_llm_fusion.data.series.streaming import StreamedWindows, StreamingArguments, prepare_training

    start = time.perf_counter()
    recipe, output = folder.parent / "recipe.json", folder.parent / f"{folder.name}_model"
    recipe.write_text(json.dumps({**_RECIPE, "data": str(folder), "output_dir": str(output)}))
    if main(["train", "forecaster", "--config", str(recipe)]):
        raise SystemExit(1)
    metrics = json.loads((output / "metrics.json").read_text())
    used = resource.getrusage(resource.RUSAGE_SELF)
    arguments = StreamingArguments(str(folder), id_column=["sensor"], streaming=True, window_stride=4000)
    _, windows = prepare_training(arguments, _RECIPE["context_length"], _RECIPE["prediction_length"])
    assert isinstance(windows, StreamedWindows)
    begin = time.process_time()
    windows.check()
    found = {
        "check_seconds": time.process_time() - begin,
        "windows": metrics["windows"]["train"],
        "training_seconds": metrics["seconds"],
        "seconds": time.perf_counter() - start,
        "processor_seconds": used.ru_utime + used.ru_stime,
        "peak_gigabytes": used.ru_maxrss * 1024 / 1e9,
    }
    print(json.dumps(found))


def measure(folder: Path) -> dict[str, float]:
    """Run `train` in a process of its own, on one thread."""
    command = [sys.executable, "-m", "benchmarks.streaming", "--train", str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=10.0, help="size of the files")
    parser.add_argument("--folder", type=Path, default=None, help="place for the files; that of the system by default")
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train is not None:
        train(options.train)
        return
    print("| files | series | rows | windows | minutes | processor minutes | check, s a GB | peak memory |")
    print("| ----- | ------ | ---- | ------- | ------- | ----------------- | ------------- | ----------- |")
    for size in (options.gigabytes / 100, options.gigabytes):
        with tempfile.TemporaryDirectory(dir=options.folder) as place:
            folder = Path(place, "table")
            series, rows, written = write_files(folder, size)
            found = measure(folder)
        cells = (
            f"{written:.1f} GB",
            f"{series:,}",
            f"{rows / 1e6:,.0f} million",
            f"{found['windows']:,}",
            f"{found['seconds'] / 60:.1f}",
            f"{found['processor_seconds'] / 60:.1f}",
            f"{found['check_seconds'] / written:.1f}",
            f"{found['peak_gigabytes']:.2f} GB",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
