"""Time and memory that settings of training buy: `python -m benchmarks.training_speed [--only NAME ...]`

Each row is a setting of a command that trains, with the value that is slower or larger, and with the other. Both are
run by processes that are forked from this one, in each round in the other order, so that what else runs on the machine
slows down both. Seconds are those of a processor, and of the clock where several threads share the work; the first
half of the steps is not timed. Memory is the largest resident size of a process, less that before its command. A row
has the medians of all rounds and their ratios: above 1, the setting is faster, or needs less memory. The commands are
small, for a processor; `archive` reads GunPoint in TS_LLM_FUSION_DATA_DIR or downloads it. Settings that need an
accelerator are listed and not measured; `python -m benchmarks.training_on_device` has the speed of each family there.
"""

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback
from transformers.trainer import DEFAULT_CALLBACKS

from ts_llm_fusion.cli import main as run_command

# Imported before the forks, which would each do so.
from ts_llm_fusion.cli import train_forecaster, train_sft  # noqa: F401

_MIB = 2**20


def text_model(layers: int, width: int) -> dict[str, Any]:
    """Llama with the proportions of SmolLM2-135M."""
    return {
        "model_type": "llama",
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": 8 * width // 3,
        "num_attention_heads": width // 64,
        "vocab_size": 1000,
        "max_position_embeddings": 8192,
        "tie_word_embeddings": True,
    }


# Questions of the recipe `reader` about 1 to 12 series, for a smaller model.
QUESTIONS = {
    "config": "reader",
    "num_train": 128,
    "num_validation": 8,
    "num_test": 8,
    "longest_series": 256,
    "dataset_num_proc": 1,
    "dataloader_num_workers": 0,
    "dataloader_persistent_workers": False,
    "text_config": text_model(4, 192),
    "per_device_train_batch_size": 8,
    "train_sampling_strategy": "random",
}
FORECASTER = {"config": "demo", "text_config": text_model(4, 192)}
ARCHIVE = {"config": "archive"}


@dataclass(frozen=True)
class Option:
    """Row of the table.

    Args:
        name: of the setting.
        values: of the setting, without what the row is about and with it.
        command: that trains.
        settings: of the command.
        steps: that are timed; as many come before them.
    """

    name: str
    values: tuple[Any, Any]
    command: str
    settings: Mapping[str, Any]
    steps: int = 4

    @property
    def by_clock(self) -> bool:
        """Whether several threads share the work."""
        return self.name == THREADS

    def arguments(self, is_on: bool, folder: str) -> list[str]:
        """Command line of one of the two."""
        settings = {
            **self.settings,
            "output_dir": folder,
            "use_cpu": True,
            "max_steps": 2 * self.steps,
            "eval_strategy": "no",
            "save_strategy": "no",
            "load_best_model_at_end": False,
            "refit": False,
            "disable_tqdm": True,
        }
        if self.command == "train forecaster":
            del settings["refit"]
        if self.name != THREADS:
            settings[self.name] = self.values[is_on]
        texts = {
            name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in settings.items()
        }
        return [*self.command.split(), *(part for name, text in texts.items() for part in (f"--{name}", text))]


THREADS = "OMP_NUM_THREADS"
OPTIONS = [
    Option(THREADS, (1, 2), "train sft", QUESTIONS),
    Option("bf16", (False, True), "train sft", QUESTIONS),
    Option("optim", ("adamw_torch", "adamw_torch_fused"), "train sft", QUESTIONS),
    Option("attn_implementation", ("eager", "sdpa"), "train sft", QUESTIONS),
    Option("gradient_checkpointing", (False, True), "train sft", QUESTIONS),
    # A whole epoch.
    Option("train_sampling_strategy", ("random", "group_by_length"), "train sft", QUESTIONS, steps=16),
    Option("cache_encoder", (False, True), "train sft", ARCHIVE, steps=40),
    Option("torch_compile", (False, True), "train forecaster", FORECASTER, steps=8),
]
ON_ACCELERATORS = {
    "attn_implementation": ("sdpa", "flash_attention_2"),
    "use_liger_kernel": (False, True),
    "load_in_4bit": (False, True),
}


class Timer(TrainerCallback):
    """Ends a process after its steps, and reports the time of the last ones and the memory."""

    def __init__(self, option: Option, memory: int, report: Path):
        self.steps, self.memory, self.report = option.steps, memory, report
        self.clock = time.perf_counter if option.by_clock else time.process_time
        self.start = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == self.steps:
            self.start = self.clock()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 2 * self.steps:
            seconds = (self.clock() - self.start) / self.steps
            self.report.write_text(json.dumps([seconds, resident("VmHWM") - self.memory]))
            os._exit(0)


def resident(name: str) -> int:
    """Bytes of a field of /proc/self/status."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return 1024 * int(found[1])


def measure(option: Option, is_on: bool) -> tuple[float, float]:
    """Seconds of a step, and bytes, of a command in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        report, log = Path(folder, "report"), Path(folder, "log")
        pid = os.fork()
        if pid == 0:
            try:
                sys.stdout = sys.stderr = log.open("w", buffering=1)
                # Forgets the largest size of the process that this one was forked from.
                Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
                DEFAULT_CALLBACKS.append(Timer(option, resident("VmRSS"), report))
                torch.set_num_threads(option.values[is_on] if option.name == THREADS else 1)
                run_command(option.arguments(is_on, str(Path(folder, "output"))))
            finally:
                os._exit(1)
        os.waitpid(pid, 0)
        if not report.exists():
            raise SystemExit(f"{option.name} {option.values[is_on]}: {log.read_text()}")
        seconds, memory = json.loads(report.read_text())
        return seconds, memory


def row(option: Option, rounds: int) -> str:
    """Row of the table, of an option that is measured in so many rounds."""
    found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for number in range(rounds):
        for is_on in (False, True) if number % 2 == 0 else (True, False):
            found[is_on].append(measure(option, is_on))
    (before, before_memory), (after, after_memory) = (
        tuple(statistics.median(values) for values in zip(*found[is_on], strict=True)) for is_on in (False, True)
    )
    return (
        f"| {_name(option.name, option.values)} | {option.command} | {1e3 * before:.0f} | {1e3 * after:.0f} | "
        f"{before / after:.2f} | {before_memory / _MIB:.0f} | {after_memory / _MIB:.0f} | "
        f"{before_memory / after_memory:.2f} |"
    )


def _name(name: str, values: tuple[Any, Any]) -> str:
    before, after = (str(value).lower() for value in values)
    return f"`{name}`: {before}, {after}"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [option.name for option in OPTIONS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="settings to measure; all by default")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each of the two (default: 3)")
    options = parser.parse_args()
    # One thread in the process that the others are forked from, whose pool of threads they would not have.
    torch.set_num_threads(1)
    print(
        "| setting | command | ms a step | with it | times faster | MiB | with it | times less |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for option in OPTIONS:
        if option.name in options.only:
            print(row(option, options.rounds), flush=True)
    for name, values in ON_ACCELERATORS.items():
        print(f"| {_name(name, values)} | train sft | not measured: needs a GPU | | | | | |")


if __name__ == "__main__":
    main()
