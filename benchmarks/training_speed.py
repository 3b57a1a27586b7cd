"""Time and memory that options of training buy: `python -m benchmarks.training_speed [--only NAME ...]`

Each row is a command that trains, without an option and with it, by flags of its own. Both are forked from this
process one after the other, in each round in the other order, so that what else runs on the machine slows down both.
Seconds are those of a processor, in steps after the first ones; for threads, those of the clock. Memory is the largest
resident size of a process, less what it had before its command. A ratio is that of the medians of all rounds: above 1,
the option is faster, or needs less memory. Options of an accelerator are listed where there is none, and not measured;
`python -m benchmarks.training_on_device` measures there.
"""

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback
from transformers.trainer import DEFAULT_CALLBACKS

from ts_llm_fusion.cli import main as run_command
from ts_llm_fusion.evaluation.report import results_table

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


# A model that reads 1 to 12 series, questions of which are as long as those of the recipe `reader`.
SFT = {
    "config": "reader",
    "num_train": 256,
    "num_validation": 8,
    "num_test": 8,
    "longest_series": 256,
    "dataset_num_proc": 1,
    "dataloader_num_workers": 0,
    "dataloader_persistent_workers": "false",
    "text_config": text_model(4, 192),
    "per_device_train_batch_size": 8,
    "train_sampling_strategy": "random",
}
FORECASTER = {"config": "demo", "text_config": text_model(4, 192)}
ARCHIVE = {"config": "archive", "max_seconds": "1e9"}


@dataclass(frozen=True)
class Option:
    """Row of the table.

    Args:
        name: of the option.
        command: that trains.
        settings: of the command, without the option and with it.
        without: settings without the option.
        having: settings with it.
        steps: timed ones; those before are half as many.
        threads: of a process, without the option and with it; more than one are timed by the clock.
    """

    name: str
    command: str
    settings: Mapping[str, Any]
    without: Mapping[str, Any] = field(default_factory=dict)
    having: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 4
    threads: tuple[int, int] = (1, 1)

    def arguments(self, is_on: bool, folder: str) -> list[str]:
        """Command line of one of the two."""
        settings = {
            **self.settings,
            **(self.having if is_on else self.without),
            "output_dir": folder,
            "use_cpu": True,
            "max_steps": self.steps + self.steps // 2,
            "eval_strategy": "no",
            "save_strategy": "no",
            "load_best_model_at_end": False,
            "disable_tqdm": True,
        }
        texts = {
            name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in settings.items()
        }
        return [*self.command.split(), *(part for name, text in texts.items() for part in (f"--{name}", text))]


def _switch(
    name: str, command: str, settings: Mapping[str, Any], off: Any = False, on: Any = True, **more: Any
) -> Option:
    return Option(f"{name} {on}", command, settings, {name: off}, {name: on}, **more)


OPTIONS = [
    _switch("bf16", "train sft", SFT),
    _switch("torch_compile", "train sft", SFT | {"train_sampling_strategy": "group_by_length"}, steps=12),
    _switch("torch_compile", "train forecaster", FORECASTER, steps=12),
    _switch("optim", "train sft", SFT, "adamw_torch", "adamw_torch_fused"),
    _switch("train_sampling_strategy", "train sft", SFT, "random", "group_by_length", steps=12),
    _switch("gradient_checkpointing", "train sft", SFT),
    _switch("attn_implementation", "train sft", SFT, "eager", "sdpa"),
]
_ON_ACCELERATORS = ["attn_implementation flash_attention_2", "use_liger_kernel True"]


class Timer(TrainerCallback):
    """Ends a process after so many steps, and reports the time of those after the first ones."""

    def __init__(self, steps: int, by_clock: bool, report: Path):
        self.steps, self.clock, self.report = steps, time.perf_counter if by_clock else time.process_time, report
        self.start = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == state.max_steps - self.steps:
            self.start = self.clock()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == state.max_steps:
            seconds = (self.clock() - self.start) / self.steps
            self.report.write_text(json.dumps({"seconds": seconds, "peak": _resident("VmHWM")}))
            os._exit(0)


def _resident(field: str) -> int:
    """Bytes of a field of /proc/self/status."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return 1024 * int(found[1])


def measure(option: Option, is_on: bool) -> dict[str, float]:
    """Seconds and bytes of a step of a command, run in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        report, log = Path(folder, "report.json"), Path(folder, "log")
        pid = os.fork()
        if pid == 0:
            sys.stdout = sys.stderr = log.open("w", buffering=1)
            try:
                Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
                before = _resident("VmRSS")
                torch.set_num_threads(option.threads[is_on])
                DEFAULT_CALLBACKS.append(Timer(option.steps, max(option.threads) > 1, report))
                run_command(option.arguments(is_on, str(Path(folder, "out"))))
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        os.waitpid(pid, 0)
        if not report.exists():
            raise SystemExit(f"{option.name}: {log.read_text()}")
        found = json.loads(report.read_text())
    return found | {"peak": found["peak"]}
