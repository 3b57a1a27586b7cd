"""Bringing windows to the model's length and scale, and its forecasts back."""

import torch
from torch import Tensor
from torch.nn import functional as F

# A standard deviation below this share of the largest magnitude is rounding, and the series a constant.
_CONSTANT = {torch.float32: 1e-6, torch.float64: 1e-14}


def observed(values: Tensor, observed_mask: Tensor | None) -> Tensor:
    """Boolean mask of the values to use: neither NaN nor masked out."""
    mask = ~torch.isnan(values)
    return mask if observed_mask is None else mask & observed_mask.bool()


def fit_to_length(values: Tensor, mask: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Keeps the last `length` steps of (batch, time, channels), or pads on the left with unobserved zeros."""
    missing = length - values.shape[1]
    if missing > 0:
        return F.pad(values, (0, 0, missing, 0)), F.pad(mask, (0, 0, missing, 0))
    return values[:, -length:], mask[:, -length:]


def standardise(values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Standardises every series of a window by its observed values; unobserved values become 0.

    The series is first divided by its largest magnitude, so that no square under- or overflows. A constant series has
    scale 0, and then every forecast of the form `loc + scale * z` is that constant.

    Args:
        values: (batch, time, channels); anything, NaN included, where the mask is False.
        mask: boolean, same shape.

    Returns:
        values (batch, time, channels), loc and scale (batch, 1, channels): float64 for float64 values, in which a
        level of many standard deviations leaves digits for the series itself, and float32 for any others.
    """
    values = values if values.dtype == torch.float64 else values.float()
    values = torch.where(mask, values, 0.0)
    count = mask.sum(1, keepdim=True).clamp(min=1)
    largest = values.abs().amax(1, keepdim=True)
    largest = torch.where(largest > 0, largest, 1.0)
    values = values / largest
    mean = values.sum(1, keepdim=True) / count
    centred = torch.where(mask, values - mean, 0.0)
    std = (centred.square().sum(1, keepdim=True) / count).sqrt()
    varies = std > _CONSTANT[values.dtype]
    normalised = torch.where(varies, centred / torch.where(varies, std, 1.0), 0.0)
    return normalised, mean * largest, torch.where(varies, std, 0.0) * largest
