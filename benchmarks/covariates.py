"""Gain of the built-in forecaster from covariates in context: `python -m benchmarks.covariates [--seeds 0 1 2]`.

Series are made on the spot: level, trend, a season of 7 steps, autoregressive noise, a random walk in half of them,
and the effect of covariates. Three forecasts of each: without covariates; by an oracle, which subtracts the true
effect from the history and adds that of the horizon; and with the covariates in context. Beside the last, a plain
ridge regression of the history on its covariates, whose strength is chosen by leave-one-out, in place of the
regression in context. Prints, for histories of 60 and 400 steps and a horizon of 14, pooled over series, steps and
seeds,

- the share of the oracle's gain in MAE and in MSE that is lost, where covariates have an effect;
- the change of MAE and MSE, where they have none, or none that can be learned;
- coverage of the 80 % band, and processor time beside that of the forecast without covariates.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

import ts_llm_fusion
from ts_llm_fusion import TSFusionForForecasting
from ts_llm_fusion.evaluation.report import align_columns, markdown_table

LENGTHS = (60, 400)
HORIZON = 14
SEASON = 7
LEVELS = (0.1, 0.5, 0.9)
COLUMNS = ["series", "MAE", "MSE", "plain ridge MAE", "MSE", "coverage, %", "ms a series", "times without"]
_WARM_UP = 100
_STRENGTHS = np.logspace(-3, 5, 17)


@dataclass
class Series:
    """Series over history and horizon.

    Args:
        base: without effects, (series, time).
        covariates: (series, time, features).
        effect: true sum of the effects, (series, time).
        known: features whose future is known, the first ones.
        season: steps of a season.
    """

    base: np.ndarray
    covariates: np.ndarray
    effect: np.ndarray
    known: int
    season: int = SEASON


def autoregression(rng: np.random.Generator, count: int, steps: int, kept: np.ndarray | float) -> np.ndarray:
    """Stationary autoregressions of the first order, of variance 1, (count, steps)."""
    kept = np.broadcast_to(kept, count)
    noise = rng.standard_normal((count, steps + _WARM_UP))
    values = noise.copy()
    for step in range(1, noise.shape[1]):
        values[:, step] = kept * values[:, step - 1] + np.sqrt(1 - kept**2) * noise[:, step]
    return values[:, _WARM_UP:]


def base(rng: np.random.Generator, count: int, steps: int, season: int = SEASON) -> np.ndarray:
    """Level, trend, season, autoregressive noise of variance 1, and a random walk in half of the series."""
    time = np.arange(steps)
    trend = rng.normal(0, 0.02, (count, 1)) * time
    profile = rng.normal(0, 1.5, (count, season))[:, time % season]
    walk = rng.normal(0, 0.1, (count, steps)).cumsum(1) * (rng.random((count, 1)) < 0.5)
    return 20 + trend + profile + walk + autoregression(rng, count, steps, rng.uniform(0, 0.8, count))


def events(rng: np.random.Generator, count: int, steps: int, share: float) -> np.ndarray:
    """1 at some steps and 0 at the others; at least twice in a history."""
    values = (rng.random((count, steps)) < share).astype(float)
    length = steps - HORIZON
    values[:, [length // 3, length * 4 // 5]] = 1.0
    return values


def price(rng: np.random.Generator, count: int, steps: int) -> Series:
    """Prices that stay for 8 steps in the mean; constant elasticity of -0.8 to -2."""
    changes = (rng.random((count, steps)) < 0.12).cumsum(1)
    prices = np.take_along_axis(np.exp(rng.normal(0, 0.2, (count, steps + 1))), changes, 1)
    effect = 10 * (prices ** -rng.uniform(0.8, 2.0, (count, 1)) - 1)
    return Series(base(rng, count, steps), prices[..., None], effect, 1)


def promotion(rng: np.random.Generator, count: int, steps: int) -> Series:
    """On at 15 % of the steps, and adds 3 to 7."""
    on = events(rng, count, steps, 0.15)
    return Series(base(rng, count, steps), on[..., None], rng.uniform(3, 7, (count, 1)) * on, 1)


def temperature(rng: np.random.Generator, count: int, steps: int) -> Series:
    """A year of 365 steps with weather; below a threshold each degree adds 0.6, above it nothing."""
    year = 9 * np.sin(2 * np.pi * (np.arange(steps) + rng.uniform(0, 365, (count, 1))) / 365)
    degrees = 12 + year + 4 * autoregression(rng, count, steps, 0.8)
    effect = 0.6 * np.maximum(rng.uniform(10, 18, (count, 1)) - degrees, 0)
    return Series(base(rng, count, steps), degrees[..., None], effect, 1)


def holiday(rng: np.random.Generator, count: int, steps: int) -> Series:
    """One step in 20, up or down by 4 to 8."""
    on = events(rng, count, steps, 0.05)
    size = rng.choice((-1, 1), (count, 1)) * rng.uniform(4, 8, (count, 1))
    return Series(base(rng, count, steps), on[..., None], size * on, 1)


def together(*parts: Series) -> Series:
    """All covariates and effects on the first base."""
    return Series(
        parts[0].base,
        np.concatenate([part.covariates for part in parts], -1),
        np.sum([part.effect for part in parts], 0),
        sum(part.known for part in parts),
        parts[0].season,
    )


def noise(rng: np.random.Generator, count: int, steps: int, features: int = 10) -> Series:
    """Covariates that are noise."""
    values = rng.standard_normal((count, steps, features))
    return Series(base(rng, count, steps), values, np.zeros((count, steps)), features)


def three(rng: np.random.Generator, count: int, steps: int) -> Series:
    """Price, promotion and temperature."""
    return together(price(rng, count, steps), promotion(rng, count, steps), temperature(rng, count, steps))


def price_and_noise(rng: np.random.Generator, count: int, steps: int) -> Series:
    """A price among nine columns of noise."""
    return together(price(rng, count, steps), noise(rng, count, steps, 9))


def promotion_among_99(rng: np.random.Generator, count: int, steps: int) -> Series:
    """A promotion among 99 columns of noise."""
    return together(promotion(rng, count, steps), noise(rng, count, steps, 99))


def growing_promotion(rng: np.random.Generator, count: int, steps: int) -> Series:
    """A promotion that adds 35 % to a level that doubles."""
    on = events(rng, count, steps, 0.15)
    level = base(rng, count, steps) + np.linspace(0, 15, steps) * rng.uniform(0.3, 1, (count, 1))
    return Series(level, on[..., None], 0.35 * level * on, 1)


def pulled_forward(rng: np.random.Generator, count: int, steps: int) -> Series:
    """A promotion that adds 5 and takes 3 from the step after it."""
    on = events(rng, count, steps, 0.15)
    effect = 5 * on
    effect[:, 1:] -= 3 * on[:, :-1]
    return Series(base(rng, count, steps), on[..., None], effect, 1)


def comfort(rng: np.random.Generator, count: int, steps: int) -> Series:
    """Heating and cooling: least at a comfortable temperature, more in both directions."""
    made = temperature(rng, count, steps)
    degrees = made.covariates[..., 0]
    return Series(made.base, made.covariates, 0.4 * np.abs(degrees - rng.uniform(8, 16, (count, 1))), 1)


def temperature_in_season(rng: np.random.Generator, count: int, steps: int) -> Series:
    """Months: a temperature that is mostly the season of the year, beside a season of the series' own."""
    degrees = 9 * np.sin(2 * np.pi * np.arange(steps) / 12) + 2 * rng.standard_normal((count, steps))
    return Series(base(rng, count, steps, 12), degrees[..., None], rng.normal(0, 0.8, (count, 1)) * degrees, 1, 12)


