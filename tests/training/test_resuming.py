"""Runs that are killed or stopped go on to the weights of a run that was not, and lose no whole checkpoint."""

import json
import logging
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from forked import run_forked
from interrupted import add_earlier_seconds
from safetensors.torch import load_file
from tiny_configs import TINY_GPT2
from transformers import EarlyStoppingCallback

from ts_llm_fusion.cli import main
from ts_llm_fusion.training.resuming import _has_ended, checkpoint_to_resume, is_whole, last_whole_checkpoint


def interrupt(kind: str, number: int, sign: int) -> None:
    """Kill this process, or ask it to stop.

    It happens in the n-th write of an archive by torch, half of which is written, or at the end of the n-th step. A
    checkpoint has arguments, an optimizer, a schedule and random states.
    """
    count = 0

    def counted(function: Callable) -> Callable:
        def inner(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            result = function(*args, **kwargs)
            if count == number:
                if kind == "save":
                    os.truncate(args[1], Path(args[1]).stat().st_size // 2)
                os.kill(os.getpid(), sign)
            return result

        return inner

    if kind == "save":
        torch.save = counted(torch.save)
    else:
        torch.optim.AdamW.step = counted(torch.optim.AdamW.step)


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 noisy hours of a daily wave."""
    hours = np.arange(600)
    values = 10 + np.sin(2 * np.pi * hours / 24) + 0.1 * np.random.default_rng(0).normal(size=600)
    path = tmp_path_factory.mktemp("data") / "wave.csv"
    pd.DataFrame({"date": pd.date_range("2024-01-01", periods=600, freq="h"), "a": values}).to_csv(path, index=False)
    return path


def command(csv: Path, output: Path) -> list[str]:
    """Nine steps, a checkpoint after each third, dropout."""
    settings = {
        "data": csv, "context_length": 48, "prediction_length": 12, "mscnn_channels": 8, "max_steps": 9,
        "per_device_train_batch_size": 32, "eval_strategy": "steps", "eval_steps": 3, "save_strategy": "steps",
        "save_steps": 3, "save_total_limit": 2, "disable_tqdm": True, "use_cpu": True,
        "resume_from_checkpoint": "auto", "output_dir": output,
        "text_config": json.dumps({**TINY_GPT2, "resid_pdrop": 0.1}),
    }  # fmt: skip
    return ["train", "forecaster", *(part for name, value in settings.items() for part in (f"--{name}", str(value)))]


@pytest.fixture(scope="module")
def whole(csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a run that nothing stops."""
    output = tmp_path_factory.mktemp("whole") / "out"
    assert main(command(csv, output)) == 0
    return output / "model.safetensors"


def same_weights(one: Path, other: Path) -> bool:
    a, b = load_file(one), load_file(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    ("kind", "number", "sign", "checkpoints"),
    [
        # Before the first checkpoint; within the second one, while the optimizer is written; between two.
        ("step", 2, signal.SIGKILL, []),
        ("save", 6, signal.SIGKILL, ["checkpoint-3"]),
        ("step", 5, signal.SIGTERM, ["checkpoint-3", "checkpoint-5"]),
    ],
)
def test_the_same_command_goes_on_to_the_same_weights(
    kind: str, number: int, sign: int, checkpoints: list[str], csv: Path, whole: Path, tmp_path: Path
) -> None:
    output, log = tmp_path / "out", tmp_path / "log"
    # The limit of the recipes, at which a Trainer that comes to its end keeps the best checkpoint alone.
    arguments = [*command(csv, output), *(["--save_total_limit", "1"] if sign == signal.SIGTERM else [])]
    status = run_forked(arguments, log, lambda: interrupt(kind, number, sign))
    assert status == (0 if sign == signal.SIGTERM else -signal.SIGKILL), log.read_text()[-2000:]
    assert [path.name for path in sorted(output.glob("checkpoint-*")) if is_whole(path)] == checkpoints
    assert not (output / "model.safetensors").exists()
    if sign == signal.SIGTERM:
        assert "stopped by a signal after step 5 of 9; --resume_from_checkpoint auto" in log.read_text()
    assert main(arguments) == 0
    assert same_weights(output / "model.safetensors", whole)


def test_a_run_that_is_done_goes_on_to_itself(csv: Path, whole: Path) -> None:
    before, checkpoints = load_file(whole), sorted(whole.parent.glob("checkpoint-*"))
    assert main(command(csv, whole.parent)) == 0
    # Not a step more, although the last one is within an epoch.
    assert sorted(whole.parent.glob("checkpoint-*")) == checkpoints
    assert all(torch.equal(before[name], values) for name, values in load_file(whole).items())


def checkpoint(folder: Path, step: int, state: str | None = None) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True, exist_ok=True)
    torch.save({"step": step}, path / "optimizer.pt")
    if state != "":
        (path / "trainer_state.json").write_text(state or json.dumps({"global_step": step}))
    return path


def test_checkpoints_that_are_not_whole_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for step in (8, 90, 400):
        checkpoint(tmp_path, step)
    checkpoint(tmp_path, 500, state="")
    checkpoint(tmp_path, 600, state='{"global_step": 6')
    os.truncate(checkpoint(tmp_path, 700) / "optimizer.pt", 100)
    (checkpoint(tmp_path, 800) / "model.safetensors").write_bytes(b"\xff" * 20)
    checkpoint(tmp_path, 900, state='{"global_step": 8}')
    with caplog.at_level(logging.WARNING):
        assert last_whole_checkpoint(tmp_path) == tmp_path / "checkpoint-400"
    checkpoint(tmp_path, 950, state="null")
    with caplog.at_level(logging.WARNING):
        assert last_whole_checkpoint(tmp_path) == tmp_path / "checkpoint-400"
    assert caplog.text.count("was not written to its end") == 5 + 6
    # One process has saved its random states, of the two that are wanted.
    torch.save({}, tmp_path / "checkpoint-400" / "rng_state_0.pth")
    assert last_whole_checkpoint(tmp_path, processes=2) is None
    torch.save({}, tmp_path / "checkpoint-400" / "rng_state_1.pth")
    assert last_whole_checkpoint(tmp_path, processes=2) == tmp_path / "checkpoint-400"


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_bit_that_flips_in_any_file_of_a_checkpoint_is_noticed(whole: Path, tmp_path: Path) -> None:
    last = whole.parent / "checkpoint-9"
    assert is_whole(last)
    files = [path.name for path in last.iterdir() if path.is_file()]
    assert {"model.safetensors", "optimizer.pt", "trainer_state.json", "checksums.json"} <= {*files}
    for name in files:
        copy = tmp_path / name / "checkpoint-9"
        shutil.copytree(last, copy)
        flip(copy / name, (copy / name).stat().st_size // 2)
        assert not is_whole(copy), name
        (copy / name).unlink()
        assert not is_whole(copy), name


def test_a_checkpoint_of_an_earlier_version_is_resumed(csv: Path, whole: Path, tmp_path: Path) -> None:
    """One without checksums, from the sixth step."""
    old = tmp_path / "out" / "checkpoint-6"
    shutil.copytree(whole.parent / "checkpoint-6", old)
    (old / "checksums.json").rename(tmp_path / "checksums.json")
    assert not is_whole(old)
    (tmp_path / "checksums.json").rename(old / "checksums.json")
    add_earlier_seconds(old, 5000)
    assert is_whole(old)
    assert main(command(csv, tmp_path / "out")) == 0
    assert same_weights(tmp_path / "out" / "model.safetensors", whole)
    assert is_whole(tmp_path / "out" / "checkpoint-9")
    # Those before the checkpoint count, too.
    assert 5000 < json.loads((tmp_path / "out" / "metrics.json").read_text())["seconds"] < 6000


def test_a_run_does_not_go_on_towards_a_best_checkpoint_that_is_damaged(tmp_path: Path) -> None:
    best = checkpoint(tmp_path, 3)
    for step in (3, 6, 9):
        state = {"global_step": step, "best_model_checkpoint": f"elsewhere/checkpoint-{6 if step == 9 else 3}"}
        checkpoint(tmp_path, step, json.dumps(state))
    assert last_whole_checkpoint(tmp_path) == tmp_path / "checkpoint-9"
    flip(tmp_path / "checkpoint-6" / "optimizer.pt", 500)
    assert last_whole_checkpoint(tmp_path) == best
    flip(best / "optimizer.pt", 500)
    assert last_whole_checkpoint(tmp_path) is None


def test_a_folder_to_resume_from_has_to_be_a_whole_checkpoint(tmp_path: Path) -> None:
    wanted = checkpoint(tmp_path, 3).rename(tmp_path / "kept")
    assert checkpoint_to_resume(SimpleNamespace(resume_from_checkpoint=str(wanted))) == str(wanted)
    os.truncate(wanted / "optimizer.pt", 100)
    for folder in (wanted, tmp_path, tmp_path / "none"):
        with pytest.raises(ValueError, match=r"is not a whole checkpoint of a training; give its folder"):
            checkpoint_to_resume(SimpleNamespace(resume_from_checkpoint=str(folder)))


@pytest.mark.parametrize(("step", "counter", "ended"), [(9, 0, True), (6, 2, True), (6, 1, False)])
def test_the_end_of_a_training_is_that_of_its_steps_or_of_its_patience(
    step: int, counter: int, ended: bool, tmp_path: Path
) -> None:
    attributes = {"early_stopping_patience_counter": counter}
    callbacks = {"EarlyStoppingCallback": {"args": {}, "attributes": attributes}}
    state = {"global_step": step, "max_steps": 9, "stateful_callbacks": callbacks}
    folder = checkpoint(tmp_path, step, json.dumps(state))
    assert _has_ended(str(folder), [EarlyStoppingCallback(early_stopping_patience=2)]) is ended


def test_auto_starts_where_there_is_nothing_and_true_refuses(tmp_path: Path) -> None:
    arguments = SimpleNamespace(output_dir=str(tmp_path / "none"), resume_from_checkpoint="auto", world_size=1)
    assert checkpoint_to_resume(arguments) is None
    arguments.resume_from_checkpoint = "true"
    with pytest.raises(ValueError, match="holds no checkpoint; give auto to start where there is none"):
        checkpoint_to_resume(arguments)
    arguments.output_dir = str(tmp_path)
    expected = str(checkpoint(tmp_path, 3))
    assert checkpoint_to_resume(arguments) == expected


def test_auto_writes_over_no_other_files(csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.safetensors").write_bytes(b"of another run")
    assert main(command(csv, tmp_path / "out")) == 2
    error = capsys.readouterr().err
    assert "out: the folder holds the model of another run: model.safetensors is there already" in error
    assert "--resume_from_checkpoint" not in error
