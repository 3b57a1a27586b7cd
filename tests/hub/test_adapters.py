"""Adapters alone: small, loaded on their base by peft and by transformers, and merged to the same numbers."""

import hashlib
import inspect
import json
import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import HfApi
from safetensors.torch import load_file, save_file
from transformers.integrations import peft as peft_integration
from tslm_models import batch, save_backbone, tslm

from hub.conftest import ANA, Answer, Trained, client_environment, run_python
from hub.server import Hub
from ts_llm_fusion import LLMPSForForecasting, TSLMForCausalLM
from ts_llm_fusion.hub.adapters import load_on_base
from ts_llm_fusion.training.runs import save_model

# Before it knew these wrappers, `load_adapter` of transformers left out modules that were trained whole (5.17 does).
LOADS_WHOLE_MODULES = "AuxiliaryTrainingWrapper" in inspect.getsource(peft_integration)


def upload(hub: Hub, folder: Path, name: str) -> None:
    """Puts a folder on the server as it is: the base that someone else has published."""
    HfApi(endpoint=hub.url, token=ANA).create_repo(name)
    tree = hub.head(name).tree
    for path in folder.iterdir():
        content = path.read_bytes()
        if path.suffix == ".safetensors":
            sha256 = hashlib.sha256(content).hexdigest()
            hub.object_path(sha256).write_bytes(content)
            tree[path.name] = hub.store(content, sha256)
        else:
            tree[path.name] = hub.store(content)


def with_public_base(trained: Trained, folder: Path, base: str) -> Path:
    """A copy of a trained checkpoint that names its base as it is called on the Hub."""
    shutil.copytree(trained.checkpoint, folder, ignore=shutil.ignore_patterns("checkpoint-*"))
    path = folder / "adapter" / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_model_name_or_path": base}))
    return folder


def push_adapter(hub: Hub, cli, trained: Trained, folder: Path, name: str) -> Answer:
    upload(hub, trained.backbone, f"ana/{name}-base")
    checkpoint = with_public_base(trained, folder / name, f"ana/{name}-base")
    answer = cli("push", checkpoint, f"ana/{name}", "--adapter-only")
    assert answer.code == 0, answer.err
    return answer


# As the cards say, in an environment with torch, transformers and peft alone; by peft, and by transformers' own call.
_CLEAN = """
    import importlib.util
    for name in ("ts_llm_fusion", "pandas", "datasets", "trl"):
        assert importlib.util.find_spec(name) is None, name
    import torch
    from peft import PeftModel
    from safetensors.torch import load_file, save_file
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForTimeSeriesPrediction
    torch.set_num_threads(1)
    inputs, found = load_file("inputs.safetensors"), {}

    def base(auto_class, name):
        config = AutoConfig.from_pretrained(f"ana/{name}", trust_remote_code=True)
        model = auto_class.from_config(config, trust_remote_code=True).eval()
        model.load_backbone(f"ana/{name}-base")
        return model

    for name, auto_class in (("waves", AutoModelForTimeSeriesPrediction), ("reader", AutoModelForCausalLM)):
        given = {key.split(".")[1]: value for key, value in inputs.items() if key.startswith(f"{name}.")}
        adapted = PeftModel.from_pretrained(base(auto_class, name), f"ana/{name}").eval()
        loaded = base(auto_class, name)
        loaded.load_adapter(f"ana/{name}")
        with torch.no_grad():
            found[f"{name}.base"] = base(auto_class, name)(**given)[0]
            found[f"{name}.adapted"] = adapted(**given)[0]
            found[f"{name}.loaded"] = loaded.eval()(**given)[0]
            merged = adapted.merge_and_unload()
            found[f"{name}.merged"] = merged(**given)[0]
        found |= {f"{name}.weights.{key}": value.clone() for key, value in merged.state_dict().items()}
    save_file({key: value.contiguous() for key, value in found.items()}, "outputs.safetensors")
"""


def test_an_adapter_loads_on_its_base_where_this_package_is_not(
    hub: Hub,
    cli,
    clean_python: dict[str, Path],
    trained_forecaster: Trained,
    trained_tslm: Trained,
    tmp_path: Path,
) -> None:
    push_adapter(hub, cli, trained_forecaster, tmp_path, "waves")
    push_adapter(hub, cli, trained_tslm, tmp_path, "reader")
    reader = TSLMForCausalLM.from_pretrained(trained_tslm.checkpoint).eval()
    forecaster = LLMPSForForecasting.from_pretrained(trained_forecaster.checkpoint).eval()
    token = reader.config.time_series_token_id
    tokens = torch.tensor([[5, token, 7, 8]])
    given = {
        "waves.past_values": torch.sin(torch.arange(24.0) / 4)[None, :, None].repeat(1, 1, 2),
        "reader.input_ids": tokens,
        "reader.attention_mask": torch.ones_like(tokens),
        "reader.time_series": torch.sin(torch.arange(16.0) / 4)[None, None],
        "reader.time_series_mask": torch.ones(1, 1, 16, dtype=torch.bool),
    }
    save_file(given, tmp_path / "inputs.safetensors")
    run_python(clean_python["peft"], _CLEAN, client_environment(hub, tmp_path / "home", ANA), tmp_path)
    found = load_file(tmp_path / "outputs.safetensors")
    for name, model in (("waves", forecaster), ("reader", reader)):
        with torch.no_grad():
            expected = model(**{key.split(".")[1]: x for key, x in given.items() if key.startswith(f"{name}.")})[0]
        # The merged checkpoint that training left is the adapter merged there, to the last bit.
        assert torch.equal(found[f"{name}.merged"], expected)
        weights = {key: value for key, value in found.items() if key.startswith(f"{name}.weights.")}
        state = model.state_dict()
        assert {key.removeprefix(f"{name}.weights.") for key in weights} == set(state)
        assert all(torch.equal(value, state[key.removeprefix(f"{name}.weights.")]) for key, value in weights.items())
        # Not merged, the same up to rounding, by either way; and the base alone is another model.
        torch.testing.assert_close(found[f"{name}.adapted"], expected, atol=1e-5, rtol=1e-5)
        if LOADS_WHOLE_MODULES:
            torch.testing.assert_close(found[f"{name}.loaded"], expected, atol=1e-5, rtol=1e-5)
        assert (found[f"{name}.base"] - expected).abs().max() > 1e-3


