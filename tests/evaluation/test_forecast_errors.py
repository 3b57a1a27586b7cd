"""Running errors against their definitions."""

import pytest
import torch

from ts_llm_fusion.evaluation.forecast_errors import ForecastErrors


def test_errors_weigh_every_value_the_same_whatever_the_batches() -> None:
    target, mean = torch.randn(10, 4, 3), torch.randn(10, 4, 3)
    target[0, 0, 0] = torch.nan
    errors = ForecastErrors()
    for part in (slice(0, 7), slice(7, 10)):
        errors.update(target[part], mean[part])
    counted = ~torch.isnan(target)
    difference = (target - mean)[counted].double()
    computed = errors.compute()
    assert computed["mse"] == pytest.approx(difference.square().mean().item())
    assert computed["mae"] == pytest.approx(difference.abs().mean().item())
    by_variable = [(target - mean)[..., k][counted[..., k]].abs().mean().item() for k in range(3)]
    in_units = errors.in_units({"a": [0.0, 1.0], "b": [5.0, 10.0], "c": [0.0, 0.1]})
    assert list(in_units.values()) == pytest.approx([by_variable[0], 10 * by_variable[1], 0.1 * by_variable[2]])
    assert errors.in_units({}) == {}
    with pytest.raises(ValueError, match="no observed target value"):
        errors.compute()


def test_quantile_loss_and_coverage() -> None:
    target = torch.tensor([[[1.0], [2.0], [30.0], [torch.nan]]])
    quantiles = torch.tensor([0.0, 5.0]).expand(1, 4, 1, 2)
    errors = ForecastErrors([0.1, 0.9])
    errors.update(target, torch.zeros(1, 4, 1), quantiles)
    computed = errors.compute()
    assert computed["coverage"] == pytest.approx(2 / 3) and errors.nominal() == {"nominal": 0.8}
    losses = [(0.1 * 1 + 0.1 * 4), (0.1 * 2 + 0.1 * 3), (0.1 * 30 + 0.9 * 25)]
    assert computed["quantile_loss"] == pytest.approx(sum(losses) / 3)
