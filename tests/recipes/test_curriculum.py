"""A curriculum of three tiny stages: what is carried over, what is skipped, what goes on, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file
from transformers import AutoProcessor

from ts_llm_fusion import TSLMForCausalLM
from ts_llm_fusion.cli import main
from ts_llm_fusion.data.qa import synthetic
from ts_llm_fusion.recipes.curriculum import validation_table
from ts_llm_fusion.training.answers import generate_answers

# Models here are so small that a second thread costs more than it gives.
torch.set_num_threads(1)

# The best epoch is by its highest loss the first one, so that the best weights are not the last ones.
WORST = {"metric_for_best_model": "loss", "greater_is_better": True, "save_total_limit": None}
RECIPE = {
    "curriculum": {
        "first": {"tasks": ["trend"], "num_train_epochs": 2, "learning_rate": 1e-2, **WORST},
        "second": {"tasks": ["correlation"], "num_train_epochs": 2, "use_peft": True, "learning_rate": 1e-2, **WORST},
        "third": {"tasks": ["spike"], "num_train_epochs": 1, "use_peft": True, "learning_rate": 0.0, "replay": 0.4},
    },
    "num_train": 12,
    "num_validation": 6,
    "num_test": 4,
    "text_config": {
        "model_type": "llama",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_attention_heads": 2,
        "vocab_size": 400,
        "max_position_embeddings": 512,
    },
    "encoder_config": {
        "model_type": "ts_patch_encoder",
        "num_hidden_layers": 1,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_attention_heads": 2,
    },
    "lora_r": 2,
    "per_device_train_batch_size": 6,
    "max_new_tokens": 3,
    "use_cpu": True,
    "disable_tqdm": True,
    "seed": 3,
}


def run(folder: Path, *flags: str, **changes) -> int:
    recipe = folder.with_suffix(".yaml")
    recipe.write_text(yaml.safe_dump(RECIPE | changes))
    return main(["train", "curriculum", "--config", str(recipe), "--output_dir", str(folder), *flags])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a curriculum that has run."""
    folder = tmp_path_factory.mktemp("curriculum") / "run"
    assert run(folder) == 0
    return folder


def state_of(folder: Path) -> dict:
    return json.loads((folder / "curriculum.json").read_text())


def assert_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert [name for name, value in one.items() if not torch.equal(value, other[name])] == []


def test_a_stage_starts_from_the_best_weights_of_the_last_one(folder: Path) -> None:
    best, last = (load_file(folder / "first" / f"checkpoint-{step}" / "model.safetensors") for step in (2, 4))
    assert_equal(load_file(folder / "first" / "model.safetensors"), best)
    # What is below the adapters of the next stage is not trained there.
    name = "model.backbone.model.layers.0.mlp.up_proj.weight"
    assert not torch.equal(best[name], last[name])
    assert torch.equal(load_file(folder / "second" / "model.safetensors")[name], best[name])
    assert state_of(folder)["stages"]["second"]["model"] == "first"


def test_adapters_go_on_from_the_best_ones_of_the_last_stage(folder: Path) -> None:
    best, last = (load_file(folder / "second" / f"checkpoint-{step}" / "adapter_model.safetensors") for step in (2, 4))
    # The third stage has a learning rate of 0.
    kept = load_file(folder / "third" / "adapter" / "adapter_model.safetensors")
    assert_equal(kept, best)
    assert any("lora_A" in name for name in kept) and any("encoder" in name for name in kept)
    assert [name for name in best if not torch.equal(best[name], last[name])]
    stages = state_of(folder)["stages"]
    assert stages["third"]["model"] == "first" and stages["third"]["kept_adapters"]
    assert not stages["second"]["kept_adapters"]
    assert_equal(load_file(folder / "third" / "model.safetensors"), load_file(folder / "second" / "model.safetensors"))


def test_replay_and_range_are_those_of_all_stages(folder: Path) -> None:
    stages = state_of(folder)["stages"]
    assert [stages[name]["replayed"] for name in ("first", "second", "third")] == [0, 0, 8]  # 8 of 12 + 8
    trained_on = AutoProcessor.from_pretrained(folder / "third").trained_on
    assert {"trend", "correlated", "spike"} <= set(trained_on["words"])
    # The level of a synthetic series says nothing.
    assert trained_on["scales"] == []
    assert "spike" not in AutoProcessor.from_pretrained(folder / "second").trained_on["words"]


