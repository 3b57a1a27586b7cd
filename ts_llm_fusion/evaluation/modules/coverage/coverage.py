"""Coverage of interval forecasts."""

import evaluate

from ts_llm_fusion.evaluation.modules import QUANTILE_FORECASTS, flat, metric_info
from ts_llm_fusion.evaluation.quantile_metrics import coverage

USAGE = """predictions: for each series a list of steps, each the lower and the upper border of an interval.
references: a list of floats for each series, of the same lengths.
Returns {"coverage"}."""


class Coverage(evaluate.Metric):
    """`coverage` of every observed target of all series."""

    def _info(self):
        return metric_info(coverage, QUANTILE_FORECASTS, USAGE)

    def _compute(self, predictions, references):
        target, intervals, _ = flat(predictions, references)
        return {"coverage": coverage(target, *intervals.T)}
