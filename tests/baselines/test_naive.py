"""Naive baselines against published and golden numbers, and the ridge against its definition."""

import itertools
import json
from pathlib import Path

import pytest
import torch
import yaml

from ts_llm_fusion.baselines.forecaster import fill_missing
from ts_llm_fusion.baselines.naive import pooled_ridge, repeat_last, seasonal_naive
from ts_llm_fusion.cli import main
from ts_llm_fusion.data.series.windows import WindowDataset
from ts_llm_fusion.evaluation.forecasters import evaluate_forecaster
from ts_llm_fusion.evaluation.published import published_forecasts
from ts_llm_fusion.recipes.benchmark import read_results

RECIPE = Path(__file__).parents[2] / "configs" / "eval" / "ltsf_baselines.yaml"
GOLDEN = {
    "repeat_last": ["repeat_last_full"],
    "repeat_last, tail of 32 dropped": ["repeat_last_batch32_drop_last", "published_repeat_DLinear_paper"],
    "seasonal_naive": ["seasonal_naive_full"],
    "ridge": ["ridge_ols_full"],
}


def test_the_naive_baselines_as_a_benchmark_give_the_golden_numbers(
    data_dir: Path, assets_dir: Path, tmp_path: Path
) -> None:
    golden = json.loads((assets_dir / "reference" / "ltsf_golden.json").read_text())
    recipe = yaml.safe_load(RECIPE.read_text()) | {"horizons": [96, 720]}
    recipe["datasets"]["ILI"]["horizons"] = [24, 48]
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    assert main(["benchmark", "--config", str(tmp_path / "recipe.yaml"), "--output_dir", str(tmp_path)]) == 0
    found = read_results(tmp_path).set_index(["dataset", "horizon", "model"])[["mse", "mae"]]
    compared = set()
    for dataset, horizon, (model, names) in itertools.product(
        ("ETTh1", "ETTm1", "Exchange", "ILI"), ("24", "48", "96", "720"), GOLDEN.items()
    ):
        for name in names:
            expected = golden[dataset].get(horizon, {}).get(name)
            if expected is not None:
                cell = (dataset, int(horizon), model)
                assert dict(found.loc[cell]) == pytest.approx(expected, abs=1e-3), cell
                compared.add(cell)
    assert compared == set(found.index)
    assert len(compared) == 4 * 2 * 4 - 2
    # The published rows are in the report too, by the same names.
    published = published_forecasts("ILI").set_index(["model", "horizon"])
    assert published.loc[("Repeat (tail dropped)", 48), "mse"] == pytest.approx(
        found.loc[("ILI", 48, "repeat_last, tail of 32 dropped"), "mse"], abs=1e-3
    )


def test_naive_forecasts() -> None:
    past_values = torch.arange(6.0).view(1, 6, 1)
    assert repeat_last(3)(past_values).mean.flatten().tolist() == [5.0, 5.0, 5.0]
    assert seasonal_naive(5, 3)(past_values).mean.flatten().tolist() == [3.0, 4.0, 5.0, 3.0, 4.0]


def test_a_short_history_is_forecast_as_without_longer_ones_beside_it() -> None:
    long, short = torch.arange(8.0), torch.tensor([torch.nan] * 6 + [2.0, 7.0])
    beside = seasonal_naive(4, 4, [0.2, 0.8])(torch.stack((long, short))[..., None])
    alone = seasonal_naive(4, 4, [0.2, 0.8])(short[None, 6:, None])
    assert alone.mean.flatten().tolist() == [2.0, 2.0, 2.0, 7.0]
    torch.testing.assert_close(beside.mean[1:], alone.mean)
    torch.testing.assert_close(beside.quantiles[1:], alone.quantiles)


def test_quantiles_of_the_naive_forecasts_are_those_of_a_seasonal_random_walk() -> None:
    # Changes over one step are 1, 3, -2, over two steps 4, 1.
    past_values = torch.tensor([0.0, 1.0, 4.0, 2.0])[None, :, None]
    last = repeat_last(4, [0.1, 0.5, 0.9])(past_values)
    width = 1.2815516 * (14 / 3) ** 0.5 * torch.tensor([1.0, 2.0, 3.0, 4.0]).sqrt()
    torch.testing.assert_close(last.quantiles[0, :, 0], 2 + width[:, None] * torch.tensor([-1.0, 0.0, 1.0]))
    season = seasonal_naive(3, 2, [0.9])(past_values)
    width = 1.2815516 * (17 / 2) ** 0.5 * torch.tensor([1.0, 1.0, 2.0]).sqrt()
    torch.testing.assert_close(season.quantiles[0, :, 0, 0], torch.tensor([4.0, 2.0, 4.0]) + width)


