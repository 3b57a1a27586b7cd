"""Closed-form experts and spreads: from the analysis of a history to forecasts of any steps."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .configuration_tsfusion import EXPERTS, SPREADS
from .modeling_tsfusion_analysis import CHANGE_LAGS, Analysis, Smoothers
from .modeling_tsfusion_autoregression import LAGS, iterate, linear_predictor, regress_on_lags, yule_walker
from .modeling_tsfusion_series import at, mean_over, phase_means

_FLOOR = 1e-4


@dataclass
class Experts:
    """Forecasts and spreads of some series.

    Args:
        forecasts: float32 (rows, steps, experts), in units of the histories.
        available: 1 where an expert exists for a row, (rows, experts).
        spreads: positive, (rows, steps, spreads).
    """

    forecasts: Tensor
    available: Tensor
    spreads: Tensor


def _growing_sums(ratio: Tensor, steps: Tensor) -> Tensor:
    """Geometric sums ratio + ... + ratio^h, with broadcasting; h where the ratio is 1."""
    near = (ratio - 1).abs() < 1e-4
    safe = torch.where(near, 0.5, ratio)
    return torch.where(near, steps, safe * (1 - safe**steps) / (1 - safe))


def _smoothed(kind: Smoothers, steps: Tensor) -> Tensor:
    """Forecasts of weighted smoothers, level and damped slope, at each step, (rows, steps)."""
    forecast = (kind.weights * kind.level).sum(-1, keepdim=True).expand_as(steps)
    damping = kind.grid[:, 2]
    # Smoothers of the same damping share their sum over steps.
    for value in damping.unique().tolist():
        slope = (kind.weights * kind.slope * (damping == value)).sum(-1, keepdim=True)
        forecast = forecast + slope * _growing_sums(steps.new_tensor(value), steps)
    return forecast


def _growth(facts: Analysis, simple: Tensor, steps: Tensor) -> Tensor:
    """Exponential growth or saturation about a free level, by the means of the thirds of the history.

    The ratio of the two differences of means is the growth over a third. Beyond the length of the history the growth
    continues linearly.
    """
    third = (facts.length[:, None] // 3).clamp(min=1)
    first, second, last = (
        mean_over(facts.y, ((facts.age >= k * third) & (facts.age < (k + 1) * third)) * facts.valid) for k in (2, 1, 0)
    )
    before, after = second - first, last - second
    same_way = (before * after > 0) & (facts.length[:, None] >= 6)
    ratio = torch.where(same_way, after / torch.where(same_way, before, 1.0), 1.0).clamp(0.25, 2.5)
    rate = ratio ** (1 / third)
    current = after / third * ratio
    grown = current * _growing_sums(rate, torch.minimum(steps, facts.count))
    beyond = current * rate**facts.count * (steps - facts.count).clamp(min=0)
    return (simple + facts.last) / 2 + grown + beyond


def _autoregressions(facts: Analysis, steps: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Forecasts about the mean, about the local mean, and of the changes; spread of the first; (rows, steps) each."""
    horizon = int(steps.max())
    back = facts.length[:, None] - 1 - torch.arange(LAGS, device=steps.device)
    known = torch.where(back >= 0, at(facts.y, back), facts.mean)
    states = torch.stack((known - facts.mean, known - facts.local_mean), 2)
    path, local, impulse = iterate(facts.coefficients, states, horizon)
    spread = (facts.innovation[:, None] * impulse.square().cumsum(1)).sqrt()
    recent = torch.where(back > 0, at(facts.changes, back), facts.change_mean) - facts.change_mean
    coefficients = yule_walker(facts.change_covariance, facts.length)
    moves, _ = iterate(coefficients, recent[..., None], horizon)
    # A drift of few changes is mostly chance.
    drift = facts.change_mean * facts.count / (facts.count + 20) * steps
    at_steps = steps - 1
    return (
        facts.mean + at(path, at_steps),
        facts.local_mean + at(local, at_steps),
        facts.last + at(moves.cumsum(1), at_steps) + drift,
        at(spread, at_steps),
    )


