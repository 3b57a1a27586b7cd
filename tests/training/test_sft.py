"""Fine-tuning through the command line: its artifacts, adapters, learning rates and resuming."""

import copy
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from datasets import Dataset
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoProcessor, PatchTSTConfig, PatchTSTModel
from transformers.trainer_pt_utils import LengthGroupedSampler
from trl import ModelConfig

from ts_llm_fusion import BUILT_IN, TSLMForCausalLM
from ts_llm_fusion.cli import main
from ts_llm_fusion.data.qa import synthetic
from ts_llm_fusion.data.qa.samples import make_sample, shuffle_series
from ts_llm_fusion.hub.adapters import base_of, load_on_base, missing_weights
from ts_llm_fusion.processing.answer_checks import offer
from ts_llm_fusion.processing.processing_time_series import TimeSeriesProcessor
from ts_llm_fusion.training.answers import generate_answers
from ts_llm_fusion.training.fresh_backbone import save_fresh_backbone
from ts_llm_fusion.training.runs import save_model
from ts_llm_fusion.training.sft import ShuffledBatches, TSLMTrainingArguments, train_tslm
from ts_llm_fusion.training.tslm_models import TSLMArguments, TSLMConfigArguments, build_tslm, part_of

SMOLLM2 = "HuggingFaceTB/SmolLM2-135M-Instruct"
CONFIGS = Path(__file__).parents[2] / "configs"

# Models here are so small that a second thread costs more than it gives.
torch.set_num_threads(1)

ENCODER = {
    "model_type": "ts_patch_encoder",
    "num_hidden_layers": 1,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
}
TEXT = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "vocab_size": 400,
    "max_position_embeddings": 512,
}
RECIPE = {
    "data": "synthetic",
    "tasks": ["trend", "correlation"],
    "num_train": 32,
    "num_validation": 10,
    "num_test": 10,
    "text_config": TEXT,
    "encoder_config": ENCODER,
    "per_device_train_batch_size": 8,
    "num_train_epochs": 2,
    "max_new_tokens": 4,
    "use_cpu": True,
    "disable_tqdm": True,
    "seed": 3,
}


def run(folder: Path, output: str, **changes) -> Path:
    """Trains by a recipe in `folder`, and returns the folder of the output."""
    recipe = folder / f"{output}.yaml"
    recipe.write_text(yaml.safe_dump(RECIPE | changes))
    assert main(["train", "sft", "--config", str(recipe), "--output_dir", str(folder / output)]) == 0
    return folder / output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model under `model`, trained for two epochs of four steps."""
    folder = tmp_path_factory.mktemp("sft")
    run(folder, "model", save_total_limit=None)
    return folder


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model with random weights, saved as a pretrained one is, in the folders of its name SMOLLM2."""
    folder = tmp_path_factory.mktemp("backbones") / SMOLLM2
    torch.manual_seed(0)
    save_fresh_backbone(folder, TEXT, ["Series: rising falling flat"] * 3)
    return folder


OPTIONS = ["a zebra crosses (A)", "a zebra swims (B)", "the quagga"]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def assert_same_weights(one: Path, other: Path, tolerance: float) -> None:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.allclose(value, second[name], rtol=0, atol=tolerance), name


