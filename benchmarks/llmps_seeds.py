"""Run a recipe with several seeds, and print mean and spread beside the naive baselines.

python -m benchmarks.llmps_seeds --config configs/llmps/etth1_96.yaml [--seeds 2021 2022 2023] [any flag of the recipe]
"""

import argparse
import json
import statistics
from pathlib import Path

from ts_llm_fusion.cli import main as run


def main() -> None:
    """Train the missing seeds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2021, 2022, 2023])
    parser.add_argument("--output_dir", type=Path, default=Path("outputs/seeds"))
    options, rest = parser.parse_known_args()
    found = []
    for seed in options.seeds:
        folder = options.output_dir / options.config.stem / str(seed)
        if not (folder / "metrics.json").exists():
            flags = [
                "--config",
                str(options.config),
                "--seed",
                str(seed),
                "--output_dir",
                str(folder),
                "--overwrite",
                *rest,
            ]
            if run(["train", "forecaster", *flags]):
                raise SystemExit(2)
        found.append(json.loads((folder / "metrics.json").read_text()))
    first = found[0]
    lengths = f"look-back {first['context_length']}, horizon {first['prediction_length']}"
    settings = f"{lengths}, {first['windows']['test']} test windows"
    print(f"{first['data']}, {settings}")
    print("| forecaster | mse | mae | seconds |")
    print("| --- | --- | --- | --- |")
    for metrics in found:
        test = metrics["test"]
        print(f"| seed {metrics['seed']} | {test['mse']:.4f} | {test['mae']:.4f} | {metrics['seconds']:.0f} |")
    mse, mae = ([metrics["test"][name] for metrics in found] for name in ("mse", "mae"))
    for label, summary in (("mean", statistics.mean), ("spread", lambda values: max(values) - min(values))):
        print(f"| {label} | {summary(mse):.4f} | {summary(mae):.4f} | |")
    for baseline, errors in (first.get("baselines") or first["floors"]).items():
        print(f"| {baseline} | {errors['mse']:.4f} | {errors['mae']:.4f} | |")


if __name__ == "__main__":
    main()
