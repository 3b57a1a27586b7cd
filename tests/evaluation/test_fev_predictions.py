"""Predictions for tasks of fev: the numbers of its summary against ones worked out here."""

import sys
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import pytest
import torch

import ts_llm_fusion
from ts_llm_fusion.baselines.naive import pooled_ridge, repeat_last
from ts_llm_fusion.baselines.neural import DLinear, NeuralForecaster
from ts_llm_fusion.data.series.windows import WindowDataset

fev = pytest.importorskip("fev")

LENGTHS, HORIZON, SEASON, LEVELS = (60, 90, 75), 12, 6, [0.1, 0.5, 0.9]


@pytest.fixture(scope="module")
def series() -> list[np.ndarray]:
    """Three noisy waves of different lengths, with two variables each."""
    rng = np.random.default_rng(0)
    made = []
    for number, length in enumerate(LENGTHS):
        steps = np.arange(length)
        waves = [10 * number + np.sin(2 * np.pi * steps / SEASON + phase) for phase in (0, 1)]
        made.append(np.stack(waves, -1) + 0.1 * rng.normal(size=(length, 2)))
    return made


@pytest.fixture(scope="module")
def parquet(series: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> str:
    rows = [
        {
            "id": f"series {number}",
            "timestamp": pd.date_range("2024-01-01", periods=len(values), freq="h").to_numpy(),
            "a": values[:, 0],
            "b": values[:, 1],
        }
        for number, values in enumerate(series)
    ]
    path = tmp_path_factory.mktemp("fev") / "waves.parquet"
    pd.DataFrame(rows).to_parquet(path)
    return str(path)


@pytest.fixture(autouse=True)
def _fev_loads_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """fev 0.10 asks for datasets<5, and its own download settings are the one thing that fails with datasets 5."""
    if int(datasets.__version__.split(".")[0]) >= 5:
        monkeypatch.setattr(fev.utils, "PatchedDownloadConfig", datasets.DownloadConfig)


@pytest.fixture
def task(parquet: str) -> "fev.Task":
    return fev.Task(
        dataset_path=parquet,
        horizon=HORIZON,
        num_windows=2,
        seasonality=SEASON,
        target=["a", "b"],
        quantile_levels=LEVELS,
        extra_metrics=["MAE", "MQL"],
    )


def summary(task: "fev.Task", forecaster: object) -> dict:
    predictions = ts_llm_fusion.predict_fev(task, forecaster)
    return task.evaluation_summary(predictions, model_name="ours")


def test_mase_of_seasonal_naive_is_the_one_worked_out_by_hand(task: "fev.Task", series: list[np.ndarray]) -> None:
    by_window = []
    for window in range(2):
        ratios = []
        for values in series:
            cut = len(values) - (2 - window) * HORIZON
            past, future = values[:cut], values[cut : cut + HORIZON]
            forecast = np.tile(past[-SEASON:], (2, 1))
            scale = np.abs(past[SEASON:] - past[:-SEASON]).mean(0)
            ratios.append(np.abs(future - forecast).mean(0) / scale)
        by_window.append(np.mean(ratios))
    found = summary(task, "seasonal_naive")
    assert found["test_error"] == pytest.approx(np.mean(by_window), rel=1e-9)
    # A random walk of the season has a band, which is worth more than the point forecast at every level.
    assert found["MQL"] < 0.9 * found["MAE"]


def test_a_saved_forecaster_predicts_with_its_quantiles(task: "fev.Task", tiny_model, tmp_path: Path) -> None:
    model = tiny_model(context_length=48, prediction_length=8, quantiles=[0.05, 0.5, 0.95])
    model.save_pretrained(tmp_path)
    ts_llm_fusion.ForecastFeatureExtractor(context_length=48).save_pretrained(tmp_path)
    windows = ts_llm_fusion.predict_fev(task, tmp_path)
    found = task.evaluation_summary(windows, model_name="ours")
    assert np.isfinite([found["test_error"], found["MQL"]]).all()
    first = {name: np.array(values) for name, values in windows[0]["a"].to_dict().items()}
    assert (first["0.1"] < first["0.9"]).all()
    # The shortest series is longer than the look-back, so that it is forecast as it is alone.
    past = task.get_window(1).get_input_data()[0][0]
    alone = model.predict(
        torch.tensor(np.stack([past["a"], past["b"]], -1), dtype=torch.float32)[None], prediction_length=HORIZON
    )
    expected = alone.full_predictions[0, :, 1, 1].numpy()  # the median
    np.testing.assert_allclose(windows[1]["b"][0]["predictions"], expected, rtol=1e-5)


def test_the_built_in_forecaster_has_the_season_of_the_calendar_and_a_calibrated_band(
    task: "fev.Task", series: list[np.ndarray]
) -> None:
    windows = ts_llm_fusion.predict_fev(task, "built-in")
    found = task.evaluation_summary(windows, model_name="built-in")
    naive = summary(task, "seasonal_naive")
    assert found["test_error"] < 0.9 * naive["test_error"]
    assert found["MQL"] < 0.85 * naive["MQL"]
    # Each series as it is forecast alone.
    model = ts_llm_fusion.TSFusionForForecasting.from_pretrained(ts_llm_fusion.BUILT_IN)
    past = torch.tensor(series[1][: -2 * HORIZON, :1])[None]
    alone = model.predict(past, prediction_length=HORIZON, quantile_levels=LEVELS, seasonal_period=[24, 168])
    first = windows[0]["a"][1]
    for k, level in enumerate(LEVELS):
        np.testing.assert_allclose(first[str(level)], alone.full_predictions[0, :, 0, k].numpy(), rtol=1e-5)


def test_known_covariates_of_a_task_reach_the_built_in_forecaster(series: list[np.ndarray], tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows = []
    for number, values in enumerate(series):
        promotion = (rng.random(len(values)) < 0.3).astype(float)
        dates = pd.date_range("2024-01-01", periods=len(values), freq="h").to_numpy()
        target = values[:, 0] + 5 * promotion
        rows.append({"id": f"s{number}", "timestamp": dates, "target": target, "promotion": promotion})
    pd.DataFrame(rows).to_parquet(tmp_path / "promotions.parquet")
    found = {}
    for known in ([], ["promotion"]):
        task = fev.Task(str(tmp_path / "promotions.parquet"), horizon=HORIZON, known_dynamic_columns=known)
        found[len(known)] = summary(task, "built-in")["test_error"]
    assert found[1] < 0.3 * found[0]


@pytest.mark.parametrize("name", ("auto_ets", "auto_theta"))
def test_statistical_forecasters_beat_the_last_value(name: str, task: "fev.Task") -> None:
    pytest.importorskip("statsforecast")
    found, naive = summary(task, name), summary(task, "repeat_last")
    assert found["test_error"] < 0.5 * naive["test_error"]
    assert found["MQL"] < 0.5 * naive["MQL"]


def test_any_function_of_past_values_is_a_forecaster(task: "fev.Task", series: list[np.ndarray]) -> None:
    ridge = pooled_ridge(WindowDataset(torch.tensor(series[1][:40]), 12, HORIZON))
    assert summary(task, ridge)["test_error"] < 0.7 * summary(task, "repeat_last")["test_error"]
    linear = NeuralForecaster(DLinear(12, HORIZON, moving_average=1), 12)
    with torch.no_grad():
        for parameter in linear.parameters():
            parameter.zero_()
        # Each step repeats the value one or two seasons before it: the seasonal naive forecast, as a linear map.
        linear.network.trend.weight[torch.arange(HORIZON), 12 - SEASON + torch.arange(HORIZON) % SEASON] = 1.0
    assert summary(task, linear.forecast)["test_error"] == pytest.approx(
        summary(task, "seasonal_naive")["test_error"], rel=1e-5
    )


def test_what_cannot_be_predicted_is_said(task: "fev.Task", tiny_model, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="nothing: neither the folder of a forecaster nor one of built-in, rep"):
        ts_llm_fusion.predict_fev(task, "nothing")
    with pytest.raises(ValueError, match=r"quantile 0.1 is asked for; this model \(llmps\) gives levels from"):
        ts_llm_fusion.predict_fev(task, tiny_model(quantiles=[0.2, 0.8]))
    short = repeat_last(HORIZON - 1)
    with pytest.raises(ValueError, match="the forecaster gives 11 steps; the task asks for 12"):
        ts_llm_fusion.predict_fev(task, short)
    monkeypatch.setitem(sys.modules, "fev", None)
    with pytest.raises(ImportError, match=r"fev is not installed; run pip install 'ts-llm-fusion\[fev\]'"):
        ts_llm_fusion.predict_fev(task, "repeat_last")
