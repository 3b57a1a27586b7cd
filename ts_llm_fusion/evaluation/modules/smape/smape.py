"""Symmetric mean absolute percentage error of point forecasts."""

import evaluate

from ts_llm_fusion.evaluation.modules import FORECASTS, M4_CITATION, flat, metric_info
from ts_llm_fusion.evaluation.point_metrics import smape

USAGE = """predictions, references: a list of floats for each series, of the same lengths.
Returns {"smape"}."""


class SMAPE(evaluate.Metric):
    """`smape` over every observed target of all series."""

    def _info(self):
        return metric_info(smape, FORECASTS, USAGE, M4_CITATION)

    def _compute(self, predictions, references):
        target, forecast, _ = flat(predictions, references)
        return {"smape": smape(target, forecast)}
