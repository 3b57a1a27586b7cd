"""Length and scale of the windows of a model."""

import torch
from torch import nn

# Standard deviation, as a share of the largest magnitude, below which a series is a constant with rounding errors.
_ROUNDING = {torch.float32: 1e-6, torch.float64: 1e-14}


def observed(values: torch.Tensor, observed_mask: torch.Tensor | None) -> torch.Tensor:
    """Boolean mask of the values that are neither NaN nor masked out."""
    mask = ~torch.isnan(values)
    return mask if observed_mask is None else mask & observed_mask.bool()


def fit_to_length(
    values: torch.Tensor, observed_mask: torch.Tensor | None, length: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Last `length` steps of (batch, time, channels), padded on the left with unobserved zeros, and their mask."""
    mask = observed(values, observed_mask)
    missing = length - values.shape[1]
    if missing > 0:
        return nn.functional.pad(values, (0, 0, missing, 0)), nn.functional.pad(mask, (0, 0, missing, 0))
    return values[:, -length:], mask[:, -length:]


def standardize(values: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Standardize every series of a window by its observed values; unobserved values become 0.

    The series is first divided by its largest magnitude, so that no square under- or overflows. A constant series has
    scale 0, and then every forecast of the form `loc + scale * z` is that constant.

    Args:
        values: (batch, time, channels); anything, NaN included, where the mask is False.
        mask: boolean, same shape.

    Returns:
        values (batch, time, channels), loc and scale (batch, 1, channels): float64 for float64 values, which
        keep the digits of a series at a level of many standard deviations, and float32 for any others.
    """
    values = values if values.dtype == torch.float64 else values.float()
    values = torch.where(mask, values, 0.0)
    count = mask.sum(1, keepdim=True).clamp(min=1)
    largest = values.abs().amax(1, keepdim=True)
    largest = torch.where(largest > 0, largest, 1.0)
    values = values / largest
    mean = values.sum(1, keepdim=True) / count
    centered = torch.where(mask, values - mean, 0.0)
    std = (centered.square().sum(1, keepdim=True) / count).sqrt()
    varies = std > _ROUNDING[values.dtype]
    standardized = torch.where(varies, centered / torch.where(varies, std, 1.0), 0.0)
    return standardized, mean * largest, torch.where(varies, std, 0.0) * largest


__all__ = ["fit_to_length", "observed", "standardize"]
