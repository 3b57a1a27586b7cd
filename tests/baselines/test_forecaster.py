"""Handling of windows that baselines share."""

import torch

from ts_llm_fusion.baselines.forecaster import fill_missing, last_steps


def test_missing_values_are_carried_forward_then_back() -> None:
    nan = torch.nan
    past_values = torch.tensor([[nan, 1.0, nan, 3.0, nan], [nan] * 5]).T[None]
    filled = fill_missing(past_values)
    assert filled[0, :, 0].tolist() == [1.0, 1.0, 1.0, 3.0, 3.0]
    assert filled[0, :, 1].tolist() == [0.0] * 5


def test_last_steps() -> None:
    past = torch.arange(3.0).view(1, 3, 1)
    assert last_steps(past, 2).flatten().tolist() == [1.0, 2.0]
    assert torch.isnan(last_steps(past, 5)[0, :2, 0]).all()
    assert last_steps(past, 5)[0, 2:, 0].tolist() == [0.0, 1.0, 2.0]
