"""Table of reinforcement learning on questions that can be checked: `python -m benchmarks.grpo`.

For each seed: a short training (`configs/tslm/pairs.yaml`), from which `configs/tslm/grpo.yaml` goes on by rewards
alone, and beside it, as a control, fine-tuning on the right answers of as many questions, each once. The table has
exact match of greedy answers to 1,000 test questions, by kind, and the processor seconds of each run with its tests.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from ts_llm_fusion.cli import main as run_command
from ts_llm_fusion.evaluation.report import results_table

RECIPES = Path(__file__).parent.parent / "configs" / "tslm"
# Questions that GRPO asks, each once: max_steps * per_device_train_batch_size / num_generations.
QUESTIONS = 1600


def train(kind: str, output: Path, *flags: str) -> dict[str, Any]:
    """Train by a recipe, or take the run that is there; return its metrics, with its processor seconds."""
    if not (output / "processor_seconds").is_file():
        begin = time.process_time()
        status = run_command(
            ["train", kind, *flags, "--output_dir", str(output), "--overwrite", "--disable_tqdm", "true"]
        )
        if status:
            raise SystemExit(status)
        (output / "processor_seconds").write_text(f"{time.process_time() - begin:.0f}")
    seconds = float((output / "processor_seconds").read_text())
    return json.loads((output / "metrics.json").read_text()) | {"processor_seconds": seconds}


def row(metrics: dict[str, Any]) -> dict[str, float]:
    """Exact match of all questions and of each kind, and the processor seconds of the run with its tests."""
    by_task = {task: values["exact_match"] for task, values in metrics["test_by_task"].items()}
    return {"all": metrics["test"]["exact_match"], **by_task, "processor seconds": metrics["processor_seconds"]}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--output", type=Path, default=Path("outputs/grpo_seeds"), help="folder of the runs")
    options = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    by_model: dict[str, list[dict[str, float]]] = {}
    for seed in options.seeds:
        folder = options.output / f"seed{seed}"
        seeded = ["--seed", str(seed)]
        start = folder / "start"
        begun = train("sft", start, "--config", str(RECIPES / "pairs.yaml"), *seeded)
        from_start = ["--model_name_or_path", str(start), *seeded]
        rewarded = train("grpo", folder / "grpo", "--config", str(RECIPES / "grpo.yaml"), *from_start)
        shown = train(
            *("sft", folder / "sft", "--data", "synthetic", "--tasks", "correlation", "lead_lag", "comparison"),
            *("--num_train", str(QUESTIONS), "--num_validation", "300", "--num_test", "1000", "--question_seed", "1"),
            *(
                "--shortest_series",
                "48",
                "--longest_series",
                "64",
                "--num_train_epochs",
                "1",
                "--learning_rate",
                "5e-4",
            ),
            *("--adam_beta2", "0.98", "--warmup_steps", "10", "--max_new_tokens", "6", *from_start),
        )
        # The start on the test questions of the two that go on from it.
        started = {"test": rewarded["baselines"]["start"], "test_by_task": rewarded["baselines_by_task"]["start"]}
        found = {
            "start": row(started | {"processor_seconds": begun["processor_seconds"]}),
            "by rewards": row(rewarded),
            "by right answers": row(shown),
        }
        for name, values in found.items():
            rows[f"seed {seed}, {name}"] = values
            by_model.setdefault(name, []).append(values)
    for name, values in by_model.items():
        rows[f"mean, {name}"] = {column: sum(one[column] for one in values) / len(values) for column in values[0]}
    print(f"\n{results_table(rows)}")


if __name__ == "__main__":
    main()
