"""Runs that are killed at random moments: the same command goes on to the result of a run that nothing kills."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from forked import run_forked
from safetensors.torch import load_file
from tiny_checkpoints import save_forecaster
from tiny_configs import TINY_GPT2

from ts_llm_fusion.training.resuming import last_whole_checkpoint

torch.set_num_threads(1)

KILLS = 20
_AUTO = {"resume_from_checkpoint": "auto", "use_cpu": True, "disable_tqdm": True}
_EVERY_STEP = {"eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 2}


def _flags(settings: dict[str, Any]) -> list[str]:
    texts = {name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in settings.items()}
    return [part for name, text in texts.items() for part in (f"--{name}", text)]


@dataclass
class Run:
    """A command, and what of its output must not depend on interruptions."""

    command: list[str]
    output: Path
    result: Callable[[Path], Any]

    def run(self, log: Path, kill_after: float | None = None) -> int:
        """Run the command; kill it after so many seconds of processor time. Returns its exit status."""
        return run_forked(self.command, log, lambda: kill_later(kill_after) if kill_after is not None else None)


def kill_later(seconds: float) -> None:
    """Kill this process after so many seconds of processor time."""
    started = time.process_time()

    def wait() -> None:
        while time.process_time() - started < seconds:
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def weights(output: Path) -> dict[str, str]:
    """Checksums of the tensors of a checkpoint."""
    return _checksums(load_file(output / "model.safetensors"))


def _checksums(tensors: dict[str, torch.Tensor]) -> dict[str, str]:
    return {name: hashlib.sha256(value.numpy().tobytes()).hexdigest() for name, value in tensors.items()}


def _table(folder: Path) -> Path:
    hours = np.arange(400)
    values = 10 + np.sin(2 * np.pi * hours / 24) + 0.1 * np.random.default_rng(0).normal(size=400)
    path = folder / "wave.csv"
    stamps = pd.date_range("2024-01-01", periods=400, freq="h")
    pd.DataFrame({"date": stamps, "a": values, "b": values[::-1]}).to_csv(path, index=False)
    return path


_LENGTHS = {"context_length": 48, "prediction_length": 12}
_SMALL = {"mscnn_channels": 8, "text_config": {**TINY_GPT2, "resid_pdrop": 0.1}, "max_steps": 8}


def forecaster(folder: Path, output: Path) -> Run:
    settings = {"data": _table(folder), "output_dir": output, "per_device_train_batch_size": 32}
    flags = _flags(settings | _LENGTHS | _SMALL | _EVERY_STEP | _AUTO | {"save_total_limit": 2})
    return Run(["train", "forecaster", *flags], output, weights)


def fine_tuning(folder: Path, output: Path) -> Run:
    settings = {"start": "built-in", "data": _table(folder), "output_dir": output, "prediction_length": 6}
    settings |= {"max_windows": 64, "num_train_epochs": 3, "per_device_train_batch_size": 16, **_AUTO}
    return Run(["train", "forecaster", *_flags(settings)], output, weights)


def questions(folder: Path, output: Path) -> Run:
    text = {"model_type": "llama", "num_hidden_layers": 1, "hidden_size": 32, "intermediate_size": 32}
    text |= {"num_attention_heads": 2, "vocab_size": 400, "attention_dropout": 0.1}
    encoder = {"model_type": "ts_patch_encoder", "patch_length": 8, "num_hidden_layers": 1, "hidden_size": 16}
    encoder |= {"num_attention_heads": 2, "intermediate_size": 16, "dropout": 0.1}
    recipe = {"data": "synthetic", "tasks": ["trend"], "num_train": 32, "num_validation": 8, "num_test": 4}
    recipe |= {"text_config": text, "encoder_config": encoder, "per_device_train_batch_size": 8, "max_new_tokens": 2}
    recipe |= {"max_steps": 8, "seed": 3, **_EVERY_STEP, **_AUTO}
    path = folder / "questions.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return Run(["train", "sft", "--config", str(path), "--output_dir", str(output)], output, weights)


def benchmark(folder: Path, output: Path) -> Run:
    models = {"repeat_last": None, "seasonal_naive": None, "ours": {"model": "llmps", **_SMALL, "max_steps": 2}}
    recipe = {"datasets": {"wave": {"data": str(_table(folder)), "context_length": 48}}, "horizons": [6, 12]}
    recipe |= {"models": models, "seeds": [1, 2], "output_dir": "outputs"}
    path = folder / "benchmark.yaml"
    path.write_text(yaml.safe_dump(recipe))

    def rows(output: Path) -> Any:
        found = pd.read_csv(output / "results.csv")
        return found[["dataset", "model", "horizon", "seed", "mse", "mae"]].round(9).astype(str).to_dict("records")

    return Run(["benchmark", "--config", str(path), "--output_dir", str(output)], output, rows)


def evaluation(folder: Path, output: Path) -> Run:
    flags = {"data": _table(folder), "horizon": 6, "windows": 3, "baselines": "seasonal_naive", "output_dir": output}

    def scores(output: Path) -> Any:
        pd.read_parquet(output / "forecasts.parquet")
        return json.loads((output / "evaluation.json").read_text())["results"]

    return Run(["evaluate", *_flags(flags), "--overwrite"], output, scores)


def export(folder: Path, output: Path) -> Run:
    model = save_forecaster(folder / "model")

    def facts(output: Path) -> Any:
        graph = torch.export.load(output / "model.pt2").module()
        return _checksums(graph.state_dict()), json.loads((output / "export.json").read_text())

    return Run(["export", str(model), "--format", "torch", "--output", str(output), "--overwrite"], output, facts)


FAMILIES = [forecaster, fine_tuning, questions, benchmark, evaluation, export]


def kill_at_random(family: Callable[[Path, Path], Run], folder: Path, kills: int, seed: int) -> None:
    """Kill runs of a family so many times, and compare the result of each that comes to its end."""
    log = folder / "log"
    whole, run = family(folder, folder / "whole"), family(folder, folder / "killed")
    before = os.times()
    assert whole.run(log) == 0, log.read_text()
    after = os.times()
    longest = after.children_user + after.children_system - before.children_user - before.children_system
    expected = whole.result(whole.output)
    rng, killed, ended = np.random.default_rng(seed), 0, 0
    while killed < kills:
        status = run.run(log, rng.uniform(0, longest))
        if status == -signal.SIGKILL:
            killed += 1
            continue
        assert status == 0, log.read_text()
        assert run.result(run.output) == expected
        ended += 1
        shutil.rmtree(run.output)
    assert run.run(log) == 0, log.read_text()
    assert run.result(run.output) == expected
    print(
        f"{family.__name__}: {killed} kills, seed {seed}, of runs of {longest:.1f} s; {ended + 1} of {ended + 1} runs "
        "came to the same result",
        flush=True,
    )


@pytest.mark.nightly
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_killed_runs_come_to_the_same_result(family: Callable[[Path, Path], Run], tmp_path: Path) -> None:
    kill_at_random(family, tmp_path, KILLS, seed=0)


def test_a_killed_training_comes_to_the_same_weights(tmp_path: Path) -> None:
    kill_at_random(forecaster, tmp_path, 3, seed=1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with 1.5 MB of room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_stops_a_training_with_its_last_checkpoint_whole(small_disk: Path, tmp_path: Path) -> None:
    run, log = forecaster(tmp_path, small_disk / "out"), tmp_path / "log"
    assert run.run(log) == 2, log.read_text()
    assert log.read_text().splitlines()[-1] == (
        f"ts-llm-fusion: error: {run.output}: nothing more can be written (No space left on device); make room and go "
        "on with --resume_from_checkpoint auto."
    )
    assert (run.output / "checkpoint-4").is_dir()
    assert last_whole_checkpoint(run.output) == run.output / "checkpoint-2"
