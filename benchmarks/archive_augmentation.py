"""Augmentation in the closed-form fit of the archive recipe: accuracy by cross-validation within training samples.

python -m benchmarks.archive_augmentation [--archives GunPoint ...] [--copies 2]

The features are those of random convolutions, as in `training/random_convolutions.py`; a ridge regression of the
classes is fitted to samples and to augmented copies of them, with the penalty of the least error where a sample and
its copies are left out together. Five folds, twice; then three and six samples of each class, drawn ten times, and the
others held out. The test splits are not read. A number is the strength, a share of the deviation of a series (jitter),
of its amplitude (scaling), of its length (crop, stretched to its length again) or of the pace (warp); one series of a
sample is replaced by its mean (channel); mixup is that of the features and classes of two samples.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from datasets import Dataset, concatenate_datasets

from benchmarks.archive_encoders import ARCHIVES
from ts_llm_fusion.data.qa.archives import ArchiveSource
from ts_llm_fusion.evaluation.report import results_table
from ts_llm_fusion.modeling.configuration_random_convolutions import RandomConvolutionConfig
from ts_llm_fusion.modeling.modeling_random_convolutions import RandomConvolutionModel
from ts_llm_fusion.processing.feature_extraction_time_series import TimeSeriesFeatureExtractor
from ts_llm_fusion.training.random_convolutions import decompose, fit_random_convolutions, random_convolutions_for

Sample = list[np.ndarray]
PENALTIES = torch.logspace(-6, 0, 13, dtype=torch.float64)
MIXUP = "mixup"


def stretched(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Values at fractional steps, by linear interpolation."""
    return np.interp(places, np.arange(len(values)), values)


def jitter(sample: Sample, strength: float, rng: np.random.Generator) -> Sample:
    return [values + strength * values.std() * rng.normal(size=len(values)) for values in sample]


def scaling(sample: Sample, strength: float, rng: np.random.Generator) -> Sample:
    return [values * np.exp(strength * rng.normal()) for values in sample]


def crop(sample: Sample, strength: float, rng: np.random.Generator) -> Sample:
    kept, start = 1 - strength * rng.random(), rng.random()
    shares = (1 - kept) * start + kept * np.linspace(0, 1, 1000)
    return warped(sample, shares)


def warp(sample: Sample, strength: float, rng: np.random.Generator) -> Sample:
    pace = np.interp(np.linspace(0, 4, 999), np.arange(5), np.exp(strength * rng.normal(size=5)))
    shares = np.append(0, pace.cumsum()) / pace.sum()
    return warped(sample, shares)


def warped(sample: Sample, shares: np.ndarray) -> Sample:
    """Series whose steps are taken at other shares of their length, given at 1,000 even places."""
    return [
        stretched(
            values, (len(values) - 1) * np.interp(np.linspace(0, 1, len(values)), np.linspace(0, 1, 1000), shares)
        )
        for values in sample
    ]


def channel(sample: Sample, strength: float, rng: np.random.Generator) -> Sample:
    left_out = rng.integers(len(sample)) if len(sample) > 1 else None
    return [np.full_like(values, values.mean()) if row == left_out else values for row, values in enumerate(sample)]


def together(sample: Sample, strength: float, rng: np.random.Generator) -> Sample:
    for change, share in ((jitter, 0.1), (scaling, 0.1), (crop, 0.1), (warp, 0.2), (channel, 1.0)):
        sample = change(sample, share, rng)
    return sample


CHANGES: dict[str, tuple[Callable[[Sample, float, np.random.Generator], Sample], float]] = {
    "jitter 0.1": (jitter, 0.1),
    "jitter 0.3": (jitter, 0.3),
    "scaling 0.1": (scaling, 0.1),
    "scaling 0.3": (scaling, 0.3),
    "crop 0.1": (crop, 0.1),
    "crop 0.3": (crop, 0.3),
    "warp 0.2": (warp, 0.2),
    "warp 0.5": (warp, 0.5),
    "channel": (channel, 1.0),
    "all of them": (together, 1.0),
}


@torch.no_grad()
def features_of(encoder: RandomConvolutionModel, samples: list[Sample]) -> torch.Tensor:
    extractor, parts = TimeSeriesFeatureExtractor(return_scales=True), []
    for start in range(0, len(samples), 64):
        batch = extractor(samples[start : start + 64])
        parts.append(encoder.features(batch["time_series"], batch["time_series_mask"], batch["time_series_scales"]))
    return (torch.cat(parts).double() - encoder.feature_mean) * encoder.feature_scale


def fit(features: torch.Tensor, targets: torch.Tensor, size: int) -> tuple[torch.Tensor, ...]:
    """Ridge regression of samples, `size` of them, and as many augmented ones for each copy, in the same order."""
    copies = len(features) // size
    mean, middle = features.mean(0), targets.mean(0)
    left, squares = decompose(features - mean)
    projected = left.T @ (targets - middle)

    def by_sample(rows: torch.Tensor) -> torch.Tensor:
        return rows.view(copies, size, -1).transpose(0, 1)

    errors = []
    for penalty in PENALTIES * len(features):
        shrink = squares / (squares + penalty)
        residual = by_sample(targets - middle - left @ (shrink[:, None] * projected))
        hat = (by_sample(left) * shrink) @ by_sample(left).transpose(1, 2) + 1 / len(features)
        # A sample without itself and its copies; a little is added, because copies may be the same.
        left_out = torch.linalg.solve((1 + 1e-9) * torch.eye(copies, dtype=hat.dtype) - hat, residual)
        errors.append(left_out[:, 0].square().mean())
    best = PENALTIES[torch.stack(errors).argmin()] * len(features)
    return mean, (features - mean).T @ (left @ (projected / (squares + best)[:, None])), middle


