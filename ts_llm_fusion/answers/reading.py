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
from ..processing.answer_checks import CANNOT_TELL, TrainingRange, offer, words_of
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
_SLOWLY = r"slow\w*|longer|fewer|less|lower"
# What no rewording keeps: the future, causes, times, amounts, parts of a series, and yes or no about one of several.
_OF_ANOTHER_KIND = re.compile(
    r"^(?:why|who|when|where|should|what (?:made|caused|makes|causes)|(?:by |and )?how (?:much|many|far|long))\b|"
    r"\b(?:will|going to|next|forecast|expect\w*|half|third|quarter|beginning|start|middle|last|first)\b"
)
# "Oscillates less" may be as often or as far.
_HOW_MUCH = re.compile(
    rf"\b(?:{_OSCILLATES}) (?:more|less)\b(?! (?:often|slow|quick|fast|frequent|rapid))", re.IGNORECASE
)
_YES_OR_NO = re.compile(r"^(?:does|do|did|is|are|was|were|has|have|can)\b")
LEADS = r"\b(?:leads?|leading|ahead|earlier|precedes?)\b"
UNLIKE = (
    r"\b(?:unlike the (?:others?|rest)|odd one out|move\w* with the rest|another shape|"
    r"most different from the (?:others?|rest)|least (?:like|similar to|alike) the (?:others?|rest))\b"
)
# Number of series, 3 for more -> what a question asks, and the words for it that the built-in reader was trained on.
_REWORDED: dict[int, tuple[tuple[str, str], ...]] = {
    1: ((rf"(?=.*\b(?:{_SWINGS})\b)(?=.*\b(?:{_CHANGES})\b)", "How does the volatility change?"),),
    2: (
        (
            f".*{LEADS}",
            "Which series leads the other?",
        ),
        (rf"(?=.*\b(?:{_OSCILLATES})\b)(?=.*\b(?:{_SLOWLY})\b)", "Which series oscillates more slowly?"),
        (r".*\b(?:phase between|out of phase|cycles? in step)\b", "What is the phase between the two cycles?"),
        (rf".*\b(?:{_OSCILLATES})\b", "Which series oscillates faster?"),
    ),
    3: (
        (
            f".*{UNLIKE}",
            "Which series is unlike the others?",
        ),
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


def _trained_on(processor: ProcessorMixin) -> dict[str, Any]:
    return getattr(processor, "trained_on", None) or {}


def in_trained_words(question: str, processor: ProcessorMixin, series: int) -> str:
    """A question in words that a reader of few words was trained on, where it asks what these ask; else as it is."""
    known = set(_trained_on(processor).get("words", ()))
    if not known or known.issuperset(words_of(question)):
        return question
    lower = question.lower()
    if _OF_ANOTHER_KIND.search(lower) or (series > 1 and _YES_OR_NO.match(lower)):
        return question
    meant = _REWORDED.get(min(series, max(_REWORDED)), ())
    found = (said for pattern, said in meant if re.match(pattern, lower))
    return next((said for said in found if known.issuperset(words_of(said))), question)


def places_of(processor: ProcessorMixin, names: Sequence[str]) -> dict[str, str]:
    """Place by which a reader of few words tells each of several series, by name; empty for another reader.

    Raises:
        CannotTellError: for more than 12 series.
    """
    if len(names) > _MOST_SERIES:
        raise CannotTellError(f"a reader of shapes is shown {_MOST_SERIES} series at most, not {len(names)}.")
    if len(names) == 1 or not _trained_on(processor).get("words"):
        return {}
    places = ["first", "second"] if len(names) == 2 else [f"series {k}" for k in range(1, len(names) + 1)]
    return dict(zip(names, places, strict=True))


def _title(name: str, places: Mapping[str, str], count: int) -> str:
    """What a series is called in a prompt: by its place for a reader of few words, else by its name."""
    if count == 1:
        return "Series"
    place = places.get(name, "")
    return f"{place.capitalize()} series" if place in ("first", "second") else place.capitalize() or name


def with_name(words: Iterator[str], places: Mapping[str, str]) -> Iterator[str]:
    """Words of an answer, and the name behind one that is the place of a series: "second (north)"."""
    answer = ""
    for word in words:
        answer += word
        yield word
    said = answer.strip().rstrip(".").lower()
    name = next((name for name, place in places.items() if place == said), said)
    if name.lower() != said:
        yield f" ({name})"


def prompt(
    processor: ProcessorMixin, question: str, series: Mapping[str, np.ndarray], options: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Messages with a question and its options, behind which the series stand by their names or `places_of`.

    Raises:
        CannotTellError: for more than 12 series, one without different values, what is unlike the training, and what
            may be asked in two ways.
    """
    if len(series) == 2 and _HOW_MUCH.search(question):
        raise CannotTellError("it may ask how often they do, or how far; say “faster” or “more slowly” for how often.")
    trained_on, places = _trained_on(processor), places_of(processor, list(series))
    empty = [name for name, values in series.items() if np.isnan(values).all()]
    if empty:
        raise CannotTellError(f"every value of {empty[0]!r} is missing; there is nothing to read.")
    constant = [name for name, values in series.items() if np.nanmin(values) == np.nanmax(values)]
    if constant:
        raise CannotTellError(f"every value of {constant[0]!r} is the same; it has no shape to read.")
    most = min([_MOST_STEPS, *trained_on.get("series_length", ())[1:]])
    question = in_trained_words(question, processor, len(series)) + (offer(options) if options else "")
    content: list[dict[str, Any]] = [{"type": "text", "text": question}]
    for name, values in series.items():
        content.append({"type": "text", "text": f"\n{_title(name, places, len(series))}: "})
        content.append({"type": "time_series", "time_series": shown(values, most)})
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
    model: PreTrainedModel, processor: ProcessorMixin, messages: list[dict[str, Any]], places: Mapping[str, str]
) -> Iterator[str]:
    """Words of the answer, as the model writes them; an answer that is none is followed by what is wrong with it.

    Args:
        model: time-series language model.
        processor: its processor.
        messages: from `prompt`.
        places: of the series, from `places_of`; the name stands behind an answer that is a place.

    Raises:
        CannotTellError: the model answers that it cannot tell.
    """
    words = with_name(_words(model, processor, messages), places)
    # What it says is a refusal or not by its beginning, so that an answer still comes word by word.
    begun = ""
    for word in words:
        begun += word
        if not CANNOT_TELL.startswith(_plain(begun)):
            return chain([begun], words)
    if _plain(begun) == CANNOT_TELL:
        raise CannotTellError(f"the reader of shapes answers {CANNOT_TELL!r}; the series do not show it.")
    return iter([begun])


def _plain(answer: str) -> str:
    """An answer in lower case, without signs at its end and the letter of an option."""
    return re.sub(r"(?: \([A-Za-z]?\)?)?[\s.!]*$", "", answer.lower())


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
    is_answer = inputs.pop("assistant_masks")[:, 1:].to(model.device) > 0
    inputs = {name: value.to(model.device) for name, value in inputs.items()}
    logits = model(**inputs).logits[:, :-1][is_answer].float()
    chances = logits.log_softmax(-1).gather(-1, inputs["input_ids"][:, 1:][is_answer][:, None]).squeeze(-1)
    scores = torch.zeros(len(options)).index_add(0, is_answer.nonzero()[:, 0].cpu(), chances.cpu())
    return scores.softmax(0).tolist()
