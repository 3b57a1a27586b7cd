"""Write what the blocks of pages print into their `text` blocks.

python tests/docs/update.py README.md docs/quickstart.md
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from docs.blocks import copy_examples, printed, read_blocks


def update(page: Path) -> None:
    """Run the blocks of a page in their order, and rewrite the outputs that it shows."""
    text, names = page.read_text(), {"__name__": "__main__"}
    for block in read_blocks(page):
        if block.is_run and (block.language == "python" or block.output is not None):
            found = printed(block, names)
            if block.output is not None:
                before, after = (f"{block.code}```\n\n```text\n{shown}```" for shown in (block.output, f"{found}\n"))
                text = text.replace(before, after)
    page.write_text(text)


if __name__ == "__main__":
    for path in [Path(name).resolve() for name in sys.argv[1:]]:
        with tempfile.TemporaryDirectory() as folder:
            copy_examples(Path(folder))
            os.chdir(folder)
            update(path)
            os.chdir(path.parent)
