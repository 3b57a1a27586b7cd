"""Trend, season, change of level and outliers of a series."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from .subject import Subject

# Least strength of a season, and how much stronger a longer one must be.
_LEAST_SEASON, _BETTER = 0.1, 0.05
# Most values that a season is looked for in.
_MOST_VALUES = 20_000
# A change of level: least share of the variation about a line that it explains, and least size in deviations.
_LEAST_SHARE, _LEAST_JUMP = 0.2, 1.5
# Share of a series at each end in which no change of level is looked for.
_EDGE = 0.02
# Steps on each side of a value that it is compared with; robust deviations and share of the range from which on it is
# an outlier.
_BESIDE, _FAR, _LEAST_SIZE = 3, 8.0, 0.02


class Line(NamedTuple):
    """The least-squares line: slope per step, change from first to last step, share of the variation explained."""

    slope: float
    change: float
    explained: float


def fit_line(rows: np.ndarray, values: np.ndarray) -> Line:
    """Line through values at rows, NaN left out."""
    known = ~np.isnan(values)
    time, seen = rows[known].astype(np.float64), values[known]
    time = time - time.mean()
    centered = seen - seen.mean()
    slope = float(time @ centered / (time @ time))
    total = float(centered @ centered)
    explained = slope**2 * float(time @ time) / total if total > 1e-24 * max(float(seen @ seen), 1e-300) else 0.0
    return Line(slope, slope * float(rows[-1] - rows[0]), min(explained, 1.0))


def moving_mean(values: np.ndarray, period: int) -> np.ndarray:
    """Mean of the values of one season about each, of those that are there."""
    return pd.Series(values).rolling(period, center=True, min_periods=1).mean().to_numpy()


def season_strength(values: np.ndarray, period: int) -> float:
    """Share of the variation about the moving mean of a season that the means of its phases explain.

    It is adjusted for the number of phases, and 0 where fewer than two seasons are there.
    """
    known = np.flatnonzero(~np.isnan(values))
    if period < 2 or len(values) < 2 * period or len(known) < period + 2:
        return 0.0
    rest = (values - moving_mean(values, period))[known]
    phase = known % period
    counts = np.bincount(phase, minlength=period)
    if (counts == 0).any():
        return 0.0
    means = np.bincount(phase, rest, period) / counts
    total = float((rest**2).sum()) / (len(known) - 1)
    if total <= 1e-18 * float(np.abs(values[known]).max()) ** 2:
        return 0.0
    left = float(((rest - means[phase]) ** 2).sum()) / max(len(known) - period, 1)
    return max(1 - left / total, 0.0)


def _found_period(values: np.ndarray) -> int:
    """Lag of the highest peak of the autocorrelation behind its first negative value; 0 where there is none."""
    known = pd.Series(values).interpolate(limit_direction="both").to_numpy()
    rest = known - np.polynomial.Polynomial.fit(np.arange(len(known)), known, 1)(np.arange(len(known)))
    spectrum = np.abs(np.fft.rfft(rest, 2 * len(rest))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(rest) // 2]
    if len(correlation) < 4 or correlation[0] <= 0:
        return 0
    negative = np.flatnonzero(correlation < 0)
    if not len(negative):
        return 0
    start = int(negative[0])
    peak = start + int(correlation[start:].argmax())
    is_clear = correlation[peak] > 0.1 * correlation[0] and 3 * peak <= len(rest)
    return peak if is_clear else 0


def candidate_periods(values: np.ndarray, subject: Subject) -> list[int]:
    """Periods that a season may have: of the calendar, and of the autocorrelation."""
    periods = set(subject.panel.grids.seasons[int(subject.panel.grids.grid_of[0])]) if subject.dated else set()
    if subject.dated:
        days = subject.axis.step / np.timedelta64(1, "D")
        periods |= {round(length / days) for length in (1, 7, 365.25) if length / days >= 1.99}
    periods.add(_found_period(values))
    return sorted(period for period in periods if period > 1)


def find_season(values: np.ndarray, subject: Subject) -> tuple[int, float] | None:
    """Period and strength of the season; None where there is none."""
    recent = values[-_MOST_VALUES:]
    chosen: tuple[int, float] | None = None
    for period in candidate_periods(recent, subject):
        strength = season_strength(recent, period)
        if strength >= _LEAST_SEASON and (chosen is None or strength > chosen[1] + _BETTER):
            chosen = period, strength
    return chosen


# Days of the units whose seasons have a fixed number of steps.
_DAYS_OF_UNIT = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "year": 365.25}


def steps_of_season(unit: str, subject: Subject) -> int | None:
    """Steps of a season of a day, week or year; None for others, and where there are fewer than two."""
    days = subject.axis.step / np.timedelta64(1, "D")
    steps = round(_DAYS_OF_UNIT[unit] / days) if unit in _DAYS_OF_UNIT else 0
    return steps if steps > 1 else None


def strength_of_period(values: np.ndarray, period: int, subject: Subject) -> float | None:
    """Strength of a season of a period; None where it is weak beside a line and the shorter seasons that there are."""
    recent = values[-_MOST_VALUES:]
    time, known = np.arange(len(recent)), ~np.isnan(recent)
    rest = recent - np.polynomial.Polynomial.fit(time[known], recent[known], 1)(time)
    for shorter in candidate_periods(recent, subject):
        if shorter < period and season_strength(recent, shorter) >= _LEAST_SEASON:
            rest = rest - _profile(rest, shorter)
    strength = season_strength(recent, period)
    return strength if min(strength, season_strength(rest, period)) >= _LEAST_SEASON else None


def _profile(values: np.ndarray, period: int) -> np.ndarray:
    """Mean of each phase of a season about the moving mean, at every step."""
    about = pd.Series(values - moving_mean(values, period))
    return about.groupby(np.arange(len(values)) % period).transform("mean").to_numpy()


def without_season(values: np.ndarray, subject: Subject) -> np.ndarray:
    """Values without the means of the phases of their season, if they have one."""
    found = find_season(values, subject)
    return values if found is None else values - _profile(values, found[0])


def break_gains(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of the variation about a line that a step from each place on explains beside it, and the size of the step.

    The step is orthogonal to the line (Frisch, Waugh, Lovell).

    Args:
        values: (time,) without NaN.
    """
    count = len(values)
    time = np.arange(count) - (count - 1) / 2
    rest = values - np.polynomial.Polynomial.fit(time, values, 1)(time)
    behind = count - np.arange(count)
    # Sums from each place to the end: of the rest, and of the step against both parts of the line.
    inner = rest[::-1].cumsum()[::-1]
    of_time = time[::-1].cumsum()[::-1]
    norm = behind - behind**2 / count - of_time**2 / (time @ time)
    total = float(rest @ rest)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(norm > 1e-9, inner / norm, 0.0)
        gain = np.where(norm > 1e-9, inner**2 / norm, 0.0) / total if total > 0 else np.zeros(count)
    return gain, size


