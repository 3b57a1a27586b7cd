"""Training of the head of the TSFusion forecaster that reads texts, on transformers.Trainer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset
from transformers import PrinterCallback, Trainer, TrainingArguments

from ..modeling.configuration_tsfusion import OPERATIONS
from ..modeling.modeling_text_encoder import FrozenTextEncoder, TokenStates
from ..modeling.modeling_tsfusion_context import ContextHead, possible, with_states, within_groups
from .resuming import run_training

# Arrays of a text with a row for each clause, number or pair, and those whose rows name a clause of the text.
_BY_ROW = (
    "clause_cues", "clause_links", "number_form", "number_token", "window_token", "window_cues", "operation",
    "right_number", "right_window",
)  # fmt: skip
_OF_CLAUSES = ("number_clause", "window_clause", "window_owner")
_BY_WORD = ("states", "mask", "role", "word_cues")
# Clauses that are encoded at once.
_ENCODED = 512


@dataclass
class FusionContextTrainingArguments(TrainingArguments):
    """`TrainingArguments` with the defaults of the head that reads texts."""

    output_dir: str = field(default="outputs/fusion_context", metadata={"help": "Folder of the checkpoint."})
    overwrite: bool = field(
        default=False,
        metadata={"help": "Write in an output_dir that is not empty, over the files of an earlier run."},
    )
    per_device_train_batch_size: int = field(default=64, metadata={"help": "Texts of a step."})
    num_train_epochs: float = field(default=6, metadata={"help": "Passes over the texts."})
    learning_rate: float = field(default=1.5e-3, metadata={"help": "Peak learning rate."})
    lr_scheduler_type: str = field(default="cosine", metadata={"help": "Learning-rate schedule."})
    warmup_steps: float = field(default=50, metadata={"help": "Steps until the peak learning rate."})
    weight_decay: float = field(default=0.01, metadata={"help": "Weight decay of AdamW."})
    max_grad_norm: float = field(default=1.0, metadata={"help": "Largest norm of the gradient."})
    logging_steps: float = field(default=50, metadata={"help": "Steps between two logs."})
    save_steps: float = field(default=250, metadata={"help": "Steps between two checkpoints to resume from."})
    save_total_limit: int | None = field(default=1, metadata={"help": "Checkpoints kept."})
    dataloader_pin_memory: bool = field(default=False, metadata={"help": "Useful with an accelerator only."})
    remove_unused_columns: bool = field(default=False, metadata={"help": "Texts have no other columns."})
    label_names: list[str] | None = field(
        default_factory=lambda: ["operation"], metadata={"help": "Names of the targets."}
    )
    report_to: None | str | list[str] = field(default="none", metadata={"help": "Trackers to report to."})  # noqa: RUF036
    seed: int = field(default=0, metadata={"help": "Seed of weights and batches."})


class ContextDataset(Dataset):
    """Texts with their targets; the states of each distinct clause are kept once, in float16.

    Args:
        items: features of texts from `context_features`, with the targets `operation` (names), `right_number` and
            `right_window`.
        encoder: frozen, of the words.
    """

    def __init__(self, items: Sequence[Mapping[str, Any]], encoder: FrozenTextEncoder):
        self.items = [item for item in items if len(item["texts"])]
        clauses = sorted({text for item in self.items for text in item["texts"]}, key=len)
        self.encoded: dict[str, TokenStates] = {}
        for start in range(0, len(clauses), _ENCODED):
            some = clauses[start : start + _ENCODED]
            for text, one in zip(some, encoder.states(some), strict=True):
                self.encoded[text] = TokenStates(one.states.half(), one.offsets)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        item = self.items[place]
        inputs = with_states(item, [self.encoded[text] for text in item["texts"]])
        inputs["operation"] = torch.tensor([OPERATIONS.index(name) for name in item["operation"]])
        return {name: inputs[name] for name in (*_BY_WORD, *_OF_CLAUSES, *_BY_ROW)}


def join_texts(texts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Collate texts: their clauses, numbers and pairs one behind the other, words padded to the longest clause."""
    longest = max(text["mask"].shape[1] for text in texts)
    first = np.cumsum([0, *(len(text["mask"]) for text in texts)]).tolist()

    def padded(values: Tensor) -> Tensor:
        return F.pad(values, [0, 0] * (values.ndim - 2) + [0, longest - values.shape[1]])

    batch = {name: torch.cat([padded(text[name]) for text in texts]) for name in _BY_WORD}
    batch |= {name: torch.cat([text[name] for text in texts]) for name in _BY_ROW}
    for name in _OF_CLAUSES:
        batch[name] = torch.cat([text[name] + k for text, k in zip(texts, first[:-1], strict=True)])
    return batch


class ContextLoss(nn.Module):
    """Cross-entropy of the true operation of each clause, and of its number and its window.

    The head is trained alone: operations and operands are known by construction, so no series enters.
    """

    def __init__(self, head: ContextHead):
        super().__init__()
        self.head = head

    def forward(self, operation: Tensor, right_number: Tensor, right_window: Tensor, **features) -> dict[str, Tensor]:
        """Loss of a batch from `join_texts`.

        Args:
            operation: int64 (clauses,), the true operations.
            right_number: bool (numbers,), whether a number is an operand of its clause.
            right_window: bool (pairs,), whether a window is that of its clause.
            features: as `ContextHead.forward`.
        """
        scores, numbers, windows = self.head(**features)
        may = possible(features["clause_cues"], features["number_clause"], features["number_form"])
        # Grounding misses a number now and then: the truth stays possible.
        may = may.scatter(1, operation[:, None], True)
        loss = F.cross_entropy(scores.masked_fill(~may, -torch.inf), operation)
        for given, group, right in (
            (numbers, features["number_clause"], right_number),
            (windows, features["window_clause"], right_window),
        ):
            if right.any():
                chances = within_groups(given, group, len(operation)).exp() * right
                total = chances.new_zeros(len(operation)).scatter_add(0, group, chances)
                known = torch.zeros_like(total, dtype=torch.bool).scatter(0, group[right], True)
                loss = loss - total[known].clamp(min=1e-6).log().mean()
        return {"loss": loss}


def train_fusion_context(head: ContextHead, arguments: FusionContextTrainingArguments, texts: Dataset) -> Trainer:
    """Train the head that chooses operations.

    Args:
        head: to train.
        arguments: of the Trainer.
        texts: a [`ContextDataset`].
    """
    trainer = Trainer(model=ContextLoss(head), args=arguments, train_dataset=texts, data_collator=join_texts)
    trainer.remove_callback(PrinterCallback)
    run_training(trainer)
    return trainer
