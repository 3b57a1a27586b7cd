"""Exact match and macro-F1 of each question template, and both of their means over templates."""

import evaluate
from datasets import Value

from ts_llm_fusion.evaluation.answers import task_metrics, template_means
from ts_llm_fusion.evaluation.modules import ANSWERS, metric_info

USAGE = """predictions, references: strings. Of a text that ends in "Answer: ..." what follows counts.
templates: the template of each question, a string.
labels: template -> all its classes.
Returns {"exact_match", "macro_f1", "exact_match_weighted", "macro_f1_weighted", "by_template"}."""

CITATION = """@article{langer2025opentslm,
  title={OpenTSLM: Time-Series Language Models for Reasoning over Multivariate Medical Text- and Time-Series Data},
  author={Langer, Patrick and others}, journal={arXiv preprint arXiv:2510.02410}, year={2025}}"""


class ECGTemplates(evaluate.Metric):
    """`template_means` over the metrics of each template."""

    def _info(self):
        return metric_info(template_means, ANSWERS | {"templates": Value("string")}, USAGE, CITATION)

    def _compute(self, predictions, references, templates, labels):
        samples = [{"answer": truth, "task": name} for truth, name in zip(references, templates, strict=True)]
        found = task_metrics(predictions, samples, labels)
        return {**template_means(found), "by_template": found}
