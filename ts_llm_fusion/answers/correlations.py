"""Which series leads another, and which is unlike the others: what correlations tell better than a small reader.

The reader is trained on one bump in each of two series, and on series of one shape but for one. Correlations tell
these, and what lies between: cycles, noise and random walks that follow each other.
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from .query import CannotTellError
from .reading import LEADS, UNLIKE

# Share of the length by which a series leads at most, and the least correlation of two that follow each other.
_FARTHEST_LEAD, _FOLLOWS, _SLOWLY_FOLLOWS = 0.45, 0.6, 0.8
# Products of deviations that are a matter of rounding, where series have the deviation 1.
_ROUNDING = 1e-12
# Steps around a lag at which changes are compared, too.
_NEAR = 2
# Differences of correlations that count: of a lag from none, and of a series from the others.
_LEAST_GAIN, _LEAST_DISTANCE = 0.05, 0.2
# Least median correlation of all series but the one that is unlike them.
_ALIKE = 0.4
_FEWEST_STEPS = 16
_DENIED = r"\b(?:not|never|no)\b|n['\N{RIGHT SINGLE QUOTATION MARK}]t\b"
_WITH_THE_REST = r"\bmove\w* with the rest\b"
_HOW_FAR = r"\bhow (?:many|far|much|long)\b|\b(?:what|which|the) (?:lag|lead)\b"


def lagged_correlations(first: np.ndarray, second: np.ndarray, most: int) -> np.ndarray:
    """Correlations of a series with another that is `-most` to `most` steps later, (2 * most + 1,) float64.

    Each is that of the steps that both have; 0 where one of them does not vary there. Later than 0 means that the
    first leads.

    Args:
        first: (time,), without missing values, of deviation 1 or changes of such a series.
        second: (time,), as the first.
        most: fewer than the steps.
    """
    count, lags = len(first), np.arange(-most, most + 1)
    # Steps of the first that have a partner: from max(0, -lag) to count - max(0, lag).
    begin, end = np.maximum(0, -lags), count - np.maximum(0, lags)
    size = end - begin

    def sums(values: np.ndarray, shift: np.ndarray) -> np.ndarray:
        total = np.concatenate(([0.0], values.cumsum()))
        return total[end + shift] - total[begin + shift]

    first, second = first - first.mean(), second - second.mean()
    padded = 2 * count
    spectrum = np.fft.rfft(first, padded).conj() * np.fft.rfft(second, padded)
    products = np.fft.irfft(spectrum, padded)[lags]
    none = np.zeros_like(lags)
    means = sums(first, none) / size, sums(second, lags) / size
    variances = [
        np.maximum(sums(values**2, shift) / size - mean**2, 0)
        for values, shift, mean in zip((first, second), (none, lags), means, strict=True)
    ]
    scale = np.sqrt(variances[0] * variances[1])
    covariances = products / size - means[0] * means[1]
    return np.divide(covariances, scale, out=np.zeros(len(lags)), where=scale > _ROUNDING)


def _slow_changes(values: np.ndarray) -> np.ndarray:
    """Changes over a fifteenth of a series, each of the mean of as many steps, (time,): noise does not hide them."""
    width = max(len(values) // 15, 1)
    means = np.convolve(values - values.mean(), np.ones(width) / width, "same")
    return np.concatenate((np.zeros(width), means[width:] - means[:-width]))


def lead(first: np.ndarray, second: np.ndarray) -> int:
    """Steps by which a series is ahead of another; less than 0 where it is behind, 0 where neither leads.

    It is the lag at which they are most correlated; of lags that are as good, as those of a cycle are, the shortest.

    Args:
        first: (time,), without missing values.
        second: (time,).

    Raises:
        CannotTellError: neither follows the other, or both do as well.
    """
    first, second = ((values - values.mean()) / values.std() for values in (first, second))
    most = max(int(_FARTHEST_LEAD * len(first)), 1)
    found = lagged_correlations(first, second, most)
    changes = lagged_correlations(np.diff(first), np.diff(second), min(most, len(first) - 2))
    if found.max() - found[most] < _LEAST_GAIN and changes.max() >= max(
        _FOLLOWS, changes[len(changes) // 2] + _LEAST_GAIN
    ):
        # Levels of a random walk are much alike at all short lags, its changes are not.
        found = changes
    most = len(found) // 2
    best = int(found.argmax())
    slow = lagged_correlations(_slow_changes(first), _slow_changes(second), most)
    near = slice(max(best - _NEAR, 0), best + _NEAR + 1)
    # Walks that have nothing to do with each other are alike at some lag, their changes are not.
    if found[best] < _FOLLOWS or (changes[near].max() < 3 / len(first) ** 0.5 and slow[near].max() < _SLOWLY_FOLLOWS):
        raise CannotTellError("neither series follows the other at any lag; they have no lead.")
    if found[best] - found[most] < _LEAST_GAIN:
        return 0
    sides = found[most + 1 :], found[:most][::-1]
    as_good = [np.flatnonzero(side > found[best] - _LEAST_GAIN) for side in sides]
    ahead, behind = (int(lags[0]) + 1 if len(lags) else len(first) for lags in as_good)
    if abs(ahead - behind) <= 0.1 * max(ahead, behind):
        raise CannotTellError("each series follows the other as well, as cycles half a period apart do.")
    side, lags, sign = (sides[0], as_good[0], 1) if ahead < behind else (sides[1], as_good[1], -1)
    # Of the lags next to each other that are as good, the best.
    near_lags = lags[lags - lags[0] == np.arange(len(lags))]
    return sign * (int(near_lags[side[near_lags].argmax()]) + 1)


def unlike(series: np.ndarray) -> int:
    """Index of the series that goes with the others least, by its median correlation with them.

    Args:
        series: (series, time), at least three, without missing values.

    Raises:
        CannotTellError: none is clearly less like the others.
    """
    correlations = np.corrcoef(series)
    np.fill_diagonal(correlations, np.nan)
    middle = np.nanmedian(correlations, axis=1)
    least, next_one = np.sort(middle)[:2]
    if next_one - least < _LEAST_DISTANCE:
        raise CannotTellError("no series is clearly less like the others than the rest of them.")
    if next_one < _ALIKE:
        raise CannotTellError("the others are not like each other.")
    return int(middle.argmin())


def _filled(series: pd.Series) -> pd.Series:
    """A series from its first to its last known value, with straight lines over its gaps."""
    values = series.to_numpy(dtype=np.float64)
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        raise CannotTellError(f"every value of {str(series.name)!r} is missing; there is nothing to compare.")
    within = slice(known[0], known[-1] + 1)
    return pd.Series(np.interp(np.arange(len(values)), known, values[known]), series.index).iloc[within]


def _in_common(series: Sequence[pd.Series]) -> np.ndarray:
    """Values of series (series, time) at the times that all have, from the first to the last known one of each.

    Raises:
        CannotTellError: these are few, or one of them does not vary there.
    """
    values = pd.concat([_filled(one) for one in series], axis=1, join="inner").to_numpy().T
    if values.shape[1] < _FEWEST_STEPS:
        raise CannotTellError(f"they have {values.shape[1]} times in common; {_FEWEST_STEPS} are needed to compare.")
    constant = np.flatnonzero(np.ptp(values, axis=1) == 0)
    if len(constant):
        raise CannotTellError(f"every value of {str(series[constant[0]].name)!r} is the same at these times.")
    return values


def _of_lead(question: str, series: Sequence[pd.Series]) -> str:
    """The place of the series that leads, or how many steps it is ahead where that is asked for."""
    if len(series) > 2:
        raise CannotTellError("leads are told of two series; name two of them.")
    if re.search(_DENIED, question):
        raise CannotTellError("it is denied; ask which series leads the other.")
    steps = lead(*_in_common(series))
    if not re.search(_HOW_FAR, question) and re.search(r"\b(?:which|who|what)\b|\bleads? or lags?\b", question):
        return "first" if steps > 0 else "second" if steps < 0 else "neither"
    names = [str(one.name) for one in series]
    if not steps:
        return f"Neither leads: {names[0]} and {names[1]} move in step."
    ahead, behind = names if steps > 0 else names[::-1]
    return f"{ahead} leads {behind} by {abs(steps)} step{'s' if abs(steps) > 1 else ''}."


def correlated(question: str, series: Sequence[pd.Series], places: Sequence[str]) -> str | None:
    """Answer that correlations give, in words; None for a question of something else.

    It is the place of a series, "neither", or a sentence where it is asked for how many steps one leads.

    Args:
        question: a question of shape.
        series: values of each series by time, with its name, and with some different values.
        places: of the series, as `places_of` has them.

    Raises:
        CannotTellError: correlations do not tell it.
    """
    lower = question.lower()
    if len(series) > 1 and re.search(LEADS, lower):
        return _of_lead(lower, series)
    if len(series) > 2 and re.search(UNLIKE, lower):
        if bool(re.search(_DENIED, lower)) != bool(re.search(_WITH_THE_REST, lower)):
            raise CannotTellError("several series are like the others; ask which one is unlike them.")
        return places[unlike(_in_common(series))]
    return None


__all__ = ["correlated", "lagged_correlations", "lead", "unlike"]
