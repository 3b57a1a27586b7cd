"""Tokens of series: numbers of scale and place, comparison across series, pooling."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from tslm_models import TOKEN, tslm, tslm_config

from ts_llm_fusion.modeling.configuration_tslm import NUM_SCALES
from ts_llm_fusion.modeling.modeling_series_tokens import (
    CrossSeriesLayer,
    compare_series,
    observed_shares,
    pool_tokens,
    relative_scales,
)
from ts_llm_fusion.modeling.modeling_shared_layers import additive_mask, attend
from ts_llm_fusion.processing.feature_extraction_time_series import TimeSeriesFeatureExtractor

NEW = {"scale_embedding": True, "cross_series_layers": 2, "cross_series_num_heads": 2, "max_series_tokens": 3}


def inputs(counts=(3, 3), length=40, batch=1):
    generator = torch.Generator().manual_seed(0)
    series = torch.randn(batch, len(counts), length, generator=generator)
    text = [5, *[token for count in counts for token in [TOKEN] * count + [6]], 7, 8]
    return {
        "input_ids": torch.tensor([text] * batch),
        "time_series": series,
        "time_series_scales": torch.randn(batch, len(counts), NUM_SCALES, generator=generator),
    }


def test_levels_and_scales_are_relative_to_those_of_the_training():
    ramp = np.arange(5.0)
    series = [40 + 2 * ramp, 1e6 + 3e-3 * ramp, -1e30 * (1 + ramp), np.full(5, 7.0)]
    extractor = TimeSeriesFeatureExtractor(return_scales=True)
    scales = extractor([series])["time_series_scales"]
    deviation = 2**0.5
    pairs = [[40.0, deviation], [1e6, 0.03 * deviation], [0.0, deviation], [6.0, 1.0]]
    level, scale = relative_scales(scales, pairs)[0].unbind(-1)
    assert level[0] == pytest.approx(np.arcsinh(4 / deviation), rel=1e-4)
    # Its mean of 1e6 deviations is known to a millionth of itself.
    assert abs(level[1]) < np.arcsinh(2 / (0.03 * deviation))
    assert (level[2], level[3]) == pytest.approx((-50, np.arcsinh(1)), rel=1e-4)
    assert scale.tolist() == pytest.approx([np.log(2), np.log(0.1), 50 - np.log(deviation), 0], abs=1e-4)
    assert torch.isfinite(relative_scales(torch.full((1, 2, NUM_SCALES), 50.0), pairs)).all()
    # One pair for all places.
    torch.testing.assert_close(relative_scales(scales, pairs[:1])[0, 3, 0], torch.tensor(-33 / deviation).asinh())


def test_a_model_with_scales_of_the_training_reads_them():
    scales = {"scale_embedding": True, "training_scales": [[0.0, 1.0], [5.0, 0.1]]}
    model = tslm("soft_prompt", **scales).eval().model
    given = inputs()
    mask = torch.ones_like(given["time_series"])
    assert (
        model.scale_embedding.input.in_features
        == 2 + tslm("soft_prompt", **NEW).model.scale_embedding.input.in_features
    )
    found, _ = model.encode(given["time_series"], mask, given["time_series_scales"])
    model.scale_embedding.training_scales = [[0.0, 1.0], [5.0, 0.2]]
    changed, _ = model.encode(given["time_series"], mask, given["time_series_scales"])
    assert torch.equal(changed[:, 0], found[:, 0]) and not torch.allclose(changed[:, 1], found[:, 1])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"training_scales": [[0.0, 1.0]]}, "training_scales needs scale_embedding"),
        ({"training_scales": [[0.0, 0.0]], "scale_embedding": True}, "a positive deviation"),
        ({"training_scales": [], "scale_embedding": True}, "give pairs"),
        ({"training_scales": [[1.0, 2.0, 3.0]], "scale_embedding": True}, "give pairs"),
    ],
)
def test_scales_of_the_training_are_checked(fields, message):
    with pytest.raises(ValueError, match=message):
        tslm_config("soft_prompt", **fields)


def test_neighboring_tokens_are_averaged_in_groups_of_similar_size():
    features = torch.arange(7.0).view(1, 1, 7, 1).repeat(1, 2, 1, 1)
    mask = torch.ones(1, 2, 7, dtype=torch.bool)
    mask[0, 1, 2:] = False
    pooled, exists = pool_tokens(features, mask, 3)
    assert pooled[0, 0].flatten().tolist() == [1.0, 3.5, 5.5]  # 0 to 2, 3 and 4, 5 and 6
    assert pooled[0, 1, :2].flatten().tolist() == [0.0, 1.0]
    assert exists.tolist() == [[[True, True, True], [True, True, False]]]


def test_a_token_reads_earlier_series_at_its_own_place_alone():
    torch.manual_seed(0)
    config = tslm_config("soft_prompt", cross_series_layers=1, cross_series_num_heads=2)
    layers = nn.ModuleList([CrossSeriesLayer(config)])
    features, mask = torch.randn(1, 3, 4, 16), torch.ones(1, 3, 4, dtype=torch.bool)
    before = compare_series(layers, features, mask)
    features[0, 1, 2] += torch.randn(16)
    changed = (compare_series(layers, features, mask) - before).abs().amax(-1)[0] > 1e-6
    assert changed.nonzero().tolist() == [[1, 2], [2, 2]]


def test_series_are_compared_before_their_tokens_are_averaged():
    model = tslm("soft_prompt", **NEW).eval().model
    given = inputs()
    mask = torch.ones_like(given["time_series"])
    model.config.max_series_tokens = None
    features, exists = model.encode(given["time_series"], mask, given["time_series_scales"])
    model.config.max_series_tokens = 3
    pooled, _ = model.encode(given["time_series"], mask, given["time_series_scales"])
    torch.testing.assert_close(pooled, pool_tokens(features, exists, 3)[0])


def test_places_that_no_series_reaches_change_nothing():
    torch.manual_seed(0)
    config = tslm_config("soft_prompt", cross_series_layers=1, cross_series_num_heads=2)
    layers = nn.ModuleList([CrossSeriesLayer(config)])
    features, mask = torch.randn(2, 3, 4, 16), torch.ones(2, 3, 4, dtype=torch.bool)
    mask[0, :, 2:], mask[0, 1:] = False, False
    found = compare_series(layers, features, mask)
    for row in range(2):
        length = int(mask[row].any(0).sum())
        alone = compare_series(layers, features[row : row + 1, :, :length], mask[row : row + 1, :, :length])
        torch.testing.assert_close(found[row : row + 1, :, :length], alone)


def test_a_row_that_allows_nothing_is_an_average_in_mixed_precision_too():
    layer = SimpleNamespace(config=SimpleNamespace(_attn_implementation="sdpa"), head_dim=8, training=False)
    query, key, value = torch.randn(3, 1, 2, 4, 8, dtype=torch.bfloat16)
    mask = additive_mask(torch.zeros(1, 1, 4, 4, dtype=torch.bool), torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        attended, _ = attend(layer, query, key, value, mask)
    average = value.float().mean(2)[:, None].expand(1, 4, 2, 8)
    torch.testing.assert_close(attended.float(), average, atol=0.02, rtol=0)


def test_the_share_of_observed_steps_is_known_of_each_token():
    mask = torch.ones(1, 1, 10, dtype=torch.bool)
    mask[0, 0, 4:6] = False
    assert observed_shares(tslm_config("soft_prompt"), mask).tolist() == [[[1.0, 0.5, 0.5]]]


@pytest.mark.parametrize("fusion", ["soft_prompt", "flamingo"])
def test_generation_with_a_cache_equals_that_without(fusion):
    model = tslm(fusion, **NEW)
    given = inputs() if fusion == "soft_prompt" else inputs((1, 1))
    texts = [model.generate(**given, max_new_tokens=5, use_cache=cached, do_sample=False) for cached in (True, False)]
    assert texts[0].tolist() == texts[1].tolist()


def test_later_series_change_nothing_before_them():
    model = tslm("soft_prompt", **NEW).eval()
    given = inputs()
    with torch.no_grad():
        logits = model(**given).logits
        given["time_series"][0, 1] += 1
        given["time_series_scales"][0, 1] += 1
        changed = model(**given).logits
    place = given["input_ids"][0].tolist().index(6) + 1  # the first token of the second series
    torch.testing.assert_close(logits[:, :place], changed[:, :place])
    assert (logits[:, place:] - changed[:, place:]).abs().max() > 1e-3


def test_scales_reach_the_answer_and_are_required():
    model = tslm("soft_prompt", **NEW).eval()
    given = inputs()
    with torch.no_grad():
        logits = model(**given).logits
        other = model(**{**given, "time_series_scales": given["time_series_scales"] + 1}).logits
        assert (logits[:, -1] - other[:, -1]).abs().max() > 1e-4
        with pytest.raises(ValueError, match="time_series_scales is missing"):
            model(**{**given, "time_series_scales": None})
        with pytest.raises(ValueError, match=r"must be \(1, 2, 7\)"):
            model(**{**given, "time_series_scales": given["time_series_scales"][..., :2]})


def test_a_configuration_without_the_fields_has_no_such_weights():
    names = {name.split(".")[1] for name in tslm("soft_prompt").state_dict()}
    assert names == {"backbone", "encoder", "projector"}
    with pytest.raises(ValueError, match="cross_series_num_heads is 3"):
        tslm_config("soft_prompt", cross_series_layers=1, cross_series_num_heads=3)
