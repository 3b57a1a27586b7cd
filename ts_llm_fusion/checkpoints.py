"""The files of a checkpoint, looked at before a model is built of them."""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

# Every other file of JSON may be of any kind.
_MAPPINGS = ("config.json", "preprocessor_config.json", "processor_config.json", "tokenizer_config.json")


def check_checkpoint(name_or_path: str | Path) -> None:
    """Raises for files of a checkpoint's folder that are cut or garbled: JSON, and the headers of weights.

    Values of weights cannot be checked: the format keeps no checksum. What comes from the Hub is verified there.

    Args:
        name_or_path: a folder; anything else passes.

    Raises:
        ValueError: naming the file.
    """
    for path in sorted(Path(name_or_path).glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"{path}: the file is damaged ({error}); copy or train the checkpoint again.") from None
        if path.name in _MAPPINGS and not isinstance(content, dict):
            raise ValueError(f"{path}: the file is damaged (it holds no mapping); copy or train the checkpoint again.")
    for path in sorted(Path(name_or_path).glob("*.safetensors")):
        try:
            with safe_open(path, framework="pt"):
                pass
        except SafetensorError as error:
            raise ValueError(
                f"{path}: the weights are damaged ({error}); copy or train the checkpoint again."
            ) from None
