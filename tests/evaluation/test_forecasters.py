"""The evaluation loop, trained models as forecasters, and published numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ts_llm_fusion.baselines.forecaster import Forecast
from ts_llm_fusion.data.series.windows import WindowDataset
from ts_llm_fusion.evaluation.forecasters import chosen_windows, evaluate_forecaster, model_forecaster
from ts_llm_fusion.evaluation.published import published_answers, published_forecasts


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
