"""Windows over series, which are positions in one tensor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ...errors import UserError
from ..entries import SPLITS


@dataclass(frozen=True)
class StepCovariates:
    """Covariates of the rows of some series, encoded and scaled.

    Args:
        by_step: (time, features), those known in the future first.
        num_known: number of features that are known in the future.
        static: (series, features), those that do not change over time.
    """

    by_step: Tensor
    num_known: int
    static: Tensor


class WindowDataset(Dataset[dict[str, Tensor]]):
    """Windows of `context_length + prediction_length` steps of series, whose rows are one after the other.

    A window is a position; its steps are read when it is asked for, and nothing of it is held.

    Args:
        values: (time, variables), NaN where missing.
        context_length: steps of `past_values`.
        prediction_length: steps of `future_values`.
        inputs: series to cut `past_values` from, such as `values` with noise; `values` by default.
        starts: first rows of the windows, int64 (windows,); every possible one by default. Steps before the first row
            of a series are NaN.
        covariates: covariates of the same rows; none by default.
        firsts: first row of each series, rising, int64 (series,); all rows are one series by default.

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
        firsts: Tensor | None = None,
    ):
        if starts is None:
            needed = context_length + prediction_length
            check_length(len(values), context_length, prediction_length)
            starts = torch.arange(len(values) - needed + 1)
        self.values = values
        self.context_length = context_length
        self.prediction_length = prediction_length
        self.starts = starts
        self.firsts = torch.zeros(1, dtype=torch.int64) if firsts is None else firsts
        self._past = {"past_values": values if inputs is None else inputs}
        self._future = {"future_values": values}
        self._static = None
        if covariates is not None:
            self._past["past_covariates"] = covariates.by_step
            self._future["future_covariates"] = covariates.by_step[:, : covariates.num_known]
            self._static = covariates.static
        self._begins_early = bool((starts < self.firsts[self.series_of(starts)]).any())

    def series_of(self, starts: Tensor) -> Tensor:
        """Position of the series of windows by their first rows, int64 (windows,)."""
        return torch.searchsorted(self.firsts, starts + self.context_length, right=True) - 1

    def is_forecast(self) -> Tensor:
        """Whether a row is among the future of some window, boolean (time,)."""
        changes = torch.zeros(len(self.values) + 1, dtype=torch.int64)
        origins = self.starts + self.context_length
        ones = torch.ones_like(origins)
        changes.index_add_(0, origins, ones).index_add_(0, origins + self.prediction_length, -ones)
        return changes.cumsum(0)[:-1] > 0

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Window: `past_values` (context_length, variables) and `future_values` (prediction_length, variables).

        With covariates also `past_covariates` and `future_covariates`, both (steps, features), and
        `static_covariates` (features,); see `StepCovariates`.
        """
        if self._begins_early:
            return {name: values[0] for name, values in self.__getitems__([index]).items()}
        start = self.starts[index]
        origin = start + self.context_length
        window = {name: rows[start:origin] for name, rows in self._past.items()}
        window |= {name: rows[origin : origin + self.prediction_length] for name, rows in self._future.items()}
        return window if self._static is None else window | {"static_covariates": self._static[self.series_of(start)]}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Return a batch of windows, batch axis first."""
        starts = self.starts[torch.as_tensor(indices)]
        origins = starts + self.context_length
        batch = {name: self._past_steps(rows, starts) for name, rows in self._past.items()}
        for name, rows in self._future.items():
            batch[name] = rows.unfold(0, self.prediction_length, 1)[origins].transpose(1, 2)
        return batch if self._static is None else batch | {"static_covariates": self._static[self.series_of(starts)]}

    def _past_steps(self, rows: Tensor, starts: Tensor) -> Tensor:
        if not self._begins_early:
            return rows.unfold(0, self.context_length, 1)[starts].transpose(1, 2)
        places = starts[:, None] + torch.arange(self.context_length)
        is_before = places < self.firsts[self.series_of(starts)][:, None]
        return rows[places.clamp(min=0)].masked_fill(is_before[..., None], torch.nan)


def check_length(steps: int, context_length: int, prediction_length: int) -> None:
    """Raise ValueError for series that are shorter than one window."""
    needed = context_length + prediction_length
    if steps < needed:
        raise UserError(
            f"the series have {steps} steps; a window takes {needed} (context_length {context_length} + "
            f"prediction_length {prediction_length}): shorten these, or give more rows."
        )


