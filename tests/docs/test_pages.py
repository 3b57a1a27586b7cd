"""README and documentation: each block of code runs, and prints what the page shows.

Checkpoints that pages name as outputs of a training are the built-in one here, a forecaster and a language model. A
command is run where the page shows its output; of the others, the flags are checked.
`python tests/docs/update.py PAGE ...` writes the outputs into pages.
"""

import functools
import importlib
import re
from pathlib import Path

import pytest
import torch

import ts_llm_fusion
from docs.blocks import PAGES, ROOT, copy_examples, printed, read_blocks
from ts_llm_fusion.cli import _COMMANDS, _find_command, _page, recipe_help

# Page -> blocks of Python that are compiled and not run.
NOT_RUN = {
    "docs/how-to/clusters.md": 2,
    "docs/how-to/export.md": 1,
    "docs/how-to/labeled.md": 1,
    "docs/joined.md": 1,
    "docs/methods/opentslm.md": 1,
    "docs/tutorials/fine_tune.md": 1,
}
WITH_CODE = [page for page in PAGES if read_blocks(page)]
# Read from source once, not for each command of the pages.
read_settings = functools.cache(recipe_help.read_settings)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the examples and checkpoints that the pages name; the current one."""
    torch.set_num_threads(1)
    copy_examples(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recipe_help, "read_settings", read_settings)
    return tmp_path


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_blocks_run_and_print_what_the_page_shows(page: Path, folder: Path) -> None:
    names: dict = {"__name__": "__main__"}
    skipped = 0
    for block in read_blocks(page):
        for words in block.commands if block.language == "bash" else []:
            check_command(words)
        if block.language == "python" and not block.is_run:
            compile(block.code, "block", "exec")
            skipped += 1
        elif block.language == "python" or block.output is not None:
            found = printed(block, names)
            assert block.output is None or found == block.output.strip("\n"), f"{name_of(page)}:{block.line}"
    assert skipped == NOT_RUN.get(name_of(page), 0)


def check_command(words: list[str]) -> None:
    """Check that a command exists with these flags, and a recipe, module or target of that name."""
    words = [word for word in words if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    if words[:2] == ["accelerate", "launch"]:
        words = ["ts-llm-fusion", *words[words.index("ts_llm_fusion.cli") + 1 :]]
    if words[0] == "ts-llm-fusion":
        arguments = [word for word in words[1:] if word != "--debug"]
        if _page(arguments) is not None:
            return
        command, rest = _find_command(arguments)
        if command in recipe_help.RECIPE_HELP:
            recipe_help.RECIPE_HELP[command].checked(command, rest)
        else:
            importlib.import_module(_COMMANDS[command][0]).make_parser().parse(rest)
    elif words[0] == "python":
        path = words[2].replace(".", "/") + ".py" if words[1] == "-m" else words[1]
        assert (ROOT / path).is_file(), words
    elif words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.M), words
    elif words[0] == "pytest":
        assert (ROOT / words[1]).exists(), words
    else:
        assert words[0] in ("pip", "export", "pre-commit"), words


def test_a_wrong_flag_or_output_of_a_page_is_noticed(folder: Path) -> None:
    page = folder / "page.md"
    bash = "```bash\nts-llm-fusion forecast sales.csv --horizont 3\n```\n\n"
    page.write_text(bash + "```python\nprint(1)\n```\n\n```text\n2\n```\n")
    command, code = read_blocks(page)
    with pytest.raises(ValueError, match="--horizont"):
        check_command(command.commands[0])
    assert (printed(code, {}), code.output) == ("1", "2\n")


def test_links_between_pages_and_files_lead_somewhere() -> None:
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if not target.startswith(("http", "mailto")):
                assert (page.parent / target).exists(), f"{name_of(page)}: {target}"


def test_every_page_is_in_the_navigation() -> None:
    listed = (ROOT / "mkdocs.yml").read_text()
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 30
    assert [page for page in pages if not re.search(rf"[-:] {re.escape(page)}$", listed, re.M)] == []


def test_numbers_of_the_readme_are_those_of_the_results() -> None:
    """In a row that links to a page of results, each number stands on that page."""
    rows = re.findall(r"^\|(.*)\|[^|]*\((docs/results/\w+\.md)\) \|$", (ROOT / "README.md").read_text(), re.M)
    assert len(rows) >= 12
    for row, page in rows:
        _, *cells = row.split("|")
        results = set(re.findall(r"(?<![\d.])\d*\.\d+", (ROOT / page).read_text()))
        numbers = re.findall(r"(?<![\d.])\d*\.\d+", "|".join(cells))
        assert results >= set(numbers), f"{page}: {sorted(set(numbers) - results)}"


def test_the_reference_has_every_public_name() -> None:
    reference = "\n".join(page.read_text() for page in (ROOT / "docs" / "api").glob("*.md"))
    documented = {name.rpartition(".")[2]: name for name in re.findall(r"^::: (\S+)$", reference, re.M)}
    assert set(documented) >= set(ts_llm_fusion.__all__) - {"BUILT_IN", "__version__"}
    for name, path in documented.items():
        parts = path.removeprefix("ts_llm_fusion.").split(".")[:-1]
        top = ROOT / parts[0] if (ROOT / parts[0]).is_dir() else ROOT / "ts_llm_fusion" / parts[0]
        module = top.joinpath(*parts[1:]).with_suffix(".py")
        assert re.search(rf"^(class|def) {name}\b", module.read_text(), re.M), path
