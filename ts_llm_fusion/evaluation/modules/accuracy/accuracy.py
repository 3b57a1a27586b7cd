"""Share of answers that name the true label."""

import evaluate

from ts_llm_fusion.evaluation.answers import label_matches
from ts_llm_fusion.evaluation.modules import ANSWERS, metric_info

USAGE = """predictions, references: strings. Of a text that ends in "Answer: ..." what follows counts.
Returns {"accuracy"}."""


class Accuracy(evaluate.Metric):
    """The mean of `label_matches`."""

    def _info(self):
        return metric_info(label_matches, ANSWERS, USAGE)

    def _compute(self, predictions, references):
        return {"accuracy": sum(label_matches(predictions, references)) / len(references)}
