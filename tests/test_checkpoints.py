"""Damaged files of a checkpoint are named before a model is built."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_checkpoints import save_forecaster

from ts_llm_fusion.checkpoints import check_checkpoint, seal_weights
from ts_llm_fusion.forecasting import load_forecaster


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_forecaster(tmp_path_factory.mktemp("checkpoint"))


def test_a_whole_checkpoint_and_a_name_of_the_hub_pass(checkpoint: Path) -> None:
    check_checkpoint(checkpoint)
    check_checkpoint("ana/no-such-folder")


@pytest.mark.parametrize("name", ("/nowhere/model", "./model", "outputs/run/model"))
def test_a_folder_that_is_missing_is_named_without_asking_the_hub(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="neither a folder nor a name of the Hub"):
        load_forecaster(name)


@pytest.mark.parametrize("name", ("config.json", "preprocessor_config.json", "model.safetensors"))
@pytest.mark.parametrize(
    "damage",
    (
        lambda whole: b"",
        lambda whole: whole[:5],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-3],
        lambda whole: whole[:30] + b"\xff\x00\xff" + whole[33:],
        lambda whole: b"null",
        lambda whole: b"[1, 2]",
    ),
)
def test_a_damaged_file_is_one_line_with_its_name(name: str, damage, checkpoint: Path, tmp_path: Path) -> None:
    for path in checkpoint.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).write_bytes(damage((checkpoint / name).read_bytes()))
    with pytest.raises(ValueError, match=rf"{name}: the (file is|weights are) damaged") as raised:
        load_forecaster(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.fixture
def copied(checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint, tmp_path / "copied"))


def test_a_bit_of_sealed_weights_is_not_lost(checkpoint: Path, copied: Path) -> None:
    seal_weights(copied)
    check_checkpoint(copied)
    before, after = (load_file(folder / "model.safetensors") for folder in (checkpoint, copied))
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    data = bytearray((copied / "model.safetensors").read_bytes())
    data[-1000] ^= 1
    (copied / "model.safetensors").write_bytes(data)
    with pytest.raises(ValueError, match="the weights are damaged \\(by their checksum\\)"):
        load_forecaster(copied)
    # Saved anew by another program, the weights are others, without a checksum.
    load_forecaster(checkpoint)[0].save_pretrained(copied)
    check_checkpoint(copied)


def test_weights_in_a_pickle_are_refused(copied: Path) -> None:
    (copied / "model.safetensors").unlink()
    torch.save({}, copied / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"pytorch_model\.bin: weights in a pickle, which can run code"):
        load_forecaster(copied)


@pytest.mark.parametrize(
    ("file", "changes", "message"),
    [
        ("config.json", {"model_type": "theirs", "auto_map": {"AutoConfig": "theirs.Config"}}, "cannot be read"),
        ("config.json", {"text_config": {"model_type": "gpt2", "max_position_embeddings": "many"}}, "LLMPSConfig"),
        ("preprocessor_config.json", {"context_length": "48"}, "context_length is '48'; give a whole number"),
        ("preprocessor_config.json", {"min_length": 0}, "min_length is 0; give a whole number of at least 1"),
        (
            "preprocessor_config.json",
            {"scaler": {"a": [1.0, 0.0]}},
            r"scaler of column .a. is .1.0, 0.0.; give",
        ),
        ("preprocessor_config.json", {"columns": 3}, "columns is 3; give a list of names"),
        ("preprocessor_config.json", {"freq": 1}, "freq is 1; give an alias"),
    ],
)
def test_settings_that_were_edited_wrongly_are_one_line(file: str, changes: dict, message: str, copied: Path) -> None:
    (copied / "theirs.py").write_text("raise SystemExit")
    content = json.loads((copied / file).read_text()) | changes
    (copied / file).write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message) as raised:
        load_forecaster(copied)
    assert "\n" not in str(raised.value)
