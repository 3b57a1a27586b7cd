"""Publishing: what is in the commit, and what the command line says when it fails."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from hub.conftest import ANA, BEN, READER, Trained
from hub.server import Fault, Hub
from ts_llm_fusion.hub.contents import _report, model_contents
from ts_llm_fusion.hub.push import Publication

CODE = {
    "configuration_checks.py",
    "configuration_llmps.py",
    "context_cues.py",
    "context_features.py",
    "context_sentences.py",
    "covariate_inputs.py",
    "covariates.py",
    "feature_extraction_forecast.py",
    "grounding.py",
    "grounding_axis.py",
    "grounding_clauses.py",
    "grounding_counts.py",
    "grounding_dates.py",
    "grounding_events.py",
    "grounding_exceptions.py",
    "grounding_forms.py",
    "grounding_holidays.py",
    "grounding_markup.py",
    "grounding_numbers.py",
    "grounding_offsets.py",
    "grounding_points.py",
    "grounding_ranges.py",
    "grounding_reading.py",
    "grounding_recurring.py",
    "grounding_references.py",
    "grounding_times.py",
    "grounding_windows.py",
    "grounding_words.py",
    "hindsight.py",
    "modeling_covariates.py",
    "modeling_llmps.py",
    "modeling_mscnn.py",
    "modeling_quantile_paths.py",
    "modeling_scaling.py",
    "modeling_shared_layers.py",
    "modeling_text_sources.py",
    "modeling_wavelet.py",
    "series_arrays.py",
    "series_names.py",
}
FILES = CODE | {
    "README.md",
    "config.json",
    "metrics.json",
    "model.safetensors",
    "plots/forecast_1.png",
    "plots/forecast_2.png",
    "plots/forecast_3.png",
    "preprocessor_config.json",
    "recipe.yaml",
}


@pytest.fixture
def checkpoint(trained_forecaster: Trained, tmp_path: Path) -> Path:
    """A copy of the trained forecaster, with what must not be pushed: a checkpoint of the Trainer, logs and notes."""
    folder = tmp_path / "wave-forecaster"
    shutil.copytree(trained_forecaster.checkpoint, folder)
    for name in ("optimizer.pt", "trainer_state.json", "training_args.bin", "notes.txt", "runs/events.out", ".env"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("secret")
    assert list(folder.glob("checkpoint-*"))
    return folder


def test_one_commit_holds_everything_that_loads_explains_and_makes_the_model_again(
    hub: Hub, cli, checkpoint: Path
) -> None:
    answer = cli("push", checkpoint, "ana/waves")
    assert answer.code == 0, answer.err
    repository = hub.repositories["model", "ana/waves"]
    assert [commit.title for commit in repository.commits.values()] == [
        "initial commit",
        "wave-forecaster, with ts-llm-fusion",
    ]
    head = hub.head("ana/waves")
    assert set(head.tree) - {".gitattributes"} == FILES
    assert answer.out.strip() == f"{hub.url}/ana/waves/commit/{head.oid}"
    assert answer.err.splitlines()[-1] == "next: ts-llm-fusion evaluate --data DATA --models ana/waves"
    # Bit for bit what lies in the folder, but for the card, which knows its repository, and the report, whose files go
    # by their names alone.
    for path in FILES - {"README.md", "metrics.json", "recipe.yaml"}:
        assert hub.read(head.tree[path]) == (checkpoint / path).read_bytes(), path
    assert head.tree["model.safetensors"].sha256 is not None
    card = hub.read(head.tree["README.md"]).decode()
    assert 'repository = "ana/waves"' in card
    assert str(checkpoint) not in card


def test_a_dry_run_lists_the_files_with_their_sizes_and_asks_nobody(hub: Hub, cli, checkpoint: Path) -> None:
    answer = cli("push", checkpoint, "ana/waves", "--dry-run")
    assert answer.code == 0, answer.err
    listed = dict(reversed(line.split()) for line in answer.out.splitlines()[1:-1])
    assert set(listed) == FILES
    size = (checkpoint / "model.safetensors").stat().st_size
    assert int(listed["model.safetensors"].replace(",", "")) == size
    total = sum(int(one.replace(",", "")) for one in listed.values())
    assert answer.out.splitlines()[-1].split() == [f"{total:,}", "in", str(len(FILES)), "files"]
    assert answer.err.splitlines()[-1] == f"next: ts-llm-fusion push {checkpoint} ana/waves"
    given = ("--revision", "trial", "--private", "--dry-run")
    assert cli("push", checkpoint, "ana/waves", *given).err.endswith(" ana/waves --private --revision trial\n")
    sizes = json.loads(cli("push", checkpoint, "ana/waves", "--dry-run", "--json").out)
    assert set(sizes["model"]) == FILES and sizes["model"]["model.safetensors"] == size and sizes["space"] == {}
    assert hub.requests == []


def test_a_name_without_a_namespace_is_the_users_and_private_is_private(hub: Hub, cli, checkpoint: Path) -> None:
    assert cli("push", checkpoint, "waves", "--private").code == 0
    assert hub.repositories["model", "ana/waves"].private
    answer = cli("push", checkpoint, "ana/waves", token=BEN)
    assert answer.code == 2
    assert "the access token belongs to ben, who may write to ben" in answer.error


def test_a_second_push_sends_only_what_has_changed_and_takes_stale_weights_away(
    hub: Hub, cli, checkpoint: Path, tmp_path: Path
) -> None:
    from huggingface_hub import save_torch_state_dict

    assert cli("push", checkpoint, "ana/waves").code == 0
    sent = hub.received(r"^/lfs/")
    assert sent >= (checkpoint / "model.safetensors").stat().st_size
    before = hub.head("ana/waves").oid
    assert cli("push", checkpoint, "ana/waves").code == 0
    assert hub.head("ana/waves").oid == before
    assert hub.received(r"^/lfs/") == sent
    # The same model in shards: a file that transformers would load instead must go in the same commit.
    weights = load_file(checkpoint / "model.safetensors")
    (checkpoint / "model.safetensors").unlink()
    save_torch_state_dict(weights, checkpoint, max_shard_size="20KB")
    assert cli("push", checkpoint, "ana/waves").code == 0
    tree = hub.head("ana/waves").tree
    assert "model.safetensors" not in tree
    assert "model.safetensors.index.json" in tree
    assert len(hub.repositories["model", "ana/waves"].commits) == 3


def test_weights_above_the_limit_go_in_shards(trained_forecaster: Trained, tmp_path: Path) -> None:
    checkpoint = trained_forecaster.checkpoint
    contents = model_contents(checkpoint, "ana/waves", tmp_path, max_shard_bytes=20_000)
    shards = {name: path for name, path in contents.items() if name.endswith(".safetensors")}
    assert len(shards) > 1
    assert "model.safetensors" not in contents
    index = json.loads(Path(contents["model.safetensors.index.json"]).read_text())
    whole = load_file(checkpoint / "model.safetensors")
    pieces = {name: tensor for path in shards.values() for name, tensor in load_file(path).items()}
    assert pieces.keys() == whole.keys() == index["weight_map"].keys()
    assert all(torch.equal(pieces[name], whole[name]) for name in whole)


def test_a_branch_and_a_pull_request_leave_main_alone(hub: Hub, cli, checkpoint: Path) -> None:
    assert cli("push", checkpoint, "ana/waves").code == 0
    main = hub.head("ana/waves").oid
    hub.repositories["model", "ana/waves"].refs["next"] = main
    (checkpoint / "metrics.json").write_text((checkpoint / "metrics.json").read_text() + "\n")
    assert cli("push", checkpoint, "ana/waves", "--revision", "next").code == 0
    answer = cli("push", checkpoint, "ana/waves", "--create-pr")
    assert answer.out.strip() == f"{hub.url}/ana/waves/discussions/1"
    # Anyone may propose a change.
    assert cli("push", checkpoint, "ana/waves", "--create-pr", token=BEN).out.strip().endswith("/discussions/2")
    refs = hub.repositories["model", "ana/waves"].refs
    assert refs["main"] == main
    assert main not in (refs["next"], refs["refs/pr/1"], refs["refs/pr/2"])


def test_a_card_that_someone_has_written_in_is_kept(hub: Hub, cli, checkpoint: Path) -> None:
    card = checkpoint / "README.md"
    card.write_text(card.read_text().replace("## Use", "Made with care.\n\n## Use"))
    assert cli("push", checkpoint, "ana/waves").code == 0
    pushed = hub.read(hub.head("ana/waves").tree["README.md"]).decode()
    assert "Made with care." in pushed
    assert 'repository = "ana/waves"' in pushed


def test_a_report_names_no_folder_of_this_machine(
    hub: Hub, cli, checkpoint: Path, trained_forecaster: Trained
) -> None:
    folder = str(trained_forecaster.checkpoint.parent)
    assert folder in (checkpoint / "metrics.json").read_text()
    assert cli("push", checkpoint, "ana/waves").code == 0
    tree = hub.head("ana/waves").tree
    metrics = json.loads(hub.read(tree["metrics.json"]))
    assert (metrics["data"], metrics["recipe"]["data"]) == ("waves.csv", "waves.csv")
    assert metrics["test"] == json.loads((checkpoint / "metrics.json").read_text())["test"]
    assert all(folder.encode() not in hub.read(tree[name]) for name in ("metrics.json", "recipe.yaml", "README.md"))


def test_a_space_and_a_handler_go_along(hub: Hub, cli, checkpoint: Path) -> None:
    arguments = ("push", checkpoint, "ana/waves", "--space", "--endpoint")
    listed = cli(*arguments, "--dry-run").out
    assert {"handler.py", "requirements.txt"} <= set(listed.split("Space ana/waves-demo:")[0].split())
    assert cli(*arguments).code == 0
    assert set(hub.head("ana/waves").tree) - {".gitattributes"} == FILES | {
        "handler.py",
        "requirements.txt",
        "time_axis.py",
    }
    space = hub.head("ana/waves-demo", "space")
    assert {"README.md", "app.py", "requirements.txt", "ts_llm_fusion/web/page.py"} <= set(space.tree)
    assert b'"ana/waves"' in hub.read(space.tree["app.py"])
    assert space.parent == next(iter(hub.repositories["space", "ana/waves-demo"].commits))
    # Where the Space fails, the model is there, and the error says which of the two it is about.
    hub.faults.append(Fault("POST", "/api/spaces/.*/commit/", 500))
    (checkpoint / "metrics.json").write_text((checkpoint / "metrics.json").read_text() + "\n")
    demo = hub.repositories["space", "ana/waves-demo"]
    demo.refs["main"] = next(iter(demo.commits))
    answer = cli(*arguments)
    assert answer.error.startswith("ana/waves-demo: the Hub is in trouble")
    assert len(hub.repositories["model", "ana/waves"].commits) == 3


# -- what goes wrong


def test_a_drop_in_the_middle_of_an_upload_is_borne_once(hub: Hub, cli, checkpoint: Path) -> None:
    hub.faults.append(Fault("PUT", r"^/lfs/", "drop", times=1))
    assert cli("push", checkpoint, "ana/waves").code == 0
    tree = hub.head("ana/waves").tree
    assert hub.read(tree["model.safetensors"]) == (checkpoint / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("PUT", r"^/lfs/", "drop"), "the connection to the Hub broke"),
        (Fault("PUT", r"^/lfs/", 500), "the Hub is in trouble (status 500: injected 500); push again later"),
        (Fault("POST", r"/preupload/", 503), "the Hub is in trouble (status 503"),
        (Fault("POST", r"/info/lfs/objects/batch", 500), "the Hub is in trouble (status 500"),
        (Fault("POST", r"/commit/", 500), "the Hub is in trouble (status 500"),
        (Fault("POST", r"/commit/", "drop"), "the connection to the Hub broke"),
        (Fault("POST", r"/preupload/", 403), "the access token does not permit this"),
    ],
    ids=lambda value: f"{value.path} {value.kind}" if isinstance(value, Fault) else "",
)
def test_an_interrupted_push_leaves_the_branch_as_it_was(
    fault: Fault, message: str, hub: Hub, cli, checkpoint: Path
) -> None:
    assert cli("push", checkpoint, "ana/waves").code == 0
    before = hub.head("ana/waves")
    weights = checkpoint / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\1\2\3\4")
    (checkpoint / "metrics.json").write_text((checkpoint / "metrics.json").read_text() + "\n")
    # Faults are used up.
    hub.faults.append(Fault(fault.method, fault.path, fault.kind))
    answer = cli("push", checkpoint, "ana/waves")
    assert answer.code == 2
    assert answer.error.startswith("ana/waves: ")
    assert message in answer.error
    assert answer.error.endswith("main is as it was.")
    assert hub.head("ana/waves") == before
    hub.faults.clear()
    assert cli("push", checkpoint, "ana/waves").code == 0
    assert hub.read(hub.head("ana/waves").tree["model.safetensors"]) == weights.read_bytes()


def test_the_answer_to_a_commit_that_is_lost_is_no_failure_to_commit(hub: Hub, cli, checkpoint: Path) -> None:
    """Where the commit has arrived and only the answer has not, the error says so."""
    assert cli("push", checkpoint, "ana/waves").code == 0
    (checkpoint / "metrics.json").write_text((checkpoint / "metrics.json").read_text() + "\n")
    hub.faults.append(Fault("POST", r"/commit/", "drop answer"))
    answer = cli("push", checkpoint, "ana/waves")
    assert answer.code == 2
    assert answer.error.endswith(f"main is now at {hub.head('ana/waves').oid}.")


@pytest.mark.parametrize(
    ("token", "arguments", "message"),
    [
        ("", ("ana/waves",), "no access token: log in with `hf auth login`, or set HF_TOKEN."),
        ("unknown", ("ana/waves",), "ana/waves: the Hub does not accept the access token"),
        (READER, ("ana/waves",), "ana/waves: the access token is read-only; create one that may write."),
        (BEN, ("ana/waves",), "ana/waves: the access token belongs to ben, who may write to ben"),
        (ANA, ("a/b/c",), "'a/b/c' is not a valid name of a repository"),
        (ANA, ("ana/taken", "--private"), "ana/taken exists and is public, and --private would not hide it"),
        (ANA, ("ana/taken", "--revision", "nowhere"), "ana/taken has no branch 'nowhere'; it has main"),
        (ANA, ("ana/new", "--revision", "nowhere"), "ana/new: no such repository with a branch 'nowhere'"),
        (ANA, ("ana/new", "--create-pr"), "ana/new: no such repository to propose a change to"),
        (ANA, ("ana/waves", "--adapter-only"), "which others do not have"),
    ],
)
def test_what_cannot_be_pushed_is_one_line(
    token: str, arguments: tuple[str, ...], message: str, hub: Hub, cli, checkpoint: Path
) -> None:
    if "ana/taken" in arguments:
        assert cli("push", checkpoint, "ana/taken").code == 0
    repositories = set(hub.repositories)
    answer = cli("push", checkpoint, *arguments, token=token)
    assert answer.code == 2
    assert message in answer.error
    assert set(hub.repositories) == repositories


def test_a_name_that_is_taken_in_the_meantime_is_one_line(hub: Hub, cli, checkpoint: Path) -> None:
    hub.faults.append(Fault("POST", "/api/repos/create", 409))
    assert "ana/waves: the name is taken" in cli("push", checkpoint, "ana/waves").error


def test_a_push_in_between_is_not_overwritten(hub: Hub, cli, checkpoint: Path) -> None:
    hub.faults.append(Fault("POST", "/commit/", 412))
    assert "someone else has pushed in the meantime" in cli("push", checkpoint, "ana/waves").error


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("config.json", "no config.json"),
        ("model.safetensors", "no model.safetensors; weights go to the Hub as safetensors only"),
        ("modeling_mscnn.py", "modeling_mscnn.py is missing, code that auto_map needs"),
    ],
)
def test_an_incomplete_folder_is_one_line(lost: str, message: str, hub: Hub, cli, checkpoint: Path) -> None:
    (checkpoint / lost).unlink()
    shutil.rmtree(checkpoint / "adapter")
    answer = cli("push", checkpoint, "ana/waves")
    assert answer.code == 2
    assert message in answer.error
    assert hub.repositories == {}


def test_models_of_others_are_refused(hub: Hub, cli, trained_forecaster: Trained) -> None:
    answer = cli("push", trained_forecaster.backbone, "ana/waves")
    assert "a model of type 'gpt2'; this package pushes llmps" in answer.error


def test_the_token_never_reaches_a_log_or_a_file(hub: Hub, cli, checkpoint: Path) -> None:
    hub.faults.append(Fault("PUT", r"^/lfs/", 500))
    failed = cli("push", checkpoint, "ana/waves")
    hub.faults.clear()
    answer = cli("push", checkpoint, "ana/waves")
    for said in (failed.out, failed.err, answer.out, answer.err):
        assert ANA not in said
    head = hub.head("ana/waves")
    assert not [path for path, entry in head.tree.items() if ANA.encode() in hub.read(entry)]
    # And a file that holds it stays here.
    (checkpoint / "recipe.yaml").write_text(f"hub_token: {ANA}\n")
    assert "recipe.yaml holds your access token" in cli("push", checkpoint, "ana/waves").error
    assert hub.head("ana/waves") == head


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="contradict each other"):
        Publication("ana/waves", adapter_only=True, merge=True)
    with pytest.raises(ValueError, match="need the whole model"):
        Publication("ana/waves", adapter_only=True, space=True)


def test_paths_of_a_report_go_by_their_names(tmp_path: Path) -> None:
    report = {
        "data": "../acme/sales.csv",
        "start": "~/runs/first",
        "other": "data/b.parquet",
        "llm": "org/llm-1.5",
    }
    (tmp_path / "metrics.json").write_text(json.dumps(report))
    names = {"data": "sales.csv", "start": "first", "other": "b.parquet", "llm": "org/llm-1.5"}
    assert json.loads(_report(tmp_path)["metrics.json"]) == names
