"""Questions of shape, read by a time-series language model: its words as they come, and likelihoods of options."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import Any, cast

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoProcessor, PreTrainedModel, ProcessorMixin, TextIteratorStreamer

from ..checkpoints import check_checkpoint, load_part
from ..errors import UserError
from ..families import BUILT_IN, checkpoint_place
from ..processing.answer_checks import CANNOT_TELL, TrainingRange, words_of
from .query import CannotTellError

Reader = str | Path | tuple[PreTrainedModel, ProcessorMixin]

# Most steps of a series, and most series, that a reader is shown; longer series are shown as means of equal pieces.
_MOST_STEPS, _MOST_SERIES = 1024, 12
_MOST_TOKENS = 64
_SECONDS = 60.0
_READERS = ("tslm", "tsfusion")
_SWINGS = r"volatil\w+|swings?|fluctuat\w+|nois\w+|calm\w*|chopp\w+|jitter\w*|variab\w+|unstable|steadier"
_CHANGES = (
    r"chang\w+|becom\w+|gett\w+|gets?|got|gr[eo]w\w*|shr[iau]nk\w*|increase\w*|increasing|decrease\w*|decreasing|"
    r"over time|later?|end"
)
_OSCILLATES = r"oscillat\w*|cycles?|waves?|swings?|vibrat\w+|periods?|frequency"
_SLOWLY = r"slow\w*|longer|fewer|less often|lower"
# Number of series -> what a question asks, and the words for it that the built-in reader was trained on.
_REWORDED: dict[int, tuple[tuple[str, str], ...]] = {
    1: ((rf"(?=.*\b(?:{_SWINGS})\b)(?=.*\b(?:{_CHANGES})\b)", "How does the volatility change?"),),
    2: (
        (
            r".*\b(?:leads?|leading|lags?|lagging|ahead|earlier|precedes?|follows|behind)\b",
            "Which series leads the other?",
        ),
        (rf"(?=.*\b(?:{_OSCILLATES})\b)(?=.*\b(?:{_SLOWLY})\b)", "Which series oscillates more slowly?"),
        (rf".*\b(?:{_OSCILLATES})\b", "Which series oscillates faster?"),
    ),
}


def load_reader(reader: Reader | None) -> tuple[PreTrainedModel, ProcessorMixin]:
    """Load a time-series language model and its processor; the built-in one for None.

    Raises:
        ValueError, OSError: for anything but a folder, a name of the Hub, or a pair of a loaded model and its
            processor; or a model of another kind.
    """
    if isinstance(reader, tuple) and len(reader) == 2 and isinstance(reader[0], PreTrainedModel):
        model, processor = reader
    elif reader is None or isinstance(reader, str | Path):
        place = BUILT_IN if reader is None else checkpoint_place(reader)
        check_checkpoint(place)
        model = load_part(AutoModelForCausalLM, place).eval()
        processor = load_part(AutoProcessor, place)
    else:
        raise UserError(
            f"reader is a {type(reader).__name__}; give a folder or Hub name of a TSLM, or it and its processor."
        )
    if model.config.model_type not in _READERS:
        raise UserError(f"reader is a model of type {model.config.model_type!r}; give a TSLM, which reads series.")
    return model, processor


def shown(values: np.ndarray, most: int = _MOST_STEPS) -> np.ndarray:
    """A series as a reader sees it, float32: at most so many steps, each the mean of a piece."""
    if len(values) <= most:
        return values.astype(np.float32)
    edges = np.linspace(0, len(values), most + 1).round().astype(int)[:-1]
    known = ~np.isnan(values)
    sums, counts = (np.add.reduceat(part, edges) for part in (np.where(known, values, 0.0), known.astype(np.int64)))
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).astype(np.float32)


def in_trained_words(question: str, processor: ProcessorMixin, series: int) -> str:
    """A question in words that a reader of few words was trained on, where it asks what these ask; else as it is."""
    known = set((getattr(processor, "trained_on", None) or {}).get("words", ()))
    if not known or known.issuperset(words_of(question)):
        return question
    found = (said for pattern, said in _REWORDED.get(series, ()) if re.match(pattern, question.lower()))
    return next((said for said in found if known.issuperset(words_of(said))), question)


def _titles(processor: ProcessorMixin, names: Sequence[str]) -> list[str]:
    """What series are called in a prompt: by their places for a reader of few words, else by their names."""
    if len(names) == 1:
        return ["Series"]
    if not (getattr(processor, "trained_on", None) or {}).get("words"):
        return list(names)
    return ["First series", "Second series"] if len(names) == 2 else [f"Series {k}" for k in range(1, len(names) + 1)]


def _with_name(words: Iterator[str], names: Sequence[str]) -> Iterator[str]:
    """Words of an answer, and the name behind one that is the place of a series: "second (north)"."""
    places = ["first", "second"] if len(names) == 2 else [f"series {k}" for k in range(1, len(names) + 1)]
    answer = ""
    for word in words:
        answer += word
        yield word
    if len(names) > 1 and answer.lower() in places:
        yield f" ({names[places.index(answer.lower())]})"


def prompt(processor: ProcessorMixin, question: str, series: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Messages with a question, behind which the series stand by their names or places.

    Raises:
        CannotTellError: for more than 12 series, one without a value, or what is unlike the training of the reader.
    """
    if len(series) > _MOST_SERIES:
        raise CannotTellError(f"a reader of shapes is shown {_MOST_SERIES} series at most, not {len(series)}.")
    empty = [name for name, values in series.items() if np.isnan(values).all()]
    if empty:
        raise CannotTellError(f"every value of {empty[0]!r} is missing; there is nothing to read.")
    trained_on = getattr(processor, "trained_on", None) or {}
    most = min([_MOST_STEPS, *trained_on.get("series_length", ())[1:]])
    question = in_trained_words(question, processor, len(series))
    content: list[dict[str, Any]] = [{"type": "text", "text": question}]
    for title, values in zip(_titles(processor, list(series)), series.values(), strict=True):
        content += [
            {"type": "text", "text": f"\n{title}: "},
            {"type": "time_series", "time_series": shown(values, most)},
        ]
    lengths = [len(part["time_series"]) for part in content if part["type"] == "time_series"]
    # Without levels and scales: a question of shape is of series in any unit.
    differences = TrainingRange.from_dict(trained_on).differences(lengths, question) if trained_on else []
    known = set(trained_on.get("words", ()))
    # A word that training never showed may turn a question into another one.
    new = [word for word in words_of(question) if known and word not in known]
    if new and not differences:
        differences = [f"the word {new[0]!r}"]
    if differences:
        raise CannotTellError(
            f"it asks for a shape, and the reader of shapes was not trained on {'; '.join(differences)}. Give another "
            "one by --reader (reader=)."
        )
    return [{"role": "user", "content": content}]


