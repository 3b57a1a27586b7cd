"""Outputs of a frozen encoder of series, kept from one epoch to the next."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput


class EncoderCache:
    """Forward pass of a frozen encoder that computes each series once.

    Args:
        forward: of the encoder, from tensors with rows as their first axis to its `last_hidden_state`.
        most: rows that are kept; what comes beyond them is computed each time.
    """

    def __init__(self, forward: Callable[..., Any], most: int):
        self.forward = forward
        self.most = most
        self.kept: dict[Any, Tensor] = {}

    @torch.compiler.disable
    def __call__(self, **inputs: Tensor) -> BaseModelOutput:
        """Outputs of all rows; those of rows with the same numbers in the same precision are the same tensor."""
        keys = _keys(inputs)
        missing = {key: row for row, key in enumerate(keys) if key not in self.kept}
        new: dict[Any, Tensor] = {}
        if missing:
            rows = list(missing.values())
            states = self.forward(**{name: value[rows] for name, value in inputs.items()}).last_hidden_state
            new = dict(zip(missing, states.detach(), strict=True))
            for key in list(new)[: self.most - len(self.kept)]:
                # Without the rest of its batch.
                self.kept[key] = new[key].clone()
        states = [new[key] if key in new else self.kept[key] for key in keys]
        return BaseModelOutput(last_hidden_state=torch.stack(states))


def _keys(inputs: dict[str, Tensor]) -> list[Any]:
    """Key of each row: all its numbers, and what decides on the precision that they are computed in."""
    first = next(iter(inputs.values()))
    device = first.device.type
    precision = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
    kind = (precision, *((name, value.dtype, value.shape[1:]) for name, value in inputs.items()))
    parts = [value.reshape(len(first), -1).contiguous().view(torch.uint8) for value in inputs.values()]
    table = torch.cat(parts, 1).cpu().numpy()
    return [(kind, hashlib.blake2b(row, digest_size=16).digest()) for row in table]


@contextmanager
def cached_encoder(encoder: PreTrainedModel, most: int) -> Iterator[EncoderCache]:
    """Have a frozen encoder compute each series once, within this context.

    Args:
        encoder: whose weights do not change in the context.
        most: rows that are kept.
    """
    cache = EncoderCache(encoder.forward, most)
    encoder.forward = cache
    try:
        yield cache
    finally:
        del encoder.forward
