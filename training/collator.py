"""From question-answering samples to training batches."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from ..processing.processing_time_series import TimeSeriesProcessor


class AnswerCollator:
    """Makes batches with labels on what the assistant says, its end-of-turn token included, and on nothing else.

    Batches are padded on the right. Neither padding, nor placeholders of series, nor BOS are learned, whatever their
    ids are: a backbone may use one token for BOS, EOS and padding.

    Args:
        processor: of the model.
        max_length: tokens that samples are cut to, at their end; none by default.
    """

    def __init__(self, processor: TimeSeriesProcessor, max_length: int | None = None):
        self.processor = processor
        self.max_length = max_length

    def __call__(self, samples: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """A batch of samples with `messages` and `time_series`.

        Returns:
            `input_ids`, `attention_mask` and `labels`, int64 (batch, text), labels -100 where nothing is learned; and,
            where any sample has series, `time_series` float32 and `time_series_mask` bool (batch, series, time).

        Raises:
            ValueError: if cutting a sample would cut a placeholder, or leaves nothing of its answer.
        """
        batch = dict(
            self.processor.apply_chat_template(
                [sample["messages"] for sample in samples],
                time_series=[sample["time_series"] for sample in samples],
                tokenize=True,
                return_dict=True,
                return_assistant_tokens_mask=True,
                padding_side="right",
                truncation=self.max_length is not None,
                max_length=self.max_length,
            )
        )
        answered = batch.pop("assistant_masks").bool()
        unanswered = (~answered.any(-1)).nonzero().flatten().tolist()
        if unanswered:
            name = samples[unanswered[0]].get("id", unanswered[0])
            length = self.max_length or batch["input_ids"].shape[1]
            raise ValueError(
                f"sample {name} has no token of an answer in its first {length}; end its messages with the "
                "assistant's, or raise max_length."
            )
        batch["labels"] = batch["input_ids"].masked_fill(~answered, -100)
        return batch
