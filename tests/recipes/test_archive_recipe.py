"""The recipe of archives on a table: fit, early stopping, training that goes on with all samples, report."""

import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoProcessor

from ts_llm_fusion.cli import main
from ts_llm_fusion.data.qa.samples import FEATURES, QuestionData, make_sample
from ts_llm_fusion.data.qa.synthetic import SYNTHETIC
from ts_llm_fusion.recipes.sft import SFT_SETTINGS, build_model
from ts_llm_fusion.training.arguments import RecipeParser

torch.set_num_threads(1)


def test_a_table_of_labeled_series_gives_a_model_that_answers(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    rng = np.random.default_rng(0)
    labels = np.array(["Walk, slowly", "run"])[np.arange(40) % 2]
    waves = np.sin(np.arange(30) * np.array([[0.3], [1.5]])[np.arange(40) % 2]) + 0.1 * rng.normal(size=(40, 30))
    table = pd.DataFrame(waves, columns=[f"x_{step}" for step in range(30)]).assign(label=labels)
    table.to_parquet(tmp_path / "gait.parquet")
    output = tmp_path / "model"
    flags = {
        "data": tmp_path / "gait.parquet",
        "output_dir": output,
        "max_steps": 40,
        "eval_steps": 20,
        "save_steps": 20,
        "max_new_tokens": 2,
        "text_config": json.dumps(
            {"model_type": "llama", "num_hidden_layers": 1, "hidden_size": 32, "intermediate_size": 32}
            | {"num_attention_heads": 2, "initializer_range": 0.08, "vocab_size": 400, "tie_word_embeddings": True}
        ),
        "disable_tqdm": "true",
        "use_cpu": "true",
    }
    arguments = [text for name, value in flags.items() for text in (f"--{name}", str(value))]
    assert main(["train", "sft", "--config", "archive", *arguments]) == 0
    assert "MiniRocket and ridge" in capsys.readouterr().out
    # Of the best checkpoint, whose head is that of the embeddings.
    assert "missing keys" not in caplog.text
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["samples"] == {"train": 26, "validation": 6, "test": 8}
    assert metrics["test"]["accuracy"] == metrics["baselines"]["MiniRocket and ridge"]["accuracy"] == 1
    assert metrics["shuffled"]["accuracy"] < 1
    # As many new tokens as the longer label has, which would be cut.
    assert 2 < metrics["recipe"]["max_new_tokens"] < 16
    # Training goes on for as many steps as were best, with all samples: 32 in batches of 16.
    log = json.loads((output / "log_history.json").read_text())
    best = min((entry for entry in log if "eval_loss" in entry), key=lambda entry: entry["eval_loss"])
    assert metrics["trained_steps"] == best["step"] == log[-1]["step"]
    assert log[-1]["epoch"] == pytest.approx(best["step"] / 2)
    assert metrics["best_validation"] == pytest.approx(best["eval_loss"])

    model, processor = AutoModelForCausalLM.from_pretrained(output), AutoProcessor.from_pretrained(output)
    question = "Which class do these signals belong to? Options: Walk, slowly | run."
    for row in range(2):
        parts = [{"type": "text", "text": question + "\nx: "}, {"type": "time_series", "time_series": waves[row]}]
        chat = processor.apply_chat_template(
            [{"role": "user", "content": parts}], add_generation_prompt=True, tokenize=True, return_dict=True
        )
        answer = model.generate(**chat, max_new_tokens=12, do_sample=False)[0, chat["input_ids"].shape[1] :]
        assert processor.decode(answer, skip_special_tokens=True).strip() == labels[row]
    parts[1] = {"type": "time_series", "time_series": waves[1] + 100}
    assert "series 0 of mean 100 (trained on" in processor.outside_training([{"role": "user", "content": parts}])[0]


def test_an_encoder_that_reads_scales_knows_those_of_the_training(tmp_path: Path) -> None:
    text = {"model_type": "llama", "num_hidden_layers": 1, "hidden_size": 16, "intermediate_size": 16}
    text |= {"num_attention_heads": 2, "vocab_size": 300}
    small = {"text_config": text, "encoder_config": {"model_type": "ts_mscnn_encoder", "hidden_size": 16}}
    settings = RecipeParser(SFT_SETTINGS).parse_settings(
        {"data": "own", "scale_embedding": True, "use_cpu": True, "output_dir": str(tmp_path / "out"), **small}
    )
    series = {"pulse": np.array([60.0, 80.0]), "flow": np.array([2.0, 4.0])}
    for source, expected in (("own", [[70.0, 10.0], [3.0, 1.0]]), (SYNTHETIC, None)):
        rows = [make_sample("Well?", series, "yes", "a", source, str(row)) for row in range(2)]
        samples = Dataset.from_list(rows, features=FEATURES)
        model, _ = build_model(settings, QuestionData({"train": samples}, {"a": ["yes"]}), tmp_path / source)
        model.save_pretrained(tmp_path / f"saved_{source}")
        loaded = AutoModelForCausalLM.from_pretrained(tmp_path / f"saved_{source}")
        assert loaded.config.training_scales == model.model.scale_embedding.training_scales == expected
