"""Training of the head of the TSFusion forecaster that reads texts, on transformers.Trainer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset
from transformers import PrinterCallback, TrainingArguments

from ..modeling.configuration_tsfusion import OPERATIONS
from ..modeling.modeling_text_encoder import FrozenTextEncoder, TextTokens, TokenStates
from ..modeling.modeling_tsfusion_context import ContextHead, possible, with_states, within_groups
from .processes import WholeModelMixin, rows_not_repeated
from .resuming import run_training
from .runs import RunFolder

# Arrays of a text with a row for each clause, number or pair, and those whose rows name a clause of the text.
_BY_ROW = (
    "clause_cues", "clause_links", "number_form", "number_token", "window_token", "window_cues", "operation",
    "right_number", "right_window",
)  # fmt: skip
_OF_CLAUSES = ("number_clause", "window_clause", "window_owner")
# Arguments of `num_targets`.
TARGETS = ("operation", "right_number", "right_window", "number_clause", "window_clause")
_BY_WORD = ("states", "mask", "role", "word_cues")
_BY_TOKEN = ("token_ids", "token_mask")
# Operation of a clause that the loss leaves out.
_NOT_COUNTED = -100
# Clauses that are encoded at once, and those of a step of training with the encoder.
_ENCODED, _AT_ONCE = 512, 48


@dataclass
class FusionContextTrainingArguments(RunFolder, TrainingArguments):
    """`TrainingArguments` with the defaults of the head that reads texts."""

    output_dir: str = field(default="outputs/fusion_context", metadata={"help": "Folder of the checkpoint."})
    per_device_train_batch_size: int = field(default=32, metadata={"help": "Texts of a step."})
    num_train_epochs: float = field(default=1.4, metadata={"help": "Passes over the texts."})
    learning_rate: float = field(default=1e-3, metadata={"help": "Peak learning rate."})
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
    seed: int = field(default=0, metadata={"help": "Seed of weights and batches."})


class ContextDataset(Dataset):
    """Texts with their targets, and with the states of their clauses, each of which is encoded once.

    Args:
        items: features of texts from `context_features`, with the targets `operation` (names, None for a clause that
            is not counted), `right_number` and `right_window`.
        encoder: of the words.
        adapted: whether the encoder is adapted in the training. Texts have the tokens of their clauses then, for
            `ContextLoss` to encode, and the place of each word among them, (clauses, words, 1), as its state.
    """

    def __init__(self, items: Sequence[Mapping[str, Any]], encoder: FrozenTextEncoder, adapted: bool = False):
        self.items = [item for item in items if len(item["texts"])]
        self.adapted = adapted
        clauses = sorted({text for item in self.items for text in item["texts"]}, key=len)
        self.encoded: dict[str, TokenStates] = {}
        self.tokens: dict[str, TextTokens] = {}
        for start in range(0, len(clauses), _ENCODED):
            some = clauses[start : start + _ENCODED]
            if adapted:
                self._add_tokens(some, [pieces[0] for pieces in encoder.tokens(some)])
                continue
            for text, one in zip(some, encoder.states(some), strict=True):
                self.encoded[text] = TokenStates(one.states.half(), one.offsets)

    def _add_tokens(self, clauses: Sequence[str], tokens: Sequence[TextTokens]) -> None:
        for text, one in zip(clauses, tokens, strict=True):
            self.tokens[text] = one
            self.encoded[text] = TokenStates(one.plain.nonzero(), one.offsets)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        item = self.items[place]
        inputs = with_states(item, [self.encoded[text] for text in item["texts"]])
        inputs["operation"] = torch.tensor(
            [_NOT_COUNTED if name is None else OPERATIONS.index(name) for name in item["operation"]]
        )
        names: tuple[str, ...] = (*_BY_WORD, *_OF_CLAUSES, *_BY_ROW)
        if self.adapted:
            ids = [self.tokens[text].ids for text in item["texts"]]
            inputs["token_ids"] = pad_sequence(ids, batch_first=True)
            lengths = torch.tensor([len(one) for one in ids])
            inputs["token_mask"] = torch.arange(inputs["token_ids"].shape[1]) < lengths[:, None]
            names = (*names, *_BY_TOKEN)
        return {name: inputs[name] for name in names}


def join_texts(texts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Collate texts: their clauses, numbers and pairs one behind the other, words padded to the longest clause."""
    first = np.cumsum([0, *(len(text["mask"]) for text in texts)]).tolist()

    def padded(name: str) -> Tensor:
        longest = max(text[name].shape[1] for text in texts)
        return torch.cat(
            [F.pad(text[name], [0, 0] * (text[name].ndim - 2) + [0, longest - text[name].shape[1]]) for text in texts]
        )

    batch = {name: padded(name) for name in (*_BY_WORD, *_BY_TOKEN) if name in texts[0]}
    batch |= {name: torch.cat([text[name] for text in texts]) for name in _BY_ROW}
    for name in _OF_CLAUSES:
        batch[name] = torch.cat([text[name] + k for text, k in zip(texts, first[:-1], strict=True)])
    return batch


def num_targets(
    operation: Tensor, right_number: Tensor, right_window: Tensor, number_clause: Tensor, window_clause: Tensor
) -> Tensor:
    """Numbers (3,) of clauses that count, of those with a right number, and of those with a right window."""
    operands = number_clause[right_number], window_clause[right_window]
    return torch.stack(
        [(operation != _NOT_COUNTED).sum(), *(operation.new_tensor(len(one.unique())) for one in operands)]
    )


