"""Analysis of histories, computed once for the experts, the spreads and the gate."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .modeling_tsfusion_autoregression import LAGS, autocovariance, yule_walker
from .modeling_tsfusion_series import Histories, Season, at, find_season, line_fit, mean_over, phase_means
from .modeling_tsfusion_smoothing import DAMPED, HOLT, SIMPLE, grid_tensor, smooth

# More steps than this do not sharpen the choice of a smoother further.
_MOST_EVIDENCE = 120
_TINY = 1e-12
# Steps over which the size of changes is measured.
CHANGE_LAGS = tuple(2**k for k in range(11))


@dataclass
class Smoothers:
    """Smoothers of one kind, weighted by their likelihood.

    Args:
        weights: (rows, smoothers), of sum 1.
        level: at the end of the history, same shape.
        slope: same shape.
        error: mean squared one-step error, same shape.
        grid: their parameters, float32 (smoothers, 3): level, slope, damping.
    """

    weights: Tensor
    level: Tensor
    slope: Tensor
    error: Tensor
    grid: Tensor

    @property
    def parameters(self) -> Tensor:
        """Mean level, slope and damping parameter, (rows, 3)."""
        return self.weights @ self.grid

    @property
    def least_error(self) -> Tensor:
        """One-step standard error of the best one, (rows,)."""
        return self.error.amin(-1).sqrt()


@dataclass
class Analysis:
    """Statistics of histories of n steps: x is a history, y is x without its seasons. Shape (rows, 1) unless stated.

    Args:
        x: (rows, time).
        y: same shape.
        weight: 1 where observed, same shape.
        valid: 1 in the history, same shape.
        age: steps from the end, int64, same shape.
        length: n, int64 (rows,).
        count: n, at least 1, float32.
        periods: of the two seasons, int64 (rows, 2).
        short, long: the seasons.
        short_share, long_share: their contributions to x, (rows, time).
        simple, holt, damped: smoothers of y.
        start, slope: of the line through y.
        local_start, local_slope: of the line through the last two seasons (at least 8 steps) of y.
        mean, recent_mean, local_mean: of y over all steps, the last season (at least 5 steps), the last seven seasons.
        last: last value of y.
        covariance: autocovariances of y, (rows, lags + 1).
        coefficients: autoregression of y, (rows, lags).
        changes: first differences of y, 0 in front, (rows, time).
        change_mean: their mean.
        change_covariance: their autocovariances, (rows, lags + 1).
        change_sizes: root mean square change of y over 1, 2, 4, ..., 1,024 steps, (rows, 11).
        seasonal_error, long_error: root mean square change of x over a season, 0 where there is no pair.
        seasonal_size: mean absolute change of x over the short season.
        about_mean, about_line: root mean square of y about its mean and its line.
    """

    x: Tensor
    y: Tensor
    weight: Tensor
    valid: Tensor
    age: Tensor
    length: Tensor
    count: Tensor
    periods: Tensor
    short: Season
    long: Season
    short_share: Tensor
    long_share: Tensor
    simple: Smoothers
    holt: Smoothers
    damped: Smoothers
    start: Tensor
    slope: Tensor
    local_start: Tensor
    local_slope: Tensor
    mean: Tensor
    recent_mean: Tensor
    local_mean: Tensor
    last: Tensor
    covariance: Tensor
    coefficients: Tensor
    changes: Tensor
    change_mean: Tensor
    change_covariance: Tensor
    change_sizes: Tensor
    seasonal_error: Tensor
    long_error: Tensor
    seasonal_size: Tensor
    about_mean: Tensor
    about_line: Tensor

    @property
    def one_step(self) -> Tensor:
        """One-step standard error of the best smoother, (rows,)."""
        errors = [kind.least_error for kind in (self.simple, self.holt, self.damped)]
        return torch.stack(errors).amin(0)

    @property
    def innovation(self) -> Tensor:
        """Variance of the innovations of the autoregression, (rows,)."""
        return (self.covariance[:, 0] - (self.coefficients * self.covariance[:, 1:]).sum(1)).clamp(min=0)

    @property
    def unit(self) -> Tensor:
        """Error of the seasonal naive in the history, at least half the one-step error and 0.03, (rows,)."""
        return torch.maximum(self.seasonal_size.squeeze(1), self.one_step / 2).clamp(min=0.03)

    @property
    def range(self) -> tuple[Tensor, Tensor]:
        """Smallest and largest value of x; 0 where there is none."""
        low = torch.where(self.valid > 0, self.x, torch.inf).amin(1, keepdim=True)
        high = torch.where(self.valid > 0, self.x, -torch.inf).amax(1, keepdim=True)
        some = self.length[:, None] > 0
        return torch.where(some, low, 0.0), torch.where(some, high, 0.0)


def _weighted_smoothers(y: Tensor, length: Tensor) -> list[Smoothers]:
    smoothed = smooth(y, length)
    grid = grid_tensor(y.device).float()
    evidence = length.clamp(max=_MOST_EVIDENCE)[:, None].float() / 2
    ends = torch.tensor([0, len(SIMPLE), len(HOLT), len(DAMPED)]).cumsum(0).tolist()
    kinds = []
    for start, stop in pairwise(ends):
        error = smoothed.error[:, start:stop]
        weights = (-evidence * (error + 1e-12).log()).softmax(-1)
        kinds.append(
            Smoothers(weights, smoothed.level[:, start:stop], smoothed.slope[:, start:stop], error, grid[start:stop])
        )
    return kinds


def _change_sizes(values: Tensor, length: Tensor, valid: Tensor) -> Tensor:
    """Root mean square change over each of `CHANGE_LAGS`; unknown ones as for a random walk."""
    sizes: list[Tensor] = []
    for lag in CHANGE_LAGS:
        known = torch.zeros_like(length, dtype=torch.bool)
        size = torch.ones_like(values[:, 0])
        if lag < values.shape[1]:
            weight = valid[:, lag:]
            change = (values[:, lag:] - values[:, :-lag]) * weight
            size = (change.square().sum(1) / weight.sum(1).clamp(min=1)).sqrt()
            known = (2 * lag <= length) | ((lag == 1) & (length > 1))
        sizes.append(torch.where(known, size, sizes[-1] * 2**0.5 if sizes else size))
    return torch.stack(sizes, 1)


def analyze(histories: Histories, periods: Tensor) -> Analysis:
    """Compute the statistics that do not depend on the horizon.

    Args:
        histories: of n steps each.
        periods: of the two seasons, int64 (rows, 2), 1 where there is none.
    """
    x, weight, length = histories.values, histories.observed, histories.length
    n = length[:, None]
    time = torch.arange(x.shape[1], device=x.device)
    valid = (time < n).float()
    age = (n - 1 - time).clamp(min=0)
    m, m_long = periods[:, :1], periods[:, 1:]
    short, short_share = find_season(x, weight, length, m, grows=True)
    long, long_share = find_season(x - short_share, weight, length, m_long, grows=False)
    y = (x - short_share - long_share) * valid
    simple, holt, damped = _weighted_smoothers(y, length)

    start, slope = line_fit(y, valid)
    local_start, local_slope = line_fit(y, (age < (2 * m).clamp(min=8)) * valid)
    mean = mean_over(y, valid)
    covariance = autocovariance(y - mean, valid, LAGS)
    changes = torch.nn.functional.pad((y[:, 1:] - y[:, :-1]) * valid[:, 1:], (1, 0))
    has_change = valid * (time > 0)
    change_mean = mean_over(changes, has_change)
    seasonal_change, has_season = at(x, (time + m).expand_as(age)) - x, valid * (time + m < n)
    long_change, has_long = at(x, (time + m_long).expand_as(age)) - x, valid * (time + m_long < n)
    return Analysis(
        x=x,
        y=y,
        weight=weight,
        valid=valid,
        age=age,
        length=length,
        count=n.clamp(min=1).float(),
        periods=periods,
        short=short,
        long=long,
        short_share=short_share,
        long_share=long_share,
        simple=simple,
        holt=holt,
        damped=damped,
        start=start,
        slope=slope,
        local_start=local_start,
        local_slope=local_slope,
        mean=mean,
        recent_mean=mean_over(y, (age < m.clamp(min=5)) * valid),
        local_mean=mean_over(y, (age < torch.maximum(7 * m, n // 6)) * valid),
        last=at(y, n - 1),
        covariance=covariance,
        coefficients=yule_walker(covariance, length),
        changes=changes,
        change_mean=change_mean,
        change_covariance=autocovariance(changes - change_mean, has_change, LAGS),
        change_sizes=_change_sizes(y, length, valid),
        seasonal_error=mean_over(seasonal_change.square(), has_season).sqrt(),
        long_error=mean_over(long_change.square(), has_long).sqrt(),
        seasonal_size=mean_over(seasonal_change.abs(), has_season),
        about_mean=mean_over((y - mean).square(), valid).sqrt(),
        about_line=mean_over((y - start - slope * time).square(), valid).sqrt(),
    )


def seasonal_contrast(facts: Analysis) -> Tensor:
    """How clearly a history is calmer at some phases of its short season than at others, 0 to 1, (rows,).

    One-way analysis of variance of the absolute changes over a season by phase: 0 where its F is within five
    standard errors of 1, as it is where all phases are alike, or where there are less than four cycles, and 1 from
    twice as much on.
    """
    n, m = facts.length[:, None], facts.periods[:, :1]
    time = torch.arange(facts.x.shape[1], device=facts.x.device)
    later = (time + m).expand_as(facts.age)
    size = (at(facts.x, later) - facts.x).abs()
    counted = facts.weight * at(facts.weight, later) * (later < n) * ((m > 1) & (4 * m <= n))
    mean = mean_over(size, counted)
    phases = facts.x.shape[1] // 2 + 1
    means, counts = phase_means(size, counted, (facts.age % m).clamp(max=phases - 1), phases)
    between = (counts * (means - mean).square()).sum(1)
    within = ((size - mean).square() * counted).sum(1) - between
    groups = (counts > 0).sum(1)
    between_freedom, within_freedom = (groups - 1).clamp(min=1), (counted.sum(1) - groups).clamp(min=1)
    ratio = between / between_freedom / (within / within_freedom).clamp(min=_TINY)
    limit = 1 + 5 * (2 / between_freedom + 2 / within_freedom).sqrt()
    return (ratio / limit - 1).clamp(0, 1)


__all__ = ["CHANGE_LAGS", "Analysis", "Smoothers", "analyze", "seasonal_contrast"]
