"""Borders between the splits of a protocol."""

from collections.abc import Sequence

from ...errors import UserError


def split_borders(num_rows: int, fractions: Sequence[float]) -> tuple[int, int, int]:
    """Compute the rows at which train, validation and test end; train and test are rounded down.

    Raises:
        ValueError: not three positive fractions that add up to 1.
    """
    if len(fractions) != 3 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise UserError(f"split is {list(fractions)}; give three positive fractions that add up to 1.")
    train_end, test_rows = int(fractions[0] * num_rows), int(fractions[2] * num_rows)
    return train_end, num_rows - test_rows, num_rows


def few_shot_end(train_end: int, context_length: int, percent: int) -> int:
    """Compute the row at which a few-shot training split ends: after the first percent of the possible targets.

    (train_end - context_length) * percent // 100 + context_length, as in the code of CALF, GPT4TS and Time-LLM.

    Raises:
        ValueError: percent is not between 1 and 100.
    """
    if not 1 <= percent <= 100:
        raise UserError(f"few_shot is {percent}; give a percentage of the training rows from 1 to 100.")
    return (train_end - context_length) * percent // 100 + context_length
