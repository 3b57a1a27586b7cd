"""The command line as a user meets it: a CSV in, a checkpoint and forecasts out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from fresh_python import FreshPython
from matplotlib.figure import Figure
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny_configs import TINY_GPT2
from transformers import AutoModelForTimeSeriesPrediction

from ts_llm_fusion.cli import main
from ts_llm_fusion.plots import save_figure
from ts_llm_fusion.recipes import forecaster


def write_csv(path: Path, **columns: np.ndarray) -> Path:
    rows = len(next(iter(columns.values())))
    pd.DataFrame({"date": pd.date_range("2024-01-01", periods=rows, freq="h"), **columns}).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CSV of 2,000 rows, and a checkpoint under `model` that a recipe made from it."""
    folder = tmp_path_factory.mktemp("run")
    hours = np.arange(2000)
    wave = np.sin(2 * np.pi * hours / 24)
    noise = np.random.default_rng(0).normal(size=(2, 2000)) * 0.05
    write_csv(folder / "waves.csv", a=100 + 10 * (wave + noise[0]), b=wave**2 + noise[1])
    (folder / "recipe.yaml").write_text(
        f"data: {folder / 'waves.csv'}\ncontext_length: 48\nprediction_length: 12\nmscnn_channels: 8\n"
        f"text_config: {json.dumps(TINY_GPT2)}\nquantiles: [0.1, 0.5, 0.9]\nlearning_rate: 2e-3\nnum_train_epochs: 2\n"
        "disable_tqdm: true\nfreq: h\n"
    )
    arguments = ["train", "forecaster", "--config", str(folder / "recipe.yaml"), "--output_dir", str(folder / "model")]
    titles = []

    def save(figure: Figure, path: Path) -> None:
        titles.append(figure.get_suptitle())
        save_figure(figure, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecaster, "save_figure", save)
        assert main(arguments) == 0
    # No folder of this machine is in a picture that is pushed.
    assert len(titles) == 3 and all(title.startswith("waves.csv, test split, from 2024-03-") for title in titles)
    return folder


def test_training_leaves_everything_that_a_checkpoint_needs(folder: Path) -> None:
    model = folder / "model"
    files = {path.relative_to(model).as_posix() for path in model.rglob("*") if "checkpoint-" not in str(path)}
    code = {name for name in files if name.endswith(".py")}
    assert {"configuration_llmps.py", "modeling_llmps.py", "feature_extraction_forecast.py"} <= code
    assert files - code == {
        "README.md",
        "config.json",
        "log_history.json",
        "metrics.json",
        "model.safetensors",
        "plots",
        "plots/forecast_1.png",
        "plots/forecast_2.png",
        "plots/forecast_3.png",
        "preprocessor_config.json",
        "recipe.yaml",
    }
    metrics = json.loads((model / "metrics.json").read_text())
    assert (metrics["context_length"], metrics["prediction_length"], metrics["seed"]) == (48, 12, 2021)
    # 1,400 rows of training, 200 of validation, 400 of test: segment - horizon + 1 windows, training less a look-back.
    assert metrics["windows"] == {"train": 1341, "validation": 189, "test": 389}
    assert set(metrics["baselines"]) == {"repeat_last", "seasonal_naive", "ridge"}
    assert set(metrics["test"]) == {"mse", "mae", "quantile_loss", "coverage", "nominal"}
    assert metrics["test"]["mse"] < metrics["baselines"]["repeat_last"]["mse"]
    assert 0 < metrics["parameters_trained"] <= metrics["parameters_total"]
    assert metrics["versions"]["ts-llm-fusion"]
    card = (model / "README.md").read_text()
    assert f"{metrics['test']['mse']:.4f}" in card
    assert "| ridge" in card
    # Errors in units of the deviation, and of the data.
    scaler = json.loads((model / "preprocessor_config.json").read_text())["scaler"]
    in_units = metrics["mae_in_units"]
    assert np.mean([in_units[name] / scaler[name][1] for name in "ab"]) == pytest.approx(metrics["test"]["mae"], 1e-6)
    assert f"{in_units['a']:.4g} (a), {in_units['b']:.4g} (b)." in card and metrics["test"]["nominal"] == 0.8
    assert Image.open(model / "plots" / "forecast_1.png").size[0] >= 1000


def test_the_card_is_valid_and_shows_its_results(folder: Path) -> None:
    from huggingface_hub import ModelCard

    card = ModelCard.load(folder / "model" / "README.md")
    assert card.data.library_name == "transformers"
    assert card.data.pipeline_tag == "time-series-forecasting"
    results = {result.metric_type: result.metric_value for result in card.data.eval_results}
    metrics = json.loads((folder / "model" / "metrics.json").read_text())
    assert results | {"nominal": 0.8} == pytest.approx(metrics["test"], abs=1e-6)


