"""Questions of shape, read by a time-series language model: its words as they come, and likelihoods of options."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoProcessor, PreTrainedModel, ProcessorMixin, TextIteratorStreamer

from ..checkpoints import check_checkpoint
from ..errors import UserError
from ..families import BUILT_IN_READER

Reader = str | Path | tuple[PreTrainedModel, ProcessorMixin]

# Most steps of a series, and most series, that a reader is shown; longer series are shown as means of equal pieces.
_MOST_STEPS, _MOST_SERIES = 1024, 12
_MOST_TOKENS = 64
_SECONDS = 60.0


def find_reader(reader: Reader | None) -> Reader | None:
    """The given reader, else the built-in one, where this installation has it."""
    return BUILT_IN_READER if reader is None and Path(BUILT_IN_READER).is_dir() else reader


def load_reader(reader: Reader) -> tuple[PreTrainedModel, ProcessorMixin]:
    """Load a time-series language model and its processor.

    Raises:
        ValueError, OSError: for anything but a folder, a name of the Hub, or a pair of a loaded model and its
            processor; or a model of another kind.
    """
    if isinstance(reader, tuple) and len(reader) == 2 and isinstance(reader[0], PreTrainedModel):
        model, processor = reader
    elif isinstance(reader, str | Path):
        check_checkpoint(reader)
        model = AutoModelForCausalLM.from_pretrained(reader).eval()
        processor = AutoProcessor.from_pretrained(reader)
    else:
        raise UserError(
            f"reader is a {type(reader).__name__}; give a folder or Hub name of a TSLM, or it and its processor."
        )
    if model.config.model_type != "tslm":
        raise UserError(f"reader is a model of type {model.config.model_type!r}; give a TSLM, which reads series.")
    return model, processor


def shown(values: np.ndarray) -> np.ndarray:
    """A series as a reader sees it, float32: at most 1,024 steps, each the mean of a piece."""
    if len(values) <= _MOST_STEPS:
        return values.astype(np.float32)
    edges = np.linspace(0, len(values), _MOST_STEPS + 1).round().astype(int)[:-1]
    known = ~np.isnan(values)
    sums, counts = (np.add.reduceat(part, edges) for part in (np.where(known, values, 0.0), known.astype(np.int64)))
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).astype(np.float32)


def _inputs(
    model: PreTrainedModel, processor: ProcessorMixin, question: str, series: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """Inputs of the model for a question behind which the series stand by their names.

    Raises:
        ValueError: for more than 12 series, one without a value, or a question that leaves no room for an answer.
    """
    if len(series) > _MOST_SERIES:
        raise UserError(f"{len(series)} series; a reader is shown {_MOST_SERIES} at most: name some of them.")
    empty = [name for name, values in series.items() if np.isnan(values).all()]
    if empty:
        raise UserError(f"every value of {empty[0]!r} is missing; there is nothing to read.")
    content: list[dict[str, Any]] = [{"type": "text", "text": question}]
    for name, values in series.items():
        content += [{"type": "text", "text": f"\n{name}: "}, {"type": "time_series", "time_series": shown(values)}]
    inputs = processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=True, return_dict=True
    )
    return {name: value.to(model.device) for name, value in inputs.items()}


def read(
    model: PreTrainedModel, processor: ProcessorMixin, question: str, series: Mapping[str, np.ndarray]
) -> Iterator[str]:
    """Words of the answer, as the model writes them.

    Args:
        model: time-series language model.
        processor: its processor.
        question: as asked.
        series: by name, float (time,), NaN where missing.
    """
    inputs = _inputs(model, processor, question, series)
    streamer = TextIteratorStreamer(processor.tokenizer, skip_prompt=True, timeout=_SECONDS, skip_special_tokens=True)
    options = {**inputs, "streamer": streamer, "max_new_tokens": _MOST_TOKENS, "do_sample": False}
    thread = Thread(target=model.generate, kwargs=options, daemon=True)
    thread.start()
    yield from streamer
    thread.join()


@torch.no_grad()
def probabilities(
    model: PreTrainedModel,
    processor: ProcessorMixin,
    question: str,
    series: Mapping[str, np.ndarray],
    options: Sequence[str],
) -> list[float]:
    """Probability of each option as the answer, by its likelihood among them."""
    inputs = _inputs(model, processor, question, series)
    ends = processor.tokenizer.eos_token_id
    scores = []
    for option in options:
        ids = processor.tokenizer(option, add_special_tokens=False)["input_ids"] + ([ends] if ends is not None else [])
        reply = torch.tensor([ids], device=model.device)
        whole = {**inputs, "input_ids": torch.cat((inputs["input_ids"], reply), 1)}
        if "attention_mask" in inputs:
            whole["attention_mask"] = torch.cat((inputs["attention_mask"], torch.ones_like(reply)), 1)
        logits = model(**whole).logits[0, -len(ids) - 1 : -1].float()
        scores.append(float(logits.log_softmax(-1)[torch.arange(len(ids)), reply[0]].sum()))
    return torch.tensor(scores).softmax(0).tolist()
