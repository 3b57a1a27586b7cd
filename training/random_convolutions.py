"""Closed-form fit of the encoder of random convolutions to a training set."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from datasets import Dataset

from ..errors import UserError
from ..modeling.configuration_random_convolutions import RandomConvolutionConfig
from ..modeling.modeling_random_convolutions import RandomConvolutionModel, quantile_levels
from ..processing.feature_extraction_time_series import TimeSeriesFeatureExtractor

_BATCH_SIZE = 64
# Samples that biases are drawn from.
_BIAS_SAMPLES = 256
# Weight of the scales of the series among the features, as that of its convolutions.
_SCALES_WEIGHT = 1.0
_PENALTIES = torch.logspace(-4, 2, 13, dtype=torch.float64)
_LOG_DEVIATION, _IS_CONSTANT = 1, 6
# Kernels of nine weights reach over a series at the largest dilation; places beyond a few hundred add no information.
_REACH, _MOST_DILATIONS, _MOST_PLACES = 8, 6, 512
_COMPONENTS = 32

Inputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def random_convolutions_for(fields: Mapping[str, Any], samples: Dataset, num_labels: int, seed: int) -> dict[str, Any]:
    """Complete the configuration of an encoder of random convolutions by the size of a training set.

    Args:
        fields: of `RandomConvolutionConfig`, which stay as they are.
        samples: training samples with `time_series`.
        num_labels: number of possible answers, each a row of the projection.
        seed: default of the seed of the encoder.

    Raises:
        ValueError: samples with different numbers of series.
    """
    counts, lengths = [], [1]
    for batch in samples.select_columns("time_series").with_format("arrow").iter(1000):
        column = batch["time_series"].combine_chunks()
        counts += column.value_lengths().to_pylist()
        lengths.append(column.flatten().value_lengths().to_numpy().max(initial=1))
    if min(counts) != max(counts) or not counts[0]:
        raise UserError(
            f"samples have {min(counts)} to {max(counts)} series; {RandomConvolutionConfig.model_type} reads samples "
            "of the same series, so take another encoder_config."
        )
    longest = int(max(lengths))
    powers = np.linspace(0, np.log2(max((longest - 1) // _REACH, 1)), _MOST_DILATIONS)
    return {
        "num_series": counts[0],
        "hidden_size": num_labels + _COMPONENTS,
        "dilations": sorted({int(2**power) for power in powers}),
        "stride": -(-longest // _MOST_PLACES),
        "seed": seed,
        **fields,
    }


def _batches(samples: Dataset, extractor: TimeSeriesFeatureExtractor, rows: Sequence[int]) -> Iterator[Inputs]:
    for start in range(0, len(rows), _BATCH_SIZE):
        series = samples.select(rows[start : start + _BATCH_SIZE])["time_series"]
        batch = extractor(list(series))
        yield batch["time_series"], batch["time_series_mask"], batch["time_series_scales"]


def typical_deviations(scales: torch.Tensor) -> torch.Tensor:
    """Logarithm (series,) of the root mean square of the deviations of each series; 0 where it is constant.

    Args:
        scales: `time_series_scales` of training samples, (samples, series, 7).
    """
    varies = scales[..., _IS_CONSTANT] == 0
    squares = (2 * scales[..., _LOG_DEVIATION].double()).masked_fill(~varies, -torch.inf)
    typical = (squares.logsumexp(0) - varies.sum(0).clamp(min=1).log()) / 2
    return typical.masked_fill(~varies.any(0), 0.0).float()


def fit_biases(encoder: RandomConvolutionModel, inputs: Inputs, generator: torch.Generator) -> None:
    """Set the biases of each kernel to quantiles of its answers to one of the samples, drawn at random."""
    levels = quantile_levels(encoder.config)
    outside = ~encoder.places(inputs[1])
    for order, index, answers in encoder.answers(*inputs):
        count = answers.shape[1]
        drawn = torch.randint(len(answers), (count,), generator=generator)
        chosen = answers[drawn, torch.arange(count)].masked_fill(outside[drawn], torch.nan)
        for kernel in range(count):
            encoder.biases[order, index, kernel] = torch.nanquantile(chosen[kernel], levels[order, index, kernel])


def ridge_scores(features: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Ridge regression with the penalty of the least leave-one-out error among `_PENALTIES`.

    Args:
        features: float64 (samples, features), of mean 0.
        targets: float64 (samples, targets).

    Returns:
        Weights (features, targets) and intercepts (targets,).
    """
    mean = targets.mean(0)
    left, values, right = torch.linalg.svd(features, full_matrices=False)
    projected = left.T @ (targets - mean)
    best = None
    for penalty in _PENALTIES * len(features) / 100:
        shrink = values.square() / (values.square() + penalty)
        residual = targets - mean - left @ (shrink[:, None] * projected)
        leverage = left.square() @ shrink + 1 / len(features)
        error = (residual / (1 - leverage).clamp(min=1e-12)[:, None]).square().mean()
        if best is None or error < best[0]:
            best = error, penalty
    weights = right.T @ ((values / (values.square() + best[1]))[:, None] * projected)
    return weights, mean


@torch.no_grad()
def fit_random_convolutions(
    encoder: RandomConvolutionModel,
    extractor: TimeSeriesFeatureExtractor,
    samples: Dataset,
    labels: Sequence[str],
) -> None:
    """Fit deviations, biases, moments and projection of an encoder to training samples.

    The first rows of the projection are a ridge regression of the classes on the standardized features, the others
    their principal components, of variance 1.

    Args:
        encoder: of a new model, whose `num_series` is that of every sample.
        extractor: of its processor.
        samples: training samples with `time_series` and `answer`.
        labels: the possible answers.
    """
    generator = torch.Generator().manual_seed(encoder.config.seed)
    rows = range(len(samples))
    scales = torch.cat([batch[2] for batch in _batches(samples, extractor, rows)])
    encoder.log_deviations.copy_(typical_deviations(scales))
    drawn = torch.randperm(len(samples), generator=generator)[:_BIAS_SAMPLES].tolist()
    series = [samples[row]["time_series"] for row in drawn]
    batch = extractor(series)
    fit_biases(encoder, (batch["time_series"], batch["time_series_mask"], batch["time_series_scales"]), generator)
    features = torch.cat([encoder.features(*batch) for batch in _batches(samples, extractor, rows)]).double()
    mean, deviation = features.mean(0), features.std(0, correction=0)
    count = encoder.config.num_features
    weight = torch.full_like(mean, (_SCALES_WEIGHT / (len(mean) - count)) ** 0.5)
    weight[:count] = count**-0.5
    factor = torch.where(deviation > 1e-5, weight / deviation.clamp(min=1e-5), 0.0)
    encoder.feature_mean.copy_(mean)
    encoder.feature_scale.copy_(factor)
    standardized = (features - mean) * factor
    classes = np.asarray(labels)
    targets = torch.tensor(np.asarray(samples["answer"])[:, None] == classes).double() * 2 - 1
    weights, intercepts = ridge_scores(standardized, targets)
    _, values, right = torch.linalg.svd(standardized, full_matrices=False)
    left_over = encoder.config.hidden_size - len(labels)
    used = min(left_over, int((values > 1e-4 * values[0]).sum()))
    encoder.projection.weight.zero_()
    encoder.projection.bias.zero_()
    encoder.projection.weight[: len(labels)] = weights.T
    encoder.projection.bias[: len(labels)] = intercepts
    components = right[:used] / values[:used, None] * len(samples) ** 0.5
    encoder.projection.weight[len(labels) : len(labels) + used] = components
