"""Which series leads another, and which is unlike the others: what correlations tell better than a small reader.

The reader is trained on one bump in each of two series, and on series of one shape but for one. Correlations tell
these, and what lies between: cycles, noise and random walks that follow each other.
"""

import re
from collections.abc import Sequence

import numpy as np

from .query import CannotTellError
from .reading import LEADS, UNLIKE, shown

# Share of the length by which a series leads at most, and the least correlation of two that follow each other.
_FARTHEST_LEAD, _FOLLOWS = 0.45, 0.6
# Products of deviations that are a matter of rounding, where series have the deviation 1.
_ROUNDING = 1e-12
# Steps around a lag at which changes are compared, too.
_NEAR = 2
# Differences of correlations that count: of a lag from none, and of a series from the others.
_LEAST_GAIN, _LEAST_DISTANCE = 0.05, 0.2


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
    products = np.correlate(second, first, "full")[count - 1 - most : count + most]
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


def leader(first: np.ndarray, second: np.ndarray) -> str:
    """Which of two series is ahead of the other: "first", "second" or "neither".

    It is the one that the other is most correlated with some steps later; of lags that are as good, as those of a
    cycle are, the shortest counts.

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
    if found[best] < _FOLLOWS or (changes[near].max() < 3 / len(first) ** 0.5 and slow[near].max() < _FOLLOWS):
        raise CannotTellError("neither series follows the other at any lag; they have no lead.")
    if found[best] - found[most] < _LEAST_GAIN:
        return "neither"
    sides = found[most + 1 :], found[:most][::-1]
    as_good = [np.flatnonzero(side > found[best] - _LEAST_GAIN) for side in sides]
    ahead, behind = (int(lags[0]) + 1 if len(lags) else len(first) for lags in as_good)
    if abs(ahead - behind) <= 0.1 * max(ahead, behind):
        raise CannotTellError("each series follows the other as well, as cycles half a period apart do.")
    return "first" if ahead < behind else "second"


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
    return int(middle.argmin())


def _filled(values: np.ndarray) -> np.ndarray:
    """A series as a reader sees it, float64, with straight lines over its gaps."""
    values = shown(values).astype(np.float64)
    known = np.flatnonzero(~np.isnan(values))
    return np.interp(np.arange(len(values)), known, values[known])


def correlated(question: str, series: Sequence[np.ndarray], places: Sequence[str]) -> str | None:
    """Answer that correlations give: a place of a series, or "neither"; None for a question of something else.

    Args:
        question: a question of shape.
        series: values of each series, each with some different values.
        places: of the series, as `places_of` has them.

    Raises:
        CannotTellError: correlations do not tell it.
    """
    if len({len(values) for values in series}) != 1:
        return None
    if len(series) == 2 and re.search(LEADS, question.lower()):
        return leader(*map(_filled, series))
    if len(series) > 2 and re.search(UNLIKE, question.lower()):
        return places[unlike(np.stack([_filled(values) for values in series]))]
    return None


__all__ = ["correlated", "lagged_correlations", "leader", "unlike"]
