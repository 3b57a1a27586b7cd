"""Table of metrics, each an `evaluate.Metric` that loads without a network.

The formulas are in `point_metrics` (mse, mae, smape, mase, owa), `quantile_metrics` (wql, coverage, msis) and
`answers` (the others); the classes here take the inputs of `compute` apart. Series may differ in length; None and NaN
are missing targets. `forecast_errors.ForecastErrors` sums errors over batches of tensors.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import evaluate
import numpy as np
from datasets import Features, List, Value
from evaluate.naming import camelcase_to_snakecase

from ..baselines.naive2 import naive2
from ..errors import UserError
from ..suggestions import nearest
from .answers import exact_matches, label_matches, macro_f1, rouge_l, task_metrics, template_means
from .point_metrics import concatenate, mae, mase, mse, owa, seasonal_scale, smape
from .quantile_metrics import coverage, msis, wql

_SERIES = List(Value("float64"))
_FORECASTS = {"predictions": _SERIES, "references": _SERIES}
# For each step its quantiles, or the lower and the upper limit of an interval.
_QUANTILE_FORECASTS = {"predictions": List(_SERIES), "references": _SERIES}
_IN_SAMPLE = {"in_sample": _SERIES}
_ANSWERS = {"predictions": Value("string"), "references": Value("string")}

_FORECASTS_USAGE = "predictions, references: a list of floats for each series, of the same lengths.\n"
_INTERVALS_USAGE = """predictions: for each series a list of steps, each the lower and the upper limit of an interval.
references: a list of floats for each series, of the same lengths.
"""
_IN_SAMPLE_USAGE = """in_sample: a list of floats for each series, its values before the forecast.
seasonality: steps of a season.
"""
_ANSWERS_USAGE = 'predictions, references: strings. Only the text after the last "Answer:" counts.\n'
_LEFT_OUT_USAGE = "left_out counts the series without a scale."

_M4 = """@article{makridakis2020m4,
  title={The M4 Competition: 100,000 time series and 61 forecasting methods},
  author={Makridakis, Spyros and Spiliotis, Evangelos and Assimakopoulos, Vassilios},
  journal={International Journal of Forecasting}, volume={36}, number={1}, pages={54--74}, year={2020}}"""
_OPENTSLM = """@article{langer2025opentslm,
  title={OpenTSLM: Time-Series Language Models for Reasoning over Multivariate Medical Text- and Time-Series Data},
  author={Langer, Patrick and others}, journal={arXiv preprint arXiv:2510.02410}, year={2025}}"""
_ROUGE = """@inproceedings{lin2004rouge,
  title={ROUGE: A Package for Automatic Evaluation of Summaries}, author={Lin, Chin-Yew},
  booktitle={Text Summarization Branches Out}, pages={74--81}, year={2004}}"""


def _flatten(
    predictions: Sequence[Sequence[Any]], references: Sequence[Sequence[float]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets (steps,), forecasts (steps,) or (steps, levels), and the number of steps in each series (series,)."""
    target, steps = concatenate(references)
    forecast, forecast_steps = concatenate(predictions)
    different = np.flatnonzero(steps != forecast_steps)
    if different.size:
        row = different[0]
        raise UserError(
            f"series {row}: the forecast has {forecast_steps[row]} steps and the target {steps[row]}; give as many."
        )
    return target, forecast, steps


def _unscaled(scale: np.ndarray) -> int:
    """Number of series without a positive scale, which scaled metrics leave out."""
    return int(np.count_nonzero(~(scale > 0)))


class _Metric(evaluate.Metric):
    """Metric described by the function behind it; it returns its own name if `returns` does not say more.

    Attributes:
        function: implementation; its docstring is the description.
        inputs: features of the inputs that may come in batches.
        usage: arguments of `compute`, each on a line.
        returns: names of the results, and more about them.
        bibtex: citation.
    """

    function: ClassVar[Callable[..., Any]]
    inputs: ClassVar[dict[str, Any]]
    usage: ClassVar[str]
    returns: ClassVar[str] = ""
    bibtex: ClassVar[str] = ""

    def _info(self) -> evaluate.MetricInfo:
        returns = self.returns or f'{{"{camelcase_to_snakecase(type(self).__name__)}"}}.'
        return evaluate.MetricInfo(
            description=inspect.getdoc(self.function),
            citation=self.bibtex,
            inputs_description=f"{self.usage}Returns {returns}",
            features=Features(self.inputs),
        )


class _PointMetric(_Metric):
    """Metric of targets and point forecasts alone."""

    inputs = _FORECASTS
    usage = _FORECASTS_USAGE

    def _compute(self, predictions, references):
        target, forecast, _ = _flatten(predictions, references)
        return {self.name: self.function(target, forecast)}


class MASE(_Metric):
    """Mean absolute scaled error."""

    function = staticmethod(mase)
    inputs = _FORECASTS | _IN_SAMPLE
    usage = _FORECASTS_USAGE + _IN_SAMPLE_USAGE
    returns = f'{{"mase", "left_out"}}: {_LEFT_OUT_USAGE}'
    bibtex = _M4

    def _compute(self, predictions, references, in_sample, seasonality):
        target, forecast, steps = _flatten(predictions, references)
        scale = seasonal_scale(in_sample, seasonality)
        return {"mase": mase(target, forecast, np.repeat(scale, steps)), "left_out": _unscaled(scale)}


