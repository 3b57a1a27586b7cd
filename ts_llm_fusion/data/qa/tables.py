"""Tables of labeled series as questions: long, a row for each step, or wide, a row for each sample."""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...errors import UserError
from ...processing.answer_checks import offered_options
from ..entries import SPLITS
from ..series.dates import are_dates, parse_timestamps
from ..series.frames import TIMESTAMP_NAMES
from ..series.tables import read_table
from .archives import (
    ArchiveArguments,
    archive_question,
    check_test_classes,
    hold_out_by_class,
    named,
    warn_of_single_instances,
)
from .rationales import final_answer
from .samples import Labels, make_sample, without_letter
from .source import QuestionSource
from .splits import hold_out_subjects

logger = logging.getLogger(__name__)

SUFFIXES = (".csv", ".tsv", ".parquet", ".xlsx")
_IDS = ("id", "item_id", "unique_id", "sample", "sample_id")
_LABELS = ("label", "class")
_SPLIT = "split"
_SUBJECTS = ("subject", "subject_id", "patient", "patient_id", "participant", "participant_id")
# Name of a column of a wide table: channel and step; a time that is no whole number is none.
_STEP = re.compile(r"(?!.*\d\.\d+$)(.*?)[\s_.\-]*(\d+)")
# Names of columns that may count rows, such as a written index, and of those that tell rows or recordings apart.
_ROW_NUMBERS = re.compile(r"(?:Unnamed: \d+|index|row)", re.IGNORECASE)
_IDENTIFIERS = re.compile(r"(?:Unnamed: \d+|(?:.*[_ ])?(?:id|subject|patient|participant))", re.IGNORECASE)
# Whole numbers as those of a column with gaps are written; three zeros may be thousands.
_DECIMALS = re.compile(r"[.,](?!000$)0+$")
_WHOLE_WITH_DECIMALS = re.compile(rf"[+-]?\d+{_DECIMALS.pattern}")
# Steps that gaps may add to a table, as a multiple of its rows; more is another unit of time.
_MOST_GAPS = 10
_SHARE_OF_STEP = 0.01


@dataclass(frozen=True)
class LabeledTable:
    """Samples of a table.

    Args:
        ids: id of each sample.
        channels: name -> series (time,) of each sample, float64, NaN where missing.
        labels: label of each sample, as text.
        splits: split of each sample, "train" or "test"; `None` where the table has no column for it.
        subjects: person or thing that each sample was recorded from; `None` where the table has no column for it.
    """

    ids: list[str]
    channels: dict[str, list[np.ndarray]]
    labels: list[str]
    splits: list[str] | None
    subjects: list[str] | None


def is_table(name: str) -> bool:
    """Whether a name is that of a file of a table."""
    return any(suffix.lower() in SUFFIXES for suffix in Path(name).suffixes)


def _find(table: pd.DataFrame, names: Sequence[str], path: Path) -> str | None:
    """Only column that has one of the names, in any case; another one would be read as a channel."""
    found = [column for column in table.columns if str(column).strip().lower() in names]
    if len(found) > 1:
        raise UserError(f"{path}: columns {found[0]!r} and {found[1]!r} are for the same; leave one of them out.")
    return found[0] if found else None


def _as_text(column: pd.Series, path: Path) -> pd.Series:
    """Cells as text with single spaces, and none around them; whole numbers have no decimals.

    Numbers in text stay as they are written, because codes such as 001 and 1 are two; decimals that are all 0 are
    left out of whole numbers if all cells have them.
    """
    are_whole = pd.api.types.is_float_dtype(column) and bool((column.dropna() % 1 == 0).all())
    cells = column.astype(object)
    text = cells.map(lambda cell: " ".join(str(int(cell) if are_whole else cell).split()), na_action="ignore")
    text = text.astype("str")
    written = pd.Series(text.dropna().unique(), dtype="str")
    is_whole = written.str.fullmatch(_WHOLE_WITH_DECIMALS)
    whole = written[is_whole].str.replace(_DECIMALS, "", regex=True)
    if is_whole.all() and whole.is_unique:
        return text.str.replace(_DECIMALS, "", regex=True)
    if (twice := whole[whole.isin(written)]).size:
        raise UserError(
            f"{path}: column {column.name!r} has {twice.iloc[0]!r} and {written[twice.index[0]]!r}; write one of them "
            "if they are the same, and words if they are not."
        )
    return text


