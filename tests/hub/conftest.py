"""A server that speaks the Hub's API, the real client in processes pointed there, and checkpoints to push."""

import json
import os
import signal
import subprocess
import sysconfig
import textwrap
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
import pytest
import torch
from fresh_python import FreshPython
from packaging.requirements import Requirement
from tiny_configs import TINY_GPT2
from transformers import GPT2Config, GPT2LMHeadModel
from tslm_models import save_backbone

from hub.server import Hub, serve

ANA, READER, BEN = "token-of-ana", "token-of-ana-to-read", "token-of-ben"
TOKENS = {ANA: ("ana", "write"), READER: ("ana", "read"), BEN: ("ben", "write")}

# Runs commands that come as lines of JSON, so that the client is imported once and sees HF_ENDPOINT as any process.
# Its waits between two tries of a request are left out.
_COMMANDS = """
import contextlib, io, json, os, sys, time, types
import huggingface_hub.utils._http as client
commands, answers = open(sys.argv[1]), open(sys.argv[2], "w")
from ts_llm_fusion.cli import main
client.time = types.SimpleNamespace(**{**vars(time), "sleep": lambda seconds: None})
for line in commands:
    command = json.loads(line)
    os.environ.update(command["environment"])
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(command["arguments"])
        except SystemExit as error:
            code = error.code
    print(json.dumps({"code": code, "out": out.getvalue(), "err": err.getvalue()}), file=answers, flush=True)
"""


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with serve(tmp_path_factory.mktemp("hub"), TOKENS) as hub:
        yield hub


@pytest.fixture
def hub(_server: Hub) -> Iterator[Hub]:
    """The server, without repositories, requests and faults of other tests."""
    torch.set_num_threads(1)
    _server.clear()
    yield _server
    _server.faults.clear()


def client_environment(hub: Hub, home: Path, token: str | None) -> dict[str, str]:
    """Environment of a process whose Hub client knows this server alone.

    The large files of the real Hub go through Xet, a protocol of its own with a server of its own and a compiled
    client; what is under test is one commit or none, so files take the Hub's other way here, LFS.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING", "PYTHON"))}
    own = {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "OMP_NUM_THREADS": "1",
    }
    return kept | own | ({"HF_TOKEN": token} if token else {})


@dataclass
class Answer:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """Its one line of error."""
        (line,) = [line for line in self.err.splitlines() if line.startswith("ts-llm-fusion: error: ")]
        return line.removeprefix("ts-llm-fusion: error: ")


@pytest.fixture(scope="session")
def _commands(
    _server: Hub, tmp_path_factory: pytest.TempPathFactory, fresh: FreshPython
) -> Iterator[tuple[TextIO, TextIO]]:
    home = tmp_path_factory.mktemp("home")
    pipes = home / "commands", home / "answers"
    for path in pipes:
        os.mkfifo(path)
    process = fresh.start(_COMMANDS, *pipes, environment=client_environment(_server, home, ANA), folder=home)
    with pipes[0].open("w") as commands, pipes[1].open() as answers:
        yield commands, answers
        process.kill(signal.SIGKILL)  # it waits for commands, and to let it end takes longer


@pytest.fixture
def cli(_commands: tuple[TextIO, TextIO]):
    """Runs a command of `ts-llm-fusion` in a process of its own, with the token of a user."""

    def run(*arguments: str | Path, token: str = ANA) -> Answer:
        command = {"arguments": list(map(str, arguments)), "environment": {"HF_TOKEN": token}}
        commands, answers = _commands
        commands.write(json.dumps(command) + "\n")
        commands.flush()
        return Answer(**json.loads(answers.readline()))

    return run


def _requirements(*names: str) -> set[str]:
    """Names of distributions and of all that they require here."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        found.add(name)
        for line in distribution(name).requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


