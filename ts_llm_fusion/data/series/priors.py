"""Synthetic histories and futures to train a forecaster on: many families, in batches determined by a seed.

| family | share | description |
|---|---|---|
| structural | 12 % | a trend, one or two seasons that evolve, spike or switch off, and noise; sums or products |
| steady | 7 % | a season that stays, a line, and correlated noise of one size |
| smoothing | 11 % | exponential smoothing state space models: level, damped slope, season (Hyndman et al. 2008) |
| growth | 12 % | economic growth: a positive level with persistent growth rates, in level or logarithm |
| loads | 16 % | a day or week profile that stays, on a level that wanders on several scales and returns |
| processes | 8 % | Gaussian processes of many scales, their sums and products, passed through a small causal graph |
| arima | 7 % | seasonal ARIMA, integrated 0 to 2 times |
| random_walk | 13 % | random walks, mean reversion with regimes, stochastic volatility, jumps |
| counts | 5 % | counts with seasons, hard zero phases, inflation of zeros, caps |
| cycles | 6 % | cycles of irregular length and height, bursts such as epidemics, some growing |
| shapes | 2 % | steps, spikes, saw teeth, square waves |
| catalog | 1 % | the families of the module `synthetic` |

One batch in ten mixes pairs of series; then come reversal, censoring, rounding, outliers, outages and gaps.
Batch 17 of seed 0 is the same in any process and order, so that workers can share a stream and a run can resume.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.utils.data import Dataset

from .synthetic import FAMILIES as CATALOG

_GROUP = 16
_PERIODS = np.array([4, 5, 7, 12, 12, 24, 24, 24, 30, 48, 52, 52, 52, 52, 96, 144, 168, 288, 336, 365])
# Share of yearly futures that leave the path of their history.
_BREAK_SHARE = 0.65
# Walks are drawn so many times as often among long histories: only there they can be told from slow returns.
_LONG_LENGTH, _LONG_FACTORS = 350, {"random_walk": 3.0}
# Of histories shorter than this, this share is without season, and these families are drawn so many times as often.
_ANNUAL_LENGTH, _ANNUAL_SHARE = 80, 0.5
_ANNUAL_FACTORS = {"growth": 6.0, "smoothing": 1.5, "arima": 1.5, "loads": 0.2, "steady": 0.5, "counts": 0.3}
_DAILY = (24, 48, 96, 144)
_LONG_PERIODS = {24: 168, 48: 336, 96: 672, 144: 1008, 7: 365, 12: 144, 4: 52}


@dataclass(frozen=True)
class Shape:
    """Common properties of the series of a group.

    Args:
        rows: number of series.
        length: steps of each, history and future together.
        history: steps of the history.
        period: steps of the first season, 1 for none.
        long_period: steps of the second season, 1 for none.
    """

    rows: int
    length: int
    history: int
    period: int
    long_period: int


def _uniform(rng: Generator, shape: Shape, low: float, high: float) -> np.ndarray:
    return rng.uniform(low, high, (shape.rows, 1))


def _log_uniform(rng: Generator, shape: Shape, low: float, high: float) -> np.ndarray:
    return np.exp(_uniform(rng, shape, np.log(low), np.log(high)))


def _chance(rng: Generator, shape: Shape, share: float) -> np.ndarray:
    return rng.random((shape.rows, 1)) < share


def standardized(values: np.ndarray) -> np.ndarray:
    """Rows of mean 0 and standard deviation 1; constants stay 0."""
    centered = values - values.mean(1, keepdims=True)
    std = centered.std(1, keepdims=True)
    return centered / np.where(std > 1e-9, std, 1.0)


def colored(rng: Generator, shape: Shape, memory: np.ndarray, shocks: np.ndarray | None = None) -> np.ndarray:
    """Stationary AR(1) rows of unit innovations; without a start-up, by their transfer function on a ring."""
    ring = 1 << (2 * shape.length + 256 - 1).bit_length()
    if shocks is None:
        shocks = rng.standard_normal((shape.rows, ring))
    frequency = np.exp(-2j * np.pi * np.arange(ring // 2 + 1) / ring)
    return np.fft.irfft(np.fft.rfft(shocks, ring) / (1 - memory * frequency), ring)[:, : shape.length]


def geometric_filter(values: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """y_t = memory * y_(t-1) + x_t from y_0 = x_0 on, for rows with memories (rows, 1) up to 1."""
    length = values.shape[1]
    kernel = memory ** np.arange(length)
    size = 1 << (2 * length - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(values, size) * np.fft.rfft(kernel, size), size)[:, :length]


def smooth_path(rng: Generator, shape: Shape, scale: np.ndarray, roughness: str = "smooth") -> np.ndarray:
    """Standardized draws of a stationary Gaussian process with correlation lengths (rows, 1) in steps."""
    ring = 1 << (2 * shape.length - 1).bit_length()
    frequency = np.arange(ring // 2 + 1) / ring
    if roughness == "smooth":
        amplitude = np.exp(-((np.pi * frequency * scale) ** 2) / 2)
    else:
        amplitude = (1 + (2 * np.pi * frequency * scale) ** 2) ** -(0.5 if roughness == "rough" else 1.0)
    spectrum = rng.standard_normal((2, shape.rows, len(frequency)))
    return standardized(np.fft.irfft(amplitude * (spectrum[0] + 1j * spectrum[1]), ring)[:, : shape.length])


def noise(rng: Generator, shape: Shape) -> np.ndarray:
    """Noise of deviation about 1: normal, heavy-tailed, correlated, or of changing size."""
    values = rng.standard_normal((shape.rows, shape.length))
    kind = rng.integers(5)
    if kind == 1:
        values = rng.standard_t(rng.uniform(2.5, 8), values.shape) / 1.5
    elif kind == 2:
        memory = _uniform(rng, shape, -0.3, 0.9)
        values = colored(rng, shape, memory) * np.sqrt(1 - memory**2)
    elif kind == 3:
        values = values * np.exp(0.6 * smooth_path(rng, shape, _log_uniform(rng, shape, 3, shape.length)))
    return values


def season(rng: Generator, shape: Shape, period: int) -> np.ndarray:
    """A standardized season: a few harmonics, a rough profile, spikes or on and off; fixed or evolving."""
    if period < 2:
        return np.zeros((shape.rows, shape.length))
    phase = (np.arange(shape.length) + rng.integers(period, size=(shape.rows, 1))) % period
    kind = rng.choice(5, p=(0.45, 0.2, 0.15, 0.1, 0.1))
    count = max(1, min(period // 2, int(rng.integers(1, 9))))
    harmonics = np.arange(1, count + 1)[:, None]
    angle = 2 * np.pi * harmonics * np.arange(period) / period

    def profile() -> np.ndarray:
        weights = rng.standard_normal((2, shape.rows, count)) / harmonics[:, 0] ** rng.uniform(0.3, 1.5)
        smooth = weights[0] @ np.sin(angle) + weights[1] @ np.cos(angle)
        if kind == 0:
            return smooth
        if kind == 1:
            return rng.standard_normal((shape.rows, period)) + smooth
        if kind == 2:
            return np.exp(1.2 * standardized(smooth))
        if kind == 3:
            return (smooth > np.quantile(smooth, rng.uniform(0.3, 0.9), axis=1, keepdims=True)).astype(float)
        spikes = rng.random((shape.rows, period)) < max(1.5 / period, 0.05)
        return spikes * rng.exponential(1, (shape.rows, period)) + 0.2 * smooth

    values = np.take_along_axis(standardized(profile()), phase, 1)
    change = rng.integers(8)
    if change == 1:
        # The profile turns into another one.
        share = standardized(smooth_path(rng, shape, _log_uniform(rng, shape, period, 4 * shape.length)))
        share = 1 / (1 + np.exp(-2 * share))
        values = share * values + (1 - share) * np.take_along_axis(standardized(profile()), phase, 1)
    elif change == 2:
        values = values * np.exp(0.5 * smooth_path(rng, shape, _log_uniform(rng, shape, period, 4 * shape.length)))
    return values


def week(rng: Generator, shape: Shape) -> np.ndarray:
    """A standardized day profile whose height and form depend on the day: the long period is one of days."""
    days = shape.long_period // shape.period
    time = np.arange(shape.length) + rng.integers(shape.long_period, size=(shape.rows, 1))
    day = time // shape.period % days
    kinds = season(rng, shape, shape.period), season(rng, shape, shape.period)
    # Working days and the others, at the same place in each row's week.
    free = day >= days - max(1, round(days * rng.uniform(0.1, 0.4)))
    factor = np.take_along_axis(
        1 + _log_uniform(rng, shape, 0.02, 0.3) * rng.standard_normal((shape.rows, days)), day, 1
    )
    other = (
        _uniform(rng, shape, 0, 1) * kinds[0] + _uniform(rng, shape, 0, 0.6) * kinds[1] - _uniform(rng, shape, -0.3, 2)
    )
    return standardized(factor * np.where(free, other, kinds[0]))


def any_season(rng: Generator, shape: Shape) -> np.ndarray:
    """A season of the short period, where there is a long one mostly a week of it."""
    if shape.long_period > 1 and shape.long_period % shape.period == 0 and rng.random() < 0.75:
        return week(rng, shape)
    return season(rng, shape, shape.period)


def trend(rng: Generator, shape: Shape) -> np.ndarray:
    """A standardized trend of one kind, or none."""
    time = np.linspace(0, 1, shape.length)
    kind = rng.choice(11, p=(0.1, 0.12, 0.1, 0.08, 0.06, 0.08, 0.14, 0.12, 0.08, 0.06, 0.06))
    if kind == 0:
        return np.zeros((shape.rows, shape.length))
    if kind == 1:
        values = time * np.ones((shape.rows, 1))
    elif kind == 2:
        values = np.exp(_uniform(rng, shape, 0.3, 4) * time)
    elif kind == 3:
        values = 1 - np.exp(-_uniform(rng, shape, 0.5, 8) * time)
    elif kind == 4:
        values = time ** _log_uniform(rng, shape, 0.3, 3)
    elif kind == 5:
        values = 1 / (1 + np.exp(-_uniform(rng, shape, 4, 25) * (time - _uniform(rng, shape, 0.1, 1.1))))
    elif kind == 6:
        # Slopes that last for a while.
        changes = rng.random((shape.rows, shape.length)) < rng.uniform(0.5, 6) / shape.length
        slopes = rng.standard_normal((shape.rows, shape.length))
        held = np.maximum.accumulate(np.where(changes, np.arange(shape.length), 0), 1)
        values = np.cumsum(np.take_along_axis(slopes, held, 1) + _uniform(rng, shape, -1.5, 1.5), 1)
    elif kind == 7:
        # Local linear trend.
        slope = geometric_filter(rng.standard_normal((shape.rows, shape.length)), _uniform(rng, shape, 0.7, 1.0))
        values = np.cumsum(slope, 1) + _log_uniform(rng, shape, 0.1, 30) * np.arange(shape.length)
    elif kind == 8:
        values = np.cumsum(rng.standard_normal((shape.rows, shape.length)), 1)
    elif kind == 9:
        jumps = rng.random((shape.rows, shape.length)) < rng.uniform(1, 8) / shape.length
        values = np.cumsum(jumps * rng.standard_normal((shape.rows, shape.length)), 1)
    else:
        values = smooth_path(rng, shape, _log_uniform(rng, shape, 3, shape.length))
    return standardized(values)


def structural(rng: Generator, shape: Shape) -> np.ndarray:
    """Trend, seasons and noise."""
    size = _log_uniform(rng, shape, 0.01, 1.0)
    values = trend(rng, shape) * _log_uniform(rng, shape, 0.1, 6)
    values += any_season(rng, shape) * _log_uniform(rng, shape, 0.2, 4)
    if rng.random() < 0.35:
        values += season(rng, shape, shape.long_period) * _log_uniform(rng, shape, 0.1, 2)
    shocks = noise(rng, shape)
    if rng.random() < 0.5:
        # A level that wanders and returns.
        memory = 1 - 1 / _log_uniform(rng, shape, 2, shape.length)
        values += colored(rng, shape, memory) * np.sqrt(1 - memory**2) * _log_uniform(rng, shape, 0.1, 2)
    kind = rng.integers(4)
    if kind == 1:
        values = np.exp(_log_uniform(rng, shape, 0.05, 0.8) * (values + size * shocks))
    elif kind == 2:
        low = values.min(1, keepdims=True)
        values = values + size * shocks * (0.2 + values - low) / (0.2 - low + values.mean(1, keepdims=True))
    else:
        values = values + size * shocks
    return values


def loads(rng: Generator, shape: Shape) -> np.ndarray:
    """A profile that stays, on a level that wanders on several scales and returns: loads, flows, temperatures."""
    base = shape.period if shape.period > 1 else 8
    values = np.zeros((shape.rows, shape.length))
    for fastest, slowest in ((1.5, base), (base, 6 * base), (6 * base, 60 * base)):
        if rng.random() < 0.75:
            memory = 1 - 1 / _log_uniform(rng, shape, fastest, slowest)
            values += colored(rng, shape, memory) * np.sqrt(1 - memory**2) * _log_uniform(rng, shape, 0.1, 1.5)
    values += noise(rng, shape) * _log_uniform(rng, shape, 0.02, 0.5)
    if rng.random() < 0.4:
        # Many measured series repeat themselves nearly exactly.
        values *= _log_uniform(rng, shape, 0.03, 0.6)
    profile = any_season(rng, shape)
    if rng.random() < 0.5:
        profile = profile * np.exp(
            _uniform(rng, shape, 0.1, 0.5) * smooth_path(rng, shape, _log_uniform(rng, shape, 2 * base, 40 * base))
        )
    values += profile * _log_uniform(rng, shape, 0.2, 3)
    if rng.random() < 0.3:
        values += trend(rng, shape) * _log_uniform(rng, shape, 0.1, 2)
    return values


def steady(rng: Generator, shape: Shape) -> np.ndarray:
    """Steady series: a season, a line and correlated noise of one size."""
    values = any_season(rng, shape) * _log_uniform(rng, shape, 0.3, 3)
    if rng.random() < 0.3:
        values += season(rng, shape, shape.long_period) * _log_uniform(rng, shape, 0.3, 3)
    if rng.random() < 0.5:
        values += np.linspace(-1, 1, shape.length) * _uniform(rng, shape, -1, 1) * _log_uniform(rng, shape, 0.3, 10)
    memory = 1 - 1 / _log_uniform(rng, shape, 1.1, 3 * max(4, shape.period))
    values += colored(rng, shape, memory) * np.sqrt(1 - memory**2) * _log_uniform(rng, shape, 0.03, 1)
    return values + rng.standard_normal(values.shape) * _log_uniform(rng, shape, 0.01, 0.5)


def smoothing(rng: Generator, shape: Shape) -> np.ndarray:
    """ETS state space models in closed form: sums and filters of their innovations."""
    shocks = noise(rng, shape)
    before = np.concatenate((np.zeros((shape.rows, 1)), shocks[:, :-1]), 1)
    alpha = _uniform(rng, shape, 0.02, 1.1)
    has_slope = rng.random() < 0.65
    values = np.cumsum(alpha * before, 1)
    if has_slope:
        beta = alpha * _log_uniform(rng, shape, 0.005, 0.5)
        damping = np.where(_chance(rng, shape, 0.4), 1.0, _uniform(rng, shape, 0.75, 0.99))
        slope = geometric_filter(beta * before, damping)
        slope += _uniform(rng, shape, -1, 1) * _log_uniform(rng, shape, 0.02, 2) * damping ** np.arange(shape.length)
        values = values + np.cumsum(slope, 1)
    if shape.period > 1 and rng.random() < 0.7:
        cycles = -(-shape.length // shape.period)
        padded = np.zeros((shape.rows, cycles * shape.period))
        padded[:, : shape.length] = shocks
        gamma = _log_uniform(rng, shape, 0.002, 0.35)[:, :, None]
        moves = np.cumsum(padded.reshape(shape.rows, cycles, shape.period), 1)
        moves = np.concatenate((np.zeros_like(moves[:, :1]), moves[:, :-1]), 1)
        moves = (gamma * moves).reshape(shape.rows, -1)[:, : shape.length]
        values = values + moves + any_season(rng, shape) * _log_uniform(rng, shape, 0.3, 8)
    values = values + shocks
    if rng.random() < 0.35:
        values = np.exp(_log_uniform(rng, shape, 0.05, 0.7) * values / (values.std(1, keepdims=True) + 1e-9))
    return values


def growth(rng: Generator, shape: Shape) -> np.ndarray:
    """Positive levels with persistent growth: rates revert slowly to their mean, with crises and revisions."""
    memory = 1 - _log_uniform(rng, shape, 0.02, 0.7)
    rate = colored(rng, shape, memory) * np.sqrt(1 - memory**2) * _log_uniform(rng, shape, 0.2, 2)
    rate = rate + _uniform(rng, shape, -0.2, 2) + rng.standard_normal(rate.shape) * _log_uniform(rng, shape, 0.03, 0.8)
    if rng.random() < 0.5:
        # Calm and restless times.
        times = smooth_path(rng, shape, _log_uniform(rng, shape, 3, 2 * shape.length))
        rate = rate * np.exp(_uniform(rng, shape, 0.2, 0.9) * times)
    if rng.random() < 0.4:
        crises = rng.random(rate.shape) < rng.uniform(0.2, 3) / shape.length
        rate = rate - crises * rng.exponential(4, rate.shape) * np.sign(rng.uniform(-0.3, 1, rate.shape))
    path = np.cumsum(rate, 1)
    if rng.random() < 0.7:
        reach = np.abs(path).max(1, keepdims=True) + 1e-9
        path = np.exp(path / reach * _log_uniform(rng, shape, 0.1, 3.5))
    path = standardized(path)
    return path + noise(rng, shape) * _log_uniform(rng, shape, 0.002, 0.15)


def processes(rng: Generator, shape: Shape) -> np.ndarray:
    """Nodes of Gaussian processes; each later node adds transformed, lagged earlier ones."""
    nodes: list[np.ndarray] = []
    for number in range(int(rng.integers(1, 5))):
        kind = rng.integers(5)
        scale = _log_uniform(rng, shape, 1.5, 2 * shape.length)
        if kind == 0:
            own = smooth_path(rng, shape, scale)
        elif kind == 1:
            own = smooth_path(rng, shape, scale, "medium")
        elif kind == 2:
            own = smooth_path(rng, shape, scale, "rough")
        elif kind == 3:
            own = season(rng, shape, shape.period) + season(rng, shape, shape.long_period) * rng.random()
        else:
            own = trend(rng, shape)
        if nodes and rng.random() < 0.3:
            own = own * (1 + nodes[int(rng.integers(number))] * rng.uniform(0, 1))
        for earlier in nodes:
            if rng.random() < 0.6:
                lagged = np.roll(earlier, int(rng.integers(0, 4)), 1)
                function = (np.tanh, np.abs, np.exp, lambda z: np.maximum(z, 0), lambda z: z)[rng.integers(5)]
                own = own + rng.normal() * standardized(function(np.clip(lagged, -3, 3)))
        nodes.append(standardized(own))
    return nodes[-1] + noise(rng, shape) * _log_uniform(rng, shape, 0.003, 0.7)


def arima(rng: Generator, shape: Shape) -> np.ndarray:
    """Seasonal ARIMA by its transfer function on a ring, then summed up."""
    ring = 1 << (2 * shape.length + 512 - 1).bit_length()
    backshift = np.exp(-2j * np.pi * np.arange(ring // 2 + 1) / ring)

    def factor(lag: int, order: int, most: float) -> np.ndarray:
        out = np.ones((shape.rows, len(backshift)), dtype=complex)
        for _ in range(order):
            radius, angle = _uniform(rng, shape, 0.1, most), _uniform(rng, shape, 0, np.pi)
            real = _chance(rng, shape, 0.6)
            sign = np.where(_chance(rng, shape, 0.75), 1.0, -1.0)
            pair = 1 - 2 * radius * np.cos(angle) * backshift**lag + radius**2 * backshift ** (2 * lag)
            out = out * np.where(real, 1 - sign * radius * backshift**lag, pair)
        return out

    filters = factor(1, int(rng.integers(0, 3)), 0.95) / factor(1, int(rng.integers(0, 3)), 0.98)
    if shape.period > 1 and rng.random() < 0.7:
        filters = filters * factor(shape.period, int(rng.integers(0, 2)), 0.8) / factor(shape.period, 1, 0.9)
    values = np.fft.irfft(np.fft.rfft(rng.standard_normal((shape.rows, ring))) * filters, ring)[:, : shape.length]
    values = standardized(values)
    if shape.period > 1 and rng.random() < 0.25:
        cycles = -(-shape.length // shape.period)
        padded = np.zeros((shape.rows, cycles * shape.period))
        padded[:, : shape.length] = values
        values = np.cumsum(padded.reshape(shape.rows, cycles, shape.period), 1).reshape(shape.rows, -1)
        values = values[:, : shape.length]
    for _ in range(int(rng.choice(3, p=(0.35, 0.4, 0.25)))):
        values = np.cumsum(values + rng.normal(0, 0.2, (shape.rows, 1)) * rng.integers(2), 1)
    return values


def random_walk(rng: Generator, shape: Shape) -> np.ndarray:
    """Prices and other walks, with volatility that clusters, jumps, drift, or a pull to a level that moves."""
    shocks = rng.standard_normal((shape.rows, shape.length))
    if rng.random() < 0.3:
        shocks = rng.standard_t(rng.uniform(2.5, 6), shocks.shape)
    if rng.random() < 0.4:
        memory = _uniform(rng, shape, 0.8, 0.995)
        volatility = colored(rng, shape, memory) * np.sqrt(1 - memory**2)
        shocks = shocks * np.exp(_uniform(rng, shape, 0.1, 0.9) * volatility)
    if rng.random() < 0.25:
        jumps = rng.random(shocks.shape) < rng.uniform(0.5, 5) / shape.length
        shocks = shocks + jumps * rng.standard_normal(shocks.shape) * rng.uniform(3, 12)
    kind = rng.choice(4, p=(0.5, 0.15, 0.2, 0.15))
    if kind == 0:
        values = np.cumsum(shocks, 1)
    elif kind == 1:
        values = np.cumsum(shocks + rng.normal(0, 0.15, (shape.rows, 1)), 1)
    elif kind == 2:
        memory = 1 - 1 / _log_uniform(rng, shape, 5, 2 * shape.length)
        values = geometric_filter(shocks, memory)
        jumps = rng.random(shocks.shape) < rng.uniform(0, 4) / shape.length
        values += np.cumsum(jumps * rng.standard_normal(shocks.shape), 1) * values.std(1, keepdims=True)
    else:
        values = np.exp(np.cumsum(shocks, 1) / np.sqrt(shape.length) * _log_uniform(rng, shape, 0.05, 1.5))
    if rng.random() < 0.15:
        values = values + rng.standard_normal(values.shape) * _log_uniform(rng, shape, 0.05, 3)
    return values


def counts(rng: Generator, shape: Shape) -> np.ndarray:
    """Counts of a rate with trend and season, some with phases of nothing, extra zeros or a cap."""
    level = 0.4 * trend(rng, shape) + any_season(rng, shape) * _log_uniform(rng, shape, 0.05, 0.8)
    rate = np.exp(level) * _log_uniform(rng, shape, 0.1, 200)
    if rng.random() < 0.4:
        rate = rate * rng.gamma(2, 0.5, rate.shape)
    values = rng.poisson(np.minimum(rate, 1e6)).astype(np.float64)
    kind = rng.integers(4)
    if kind == 1:
        values = values * (rng.random(values.shape) < _uniform(rng, shape, 0.05, 0.9))
    elif kind == 2 and shape.period > 2:
        phase = (np.arange(shape.length) + rng.integers(shape.period, size=(shape.rows, 1))) % shape.period
        values = values * (phase > _uniform(rng, shape, 0.1, 0.6) * shape.period)
    elif kind == 3:
        values = np.minimum(values, np.quantile(values, rng.uniform(0.7, 1), axis=1, keepdims=True))
    return values


def cycles(rng: Generator, shape: Shape) -> np.ndarray:
    """Cycles about a period, of irregular length and height: waves, or bursts above a base level."""
    period = shape.period if shape.period > 3 else rng.uniform(5, max(6, min(60, shape.length / 4)))
    irregular = rng.uniform(0, 0.15) * rng.integers(2)
    speed = np.exp(irregular * smooth_path(rng, shape, np.full((shape.rows, 1), float(period)))) / period
    angle = 2 * np.pi * (np.cumsum(speed, 1) + _uniform(rng, shape, 0, 1))
    height = np.exp(_uniform(rng, shape, 0, 0.7) * smooth_path(rng, shape, np.full((shape.rows, 1), 1.5 * period)))
    wave = np.sin(angle + _uniform(rng, shape, 0, 0.7) * np.sin(angle))
    if rng.random() < 0.6:
        wave = np.exp(_uniform(rng, shape, 0.3, 3) * wave)
        if rng.random() < 0.5:
            # The height of a burst is its own, drawn anew for each cycle.
            cycle = np.floor(angle / (2 * np.pi) + 0.25).astype(int)
            heights = _uniform(rng, shape, 0.1, 0.7) * rng.standard_t(4, (shape.rows, cycle.max() + 1))
            heights += np.cumsum(_uniform(rng, shape, 0, 0.3) * rng.standard_normal(heights.shape), 1)
            height = height * np.exp(np.take_along_axis(np.clip(heights, -3, 3), cycle, 1))
    values = standardized(wave) - standardized(wave).min(1, keepdims=True)
    values = values * height + noise(rng, shape) * _log_uniform(rng, shape, 0.01, 0.4) * np.sqrt(0.1 + values)
    if rng.random() < 0.4:
        # More is reported from year to year.
        values = values * np.exp(_uniform(rng, shape, -0.5, 2) * np.linspace(0, 1, shape.length))
    return values + 0.5 * trend(rng, shape) * rng.integers(2)


def shapes(rng: Generator, shape: Shape) -> np.ndarray:
    """Saw teeth, square waves, steps and rare spikes, nearly without noise."""
    period = shape.period if shape.period > 1 else int(rng.integers(4, max(5, shape.length // 3)))
    phase = (np.arange(shape.length) + rng.integers(period, size=(shape.rows, 1))) % period / period
    kind = rng.integers(4)
    if kind == 0:
        values = phase
    elif kind == 1:
        values = (phase < _uniform(rng, shape, 0.1, 0.9)).astype(np.float64)
    elif kind == 2:
        jumps = rng.random((shape.rows, shape.length)) < rng.uniform(1, 6) / shape.length
        values = np.cumsum(jumps * rng.standard_normal(jumps.shape), 1)
    else:
        values = (phase < 1.01 / period).astype(np.float64) * (1 + 0.3 * rng.standard_normal(phase.shape))
    return standardized(values) + rng.standard_normal(values.shape) * _log_uniform(rng, shape, 1e-3, 0.2)


def catalog(rng: Generator, shape: Shape) -> np.ndarray:
    """Families of the module `synthetic`, drawn series by series."""
    names = [name for name in CATALOG if name != "kernels" or shape.length <= 192]
    return np.stack([CATALOG[names[rng.integers(len(names))]](rng, shape.length) for _ in range(shape.rows)])


# family -> (function that draws it, share of the groups)
FAMILIES: dict[str, tuple[Callable[[Generator, Shape], np.ndarray], float]] = {
    "structural": (structural, 0.12),
    "steady": (steady, 0.07),
    "smoothing": (smoothing, 0.11),
    "growth": (growth, 0.12),
    "loads": (loads, 0.16),
    "processes": (processes, 0.08),
    "arima": (arima, 0.07),
    "random_walk": (random_walk, 0.13),
    "counts": (counts, 0.05),
    "cycles": (cycles, 0.06),
    "shapes": (shapes, 0.02),
    "catalog": (catalog, 0.01),
}


def spoil(rng: Generator, shape: Shape, values: np.ndarray, reversed_share: float) -> tuple[np.ndarray, np.ndarray]:
    """Simulate measurement: return the true series and the observed one (NaN where missing)."""
    if rng.random() < reversed_share:
        values = values[:, ::-1]
    values = standardized(values)
    if rng.random() < 0.05:
        values = np.maximum(values, np.quantile(values, rng.uniform(0, 0.4), axis=1, keepdims=True))
    if rng.random() < 0.06:
        values = values * np.exp(0.5 * smooth_path(rng, shape, _log_uniform(rng, shape, 5, 2 * shape.length)))
    if rng.random() < 0.1:
        step = _log_uniform(rng, shape, 0.02, 0.6)
        values = np.round(values / step) * step
    if rng.random() < 0.06:
        hit = rng.random(values.shape) < rng.uniform(0.002, 0.02)
        values = values + hit * rng.standard_t(3, values.shape) * rng.uniform(1, 5)
    seen = values
    if rng.random() < 0.05:
        hit = rng.random(values.shape) < rng.uniform(0.002, 0.02)
        seen = seen + hit * rng.standard_t(3, values.shape) * rng.uniform(2, 6)
    if rng.random() < 0.08:
        seen = np.where(rng.random(values.shape) < rng.uniform(0.02, 0.4), np.nan, seen)
    if rng.random() < 0.04:
        # One outage of a row, at any place.
        start, length = _uniform(rng, shape, 0, shape.history), _log_uniform(rng, shape, 1, max(2, shape.history / 4))
        time = np.arange(shape.length)
        seen = np.where((time >= start) & (time < start + length) & (time < shape.history - 1), np.nan, seen)
    # Every history keeps at least one observed value.
    nothing = np.isnan(seen[:, : shape.history]).all(1)
    seen[nothing, shape.history - 1] = values[nothing, shape.history - 1]
    return values, seen


def break_future(rng: Generator, shape: Shape, values: np.ndarray) -> np.ndarray:
    """Make some futures leave the path of their history by a jump of the level and a bend, of a few usual changes.

    Short histories of real series show fewer breaks than there are.
    """
    future = shape.length - shape.history
    usual = np.sqrt(np.mean(np.diff(values, axis=1) ** 2, axis=1, keepdims=True))
    since = np.arange(shape.length) - shape.history - np.floor(_uniform(rng, shape, 0, future))
    jump = rng.standard_t(4, (shape.rows, 1)) * (since >= 0)
    bend = 0.5 * rng.standard_t(4, (shape.rows, 1)) * np.maximum(since + 1, 0)
    return values + usual * _chance(rng, shape, _BREAK_SHARE) * (jump + bend)


def _draw_period(rng: Generator, history: int) -> tuple[int, int]:
    """Periods of two seasons, 1 for none, that mostly fit into the history."""
    if rng.random() < 0.12:
        return 1, 1
    fitting = _PERIODS[history * rng.choice((0.4, 0.4, 1.2)) >= _PERIODS]
    # Long histories are mostly of hours and their parts.
    daily = fitting[np.isin(fitting, _DAILY)]
    if history > 350 and len(daily) and rng.random() < 0.5:
        fitting = daily
    if not len(fitting):
        return (4, 1) if rng.random() < 0.4 else (1, 1)
    period = int(rng.choice(fitting)) if rng.random() < 0.8 else int(rng.integers(2, max(3, min(80, history // 2))))
    long_period = _LONG_PERIODS.get(period, period * int(rng.integers(2, 8)))
    return period, long_period if 2 * long_period <= history and rng.random() < 0.75 else 1


def draw_batch(
    seed: int, number: int, rows: int, families: dict[str, float] | None = None, longest: int = 2112
) -> dict[str, np.ndarray]:
    """Draw a batch of histories and futures.

    Histories are of 8 steps and more (median about 90), all of a batch of about the same length; horizons are of 4 to
    512 steps, none longer than 1.5 times the history. The seasonal period is told, or left to be found (0).

    Args:
        seed: seed of all batches.
        number: number of the batch.
        rows: rows of a batch of short histories, a multiple of 64; batches of longer ones have half or a quarter.
        families: name -> share; those of `FAMILIES` by default.
        longest: largest number of steps of a history.

    Returns:
        `past_values` float32 (rows, time), NaN where missing and before the start; `future_values` float32
        (rows, horizon); `seasonal_period` int64 (rows, 2); `family` int64 (rows,), its number.
    """
    rng = np.random.default_rng((seed, number))
    names = list(FAMILIES)
    shares = np.array([families.get(name, 0.0) if families else FAMILIES[name][1] for name in names])
    shares = shares / shares.sum()
    annual_shares = shares * [_ANNUAL_FACTORS.get(name, 1.0) for name in names]
    annual_shares = annual_shares / annual_shares.sum()
    long_shares = shares * [_LONG_FACTORS.get(name, 1.0) for name in names]
    long_shares = long_shares / long_shares.sum()
    # Long histories cost most and come in smaller batches.
    low, high, part = ((8, 96, 1), (48, 512, 2), (400, longest, 4))[rng.choice(3, p=(0.43, 0.36, 0.21))]
    base = int(np.exp(rng.uniform(np.log(low), np.log(min(high, longest)))))
    horizon = int(np.exp(rng.uniform(np.log(4), np.log(max(5, min(512, 1.2 * base))))))
    past, future, periods, family = [], [], [], []
    for _ in range(rows // part // _GROUP):
        history = max(8, int(base * rng.uniform(0.75, 1)))
        # Short histories are mostly yearly: no season, and growth that goes on.
        annual = rng.random() < _ANNUAL_SHARE * (history < _ANNUAL_LENGTH)
        period, long_period = (1, 1) if annual else _draw_period(rng, history)
        shape = Shape(_GROUP, history + horizon, history, period, long_period)
        chosen = int(
            rng.choice(len(names), p=annual_shares if annual else long_shares if history > _LONG_LENGTH else shares)
        )
        values = FAMILIES[names[chosen]][0](rng, shape)
        if rng.random() < 0.1:
            other = FAMILIES[names[int(rng.choice(len(names), p=shares))]][0](rng, shape)
            share = rng.uniform(0.2, 0.8)
            values = share * standardized(values) + (1 - share) * standardized(other)
        if annual:
            values = break_future(rng, shape, values)
        truth, seen = spoil(rng, shape, values, 0.0 if annual else 0.1)
        padded = np.full((_GROUP, base), np.nan)
        padded[:, base - history :] = seen[:, :history]
        past.append(padded)
        future.append(truth[:, history:])
        told = rng.choice(3, p=(0.55, 0.2, 0.25))
        periods.append(np.tile(((period, 0), (period, long_period), (0, 0))[told], (_GROUP, 1)))
        family.append(np.full(_GROUP, chosen))
    return {
        "past_values": np.concatenate(past).astype(np.float32),
        "future_values": np.concatenate(future).astype(np.float32),
        "seasonal_period": np.concatenate(periods).astype(np.int64),
        "family": np.concatenate(family),
    }


class SyntheticPriorDataset(Dataset):
    """Data set whose items are the batches of `draw_batch`.

    Args:
        num_batches: number of batches.
        batch_size: rows of a batch of short histories, a multiple of 64.
        seed: seed of all batches.
        families: name -> share; those of `FAMILIES` by default.

    Raises:
        ValueError: for a batch size that is not a multiple of 64, or an unknown family.
    """

    def __init__(
        self, num_batches: int, batch_size: int = 256, seed: int = 0, families: dict[str, float] | None = None
    ):
        if batch_size < 64 or batch_size % 64:
            raise ValueError(f"batch_size is {batch_size}; give a multiple of 64.")
        unknown = [name for name in families or {} if name not in FAMILIES]
        if unknown:
            raise ValueError(f"families: no family {unknown[0]!r}; the families are {', '.join(FAMILIES)}.")
        self.num_batches, self.batch_size, self.seed, self.families = num_batches, batch_size, seed, families

    def __len__(self) -> int:
        return self.num_batches

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        """Batch `number`: `past_values`, `future_values` (batch, time, 1), `seasonal_period` (batch, 1, 2)."""
        if not 0 <= number < self.num_batches:
            raise IndexError(f"batch {number} of {self.num_batches}")
        batch = draw_batch(self.seed, number, self.batch_size, self.families)
        return {
            "past_values": torch.from_numpy(batch["past_values"])[..., None],
            "future_values": torch.from_numpy(batch["future_values"])[..., None],
            "seasonal_period": torch.from_numpy(batch["seasonal_period"])[:, None],
        }
