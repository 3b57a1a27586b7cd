"""Peak memory of streaming a CSV file of questions, with 10 thousand rows and with 1 million.

python -m benchmarks.qa_streaming --output outputs/qa_streaming
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

from ts_llm_fusion.data.download import DATA_DIR_VARIABLE
from ts_llm_fusion.files import write_json

_HEADER = "Task,Size,Question,Answer,Label,Series\n"
_QUESTION = (
    '"Select the trend of the series:\n(a) Upward.\n(b) Downward.\n(c) Constant.\nOnly answer (a), (b), or (c)."'
)


def write_questions(path: Path, rows: int) -> None:
    """Write a file in the schema of TSQA with series of eight values."""
    path.parent.mkdir(parents=True)
    with path.open("w") as file:
        file.write(_HEADER)
        for row in range(rows):
            series = ", ".join(f"{(row * step) % 1000 / 7:.6f}" for step in range(1, 9))
            file.write(f'Trend,8,{_QUESTION},({"abc"[row % 3]}),x,"[{series}]"\n')


def stream() -> dict[str, float]:
    """Stream the training split of the file in the data directory, and measure time and memory."""
    from ts_llm_fusion.data.qa import tsqa

    imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    count = sum(1 for _ in tsqa.load("train", streaming=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB.
    return {
        "samples": count,
        "seconds": time.perf_counter() - start,
        "imports_mib": imported / 1024,
        "peak_mib": peak / 1024,
    }


def measure(rows: int) -> dict[str, float]:
    """Run `stream` in a process of its own, over a generated file."""
    with tempfile.TemporaryDirectory() as folder:
        write_questions(Path(folder, "text", "TSQA.csv"), rows)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.qa_streaming", "--stream"],
            env={**os.environ, DATA_DIR_VARIABLE: folder},
            check=True,
            capture_output=True,
            text=True,
        )
    return {"rows": rows, **json.loads(done.stdout)}


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000], help="Rows of the files.")
    parser.add_argument("--output", type=Path, help="Folder for the measurements as JSON.")
    parser.add_argument("--stream", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stream:
        print(json.dumps(stream()))
        return
    results = [measure(rows) for rows in arguments.rows]
    for result in results:
        print(
            f"{result['rows']:>9,} rows: {result['samples']:,} samples in {result['seconds']:.1f} s, peak RSS "
            f"{result['peak_mib']:.1f} MiB ({result['imports_mib']:.1f} MiB after imports)"
        )
    if arguments.output:
        write_json(arguments.output / "qa_streaming.json", results)


if __name__ == "__main__":
    main()