def price_with_typos(rng: np.random.Generator, count: int, steps: int) -> Series:
    """A price of which two values in the history are a hundred times too large."""
    made = price(rng, count, steps)
    made.covariates[:, [steps - HORIZON - 30, steps - HORIZON - 15]] *= 100
    return made


def shocks_of_the_past(rng: np.random.Generator, count: int, steps: int) -> Series:
    """Outages marked in the past alone; none in the horizon."""
    off = events(rng, count, steps, 0.05)
    off[:, -HORIZON - 3 :] = 0
    off[:, -HORIZON - 2] = 1
    return Series(base(rng, count, steps), off[..., None], -8 * off, 0)


def time_itself(rng: np.random.Generator, count: int, steps: int) -> Series:
    """The time and its square root."""
    time = np.broadcast_to(np.arange(steps, dtype=float), (count, steps))
    return Series(base(rng, count, steps), np.stack((time, np.sqrt(time)), -1), np.zeros((count, steps)), 2)


def holiday_every_december(rng: np.random.Generator, count: int, steps: int) -> Series:
    """Months: a holiday that is always in the same month, as the season already knows."""
    on = np.broadcast_to((np.arange(steps) % 12 == 11).astype(float), (count, steps))
    return Series(base(rng, count, steps, 12) + 5 * on, on[..., None], np.zeros((count, steps)), 1, 12)


