"""What the history of series says of their forecasts: their sign, and whether a trained model fits them."""

import logging
from typing import Any

import numpy as np

from .data.series.panels import Panel
from .errors import UserError
from .processing.feature_extraction_forecast import ForecastFeatureExtractor, shortened

logger = logging.getLogger(__name__)

# Types of models that expect a history as long as those of their training.
_OF_FIXED_LENGTH = ("llmps", "patchtst")
# Share of the look-back below which a history is far shorter.
_FEW = 0.25
# Factor between spreads, and distance of levels in spreads, from which on a scale is far outside of training.
_FAR = 100.0
# Values below which a history says next to nothing.
_LEAST = 6
# Ids that a message lists.
_SHOWN = 3


def hold_no_negative(panel: Panel) -> np.ndarray:
    """Whether series are of a kind that has no negative value, such as counts: bool (series, targets).

    Their observed values are at least 0, and one of them is 0 or all are whole numbers.
    """
    starts, values = panel.offsets[:-1], panel.values
    is_missing = np.isnan(values)
    not_below = np.logical_and.reduceat(is_missing | (values >= 0), starts, axis=0)
    has_zero = np.logical_or.reduceat(values == 0, starts, axis=0)
    is_whole = np.logical_and.reduceat(is_missing | (values == np.rint(values)), starts, axis=0)
    return not_below & (has_zero | is_whole)


def held_series(panel: Panel, non_negative: bool | None) -> np.ndarray:
    """Series whose forecasts are held at 0 or above, bool (series, targets).

    Args:
        panel: of the series.
        non_negative: whether all are or none; None for those of `hold_no_negative`.

    Raises:
        ValueError: for another value.
    """
    if non_negative not in (None, True, False):
        raise UserError(f"non_negative is {non_negative!r}; give True, False, or None for the rule.")
    return hold_no_negative(panel) if non_negative is None else np.full((len(panel), len(panel.targets)), non_negative)


def _moments(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the observed values, each (series, targets); NaN where there is none."""
    observed = ~np.isnan(panel.values)
    starts = panel.offsets[:-1]
    count = np.add.reduceat(observed, starts, axis=0, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.add.reduceat(np.where(observed, panel.values, 0.0), starts, axis=0) / count
        deviations = np.where(observed, panel.values - mean[panel.series_of_rows], 0.0)
        return mean, np.sqrt(np.add.reduceat(deviations**2, starts, axis=0) / count)


def spreads(panel: Panel) -> np.ndarray:
    """Standard deviation of the observed values, (series, targets); NaN where there is none."""
    return _moments(panel)[1]


def _warn_of_few(panel: Panel) -> None:
    observed = np.add.reduceat(~np.isnan(panel.values), panel.offsets[:-1], axis=0, dtype=np.int64)
    few = np.argwhere((observed > 0) & (observed < _LEAST))
    if len(few):
        shown = [
            f"{panel.label(series, target)} ({observed[series, target]} values)" for series, target in few.tolist()
        ]
        logger.warning(
            "%s: the band of %s is little more than a guess; give a longer history, better two seasons of it.",
            panel.name,
            shortened(shown, _SHOWN),
        )


def warn_of_misfits(panel: Panel, config: Any, feature_extractor: ForecastFeatureExtractor | None) -> None:
    """Log a warning each for histories that are too short for a model, and for scales far from those of its training.

    A model of any history has next to nothing to go by below 6 values. For one that was trained on a look-back, a
    history is far shorter below a quarter of it. A scale is far if its standard deviation is 100 times that of every
    series of the training, or a 100th, or its mean is 100 of both away.
    """
    if config.model_type not in _OF_FIXED_LENGTH:
        _warn_of_few(panel)
        return
    short = np.flatnonzero(panel.lengths < _FEW * config.context_length)
    if len(short):
        logger.warning(
            "%s: %s with fewer than %d steps, a quarter of the %d that this model was trained to look back at; its "
            "forecast may be far off.",
            panel.name,
            shortened([panel.label(number) for number in short.tolist()], _SHOWN),
            int(np.ceil(_FEW * config.context_length)),
            config.context_length,
        )
    trained = np.array(list(getattr(feature_extractor, "scaler", {}).values()), dtype=np.float64).reshape(-1, 2)
    if not len(trained):
        return
    mean, spread = (values[..., None] for values in _moments(panel))
    level, width = trained.T
    with np.errstate(invalid="ignore"):
        is_far = (spread > _FAR * width) | ((spread > 0) & (spread * _FAR < width))
        is_far |= np.abs(mean - level) > _FAR * np.maximum(spread, width)
    far = np.argwhere(is_far.all(-1))
    if len(far):
        logger.warning(
            "%s: the scale of %s is far outside of that of the training; check the unit.",
            panel.name,
            shortened([panel.label(number, target) for number, target in far.tolist()], _SHOWN),
        )
