"""Run the notebooks in their folder and keep what they print and draw.

    make notebooks

Messages and progress bars of libraries are left out.
"""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent


def is_kept(output: nbformat.NotebookNode) -> bool:
    """Whether an output is one of the notebook, and not a message or progress bar of a library."""
    return output.get("name") != "stderr" and "<progress" not in output.get("data", {}).get("text/html", "")


def run(path: Path) -> None:
    """Run a notebook and write its outputs into it; an error of a cell is raised, and nothing is written then."""
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place).execute()
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if is_kept(output)]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, path)


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    for path in sorted(FOLDER.glob("*.ipynb")):
        run(path)
