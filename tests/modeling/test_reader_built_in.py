"""The language model for shapes in the built-in checkpoint."""

import json
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoModelForCausalLM, AutoProcessor

import ts_llm_fusion
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments, synthetic_sample
from ts_llm_fusion.hub.contents import model_contents
from ts_llm_fusion.training.answers import generate_answers

FOLDER = Path(ts_llm_fusion.BUILT_IN)


@pytest.fixture(scope="module")
def reader():
    return AutoModelForCausalLM.from_pretrained(FOLDER), AutoProcessor.from_pretrained(FOLDER)


def test_the_built_in_checkpoint_is_small():
    # The three heads for texts, with their additions to the text encoder, are 4.3 MB of it.
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 6_400_000
    assert not list(FOLDER.glob("*.py"))
    text_config = json.loads((FOLDER / "config.json").read_text())["tslm_config"]["text_config"]
    assert "/" not in text_config.get("_name_or_path", "")


def test_it_reads_ten_kinds_of_shapes(reader):
    arguments = SyntheticArguments(shortest_series=64, longest_series=80, question_seed=1)
    samples = [synthetic_sample(arguments, "test", index) for index in range(80)]
    answers = generate_answers(*reader, samples, batch_size=80, max_new_tokens=8)
    assert len({sample["task"] for sample in samples}) == 10
    assert np.mean([answer == sample["answer"] for answer, sample in zip(answers, samples, strict=True)]) >= 0.95


@pytest.mark.parametrize("among_options", [False, True])
def test_it_reads_eighteen_kinds_of_shapes_to_the_letter(reader, among_options: bool):
    arguments = SyntheticArguments(wide=True, shortest_series=48, longest_series=1024, question_seed=1)
    samples = [synthetic_sample(arguments, "test", index) for index in range(200)]
    answers = generate_answers(*reader, samples, batch_size=100, max_new_tokens=8, among_options=among_options)
    right = np.asarray([answer == sample["answer"] for answer, sample in zip(answers, samples, strict=True)])
    assert len({sample["task"] for sample in samples}) == 19
    assert right.mean() >= 0.9
    has_letter = np.asarray([sample["answer"].endswith(")") for sample in samples])
    assert has_letter.sum() >= 40 and right[has_letter].mean() >= 0.9


def test_it_knows_what_it_was_trained_on(reader):
    def asked(question, *series):
        content = [{"type": "text", "text": question}, *({"type": "time_series", "time_series": s} for s in series)]
        return reader[1].outside_training([{"role": "user", "content": content}])

    wave = np.sin(np.arange(72.0))
    assert asked("How are the two series correlated?", wave, wave) == []
    assert asked("Which series is unlike the others?", *[wave] * 13) == ["13 series (trained on 1 to 12)"]
    assert asked("Is the series seasonal?", np.arange(5000.0)) == ["a series of 5000 steps (trained on 48 to 1,024)"]
    assert "another kind of question" in asked("Who wrote the play Hamlet?", wave)[0]


def test_a_push_of_it_carries_its_code(tmp_path):
    contents = model_contents(FOLDER, "someone/reader", tmp_path)
    code = {"modeling_tsfusion_causal_lm.py", "modeling_tslm.py", "modeling_series_tokens.py", "answer_checks.py"}
    assert code <= set(contents)
    assert b'repository = "someone/reader"' in contents["README.md"]
