"""Train a small forecaster on a long table of many ids of different lengths, and print its time and memory.

python -m benchmarks.llmps_long_memory [--ids 2000] [--steps 200]

Ids of 100 to 1,000 hours with different starts, a static category, a static number and a known covariate. Seconds are
of the processor. Memory is the peak of the resident memory of the process above what it held before: of the
preparation, the reading of the file included, and of the whole run. The last column is what copied windows would take.
"""

import argparse
import json
import re
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ts_llm_fusion.cli import main as run
from ts_llm_fusion.data.series.preparation import DataArguments, prepare

from .llmps_covariates import BACKBONE

CONTEXT, HORIZON, BATCH = 96, 24, 128
# Values of a window that are not static: the series and the known covariate, float32.
BYTES = 2 * 4 * (CONTEXT + HORIZON)


def _mebibytes(name: str) -> float:
    """Resident memory of this process (VmRSS), or its peak (VmHWM)."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def _forget_peak() -> float:
    Path("/proc/self/clear_refs").write_text("5")
    return _mebibytes("VmRSS")


def make_table(ids: int, seed: int = 0) -> pd.DataFrame:
    """Long table of daily waves with noise."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(100, 1001, size=ids)
    owner = np.repeat(np.arange(ids), lengths)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    hours = pd.to_timedelta(place + rng.integers(0, 5000, size=ids)[owner], unit="h")
    columns = {"unique_id": owner, "ds": pd.Timestamp("2024-01-01") + hours}
    columns["y"] = np.sin(2 * np.pi * place / 24) + 0.3 * rng.normal(size=len(owner)) + owner
    columns |= {"price": rng.normal(size=len(owner)), "size": rng.normal(size=ids)[owner]}
    return pd.DataFrame(columns | {"kind": rng.choice(list("abcd"), size=ids)[owner]})


def main() -> None:
    """Make the table, prepare and train, and print a row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ids", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=200, help=f"training steps of {BATCH} windows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small, path, output = (Path(folder, name) for name in ("small.parquet", "table.parquet", "model"))
        make_table(20).to_parquet(small, index=False)
        table = make_table(options.ids)
        rows = len(table)
        table.to_parquet(path, index=False)
        del table
        covariates = {"known_covariates": ["price"], "static_covariates": ["kind", "size"]}
        # The small table loads what is loaded on first use.
        prepare(DataArguments(data=str(small), **covariates), CONTEXT, HORIZON)
        before, start = _forget_peak(), time.process_time()
        data = prepare(DataArguments(data=str(path), **covariates), CONTEXT, HORIZON)
        seconds, peak, held = time.process_time() - start, _mebibytes("VmHWM") - before, _mebibytes("VmRSS") - before
        windows = {name: len(split) for name, split in data.splits.items()}
        del data
        before, start = _forget_peak(), time.process_time()
        arguments = [
            *("train", "forecaster", "--data", str(path), "--output_dir", str(output), "--text_config", BACKBONE),
            *("--context_length", str(CONTEXT), "--prediction_length", str(HORIZON), "--mscnn_channels", "8"),
            *("--known_covariates", "price", "--static_covariates", "kind", "size", "--disable_tqdm", "true"),
            *("--per_device_train_batch_size", str(BATCH), "--max_steps", str(options.steps)),
            *("--eval_steps", str(options.steps), "--save_steps", str(options.steps)),
            *("--eval_strategy", "steps", "--save_strategy", "steps"),
        ]
        if run(arguments):
            raise SystemExit(2)
        whole, training = time.process_time() - start, _mebibytes("VmHWM") - before
        metrics = json.loads((output / "metrics.json").read_text())
    print("| ids | rows | windows | preparation: s | peak, MiB | held, MiB | whole run: s | peak, MiB | copied, MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    total = sum(windows.values())
    print(
        f"| {metrics['ids']:,} | {rows:,} | {total:,} | {seconds:.1f} | {peak:.0f} | {held:.0f} | {whole:.0f} | "
        f"{training:.0f} | {total * BYTES / 2**20:,.0f} |"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
