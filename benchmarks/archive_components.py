"""Descriptions of series by random convolutions with and without samples to be fitted to, read by a ridge regression.

python -m benchmarks.archive_components [--archives GunPoint ...]

`fitted` are the features of `configs/tslm/archive.yaml`, of all series of a sample at once, whose biases and moments
are those of the samples. The others describe each series alone and know no sample: the shares above biases of white
noise, and principal components of the shares of synthetic series, as `python -m benchmarks.built_in_encoder` makes
them. A component is divided by a power of its deviation: 0 leaves it as it is, 1 gives all the same variance. Level,
scale and length of each series are features beside them. Accuracy on held-out training samples, by the splits of
`python -m benchmarks.archive_augmentation`; the test splits are not read.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import torch
from datasets import Dataset

from benchmarks.archive_augmentation import accuracy, draw_splits, features_of, load_samples, print_tables
from benchmarks.archive_encoders import ARCHIVES
from benchmarks.built_in_encoder import histories
from ts_llm_fusion.modeling.configuration_ts_encoder import TSEncoderConfig
from ts_llm_fusion.modeling.modeling_convolution_components import ConvolutionComponents
from ts_llm_fusion.processing.feature_extraction_time_series import TimeSeriesFeatureExtractor
from ts_llm_fusion.training.convolution_components import fit_convolution_components
from ts_llm_fusion.training.random_convolutions import fitted_random_convolutions

COUNTS, POWERS = (32, 96, 192), (0.0, 0.5, 1.0)


def as_block(features: torch.Tensor) -> torch.Tensor:
    """Features (samples, ...) as (samples, features) whose variances sum to 1."""
    features = features.flatten(1).double()
    features = features - features.mean(0)
    return features / features.square().mean(0).sum().sqrt()


@torch.no_grad()
def descriptions(
    samples: Dataset, classes: list[str], module: ConvolutionComponents
) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield names and features (samples, features) of samples."""
    fitted = fitted_random_convolutions(samples, classes, seed=1)
    series = [[np.asarray(values) for values in sample] for sample in samples["time_series"]]
    yield "fitted", features_of(fitted, series)
    inputs = TimeSeriesFeatureExtractor(return_scales=True)(series)
    values, observed = inputs["time_series"], inputs["time_series_mask"].bool()
    scales = inputs["time_series_scales"].flatten(1).double()
    scales = as_block((scales - scales.mean(0)) / scales.std(0, correction=0).clamp(min=1e-5))
    shares = torch.cat([module.shares(*rows) for rows in zip(values, observed, strict=True)]) - module.mean
    yield "1,008 shares", torch.cat((as_block(shares.view(len(values), -1)), scales), 1)
    numbers = shares @ module.components
    # A component is divided by the root of its deviation, and so its number varies by that root.
    deviations = module.components.square().sum(0) ** -1
    for count in COUNTS:
        for power in POWERS:
            part = numbers[:, :count] * deviations[:count] ** (0.5 - power)
            yield f"{count} components, power {power:g}", torch.cat((as_block(part.view(len(values), -1)), scales), 1)


def evaluate(archive: str, module: ConvolutionComponents) -> dict[str, dict[str, float]]:
    """Splits -> description -> accuracy."""
    samples, labels, classes, targets = load_samples(archive)
    splits = draw_splits(labels, np.random.default_rng(0))
    found: dict[str, dict[str, float]] = {setting: {} for setting in splits}
    for name, features in descriptions(samples, classes, module):
        for setting, pairs in splits.items():
            right = [
                accuracy((features[rows], targets[rows]), len(rows), (features[held_out], targets[held_out]))
                for rows, held_out in pairs
            ]
            found[setting][name] = float(np.mean(right))
    return found


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archives", nargs="+", default=ARCHIVES)
    parser.add_argument("--series", type=int, default=2000, help="synthetic series of the components")
    options = parser.parse_args()
    torch.manual_seed(1)
    module = ConvolutionComponents(TSEncoderConfig(convolution_components=max(COUNTS)))
    module.init_buffers()
    fit_convolution_components(module, map(list, histories(options.series, seed=1)))
    print_tables({archive: evaluate(archive, module) for archive in options.archives})


if __name__ == "__main__":
    main()
