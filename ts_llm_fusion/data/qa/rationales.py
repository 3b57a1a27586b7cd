"""Answers with a rationale before them: how to ask for one, and how it ends."""

from collections.abc import Sequence

_MARK = "Answer:"


def ask_for_rationale(question: str, labels: Sequence[str]) -> str:
    """A question whose answer is a paragraph of reasoning that ends in a label.

    Args:
        question: what is asked.
        labels: what the answer can be.
    """
    return (
        f"{question} Look at the data without presuming an answer, reason step by step about what its patterns "
        "suggest, in one paragraph of plain sentences, and name no answer before the end. The last words must be "
        f'"{_MARK} " and one of: {", ".join(labels)}.'
    )


def end_in_answer(rationale: str, label: str) -> str:
    """A rationale that ends in "Answer: " and the label, whatever it ended in."""
    body, found, _ = rationale.rpartition(_MARK)
    body = (body if found else rationale).rstrip(" \t\r\n*#")
    return f"{body} {_MARK} {label}".strip()
