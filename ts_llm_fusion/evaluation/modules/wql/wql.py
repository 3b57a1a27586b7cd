"""Weighted quantile loss of quantile forecasts."""

import evaluate

from ts_llm_fusion.evaluation.modules import QUANTILE_FORECASTS, flat, metric_info
from ts_llm_fusion.evaluation.quantile_metrics import wql

USAGE = """predictions: for each series a list of steps, each a list of quantiles.
references: a list of floats for each series, of the same lengths.
quantile_levels: of the quantiles, in their order.
Returns {"wql"}."""


class WQL(evaluate.Metric):
    """`wql` over every observed target of all series."""

    def _info(self):
        return metric_info(wql, QUANTILE_FORECASTS, USAGE)

    def _compute(self, predictions, references, quantile_levels):
        target, quantiles, _ = flat(predictions, references)
        return {"wql": wql(target, quantiles, quantile_levels)}
