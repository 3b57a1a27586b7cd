"""Recipes called from Python, without flags or files."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from tiny_configs import TINY_GPT2
from transformers import AutoProcessor
from trl import ModelConfig

import ts_llm_fusion
from ts_llm_fusion.data.qa.archives import ArchiveArguments
from ts_llm_fusion.data.qa.questions import QuestionArguments
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.recipes.benchmark import Benchmark
from ts_llm_fusion.recipes.forecaster import _forecast_figures
from ts_llm_fusion.training.forecaster import (
    BackboneArguments,
    ForecasterConfigArguments,
    ForecastTrainingArguments,
)
from ts_llm_fusion.training.sft import TSLMTrainingArguments
from ts_llm_fusion.training.tslm_models import TSLMArguments, TSLMConfigArguments


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


@pytest.mark.parametrize(("step", "first"), [("D", "2024-02-22"), ("h", "2024-01-03 04:00")])
def test_the_pictures_of_a_training_are_those_of_a_forecast(step: str, first: str, tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01", periods=64, freq=step)
    table = pd.DataFrame({"date": times, "a": np.arange(64) % 7.0, "b": np.arange(64) % 5.0})
    table.to_csv(tmp_path / "made.csv", index=False)
    data = prepare(DataArguments(data=str(tmp_path / "made.csv"), seasonal_period=7), 16, 4)
    model = SimpleNamespace(
        config=SimpleNamespace(context_length=16, prediction_length=4, quantiles=[0.1, 0.25, 0.5, 0.75, 0.9]),
        device="cpu",
        predict=lambda **_: SimpleNamespace(
            mean_predictions=torch.zeros(1, 4, 2),
            full_predictions=torch.arange(5.0).expand(1, 4, 2, 5) - 2,
        ),
    )
    number, figure = next(_forecast_figures(model, data, "test"))
    assert (number, figure.get_suptitle()) == (1, f"made.csv, test split, from {first}")
    assert [axes.get_title("left") for axes in figure.axes] == ["a", "b"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["history", "last season", "80 % band", "50 % band", "truth", "median"]
    (truth,) = [line for line in figure.axes[1].get_lines() if line.get_label() == "truth"]
    start = int((truth.get_xdata()[0] - times.to_numpy()[0]) / (times.to_numpy()[1] - times.to_numpy()[0]))
    np.testing.assert_allclose(truth.get_ydata(), table["b"][start : start + 4])
