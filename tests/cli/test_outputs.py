"""No command writes over what it did not make, and what would fail at the end fails before the beginning."""

import shutil
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from tiny_checkpoints import save_forecaster

from ts_llm_fusion.cli import main
from ts_llm_fusion.recipes.run_folder import check_run_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny forecaster, and 80 hours of a wave under the dates of another country."""
    folder = tmp_path_factory.mktemp("outputs")
    save_forecaster(folder / "model")
    dates = pd.date_range("2024-03-01", periods=80, freq="D")
    values = 100 + np.sin(np.arange(80) / 3)
    pd.DataFrame({"date": dates, "series 1": values}).to_csv(folder / "wave.csv", index=False)
    pd.DataFrame({"date": dates[:9].strftime("%d.%m.%Y"), "series 1": values[:9]}).to_csv(
        folder / "export.csv", index=False, sep=";", decimal=","
    )
    return folder


def refused(arguments: list, message: str, capsys: pytest.CaptureFixture) -> None:
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ts-llm-fusion: ")]
    assert len(lines) == 1
    assert message in lines[0]


def test_a_forecast_is_written_over_only_on_demand(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    shutil.copy(folder / "wave.csv", tmp_path)
    data, output = tmp_path / "wave.csv", tmp_path / "out.csv"
    arguments = ["forecast", "--model", folder / "model", "--data", data, "--output"]
    assert main([*map(str, arguments), str(output)]) == 0
    output.write_text("kept")
    refused([*arguments, output], "out.csv: the file is there already", capsys)
    refused([*arguments, tmp_path / "out.parquet"], "out.png: the file is there already", capsys)
    refused([*arguments, data, "--overwrite"], "wave.csv: the output is also an input", capsys)
    assert output.read_text() == "kept"
    assert len(pd.read_csv(data)) == 80
    assert main([*map(str, arguments), str(output), "--overwrite"]) == 0
    assert len(pd.read_csv(output)) == 12
    # Before the model is looked for.
    arguments[2] = tmp_path / "no-model"
    refused([*arguments, data / "out.csv"], "wave.csv is a file, not a folder", capsys)


def test_dates_that_fit_two_readings_need_a_word_of_the_user(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    arguments = ["forecast", "--model", folder / "model", "--data", folder / "export.csv"]
    arguments += ["--output", tmp_path / "out.csv"]
    refused(arguments, "can be 01 March 2024 (day first) or 03 January 2024 (month first)", capsys)
    assert main([*map(str, arguments), "--dayfirst"]) == 0
    table = pd.read_csv(tmp_path / "out.csv", parse_dates=["date"])
    assert list(table["date"][:2]) == list(pd.to_datetime(["2024-03-10", "2024-03-11"]))


@pytest.mark.parametrize(
    ("command", "output", "made"),
    [
        (["train", "forecaster", "--data", "missing.csv"], "--output_dir", "metrics.json"),
        (["train", "t2t", "--data", "missing.csv"], "--output_dir", "model.safetensors"),
        (["train", "sft", "--data", "missing"], "--output_dir", "checkpoint-3"),
        (
            ["evaluate", "--data", "missing.csv", "--context_length", "4", "--prediction_length", "2"],
            "--output_dir",
            "evaluation.json",
        ),
        (["export", "no/such/missing", "--format", "onnx"], "--output", "model.onnx"),
        (["convert-opentslm", "missing.pt", "--llm", "missing"], "--output", "config.json"),
        (["data", "preview", "missing.csv"], "--output", ""),
    ],
)
def test_every_command_looks_before_it_begins(
    command: list, output: str, made: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    place = tmp_path / "out"
    if made:
        place.mkdir()
    (place / made).write_text("kept")
    refused([*command, output, place], f"{made or place} is there already" if made else "is there already", capsys)
    assert (place / made).read_text() == "kept"
    (tmp_path / "file").touch()
    refused([*command, output, tmp_path / "file" / "out"], "is a file, not a folder", capsys)
    # With leave to write over it, the next thing that is wrong is said.
    refused([*command, output, place, "--overwrite"], "missing", capsys)


def test_a_benchmark_goes_on_with_its_own_results_alone(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    settings = {
        "datasets": {"wave": {"data": str(folder / "wave.csv"), "context_length": 8}},
        "models": {"repeat_last": {}},
        "horizons": [2],
        "seeds": [1],
        "output_dir": str(tmp_path / "out"),
    }
    (tmp_path / "benchmark.yaml").write_text(yaml.safe_dump(settings))
    arguments = ["benchmark", "--config", str(tmp_path / "benchmark.yaml")]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "results.csv").write_text("mine\n1\n")
    refused(arguments, "results.csv is there already", capsys)
    assert (tmp_path / "out" / "results.csv").read_text() == "mine\n1\n"
    assert main([*arguments, "--overwrite"]) == 0
    assert main(arguments) == 0
    assert len(pd.read_csv(tmp_path / "out" / "results.csv")) == 1


@pytest.mark.parametrize(
    ("names", "goes_on"),
    [
        ((), True),
        (("fresh_backbone/model.safetensors", "runs/events", "checkpoint-2/config.json", ".lock"), True),
        (("fresh_backbone/model.safetensors", "notes.txt"), False),
        (("checkpoint-2/config.json", "model.safetensors"), False),
    ],
)
def test_auto_starts_again_over_what_a_killed_run_leaves_before_its_first_checkpoint(
    names: tuple[str, ...], goes_on: bool, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    given = {"output_dir": str(tmp_path), "overwrite": False, "process_index": 0, "world_size": 1}
    with nullcontext() if goes_on else pytest.raises(FileExistsError, match="is there already"):
        check_run_folder(SimpleNamespace(**given, resume_from_checkpoint="auto"))
    if names:
        with pytest.raises(FileExistsError, match="is there already"):
            check_run_folder(SimpleNamespace(**given, resume_from_checkpoint=None))


def test_a_run_that_goes_on_may_write_in_its_folder(folder: Path, tmp_path: Path) -> None:
    def arguments(**changes) -> SimpleNamespace:
        given = {"output_dir": str(tmp_path / "run"), "overwrite": False, "process_index": 0, "world_size": 1}
        return SimpleNamespace(**{**given, "resume_from_checkpoint": None, **changes})

    shutil.copytree(folder / "model", tmp_path / "run" / "checkpoint-3")
    (tmp_path / "run" / "checkpoint-3" / "trainer_state.json").write_text('{"global_step": 3}')
    with pytest.raises(FileExistsError, match=r"checkpoint-3 is there .*, or --resume_from_checkpoint auto to"):
        check_run_folder(arguments())
    check_run_folder(arguments(resume_from_checkpoint="true"))
    check_run_folder(arguments(overwrite=True))
    # Other processes may find what the first has begun to write.
    check_run_folder(arguments(process_index=1))
    shutil.copytree(tmp_path / "run" / "checkpoint-3", tmp_path / "other" / "checkpoint-3")
    with pytest.raises(FileExistsError, match="checkpoint-3 is there already"):
        check_run_folder(arguments(resume_from_checkpoint=str(tmp_path / "other" / "checkpoint-3")))
    with pytest.raises(ValueError, match="is not a whole checkpoint of a training"):
        check_run_folder(arguments(resume_from_checkpoint=str(folder / "model")))
    with pytest.raises(ValueError, match="the output is also an input"):
        check_run_folder(arguments(overwrite=True), (str(tmp_path / "run"),))
    (tmp_path / "run" / "checkpoint-3" / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(ValueError, match="holds no checkpoint"):
        check_run_folder(arguments(resume_from_checkpoint="true"))
    with pytest.raises(ValueError, match="checkpoint-3 is not a whole checkpoint of a training"):
        check_run_folder(arguments(resume_from_checkpoint=str(tmp_path / "run" / "checkpoint-3")))
