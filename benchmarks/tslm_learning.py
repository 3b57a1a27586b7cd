"""Table of results of the recipes of the time-series language model: `python -m benchmarks.tslm_learning`.

Trains the named recipes of `configs/tslm`, or all, each in a process of its own, and reports on the
test split: exact match, accuracy and macro-F1 of generated answers, exact match with the series of other samples
("shuffled"), the share of the most frequent answer of each kind ("chance"), the baselines without a language model,
and the budget: training questions, their tokens, seconds. The control
synthetic_qa_text reads the same series as numbers in the text.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from ts_llm_fusion.evaluation.report import results_table

RECIPES = Path(__file__).parent.parent / "configs" / "tslm"


def row(output: Path) -> dict[str, float]:
    """Row of the table for the run in a folder."""
    metrics = json.loads((output / "metrics.json").read_text())
    log = json.loads((output / "log_history.json").read_text())
    others = {"shuffled": metrics.get("shuffled"), **(metrics.get("baselines") or metrics.get("floors", {}))}
    return {
        **metrics["test"],
        **{name: values["exact_match"] for name, values in others.items() if values is not None},
        "1,000 questions": metrics["samples"]["train"] / 1e3,
        "1,000,000 tokens": max(entry.get("num_tokens", 0) for entry in log) / 1e6,
        "seconds": metrics["seconds"],
    }


def rows_by_task(name: str, metrics: dict) -> dict[str, dict[str, float]]:
    """Exact match of each kind of question: of a run, with shuffled series, by chance, without a language model."""
    tasks = {name: metrics["test_by_task"], f"{name}, shuffled": metrics.get("shuffled_by_task")}
    tasks |= metrics.get("baselines_by_task") or metrics.get("floors_by_task", {})
    rows = {
        who: {task: values["exact_match"] for task, values in found.items()}
        for who, found in tasks.items()
        if found is not None
    }
    chance = {task: values["chance"] for task, values in metrics["test_by_task"].items() if "chance" in values}
    return rows | {"chance": chance}


def main() -> None:
    """Run the benchmark."""
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
            command.append("--overwrite")
            subprocess.run([sys.executable, "-m", "ts_llm_fusion.cli", *command], check=True)
        rows[name] = row(output)
        metrics = json.loads((output / "metrics.json").read_text())
        if len(metrics["test_by_task"]) > 1:
            by_task = rows_by_task(name, metrics) | by_task  # shared rows are equal in all runs
    print(results_table(rows))
    if by_task:
        print(f"\nExact match by kind of question\n{results_table(by_task)}")


if __name__ == "__main__":
    main()
