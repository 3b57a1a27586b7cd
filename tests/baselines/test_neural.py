"""Neural baselines: their networks, missing values, and their training."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import PatchTSTConfig

from ts_llm_fusion.baselines.neural import DLinear, NeuralForecaster, PatchTST, PatchTSTArguments
from ts_llm_fusion.baselines.table import BASELINES
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.data.series.windows import WindowDataset, collate_windows
from ts_llm_fusion.evaluation.baselines import forecast_task
from ts_llm_fusion.evaluation.forecast_errors import ForecastErrors
from ts_llm_fusion.evaluation.forecasters import evaluate_forecaster, metrics_function
from ts_llm_fusion.training.forecaster import ForecastTrainingArguments, train_forecaster


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
    model = NeuralForecaster(network, 16).eval()
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
        NeuralForecaster(DLinear(24, 8), 24),
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


def test_every_patch_of_patchtst_leads_to_the_forecast(tmp_path: Path) -> None:
    hours = pd.date_range("2024-01-01", periods=900, freq="h")
    pd.DataFrame({"date": hours, "a": np.sin(np.arange(900.0)), "b": 1.0}).to_csv(tmp_path / "waves.csv", index=False)
    data = prepare(DataArguments(data=str(tmp_path / "waves.csv")), 48, 12)
    settings = PatchTSTArguments()
    model = BASELINES["patchtst"].make(forecast_task(data, 12, settings)).eval()
    assert model.network.model.head.projection.in_features == ((48 - 16) // 8 + 1) * settings.d_model
