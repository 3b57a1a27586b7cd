"""Rationales: questions that ask for one, replies that end in the answer, and the answer of a reply."""

import re
from collections.abc import Sequence

_MARK = "Answer:"
_WRITTEN_MARK = re.compile(r"\banswer\s*:", re.IGNORECASE)


def ask_for_rationale(question: str, labels: Sequence[str]) -> str:
    """Extend a question so that it asks for a paragraph of reasoning that ends in a label."""
    return (
        f"{question} Look at the data without presuming an answer, reason step by step about what its patterns "
        "suggest, in one paragraph of plain sentences, and name no answer before the end. The last words must be "
        f'"{_MARK} " and one of: {", ".join(labels)}.'
    )


def end_in_answer(rationale: str, label: str) -> str:
    """Make a rationale end in "Answer: " and the label; an answer at its end is replaced."""
    body, mark, _ = rationale.rpartition(_MARK)
    body = (body if mark else rationale).rstrip(" \t\r\n*#")
    return f"{body} {_MARK} {label}".strip()


def final_answer(reply: str) -> str:
    """Stripped text after the last "Answer:" of a reply, in any case, or the whole text if there is none."""
    return _WRITTEN_MARK.split(reply)[-1].strip()
