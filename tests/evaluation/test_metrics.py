"""Our metrics of `evaluate`: they load without a network, and give numbers worked out by hand, in batches too."""

import os
from pathlib import Path

import evaluate
import numpy as np
import pytest
from fresh_python import FreshPython

from ts_llm_fusion import load_metric
from ts_llm_fusion.baselines.naive2 import naive2
from ts_llm_fusion.evaluation.metrics import AVAILABLE_METRICS
from ts_llm_fusion.evaluation.point_metrics import mase, seasonal_scale, smape

NAMES = sorted(AVAILABLE_METRICS)
TARGET = [[1.0, 2.0, float("nan")], [4.0, 0.0]]
FORECAST = [[2.0, 2.0, 9.0], [1.0, 0.0]]
IN_SAMPLE = [[1.0, 3.0, 1.0], [5.0, 5.0]]
INTERVALS = [[[0.0, 2.0]] * 3, [[3.0, 5.0]] * 2]

NUMBERS = {
    "mse": (FORECAST, TARGET, {}, {"mse": 10 / 4}),
    "mae": (FORECAST, TARGET, {}, {"mae": 4 / 4}),
    "smape": (FORECAST, TARGET, {}, {"smape": (200 / 3 + 120) / 4}),
    "mase": (FORECAST, TARGET, {"in_sample": IN_SAMPLE, "seasonality": 1}, {"mase": 0.25, "left_out": 1}),
    "owa": (
        FORECAST,
        TARGET,
        {"in_sample": IN_SAMPLE, "seasonality": 1},
        # Naive2 forecasts 1 and 5: 0, 200 / 3 and 200 / 9, 200 of sMAPE, and (0 + 0.5) / 2 of MASE.
        {
            "owa": ((200 / 3 + 120) / (200 / 3 + 200 / 9 + 200) + 0.25 / 0.25) / 2,
            "smape": (200 / 3 + 120) / 4,
            "mase": 0.25,
            "left_out": 1,
        },
    ),
    "wql": ([[[v] for v in row] for row in FORECAST], TARGET, {"quantile_levels": [0.5]}, {"wql": 4 / 7}),
    "coverage": (INTERVALS, TARGET, {}, {"coverage": 3 / 4}),
    "msis": (
        INTERVALS,
        TARGET,
        {"in_sample": IN_SAMPLE, "seasonality": 1},
        {"msis": 1.0, "left_out": 1},
    ),
    "exact_match": (["up", "Down"], ["up", "down"], {}, {"exact_match": 0.5}),
    "accuracy": (["up", "Down"], ["up", "down"], {}, {"accuracy": 1.0}),
    "macro_f1": (["up", "up"], ["up", "down"], {"labels": ["up", "down", "none"]}, {"macro_f1": 2 / 3 / 3}),
    "rouge_l": (["a rising line"], ["A line, rising"], {}, {"rouge_l": 2 / 3}),
    "ecg_templates": (
        ["yes", "no", "no", "sinus"],
        ["yes", "yes", "no", "pacer"],
        {"templates": ["1", "1", "1", "2"], "labels": {"1": ["yes", "no", "not sure"], "2": ["sinus", "pacer"]}},
        {
            "exact_match": (2 / 3 + 0) / 2,
            "macro_f1": (2 / 3 + 2 / 3 + 0) / 3 / 2,
            "exact_match_weighted": 2 / 4,
            "macro_f1_weighted": 3 * (2 / 3 + 2 / 3 + 0) / 3 / 4,
        },
    ),
}


def test_every_metric_is_tested() -> None:
    assert sorted(NUMBERS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_gives_the_numbers_worked_out_by_hand_whole_and_in_batches(name: str) -> None:
    predictions, references, options, expected = NUMBERS[name]
    metric = load_metric(name)
    found = metric.compute(predictions=predictions, references=references, **options)
    assert {key: found[key] for key in expected} == pytest.approx(expected)
    inputs = {"predictions": predictions, "references": references}
    inputs |= {key: options[key] for key in ("in_sample", "templates") if key in options}
    for row in range(len(references)):
        metric.add_batch(**{key: values[row : row + 1] for key, values in inputs.items()})
    assert metric.compute(**{k: v for k, v in options.items() if k not in inputs}) == found


def test_metrics_load_in_a_process_that_cannot_reach_any_network(tmp_path: Path, fresh: FreshPython) -> None:
    code = f"""
import socket
def refuse(*args, **kwargs): raise AssertionError("network")
socket.socket.connect = socket.getaddrinfo = refuse
from ts_llm_fusion import load_metric
names = {NAMES!r}
metrics = [load_metric(name) for name in names]
print(metrics[names.index("mae")].compute(predictions=[[1.0, 2.0]], references=[[1.0, 4.0]]))
"""
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_EVALUATE_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    run = fresh.run(code, environment=environment, folder=tmp_path)
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.splitlines()[-1] == "{'mae': 1.0}"


def test_owa_compares_with_naive2_of_the_same_series() -> None:
    rng = np.random.default_rng(0)
    season = np.tile([1.0, 2.0, 3.0, 2.0], 12)
    in_sample = [season * rng.uniform(0.9, 1.1, 48), rng.uniform(1, 2, 40)]
    target = rng.uniform(1, 3, size=(2, 6))
    baseline = naive2(in_sample, 4, 6)
    found = load_metric("owa").compute(predictions=baseline, references=target, in_sample=in_sample, seasonality=4)
    assert found["owa"] == pytest.approx(1.0, abs=1e-12)
    assert found["smape"] == pytest.approx(smape(target, baseline))
    assert found["mase"] == pytest.approx(mase(target, baseline, seasonal_scale(in_sample, 4)[:, None]))


def test_an_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="no metric 'masse'; did you mean 'mase'"):
        load_metric("masse")


def test_series_of_different_lengths_are_named() -> None:
    with pytest.raises(ValueError, match="series 1: the forecast has 3 steps and the target 2"):
        load_metric("mae").compute(predictions=[[1.0, 2.0], [1.0, 2.0, 3.0]], references=[[1.0, 2.0], [1.0, 2.0]])


def test_missing_values_may_be_none() -> None:
    found = load_metric("mae").compute(predictions=[[1.0, 2.0]], references=[[None, 4.0]])
    assert found == {"mae": 2.0}


def test_every_metric_describes_itself() -> None:
    for name in NAMES:
        metric = load_metric(name)
        assert isinstance(metric, evaluate.Metric)
        assert metric.name == name
        assert metric.description.strip()
        assert "Returns {" in metric.inputs_description
