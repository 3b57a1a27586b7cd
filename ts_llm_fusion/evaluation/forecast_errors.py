"""Forecast errors summed over batches, so that every window has the same weight."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import UserError
from .point_metrics import check_finite
from .quantile_metrics import in_interval, pinball_loss


class ForecastErrors:
    """Running errors of forecasts: one mean over all windows, steps and variables, never a mean of batch means.

    Missing target values (NaN) are not counted. A forecast that is not a finite number is an error, raised by
    `compute`.

    Args:
        quantile_levels: levels of the quantile forecasts, if any.

    Attributes:
        mae_by_variable: mean absolute error of each variable in the last `compute`; NaN for one without a target.
    """

    def __init__(self, quantile_levels: Sequence[float] = ()):
        self.quantile_levels = list(quantile_levels)
        self.mae_by_variable: list[float] = []
        self._sums: dict[str, Any] = {}

    def _add(self, name: str, values: Tensor) -> None:
        self._sums[name] = self._sums.get(name, 0.0) + values.sum((0, 1), dtype=torch.float64)

    def update(self, target: Tensor, mean: Tensor, quantiles: Tensor | None = None) -> None:
        """Add a batch.

        Args:
            target: (batch, time, variables).
            mean: point forecast, same shape.
            quantiles: quantile forecasts, (batch, time, variables, levels).
        """
        for forecast in (mean, quantiles):
            if forecast is not None:
                self._sums["not_finite"] = self._sums.get("not_finite", 0) + (~torch.isfinite(forecast)).sum()
                self._sums["values"] = self._sums.get("values", 0) + forecast.numel()
        counted = ~torch.isnan(target)
        target = torch.where(counted, target, mean)
        error = target - mean
        self._add("count", counted)
        self._add("mse", error.square())
        self._add("mae", error.abs())
        if quantiles is not None:
            levels = torch.tensor(self.quantile_levels, device=target.device)
            pinball = 2 * pinball_loss(target[..., None] - quantiles, levels).mean(-1)
            self._add("quantile_loss", torch.where(counted, pinball, 0.0))
            self._add("coverage", in_interval(target, quantiles[..., 0], quantiles[..., -1]) & counted)

    def compute(self) -> dict[str, float]:
        """Return the means and reset.

        Returns:
            "mse", "mae"; with quantiles also "quantile_loss" (twice the pinball loss, mean over levels) and "coverage"
            (share of targets between the outermost quantiles).

        Raises:
            ValueError: no target value was observed, or a forecast was not a finite number.
        """
        sums, self._sums = self._sums, {}
        check_finite(int(sums.pop("not_finite", 0)), sums.pop("values", 0))
        count = sums.pop("count", torch.zeros(1))
        if not count.sum() > 0:
            raise UserError("no observed target value was counted; the evaluation set is empty or all missing.")
        self.mae_by_variable = (sums["mae"] / count).tolist()
        return {name: (value.sum() / count.sum()).item() for name, value in sums.items()}

    def in_units(self, scaler: Mapping[str, Sequence[float]]) -> dict[str, float]:
        """Mean absolute error of each column in the units of the data, after `compute`.

        Args:
            scaler: column -> mean and standard deviation by which its values were scaled, in the order of variables;
                empty for a long table, whose ids have units of their own.
        """
        if not scaler:
            return {}
        pairs = zip(scaler.items(), self.mae_by_variable, strict=True)
        return {name: error * deviation for (name, (_, deviation)), error in pairs if not math.isnan(error)}

    def nominal(self) -> dict[str, float]:
        """Share of targets to expect between the outermost quantiles, as "nominal"; nothing without quantiles."""
        levels = self.quantile_levels
        return {"nominal": round(levels[-1] - levels[0], 12)} if levels else {}
