"""The handler by which Inference Endpoints of the Hub serve a pushed checkpoint."""

from importlib.resources import files
from pathlib import Path

from .templates import family, render


def endpoint_files(checkpoint: Path, repo_id: str) -> dict[str, bytes]:
    """The files that a model repository needs beside a checkpoint to be served by an Inference Endpoint.

    Args:
        checkpoint: folder of a saved forecaster or language model.
        repo_id: its name on the Hub.

    Returns:
        path in the repository -> contents: `handler.py`, whose docstring is the JSON contract, its requirements, and
        for a forecaster `time_axis.py`, which it imports.

    Raises:
        FileNotFoundError: if the folder holds no model.
        ValueError: for another kind of model, or a bad name.
    """
    kind = family(checkpoint)
    contents = {
        "handler.py": render(f"endpoint/{kind}.py", repo_id),
        "requirements.txt": render("endpoint/requirements.txt", repo_id),
    }
    if kind == "forecaster":
        contents["time_axis.py"] = files("ts_llm_fusion.data").joinpath("time_axis.py").read_bytes()
    return contents
