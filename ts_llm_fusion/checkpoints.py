"""Checks of the files of a checkpoint before a model is built."""

import json
from pathlib import Path

from huggingface_hub import HfApi, constants, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError, HTTPError, RepositoryNotFoundError
from huggingface_hub.utils import validate_repo_id
from safetensors import SafetensorError, safe_open

from .errors import UserError

# JSON files that must hold a mapping.
_MAPPINGS = ("config.json", "preprocessor_config.json", "processor_config.json", "tokenizer_config.json")
# Seconds to wait for the Hub, once, before a name is called unknown; the libraries try for half a minute.
_PATIENCE = 5.0


def check_checkpoint(name_or_path: str | Path) -> None:
    """Check that no file of a checkpoint is truncated or garbled: JSON files, and the headers of weights.

    The values of weights cannot be checked, because the format has no checksum. The client of the Hub verifies its
    downloads.

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
