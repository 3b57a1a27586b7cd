"""`benchmark`: one row for each cell, never lost, never run twice, and a report whose numbers are the rows'."""

import json
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from filelock import FileLock
from fresh_python import FreshPython
from PIL import Image
from tiny_configs import TINY_GPT2

from ts_llm_fusion.cli import main
from ts_llm_fusion.errors import UserError
from ts_llm_fusion.evaluation.benchmark_report import report, summarize
from ts_llm_fusion.recipes.benchmark import (
    Benchmark,
    Cell,
    ModelKind,
    _run_cells,
    make_cells,
    model_kinds,
    read_benchmark,
    read_results,
    run_benchmark,
)
from ts_llm_fusion.training.arguments import RecipeParser

TRAINED = {"max_steps": 3, "eval_strategy": "steps", "save_strategy": "steps", "eval_steps": 3, "save_steps": 3}
OURS = {"model": "llmps", "recipe": "ours.yaml"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 1,000 hours of two waves, and the recipe of a tiny forecaster."""
    folder = tmp_path_factory.mktemp("benchmark")
    hours, rng = np.arange(1000), np.random.default_rng(0)
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=1000, freq="h")})
    for name, period in (("a", 24), ("b", 12)):
        frame[name] = np.sin(2 * np.pi * hours / period) + 0.1 * rng.normal(size=1000)
    frame.to_csv(folder / "waves.csv", index=False)
    frame.iloc[:500].to_csv(folder / "other.csv", index=False)
    recipe = {"mscnn_channels": 8, "text_config": TINY_GPT2, "output_dir": "nowhere", "seed": 9, "data": "nothing"}
    (folder / "ours.yaml").write_text(yaml.safe_dump(recipe | TRAINED))
    return folder


def configuration(folder: Path, name: str, **changes) -> dict:
    return {
        "datasets": {"waves": {"data": str(folder / "waves.csv"), "context_length": 48}},
        "horizons": [6, 12],
        "seeds": [1, 2],
        "output_dir": str(folder / name),
        "models": {"repeat_last": None, "ridge": {}},
    } | changes


def run(folder: Path, name: str, status: int = 0, **changes) -> pd.DataFrame:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(configuration(folder, name, **changes), sort_keys=False))
    assert main(["benchmark", "--config", str(path)]) == status
    return read_results(folder / name)


def test_every_cell_is_one_row_and_none_is_run_twice(folder: Path) -> None:
    models = {
        "auto_theta": {"test_stride": 60},
        "dlinear": TRAINED,
        "patchtst": TRAINED | {"num_hidden_layers": 1},
        "ours": OURS | {"use_llm": False},
    }
    rows = run(folder, "all", models=models, horizons=[12])
    assert rows["model"].tolist() == ["auto_theta", "dlinear", "dlinear", "patchtst", "patchtst", "ours", "ours"]
    assert rows["seed"].tolist()[1:] == [1, 2] * 3
    assert rows["seed"].isna().tolist()[0]
    assert np.isfinite(rows[["mse", "mae", "seconds"]].to_numpy()).all()
    assert set(rows["context_length"]) == {48}
    # 700, 100 and 200 rows; training windows less a look-back.
    assert set(rows["train_windows"]) == {700 - 48 - 12 + 1}
    assert rows["test_windows"].tolist() == [4] + [200 - 12 + 1] * 6
    assert set(rows["all_test_windows"]) == {200 - 12 + 1}
    assert rows.loc[rows["model"] == "dlinear", "parameters"].tolist() == [2 * (48 + 1) * 12] * 2
    assert (rows["selected_on"][1:] == "mse").all()
    # Trained by the command the model has the same errors; the cell left its checkpoint and none of training.
    cell = folder / "all" / "cells" / "waves" / "ours" / "12" / "2"
    arguments = ["--config", folder / "ours.yaml", "--data", folder / "waves.csv", "--context_length", 48]
    arguments += ["--prediction_length", 12, "--seed", 2, "--use_llm", "false", "--output_dir", folder / "trained"]
    assert main(["train", "forecaster", *map(str, arguments)]) == 0
    metrics = json.loads((folder / "trained" / "metrics.json").read_text())
    row = rows.set_index(["model", "seed"]).loc[("ours", 2)]
    assert (row["mse"], row["mae"]) == pytest.approx((metrics["test"]["mse"], metrics["test"]["mae"]), rel=1e-6)
    assert row["validation"] == pytest.approx(metrics["best_validation"], rel=1e-6)
    assert (cell / "model.safetensors").is_file()
    assert not list(cell.glob("checkpoint-*"))

    before = (folder / "all" / "results.csv").read_bytes()
    run(folder, "all", models=models, horizons=[12])
    assert (folder / "all" / "results.csv").read_bytes() == before
    models["dlinear"] = TRAINED | {"moving_average": 13}
    again = run(folder, "all", models=models, horizons=[12])
    kept = again[again["model"] != "dlinear"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, rows[rows["model"] != "dlinear"].reset_index(drop=True))
    changed = again[again["model"] == "dlinear"]
    assert len(changed) == 2
    assert changed["settings"].str.contains('"moving_average": 13').all()
    text = (folder / "all" / "results.md").read_text()
    assert f"{changed['mse'].mean():.3f} ± " in text
    assert "| auto_theta * |" in text
    assert Image.open(folder / "all" / "waves.png").format == "PNG"


def test_a_killed_run_loses_the_running_cell_alone(folder: Path, fresh: FreshPython) -> None:
    slow = {"num_train_epochs": 8, "learning_rate": 1e-3, "early_stopping_patience": 9}
    changes = {"models": {"ridge": None, "dlinear": slow}, "horizons": [6], "seeds": [1, 2, 3, 4, 5]}
    path = folder / "killed.yaml"
    path.write_text(yaml.safe_dump(configuration(folder, "killed", **changes)))
    process = fresh.start("from ts_llm_fusion.cli import main; main()", "benchmark", "--config", str(path))
    deadline = time.monotonic() + 120
    while len(read_results(folder / "killed")) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill(signal.SIGKILL)
    killed = read_results(folder / "killed")
    assert 2 <= len(killed) < 6  # on a busy machine some more cells end before the signal comes
    found = run(folder, "killed", **changes)
    assert len(found) == 6
    pd.testing.assert_frame_equal(found.iloc[: len(killed)], killed)


def test_few_shot_zero_shot_and_noise_are_settings_of_a_dataset(folder: Path) -> None:
    data = {"data": str(folder / "waves.csv"), "context_length": 24}
    datasets = {
        "whole": data,
        "first 10 %": data | {"few_shot": 10},
        "noisy": data | {"noise_std": 1.0},
        "to other": data | {"zero_shot": str(folder / "other.csv"), "horizons": [6], "models": ["ridge"]},
    }
    rows = run(folder, "settings", datasets=datasets, horizons=[12]).set_index(["dataset", "model"])
    whole, few, noisy = (rows.loc[name] for name in ("whole", "first 10 %", "noisy"))
    assert whole.loc["ridge", "train_windows"] == 700 - 24 - 12 + 1
    # (700 - 24) // 10 + 24 rows.
    assert few.loc["ridge", "train_windows"] == 91 - 24 - 12 + 1
    assert few.loc["ridge", "mse"] > whole.loc["ridge", "mse"]
    assert few.loc["repeat_last", "mse"] == whole.loc["repeat_last", "mse"]
    # The last value, of unit deviation and free of the noise, gets an independent error of unit deviation.
    assert noisy.loc["repeat_last", "mse"] == pytest.approx(whole.loc["repeat_last", "mse"] + 1, rel=0.15)
    other = rows.loc[("to other", "ridge")]
    assert (other["horizon"], other["all_test_windows"]) == (6, 100 - 6 + 1)


def test_a_cell_without_windows_is_left_out_and_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = run(folder, "short", status=2, horizons=[12, 150])
    assert rows["horizon"].tolist() == [12, 12]
    assert "repeat_last, horizon 150: left out: validation split" in caplog.text


@pytest.mark.parametrize(("model", "shows_traceback"), [("refused", False), ("faulty", True)])
def test_a_fault_in_a_cell_shows_its_traceback_and_the_others_run(
    model: str, shows_traceback: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise UserError("context_length is 0.")

    runs: dict = {"refused": refuse, "faulty": lambda: int("x"), "fine": lambda: None}
    kinds = {name: ModelKind((), run, is_seeded=False) for name, run in runs.items()}
    cells = [Cell("sales", name, name, 4, None, {}) for name in (model, "fine")]
    _run_cells(cells, {cell.key: () for cell in cells}, kinds, tmp_path)
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert f"sales, {model}, horizon 4: left out" in record.message
    assert bool(record.exc_info) == shows_traceback


def test_a_table_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    Path(tmp_path, "results.csv").write_text("dataset,model,horizon,seed,look_back,settings\nILI,ridge,24,,104,{}\n")
    assert read_results(tmp_path)["context_length"].tolist() == [104]


def test_the_report_gives_mean_and_spread_beside_the_papers() -> None:
    rows = pd.DataFrame(
        {
            "dataset": "ILI",
            "model": ["ridge", "ours", "ours", "ours"],
            "horizon": 24,
            "seed": [None, 1, 2, 3],
            "context_length": 104,
            "test_windows": 170,
            "all_test_windows": 170,
            "mse": [2.0, 1.0, 2.0, 3.0],
            "mae": [1.0, 0.5, 0.5, 0.5],
            "parameters": [10, 20, 20, 20],
            "seconds": [1.0, 2.0, 4.0, 6.0],
            "validation": [np.nan, 0.25, 0.5, 0.75],
        }
    )
    summary = summarize(rows).set_index("model")
    assert summary.loc["ours", ["seeds", "mse", "mse_std", "seconds"]].tolist() == [3, 2.0, 1.0, 4.0]
    lines = report(rows).splitlines()
    assert "| ridge | 2.000 | 2.000 |" in lines
    assert "| ours | 2.000 ± 1.000 | 2.000 |" in lines
    assert "| _LLM-PS_ | 1.630 | 1.630 |" in lines
    assert "| _LLM-PS_ | 0.798 | 0.798 |" in lines
    assert "| ours | 24 | 3 | 170 of 170 | 20 | 4.0 | 0.5000 |" in lines


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"horizon": [12]}, "'horizon' is not a setting; did you mean 'horizons'?"),
        ({"horizons": [0]}, "horizons is [0]; give a list of different whole numbers above 0"),
        ({"seeds": 3}, "seeds is 3; give a list"),
        ({"models": []}, "models must be a mapping"),
        ({"models": {"rigde": None}}, "models: rigde: 'rigde' is not a kind of model; did you mean 'ridge'?"),
        (
            {"models": {"ridge": {"penalty": 1}}},
            "models: ridge on waves: 'penalty' is not a setting",
        ),
        ({"models": {"x": {"model": "llmps", "recipe": "no.yaml"}}}, "no.yaml: no such file"),
        ({"models": {"a b": {"model": "ridge"}, "a,b": {"model": "ridge"}}}, "would share the folder waves/a_b/6/any"),
        ({"datasets": {"ILU": {}}}, "ILU: neither a file nor a known set; did you mean 'ILI'?"),
        ({"datasets": {"waves": {"models": ["x"]}}}, "datasets: waves: 'x' is not one of the models"),
    ],
)
def test_bad_configurations_are_one_line(
    changes: dict, message: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(configuration(folder, "bad") | changes | {"output_dir": str(tmp_path / "out")}))
    assert main(["benchmark", "--config", str(path)]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("ts-llm-fusion: error: ")
    assert message in error
    assert not (tmp_path / "out" / "results.csv").exists()


def test_two_runs_do_not_write_in_one_folder(folder: Path, capsys: pytest.CaptureFixture) -> None:
    (folder / "locked").mkdir()
    with FileLock(folder / "locked" / ".lock"):
        run(folder, "locked", status=2)
    assert "another process is running a benchmark there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "cells"), [("ili", 68), ("etth1", 34), ("etth1_settings", 90), ("ltsf_baselines", 60)]
)
def test_the_recipes_of_benchmarks_are_whole(name: str, cells: int) -> None:
    benchmark = read_benchmark(Path(__file__).parents[2] / "configs" / "eval" / f"{name}.yaml")
    kinds = model_kinds()
    made = make_cells(benchmark)
    assert len(made) == cells
    for cell in made:
        RecipeParser(kinds[cell.kind].settings).parse_settings(cell.settings)


def test_a_ready_checkpoint_is_a_model_of_a_benchmark(folder: Path) -> None:
    models = {"repeat_last": {}, "built-in": {"model": "checkpoint"}}
    benchmark = Benchmark(
        {"waves": {"data": str(folder / "waves.csv"), "context_length": 48, "test_stride": 20}},
        models, [12], [1, 2], str(folder / "ready"),
    )  # fmt: skip
    results = run_benchmark(benchmark).set_index("model")
    assert len(results) == 2
    assert results.loc["built-in", "mse"] < 0.1 * results.loc["repeat_last", "mse"]
    assert results["test_windows"].nunique() == 1
    assert results.loc["built-in", ["parameters", "context_length"]].tolist() == [0, 2112]


def test_no_name_leads_out_of_the_folder() -> None:
    for name in ("..", ".", "../..", "/etc", ".hidden", "a/../../b"):
        folder = Path("/out/cells") / Cell(name, name, "ridge", 6, 1, {}).folder
        assert folder == folder.resolve() and len(folder.parts) == 7
        assert not any(part.startswith(".") for part in folder.parts)