def test_the_ridge_learns_a_linear_rule_and_shifts_with_the_level() -> None:
    time = torch.arange(600.0)
    values = torch.stack((torch.sin(time / 5), torch.cos(time / 5)), dim=1)
    forecaster = pooled_ridge(WindowDataset(values, 48, 12), relative_penalty=1e-9)
    windows = WindowDataset(values[300:] + 100, 48, 12)
    assert evaluate_forecaster(forecaster, windows)["mse"] < 1e-4


def waves(steps: int = 800, variables: int = 3, seed: int = 0) -> torch.Tensor:
    """Noisy daily waves of other phases, (steps, variables)."""
    time = torch.arange(steps)[:, None] * 2 * torch.pi / 24 + torch.arange(variables)
    return torch.sin(time) + 0.3 * torch.randn(steps, variables, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("share", "bound"), [(0.01, 0.01), (0.04, 0.02), (0.3, 0.1), (0.6, 0.6)])
def test_the_ridge_on_series_with_gaps_is_nearly_that_on_whole_ones(share: float, bound: float) -> None:
    values, test = waves(), WindowDataset(waves(400, seed=1), 48, 48)
    whole = evaluate_forecaster(pooled_ridge(WindowDataset(values, 48, 48)), test)["mse"]
    gapped = values.masked_fill(torch.rand(values.shape) < share, torch.nan)
    found = evaluate_forecaster(pooled_ridge(WindowDataset(gapped, 48, 48)), test)["mse"]
    assert found == pytest.approx(whole, rel=bound)


def test_each_step_of_the_ridge_is_the_regression_on_the_rows_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    values = waves(120, 2)
    values[60:75] = torch.nan  # longer than the past
    values[90:, 1] = torch.nan
    values[::7, 0] = torch.nan
    train = WindowDataset(values, 8, 5)
    past = fill_missing(train.__getitems__(range(len(train)))["past_values"].double())
    mean = past.mean(1, keepdim=True)
    future = train.__getitems__(range(len(train)))["future_values"].double() - mean
    x, y = (part.transpose(1, 2).flatten(0, 1) for part in (past - mean, future))
    seen = torch.randn(4, 8, 2, dtype=torch.float64)
    expected = []
    for step in range(5):
        rows = ~y[:, step].isnan()
        gram = x[rows].T @ x[rows]
        gram += 1e-3 * gram.trace() / 8 * torch.eye(8, dtype=torch.float64)
        weight = torch.linalg.solve(gram, x[rows].T @ y[rows, step])
        expected.append(torch.einsum("btv,t->bv", seen - seen.mean(1, keepdim=True), weight) + seen.mean(1))
    torch.testing.assert_close(pooled_ridge(train)(seen).mean, torch.stack(expected, 1))
    monkeypatch.setattr("ts_llm_fusion.baselines.naive._MAX_BYTES", 2 * 8 * 8**2)
    torch.testing.assert_close(pooled_ridge(train)(seen).mean, torch.stack(expected, 1))


@pytest.mark.parametrize("constant", (0.0, 0.1, 5.0))
@pytest.mark.parametrize("gap", (False, True))
def test_the_ridge_of_a_constant_is_the_constant(constant: float, gap: bool) -> None:
    values = torch.full((60, 2), constant)
    values[20:23, 0] = torch.nan if gap else constant
    forecast = pooled_ridge(WindowDataset(values, 8, 4))(torch.full((1, 8, 2), constant))
    torch.testing.assert_close(forecast.mean, torch.full((1, 4, 2), constant))


def test_steps_that_training_never_saw_are_the_mean_of_the_past() -> None:
    values = waves(14, 1)
    values[8:] = torch.nan
    train = WindowDataset(values, 8, 4)
    seen = torch.randn(1, 8, 1)
    torch.testing.assert_close(pooled_ridge(train)(seen).mean[0, :, 0], seen.mean().expand(4))
