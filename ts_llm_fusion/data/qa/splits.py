"""Draws of splits for sets that are published without them: at random, by class, or by subject."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from ...errors import UserError
from ...requirements import require
from ..entries import SPLITS

# Split -> its short name, in the files of several sets.
SHORT_NAMES = {"train": "train", "validation": "val", "test": "test"}


def later_splits(split: str) -> tuple[str, ...]:
    """Names of the splits after one: those held out from it."""
    return SPLITS[SPLITS.index(split) + 1 :]


def _assign(num_rows: int, validation: np.ndarray, test: np.ndarray) -> np.ndarray:
    assigned = np.zeros(num_rows, dtype=np.uint8)
    assigned[validation] = SPLITS.index("validation")
    assigned[test] = SPLITS.index("test")
    return assigned


def in_split(assigned: np.ndarray, split: str) -> np.ndarray:
    """Mask of the rows of a split, bool (rows,)."""
    return assigned == SPLITS.index(split)


def random_splits(num_rows: int, seeds: tuple[int, int]) -> np.ndarray:
    """Draw 80 % of the rows for training, 10 % for validation and 10 % for testing, as OpenTSLM's loaders do.

    The test rows are drawn first, then a ninth of the others. The draw is that of `Dataset.train_test_split`, which
    needs the rows.

    Returns:
        uint8 (rows,), for `in_split`.
    """
    if num_rows < 10:
        raise UserError(f"there are {num_rows} rows; a split of 80, 10 and 10 % needs at least 10.")
    order = np.random.default_rng(seeds[0]).permutation(num_rows)
    test, rest = np.split(order, [math.ceil(0.1 * num_rows)])
    drawn = np.random.default_rng(seeds[1]).permutation(len(rest))[: math.ceil(0.1 / (1 - 0.1) * len(rest))]
    return _assign(num_rows, rest[drawn], test)


def stratified_splits(labels: Sequence[str], share: float, seeds: tuple[int, int]) -> np.ndarray:
    """Draw a share of each class for testing and as much for validation, as OpenTSLM's loaders do with scikit-learn.

    Returns:
        uint8 (rows,), for `in_split`.
    """
    train_test_split = require("sklearn.model_selection", "evaluation").train_test_split
    classes = np.asarray(labels)
    rest, test = train_test_split(np.arange(len(labels)), test_size=share, random_state=seeds[0], stratify=classes)
    _, validation = train_test_split(
        rest, test_size=share / (1 - share), random_state=seeds[1], stratify=classes[rest]
    )
    return _assign(len(labels), validation, test)


def subject_splits(subjects: Sequence[str], share: float, seed: int) -> np.ndarray:
    """Draw a share of the subjects for testing, at least one, and as many for validation.

    No subject is in two splits.

    Returns:
        uint8 (rows,), for `in_split`.
    """
    names, rows = np.unique(np.asarray(subjects), return_inverse=True)
    if len(names) < 3:
        raise UserError(f"there are {len(names)} subjects; splits without common subjects need at least 3.")
    held_out = max(round(share * len(names)), 1)
    order = np.random.default_rng(seed).permutation(len(names))
    return _assign(len(names), order[held_out : 2 * held_out], order[:held_out])[rows]


def subject_or_label_splits(
    rows: Iterable[tuple[str, str | None]], subject_share: float, label_share: float
) -> np.ndarray:
    """Draw splits of rows (label, subject) by `subject_splits` if all subjects are known, else by `stratified_splits`.

    The seeds are those of OpenTSLM's loaders, 42 and 43.
    """
    rows = list(rows)
    subjects = [subject for _, subject in rows if subject is not None]
    if len(subjects) == len(rows):
        return subject_splits(subjects, subject_share, 42)
    return stratified_splits([label for label, _ in rows], label_share, (42, 43))


# Draws of subjects that are compared, and the mean square error of the shares that is near enough to the wanted one.
_DRAWS, _NEAR = 10, 1e-5


def hold_out_subjects(
    labels: Sequence[str], subjects: Sequence[str], share: float, seed: int
) -> tuple[list[int], list[int]]:
    """Hold out whole subjects with about a share of the rows of each class.

    Every class keeps a subject, and one is held out of each class that can spare it. Of several draws it is that whose
    shares of the classes are nearest to the wanted one.

    Args:
        labels: class of each row.
        subjects: subject of each row.
        share: of each class to hold out.
        seed: of the draws.

    Returns:
        The rows kept and the rows held out, both in ascending order; the latter are none where no class has two
        subjects.
    """
    _, class_of_row = np.unique(np.asarray(labels), return_inverse=True)
    names, subject_of_row = np.unique(np.asarray(subjects), return_inverse=True)
    counts = np.zeros((len(names), class_of_row.max() + 1))
    np.add.at(counts, (subject_of_row, class_of_row), 1)
    shares = counts / counts.sum(axis=0)
    rng = np.random.default_rng(seed)
    best, least = np.zeros(len(names), dtype=bool), math.inf
    for _ in range(_DRAWS):
        drawn = _draw_subjects(shares, share, rng)
        error = float(np.mean((shares[drawn].sum(axis=0) - share) ** 2))
        if error < least:
            best, least = drawn, error
        if least <= _NEAR:
            break
    is_taken = best[subject_of_row]
    return np.flatnonzero(~is_taken).tolist(), np.flatnonzero(is_taken).tolist()


def _draw_subjects(shares: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Draw subjects one by one, each if it brings the shares (subjects, classes) nearer; bool (subjects,)."""
    left = (shares > 0).sum(axis=0)
    taken, drawn = np.zeros(shares.shape[1]), np.zeros(len(shares), dtype=bool)

    def take(subject: int) -> None:
        drawn[subject] = True
        taken[:] += shares[subject]
        left[:] -= shares[subject] > 0

    for subject in rng.permutation(len(shares)):
        errors = ((taken - share) ** 2).sum(), ((taken + shares[subject] - share) ** 2).sum()
        if errors[1] < errors[0] and (left[shares[subject] > 0] > 1).all():
            take(subject)
    for label in np.flatnonzero(taken == 0):
        spare = np.flatnonzero((shares[:, label] > 0) & ((shares == 0) | (left > 1)).all(axis=1))
        if taken[label] == 0 and len(spare):
            take(spare[((taken + shares[spare] - share) ** 2).sum(axis=1).argmin()])
    return drawn


def hold_out(labels: Sequence[str], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Hold out a share of each class, rounded and at least one row.

    Returns:
        The rows kept and the rows held out, both in ascending order.
    """
    rng = np.random.default_rng(seed)
    taken: list[int] = []
    for label in sorted(set(labels)):
        rows = np.flatnonzero(np.asarray(labels) == label)
        count = max(round(share * len(rows)), 1)
        if count >= len(rows):
            raise UserError(
                f"class {label!r} has {len(rows)} instances; with {count} taken, none are left to train on."
            )
        taken += rng.permutation(rows)[:count].tolist()
    return sorted(set(range(len(labels))) - set(taken)), sorted(taken)