def forecast(folder: Path, output: str, *options: str, data: Path | None = None) -> pd.DataFrame:
    path = folder / output
    arguments = ["--model", folder / "model", "--data", data or folder / "waves.csv", "--output", path, *options]
    assert main(["forecast", *map(str, arguments)]) == 0
    assert Image.open(path.with_suffix(".png")).format == "PNG"
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, parse_dates=["date"])


@pytest.mark.parametrize("output", ("as_csv.csv", "as_parquet.parquet"))
def test_a_forecast_is_a_tidy_table(output: str, folder: Path, capsys: pytest.CaptureFixture) -> None:
    table = forecast(folder, output)
    then = f"next: ts-llm-fusion evaluate --data {folder / 'waves.csv'} --models {folder / 'model'} --horizon 12"
    assert capsys.readouterr().err.splitlines()[-1] == then
    assert list(table.columns) == ["item_id", "date", "target_name", "predictions", "0.1", "0.5", "0.9"]
    assert len(table) == 12 * 2
    assert list(table["item_id"].unique()) == ["a", "b"]
    for _, rows in table.groupby("item_id"):
        assert rows["date"].iloc[0] == pd.Timestamp("2024-01-01") + pd.Timedelta(hours=2000)
        assert rows["date"].iloc[-1] == pd.Timestamp("2024-01-01") + pd.Timedelta(hours=2011)
    assert (table["0.1"] <= table["0.9"]).all()
    # In the units of the series, not of the scaler: "a" lives around 100, "b" around 0.5.
    means = table.groupby("item_id")["predictions"].mean()
    assert 85 < means["a"] < 115
    assert -0.5 < means["b"] < 1.5


def test_targets_horizon_and_levels_are_chosen(folder: Path) -> None:
    table = forecast(folder, "chosen.csv", "--target", "b", "--horizon", "20", "--quantiles", "0.25", "0.75")
    assert list(table.columns) == ["item_id", "date", "target_name", "predictions", "0.25", "0.75"]
    assert set(table["item_id"]) == {"b"}
    assert len(table) == 20


def test_a_level_between_two_of_the_model_lies_between_their_quantiles(folder: Path) -> None:
    own = forecast(folder, "own.csv")
    between = forecast(folder, "between.csv", "--quantiles", "0.3")
    # The tables are rounded to five digits of the width of the band.
    np.testing.assert_allclose(between["0.3"], (own["0.1"] + own["0.5"]) / 2, rtol=0, atol=2e-4)


def test_a_step_is_given_or_that_of_the_training_or_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert json.loads((folder / "model" / "preprocessor_config.json").read_text())["freq"] == "h"
    rows = pd.read_csv(folder / "waves.csv").iloc[:60]
    few = folder / "few.csv"

    def first_date(step: int, *options: str) -> pd.Timestamp:
        rows.iloc[::step].to_csv(few, index=False)
        return forecast(folder, "few_forecast.csv", "--overwrite", *options, data=few)["date"].iloc[0]

    with caplog.at_level("WARNING", "ts_llm_fusion.data.series.time_axis"):
        assert first_date(2, "--freq", "h") == pd.Timestamp("2024-01-03 11:00")
        assert not caplog.records
        assert first_date(2) == pd.Timestamp("2024-01-03 12:00")
    assert "freq 'h' of the checkpoint is not that of the series, which is 2h" in caplog.records[0].getMessage()
    with caplog.at_level("INFO", "ts_llm_fusion.data.series.time_axis"):
        pd.concat([rows.iloc[:20], rows.iloc[22:]]).to_csv(few, index=False)
        forecast(folder, "few_forecast.csv", "--overwrite", data=few)
    assert "few.csv: 2 of 60 rows of the grid (h, confidence 0.98) are absent" in caplog.text


def test_a_constant_series_forecasts_its_constant(folder: Path) -> None:
    data = write_csv(folder / "constant.csv", a=np.full(100, 42.0))
    table = forecast(folder, "constant_forecast.csv", data=data)
    np.testing.assert_allclose(table[["predictions", "0.1", "0.9"]], 42.0, rtol=1e-6)


def test_missing_values_and_a_short_history_are_borne(folder: Path) -> None:
    values = np.sin(np.arange(30) / 4)
    values[[3, 7, 8]] = np.nan
    table = forecast(folder, "short.csv", data=write_csv(folder / "gaps.csv", a=values))
    assert table["predictions"].notna().all()


