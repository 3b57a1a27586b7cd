"""Examples run; notebooks hold code that compiles, and outputs of a whole run."""

import importlib.util
import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import torch

from docs.blocks import ROOT
from ts_llm_fusion.cli.recipe_help import RECIPE_HELP

SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_are_short_and_listed(script: Path) -> None:
    assert len(script.read_text().splitlines()) < 60
    assert f"`{script.name}`" in (ROOT / "examples" / "README.md").read_text()


def test_the_tables_are_those_of_the_script(tmp_path: Path) -> None:
    module = load("make_sales")
    module.FOLDER = tmp_path
    module.main()
    for name in ("sales.csv", "future.csv"):
        pd.testing.assert_frame_equal(pd.read_csv(tmp_path / name), pd.read_csv(ROOT / "examples" / name))


def test_the_forecast_has_its_picture_and_words(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    module = load("forecast_with_reasons")
    module.ROOT = tmp_path
    (tmp_path / "docs").mkdir()
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    module.main()
    assert "The text says “Closed on 10 and 11 September”: the forecast is set to 0" in capsys.readouterr().out
    committed, made = (folder / "docs" / "images" / "forecast.png" for folder in (ROOT, tmp_path))
    assert made.read_bytes()[16:24] == committed.read_bytes()[16:24]  # width and height


def test_questions_are_answered_or_refused(capsys: pytest.CaptureFixture) -> None:
    load("ask_questions").main()
    assert re.findall(r"\[(\w+)\]", capsys.readouterr().out) == ["computed"] * 4 + ["refused"]


def test_a_backtest_shows_what_covariates_give(capsys: pytest.CaptureFixture) -> None:
    load("backtest").main()
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "built-in" in line]
    none, past, known = [float(row[1]) for row in rows]
    assert known < 0.5 * min(none, past)
    # The band allows for columns whose future is not known.
    assert 0.74 < float(rows[1][-1]) < 0.9


def test_the_training_of_a_language_model_has_settings_that_exist() -> None:
    flags = [part for name, value in load("train_language_model").SETTINGS.items() for part in (f"--{name}", value)]
    assert RECIPE_HELP["train sft"].checked("train sft", ["--config", "synthetic_qa", *flags])[2:] == flags


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_have_the_outputs_of_one_whole_run(notebook: Path) -> None:
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    for cell in cells:
        compile("".join(cell["source"]), notebook.name, "exec")
        assert all(output["output_type"] != "error" for output in cell["outputs"])
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell["outputs"]) for cell in cells) >= len(cells) - 1
    assert not re.search(r"/(tmp|home|work|root)/", json.dumps([cell["outputs"] for cell in cells]))
    assert notebook.stat().st_size < 400_000


def test_the_fine_tuning_of_the_readme_is_that_of_the_notebook() -> None:
    cells = json.loads((ROOT / "notebooks" / "fine_tune_and_push.ipynb").read_text())["cells"]
    printed = "".join(line for cell in cells for output in cell.get("outputs", ()) for line in output.get("text", ()))
    readme = (ROOT / "README.md").read_text()
    table = re.search(r"^co2: test split, 405 windows, look-back 2112.*?^```", readme, re.M | re.S)[0]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) == 7 and all(row in printed for row in rows)
