"""Time-series classification archives (UEA, UCR) as questions."""

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset

from .samples import FEATURES, QuestionData, make_sample, offer
from .sources import DATA_DIR_VARIABLE

_SUFFIXES = (".ts", ".ts.gz", ".tsv", ".tsv.gz")


@dataclass
class ArchiveArguments:
    """How a classification archive becomes questions."""

    validation_share: float = field(
        default=0.2, metadata={"help": "Share of each class of the training split that is kept to select on."}
    )
    split_seed: int = field(default=0, metadata={"help": "Seed of that choice."})

    def __post_init__(self):
        if not 0 < self.validation_share < 1:
            raise ValueError(f"validation_share is {self.validation_share}; it must be between 0 and 1.")


@dataclass(frozen=True)
class LabelledSeries:
    """One instance of an archive: its channels, each float64 (time,), and its class."""

    channels: list[np.ndarray]
    label: str


@dataclass(frozen=True)
class Archive:
    """What is known of an archive beyond its files: the question to ask, and the names of its channels."""

    question: str
    channels: tuple[str, ...] = ()


_ARCHIVES = {
    "BasicMotions": Archive(
        "A smart watch recorded these signals for ten seconds. What is its wearer doing?",
        ("Acceleration x", "Acceleration y", "Acceleration z", "Rotation x", "Rotation y", "Rotation z"),
    ),
    "Epilepsy": Archive(
        "A sensor on the wrist recorded this acceleration for 13 seconds. What is its wearer doing?",
        ("Acceleration x", "Acceleration y", "Acceleration z"),
    ),
}
_DEFAULT = Archive("Which class do these signals belong to?")


def _lines(path: Path) -> Iterator[str]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        yield from (line.strip() for line in file)


def _numbers(text: str, separator: str, where: str) -> np.ndarray:
    try:
        return np.array([np.nan if value in ("?", "") else float(value) for value in text.split(separator)])
    except ValueError as error:
        raise ValueError(f"{where}: {error}; values are numbers, or ? where missing.") from None


def read_ts(path: str | Path) -> list[LabelledSeries]:
    """Instances of a UEA `.ts` file, gzip'd or not: channels separated by ":", the class after the last one.

    Raises:
        ValueError: for a file with time stamps, without classes, or with lines that do not fit its header.
    """
    path = Path(path)
    header: dict[str, list[str]] = {}
    instances = []
    for number, line in enumerate(_lines(path), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("@"):
            name, *values = line[1:].split()
            header[name.lower()] = values
            continue
        if not instances:
            if header.get("timestamps", ["false"])[0].lower() == "true":
                raise ValueError(f"{path}: has time stamps, which are not read; give a file with @timeStamps false.")
            if header.get("classlabel", ["false"])[0].lower() != "true":
                raise ValueError(f"{path}: has no classes (@classLabel); give a classification archive.")
        *channels, label = line.split(":")
        wanted = int(header.get("dimensions", [len(channels)])[0])
        if len(channels) != wanted:
            raise ValueError(f"{path}, line {number}: {len(channels)} channels, but the header says {wanted}.")
        instances.append(LabelledSeries([_numbers(c, ",", f"{path}, line {number}") for c in channels], label.lower()))
    return instances


def read_tsv(path: str | Path) -> list[LabelledSeries]:
    """Instances of a UCR `.tsv` file, gzip'd or not: the class, then the values; missing ones at the end are padding.

    Raises:
        ValueError: for a value that is no number.
    """
    instances = []
    for number, line in enumerate(_lines(Path(path)), start=1):
        if not line:
            continue
        label, values = line.split("\t", 1)
        series = _numbers(values.replace("NaN", "?"), "\t", f"{path}, line {number}")
        series = series[: np.flatnonzero(~np.isnan(series))[-1] + 1]
        instances.append(LabelledSeries([series], label))
    return instances


def _find(name: str, part: str) -> Path:
    directory = os.environ.get(DATA_DIR_VARIABLE)
    candidates = [Path(directory, "tsc", f"{name}_{part}{suffix}") for suffix in _SUFFIXES] if directory else []
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    place = Path(directory, "tsc") if directory else "a data directory"
    raise FileNotFoundError(
        f"{name}: no {name}_{part} file ({', '.join(_SUFFIXES)}) in {place}; download the archive from "
        f"timeseriesclassification.com and put it in ${DATA_DIR_VARIABLE}/tsc."
    )


def read_archive(name: str, part: str) -> list[LabelledSeries]:
    """Instances of the official `TRAIN` or `TEST` split of an archive in `$TS_LLM_FUSION_DATA_DIR/tsc`.

    Raises:
        FileNotFoundError: if it is not there, saying where to put it.
        ValueError: for a file that cannot be read or is empty.
    """
    path = _find(name, part)
    instances = (read_ts if ".ts" in path.suffixes else read_tsv)(path)
    if not instances:
        raise ValueError(f"{path}: has no instances.")
    return instances


def stratified_split(labels: list[str], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Indices that stay, and those of a share of each class, rounded and at least one; both in order.

    Raises:
        ValueError: for a class of which nothing would stay.
    """
    rng = np.random.default_rng(seed)
    taken: list[int] = []
    for label in sorted(set(labels)):
        rows = np.flatnonzero(np.asarray(labels) == label)
        number = max(round(share * len(rows)), 1)
        if number >= len(rows):
            raise ValueError(
                f"class {label!r} has {len(rows)} instances; with {number} taken, none are left to train on."
            )
        taken += rng.permutation(rows)[:number].tolist()
    return sorted(set(range(len(labels))) - set(taken)), sorted(taken)


def _sample(
    name: str, archive: Archive, labels: list[str], instance: LabelledSeries, sample_id: str
) -> dict[str, Any]:
    channels = archive.channels or [f"Channel {number + 1}" for number in range(len(instance.channels))]
    return make_sample(
        archive.question + offer(labels),
        dict(zip(channels, instance.channels, strict=True)),
        instance.label,
        name,
        name,
        sample_id,
    )


def prepare_archive(name: str, arguments: ArchiveArguments) -> QuestionData:
    """The questions of an archive: its official test split, and its training split with a validation part cut off.

    Raises:
        FileNotFoundError: as `read_archive`.
        ValueError: as `read_archive` and `stratified_split`, and for a test split with other classes.
    """
    archive = _ARCHIVES.get(name, _DEFAULT)
    train, test = read_archive(name, "TRAIN"), read_archive(name, "TEST")
    labels = sorted({instance.label for instance in train})
    unknown = {instance.label for instance in test} - set(labels)
    if unknown:
        raise ValueError(f"{name}: class {sorted(unknown)[0]!r} of the test split is not in the training split.")
    kept, taken = stratified_split(
        [instance.label for instance in train], arguments.validation_share, arguments.split_seed
    )
    chosen = {
        "train": [(f"TRAIN-{row}", train[row]) for row in kept],
        "validation": [(f"TRAIN-{row}", train[row]) for row in taken],
        "test": [(f"TEST-{row}", instance) for row, instance in enumerate(test)],
    }
    splits = {
        split: Dataset.from_list(
            [_sample(name, archive, labels, instance, sample_id) for sample_id, instance in instances],
            features=FEATURES,
        )
        for split, instances in chosen.items()
    }
    return QuestionData(splits, {name: labels})
