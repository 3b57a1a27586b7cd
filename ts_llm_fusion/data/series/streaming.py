"""Training windows of a long table that is larger than memory, by blocks of whole series."""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler
from tqdm.auto import tqdm

from ...errors import UserError
from ...processing.covariate_inputs import CovariateInputs
from .borders import few_shot_end, series_borders
from .panel_grids import are_whole
from .panel_reading import IDS, read_stamps
from .panels import TARGET, TIMESTAMP
from .parquet_files import LongFiles, index_files
from .preparation import STATIC_REMEDY, DataArguments, PreparedData, encode_covariates, prepare, scale_by_training
from .sources import SeriesSource
from .static_columns import static_values
from .training_sources import load_training_series
from .windows import WindowDataset

logger = logging.getLogger(__name__)

# Most blocks of a buffer, which come from as many places of the table.
_MOST_BLOCKS = 8
# Most rows of the series that are held for validation, test and baselines, and the places that they come from.
_ROWS_HELD, _PLACES_HELD = 1_000_000, 64
# Column that tells which rows of a time grid are in the table, as it is missing in the others.
_ROW = "row of the table"


@dataclass
class StreamingArguments(DataArguments):
    """`DataArguments`, and the way in which a table larger than memory is read."""

    streaming: bool = field(
        default=False,
        metadata={
            "help": "Read the table piece by piece during training: parquet files (data may be a folder, or a pattern "
            "such as 'sales/*.parquet') with a long table, sorted by id, of which each series fits into memory."
        },
    )
    buffer_rows: int = field(
        default=4_000_000,
        metadata={
            "help": "Rows that a process, or each of its workers, holds and shuffles the windows of; a row group at "
            "least."
        },
    )
    window_stride: int = field(default=1, metadata={"help": "Rows between the starts of two training windows."})
    held_windows: int = field(
        default=10_000,
        metadata={"help": "Most windows of validation, of test and to fit baselines on, of series that are held."},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("buffer_rows", "window_stride", "held_windows"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}; give a whole number of at least 1.")
        if self.streaming and self.noise_std > 0 and "train" in self.noise_splits:
            raise UserError("noise_splits: train is among them; streaming takes noise on validation and test alone.")


class _Block(NamedTuple):
    """Series in memory.

    Args:
        windows: over the time grids of the series.
        rows: row of `windows` of each row of the table, int64 (rows,).
    """

    windows: WindowDataset
    rows: np.ndarray


class StreamedWindows(Dataset[dict[str, Tensor]]):
    """Training windows of a long table in files, as `WindowDataset` has them, with a part of the table in memory.

    The key of a window is the row of the table that it starts at. A block of whole series is read when one of its
    windows is asked for, and the last few, as many as a buffer has, are kept; `order` asks for windows of few blocks
    at a time. A window without a value in its past, or without one in its future, has no targets.

    Args:
        files: of the table.
        arguments: the series, their split and the size of the buffer.
        context_length: steps of `past_values`.
        prediction_length: steps of `future_values`.
        freq: time step of all series, None where it is not a regular one.
        covariates: encoding and scale of covariates; None without any.

    Raises:
        ValueError: no series is long enough for a window in its training rows.
    """

    def __init__(
        self,
        files: LongFiles,
        arguments: StreamingArguments,
        context_length: int,
        prediction_length: int,
        freq: str | None = None,
        covariates: CovariateInputs | None = None,
    ):
        self.files = files
        self.arguments = arguments
        self.context_length = context_length
        self.prediction_length = prediction_length
        self.freq = freq
        self.covariates = covariates
        firsts = files.offsets[:-1]
        # Row after the training rows of each series, and after those that windows are cut from.
        self._train_ends = series_borders(files.offsets, arguments.split)[:, 0]
        stops = self._train_ends
        if arguments.few_shot is not None:
            stops = firsts + few_shot_end(stops - firsts, context_length, arguments.few_shot)
        possible = np.maximum(stops - firsts - (context_length + prediction_length) + 1, 0)
        self._counts = -(-possible // arguments.window_stride)
        self._length = int(self._counts.sum())
        if not self._length:
            raise UserError(
                f"{files.name}: no series has the {context_length + prediction_length} training rows of a window "
                f"(context_length {context_length} + prediction_length {prediction_length}); shorten these."
            )
        # Blocks are of whole row groups, but for a series that goes on from one to the next.
        groups = files.group_offsets[np.searchsorted(files.group_offsets, firsts, side="right") - 1]
        part = groups // max(1, arguments.buffer_rows // _MOST_BLOCKS)
        self._blocks = np.append(np.flatnonzero(np.diff(part, prepend=-1)), len(firsts))
        largest = int(np.diff(files.offsets[self._blocks]).max())
        self.buffer_blocks = min(_MOST_BLOCKS, max(1, arguments.buffer_rows // largest))
        self._held: OrderedDict[int, _Block] = OrderedDict()

    def __len__(self) -> int:
        return self._length

    @property
    def num_blocks(self) -> int:
        """Number of blocks."""
        return len(self._blocks) - 1

    def starts(self, block: int) -> np.ndarray:
        """Keys of the windows of a block, int64 (windows,)."""
        series = slice(self._blocks[block], self._blocks[block + 1])
        counts = self._counts[series]
        before = np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(self.files.offsets[series], counts) + (
            (np.arange(counts.sum()) - before) * self.arguments.window_stride
        )

    def order(self, batch_size: int, streams: int, seed: int) -> "BufferedOrder":
        """Order of training; see `BufferedOrder`."""
        return BufferedOrder(self, batch_size, streams, seed)

    def __getitem__(self, start: int) -> dict[str, Tensor]:
        """Window that starts at a row, as `WindowDataset` has it."""
        return {name: values[0] for name, values in self.__getitems__([start]).items()}

    def __getitems__(self, starts: Sequence[int]) -> dict[str, Tensor]:
        """Return a batch of windows by their keys, batch axis first."""
        rows = np.asarray(starts)
        firsts = self.files.offsets[self._blocks[:-1]]
        blocks = np.searchsorted(firsts, rows, side="right") - 1
        # Those in memory first, because reading another one drops one of them.
        needed = sorted(np.unique(blocks).tolist(), key=lambda block: (block not in self._held, block))
        places, parts = [], []
        for number in needed:
            places.append(np.flatnonzero(blocks == number))
            block = self._block(number)
            parts.append(block.windows.__getitems__(block.rows[rows[places[-1]] - firsts[number]]))
        back = torch.from_numpy(np.argsort(np.concatenate(places)))
        batch = {name: torch.cat([part[name] for part in parts])[back] for name in parts[0]}
        observed = (~batch["past_values"].isnan()).any(1) & (~batch["future_values"].isnan()).any(1)
        batch["future_values"][~observed.any(1)] = torch.nan
        return batch

    def _block(self, number: int) -> _Block:
        if number not in self._held:
            while len(self._held) >= self.buffer_blocks:
                self._held.popitem(last=False)
            self._held[number] = self._read(*self._blocks[number : number + 2].tolist())
        self._held.move_to_end(number)
        return self._held[number]

    def check(self) -> None:
        """Find what would end a training when a block is read, by a pass over the times of all rows.

        Times of one type and an even step are compared alone; others, and static covariates, go the way of `_read`.
        Of values, a row group is read whose statistics do not bound them.

        Raises:
            ValueError: a time that is empty, no timestamp, twice in a series, or not on its time grid; a series that
                lacks rows; an infinite value; a static covariate that changes. It names file, id and time.
        """
        self.files.check_finite()
        for number in tqdm(range(self.num_blocks), desc="times", unit="block", leave=False, disable=None):
            first, last = self._blocks[number : number + 2].tolist()
            if self._counts[first:last].any() and not self._is_whole(first, last):
                self._check_block(first, last)

    def _is_whole(self, first: int, last: int) -> bool:
        """Whether it takes no more than the times of some series to know that they can be trained on."""
        freq = self.arguments.freq or self.freq
        if freq is None or self.arguments.static_covariates:
            return False
        times = self.files.read_series(first, last, [self.files.columns.timestamp]).iloc[:, 0]
        if not pd.api.types.is_datetime64_any_dtype(times.dtype) or times.isna().any():
            return False
        offsets = self.files.offsets[first : last + 1]
        return bool(
            (are_whole(pd.DatetimeIndex(times), offsets - offsets[0], freq) | ~self._has_windows(first, last)).all()
        )

    def _check_block(self, first: int, last: int) -> None:
        names, static = self.files.columns, self.arguments.static_covariates
        table = self.files.read_series(first, last, [*names.ids, names.timestamp, *static])
        try:
            read_stamps(table, names, self.arguments.dayfirst, self.files.place(first, last))
        except UserError:
            # Alone, a series at fault is named, with its own row.
            offsets = self.files.offsets[first : last + 1] - self.files.offsets[first]
            for series, (begin, end) in enumerate(pairwise(offsets.tolist()), first):
                read_stamps(table[begin:end], names, self.arguments.dayfirst, self.files.label(series))
            raise
        source, _ = self._source(table, first, last, (), static)
        if source.covariates is not None:
            axes = len(source.bounds) - 1
            static_values(source.covariates, static, source.axis_of_rows, axes, source.label, STATIC_REMEDY)

    def _has_windows(self, first: int, last: int) -> np.ndarray:
        return self._counts[first:last] > 0

    def _source(
        self, table: pd.DataFrame, first: int, last: int, targets: Sequence[str], covariates: Sequence[str]
    ) -> tuple[SeriesSource, np.ndarray]:
        """Series with windows on their time grids, and the row of these of each row of a table, -1 for none."""
        names, has_windows = self.files.columns, self._has_windows(first, last)
        is_read = np.repeat(has_windows, np.diff(self.files.offsets[first : last + 1]))
        source = load_training_series(
            self.files.place(first, last),
            names.ids,
            names.timestamp,
            [*targets, _ROW],
            self.arguments.dayfirst,
            self.arguments.freq or self.freq,
            covariates,
            table=table[is_read].assign(**{_ROW: 0.0}).reset_index(drop=True),
        )
        is_given = ~np.isnan(source.series.pop(_ROW).to_numpy())
        self._check_steps(source, is_given, np.arange(first, last)[has_windows])
        # The rows of a series in time order, whatever theirs in the file.
        rows = np.full(len(table), -1)
        rows[is_read] = np.flatnonzero(is_given)
        return source, rows

    def _read(self, first: int, last: int) -> _Block:
        """Read series, put those that have windows on their time grids, and scale each by its training rows."""
        table = self.files.read_series(first, last)
        source, rows = self._source(table, first, last, self.files.columns.targets, self.files.others)
        ends = (self._train_ends[first:last] - self.files.offsets[first])[self._has_windows(first, last)]
        is_train = np.arange(len(source.series)) < rows[ends - 1][source.axis_of_rows] + 1
        scaled, _, _ = scale_by_training(source, is_train)
        windows = WindowDataset(
            torch.tensor(scaled, dtype=torch.float32),
            self.context_length,
            self.prediction_length,
            starts=torch.from_numpy(np.arange(len(source.series))),
            covariates=None if self.covariates is None else encode_covariates(self.covariates, source),
            firsts=torch.from_numpy(source.bounds[:-1]),
        )
        return _Block(windows, rows)

    def _check_steps(self, source: SeriesSource, is_given: np.ndarray, series: np.ndarray) -> None:
        """Raise a ValueError for a series that lacks rows: splits and windows are told by rows before it is read."""
        if is_given.all():
            return
        row = int(np.argmin(is_given))
        place = source.axis_of_rows[row]
        own = slice(*source.bounds[place : place + 2])
        raise UserError(
            f"{self.files.label(int(series[place]))} has no row for {(~is_given[own]).sum()} of its "
            f"{own.stop - own.start} time steps{f' of {self.freq}' if self.freq else ''}, the first "
            f"{source.series.index[row]}; streaming takes a row for every step: write those rows with an empty "
            "target, or leave streaming out."
        )


class BufferedOrder(Sampler[int]):
    """Windows in random order, as far as buffers of whole blocks allow; each once an epoch.

    Blocks come in random order, up to eight of them in a buffer, whose windows are shuffled together. Batches of
    `streams` buffers take turns, so that process p of P gets windows of its own buffers alone when accelerate deals it
    batch p, P + p, ..., and so does each of its workers; who has used up a buffer takes the next one. At the end, all
    share what is left. The order follows from seed and epoch, without reading: a run goes on at any batch at once.

    Args:
        windows: to order.
        batch_size: windows in a batch of one process.
        streams: processes, times the workers of each.
        seed: of the order.
    """

    def __init__(self, windows: StreamedWindows, batch_size: int, streams: int, seed: int):
        self.windows = windows
        self.batch_size = batch_size
        self.streams = streams
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, on which the order depends."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.windows)

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng((self.seed, self.epoch))
        blocks = rng.permutation(self.windows.num_blocks)
        size = self.windows.buffer_blocks
        buffers = iter(np.split(blocks, np.arange(size, len(blocks), size)))
        left = [np.zeros(0, dtype=np.int64)] * self.streams
        while True:
            for stream in range(self.streams):
                while len(left[stream]) < self.batch_size and (buffer := next(buffers, None)) is not None:
                    starts = np.concatenate([self.windows.starts(block) for block in buffer.tolist()])
                    left[stream] = np.concatenate((left[stream], rng.permutation(starts)))
                if len(left[stream]) < self.batch_size:
                    yield from np.concatenate((*left[stream:], *left[:stream])).tolist()
                    return
                yield from left[stream][: self.batch_size].tolist()
                left[stream] = left[stream][self.batch_size :]


def _held_series(files: LongFiles) -> pd.DataFrame:
    """All series of a small table, or of a large one those at evenly spaced places, as many as may be held."""
    count, total = len(files.ids), int(files.offsets[-1])
    if total <= _ROWS_HELD:
        return files.read(0, total)
    firsts = np.unique(np.arange(_PLACES_HELD) * count // _PLACES_HELD)
    ends = np.append(firsts[1:], count)
    within = np.searchsorted(files.offsets, files.offsets[firsts] + _ROWS_HELD // len(firsts), side="right") - 1
    lasts = np.clip(within, firsts + 1, ends)
    return pd.concat([files.read_series(*places) for places in zip(firsts, lasts, strict=True)], ignore_index=True)


def _thinned(windows: WindowDataset, most: int) -> WindowDataset:
    """As many windows as there may be, evenly spaced."""
    if len(windows) > most:
        windows.starts = windows.starts[torch.arange(most) * len(windows) // most]
    return windows


def _held(
    arguments: StreamingArguments, context_length: int | None, prediction_length: int
) -> tuple[LongFiles, PreparedData]:
    """Places of the ids of the files, and some of the series prepared in memory."""
    others = [*arguments.known_covariates, *arguments.past_covariates, *arguments.static_covariates]
    files = index_files(
        arguments.data,
        arguments.id_column or IDS[0],
        arguments.timestamp_column or TIMESTAMP,
        arguments.target_columns or TARGET,
        others,
    )
    named = replace(
        arguments,
        id_column=list(files.columns.ids),
        timestamp_column=files.columns.timestamp,
        target_columns=list(files.columns.targets),
    )
    try:
        held = prepare(named, context_length, prediction_length, table=_held_series(files))
    except UserError:
        # Where rows are at fault, with the file that they are in.
        if context_length is not None:
            StreamedWindows(files, named, context_length, prediction_length).check()
        raise
    for windows in (*held.splits.values(), held.tested.splits["test"]):
        _thinned(windows, arguments.held_windows)
    logger.info("%s: %d of %d ids are held for validation and test", files.name, len(held.moments), len(files.ids))
    return files, held


def prepare_training(
    arguments: DataArguments, context_length: int | None, prediction_length: int
) -> tuple[PreparedData, WindowDataset | StreamedWindows]:
    """Prepare series, and the windows to train on; see `prepare`.

    Of a table that is streamed, the windows to train on come from all series, each with the scale and the split that
    `prepare` gives it. Validation, test and baselines have up to `held_windows` windows of series that are held: all
    series of up to a million rows, and of more rows such that come from 64 places of the table.

    Args:
        arguments: the series; `StreamingArguments` may ask for streaming.
        context_length: look-back; None where no windows to train on are needed but those of the series that are held.
        prediction_length: horizon.

    Raises:
        ValueError, OSError: as `prepare` and `index_files`.
    """
    if not isinstance(arguments, StreamingArguments) or not arguments.streaming:
        data = prepare(arguments, context_length, prediction_length)
        return data, data.splits["train"]
    files, data = _held(arguments, context_length, prediction_length)
    if context_length is None:
        return data, data.splits["train"]
    step = data.source.step
    return data, StreamedWindows(files, arguments, context_length, prediction_length, step, data.covariates)
