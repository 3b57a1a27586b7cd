"""Pushed here, pulled where there is only torch and transformers: the same weights, the same numbers."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import PatchTSTConfig
from tslm_models import batch, save_backbone, tslm, tslm_config

from hub.conftest import ANA, BEN, client_environment, run_python
from hub.server import Fault, Hub
from ts_llm_fusion import (
    ForecastFeatureExtractor,
    MSCNNEncoderConfig,
    T2TConfig,
    T2TForPreTraining,
    TimeSeriesProcessor,
    TSLMForCausalLM,
)

ENCODERS = {
    "patches": {},
    "mscnn": {"encoder_config": MSCNNEncoderConfig(hidden_size=16, mscnn_channels=8)},
    "patchtst": {
        "encoder_config": PatchTSTConfig(
            num_input_channels=1,
            context_length=32,
            patch_length=8,
            patch_stride=8,
            d_model=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            ffn_dim=32,
        )
    },
}

# What stands in the clean environment: every repository is loaded through the Auto classes, twice where told.
_CLEAN = """
    import importlib.util, json, sys
    for name in ("ts_llm_fusion", "pandas", "datasets", "trl", "peft"):
        assert importlib.util.find_spec(name) is None, name
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import (
        AutoModelForCausalLM, AutoModelForPreTraining, AutoModelForTimeSeriesPrediction, AutoProcessor
    )
    torch.set_num_threads(1)
    inputs, found = load_file("inputs.safetensors"), {}
    for _ in range(2):
        model = AutoModelForTimeSeriesPrediction.from_pretrained("ana/forecaster", trust_remote_code=True)
    extractor = AutoProcessor.from_pretrained("ana/forecaster", trust_remote_code=True)
    outputs = model.predict(**extractor(inputs["series"].numpy()))
    found["mean"], found["quantiles"] = outputs.mean_predictions, outputs.full_predictions
    found |= {f"weights.{name}": value for name, value in model.state_dict().items()}
    t2t = AutoModelForPreTraining.from_pretrained("ana/t2t", trust_remote_code=True)
    found["t2t"] = t2t.base_model(inputs["past"]).last_hidden_state.detach()
    for name in json.load(open("models.json")):
        model = AutoModelForCausalLM.from_pretrained(f"ana/{name}", trust_remote_code=True)
        assert type(model).__module__.startswith("transformers_modules."), type(model)
        given = {key.split(".")[1]: value for key, value in inputs.items() if key.startswith(name)}
        found[name] = model(**given).logits.detach()
    processor = AutoProcessor.from_pretrained("ana/soft_prompt-patches", trust_remote_code=True)
    values = inputs["series"][:, 0].tolist()
    content = [{"type": "text", "text": "How? "}, {"type": "time_series", "time_series": values}]
    chat = processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=True, return_dict=True
    )
    found |= {f"chat.{key}": value for key, value in chat.items()}
    save_file({key: value.clone() for key, value in found.items()}, "outputs.safetensors")