def test_training_leaves_everything_that_a_checkpoint_needs(folder: Path) -> None:
    model = folder / "model"
    metrics = json.loads((model / "metrics.json").read_text())
    assert metrics["samples"] == {"train": 32, "validation": 10, "test": 10}
    assert set(metrics["test_by_task"]) == set(metrics["baselines_by_task"]["majority"]) == {"trend", "correlation"}
    assert set(metrics["baselines"]) == {"majority", "ridge classifier"}
    lines = [json.loads(line) for line in (model / "predictions_test.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == [f"test-{index}" for index in range(10)]
    assert sum(line["exact_match"] for line in lines) / 10 == pytest.approx(metrics["test"]["exact_match"])
    assert len((model / "predictions_shuffled.jsonl").read_text().splitlines()) == 10
    evaluated = [
        log["eval_exact_match"] for log in json.loads((model / "log_history.json").read_text()) if "eval_loss" in log
    ]
    assert len(evaluated) == 2
    assert metrics["best_validation"] == max(evaluated)


def test_the_output_loads_through_the_auto_classes_and_answers_as_in_training(folder: Path) -> None:
    model = TSLMForCausalLM.from_pretrained(folder / "model")
    processor = AutoProcessor.from_pretrained(folder / "model")
    samples = synthetic.load.prepare(num_train=1, num_validation=1, num_test=10, tasks=RECIPE["tasks"]).splits["test"]
    lines = [json.loads(line) for line in (folder / "model" / "predictions_test.jsonl").read_text().splitlines()]
    expected = [line["prediction"] for line in lines]
    assert generate_answers(model, processor, samples, batch_size=3, max_new_tokens=4) == expected


def test_answers_among_options_are_options_and_others_stay_free(folder: Path) -> None:
    model = TSLMForCausalLM.from_pretrained(folder / "model")
    processor = AutoProcessor.from_pretrained(folder / "model")
    samples = [
        make_sample(question, {"Series": np.arange(48.0) % number}, "up", "trend", "mine", str(number))
        for number, question in enumerate(
            (f"Is it up?{offer(OPTIONS)}", "Is it up?", f"Is it?{offer(OPTIONS[2:])}"), 3
        )
    ]
    free = generate_answers(model, processor, samples, batch_size=3, max_new_tokens=40)
    held = generate_answers(model, processor, samples, batch_size=3, max_new_tokens=40, among_options=True)
    assert not set(free) & set(OPTIONS)
    assert held[0] in OPTIONS and held[1:] == [free[1], OPTIONS[2]]
    alone = [generate_answers(model, processor, [one], 1, 40, among_options=True)[0] for one in samples]
    assert alone == held


def test_the_snippet_of_the_card_runs_and_its_table_has_the_numbers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = (folder / "model" / "README.md").read_text()
    metrics = json.loads((folder / "model" / "metrics.json").read_text())
    assert f"{metrics['shuffled']['exact_match']:.4f}" in card.split("| series shuffled")[1].splitlines()[0]
    baseline = card.split("| ridge classifier |")[1].splitlines()[0].split("|")
    assert float(baseline[0]) == pytest.approx(metrics["baselines"]["ridge classifier"]["exact_match"], abs=1e-4)
    assert "None" not in card
    monkeypatch.chdir(folder)
    found: dict = {}
    exec(card.split("```python\n")[1].split("```")[0], found)
    assert isinstance(found["answer"], str)
    assert found["inputs"]["time_series"].shape == (1, 1, 12)


def test_the_best_checkpoint_is_the_one_that_is_kept(folder: Path) -> None:
    state = json.loads(next((folder / "model").glob("checkpoint-8/trainer_state.json")).read_text())
    best = Path(state["best_model_checkpoint"])
    other = next(path for path in (folder / "model").glob("checkpoint-*") if path.name != best.name)
    assert_same_weights(folder / "model", best, 0.0)
    assert not torch.equal(
        weights(folder / "model")["model.projector.linear.weight"], weights(other)["model.projector.linear.weight"]
    )


def test_resumed_training_is_uninterrupted_training(folder: Path) -> None:
    resumed = folder / "resumed"
    shutil.copytree(folder / "model" / "checkpoint-4", resumed / "checkpoint-4")
    run(folder, "resumed", resume_from_checkpoint="true", save_total_limit=None)
    assert_same_weights(folder / "model" / "checkpoint-8", resumed / "checkpoint-8", 0.0)


def test_batches_of_similar_length_come_in_random_order() -> None:
    torch.manual_seed(0)
    lengths = torch.randperm(400).tolist()
    rows = list(ShuffledBatches(LengthGroupedSampler(4, lengths=lengths)))
    assert sorted(rows) == list(range(400))
    batches = torch.tensor([[lengths[row] for row in rows[start : start + 4]] for start in range(0, 400, 4)]).float()
    assert (batches.amax(1) - batches.amin(1)).median() < 20  # neighbors among 200 of 400 lengths
    means = batches.mean(1)
    assert abs(torch.corrcoef(torch.stack((means[:-1], means[1:])))[0, 1]) < 0.3


@pytest.mark.parametrize("fusion", ["soft_prompt", "flamingo"])
def test_adapters_are_trained_beside_whole_modules_and_resume(tmp_path: Path, backbone: Path, fusion: str) -> None:
    sizes = {"num_latents": 4, "resampler_num_layers": 1, "resampler_num_heads": 2, "resampler_head_dim": 8}
    sizes |= {"cross_attention_num_heads": 2, "cross_attention_head_dim": 8}
    recipe = {
        "text_config": None,
        "model_name_or_path": str(backbone),
        "use_peft": True,
        "lora_r": 2,
        "fusion": fusion,
    }
    tokens = {"scale_embedding": True, "cross_series_layers": 1, "cross_series_num_heads": 2, "max_series_tokens": 8}
    tokens |= {"scale_text": False, "train_sampling_strategy": "group_by_length"}
    recipe |= {"save_total_limit": None, **(sizes if fusion == "flamingo" else tokens)}
    output = run(tmp_path, "lora", **recipe)
    adapters = load_file(output / "checkpoint-8" / "adapter_model.safetensors")
    part = "cross_attention_layers.0.output.weight" if fusion == "flamingo" else "projector.linear.weight"
    assert any(name.endswith(part) for name in adapters)
    assert any("lora_A" in name for name in adapters)
    for new in ("scale_embedding.output.weight", "cross_series_layers.0.q_proj.weight"):
        assert any(name.endswith(new) for name in adapters) == (fusion == "soft_prompt")
    assert not any("embed_tokens" in name for name in adapters)
    start, merged = load_file(backbone / "model.safetensors"), weights(output)
    assert torch.equal(
        merged["model.backbone.model.layers.0.mlp.up_proj.weight"], start["model.layers.0.mlp.up_proj.weight"]
    )
    assert not torch.equal(
        merged["model.backbone.model.layers.0.self_attn.q_proj.weight"],
        start["model.layers.0.self_attn.q_proj.weight"],
    )
    shutil.copytree(output / "checkpoint-4", tmp_path / "resumed" / "checkpoint-4")
    resumed = run(tmp_path, "resumed", resume_from_checkpoint="true", **recipe) / "checkpoint-8"
    again = load_file(resumed / "adapter_model.safetensors")
    for name, value in adapters.items():
        assert torch.equal(value, again[name]), name


@pytest.mark.parametrize("trained", ["lora", "frozen"])
def test_the_recipe_of_a_pretrained_language_model_finds_it_by_its_name(
    tmp_path: Path, backbone: Path, trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small model stands in for it."""
    monkeypatch.setenv("TS_LLM_FUSION_TEXT_MODELS", str(backbone.parents[1]))
    short = "--num_train 8 --num_validation 2 --num_test 2 --max_steps 2 --eval_steps 2 --save_steps 2"
    short += " --warmup_steps 1 --per_device_train_batch_size 4 --use_cpu true"
    flags = [*short.split(), "--output_dir", str(tmp_path)]
    flags += ["--use_peft", "false", "--freeze", "backbone"] if trained == "frozen" else []
    assert main(["train", "sft", "--config", str(CONFIGS / "tslm" / "smollm2.yaml"), *flags, "--overwrite"]) == 0
    start, merged = load_file(backbone / "model.safetensors"), weights(tmp_path)
    name = "model.layers.0.self_attn.q_proj.weight"
    assert torch.equal(merged[f"model.backbone.{name}"], start[name]) == (trained == "frozen")
    if trained == "lora":
        assert base_of(tmp_path / "adapter") == SMOLLM2
        found = load_on_base(tmp_path / "adapter").merge_and_unload().state_dict()
        assert torch.equal(found[f"model.backbone.{name}"], merged[f"model.backbone.{name}"])


def test_a_saved_model_is_trained_further_and_keeps_its_configuration(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    start = {"text_config": None, "encoder_config": None, "model_name_or_path": str(folder / "model")}
    further = run(tmp_path, "further", **start, forecaster="built-in", learning_rate=0.0, num_train_epochs=1)
    before, after = weights(folder / "model"), weights(further)
    assert {name for name in after if name.startswith("tslm.")} == {f"tslm.{name}" for name in before}
    assert all(torch.equal(after[f"tslm.{name}"], value) for name, value in before.items())
    # The report and the recipe of each part, and a card of both.
    report = json.loads((further / "metrics.json").read_text())
    assert report["data"] == "synthetic only"
    assert report["tslm"]["samples"] == {"train": 32, "validation": 10, "test": 10}
    assert yaml.safe_load((further / "tslm_recipe.yaml").read_text())["forecaster"] == "built-in"
    assert (further / "recipe.yaml").read_text() == Path(BUILT_IN, "recipe.yaml").read_text()
    assert "### The language model" in (further / "README.md").read_text()
    recipe = tmp_path / "flamingo.yaml"
    recipe.write_text(yaml.safe_dump(RECIPE | start | {"fusion": "flamingo"}))
    assert main(["train", "sft", "--config", str(recipe), "--output_dir", str(tmp_path / "out")]) == 2
    assert "is a saved model with a configuration of its own; leave fusion out" in capsys.readouterr().err


def test_a_pretrained_encoder_is_taken_frozen_and_kept(tmp_path: Path) -> None:
    config = PatchTSTConfig(
        context_length=32, patch_length=8, patch_stride=8, d_model=16, ffn_dim=32, num_hidden_layers=1
    )
    encoder = PatchTSTModel(config)
    encoder.save_pretrained(tmp_path / "encoder")
    start = {"encoder_config": None, "encoder_name_or_path": str(tmp_path / "encoder"), "freeze": ["encoder"]}
    output = run(tmp_path, "patchtst", **start)
    assert_same_weights(output, run(tmp_path, "cached", **start, cache_encoder=True), 1e-6)
    trained = TSLMForCausalLM.from_pretrained(output).model.encoder
    assert type(trained) is PatchTSTModel
    for name, value in encoder.state_dict().items():
        assert torch.equal(trained.state_dict()[name], value), name
    assert AutoProcessor.from_pretrained(output).feature_extractor.window_length == 32


def test_a_tiny_model_learns_to_tell_trends_by_their_series_alone(tmp_path: Path) -> None:
    encoder = ENCODER | {"patch_length": 16}
    text = TEXT | {"initializer_range": 0.1}
    learning = {"tasks": ["trend"], "num_train": 2400, "num_validation": 50, "num_test": 200, "num_train_epochs": 1}
    learning |= {"learning_rate": 3e-3, "warmup_steps": 10, "per_device_train_batch_size": 16, "multiple_choice": 0}
    output = run(tmp_path, "trend", encoder_config=encoder, text_config=text, **learning)
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["test"]["exact_match"] >= 0.95
    assert metrics["shuffled"]["exact_match"] <= metrics["test"]["chance"] + 0.1
    assert metrics["test"]["chance"] < 0.45


@pytest.mark.parametrize(("data", "least"), [("BasicMotions", 0.95), ("Epilepsy", 0.95)])
def test_the_baselines_are_printed_beside_the_model(
    data: str, least: float, tmp_path: Path, data_dir: Path, capsys: pytest.CaptureFixture
) -> None:
    output = run(tmp_path, "baselines", data=data, max_steps=1, max_new_tokens=1)
    table = capsys.readouterr().out.split("of training\n")[1].splitlines()
    columns = [cell.strip() for cell in table[0].split("|")[2:-1]]
    rows = {row.split("|")[1].strip(): list(map(float, row.split("|")[2:-1])) for row in table[2:7]}
    assert columns == ["exact_match", "accuracy", "macro_f1"]
    assert list(rows) == ["this model", "series shuffled", "majority", "ridge classifier", "MiniRocket and ridge"]
    metrics = json.loads((output / "metrics.json").read_text())
    for name, values in {"this model": metrics["test"], **metrics["baselines"]}.items():
        assert rows[name] == pytest.approx([values[column] for column in columns], abs=1e-4)
    assert rows["ridge classifier"][1] >= least
    assert 0.2 <= rows["majority"][1] <= 0.3


def tiny_trainer(
    tmp_path: Path, backbone: Path, freeze: list[str], use_peft: bool = False, fusion: str = "soft_prompt", **rates
):
    """A trainer after two steps, and the parameters before them."""
    model = TSLMForCausalLM.from_backbone(backbone, config={"encoder_config": dict(ENCODER), "fusion": fusion})
    processor = TimeSeriesProcessor.from_backbone(backbone, model.config)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    arguments = TSLMTrainingArguments(
        output_dir=str(tmp_path),
        max_steps=2,
        per_device_train_batch_size=4,
        use_cpu=True,
        disable_tqdm=True,
        eval_strategy="no",
        save_strategy="no",
        load_best_model_at_end=False,
        **rates,
    )
    samples = synthetic.load.prepare(num_train=8, num_validation=1, num_test=1).splits["train"]
    trainer = train_tslm(
        model,
        processor,
        arguments,
        TSLMArguments(freeze=freeze),
        ModelConfig(use_peft=use_peft),
        samples,
        samples,
        lambda answers, samples: {},
    )
    return trainer, before


@pytest.mark.parametrize("use_peft", [False, True])
def test_each_part_has_its_learning_rate(tmp_path: Path, backbone: Path, use_peft: bool) -> None:
    rates = {"learning_rate": 1e-3, "encoder_learning_rate": 3e-4, "projector_learning_rate": 2e-3}
    trainer, _ = tiny_trainer(tmp_path, backbone, [], use_peft, weight_decay=0.1, **rates)
    wanted = {"backbone": 1e-3, "encoder": 3e-4, "projector": 2e-3}
    parts = {parameter: part_of(name) for name, parameter in trainer.model.named_parameters()}
    found = {}
    for group in trainer.optimizer.param_groups:
        for parameter in group["params"]:
            assert group["initial_lr"] == wanted[parts[parameter]]
            found[parameter] = group["weight_decay"]
    assert set(found) == {parameter for parameter in trainer.model.parameters() if parameter.requires_grad}
    assert {parts[parameter] for parameter in found} == set(wanted)
    assert {value for parameter, value in found.items() if parameter.ndim == 1} == {0.0}
    assert {value for parameter, value in found.items() if parameter.ndim == 2} == {0.1}


@pytest.mark.parametrize(
    ("fusion", "use_peft", "tied"),
    [("soft_prompt", False, True), ("soft_prompt", True, False), ("flamingo", False, True)],
)
def test_the_loss_that_is_reported_and_trained_is_that_of_the_model(
    tmp_path: Path, fusion: str, use_peft: bool, tied: bool
) -> None:
    text = TEXT | {"tie_word_embeddings": tied, "initializer_range": 0.1}
    save_fresh_backbone(tmp_path / "backbone", text, ["Series: rising falling flat"] * 3)
    options = {"learning_rate": 0.0, "logging_steps": 1, "gradient_accumulation_steps": 2}
    trainer, _ = tiny_trainer(tmp_path, tmp_path / "backbone", [], use_peft, fusion, **options)
    model = trainer.model.eval()  # no dropout
    batches = list(trainer.get_train_dataloader())
    counts = [int((batch["labels"] != -100).sum()) for batch in batches]
    with torch.no_grad():
        # Nothing was learned, so this is what was logged; with the placeholder among the tokens it is 0.0025 more.
        loss = sum(model(**batch, num_items_in_batch=sum(counts)).loss for batch in batches)
        assert trainer.state.log_history[0]["loss"] == pytest.approx(loss.item(), abs=5e-4)
        # Now the placeholder is what the head would say first, were it a word.
        head = model.get_output_embeddings().weight
        head[model.config.time_series_token_id] = 3 * head[batches[0]["labels"][:, -2:].clamp(min=0)].mean((0, 1))
    for items in (None, 50):
        expected = model(**batches[0], **({} if items is None else {"num_items_in_batch": items})).loss
        found = trainer.compute_loss(model, dict(batches[0]), num_items_in_batch=items)
        torch.testing.assert_close(found, expected, atol=0, rtol=1e-5)
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        gradients = [torch.autograd.grad(loss, trained, allow_unused=True) for loss in (found, expected)]
        for given, wanted in zip(*gradients, strict=True):
            torch.testing.assert_close(given, wanted, atol=1e-6, rtol=1e-4)


def test_a_language_model_joined_with_a_forecaster_learns_and_its_adapter_stands_on_the_text_model(
    tmp_path: Path, backbone: Path
) -> None:
    load = ModelConfig(model_name_or_path=str(backbone), use_peft=True)
    config = TSLMConfigArguments(encoder_config=dict(ENCODER))
    model, processor = build_tslm(config, TSLMArguments(forecaster="built-in"), load, tmp_path, [], True)
    history = torch.sin(torch.arange(40.0)).tolist()
    content = [{"type": "time_series"}, {"type": "forecast", "prediction_length": 6}, {"type": "text", "text": "Up?"}]
    messages = [
        {"role": "user", "content": content},
        {"role": "assistant", "content": [{"type": "text", "text": "up"}]},
    ]
    rows = [
        {"messages": messages, "time_series": [history], "future_values": future} for future in (None, [[1.0] * 6])
    ]
    before = copy.deepcopy(model.state_dict())
    arguments = TSLMTrainingArguments(
        output_dir=str(tmp_path / "run"),
        max_steps=2,
        per_device_train_batch_size=2,
        learning_rate=1e-2,
        eval_strategy="no",
        save_strategy="no",
        load_best_model_at_end=False,
        logging_steps=1,
        use_cpu=True,
        disable_tqdm=True,
    )
    data = Dataset.from_list(rows)
    trainer = train_tslm(model, processor, arguments, TSLMArguments(), load, data, data, lambda answers, samples: {})
    # What is trained is the loss of the model itself, with its own forecast in the first sample.
    batch = trainer.data_collator(rows)
    assert batch["time_series"][0].isnan().any()
    assert not batch["time_series"][1].isnan().any()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    trained = trainer.model.eval()
    with torch.no_grad():
        expected = trained(**batch)
    assert expected.loss < losses[0]
    found = trainer.compute_loss(trained, dict(batch))
    torch.testing.assert_close(found, expected.loss, atol=0, rtol=1e-5)

    processor.save_pretrained(tmp_path / "saved")
    merged = save_model(trained, tmp_path / "saved", str(backbone))
    again = load_on_base(tmp_path / "saved" / "adapter").eval()
    with torch.no_grad():
        torch.testing.assert_close(again(**batch).logits, expected.logits, atol=1e-5, rtol=1e-5)
    kept = [name for name in before if name.startswith(("model.", "head."))]
    assert len(kept) == 8
    for state in (merged.state_dict(), again.merge_and_unload().state_dict()):
        assert all(torch.equal(state[name], before[name]) for name in kept)
    assert missing_weights(tmp_path / "saved" / "adapter", tmp_path / "saved") == []
    whole = AutoModelForCausalLM.from_pretrained(tmp_path / "saved")
    answers = [generate_answers(one, processor, rows, 2, 4) for one in (whole, merged)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("frozen", ["encoder", "projector", "backbone"])
def test_a_frozen_part_stays_and_the_others_move(tmp_path: Path, backbone: Path, frozen: str) -> None:
    trainer, before = tiny_trainer(tmp_path, backbone, [frozen])
    moved = {
        part_of(name) for name, value in trainer.model.state_dict().items() if not torch.equal(value, before[name])
    }
    assert moved == {"encoder", "projector", "backbone"} - {frozen}


def test_answers_do_not_depend_on_the_batch_and_do_on_the_series(folder: Path) -> None:
    model = TSLMForCausalLM.from_pretrained(folder / "model").double()
    processor = AutoProcessor.from_pretrained(folder / "model")
    samples = synthetic.load.prepare(num_train=1, num_validation=1, num_test=24).splits["test"]
    with torch.no_grad():
        # An untrained answer would ignore the series; larger projections make it look at them.
        model.model.projector.linear.weight *= 20
    alone = generate_answers(model, processor, samples, batch_size=1, max_new_tokens=6)
    assert generate_answers(model, processor, samples, batch_size=24, max_new_tokens=6) == alone
    assert generate_answers(model, processor, shuffle_series(samples, 0), batch_size=24, max_new_tokens=6) != alone


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text_config": None}, "neither model_name_or_path nor text_config is set"),
        ({"model_name_or_path": "somewhere"}, "model_name_or_path and text_config are both set"),
        ({"encoder_name_or_path": "somewhere"}, "encoder_name_or_path and encoder_config are both set"),
        ({"use_peft": True}, "a new backbone must be trained in full"),
        ({"freeze": ["head"]}, "freeze: 'head' is not a part of the model; parts are encoder, projector, backbone"),
        (
            {"cache_encoder": True},
            "cache_encoder keeps the outputs of an encoder that is trained; add encoder to freeze",
        ),
        ({"encoder_lerning_rate": 1e-3}, "did you mean 'encoder_learning_rate'"),
        ({"data": "BasicMotion"}, "BasicMotion: not a known data set; did you mean 'BasicMotions'?"),
        ({"text_config": {"hidden_size": 32}}, "text_config names no model_type"),
        ({"load_in_4bit": True}, "bitsandbytes is not installed; run pip install 'ts-llm-fusion[quantization]'."),
        (
            {"text_config": None, "model_name_or_path": "somewhere", "use_peft": True, "freeze": ["backbone"]},
            "use_peft trains adapters in the backbone, and freeze names it",
        ),
        ({"encoder_config": {"model_type": "ts_random_convolutions"}}, "samples have 1 to 2 series"),
        ({"use_peft": True, "refit": True}, "refit goes on with a whole model, and use_peft trains adapters"),
        (
            {"text_config": None, "model_name_or_path": "somewhere", "use_peft": True, "freeze": ["encoder"]}
            | {"encoder_config": {"model_type": "ts_random_convolutions"}, "tasks": ["trend"]},
            "freeze names the encoder, and use_peft saves no frozen parts",
        ),
    ],
)
def test_bad_settings_are_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, changes: dict, message: str
) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(RECIPE | changes))
    assert main(["train", "sft", "--config", str(recipe), "--output_dir", str(tmp_path / "out")]) == 2
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ts-llm-fusion: error:")]
    assert len(error) == 1
    assert message in error[0]
