"""FLAIR (level times shape, a ridge on the level) of the package flaircast, for each window and variable alone."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..requirements import require
from .forecaster import Forecast, Forecaster

# Steps of a season -> the frequency under which FLAIR looks for it, and for the next longer one of the calendar.
_FREQUENCIES = {
    4: "Q", 7: "D", 12: "M", 24: "H", 48: "30T", 52: "W", 96: "15T", 144: "10T", 168: "H", 288: "5T", 336: "30T",
    365: "D", 1440: "T",
}  # fmt: skip
_SAMPLES = 200


def flair(prediction_length: int, period: int | None = None, quantile_levels: Sequence[float] = ()) -> Forecaster:
    """FLAIR (Honda 2026, arXiv:2605.07222): the mean and the quantiles of 200 sampled paths, with a fixed seed.

    Missing values are interpolated, and a series without any is 0.

    Args:
        prediction_length: steps to forecast.
        period: steps of the season, as the calendar has it; FLAIR looks for no season where it is another number.
        quantile_levels: rising levels of the quantile forecasts, none by default.

    Raises:
        MissingPackageError: flaircast is not installed.
    """
    package = require("flaircast", "evaluation")
    frequency, levels = _FREQUENCIES.get(period or 1, "Y"), tuple(quantile_levels)

    def forecast(past_values: Tensor) -> Forecast:
        batch, _, variables = past_values.shape
        series = past_values.double().transpose(1, 2).flatten(0, 1).numpy()
        first = (~np.isnan(series)).argmax(1)
        samples = np.stack(
            [
                package.forecast(values[start:], prediction_length, frequency, _SAMPLES, seed=0)
                for values, start in zip(series, first, strict=True)
            ]
        )

        def shaped(values: np.ndarray) -> Tensor:
            by_variable = values.reshape(batch, variables, prediction_length, *values.shape[2:])
            return torch.from_numpy(by_variable).transpose(1, 2)

        quantiles = shaped(np.moveaxis(np.quantile(samples, levels, axis=1), 0, -1)) if levels else None
        return Forecast(shaped(samples.mean(1)), quantiles, levels)

    return forecast
