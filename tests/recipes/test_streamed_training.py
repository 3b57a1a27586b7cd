"""Training from streams: it goes on where it stopped, and batches of similar lengths pad less."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from datasets import Dataset
from safetensors.torch import load_file
from tiny_configs import TINY_GPT2
from torch.utils.data import DataLoader

from ts_llm_fusion.cli import main
from ts_llm_fusion.data.qa import synthetic
from ts_llm_fusion.data.qa.archives import ArchiveArguments
from ts_llm_fusion.data.qa.questions import StreamedQuestionArguments, stream_questions
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments
from ts_llm_fusion.training.question_samples import group_stream

STEPS = {
    "eval_strategy": "steps",
    "save_strategy": "steps",
    "load_best_model_at_end": False,
    "save_total_limit": 9,
    "early_stopping_patience": None,
    "disable_tqdm": True,
    "use_cpu": True,
    "streaming": True,
}


def train(command: str, folder: Path, settings: dict, **others: object) -> dict:
    """Train in a folder; return the weights."""
    recipe = folder.parent / f"{folder.name}.yaml"
    recipe.write_text(yaml.safe_dump(STEPS | settings | others | {"output_dir": str(folder)}))
    assert main(["train", command, "--config", str(recipe)]) == 0
    return load_file(folder / "model.safetensors")


def assert_it_goes_on(command: str, tmp_path: Path, settings: dict, stopped: int, last: int) -> None:
    """A run that was stopped after a step ends with the weights of one that was not, to the last bit."""
    whole = train(command, tmp_path / "whole", settings, max_steps=last, save_steps=stopped, eval_steps=stopped)
    shutil.copytree(tmp_path / "whole" / f"checkpoint-{stopped}", tmp_path / "again" / f"checkpoint-{stopped}")
    resumed = train(
        command,
        tmp_path / "again",
        settings,
        max_steps=last,
        save_steps=stopped,
        eval_steps=stopped,
        resume_from_checkpoint="auto",
    )
    before = load_file(tmp_path / "whole" / f"checkpoint-{stopped}" / "model.safetensors")
    assert all((whole[name] == resumed[name]).all() for name in whole)
    assert any((whole[name] != before[name]).any() for name in whole)


def test_a_forecaster_goes_on_in_its_second_pass_over_a_stream(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tables = [
        pd.DataFrame(
            {
                "item_id": f"series {number:02d}",
                "timestamp": pd.date_range("2024-01-01", periods=steps, freq="h"),
                "target": np.sin(np.arange(steps) * np.pi / 12) + 0.1 * rng.normal(size=steps),
            }
        )
        for number, steps in enumerate(rng.integers(40, 90, size=12).tolist())
    ]
    pd.concat(tables).to_parquet(tmp_path / "waves.parquet", index=False, row_group_size=70)
    settings = {
        "data": str(tmp_path / "waves.parquet"),
        "buffer_rows": 300,
        "context_length": 12,
        "prediction_length": 2,
        "mscnn_channels": 8,
        "text_config": TINY_GPT2 | {"resid_pdrop": 0.1},
        "per_device_train_batch_size": 64,
    }
    # A pass is of 7 batches.
    assert_it_goes_on("forecaster", tmp_path, settings, stopped=9, last=11)


QUESTIONS = {
    "data": "synthetic",
    "tasks": ["trend"],
    "num_train": 60,
    "num_validation": 2,
    "num_test": 2,
    "shuffle_buffer": 16,
    "held_questions": 20,
    "text_config": {
        "model_type": "llama",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_attention_heads": 2,
        "vocab_size": 300,
    },
    "encoder_config": {
        "model_type": "ts_patch_encoder",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_attention_heads": 2,
        "dropout": 0.1,
    },
    "train_sampling_strategy": "group_by_length",
    "per_device_train_batch_size": 8,
    "max_new_tokens": 1,
}


@pytest.mark.nightly
def test_a_language_model_goes_on_in_a_stream_of_questions(tmp_path: Path) -> None:
    assert_it_goes_on("sft", tmp_path, QUESTIONS, stopped=3, last=5)


def test_a_stream_of_questions_needs_its_number_of_steps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "sft", "--data", "synthetic", "--streaming", "true", "--output_dir", str(tmp_path / "out")]
    assert main(words) == 2
    assert "streaming goes on without end; set max_steps, the number of training steps." in capsys.readouterr().err
    assert main([*words, "--max_steps", "3", "--refit", "true"]) == 2
    assert "refit trains on validation samples too" in capsys.readouterr().err


def test_processes_and_workers_get_questions_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "_QUESTIONS_AT_ONCE", 10)
    arguments = StreamedQuestionArguments(streaming=True, shuffle_buffer=5, held_questions=7)
    options = SyntheticArguments(tasks=["trend"], num_train=60, num_validation=1, num_test=1)
    data, stream = stream_questions(arguments, options, ArchiveArguments(), seed=0)
    assert data.splits["train"]["id"][:] == [f"train-{number}" for number in range(7)]
    shares = []
    for process in range(2):
        loader = DataLoader(stream.shard(2, process), batch_size=None, num_workers=0)
        shares.append([sample["id"] for sample, _ in zip(loader, range(90), strict=False)])
    first, second = map(set, shares)
    assert not first & second
    assert first | second == {f"train-{number}" for number in range(60)}
    # Each of the thirty samples of a process comes about as often as another in its three passes.
    assert all(2 <= share.count(name) <= 4 for share in shares for name in set(share))
    assert shares[0][:30] != sorted(shares[0][:30])


def test_batches_of_a_stream_that_are_grouped_by_length_pad_a_tenth() -> None:
    """Of random batches, padding is about half of the tokens of series; of grouped ones at most a tenth."""
    rng = np.random.default_rng(0)
    lengths = np.exp(rng.uniform(np.log(16), np.log(1024), size=1600)).astype(int)
    samples = Dataset.from_dict({"time_series": [[[0.0] * length] for length in lengths.tolist()]})
    processor = SimpleNamespace(series_extractor=SimpleNamespace(num_tokens=lambda length: -(-length // 8)))

    def padding(stream: object) -> float:
        tokens = np.array([-(-len(sample["time_series"][0]) // 8) for sample in stream]).reshape(-1, 16)
        return 1 - tokens.sum() / (tokens.max(1) * 16).sum()

    stream = samples.to_iterable_dataset()
    grouped = list(group_stream(stream, processor, 16, seed=0))
    assert sorted(len(sample["time_series"][0]) for sample in grouped) == sorted(lengths.tolist())
    assert padding(stream) > 0.5
    assert padding(grouped) < 0.1
    # Batches are not in the order of their lengths.
    longest = np.array([len(sample["time_series"][0]) for sample in grouped]).reshape(-1, 16).max(1)[:50]
    assert abs(np.corrcoef(longest, np.arange(50))[0, 1]) < 0.4
