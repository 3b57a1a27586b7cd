"""Code blocks of Markdown pages, with the output that a page shows below them."""

import contextlib
import io
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from ts_llm_fusion import BUILT_IN
from ts_llm_fusion.cli import main

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# A fence, with the output in a `text` block below it; a comment above says why a block is not run.
_BLOCK = re.compile(
    r"(?P<skip><!-- not run: .+? -->\n)?"
    r"^(?P<fence>```+)(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=fence)[ ]*$"
    r"(?:\n+```text\n(?P<output>.*?)^```$)?",
    re.M | re.S,
)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: such as `python`; empty where none is named.
        code: its lines.
        line: number of its first line in the page.
        output: what the page shows as its output; None where it shows none.
        is_run: False below a comment `<!-- not run: WHY -->`.
    """

    language: str
    code: str
    line: int
    output: str | None
    is_run: bool

    @property
    def commands(self) -> list[list[str]]:
        """Words of each command of a `bash` block, without comments."""
        lines = self.code.replace("\\\n", " ").splitlines()
        return [words for words in (shlex.split(line, comments=True) for line in lines) if words]


def read_blocks(page: Path, languages: tuple[str, ...] = ("python", "bash")) -> list[Block]:
    """Blocks of a page in these languages, in their order."""
    text = page.read_text()
    return [
        Block(
            found["language"],
            found["code"],
            text.count("\n", 0, found.start("code")) + 1,
            found["output"],
            found["skip"] is None,
        )
        for found in _BLOCK.finditer(text)
        if found["language"] in languages
    ]


def copy_examples(folder: Path) -> None:
    """Put what the pages name into an empty folder: examples, recipes, and checkpoints, which are the built-in one."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    for name in ("sales.csv", "future.csv"):
        shutil.copy(ROOT / "examples" / name, folder)
    (folder / "configs").symlink_to(ROOT / "configs")
    (folder / "outputs").mkdir()
    for name in ("demo", "joined", "synthetic_qa", "tslm", "sales", "smollm2"):
        (folder / "outputs" / name).symlink_to(BUILT_IN)


def printed(block: Block, names: dict) -> str:
    """Output of a block: Python in a namespace that the blocks of a page share, or commands."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if block.language == "python":
            exec(compile(block.code, "block", "exec"), names)
        else:
            for words in block.commands:
                assert words[0] == "ts-llm-fusion" and main(words[1:]) == 0
    return re.sub(r"[ \t]+$", "", out.getvalue(), flags=re.M).strip("\n")
