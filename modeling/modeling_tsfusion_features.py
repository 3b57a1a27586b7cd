"""Features of a history for the gate, invariant to its scale and level."""

import torch
from torch import Tensor

from .modeling_tsfusion_analysis import Analysis
from .modeling_tsfusion_series import mean_over

NUM_FEATURES = 60
_TINY = 1e-6


def _log_ratio(a: Tensor, b: Tensor) -> Tensor:
    return ((a + _TINY) / (b + _TINY)).log().clamp(-6, 6)


def _seasons(facts: Analysis) -> list[Tensor]:
    """Length of the history, periods, strength of the seasons."""
    count = facts.count.squeeze(1)
    m, m_long = facts.short.period.squeeze(1).float(), facts.long.period.squeeze(1).float()
    has_long = m_long > 1
    about_mean = facts.about_mean.squeeze(1)
    deviation = mean_over((facts.x - mean_over(facts.x, facts.valid)).square(), facts.valid).sqrt().squeeze(1)
    seasonal_error, long_error = facts.seasonal_error.squeeze(1), facts.long_error.squeeze(1)
    return [
        count.log() / 4 - 1,
        (count / 16).clamp(max=1),
        m.log() / 3,
        (m > 1).float(),
        m_long.log() / 5,
        has_long.float(),
        (count / m).log() / 4,
        facts.short.shrinkage.squeeze(1),
        facts.long.shrinkage.squeeze(1),
        _log_ratio(facts.short_share.square().sum(1).div(count).sqrt(), about_mean) / 3,
        _log_ratio(facts.long_share.square().sum(1).div(count).sqrt(), about_mean) / 3,
        (facts.short.growth.squeeze(1) * deviation).clamp(-3, 3),
        _log_ratio(seasonal_error, about_mean),
        _log_ratio(long_error, seasonal_error) * has_long * 2,
        _log_ratio(long_error, deviation) * has_long,
        _log_ratio(facts.one_step, deviation),
    ]


def pull_to_level(facts: Analysis, level: Tensor) -> Tensor:
    """Statistic of Dickey and Fuller (1979): how surely changes lead back to a level (rows, 1 or time); about 0 for a
    walk.
    """
    distance = ((facts.y - level) * facts.valid)[:, :-1]
    change = facts.changes[:, 1:]
    size = (distance.square().sum(1) * facts.change_covariance[:, 0]).clamp(min=_TINY).sqrt()
    return ((distance * change).sum(1) / size).clamp(-12, 4) / 4


def _trends(facts: Analysis) -> list[Tensor]:
    """Position of the history relative to its mean and line, and its recent direction."""
    count, last, slope = facts.count, facts.last, facts.slope
    about_line = facts.about_line + _TINY
    change = facts.change_covariance[:, :1].clamp(min=0).sqrt() + _TINY
    third = (facts.length[:, None] // 3).clamp(min=1)
    first, second, late = (
        mean_over(facts.y, ((facts.age >= k * third) & (facts.age < (k + 1) * third)) * facts.valid) for k in (2, 1, 0)
    )
    columns = [
        _log_ratio(facts.about_line, facts.about_mean),
        ((last - facts.start - slope * (count - 1)) / about_line).clamp(-4, 4) / 2,
        ((facts.recent_mean - facts.mean) / (facts.about_mean + _TINY)).clamp(-4, 4) / 2,
        (facts.local_slope / change).clamp(-3, 3),
        (slope / change).clamp(-3, 3),
        ((facts.local_slope - slope) * count.sqrt() / change).clamp(-6, 6) / 3,
        ((late - 2 * second + first) / (facts.about_line + facts.about_mean + _TINY)).clamp(-3, 3),
    ]
    time = torch.arange(facts.x.shape[1], device=facts.x.device)
    pulls = [pull_to_level(facts, facts.mean), pull_to_level(facts, facts.start + slope * time)]
    return [column.squeeze(1) for column in columns] + pulls


def _smoothness(facts: Analysis) -> list[Tensor]:
    """Fitted parameters, relative errors of the smoothers, and growth of changes with the lag."""
    simple, holt, damped = facts.simple.parameters, facts.holt.parameters, facts.damped.parameters
    error = facts.simple.least_error
    change = facts.change_covariance[:, 0].clamp(min=0).sqrt()
    correlation = facts.covariance[:, 1:5] / (facts.covariance[:, :1] + _TINY**2)
    change_correlation = facts.change_covariance[:, 1:4] / (facts.change_covariance[:, :1] + _TINY**2)
    steeper = _log_ratio(facts.change_sizes[:, 1:9], facts.change_sizes[:, :8]) * 2
    return [
        simple[:, 0],
        *holt[:, :2].unbind(1),
        *damped.unbind(1),
        _log_ratio(facts.holt.least_error, error) * 2,
        _log_ratio(facts.damped.least_error, error) * 2,
        _log_ratio(change, error) * 2,
        _log_ratio(facts.innovation.sqrt(), error) * 2,
        _log_ratio(facts.about_mean.squeeze(1), error),
        *correlation.unbind(1),
        *change_correlation.unbind(1),
        *steeper.unbind(1),
    ]


def _shape(facts: Analysis) -> list[Tensor]:
    """Skewness, tails, changing noise, repeated and missing values."""
    count = facts.count.squeeze(1)
    time = torch.arange(facts.x.shape[1], device=facts.x.device)
    change = facts.change_covariance[:, 0].clamp(min=0).sqrt()
    about_line = facts.about_line.squeeze(1)
    rest = (facts.y - facts.start - facts.slope * time) * facts.valid
    low, high = facts.range
    sizes = facts.changes.abs()
    half = (time < (facts.length[:, None] // 2)) * facts.valid
    return [
        ((rest**3).sum(1) / count / (about_line + _TINY) ** 3).clamp(-4, 4) / 2,
        (((facts.changes / (change[:, None] + _TINY)) ** 3).sum(1) / count).clamp(-8, 8) / 4,
        _log_ratio(sizes.sum(1) / (count - 1).clamp(min=1), change),
        _log_ratio(sizes.amax(1), change) / 2,
        _log_ratio(mean_over(sizes, facts.valid - half), mean_over(sizes, half)).squeeze(1),
        ((facts.changes == 0) * facts.valid).sum(1) / count,
        ((facts.x == low) * facts.valid).sum(1) / count,
        ((facts.x == high) * facts.valid).sum(1) / count,
        1 - facts.weight.sum(1) / count,
    ]


def series_features(facts: Analysis) -> Tensor:
    """Features of each history, (rows, features)."""
    return torch.stack([*_seasons(facts), *_trends(facts), *_smoothness(facts), *_shape(facts)], 1)


__all__ = ["NUM_FEATURES", "pull_to_level", "series_features"]
