"""Reinforcement learning: what reaches the model, what a step changes, and the recipe of it."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from transformers import AutoProcessor, set_seed
from trl import ModelConfig

from ts_llm_fusion import TSLMForCausalLM
from ts_llm_fusion.cli import main
from ts_llm_fusion.data.qa import synthetic
from ts_llm_fusion.data.qa.samples import sample_text
from ts_llm_fusion.training.answers import generate_answers
from ts_llm_fusion.training.fresh_backbone import save_fresh_backbone
from ts_llm_fusion.training.grpo import TSLMGRPOArguments, TSLMGRPOTrainer, make_grpo_trainer, prompt_with_series
from ts_llm_fusion.training.tslm_models import TSLMArguments, TSLMConfigArguments, build_tslm, part_of

# Models here are so small that a second thread costs more than it gives.
torch.set_num_threads(1)

TEXT = {
    "model_type": "llama",
    "num_hidden_layers": 1,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "vocab_size": 400,
    "max_position_embeddings": 512,
}
ENCODER = {
    "model_type": "ts_patch_encoder",
    "num_hidden_layers": 1,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
}
SIZES = {
    "num_latents": 4,
    "resampler_num_layers": 1,
    "resampler_num_heads": 2,
    "resampler_head_dim": 8,
    "cross_attention_num_heads": 2,
    "cross_attention_head_dim": 8,
}
QUESTIONS = {"tasks": ["trend", "correlation"], "num_train": 8, "num_validation": 4, "num_test": 4}
TRAINING = {
    "num_generations": 4,
    "per_device_train_batch_size": 8,
    "max_completion_length": 3,
    "max_new_tokens": 3,
    "max_steps": 1,
    "eval_strategy": "steps",
    "save_strategy": "steps",
    "eval_steps": 1,
    "save_steps": 1,
    "learning_rate": 1e-2,
    "use_cpu": True,
    "disable_tqdm": True,
    "seed": 3,
}


@pytest.fixture(scope="module")
def data():
    return synthetic.load.prepare(**QUESTIONS)


def build(folder: Path, data, **config):
    set_seed(0)
    fields = TSLMConfigArguments(text_config=TEXT, encoder_config=ENCODER, **config)
    texts = [sample_text(sample) for sample in data.splits["train"]]
    return build_tslm(fields, TSLMArguments(), ModelConfig(), folder / "fresh", texts, is_writer=True)


def first_letter(completions, **columns) -> list[float]:
    """A reward that differs between answers of a model that knows nothing."""
    return [float(ord((completion[0]["content"] or "a")[0]) % 7) for completion in completions]


def make_trainer(folder: Path, data, model, processor, rewards=(first_letter,), **changes) -> TSLMGRPOTrainer:
    return make_grpo_trainer(
        model,
        processor,
        TSLMGRPOArguments(output_dir=str(folder / "out"), report_to="none", **(TRAINING | changes)),
        ModelConfig(),
        list(rewards),
        data.splits["train"],
        data.splits["validation"],
        lambda answers, samples: {"exact_match": 0.0},
    )


@pytest.mark.parametrize("fusion", ["soft_prompt", "flamingo"])
def test_answers_are_scored_by_the_series_of_their_prompts(tmp_path: Path, data, fusion: str) -> None:
    model, processor = build(tmp_path, data, fusion=fusion, **(SIZES if fusion == "flamingo" else {}))
    if fusion == "flamingo":
        with torch.no_grad():  # the gates start closed
            for name, parameter in model.named_parameters():
                parameter.add_(0.8 if name.endswith("_gate") else 0)
    seen: list[dict] = []

    def reward(completions, **columns) -> list[float]:
        seen.append(columns)
        return first_letter(completions)

    trainer = make_trainer(tmp_path, data, model, processor, [reward], temperature=0.5)
    trainer.model.train()
    rows = [data.splits["train"][row] for row in (0, 0, 0, 0, 3, 3, 3, 3)]
    batch = trainer._generate_and_score_completions(rows)
    # Each reward gets the columns of the samples.
    assert seen[0]["answer"] == [row["answer"] for row in rows]
    assert seen[0]["time_series"] == [row["time_series"] for row in rows]
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], 1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], 1)
    length = batch["completion_ids"].shape[1]
    assert model.config.time_series_token_id not in batch["completion_ids"]
    # Log-probabilities at the temperature of the samples, in batches of three, against those of the whole model.
    found, entropy, _ = trainer._get_per_token_logps_and_entropies(
        trainer.model, ids, mask, length, batch_size=3, compute_entropy=True
    )
    series = {name: value for name, value in batch.items() if name.startswith("time_series")}
    assert set(series) >= {"time_series", "time_series_mask"}
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask, **series).logits[:, -length - 1 : -1] / 0.5
        expected = logits.log_softmax(-1).gather(-1, ids[:, -length:, None])[..., 0]
        changed = {**series, "time_series": series["time_series"].flip(-1)}
        other = model(input_ids=ids, attention_mask=mask, **changed).logits[:, -length - 1 : -1] / 0.5
    written = batch["completion_mask"].bool()
    torch.testing.assert_close(found[written], expected[written], rtol=1e-4, atol=1e-4)
    assert torch.isfinite(entropy[written]).all() and (entropy[written] > 0).all()
    assert (other.log_softmax(-1).gather(-1, ids[:, -length:, None])[..., 0] - expected)[written].abs().max() > 1e-4
    # The name that stands for images is not left in the configuration.
    assert "image_token_id" not in model.config.to_dict()


@pytest.mark.parametrize("freeze", [["encoder"], ["backbone", "projector"]])
def test_a_step_changes_the_trained_parts_and_no_other(tmp_path: Path, data, freeze: list[str]) -> None:
    model, processor = build(tmp_path, data)
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    trainer = make_trainer(
        tmp_path,
        data,
        model,
        processor,
        freeze=freeze,
        save_strategy="no",
        eval_strategy="no",
        load_best_model_at_end=False,
    )
    trainer.train()
    changed = {
        part: {
            not torch.equal(parameter, before[name])
            for name, parameter in model.named_parameters()
            if part_of(name) == part
        }
        for part in ("encoder", "projector", "backbone")
    }
    assert changed == {part: {part not in freeze} for part in changed}


def test_a_step_makes_answers_with_more_reward_more_likely(tmp_path: Path, data) -> None:
    model, processor = build(tmp_path, data)
    kept: dict = {}

    class Keeping(TSLMGRPOTrainer):
        def _compute_loss(self, model, inputs):
            kept.update(inputs)
            return super()._compute_loss(model, inputs)

    trainer = make_trainer(
        tmp_path,
        data,
        model,
        processor,
        save_strategy="no",
        eval_strategy="no",
        load_best_model_at_end=False,
        learning_rate=1e-3,
    )
    trainer.__class__ = Keeping

    def likelihood() -> torch.Tensor:
        ids = torch.cat([kept["prompt_ids"], kept["completion_ids"]], 1)
        mask = torch.cat([kept["prompt_mask"], kept["completion_mask"]], 1)
        trainer._series = {name: value for name, value in kept.items() if name.startswith("time_series")}
        with torch.no_grad():
            scores, *_ = trainer._get_per_token_logps_and_entropies(
                trainer.model, ids, mask, kept["completion_ids"].shape[1]
            )
        return (scores * kept["completion_mask"]).sum(-1)

    start = {name: value.clone() for name, value in model.state_dict().items()}
    trainer.train()
    after = likelihood()
    model.load_state_dict(start)
    gained = after - likelihood()
    advantages = kept["advantages"]
    assert advantages.abs().max() > 0.5
    assert (gained * advantages).mean() > 0


def test_a_prompt_holds_its_series_in_their_places(data) -> None:
    sample = data.splits["train"][0]
    (message,) = prompt_with_series(sample)
    parts = [part for part in message["content"] if part["type"] == "time_series"]
    assert [part["time_series"] for part in parts] == sample["time_series"]
    assert sample["answer"] not in [part.get("text") for part in message["content"]]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, data) -> Path:
    """A saved model that knows nothing."""
    folder = tmp_path_factory.mktemp("start")
    model, processor = build(folder, data)
    model.save_pretrained(folder / "model")
    processor.save_pretrained(folder / "model")
    return folder / "model"


def run(folder: Path, **changes) -> int:
    recipe = folder / "grpo.yaml"
    recipe.write_text(yaml.safe_dump({"data": "synthetic", **QUESTIONS, **TRAINING, **changes}))
    return main(["train", "grpo", "--config", str(recipe), "--output_dir", str(folder / "out")])


def test_the_recipe_reports_the_model_beside_its_start(
    tmp_path: Path, start: Path, data, capsys: pytest.CaptureFixture
) -> None:
    assert run(tmp_path, model_name_or_path=str(start), learning_rate=0.0, use_peft=True, lora_r=2) == 0
    output = tmp_path / "out"
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["started_from"] == str(start)
    assert metrics["baselines"]["start"] == metrics["test"]
    assert set(metrics["baselines"]) == {"start", "majority", "ridge classifier"}
    assert "| start " in capsys.readouterr().out
    logs = json.loads((output / "log_history.json").read_text())
    assert {"eval_exact_match", "eval_reward"} <= {name for log in logs for name in log}
    lines = [json.loads(line) for line in (output / "predictions_test.jsonl").read_text().splitlines()]
    model = TSLMForCausalLM.from_pretrained(output)
    answers = generate_answers(model, AutoProcessor.from_pretrained(output), data.splits["test"], 4, 3)
    assert [line["prediction"] for line in lines] == answers
    assert (output / "adapter" / "adapter_config.json").is_file()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "model_name_or_path is not set; name a language model that reads series, made by train sft."),
        ({"model_name_or_path": "TEXT"}, "a model of type 'llama' that reads no series; train it by train sft first."),
        ({"model_name_or_path": "START", "reward_weights": [1.0]}, "reward_weights has 1 numbers for 2 rewards"),
        ({"model_name_or_path": "START", "freeze": ["head"]}, "freeze: 'head' is not a part of the model"),
        ({"model_name_or_path": "START", "num_generations": 3}, "must be divisible by num_generations (3)"),
    ],
)
def test_runs_that_cannot_be_are_refused(
    tmp_path: Path, start: Path, changes: dict, message: str, capsys: pytest.CaptureFixture
) -> None:
    if changes.get("model_name_or_path") == "TEXT":
        save_fresh_backbone(tmp_path / "text", TEXT, ["rising falling"])
    places = {"TEXT": str(tmp_path / "text"), "START": str(start)}
    given = {name: places.get(value, value) if isinstance(value, str) else value for name, value in changes.items()}
    assert run(tmp_path, **given) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out").exists()
