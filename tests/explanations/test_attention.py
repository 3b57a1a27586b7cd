"""Attention of an answer to the patches of its series."""

import numpy as np
import pytest
import torch
from tslm_models import FUSIONS, TOKEN, batch, tslm

from ts_llm_fusion.explanations.attention import attention_to_patches
from ts_llm_fusion.modeling import modeling_cross_attention, modeling_perceiver


@pytest.mark.parametrize("fusion", FUSIONS)
def test_shares_add_up_and_follow_the_patches(fusion) -> None:
    model = tslm(fusion)
    length = model.config.encoder_geometry.patch_length
    first, second = torch.randn(6 * length), torch.randn(3 * length)
    inputs = batch(model, [[5, first, 6, second, 7]])
    shares = attention_to_patches(model, inputs, torch.tensor([8, 9, 10]))
    assert [len(own) for own in shares] == [6, 3]
    assert sum(own.sum() for own in shares) == pytest.approx(1, abs=1e-5)
    assert all((own > 0).all() for own in shares)
    # The forward pass is that of the model; nothing is left behind.
    before = model(**inputs).logits
    attention_to_patches(model, inputs, torch.tensor([8]))
    torch.testing.assert_close(model(**inputs).logits, before)


def test_the_soft_prompt_gives_the_weights_of_the_language_model() -> None:
    model = tslm("soft_prompt")
    series = torch.randn(4 * model.config.encoder_geometry.patch_length)
    inputs = batch(model, [[5, series, 6]])
    (shares,) = attention_to_patches(model, inputs, torch.tensor([8]))
    model.set_attn_implementation("eager")
    attentions = model(**inputs, output_attentions=True).attentions
    expected = torch.stack(attentions).mean((0, 2))[0, -1][inputs["input_ids"][0] == TOKEN]
    np.testing.assert_allclose(shares, (expected / expected.sum()).detach(), rtol=1e-5)


def test_flamingo_gives_the_weights_of_its_attention(monkeypatch) -> None:
    model = tslm("flamingo")
    model.set_attn_implementation("eager")
    inputs = batch(model, [[5, torch.randn(4 * model.config.encoder_geometry.patch_length), 6]])
    answer = torch.tensor([8, 9])
    (shares,) = attention_to_patches(model, inputs, answer)
    seen = {}
    for module in (modeling_perceiver, modeling_cross_attention):
        own = seen[module] = []

        def recorded(*args, _attend=module.attend, _own=own):
            attended, weights = _attend(*args)
            _own.append(weights)
            return attended, weights

        monkeypatch.setattr(module, "attend", recorded)
    whole = torch.cat((inputs["input_ids"], answer[None]), 1)
    model(**inputs | {"input_ids": whole, "attention_mask": torch.ones_like(whole)}, use_cache=False)
    latents, heads = model.config.num_latents, model.config.resampler_num_heads
    to_patches = torch.stack(seen[modeling_perceiver])[:, 0, 0].unflatten(1, (latents, heads))[..., :4]
    to_patches = (to_patches.mean(2) / to_patches.mean(2).sum(-1, keepdim=True)).mean(0)
    to_latents = torch.stack(seen[modeling_cross_attention])[:, 0].mean((0, 1))[-3:-1].mean(0)
    np.testing.assert_allclose(shares, (to_latents @ to_patches).detach(), rtol=1e-4)


def test_what_has_no_answer_is_refused() -> None:
    model = tslm("soft_prompt")
    inputs = batch(model, [[5, torch.randn(8), 6]])
    with pytest.raises(ValueError, match="one question"):
        attention_to_patches(model, inputs, torch.tensor([], dtype=torch.long))
    with pytest.raises(ValueError, match="no series"):
        attention_to_patches(model, {"input_ids": torch.tensor([[5]])}, torch.tensor([8]))
