"""Recipe of the head that reads texts: it learns, and leaves the numeric part as it is."""

import pytest
import torch
from interrupted import add_earlier_seconds
from text_stub import WordEncoder

from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.modeling import modeling_text_encoder
from ts_llm_fusion.modeling.configuration_tsfusion import TSFusionConfig
from ts_llm_fusion.modeling.modeling_tsfusion import TSFusionForForecasting
from ts_llm_fusion.modeling.modeling_tsfusion_context import read_clauses
from ts_llm_fusion.recipes import fusion_context
from ts_llm_fusion.recipes.fusion_context import (
    ContextArguments,
    _check_readers,
    context_items,
    run_context_recipe,
    with_context_head,
)
from ts_llm_fusion.training.fusion_context import (
    TARGETS,
    ContextDataset,
    ContextLoss,
    FusionContextTrainingArguments,
    join_texts,
    leave_out,
    num_targets,
)


@pytest.fixture
def encoder(monkeypatch):
    encoder = WordEncoder()
    for module in (modeling_text_encoder, fusion_context):
        monkeypatch.setattr(module, "load_text_encoder", lambda name, layer: encoder)
    return encoder


def test_the_head_learns_and_the_numeric_part_keeps_every_bit(encoder, tmp_path):
    settings = ContextArguments(
        texts=48, note_repeats=0, text_adapter_rank=0, context_hidden_size=32, context_dropout=0.0
    )
    arguments = FusionContextTrainingArguments(
        output_dir=str(tmp_path / "run"),
        max_steps=12,
        per_device_train_batch_size=48,
        learning_rate=1e-2,
        warmup_steps=1,
        logging_steps=1,
        save_strategy="steps",
        save_steps=12,
        use_cpu=True,
        disable_tqdm=True,
    )
    metrics = run_context_recipe(settings, arguments)
    assert metrics["context"]["texts"] == 48
    assert "The head was trained on 48 synthetic texts" in (tmp_path / "run" / "README.md").read_text()
    trained, extractor = load_forecaster(tmp_path / "run")
    start, _ = load_forecaster("built-in")
    assert extractor.context_length == start.config.context_length
    for name, weights in start.state_dict().items():
        if not name.startswith("context_head."):
            assert torch.equal(trained.state_dict()[name], weights), name
    assert trained.config.text_encoder == "sentence-transformers/all-MiniLM-L6-v2"
    torch.manual_seed(0)
    fresh = with_context_head(start, settings)
    texts = ContextDataset(context_items(0, range(48)), encoder)
    batch = join_texts([texts[k] for k in range(len(texts))])
    with torch.no_grad():
        before, after = (ContextLoss(model.context_head.eval())(**batch)["loss"] for model in (fresh, trained))
    assert after < 0.7 * before
    # Those of the run that came to its end count, too.
    add_earlier_seconds(tmp_path / "run" / "checkpoint-12", 5000)
    arguments.resume_from_checkpoint = "auto"
    assert 5000 < run_context_recipe(settings, arguments)["context"]["processor_seconds"] < 6000


def test_the_loss_of_shares_is_that_of_the_whole_batch(encoder):
    settings = ContextArguments(text_adapter_rank=0, context_hidden_size=16)
    head = with_context_head(load_forecaster("built-in")[0], settings).context_head.eval()
    texts = ContextDataset(context_items(0, range(12)), encoder)

    def loss_and_gradient(losses):
        total = sum(losses)
        return total.detach(), torch.autograd.grad(total, head.words.weight)[0]

    loss, gradient = loss_and_gradient([ContextLoss(head)(**join_texts([texts[k] for k in range(12)]))["loss"]])
    # The second of two processes has four texts, and fills its batch up with those of the first.
    shares = [join_texts([texts[k] for k in rows]) for rows in (range(8), (8, 9, 10, 11, 0, 1, 2, 3))]
    leave_out(shares[1], sum(len(texts[k]["mask"]) for k in range(8, 12)))
    counts = sum(num_targets(*(share[name] for name in TARGETS)) for share in shares)
    assert (
        counts.tolist() == num_targets(*(join_texts([texts[k] for k in range(12)])[name] for name in TARGETS)).tolist()
    )
    found = loss_and_gradient([ContextLoss(head)(**share, num_items_in_batch=counts)["loss"] for share in shares])
    torch.testing.assert_close(found, (loss, gradient), rtol=0, atol=1e-5)
    # The mean of the means of the shares would be another one.
    means = torch.stack([ContextLoss(head)(**share)["loss"] for share in shares]).mean()
    assert abs(means - loss) > 1e-3


