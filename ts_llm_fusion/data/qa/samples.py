"""Samples of questions: one schema for all sources, chat messages with the series in a column of their own."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasets import Dataset, Features, List, Value, concatenate_datasets

# A part of a message is text, or a placeholder without text for the next series of the sample.
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


_LETTER_BEHIND = re.compile(r" \([A-Za-z]\)$")

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
    """Make a text part of a message."""
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
    """Make a sample: the question, each series after its name, and the answer.

    Args:
        question: text of the question.
        series: name -> float array (time,), in the unit of the data.
        answer: the true answer, a label where the task has labels.
        task: kind of question.
        source: name of the data set.
        sample_id: unique among the samples of the source.
        subject: person that the series were recorded from, where it is known.
        reply: text of the assistant, which ends in the answer; the answer alone by default.

    Returns:
        A row of `FEATURES`.
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


def without_letter(answer: str, labels: Collection[str]) -> str:
    """Leave out the letter of an option behind an answer, "rising (A)", where what is left is one of the labels."""
    option = _LETTER_BEHIND.sub("", answer)
    return option if option in labels else answer


def _scale(values: np.ndarray) -> str:
    return f"(mean {np.nanmean(values):.4g}, std {np.nanstd(values):.4g})"


def sample_text(sample: Mapping[str, Any]) -> str:
    """Render a sample much as a chat template does, with the scales of the series, to train a tokenizer on."""
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
    """Write the series of a sample as numbers in its text, for a language model without an encoder.

    A series is standardized, with its mean and standard deviation written before it, and each value is rounded to a
    tenth of a standard deviation and written in tenths: "-12" is 1.2 standard deviations below the mean. A missing
    value is "?".
    """
    series = iter(sample["time_series"])
    messages = [
        {**message, "content": [_written(part, series) for part in message["content"]]}
        for message in sample["messages"]
    ]
    return {**sample, "messages": messages, "time_series": [], "time_series_names": []}


def _written(part: Mapping[str, Any], series: Iterator[Sequence[float]]) -> Mapping[str, Any]:
    if part["type"] == "text":
        return part
    values = np.asarray(next(series), dtype=np.float64)
    tenths = np.rint(10 * (values - np.nanmean(values)) / (np.nanstd(values) or 1.0))
    written = np.where(np.isnan(tenths), "?", np.nan_to_num(tenths).astype(int).astype(str))
    return text_part(f"{_scale(values)} {' '.join(written)}")


def shuffle_series(samples: Dataset, seed: int) -> Dataset:
    """Give each question the series of another sample with the same task and number of series.

    Answers that stay right depend on the text alone.
    """
    rng = np.random.default_rng(seed)
    rows_by_kind: dict[tuple[str, int], list[int]] = {}
    for row, kind in enumerate(zip(samples["task"], map(len, samples["time_series_names"]), strict=True)):
        rows_by_kind.setdefault(kind, []).append(row)
    sources = np.arange(len(samples))
    for _, rows in sorted(rows_by_kind.items()):
        shuffled = rng.permutation(rows)
        sources[shuffled] = np.roll(shuffled, 1)
    series = samples.select(sources).select_columns(["time_series"])
    mixed = concatenate_datasets([samples.remove_columns(["time_series"]), series], axis=1)
    return mixed.select_columns(list(FEATURES))
