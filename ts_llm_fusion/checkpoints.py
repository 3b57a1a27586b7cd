"""Checks of the files of a checkpoint before a model is built."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError, HTTPError, RepositoryNotFoundError
from huggingface_hub.utils import validate_repo_id
from safetensors import SafetensorError, safe_open

from .errors import UserError, refuses_input
from .files import atomic_path

# JSON files that must hold a mapping.
_MAPPINGS = ("config.json", "preprocessor_config.json", "processor_config.json", "tokenizer_config.json")
# Of a safetensors file: the entry of its header for texts, the checksum's in that, and bytes of the header's length.
_METADATA, _SEAL, _SIZE = "__metadata__", "sha256", 8
# Characters of the reason of an error of transformers, which may hold whole configurations.
_LONGEST_REASON = 300
# Seconds to wait for the Hub, once, before a name is called unknown; the libraries try for half a minute.
_PATIENCE = 5.0


def check_checkpoint(name_or_path: str | Path) -> None:
    """Check that no file of a checkpoint is truncated or garbled: JSON files, and weights.

    The values of weights are checked where a recipe has sealed them, see `seal_weights`. Weights in pickles, which
    could run code, are refused.

    Args:
        name_or_path: folder of a checkpoint, or a name of the Hub, which passes.

    Raises:
        FileNotFoundError: neither a folder nor a valid name of the Hub.
        ValueError: a file is damaged; the error names it.
    """
    if not Path(name_or_path).is_dir():
        _check_name(name_or_path)
    for path in sorted(Path(name_or_path).glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UserError(f"{path}: the file is damaged ({error}); copy or train the checkpoint again.") from None
        if path.name in _MAPPINGS and not isinstance(content, dict):
            raise UserError(f"{path}: the file is damaged (it holds no mapping); copy or train the checkpoint again.")
    for path in sorted(Path(name_or_path).glob("*.safetensors")):
        try:
            with safe_open(path, framework="numpy"):
                pass
        except SafetensorError as error:
            raise UserError(
                f"{path}: the weights are damaged ({error}); copy or train the checkpoint again."
            ) from None
        header, start = _read_header(path)
        sealed = header.get(_METADATA, {}).get(_SEAL)
        if sealed is not None and sealed != _digest(path, header, start):
            raise UserError(
                f"{path}: the weights are damaged (by their checksum); copy or train the checkpoint again."
            )
    pickled = next(Path(name_or_path).glob("*.bin"), None)
    if pickled is not None and not any(Path(name_or_path).glob("*.safetensors")):
        raise UserError(f"{pickled}: weights in a pickle, which can run code; give them as safetensors.")


def seal_weights(folder: str | Path) -> None:
    """Write the checksum of names, shapes and values into the header of each weights file, for `check_checkpoint`.

    It goes with the file: other programs read it as before, and weights that they save anew have none.

    Args:
        folder: of a checkpoint, with safetensors files or without.
    """
    for path in sorted(Path(folder).glob("*.safetensors")):
        header, start = _read_header(path)
        header[_METADATA] = {**header.get(_METADATA, {}), _SEAL: _digest(path, header, start)}
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % _SIZE)
        with atomic_path(path) as temporary, path.open("rb") as old, temporary.open("wb") as new:
            new.write(len(text).to_bytes(_SIZE, "little") + text)
            old.seek(start)
            shutil.copyfileobj(old, new)


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    """Header of a whole safetensors file, and the place of its first value."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_SIZE), "little")
        return json.loads(file.read(length)), _SIZE + length


def _digest(path: Path, header: Mapping[str, Any], start: int) -> str:
    """SHA-256 of the tensors of a safetensors file: their entries in the header, and their values."""
    tensors = {name: entry for name, entry in header.items() if name != _METADATA}
    with path.open("rb") as file:
        file.seek(start)
        digest = hashlib.file_digest(file, "sha256")
    digest.update(json.dumps(tensors, sort_keys=True).encode())
    return digest.hexdigest()


def load_part(auto_class: Any, name: str | Path, **options: Any) -> Any:
    """Load the configuration, the model or the processor of a checkpoint; Python code in it is not run.

    Args:
        auto_class: Auto class of transformers.
        name: folder or name of the Hub.
        options: of `from_pretrained`.

    Raises:
        ValueError: for settings that cannot be read.
        OSError: as `from_pretrained`.
    """
    try:
        return auto_class.from_pretrained(name, trust_remote_code=False, **options)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        if refuses_input(error):
            raise
        why = " ".join(str(error).split())[:_LONGEST_REASON]
        raise UserError(f"{name}: the checkpoint cannot be read ({why}); copy or train it again.") from error


def check_available(name_or_path: str | Path) -> None:
    """Check a checkpoint as `check_checkpoint`, and that a name is in the cache of the Hub or on the Hub.

    A name that is not in the cache costs one request, of a few seconds at most.

    Raises:
        FileNotFoundError: neither a folder nor a model of the Hub.
        ConnectionError: a name that is not in the cache, while the Hub cannot be reached.
        ValueError: a file is damaged; the error names it.
    """
    check_checkpoint(name_or_path)
    name = str(name_or_path)
    if Path(name).is_dir() or isinstance(try_to_load_from_cache(name, constants.CONFIG_NAME), str):
        return
    if constants.is_offline_mode():
        raise FileNotFoundError(f"{name}: neither a folder nor in the cache of the Hub, and HF_HUB_OFFLINE is set.")
    try:
        HfApi().model_info(name, timeout=_PATIENCE)
    except RepositoryNotFoundError:
        raise FileNotFoundError(
            f"{name}: neither a folder nor a model of the Hub; a private one needs a token (`hf auth login`)."
        ) from None
    except HTTPError as error:
        raise ConnectionError(
            f"{name}: neither a folder nor in the cache of the Hub, which cannot be reached "
            f"({str(error) or type(error).__name__})."
        ) from None


def _check_name(name: str | Path) -> None:
    try:
        validate_repo_id(str(name))
    except HFValidationError:
        raise FileNotFoundError(
            f"{name}: neither a folder nor a name of the Hub; give the folder of a checkpoint."
        ) from None
