"""Training: what is trained, resuming, the global batch, LoRA and the time-to-text stage."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from tiny_configs import TINY_GPT2
from transformers import (
    AutoModelForTimeSeriesPrediction,
    BertConfig,
    BertModel,
    BertTokenizerFast,
    GPT2Config,
    GPT2Model,
)

from ts_llm_fusion import T2TConfig, T2TModel
from ts_llm_fusion.cli import main
from ts_llm_fusion.training.t2t import semantic_words


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 hours of two noisy daily waves, a few values missing."""
    generator = np.random.default_rng(0)
    hours = np.arange(2000)
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=2000, freq="h")})
    for name, phase in (("a", 0.0), ("b", 1.0)):
        frame[name] = 10 + np.sin(2 * np.pi * hours / 24 + phase) + 0.1 * generator.normal(size=2000)
    frame.loc[generator.choice(2000, 60, replace=False), "a"] = np.nan
    path = tmp_path_factory.mktemp("data") / "waves.csv"
    frame.to_csv(path, index=False)
    return path


def flags(csv: Path, output: Path, **overrides: object) -> list[str]:
    settings = {
        "data": csv,
        "context_length": 48,
        "prediction_length": 12,
        "mscnn_channels": 8,
        "learning_rate": 2e-3,
        "num_train_epochs": 1,
        "per_device_train_batch_size": 64,
        "disable_tqdm": True,
        "output_dir": output,
        "text_config": json.dumps(TINY_GPT2),
    } | overrides
    return [part for name, value in settings.items() if value is not None for part in (f"--{name}", str(value))]


def train(csv: Path, output: Path, **overrides: object) -> dict:
    assert main(["train", "forecaster", *flags(csv, output, **overrides)]) == 0
    return json.loads((output / "metrics.json").read_text())


def test_a_resumed_run_gives_the_weights_of_an_uninterrupted_one(csv: Path, tmp_path: Path) -> None:
    common = {"num_train_epochs": 2, "save_total_limit": 5, "early_stopping_patience": 9}
    with_dropout = json.dumps({**TINY_GPT2, "resid_pdrop": 0.1})
    train(csv, tmp_path / "whole", text_config=with_dropout, **common)
    first = sorted((tmp_path / "whole").glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))[0]
    resumed = {"resume_from_checkpoint": first, "text_config": with_dropout}
    train(csv, tmp_path / "resumed", **common, **resumed)
    whole, again = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "resumed"))
    assert whole.keys() == again.keys()
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def losses(output: Path) -> list[float]:
    history = json.loads((output / "log_history.json").read_text())
    return [entry["loss"] for entry in history if "loss" in entry]


