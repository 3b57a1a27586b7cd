"""Two processes on a processor against one with the same global batch, and the configurations of accelerate."""

import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils.launch import prepare_multi_gpu_env
from fresh_python import FreshPython
from safetensors.torch import load_file
from tiny_configs import TINY_GPT2

from ts_llm_fusion import TSLMConfig, TSLMForCausalLM
from ts_llm_fusion.cli import main
from ts_llm_fusion.training.processes import rows_not_repeated, share_of_rows

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "launched.py"
CONFIGURATIONS = sorted((ROOT / "configs" / "accelerate").glob("*.yaml"))
DDP_CPU = ROOT / "configs" / "accelerate" / "ddp_cpu.yaml"

COMMON = {"disable_tqdm": True, "logging_strategy": "steps", "logging_steps": 1}
# 151 windows of training, so that the last global batch has 23 of 64, all of them of the first process.
FORECASTER = {
    "context_length": 48,
    "prediction_length": 12,
    "mscnn_channels": 8,
    "learning_rate": 2e-3,
    "num_train_epochs": 2,
    "per_device_train_batch_size": 64,
    "text_config": TINY_GPT2,
}
# 30 samples: 6 in the last global batch, 4 of the first process and 2 of the second. 9 of validation and 5 of the test
# are no multiple of two either.
TSLM = {
    "data": "synthetic",
    "tasks": ["trend", "correlation"],
    "num_train": 30,
    "num_validation": 9,
    "num_test": 5,
    "text_config": {
        "model_type": "llama",
        "num_hidden_layers": 2,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_attention_heads": 4,
        "vocab_size": 400,
        "max_position_embeddings": 512,
        # So that answers differ from question to question.
        "initializer_range": 0.3,
    },
    "encoder_config": {
        "model_type": "ts_patch_encoder",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_attention_heads": 2,
    },
    "per_device_train_batch_size": 8,
    "per_device_eval_batch_size": 2,
    "num_train_epochs": 2,
    # The bias of keys has no gradient but that of rounding, which Adam would make as large as any other.
    "adam_epsilon": 1e-5,
    "max_new_tokens": 4,
    "seed": 3,
}
# Without dropout, which each process draws for itself.
ADAPTERS = {"use_peft": True, "lora_r": 2, "lora_dropout": 0.0}
CURRICULUM = TSLM | {"curriculum": {"first": {}, "second": ADAPTERS | {"replay": 0.2}}}
FINE_TUNING = {
    "start": "built-in",
    "context_length": 48,
    "prediction_length": 12,
    "max_windows": 150,
    "num_train_epochs": 2,
    "per_device_train_batch_size": 64,
}
FUSION = {
    "batch_size": 64,
    "max_steps": 3,
    "save_steps": 2,
    "warmup_steps": 1,
    "gradient_accumulation_steps": 2,
}
# 23 texts: the last of three global batches has 7, which two processes cannot share evenly.
CONTEXT = {
    "texts": 23,
    "text_adapter_rank": 2,
    "context_hidden_size": 16,
    "context_dropout": 0.0,
    "num_train_epochs": 2,
    "per_device_train_batch_size": 8,
    "warmup_steps": 1,
}
# Name -> command, and its settings in one process.
RUNS = {
    "forecaster": ("forecaster", FORECASTER),
    "soft_prompt": ("sft", TSLM),
    "flamingo": ("sft", TSLM | {"fusion": "flamingo", "train_sampling_strategy": "group_by_length"}),
    "curriculum": ("curriculum", CURRICULUM),
    "fine_tuning": ("forecaster", FINE_TUNING),
    "fusion": ("fusion", FUSION),
    "context": ("context", CONTEXT),
}
FAST = ("forecaster", "soft_prompt", "flamingo")


def in_shares(settings: dict) -> dict:
    """Settings of each of two processes."""
    if "gradient_accumulation_steps" in settings:
        return settings | {"gradient_accumulation_steps": 1}
    return settings | {"per_device_train_batch_size": settings["per_device_train_batch_size"] // 2}


def commands(folder: Path, names: tuple[str, ...], processes: int) -> list[list[str]]:
    """Commands that train in `folder`, by recipes there."""
    hours = np.arange(300)
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=300, freq="h")})
    for name, phase in (("a", 0.0), ("b", 1.0)):
        frame[name] = 10 + np.sin(2 * np.pi * hours / 24 + phase) + 0.1 * generator.normal(size=300)
    frame.loc[generator.choice(300, 9, replace=False), "a"] = np.nan
    frame.to_csv(folder / "waves.csv", index=False)
    made = []
    for name in names:
        command, settings = RUNS[name]
        settings = COMMON | (settings | {"use_cpu": True} if processes == 1 else in_shares(settings))
        if command == "forecaster":
            settings |= {"data": str(folder / "waves.csv")}
        recipe = folder / f"{name}.yaml"
        recipe.write_text(yaml.safe_dump(settings))
        made.append(["train", command, "--config", str(recipe), "--output_dir", str(folder / name)])
    return made


