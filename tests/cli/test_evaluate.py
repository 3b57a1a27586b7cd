"""`evaluate`: the numbers that training reported, found again from the saved checkpoints."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tiny_configs import TINY_GPT2

from ts_llm_fusion import ForecastFeatureExtractor
from ts_llm_fusion.cli import main

FORECASTER = {
    "context_length": 48,
    "prediction_length": 12,
    "mscnn_channels": 8,
    "text_config": TINY_GPT2,
    "quantiles": [0.1, 0.5, 0.9],
    "max_steps": 4,
    "eval_strategy": "no",
    "save_strategy": "no",
    "load_best_model_at_end": False,
    "disable_tqdm": True,
}
SPLIT = [0.7, 0.1, 0.2]
QUESTIONS = {
    "data": "synthetic",
    "tasks": ["trend", "correlation"],
    "num_train": 16,
    "num_validation": 4,
    "num_test": 10,
}


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    hours = np.arange(1000)
    noise = np.random.default_rng(0).normal(size=1000) * 0.1
    frame = {"date": pd.date_range("2024-01-01", periods=1000, freq="h"), "a": np.sin(2 * np.pi * hours / 24) + noise}
    path = tmp_path_factory.mktemp("data") / "wave.csv"
    pd.DataFrame(frame).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def forecaster(csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forecaster")
    recipe = folder / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(FORECASTER | {"data": str(csv)}))
    assert main(["train", "forecaster", "--config", str(recipe), "--output_dir", str(folder / "model")]) == 0
    return folder / "model"


def evaluate(folder: Path, **settings) -> dict:
    (folder / "evaluate.yaml").write_text(yaml.safe_dump({"output_dir": str(folder / "out"), **settings}))
    assert main(["evaluate", "--config", str(folder / "evaluate.yaml")]) == 0
    return json.loads((folder / "out" / "evaluation.json").read_text())


def test_a_saved_forecaster_gives_what_training_reported(csv: Path, forecaster: Path, tmp_path: Path) -> None:
    names = ["repeat_last", "seasonal_naive", "ridge"]
    found = evaluate(tmp_path, data=str(csv), models=[str(forecaster)], baselines=names, split=SPLIT)
    metrics = json.loads((forecaster / "metrics.json").read_text())
    assert (found["context_length"], found["prediction_length"]) == (48, 12)
    assert found["windows"] == metrics["windows"]["test"] == 200 - 12 + 1
    assert found["results"].pop(str(forecaster)) == pytest.approx(metrics["test"], rel=1e-5)
    assert list(found["results"]) == names
    for name in names:
        assert found["results"][name] == pytest.approx(metrics["baselines"][name], rel=1e-9)
    assert found["parameters"][str(forecaster)] == metrics["parameters_total"]


def test_a_longer_horizon_is_rolled_out_and_windows_can_be_skipped(
    csv: Path, forecaster: Path, tmp_path: Path
) -> None:
    found = evaluate(tmp_path, data=str(csv), models=[str(forecaster)], prediction_length=20, test_stride=10)
    assert found["prediction_length"] == 20
    assert found["all_windows"] == 200 - 20 + 1
    assert found["windows"] == -(-found["all_windows"] // 10)
    assert np.isfinite(found["results"][str(forecaster)]["mse"])


def test_published_numbers_stand_beside(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    found = evaluate(tmp_path, data="ILI", context_length=104, prediction_length=24)
    # The built-in forecaster, which sees all rows before a window, beside the ridge that was trained on the set.
    assert found["results"]["built-in"]["mse"] < 1.2 * found["results"]["ridge"]["mse"]
    assert 0.5 < found["results"]["built-in"]["coverage"] < 0.95
    assert found["published"]["LLM-PS (published)"] == {"mse": 1.63, "mae": 0.798}
    assert found["results"]["ridge"] == pytest.approx({"mse": 2.0155, "mae": 0.9292}, abs=1e-3)
    assert "LLM-PS (published)" in capsys.readouterr().out


def test_a_saved_language_model_gives_what_training_reported(tmp_path: Path) -> None:
    recipe = QUESTIONS | {
        "text_config": {
            "model_type": "llama",
            "num_hidden_layers": 1,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_attention_heads": 4,
            "vocab_size": 400,
            "max_position_embeddings": 512,
        },
        "encoder_config": {
            "model_type": "ts_patch_encoder",
            "num_hidden_layers": 1,
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_attention_heads": 2,
        },
        "max_steps": 2,
        "max_new_tokens": 4,
        "use_cpu": True,
        "disable_tqdm": True,
        "eval_strategy": "no",
        "save_strategy": "no",
        "load_best_model_at_end": False,
    }
    (tmp_path / "sft.yaml").write_text(yaml.safe_dump(recipe))
    model = tmp_path / "model"
    assert main(["train", "sft", "--config", str(tmp_path / "sft.yaml"), "--output_dir", str(model)]) == 0
    metrics = json.loads((model / "metrics.json").read_text())
    found = evaluate(tmp_path, models=[str(model)], max_new_tokens=4, **QUESTIONS)
    assert found["questions"] == 10
    assert found["by_task"][str(model)] == metrics["test_by_task"]
    assert found["results"][str(model)] == pytest.approx(metrics["test"])
    assert found["by_task"]["majority"] == metrics["baselines_by_task"]["majority"]
    assert f"{model}, series shuffled" in found["results"]
    lines = (tmp_path / "out" / "predictions_1.jsonl").read_text().splitlines()
    assert lines == (model / "predictions_test.jsonl").read_text().splitlines()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"split": SPLIT, "models": []}, "prediction_length is not set and there is no model to take it from"),
        ({"split": SPLIT, "windows": 2}, "split is a setting of the test split and windows of rolling origins"),
        ({"windows": 0}, "windows is 0; give a whole number of at least 1"),
        ({"step": 0}, "step is 0; give a whole number of at least 1"),
        ({"id_column": ["store"], "target_columns": ["a"]}, "no column 'store'"),
        ({"prediction_length": 2000}, "the longest series has 1000 rows; a window of 2000 steps needs 2003"),
        ({"models": ["MODEL"], "baselines": ["dlinear"]}, "baselines: 'dlinear' is none of repeat_last"),
        ({"models": ["MODEL"], "prediction_lenght": 12}, "did you mean 'prediction_length'?"),
        ({"models": ["MODEL"], "test_stride": 0}, "test_stride is 0; it must be at least 1"),
        ({"models": ["MODEL"], "data": "synthetic"}, "a model of type 'llmps'"),
        ({"models": ["MODEL"], "data": "tsqaa"}, "tsqaa: neither a file nor a known set"),
    ],
)
def test_what_cannot_be_evaluated_is_one_line(
    settings: dict, message: str, csv: Path, forecaster: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    if "models" in settings:
        settings = settings | {"models": [str(forecaster)] if settings["models"] else []}
    recipe = tmp_path / "evaluate.yaml"
    recipe.write_text(yaml.safe_dump({"data": str(csv), "output_dir": str(tmp_path / "out"), **settings}))
    assert main(["evaluate", "--config", str(recipe)]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("ts-llm-fusion: error: ")
    assert message in error
    assert not (tmp_path / "out").exists()


def test_a_model_is_tested_on_its_variables_whatever_the_order_of_columns(tiny_model, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(300, 3)).cumsum(0)
    table = pd.DataFrame(values, columns=["c", "a", "b"])
    tiny_model().save_pretrained(tmp_path / "model")
    extractor = ForecastFeatureExtractor(48, scaler=ForecastFeatureExtractor.fit_scaler(table))
    extractor.save_pretrained(tmp_path / "model")
    found = []
    for columns in (["c", "a", "b"], ["a", "b", "c"]):
        data = table[columns].set_index(pd.date_range("2024-01-01", periods=300, freq="h", name="date"))
        data.to_csv(tmp_path / "data.csv")
        settings = {"data": str(tmp_path / "data.csv"), "models": [str(tmp_path / "model")], "baselines": []}
        settings |= {"overwrite": True, "split": SPLIT}
        found.append(evaluate(tmp_path, **settings)["results"][str(tmp_path / "model")])
    assert found[1] == pytest.approx(found[0], rel=1e-5)
