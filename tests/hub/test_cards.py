"""Cards: what the Hub reads of them, what people do, and that their snippets run as printed."""

import json
import re
import shutil
from pathlib import Path

import huggingface_hub
import pytest
from datasets.utils.metadata import known_task_ids
from huggingface_hub import ModelCard, constants
from huggingface_hub.repocard import metadata_load
from huggingface_hub.repocard_data import model_index_to_eval_results
from peft import LoraConfig, get_peft_model
from transformers import AutoProcessor

from hub.conftest import ANA, Trained, client_environment, run_python
from hub.server import Hub, card_errors
from hub.test_adapters import push_adapter
from ts_llm_fusion import T2TConfig, T2TForPreTraining, TSLMForCausalLM, fuse
from ts_llm_fusion.data.registry import REGISTRY
from ts_llm_fusion.hub.cards import card_for, model_card
from ts_llm_fusion.training.runs import save_model

KINDS = ("forecaster", "tslm", "t2t", "fused")


@pytest.fixture(scope="module")
def folders(trained_forecaster: Trained, trained_tslm: Trained, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """A checkpoint of each kind; the time-to-text encoder has no report. One has a forecaster and a language model."""
    t2t = tmp_path_factory.mktemp("t2t") / "words"
    T2TForPreTraining(T2TConfig(context_length=48, hidden_size=16, num_hidden_layers=1)).save_pretrained(t2t)
    fused = fuse(trained_tslm.checkpoint, t2t.parent / "fused")
    return {"forecaster": trained_forecaster.checkpoint, "tslm": trained_tslm.checkpoint, "t2t": t2t, "fused": fused}


# The client of 1.x has cards checked at the Hub's own address, whatever the endpoint is.
checked_here = pytest.mark.skipif(
    huggingface_hub.__version__.startswith("1."), reason="this huggingface_hub checks cards at the Hub alone"
)


@checked_here
@pytest.mark.parametrize("kind", KINDS)
def test_a_card_passes_the_checks_of_the_hub(
    kind: str, hub: Hub, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = model_card(folders[kind], f"ana/{kind}")
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    card.validate()
    assert [request.path for request in hub.requests] == ["/api/validate-yaml"]
    assert card_errors(str(card), "model") == []
    card.save(tmp_path / "README.md")
    metadata = metadata_load(tmp_path / "README.md")
    assert metadata["library_name"] == "transformers"
    assert "ts-llm-fusion" in metadata["tags"]
    assert metadata["license"] in ("apache-2.0", "other")
    assert (
        metadata["pipeline_tag"]
        in {
            "forecaster": {"time-series-forecasting"} & set(known_task_ids),
            "tslm": {"text-generation"} & set(known_task_ids),
            "t2t": {"feature-extraction"},
            "fused": {"time-series-forecasting"} & set(known_task_ids),
        }[kind]
    )
    if kind in ("t2t", "fused"):
        assert "model-index" not in metadata
        return
    name, results = model_index_to_eval_results(metadata["model-index"])
    assert name == kind
    metrics = json.loads((folders[kind] / "metrics.json").read_text())
    shown = {result.metric_type: result.metric_value for result in results}
    assert set(metadata["metrics"]) == set(shown)
    expected = {"forecaster": set(metrics["test"]) - {"nominal"}, "tslm": {"exact_match", "accuracy", "macro_f1"}}
    assert set(shown) == expected[kind]
    assert shown == pytest.approx({name: metrics["test"][name] for name in shown}, abs=1e-6)


@checked_here
def test_the_checks_are_not_empty(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    with pytest.raises(ValueError, match="pipeline_tag"):
        ModelCard("---\npipeline_tag: time-travel\n---\n").validate()


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_tells_what_a_reader_must_know(kind: str, folders: dict[str, Path], tmp_path: Path) -> None:
    text = str(model_card(folders[kind], f"ana/{kind}"))
    assert "**Not for medical use.**" in text
    assert "eprint        = {2503.09656}" in text
    assert "eprint        = {2510.02410}" in text
    # Nothing of this machine, and no value that was not there.
    assert str(folders[kind].parent) not in text
    prose = re.sub(r"```python\n.*?```", "", text, flags=re.S)
    assert not re.search(r"\bNone\b(?! are known)|undefined|\{\{|\{%", prose)
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (folders[kind] / picture).is_file()
    assert ("![" in text) == (kind in ("forecaster", "tslm"))
    if kind == "forecaster":
        assert "| look-back, horizon | 24, 6 |" in text
        # 280, 40 and 80 of 400 rows: windows of 24 and 6 steps, the look-back of later splits in the one before.
        assert "| windows (train, validation, test) | 251, 35, 75 |" in text
        assert "every one of its 75 windows" in text
        metrics = json.loads((folders[kind] / "metrics.json").read_text())
        for baseline in ("repeat_last", "seasonal_naive", "ridge"):
            assert f"{metrics['baselines'][baseline]['mse']:.4f}" in text.split(f"| {baseline}")[1].splitlines()[0]
    if kind == "fused":
        batches = json.loads((folders[kind] / "metrics.json").read_text())["batches"]
        assert f"| synthetic only: {batches:,} batches of up to" in text
        assert "`ts-llm-fusion train context --config recipe.yaml`" in " ".join(text.split())
        assert "[tslm_recipe.yaml](tslm_recipe.yaml)" in text
    if kind in ("tslm", "fused"):
        # One pass over 16 questions.
        seen = "| questions (train, validation, test) | 16, 4, 4 |\n| questions seen, each pass counted | 16 |\n"
        assert seen in text
        assert "| majority" in text
        assert "| series shuffled" in text


def test_what_a_model_was_made_of_is_named(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "waves"
    shutil.copytree(folders["forecaster"], folder, ignore=shutil.ignore_patterns("checkpoint-*"))
    metrics = json.loads((folder / "metrics.json").read_text())

    def with_recipe(**recipe: str | None) -> ModelCard:
        changed = metrics | {"data": "ETTh1", "tested_on": "ETTh2", "recipe": metrics["recipe"] | recipe}
        (folder / "metrics.json").write_text(json.dumps(changed))
        return model_card(folder, "ana/waves")

    card = with_recipe(backbone="openai-community/gpt2")
    assert (card.data.base_model, card.data.base_model_relation) == ("openai-community/gpt2", "finetune")
    assert (card.data.license, card.data.license_name) == ("other", "that-of-the-base-model")
    assert "| openai-community/gpt2 (gpt2, lora) |" in str(card)
    assert card.data.datasets == [REGISTRY["ETTh1"].hub_id]
    assert {result.dataset_name for result in card.data.eval_results} == {"ETTh2"}
    assert "CC BY-ND 4.0" in str(card)
    assert "Test split of `ETTh2`" in str(card)
    card = with_recipe(backbone=None)
    assert (card.data.base_model, card.data.license) == (None, "apache-2.0")
    # A local folder is not a name for others.
    card = with_recipe(backbone=str(tmp_path))
    assert card.data.base_model is None
    assert str(tmp_path) not in str(card)


@pytest.mark.parametrize("kind", ["forecaster", "tslm"])
def test_a_report_is_read_by_the_names_of_today_and_of_before(
    kind: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    cards = []
    metrics = json.loads((folders[kind] / "metrics.json").read_text())
    lengths = {"context_length": "look_back", "prediction_length": "horizon"}
    for version, names in {"before": lengths, "today": {}}.items():
        folder = tmp_path / version
        shutil.copytree(folders[kind], folder, ignore=shutil.ignore_patterns("checkpoint-*", "*.safetensors"))
        renamed = {names.get(key, key): value for key, value in metrics.items()}
        if version == "before":
            renamed = {key.replace("baselines", "floors"): value for key, value in renamed.items()}
        (folder / "metrics.json").write_text(json.dumps(renamed))
        cards.append(str(model_card(folder, "ana/waves")))
    assert cards[0] == cards[1]
    assert "| ridge" in cards[1]


def test_a_local_card_gets_the_name_of_its_repository(folders: dict[str, Path]) -> None:
    folder = folders["forecaster"]
    local = (folder / "README.md").read_text()
    assert f'repository = "{folder}"' in local
    assert card_for(folder, "ana/waves") == str(model_card(folder, "ana/waves"))


def adapted_again(trained: Trained, folder: Path, base: str) -> Path:
    """A language model of ours with another adapter on it."""
    model = TSLMForCausalLM.from_pretrained(trained.checkpoint)
    config = LoraConfig(r=2, target_modules=r".*backbone\..*\.q_proj", init_lora_weights=False)
    save_model(get_peft_model(model, config), folder, str(trained.checkpoint))
    AutoProcessor.from_pretrained(trained.checkpoint).save_pretrained(folder)
    path = folder / "adapter" / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_model_name_or_path": base}))
    return folder


def test_snippets_run_as_printed(
    hub: Hub,
    cli,
    clean_python: dict[str, Path],
    folders: dict[str, Path],
    trained_forecaster: Trained,
    trained_tslm: Trained,
    tmp_path: Path,
) -> None:
    """Of every kind of card, as it was pushed, in a folder elsewhere where this package is not."""
    for kind, folder in folders.items():
        assert cli("push", folder, f"ana/{kind}").code == 0
    push_adapter(hub, cli, trained_forecaster, tmp_path, "waves")
    push_adapter(hub, cli, trained_tslm, tmp_path, "reader")
    again = adapted_again(trained_tslm, tmp_path / "again", "ana/tslm")
    assert cli("push", again, "ana/again", "--adapter-only").code == 0
    assert "config.json" not in hub.head("ana/again").tree
    away = tmp_path / "away"
    away.mkdir()
    assert "tslm_recipe.yaml" in hub.head("ana/fused").tree
    for kind in (*KINDS, "waves", "reader", "again"):
        card = hub.read(hub.head(f"ana/{kind}").tree["README.md"]).decode()
        snippet, *with_text = re.findall(r"```python\n(.*?)```", card, re.S)
        (away / f"{kind}.py").write_text(snippet)
        # One with a text needs the weights of its encoder.
        assert [compile(more, kind, "exec") and kind for more in with_text] == (["fused"] if with_text else [])
    code = """
        import importlib.util, runpy
        assert importlib.util.find_spec("ts_llm_fusion") is None
        for name in ("forecaster", "waves", "t2t", "tslm", "reader", "again", "fused"):
            print("#", name, flush=True)
            runpy.run_path(f"{name}.py")
    """
    printed = run_python(clean_python["peft"], code, client_environment(hub, tmp_path / "home", ANA), away)
    said = {part.split()[0]: part.splitlines()[1:] for part in printed.split("# ")[1:]}
    assert said["forecaster"] == ["torch.Size([1, 6, 2])", "torch.Size([1, 6, 2, 3])"]
    assert said["waves"] == said["forecaster"]
    assert said["t2t"] == ["torch.Size([1, 1, 3, 16])"]
    assert said["reader"] == said["tslm"]
    assert "again" in said
    assert said["fused"][:2] == ["torch.Size([1, 48, 2])", "torch.Size([1, 48, 2, 9])"]
    assert len(said["fused"]) > 2
