"""Collator of question-answering samples."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from ..errors import UserError
from ..processing.processing_time_series import TimeSeriesProcessor


class AnswerCollator:
    """Collator with labels on the text of the assistant only, its end-of-turn token included.

    Batches are padded on the right. Padding, placeholders of series and BOS never have labels, even if a backbone uses
    one token for BOS, EOS and padding.

    Args:
        processor: processor of the model.
        max_length: most tokens of a sample; longer ones are cut at their end. No limit by default.
    """

    def __init__(self, processor: TimeSeriesProcessor, max_length: int | None = None):
        self.processor = processor
        self.max_length = max_length

    def __call__(self, samples: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """Make a batch of samples with `messages` and `time_series`, and `future_values` where there are forecasts.

        The true future stands in the place of a forecast; without `future_values`, or where one is None, the model's
        own forecast does.

        Returns:
            `input_ids`, `attention_mask` and `labels`, int64 (batch, text), labels -100 outside the assistant's text;
            and, where any sample has series, `time_series` float32 and `time_series_mask` bool (batch, series, time).

        Raises:
            ValueError: if cutting a sample would cut a placeholder, or leaves no token of its answer.
        """
        batch = dict(
            self.processor.apply_chat_template(
                [sample["messages"] for sample in samples],
                time_series=[sample["time_series"] for sample in samples],
                future_values=[sample.get("future_values") for sample in samples],
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
            raise UserError(
                f"sample {name} has no token of an answer in its first {length}; end its messages with the "
                "assistant's, or raise max_length."
            )
        batch["labels"] = batch["input_ids"].masked_fill(~answered, -100)
        return batch
