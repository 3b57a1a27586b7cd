"""Files of a push: those that load a checkpoint, describe it and reproduce it, and no others."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from ..errors import UserError
from ..families import BUILT_IN, FAMILIES
from .adapters import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    adapter_folder,
    base_of,
    load_on_base,
    missing_weights,
    stands_on_backbone,
)
from .cards import Adapter, card_for, model_card

# path in the repository -> a local file, or contents
Contents = dict[str, Path | bytes]

MAX_SHARD_BYTES = 5_000_000_000

_INDEX = "model.safetensors.index.json"
_WEIGHTS = "model.safetensors"
# Configurations, tokenizer and chat templates, then the report of a training run.
_CONFIGS = ("config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json")
_TOKENIZER = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "spiece.model")
_TEMPLATES = ("chat_template.*", "additional_chat_templates/*.jinja")
_REPORT = ("metrics.json", "recipe.yaml", "tslm_recipe.yaml", "plots/*.png")

# Suffixes of the files of data that a report names.
_DATA = {".csv", ".tsv", ".parquet", ".xlsx"}

# If one of these were left in the repository from an earlier push, it would be loaded instead of the new weights.
STALE = ("*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin*", "adapter_model.bin", ADAPTER_CONFIG)


def is_stale(path: str) -> bool:
    """Whether a file from an earlier push must be deleted by the next one that lacks it."""
    return "/" not in path and any(fnmatch(path, pattern) for pattern in STALE)


def _found(folder: Path, *patterns: str) -> dict[str, Path]:
    paths = (path for pattern in patterns for path in sorted(folder.glob(pattern)))
    return {path.relative_to(folder).as_posix(): path for path in paths if path.is_file()}


def _is_local(text: str) -> bool:
    """Whether a value of a report is a place on this machine, and not a repository or the name of a set."""
    path = Path(text)
    is_in_folder = len(path.parts) > 1 and not _DATA.isdisjoint(path.suffixes)
    return path.is_absolute() or text.startswith(("./", "../", "~/")) or is_in_folder


def _local_paths(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if _is_local(value):
            yield value
    elif isinstance(value, Iterable):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _local_paths(item)


def _report(folder: Path) -> Contents:
    """Report of a training run, with paths of this machine reduced to file names."""
    found = _found(folder, *_REPORT)
    contents: Contents = {**found}
    for name in found.keys() & {"metrics.json", "recipe.yaml", "tslm_recipe.yaml"}:
        text = found[name].read_text(encoding="utf-8")
        for path in sorted(set(_local_paths(yaml.safe_load(text))), key=len, reverse=True):
            text = text.replace(path, Path(path).name)
        contents[name] = text.encode()
    return contents


def has_weights(checkpoint: Path) -> bool:
    """Whether a folder holds the weights of a whole model."""
    return (checkpoint / _WEIGHTS).is_file() or (checkpoint / _INDEX).is_file()


def _weights(checkpoint: Path) -> dict[str, Path]:
    """Collect the weights in one file, or the index with all its shards."""
    if (checkpoint / _WEIGHTS).is_file():
        return {_WEIGHTS: checkpoint / _WEIGHTS}
    if not (checkpoint / _INDEX).is_file():
        raise FileNotFoundError(f"{checkpoint}: no {_WEIGHTS}; weights go to the Hub as safetensors only.")
    shards = sorted(set(json.loads((checkpoint / _INDEX).read_text())["weight_map"].values()))
    missing = [name for name in shards if Path(name).name != name or not (checkpoint / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{checkpoint}: {_INDEX} names {missing[0]}, which is not in the folder.")
    return {_INDEX: checkpoint / _INDEX, **{name: checkpoint / name for name in shards}}


def _sharded(weights: dict[str, Path], scratch: Path, max_shard_bytes: int) -> dict[str, Path]:
    """Split weights in one file above the limit into shards."""
    path = weights.get(_WEIGHTS)
    if path is None or path.stat().st_size <= max_shard_bytes:
        return weights
    from huggingface_hub import save_torch_state_dict
    from safetensors.torch import load_file

    folder = Path(tempfile.mkdtemp(dir=scratch))
    save_torch_state_dict(load_file(path), folder, max_shard_size=max_shard_bytes)
    return _found(folder, "*")


def _module_file(checkpoint: Path, module: str) -> Path:
    """Path of a module of the code of a checkpoint; the code of the built-in one is that of this package."""
    path = checkpoint / f"{module}.py"
    if checkpoint.resolve() == Path(BUILT_IN).resolve():
        places = [files(f"ts_llm_fusion.{part}").joinpath(path.name) for part in ("modeling", "processing")]
        return next((Path(str(place)) for place in places if place.is_file()), path)
    return path


def _code(checkpoint: Path) -> Contents:
    """Collect the Python files named by `auto_map`, and those that they import."""
    from transformers.dynamic_module_utils import get_relative_import_files

    references: set[str] = set()
    for name in (*_CONFIGS, "tokenizer_config.json"):
        path = checkpoint / name
        auto_map = json.loads(path.read_text(encoding="utf-8")).get("auto_map") if path.is_file() else None
        for reference in (auto_map or {}).values():
            references |= {reference} if isinstance(reference, str) else set(filter(None, reference))
        if name == "config.json" and not auto_map:
            raise FileNotFoundError(
                f"{checkpoint}: config.json has no auto_map, so nobody without this package could load it; save the "
                "model again with save_pretrained."
            )
    modules = {_module_file(checkpoint, reference.split(".")[0]) for reference in references}
    try:
        modules |= {Path(file) for module in modules for file in get_relative_import_files(module)}
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise FileNotFoundError(
            f"{checkpoint}: {missing} is missing, code that auto_map needs; save it again."
        ) from None
    return {path.name: path for path in sorted(modules)}


def _check(checkpoint: Path) -> None:
    if not checkpoint.is_dir():
        raise FileNotFoundError(f"{checkpoint}: no such folder.")
    if not (checkpoint / "config.json").is_file():
        raise FileNotFoundError(f"{checkpoint}: no config.json; give the folder of a checkpoint.")
    model_type = json.loads((checkpoint / "config.json").read_text(encoding="utf-8")).get("model_type")
    if model_type not in FAMILIES:
        raise UserError(f"{checkpoint}: a model of type {model_type!r}; this package pushes {', '.join(FAMILIES)}.")


def model_contents(
    checkpoint: Path, repository: str, scratch: Path, max_shard_bytes: int = MAX_SHARD_BYTES
) -> Contents:
    """Collect the files of a checkpoint: weights, configuration, processor, code, report and card.

    Args:
        checkpoint: folder of the checkpoint.
        repository: name of the repository, for the card.
        scratch: folder for shards.
        max_shard_bytes: weights in a larger file are split into shards of this size.

    Raises:
        FileNotFoundError: a file needed to load the checkpoint is missing.
        ValueError: the model is not of this package.
    """
    _check(checkpoint)
    return {
        **_sharded(_weights(checkpoint), scratch, max_shard_bytes),
        **_found(checkpoint, *_CONFIGS, *_TOKENIZER, *_TEMPLATES),
        **_report(checkpoint),
        **_code(checkpoint),
        "README.md": card_for(checkpoint, repository).encode(),
    }


def adapter_contents(checkpoint: Path, repository: str) -> Contents:
    """Collect the files of a checkpoint's adapter, or of a folder with one alone: weights, processor, code and report.

    `config.json` is included only if the base is a plain text model (see `adapters`).

    Raises:
        FileNotFoundError: there is no adapter.
        ValueError: the base is a local folder, or some weights are neither in the adapter nor in the base.
    """
    adapter = adapter_folder(checkpoint)
    if adapter is None or not (adapter / ADAPTER_WEIGHTS).is_file():
        raise FileNotFoundError(f"{checkpoint}: no adapter; train with LoRA, or push without --adapter-only.")
    base, on_backbone = base_of(adapter), stands_on_backbone(adapter)
    if Path(base).exists() or Path(base).is_absolute():
        raise UserError(
            f"{adapter}: its base is the folder {base}, which others do not have; push that, and put the name of its "
            f"repository into {ADAPTER_CONFIG}, or push the merged model without --adapter-only."
        )
    card: Contents = {}
    if adapter == checkpoint:
        card |= _found(adapter, "README.md")
    else:
        _check(checkpoint)
        missing = missing_weights(adapter, checkpoint) if on_backbone and (checkpoint / _WEIGHTS).is_file() else []
        if missing:
            raise UserError(
                f"{adapter}: {missing[0]} is neither in the adapter nor in {base}, because it was frozen; push the "
                "merged model without --adapter-only."
            )
        card["README.md"] = str(model_card(checkpoint, repository, Adapter(base, on_backbone))).encode()
    configs = _CONFIGS if on_backbone else tuple(name for name in _CONFIGS if name != "config.json")
    return {
        **{name: adapter / name for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS)},
        **_found(checkpoint, *configs, *_TOKENIZER, *_TEMPLATES),
        **_report(checkpoint),
        **_code(checkpoint),
        **card,
    }


def merged_contents(checkpoint: Path, repository: str, scratch: Path) -> Contents:
    """Collect the files of the whole model for a folder with an adapter alone, merged into its base in `scratch`."""
    adapter = adapter_folder(checkpoint)
    if adapter is None:
        raise FileNotFoundError(f"{checkpoint}: no adapter to merge; push without --merge.")
    merged = Path(tempfile.mkdtemp(dir=scratch))
    # The model is saved last, so that its files replace those of the adapter.
    for path, file in _found(adapter, *_CONFIGS, *_TOKENIZER, *_TEMPLATES, *_REPORT, "*.py").items():
        (merged / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, merged / path)
    load_on_base(adapter).merge_and_unload().save_pretrained(merged)
    return model_contents(merged, repository, scratch)


def size_of(content: Path | bytes) -> int:
    """Size in bytes."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def check_secret(contents: Mapping[str, Path | bytes], secret: str | None) -> None:
    """Raise ValueError if a text file contains the access token of the push."""
    for path, content in contents.items():
        if secret and not path.endswith((".safetensors", ".png")):
            text = content if isinstance(content, bytes) else content.read_bytes()
            if secret.encode() in text:
                raise UserError(f"{path} holds your access token; take it out, and make a new token at the Hub.")
