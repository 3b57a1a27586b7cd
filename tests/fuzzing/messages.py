"""Texts and chats with series, prepared by the processor."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tslm_models import save_backbone, tslm_config

from ts_llm_fusion import TimeSeriesProcessor

from .harness import Family
from .series import SAMPLES, containers

TOKEN = "<|time_series|>"
TEXTS = st.one_of(
    st.text(max_size=20),
    st.lists(st.sampled_from([TOKEN, "<|time_series|", "|>", "<", "a", " ", "\n", "<s>", "</s>", "<pad>", "\ue000",
        "{{ 1 }}", "{%", "\0", "\ud800",
                              "assistant", "User:", "日本", "😀"]), max_size=6).map("".join),
)  # fmt: skip
PLAIN = st.lists(st.floats(-100, 100), min_size=1, max_size=12)
ODD = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)
PARTS = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": TEXTS}),
    st.fixed_dictionaries({"type": st.just("time_series"), "time_series": PLAIN}),
    st.fixed_dictionaries({"type": st.just("time_series"), "time_series": SAMPLES}),
    st.fixed_dictionaries({"type": st.just("time_series")}),
    st.fixed_dictionaries({"type": st.just("forecast"), "prediction_length": st.integers(-1, 20)},
        optional={"future_values": st.one_of(PLAIN, containers())}),
    st.fixed_dictionaries({"type": ODD}, optional={"text": ODD, "time_series": ODD, "prediction_length": ODD}),
    ODD,
)  # fmt: skip
GOOD_PARTS = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": TEXTS}),
    st.fixed_dictionaries({"type": st.just("time_series"), "time_series": PLAIN}),
    st.fixed_dictionaries({"type": st.just("time_series"), "time_series": containers()}),
)
ROLES = st.sampled_from(["user", "assistant", "system", "tool", "", "\0"])
GOOD = st.fixed_dictionaries({"role": ROLES, "content": st.one_of(TEXTS, st.lists(GOOD_PARTS, max_size=4))})
BAD = st.one_of(
    st.fixed_dictionaries({"role": st.one_of(ROLES, ODD), "content": st.lists(PARTS, max_size=4)}),
    st.fixed_dictionaries({"role": ROLES}, optional={"content": ODD, "name": ODD}),
    ODD,
)
# Mostly good ones, so that most faults are alone.
CHATS = st.one_of(
    st.lists(GOOD, max_size=4),
    st.lists(GOOD, min_size=1, max_size=4),
    st.tuples(st.lists(GOOD, max_size=2), BAD, st.lists(GOOD, max_size=1)).map(
        lambda parts: [*parts[0], parts[1], *parts[2]]
    ),
)
CONVERSATIONS = st.one_of(
    CHATS, CHATS, st.lists(CHATS, min_size=1, max_size=2), st.lists(st.one_of(CHATS, ODD), max_size=2), ODD
)
OPTIONS = st.fixed_dictionaries(
    {"add_generation_prompt": st.booleans(), "return_assistant_tokens_mask": st.booleans()},
    optional={
        "padding": st.sampled_from([True, False, "max_length"]),
        "max_length": st.sampled_from([1, 8, 64, 4096]),
        "truncation": st.booleans(),
        "padding_side": st.sampled_from(["left", "right"]),
        "pad_to_multiple_of": st.sampled_from([1, 7]),
        "return_tensors": st.sampled_from(["pt", "np"]),
    },
)


@cache
def processor(fusion: str) -> TimeSeriesProcessor:
    config = tslm_config(fusion, time_series_token_id=259)
    with tempfile.TemporaryDirectory() as folder:
        return TimeSeriesProcessor.from_backbone(save_backbone(Path(folder)), config)


def prepare() -> None:
    for fusion in ("soft_prompt", "flamingo"):
        processor(fusion)


def check_inputs(processor: TimeSeriesProcessor, inputs: Any) -> None:
    """Check model inputs: each observed series has as many tokens as the encoder makes of it."""
    ids, attention = np.asarray(inputs["input_ids"]), np.asarray(inputs["attention_mask"])
    assert ids.shape == attention.shape and ids.ndim == 2
    places = (ids == processor.time_series_token_id).sum(1)
    tokens = np.zeros(len(ids), dtype=np.int64)
    if "time_series" in inputs:
        values, mask = np.asarray(inputs["time_series"]), np.asarray(inputs["time_series_mask"])
        assert values.shape == mask.shape and np.isfinite(values).all() and (values[~mask] == 0).all()
        for row, series in enumerate(mask):
            lengths = [int(np.flatnonzero(one)[-1]) + 1 for one in series if one.any()]
            each = [processor.feature_extractor.num_tokens(length) for length in lengths]
            tokens[row] = sum(each) if processor.expand_placeholders else len(lengths)
    assert (places == tokens).all(), (places, tokens)


def check_messages(case: tuple[str, Any, dict[str, Any]], folder: Path) -> None:
    fusion, conversation, options = case
    prepared = processor(fusion)
    inputs = prepared.apply_chat_template(conversation, tokenize=True, return_dict=True, **options)
    check_inputs(prepared, inputs)
    if "assistant_masks" in inputs:
        assert np.asarray(inputs["assistant_masks"]).shape == np.asarray(inputs["input_ids"]).shape


def check_texts(case: tuple[str, Any, Any, dict[str, Any]], folder: Path) -> None:
    fusion, text, series, options = case
    prepared = processor(fusion)
    check_inputs(prepared, prepared(text, series, **options))


TEXT_OPTIONS = OPTIONS.map(
    lambda given: {
        name: value
        for name, value in given.items()
        if name not in ("add_generation_prompt", "return_assistant_tokens_mask")
    }
)
COLUMNS = st.one_of(
    st.just({}),
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "time_series": st.one_of(st.lists(PLAIN, max_size=3), ODD, SAMPLES),
            "future_values": st.one_of(st.lists(PLAIN, max_size=2), ODD),
        },
    ),
)
FUSIONS = st.sampled_from(["soft_prompt", "flamingo"])


@st.composite
def marked(draw: st.DrawFn) -> tuple[Any, Any]:
    """A text, or several, and series that mostly fit its placeholders."""
    samples = []
    for _ in range(draw(st.integers(1, 2))):
        count = draw(st.integers(0, 3))
        texts = [draw(TEXTS).replace(TOKEN, "") for _ in range(count + 1)]
        series: Any = [
            draw(st.one_of(PLAIN, containers())) for _ in range(count + draw(st.sampled_from([0, 0, 0, 0, 1])))
        ]
        samples.append(
            (TOKEN.join(texts), draw(st.one_of(st.just(series), st.just(series), st.just(series), SAMPLES)))
        )
    if len(samples) == 1 and draw(st.booleans()):
        return samples[0]
    return [text for text, _ in samples], [series for _, series in samples]


FAMILIES = [
    Family("chat messages", st.tuples(FUSIONS, CONVERSATIONS, st.tuples(OPTIONS,
        COLUMNS).map(lambda both: both[0] | both[1])), check_messages, 0.2, prepare),
    Family("texts with series", st.tuples(FUSIONS, st.one_of(marked(), marked(), marked(), st.tuples(ODD, SAMPLES)),
        TEXT_OPTIONS).map(
        lambda case: (case[0], *case[1], case[2])), check_texts, 0.15, prepare),
]  # fmt: skip
