"""Mean squared error of point forecasts."""

import evaluate

from ts_llm_fusion.evaluation.modules import FORECASTS, flat, metric_info
from ts_llm_fusion.evaluation.point_metrics import mse

USAGE = """predictions, references: a list of floats for each series, of the same lengths.
Returns {"mse"}."""


class MSE(evaluate.Metric):
    """`mse` over every observed target of all series."""

    def _info(self):
        return metric_info(mse, FORECASTS, USAGE)

    def _compute(self, predictions, references):
        target, forecast, _ = flat(predictions, references)
        return {"mse": mse(target, forecast)}
