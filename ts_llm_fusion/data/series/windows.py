"""Windows over series, as views into one tensor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ...errors import UserError
from ..entries import SPLITS


@dataclass(frozen=True)
class StepCovariates:
    """Covariates of a table of series, encoded and scaled, common to all its series.

    Args:
        by_step: (time, features), those known in the future first.
        num_known: number of features that are known in the future.
        static: (features,), those that do not change over time.
    """

    by_step: Tensor
    num_known: int
    static: Tensor

    def rows(self, rows: slice) -> "StepCovariates":
        """Covariates of some rows."""
        return replace(self, by_step=self.by_step[rows])


class WindowDataset(Dataset[dict[str, Tensor]]):
    """Windows of `context_length + prediction_length` steps of a table of series.

    Args:
        values: (time, variables), NaN where missing.
        context_length: steps of `past_values`.
        prediction_length: steps of `future_values`.
        inputs: series to cut `past_values` from, such as `values` with noise; `values` by default.
        starts: first rows of the windows, int64 (windows,); every possible one by default.
        covariates: covariates of the same rows; none by default.

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
        covariates: StepCovariates | None = None,
    ):
        needed = context_length + prediction_length
        if len(values) < needed:
            raise UserError(
                f"the series have {len(values)} steps; a window takes {needed} (context_length {context_length} + "
                f"prediction_length {prediction_length}): shorten these, or give more rows."
            )
        self.values = values
        self.context_length = context_length
        self.prediction_length = prediction_length
        # Views (windows, variables or features, steps).
        inputs = values if inputs is None else inputs
        self._views = {"past_values": self._past_steps(inputs), "future_values": self._future_steps(values)}
        self._static = None
        if covariates is not None:
            self._views["past_covariates"] = self._past_steps(covariates.by_step)
            self._views["future_covariates"] = self._future_steps(covariates.by_step[:, : covariates.num_known])
            self._static = covariates.static
        self._starts = torch.arange(len(self._views["future_values"])) if starts is None else starts

    def _past_steps(self, rows: Tensor) -> Tensor:
        return rows[: len(rows) - self.prediction_length].unfold(0, self.context_length, 1)

    def _future_steps(self, rows: Tensor) -> Tensor:
        return rows[self.context_length :].unfold(0, self.prediction_length, 1)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Window: `past_values` (context_length, variables) and `future_values` (prediction_length, variables).

        With covariates also `past_covariates` and `future_covariates`, both (steps, features), and
        `static_covariates` (features,); see `StepCovariates`.
        """
        row = self._starts[index]
        window = {name: view[row].T for name, view in self._views.items()}
        return window if self._static is None else window | {"static_covariates": self._static}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Return a batch of windows, batch axis first."""
        rows = self._starts[torch.as_tensor(indices)]
        batch = {name: view[rows].transpose(1, 2) for name, view in self._views.items()}
        return batch if self._static is None else batch | {"static_covariates": self._static.expand(len(rows), -1)}


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


def single_windows(
    values: Tensor, origins: Tensor, columns: Tensor, context_length: int, prediction_length: int
) -> tuple[Tensor, Tensor]:
    """History and future of single series; a history may begin before the first row, where it is NaN.

    Args:
        values: (time, variables), NaN where missing.
        origins: rows after the histories, int64 (windows,).
        columns: variables, int64 (windows,).
        context_length: steps of a history.
        prediction_length: steps of a future.

    Returns:
        (windows, context_length) and (windows, prediction_length).
    """
    padded = torch.nn.functional.pad(values.T, (context_length, 0), value=torch.nan)
    past, future = padded.unfold(1, context_length, 1), values.T.unfold(1, prediction_length, 1)
    return past[columns, origins], future[columns, origins]


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
    covariates: StepCovariates | None = None,
) -> dict[str, WindowDataset]:
    """Cut the windows of each segment; validation and test look back into the segment before, their targets do not.

    Args:
        values: (time, variables), already scaled.
        borders: rows at which train, validation and test end.
        context_length: look-back.
        prediction_length: horizon.
        train_stop: row at which the windows of the training split end; the end of the split by default.
        inputs: split -> series to cut its `past_values` from, shaped like `values`, which are the default.
        covariates: covariates of the rows of `values`; none by default.

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
        own = None if covariates is None else covariates.rows(rows)
        try:
            splits[name] = WindowDataset(values[rows], context_length, prediction_length, past, covariates=own)
        except ValueError as error:
            raise UserError(f"{name} split: {error}") from None
    return splits
