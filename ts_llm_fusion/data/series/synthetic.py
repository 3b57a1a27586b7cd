"""Synthetic series of families with known behavior, to train and test forecasters.

| family | description |
|---|---|
| trend | a piecewise linear, exponential or saturating trend with noise |
| seasonal | one or two seasons of up to four harmonics, whose amplitude may grow, on a linear trend with noise |
| regimes | segments of different level, slope and noise |
| arma | a stationary ARMA(p, q) process, p and q up to 3 |
| intermittent | counts that are mostly zero: demand at random times and in random sizes, perhaps by the season |
| kernels | a draw of a Gaussian process whose kernel is a random sum and product of up to five kernels |

The last follows KernelSynth of Chronos (Ansari et al., arXiv:2403.07815). Each series has its own random generator,
seeded by the seed, the split and its number: series 17 of seed 0 is the same in any order, shard or process.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import numpy as np
from datasets import Features, Value
from numpy.random import Generator

from ...errors import UserError
from ..entries import SPLITS, DatasetEntry
from ..generated import AnyDataset, Rows, make_dataset
from .rows import SERIES_FEATURES

FEATURES = Features({**SERIES_FEATURES, "family": Value("string")})

_PERIODS = np.array([4, 7, 12, 24, 30, 48, 52, 96, 168])
_START = datetime(2000, 1, 1)


def _period(rng: Generator, length: int) -> int:
    """Draw a usual period that fits twice into the length."""
    fitting = _PERIODS[length // 2 >= _PERIODS]
    return int(rng.choice(fitting)) if len(fitting) else 2


def _standardized(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / (values.std() or 1.0)


def _rescaled(rng: Generator, values: np.ndarray) -> np.ndarray:
    """Move a shape to a random level between 0.1 and 1,000, with a spread of 3 % to 300 % of the level."""
    level = rng.choice((-1.0, 1.0)) * 10 ** rng.uniform(-1, 3)
    return level + abs(level) * 10 ** rng.uniform(-1.5, 0.5) * _standardized(values)


def _noisy(rng: Generator, values: np.ndarray) -> np.ndarray:
    return _standardized(values) + rng.uniform(0.02, 0.3) * rng.standard_normal(len(values))


def trend(rng: Generator, length: int) -> np.ndarray:
    """Trend with noise, float64 (length,)."""
    time = np.linspace(0, 1, length)
    kind = rng.choice(("linear", "exponential", "saturating"))
    if kind == "linear":
        inner = np.sort(rng.uniform(0.1, 0.9, rng.integers(0, 4)))
        knots = np.concatenate(([0.0], inner, [1.0]))
        values = np.interp(time, knots, rng.standard_normal(len(knots)))
    elif kind == "exponential":
        values = rng.choice((-1.0, 1.0)) * np.exp(rng.uniform(-4, 4) * time)
    else:
        values = rng.choice((-1.0, 1.0)) / (1 + np.exp(-rng.uniform(5, 25) * (time - rng.uniform(0.2, 0.8))))
    return _rescaled(rng, _noisy(rng, values))


def _season(rng: Generator, length: int) -> np.ndarray:
    harmonics = np.arange(1, rng.integers(2, 6))
    amplitudes = rng.standard_normal(len(harmonics)) / harmonics
    angles = 2 * np.pi / _period(rng, length) * np.outer(harmonics, np.arange(length))
    return amplitudes @ np.sin(angles + rng.uniform(0, 2 * np.pi, (len(harmonics), 1)))


def seasonal(rng: Generator, length: int) -> np.ndarray:
    """One or two seasons on a linear trend with noise, float64 (length,)."""
    time = np.linspace(0, 1, length)
    values = sum(_standardized(_season(rng, length)) for _ in range(rng.integers(1, 3)))
    values = values * (1 + rng.choice((0.0, 1.0)) * rng.uniform(0, 2) * time) + rng.normal(0, 1) * time
    return _rescaled(rng, _noisy(rng, values))


def regimes(rng: Generator, length: int) -> np.ndarray:
    """Two to five segments of different level, slope and noise, float64 (length,)."""
    count = int(rng.integers(2, 6))
    changes = np.sort(rng.choice(np.arange(1, length), min(count, length) - 1, replace=False))
    segment = np.searchsorted(changes, np.arange(length), side="right")
    levels, slopes, spreads = rng.normal(0, 2, count), rng.normal(0, 1, count), rng.uniform(0.05, 0.8, count)
    since = np.arange(length) - np.concatenate(([0], changes))[segment]
    values = levels[segment] + slopes[segment] * since / length + spreads[segment] * rng.standard_normal(length)
    return _rescaled(rng, values)


def arma_process(rng: Generator, length: int, ar: np.ndarray, ma: np.ndarray) -> np.ndarray:
    """Gaussian ARMA process with unit innovations: x_t = sum_k ar_k x_(t-k) + e_t + sum_k ma_k e_(t-k).

    White noise is filtered by the transfer function on a ring of at least four times the length, so there is neither a
    loop over time nor a burn-in; for the roots drawn by `arma`, the part that wraps around is negligible.

    Args:
        rng: source of the innovations.
        length: number of steps.
        ar: autoregressive coefficients of a stationary process, (p,).
        ma: moving-average coefficients, (q,).
    """
    ring = 1 << (4 * length - 1).bit_length()
    backshift = np.exp(-2j * np.pi * np.arange(ring // 2 + 1) / ring)
    numerator = np.polyval([*ma[::-1], 1.0], backshift)
    denominator = np.polyval([*(-np.asarray(ar)[::-1]), 1.0], backshift)
    return np.fft.irfft(np.fft.rfft(rng.standard_normal(ring)) * numerator / denominator, ring)[:length]


def _coefficients(rng: Generator, order: int) -> np.ndarray:
    """Draw c_k of 1 + c_1 B + ... with real or paired complex inverse roots of absolute value below 0.95."""
    polynomial = np.ones(1)
    while len(polynomial) <= order:
        radius = rng.uniform(0.2, 0.95)
        if len(polynomial) < order and rng.random() < 0.5:
            factor = np.array([1.0, -2 * radius * np.cos(rng.uniform(0, np.pi)), radius**2])
        else:
            factor = np.array([1.0, -radius * rng.choice((-1.0, 1.0))])
        polynomial = np.convolve(polynomial, factor)
    return polynomial[1:]


def arma(rng: Generator, length: int) -> np.ndarray:
    """Stationary ARMA(p, q) process with p and q up to 3, not both 0, float64 (length,)."""
    p, q = rng.integers(0, 4, 2)
    values = arma_process(rng, length, -_coefficients(rng, max(p, int(q == 0))), _coefficients(rng, q))
    return _rescaled(rng, values)


def intermittent(rng: Generator, length: int) -> np.ndarray:
    """Intermittent demand: whole numbers from 1 on in 5 to 40 % of the steps, else 0, float64 (length,)."""
    chance = np.full(length, rng.uniform(0.05, 0.4))
    if rng.random() < 0.5:
        phase = 2 * np.pi * (np.arange(length) / _period(rng, length) + rng.random())
        chance = chance * (1 + rng.uniform(0.3, 1) * np.sin(phase))
    sizes = 1 + rng.negative_binomial(rng.integers(1, 6), rng.uniform(0.1, 0.9), length)
    return np.where(rng.random(length) < chance, sizes, 0).astype(np.float64)


# A kernel maps times (length,) to a covariance (length, length).
Kernel = Callable[[np.ndarray], np.ndarray]


def _distances(time: np.ndarray) -> np.ndarray:
    return np.abs(time[:, None] - time)


def _draw_kernel(rng: Generator, length: int) -> Kernel:
    """Draw a kernel: white noise, linear, radial basis, rational quadratic, or periodic, for times from 0 to 1."""
    kind = rng.choice(("white", "linear", "smooth", "rational", "periodic"), p=(0.1, 0.2, 0.2, 0.2, 0.3))
    scale = rng.choice((0.05, 0.2, 1.0))
    if kind == "white":
        return lambda time: np.eye(len(time))
    if kind == "linear":
        offset = rng.choice((0.0, 0.3, 1.0))
        return lambda time: offset**2 + np.outer(time, time)
    if kind == "smooth":
        return lambda time: np.exp(-0.5 * (_distances(time) / scale) ** 2)
    if kind == "rational":
        alpha = rng.choice((0.1, 1.0, 10.0))
        return lambda time: (1 + (_distances(time) / scale) ** 2 / (2 * alpha)) ** -alpha
    period = _period(rng, length) / length
    return lambda time: np.exp(-2 * np.sin(np.pi * _distances(time) / period) ** 2)


def gaussian_process(rng: Generator, covariance: np.ndarray) -> np.ndarray:
    """Draw from N(0, covariance), of shape (length,), with jitter of a millionth of the variance on the diagonal."""
    jitter = 1e-6 * covariance.diagonal().mean() * np.eye(len(covariance))
    return np.linalg.cholesky(covariance + jitter) @ rng.standard_normal(len(covariance))


def kernels(rng: Generator, length: int) -> np.ndarray:
    """Gaussian process with a random composition of one to five kernels by + and x, float64 (length,)."""
    time = np.linspace(0, 1, length)
    covariance = _draw_kernel(rng, length)(time)
    for _ in range(rng.integers(0, 5)):
        other = _draw_kernel(rng, length)(time)
        covariance = covariance + other if rng.random() < 0.5 else covariance * other
    return _rescaled(rng, gaussian_process(rng, covariance))


FAMILIES: dict[str, Callable[[Generator, int], np.ndarray]] = {
    family.__name__: family for family in (trend, seasonal, regimes, arma, intermittent, kernels)
}


@dataclass(frozen=True)
class SyntheticSeriesArguments:
    """Settings of the synthetic series.

    Args:
        num_series: number of series in each split.
        length: steps of each series.
        families: families to draw from, uniformly.
        seed: random seed.
        num_shards: parts of a stream, to distribute among processes and workers.
    """

    num_series: int = 1000
    length: int = 512
    families: tuple[str, ...] = field(default=tuple(FAMILIES))
    seed: int = 0
    num_shards: int = 16

    def __post_init__(self) -> None:
        for name, least in (("num_series", 1), ("length", 8), ("num_shards", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise UserError(f"{name} is {getattr(self, name)}; it must be at least {least}.")
        unknown = [family for family in self.families if family not in FAMILIES]
        if unknown or not self.families:
            raise UserError(f"families: {unknown or 'none'}; give some of {', '.join(FAMILIES)}.")


def make_series(arguments: SyntheticSeriesArguments, number: int, split: str = "train") -> tuple[str, np.ndarray]:
    """Make one series: its family and values, float64 (length,), both determined by the arguments."""
    rng = np.random.default_rng((arguments.seed, SPLITS.index(split), number))
    family = arguments.families[rng.integers(len(arguments.families))]
    return family, FAMILIES[family](rng, arguments.length)


def _rows(shards: list[range], arguments: SyntheticSeriesArguments, split: str) -> Rows:
    for shard in shards:
        for number in shard:
            family, values = make_series(arguments, number, split)
            yield {"item_id": f"{split}-{number}", "start": _START, "freq": "h", "target": values, "family": family}


def load_synthetic_series(split: str | None, streaming: bool, **options: Any) -> AnyDataset:
    """Load synthetic series as rows of `FEATURES`; a stream can be resumed, and distributed by shards.

    `options` are fields of `SyntheticSeriesArguments`; splits have different series.
    """
    known = [option.name for option in fields(SyntheticSeriesArguments)]
    unknown = [name for name in options if name not in known]
    if unknown:
        raise UserError(f"synthetic-series: no option {unknown[0]!r}; the options are {', '.join(known)}.")
    if "families" in options:
        options["families"] = tuple(options["families"])
    arguments = SyntheticSeriesArguments(**options)
    count = min(arguments.num_shards, arguments.num_series)
    ends = np.linspace(0, arguments.num_series, count + 1).astype(int)
    shards = [range(*map(int, ends[part : part + 2])) for part in range(count)]
    splits = {name: {"shards": shards, "arguments": arguments, "split": name} for name in SPLITS}
    return make_dataset(_rows, FEATURES, splits, split, streaming)


ENTRIES = (
    DatasetEntry(
        name="synthetic-series",
        task="forecasting",
        description="Synthetic series of six families: trends, seasons, regimes, ARMA, intermittent demand, and "
        "Gaussian processes of composed kernels. Options: num_series, length, families, seed, num_shards.",
        license="Apache-2.0",
        citation="the kernels family follows KernelSynth: Ansari et al., Chronos, TMLR 2024 (arXiv:2403.07815)",
        homepage="",
        features="ts_llm_fusion.data.series.synthetic:FEATURES",
        loader="ts_llm_fusion.data.series.synthetic:load_synthetic_series",
    ),
)
