"""Layers for covariates of a forecaster."""

from typing import cast

import torch
from torch import nn


class ZeroInitLinear(nn.Linear):
    """Linear map that starts at 0, so that a model with covariates starts as the same model without them."""


class FutureCovariateHead(nn.Module):
    """Share of known covariates in a forecast, step by step, after the temporal decoder of TiDE (arXiv 2304.08424).

    It reads a covariate and its distance from its mean in the past, because a series is centered by its past, too:
    the average effect of a covariate there is no part of the centered forecast. The encoded past of a variable scales
    the hidden units, because an effect differs in strength and sign between variables.

    Args:
        num_covariates: features of a future step.
        in_features: width of the state of a variable.
        out_features: outputs of a step.
        width: hidden width.
    """

    def __init__(self, num_covariates: int, in_features: int, out_features: int, width: int = 64):
        super().__init__()
        self.future_projection = nn.Linear(2 * num_covariates, width)
        self.state_projection = nn.Linear(in_features, width)
        self.output = ZeroInitLinear(width, out_features)

    def forward(self, covariates: torch.Tensor, past_mean: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """Compute what covariates add to the forecast of each step, in standard deviations of the past.

        Args:
            covariates: of the future, (batch, time, num_covariates).
            past_mean: their mean in the past, (batch, 1, num_covariates).
            states: encoded past of each variable, (batch, variables, in_features).

        Returns:
            (batch, time, variables, out_features).
        """
        by_step = self.future_projection(torch.cat((covariates, covariates - past_mean), dim=-1))
        hidden = nn.functional.gelu(by_step)[:, :, None] * (1 + self.state_projection(states))[:, None]
        return self.output(hidden)


def checked_covariates(
    covariates: torch.Tensor | None, name: str, *shape: int, dtype: torch.dtype
) -> torch.Tensor | None:
    """Covariates with 0, their mean, where missing; None for a model that takes none.

    Raises:
        ValueError: covariates of another shape, or none for a model that takes some.
    """
    given = (0,) if covariates is None else tuple(covariates.shape)
    if not shape[-1] and not given[-1]:
        return None
    if given != shape:
        what = f"has shape {given}" if covariates is not None else "is missing"
        raise ValueError(f"{name} {what}; this model takes {shape if shape[-1] else 'none'}.")
    return cast(torch.Tensor, covariates).to(dtype).nan_to_num(nan=0.0)


__all__ = ["FutureCovariateHead", "ZeroInitLinear", "checked_covariates"]
