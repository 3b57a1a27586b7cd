"""Operations that a text states on a forecast of TSFusion: exact arithmetic on its quantiles."""

from collections.abc import Callable

import torch
from torch import Tensor

# Weeks at the end of a history that the profile of its weekdays is taken from.
_PROFILE_WEEKS = 6

# Operation -> quantiles (..., steps, levels) that v turns quantiles y into; s rises to 1 over the steps of its window.
_ARITHMETIC: dict[str, Callable[[Tensor, tuple[float, ...], Tensor], Tensor]] = {
    "zero": lambda y, v, s: torch.zeros_like(y),
    "set": lambda y, v, s: torch.full_like(y, v[0]),
    "times": lambda y, v, s: y * v[0],
    "rise": lambda y, v, s: y * (1 + v[0]),
    "cut": lambda y, v, s: y * (1 - v[0]),
    "plus": lambda y, v, s: y + v[0],
    "minus": lambda y, v, s: y - v[0],
    "cap": lambda y, v, s: y.clamp(max=v[0]),
    "floor": lambda y, v, s: y.clamp(min=v[0]),
    "range": lambda y, v, s: y.clamp(v[0], v[1]),
    "ramp_up": lambda y, v, s: y * (1 + v[0] * s),
    "ramp_down": lambda y, v, s: y * (1 - v[0] * s),
}


def apply_operation(
    name: str,
    operands: tuple[float, ...],
    shares: Tensor,
    quantiles: Tensor,
    path: Tensor,
    period: int,
    weekday: int = -1,
    weekdays: Tensor | None = None,
    day_length: int = 0,
) -> Tensor:
    """Apply one operation to the steps of a forecast that it is stated for.

    A step of which it is stated for a part alone keeps its quantiles for the rest: they become (1 - share) times those
    before it plus share times those that the operation makes. This is exact where a value is a sum or a mean over its
    step and even within it. A trend or a gradual change counts the parts.

    Args:
        name: one of `configuration_tsfusion.OPERATIONS`; "keep" and "ignore" change nothing here.
        operands: one, two in rising order for a range, or none.
        shares: float64 (horizon,), of each step the part that it is stated for: 1 for all of it, 0 for none.
        quantiles: float64 (..., horizon, levels), rising along the levels.
        path: float64 (..., history + horizon), the history without gaps and the median before any operation.
        period: steps of the season, 1 for none.
        weekday: that "like_day" compares with, 0 for Monday.
        weekdays: int64 (history + horizon,), of each step, for "like_day".
        day_length: steps of a day, likewise.

    Returns:
        float64 (..., horizon, levels), rising along the levels.
    """
    if name in ("keep", "ignore"):
        return quantiles
    history = path.shape[-1] - len(shares)
    share = shares.double()[:, None]
    place = share.cumsum(0)
    if name in ("flat", "reverse"):
        slope = _slope(path, history, period)[..., None, None]
        changed = quantiles - (1 if name == "flat" else 2) * slope * place
    elif name == "like_day":
        assert weekdays is not None
        changed = quantiles + _day_shift(path, history, weekday, weekdays, day_length)[..., None]
    else:
        changed = _ARITHMETIC[name](quantiles, operands, place / place[-1].clamp(min=torch.finfo(place.dtype).tiny))
        # A negative factor turns the levels around.
        changed = changed.sort(-1).values
    # A whole step is not rounded.
    blended = torch.where(share < 1, (1 - share) * quantiles + share * changed, changed)
    return torch.where(share > 0, blended, quantiles)


def _slope(path: Tensor, history: int, period: int) -> Tensor:
    """Trend of a forecast in a step: its mean change over one season, which leaves the season out."""
    period = period if 1 < period <= history else 1
    index = torch.arange(history, path.shape[-1], device=path.device)
    return (path[..., index] - path[..., index - period]).mean(-1) / period


def _day_shift(path: Tensor, history: int, weekday: int, weekdays: Tensor, day_length: int) -> Tensor:
    """Level of a weekday above that of each step's own at the same time of the day, (..., horizon)."""
    start = max(0, history - _PROFILE_WEEKS * 7 * day_length)
    time = torch.arange(start, path.shape[-1], device=path.device)
    slot = weekdays[start:] * day_length + time % day_length
    known = path[..., start:]
    total = path.new_zeros(*path.shape[:-1], 7 * day_length).scatter_add(-1, slot.expand_as(known), known)
    count = path.new_zeros(7 * day_length).scatter_add(0, slot, torch.ones_like(slot, dtype=path.dtype))
    mean = total / count.clamp(min=1)
    future = time >= history
    wanted = (weekday * day_length + time % day_length)[future]
    return torch.where(count[wanted] > 0, mean[..., wanted] - mean[..., slot[future]], 0.0)


__all__ = ["apply_operation"]
