"""Checkpoints whose files are damaged, edited, or made to run code."""

import json
import pickle
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from safetensors.torch import load, save
from tiny_checkpoints import save_forecaster

from ts_llm_fusion.checkpoints import seal_weights
from ts_llm_fusion.forecasting import load_forecaster

from .harness import Family

HISTORY = 100 + 10 * np.sin(np.arange(48) * 2 * np.pi / 12)
WEIGHTS = "model.safetensors"
SETTINGS = ["config.json", "preprocessor_config.json"]


class Bomb:
    """An object whose pickle runs code where it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("/tmp/a_pickle_was_read"),)


@cache
def files() -> dict[str, bytes]:
    """Files of a whole checkpoint."""
    with tempfile.TemporaryDirectory() as name:
        folder = save_forecaster(Path(name))
        seal_weights(folder)
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def forecast(folder: Path) -> np.ndarray:
    model, extractor = load_forecaster(folder)
    inputs = extractor(HISTORY)
    with torch.no_grad():
        return model.predict(**inputs).full_predictions.numpy()


@cache
def clean() -> np.ndarray:
    with tempfile.TemporaryDirectory() as name:
        for file, data in files().items():
            (Path(name) / file).write_bytes(data)
        return forecast(Path(name))


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 300), st.floats(), st.text(max_size=5),
    st.sampled_from([10**9, 10**30, -1, 0, [], {}, [1], {"a": 1}, "gpt2", "llmps", "../..", "auto", "float64", "\0",
        [0.9, 0.1], [0.5, "a"], "sdpa"]),
)  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Places of all values in nested mappings and lists."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inside for found in paths(one, (*path, key)))]


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, dict[str, bytes | None]]:
    """A kind of change, and the new contents of files, None for a file that is gone."""
    kind = draw(
        st.sampled_from(
            ["bits", "bits", "cut", "zeros", "bytes", "value", "value", "value", "tensor", "tensor", "pickle", "code"]
        )
    )
    name = draw(st.sampled_from([WEIGHTS, WEIGHTS, *SETTINGS]))
    data = files()[name]
    place = draw(st.one_of(st.integers(0, len(data) - 1), st.integers(0, min(len(data) - 1, 3000))))
    if kind == "bits":
        return kind, {
            WEIGHTS: _flipped(
                files()[WEIGHTS],
                draw(
                    st.lists(
                        st.tuples(st.integers(0, len(files()[WEIGHTS]) - 1), st.integers(0, 7)), min_size=1, max_size=3
                    )
                ),
            )
        }
    if kind == "cut":
        return kind, {name: data[:place]}
    if kind == "zeros":
        return kind, {WEIGHTS: files()[WEIGHTS][:place] + bytes(len(files()[WEIGHTS]) - place)}
    if kind == "bytes":
        return kind, {name: data[:place] + draw(st.binary(max_size=4)) + data[place + draw(st.integers(0, 4)) :]}
    if kind == "value":
        name = draw(st.sampled_from(["config.json", "config.json", "preprocessor_config.json"]))
        content = json.loads(files()[name])
        path = draw(st.sampled_from(paths(content)[1:]))
        holder = content
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = draw(LEAVES)
        return kind, {name: json.dumps(content).encode(errors="surrogatepass")}
    if kind == "tensor":
        tensors = load(files()[WEIGHTS])
        name = draw(st.sampled_from(sorted(tensors)))
        tensor = tensors[name]
        how = draw(st.sampled_from(["gone", "shape", "rows", "int", "half", "nan", "inf", "name", "more"]))
        if how == "gone":
            del tensors[name]
        elif how == "name":
            tensors["another"] = tensors.pop(name)
        elif how == "more":
            tensors["another"] = tensor.clone()
        else:
            made = {"shape": lambda: tensor[None], "rows": lambda: torch.cat((tensor, tensor)),
                "int": lambda: tensor.long(), "half": lambda: tensor.half(),
                    "nan": lambda: torch.full_like(tensor, torch.nan), "inf": lambda: torch.full_like(tensor,
                    torch.inf)}  # fmt: skip
            tensors[name] = made[how]()
        return f"tensor {how}", {WEIGHTS: save(tensors, {"format": "pt"})}
    bomb = pickle.dumps(Bomb())
    if kind == "pickle":
        as_file = draw(st.sampled_from([WEIGHTS, "pytorch_model.bin", "config.json"]))
        return kind, ({WEIGHTS: None} if as_file.endswith(".bin") else {}) | {as_file: bomb}
    content = json.loads(files()["config.json"])
    content["auto_map"] = {"AutoConfig": "code.Config", "AutoModelForTimeSeriesPrediction": "code.Model"}
    content["model_type"] = draw(st.sampled_from(["llmps", "another"]))
    return kind, {
        "config.json": json.dumps(content).encode(),
        "code.py": b"open('/tmp/code_of_a_checkpoint_was_run', 'w')",
    }


def _flipped(data: bytes, flips: list[tuple[int, int]]) -> bytes:
    found = bytearray(data)
    for place, bit in flips:
        found[place] ^= 1 << bit
    return bytes(found)


def check_checkpoint(case: tuple[str, dict[str, bytes | None]], folder: Path) -> None:
    kind, changed = case
    place = folder / "checkpoint"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, data in {**files(), **changed}.items():
        if data is not None:
            (place / name).write_bytes(data)
    found = forecast(place)
    # Settings may be edited, and weights trained on elsewhere; but no file that is damaged gives another forecast.
    is_damage = kind in ("bits", "cut", "zeros", "pickle", "code") or (kind == "bytes" and WEIGHTS in changed)
    assert not is_damage or np.array_equal(found, clean()), kind
    assert np.isfinite(found).all() or kind in ("tensor nan", "tensor inf")


FAMILIES = [Family("checkpoints", changes(), check_checkpoint, 0.01, clean)]
