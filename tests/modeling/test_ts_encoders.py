"""Encoders of series: the patch encoder, and time-series models of transformers."""

import pytest
import torch
from transformers import PatchTSTConfig, TimesFm2_5Config
from tslm_models import FUSIONS, TOKEN, batch, encoder_config, greedy, tslm

from ts_llm_fusion import TimeSeriesFeatureExtractor, TSEncoderModel
from ts_llm_fusion.modeling.modeling_series_encoding import encode_series, encoder_geometry

ATOL = 1e-5


def patchtst() -> PatchTSTConfig:
    return PatchTSTConfig(
        context_length=26, patch_length=8, patch_stride=4, d_model=16, ffn_dim=32, num_hidden_layers=1
    )


def timesfm() -> TimesFm2_5Config:
    return TimesFm2_5Config(
        patch_length=8,
        context_length=32,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
    )


ENCODERS = {"patches": encoder_config, "patchtst": patchtst, "timesfm": timesfm}
all_encoders = pytest.mark.parametrize("name", ENCODERS)


def encoder_of(name: str) -> torch.nn.Module:
    return tslm("soft_prompt", encoder_config=ENCODERS[name]()).model.encoder


@all_encoders
@pytest.mark.parametrize("length", [1, 2, 3, 8, 25, 26, 27, 32, 33, 90])
@torch.no_grad()
def test_the_processor_counts_the_tokens_that_the_encoder_makes(name: str, length: int):
    encoder = encoder_of(name)
    geometry = encoder_geometry(encoder.config)
    extractor = TimeSeriesFeatureExtractor(geometry.patch_length, geometry.patch_stride, geometry.window_length)
    values = torch.randn(1, 1, length)
    features, mask = encode_series(encoder, values, torch.ones_like(values))
    assert features.shape[:3] == mask.shape
    assert mask.sum().item() == extractor.num_tokens(length) >= 1


@all_encoders
@torch.no_grad()
def test_padding_and_company_do_not_change_the_tokens(name: str):
    encoder = encoder_of(name)
    values = torch.randn(2, 3, 90, generator=torch.Generator().manual_seed(0))
    mask = torch.arange(90) < torch.tensor([[90, 20, 31], [3, 0, 55]])[..., None]
    mask[0, 0, 40:45] = False
    together, exists = encode_series(encoder, values, mask)
    assert together.isfinite().all()
    for row, column in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2)):
        length = int(mask[row, column].nonzero().max()) + 1
        one = values[row, column, :length][None, None], mask[row, column, :length][None, None]
        alone, alone_exists = encode_series(encoder, *one)
        torch.testing.assert_close(
            together[row, column][exists[row, column]], alone[0, 0][alone_exists[0, 0]], atol=ATOL, rtol=0
        )
    assert not exists[1, 1].any()


@all_encoders
@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_encoder_works_in_the_model_frozen_or_not(name: str, fusion: str):
    model = tslm(fusion, encoder_config=ENCODERS[name]()).train()
    geometry = model.config.encoder_geometry
    extractor = TimeSeriesFeatureExtractor(geometry.patch_length, geometry.patch_stride, geometry.window_length)
    tokens = extractor.num_tokens(40) if fusion == "soft_prompt" else 1
    inputs = {"input_ids": torch.tensor([[1, 5, *[TOKEN] * tokens, 6, 7]]), "time_series": torch.randn(1, 1, 40)}
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    for frozen in (True, False):
        model.model.encoder.requires_grad_(not frozen)
        model.zero_grad()
        model(**inputs, labels=inputs["input_ids"]).loss.backward()
        moved = [parameter.grad is not None and parameter.grad.any() for parameter in model.model.encoder.parameters()]
        assert any(moved) is not frozen
    assert greedy(model.eval(), inputs).shape == (1, 8)


@torch.no_grad()
def test_positions_have_no_limit_of_their_own():
    model = tslm("soft_prompt", encoder_config=encoder_config(num_hidden_layers=0))
    values = torch.ones(1, 20_000)
    tokens = model.model.encoder(values).last_hidden_state[0]
    assert tokens.shape[0] == 5_000
    # Equal patches differ by their position alone, the last as much as the first.
    assert (tokens[1:] - tokens[:-1]).norm(dim=-1).min() > 1e-2


def test_a_learned_table_says_what_it_can_take():
    encoder = TSEncoderModel(encoder_config(position_embedding_type="learned", max_position_embeddings=8))
    assert encoder(torch.zeros(1, 32)).last_hidden_state.shape == (1, 8, 16)
    with pytest.raises(ValueError, match="longer than the 32 points"):
        encoder(torch.zeros(1, 33))


@torch.no_grad()
def test_long_and_short_series_share_a_batch():
    model = tslm("soft_prompt")
    assert batch(model, [[1, torch.zeros(9), 5], [1, torch.zeros(2), 5]])["input_ids"].tolist() == [
        [1, TOKEN, TOKEN, TOKEN, 5],
        [0, 0, 1, TOKEN, 5],
    ]
