"""Series of samples of questions: batches of similar size, and the range and the scales of a training."""

from collections.abc import Iterator

import numpy as np
from datasets import Dataset, IterableDataset

from ..processing.answer_checks import SeriesScale, TrainingRange, asked_in, scales_of
from ..processing.feature_extraction_time_series import is_constant
from ..processing.processing_time_series import TimeSeriesProcessor

# Batches of a stream whose samples are grouped by their size, as many as in `LengthGroupedSampler`.
_GROUPED_BATCHES = 50


def counts_and_lengths(samples: Dataset) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, for batches of samples, the number of series of each and the length of each series."""
    # As Arrow arrays, because Python lists are slow.
    for batch in samples.select_columns("time_series").with_format("arrow").iter(1000):
        column = batch["time_series"].combine_chunks()
        yield column.value_lengths().to_numpy(), column.flatten().value_lengths().to_numpy()


def series_tokens(samples: Dataset, processor: TimeSeriesProcessor) -> list[int]:
    """Number of tokens of all series of each sample, to make batches of samples of similar size."""
    tokens: list[int] = []
    for counts, lengths in counts_and_lengths(samples):
        costs = {length: processor.series_extractor.num_tokens(int(length)) for length in np.unique(lengths)}
        totals = np.cumsum([0, *(costs[length] for length in lengths)])
        tokens += np.diff(totals[np.cumsum([0, *counts])]).tolist()
    return tokens


def group_stream(
    samples: IterableDataset, processor: TimeSeriesProcessor, batch_size: int, seed: int
) -> IterableDataset:
    """Stream whose batches hold samples of similar size, as those of `LengthGroupedSampler` do.

    Of so many samples that they fill `_GROUPED_BATCHES` batches, those with series of as many tokens come together;
    the batches come in random order.

    Args:
        samples: with `time_series`.
        processor: of the model.
        batch_size: samples in a batch of one process.
        seed: of the order of the batches.
    """

    def grouped(columns: dict[str, list], numbers: list[int]) -> dict[str, list]:
        costs = np.array(
            [
                sum(processor.series_extractor.num_tokens(len(one)) for one in series)
                for series in columns["time_series"]
            ]
        )
        rng = np.random.default_rng((seed, numbers[0]))
        # Of the same size in random order.
        order = np.lexsort((rng.random(len(costs)), costs))
        whole = len(order) // batch_size * batch_size
        batches = rng.permutation(order[:whole].reshape(-1, batch_size))
        rows = [*batches.ravel().tolist(), *order[whole:].tolist()]
        return {name: [column[row] for row in rows] for name, column in columns.items()}

    size = _GROUPED_BATCHES * batch_size
    return samples.map(grouped, with_indices=True, batched=True, batch_size=size, features=samples.features)


def _series_moments(samples: Dataset) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, for batches of samples, mean and standard deviation of each series; 0 is that of a constant one."""
    for batch in samples.select_columns("time_series").with_format("arrow").iter(1000):
        series = batch["time_series"].combine_chunks().flatten()
        lengths = series.value_lengths().to_numpy()
        rows = np.repeat(np.arange(len(lengths)), lengths)
        values = series.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
        rows, values = rows[~np.isnan(values)], values[~np.isnan(values)]
        counts = np.maximum(np.bincount(rows, minlength=len(lengths)), 1)
        means = np.bincount(rows, values, len(lengths)) / counts
        deviations = np.sqrt(np.bincount(rows, np.square(values - means[rows]), len(lengths)) / counts)
        yield means, np.where(is_constant(means, deviations), 0.0, deviations)


def training_scales(samples: Dataset) -> list[list[float]] | None:
    """Mean level and typical deviation of training samples, for `TSLMConfig`; None without any series.

    A pair for each place where all samples have as many series, else one for all. The typical deviation is the root
    mean square of those that are not constant, 1 where all are.

    Args:
        samples: with `time_series`.
    """
    counts = np.concatenate([counts for counts, _ in counts_and_lengths(samples)])
    means, deviations = (np.concatenate(parts) for parts in zip(*_series_moments(samples), strict=True))
    if not len(means):
        return None
    places = int(counts[0]) if (counts == counts[0]).all() else 1
    levels, squares = means.reshape(-1, places).mean(0), np.square(deviations).reshape(-1, places)
    varying = (squares > 0).sum(0)
    typical = np.where(varying, np.sqrt(squares.sum(0) / np.maximum(varying, 1)), 1.0)
    return np.stack((levels, typical), axis=-1).tolist()


def training_range(samples: Dataset, with_words: bool, with_scales: bool, most_questions: int = 5000) -> TrainingRange:
    """Extent of the prompts of training samples.

    Args:
        samples: with `messages` and `time_series`.
        with_words: whether to keep the words of the questions, those of the first `most_questions`.
        with_scales: whether to keep levels and scales of the series; for a model that reads them.
        most_questions: number of questions whose words are kept.
    """
    counts, lengths = (np.concatenate(parts) for parts in zip(*counts_and_lengths(samples), strict=True))
    scales: tuple[SeriesScale, ...] = ()
    if with_scales:
        scales = scales_of(counts, *(np.concatenate(parts) for parts in zip(*_series_moments(samples), strict=True)))
    texts = samples.select_columns("messages").take(min(most_questions, len(samples)))
    questions = (question for sample in texts for question in asked_in(sample["messages"]))
    return TrainingRange.of(counts, lengths, questions, with_words, scales)
