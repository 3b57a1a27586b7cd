"""Quantile forecasts of which each is made from the one before: sample paths through them, and their mixture."""

from collections.abc import Sequence

import torch

# Number of sample paths, even.
NUM_PATHS = 32
# Of the seeds 0 to 11, the one whose paths give a random walk the truest band over 64 blocks: 0.93 to 1.09 times the
# true width over the first 16.
_SEED = 4


def path_scores(num_blocks: int) -> torch.Tensor:
    """Normal scores of the sample paths in each block, float64 (NUM_PATHS, num_blocks), the same in every call.

    In each block they have mean 0 and variance 1, and over 15 blocks at a time they are uncorrelated, so that few
    paths suffice. A second half mirrors the first: the forecast of a series upside down is the forecast upside down.
    """
    half = NUM_PATHS // 2
    generator = torch.Generator().manual_seed(_SEED)
    spread = torch.special.ndtri((torch.arange(half, dtype=torch.float64) + 0.5) / half)
    parts = []
    for _ in range(0, num_blocks, half - 1):
        shuffled = torch.stack([spread[torch.randperm(half, generator=generator)] for _ in range(half - 1)], dim=1)
        orthogonal, triangle = torch.linalg.qr(shuffled)
        parts.append(orthogonal * triangle.diagonal().sign() * half**0.5)
    scores = torch.cat(parts, dim=1)[:, :num_blocks]
    return torch.cat((scores, -scores))


def sample_paths(quantiles: torch.Tensor, levels: Sequence[float], scores: torch.Tensor) -> torch.Tensor:
    """Values of distributions at one normal score each, linear in it, also beyond the outermost quantiles.

    Args:
        quantiles: (batch, paths, ..., levels).
        levels: their levels, rising.
        scores: of each path, (paths,).

    Returns:
        (batch, paths, ...); of a single level, its quantile.
    """
    if len(levels) == 1:
        return quantiles[..., 0]
    known, scores = torch.special.ndtri(quantiles.new_tensor(levels)), scores.to(quantiles).contiguous()
    above = torch.searchsorted(known, scores).clamp(1, len(levels) - 1)
    weight = (scores - known[above - 1]) / (known[above] - known[above - 1])
    shape = (-1, *[1] * (quantiles.ndim - 2))
    lower, upper = (quantiles.take_along_dim(x.view(1, *shape), dim=-1)[..., 0] for x in (above - 1, above))
    return torch.lerp(lower, upper, weight.view(shape[:-1]))


def mixture_quantiles(quantiles: torch.Tensor, levels: Sequence[float]) -> torch.Tensor:
    """Quantiles of an even mixture of distributions, each given by its quantiles.

    A quantile stands for the probability that is nearest to its level, so that distributions that are all the same
    have their own quantiles as those of the mixture.

    Args:
        quantiles: (..., distributions, levels).
        levels: their levels, rising.

    Returns:
        (..., levels).
    """
    share = quantiles.new_tensor(levels)
    borders = torch.cat((share.new_zeros(1), (share[1:] + share[:-1]) / 2, share.new_ones(1)))
    points, order = quantiles.flatten(-2).sort(-1)
    weights = borders.diff().repeat(quantiles.shape[-2])[order] / quantiles.shape[-2]
    positions = weights.cumsum(-1) - weights / 2
    wanted = share.expand(*points.shape[:-1], -1).contiguous()
    above = torch.searchsorted(positions, wanted).clamp(1, points.shape[-1] - 1)
    lower, upper = positions.gather(-1, above - 1), positions.gather(-1, above)
    weight = ((wanted - lower) / (upper - lower)).clamp(0, 1)
    return torch.lerp(points.gather(-1, above - 1), points.gather(-1, above), weight)


__all__ = ["NUM_PATHS", "mixture_quantiles", "path_scores", "sample_paths"]
