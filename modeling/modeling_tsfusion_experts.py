"""The closed-form experts: point forecasts, spreads and features of many series at once, without a loop over time."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .configuration_tsfusion import EXPERTS, SPREADS
from .modeling_tsfusion_series import Histories, Season, at, find_season, line_fit, mean_over, phase_means
from .modeling_tsfusion_smoothing import DAMPED, HOLT, SIMPLE, Smoothed, grid_tensor, smooth

_LAGS = 12
_TINY = 1e-6
_FLOOR = 1e-4
# More steps than this do not sharpen the choice of a smoother further.
_MOST_EVIDENCE = 120
_CHANGE_LAGS = tuple(2**k for k in range(11))


@dataclass
class Experts:
    """Everything that is computed of each series before anything that is learned.

    Args:
        forecasts: float32 (rows, steps, experts), in units of the histories.
        available: 1 where an expert exists for a row, (rows, experts).
        spreads: positive, (rows, steps, spreads).
        features: (rows, features).
        unit: error of the seasonal naive in the history, at least half the one-step error and 0.03, (rows,).
    """

    forecasts: Tensor
    available: Tensor
    spreads: Tensor
    features: Tensor
    unit: Tensor

    def chosen(self, experts: list[str], spreads: list[str]) -> "Experts":
        """Some of the experts and spreads."""
        columns = [EXPERTS.index(name) for name in experts]
        forecasts, available = self.forecasts[..., columns], self.available[:, columns]
        sizes = self.spreads[..., [SPREADS.index(name) for name in spreads]]
        return Experts(forecasts, available, sizes, self.features, self.unit)


def _evidence(error: Tensor, length: Tensor) -> Tensor:
    """Weights of smoothers (rows, smoothers) by likelihood."""
    evidence = length.clamp(max=_MOST_EVIDENCE)[:, None].float() / 2
    return (-evidence * (error + _TINY**2).log()).softmax(-1)


def _growing_sums(ratio: Tensor, steps: Tensor) -> Tensor:
    """ratio + ... + ratio^h, of broadcasting shapes; h where the ratio is 1."""
    near = (ratio - 1).abs() < 1e-4
    safe = torch.where(near, 0.5, ratio)
    return torch.where(near, steps, safe * (1 - safe**steps) / (1 - safe))


def _toeplitz_solve(covariance: Tensor, ridge: Tensor) -> Tensor:
    """Yule-Walker coefficients (rows, lags) of autocovariances (rows, lags + 1); always stationary."""
    lags = covariance.shape[1] - 1
    order = torch.arange(lags, device=covariance.device)
    matrix = covariance[:, (order[:, None] - order).abs()]
    scale = covariance[:, :1, None] * ridge[:, None] + _TINY**2
    matrix = matrix + scale * torch.eye(lags, device=covariance.device)
    return torch.linalg.solve(matrix, covariance[:, 1:, None]).squeeze(-1)


def _autocovariance(values: Tensor, weight: Tensor, lags: int) -> Tensor:
    """Biased autocovariances at lags 0 to `lags` of zero-mean rows, (rows, lags + 1)."""
    values = values * weight
    size = values.shape[1]
    products = [torch.einsum("nt,nt->n", values[:, lag:], values[:, : size - lag]) for lag in range(lags + 1)]
    return torch.stack(products, 1) / weight.sum(1, keepdim=True).clamp(min=1)


def _iterate(coefficients: Tensor, state: Tensor, last_step: int) -> tuple[Tensor, ...]:
    """Forecasts 1 to `last_step` of an autoregression, and how far a shock of 1 is still felt in each of them.

    The rows e'A^h of the companion matrix A come by doubling: a dozen batched products for any horizon.

    Args:
        coefficients: (rows, lags).
        state: the last values, latest first, of one or more starts, (rows, lags, starts).
        last_step: steps.

    Returns:
        The forecasts of each start, then the impulse responses, (rows, last_step) each.
    """
    rows, lags = coefficients.shape
    shift = torch.eye(lags, device=state.device)[:-1].expand(rows, -1, -1)
    power = torch.cat((coefficients[:, None], shift), 1)
    reading = coefficients[:, None]
    while reading.shape[1] < last_step:
        reading = torch.cat((reading, reading @ power), 1)
        power = power @ power
    reading = reading[:, :last_step]
    impulse = torch.cat((torch.ones_like(reading[:, :1, 0]), reading[:, :-1, 0]), 1)
    return *(reading @ state).unbind(-1), impulse


def _log_ratio(a: Tensor, b: Tensor) -> Tensor:
    return ((a + _TINY) / (b + _TINY)).log().clamp(-6, 6)


def _change_sizes(values: Tensor, length: Tensor) -> Tensor:
    """Root mean squares of the change over 1, 2, 4, ..., 1,024 steps, (rows, 11); of a random walk where unknown."""
    time = torch.arange(values.shape[1], device=values.device)
    valid = (time < length[:, None]).float()
    sizes: list[Tensor] = []
    for lag in _CHANGE_LAGS:
        known = torch.zeros_like(length, dtype=torch.bool)
        size = torch.ones_like(values[:, 0])
        if lag < values.shape[1]:
            weight = valid[:, lag:]
            change = (values[:, lag:] - values[:, :-lag]) * weight
            size = (change.square().sum(1) / weight.sum(1).clamp(min=1)).sqrt()
            known = (2 * lag <= length) | ((lag == 1) & (length > 1))
        sizes.append(torch.where(known, size, sizes[-1] * 2**0.5 if sizes else size))
    return torch.stack(sizes, 1)


def _by_log_step(table: Tensor, steps: Tensor) -> Tensor:
    """Log-log interpolation of a table at 1, 2, 4, ... steps; beyond its end as of a random walk."""
    position = steps.clamp(min=1).log2().clamp(max=table.shape[1] - 1 - 1e-3)
    left = position.floor().long()
    logs = (table + _TINY).log()
    value = at(logs, left) + (position - left) * (at(logs, left + 1) - at(logs, left))
    beyond = (steps / _CHANGE_LAGS[-1]).clamp(min=1).log() / 2
    return (value + beyond).exp()


def _smoothing_spread(weights: Tensor, error: Tensor, steps: Tensor, grid: Tensor) -> Tensor:
    """Standard deviation at each step (rows, steps) of the smoothers of a part of the grid, by the theory of ETS.

    The variance over that of one step is 1 + sum of (a + b (phi + ... + phi^j))^2 over j < h, with the parameters'
    means under the weights.
    """
    alpha, ratio, damping = (weights @ grid.float()).unbind(-1)
    beta = alpha * ratio
    horizon = int(steps.max())
    ahead = torch.arange(1, horizon + 1, device=steps.device, dtype=torch.float32)
    felt = alpha[:, None] + beta[:, None] * _growing_sums(damping[:, None], ahead)
    variance = 1 + torch.nn.functional.pad(felt.square().cumsum(1), (1, 0))[:, :-1]
    one_step = (weights * error).sum(-1, keepdim=True)
    return (one_step * at(variance, steps.long() - 1)).sqrt()


def run_experts(histories: Histories, periods: Tensor, steps: Tensor) -> Experts:
    """Forecasts of every expert at given steps behind the end of each history.

    Args:
        histories: of n steps each.
        periods: of the two seasons, int64 (rows, 2), 1 where there is none.
        steps: int64 (rows, steps), from 1 on.
    """
    x, weight, n = histories.values, histories.observed, histories.length
    size = x.shape[1]
    time = torch.arange(size, device=x.device)
    age = (n[:, None] - 1 - time).clamp(min=0)
    valid = (time < n[:, None]).float()
    count = n[:, None].clamp(min=1).float()
    h = steps.float()
    horizon = int(steps.max())

    short, in_short = find_season(x, weight, n, periods[:, :1], grows=True)
    long, in_long = find_season(x - in_short, weight, n, periods[:, 1:], grows=False)
    y = (x - in_short - in_long) * valid
    long_at = long.at_steps(steps)
    short_at = short.at_steps(steps)

    def seasoned(flat: Tensor) -> Tensor:
        return flat + short_at * short.amplitude(flat) + long_at

    # Exponential smoothing of the adjusted history.
    smoothed = smooth(y, n)
    kinds = torch.tensor([0, len(SIMPLE), len(HOLT), len(DAMPED)]).cumsum(0).tolist()
    grid = grid_tensor(x.device)
    forecasts, parts = [], []
    for start, stop in pairwise(kinds):
        weights = _evidence(smoothed.error[:, start:stop], n)
        level = (weights * smoothed.level[:, start:stop]).sum(-1, keepdim=True)
        damping = grid[start:stop, 2].float()
        # Smoothers of the same damping share their sum over steps.
        flat = level.expand_as(h)
        for value in damping.unique().tolist():
            slope = (weights * smoothed.slope[:, start:stop] * (damping == value)).sum(-1, keepdim=True)
            flat = flat + slope * _growing_sums(h.new_tensor(value), h)
        forecasts.append(flat)
        parts.append((weights, smoothed.error[:, start:stop], grid[start:stop]))
    simple, holt, damped = forecasts
    simple_weights, simple_error, _ = parts[0]
    alpha = (simple_weights @ grid[: kinds[1], 0].float())[:, None]
    first, slope = line_fit(y, valid)
    global_line = first + slope * (count - 1 + h)
    # Theta as simple smoothing with half the slope of the line as drift (Hyndman and Billah 2003).
    theta = simple + slope / 2 * (h - 1 + (1 - (1 - alpha) ** count) / alpha)

    last, first_value = at(y, n[:, None] - 1), y[:, :1]
    drift = (last - first_value) / (count - 1).clamp(min=1)
    near = torch.minimum(torch.maximum(periods[:, :1], torch.full_like(n, 6)[:, None]), (n[:, None] - 1).clamp(min=1))
    recent_drift = (last - at(y, n[:, None] - 1 - near)) / near
    window = torch.maximum(2 * periods[:, :1], torch.full_like(n, 8)[:, None])
    recent = (age < window) * valid
    local_first, local_slope = line_fit(y, recent)
    local_line = local_first + local_slope * (count - 1 + h)
    latest = (age < torch.maximum(periods[:, :1], torch.full_like(n, 5)[:, None])) * valid
    recent_mean = mean_over(y, latest)
    mean = mean_over(y, valid)

    # Exponential growth or saturation about a free level, by the means of the thirds of the history.
    third = (n[:, None] // 3).clamp(min=1)
    means = [mean_over(y, ((age >= k * third) & (age < (k + 1) * third)) * valid) for k in range(3)]
    before, after = means[1] - means[2], means[0] - means[1]
    same_way = (before * after > 0) & (n[:, None] >= 6)
    ratio = torch.where(same_way, after / torch.where(same_way, before, 1.0), 1.0).clamp(0.25, 2.5)
    rate = ratio ** (1 / third)
    current = after / third * ratio
    growth = (simple + last) / 2 + current * _growing_sums(rate, torch.minimum(h, count))
    growth = growth + current * rate**count * (h - count).clamp(min=0)

    # Autoregressions: of the adjusted history about its mean, and of its changes about their mean.
    ridge = 0.002 + 2 / count
    covariance = _autocovariance(y - mean, valid, _LAGS)
    coefficients = _toeplitz_solve(covariance, ridge)
    back = n[:, None] - 1 - torch.arange(_LAGS + 1, device=x.device)
    local_mean = mean_over(y, (age < torch.maximum(7 * periods[:, :1], n[:, None] // 6)) * valid)
    known = torch.where(back >= 0, at(y, back), mean)[:, :_LAGS]
    path, path_local, impulse = _iterate(coefficients, torch.stack((known - mean, known - local_mean), 2), horizon)
    innovation = (covariance[:, 0] - (coefficients * covariance[:, 1:]).sum(1)).clamp(min=0)
    auto_spread = (innovation[:, None] * impulse.square().cumsum(1)).sqrt()
    autoregression = mean + at(path, steps - 1)
    autoregression_local = local_mean + at(path_local, steps - 1)
    changes = torch.nn.functional.pad((y[:, 1:] - y[:, :-1]) * valid[:, 1:], (1, 0))
    changes_valid = valid * (time > 0)
    change_mean = mean_over(changes, changes_valid)
    change_covariance = _autocovariance(changes - change_mean, changes_valid, _LAGS)
    change_coefficients = _toeplitz_solve(change_covariance, ridge)
    recent_changes = torch.where(back[:, :_LAGS] > 0, at(changes, back[:, :_LAGS]), change_mean) - change_mean
    path, _ = _iterate(change_coefficients, recent_changes[..., None], horizon)
    shrunk = change_mean * (count / (count + 20))
    of_changes = last + at(path.cumsum(1), steps - 1) + shrunk * h

    # Seasonal experts of the history as it is.
    m, m_long = periods[:, :1], periods[:, 1:]
    seasonal = ((m > 1) & (m <= n[:, None])).squeeze(1)
    two_cycles = ((m > 1) & (2 * m <= n[:, None])).squeeze(1)
    seasonal_long = ((m_long > 1) & (m_long <= n[:, None])).squeeze(1)
    two_long = ((m_long > 1) & (2 * m_long <= n[:, None])).squeeze(1)
    x_last = at(x, n[:, None] - 1)

    def a_season_ago(period: Tensor) -> Tensor:
        return at(x, n[:, None] - 1 - (-steps) % period)

    cycles = (h / m).ceil()
    full = (n[:, None] // m - 1).clamp(min=1)
    by_cycle = (
        mean_over(x, (age < m) * valid) - mean_over(x, ((age >= full * m) & (age < (full + 1) * m)) * valid)
    ) / full
    naive_seasonal = a_season_ago(m)

    phases = size // 2 + 1
    phase, phase_long = age % m, age % m_long

    def profile(period: Tensor, phase: Tensor, kept: float) -> Tensor:
        decayed = weight * kept ** (age // period)
        means, total = phase_means(x, decayed, phase.clamp(max=phases - 1), phases)
        means = torch.where(total > 0, means, mean_over(x, decayed))
        return at(means, (-steps) % period)

    average, recent_profile, latest_profile = (profile(m, phase, kept) for kept in (1.0, 0.85, 0.5))
    average_long = profile(m_long, phase_long, 0.7)
    # Level of the last cycle, shape of all of them with later ones counting more.
    last_cycle = mean_over(x, (age < m) * valid)
    shape_level = mean_over(x, weight * 0.85 ** (age // m))
    level_shape = recent_profile + (last_cycle - shape_level) * 0.6

    flat = [
        last.expand_as(h),
        simple,
        holt,
        damped,
        theta,
        last + drift * h,
        last + recent_drift * h,
        global_line,
        local_line,
        growth,
        recent_mean.expand_as(h),
        mean.expand_as(h),
        autoregression,
        autoregression_local,
        of_changes,
    ]
    raw = [
        x_last.expand_as(h),
        naive_seasonal,
        naive_seasonal + by_cycle * cycles,
        a_season_ago(m_long),
        average,
        recent_profile,
        latest_profile,
        average_long,
        level_shape,
    ]
    points = torch.stack([*raw, *(seasoned(one) for one in flat)], -1)
    always = torch.ones_like(seasonal)
    available = torch.stack(
        [always, seasonal, two_cycles, seasonal_long, two_cycles, two_cycles, two_cycles, two_long, two_cycles]
        + [always] * len(flat),
        -1,
    ).float()
    # No expert leaves the neighbourhood of the history.
    low = torch.where(valid > 0, x, torch.inf).amin(1)[:, None, None]
    high = torch.where(valid > 0, x, -torch.inf).amax(1)[:, None, None]
    reach = (high - low) * (1 + 3 * (h / count))[..., None] + _FLOOR
    points = points.clamp(low - reach, high + reach)

    # Spreads.
    one_step = simple_error.amin(-1).sqrt()
    best = smoothed.error.amin(-1).sqrt()
    change_sizes = _change_sizes(y, n)
    seasonal_change = at(x, (time + m).expand(len(x), -1)) - x
    seasonal_valid = valid * ((time + m) < n[:, None])
    seasonal_error = mean_over(seasonal_change.square(), seasonal_valid).sqrt()
    about_mean = mean_over((y - mean).square(), valid).sqrt()
    about_line = mean_over((y - first - slope * time).square(), valid).sqrt()
    shown = available[:, None]
    plain = (points * shown).sum(-1, keepdim=True) / shown.sum(-1, keepdim=True)
    disagreement = (((points - plain).square() * shown).sum(-1) / shown.sum(-1)).sqrt()
    spreads = torch.stack(
        [
            best[:, None].expand_as(h),
            best[:, None] * h.sqrt(),
            _smoothing_spread(*parts[0][:2], steps, parts[0][2]),
            _smoothing_spread(*parts[1][:2], steps, parts[1][2]),
            _by_log_step(change_sizes, h),
            torch.where(seasonal_valid.sum(1, keepdim=True) > 0, seasonal_error, about_mean) * cycles.sqrt(),
            about_mean.expand_as(h),
            about_line.expand_as(h),
            disagreement,
            at(auto_spread, steps - 1),
        ],
        -1,
    )
    # A single value tells nothing of its spread: its own size, growing.
    alone = (n <= 1)[:, None, None]
    spreads = torch.where(alone, h.sqrt()[..., None], spreads.clamp(min=_FLOOR))

    features = _features(
        x, y, valid, weight, n, short, long, in_short, in_long, slope, first, smoothed, parts, change_sizes,
        covariance, change_covariance, changes, best, about_mean, about_line, seasonal_error, innovation, last,
        recent_mean, local_slope, ratio, mean, one_step,
    )  # fmt: skip
    seasonal_size = mean_over(seasonal_change.abs(), seasonal_valid).squeeze(1)
    unit = torch.maximum(seasonal_size, best / 2).clamp(min=0.03)
    return Experts(points, available, spreads, features, unit)


def _features(
    x: Tensor, y: Tensor, valid: Tensor, weight: Tensor, n: Tensor, short: Season, long: Season, in_short: Tensor,
    in_long: Tensor, slope: Tensor, first: Tensor, smoothed: Smoothed, parts: list, change_sizes: Tensor,
    covariance: Tensor, change_covariance: Tensor, changes: Tensor, best: Tensor, about_mean: Tensor,
    about_line: Tensor, seasonal_error: Tensor, innovation: Tensor, last: Tensor, recent_mean: Tensor,
    local_slope: Tensor, ratio: Tensor, mean: Tensor, one_step: Tensor,
) -> Tensor:  # fmt: skip
    """Features of a history that neither scale nor shift changes, (rows, features)."""
    count = n.clamp(min=1).float()
    time = torch.arange(x.shape[1], device=x.device)
    m, m_long = short.period.squeeze(1).float(), long.period.squeeze(1).float()
    simple, holt, damped = (p[0] @ p[2].float() for p in parts)
    errors = [p[1].amin(-1).sqrt() for p in parts]
    spread_x = mean_over((x - mean_over(x, valid)).square(), valid).sqrt().squeeze(1)
    low = torch.where(valid > 0, x, torch.inf).amin(1, keepdim=True)
    high = torch.where(valid > 0, x, -torch.inf).amax(1, keepdim=True)
    size = changes.abs().sum(1) / (count - 1).clamp(min=1)
    change_std = change_covariance[:, 0].clamp(min=0).sqrt()
    rest = (y - first - slope * time) * valid
    line_std = about_line.squeeze(1)
    end = (last - first - slope * (n[:, None] - 1)).squeeze(1) / (line_std + _TINY)
    skew = (rest**3).sum(1) / count / (line_std + _TINY) ** 3
    skew_changes = ((changes / (change_std[:, None] + _TINY)) ** 3).sum(1) / count
    half = (time < (n[:, None] // 2)) * valid
    early = mean_over(changes.abs(), half).squeeze(1)
    late = mean_over(changes.abs(), valid - half).squeeze(1)
    rows = [
        count.log() / 4 - 1,
        (count / 16).clamp(max=1),
        m.log() / 3,
        (m > 1).float(),
        m_long.log() / 5,
        (m_long > 1).float(),
        (count / m).log() / 4,
        short.shrinkage.squeeze(1),
        long.shrinkage.squeeze(1),
        _log_ratio(in_short.square().sum(1).div(count).sqrt(), about_mean.squeeze(1)) / 3,
        _log_ratio(in_long.square().sum(1).div(count).sqrt(), about_mean.squeeze(1)) / 3,
        (short.growth.squeeze(1) * spread_x).clamp(-3, 3),
        _log_ratio(line_std, about_mean.squeeze(1)),
        end.clamp(-4, 4) / 2,
        ((recent_mean - mean).squeeze(1) / (about_mean.squeeze(1) + _TINY)).clamp(-4, 4) / 2,
        (local_slope.squeeze(1) / (change_std + _TINY)).clamp(-3, 3),
        (slope.squeeze(1) / (change_std + _TINY)).clamp(-3, 3),
        ((local_slope - slope).squeeze(1) * count.sqrt() / (change_std + _TINY)).clamp(-6, 6) / 3,
        ratio.squeeze(1).log(),
        simple[:, 0],
        holt[:, 0],
        holt[:, 1],
        damped[:, 0],
        damped[:, 1],
        damped[:, 2],
        _log_ratio(errors[1], errors[0]) * 2,
        _log_ratio(errors[2], errors[0]) * 2,
        _log_ratio(change_std, errors[0]) * 2,
        _log_ratio(innovation.sqrt(), errors[0]) * 2,
        _log_ratio(about_mean.squeeze(1), errors[0]),
        _log_ratio(seasonal_error.squeeze(1), about_mean.squeeze(1)),
        _log_ratio(best, spread_x),
        skew.clamp(-4, 4) / 2,
        skew_changes.clamp(-8, 8) / 4,
        _log_ratio(size, change_std),
        _log_ratio(changes.abs().amax(1), change_std) / 2,
        _log_ratio(late, early),
        ((changes == 0) * valid).sum(1) / count,
        ((x == low) * valid).sum(1) / count,
        ((x == high) * valid).sum(1) / count,
        1 - weight.sum(1) / count,
        *(covariance[:, 1:5] / (covariance[:, :1] + _TINY**2)).unbind(1),
        *(change_covariance[:, 1:4] / (change_covariance[:, :1] + _TINY**2)).unbind(1),
        *(_log_ratio(change_sizes[:, 1:9], change_sizes[:, :8]) * 2).unbind(1),
    ]
    return torch.stack(rows, 1)


NUM_FEATURES = 56

__all__ = ["NUM_FEATURES", "Experts", "run_experts"]
