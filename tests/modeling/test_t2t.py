"""The time-to-text encoder."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoModelForPreTraining

from ts_llm_fusion import T2TConfig, T2TForPreTraining, T2TModel


def make(**overrides) -> T2TForPreTraining:
    fields = {"context_length": 96, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "dropout": 0.0}
    return T2TForPreTraining(T2TConfig(**(fields | overrides))).eval()


def with_words() -> T2TForPreTraining:
    model = make(semantic_words=["up", "down", "flat"], word_embedding_size=8)
    model.set_word_embeddings(torch.randn(3, 8))
    return model


def test_patches_overlap_and_the_steps_left_over_are_the_first() -> None:
    model = make(context_length=100)
    values = torch.randn(2, 100, 3)
    patches, mask = model.encoder.patches(values)
    assert patches.shape == mask.shape == (2, 3, 7, 24)
    assert torch.equal(patches[:, :, 0, 12:], patches[:, :, 1, :12])
    normalized = (values - values.mean(1, keepdim=True)) / values.std(1, keepdim=True, unbiased=False)
    torch.testing.assert_close(patches[:, :, -1], normalized[:, -24:].transpose(1, 2), atol=1e-5, rtol=0)


@pytest.mark.parametrize("ratio", (0.1, 0.5, 0.75, 0.99))
def test_the_share_of_hidden_patches_is_the_same_in_every_series(ratio: float) -> None:
    outputs = make(mask_ratio=ratio)(torch.randn(5, 96, 3))
    expected = min(max(1, round(ratio * 7)), 6)
    assert (outputs.patch_mask.sum(-1) == expected).all()


def test_hidden_patches_are_not_seen() -> None:
    model = make(patch_stride=24)
    values = torch.randn(1, 96, 1)
    patches, _ = model.encoder.patches(values)
    hidden = torch.tensor([[[True, False, False, False]]])
    changed = patches.clone()
    changed[..., 0, :] = 7.0
    torch.testing.assert_close(model.encoder.encode(patches, hidden), model.encoder.encode(changed, hidden))
    assert (model.encoder.encode(patches) - model.encoder.encode(changed)).abs().max() > 1e-3


def test_the_reconstruction_loss_counts_hidden_and_observed_values_only() -> None:
    model = make(patch_stride=24)
    values = torch.randn(2, 96, 1)
    mask = torch.ones_like(values, dtype=torch.bool)
    mask[:, :10] = False
    hidden = torch.tensor([[[True, False, True, False]], [[True, False, False, True]]])
    with torch.no_grad():
        outputs = model(values, mask, hidden)
        patches, observed = model.encoder.patches(values, mask)
    counted = hidden[..., None] & observed
    expected = (outputs.reconstruction - patches)[counted].square().mean()
    torch.testing.assert_close(outputs.loss, expected)
    assert outputs.semantic_loss is None


def test_the_semantic_loss_is_the_divergence_of_the_labels() -> None:
    model = with_words()
    values = torch.randn(2, 96, 1)
    outputs = model(values)
    assert outputs.semantic_loss > 0
    torch.testing.assert_close(outputs.loss, outputs.reconstruction_loss + outputs.semantic_loss)
    outputs.semantic_loss.backward()
    assert model.reconstruction_head.weight.grad.abs().max() > 0
    # Orthogonal: it keeps lengths, and no two directions become one.
    gram = model.label_projection @ model.label_projection.T
    torch.testing.assert_close(gram, torch.eye(8), atol=1e-5, rtol=0)


def test_saved_and_loaded_it_is_bit_equal(tmp_path: Path) -> None:
    model, values = with_words(), torch.randn(2, 96, 3)
    model.save_pretrained(tmp_path)
    loaded = AutoModelForPreTraining.from_pretrained(tmp_path)
    hidden = torch.rand(2, 3, 7) > 0.5
    with torch.no_grad():
        assert torch.equal(loaded(values, patch_mask=hidden).loss, model(values, patch_mask=hidden).loss)
        base = AutoModel.from_pretrained(tmp_path)
        assert isinstance(base, T2TModel)
        assert torch.equal(base(values).last_hidden_state, model.encoder(values).last_hidden_state)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"patch_length": 97}, "patch_length is 97"),
        ({"patch_stride": 0}, "patch_stride is 0"),
        ({"mask_ratio": 1.0}, "mask_ratio is 1.0"),
        ({"hidden_size": 98}, "hidden_size is 98"),
        ({"semantic_words": ["up"]}, "word_embedding_size is not"),
    ],
)
def test_a_contradicting_configuration_names_its_field(fields: dict, message: str) -> None:
    with pytest.raises(Exception, match=message):
        T2TConfig(**fields)


def test_word_embeddings_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(3, 9\); the configuration asks for \(3, 8\)"):
        with_words().set_word_embeddings(torch.randn(3, 9))
