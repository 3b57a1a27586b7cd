"""Windows over series, as views into one tensor."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ...errors import UserError
from ..entries import SPLITS


class WindowDataset(Dataset[dict[str, Tensor]]):
    """Windows of `context_length + prediction_length` steps of a table of series.

    Args:
        values: (time, variables), NaN where missing.
        context_length: steps of `past_values`.
        prediction_length: steps of `future_values`.
        inputs: series to cut `past_values` from, such as `values` with noise; `values` by default.
        starts: first rows of the windows, int64 (windows,); every possible one by default.

    Raises:
        ValueError: the series are shorter than one window.
    """

    def __init__(
        self,
        values: Tensor,
        context_length: int,
        prediction_length: int,
        inputs: Tensor | None = None,
        starts: Tensor | None = None,
    ):
        needed = context_length + prediction_length
        if len(values) < needed:
            raise UserError(
                f"the series have {len(values)} steps; a window takes {needed} (context_length {context_length} + "
                f"prediction_length {prediction_length})."
            )
        self.values = values
        self.context_length = context_length
        self.prediction_length = prediction_length
        # Views (windows, variables, steps).
        inputs = values if inputs is None else inputs
        self._past = inputs[: len(inputs) - prediction_length].unfold(0, context_length, 1)
        self._future = values[context_length:].unfold(0, prediction_length, 1)
        self._starts = torch.arange(len(self._future)) if starts is None else starts

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Window: `past_values` (context_length, variables) and `future_values` (prediction_length, variables)."""
        row = self._starts[index]
        return {"past_values": self._past[row].T, "future_values": self._future[row].T}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Return a batch of windows, batch axis first."""
        rows = self._starts[torch.as_tensor(indices)]
        return {"past_values": self._past[rows].transpose(1, 2), "future_values": self._future[rows].transpose(1, 2)}


def pooled_windows(
    values: np.ndarray, lengths: np.ndarray, context_length: int, prediction_length: int
) -> WindowDataset:
    """Every window that lies within one of many series.

    Args:
        values: one series after the other, float64 (sum of lengths,), NaN where missing.
        lengths: of each series, int64 (series,).
        context_length: steps of `past_values`.
        prediction_length: steps of `future_values`.

    Raises:
        ValueError: no series is as long as a window.
    """
    place = np.arange(len(values)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    starts = np.flatnonzero(np.repeat(lengths, lengths) - place >= context_length + prediction_length)
    if not len(starts):
        raise UserError(f"no series has {context_length + prediction_length} steps, which a window takes.")
    column = torch.from_numpy(values)[:, None]
    return WindowDataset(column, context_length, prediction_length, starts=torch.from_numpy(starts))


def collate_windows(batch: dict[str, Tensor] | list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Stack windows to a batch; the dictionary of `WindowDataset.__getitems__` is one already."""
    if isinstance(batch, dict):
        return batch
    return {key: torch.stack([window[key] for window in batch]) for key in batch[0]}


def split_windows(
    values: Tensor,
    borders: tuple[int, int, int],
    context_length: int,
    prediction_length: int,
    train_stop: int | None = None,
    inputs: Mapping[str, Tensor] | None = None,
) -> dict[str, WindowDataset]:
    """Cut the windows of each segment; validation and test look back into the segment before, their targets do not.

    Args:
        values: (time, variables), already scaled.
        borders: rows at which train, validation and test end.
        context_length: look-back.
        prediction_length: horizon.
        train_stop: row at which the windows of the training split end; the end of the split by default.
        inputs: split -> series to cut its `past_values` from, shaped like `values`, which are the default.

    Returns:
        Datasets under "train", "validation" and "test".

    Raises:
        ValueError: a segment is shorter than a window; the error names it.
    """
    starts = (0, borders[0] - context_length, borders[1] - context_length)
    stops = (train_stop or borders[0], *borders[1:])
    splits = {}
    for name, start, stop in zip(SPLITS, starts, stops, strict=True):
        rows = slice(max(start, 0), stop)
        past = (inputs or {}).get(name, values)[rows]
        try:
            splits[name] = WindowDataset(values[rows], context_length, prediction_length, past)
        except ValueError as error:
            raise UserError(f"{name} split: {error}") from None
    return splits