@pytest.fixture(scope="session")
def clean_python(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Interpreters of environments with torch and transformers and what these require, and with peft, by links to what
    is installed: nothing else, this package least of all, can be imported there."""
    interpreters = {}
    for name, wanted in (("plain", ("torch", "transformers")), ("peft", ("torch", "transformers", "peft"))):
        folder = tmp_path_factory.mktemp("environments") / name
        venv.create(folder, with_pip=False, symlinks=True)
        site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
        for required in _requirements(*wanted):
            found = distribution(required)
            for top in {file.parts[0] for file in found.files or []} - {"..", "__pycache__", "bin"}:
                if not (site / top).exists():
                    (site / top).symlink_to(found.locate_file(top))
        interpreters[name] = folder / "bin" / "python"
    return interpreters


def run_python(executable: Path, code: str, environment: dict[str, str], folder: Path) -> str:
    """What a program prints; an error of it is one of the test."""
    run = subprocess.run(
        [executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, env=environment, cwd=folder
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout.strip()


def write_series(folder: Path) -> Path:
    """A CSV of 400 hours of two series."""
    hours = np.arange(400)
    noise = np.random.default_rng(0).normal(size=(2, 400)) * 0.05
    columns = {"a": np.sin(hours / 4) + noise[0], "b": np.cos(hours / 3) + noise[1]}
    path = folder / "waves.csv"
    pd.DataFrame({"date": pd.date_range("2024-01-01", periods=400, freq="h"), **columns}).to_csv(path, index=False)
    return path


@dataclass(frozen=True)
class Trained:
    """A trained checkpoint with adapters beside it, the plain text model below it, and how it was made."""

    checkpoint: Path
    backbone: Path
    arguments: list[str]


def recipe(folder: Path, **settings: Any) -> str:
    path = folder / "settings.yaml"
    path.write_text(json.dumps(settings))
    return str(path)


@pytest.fixture(scope="session")
def trained_forecaster(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A forecaster on the first of two layers of a GPT-2, trained with LoRA."""
    from ts_llm_fusion.cli import main

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("forecaster")
    torch.manual_seed(0)
    fields = {name: value for name, value in TINY_GPT2.items() if name != "model_type"}
    GPT2LMHeadModel(GPT2Config(**fields)).save_pretrained(folder / "backbone")
    settings = recipe(
        folder,
        data=str(write_series(folder)),
        context_length=24,
        prediction_length=6,
        mscnn_channels=4,
        quantiles=[0.1, 0.5, 0.9],
        backbone=str(folder / "backbone"),
        backbone_layers=1,
        backbone_training="lora",
        num_train_epochs=1,
        disable_tqdm=True,
    )
    arguments = ["--config", settings, "--output_dir", str(folder / "wave-forecaster"), "--learning_rate", "0.002"]
    assert main(["train", "forecaster", *arguments]) == 0
    return Trained(folder / "wave-forecaster", folder / "backbone", arguments)


@pytest.fixture(scope="session")
def trained_tslm(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A Flamingo on a Llama, trained with LoRA: the placeholder is a new token of the Llama, and its row is read."""
    from ts_llm_fusion.cli import main

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tslm")
    save_backbone(folder / "backbone")
    settings = recipe(
        folder,
        data="synthetic",
        tasks=["trend"],
        num_train=16,
        num_validation=4,
        num_test=4,
        shortest_series=42,
        longest_series=48,
        model_name_or_path=str(folder / "backbone"),
        fusion="flamingo",
        num_latents=2,
        resampler_num_layers=1,
        resampler_num_heads=2,
        resampler_head_dim=8,
        cross_attention_num_heads=2,
        cross_attention_head_dim=8,
        encoder_config={"model_type": "ts_patch_encoder", "hidden_size": 16, "num_hidden_layers": 0},
        use_peft=True,
        lora_r=2,
        lora_target_modules=["q_proj", "v_proj"],
        num_train_epochs=1,
        per_device_train_batch_size=8,
        max_new_tokens=4,
        disable_tqdm=True,
        report_to="none",
    )
    arguments = ["--config", settings, "--output_dir", str(folder / "wave-reader")]
    assert main(["train", "sft", *arguments]) == 0
    return Trained(folder / "wave-reader", folder / "backbone", arguments)
