"""Processor time of what a new user runs first: python -m benchmarks.command_line

Each command runs in a process of its own, several times; the median is printed, of user and system time together.
The forecast is that of the built-in model, with its table and picture, of weekly series of two years each.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from ts_llm_fusion.cli import _COMMANDS
from ts_llm_fusion.cli.parsing import PROGRAM

_PYTHON = (sys.executable, "-c")
_COMMAND = (sys.executable, "-m", "ts_llm_fusion.cli")
_WEEKS = 104


def write_table(path: Path, series: int) -> None:
    """Write weekly series with noise, one below the other."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "item_id": np.repeat([f"series {number}" for number in range(series)], _WEEKS),
            "timestamp": np.tile(pd.date_range("2022-01-02", periods=_WEEKS, freq="W").to_numpy(), series),
            "target": (100 + rng.normal(size=(series, _WEEKS))).ravel().round(2),
        }
    )
    table.to_csv(path, index=False)


def seconds(command: tuple[str, ...], rounds: int) -> float:
    """Median of the processor time of a command in a process of its own."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    found = []
    for _ in range(rounds):
        before = spent()
        subprocess.run(command, check=True, capture_output=True)
        found.append(spent() - before)
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=500, help="series of the forecast (default: 500)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each command (default: 5)")
    args = parser.parse_args()
    helps = {name: seconds((*_COMMAND, *name.split(), "--help"), args.rounds) for name in _COMMANDS}
    slowest = max(helps, key=lambda name: helps[name])
    torch = seconds((*_PYTHON, "import torch"), args.rounds)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "sales.csv")
        write_table(table, args.series)
        output = ("--output", str(table.with_name("forecast.csv")), "--overwrite")
        forecast = seconds((*_COMMAND, "forecast", str(table), "--horizon", "13", *output), args.rounds)
    print(f"import ts_llm_fusion: {seconds((*_PYTHON, 'import ts_llm_fusion'), args.rounds):.2f} s")
    print(f"--help of {len(helps)} commands: at most {helps[slowest]:.2f} s ({slowest})")
    print(
        f"{PROGRAM} forecast of {args.series:,} series: {forecast:.2f} s, of which {torch:.2f} s import torch and "
        f"{forecast - torch:.2f} s are the rest"
    )


if __name__ == "__main__":
    main()
