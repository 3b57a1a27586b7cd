"""Print samples a second of two processes against one: python -m benchmarks.processes

`train forecaster` by a recipe, with one thread a process on a processor, and with the same samples in a step: two
processes have half the batch each. Samples a second are those that the Trainer reports, over all steps, without
imports, evaluation and saving. Every round trains once in each way, the one first in one round and last in the next;
nothing else should run on the machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from ts_llm_fusion.cli.packaged_recipes import find_recipe
from ts_llm_fusion.files import read_mapping

_LAUNCH = ("accelerate.commands.launch", "--config_file", find_recipe("ddp_cpu", ("accelerate",)), "-m")
_TRAIN = ("ts_llm_fusion.cli", "train", "forecaster")


def samples_per_second(recipe: Path, processes: int, steps: int) -> float:
    """Samples a second of a training of so many steps."""
    size = read_mapping(recipe).get("per_device_train_batch_size", 32)
    if size % processes:
        raise SystemExit(f"{recipe}: the batch has {size} samples, which {processes} processes cannot share evenly.")
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "config": recipe,
            "output_dir": folder,
            "use_cpu": True,
            "max_steps": steps,
            "per_device_train_batch_size": size // processes,
            "eval_strategy": "no",
            "save_strategy": "no",
            "load_best_model_at_end": False,
            "disable_tqdm": True,
        }
        flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
        command = [sys.executable, "-m", *(_LAUNCH if processes > 1 else ()), *_TRAIN, *flags]
        done = subprocess.run(
            list(map(str, command)),
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        history = json.loads(Path(folder, "log_history.json").read_text(encoding="utf-8"))
    return history[-1]["train_samples_per_second"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="etth1_96", help="recipe of train forecaster (default: etth1_96)")
    parser.add_argument("--steps", type=int, default=100, help="steps of a training (default: 100)")
    parser.add_argument("--rounds", type=int, default=5, help="trainings of each kind (default: 5)")
    args = parser.parse_args()
    recipe = find_recipe(args.config, ("llmps",))
    found: dict[int, list[float]] = {1: [], 2: []}
    for number in range(args.rounds):
        for processes in (1, 2) if number % 2 == 0 else (2, 1):
            found[processes].append(samples_per_second(recipe, processes, args.steps))
        one, two = (found[processes][-1] for processes in (1, 2))
        print(f"round {number + 1}: {one:.1f} and {two:.1f} samples a second, {two / one:.2f} times", flush=True)
    ratios = [two / one for one, two in zip(found[1], found[2], strict=True)]
    medians = {processes: statistics.median(speeds) for processes, speeds in found.items()}
    print(
        f"{recipe.stem}, one thread a process, median of {args.rounds}: one process {medians[1]:.1f}, two "
        f"{medians[2]:.1f} samples a second; {statistics.median(ratios):.2f} times"
    )


if __name__ == "__main__":
    main()
