"""Mean absolute scaled error of point forecasts."""

import evaluate
import numpy as np

from ts_llm_fusion.evaluation.modules import FORECASTS, M4_CITATION, SERIES, flat, left_out, metric_info
from ts_llm_fusion.evaluation.point_metrics import mase, seasonal_scale

USAGE = """predictions, references: a list of floats for each series, of the same lengths.
in_sample: a list of floats for each series, its values before the forecast.
seasonality: steps of a season.
Returns {"mase", "left_out"}: left_out counts the series without a scale."""


class MASE(evaluate.Metric):
    """`mase` with the scales of the values before the forecast."""

    def _info(self):
        return metric_info(mase, FORECASTS | {"in_sample": SERIES}, USAGE, M4_CITATION)

    def _compute(self, predictions, references, in_sample, seasonality):
        target, forecast, steps = flat(predictions, references)
        scale = seasonal_scale(in_sample, seasonality)
        return {"mase": mase(target, forecast, np.repeat(scale, steps)), "left_out": left_out(scale)}