def test_probabilities_of_readers_are_averaged(encoder, tmp_path):
    sizes = {"texts": 8, "note_repeats": 0, "text_adapter_rank": 0, "context_hidden_size": 16}
    quick = {"max_steps": 2, "learning_rate": 0.1, "warmup_steps": 1, "use_cpu": True, "disable_tqdm": True}

    def trained(name, seed, **settings):
        arguments = FusionContextTrainingArguments(output_dir=str(tmp_path / name), seed=seed, **quick)
        run_context_recipe(ContextArguments(**sizes, **settings), arguments)
        return load_forecaster(tmp_path / name)[0].eval()

    first, second = trained("first", 0), trained("second", 1)
    both = trained("both", 1, start=str(tmp_path / "first"), add_reader=True)
    assert both.config.context_readers == 2 and len(list(both.context_head.parameters())) == 2 * len(
        list(first.context_head.parameters())
    )
    assert (
        "the geometric mean of its own and those of 1 more of the same kind (seed 0)"
        in (tmp_path / "both/README.md").read_text()
    )
    context = context_items(5, range(1))[0]
    readings = [read_clauses(model.context_head, encoder, context) for model in (first, second, both)]
    for name in ("operations", "numbers", "windows"):
        one, other, mean = (getattr(reading, name) for reading in readings)
        torch.testing.assert_close(mean, (one * other).sqrt())
    assert (readings[0].operations - readings[1].operations).abs().max() > 0.01
    with pytest.raises(ValueError, match="context_hidden_size is 32, and 16 of the head that"):
        settings = ContextArguments(start=str(tmp_path / "both"), text_adapter_rank=0, context_hidden_size=32)
        _check_readers(both, settings)
    with pytest.raises(ValueError, match="averages 2 heads; tune_head goes on with one"):
        trained("none", 0, start=str(tmp_path / "both"), tune_head=True)
    with pytest.raises(ValueError, match="has no head for texts; leave add_reader out"):
        _check_readers(TSFusionForForecasting(TSFusionConfig(hidden_size=8)), ContextArguments())


def test_a_head_is_trained_further(encoder, tmp_path):
    sizes = {
        "texts": 8,
        "note_repeats": 0,
        "text_adapter_rank": 0,
        "context_hidden_size": 16,
        "start": str(tmp_path / "first"),
    }
    quick = {"max_steps": 2, "warmup_steps": 1, "use_cpu": True, "disable_tqdm": True}

    def trained(name, rate, **settings):
        arguments = FusionContextTrainingArguments(output_dir=str(tmp_path / name), learning_rate=rate, **quick)
        metrics = run_context_recipe(ContextArguments(**{**sizes, **settings}), arguments)
        return load_forecaster(tmp_path / name)[0].context_head.state_dict(), metrics

    first, _ = trained("first", 0.1, start="built-in")
    same, metrics = trained("same", 0.0, tune_head=True)
    moved, _ = trained("moved", 0.01, tune_head=True)
    assert metrics["context"]["before"]["texts"] == 8
    assert "after 8 in a training before" in (tmp_path / "same/README.md").read_text()
    for name, weights in first.items():
        torch.testing.assert_close(same[name], weights)
    assert max(float((moved[name] - weights).abs().max()) for name, weights in first.items()) > 0.01
    half, _ = trained("half", 0.01, tune_head=True, tune_share=0.5)
    for name, weights in first.items():
        torch.testing.assert_close(half[name], (weights + moved[name]) / 2, atol=2e-3, rtol=1e-2)
    with pytest.raises(ValueError, match="give more than 0, and 1 at most"):
        ContextArguments(tune_head=True, tune_share=0.0)
    with pytest.raises(ValueError, match="a new head has none before"):
        ContextArguments(tune_share=0.5)
    with pytest.raises(ValueError, match="a head is kept as it is, or trained further"):
        ContextArguments(add_reader=True, tune_head=True)


def test_texts_are_those_of_their_seed():
    first, again, other = (context_items(seed, range(3))[2] for seed in (0, 0, 1))
    assert first["text"] == again["text"] != other["text"]
    with pytest.raises(ValueError, match="texts is 0; at least 1 is needed"):
        ContextArguments(texts=0)
    with pytest.raises(ValueError, match="note_repeats is -1; give 0 or more"):
        ContextArguments(note_repeats=-1)


def test_notes_are_among_the_texts_as_often_as_said(encoder, tmp_path, monkeypatch):
    note = {"text": "Closed on 8 March, 20% more on 9 March.", "effects": [["zero", [], [8]], ["rise", [0.2], [9]]]}
    monkeypatch.setattr(fusion_context, "training_notes", lambda: iter([("days", note)]))
    given = []
    dataset = fusion_context.ContextDataset
    monkeypatch.setattr(
        fusion_context, "ContextDataset", lambda items, *rest: given.append(items) or dataset(items, *rest)
    )
    settings = ContextArguments(texts=4, note_repeats=3, text_adapter_rank=0, context_hidden_size=16)
    arguments = FusionContextTrainingArguments(
        output_dir=str(tmp_path / "run"), max_steps=1, use_cpu=True, disable_tqdm=True
    )
    run_context_recipe(settings, arguments)
    assert [item["text"] for item in given[0][4:]] == 3 * [note["text"]] and len(given[0]) == 7
    assert given[0][-1]["operation"] == ["zero", "rise"]
