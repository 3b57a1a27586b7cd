"""Mean scaled interval score of interval forecasts."""

import evaluate
import numpy as np

from ts_llm_fusion.evaluation.modules import M4_CITATION, QUANTILE_FORECASTS, SERIES, flat, left_out, metric_info
from ts_llm_fusion.evaluation.point_metrics import seasonal_scale
from ts_llm_fusion.evaluation.quantile_metrics import msis

USAGE = """predictions: for each series a list of steps, each the lower and the upper border of an interval.
references: a list of floats for each series, of the same lengths.
in_sample: a list of floats for each series, its values before the forecast.
seasonality: steps of a season.
alpha: share of targets that should be outside; 0.05 for intervals of 95 %.
Returns {"msis", "left_out"}: left_out counts the series without a scale."""


class MSIS(evaluate.Metric):
    """`msis` with the scales of the values before the forecast."""

    def _info(self):
        return metric_info(msis, QUANTILE_FORECASTS | {"in_sample": SERIES}, USAGE, M4_CITATION)

    def _compute(self, predictions, references, in_sample, seasonality, alpha=0.05):
        target, intervals, steps = flat(predictions, references)
        scale = seasonal_scale(in_sample, seasonality)
        return {"msis": msis(target, *intervals.T, np.repeat(scale, steps), alpha), "left_out": left_out(scale)}