class OWA(_Metric):
    """Overall weighted average of the M4 competition, for one group of series."""

    function = staticmethod(owa)
    inputs = _FORECASTS | _IN_SAMPLE
    usage = f"{_FORECASTS_USAGE}{_IN_SAMPLE_USAGE}No value may be missing.\n"
    returns = f"""{{"owa", "smape", "mase", "left_out"}}: owa is relative to Naive2 of the same series, computed here;
{_LEFT_OUT_USAGE}"""
    bibtex = _M4

    def _compute(self, predictions, references, in_sample, seasonality):
        target, forecast, steps = _flatten(predictions, references)
        scale = seasonal_scale(in_sample, seasonality)
        baseline = naive2([np.asarray(series) for series in in_sample], seasonality, steps.max())
        baseline = baseline[np.arange(steps.max()) < steps[:, None]]
        scales = np.repeat(scale, steps)
        errors = {"smape": smape(target, forecast), "mase": mase(target, forecast, scales)}
        baseline_errors = smape(target, baseline), mase(target, baseline, scales)
        return {"owa": owa(*errors.values(), *baseline_errors), **errors, "left_out": _unscaled(scale)}


class WQL(_Metric):
    """Weighted quantile loss."""

    function = staticmethod(wql)
    inputs = _QUANTILE_FORECASTS
    usage = """predictions: for each series a list of steps, each a list of quantiles.
references: a list of floats for each series, of the same lengths.
quantile_levels: levels of the quantiles, in their order.
"""

    def _compute(self, predictions, references, quantile_levels):
        target, quantiles, _ = _flatten(predictions, references)
        return {"wql": wql(target, quantiles, quantile_levels)}


class Coverage(_Metric):
    """Coverage of intervals."""

    function = staticmethod(coverage)
    inputs = _QUANTILE_FORECASTS
    usage = _INTERVALS_USAGE

    def _compute(self, predictions, references):
        target, intervals, _ = _flatten(predictions, references)
        return {"coverage": coverage(target, *intervals.T)}


class MSIS(_Metric):
    """Mean scaled interval score."""

    function = staticmethod(msis)
    inputs = _QUANTILE_FORECASTS | _IN_SAMPLE
    usage = f"{_INTERVALS_USAGE}{_IN_SAMPLE_USAGE}alpha: share of targets outside; 0.05 for intervals of 95 %.\n"
    returns = f'{{"msis", "left_out"}}: {_LEFT_OUT_USAGE}'
    bibtex = _M4

    def _compute(self, predictions, references, in_sample, seasonality, alpha=0.05):
        target, intervals, steps = _flatten(predictions, references)
        scale = seasonal_scale(in_sample, seasonality)
        return {"msis": msis(target, *intervals.T, np.repeat(scale, steps), alpha), "left_out": _unscaled(scale)}


class _AnswerMetric(_Metric):
    """Metric of texts, with the arguments of its function."""

    inputs = _ANSWERS
    usage = _ANSWERS_USAGE

    def _compute(self, predictions, references, **options):
        return {self.name: self.function(predictions, references, **options)}


class _MatchMetric(_AnswerMetric):
    """Share of answers that match the truth."""

    def _compute(self, predictions, references):
        return {self.name: sum(self.function(predictions, references)) / len(references)}


class ECGTemplates(_Metric):
    """Exact match and macro-F1 for each question template of ECG-QA, and their means over templates."""

    function = staticmethod(template_means)
    inputs = _ANSWERS | {"templates": Value("string")}
    usage = f"""{_ANSWERS_USAGE}templates: the template of each question, a string.
labels: template -> all its classes.
"""
    returns = '{"exact_match", "macro_f1", "exact_match_weighted", "macro_f1_weighted", "by_template"}.'
    bibtex = _OPENTSLM

    def _compute(self, predictions, references, templates, labels):
        samples = [{"answer": truth, "task": name} for truth, name in zip(references, templates, strict=True)]
        by_template = task_metrics(predictions, samples, labels)
        return {**template_means(by_template), "by_template": by_template}


def _metric(name: str, base: type[_Metric], function: Callable[..., Any], **facts: str) -> type[_Metric]:
    """Make the class of a metric that differs from others in its function; `facts` are further class attributes."""
    return type(name, (base,), {"function": staticmethod(function), **facts})


AVAILABLE_METRICS: dict[str, type[evaluate.Metric]] = {
    "mse": _metric("mse", _PointMetric, mse),
    "mae": _metric("mae", _PointMetric, mae),
    "smape": _metric("smape", _PointMetric, smape, bibtex=_M4),
    "mase": MASE,
    "owa": OWA,
    "wql": WQL,
    "coverage": Coverage,
    "msis": MSIS,
    "exact_match": _metric("exact_match", _MatchMetric, exact_matches),
    "accuracy": _metric("accuracy", _MatchMetric, label_matches),
    "macro_f1": _metric("macro_f1", _AnswerMetric, macro_f1, usage=f"{_ANSWERS_USAGE}labels: every label.\n"),
    "rouge_l": _metric("rouge_l", _AnswerMetric, rouge_l, usage="predictions, references: strings.\n", bibtex=_ROUGE),
    "ecg_templates": ECGTemplates,
}


def load_metric(name: str) -> evaluate.Metric:
    """Load a metric of `AVAILABLE_METRICS`; no network is needed. ValueError for an unknown name, with the nearest."""
    if name not in AVAILABLE_METRICS:
        raise UserError(f"no metric {name!r}; {nearest(name, sorted(AVAILABLE_METRICS))}")
    return AVAILABLE_METRICS[name](keep_in_memory=True)