def _without_row_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Table without columns that count its rows, from which the order of the samples could be read."""
    count = np.arange(len(table))
    counting = [
        column
        for column in table.columns
        if _ROW_NUMBERS.fullmatch(str(column))
        and pd.api.types.is_numeric_dtype(table[column])
        and any(np.array_equal(table[column], count + first) for first in (0, 1))
    ]
    return table.drop(columns=counting)


def _check_channels(table: pd.DataFrame, columns: Sequence[Any], path: Path) -> None:
    """Check that columns hold numbers that were measured."""
    for column in columns:
        if _IDENTIFIERS.fullmatch(str(column)):
            raise UserError(
                f"{path}: column {column!r} would be read as a channel, from which people or rows are told apart; "
                f"leave it out, name it {_SUBJECTS[0]} if it is of whom a sample is, or after what it measures."
            )
        if not pd.api.types.is_numeric_dtype(table[column]) or pd.api.types.is_bool_dtype(table[column]):
            cells = table[column].dropna()
            wrong = cells[pd.to_numeric(cells, errors="coerce").isna()] if len(cells) else cells
            shown = repr(wrong.iloc[0]) if len(wrong) else table[column].dtype
            raise UserError(
                f"{path}: column {column!r} has {shown}; channels hold numbers, and other columns are named "
                f"{_IDS[0]}, {_LABELS[0]}, {_SPLIT}, {_SUBJECTS[0]} or {', '.join(TIMESTAMP_NAMES)}."
            )


def _channel_columns(table: pd.DataFrame, others: Sequence[Any], path: Path) -> list[Any]:
    """Columns of channels: all but those of the split, of the subjects, and `others`."""
    reserved = [*others, _find(table, (_SPLIT,), path), _find(table, _SUBJECTS, path)]
    return [column for column in table.columns if column not in reserved]


def _of_sample(text: pd.Series, groups: np.ndarray, ids: Sequence[str], name: str, path: Path) -> list[str]:
    """Cell of each sample in a column of text that is constant in its rows."""
    missing = text.isna() | (text == "")
    if missing.any():
        raise UserError(
            f"{path}: sample {ids[groups[int(np.argmax(missing))]]} has no {name} in a row; give every row one, by "
            "another word than NA, None or null, which mean missing in a CSV file."
        )
    first = text.groupby(groups).transform("first")
    differs = (text != first).to_numpy()
    if differs.any():
        row = int(np.argmax(differs))
        raise UserError(
            f"{path}: sample {ids[groups[row]]} has more than one {name}, {first.iloc[row]!r} and {text.iloc[row]!r}."
        )
    return first[~pd.Series(groups).duplicated().to_numpy()].tolist()


def _splits_and_subjects(
    table: pd.DataFrame, groups: np.ndarray, ids: Sequence[str], path: Path
) -> tuple[list[str] | None, list[str] | None]:
    """Split and subject of each sample, as far as the table has columns for them."""
    columns = _find(table, (_SPLIT,), path), _find(table, _SUBJECTS, path)
    split, subject = (
        None if column is None else _of_sample(table[column], groups, ids, str(column), path) for column in columns
    )
    return split, subject


def _moments(time: pd.Series, path: Path) -> np.ndarray:
    """Times as numbers, float64: numbers of steps or seconds as they are, dates in nanoseconds."""
    numbers = pd.to_numeric(time, errors="coerce") if not pd.api.types.is_datetime64_any_dtype(time) else None
    if numbers is None or numbers.isna().any() or are_dates(np.unique(numbers.to_numpy())):
        return parse_timestamps(time, str(path)).as_unit("ns").asi8.astype(float)
    return numbers.to_numpy(dtype=float)


def _positions(moments: np.ndarray, groups: np.ndarray, ids: Sequence[str], path: Path) -> np.ndarray:
    """Steps from the start of each sample, of rows in order of time; missing rows leave a gap if steps are even."""
    is_first = np.diff(groups, prepend=-1) != 0
    deltas = np.diff(moments, prepend=0)[~is_first]
    if (deltas == 0).any():
        row = int(np.flatnonzero(~is_first)[int(np.argmax(deltas == 0))])
        raise UserError(f"{path}: sample {ids[groups[row]]} has two rows of the same time; give one row a time.")
    steps = np.ones(len(moments))
    if len(deltas):
        ratios = deltas / np.median(deltas)
        whole = np.rint(ratios)
        if (
            (abs(ratios - whole) <= _SHARE_OF_STEP).all()
            and whole.min() >= 1
            and whole.sum() <= _MOST_GAPS * len(steps)
        ):
            steps[~is_first] = whole
    position = steps.cumsum()
    return (position - position[is_first][groups]).astype(int)


def _read_long(table: pd.DataFrame, identifier: str, label: str, path: Path) -> LabeledTable:
    ids_of_rows = table[identifier]
    if ids_of_rows.isna().any():
        raise UserError(f"{path}: row {int(ids_of_rows.isna().argmax()) + 1} has no {identifier}.")
    groups, names = pd.factorize(ids_of_rows)
    time = _find(table, TIMESTAMP_NAMES, path)
    if time is None:
        order = np.argsort(groups, kind="stable")
    else:
        if table[time].isna().any():
            raise UserError(
                f"{path}: sample {names[groups[int(table[time].isna().argmax())]]} has a row without {time}."
            )
        moments = _moments(table[time], path)
        order = np.lexsort((moments, groups))
        moments = moments[order]
    table, groups = table.iloc[order].reset_index(drop=True), groups[order]
    ids = [str(name) for name in names]
    columns = _channel_columns(table, (identifier, label, time), path)
    if not columns:
        raise UserError(
            f"{path}: has no channel beside {', '.join(map(str, table.columns))}; add a column of numbers."
        )
    _check_channels(table, columns, path)
    labels = _of_sample(table[label], groups, ids, _LABELS[0], path)
    splits, subjects = _splits_and_subjects(table, groups, ids, path)
    positions = np.arange(len(groups)) - np.flatnonzero(np.diff(groups, prepend=-1))[groups]
    if time is not None:
        positions = _positions(moments, groups, ids, path)
    ends = np.append(np.flatnonzero(np.diff(groups)), len(groups) - 1)
    lengths = positions[ends] + 1
    starts = np.cumsum(lengths) - lengths
    channels = {}
    for column in columns:
        values = np.full(lengths.sum(), np.nan)
        values[starts[groups] + positions] = table[column].to_numpy(dtype=float, na_value=np.nan)
        channels[str(column)] = np.split(values, starts[1:])
    return LabeledTable(ids, channels, labels, splits, subjects)


def _read_wide(table: pd.DataFrame, identifier: str | None, label: str, path: Path) -> LabeledTable:
    ids = [str(row + 1) for row in range(len(table))]
    if identifier is not None:
        ids = [str(key) for key in table[identifier]]
    time = _find(table, TIMESTAMP_NAMES, path)
    columns = _channel_columns(table, (identifier, label, time), path)
    _check_channels(table, columns, path)
    found = [_STEP.fullmatch(str(column).strip()) for column in columns]
    by_channel: dict[str, dict[int, Any]] = {}
    for column, match in zip(columns, found, strict=True):
        if match is None:
            raise UserError(
                f"{path}: column {column!r} is not the step of a series; in a table with a row for each sample, name "
                "them by channel and step, such as x_0, x_1, y_0, y_1; in one with a row for each step, repeat the id."
            )
        steps = by_channel.setdefault(match[1], {})
        other = steps.setdefault(int(match[2]), column)
        if other != column:
            raise UserError(
                f"{path}: columns {other!r} and {column!r} are the same step; count steps by whole numbers from 0."
            )
    values = {
        (name or f"Channel {number}"): table[[steps[step] for step in sorted(steps)]]
        for number, (name, steps) in enumerate(by_channel.items(), start=1)
    }
    groups = np.arange(len(table))
    channels = {name: list(part.to_numpy(dtype=float, na_value=np.nan)) for name, part in values.items()}
    labels = _of_sample(table[label], groups, ids, _LABELS[0], path)
    return LabeledTable(ids, channels, labels, *_splits_and_subjects(table, groups, ids, path))


def _trimmed(values: np.ndarray, place: str) -> np.ndarray:
    """Series up to its last value."""
    observed = np.flatnonzero(~np.isnan(values))
    if not len(observed):
        raise UserError(f"{place} has no value; leave the sample out, or the channel.")
    if np.isinf(values).any():
        raise UserError(f"{place} has infinite values; leave cells empty where they are missing.")
    if np.nanmax(np.abs(values)) > np.finfo(np.float32).max:
        raise UserError(f"{place} has values beyond float32; divide the channel by a power of ten.")
    return values[: observed[-1] + 1]


def _check_rows_are_steps(table: pd.DataFrame, identifier: str, path: Path) -> None:
    """Refuse a table with a row for each sample, of which several have one id, such as that of a patient."""
    matches = [_STEP.fullmatch(str(column).strip()) for column in table.columns]
    steps = Counter(match[1] for match in matches if match is not None)
    rows = table[identifier].value_counts()
    if steps and max(steps.values()) > rows.iloc[0]:
        channel, count = steps.most_common(1)[0]
        raise UserError(
            f"{path}: {rows.iloc[0]} rows have {identifier} {rows.index[0]}, and {count} columns look like the steps "
            f"of channel {channel!r}; give each sample an id of its own (that of a person in a column "
            f"{_SUBJECTS[0]}), or, if rows are steps, a column time."
        )


def read_labeled_table(path: str | Path) -> LabeledTable:
    """Read the samples of a table.

    A table whose `id` repeats has a row for each step: `id`, `time` (numbers or dates, by which rows are sorted; even
    steps that are left out are missing values), a column for each channel, `label`. Any other table has a row for each
    sample: `label`, and a column for each step, named by channel and step (`x_0`, `x_1`, ...) or by the step alone.
    Both may have a column `split` of train and test, and `subject` (`patient`, `participant`, also with `_id`), whom a
    sample was recorded from. Missing values at the end of a channel are padding.

    Raises:
        FileNotFoundError: no such file.
        ValueError: for a table without labels or channels, and for content that does not fit, with its place.
    """
    path = Path(path)
    table = read_table(path, (*_LABELS, *_IDS, *_SUBJECTS, _SPLIT))
    table = _without_row_numbers(table.reset_index([name for name in table.index.names if name is not None]))
    texts = [_find(table, names, path) for names in (_LABELS, _IDS, _SUBJECTS, (_SPLIT,))]
    label, identifier, *_ = texts
    table = table.assign(**{name: _as_text(table[name], path) for name in texts if name is not None})
    if label is None:
        shown = ", ".join(map(str, table.columns[:8]))
        raise UserError(f"{path}: has no column label; columns are {shown}. Name that of the classes so.")
    time = _find(table, TIMESTAMP_NAMES, path)
    if time is not None and identifier is None:
        raise UserError(
            f"{path}: has a column of time and none named id, which tells its samples apart; add it, or leave {time} "
            "out of a table with a row for each sample."
        )
    # A time beside ids that do not repeat is that of a sample as a whole.
    is_long = identifier is not None and table[identifier].duplicated().any()
    if is_long and time is None:
        _check_rows_are_steps(table, str(identifier), path)
    read = _read_long(table, str(identifier), label, path) if is_long else _read_wide(table, identifier, label, path)
    channels = {
        name: [
            _trimmed(values, f"{path}: sample {key}, channel {name}")
            for key, values in zip(read.ids, series, strict=True)
        ]
        for name, series in read.channels.items()
    }
    _check_labels(read.labels, path)
    if read.splits is not None:
        unknown = set(read.splits) - {"train", "test"}
        if unknown or len(set(read.splits)) < 2:
            shown = min(unknown) if unknown else read.splits[0]
            raise UserError(f"{path}: column split has {shown!r}; give both train and test, and nothing else.")
    return replace(read, channels=channels)


def _check_labels(labels: Sequence[str], path: Path) -> None:
    """Refuse a single class, and labels that an answer cannot tell apart or that cannot be read among the options."""
    classes = sorted(set(labels))
    if len(classes) < 2:
        raise UserError(f"{path}: every label is {classes[0]!r}; give at least two classes.")
    if len(classes) > len(labels) / 2 and len(classes) > 20:
        raise UserError(
            f"{path}: {len(classes)} different labels of {len(labels)} samples, such as {classes[0]!r}; labels are "
            "classes, not numbers to predict."
        )
    question = archive_question(path.name, classes)
    offered = offered_options(question)
    unread = [name for name in classes if final_answer(name) != name or name not in offered]
    if unread:
        raise UserError(
            f"{path}: label {unread[0]!r} cannot be read among the options of a question; leave ' | ', 'A) ' and "
            "'Answer:' out of labels."
        )
    plain = [" ".join(name.lower().split()).rstrip(".") for name in classes]
    alike: dict[str, str] = {}
    for name, label in zip(classes, plain, strict=True):
        other = alike.setdefault(without_letter(label, plain), name)
        if other != name:
            raise UserError(
                f"{path}: labels {other!r} and {name!r} differ in case, spaces, a final period or a letter behind "
                "alone; write one of them, or other words."
            )


def _hold_out(
    table: LabeledTable, rows: Sequence[int], share: float, seed: int, path: Path
) -> tuple[list[int], list[int]]:
    """Rows kept and rows held out, by subject where subjects are known, else by class."""
    labels = [table.labels[row] for row in rows]
    if table.subjects is None:
        kept, taken = hold_out_by_class(str(path), labels, share, seed)
    else:
        subjects = [table.subjects[row] for row in rows]
        kept, taken = hold_out_subjects(labels, subjects, share, seed)
        if not taken:
            raise UserError(
                f"{path}: no class has samples of two subjects to train and validate on, beside those held out to "
                f"test; subjects left: {len(set(subjects))}. Give samples of more subjects."
            )
    return [rows[row] for row in kept], [rows[row] for row in taken]


def _rows_by_split(table: LabeledTable, arguments: ArchiveArguments, path: Path) -> dict[str, list[int]]:
    rows = list(range(len(table.labels)))
    if table.splits is None:
        rest, test = _hold_out(table, rows, arguments.test_share, arguments.split_seed, path)
    else:
        rest = [row for row in rows if table.splits[row] == "train"]
        test = [row for row in rows if table.splits[row] == "test"]
        check_test_classes(str(path), [table.labels[row] for row in test], {table.labels[row] for row in rest})
    kept, taken = _hold_out(table, rest, arguments.validation_share, arguments.split_seed, path)
    return {"train": kept, "validation": taken, "test": test}


def _check_subjects(name: str, table: LabeledTable, rows: Mapping[str, Sequence[int]]) -> None:
    """Log how many subjects are in each split, and warn of those in two, and of classes without one to hold out."""
    if table.subjects is None:
        return
    found = {split: {table.subjects[row] for row in rows[split]} for split in SPLITS}
    logger.info("%s: %s subjects", name, {split: len(subjects) for split, subjects in found.items()})
    common = sorted((found["train"] | found["validation"]) & found["test"])
    if common:
        logger.warning(
            "%s: %d of %d subjects to test on are in training, too, so that results are better than those of new "
            "subjects: %s; give each subject one split",
            name,
            len(common),
            len(found["test"]),
            named(common),
        )
    classes = set(table.labels)
    for split in ("validation", "test") if table.splits is None else ("validation",):
        missing = sorted(classes - {table.labels[row] for row in rows[split]})
        if missing:
            logger.warning(
                "%s: too few subjects have a class to hold one out, so that %s has none of: %s",
                name,
                split,
                named(missing),
            )


def _warn_of_constants(name: str, table: LabeledTable) -> None:
    """Warn of channels that hold one value in each sample and another in another, as an age does."""
    constant = [
        channel
        for channel, series in table.channels.items()
        if all(np.nanmin(values) == np.nanmax(values) for values in series)
        and len({float(np.nanmax(values)) for values in series}) > 1
    ]
    if constant:
        logger.warning(
            "%s: constant in every sample, and read as channels: %s; leave out what was not measured",
            name,
            ", ".join(map(repr, constant)),
        )


def table_samples(files: tuple[Path, ...], split: str, **options: Any) -> Iterator[dict[str, Any]]:
    """Yield the questions of a split of a table; `options` are fields of `ArchiveArguments`."""
    table = read_labeled_table(files[0])
    name = files[0].name
    question = archive_question(name, sorted(set(table.labels)))
    rows = _rows_by_split(table, ArchiveArguments(**options), files[0])
    for row in rows[split]:
        series: Mapping[str, np.ndarray] = {channel: values[row] for channel, values in table.channels.items()}
        subject = None if table.subjects is None else table.subjects[row]
        yield make_sample(question, series, table.labels[row], name, name, table.ids[row], subject)


def table_labels(files: tuple[Path, ...], **options: Any) -> Labels:
    """Classes of a table; warn of what its samples lack, also where these are in the cache."""
    table, name = read_labeled_table(files[0]), files[0].name
    rows = _rows_by_split(table, ArchiveArguments(**options), files[0])
    _warn_of_constants(name, table)
    _check_subjects(name, table, rows)
    if table.subjects is None:
        warn_of_single_instances(name, [table.labels[row] for row in rows["train"] + rows["validation"]])
    return {name: sorted(set(table.labels))}


class TableSource(QuestionSource):
    """Loader of a table of labeled series.

    Args:
        path: of the file; see `read_labeled_table`.
    """

    def __init__(self, path: str):
        super().__init__(path, table_samples, table_labels, ArchiveArguments)

    @property
    def splits(self) -> tuple[str, ...]:
        return SPLITS

    def files(self) -> tuple[Path, ...]:
        return (Path(self.name),)