def random_walks(rng: np.random.Generator, count: int, steps: int) -> Series:
    """A random walk and three others that it has nothing to do with."""
    walks = rng.standard_normal((count, steps, 4)).cumsum(1)
    return Series(walks[..., 0], walks[..., 1:], np.zeros((count, steps)), 3)


def walks_beside_series(rng: np.random.Generator, count: int, steps: int) -> Series:
    """Three random walks beside the usual series."""
    walks = rng.standard_normal((count, steps, 3)).cumsum(1)
    return Series(base(rng, count, steps), walks, np.zeros((count, steps)), 3)


def smooth_trends(rng: np.random.Generator, count: int, steps: int) -> Series:
    """Two twice integrated random walks that have nothing to do with each other."""
    walks = rng.standard_normal((count, steps, 2)).cumsum(1).cumsum(1) / 10
    level = walks[..., 0] + rng.standard_normal((count, steps))
    return Series(level, walks[..., 1:], np.zeros((count, steps)), 1)


def never_before(rng: np.random.Generator, count: int, steps: int) -> Series:
    """A mark that is 0 in the whole history and 1 in the horizon."""
    on = np.broadcast_to((np.arange(steps) >= steps - HORIZON).astype(float), (count, steps))
    return Series(base(rng, count, steps), on[..., None], np.zeros((count, steps)), 1)


def constant(rng: np.random.Generator, count: int, steps: int) -> Series:
    """A covariate that never changes."""
    return Series(base(rng, count, steps), np.full((count, steps, 1), 0.1), np.zeros((count, steps)), 1)


def hundred_of_noise(rng: np.random.Generator, count: int, steps: int) -> Series:
    """100 columns of noise."""
    return noise(rng, count, steps, 100)


EFFECTS: tuple[Callable[..., Series], ...] = (
    price,
    promotion,
    temperature,
    holiday,
    comfort,
    three,
    price_and_noise,
    promotion_among_99,
    growing_promotion,
    pulled_forward,
    temperature_in_season,
    price_with_typos,
    shocks_of_the_past,
)
NO_EFFECT: tuple[Callable[..., Series], ...] = (
    noise,
    hundred_of_noise,
    random_walks,
    walks_beside_series,
    smooth_trends,
    time_itself,
    holiday_every_december,
    never_before,
    constant,
)


