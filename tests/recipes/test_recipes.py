"""Recipes called from Python, without flags or files."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tiny_configs import TINY_GPT2
from transformers import AutoProcessor
from trl import ModelConfig

import ts_llm_fusion
from ts_llm_fusion.data.qa.archives import ArchiveArguments
from ts_llm_fusion.data.qa.questions import QuestionArguments
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments
from ts_llm_fusion.data.series.preparation import DataArguments
from ts_llm_fusion.recipes.benchmark import Benchmark
from ts_llm_fusion.training.forecaster import (
    BackboneArguments,
    ForecasterConfigArguments,
    ForecastTrainingArguments,
)
from ts_llm_fusion.training.sft import TSLMArguments, TSLMConfigArguments, TSLMTrainingArguments


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


def test_a_recipe_of_questions_is_a_call_with_dataclasses(tmp_path: Path) -> None:
    output = tmp_path / "model"
    encoder = {"model_type": "ts_patch_encoder", "num_hidden_layers": 1, "hidden_size": 16, "num_attention_heads": 2}
    metrics = ts_llm_fusion.run_sft_recipe(
        QuestionArguments(data="synthetic"),
        SyntheticArguments(tasks=["trend"], num_train=16, num_validation=4, num_test=6),
        ArchiveArguments(),
        TSLMConfigArguments(text_config={**TINY_GPT2, "vocab_size": 300}, encoder_config=encoder),
        TSLMArguments(),
        ModelConfig(),
        TSLMTrainingArguments(
            output_dir=str(output), num_train_epochs=1, max_new_tokens=2, disable_tqdm=True, use_cpu=True
        ),
    )
    assert metrics == json.loads((output / "metrics.json").read_text())
    assert metrics["samples"] == {"train": 16, "validation": 4, "test": 6}
    assert set(metrics["baselines"]) == set(metrics["baselines_by_task"]) == {"majority", "ridge classifier"}
    assert 0 <= metrics["test"]["exact_match"] <= 1
    recipe = yaml.safe_load((output / "recipe.yaml").read_text())
    assert (recipe["tasks"], recipe["num_train"], recipe["max_new_tokens"]) == (["trend"], 16, 2)
    assert not {"output_dir", "freeze", "learning_rate"} & set(recipe)
    for variant in ("test", "shuffled"):
        lines = (output / f"predictions_{variant}.jsonl").read_text().splitlines()
        answers = [json.loads(line) for line in lines]
        assert len(answers) == 6
        found = sum(answer["exact_match"] for answer in answers) / 6
        assert found == pytest.approx(metrics[variant]["exact_match"])
    assert type(AutoProcessor.from_pretrained(output)) is ts_llm_fusion.TimeSeriesProcessor
