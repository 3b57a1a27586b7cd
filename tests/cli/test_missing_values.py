"""Series with gaps through the whole command line: training, evaluation, benchmark and forecast."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tiny_configs import TINY_GPT2

from ts_llm_fusion.cli import main
from ts_llm_fusion.recipes import forecaster as forecaster_recipe

ROWS, LOOK_BACK, HORIZON = 400, 24, 6
# 0.7, 0.1 and 0.2 of the rows
TRAIN_END, VALIDATION_END = 280, 320
MODEL = {
    "mscnn_channels": 8,
    "text_config": TINY_GPT2,
    "quantiles": [0.1, 0.9],
    "max_steps": 4,
    "eval_steps": 4,
    "eval_strategy": "steps",
    "save_strategy": "steps",
    "save_steps": 4,
    "use_cpu": True,
    "disable_tqdm": True,
}


def waves() -> np.ndarray:
    hours = np.arange(ROWS)[:, None] * 2 * np.pi / 24 + np.arange(3)
    return np.sin(hours) + 0.1 * np.random.default_rng(0).normal(size=(ROWS, 3))


def with_gaps(kind: str) -> np.ndarray:
    values = waves()
    if kind.endswith("%"):
        values[np.random.default_rng(1).random(values.shape) < int(kind[:-1]) / 100] = np.nan
    elif kind == "stretches":
        values[180:230] = np.nan
        values[:150, 0] = np.nan
        values[TRAIN_END:VALIDATION_END, 1] = np.nan
        values[VALIDATION_END:, 2] = np.nan
    elif kind == "constant":
        values[:, 0] = 0.1
    return values


def write(folder: Path, values: np.ndarray) -> Path:
    table = pd.DataFrame(values, columns=["a", "b", "c"])
    table.insert(0, "date", pd.date_range("2024-01-01", periods=len(table), freq="h"))
    table.to_csv(folder / "series.csv", index=False)
    return folder / "series.csv"


def train(folder: Path, values: np.ndarray, **settings) -> int:
    recipe = MODEL | {"context_length": LOOK_BACK, "prediction_length": HORIZON, **settings}
    recipe |= {"data": str(write(folder, values)), "output_dir": str(folder / "model")}
    (folder / "train.yaml").write_text(yaml.safe_dump(recipe))
    return main(["train", "forecaster", "--config", str(folder / "train.yaml")])


def forecast(folder: Path) -> pd.DataFrame:
    output, data = folder / "forecast.csv", str(folder / "series.csv")
    assert main(["forecast", "--model", str(folder / "model"), "--data", data, "--output", str(output)]) == 0
    return pd.read_csv(output)


def repeat_last_by_hand(values: np.ndarray) -> float:
    """Mean squared error over the observed targets, in units of the training rows."""
    scaled = (values - np.nanmean(values[:TRAIN_END], 0)) / np.nanstd(values[:TRAIN_END], 0)
    errors = []
    for first in range(VALIDATION_END, ROWS - HORIZON + 1):
        past = pd.DataFrame(scaled[first - LOOK_BACK : first]).ffill().bfill().fillna(0.0).to_numpy()
        errors.append(scaled[first : first + HORIZON] - past[-1])
    return float(np.nanmean(np.square(errors)))


@pytest.mark.parametrize("kind", ("60%", "stretches"))
def test_series_with_gaps_are_trained_on_tested_and_forecast(kind: str, tmp_path: Path) -> None:
    values = with_gaps(kind)
    assert train(tmp_path, values) == 0
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    assert metrics["baselines"]["repeat_last"]["mse"] == pytest.approx(repeat_last_by_hand(values), rel=1e-4)
    # Fitted on what is there, a linear map knows the waves.
    assert metrics["baselines"]["ridge"]["mse"] < 0.35 * metrics["baselines"]["repeat_last"]["mse"]
    table = forecast(tmp_path)
    assert len(table) == 3 * HORIZON
    assert table.notna().all().all()

    data = str(tmp_path / "series.csv")
    settings = {"data": data, "models": [str(tmp_path / "model")], "output_dir": str(tmp_path / "evaluation")}
    (tmp_path / "evaluate.yaml").write_text(yaml.safe_dump(settings | {"split": [0.7, 0.1, 0.2]}))
    assert main(["evaluate", "--config", str(tmp_path / "evaluate.yaml")]) == 0
    found = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())["results"]
    for name in ("repeat_last", "ridge"):
        assert found[name] == pytest.approx(metrics["baselines"][name], rel=1e-6)
    assert found[str(tmp_path / "model")]["mse"] == pytest.approx(metrics["test"]["mse"], rel=1e-2)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (slice(LOOK_BACK, TRAIN_END), "the train split has no observed value to forecast"),
        (slice(TRAIN_END, VALIDATION_END), "the validation split has no observed value to forecast"),
        (slice(VALIDATION_END, None), "the test split has no observed value to forecast"),
    ],
)
def test_a_split_without_a_target_is_refused_before_training(
    rows: slice, message: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    values = waves()
    values[rows] = np.nan
    assert train(tmp_path, values) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_what_fails_after_training_leaves_a_usable_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args, **kwargs):
        raise OSError("the disk is full")

    # The first thing that is done after training.
    monkeypatch.setattr(forecaster_recipe, "_test_metrics", fail)
    assert train(tmp_path, waves()) == 2
    assert (tmp_path / "model" / "recipe.yaml").exists()
    assert forecast(tmp_path).notna().all().all()


def test_a_constant_column_is_forecast_and_tested(tmp_path: Path) -> None:
    assert train(tmp_path, with_gaps("constant"), max_steps=1, eval_steps=1, save_steps=1) == 0
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    assert all(value["mse"] < 10 for value in (metrics["test"], *metrics["baselines"].values()))
    table = forecast(tmp_path)
    np.testing.assert_allclose(table.loc[table["item_id"] == "a", ["predictions", "0.1", "0.9"]], 0.1, rtol=1e-12)
