"""Encoders of series: the patch encoder, the multi-scale CNN, and time-series models of transformers."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PatchTSTConfig, TimesFm2_5Config
from tslm_models import FUSIONS, TOKEN, batch, encoder_config, greedy, tslm

from ts_llm_fusion import MSCNNEncoderConfig, TimeSeriesFeatureExtractor, TSEncoderModel
from ts_llm_fusion.modeling.configuration_encoders import encoder_geometry
from ts_llm_fusion.modeling.modeling_encoders import encode_series

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


def mscnn(**fields) -> MSCNNEncoderConfig:
    return MSCNNEncoderConfig(**{"hidden_size": 16, "mscnn_channels": 8, "mscnn_layers": 2, **fields})


ENCODERS = {"patches": encoder_config, "mscnn": mscnn, "patchtst": patchtst, "timesfm": timesfm}
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
@torch.no_grad()
def test_values_under_the_mask_do_not_matter(name: str):
    encoder = encoder_of(name)
    values = torch.randn(1, 2, 50, generator=torch.Generator().manual_seed(0))
    mask = torch.arange(50) < torch.tensor([[[50], [21]]])
    mask[0, 0, 13:17] = False
    expected, exists = encode_series(encoder, values, mask)
    for junk in (1e6, torch.nan):
        tokens, _ = encode_series(encoder, values.masked_fill(~mask, junk), mask)
        assert torch.equal(tokens[exists], expected[exists])


@all_encoders
@pytest.mark.parametrize("fusion", FUSIONS)
@torch.no_grad()
def test_every_encoder_is_saved_and_loaded_to_the_bit(name: str, fusion: str, tmp_path: Path):
    model = tslm(fusion, encoder_config=ENCODERS[name]())
    model.save_pretrained(tmp_path)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert type(loaded.model.encoder) is type(model.model.encoder)
    values = torch.randn(1, 2, 50, generator=torch.Generator().manual_seed(0))
    expected, _ = encode_series(model.model.encoder, values, torch.ones_like(values))
    assert torch.equal(encode_series(loaded.model.encoder, values, torch.ones_like(values))[0], expected)


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
def test_the_mscnn_by_itself_does_not_read_beyond_the_end_of_a_series():
    model = tslm("soft_prompt", encoder_config=mscnn(mscnn_layers=3))
    # Biases too, because a layer without them keeps zeros at zero and leaks nothing.
    for parameter in model.model.encoder.parameters():
        parameter.add_(0.1)
    values = torch.randn(1, 41, generator=torch.Generator().manual_seed(0))
    alone = model.model.encoder(values).last_hidden_state
    padded = torch.nn.functional.pad(values, (0, 59), value=7.0)
    observed = (torch.arange(100) < 41)[None]
    together = model.model.encoder(padded, observed).last_hidden_state
    assert (alone.shape, together.shape) == ((1, 11, 16), (1, 25, 16))
    torch.testing.assert_close(together[:, :11], alone, atol=ATOL, rtol=0)


@pytest.mark.parametrize(
    "fields",
    [{"patch_length": 0}, {"mscnn_layers": -1}, {"mscnn_channels": 6}, {"hidden_size": 15}, {"mscnn_branches": 0}],
)
def test_a_contradiction_in_the_mscnn_is_named(fields: dict[str, int]):
    with pytest.raises(ValueError, match=next(iter(fields))):
        mscnn(**fields)


@torch.no_grad()
def test_long_and_short_series_share_a_batch():
    model = tslm("soft_prompt")
    assert batch(model, [[1, torch.zeros(9), 5], [1, torch.zeros(2), 5]])["input_ids"].tolist() == [
        [1, TOKEN, TOKEN, TOKEN, 5],
        [0, 0, 1, TOKEN, 5],
    ]
