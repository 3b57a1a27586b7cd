"""Principal components of random convolutions, from series of any kind."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from ..modeling.modeling_convolution_components import ConvolutionComponents
from ..processing.feature_extraction_time_series import TimeSeriesFeatureExtractor


@torch.no_grad()
def fit_convolution_components(module: ConvolutionComponents, batches: Iterable[Sequence[np.ndarray]]) -> None:
    """Set the components of a module to the first ones of the shares of series, without labels.

    A component is divided by the root of its deviation. Its number then varies by that root: of the numbers as they
    are the first vary a hundred times more than the last, and those of variance 1 magnify noise.

    Args:
        module: of a new encoder.
        batches: lists of series (time,), more series in all than components.

    Raises:
        ValueError: no more series than components.
    """
    extractor = TimeSeriesFeatureExtractor()
    found = []
    for series in batches:
        inputs = extractor([[values] for values in series])
        found.append(module.shares(inputs["time_series"][:, 0], inputs["time_series_mask"][:, 0].bool()))
    shares = torch.cat(found).double()
    count = module.components.shape[1]
    if len(shares) <= count:
        raise ValueError(f"there are {len(shares)} series; {count} components need more.")
    mean = shares.mean(0)
    _, singular, directions = torch.linalg.svd(shares - mean, full_matrices=False)
    deviations = singular[:count] / len(shares) ** 0.5
    module.mean.copy_(mean)
    module.components.copy_(directions[:count].T * deviations**-0.5)


__all__ = ["fit_convolution_components"]