def find_break(values: np.ndarray, subject: Subject) -> int | None:
    """Place from which on the level is another, beside a line and the season; None where there is none."""
    known = pd.Series(values).interpolate(limit_direction="both").to_numpy()
    if len(known) < 10:
        return None
    level = without_season(known, subject)
    if np.ptp(level) <= 1e-9 * max(float(np.abs(known).max()), 1e-300):
        return None
    gain, size = break_gains(level)
    edge = max(int(_EDGE * len(known)), 3)
    gain[:edge] = gain[-edge + 1 :] = 0
    place = int(gain.argmax())
    total = np.var(level - np.polynomial.Polynomial.fit(np.arange(len(level)), level, 1)(np.arange(len(level))))
    left = float(np.sqrt(max(total * (1 - gain[place]), 0.0)))
    is_clear = gain[place] >= _LEAST_SHARE and abs(size[place]) >= _LEAST_JUMP * left
    return place if is_clear else None


def _distances(values: np.ndarray) -> np.ndarray:
    """Distance of each value from the median of those next to it, itself left out; NaN where two are not known.

    At an end, where these lie on one side, a value may go on as they do.
    """
    padded = np.pad(values, _BESIDE, constant_values=np.nan)
    beside = np.delete(np.lib.stride_tricks.sliding_window_view(padded, 2 * _BESIDE + 1), _BESIDE, axis=1)
    known = (~np.isnan(beside)).sum(1) >= 2
    distance = np.full(len(values), np.nan)
    distance[known] = np.abs(values[known] - np.nanmedian(beside[known], axis=1))
    for part in (slice(None), slice(None, None, -1)):
        ends, own = values[part], distance[part]
        for place in range(min(_BESIDE, len(ends) - 3 * _BESIDE)):
            near, beyond = (ends[place + 1 + k * _BESIDE :][:_BESIDE] for k in (0, 1))
            if not (np.isnan(near).all() or np.isnan(beyond).all()):
                # Both medians are of three steps, two steps and five away.
                going_on = np.nanmedian(near) + (np.nanmedian(near) - np.nanmedian(beyond)) * 2 / 3
                own[place] = min(own[place], abs(ends[place] - going_on))
    return distance


def find_outliers(values: np.ndarray) -> tuple[int, int]:
    """How many values lie far from the median of those next to them, and the place of the farthest."""
    distance = _distances(values)
    known = distance[~np.isnan(distance)]
    spread = 1.4826 * float(np.median(known)) if len(known) else 0.0
    spread = spread or (1.2533 * float(known.mean()) if len(known) else 0.0)
    if not spread > 0:
        return 0, 0
    far = distance > max(_FAR * spread, _LEAST_SIZE * float(np.nanmax(values) - np.nanmin(values)))
    return int(far.sum()), int(np.nan_to_num(distance).argmax())
