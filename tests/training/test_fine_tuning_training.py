"""The gate on computed windows is the forecaster itself."""

import torch

from ts_llm_fusion import TSFusionConfig, TSFusionForForecasting
from ts_llm_fusion.training.fine_tuning import GateTuner, compute_windows


def test_computed_windows_give_the_forecast_of_the_model() -> None:
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    # Levels that are not symmetric: those of a falling series are interpolated.
    model = TSFusionForForecasting(TSFusionConfig(hidden_size=8, quantile_levels=[0.05, 0.2, 0.5, 0.9])).eval()
    torch.nn.init.normal_(model.head.projection.weight, std=0.3)
    past = torch.randn(6, 60, generator=generator).cumsum(1) + torch.arange(-3, 3)[:, None] * torch.arange(60)
    past[0, -4:], past[1, 10:20], past[2] = torch.nan, torch.nan, 5.0
    future = torch.randn(6, 9, generator=generator)
    future[3, 2:5] = torch.nan

    windows = compute_windows(model, past, future, 7)
    out = GateTuner(model)(**windows.__getitems__(range(6)))
    expected = model.predict(past[..., None], prediction_length=9, seasonal_period=7)
    torch.testing.assert_close(out["mean"], expected.mean_predictions[..., 0], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(out["quantiles"], expected.full_predictions[:, :, 0], rtol=1e-4, atol=1e-4)

    levels = torch.tensor(model.config.quantile_levels)
    quantiles = model.predict(past[..., None], None, 9, model.config.quantile_levels, 7).full_predictions[:, :, 0]
    error = (future[..., None] - quantiles)[~future.isnan()]
    pinball = 2 * torch.maximum(levels * error, (levels - 1) * error).mean()
    torch.testing.assert_close(out["loss"], pinball, rtol=1e-4, atol=1e-4)
