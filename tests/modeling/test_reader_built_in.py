"""The language model for shapes that ships with the package."""

import json
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoModelForCausalLM, AutoProcessor

import ts_llm_fusion
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments, synthetic_sample
from ts_llm_fusion.training.sft import generate_answers

FOLDER = Path(ts_llm_fusion.BUILT_IN_READER)


@pytest.fixture(scope="module")
def reader():
    return AutoModelForCausalLM.from_pretrained(FOLDER), AutoProcessor.from_pretrained(FOLDER)


def test_both_built_in_checkpoints_are_small():
    sizes = {
        folder: sum(file.stat().st_size for file in Path(folder).iterdir())
        for folder in (FOLDER, ts_llm_fusion.BUILT_IN)
    }
    assert sizes[FOLDER] <= 5_000_000
    assert sum(sizes.values()) <= 8_000_000
    assert not list(FOLDER.glob("*.py"))
    assert "/" not in json.loads((FOLDER / "config.json").read_text())["text_config"].get("_name_or_path", "")


def test_it_tells_series_that_move_together_from_those_that_do_not(reader):
    arguments = SyntheticArguments(tasks=["correlation"], shortest_series=64, longest_series=80)
    samples = [synthetic_sample(arguments, "test", index) for index in range(40)]
    answers = generate_answers(*reader, samples, batch_size=40, max_new_tokens=6)
    assert np.mean([answer == sample["answer"] for answer, sample in zip(answers, samples, strict=True)]) >= 0.9
