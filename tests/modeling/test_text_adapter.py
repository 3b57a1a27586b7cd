"""Low-rank additions to a text encoder: what they compute, that they leave it as it is, and that they are trained."""

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel
from tslm_models import tokenizer

from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.modeling import modeling_text_encoder
from ts_llm_fusion.modeling.modeling_text_adapter import TextAdapter, adapted_maps
from ts_llm_fusion.modeling.modeling_text_encoder import FrozenTextEncoder
from ts_llm_fusion.recipes import fusion_context
from ts_llm_fusion.recipes.fusion_context import ContextArguments, context_items, run_context_recipe
from ts_llm_fusion.training.fusion_context import (
    ContextDataset,
    ContextLoss,
    FusionContextTrainingArguments,
    join_texts,
)

TEXTS = ["Sales rise by 5 % in May.", "Closed.", "A strike in May halves the number of visitors."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random text model of bytes, two layers of width 16."""
    folder = tmp_path_factory.mktemp("text")
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=259, max_position_embeddings=512, **sizes)).save_pretrained(folder)
    reader = tokenizer()
    reader.model_max_length = 512
    reader.save_pretrained(folder)
    return folder


@pytest.fixture
def encoder(folder: Path) -> FrozenTextEncoder:
    return FrozenTextEncoder(str(folder))


def make_adapter(encoder: FrozenTextEncoder) -> TextAdapter:
    torch.manual_seed(1)
    adapter = TextAdapter(adapted_maps(encoder.model), rank=3, dropout=0.5).eval()
    for weights in adapter.b:
        torch.nn.init.normal_(weights, std=0.5)
    return adapter


def test_states_are_those_of_the_encoder_with_the_products_added(encoder: FrozenTextEncoder, folder: Path) -> None:
    before = [one.states.clone() for one in encoder.states(TEXTS)]
    adapter = make_adapter(encoder)
    # Query, key, value and output of attention, and two of the feed-forward part, in each of two layers.
    assert len(adapter.names) == 12 and adapter.names[0] == "encoder.layer.0.attention.output.dense"
    adapted = encoder.states(TEXTS, adapter)
    changed = FrozenTextEncoder(str(folder))
    maps = dict(changed.model.named_modules())
    for name, a, b in zip(adapter.names, adapter.a, adapter.b, strict=True):
        maps[name].weight.data += 2 * b @ a
    for one, other, plain in zip(adapted, changed.states(TEXTS), before, strict=True):
        torch.testing.assert_close(one.states, other.states, rtol=1e-4, atol=1e-5)
        assert (one.states - plain).abs().max() > 0.1
    # Nothing of it stays with the encoder, which others share.
    assert all(torch.equal(one.states, plain) for one, plain in zip(encoder.states(TEXTS), before, strict=True))
    assert not any(module._forward_hooks for module in encoder.model.modules())


def test_additions_go_to_the_same_maps_whatever_the_order_of_their_names(encoder: FrozenTextEncoder) -> None:
    # A configuration that is saved and loaded has its names sorted.
    maps = adapted_maps(encoder.model)
    assert list(maps) != sorted(maps)
    adapter, loaded = make_adapter(encoder), TextAdapter(dict(sorted(maps.items())), rank=3, dropout=0.5).eval()
    loaded.load_state_dict(adapter.state_dict())
    for one, other in zip(encoder.states(TEXTS, adapter), encoder.states(TEXTS, loaded), strict=True):
        assert torch.equal(one.states, other.states)


def test_it_starts_as_no_change(encoder: FrozenTextEncoder) -> None:
    adapter = TextAdapter(adapted_maps(encoder.model), rank=3, dropout=0.5)
    for one, plain in zip(encoder.states(TEXTS, adapter), encoder.states(TEXTS), strict=True):
        assert torch.equal(one.states, plain.states)


def test_training_encodes_as_inference_does(
    encoder: FrozenTextEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (modeling_text_encoder, fusion_context):
        monkeypatch.setattr(module, "load_text_encoder", lambda name, layer: encoder)
    settings = ContextArguments(texts=24, note_repeats=0, text_adapter_rank=2, context_hidden_size=16)
    arguments = FusionContextTrainingArguments(
        output_dir=str(tmp_path), max_steps=2, per_device_train_batch_size=24, use_cpu=True, disable_tqdm=True
    )
    kept = {name: weights.clone() for name, weights in encoder.model.state_dict().items()}
    run_context_recipe(settings, arguments)
    assert all(torch.equal(weights, kept[name]) for name, weights in encoder.model.state_dict().items())
    head = load_forecaster(tmp_path)[0].context_head
    assert all(weights.abs().max() > 0 for weights in head.adapter.b)
    data = ContextDataset(context_items(0, range(24)), encoder, adapted=True)
    batch = join_texts([data[k] for k in range(len(data))])
    states = ContextLoss(head.eval(), encoder)._states(batch["token_ids"], batch["token_mask"], batch["states"])
    clauses = [text for item in data.items for text in item["texts"]]
    wanted = torch.cat([one.states for one in encoder.states(clauses, head.adapter)])
    torch.testing.assert_close(states[batch["mask"]], wanted, rtol=1e-4, atol=1e-5)