def launcher(configuration: Path, *flags: str) -> Namespace:
    """Arguments of `accelerate launch` with a configuration."""
    given = ["--config_file", str(configuration), *flags, "program.py"]
    return _validate_launch_command(launch_command_parser().parse_args(given))[0]


def reports(folder: Path) -> list[dict]:
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


def fork(fresh: FreshPython, folder: Path, names: tuple[str, ...]) -> list[dict]:
    """Run commands in two forked processes, as accelerate would start them, and return what each reports."""
    (folder / "commands.json").write_text(json.dumps(commands(folder, names, 2)))
    # A port of its own: one that is found free may be given to a connection of another test before it is bound.
    environment = prepare_multi_gpu_env(launcher(DDP_CPU)) | {"MASTER_PORT": "29517", "OMP_NUM_THREADS": "1"}
    arguments = (folder / "commands.json", folder)
    fresh.run_ranks(PROGRAM.read_text(), *map(str, arguments), processes=2, environment=environment)
    return reports(folder)


def launch(folder: Path, *program: str | Path) -> None:
    """Run a program in two processes by `accelerate launch`."""
    command = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--config_file",
        DDP_CPU,
        "--main_process_port",
        "0",
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def launch_commands(folder: Path, names: tuple[str, ...], *options: str) -> list[dict]:
    """Run commands in two processes by `accelerate launch`, and return what each reports."""
    (folder / "commands.json").write_text(json.dumps(commands(folder, names, 2)))
    launch(folder, PROGRAM, folder / "commands.json", folder, *options)
    return reports(folder)


def train_in_one(folder: Path, names: tuple[str, ...]) -> None:
    for arguments in commands(folder, names, 1):
        assert main(arguments) == 0


def losses(output: Path) -> list[float]:
    history = json.loads((output / "log_history.json").read_text())
    return [entry["loss"] for entry in history if "loss" in entry]


