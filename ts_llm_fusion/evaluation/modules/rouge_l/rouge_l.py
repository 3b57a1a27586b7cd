"""ROUGE-L of captions."""

import evaluate

from ts_llm_fusion.evaluation.answers import rouge_l
from ts_llm_fusion.evaluation.modules import ANSWERS, metric_info

USAGE = """predictions, references: strings.
Returns {"rouge_l"}."""

CITATION = """@inproceedings{lin2004rouge,
  title={ROUGE: A Package for Automatic Evaluation of Summaries}, author={Lin, Chin-Yew},
  booktitle={Text Summarization Branches Out}, pages={74--81}, year={2004}}"""


class RougeL(evaluate.Metric):
    """`rouge_l` of all captions."""

    def _info(self):
        return metric_info(rouge_l, ANSWERS, USAGE, CITATION)

    def _compute(self, predictions, references):
        return {"rouge_l": rouge_l(predictions, references)}