def _inputs(model: PreTrainedModel, processor: ProcessorMixin, messages: list[dict[str, Any]]) -> dict[str, Any]:
    inputs = cast(Any, processor).apply_chat_template(
        messages, add_generation_prompt=True, tokenize=True, return_dict=True
    )
    return {name: value.to(model.device) for name, value in inputs.items()}


def read(
    model: PreTrainedModel, processor: ProcessorMixin, messages: list[dict[str, Any]], names: Sequence[str]
) -> Iterator[str]:
    """Words of the answer, as the model writes them; an answer that is none is followed by what is wrong with it.

    Args:
        model: time-series language model.
        processor: its processor.
        messages: from `prompt`.
        names: of the series, in order; one stands behind an answer that tells a series by its place.

    Raises:
        CannotTellError: the model answers that it cannot tell.
    """
    words = _with_name(_words(model, processor, messages), names)
    # What it says is a refusal or not by its beginning, so that an answer still comes word by word.
    begun = ""
    for word in words:
        begun += word
        if not CANNOT_TELL.startswith(begun.lower().rstrip(".")):
            return chain([begun], words)
    if begun.lower().rstrip(".") == CANNOT_TELL:
        raise CannotTellError(f"the reader of shapes answers {CANNOT_TELL!r}; the series do not show it.")
    return iter([begun])


def _words(model: PreTrainedModel, processor: ProcessorMixin, messages: list[dict[str, Any]]) -> Iterator[str]:
    """Words of the answer as they come, and what is wrong with it."""
    inputs = _inputs(model, processor, messages)
    streamer = TextIteratorStreamer(processor.tokenizer, skip_prompt=True, timeout=_SECONDS, skip_special_tokens=True)
    options = {**inputs, "streamer": streamer, "max_new_tokens": _MOST_TOKENS, "do_sample": False}
    thread = Thread(target=cast(Any, model).generate, kwargs=options, daemon=True)
    thread.start()
    text = ""
    for piece in streamer:
        # A tokenizer may begin an answer with a space.
        piece = piece if text else piece.lstrip()
        text += piece
        yield piece
    thread.join()
    if fault := cast(Any, processor).answer_fault(text, messages):
        yield f" ({fault})" if text else fault


@torch.no_grad()
def probabilities(
    model: PreTrainedModel, processor: ProcessorMixin, messages: list[dict[str, Any]], options: Sequence[str]
) -> list[float]:
    """Probability of each option as the answer, by its likelihood among them."""
    replies = [{"role": "assistant", "content": [{"type": "text", "text": option}]} for option in options]
    inputs = cast(Any, processor).apply_chat_template(
        [[*messages, reply] for reply in replies],
        tokenize=True,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    # The tokens of an answer are those that the template writes, with the space before it and the end behind it.
    is_answer = inputs.pop("assistant_masks")[:, 1:].to(model.device)
    inputs = {name: value.to(model.device) for name, value in inputs.items()}
    chances = model(**inputs).logits[:, :-1].float().log_softmax(-1)
    of_tokens = chances.gather(-1, inputs["input_ids"][:, 1:, None]).squeeze(-1)
    return (of_tokens * is_answer).sum(-1).softmax(0).tolist()
