"""README and documentation: each block of code runs, and prints what the page shows.

The checkpoints that pages name as outputs of a training are the built-in one here, which is of both kinds: forecaster and
language model. A command is run where the page shows its output; of the others, the flags are checked.
"""

import contextlib
import importlib
import io
import re
import shutil
from pathlib import Path

import pytest
import torch

import ts_llm_fusion
from docs.blocks import PAGES, ROOT, Block, read_blocks
from ts_llm_fusion.cli import _COMMANDS, _find_command, _page, main
from ts_llm_fusion.cli.recipe_help import RECIPE_HELP

# Checkpoints that pages name, and do not make.
TRAINED = ("demo", "joined", "synthetic_qa", "tslm", "sales", "smollm2")
# Page -> blocks of Python that are compiled and not run there.
NOT_RUN = {
    "docs/how-to/export.md": 1,
    "docs/joined.md": 1,
    "docs/methods/opentslm.md": 1,
    "docs/tutorials/fine_tune.md": 1,
}
PYTHON_PAGES = [page for page in PAGES if read_blocks(page, ("python",))]
BASH_PAGES = [page for page in PAGES if read_blocks(page, ("bash",))]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the examples and checkpoints that the pages name; the current one."""
    torch.set_num_threads(1)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for name in ("sales.csv", "future.csv"):
        shutil.copy(ROOT / "examples" / name, tmp_path)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "outputs").mkdir()
    for name in TRAINED:
        (tmp_path / "outputs" / name).symlink_to(ts_llm_fusion.BUILT_IN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(block: Block, names: dict) -> str:
    """What a block prints: Python in a namespace that the blocks of a page share, or commands."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if block.language == "python":
            exec(compile(block.code, "block", "exec"), names)
        else:
            for words in block.commands:
                assert words[0] == "ts-llm-fusion" and main(words[1:]) == 0
    return re.sub(r"[ \t]+$", "", out.getvalue(), flags=re.M).strip("\n")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_blocks_print_what_the_page_shows(page: Path, folder: Path) -> None:
    names: dict = {"__name__": "__main__"}
    skipped = 0
    for block in read_blocks(page):
        if block.language == "python" and not block.is_run:
            compile(block.code, "block", "exec")
            skipped += 1
        elif block.language == "python" or block.output is not None:
            found = printed(block, names)
            if block.output is not None:
                assert found == block.output.strip("\n"), f"{name_of(page)}:{block.line}"
    assert skipped == NOT_RUN.get(name_of(page), 0)


def check_command(words: list[str]) -> None:
    """Check that a command of a page exists with these flags, and a recipe, module or target of that name."""
    words = [word for word in words if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    if words[:2] == ["accelerate", "launch"]:
        words = ["ts-llm-fusion", *words[words.index("ts_llm_fusion.cli") + 1 :]]
    if words[0] == "ts-llm-fusion":
        arguments = [word for word in words[1:] if word != "--debug"]
        if _page(arguments) is not None:
            return
        command, rest = _find_command(arguments)
        if command in RECIPE_HELP:
            RECIPE_HELP[command].checked(command, rest)
        else:
            importlib.import_module(_COMMANDS[command][0]).make_parser().parse(rest)
    elif words[0] in ("python", "python3"):
        path = words[2].replace(".", "/") + ".py" if words[1] == "-m" else words[1]
        assert (ROOT / path).is_file(), words
    elif words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.M), words
    elif words[0] == "pytest":
        assert (ROOT / words[1]).exists(), words
    else:
        assert words[0] in ("pip", "git", "cd", "export", "pre-commit", "hf"), words


@pytest.mark.parametrize("page", BASH_PAGES, ids=name_of)
def test_commands_and_their_flags_exist(page: Path, folder: Path) -> None:
    for block in read_blocks(page, ("bash",)):
        for words in block.commands:
            check_command(words)


def test_links_between_pages_and_files_lead_somewhere() -> None:
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if not target.startswith(("http", "mailto")):
                assert (page.parent / target).exists(), f"{name_of(page)}: {target}"


def test_the_reference_has_every_public_name() -> None:
    reference = "\n".join(page.read_text() for page in (ROOT / "docs" / "api").glob("*.md"))
    documented = set(re.findall(r"^::: \S+\.(\w+)$", reference, re.M))
    assert documented >= set(ts_llm_fusion.__all__) - {"BUILT_IN", "__version__"}
    for name in re.findall(r"^::: (\S+)$", reference, re.M):
        module, _, attribute = name.rpartition(".")
        module = module if module.startswith("ts_llm_fusion") else f"ts_llm_fusion.{module}"
        assert hasattr(importlib.import_module(module), attribute), name
