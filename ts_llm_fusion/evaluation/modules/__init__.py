"""Our metrics as modules of `evaluate`: one folder for each, loaded from this package without a network.

The scripts only take their inputs apart and call the functions of `point_metrics`, `quantile_metrics` and `answers`.
Series may differ in length; None and NaN are missing targets.
"""

import difflib
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
from datasets import Features, List, Value

from ..point_metrics import end_to_end

SERIES = List(Value("float64"))
FORECASTS = {"predictions": SERIES, "references": SERIES}
# Of each step the quantiles, or the lower and the upper border of an interval.
QUANTILE_FORECASTS = {"predictions": List(SERIES), "references": SERIES}
ANSWERS = {"predictions": Value("string"), "references": Value("string")}

M4_CITATION = """@article{makridakis2020m4,
  title={The M4 Competition: 100,000 time series and 61 forecasting methods},
  author={Makridakis, Spyros and Spiliotis, Evangelos and Assimakopoulos, Vassilios},
  journal={International Journal of Forecasting}, volume={36}, number={1}, pages={54--74}, year={2020}}"""

_FOLDER = Path(__file__).parent


def load_metric(name: str) -> evaluate.Metric:
    """A metric of this package as a module of `evaluate`, which needs no network.

    Args:
        name: mse, mae, mase, smape, owa, wql, msis, coverage, exact_match, accuracy, macro_f1, ecg_templates, rouge_l.

    Raises:
        ValueError: for an unknown name; the nearest one is named.
    """
    names = sorted(path.stem for path in _FOLDER.glob("*/*.py"))
    if name not in names:
        nearest = difflib.get_close_matches(name, names, n=1)
        raise ValueError(
            f"no metric {name!r}{f'; did you mean {nearest[0]!r}?' if nearest else ''}; there are {', '.join(names)}."
        )
    return evaluate.load(str(_FOLDER / name), keep_in_memory=True)


def metric_info(function: Callable[..., Any], features: dict[str, Any], usage: str, citation: str = "") -> Any:
    """What `evaluate` wants to know of a metric.

    Args:
        function: that computes it; its docstring is the description.
        features: of the inputs that come in batches.
        usage: what `compute` takes and returns.
        citation: BibTeX.
    """
    return evaluate.MetricInfo(
        description=inspect.getdoc(function),
        citation=citation,
        inputs_description=usage,
        features=Features(features),
    )


def flat(
    predictions: Sequence[Sequence[Any]], references: Sequence[Sequence[float]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets (steps,) and forecasts (steps,) or (steps, levels) of all series in a row, and the steps of each series.

    Raises:
        ValueError: for a series whose forecast has another number of steps than its target.
    """
    target, steps = end_to_end(references)
    forecast, forecast_steps = end_to_end(predictions)
    different = np.flatnonzero(steps != forecast_steps)
    if different.size:
        row = different[0]
        raise ValueError(
            f"series {row}: the forecast has {forecast_steps[row]} steps and the target {steps[row]}; give as many."
        )
    return target, forecast, steps


def left_out(scale: np.ndarray) -> int:
    """Number of series without a positive scale, which scaled metrics leave out."""
    return int(np.count_nonzero(~(scale > 0)))
