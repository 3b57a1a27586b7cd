"""Table of results of the recipes of the time-series language model: `python -m benchmarks.tslm_learning`.

Trains the named recipes of `configs/tslm`, or all, each in a process of its own, and reports on the
test split: exact match, accuracy and macro-F1 of generated answers, exact match with the series of other samples
("shuffled"), the share of the most frequent answer of each kind ("chance"), the baselines without a language model,
and the budget: training questions, their tokens, seconds. With `--seeds`, each recipe runs once a seed of its weights
and their training, on the same questions, and a row has their mean and the lowest of them. The control
synthetic_qa_text reads the same series as numbers in the text. Flags after `--` go to every run, in a folder of a name
of its own: `python -m benchmarks.tslm_learning smollm2 --variant frozen -- --use_peft false --freeze backbone`.
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


def caption_rows(name: str, metrics: dict) -> dict[str, dict[str, float]]:
    """Captions and their claims: of a run, with shuffled series, of the baselines, and of the true captions."""
    test = metrics["test"]
    people = {"rouge_l": 1.0, "with_claims": test["true_with_claims"], "claims_hold": test["true_claims_hold"]}
    found = {name: test, f"{name}, shuffled": metrics["shuffled"], **metrics["baselines"], "true captions": people}
    return {who: {metric: row[metric] for metric in people if metric in row} for who, row in found.items()}


def run(name: str, seed: int | None, options: argparse.Namespace) -> Path:
    """Train a recipe in a process of its own, or take the run that is there; return its folder."""
    parts = (name, options.variant, None if seed is None else f"seed{seed}")
    output = options.output / "-".join(part for part in parts if part is not None)
    if not (options.reuse and (output / "metrics.json").is_file()):
        command = ["train", "sft", "--config", str(RECIPES / f"{name}.yaml"), "--output_dir", str(output)]
        command += [*([] if seed is None else ["--seed", str(seed)]), *options.flags]
        subprocess.run([sys.executable, "-m", "ts_llm_fusion.cli", *command, "--overwrite"], check=True)
    return output


def over_seeds(name: str, rows: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Mean and lowest values of rows that differ; one row of equal ones."""
    if all(row == rows[0] for row in rows):
        return {name: rows[0]}
    shared = [column for column in rows[0] if all(column in row for row in rows)]
    return {
        f"{name}, mean of {len(rows)} seeds": {
            column: sum(row[column] for row in rows) / len(rows) for column in shared
        },
        f"{name}, lowest of {len(rows)} seeds": {column: min(row[column] for row in rows) for column in shared},
    }


def print_over_seeds(title: str, by_seed: list[dict[str, dict[str, float]]]) -> None:
    """Print a table of the rows of each seed."""
    rows = [over_seeds(who, [found[who] for found in by_seed]) for who in by_seed[0]]
    print(f"\n{title}\n{results_table({label: values for row in rows for label, values in row.items()})}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", help="names without .yaml; all by default")
    parser.add_argument("--seeds", nargs="+", type=int, default=[None], help="seeds; that of the recipe by default")
    parser.add_argument("--output", type=Path, default=Path("outputs"), help="folder of the runs")
    parser.add_argument("--reuse", action="store_true", help="take runs that are there already")
    parser.add_argument("--variant", help="name of the runs beside that of the recipe, with flags after --")
    given = [*sys.argv[1:], "--"]
    end = given.index("--")
    options = parser.parse_args(given[:end], argparse.Namespace(flags=given[end + 1 : -1]))
    rows = {}
    for name in options.recipes or sorted(path.stem for path in RECIPES.glob("*.yaml")):
        outputs = [run(name, seed, options) for seed in options.seeds]
        label = name if options.variant is None else f"{name}, {options.variant}"
        rows |= over_seeds(label, [row(output) for output in outputs])
        runs = [json.loads((output / "metrics.json").read_text()) for output in outputs]
        if "with_claims" in runs[0]["test"]:
            print_over_seeds(f"Captions, {label}", [caption_rows(label, metrics) for metrics in runs])
        elif len(runs[0]["test_by_task"]) > 1:
            print_over_seeds(
                f"Exact match by kind of question, {label}", [rows_by_task(label, metrics) for metrics in runs]
            )
    print(f"\n{results_table(rows)}")


if __name__ == "__main__":
    main()
