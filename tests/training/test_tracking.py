"""Trackers of a run: losses, pictures of validation forecasts, tables of sample answers."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_configs import TINY_GPT2

from ts_llm_fusion.cli import main
from ts_llm_fusion.training.answers import answer_table
from ts_llm_fusion.training.tracking import _markdown

TSLM = {
    "data": "synthetic",
    "tasks": ["trend"],
    "num_train": 8,
    "num_validation": 10,
    "num_test": 2,
    "text_config": {
        "model_type": "llama",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_attention_heads": 2,
        "vocab_size": 300,
    },
    "encoder_config": {
        "model_type": "ts_patch_encoder",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_attention_heads": 2,
    },
    "max_steps": 2,
    "max_new_tokens": 3,
    "eval_strategy": "steps",
    "save_strategy": "steps",
    "eval_steps": 1,
    "save_steps": 1,
}


def train(command: str, output: Path, settings: dict, trackers: list[str]) -> None:
    """Train by a recipe beside the output."""
    common = {"output_dir": str(output), "use_cpu": True, "disable_tqdm": True, "logging_steps": 1}
    output.with_suffix(".yaml").write_text(yaml.safe_dump(settings | common | {"report_to": trackers}))
    assert main(["train", command, "--config", str(output.with_suffix(".yaml"))]) == 0


@pytest.fixture
def waves(tmp_path: Path) -> Path:
    """200 hours of a daily wave."""
    hours = np.arange(200)
    dates = pd.date_range("2024-01-01", periods=200, freq="h")
    pd.DataFrame({"date": dates, "a": np.sin(hours * np.pi / 12)}).to_csv(tmp_path / "waves.csv", index=False)
    return tmp_path / "waves.csv"


def test_forecasts_of_each_validation_are_pictures_in_all_trackers(
    waves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    # Read at the first import, which is in this run.
    for name in [name for name in sys.modules if name.partition(".")[0] == "trackio"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    settings = {
        "data": str(waves),
        "context_length": 24,
        "prediction_length": 6,
        "mscnn_channels": 4,
        "text_config": TINY_GPT2,
        "num_train_epochs": 2,
        "logging_strategy": "steps",
    }
    train("forecaster", tmp_path / "run", settings, ["tensorboard", "trackio", "wandb"])
    events = EventAccumulator(str(next((tmp_path / "run" / "runs").iterdir())))
    events.Reload()
    history = json.loads((tmp_path / "run" / "log_history.json").read_text())
    losses = [entry["loss"] for entry in history if "loss" in entry]
    steps = [entry["step"] for entry in history if "eval_mse" in entry]
    assert [scalar.value for scalar in events.Scalars("train/loss")] == pytest.approx(losses)
    assert events.Tags()["images"] == [f"eval/forecast_{number}" for number in (1, 2, 3)]
    for name in events.Tags()["images"]:
        assert [image.step for image in events.Images(name)] == steps
        assert events.Images(name)[0].encoded_image_string.startswith(b"\x89PNG")
    for pictures in ("wandb/offline-run-*/files/media/images/eval/*.png", "trackio/media/**/*.png"):
        assert len(list(tmp_path.glob(pictures))) == 3 * len(steps) == 6


def test_sample_answers_of_each_validation_are_a_table(tmp_path: Path) -> None:
    train("sft", tmp_path / "run", TSLM, ["tensorboard"])
    events = EventAccumulator(str(next((tmp_path / "run" / "runs").iterdir())))
    events.Reload()
    tables = events.Tensors("eval/answers/text_summary")
    assert [table.step for table in tables] == [1, 2]
    header, _, *rows = tables[-1].tensor_proto.string_val[0].decode().splitlines()
    assert header == "| question | truth | answer |"
    assert len(rows) == 8
    assert all(row.count("|") == 4 for row in rows)


def test_a_cell_of_a_table_is_no_markup() -> None:
    sample = {
        "messages": [
            {"role": "user", "content": [{"type": "time_series"}, {"type": "text", "text": "Up\nor <b>down</b>?"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "up"}]},
        ]
    }
    table = answer_table(["a|b"], [sample])
    assert _markdown(table).splitlines()[2] == "| Up or &lt;b&gt;down&lt;/b&gt;? | up | a&#124;b |"


def test_a_tracker_that_is_not_installed_is_named_before_any_work(
    waves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "trackio", None)
    flags = ["--data", str(waves), "--output_dir", str(tmp_path / "run"), "--report_to", "trackio"]
    assert main(["train", "forecaster", "--context_length", "24", "--prediction_length", "6", *flags]) == 2
    assert "trackio is not installed; run pip install 'ts-llm-fusion[tracking]'." in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
