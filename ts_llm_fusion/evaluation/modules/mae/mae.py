"""Mean absolute error of point forecasts."""

import evaluate

from ts_llm_fusion.evaluation.modules import FORECASTS, flat, metric_info
from ts_llm_fusion.evaluation.point_metrics import mae

USAGE = """predictions, references: a list of floats for each series, of the same lengths.
Returns {"mae"}."""


class MAE(evaluate.Metric):
    """`mae` over every observed target of all series."""

    def _info(self):
        return metric_info(mae, FORECASTS, USAGE)

    def _compute(self, predictions, references):
        target, forecast, _ = flat(predictions, references)
        return {"mae": mae(target, forecast)}