class ContextLoss(nn.Module):
    """Cross-entropy of the true operation of each clause, and of its number and its window.

    The head is trained alone, with its additions to the text encoder if it has some: operations and operands are known
    by construction, so no series enters.

    Args:
        head: to train.
        encoder: of the words, where the head adapts it.
    """

    def __init__(self, head: ContextHead, encoder: FrozenTextEncoder | None = None):
        super().__init__()
        self.head = head
        # Not a module of this one: its weights do not change, and are no part of a checkpoint.
        self.encoder = encoder

    def forward(
        self,
        operation: Tensor,
        right_number: Tensor,
        right_window: Tensor,
        token_ids: Tensor | None = None,
        token_mask: Tensor | None = None,
        num_items_in_batch: Tensor | None = None,
        **features: Tensor,
    ) -> dict[str, Tensor]:
        """Loss of a batch from `join_texts`.

        Args:
            operation: int64 (clauses,), the true operations; -100 for a clause that is not counted.
            right_number: bool (numbers,), whether a number is an operand of its clause.
            right_window: bool (pairs,), whether a window is that of its clause.
            token_ids: int64 (clauses, tokens), where the encoder is adapted.
            token_mask: bool (clauses, tokens), where there are tokens.
            num_items_in_batch: `num_targets` of all parts of a global batch; that of this batch by default.
            features: as `ContextHead.forward`.
        """
        groups = features["number_clause"], features["window_clause"]
        if num_items_in_batch is None:
            num_items_in_batch = num_targets(operation, right_number, right_window, *groups)
        if token_ids is not None and token_mask is not None:
            features["states"] = self._states(token_ids, token_mask, features["states"])
        scores, numbers, windows = self.head(**features)
        may = possible(features["clause_cues"], features["number_clause"], features["number_form"])
        # Grounding misses a number now and then: the truth stays possible.
        may = may.scatter(1, operation.clamp(min=0)[:, None], True)
        scores = scores.masked_fill(~may, -torch.inf)
        loss = F.cross_entropy(scores, operation, ignore_index=_NOT_COUNTED, reduction="sum") / num_items_in_batch[0]
        operands = (numbers, windows), groups, (right_number, right_window), num_items_in_batch[1:]
        for given, group, right, number in zip(*operands, strict=True):
            if right.any():
                chances = within_groups(given, group, len(operation)).exp() * right
                total = chances.new_zeros(len(operation)).scatter_add(0, group, chances)
                known = torch.zeros_like(total, dtype=torch.bool).scatter(0, group[right], True)
                loss = loss - total[known].clamp(min=1e-6).log().sum() / number
        return {"loss": loss}

    def _states(self, token_ids: Tensor, token_mask: Tensor, places: Tensor) -> Tensor:
        """States of the words (clauses, words, size) at their places (clauses, words, 1) among tokens."""
        assert self.encoder is not None and self.head.adapter is not None
        self.encoder.model.to(token_ids.device)
        lengths = token_mask.sum(1)
        found = torch.zeros(*places.shape[:2], self.encoder.hidden_size, device=places.device)
        with self.head.adapter.applied(self.encoder.model):
            # Clauses of similar lengths at once.
            for rows in lengths.argsort().split(_AT_ONCE):
                longest = int(lengths[rows[-1]])
                states = self.encoder.forward(token_ids[rows, :longest], token_mask[rows, :longest])
                # A clause has at least as many tokens as words.
                words = places[rows, :longest].long().expand(-1, -1, states.shape[2])
                found[rows, : words.shape[1]] = states.gather(1, words)
        return found


def _join_with_sizes(texts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """As `join_texts`, with the number of clauses of each text, `text_clauses`."""
    return {**join_texts(texts), "text_clauses": torch.tensor([len(text["mask"]) for text in texts])}


def leave_out(batch: dict[str, Tensor], clauses: int) -> None:
    """Exclude all clauses of a batch but the first ones from the loss."""
    batch["operation"][clauses:] = _NOT_COUNTED
    for right, group in (("right_number", "number_clause"), ("right_window", "window_clause")):
        batch[right] &= batch[group] < clauses


class ContextTrainer(WholeModelMixin):
    """Trainer whose loss is the mean over a global batch, however that is cut into processes and parts."""

    def get_batch_samples(
        self, epoch_iterator: Iterator, num_batches: int, device: torch.device
    ) -> tuple[list[dict[str, Tensor]], Tensor]:
        """Batches, and `num_targets` of the global batch."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        sizes = [batch.pop("text_clauses") for batch in batches]
        if batches:
            leave_out(batches[-1], int(sizes[-1][: rows_not_repeated(self.accelerator, len(sizes[-1]))].sum()))
        counts = torch.zeros(3, dtype=torch.int64)
        for batch in batches:
            counts = counts + num_targets(*(batch[name].cpu() for name in TARGETS))
        return batches, self.accelerator.gather(counts[None].to(device)).sum(0)


def train_fusion_context(
    head: ContextHead,
    arguments: FusionContextTrainingArguments,
    texts: Dataset,
    encoder: FrozenTextEncoder | None = None,
) -> ContextTrainer:
    """Train the head that chooses operations.

    Args:
        head: to train.
        arguments: of the Trainer.
        texts: a [`ContextDataset`].
        encoder: of the words, where the head adapts it.
    """
    trainer = ContextTrainer(
        model=ContextLoss(head, encoder), args=arguments, train_dataset=texts, data_collator=_join_with_sizes
    )
    trainer.remove_callback(PrinterCallback)
    run_training(trainer)
    return trainer
