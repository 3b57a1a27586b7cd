"""Recipes that push: one commit at the end, made of everything, and the recipe that makes the run again."""

import json
from pathlib import Path

import pytest
import yaml
from huggingface_hub import constants
from transformers import TrainingArguments

from hub.conftest import ANA, BEN, Trained, recipe, write_series
from hub.server import Hub
from ts_llm_fusion.data.series.preparation import DataArguments
from ts_llm_fusion.hub.push import requested_publication
from ts_llm_fusion.training.arguments import RecipeParser
from ts_llm_fusion.training.forecaster import (
    BackboneArguments,
    ForecasterConfigArguments,
    ForecastTrainingArguments,
)

PUSH = ("--push_to_hub", "true", "--hub_private_repo", "true", "--hub_model_id")


def test_every_recipe_ends_in_one_commit(hub: Hub, cli, trained_tslm: Trained, tmp_path: Path) -> None:
    shared = {"context_length": 24, "num_train_epochs": 2, "disable_tqdm": True, "data": str(write_series(tmp_path))}
    text = {"model_type": "gpt2", "num_hidden_layers": 1, "hidden_size": 16, "num_attention_heads": 2, "vocab_size": 2}
    (tmp_path / "f").mkdir()
    settings = {
        "forecaster": recipe(tmp_path / "f", **shared, prediction_length=6, mscnn_channels=4, text_config=text),
        "t2t": recipe(tmp_path, **shared, patch_length=12, patch_stride=6, hidden_size=16, num_hidden_layers=1),
    }
    commands = {
        "forecaster": ("--config", settings["forecaster"], "--output_dir", tmp_path / "forecaster"),
        "t2t": ("--config", settings["t2t"], "--output_dir", tmp_path / "t2t"),
        "sft": (*trained_tslm.arguments, "--output_dir", tmp_path / "sft"),
    }
    for kind, arguments in commands.items():
        answer = cli("train", kind, *arguments, *PUSH, f"ana/{kind}")
        assert answer.code == 0, answer.err[-2000:]
        repository = hub.repositories["model", f"ana/{kind}"]
        assert repository.private
        assert [commit.title for commit in repository.commits.values()] == [
            "initial commit",
            f"{kind}, with ts-llm-fusion",
        ]
        head = hub.head(f"ana/{kind}")
        assert f"{hub.url}/ana/{kind}/commit/{head.oid}" in answer.out
        assert list((tmp_path / kind).glob("checkpoint-*"))
        assert {"README.md", "config.json", "metrics.json", "model.safetensors", "recipe.yaml"} <= set(head.tree)
        assert [path for path in head.tree if path.startswith("plots/")]
        unwanted = ("checkpoint", "optimizer", "training_args", "log_history", "predictions", "fresh_backbone")
        assert [path for path in head.tree if any(name in path for name in unwanted)] == []
        pushed = yaml.safe_load(hub.read(head.tree["recipe.yaml"]))
        assert not [name for name in pushed if "hub" in name or name == "output_dir"]
        assert pushed["num_train_epochs"] == (1 if kind == "sft" else 2)


def test_a_run_that_could_not_push_does_not_begin(hub: Hub, cli, tmp_path: Path) -> None:
    settings = recipe(tmp_path, data=str(write_series(tmp_path)), context_length=24, prediction_length=6)
    arguments = ("train", "forecaster", "--config", settings, "--output_dir", tmp_path / "out", *PUSH, "ana/waves")
    answer = cli(*arguments, token=BEN)
    assert answer.code == 2
    assert "the access token belongs to ben, who may write to ben" in answer.error
    assert not (tmp_path / "out").exists()
    assert hub.repositories == {}
    answer = cli(*arguments, "--hub_token", "hf_secret")
    assert answer.code == 2
    assert answer.error.startswith("hub_token is set, which would end in files and logs")
    assert "hf_secret" not in answer.out + answer.err


def test_the_trainer_is_kept_from_pushing_by_itself(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setenv("HF_TOKEN", ANA)
    arguments = TrainingArguments(str(tmp_path / "waves"), push_to_hub=True, hub_revision="next")
    publication = requested_publication(arguments)
    assert arguments.push_to_hub is False
    assert (publication.repo_id, publication.branch, publication.private) == ("waves", "next", False)
    assert requested_publication(arguments) is None
    with pytest.raises(ValueError, match="hub_strategy is 'checkpoint', but a recipe makes one commit"):
        requested_publication(TrainingArguments(str(tmp_path), push_to_hub=True, hub_strategy="checkpoint"))


def test_the_recipe_beside_a_checkpoint_makes_the_run_again(trained_forecaster: Trained, tmp_path: Path) -> None:
    kinds = [DataArguments, ForecasterConfigArguments, BackboneArguments, ForecastTrainingArguments]
    first = RecipeParser(kinds).parse_recipe(trained_forecaster.arguments)
    path = trained_forecaster.checkpoint / "recipe.yaml"
    output = str(trained_forecaster.checkpoint)
    second = RecipeParser(kinds).parse_recipe(["--config", str(path), "--output_dir", output])
    for one, other in zip(first, second, strict=True):
        assert vars(one) == vars(other) or one.to_dict() == other.to_dict()
    written = yaml.safe_load(path.read_text())
    assert written["learning_rate"] == 0.002
    given = json.loads(Path(trained_forecaster.arguments[1]).read_text())
    assert set(written) == {*given, "learning_rate"}


def test_a_recipe_keeps_no_secret_and_nothing_of_one_run(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("data: x.csv\nenv: {HF_TOKEN: secret}\nhub_token: secret\nlr_scheduler_type: linear\n")
    arguments = ["--config", str(path), "--no_use_llm", "--save-strategy=epoch", "--resume_from_checkpoint", "true"]
    kinds = [DataArguments, ForecasterConfigArguments, ForecastTrainingArguments]
    _, recipe = RecipeParser(kinds).parse_run(arguments)
    assert recipe == {
        "data": "x.csv",
        "lr_scheduler_type": "linear",
        "use_llm": False,
        "save_strategy": "epoch",
    }