def test_a_global_batch_that_is_accumulated_has_the_same_loss(csv: Path, tmp_path: Path) -> None:
    steps = {"max_steps": 4, "logging_strategy": "steps", "logging_steps": 1, "use_cpu": True}
    train(csv, tmp_path / "whole", **steps)
    train(csv, tmp_path / "cut", per_device_train_batch_size=16, gradient_accumulation_steps=4, **steps)
    whole, cut = losses(tmp_path / "whole"), losses(tmp_path / "cut")
    assert len(whole) == 4
    assert cut == pytest.approx(whole, rel=1e-4)
    metrics = [json.loads((tmp_path / name / "metrics.json").read_text())["test"]["mse"] for name in ("whole", "cut")]
    assert metrics[0] == pytest.approx(metrics[1], rel=1e-3)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a three-layer GPT-2 and no tokenizer."""
    folder = tmp_path_factory.mktemp("gpt2")
    GPT2Model(GPT2Config(**{**TINY_GPT2, "num_hidden_layers": 3})).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("training", ("full", "lora", "frozen"))
def test_what_is_trained_of_a_pretrained_backbone(training: str, csv: Path, pretrained: Path, tmp_path: Path) -> None:
    arguments = {"backbone": pretrained, "backbone_layers": 2, "backbone_training": training, "text_config": None}
    metrics = train(csv, tmp_path / "out", **arguments)
    before, after = load_file(pretrained / "model.safetensors"), load_file(tmp_path / "out" / "model.safetensors")
    moved = {
        name
        for name, weight in before.items()
        if f"model.backbone.{name}" in after and not torch.equal(weight, after[f"model.backbone.{name}"])
    }
    assert not any(name.startswith("h.2.") for name in after)
    if training == "frozen":
        assert moved == set()
    elif training == "lora":
        assert moved == {"h.0.attn.c_attn.weight", "h.1.attn.c_attn.weight"}
        assert metrics["parameters_trained"] < 0.9 * metrics["parameters_total"]
    else:
        assert len(moved) == 2 * 12 + 3
    model = AutoModelForTimeSeriesPrediction.from_pretrained(tmp_path / "out")
    assert model.config.text_config.num_hidden_layers == 2


def test_an_encoder_is_a_backbone_too(csv: Path, tmp_path: Path) -> None:
    config = BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=9)
    BertModel(config).save_pretrained(tmp_path / "bert")
    metrics = train(
        csv, tmp_path / "out", backbone=tmp_path / "bert", backbone_training="lora", text_config=None, max_steps=2
    )
    assert math.isfinite(metrics["test"]["mse"])


def test_the_time_to_text_stage_is_saved_and_used_again(csv: Path, tmp_path: Path) -> None:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "trend", "rise", "fall", "cat", "dog"]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer = BertTokenizerFast(vocab=str(tmp_path / "vocab.txt"))
    config = BertConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=10
    )
    for saved in (tokenizer, BertModel(config)):
        saved.save_pretrained(tmp_path / "bert")
    arguments = flags(csv, tmp_path / "t2t", text_config=None, prediction_length=None, mscnn_channels=None)
    arguments += ["--word_embeddings", str(tmp_path / "bert"), "--num_words", "4"]
    arguments += ["--hidden_size", "16", "--intermediate_size", "32", "--num_hidden_layers", "1"]
    assert main(["train", "t2t", *arguments]) == 0
    metrics = json.loads((tmp_path / "t2t" / "metrics.json").read_text())
    assert len(metrics["semantic_words"]) == 4
    assert {"trend", "rise", "fall"} <= set(metrics["semantic_words"])
    history = json.loads((tmp_path / "t2t" / "log_history.json").read_text())
    assert T2TModel.from_pretrained(tmp_path / "t2t").config == T2TConfig.from_pretrained(tmp_path / "t2t")
    assert any("eval_loss" in entry for entry in history)

    train(csv, tmp_path / "with", t2t=tmp_path / "t2t", max_steps=3, num_train_epochs=1)
    model = AutoModelForTimeSeriesPrediction.from_pretrained(tmp_path / "with")
    assert model.feature_projection.out_features == 16
    assert not any("encoder" in name for name, _ in model.named_modules())


def test_the_closest_words_are_words(tmp_path: Path) -> None:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "trend", "cat", "climb", "dog"]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer = BertTokenizerFast(vocab=str(tmp_path / "vocab.txt"))
    embeddings = torch.eye(12)
    embeddings[7] = embeddings[5] + 0.1 * embeddings[7]  # "climb" next to "trend"
    words, chosen = semantic_words(tokenizer, embeddings, 2, anchors=("trend",))
    assert words == ["trend", "climb"]
    assert torch.equal(chosen, embeddings[[5, 7]])
    with pytest.raises(ValueError, match="num_words is 5; the vocabulary has 4 words"):
        semantic_words(tokenizer, embeddings, 5)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"backbone_training": "lora"}, "backbone is not set"),
        ({"backbone": "pretrained"}, "backbone and text_config are both set"),
        ({"backbone": "pretrained", "text_config": None, "backbone_layers": 9}, "backbone_layers is 9"),
        ({"t2t": "t2t"}, "was trained for context_length 96"),
        ({"resume_from_checkpoint": True}, "holds no checkpoint"),
        ({"context_length": 5000}, "a window takes 5012"),
    ],
)
def test_contradictions_are_one_line(
    overrides: dict, message: str, csv: Path, pretrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    T2TModel(T2TConfig(hidden_size=16, num_hidden_layers=1)).save_pretrained(tmp_path / "t2t")
    places = {"backbone": pretrained, "t2t": tmp_path / "t2t"}
    given = {
        name: places.get(name, value) if isinstance(value, str) and name in places else value
        for name, value in overrides.items()
    }
    assert main(["train", "forecaster", *flags(csv, tmp_path / "out", **given)]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("ts-llm-fusion: error: ")
    assert message in error
