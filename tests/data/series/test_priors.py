"""The made-up series that the TSFusion forecaster is trained on."""

import numpy as np
import pytest
import torch

from ts_llm_fusion.data.series.priors import FAMILIES, Shape, SyntheticPriorDataset, draw_batch, spoil


@pytest.mark.parametrize("period", [1, 12])
@pytest.mark.parametrize("family", list(FAMILIES))
def test_every_family_draws_rows_that_differ(family, period):
    shape = Shape(32, 150, 120, period, 84 if period > 1 else 1)
    draw, _ = FAMILIES[family]
    values = draw(np.random.default_rng(0), shape)
    assert values.shape == (32, 150)
    assert np.isfinite(values).all()
    assert len(np.unique(values.round(9), axis=0)) == 32


def test_a_batch_is_the_same_wherever_it_is_drawn():
    first, again, other = draw_batch(0, 5, 64), draw_batch(0, 5, 64), draw_batch(1, 5, 64)
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
    assert first["past_values"].shape != other["past_values"].shape or not np.array_equal(
        first["past_values"], other["past_values"], equal_nan=True
    )


def test_batches_hold_histories_and_whole_futures_of_all_families():
    batches = [draw_batch(0, number, 64) for number in range(60)]
    seen = np.concatenate([batch["family"] for batch in batches])
    assert set(seen.tolist()) >= set(range(len(FAMILIES) - 1))
    lengths = []
    for batch in batches:
        past, future = batch["past_values"], batch["future_values"]
        assert np.isfinite(future).all()
        observed = ~np.isnan(past)
        assert observed.any(1).all()
        assert future.shape[1] <= max(5, 1.5 * past.shape[1])
        assert np.abs(past[observed]).max() < 1e6
        assert (batch["seasonal_period"] >= 0).all()
        lengths.append(past.shape[1])
    assert min(lengths) < 30
    assert max(lengths) > 500


def test_families_can_be_chosen():
    batch = draw_batch(0, 0, 64, {"random_walk": 1.0})
    assert set(batch["family"].tolist()) == {list(FAMILIES).index("random_walk")}


def test_the_data_set_gives_batches_of_the_model_and_refuses_what_it_cannot_draw():
    dataset = SyntheticPriorDataset(3, 64, seed=1)
    assert len(dataset) == 3
    batch = dataset[2]
    assert batch["past_values"].shape[::2] in ((64, 1), (32, 1), (16, 1))
    assert batch["future_values"].dtype == torch.float32
    assert batch["seasonal_period"].shape == (len(batch["past_values"]), 1, 2)
    with pytest.raises(ValueError, match="batch_size is 40"):
        SyntheticPriorDataset(3, 40)
    with pytest.raises(ValueError, match="no family 'trend'"):
        SyntheticPriorDataset(3, 64, families={"trend": 1.0})
    with pytest.raises(IndexError):
        dataset[3]


def test_something_is_seen_of_every_history():
    shape = Shape(16, 14, 8, 1, 1)
    values = np.random.default_rng(0).standard_normal((16, 14))
    for seed in range(300):
        truth, seen = spoil(np.random.default_rng(seed), shape, values, 0.1)
        assert (~np.isnan(seen[:, :8])).any(1).all()
        assert np.isfinite(truth).all()
