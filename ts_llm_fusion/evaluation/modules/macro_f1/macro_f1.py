"""Macro-F1 over a fixed list of labels."""

import evaluate

from ts_llm_fusion.evaluation.answers import macro_f1
from ts_llm_fusion.evaluation.modules import ANSWERS, metric_info

USAGE = """predictions, references: strings. Of a text that ends in "Answer: ..." what follows counts.
labels: every label.
Returns {"macro_f1"}."""


class MacroF1(evaluate.Metric):
    """`macro_f1` of all answers."""

    def _info(self):
        return metric_info(macro_f1, ANSWERS, USAGE)

    def _compute(self, predictions, references, labels):
        return {"macro_f1": macro_f1(predictions, references, labels)}
