"""Operations that a text states on a forecast, as data, and their application to a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .modeling_tsfusion_operations import apply_operation
from .modeling_tsfusion_series import fill_gaps

# Operations that hold a forecast on a side of a number, or between two.
BOUNDS = ("cap", "floor", "range")


@dataclass(frozen=True)
class ContextEffect:
    """An operation that a text states on a forecast, and the computation that it is.

    Args:
        operation: one of `OPERATIONS`, applied to all quantiles; "ignore" leaves a stretch of the history out.
        phrase: words of the clause; "keep" is the operation of one that states none.
        span: its first character in the text, and the one behind it.
        operands: of the operation, in units of the series or as a factor; two in rising order for a range.
        when: words of the window of time; "" for the whole horizon.
        steps: runs of steps, each the first one and the one behind the last; step 0 is the first of the horizon, the
            history has negative ones.
        partial: steps of these of which the window covers a part alone, each with that share. The operation is applied
            to this share of the step. One with a number in units of the series is not where no step is whole: whether
            50 more on one day of a month are meant of the day or of the month cannot be known. A stretch of the past
            is left out by steps of which it covers at least a half.
        weekday: that "like_day" compares with, 0 for Monday; -1 for others.
        confidence: probability of the choice of operation, number and window.
        applied: whether it was done; otherwise `reason` says why not.
        reason: why it was not applied; "" where it was.
    """

    operation: str
    phrase: str
    span: tuple[int, int]
    operands: tuple[float, ...]
    when: str
    steps: tuple[tuple[int, int], ...]
    weekday: int
    confidence: float
    partial: tuple[tuple[int, float], ...] = ()
    applied: bool = True
    reason: str = ""


def shares_of(effect: ContextEffect, history: int, horizon: int, device: torch.device) -> Tensor:
    """Share of each step that an effect is stated for, float64 (history + horizon,)."""
    step = torch.arange(-history, horizon, device=device)
    shares = torch.zeros_like(step, dtype=torch.float64)
    for first, last in effect.steps:
        shares[(step >= first) & (step < last)] = 1
    for place, share in effect.partial:
        shares[step == place] = share
    return shares


def apply_contexts(
    effects: Sequence[Sequence[ContextEffect]],
    context: Sequence[Mapping[str, Any] | None],
    forecasts: tuple[Tensor, Tensor],
    past_values: Tensor,
    mask: Tensor,
    periods: Tensor,
) -> tuple[Tensor, Tensor]:
    """Apply the texts of a batch to its point forecasts and quantiles; those of which a text says nothing stay.

    Operations follow the order of the text, but for bounds, which come last.

    Args:
        effects: of the texts, from `read_contexts`.
        context: features of the texts, likewise.
        forecasts: (batch, horizon, channels), the medians, and (batch, horizon, channels, levels).
        past_values: (batch, time, channels).
        mask: same shape, the values that were used.
        periods: int64 (batch, channels, 2), of the seasons that were used.
    """
    mean, quantiles = (forecast.clone() for forecast in forecasts)
    horizon, channels = mean.shape[1:3]
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row, (features, own) in enumerate(zip(context, effects, strict=True)):
        done = [effect for effect in own if effect.applied and effect.operation != "ignore"]
        # Bounds hold for what all else makes of a forecast, wherever they stand in the text.
        done.sort(key=lambda effect: effect.operation in BOUNDS)
        if features is not None and done:
            period = int(periods[row // channels, row % channels, 0])
            # Series of one time axis share its features.
            groups.setdefault((tuple(done), id(features["weekday"]), period), []).append(row)
    for (ordered, _, period), rows in groups.items():
        features = context[rows[0]]
        assert features is not None
        index = torch.tensor(rows, device=mean.device)
        sample, channel = index // channels, index % channels
        values, known = past_values[sample, :, channel].double(), mask[sample, :, channel].double()
        time = torch.full((len(rows),), values.shape[1], device=values.device)
        points = mean[sample, :, channel].double()
        path = torch.cat((fill_gaps(values, known, time), points), 1)
        weekdays = torch.as_tensor(features["weekday"], device=path.device)[-path.shape[1] :]
        # Steps before the history that the text was read for have no values.
        path = path[:, -len(weekdays) :]
        shares = [shares_of(effect, 0, horizon, path.device) for effect in ordered]
        for forecast, before in ((mean, points[..., None]), (quantiles, quantiles[sample, :, channel].double())):
            out = before
            for effect, share in zip(ordered, shares, strict=True):
                out = apply_operation(
                    effect.operation,
                    effect.operands,
                    share,
                    out,
                    path,
                    period,
                    effect.weekday,
                    weekdays,
                    int(features["day_length"]),
                )
            forecast[sample, :, channel] = out.reshape(len(rows), *forecast.shape[1:2], *forecast.shape[3:]).to(
                forecast
            )
    return mean, quantiles


__all__ = ["BOUNDS", "ContextEffect", "apply_contexts", "shares_of"]