def test_an_adapter_push_has_no_weights_of_the_backbone(
    hub: Hub, cli, trained_forecaster: Trained, tmp_path: Path
) -> None:
    push_adapter(hub, cli, trained_forecaster, tmp_path, "waves")
    tree = hub.head("ana/waves").tree
    assert "model.safetensors" not in tree
    assert {"adapter_config.json", "adapter_model.safetensors", "config.json", "preprocessor_config.json"} <= set(tree)
    (tmp_path / "pushed.safetensors").write_bytes(hub.read(tree["adapter_model.safetensors"]))
    names = load_file(tmp_path / "pushed.safetensors")
    assert {name.split(".")[-2] for name in names if ".backbone." in name} == {"lora_A", "lora_B"}
    card = hub.read(tree["README.md"]).decode()
    assert "base_model: ana/waves-base" in card
    assert "base_model_relation: adapter" in card
    assert "library_name: peft" in card


def test_a_whole_model_and_its_adapter_do_not_lie_in_one_repository(
    hub: Hub, cli, trained_forecaster: Trained, tmp_path: Path
) -> None:
    """transformers would load an adapter_config.json that an earlier push has left, and its base."""
    push_adapter(hub, cli, trained_forecaster, tmp_path, "waves")
    assert cli("push", tmp_path / "waves", "ana/waves").code == 0
    tree = hub.head("ana/waves").tree
    assert {path for path in tree if "adapter" in path} == set()
    assert "model.safetensors" in tree


def test_an_adapter_alone_is_merged_on_request(hub: Hub, cli, trained_forecaster: Trained, tmp_path: Path) -> None:
    push_adapter(hub, cli, trained_forecaster, tmp_path, "waves")
    alone = tmp_path / "alone"
    for path, entry in hub.head("ana/waves").tree.items():
        (alone / path).parent.mkdir(parents=True, exist_ok=True)
        (alone / path).write_bytes(hub.read(entry))
    assert "holds an adapter alone" in cli("push", alone, "ana/whole").error
    answer = cli("push", alone, "ana/whole", "--merge")
    assert answer.code == 0, answer.err
    (tmp_path / "pushed.safetensors").write_bytes(hub.read(hub.head("ana/whole").tree["model.safetensors"]))
    pushed = load_file(tmp_path / "pushed.safetensors")
    trained = load_file(trained_forecaster.checkpoint / "model.safetensors")
    assert pushed.keys() == trained.keys()
    assert all(torch.equal(pushed[name], trained[name]) for name in trained)


def test_an_adapter_that_lacks_a_frozen_part_is_refused(
    hub: Hub, cli, trained_forecaster: Trained, tmp_path: Path
) -> None:
    checkpoint = with_public_base(trained_forecaster, tmp_path / "waves", "ana/waves-base")
    path = checkpoint / "adapter" / "adapter_model.safetensors"
    save_file({name: value for name, value in load_file(path).items() if "token_projection" not in name}, path)
    answer = cli("push", checkpoint, "ana/waves", "--adapter-only")
    assert answer.code == 2
    assert "model.token_projection.bias is neither in the adapter nor in ana/waves-base" in answer.error


def test_an_adapter_on_a_checkpoint_of_ours_loads_as_any_other(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    base = tslm("soft_prompt")
    base.save_pretrained(tmp_path / "base")
    config = LoraConfig(r=2, target_modules=r".*backbone\..*\.q_proj", init_lora_weights=False)
    adapted = get_peft_model(base, config).eval()
    inputs = batch(base, [[5, torch.arange(16.0), 7]])
    with torch.no_grad():
        expected = adapted(**inputs).logits
    save_model(adapted, tmp_path / "out", str(tmp_path / "base"))
    assert not (tmp_path / "out" / "adapter" / "config.json").exists()
    with torch.no_grad():
        found = load_on_base(tmp_path / "out" / "adapter").eval()(**inputs).logits
    assert torch.equal(found, expected)
    with pytest.raises(ValueError, match="base_model_name_or_path is not set"):
        path = tmp_path / "out" / "adapter" / "adapter_config.json"
        path.write_text("{}")
        load_on_base(path.parent)


def test_a_backbone_that_is_loaded_again_is_the_same(tmp_path: Path) -> None:
    """New tokens start without chance, so that what an adapter stands on can be made again."""
    backbone = save_backbone(tmp_path / "backbone")
    torch.manual_seed(1)
    first = TSLMForCausalLM.from_backbone(backbone)
    torch.manual_seed(2)
    second = TSLMForCausalLM(first.config)
    assert not torch.equal(first.model.backbone.lm_head.weight, second.model.backbone.lm_head.weight)
    second.load_backbone(backbone)
    state = second.model.backbone.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in first.model.backbone.state_dict().items())
    rows = first.get_input_embeddings().weight
    torch.testing.assert_close(rows[-1], rows[:-1].mean(0))
