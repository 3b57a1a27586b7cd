"""Naive baselines for questions: the most frequent answer and a ridge classifier on simple features of the series.

Baselines are fitted on training samples and answer any samples of the same tasks. A further baseline, the language
model itself with the numbers as text, is trained by `series_as: text` in its recipe.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
from datasets import Dataset
from tqdm.auto import tqdm

from ..data.qa.rationales import final_answer
from ..data.qa.samples import without_letter
from ..requirements import MissingPackageError, require
from .minirocket import fit_minirocket, shape_of

logger = logging.getLogger(__name__)

# Samples with "task" and "time_series" -> their answers.
QuestionBaseline = Callable[[Dataset], list[str]]

_BATCH_SIZE = 1000
_QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
_LAGS = (1, 2, 3, 5, 8, 13, 21)
_BANDS = 8
_MOST_MINIROCKET_STEPS = 2_000_000
_MOST_FOLDS = 5
NUM_FEATURES = 4 + len(_QUANTILES) + len(_LAGS) + _BANDS


def series_features(values: np.ndarray) -> np.ndarray:
    """Simple features of series of one length; a missing value (NaN) counts as the mean of its series.

    Mean and logarithm of the standard deviation; then, after standardization, slope over the whole length, mean
    absolute change, quantiles, autocorrelations, and the shares of energy in frequency bands that double in width, up
    to half the sampling rate.

    Args:
        values: (series, time).

    Returns:
        (series, `NUM_FEATURES`) float64, all finite.
    """
    values = np.asarray(values, dtype=np.float64)
    count, length = values.shape
    observed = np.isfinite(values)
    mean = np.where(observed, values, 0).sum(1) / np.maximum(observed.sum(1), 1)
    centered = np.where(observed, values - mean[:, None], 0)
    deviation = np.sqrt(np.square(centered).mean(1))
    scaled = centered / np.where(deviation > 0, deviation, 1)[:, None]
    ramp = np.linspace(-1, 1, length) if length > 1 else np.zeros(length)
    slope = scaled @ ramp / max(np.square(ramp).sum(), 1)
    change = abs(np.diff(scaled, axis=1)).sum(1) / max(length - 1, 1)
    correlations = [
        np.einsum("nt,nt->n", scaled[:, :-lag], scaled[:, lag:]) / length if lag < length else np.zeros(count)
        for lag in _LAGS
    ]
    energy = np.square(abs(np.fft.rfft(scaled, axis=1)))[:, 1:]
    frequency = np.arange(1, energy.shape[1] + 1) / length
    band = np.clip(np.floor(np.log2(frequency / 0.5)).astype(int) + _BANDS, 0, _BANDS - 1)
    shares = energy @ (band[:, None] == np.arange(_BANDS)) / np.maximum(energy.sum(1, keepdims=True), 1e-12)
    columns = [mean, np.log(deviation + 1e-6), slope, change, *np.quantile(scaled, _QUANTILES, axis=1), *correlations]
    return np.column_stack([*columns, shares])


def _batch_features(samples: pa.ListArray, channels: int) -> np.ndarray:
    """Features (samples, channels * NUM_FEATURES) of a column of series; arguments as `sample_features`."""
    series = samples.flatten()
    counts = samples.value_lengths().to_numpy()
    sample = np.repeat(np.arange(len(samples)), counts)
    channel = np.arange(len(series)) - np.repeat(counts.cumsum() - counts, counts)
    lengths = series.value_lengths().to_numpy()
    starts = lengths.cumsum() - lengths
    values = series.flatten().to_numpy(zero_copy_only=False)
    features = np.zeros((len(samples), channels, NUM_FEATURES))
    for length in np.unique(lengths[lengths > 0]):
        rows = np.flatnonzero((lengths == length) & (channel < channels))
        features[sample[rows], channel[rows]] = series_features(values[starts[rows, None] + np.arange(length)])
    return features.reshape(len(samples), -1)


def _series_batches(samples: Dataset) -> Iterator[pa.ListArray]:
    """Yield the column of series in batches of samples, as Arrow arrays because Python lists are slow."""
    for batch in samples.select_columns("time_series").with_format("arrow").iter(_BATCH_SIZE):
        yield batch["time_series"].combine_chunks()


def sample_features(samples: Dataset, channels: int) -> np.ndarray:
    """Concatenated features of the first series of a sample, (samples, channels * `NUM_FEATURES`); 0 if absent."""
    return np.concatenate([_batch_features(batch, channels) for batch in _series_batches(samples)])


def _rows_by_task(samples: Dataset) -> dict[str, np.ndarray]:
    tasks = np.asarray(samples["task"])
    return {task: np.flatnonzero(tasks == task) for task in np.unique(tasks)}


def _final_answers(samples: Dataset) -> list[str]:
    return [final_answer(answer) for answer in samples["answer"]]


def majority(train: Dataset) -> QuestionBaseline:
    """Answer each task with its most frequent training answer; ties go to the first in the alphabet."""
    counts: dict[str, Counter[str]] = {}
    for task, answer in zip(train["task"], _final_answers(train), strict=True):
        counts.setdefault(task, Counter())[answer] += 1
    most = {task: min(counter, key=lambda answer: (-counter[answer], answer)) for task, counter in counts.items()}
    everywhere = sum(counts.values(), Counter()).most_common(1)[0][0]
    return lambda samples: [most.get(task, everywhere) for task in samples["task"]]


def penalty_folds(samples: Dataset) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Folds of samples by which a penalty is chosen: at most five, none of which shares a subject with another.

    None, for leave-one-out errors, where a sample has no subject or all have the same.
    """
    subjects = samples["subject"] if "subject" in samples.column_names else [None]
    if None in subjects or len(set(subjects)) < 2:
        return None
    model_selection = require("sklearn.model_selection", "evaluation")
    folds = model_selection.GroupKFold(min(len(set(subjects)), _MOST_FOLDS))
    return list(folds.split(np.zeros(len(samples)), groups=list(subjects)))