def plain_ridge(history: np.ndarray, past: np.ndarray, future: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Effects in history and horizon by ridge regression on standardized covariates and a constant.

    The strength is that of the least leave-one-out error, in closed form from the singular values.
    """
    center, scale = past.mean(1, keepdims=True), past.std(1, keepdims=True)
    scale = np.where(scale > 1e-9, scale, np.inf)
    x, x_future = (past - center) / scale, (future - center) / scale
    y = history - history.mean(1, keepdims=True)
    left, values, right = np.linalg.svd(x, full_matrices=False)
    scores = np.einsum("ntk,nt->nk", left, y)
    coefficients, errors = [], []
    for strength in _STRENGTHS:
        kept = values**2 / (values**2 + strength)
        fitted = np.einsum("ntk,nk->nt", left, kept * scores)
        leverage = (left**2 * kept[:, None]).sum(-1) + 1 / y.shape[1]
        errors.append((((y - fitted) / (1 - leverage).clip(1e-3)) ** 2).mean(1))
        coefficients.append(np.einsum("nk,nkf->nf", values / (values**2 + strength) * scores, right))
    chosen = np.argmin(errors, 0)
    best = np.stack(coefficients)[chosen, np.arange(len(y))]
    return (x @ best[..., None])[..., 0], (x_future @ best[..., None])[..., 0]


@dataclass
class Errors:
    """Sums over series and steps, added up over seeds."""

    absolute: np.ndarray
    squared: np.ndarray
    inside: float
    seconds: np.ndarray
    count: int

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(*(getattr(self, name) + getattr(other, name) for name in vars(self)))


def run(model: TSFusionForForecasting, made: Series, length: int) -> Errors:
    """Errors without covariates, of the oracle, with covariates, and of the plain ridge, in this order."""
    series = made.base + made.effect
    history, truth = series[:, :length], series[:, length:]
    past, future = made.covariates[:, :length], made.covariates[:, length:, : made.known]

    def forecast(values: np.ndarray, **covariates: torch.Tensor) -> tuple[np.ndarray, float]:
        start = time.process_time()
        past_values = torch.from_numpy(values)[..., None]
        out = model.predict(past_values, None, HORIZON, LEVELS, made.season, **covariates)
        return out.full_predictions[:, :, 0].numpy(), time.process_time() - start

    without, seconds = forecast(history)
    given = {"past_covariates": torch.tensor(past), "future_covariates": torch.tensor(future)}
    found, seconds_with = forecast(history, **given)
    oracle, _ = forecast(made.base[:, :length])
    # Covariates that are known in the past alone have no place in a plain regression.
    ridge_past, ridge_future = plain_ridge(history, past[..., : made.known], future)
    ridge, _ = forecast(history - ridge_past)
    points = (
        without[..., 1],
        oracle[..., 1] + made.effect[:, length:],
        found[..., 1],
        ridge[..., 1] + ridge_future,
    )
    return Errors(
        absolute=np.array([np.abs(point - truth).sum() for point in points]),
        squared=np.array([np.square(point - truth).sum() for point in points]),
        inside=((truth >= found[..., 0]) & (truth <= found[..., 2])).sum(),
        seconds=np.array((seconds, seconds_with)),
        count=truth.size,
    )


def lost(errors: np.ndarray, has_effect: bool) -> tuple[float, float]:
    """Share of the gain that is lost, or change where there is no gain, in percent: in context, and by plain ridge."""
    without, oracle, found, ridge = errors
    if has_effect:
        return 100 * (found - oracle) / (without - oracle), 100 * (ridge - oracle) / (without - oracle)
    return 100 * (found / without - 1), 100 * (ridge / without - 1)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=ts_llm_fusion.BUILT_IN, help="checkpoint; the built-in one by default")
    parser.add_argument("--series", type=int, default=300, help="of each kind and seed")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--lengths", type=int, nargs="*", default=LENGTHS, help="of the histories")
    parser.add_argument("--only", nargs="*", help="kinds of series; all by default")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = TSFusionForForecasting.from_pretrained(options.model)
    for title, kinds in (
        ("share of the oracle's gain that is lost, %", EFFECTS),
        ("change of the error where nothing can be gained, %", NO_EFFECT),
    ):
        for length in options.lengths:
            rows = [COLUMNS]
            for kind in kinds:
                if options.only and kind.__name__ not in options.only:
                    continue
                errors = [
                    run(model, kind(np.random.default_rng((seed, length)), options.series, length + HORIZON), length)
                    for seed in options.seeds
                ]
                total = sum(errors[1:], errors[0])
                mae, ridge_mae = lost(total.absolute, kind in EFFECTS)
                mse, ridge_mse = lost(total.squared, kind in EFFECTS)
                seconds = total.seconds / (options.series * len(errors))
                scores = (mae, mse, ridge_mae, ridge_mse, 100 * total.inside / total.count, 1e3 * seconds[1])
                times = f"{seconds[1] / seconds[0]:.1f}"
                rows.append([kind.__name__.replace("_", " "), *(f"{score:.1f}" for score in scores), times])
            if len(rows) > 1:
                table = markdown_table(align_columns(rows, right=True))
                print(f"\n{title}: {length} steps of history\n\n{table}", flush=True)


if __name__ == "__main__":
    main()
