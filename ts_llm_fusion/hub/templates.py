"""Files of hub_cards that go to the Hub with a checkpoint, filled in for it."""

import json
from importlib.resources import files
from pathlib import Path

from huggingface_hub.utils import HFValidationError, validate_repo_id

# model_type of config.json -> what the family is called in the names of templates
FAMILIES = {"llmps": "forecaster", "tslm": "tslm"}


def family(checkpoint: Path) -> str:
    """`"forecaster"` or `"tslm"`, by the config.json of a checkpoint.

    Raises:
        FileNotFoundError: if the folder has none.
        ValueError: if it is one of another kind of model.
    """
    path = Path(checkpoint) / "config.json"
    if not path.is_file():
        raise FileNotFoundError(f"{checkpoint}: no config.json in it; give the folder of a saved model.")
    model_type = json.loads(path.read_text(encoding="utf-8")).get("model_type")
    if model_type not in FAMILIES:
        raise ValueError(f"{checkpoint}: a model of type {model_type!r}; give one of type {' or '.join(FAMILIES)}.")
    return FAMILIES[model_type]


def render(template: str, repo_id: str) -> bytes:
    """A file of hub_cards with the name of the repository filled in.

    Args:
        template: its path in hub_cards.
        repo_id: name of the pushed model, such as `user/model`.

    Raises:
        ValueError: for a name that the Hub does not allow; anything else could become code.
    """
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise ValueError(str(error)) from None
    text = files("ts_llm_fusion.hub_cards").joinpath(template).read_text(encoding="utf-8")
    return text.replace("{{ repo_id }}", repo_id).encode()
