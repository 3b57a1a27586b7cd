"""`train forecaster --start`: the gate learns from a table, and what is saved is never worse than the start."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from tiny_checkpoints import save_tslm
from transformers import AutoProcessor

from ts_llm_fusion import TSFusionConfig, TSFusionForForecasting
from ts_llm_fusion.cli.fuse import main as fuse_command
from ts_llm_fusion.cli.train_forecaster import main
from ts_llm_fusion.processing.feature_extraction_forecast import ForecastFeatureExtractor

EXPERTS = ["last_value", "seasonal_naive"]
RUN = ["--prediction_length", "6", "--max_windows", "256", "--disable_tqdm", "true", "--use_cpu", "true"]


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days that repeat themselves but for noise: of the experts, the seasonal naive is right."""
    path = tmp_path_factory.mktemp("data") / "days.csv"
    rng, steps = np.random.default_rng(0), np.arange(400)
    values = {name: np.sin(2 * np.pi * steps / 24 + k) + 0.05 * rng.normal(size=400) for k, name in enumerate("ab")}
    table = pd.DataFrame({"timestamp": pd.date_range("2024-01-01", periods=400, freq="h"), **values})
    table.loc[50:60, "a"] = np.nan
    table.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forecaster whose gate is not trained: the plain mean of two experts."""
    folder = tmp_path_factory.mktemp("start")
    torch.manual_seed(0)
    TSFusionForForecasting(TSFusionConfig(hidden_size=16, context_length=96, experts=EXPERTS)).save_pretrained(folder)
    ForecastFeatureExtractor(context_length=96, min_length=1).save_pretrained(folder)
    return folder


def fine_tune(start: Path, series: Path, output: Path, *flags: str) -> dict:
    main([*RUN, "--start", str(start), "--data", str(series), "--output_dir", str(output), *flags])
    return json.loads((output / "metrics.json").read_text())


def test_the_gate_learns_which_expert_is_right(series: Path, start: Path, tmp_path: Path) -> None:
    output = tmp_path / "tuned"
    flags = ["--learning_rate", "0.02", "--num_train_epochs", "8", "--per_device_train_batch_size", "32"]
    metrics = fine_tune(start, series, output, *flags)
    assert metrics["validation"]["end"]["quantile_loss"] < 0.3 * metrics["validation"]["start"]["quantile_loss"]
    assert metrics["test"]["mse"] < 0.2 * metrics["baselines"]["start"]["mse"]
    assert set(metrics["baselines"]) == {"start", "repeat_last", "seasonal_naive", "ridge"}
    assert metrics["best_validation"] == metrics["validation"]["end"]["quantile_loss"]

    model = TSFusionForForecasting.from_pretrained(output)
    assert (model.config.prediction_length, model.config.context_length) == (6, 96)
    values = torch.tensor(pd.read_csv(series)[["a", "b"]].to_numpy())[None, :300]
    weights = model.predict(values, seasonal_period=24).expert_weights
    assert weights[..., EXPERTS.index("seasonal_naive")].min() > 0.6

    card = (output / "README.md").read_text()
    assert "The gate was fine-tuned on one table, from `" in card
    assert "synthetic only" not in card
    assert "| repeat_last" in card


def test_a_long_table_is_the_wide_one_and_a_late_series_stops_nothing(
    series: Path, start: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wide = pd.read_csv(series)
    long = wide.melt("timestamp", var_name="shop", value_name="sales").dropna().assign(price=1.0)
    late = long[long["shop"] == "a"].tail(40).assign(shop="late")
    pd.concat([long, late]).sample(frac=1, random_state=0).to_csv(tmp_path / "long.csv", index=False)
    flags = ["--num_train_epochs", "1", "--learning_rate", "0.01"]
    expected = fine_tune(start, series, tmp_path / "wide", *flags)
    columns = ["--id", "shop", "--target_columns", "sales", "--known_covariates", "price"]
    found = fine_tune(start, tmp_path / "long.csv", tmp_path / "long", *flags, *columns)
    assert (found["variables"], found["ids"]) == (["sales"], 3)
    assert found["validation"]["end"] == pytest.approx(expected["validation"]["end"])
    assert found["test"] == pytest.approx(expected["test"])
    assert "of 3 ids, 1 (train), 1 (validation), 1 (test) have no window of 70 + 6 steps" in caplog.text
    assert "covariates take no part in fine-tuning" in caplog.text
    daily = wide[["timestamp", "a"]].iloc[::24].assign(shop="daily").rename(columns={"a": "sales"})
    pd.concat([long, daily]).to_csv(tmp_path / "two.csv", index=False)
    with pytest.raises(ValueError, match=r"id 'daily' has a step of D and most rows one of h; give ids of one time"):
        fine_tune(start, tmp_path / "two.csv", tmp_path / "none", *columns)


def test_a_training_that_only_spoils_returns_the_start(series: Path, start: Path, tmp_path: Path) -> None:
    """Also of a start with a language model, which goes on as it is."""
    whole, tuned = tmp_path / "whole", tmp_path / "tuned"
    fuse_command([str(save_tslm(tmp_path)), "--forecaster", str(start), "--output_dir", str(whole)])
    metrics = fine_tune(whole, series, tuned, "--learning_rate", "1e4", "--num_train_epochs", "1")
    assert metrics["validation"]["end"] == metrics["validation"]["start"]
    assert metrics["test"] == metrics["baselines"]["start"]
    before, after = load_file(whole / "model.safetensors"), load_file(tuned / "model.safetensors")
    assert any(name.startswith("tslm.") for name in before)
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    trained = sum(value.numel() for name, value in before.items() if not name.startswith("tslm."))
    assert metrics["parameters_trained"] == trained
    assert AutoProcessor.from_pretrained(tuned).feature_extractor.context_length == 96
    assert "### The language model" in (tuned / "README.md").read_text()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--metric_for_best_model", "coverage"], "metric_for_best_model is 'coverage'; give one of quantile_loss"),
        (["--noise_std", "0.1", "--noise_splits", "train"], "noise_splits: train is among them"),
        (["--prediction_length", "0"], "prediction_length is 0; it must be at least 1"),
        (["--max_windows", "0"], "max_windows is 0; it must be at least 1"),
        (["--prediction_length", "60"], "validation split: .* a window takes"),
        (["--context_lengths", "60"], "'context_lengths' .* did you mean 'context_length'"),
    ],
)
def test_settings_that_do_not_fit_are_one_line(
    flags: list[str], message: str, series: Path, start: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        fine_tune(start, series, tmp_path, *flags)
    assert "\n" not in str(raised.value)
