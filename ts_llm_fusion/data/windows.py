"""Windows over series: views into one tensor, cut when they are asked for and never copied into a list."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset


class WindowDataset(Dataset):
    """Every window of `context_length + prediction_length` steps of some series, at stride 1.

    Args:
        values: (time, variables), NaN where missing.
        context_length: steps of `past_values`.
        prediction_length: steps of `future_values`.

    Raises:
        ValueError: if the series are shorter than one window.
    """

    def __init__(self, values: Tensor, context_length: int, prediction_length: int):
        needed = context_length + prediction_length
        if len(values) < needed:
            raise ValueError(
                f"the series have {len(values)} steps; a window takes {needed} (context_length {context_length} + "
                f"prediction_length {prediction_length})."
            )
        self.values = values
        self.context_length = context_length
        self.prediction_length = prediction_length
        # (windows, variables, steps): a view, nothing is copied.
        self._windows = values.unfold(0, needed, 1)

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """One window: `past_values` (context_length, variables) and `future_values` (prediction_length, variables)."""
        window = self._windows[index].T
        return {"past_values": window[: self.context_length], "future_values": window[self.context_length :]}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """A batch of windows in one gather, batch axis first."""
        windows = self._windows[torch.as_tensor(indices)].transpose(1, 2)
        return {"past_values": windows[:, : self.context_length], "future_values": windows[:, self.context_length :]}


def collate_windows(batch: dict[str, Tensor] | list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Batches windows; what `WindowDataset` gathers at once is a batch already."""
    if isinstance(batch, dict):
        return batch
    return {key: torch.stack([window[key] for window in batch]) for key in batch[0]}


def split_borders(num_rows: int, fractions: Sequence[float]) -> tuple[int, int, int]:
    """Rows at which train, validation and test end, by fractions of the rows; the test set takes the rounding's rest.

    Raises:
        ValueError: if there are not three positive fractions that add up to 1.
    """
    if len(fractions) != 3 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise ValueError(f"split is {list(fractions)}; give three positive fractions that add up to 1.")
    train_end, test_rows = int(fractions[0] * num_rows), int(fractions[2] * num_rows)
    return train_end, num_rows - test_rows, num_rows


def split_windows(
    values: Tensor, borders: tuple[int, int, int], context_length: int, prediction_length: int
) -> dict[str, WindowDataset]:
    """The windows of each segment. Validation and test look back into the segment before; their targets never do.

    Args:
        values: (time, variables), already scaled.
        borders: rows at which train, validation and test end.
        context_length: look-back.
        prediction_length: horizon.

    Returns:
        Datasets under "train", "validation" and "test".

    Raises:
        ValueError: naming the segment that has not a single window.
    """
    starts = (0, borders[0] - context_length, borders[1] - context_length)
    splits = {}
    for name, start, stop in zip(("train", "validation", "test"), starts, borders, strict=True):
        try:
            splits[name] = WindowDataset(values[max(start, 0) : stop], context_length, prediction_length)
        except ValueError as error:
            raise ValueError(f"{name} split: {error}") from None
    return splits
