"""Head of the TSFusion forecaster: weights of the experts, and quantiles about their mean."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .configuration_tsfusion import TSFusionConfig


class GateProjection(nn.Linear):
    """Last layer of the gate."""


def normal_quantile(levels: Tensor) -> Tensor:
    """Standard normal quantiles of levels between 0 and 1."""
    return torch.special.ndtri(levels.double()).float()


def about_median(widths: Tensor, middle: int) -> Tensor:
    """Quantiles less the median, (..., levels), by the widths between two levels; that of `middle` is the median."""
    below = -widths[..., :middle].flip(-1).cumsum(-1).flip(-1)
    above = widths[..., middle:].cumsum(-1)
    return torch.cat((below, torch.zeros_like(widths[..., :1]), above), -1)


class TSFusionHead(nn.Module):
    """Head that maps states of the gate to weights of the experts and to quantiles about their mean."""

    def __init__(self, config: TSFusionConfig):
        super().__init__()
        self.levels = list(config.quantile_levels)
        self.sizes = (len(config.experts), len(config.spreads), 1, len(self.levels) - 1)
        # Logits of experts and spreads, a factor of the spread, and the widths between two levels.
        self.projection = GateProjection(config.hidden_size, sum(self.sizes))

    def forward(self, encoded: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Weights (series, steps, experts), median (series, steps), and quantiles less the median (..., levels)."""
        at_knots = self.projection(encoded.last_hidden_state).float()
        # Linear in the logarithm of the step, between the knots 1, 2, 4, ...
        place = encoded.steps.float().log2()
        left = place.floor().long().clamp(max=at_knots.shape[1] - 1)
        right = (left + 1).clamp(max=at_knots.shape[1] - 1)
        size = at_knots.shape[-1]
        before = at_knots.gather(1, left[..., None].expand(-1, -1, size))
        after = at_knots.gather(1, right[..., None].expand(-1, -1, size))
        outputs = before + (place - left)[..., None] * (after - before)
        experts, spreads, factor, widths = outputs.split(self.sizes, -1)

        experts = experts.masked_fill(encoded.available[:, None] == 0, -torch.inf)
        weights = experts.softmax(-1)
        median = (weights * encoded.expert_forecasts).sum(-1)
        spread = ((spreads.softmax(-1) * encoded.spreads.log()).sum(-1, keepdim=True) + factor.clamp(-4, 4)).exp()
        # Without training the quantiles are those of a normal distribution.
        normal = normal_quantile(torch.tensor(self.levels, device=widths.device))
        start = torch.tensor(1.0, device=widths.device).expm1().log()
        widths = nn.functional.softplus(widths + start) * (normal[1:] - normal[:-1]) * spread
        return weights, median, about_median(widths, self.levels.index(0.5))


def never_shrinking(widths: Tensor, period: Tensor, contrast: Tensor) -> Tensor:
    """Widths between two levels (series, steps, levels - 1), made such that they do not shrink over the steps.

    They are the running maximum where the contrast (series,) of the season is 0. With growing contrast they come
    closer to the widths of each step, and at 1 they only do not shrink from one step of a season of `period`
    (series, 1) to the same one of the next.
    """
    largest = widths.cummax(1).values
    widths = largest + contrast[:, None, None] * (widths - largest)
    steps = torch.arange(widths.shape[1], device=widths.device)
    # After k rounds, the maximum over 2^k cycles.
    for doubling in range((widths.shape[1] - 1).bit_length()):
        earlier = (steps - 2**doubling * period).expand(widths.shape[:2])[..., None]
        before = widths.gather(1, earlier.clamp(min=0).expand_as(widths))
        widths = torch.where(earlier >= 0, torch.maximum(widths, before), widths)
    return widths


def quantile_interpolation(known: Sequence[float], wanted: Tensor) -> Tensor:
    """Matrix (wanted, known) that maps quantiles at known levels to quantiles at wanted levels.

    Linear in the standard normal quantile of the level, continued beyond the outermost levels: exact for a normal
    distribution, and never crossing where the known quantiles do not.
    """
    knots = normal_quantile(torch.tensor(known, device=wanted.device))
    places = normal_quantile(wanted)
    right = torch.searchsorted(knots, places).clamp(1, len(knots) - 1)
    share = (places - knots[right - 1]) / (knots[right] - knots[right - 1])
    matrix = torch.zeros(len(places), len(knots), device=wanted.device)
    matrix.scatter_(1, right[:, None], share[:, None])
    return matrix.scatter_add(1, right[:, None] - 1, 1 - share[:, None])


__all__ = [
    "GateProjection",
    "TSFusionHead",
    "about_median",
    "never_shrinking",
    "normal_quantile",
    "quantile_interpolation",
]
