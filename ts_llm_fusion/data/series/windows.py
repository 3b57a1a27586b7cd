"""Windows over series: views into one tensor, cut when they are asked for and never copied into a list."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..entries import SPLITS


class WindowDataset(Dataset):
    """Every window of `context_length + prediction_length` steps of some series, at stride 1.

    Args:
        values: (time, variables), NaN where missing.
        context_length: steps of `past_values`.
        prediction_length: steps of `future_values`.
        seen: the same series as `past_values` show them, such as with noise; `values` by default.

    Raises:
        ValueError: if the series are shorter than one window.
    """

    def __init__(self, values: Tensor, context_length: int, prediction_length: int, seen: Tensor | None = None):
        needed = context_length + prediction_length
        if len(values) < needed:
            raise ValueError(
                f"the series have {len(values)} steps; a window takes {needed} (context_length {context_length} + "
                f"prediction_length {prediction_length})."
            )
        self.values = values
        self.context_length = context_length
        self.prediction_length = prediction_length
        # (windows, variables, steps): views, nothing is copied.
        seen = values if seen is None else seen
        self._past = seen[: len(seen) - prediction_length].unfold(0, context_length, 1)
        self._future = values[context_length:].unfold(0, prediction_length, 1)

    def __len__(self) -> int:
        return len(self._future)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """One window: `past_values` (context_length, variables) and `future_values` (prediction_length, variables)."""
        return {"past_values": self._past[index].T, "future_values": self._future[index].T}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """A batch of windows in two gathers, batch axis first."""
        rows = torch.as_tensor(indices)
        return {"past_values": self._past[rows].transpose(1, 2), "future_values": self._future[rows].transpose(1, 2)}


def collate_windows(batch: dict[str, Tensor] | list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Batches windows; what `WindowDataset` gathers at once is a batch already."""
    if isinstance(batch, dict):
        return batch
    return {key: torch.stack([window[key] for window in batch]) for key in batch[0]}


def split_windows(
    values: Tensor,
    borders: tuple[int, int, int],
    context_length: int,
    prediction_length: int,
    train_stop: int | None = None,
    seen: Mapping[str, Tensor] | None = None,
) -> dict[str, WindowDataset]:
    """The windows of each segment. Validation and test look back into the segment before; their targets never do.

    Args:
        values: (time, variables), already scaled.
        borders: rows at which train, validation and test end.
        context_length: look-back.
        prediction_length: horizon.
        train_stop: row at which the windows of the training split stop short of its end (few-shot).
        seen: split -> the series as its `past_values` show them, of the shape of `values`; these by default.

    Returns:
        Datasets under "train", "validation" and "test".

    Raises:
        ValueError: naming the segment that has not a single window.
    """
    starts = (0, borders[0] - context_length, borders[1] - context_length)
    stops = (train_stop or borders[0], *borders[1:])
    splits = {}
    for name, start, stop in zip(SPLITS, starts, stops, strict=True):
        rows = slice(max(start, 0), stop)
        past = (seen or {}).get(name, values)[rows]
        try:
            splits[name] = WindowDataset(values[rows], context_length, prediction_length, past)
        except ValueError as error:
            raise ValueError(f"{name} split: {error}") from None
    return splits
