"""Which row is in which split, where the publisher left that open: by chance, by class, or by subject."""

import math
from collections.abc import Sequence

import numpy as np

PARTS = ("train", "validation", "test")
_CODES = {part: code for code, part in enumerate(PARTS)}


def _parts(number: int, validation: np.ndarray, test: np.ndarray) -> np.ndarray:
    parts = np.zeros(number, dtype=np.uint8)
    parts[validation] = _CODES["validation"]
    parts[test] = _CODES["test"]
    return parts


def in_part(parts: np.ndarray, part: str) -> np.ndarray:
    """bool (rows,), whether a row is in the part."""
    return parts == _CODES[part]


def random_parts(number: int, seeds: tuple[int, int]) -> np.ndarray:
    """80 % of the rows for training, 10 % for validation and 10 % for testing, as OpenTSLM's loaders draw them: those
    to test on first, then a ninth of the others. The draw is that of `Dataset.train_test_split`, which needs the rows.

    Args:
        number: of rows.
        seeds: of the two draws.

    Returns:
        uint8 (rows,), for `in_part`.

    Raises:
        ValueError: if there are too few rows.
    """
    if number < 10:
        raise ValueError(f"there are {number} rows; a split of 80, 10 and 10 % needs at least 10.")
    order = np.random.default_rng(seeds[0]).permutation(number)
    test, rest = np.split(order, [math.ceil(0.1 * number)])
    drawn = np.random.default_rng(seeds[1]).permutation(len(rest))[: math.ceil(0.1 / (1 - 0.1) * len(rest))]
    return _parts(number, rest[drawn], test)


def stratified_parts(labels: Sequence[str], share: float, seeds: tuple[int, int]) -> np.ndarray:
    """A share of each class for testing and as much for validation, as OpenTSLM's loaders draw them with scikit-learn.

    Args:
        labels: of the rows.
        share: of the rows, in either of the two parts.
        seeds: of the two draws.

    Returns:
        uint8 (rows,), for `in_part`.

    Raises:
        OSError: without scikit-learn.
        ValueError: if a class has too few rows.
    """
    try:
        from sklearn.model_selection import train_test_split
    except ModuleNotFoundError:
        raise OSError("the published split is drawn with scikit-learn: pip install scikit-learn.") from None
    labels = np.asarray(labels)
    rest, test = train_test_split(np.arange(len(labels)), test_size=share, random_state=seeds[0], stratify=labels)
    _, validation = train_test_split(rest, test_size=share / (1 - share), random_state=seeds[1], stratify=labels[rest])
    return _parts(len(labels), validation, test)


def subject_parts(subjects: Sequence[str], share: float, seed: int) -> np.ndarray:
    """A share of the subjects, and at least one, for testing and as many for validation; no subject is in two parts.

    Args:
        subjects: of the rows.
        share: of the subjects, in either of the two parts.
        seed: of the choice.

    Returns:
        uint8 (rows,), for `in_part`.

    Raises:
        ValueError: for fewer than three subjects.
    """
    names, rows = np.unique(np.asarray(subjects), return_inverse=True)
    if len(names) < 3:
        raise ValueError(f"there are {len(names)} subjects; splits without common subjects need at least 3.")
    held_out = max(round(share * len(names)), 1)
    order = np.random.default_rng(seed).permutation(len(names))
    return _parts(len(names), order[held_out : 2 * held_out], order[:held_out])[rows]