"""


def test_every_family_gives_the_same_numbers_where_this_package_is_not(
    hub: Hub, cli, clean_python: dict[str, Path], tiny_model, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    series = torch.tensor(random.normal(size=(48, 3)).cumsum(0), dtype=torch.float32)
    inputs, expected = {"series": series, "past": series[None]}, {}

    forecaster = tiny_model(quantiles=[0.1, 0.5, 0.9])
    extractor = ForecastFeatureExtractor(context_length=48)
    forecaster.save_pretrained(tmp_path / "forecaster")
    extractor.save_pretrained(tmp_path / "forecaster")
    outputs = forecaster.predict(**extractor(series.numpy()))
    expected["mean"], expected["quantiles"] = outputs.mean_predictions, outputs.full_predictions
    expected |= {f"weights.{name}": value for name, value in forecaster.state_dict().items()}

    t2t = T2TForPreTraining(T2TConfig(context_length=48, hidden_size=16, num_hidden_layers=1)).eval()
    t2t.save_pretrained(tmp_path / "t2t")
    expected["t2t"] = t2t.base_model(inputs["past"]).last_hidden_state.detach()

    models = [(fusion, encoder) for fusion in ("soft_prompt", "flamingo") for encoder in ENCODERS]
    for fusion, encoder in models:
        name = f"{fusion}-{encoder}"
        model = tslm(fusion, **ENCODERS[encoder])
        model.save_pretrained(tmp_path / name)
        given = batch(model, [[5, series[:32, 0], 7, 8], [9, 10]])
        inputs |= {f"{name}.{key}": value for key, value in given.items()}
        expected[name] = model(**given).logits.detach()
    processor = processor_of(tmp_path)
    processor.save_pretrained(tmp_path / "soft_prompt-patches")
    content = [{"type": "text", "text": "How? "}, {"type": "time_series", "time_series": series[:, 0].tolist()}]
    chat = processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=True, return_dict=True
    )
    expected |= {f"chat.{key}": value for key, value in chat.items()}

    names = [f"{fusion}-{encoder}" for fusion, encoder in models]
    for name in ["forecaster", "t2t", *names]:
        answer = cli("push", tmp_path / name, f"ana/{name}", "--private")
        assert answer.code == 0, answer.err
    clean = tmp_path / "clean"
    clean.mkdir()
    save_file({key: value.clone() for key, value in inputs.items()}, clean / "inputs.safetensors")
    (clean / "models.json").write_text(json.dumps(names))
    run_python(clean_python["plain"], _CLEAN, client_environment(hub, clean / "home", ANA), clean)

    found = load_file(clean / "outputs.safetensors")
    assert found.keys() == expected.keys()
    different = [key for key, value in expected.items() if not torch.equal(found[key], value)]
    assert different == []
    assert all(found[key].dtype == value.dtype for key, value in expected.items())
    # Loaded twice, sent once.
    size = (tmp_path / "forecaster" / "model.safetensors").stat().st_size
    assert hub.sent("/ana/forecaster/resolve/.*/model.safetensors") == size


def processor_of(folder: Path) -> TimeSeriesProcessor:
    backbone = save_backbone(folder / "backbone")
    fields = {"encoder_config": tslm_config("soft_prompt").encoder_config}
    model = TSLMForCausalLM.from_backbone(backbone, config=fields)
    return TimeSeriesProcessor.from_backbone(backbone, model.config)


@pytest.fixture
def pushed(hub: Hub, cli, tiny_model, tmp_path: Path) -> Path:
    """A private forecaster in ana/waves."""
    folder = tmp_path / "waves"
    tiny_model().save_pretrained(folder)
    assert cli("push", folder, "ana/waves", "--private").code == 0
    hub.requests.clear()
    return folder


def pull(hub: Hub, folder: Path, token: str | None = ANA, revision: str | None = None) -> Path:
    """A snapshot by the real client, which writes what it gets in pieces of 64 KiB instead of 10 MB."""
    code = f"""
        from huggingface_hub import constants, snapshot_download
        constants.DOWNLOAD_CHUNK_SIZE = 2**16
        print(snapshot_download("ana/waves", revision={revision!r}))
    """
    folder.mkdir(exist_ok=True)
    environment = client_environment(hub, folder / "home", token)
    return Path(run_python(Path(sys.executable), code, environment, folder).splitlines()[-1])


def test_a_pull_brings_every_bit_and_a_second_one_brings_nothing(hub: Hub, pushed: Path, tmp_path: Path) -> None:
    snapshot = pull(hub, tmp_path / "reader")
    tree = hub.head("ana/waves").tree
    assert {path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if path.is_file()} == set(tree)
    for path in set(tree) - {"README.md", ".gitattributes"}:
        assert (snapshot / path).read_bytes() == (pushed / path).read_bytes(), path
    sent = hub.sent("/resolve/")
    assert sent == sum(entry.size for entry in tree.values())
    assert pull(hub, tmp_path / "reader") == snapshot
    assert hub.sent("/resolve/") == sent


def test_a_download_that_is_cut_goes_on_where_it_was(hub: Hub, pushed: Path, tmp_path: Path) -> None:
    hub.faults.append(Fault("GET", "/resolve/.*/model.safetensors", "drop", times=1))
    snapshot = pull(hub, tmp_path / "reader")
    weights = (pushed / "model.safetensors").read_bytes()
    assert (snapshot / "model.safetensors").read_bytes() == weights
    requests = [r for r in hub.requests if r.method == "GET" and r.path.endswith("/model.safetensors")]
    written = len(weights) // 2 // 2**16 * 2**16
    assert written > 0
    assert [r.headers.get("range") for r in requests] == [None, f"bytes={written}-"]
    assert requests[1].sent == len(weights) - written


@pytest.mark.parametrize(
    ("token", "revision", "message"),
    [
        (None, None, "RepositoryNotFoundError"),
        (BEN, None, "RepositoryNotFoundError"),
        (ANA, "nowhere", "RevisionNotFoundError"),
    ],
)
def test_private_is_private_and_a_revision_must_be_there(
    token: str | None, revision: str | None, message: str, hub: Hub, pushed: Path, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match=message):
        pull(hub, tmp_path / "reader", token, revision)
    assert hub.sent("/resolve/") == 0
