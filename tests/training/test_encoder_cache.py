"""Outputs of a frozen encoder that are kept."""

import pytest
import torch
from tslm_models import TOKEN, tslm

from ts_llm_fusion.training.encoder_cache import cached_encoder


@pytest.fixture
def model():
    model = tslm("soft_prompt").train()
    model.model.encoder.requires_grad_(False)
    # The encoder of a model in training stays in evaluation where it is frozen.
    return model.train()


def batch(model, values: torch.Tensor) -> dict[str, torch.Tensor]:
    tokens = -(-values.shape[-1] // model.config.encoder_geometry.patch_length)
    ids = torch.cat(
        (torch.full((len(values), values.shape[1] * tokens), TOKEN), torch.arange(5, 9).expand(len(values), 4)), 1
    )
    return {"input_ids": ids, "labels": ids, "time_series": values}


def rows_encoded(model, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of rows that the encoder is given from now on, one a call."""
    kind = type(model.model.encoder)
    found, forward = [], kind.forward

    def counting(self, **inputs):
        found.append(len(inputs["past_values"]))
        return forward(self, **inputs)

    monkeypatch.setattr(kind, "forward", counting)
    return found


def test_each_series_is_encoded_once_and_losses_and_gradients_stay(model, monkeypatch: pytest.MonkeyPatch) -> None:
    values = torch.randn(6, 2, 16)
    orders = ([0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 2, 4])
    batches = [batch(model, values[order[start : start + 3]]) for order in orders for start in (0, 3)]

    def losses_and_gradient() -> tuple[list[float], torch.Tensor]:
        losses = [model(**one).loss for one in batches]
        (gradient,) = torch.autograd.grad(sum(losses), model.model.projector.linear.weight)
        return [loss.item() for loss in losses], gradient

    losses, gradient = losses_and_gradient()
    encoded = rows_encoded(model, monkeypatch)
    with cached_encoder(model.model.encoder, 12):
        cached_losses, cached_gradient = losses_and_gradient()
    assert encoded == [6, 6]
    assert cached_losses == pytest.approx(losses, abs=1e-6)
    torch.testing.assert_close(cached_gradient, gradient, rtol=0, atol=1e-6)
    assert "forward" not in vars(model.model.encoder)


def test_what_is_beyond_the_rows_that_are_kept_is_computed_again(model, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = batch(model, torch.randn(4, 1, 16))
    expected = model(**inputs).loss
    encoded = rows_encoded(model, monkeypatch)
    with cached_encoder(model.model.encoder, 3) as cache:
        losses = [model(**inputs).loss for _ in range(3)]
    assert encoded == [4, 1, 1]
    assert len(cache.kept) == 3
    torch.testing.assert_close(torch.stack(losses), expected.expand(3), rtol=0, atol=1e-6)


def test_a_mask_a_precision_and_a_value_are_each_a_reason_to_compute(model, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = batch(model, torch.randn(1, 1, 16))
    mask = torch.ones(1, 1, 16).index_fill(2, torch.tensor([3]), 0.0)
    changed = inputs["time_series"].clone()
    changed[..., 3] += 1e-6
    encoded = rows_encoded(model, monkeypatch)
    with cached_encoder(model.model.encoder, 10):
        for others in ({}, {"time_series_mask": mask}, {"time_series": changed}, {}):
            model(**inputs | others)
        with torch.autocast("cpu", torch.bfloat16):
            model(**inputs)
    assert encoded == [1, 1, 1, 1]


def test_two_equal_series_of_a_batch_are_one(model, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = batch(model, torch.randn(1, 1, 16).expand(3, 2, 16))
    encoded = rows_encoded(model, monkeypatch)
    with cached_encoder(model.model.encoder, 10) as cache:
        model(**inputs)
    assert encoded == [1] and len(cache.kept) == 1
