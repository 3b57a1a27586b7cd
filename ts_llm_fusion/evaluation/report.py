"""Tables in text and Markdown."""

from collections.abc import Mapping, Sequence


def align_columns(rows: Sequence[Sequence[str]], right: bool = False) -> list[list[str]]:
    """Pad cells to the width of their column.

    Args:
        rows: cells, the same number in each row.
        right: align all columns but the first to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def pad(cell: str, column: int) -> str:
        return cell.rjust(widths[column]) if right and column else cell.ljust(widths[column])

    return [[pad(cell, column) for column, cell in enumerate(row)] for row in rows]


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Format cells as a Markdown table; the first row is the header."""
    header, *body = rows
    lines = [header, ["-" * max(len(cell), 3) for cell in header], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def results_table(rows: Mapping[str, Mapping[str, float | None]]) -> str:
    """Format results as a Markdown table, with a row for each forecaster and a column for each metric of any.

    Args:
        rows: forecaster -> metric -> value.
    """
    metrics = list(dict.fromkeys(metric for row in rows.values() for metric in row))
    lines = [["forecaster", *metrics]]
    lines += [[name, *(_cell(row.get(metric)) for metric in metrics)] for name, row in rows.items()]
    return markdown_table(align_columns(lines, right=True))
