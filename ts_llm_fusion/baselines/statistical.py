"""Statistical forecasters of statsforecast, fitted on each window and variable alone."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..requirements import require
from .forecaster import Forecast, Forecaster, fill_missing


def _interval_column(level: float) -> tuple[float | None, str]:
    """Width in percent of the central interval that a quantile limits, and the suffix of its column; None for 0.5."""
    if level == 0.5:
        return None, ""
    width = round(abs(200 * level - 100), 6)
    return width, f"-{'lo' if level < 0.5 else 'hi'}-{width:g}"


def _statsforecast(
    name: str, prediction_length: int, period: int | None, quantile_levels: Sequence[float]
) -> Forecaster:
    package, models = require("statsforecast", "evaluation"), require("statsforecast.models", "evaluation")
    levels = tuple(sorted(quantile_levels))
    ends = [_interval_column(level) for level in levels]
    widths = sorted({int(width) if width == int(width) else width for width, _ in ends if width is not None})
    engine = package.StatsForecast(
        [getattr(models, name)(season_length=period or 1, alias="model")], freq=1, fallback_model=models.Naive()
    )

    def forecast(past_values: Tensor) -> Forecast:
        batch, _, variables = past_values.shape
        values = fill_missing(past_values.double()).transpose(1, 2).flatten(0, 1)
        begun = (~torch.isnan(past_values)).cumsum(1).bool()
        begun[:, -1] = True  # a series without any value becomes a single 0
        begun = begun.transpose(1, 2).flatten(0, 1)
        series, steps = begun.nonzero(as_tuple=True)
        table = pd.DataFrame({"unique_id": series.numpy(), "ds": steps.numpy(), "y": values[begun].numpy()})
        found = engine.forecast(df=table, h=prediction_length, level=widths or None)

        def column(suffix: str) -> Tensor:
            shaped = np.array(found[f"model{suffix}"], dtype=np.float64).reshape(batch, variables, prediction_length)
            return torch.from_numpy(shaped).transpose(1, 2)

        mean = column("")
        quantiles = torch.stack([column(suffix) for _, suffix in ends], -1) if levels else None
        return Forecast(mean, quantiles, levels)

    return forecast


def auto_ets(prediction_length: int, period: int | None = None, quantile_levels: Sequence[float] = ()) -> Forecaster:
    """Exponential smoothing (AutoETS), its form chosen by information criterion for each window and variable.

    Args:
        prediction_length: steps to forecast.
        period: steps of the season; AutoETS ignores seasons of more than 24 steps.
        quantile_levels: levels of the quantile forecasts, none by default.

    Raises:
        MissingPackageError: statsforecast is not installed.
    """
    return _statsforecast("AutoETS", prediction_length, period, quantile_levels)


def auto_theta(prediction_length: int, period: int | None = None, quantile_levels: Sequence[float] = ()) -> Forecaster:
    """Theta method (AutoTheta), its variant chosen for each window and variable; arguments as `auto_ets`."""
    return _statsforecast("AutoTheta", prediction_length, period, quantile_levels)
