"""The checkpoint that ships with the package."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoFeatureExtractor, AutoModelForTimeSeriesPrediction

import ts_llm_fusion
from ts_llm_fusion import TSFusionForForecasting
from ts_llm_fusion.data.series.priors import draw_batch
from ts_llm_fusion.hub.contents import model_contents


@pytest.fixture(scope="module")
def model() -> TSFusionForForecasting:
    return AutoModelForTimeSeriesPrediction.from_pretrained(ts_llm_fusion.BUILT_IN)


def test_it_is_small_and_says_what_it_was_trained_on(model):
    folder = Path(ts_llm_fusion.BUILT_IN)
    assert isinstance(model, TSFusionForForecasting)
    numeric = [weights for name, weights in model.named_parameters() if not name.startswith("context_head.")]
    assert sum(weights.numel() for weights in numeric) <= 150_000
    assert (folder / "model.safetensors").stat().st_size <= 6_300_000
    assert "synthetic only" in (folder / "README.md").read_text()
    assert json.loads((folder / "metrics.json").read_text())["data"] == "synthetic only"
    assert not list(folder.glob("*.py"))


def test_it_beats_the_seasonal_naive_on_a_growing_seasonal_series(model):
    time = np.arange(156)
    noise = np.random.default_rng(0).standard_normal(156)
    values = np.exp(4 + 0.01 * time + 0.2 * np.sin(2 * np.pi * time / 12) + 0.03 * noise)
    features = AutoFeatureExtractor.from_pretrained(ts_llm_fusion.BUILT_IN)(values[:132])
    out = model.predict(**features, prediction_length=24, seasonal_period=12)
    naive = np.abs(np.tile(values[120:132], 2) - values[132:]).mean()
    assert np.abs(out.mean_predictions[0, :, 0].numpy() - values[132:]).mean() < 0.5 * naive


def test_its_band_holds_what_it_says_on_series_it_was_not_trained_on(model):
    inside, count, better = 0, 0, []
    for number in range(8):
        batch = {name: torch.from_numpy(array) for name, array in draw_batch(10_000, number, 64).items()}
        past, future = batch["past_values"][..., None], batch["future_values"][..., None]
        out = model.predict(past, None, future.shape[1], (0.1, 0.9), seasonal_period=batch["seasonal_period"][:, None])
        low, high = out.full_predictions.unbind(-1)
        inside += ((future >= low) & (future <= high)).sum().item()
        count += future.numel()
        plain = TSFusionForForecasting(model.config)
        with torch.no_grad():
            arguments = {"future_values": future, "seasonal_period": batch["seasonal_period"][:, None]}
            better.append((model(past, **arguments).loss / plain(past, **arguments).loss).item())
    assert 0.7 < inside / count < 0.9
    assert np.mean(better) < 0.95


def test_a_push_of_it_carries_its_code(tmp_path):
    contents = model_contents(Path(ts_llm_fusion.BUILT_IN), "someone/forecaster", tmp_path)
    assert {"modeling_tsfusion.py", "modeling_tsfusion_experts.py", "feature_extraction_forecast.py"} <= set(contents)
    assert b'repository = "someone/forecaster"' in contents["README.md"]