def assert_same_run(one: Path, two: Path) -> None:
    """Check that losses of all steps, final weights and metrics of the test are those of one process."""
    assert len(losses(one)) >= 3
    assert losses(two) == pytest.approx(losses(one), abs=1e-5)
    weights, other = (load_file(output / "model.safetensors") for output in (one, two))
    assert weights.keys() == other.keys()
    for name, weight in weights.items():
        torch.testing.assert_close(other[name], weight, rtol=0, atol=1e-5, msg=f"{one.name}: {name}")
    metrics, others = (json.loads((output / "metrics.json").read_text()) for output in (one, two))
    assert others.get("test") == pytest.approx(metrics.get("test"), abs=1e-5)
    # Every sample is answered once, in its place.
    for name in ("predictions_test.jsonl", "predictions_shuffled.jsonl"):
        if (one / name).exists():
            assert (two / name).read_text() == (one / name).read_text()
            lines = [json.loads(line) for line in (one / name).read_text().splitlines()]
            assert len({line["prediction"] for line in lines}) == len(lines) == 5


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of runs in one process."""
    folder = tmp_path_factory.mktemp("alone")
    train_in_one(folder, FAST)
    return folder


def test_two_processes_train_as_one_does_and_the_first_alone_writes(
    alone: Path, tmp_path: Path, fresh: FreshPython
) -> None:
    first, second = fork(fresh, tmp_path, FAST)
    for name in FAST:
        assert_same_run(alone / name, tmp_path / name)
        assert [path for path in first["written"] if path.startswith(str(tmp_path / name))]
    assert second["written"] == []
    assert first["held"] == second["held"] == []


@pytest.mark.nightly
def test_two_processes_fine_tune_and_train_the_other_forecaster_as_one_does(tmp_path: Path) -> None:
    names = ("fine_tuning", "fusion")
    for folder in ("alone", "together"):
        (tmp_path / folder).mkdir()
    train_in_one(tmp_path / "alone", names)
    _, second = launch_commands(tmp_path / "together", names)
    for name in names:
        assert_same_run(tmp_path / "alone" / name, tmp_path / "together" / name)
    assert second["written"] == []


@pytest.mark.nightly
def test_two_processes_train_the_head_for_texts_on_the_same_texts(tmp_path: Path) -> None:
    for folder in ("alone", "together"):
        (tmp_path / folder).mkdir()
    train_in_one(tmp_path / "alone", ("context",))
    _, second = launch_commands(tmp_path / "together", ("context",))
    one, two = (losses(tmp_path / folder / "context") for folder in ("alone", "together"))
    assert len(one) == 6
    # Each process draws its own dropout, of which a part is always on; other texts differ by ten times as much.
    assert two == pytest.approx(one, abs=0.05)
    assert second["written"] == []


@pytest.mark.nightly
def test_two_processes_train_the_stages_of_a_curriculum_as_one_does(tmp_path: Path) -> None:
    for folder in ("alone", "together"):
        (tmp_path / folder).mkdir()
    train_in_one(tmp_path / "alone", ("curriculum",))
    _, second = launch_commands(tmp_path / "together", ("curriculum",))
    one, two = (tmp_path / folder / "curriculum" for folder in ("alone", "together"))
    for stage in ("first", "second"):
        assert_same_run(one / stage, two / stage)
    states = [json.loads((folder / "curriculum.json").read_text()) for folder in (one, two)]
    assert states[0]["validation"] == states[1]["validation"]
    assert second["written"] == []


@pytest.mark.nightly
def test_the_command_itself_is_launched(tmp_path: Path) -> None:
    (arguments,) = commands(tmp_path, ("forecaster",), 2)
    encoder = ["--context_length", "48", "--patch_length", "8", "--hidden_size", "16", "--num_train_epochs", "1"]
    pre_training = ["train", "t2t", "--data", str(tmp_path / "waves.csv"), *encoder]
    for command in (arguments, [*pre_training, "--output_dir", str(tmp_path / "t2t")]):
        launch(tmp_path, "-m", "ts_llm_fusion.cli", *command)
        output = Path(command[command.index("--output_dir") + 1])
        assert {"model.safetensors", "metrics.json", "README.md"} <= {path.name for path in output.iterdir()}


@pytest.mark.nightly
def test_models_in_shards_train_as_whole_ones_do(alone: Path, tmp_path: Path) -> None:
    """FSDP2 by gloo, which accelerate itself does not start on processors."""
    first, second = launch_commands(tmp_path, FAST, "--fsdp")
    for name in FAST:
        assert_same_run(alone / name, tmp_path / name)
    assert second["written"] == []
    assert first["held"] == second["held"] == []


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.stem)
def test_accelerate_reads_its_configurations(path: Path) -> None:
    settings = load_config_from_file(str(path))
    wanted = {
        "ddp": ("MULTI_GPU", {}),
        "ddp_cpu": ("MULTI_GPU", {}),
        "fsdp2": ("FSDP", {"fsdp_version": 2, "fsdp_state_dict_type": "FULL_STATE_DICT"}),
        "deepspeed_zero2": ("DEEPSPEED", {"zero_stage": 2}),
        "deepspeed_zero3": ("DEEPSPEED", {"zero_stage": 3, "zero3_save_16bit_model": True}),
    }
    kind, options = wanted[path.stem]
    assert settings.distributed_type.value == kind
    assert options.items() <= {**settings.fsdp_config, **settings.deepspeed_config}.items()
    # The launcher itself sets each option that it knows; on four machines, by flags.
    arguments = launcher(path, "--num_machines", "4", "--num_processes", "32", "--machine_rank", "3")
    assert (arguments.num_processes, arguments.num_machines, arguments.machine_rank) == (32, 4, 3)
    assert all(getattr(arguments, name) == value for name, value in options.items())


def test_there_are_five_configurations() -> None:
    assert len(CONFIGURATIONS) == 5


def test_rows_that_fill_up_an_epoch_are_not_counted() -> None:
    def kept(process: int, remainder: int, at_end: bool = True, processes: int = 4) -> int:
        state = SimpleNamespace(end_of_dataloader=at_end, remainder=remainder)
        accelerator = SimpleNamespace(gradient_state=state, num_processes=processes, process_index=process)
        return rows_not_repeated(accelerator, 8)

    assert [kept(process, 19) for process in range(4)] == [8, 8, 3, 0]
    assert [kept(process, 0) for process in range(4)] == [8] * 4
    assert kept(3, 19, at_end=False) == kept(0, 5, processes=1) == 8


@pytest.mark.parametrize(("number", "processes"), [(9, 2), (8, 2), (1, 4), (5, 4)])
def test_shares_are_all_rows_in_order_and_of_one_size(number: int, processes: int) -> None:
    shares = [
        share_of_rows(number, SimpleNamespace(world_size=processes, process_index=process))
        for process in range(processes)
    ]
    assert len({len(share) for share in shares}) == 1
    assert [row for share in shares for row in share][:number] == list(range(number))


def test_blocks_that_stay_whole_are_those_that_a_model_has() -> None:
    config = TSLMConfig(text_config=TSLM["text_config"], encoder_config=TSLM["encoder_config"], time_series_token_id=1)
    model = TSLMForCausalLM(config)
    assert set(model._no_split_modules) == {"LlamaDecoderLayer", "TSEncoderLayer"}
