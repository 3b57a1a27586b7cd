"""Recipes called from Python, without flags or files."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tiny_configs import TINY_GPT2

import ts_llm_fusion
from ts_llm_fusion.data.series.preparation import DataArguments
from ts_llm_fusion.recipes.benchmark import Benchmark
from ts_llm_fusion.training.forecaster import (
    BackboneArguments,
    ForecasterConfigArguments,
    ForecastTrainingArguments,
)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "waves.csv"
    index = pd.date_range("2024-01-01", periods=400, freq="h")
    pd.DataFrame({"timestamp": index, "a": np.sin(np.arange(400) * 2 * np.pi / 24)}).to_csv(path, index=False)
    return path


def test_a_forecaster_recipe_is_a_call_with_dataclasses(series: Path, tmp_path: Path) -> None:
    output = tmp_path / "model"
    training = ForecastTrainingArguments(
        output_dir=str(output), num_train_epochs=1, learning_rate=2e-3, disable_tqdm=True, use_cpu=True
    )
    metrics = ts_llm_fusion.run_forecaster_recipe(
        DataArguments(data=str(series)),
        ForecasterConfigArguments(context_length=24, prediction_length=6, mscnn_channels=8, text_config=TINY_GPT2),
        BackboneArguments(),
        training,
    )
    assert metrics == json.loads((output / "metrics.json").read_text())
    # 280 rows of training make 251 windows of 30 steps, 80 rows of test 75 horizons of 6.
    assert metrics["windows"] == {"train": 251, "validation": 35, "test": 75}
    recipe = yaml.safe_load((output / "recipe.yaml").read_text())
    assert recipe["data"] == str(series)
    assert (recipe["context_length"], recipe["prediction_length"], recipe["learning_rate"]) == (24, 6, 2e-3)
    assert not {"output_dir", "lora_r", "split", "seed"} & set(recipe)


def test_a_benchmark_is_a_call_with_a_dataclass(series: Path, tmp_path: Path) -> None:
    benchmark = Benchmark(
        datasets={"waves": {"data": str(series), "context_length": 24}},
        models={"repeat_last": {}, "seasonal_naive": {}},
        horizons=[6, 12],
        seeds=[0],
        output_dir=str(tmp_path),
    )
    results = ts_llm_fusion.run_benchmark(benchmark)
    assert list(results["horizon"]) == [6, 6, 12, 12]
    seasonal = results[results["model"] == "seasonal_naive"]
    # A wave of 24 steps without noise repeats itself.
    assert seasonal["mse"].max() < 1e-12 < results["mse"].max()