def window_starts(begins: np.ndarray, stops: np.ndarray, steps: int) -> np.ndarray:
    """First row of every window of `steps` rows in each of some ranges of rows, int64 (windows,).

    Args:
        begins: first row of each range, int64 (ranges,).
        stops: row after the last of each.
        steps: rows of a window.
    """
    counts = np.maximum(stops - begins - steps + 1, 0)
    return np.repeat(begins - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())


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
    stops = np.cumsum(lengths)
    starts = window_starts(stops - lengths, stops, context_length + prediction_length)
    if not len(starts):
        raise UserError(f"no series has {context_length + prediction_length} steps, which a window takes.")
    column = torch.from_numpy(values)[:, None]
    return WindowDataset(column, context_length, prediction_length, starts=torch.from_numpy(starts))


def single_windows(
    values: Tensor, origins: Tensor, columns: Tensor, firsts: Tensor, context_length: int, prediction_length: int
) -> tuple[Tensor, Tensor]:
    """History and future of single series; a history may begin before the first row of its series, where it is NaN.

    Args:
        values: (time, variables), NaN where missing; series may be one after the other.
        origins: rows after the histories, int64 (windows,).
        columns: variables, int64 (windows,).
        firsts: first row of the series of each window, int64 (windows,).
        context_length: steps of a history.
        prediction_length: steps of a future.

    Returns:
        (windows, context_length) and (windows, prediction_length).
    """
    padded = torch.nn.functional.pad(values.T, (context_length, 0), value=torch.nan)
    past, future = padded.unfold(1, context_length, 1), values.T.unfold(1, prediction_length, 1)
    is_before = torch.arange(context_length) < (firsts - origins)[:, None] + context_length
    return past[columns, origins].masked_fill(is_before, torch.nan), future[columns, origins]


def collate_windows(batch: dict[str, Tensor] | list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Stack windows to a batch; the dictionary of `WindowDataset.__getitems__` is one already."""
    if isinstance(batch, dict):
        return batch
    return {key: torch.stack([window[key] for window in batch]) for key in batch[0]}


def _are_observed(values: Tensor, starts: Tensor, context_length: int, prediction_length: int) -> Tensor:
    """Whether some variable has a value both in the past and in the future of a window, boolean (windows,)."""
    counts = torch.nn.functional.pad((~torch.isnan(values)).to(torch.int32).cumsum(0), (0, 0, 1, 0))
    origins = starts + context_length
    in_past, in_future = counts[origins] > counts[starts], counts[origins + prediction_length] > counts[origins]
    return (in_past & in_future).any(1)


def split_windows(
    values: Tensor,
    borders: Sequence[int] | np.ndarray,
    context_length: int,
    prediction_length: int,
    train_stops: int | np.ndarray | None = None,
    inputs: Mapping[str, Tensor] | None = None,
    covariates: StepCovariates | None = None,
    firsts: np.ndarray | None = None,
) -> dict[str, WindowDataset]:
    """Cut the windows of each segment; validation and test look back into the segment before, their targets do not.

    Of several series, those too short for a window have none, and a window needs an observed value in its past and in
    its future.

    Args:
        values: (time, variables), already scaled.
        borders: rows at which train, validation and test end, int64 (series, 3), or three numbers for one series.
        context_length: look-back.
        prediction_length: horizon.
        train_stops: row at which the windows of the training split of each series end; the end of the split by
            default.
        inputs: split -> series to cut its `past_values` from, shaped like `values`, which are the default.
        covariates: covariates of the rows of `values`; none by default.
        firsts: first row of each series, int64 (series,); all rows are one series by default.

    Returns:
        Datasets under "train", "validation" and "test".

    Raises:
        ValueError: a segment has no window; the error names it.
    """
    ends = np.atleast_2d(np.asarray(borders)).T
    begins = np.zeros(1, dtype=np.int64) if firsts is None else firsts
    ranges = (
        (begins, ends[0] if train_stops is None else np.atleast_1d(train_stops)),
        (np.maximum(ends[0] - context_length, begins), ends[1]),
        (np.maximum(ends[1] - context_length, begins), ends[2]),
    )
    splits = {}
    for name, (start, stop) in zip(SPLITS, ranges, strict=True):
        starts = torch.from_numpy(window_starts(start, stop, context_length + prediction_length))
        try:
            check_length(int((stop - start).max()), context_length, prediction_length)
        except ValueError as error:
            raise UserError(f"{name} split: {error}") from None
        if firsts is not None:
            starts = starts[_are_observed(values, starts, context_length, prediction_length)]
        if not len(starts):
            raise UserError(f"{name} split: no window has a value to forecast from and one to forecast.")
        splits[name] = WindowDataset(
            values,
            context_length,
            prediction_length,
            (inputs or {}).get(name, values),
            starts,
            covariates,
            None if firsts is None else torch.from_numpy(firsts),
        )
    return splits
