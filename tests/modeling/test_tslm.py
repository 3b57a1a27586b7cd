"""The time-series language model: what may not change its result, and what must."""

import copy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, TextIteratorStreamer
from tslm_models import (
    BACKBONES,
    FUSIONS,
    PAD,
    TOKEN,
    backbone_config,
    batch,
    greedy,
    save_backbone,
    tokenizer,
    tslm,
    tslm_config,
)
from tslm_models import encoder_config as small_encoder

from ts_llm_fusion import BUILT_IN, TSLMConfig, TSLMForCausalLM, TSLMModel
from ts_llm_fusion.modeling.modeling_encoders import load_built_in_encoder

ATOL = 1e-4

both_fusions = pytest.mark.parametrize("fusion", FUSIONS)
all_models = pytest.mark.parametrize(("fusion", "backbone"), [(f, b) for f in FUSIONS for b in BACKBONES])


def series(length: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(length, generator=torch.Generator().manual_seed(seed))


SHORT = [1, 20, 21, series(13), 22, 23, series(30, 1), 24, 25]
LONG = [1, 30, 31, 32, series(50, 2), 33, series(9, 3), 34, 35, series(21, 4), 36, 37, 38, 39, 40]
TEXT_ONLY = [1, 50, 51, 52, 53]


def last_logits(model: TSLMForCausalLM, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Logits of the last token of each sample, wherever the padding is."""
    last = inputs["attention_mask"].cumsum(-1).argmax(-1)
    return model(**inputs).logits[torch.arange(len(last)), last]


@all_models
@torch.no_grad()
def test_a_sample_alone_equals_the_sample_in_a_batch(fusion: str, backbone: str):
    model = tslm(fusion, backbone)
    together = batch(model, [SHORT, LONG, TEXT_ONLY])
    logits, tokens = last_logits(model, together), greedy(model, together)
    for row, sample in enumerate([SHORT, LONG, TEXT_ONLY]):
        alone = batch(model, [sample])
        torch.testing.assert_close(logits[row], last_logits(model, alone)[0], atol=ATOL, rtol=0)
        assert tokens[row].tolist() == greedy(model, alone)[0].tolist()


@all_models
@torch.no_grad()
def test_left_padding_equals_right_padding(fusion: str, backbone: str):
    model = tslm(fusion, backbone)
    left, right = (batch(model, [SHORT, LONG, TEXT_ONLY], side) for side in ("left", "right"))
    torch.testing.assert_close(last_logits(model, left), last_logits(model, right), atol=ATOL, rtol=0)


@all_models
@torch.no_grad()
def test_cached_decoding_equals_uncached(fusion: str, backbone: str):
    model = tslm(fusion, backbone)
    inputs = batch(model, [SHORT, LONG, TEXT_ONLY])
    options = {"output_logits": True, "return_dict_in_generate": True, "do_sample": False, "pad_token_id": PAD}
    runs = [
        model.generate(**inputs, max_new_tokens=8, min_new_tokens=8, **options, **choice)
        for choice in ({}, {"use_cache": False}, {"cache_implementation": "static"})
    ]
    for run in runs[1:]:
        assert torch.equal(run.sequences, runs[0].sequences)
        torch.testing.assert_close(torch.stack(run.logits), torch.stack(runs[0].logits), atol=ATOL, rtol=0)


@both_fusions
@torch.no_grad()
def test_series_states_serve_steps_by_hand(fusion: str):
    model = tslm(fusion)
    inputs = batch(model, [SHORT])
    whole = model(**batch(model, [[*SHORT, 70, 71]])).logits[0, -2:]
    prompt = model(**inputs, use_cache=True)
    states = model.model.states_after_prompt(prompt.series_states)
    steps = model(torch.tensor([[70, 71]]), past_key_values=prompt.past_key_values, series_states=states).logits[0]
    torch.testing.assert_close(steps, whole, atol=ATOL, rtol=0)


@torch.no_grad()
def test_series_states_without_a_text_or_of_the_other_fusion_are_refused():
    soft_prompt, flamingo = map(tslm, FUSIONS)
    values = torch.zeros(1, 1, 9)
    with pytest.raises(ValueError, match="series_states has no earlier_count; pass the series_states that"):
        flamingo.model.states_after_prompt(flamingo.get_time_series_features(values))
    with pytest.raises(ValueError, match="series_states has no latents"):
        flamingo(torch.tensor([[1, TOKEN]]), series_states=soft_prompt.get_time_series_features(values))


@pytest.fixture(params=FUSIONS)
def two_turns(request: pytest.FixtureRequest) -> SimpleNamespace:
    """A model that has answered a batch of two, and a second turn that has one more series for the first sample.

    `generate` is greedy from the ids of both turns, on a copy of the cache of the first where asked to.
    """
    model = tslm(request.param)
    # 13 and 9 steps are 4 and 3 patches, so that samples differ in length and in tokens of series.
    one, two = ([20, series(13), 21, 22], [30, series(9, 1), 31])
    first = batch(model, [one, two])
    options = {"return_dict_in_generate": True, "max_new_tokens": 5, "min_new_tokens": 5, "do_sample": False}
    answered = model.generate(**first, **options, pad_token_id=PAD)
    more = [TOKEN] * (3 if request.param == "soft_prompt" else 1)
    pads = [60] * len(more)
    tails = {"text": torch.tensor([[50, 51], [52, 53]]), "series": torch.tensor([[50, *more, 51], [52, *pads, 53]])}
    given = {name: first[name] for name in ("time_series", "time_series_mask")}
    added = batch(model, [[*one, series(11, 2)], two])
    both = {name: added[name] for name in given}

    def generate(tail: str, cached: bool = True, **inputs: torch.Tensor) -> list[list[int]]:
        ids = torch.cat((answered.sequences, tails[tail]), dim=1)
        mask = torch.cat((first["attention_mask"], torch.ones(2, ids.shape[1] - first["input_ids"].shape[1])), dim=1)
        if cached:
            inputs["past_key_values"] = copy.deepcopy(answered.past_key_values)
        return greedy(model, {"input_ids": ids, "attention_mask": mask.long(), **inputs}).tolist()

    return SimpleNamespace(model=model, answered=answered, first=first, given=given, both=both, generate=generate)


@torch.no_grad()
def test_a_second_turn_on_the_cache_of_the_first_is_the_whole_text(two_turns: SimpleNamespace):
    for tail, needed in (("text", two_turns.given), ("series", two_turns.both)):
        whole = two_turns.generate(tail, cached=False, **needed)
        assert two_turns.generate(tail, **needed) == whole
        if tail == "text":  # what the cache has is enough
            assert two_turns.generate(tail) == whole
            silent = {**needed, "time_series": torch.zeros_like(needed["time_series"])}
            assert two_turns.generate(tail, cached=False, **silent) != whole


@torch.no_grad()
def test_a_second_turn_by_hand_reads_the_series_of_the_cache(two_turns: SimpleNamespace):
    model, first = two_turns.model, two_turns.first
    ids = torch.tensor([[50, 51], [52, 53]])
    whole = torch.cat((first["input_ids"], ids), dim=1)
    mask = torch.cat((first["attention_mask"], torch.ones_like(ids)), dim=1)
    right = model(whole, mask, **two_turns.given).logits[:, -2:]
    prompt = model(**first)
    for given in ({}, {"series_states": prompt.series_states}, two_turns.given):
        cache = copy.deepcopy(prompt.past_key_values)
        found = model(ids, mask, past_key_values=cache, **given).logits
        torch.testing.assert_close(found, right, atol=ATOL, rtol=0)
    # Cut before its first series and fed again, the text reads what it has read.
    cache = copy.deepcopy(prompt.past_key_values)
    cache.crop(1 - first["input_ids"].shape[1])
    again = model(whole[:, 1:], mask, past_key_values=cache, **two_turns.given).logits[:, -2:]
    torch.testing.assert_close(again, right, atol=ATOL, rtol=0)
    # Cut before it and followed by other text, it reads none.
    cache.crop(1 - whole.shape[1])
    text = {"input_ids": torch.cat((whole[:, :1], ids), dim=1), "attention_mask": mask[:, [0, -2, -1]]}
    assert greedy(model, {**text, "past_key_values": cache}).tolist() == greedy(model, text).tolist()


@torch.no_grad()
def test_a_second_turn_whose_series_do_not_fit_its_text_is_refused(two_turns: SimpleNamespace):
    new = {name: value[:, -1:] for name, value in two_turns.both.items()}
    for tail, given in (("series", {}), ("series", two_turns.given), ("series", new), ("text", two_turns.both)):
        with pytest.raises(ValueError, match="give the series of the whole text, also of its cached part") as error:
            two_turns.generate(tail, **given)
        assert "\n" not in str(error.value)
    cache = copy.deepcopy(two_turns.answered.past_key_values)
    cache.batch_select_indices(torch.tensor([1]))
    with pytest.raises(ValueError, match="1 samples but past_key_values the series of 2"):
        two_turns.model(torch.tensor([[50]]), past_key_values=cache)


@both_fusions
@torch.no_grad()
def test_series_stand_where_an_embedding_is_that_of_the_placeholder(fusion: str):
    model = tslm(fusion)
    by_ids = batch(model, [SHORT, LONG, TEXT_ONLY])
    rest = {name: value for name, value in by_ids.items() if name != "input_ids"}
    by_embeddings = {"inputs_embeds": model.get_input_embeddings()(by_ids["input_ids"]), **rest}
    assert torch.equal(model(**by_embeddings).logits, model(**by_ids).logits)
    options = {"max_new_tokens": 8, "min_new_tokens": 8, "do_sample": False, "pad_token_id": PAD}
    assert model.generate(**by_embeddings, **options).tolist() == greedy(model, by_ids).tolist()
    with pytest.raises(ValueError, match="placeholder tokens"):
        model(inputs_embeds=by_embeddings["inputs_embeds"] + 1, **rest)


@both_fusions
@torch.no_grad()
def test_beams_sampling_and_several_sequences(fusion: str):
    model = tslm(fusion)
    inputs = batch(model, [SHORT, LONG])
    plain = greedy(model, inputs)
    assert torch.equal(greedy(model, inputs, num_beams=1), plain)
    beams = greedy(model, inputs, num_beams=3, num_return_sequences=2)
    alone = greedy(model, batch(model, [SHORT]), num_beams=3, num_return_sequences=2)
    assert beams.shape == (4, 8) and torch.equal(beams[:2], alone)
    torch.manual_seed(0)
    sampled = greedy(model, inputs, do_sample=True, num_return_sequences=3)
    assert sampled.shape == (6, 8) and len({tuple(row) for row in sampled.tolist()}) > 2


@both_fusions
@torch.no_grad()
def test_streaming_gives_what_generate_gives(fusion: str):
    model = tslm(fusion)
    inputs = batch(model, [SHORT])
    streamer = TextIteratorStreamer(tokenizer(), skip_prompt=True)
    tokens = greedy(model, inputs, streamer=streamer)
    assert "".join(streamer) == tokenizer().decode(tokens[0])


@both_fusions
@torch.no_grad()
def test_the_encoder_runs_once_a_generation(fusion: str):
    model = tslm(fusion)
    calls = []
    model.model.encoder.register_forward_hook(lambda *_: calls.append("encoder"))
    if fusion == "flamingo":
        model.model.resampler.register_forward_hook(lambda *_: calls.append("keys and values"))
    greedy(model, batch(model, [SHORT, LONG]), num_beams=2)
    assert sorted(calls) == (["encoder"] if fusion == "soft_prompt" else ["encoder", "keys and values"])


@pytest.mark.parametrize("width", [16, 32])
@torch.no_grad()
def test_keys_and_values_are_made_once_a_generation(width: int):
    model = tslm("flamingo", encoder_config=small_encoder(hidden_size=width))
    inputs = batch(model, [SHORT, LONG])
    tokens, beams = greedy(model, inputs, use_cache=False), greedy(model, inputs, num_beams=2)
    calls = []
    for block in model.model.cross_attention_layers:
        assert block.attends_to_latents == (width == 16)
        original = block.keys_and_values
        block.keys_and_values = lambda latents, original=original: calls.append(None) or original(latents)
    assert torch.equal(greedy(model, inputs), tokens) and len(calls) == 2
    assert torch.equal(greedy(model, inputs, num_beams=2), beams) and len(calls) == 4


def test_keys_and_values_equal_attention_to_the_latents():
    model = tslm("flamingo")
    inputs = batch(model, [SHORT, LONG])
    logits, expected = model(**inputs).logits, gradients(model, inputs)
    for block in model.model.cross_attention_layers:
        block.attends_to_latents = False
    torch.testing.assert_close(model(**inputs).logits, logits, atol=1e-5, rtol=0)
    for checkpointing in (False, True):
        model.train(checkpointing)
        if checkpointing:
            model.gradient_checkpointing_enable()
        for name, gradient in gradients(model, inputs).items():
            torch.testing.assert_close(gradient, expected[name], atol=1e-5, rtol=1e-4, msg=name)


@all_models
@torch.no_grad()
def test_sdpa_equals_eager(fusion: str, backbone: str):
    model = tslm(fusion, backbone)
    inputs = batch(model, [SHORT, LONG, TEXT_ONLY])
    assert model.config._attn_implementation == "sdpa"
    expected = last_logits(model, inputs)
    model.set_attn_implementation("eager")
    assert model.model.backbone.config._attn_implementation == "eager"
    torch.testing.assert_close(last_logits(model, inputs), expected, atol=ATOL, rtol=0)


def gradients(model: TSLMForCausalLM, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    model.zero_grad()
    model(**inputs, labels=inputs["input_ids"], use_cache=False).loss.backward()
    return {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}


@all_models
def test_gradient_checkpointing_changes_nothing(fusion: str, backbone: str):
    model = tslm(fusion, backbone)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    model.train()
    inputs = batch(model, [SHORT, LONG], "right")
    expected = gradients(model, inputs)
    model.gradient_checkpointing_enable()
    actual = gradients(model, inputs)
    assert actual.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(actual[name], gradient, atol=1e-5, rtol=1e-4, msg=name)


@all_models
@torch.no_grad()
def test_save_and_load_changes_nothing(fusion: str, backbone: str, tmp_path: Path):
    model = tslm(fusion, backbone)
    inputs = batch(model, [SHORT, LONG])
    model.save_pretrained(tmp_path)
    assert list(tmp_path.glob("*.safetensors"))
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert type(loaded) is TSLMForCausalLM
    assert torch.equal(loaded(**inputs).logits, model(**inputs).logits)
    body = AutoModel.from_pretrained(tmp_path)
    assert type(body) is TSLMModel
    hidden = model(**inputs, output_hidden_states=True).hidden_states[-1]
    torch.testing.assert_close(body(**inputs).last_hidden_state, hidden, atol=1e-6, rtol=0)
    assert type(AutoConfig.from_pretrained(tmp_path)) is TSLMConfig


@both_fusions
@torch.no_grad()
def test_values_under_the_mask_do_not_matter(fusion: str):
    model = tslm(fusion)
    inputs = batch(model, [SHORT, LONG])
    inputs["time_series_mask"][0, 1, 4:11] = False  # missing inside a series
    expected = model(**inputs).logits
    for filler in (1e6, float("nan")):
        other = {**inputs, "time_series": inputs["time_series"].masked_fill(~inputs["time_series_mask"], filler)}
        assert torch.equal(model(**other).logits, expected)


@both_fusions
@torch.no_grad()
def test_the_answer_depends_on_which_series_is_where(fusion: str):
    model = tslm(fusion)
    one, two, three = series(24, 5), series(24, 6), series(24, 7)

    def answer(*order):
        return last_logits(model, batch(model, [[1, 20, order[0], 21, order[1], 22, order[2], 23, 24, 25]]))[0]

    plain = answer(one, two, three)
    for other in (answer(two, one, three), answer(three, one, two), answer(one, two, series(24, 8))):
        assert (plain - other).abs().max() > 1e-2


@both_fusions
def test_every_series_gets_gradient(fusion: str):
    model = tslm(fusion)
    inputs = batch(model, [LONG, SHORT])
    inputs["time_series"].requires_grad_()
    last_logits(model, inputs).square().sum().backward()
    for row, number in ((0, 3), (1, 2)):
        for column in range(number):
            gradient, mask = inputs["time_series"].grad[row, column], inputs["time_series_mask"][row, column]
            assert (gradient[mask] != 0).all() and (gradient[~mask] == 0).all()
    assert (inputs["time_series"].grad[1, 2] == 0).all()


@pytest.mark.parametrize("backbone", BACKBONES)
@torch.no_grad()
def test_closed_gates_are_the_backbone_exactly(backbone: str):
    torch.manual_seed(0)
    model = TSLMForCausalLM(tslm_config("flamingo", backbone)).eval()
    inputs = batch(model, [SHORT, LONG])
    plain = model.model.backbone(
        inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        position_ids=(inputs["attention_mask"].cumsum(-1) - 1).clamp(min=0),
    )
    assert torch.equal(model(**inputs).logits, plain.logits)


@torch.no_grad()
def test_attending_to_the_last_series_only():
    model = tslm("flamingo", cross_attention_to="last", cross_attention_every_n_layers=2)
    assert len(model.model.cross_attention_layers) == 1
    inputs = batch(model, [[1, series(9), 20, series(9, 1), 21]])
    context = model.model.prepare_inputs(**inputs)[0]["series_context"]
    allowed = (context.attention_mask[0, 0] == 0).int().tolist()
    first, second = [1] * 4 + [0] * 4, [0] * 4 + [1] * 4
    assert allowed == [[0] * 8, first, first, second, second]
    assert context.text_mask[0, :, 0].tolist() == [0, 1, 1, 1, 1]


# Hybrids of attention with state space and with short convolutions, and a mixture of experts.
OTHERS = {
    "lfm2": {"layer_types": ["conv", "full_attention"], "block_auto_adjust_ff_dim": False},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "mamba_d_state": 4, "use_mamba_kernels": False},
    "qwen2_moe": {"num_experts": 4, "moe_intermediate_size": 16, "shared_expert_intermediate_size": 16},
}


@pytest.mark.parametrize("backbone", OTHERS)
@both_fusions
@torch.no_grad()
def test_other_kinds_of_decoders(fusion: str, backbone: str):
    sizes = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "vocab_size": 300,
        "pad_token_id": PAD,
    }
    sizes |= {"num_attention_heads": 4, "num_key_value_heads": 2, "num_experts_per_tok": 2}
    model = tslm(fusion, text_config={"model_type": backbone, **sizes, **OTHERS[backbone]})
    together, alone = batch(model, [SHORT, LONG]), batch(model, [SHORT])
    torch.testing.assert_close(last_logits(model, together)[0], last_logits(model, alone)[0], atol=ATOL, rtol=0)
    tokens = greedy(model, together)[0]
    for options in ({}, {"use_cache": False}):
        assert torch.equal(greedy(model, alone, **options)[0], tokens)


@both_fusions
def test_a_decoder_without_attention_is_refused(fusion: str):
    with pytest.raises(ValueError, match="'mamba' keeps no keys and values"):
        tslm(fusion, text_config={"model_type": "mamba", "hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 300})


@pytest.mark.parametrize("backbone", ["bloom", "falcon", "gptj", "opt", "gpt_neox"])
@torch.no_grad()
def test_flamingo_reaches_layers_that_get_no_keyword_arguments(backbone: str):
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 300}
    sizes |= {"opt": {"ffn_dim": 48, "word_embed_proj_dim": 32}, "gptj": {"rotary_dim": 4}}.get(backbone, {})
    model = tslm("flamingo", text_config={"model_type": backbone, **sizes})
    one, other = ([1, 20, series(13, seed), 21, 22] for seed in (0, 1))
    logits = [last_logits(model, batch(model, [sample])) for sample in (one, other)]
    assert (logits[0] - logits[1]).abs().max() > 1e-2
    together = last_logits(model, batch(model, [one, LONG]))
    torch.testing.assert_close(together[0], logits[0][0], atol=ATOL, rtol=0)


@pytest.mark.parametrize(("every", "blocks"), [(1, [0, 1]), (2, [1])])
def test_blocks_stand_before_every_nth_layer(every: int, blocks: list[int]):
    config = tslm_config("flamingo", cross_attention_every_n_layers=every)
    assert config.cross_attention_layers == blocks


@pytest.mark.parametrize(("given", "width"), [(None, 32), (128, 128)])
@torch.no_grad()
def test_the_width_of_the_feed_forward_of_a_block(given: int | None, width: int, tmp_path: Path):
    model = tslm("flamingo", cross_attention_intermediate_size=given)
    shapes = [block.mlp[1].weight.shape for block in model.model.cross_attention_layers]
    assert shapes == [(width, 32), (width, 32)]
    model.save_pretrained(tmp_path)
    inputs = batch(model, [SHORT])
    assert torch.equal(AutoModelForCausalLM.from_pretrained(tmp_path)(**inputs).logits, model(**inputs).logits)


@pytest.mark.parametrize("backbone", ["llama", "gpt2"])
@both_fusions
@torch.no_grad()
def test_from_backbone_keeps_the_backbone(fusion: str, backbone: str, tmp_path: Path):
    name = save_backbone(tmp_path, backbone)
    plain = AutoModelForCausalLM.from_pretrained(name)
    model = TSLMForCausalLM.from_backbone(name, config={"fusion": fusion})
    assert model.config.time_series_token_id == len(tokenizer()) == 259
    for key, value in plain.state_dict().items():
        ours = model.model.backbone.state_dict()[key]
        assert torch.equal(ours[: len(value)], value), key
    ids = torch.tensor([[1, 70, 71, 72]])
    assert torch.equal(model(ids).logits[..., :259], plain(ids).logits)


@both_fusions
def test_from_backbone_starts_with_the_built_in_encoder(fusion: str, tmp_path: Path):
    name = save_backbone(tmp_path, "llama")
    encoder = TSLMForCausalLM.from_backbone(name, config={"fusion": fusion}).model.encoder
    reader = AutoModelForCausalLM.from_pretrained(BUILT_IN).tslm.model.encoder
    assert sum(weights.numel() for weights in encoder.parameters()) == 150_528 + 96 * 193
    assert {weights.dtype for weights in encoder.state_dict().values()} == {torch.float32}
    assert encoder.config.dtype == torch.float32
    for key, weights in reader.state_dict().items():
        assert torch.equal(encoder.state_dict()[key], weights.float()), key
    given = {"model_type": "ts_patch_encoder", "num_hidden_layers": 1, "hidden_size": 16, "num_attention_heads": 2}
    own = TSLMForCausalLM.from_backbone(name, config={"fusion": fusion, "encoder_config": given}).model.encoder
    assert own.config.hidden_size == 16


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"config": {"fuson": "flamingo"}}, ValueError, "no field 'fuson'; did you mean 'fusion'"),
        ({"config": {"text_config": {"model_type": "llama"}}}, ValueError, "'text_config', which the backbone gives"),
        ({"config": TSLMConfig()}, TypeError, "config is a TSLMConfig; give a dict"),
        (
            {"config": {"encoder_config": {"hidden_size": 16}}},
            ValueError,
            "encoder_config names no model_type; give one",
        ),
        (
            {"encoder": "somewhere", "config": {"encoder_config": {"model_type": "ts_patch_encoder"}}},
            ValueError,
            "an encoder_config beside an encoder; give one of them",
        ),
        ({"time_series_token": "a"}, ValueError, "time_series_token is 'a', an ordinary token"),
    ],
)
def test_from_backbone_refuses_what_it_would_misread(options: dict, error: type, message: str, tmp_path: Path):
    with pytest.raises(error, match=message):
        TSLMForCausalLM.from_backbone(save_backbone(tmp_path, "llama"), **options)


def test_the_built_in_encoder_needs_the_package(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OSError, match="part of the package ts-llm-fusion, which is not installed; install it"):
        load_built_in_encoder()


@both_fusions
def test_tied_embeddings_resize_with_the_model(fusion: str):
    config = backbone_config("llama")
    config.tie_word_embeddings = True
    assert tslm(fusion)._tied_weights_keys == {}
    model = tslm(fusion, text_config=config)
    assert model._tied_weights_keys == {
        "model.backbone.lm_head.weight": "model.backbone.model.embed_tokens.weight",
    }
    model.resize_token_embeddings(310)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    assert model.get_input_embeddings().weight.shape[0] == model.config.text_config.vocab_size == 310
    assert model(**batch(model, [SHORT])).logits.shape[-1] == 310


@both_fusions
def test_built_on_the_meta_device(fusion: str):
    with torch.device("meta"):
        model = TSLMForCausalLM(tslm_config(fusion))
    assert {parameter.device.type for parameter in model.parameters()} == {"meta"}


@both_fusions
@torch.no_grad()
def test_hidden_states_attentions_and_tuples_come_where_the_config_asks(fusion: str):
    model = tslm(fusion, attn_implementation="eager")
    inputs = batch(model, [SHORT])
    right = model(**inputs, output_hidden_states=True, output_attentions=True)
    model.config.output_hidden_states = model.config.output_attentions = True
    found = model(**inputs)
    assert (len(found.hidden_states), len(found.attentions)) == (3, 2)
    assert all(map(torch.equal, found.hidden_states, right.hidden_states))
    model.config.return_dict = False
    assert isinstance(model(**inputs), tuple)
    assert torch.equal(model(**inputs)[0], right.logits)


@both_fusions
@torch.no_grad()
def test_a_copy_is_independent(fusion: str):
    model = tslm(fusion)
    inputs = batch(model, [SHORT])
    expected = model(**inputs).logits
    twin = copy.deepcopy(model)
    for parameter in model.parameters():
        parameter.zero_()
    assert torch.equal(twin(**inputs).logits, expected)


@both_fusions
@torch.no_grad()
def test_bfloat16_stays_near_float32(fusion: str):
    model = tslm(fusion)
    inputs = batch(model, [SHORT, LONG])
    expected = last_logits(model, inputs).softmax(-1)
    actual = last_logits(model.to(torch.bfloat16), inputs).float().softmax(-1)
    assert (actual - expected).abs().sum(-1).max() < 0.1


@both_fusions
@torch.no_grad()
def test_a_bfloat16_backbone_takes_an_encoder_in_float32(fusion: str):
    model = tslm(fusion).to(torch.bfloat16)
    inputs = batch(model, [SHORT, LONG])
    expected = last_logits(model, inputs).float().softmax(-1)
    model.model.encoder.float()
    logits = last_logits(model, inputs)
    assert logits.dtype == torch.bfloat16 and model.model.encoder.dtype == torch.float32
    assert (logits.float().softmax(-1) - expected).abs().sum(-1).max() < 0.1
    assert greedy(model, inputs).shape == (2, 8)


@both_fusions
@pytest.mark.parametrize("components", [0, 8])
@torch.no_grad()
def test_compiles_without_graph_breaks(fusion: str, components: int):
    model = tslm(fusion, encoder_config=small_encoder(convolution_components=components))
    inputs = batch(model, [SHORT, LONG])
    expected = model(**inputs, use_cache=False).logits
    compiled = torch.compile(model.forward, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(**inputs, use_cache=False).logits, expected, atol=ATOL, rtol=0)


@torch.no_grad()
def test_the_soft_prompt_never_predicts_its_placeholder():
    model = tslm("soft_prompt")
    model.get_output_embeddings().weight[TOKEN] *= 100  # else it would be the favorite half of the time
    inputs = batch(model, [SHORT, LONG])
    logits = model(**inputs).logits
    others = torch.cat([logits[..., :TOKEN], logits[..., TOKEN + 1 :]], dim=-1)
    raw = model.model.run(model.model.backbone, model.model.prepare_inputs(**inputs)[0]).logits
    assert (raw.argmax(-1) == TOKEN).any() and not (logits.argmax(-1) == TOKEN).any()
    assert torch.equal(others, torch.cat([raw[..., :TOKEN], raw[..., TOKEN + 1 :]], dim=-1))
    assert logits.softmax(-1)[..., TOKEN].max() == 0 and model(**inputs, labels=inputs["input_ids"]).loss < 1e3
    assert torch.distributions.Categorical(logits=logits).entropy().isfinite().all()


@both_fusions
@torch.no_grad()
def test_placeholders_are_no_labels_and_are_never_generated(fusion: str):
    model = tslm(fusion)
    model.get_output_embeddings().weight[TOKEN] *= 100
    inputs = batch(model, [SHORT, LONG])
    labels = inputs["input_ids"]
    ignored = labels.masked_fill(labels == TOKEN, -100)
    assert model(**inputs, labels=labels).loss == model(**inputs, labels=ignored).loss
    for options in ({}, {"num_beams": 2}, {"do_sample": True}, {"use_cache": False}):
        assert not (greedy(model, inputs, **options) == TOKEN).any()


@both_fusions
def test_a_text_beyond_the_context_is_refused_before_anything_runs(fusion: str):
    model = tslm(fusion)
    for module in (model.model.backbone, model.model.encoder):
        module.register_forward_pre_hook(lambda *_: pytest.fail("a model ran"))
    long = batch(model, [[1, series(40), *[30] * 512]])
    tokens = 523 if fusion == "soft_prompt" else 514
    for run in (model, lambda **inputs: model.generate(**inputs, max_new_tokens=1)):
        with pytest.raises(ValueError, match=f" {tokens} tokens.* more than the 512 of the language model"):
            run(**long)
    with pytest.raises(ValueError, match=r"A prompt of \d+ tokens and 510 new ones are more than the 512"):
        model.generate(**batch(model, [SHORT]), max_new_tokens=510)


@both_fusions
@torch.no_grad()
def test_a_generation_of_no_given_length_ends_with_the_context(fusion: str):
    inputs = batch(tslm(fusion), [[1, *[30] * 505]])
    assert tslm(fusion).generate(**inputs, min_new_tokens=6, pad_token_id=PAD).shape == (1, 512)


@both_fusions
@torch.no_grad()
def test_padding_is_no_part_of_the_context(fusion: str):
    model = tslm(fusion)
    inputs = batch(model, [SHORT])
    padding = 600 - inputs["input_ids"].shape[1]
    padded = inputs | {
        name: torch.nn.functional.pad(inputs[name], (padding, 0)) for name in ("input_ids", "attention_mask")
    }
    torch.testing.assert_close(last_logits(model, padded), last_logits(model, inputs), atol=ATOL, rtol=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda inputs: inputs["input_ids"].masked_fill_(inputs["input_ids"] == TOKEN, 5), "placeholder tokens"),
        (lambda inputs: inputs.pop("time_series"), "placeholder tokens"),
        (lambda inputs: inputs.update(time_series=inputs["time_series"][:, 0]), "must be \\(batch, series, time\\)"),
        (lambda inputs: inputs.update(time_series=inputs["time_series"].to(torch.complex64)), "dtype torch.complex64"),
        (lambda inputs: inputs.update(time_series_mask=inputs["time_series_mask"][..., 1:]), "must be that of"),
    ],
)
@both_fusions
def test_wrong_inputs_are_refused_before_anything_runs(fusion: str, change, message: str):
    model = tslm(fusion)
    for module in (model.model.backbone, model.model.encoder):
        module.register_forward_pre_hook(lambda *_: pytest.fail("a model ran"))
    inputs = batch(model, [SHORT, LONG])
    change(inputs)
    for run in (model, model.generate):
        with pytest.raises(ValueError, match=message) as error:
            run(**inputs)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(float("inf"), torch.float32), (float("nan"), torch.float32), (1e5, torch.float16), (1e39, torch.bfloat16)],
)
@both_fusions
def test_values_that_the_encoder_cannot_hold_are_refused(fusion: str, value: float, dtype: torch.dtype):
    model = tslm(fusion).to(dtype)
    for module in (model.model.backbone, model.model.encoder):
        module.register_forward_pre_hook(lambda *_: pytest.fail("a model ran"))
    inputs = batch(model, [SHORT])
    inputs["time_series"] = inputs["time_series"].double()
    inputs["time_series"][0, 0, 3] = value
    with pytest.raises(ValueError, match=f"values that {dtype} of the encoder cannot hold"):
        model(**inputs)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"fusion": "prefix"}, "fusion"),
        ({"joint_latents": True}, "joint_latents"),
        ({"fusion": "flamingo", "joint_latents": True}, "cross_attention_to"),
        ({"fusion": "flamingo", "cross_attention_every_n_layers": 3}, "cross_attention_every_n_layers"),
        ({"num_latents": 0}, "num_latents"),
        ({"cross_attention_intermediate_size": 0}, "cross_attention_intermediate_size is 0"),
        ({"time_series_token_id": 300}, "time_series_token_id"),
        ({"text_config": {"model_type": "t5"}}, "text_config"),
        ({"text_config": {"model_type": "gemma3"}}, "text_config: 'gemma3' reads more than text"),
        ({"text_config": {"model_type": "nothing"}}, "text_config"),
        ({"encoder_config": {"model_type": "llama"}}, "encoder_config"),
        ({"encoder_config": {"model_type": "patchtst", "num_input_channels": 2}}, "num_input_channels"),
        ({"encoder_config": {"model_type": "ts_patch_encoder", "num_attention_heads": 3}}, "num_attention_heads"),
    ],
)
def test_a_contradiction_in_the_config_names_the_field(fields: dict, name: str):
    with pytest.raises(ValueError, match=name) as error:
        TSLMConfig(**{"text_config": backbone_config("llama"), **fields})
    assert "\n" not in str(error.value)
