"""Forecast errors, summed over batches so that every window counts the same."""

from collections.abc import Sequence

import torch
from torch import Tensor


class ForecastErrors:
    """Running errors of forecasts: one mean over all windows, steps and variables, never a mean of batch means.

    Missing target values (NaN) are not counted.

    Args:
        quantile_levels: levels of the quantile forecasts, if there are any.
    """

    def __init__(self, quantile_levels: Sequence[float] = ()):
        self.quantile_levels = list(quantile_levels)
        self._sums: dict[str, Tensor] = {}

    def _add(self, name: str, values: Tensor) -> None:
        self._sums[name] = self._sums.get(name, 0.0) + values.sum(dtype=torch.float64)

    def update(self, target: Tensor, mean: Tensor, quantiles: Tensor | None = None) -> None:
        """Adds a batch.

        Args:
            target: (batch, time, variables).
            mean: point forecast, same shape.
            quantiles: quantile forecasts, (batch, time, variables, levels).
        """
        counted = ~torch.isnan(target)
        target = torch.where(counted, target, mean)
        error = target - mean
        self._add("count", counted)
        self._add("mse", error.square())
        self._add("mae", error.abs())
        if quantiles is not None:
            levels = torch.tensor(self.quantile_levels, device=target.device)
            error = target[..., None] - quantiles
            pinball = 2 * torch.maximum(levels * error, (levels - 1) * error).mean(-1)
            inside = (target >= quantiles[..., 0]) & (target <= quantiles[..., -1])
            self._add("quantile_loss", torch.where(counted, pinball, 0.0))
            self._add("coverage", inside & counted)

    def compute(self) -> dict[str, float]:
        """The means, and forgets the batches.

        Returns:
            "mse", "mae"; with quantiles also "quantile_loss" (twice the pinball loss, mean over levels) and "coverage"
            (share of the targets between the outermost quantiles).

        Raises:
            ValueError: if nothing was counted.
        """
        sums, self._sums = self._sums, {}
        count = sums.pop("count", torch.tensor(0.0))
        if not count > 0:
            raise ValueError("no observed target value was counted; the evaluation set is empty or all missing.")
        return {name: (value / count).item() for name, value in sums.items()}