def bad_data(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.csv"
    good = np.arange(60.0)
    if kind == "empty":
        path.write_text("")
    elif kind == "no_timestamp":
        pd.DataFrame({"a": good, "b": good}).to_csv(path, index=False)
    elif kind == "duplicate":
        pd.read_csv(write_csv(path, a=good)).iloc[[0, 0, *range(1, 60)]].to_csv(path, index=False)
    else:
        values = {
            "text": np.array(["x", *good[1:].astype(str)]),
            "all_nan": np.full(60, np.nan),
            "infinite": np.where(good == 5, np.inf, good),
            "one_step": good[:1],
        }
        write_csv(path, a=values[kind])
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("empty", "the file is empty"),
        ("no_timestamp", "no timestamp column"),
        ("duplicate", "appears more than once"),
        ("text", "row 1 of column 'a' is not a number: 'x'"),
        ("all_nan", "column 'a' has no values at all"),
        ("infinite", "row 6 of column 'a' is infinite"),
        ("one_step", "with fewer than 2 steps"),
    ],
)
def test_bad_data_is_one_line_and_leaves_no_file(
    kind: str, message: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = bad_data(folder, kind)
    output = tmp_path / "out.csv"
    arguments = ["forecast", "--model", str(folder / "model"), "--data", str(path), "--output", str(output)]
    assert main(arguments) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ts-llm-fusion: ")]
    assert len(lines) == 1
    assert message in lines[0]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises((ValueError, OSError)):
        main(["--debug", *arguments])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--horizon", "0"), "--horizon is 0; it must be at least 1"),
        (("--quantiles", "0.95"), "quantile 0.95 is asked for; this model (llmps) gives levels from 0.1 to 0.9"),
        (("--target", "z"), "no column 'z'"),
        (("--output", "x.txt"), "unknown kind of file"),
        (("--data", "missing.csv"), "missing.csv: no such file"),
    ],
)
def test_bad_options_are_one_line(options: tuple, message: str, folder: Path, capsys: pytest.CaptureFixture) -> None:
    given = {"--model": folder / "model", "--data": folder / "waves.csv", "--output": folder / "x.csv"}
    given |= dict([options])
    assert main(["forecast", *(str(part) for pair in given.items() for part in pair)]) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "x.csv").exists()


def test_a_checkpoint_cut_in_half_is_named(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for name in ("config.json", "preprocessor_config.json"):
        (tmp_path / name).write_bytes((folder / "model" / name).read_bytes())
    whole = (folder / "model" / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    arguments = ["forecast", "--model", tmp_path, "--data", folder / "waves.csv", "--output", tmp_path / "out.csv"]
    assert main(list(map(str, arguments))) == 2
    assert "the weights are damaged" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_a_checkpoint_with_weights_missing_is_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for name in ("config.json", "preprocessor_config.json"):
        (tmp_path / name).write_bytes((folder / "model" / name).read_bytes())
    weights = load_file(folder / "model" / "model.safetensors")
    save_file(
        {k: v for k, v in weights.items() if not k.startswith("head")},
        tmp_path / "model.safetensors",
        {"format": "pt"},
    )
    arguments = ["forecast", "--model", tmp_path, "--data", folder / "waves.csv", "--output", tmp_path / "out.csv"]
    assert main(list(map(str, arguments))) == 2
    assert "head.bias" in capsys.readouterr().err


def test_weights_of_another_shape_are_named(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / "model" / name).read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"prediction_length": 13}))
    arguments = ["forecast", "--model", tmp_path, "--data", folder / "waves.csv", "--output", tmp_path / "out.csv"]
    assert main(list(map(str, arguments))) == 2
    assert "the weights do not fit config.json" in capsys.readouterr().err


def test_the_checkpoint_carries_its_code(folder: Path, tmp_path: Path, fresh: FreshPython) -> None:
    code = f"""
import sys
sys.modules["ts_llm_fusion"] = None  # importing it fails
import torch
from transformers import AutoFeatureExtractor, AutoModelForTimeSeriesPrediction
folder = {str(folder / "model")!r}
model = AutoModelForTimeSeriesPrediction.from_pretrained(folder, trust_remote_code=True)
extractor = AutoFeatureExtractor.from_pretrained(folder, trust_remote_code=True)
print(model.predict(**extractor(torch.linspace(0, 1, 48).numpy())).mean_predictions.flatten().tolist())
"""
    environment = {"HF_HOME": str(tmp_path), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    run = fresh.run(code, environment=environment, folder=tmp_path)
    assert run.returncode == 0, run.stderr
    model = AutoModelForTimeSeriesPrediction.from_pretrained(folder / "model")
    expected = model.predict(torch.linspace(0, 1, 48)[None, :, None]).mean_predictions.flatten().tolist()
    assert json.loads(run.stdout.splitlines()[-1]) == pytest.approx(expected, abs=1e-6)
