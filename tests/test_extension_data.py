"""The lists of CONTRIBUTING.md for data, metrics, baselines and commands, each followed with a toy."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from ts_llm_fusion import cli, cross_validation, load_dataset, load_metric, load_series
from ts_llm_fusion.baselines import table
from ts_llm_fusion.baselines.forecaster import Forecast, Forecaster, ForecastTask
from ts_llm_fusion.data import registry
from ts_llm_fusion.data.entries import DatasetEntry
from ts_llm_fusion.data.qa import entries as qa_entries
from ts_llm_fusion.data.qa.archives import ArchiveArguments
from ts_llm_fusion.data.qa.questions import QuestionArguments, prepare_questions
from ts_llm_fusion.data.qa.samples import make_sample
from ts_llm_fusion.data.qa.source import QuestionSource
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments
from ts_llm_fusion.data.series import sources
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.evaluation import metrics
from ts_llm_fusion.evaluation.point_metrics import observed
from ts_llm_fusion.recipes.benchmark import Benchmark, run_benchmark
from ts_llm_fusion.recipes.evaluation import EvaluationArguments, ForecastArguments, evaluate_forecasters


def entry(**changes: Any) -> DatasetEntry:
    """Entry of a toy data set."""
    facts = {"name": "toy", "task": "forecasting", "description": "A toy.", "license": "MIT"}
    return DatasetEntry(**{**facts, "citation": "none", "homepage": "", **changes})


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gather the registry again, as at the next start."""
    for name, found in registry._gather().items():
        monkeypatch.setitem(registry.REGISTRY, name, found)


def read_toy() -> pd.DataFrame:
    """Two days of an hourly sawtooth."""
    return pd.DataFrame({"a": np.arange(400.0) % 24}, index=pd.date_range("2024-01-01", periods=400, freq="h"))


@pytest.fixture
def toy_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """A data set of series, by its list."""
    monkeypatch.setitem(sources.READERS, "toy", (read_toy, 24))
    row = entry(
        splits=("train",),
        features="ts_llm_fusion.data.series.rows:SERIES_FEATURES",
        loader="ts_llm_fusion.data.series.rows:load_rows",
        options={"data": "toy"},
    )
    monkeypatch.setattr(sources, "ENTRIES", (*sources.ENTRIES, row))
    register(monkeypatch)


def test_a_data_set_of_series(toy_series: None, capsys: pytest.CaptureFixture) -> None:
    assert load_series("toy").series["a"].sum() == np.sum(np.arange(400) % 24)
    assert load_dataset("toy", "train")[0]["target"][:3] == [0.0, 1.0, 2.0]
    data = prepare(DataArguments(data="toy"), context_length=24, prediction_length=6)
    assert data.seasonal_period == 24
    assert len(data.splits["train"]) == 0.7 * 400 - 24 - 6 + 1
    assert cli.main(["data", "list"]) == 0
    assert "toy  " in capsys.readouterr().out
    with pytest.raises(ValueError, match="did you mean 'toy'"):
        load_series("toyy")


def test_a_data_set_of_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    def samples(files: tuple[Path, ...], split: str) -> Iterator[dict[str, Any]]:
        for number, answer in enumerate(("up", "down")):
            series = {"Series": np.arange(5.0) * (1 - 2 * number)}
            yield make_sample("Which way?", series, answer, "way", "toy", f"{split}-{number}")

    module = ModuleType("toy_questions")
    module.load = QuestionSource("toy", samples, lambda files: {"way": ["up", "down"]})
    monkeypatch.setitem(sys.modules, "toy_questions", module)
    row = entry(task="classification", loader="toy_questions:load")
    monkeypatch.setattr(qa_entries, "ENTRIES", [*qa_entries.ENTRIES, row])
    register(monkeypatch)
    assert [sample["answer"] for sample in load_dataset("toy", "test", streaming=True)] == ["up", "down"]
    found = prepare_questions(QuestionArguments(data="toy"), SyntheticArguments(), ArchiveArguments())
    assert found.labels == {"way": ["up", "down"]}
    assert found.splits["train"][1]["time_series"] == [[0.0, -1.0, -2.0, -3.0, -4.0]]


def bias(target: np.ndarray, forecast: np.ndarray) -> float:
    """Mean of forecast minus target over every observed target."""
    counted = observed(target, forecast)
    return float(np.mean(forecast[counted] - target[counted]))


class Bias(metrics._PointMetric):
    """Mean error."""

    function = staticmethod(bias)
    usage = 'predictions, references: a list of floats for each series. Returns {"bias"}.'


def test_a_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(metrics.AVAILABLE_METRICS, "bias", Bias)
    metric = load_metric("bias")
    assert metric.compute(predictions=[[3.0, 5.0], [2.0]], references=[[1.0, None], [5.0]]) == {"bias": -0.5}
    assert metric.description.startswith("Mean of forecast minus target")


def window_mean(task: ForecastTask) -> Forecaster:
    """Repeat the mean of the look-back."""

    def forecast(past_values: torch.Tensor) -> Forecast:
        return Forecast(past_values.nanmean(1, keepdim=True).expand(-1, task.prediction_length, -1))

    return forecast


def test_a_baseline_forecaster(toy_series: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(table.BASELINES, "window_mean", table.Baseline(window_mean))
    found = evaluate_forecasters(
        EvaluationArguments(output_dir=str(tmp_path / "evaluation")),
        DataArguments(data="toy"),
        ForecastArguments(baselines=["window_mean", "seasonal_naive"], context_length=24, prediction_length=24),
    )
    # The mean of a whole season is a forecast with the variance of the season; the series is scaled to about 1.
    assert found["results"]["window_mean"]["mse"] == pytest.approx(1, abs=0.02)
    assert found["results"]["seasonal_naive"]["mse"] == pytest.approx(0, abs=1e-9)
    models = {"window_mean": {"context_length": 24}}
    results = run_benchmark(Benchmark({"toy": {}}, models, [24], [0], str(tmp_path / "benchmark")))
    assert results["mse"].tolist() == pytest.approx([found["results"]["window_mean"]["mse"]])
    assert results["parameters"].tolist() == [0]
    series = load_series("toy").series.reset_index(names="timestamp")
    forecasts = cross_validation(series, 24, model=[], baselines="window_mean")
    assert forecasts["predictions"].tolist() == pytest.approx([series["a"][:-24].mean()] * 24)


def test_a_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    module = ModuleType("toy_command")
    module.main = lambda args: sys.stdout.write(f"toy of {' '.join(args)}\n")
    monkeypatch.setitem(sys.modules, "toy_command", module)
    monkeypatch.setitem(cli._COMMANDS, "toy", ("toy_command", "print a toy"))
    assert cli.main(["toy", "--some-flag", "1"]) == 0
    assert capsys.readouterr().out == "toy of --some_flag 1\n"
    assert cli.main(["--help"]) == 0
    assert "toy               print a toy" in capsys.readouterr().out
