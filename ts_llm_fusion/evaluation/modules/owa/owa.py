"""Overall weighted average of the M4 competition."""

import evaluate
import numpy as np

from ts_llm_fusion.evaluation.modules import FORECASTS, M4_CITATION, SERIES, flat, left_out, metric_info
from ts_llm_fusion.evaluation.naive2 import naive2
from ts_llm_fusion.evaluation.point_metrics import mase, owa, seasonal_scale, smape

USAGE = """predictions, references: a list of floats for each series of a group, of the same lengths.
in_sample: a list of floats for each series, its values before the forecast, none missing.
seasonality: steps of a season.
Returns {"owa", "smape", "mase", "left_out"}, owa against Naive2 of the same series, which is computed here; left_out
counts the series without a scale."""


class OWA(evaluate.Metric):
    """`owa` of one group of series against Naive2."""

    def _info(self):
        return metric_info(owa, FORECASTS | {"in_sample": SERIES}, USAGE, M4_CITATION)

    def _compute(self, predictions, references, in_sample, seasonality):
        target, forecast, steps = flat(predictions, references)
        scale = seasonal_scale(in_sample, seasonality)
        baseline = naive2([np.asarray(series) for series in in_sample], seasonality, steps.max())
        baseline = baseline[np.arange(steps.max()) < steps[:, None]]
        scales = np.repeat(scale, steps)
        found = {"smape": smape(target, forecast), "mase": mase(target, forecast, scales)}
        against = smape(target, baseline), mase(target, baseline, scales)
        return {"owa": owa(found["smape"], found["mase"], *against), **found, "left_out": left_out(scale)}
