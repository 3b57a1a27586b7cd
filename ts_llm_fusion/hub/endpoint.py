"""The handler by which Inference Endpoints of the Hub serve a pushed checkpoint."""

from pathlib import Path

from .templates import family, render


def endpoint_files(checkpoint: Path, repo_id: str) -> dict[str, bytes]:
    """The files that a model repository needs beside a checkpoint to be served by an Inference Endpoint.

    Args:
        checkpoint: folder of a saved forecaster or language model.
        repo_id: its name on the Hub.

    Returns:
        path in the repository -> contents: `handler.py`, whose docstring is the JSON contract, and its requirements.

    Raises:
        FileNotFoundError: if the folder holds no model.
        ValueError: for another kind of model, or a bad name.
    """
    return {
        "handler.py": render(f"endpoint/{family(checkpoint)}.py", repo_id),
        "requirements.txt": render("endpoint/requirements.txt", repo_id),
    }
