"""What the recipes of the time-series language model reach, in one table: `python -m benchmarks.tslm_learning`.

Trains the recipes of `configs/tslm` that are named, or all of them, each in a process of its own, and reports on the
test split: exact match, accuracy and macro-F1 of generated answers, exact match with the series of other samples
("shuffled"), and the share of the most frequent answer of each kind ("chance"). Below each recipe are the floors of
the same run; the control recipe, the same model with the series as numbers in the text, is one more row.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from ts_llm_fusion.evaluation.report import results_table

RECIPES = Path(__file__).parent.parent / "configs" / "tslm"


def row(metrics: dict) -> dict[str, float]:
    """Numbers of one run for the table."""
    test = metrics["test"]
    numbers = {name: test[name] for name in ("exact_match", "accuracy", "macro_f1", "chance")}
    if "shuffled" in metrics:
        numbers["shuffled"] = metrics["shuffled"]["exact_match"]
    return {**numbers, "seconds": metrics["seconds"]}


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", help="names without .yaml; all by default")
    parser.add_argument("--output", type=Path, default=Path("outputs"), help="folder of the runs")
    parser.add_argument("--reuse", action="store_true", help="take runs that are there already")
    options = parser.parse_args()
    rows, by_task = {}, {}
    for name in options.recipes or sorted(path.stem for path in RECIPES.glob("*.yaml")):
        output = options.output / name
        if not (options.reuse and (output / "metrics.json").is_file()):
            command = ["train", "sft", "--config", str(RECIPES / f"{name}.yaml"), "--output_dir", str(output)]
            subprocess.run([sys.executable, "-m", "ts_llm_fusion.cli", *command], check=True)
        metrics = json.loads((output / "metrics.json").read_text())
        rows[name] = row(metrics)
        for floor, values in metrics["floors"].items():
            rows[f"{name}, {floor}"] = {metric: values[metric] for metric in ("exact_match", "accuracy", "macro_f1")}
        for kind in ("test", "shuffled"):
            if len(metrics.get(f"{kind}_by_task", {})) > 1:
                tasks = metrics[f"{kind}_by_task"]
                by_task[f"{name}, {kind}"] = {task: values["exact_match"] for task, values in tasks.items()}
        if len(metrics["test_by_task"]) > 1:
            for floor, tasks in metrics["floors_by_task"].items():
                by_task[f"{name}, {floor}"] = {task: values["exact_match"] for task, values in tasks.items()}
    print(results_table(rows))
    if by_task:
        print(f"\nExact match by kind of question\n{results_table(by_task)}")


if __name__ == "__main__":
    main()