def _flat_experts(facts: Analysis, steps: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Forecasts of the history without its seasons, by name, and the spread of the autoregression."""
    h = steps.float()
    n = facts.length[:, None]
    simple = _smoothed(facts.simple, h)
    alpha = facts.simple.parameters[:, :1]
    # The evidence of n steps for a slope, on prior odds of e^4 for it: a long walk has none.
    evidence = facts.count * ((facts.simple.least_error + _FLOOR) / (facts.holt.least_error + _FLOOR)).log()[:, None]
    holt = simple + (4 + evidence).sigmoid() * (_smoothed(facts.holt, h) - simple)
    drift = (facts.last - facts.y[:, :1]) / (facts.count - 1).clamp(min=1)
    near = torch.minimum(facts.periods[:, :1].clamp(min=6), (n - 1).clamp(min=1))
    recent_drift = (facts.last - at(facts.y, n - 1 - near)) / near
    autoregression, local, of_changes, spread = _autoregressions(facts, steps)
    experts = {
        "naive": facts.last.expand_as(h),
        "simple_smoothing": simple,
        "holt": holt,
        "damped_holt": _smoothed(facts.damped, h),
        # Theta as simple smoothing with half the slope of the line as drift (Hyndman and Billah 2003).
        "theta": simple + facts.slope / 2 * (h - 1 + (1 - (1 - alpha) ** facts.count) / alpha),
        "drift": facts.last + drift * h,
        "recent_drift": facts.last + recent_drift * h,
        "global_line": facts.start + facts.slope * (facts.count - 1 + h),
        "local_line": facts.local_start + facts.local_slope * (facts.count - 1 + h),
        "growth": _growth(facts, simple, h),
        "recent_mean": facts.recent_mean.expand_as(h),
        "mean": facts.mean.expand_as(h),
        "autoregression": autoregression,
        "autoregression_local": local,
        "autoregression_of_changes": of_changes,
    }
    return experts, spread


def _profile(facts: Analysis, period: Tensor, steps: Tensor, kept: float) -> Tensor:
    """Mean of the phase of each step over all cycles, each with `kept` times the weight of the next, (rows, steps)."""
    phases = facts.x.shape[1] // 2 + 1
    weight = facts.weight * kept ** (facts.age // period)
    means, total = phase_means(facts.x, weight, (facts.age % period).clamp(max=phases - 1), phases)
    means = torch.where(total > 0, means, mean_over(facts.x, weight))
    return at(means, (-steps) % period)


def _seasonal_experts(facts: Analysis, steps: Tensor) -> dict[str, Tensor]:
    """Forecasts of the history with its seasons, by name."""
    x, n = facts.x, facts.length[:, None]
    m, m_long = facts.periods[:, :1], facts.periods[:, 1:]
    naive, naive_long = (at(x, n - 1 - (-steps) % period) for period in (m, m_long))

    def mean_of(start: Tensor, period: Tensor) -> Tensor:
        """Mean of a cycle that ends `start` steps before the end."""
        return mean_over(x, ((facts.age >= start) & (facts.age < start + period)) * facts.valid)

    last_cycle, last_long = mean_of(torch.zeros_like(n), m), mean_of(torch.zeros_like(n), m_long)
    full, full_long = (n // m - 1).clamp(min=1), (n // m_long - 1).clamp(min=1)
    drift = (last_cycle - mean_of(full * m, m)) / full
    drift_long = (last_long - mean_of(full_long * m_long, m_long)) / full_long
    average, average_long = _profile(facts, m, steps, 0.85), _profile(facts, m_long, steps, 0.7)
    level = mean_over(x, facts.weight * 0.85 ** (facts.age // m))
    level_long = mean_over(x, facts.weight * 0.7 ** (facts.age // m_long))
    return {
        "last_value": at(x, n - 1).expand_as(steps),
        "seasonal_naive": naive,
        "seasonal_drift": naive + drift * (steps / m).ceil(),
        "seasonal_naive_long": naive_long,
        "seasonal_drift_long": naive_long + drift_long * (steps / m_long).ceil(),
        # Shifted by the change of the last short cycle from the same one a long cycle ago.
        "seasonal_level_long": naive_long + last_cycle - mean_of(m_long, m),
        "level_times_shape_long": average_long + (last_long - level_long) * 0.6,
        "seasonal_profile": _profile(facts, m, steps, 1.0),
        "seasonal_average": average,
        "seasonal_recent": _profile(facts, m, steps, 0.5),
        "seasonal_average_long": average_long,
        # The shape of all cycles, later ones counting more, moved towards the level of the last one.
        "level_times_shape": average + (last_cycle - level) * 0.6,
    }


def _available(facts: Analysis) -> Tensor:
    """1 where an expert exists for a row, (rows, experts)."""
    cycles = facts.length[:, None] / facts.periods * (facts.periods > 1)
    needs = {"seasonal_naive": (0, 1), "seasonal_naive_long": (1, 1), "seasonal_average_long": (1, 2)}
    needs |= dict.fromkeys(("seasonal_drift_long", "seasonal_level_long", "level_times_shape_long"), (1, 2))
    needs |= dict.fromkeys(
        ("seasonal_drift", "seasonal_profile", "seasonal_average", "seasonal_recent", "level_times_shape"), (0, 2)
    )
    always = torch.ones_like(cycles[:, 0])
    columns = [(cycles[:, needs[name][0]] >= needs[name][1]).float() if name in needs else always for name in EXPERTS]
    return torch.stack(columns, 1)


def _seasonal_lags(facts: Analysis, steps: Tensor) -> dict[str, Tensor]:
    """Regressions of the history as it is, and of its changes, on their last values and those a season ago."""
    x, n = facts.x, facts.length[:, None]
    horizon, at_steps = int(steps.max()), steps - 1
    mean = mean_over(x, facts.valid)
    of_values = regress_on_lags((x - mean) * facts.valid, facts.valid, facts.length, facts.periods, horizon)
    # The first step has no change.
    moved = torch.nn.functional.pad(facts.valid[:, 1:], (0, 1))
    changes = torch.nn.functional.pad(x[:, 1:] - x[:, :-1], (0, 1)) * moved
    drift = mean_over(changes, moved)
    length = (facts.length - 1).clamp(min=0)
    of_changes = regress_on_lags((changes - drift) * moved, moved, length, facts.periods, horizon).cumsum(1)
    return {
        "seasonal_lags": mean + at(of_values, at_steps),
        "seasonal_lags_of_changes": at(x, n - 1) + at(of_changes, at_steps) + drift * steps,
    }


def _by_log_step(table: Tensor, steps: Tensor) -> Tensor:
    """Log-log interpolation of a table at `CHANGE_LAGS`; beyond its end as for a random walk."""
    position = steps.clamp(min=1).log2().clamp(max=table.shape[1] - 1 - 1e-3)
    left = position.floor().long()
    logs = (table + 1e-6).log()
    value = at(logs, left) + (position - left) * (at(logs, left + 1) - at(logs, left))
    beyond = (steps / CHANGE_LAGS[-1]).clamp(min=1).log() / 2
    return (value + beyond).exp()


def _smoothing_spread(kind: Smoothers, steps: Tensor) -> Tensor:
    """Standard deviation at each step (rows, steps) of weighted smoothers, by the theory of ETS.

    The variance over that of one step is 1 + sum of (a + b (phi + ... + phi^j))^2 over j < h (Hyndman et al. 2008), at
    the mean parameters.
    """
    alpha, ratio, damping = kind.parameters.unsqueeze(1).unbind(-1)
    ahead = torch.arange(1, int(steps.max()) + 1, device=steps.device, dtype=torch.float32)
    felt = alpha + alpha * ratio * _growing_sums(damping, ahead)
    variance = 1 + torch.nn.functional.pad(felt.square().cumsum(1), (1, 0))[:, :-1]
    one_step = (kind.weights * kind.error).sum(-1, keepdim=True)
    return (one_step * at(variance, steps - 1)).sqrt()


def run_experts(facts: Analysis, steps: Tensor) -> Experts:
    """Compute the forecasts of every expert, and every spread, in the order of `EXPERTS` and `SPREADS`.

    Args:
        facts: of histories of n steps each.
        steps: steps after the end of each history, int64 (rows, steps), from 1 on.
    """
    h = steps.float()
    flat, autoregression_spread = _flat_experts(facts, steps)
    short_at, long_at = facts.short.at_steps(steps), facts.long.at_steps(steps)
    predictor, predictor_spread = linear_predictor(facts.x, facts.valid, facts.length, steps)
    forecasts = {name: one + short_at * facts.short.amplitude(one) + long_at for name, one in flat.items()}
    forecasts |= _seasonal_experts(facts, steps) | _seasonal_lags(facts, steps) | {"linear_predictor": predictor}
    points = torch.stack([forecasts[name] for name in EXPERTS], -1)
    # No expert leaves the neighborhood of the history.
    low, high = facts.range
    reach = ((high - low) * (1 + 3 * h / facts.count) + _FLOOR)[..., None]
    points = points.clamp(low[..., None] - reach, high[..., None] + reach)

    available = _available(facts)
    shown = available[:, None]
    plain = (points * shown).sum(-1, keepdim=True) / shown.sum(-1, keepdim=True)
    disagreement = (((points - plain).square() * shown).sum(-1) / shown.sum(-1)).sqrt()
    one_step = facts.one_step[:, None]
    has_season = facts.length[:, None] > facts.periods[:, :1]
    seasonal = torch.where(has_season, facts.seasonal_error, facts.about_mean)
    sizes = {
        "one_step": one_step.expand_as(h),
        "one_step_random_walk": one_step * h.sqrt(),
        "smoothing": _smoothing_spread(facts.simple, steps),
        "holt": _smoothing_spread(facts.holt, steps),
        "change_over_steps": _by_log_step(facts.change_sizes, h),
        "seasonal_cycles": seasonal * (h / facts.periods[:, :1]).ceil().sqrt(),
        "about_mean": facts.about_mean.expand_as(h),
        "about_line": facts.about_line.expand_as(h),
        "disagreement": disagreement,
        "autoregression": autoregression_spread,
        "linear_predictor": predictor_spread,
    }
    spreads = torch.stack([sizes[name] for name in SPREADS], -1).clamp(min=_FLOOR)
    # A single value tells nothing of its spread: its own size, growing.
    alone = (facts.length <= 1)[:, None, None]
    return Experts(points, available, torch.where(alone, h.sqrt()[..., None], spreads))


__all__ = ["Experts", "run_experts"]
