"""Floors against published and golden numbers, and metrics against their definitions."""

import json
from functools import cache
from pathlib import Path

import pytest
import torch

from ts_llm_fusion.data.preparation import DataArguments, prepare
from ts_llm_fusion.data.windows import WindowDataset
from ts_llm_fusion.evaluation.floors import (
    evaluate_forecaster,
    fill_missing,
    make_floors,
    pooled_ridge,
    repeat_last,
    seasonal_naive,
)
from ts_llm_fusion.evaluation.metrics import ForecastErrors

GOLDEN = {"repeat_last": "repeat_last_full", "seasonal_naive": "seasonal_naive_full", "ridge": "ridge_ols_full"}
CASES = [(name, horizon) for name in ("ETTh1", "ETTm1", "Exchange") for horizon in (96, 192, 336, 720)]
CASES += [("ILI", horizon) for horizon in (24, 36, 48, 60)]


@cache
def golden(path: Path) -> dict:
    return json.loads(path.read_text())


@pytest.mark.parametrize(("name", "horizon"), CASES)
def test_floors_equal_the_golden_numbers(name: str, horizon: int, data_dir: Path, assets_dir: Path) -> None:
    expected = golden(assets_dir / "reference" / "ltsf_golden.json")[name][str(horizon)]
    data = prepare(DataArguments(data=name), 104 if name == "ILI" else 96, horizon)
    floors = make_floors(data.splits["train"], data.seasonal_period)
    assert ("seasonal_naive" in floors) == (expected["seasonal_naive_full"] is not None)
    for floor, forecaster in floors.items():
        errors = evaluate_forecaster(forecaster, data.splits["test"])
        assert errors == pytest.approx(expected[GOLDEN[floor]], abs=1e-3)
    dropped = evaluate_forecaster(floors["repeat_last"], data.splits["test"], drop_last_batch=32)
    assert dropped == pytest.approx(expected["repeat_last_batch32_drop_last"], abs=1e-3)
    assert dropped == pytest.approx(expected["published_repeat_DLinear_paper"], abs=1e-3)


def test_missing_values_are_carried_forward_then_back() -> None:
    nan = torch.nan
    past_values = torch.tensor([[nan, 1.0, nan, 3.0, nan], [nan] * 5]).T[None]
    filled = fill_missing(past_values)
    assert filled[0, :, 0].tolist() == [1.0, 1.0, 1.0, 3.0, 3.0]
    assert filled[0, :, 1].tolist() == [0.0] * 5


def test_naive_forecasts() -> None:
    past_values = torch.arange(6.0).view(1, 6, 1)
    assert repeat_last(3)(past_values).flatten().tolist() == [5.0, 5.0, 5.0]
    assert seasonal_naive(5, 3)(past_values).flatten().tolist() == [3.0, 4.0, 5.0, 3.0, 4.0]


def test_the_ridge_learns_a_linear_rule_and_shifts_with_the_level() -> None:
    time = torch.arange(600.0)
    values = torch.stack((torch.sin(time / 5), torch.cos(time / 5)), dim=1)
    forecaster = pooled_ridge(WindowDataset(values, 48, 12), relative_penalty=1e-9)
    windows = WindowDataset(values[300:] + 100, 48, 12)
    assert evaluate_forecaster(forecaster, windows)["mse"] < 1e-4


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
    with pytest.raises(ValueError, match="no observed target value"):
        errors.compute()


def test_quantile_loss_and_coverage() -> None:
    target = torch.tensor([[[1.0], [2.0], [30.0], [torch.nan]]])
    quantiles = torch.tensor([0.0, 5.0]).expand(1, 4, 1, 2)
    errors = ForecastErrors([0.1, 0.9])
    errors.update(target, torch.zeros(1, 4, 1), quantiles)
    computed = errors.compute()
    assert computed["coverage"] == pytest.approx(2 / 3)
    losses = [(0.1 * 1 + 0.1 * 4), (0.1 * 2 + 0.1 * 3), (0.1 * 30 + 0.9 * 25)]
    assert computed["quantile_loss"] == pytest.approx(sum(losses) / 3)
