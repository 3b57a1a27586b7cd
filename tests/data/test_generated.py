"""Tests of samples that a generator makes."""

from pathlib import Path

import pytest
from datasets import Features, Value

from ts_llm_fusion.data import generated


def _count(log: str):
    with Path(log).open("a") as file:
        file.write("run\n")
    yield {"value": 1}


def test_rows_are_made_again_when_the_code_or_a_file_changed_and_not_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    log, source = tmp_path / "log", tmp_path / "source"
    source.write_text("a")

    def runs() -> int:
        made = generated.make_dataset(
            _count, Features({"value": Value("int64")}), {"train": {"log": str(log)}}, "train", False, [source]
        )
        assert made["value"][:] == [1]
        return len(log.read_text().split())

    assert [runs(), runs()] == [1, 1]
    source.write_text("ab")
    assert runs() == 2
    monkeypatch.setattr(generated, "_code_stamp", lambda: 0)
    assert [runs(), runs()] == [3, 3]
