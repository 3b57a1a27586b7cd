"""Damaged files of a checkpoint are named before a model is built."""

from pathlib import Path

import pytest
from tiny_checkpoints import save_forecaster

from ts_llm_fusion.checkpoints import check_checkpoint
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