def ridge_classifier(train: Dataset, labels: Mapping[str, Sequence[str] | None]) -> QuestionBaseline:
    """Fit a `RidgeClassifierCV` of scikit-learn for each task on standardized `series_features`.

    It uses the series and the task, not the text of the question, so that its answers are options without letters. The
    penalty is chosen on the training samples, by `penalty_folds`. A task without a list of labels, or with a single
    answer, is answered as by `majority`.

    Raises:
        MissingPackageError: scikit-learn is not installed.
    """
    linear_model, pipeline, preprocessing = (
        require(f"sklearn.{module}", "evaluation") for module in ("linear_model", "pipeline", "preprocessing")
    )
    fallback = majority(train)
    answers = _final_answers(train)
    fitted = {}
    for task, rows in tqdm(_rows_by_task(train).items(), desc="ridge classifier", leave=False):
        task_labels = labels[task]
        classes = [without_letter(answers[row], task_labels or ()) for row in rows]
        if task_labels is None or len(set(classes)) < 2:
            continue
        samples = train.select(rows)
        channels = max(batch.value_lengths().to_numpy().max() for batch in _series_batches(samples))
        ridge = linear_model.RidgeClassifierCV(alphas=np.logspace(-1, 4, 11), cv=penalty_folds(samples))
        model = pipeline.make_pipeline(preprocessing.StandardScaler(), ridge)
        fitted[task] = channels, model.fit(sample_features(samples, channels), classes)

    def answer(samples: Dataset) -> list[str]:
        found = np.array(fallback(samples), dtype=object)
        for task, rows in _rows_by_task(samples).items():
            if task in fitted:
                channels, model = fitted[task]
                found[rows] = model.predict(sample_features(samples.select(rows), channels))
        return found.tolist()

    return answer


def make_question_baselines(
    train: Dataset, labels: Mapping[str, Sequence[str] | None], with_minirocket: bool = False
) -> dict[str, QuestionBaseline]:
    """Fit every baseline that applies; the ridge classifier needs series, labels and scikit-learn.

    Args:
        train: training samples.
        labels: task -> every possible answer, or `None` where answers are open.
        with_minirocket: whether to fit MiniRocket, too, for samples of a single task with labels; not for more than
            two million steps of training, which would take longer than a minute.
    """
    baselines = {"majority": majority(train)}
    has_labels = any(labels[task] is not None for task in set(train["task"]))
    if has_labels and any(train[0]["time_series"]):
        try:
            baselines["ridge classifier"] = ridge_classifier(train, labels)
            if with_minirocket and len(train) * shape_of(train)[1] <= _MOST_MINIROCKET_STEPS:
                baselines["MiniRocket and ridge"] = fit_minirocket(train, _final_answers(train), penalty_folds(train))
        except MissingPackageError as error:
            logger.warning("no ridge classifier among the baselines: %s", error)
    return baselines