def accuracy(
    fitted_to: tuple[torch.Tensor, torch.Tensor], size: int, held_out: tuple[torch.Tensor, torch.Tensor]
) -> float:
    """Share of held-out samples whose class a ridge regression scores highest; pairs of features and targets."""
    mean, weights, middle = fit(*fitted_to, size)
    features, targets = held_out
    scores = (features - mean) @ weights + middle
    return (scores.argmax(1) == targets.argmax(1)).double().mean().item()


def load_samples(archive: str) -> tuple[Dataset, np.ndarray, list[str], torch.Tensor]:
    """Training and validation samples of an archive, their labels, the classes, and targets of 1 and -1."""
    data: Any = ArchiveSource(archive).prepare()
    samples: Dataset = concatenate_datasets([data.splits["train"], data.splits["validation"]])
    labels = np.asarray(samples["answer"])
    classes = sorted(set(labels))
    targets = torch.tensor(labels[:, None] == np.asarray(classes)).double() * 2 - 1
    return samples, labels, classes, targets


def print_tables(found: dict[str, dict[str, dict[str, float]]]) -> None:
    """Print a table for each kind of splits, of archive -> splits -> name -> accuracy, with the mean of archives."""
    for setting, names in next(iter(found.values())).items():
        rows = {}
        for name in names:
            values = {archive: by_setting[setting][name] for archive, by_setting in found.items()}
            rows[name] = {**values, "mean": float(np.mean(list(values.values())))}
        print(f"\n{setting}\n{results_table(rows)}")


def mixed(features: torch.Tensor, targets: torch.Tensor, rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """Mixup (arXiv 1710.09412) of each sample with another."""
    share = torch.tensor(rng.beta(0.4, 0.4, size=len(features)))[:, None]
    other = torch.tensor(rng.permutation(len(features)))
    return tuple(share * rows + (1 - share) * rows[other] for rows in (features, targets))


def draw_splits(labels: np.ndarray, rng: np.random.Generator) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Rows to fit and rows to test on."""
    everything = np.arange(len(labels))
    folds = [fold for _ in range(2) for fold in np.array_split(rng.permutation(everything), 5)]
    splits = {"five folds": [(np.setdiff1d(everything, fold), fold) for fold in folds]}
    for count in (3, 6):
        drawn = [
            np.concatenate(
                [rng.choice(np.flatnonzero(labels == label), count, replace=False) for label in np.unique(labels)]
            )
            for _ in range(10)
        ]
        splits[f"{count} of a class"] = [(rows, np.setdiff1d(everything, rows)) for rows in drawn]
    return splits


def evaluate(archive: str, copies: int) -> dict[str, dict[str, float]]:
    """Splits -> change -> accuracy."""
    samples, labels, classes, targets = load_samples(archive)
    config = RandomConvolutionConfig(**random_convolutions_for({}, samples, len(classes), seed=1))
    encoder = RandomConvolutionModel(config).eval()
    # Thresholds and moments do not know the classes.
    fit_random_convolutions(encoder, TimeSeriesFeatureExtractor(return_scales=True), samples, classes)
    series = [[np.asarray(values) for values in sample] for sample in samples["time_series"]]
    features = features_of(encoder, series)
    augmented = {
        name: [
            features_of(
                encoder,
                [change(sample, strength, np.random.default_rng([row, copy])) for row, sample in enumerate(series)],
            )
            for copy in range(copies)
        ]
        for name, (change, strength) in CHANGES.items()
    }
    rng = np.random.default_rng(0)
    found: dict[str, dict[str, float]] = {}
    for setting, splits in draw_splits(labels, rng).items():
        for name in ("none", *CHANGES, MIXUP):
            right = []
            for rows, held_out in splits:
                pairs = [(features[rows], targets[rows])]
                if name == MIXUP:
                    pairs += [mixed(*pairs[0], rng) for _ in range(copies)]
                elif name in augmented:
                    pairs += [(copy[rows], targets[rows]) for copy in augmented[name]]
                inputs, outputs = (torch.cat(parts) for parts in zip(*pairs, strict=True))
                right.append(accuracy((inputs, outputs), len(rows), (features[held_out], targets[held_out])))
            found.setdefault(setting, {})[name] = float(np.mean(right))
    return found


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archives", nargs="+", default=ARCHIVES)
    parser.add_argument("--copies", type=int, default=2, help="augmented copies of each sample")
    options = parser.parse_args()
    found = {}
    for archive in options.archives:
        found[archive] = evaluate(archive, options.copies)
        print(f"{archive}: {found[archive]}", flush=True)
    print_tables(found)


if __name__ == "__main__":
    main()
