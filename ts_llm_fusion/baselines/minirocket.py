"""MiniRocket with a ridge classifier, the usual strong baseline for the classification of series."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import torch
from datasets import Dataset
from torch.nn.functional import conv1d

from ..requirements import require

_KERNELS, _KERNEL_LENGTH = 84, 9
_FEATURES, _MOST_DILATIONS, _MOST_SERIES = 9996, 32, 9
_GOLDEN_RATIO = (5**0.5 - 1) / 2
_BATCH_SIZE = 32


def _resampled(values: np.ndarray, length: int) -> np.ndarray:
    """Series of another length, by linear interpolation, also over missing values."""
    observed = np.flatnonzero(np.isfinite(values))
    if not len(observed):
        return np.zeros(length)
    return np.interp(np.linspace(0, len(values) - 1, length), observed, values[observed])


def stacked_series(samples: Dataset, series: int, length: int) -> torch.Tensor:
    """Series of samples, float32 (samples, series, length): resampled to one length, 0 where a sample has fewer."""
    found = torch.zeros(len(samples), series, length)
    for row, sample in enumerate(samples.select_columns("time_series")):
        for column, values in enumerate(sample["time_series"][:series]):
            found[row, column] = torch.tensor(_resampled(np.asarray(values, dtype=float), length))
    return found


def shape_of(samples: Dataset) -> tuple[int, int]:
    """Largest number of series of a sample, and largest number of steps of a series."""
    series, steps = 0, 0
    for batch in samples.select_columns("time_series").with_format("arrow").iter(1000):
        column: pa.ListArray = batch["time_series"].combine_chunks()
        series = max(series, int(column.value_lengths().to_numpy().max(initial=0)))
        steps = max(steps, int(column.flatten().value_lengths().to_numpy().max(initial=0)))
    return series, steps


class MiniRocket:
    """MiniRocket (Dempster et al., arXiv 2012.08791) for one or several series of one length.

    Args:
        values: training samples, float32 (samples, series, time).
        seed: of the draws of series and samples.
    """

    def __init__(self, values: torch.Tensor, seed: int = 0):
        generator = np.random.default_rng(seed)
        count, series, time = values.shape
        places = torch.combinations(torch.arange(_KERNEL_LENGTH), 3)
        kernels = torch.full((_KERNELS, _KERNEL_LENGTH), -1.0).scatter(1, places, 2.0)
        self.kernels = kernels[:, None]
        per_kernel = _FEATURES // _KERNELS
        exponents = np.linspace(0, np.log2(max((time - 1) / (_KERNEL_LENGTH - 1), 1)), _MOST_DILATIONS)
        dilations, repeats = np.unique((2**exponents).astype(int), return_counts=True)
        features = repeats * (per_kernel // _MOST_DILATIONS)
        features[: per_kernel - features.sum()] += 1
        features[0] += per_kernel - features.sum()
        self.dilations, self.reads, self.biases = dilations.tolist(), [], []
        used = 0
        for index, (dilation, number) in enumerate(zip(self.dilations, features, strict=True)):
            reads = torch.zeros(_KERNELS, series)
            sizes = (2 ** generator.uniform(0, np.log2(min(series, _MOST_SERIES) + 1), _KERNELS)).astype(int)
            for kernel, size in enumerate(sizes):
                reads[kernel, generator.permutation(series)[:size]] = 1
            self.reads.append(reads)
            levels = torch.tensor((np.arange(used + 1, used + 1 + _KERNELS * number) * _GOLDEN_RATIO) % 1)
            used += _KERNELS * number
            drawn = generator.integers(count, size=_KERNELS)
            answers = self._answers(values[drawn], index)[np.arange(_KERNELS), np.arange(_KERNELS)]
            # Every second kernel looks at whole windows alone.
            inside = self._inside(time, dilation, index)
            self.biases.append(
                torch.stack(
                    [
                        torch.quantile(answer[mask], level.float())
                        for answer, mask, level in zip(answers, inside, levels.view(_KERNELS, -1), strict=True)
                    ]
                )
            )

    def _answers(self, values: torch.Tensor, index: int) -> torch.Tensor:
        """Answers of the kernels of a dilation, (samples, 84, time)."""
        dilation = self.dilations[index]
        sums = torch.einsum("ks,nst->nkt", self.reads[index], values)
        return conv1d(sums, self.kernels, None, 1, dilation * (_KERNEL_LENGTH // 2), dilation, _KERNELS)

    def _inside(self, time: int, dilation: int, index: int) -> torch.Tensor:
        """Bool mask (84, time) of the places that count for each kernel."""
        reach = dilation * (_KERNEL_LENGTH // 2)
        inside = torch.ones(_KERNELS, time, dtype=torch.bool)
        if time > 2 * reach:
            whole = (torch.arange(_KERNELS) + index) % 2 == 1
            inside[whole, :reach] = False
            inside[whole, time - reach :] = False
        return inside

    def _batches(self, values: torch.Tensor) -> Iterator[torch.Tensor]:
        for part in values.split(_BATCH_SIZE):
            features = []
            for index, dilation in enumerate(self.dilations):
                inside = self._inside(values.shape[-1], dilation, index)
                answers = self._answers(part, index)
                above = (answers[:, :, None] > self.biases[index][..., None]) & inside[:, None]
                features.append((above.sum(-1) / inside.sum(-1)[:, None]).flatten(1))
            yield torch.cat(features, 1)

    def __call__(self, values: torch.Tensor) -> np.ndarray:
        """Features (samples, 9996) float32 of samples like those of the training."""
        return torch.cat(list(self._batches(values))).numpy()


def fit_minirocket(
    train: Dataset, answers: Sequence[str], folds: Sequence[tuple[np.ndarray, np.ndarray]] | None = None
):
    """Fit MiniRocket and scikit-learn's `RidgeClassifierCV`, as its paper does.

    Args:
        train: samples with `time_series`; those of other lengths are resampled to the longest.
        answers: the class of each.
        folds: rows to fit by and to choose the penalty by; leave-one-out errors choose it by default.

    Returns:
        Function from samples to their classes.

    Raises:
        MissingPackageError: scikit-learn is not installed.
    """
    linear_model, pipeline, preprocessing = (
        require(f"sklearn.{module}", "evaluation") for module in ("linear_model", "pipeline", "preprocessing")
    )
    series, length = shape_of(train)
    length = max(length, _KERNEL_LENGTH)
    values = stacked_series(train, series, length)
    rocket = MiniRocket(values)
    ridge = linear_model.RidgeClassifierCV(alphas=np.logspace(-3, 3, 10), cv=folds)
    model = pipeline.make_pipeline(preprocessing.StandardScaler(with_mean=False), ridge)
    model.fit(rocket(values), list(answers))
    return lambda samples: model.predict(rocket(stacked_series(samples, series, length))).tolist()
