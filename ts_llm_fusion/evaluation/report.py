"""Tables of results."""

from collections.abc import Mapping


def results_table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """A Markdown table: one row for each forecaster, one column for each metric that any of them has.

    Args:
        rows: forecaster -> metric -> value.
    """
    metrics = list(dict.fromkeys(metric for row in rows.values() for metric in row))
    lines = [["forecaster", *metrics]]
    lines += [[name, *(f"{row[m]:.4f}" if m in row else "" for m in metrics)] for name, row in rows.items()]
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in lines
    )
