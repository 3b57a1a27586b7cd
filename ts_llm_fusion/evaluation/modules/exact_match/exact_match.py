"""Share of answers that are the true text."""

import evaluate

from ts_llm_fusion.evaluation.answers import exact_matches
from ts_llm_fusion.evaluation.modules import ANSWERS, metric_info

USAGE = """predictions, references: strings. Of a text that ends in "Answer: ..." what follows counts.
Returns {"exact_match"}."""


class ExactMatch(evaluate.Metric):
    """The mean of `exact_matches`."""

    def _info(self):
        return metric_info(exact_matches, ANSWERS, USAGE)

    def _compute(self, predictions, references):
        return {"exact_match": sum(exact_matches(predictions, references)) / len(references)}
