"""Fine-tuning on published sets: rationales that end in a label, and captions, which have none."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from qa_files import csv_text, write, write_zip

from ts_llm_fusion.cli import main

torch.set_num_threads(1)

RECIPE = {
    "text_config": {
        "model_type": "llama",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_attention_heads": 2,
        "vocab_size": 400,
        "max_position_embeddings": 1024,
    },
    "encoder_config": {
        "model_type": "ts_patch_encoder",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_attention_heads": 2,
    },
    "max_steps": 1,
    "per_device_train_batch_size": 4,
    "eval_strategy": "steps",
    "save_strategy": "steps",
    "save_steps": 1,
    "eval_steps": 1,
    "metric_for_best_model": "loss",
    "greater_is_better": False,
    "max_new_tokens": 3,
    "use_cpu": True,
    "disable_tqdm": True,
}


def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, **changes: object) -> dict:
    """The metrics of a model that is trained for a step on a set in the data directory."""
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    recipe = write(tmp_path / f"{name}.yaml", yaml.safe_dump({**RECIPE, "data": name, **changes}))
    assert main(["train", "sft", "--config", str(recipe), "--output_dir", str(tmp_path / name)]) == 0
    return json.loads((tmp_path / name / "metrics.json").read_text())


def har_part(number: int) -> str:
    labels = ("biking", "walking_up")
    rows = [(*[str([float(row), 1.0, 2.0])] * 3, labels[row % 2], "It moves.") for row in range(number)]
    return csv_text(("x_axis", "y_axis", "z_axis", "label", "rationale"), rows)


@pytest.mark.parametrize("series_as", ["series", "text"])
def test_a_set_with_rationales_is_learned_and_scored_by_its_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, series_as: str
) -> None:
    parts = {"train": 8, "val": 2, "test": 4}
    members = {f"har_cot_{part}_cot.csv": har_part(number) for part, number in parts.items()}
    write_zip(tmp_path / "data/har/har_cot.zip", members)
    metrics = train(tmp_path, monkeypatch, "har_cot", series_as=series_as)
    assert metrics["samples"] == {"train": 8, "validation": 2, "test": 4}
    assert metrics["test"]["chance"] == 0.5
    assert {"accuracy", "macro_f1", "exact_match"} <= set(metrics["test_by_task"]["har_cot"])
    lines = (tmp_path / "har_cot/predictions_test.jsonl").read_text().splitlines()
    assert [json.loads(line)["answer"] for line in lines] == ["biking", "walking_up"] * 2


def test_captions_are_scored_without_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rouge_score")
    lines = [
        {"source": "stock", "split": split, "id": str(row), "series": [row, 1, 3, 2], "captions": [f"goes up {row}"]}
        for row, split in enumerate(["train"] * 8 + ["val"] * 2 + ["test"] * 2)
    ]
    write(tmp_path / "data/text/truce.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    metrics = train(tmp_path, monkeypatch, "truce")
    assert metrics["samples"] == {"train": 8, "validation": 2, "test": 2}
    assert 0 <= metrics["test"]["rouge_l"] <= 1
    assert "accuracy" not in metrics["test"]
    # The most frequent caption shares two of three words with each of the test split.
    assert metrics["baselines"]["majority"]["rouge_l"] == pytest.approx(2 / 3)
