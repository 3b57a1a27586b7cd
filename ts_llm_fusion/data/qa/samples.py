"""Question-answering samples: one schema for every source, as messages with the series in a column beside them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasets import Dataset, Features, List, Value, concatenate_datasets

# A part is text, or stands for the next series of the sample and has no text.
FEATURES = Features(
    {
        "messages": List(
            {"role": Value("string"), "content": List({"type": Value("string"), "text": Value("string")})}
        ),
        "time_series": List(List(Value("float32"))),
        "time_series_names": List(Value("string")),
        "answer": Value("string"),
        "task": Value("string"),
        "source": Value("string"),
        "id": Value("string"),
        "subject": Value("string"),
    }
)


# Task -> every possible answer, or `None` where answers are open.
Labels = dict[str, list[str] | None]


@dataclass(frozen=True)
class QuestionData:
    """Questions with their possible answers.

    Args:
        splits: samples of `FEATURES` under "train", "validation" and "test".
        labels: task -> every possible answer, or `None` where answers are open.
    """

    splits: dict[str, Dataset]
    labels: Labels


def text_part(text: str) -> dict[str, Any]:
    """A part of a message that is text."""
    return {"type": "text", "text": text}


def make_sample(
    question: str,
    series: Mapping[str, np.ndarray],
    answer: str,
    task: str,
    source: str,
    sample_id: str,
    subject: str | None = None,
    reply: str | None = None,
) -> dict[str, Any]:
    """A sample: the question, each series after its name, and the answer.

    Args:
        question: what is asked.
        series: name -> float array (time,), in the unit of the data.
        answer: the true answer, a label where the task has a list of them.
        task: kind of question.
        source: data set that it comes from.
        sample_id: unique among the samples of the source.
        subject: whom the series were recorded from, where it is known.
        reply: what the assistant says, which ends in the answer; the answer alone by default.
    """
    content = [text_part(question)]
    for name in series:
        content += [text_part(f"\n{name}: "), {"type": "time_series", "text": None}]
    return {
        "messages": [
            {"role": "user", "content": content},
            {"role": "assistant", "content": [text_part(answer if reply is None else reply)]},
        ],
        "time_series": [np.asarray(values, dtype=np.float32).tolist() for values in series.values()],
        "time_series_names": list(series),
        "answer": answer,
        "task": task,
        "source": source,
        "id": sample_id,
        "subject": subject,
    }


def offer(options: Sequence[str]) -> str:
    """The text that offers options; the answer is one of them, word for word."""
    return f" Options: {', '.join(options)}."


def _scale(values: np.ndarray) -> str:
    return f"(mean {np.nanmean(values):.4g}, std {np.nanstd(values):.4g})"


def sample_text(sample: Mapping[str, Any]) -> str:
    """The text of a sample much as a chat template renders it, with the scales of the series: for a tokenizer."""
    series = iter(sample["time_series"])
    turns = [
        f"{message['role'].capitalize()}: "
        + "".join(
            part["text"] if part["type"] == "text" else f"{_scale(np.asarray(next(series)))} "
            for part in message["content"]
        )
        for message in sample["messages"]
    ]
    return "\n".join(turns)


def numbers_as_text(sample: Mapping[str, Any]) -> dict[str, Any]:
    """The same sample with its series as numbers in the text: what a language model without an encoder reads.

    A series is brought to mean 0 and standard deviation 1, its scale told before it, and each value rounded to a tenth
    of a standard deviation and written in tenths: "-12" is 1.2 standard deviations below the mean. A missing value is
    "?".
    """
    series = iter(sample["time_series"])
    messages = [
        {**message, "content": [_written(part, series) for part in message["content"]]}
        for message in sample["messages"]
    ]
    return {**sample, "messages": messages, "time_series": [], "time_series_names": []}


def _written(part: Mapping[str, Any], series: Iterable[Sequence[float]]) -> Mapping[str, Any]:
    if part["type"] == "text":
        return part
    values = np.asarray(next(series), dtype=np.float64)
    tenths = np.rint(10 * (values - np.nanmean(values)) / (np.nanstd(values) or 1.0))
    written = np.where(np.isnan(tenths), "?", np.nan_to_num(tenths).astype(int).astype(str))
    return text_part(f"{_scale(values)} {' '.join(written)}")


def shuffle_series(samples: Dataset, seed: int) -> Dataset:
    """The same questions, each with the series of another sample of its task and number of series: what is left is
    known from the text.

    Args:
        samples: of `FEATURES`.
        seed: of the permutation.
    """
    rng = np.random.default_rng(seed)
    kinds: dict[tuple[str, int], list[int]] = {}
    for row, kind in enumerate(zip(samples["task"], map(len, samples["time_series_names"]), strict=True)):
        kinds.setdefault(kind, []).append(row)
    sources = np.arange(len(samples))
    for _, rows in sorted(kinds.items()):
        shuffled = rng.permutation(rows)
        sources[shuffled] = np.roll(shuffled, 1)
    series = samples.select(sources).select_columns(["time_series"])
    mixed = concatenate_datasets([samples.remove_columns(["time_series"]), series], axis=1)
    return mixed.select_columns(list(FEATURES))
