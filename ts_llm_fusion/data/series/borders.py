"""Borders between the splits of a protocol."""

from collections.abc import Sequence

import numpy as np

from ...errors import UserError


def series_borders(offsets: np.ndarray, fractions: Sequence[float]) -> np.ndarray:
    """Compute the rows at which train, validation and test of each series end, int64 (series, 3).

    The rows of train and test are rounded down.

    Args:
        offsets: first row of each series and the end of the last, int64 (series + 1,).
        fractions: of train, validation and test.

    Raises:
        ValueError: not three positive fractions that add up to 1.
    """
    if len(fractions) != 3 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise UserError(f"split is {list(fractions)}; give three positive fractions that add up to 1.")
    lengths = np.diff(offsets)
    train, test = ((fraction * lengths).astype(np.int64) for fraction in (fractions[0], fractions[2]))
    return offsets[:-1, None] + np.stack((train, lengths - test, lengths), axis=1)


def split_borders(num_rows: int, fractions: Sequence[float]) -> tuple[int, int, int]:
    """Compute the rows at which train, validation and test of one series end; see `series_borders`."""
    train, validation, test = series_borders(np.array([0, num_rows]), fractions)[0].tolist()
    return train, validation, test


def few_shot_end(train_end: np.ndarray, context_length: int, percent: int) -> np.ndarray:
    """Compute the rows at which few-shot training splits end: after the first percent of the possible targets.

    (train_end - context_length) * percent // 100 + context_length, as in the code of CALF, GPT4TS and Time-LLM.

    Raises:
        ValueError: percent is not between 1 and 100.
    """
    if not 1 <= percent <= 100:
        raise UserError(f"few_shot is {percent}; give a percentage of the training rows from 1 to 100.")
    return (train_end - context_length) * percent // 100 + context_length
