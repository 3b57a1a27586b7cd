"""Checks of the files of a checkpoint before a model is built."""

import json
from pathlib import Path

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id
from safetensors import SafetensorError, safe_open

from .errors import UserError

# JSON files that must hold a mapping.
_MAPPINGS = ("config.json", "preprocessor_config.json", "processor_config.json", "tokenizer_config.json")


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
        try:
            validate_repo_id(str(name_or_path))
        except HFValidationError:
            raise FileNotFoundError(
                f"{name_or_path}: neither a folder nor a name of the Hub; give the folder of a checkpoint."
            ) from None
    for path in sorted(Path(name_or_path).glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UserError(f"{path}: the file is damaged ({error}); copy or train the checkpoint again.") from None
        if path.name in _MAPPINGS and not isinstance(content, dict):
            raise UserError(f"{path}: the file is damaged (it holds no mapping); copy or train the checkpoint again.")
    for path in sorted(Path(name_or_path).glob("*.safetensors")):
        try:
            with safe_open(path, framework="pt"):
                pass
        except SafetensorError as error:
            raise UserError(
                f"{path}: the weights are damaged ({error}); copy or train the checkpoint again."
            ) from None
