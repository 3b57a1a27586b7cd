"""Answers of a model to samples of questions, by greedy search."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import pandas as pd
import torch
from accelerate.utils import gather_object
from transformers import PreTrainedModel

from ..processing.answer_checks import questions_of
from ..processing.processing_time_series import TimeSeriesProcessor
from .processes import share_of_rows


def generate_answers(
    model: PreTrainedModel,
    processor: TimeSeriesProcessor,
    samples: Sequence[Mapping[str, Any]],
    batch_size: int,
    max_new_tokens: int,
    among_options: bool = False,
) -> list[str]:
    """Generate the model's answer to each sample by greedy search.

    Args:
        model: a `TSLMForCausalLM` or `TSFusionForCausalLM`, with or without adapters.
        processor: processor of the model.
        samples: samples with `messages`, of which the last is the true answer and left out, and `time_series`. The
            model itself fills in the forecasts among them, whatever their `future_values`.
        batch_size: number of samples in a batch.
        max_new_tokens: largest number of tokens of an answer; more where an option has more.
        among_options: whether an answer to a question that offers options is one of them, word for word.

    Returns:
        The answers, stripped, in the order of the samples.
    """
    answers: list[str] = []
    was_training = model.training
    model.eval()
    for start in range(0, len(samples), batch_size):
        rows = [samples[row] for row in range(start, min(start + batch_size, len(samples)))]
        asked = [row["messages"][:-1] for row in rows]
        inputs = processor.apply_chat_template(
            asked,
            time_series=[row["time_series"] for row in rows],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            padding_side="left",
        ).to(model.device)
        length = inputs["input_ids"].shape[1]
        allowed = processor.among_options(asked, length) if among_options else None
        room = max_new_tokens if allowed is None else max(max_new_tokens, allowed.longest)
        options = {"max_new_tokens": room, "do_sample": False, "prefix_allowed_tokens_fn": allowed}
        # Weights that FSDP gathers in inference mode could not be trained afterwards.
        with torch.no_grad():
            generated = cast(Any, model).generate(**inputs, **options)
        new_tokens = generated[:, length:]
        answers += [text.strip() for text in processor.batch_decode(new_tokens, skip_special_tokens=True)]
    model.train(was_training)
    return answers


def generate_shared_answers(
    model: PreTrainedModel,
    processor: TimeSeriesProcessor,
    samples: Sequence[Mapping[str, Any]],
    arguments: Any,
) -> list[str]:
    """Generate the answers to all samples; each process generates a share and gets all.

    Args:
        model: a trained model.
        processor: processor of the model.
        samples: samples with `messages`, the answer last, and `time_series`.
        arguments: arguments of a trainer, with `per_device_eval_batch_size`, `max_new_tokens` and `among_options`.
    """
    answers = generate_answers(
        model,
        processor,
        [samples[row] for row in share_of_rows(len(samples), arguments)],
        arguments.per_device_eval_batch_size,
        arguments.max_new_tokens,
        arguments.among_options,
    )
    return gather_object(answers)[: len(samples)]


def answer_table(answers: Sequence[str], samples: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Table of questions, their true answers, and the answers of a model.

    Args:
        answers: of the model.
        samples: of which the answers are, with `messages`, the true answer last.
    """

    def text_of(message: Mapping[str, Any]) -> str:
        return " ".join(part["text"] for part in message["content"] if part.get("text"))

    rows = [
        (questions_of(sample["messages"])[-1], text_of(sample["messages"][-1]), answer)
        for answer, sample in zip(answers, samples, strict=True)
    ]
    return pd.DataFrame(rows, columns=["question", "truth", "answer"])
