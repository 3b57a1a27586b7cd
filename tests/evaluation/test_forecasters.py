"""Baselines as forecasters: what they compute, whatever is missing, and at whatever level."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import PatchTSTConfig

from ts_llm_fusion.data.preparation import DataArguments, prepare
from ts_llm_fusion.data.windows import WindowDataset, collate_windows
from ts_llm_fusion.evaluation.baseline_models import BaselineModel, DLinear, PatchTST
from ts_llm_fusion.evaluation.baselines import TRAINED, WindowArguments
from ts_llm_fusion.evaluation.forecast_errors import ForecastErrors
from ts_llm_fusion.evaluation.forecasters import (
    Forecast,
    auto_ets,
    auto_theta,
    chosen_windows,
    evaluate_forecaster,
    last_steps,
    metrics_function,
    model_forecaster,
)
from ts_llm_fusion.evaluation.published import published_answers, published_forecasts
from ts_llm_fusion.training.forecaster import ForecastTrainingArguments, train_forecaster


def test_windows_are_chosen_by_stride_and_by_full_batches() -> None:
    windows = WindowDataset(torch.arange(30.0)[:, None], 4, 2)
    assert len(windows) == 25
    assert list(chosen_windows(windows, stride=10).indices) == [0, 10, 20]
    assert len(chosen_windows(windows, drop_last_batch=8)) == 24
    with pytest.raises(ValueError, match="drop_last_batch is 32, but there are only 25 windows"):
        chosen_windows(windows, drop_last_batch=32)
    # A forecast of 0 on the windows that begin at 0, 10 and 20: their targets are the two steps after the look-back.
    errors = evaluate_forecaster(lambda past: Forecast(past[:, -2:] * 0), chosen_windows(windows, stride=10))
    assert errors["mae"] == pytest.approx((4 + 5 + 14 + 15 + 24 + 25) / 6)


def test_dlinear_is_linear_in_the_trend_and_the_rest() -> None:
    network = DLinear(8, 3, moving_average=5)
    series = torch.randn(2, 8, 4)
    padded = torch.cat([series[:, :1]] * 2 + [series] + [series[:, -1:]] * 2, 1)
    trend = torch.stack([padded[:, step : step + 5].mean(1) for step in range(8)], 1)
    expected = [
        trend[..., k] @ network.trend.weight.T
        + network.trend.bias
        + (series - trend)[..., k] @ network.rest.weight.T
        + network.rest.bias
        for k in range(4)
    ]
    torch.testing.assert_close(network(series), torch.stack(expected, -1), atol=1e-6, rtol=1e-5)
    with pytest.raises(ValueError, match="moving_average is 4; it must be odd"):
        DLinear(8, 3, moving_average=4)


@pytest.mark.parametrize("kind", ("dlinear", "patchtst"))
def test_baseline_models_bear_missing_values_and_count_observed_targets(kind: str) -> None:
    config = PatchTSTConfig(
        context_length=16, prediction_length=4, num_input_channels=2, patch_length=4, patch_stride=4, d_model=8
    )
    network = DLinear(16, 4) if kind == "dlinear" else PatchTST(config)
    model = BaselineModel(network, 16).eval()
    past, future = torch.randn(3, 16, 2), torch.randn(3, 4, 2)
    past[0, 3:5], future[1, 2, 0] = torch.nan, torch.nan
    outputs = model(past, future_values=future)
    assert outputs.mean_predictions.shape == (3, 4, 2)
    counted = ~torch.isnan(future)
    expected = (outputs.mean_predictions - future)[counted].square().mean()
    assert outputs.loss.item() == pytest.approx(expected.item(), rel=1e-6)
    share = model(past, future_values=future, num_items_in_batch=46).loss
    assert share.item() == pytest.approx(expected.item() * 23 / 46, rel=1e-6)
    outputs.loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
    # A value that a mask hides is one that is missing.
    hidden = past.nan_to_num(nan=9.0)
    masked = model(hidden, past_observed_mask=~torch.isnan(past)).mean_predictions
    torch.testing.assert_close(masked, outputs.mean_predictions)
    # A longer past is cut, a shorter one begins with its first value.
    longer = torch.cat((torch.randn(3, 5, 2), past), 1)
    torch.testing.assert_close(model.forecast(longer).mean, outputs.mean_predictions.detach())
    shorter = torch.cat((past[1:, 10:11].expand(-1, 10, -1), past[1:, 10:]), 1)
    torch.testing.assert_close(model.forecast(past[1:, 10:]).mean, model.forecast(shorter).mean)


def test_a_trained_baseline_is_the_best_of_its_epochs_on_validation(tmp_path: Path) -> None:
    steps = torch.arange(600.0)
    values = torch.stack((torch.sin(steps / 4), torch.cos(steps / 7)), -1) + 0.3 * torch.randn(600, 2)
    train, validation = WindowDataset(values[:400], 24, 8), WindowDataset(values[400:], 24, 8)
    arguments = ForecastTrainingArguments(
        output_dir=str(tmp_path),
        num_train_epochs=6,
        learning_rate=0.2,
        lr_scheduler_type="constant",
        disable_tqdm=True,
    )
    trainer = train_forecaster(
        BaselineModel(DLinear(24, 8), 24),
        arguments,
        train,
        validation,
        collate_windows,
        metrics_function(ForecastErrors()),
    )
    by_epoch = [entry["eval_mse"] for entry in trainer.state.log_history if "eval_mse" in entry]
    assert by_epoch[-1] > min(by_epoch) * 1.01
    found = evaluate_forecaster(trainer.model.forecast, validation)["mse"]
    assert found == pytest.approx(min(by_epoch), rel=1e-5)


def test_the_forecaster_of_a_model_has_its_quantiles_and_bears_an_empty_look_back(tiny_model) -> None:
    model = tiny_model(quantiles=[0.1, 0.9])
    past = torch.randn(2, 60, 3)
    found = model_forecaster(model)(past)
    expected = model.predict(past)
    torch.testing.assert_close(found.mean, expected.mean_predictions)
    torch.testing.assert_close(found.quantiles, expected.full_predictions)
    assert found.quantile_levels == (0.1, 0.9)
    past[0, 10:, 1] = torch.nan
    found = model_forecaster(model, prediction_length=20)(past)
    assert found.mean.shape == (2, 20, 3)
    torch.testing.assert_close(found.mean[0, :, 1], past[0, 9, 1].expand(20))


def test_the_forecaster_of_a_model_brings_variables_into_its_order_and_back(tiny_model) -> None:
    model, past, order = tiny_model(quantiles=[0.1, 0.9]), torch.randn(2, 48, 3), np.array([2, 0, 1])
    expected = model.predict(past[..., order])
    found = model_forecaster(model, order=order)(past)
    torch.testing.assert_close(found.mean[..., order], expected.mean_predictions)
    torch.testing.assert_close(found.quantiles[:, :, order], expected.full_predictions)
    assert (found.mean - model.predict(past).mean_predictions).abs().max() > 1e-3


@pytest.mark.parametrize("method", (auto_ets, auto_theta))
def test_statistical_forecasters_follow_level_season_and_missing_values(method) -> None:
    pytest.importorskip("statsforecast")
    steps = np.arange(72)
    season = np.sin(2 * np.pi * steps / 12)
    past = torch.tensor(np.stack([season, 100 + season, np.full(72, 5.0)], -1))[None]
    past[0, :24, 1] = torch.nan
    found = method(12, period=12, quantile_levels=[0.1, 0.5, 0.9])(past + 0.01 * torch.randn(past.shape))
    assert found.mean.shape == (1, 12, 3)
    assert found.quantiles.shape == (1, 12, 3, 3)
    expected = torch.tensor(np.stack([season[:12], 100 + season[:12], np.full(12, 5.0)], -1))[None]
    assert (found.mean - expected).abs().max() < 0.15
    assert (found.quantiles.diff(dim=-1) >= 0).all()
    torch.testing.assert_close(found.quantiles[..., 1], found.mean)
    width = found.quantiles[..., 2] - found.quantiles[..., 0]
    assert (width[:, :, :2] > 0).all()


def test_a_series_without_values_and_one_too_short_to_fit_are_forecast_too() -> None:
    pytest.importorskip("statsforecast")
    past = torch.full((1, 30, 2), torch.nan)
    past[0, -2:, 1] = torch.tensor([3.0, 4.0])
    found = auto_ets(5)(past).mean
    assert found[0, :, 0].tolist() == [0.0] * 5
    assert torch.isfinite(found).all()


def test_last_steps() -> None:
    past = torch.arange(3.0).view(1, 3, 1)
    assert last_steps(past, 2).flatten().tolist() == [1.0, 2.0]
    assert torch.isnan(last_steps(past, 5)[0, :2, 0]).all()
    assert last_steps(past, 5)[0, 2:, 0].tolist() == [0.0, 1.0, 2.0]


def test_published_numbers_are_the_papers(assets_dir: Path) -> None:
    tables = json.loads((assets_dir / "reference" / "llmps_tables.json").read_text())
    parts = {
        "long_term (Table 7)": "{}",
        "few_shot_10_percent (Table 8)": "{}, first 10 %",
    }
    count = 0
    for part, label in parts.items():
        for dataset, horizons in tables[part].items():
            table = published_forecasts(label.format(dataset)).set_index(["horizon", "model"])
            for horizon, models in horizons.items():
                for model, errors in models.items():
                    assert dict(table.loc[(int(horizon), model), ["mse", "mae"]]) == errors
                    count += 1
    assert count == 8 * 4 * 7 + 4 * 4 * 6
    assert len(published_forecasts("ETTh1 to ETTm2")) == 4 * 6
    quality = json.loads((assets_dir / "reference" / "opentslm_tables.json").read_text())
    (part,) = (name for name in quality if name.startswith("quality"))
    found = published_answers("tsqa").set_index("model")["accuracy_percent"].to_dict()
    assert found == {model: sets["TSQA"]["accuracy"] for model, sets in quality[part].items()}


def test_every_patch_of_patchtst_leads_to_the_forecast(tmp_path: Path) -> None:
    hours = pd.date_range("2024-01-01", periods=900, freq="h")
    pd.DataFrame({"date": hours, "a": np.sin(np.arange(900.0)), "b": 1.0}).to_csv(tmp_path / "waves.csv", index=False)
    data = prepare(DataArguments(data=str(tmp_path / "waves.csv")), 48, 12)
    settings, make = TRAINED["patchtst"]
    model = make(data, WindowArguments(48, 12), settings()).eval()
    assert model.network.model.head.projection.in_features == ((48 - 16) // 8 + 1) * settings().d_model