def test_every_stage_is_validated_on_all(folder: Path) -> None:
    validation = state_of(folder)["validation"]
    assert {name: list(row) for name, row in validation.items()} == {
        name: ["first", "second", "third"] for name in ("start", "first", "second", "third")
    }
    questions = synthetic.load.prepare(num_train=1, num_validation=6, num_test=1, tasks=["correlation"])
    samples = questions.splits["validation"]
    model = TSLMForCausalLM.from_pretrained(folder / "first")
    answers = generate_answers(model, AutoProcessor.from_pretrained(folder / "first"), samples, 6, 3)
    right = sum(answer == sample["answer"] for answer, sample in zip(answers, samples, strict=True))
    assert validation["first"]["second"]["accuracy"] == right / 6


def test_the_card_of_a_stage_names_the_command_of_its_recipe(folder: Path) -> None:
    card = (folder / "second" / "README.md").read_text()
    assert "`ts-llm-fusion train curriculum --config recipe.yaml` trains all of them" in card
    assert "reproduces the model" not in card


def test_the_table_has_a_row_for_each_trained_stage() -> None:
    table = validation_table(
        {"start": {"a": {"accuracy": 0.25}}, "a": {"a": {"accuracy": 1.0}, "b": {"exact_match": 0, "rouge_l": 0.5}}}
    )
    assert table.splitlines() == [
        "| after stage | a (accuracy) | b (rouge_l) |",
        "| ----------- | ------------ | ----------- |",
        "| start       |       0.2500 |           - |",
        "| a           |       1.0000 |      0.5000 |",
    ]


def test_stages_that_are_done_are_skipped_and_other_settings_refused(
    folder: Path, capsys: pytest.CaptureFixture, caplog: pytest.LogCaptureFixture
) -> None:
    times = {path: path.stat().st_mtime_ns for path in folder.glob("*/*.safetensors")}
    caplog.set_level("INFO", "ts_llm_fusion")
    assert run(folder) == 0
    assert [record.message for record in caplog.records if record.message.endswith("is done")] == [
        "stage first is done",
        "stage second is done",
        "stage third is done",
    ]
    assert "| third " in capsys.readouterr().out
    for changes, place in (({"num_train": 13}, "first"), ({"scale_text": False}, "start")):
        assert run(folder, **changes) == 2
        expected = f"{folder / place} was made with another {next(iter(changes))}; name another output_dir"
        assert expected in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*/*.safetensors")} == times


def test_a_stage_goes_on_from_its_middle_to_the_same_weights(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "run"
    for part in ("start", "first"):
        shutil.copytree(folder / part, output / part)
    shutil.copytree(folder / "second" / "checkpoint-2", output / "second" / "checkpoint-2")
    state = state_of(folder)
    state["stages"]["second"]["done"] = False
    del state["stages"]["third"]
    state["validation"] = {name: state["validation"][name] for name in ("start", "first")}
    (output / "curriculum.json").write_text(json.dumps(state))
    assert run(output, "--stages", "second") == 0
    for file in ("model.safetensors", "adapter/adapter_model.safetensors", "checkpoint-4/adapter_model.safetensors"):
        assert_equal(load_file(output / "second" / file), load_file(folder / "second" / file))
    assert not (output / "third").exists()
    assert state_of(output)["validation"]["second"]["first"] == state_of(folder)["validation"]["second"]["first"]


def test_a_foreign_folder_and_an_unknown_stage_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    assert run(tmp_path / "mine") == 2
    assert "thesis.txt is there already" in capsys.readouterr().err
    assert run(tmp_path / "new", "--stages", "fist") == 2
    assert "stages: 'fist' is not one of the curriculum; did you mean 'first'?" in capsys.readouterr().err
    assert run(tmp_path / "new", "--resume_from_checkpoint", "false") == 2
    assert "a curriculum goes on from where it is" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
