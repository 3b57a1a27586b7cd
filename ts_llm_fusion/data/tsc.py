"""Time-series classification archives (UEA, UCR) as questions."""

import gzip
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from datasets import Dataset

from .download import DATA_DIR_VARIABLE, data_directory
from .qa.archive_names import UCR_NAMES, UEA_NAMES
from .qa.entries import archive_file
from .qa.reading import Bundle
from .qa.source import locate_bundle
from .rows import AnyDataset, make_dataset
from .samples import FEATURES, QuestionData, make_sample, offer

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
        yield from file


def _numbers(text: str, separator: str, where: str) -> np.ndarray:
    try:
        return np.array([np.nan if value in ("?", "") else float(value) for value in text.split(separator)])
    except ValueError as error:
        raise ValueError(f"{where}: {error}; values are numbers, or ? where missing.") from None


def ts_instances(lines: Iterable[str], where: str, label: Literal["class", "target"]) -> Iterator[LabelledSeries]:
    """Instances of a UEA `.ts` file one by one: channels separated by ":", the class or the target after the last one.

    Args:
        lines: of the file.
        where: its name in messages.
        label: which of the two its header must promise.

    Raises:
        ValueError: for a file with time stamps, without labels, or with lines that do not fit its header.
    """
    header: dict[str, list[str]] = {}
    checked = False
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("@"):
            name, *values = line[1:].split()
            header[name.lower()] = values
            continue
        if not checked:
            if header.get("timestamps", ["false"])[0].lower() == "true":
                raise ValueError(f"{where}: has time stamps, which are not read; give a file with @timeStamps false.")
            if header.get(f"{label}label", ["false"])[0].lower() != "true":
                raise ValueError(f"{where}: has no @{label}Label; is it the right archive?")
            checked = True
        *channels, value = line.split(":")
        wanted = int(header.get("dimensions", [len(channels)])[0])
        if len(channels) != wanted:
            raise ValueError(f"{where}, line {number}: {len(channels)} channels, but the header says {wanted}.")
        yield LabelledSeries(
            [_numbers(channel, ",", f"{where}, line {number}") for channel in channels], value.lower()
        )


def read_ts(path: str | Path) -> list[LabelledSeries]:
    """Instances of a UEA classification archive's `.ts` file, gzip'd or not.

    Raises:
        ValueError: as `ts_instances`.
    """
    return list(ts_instances(_lines(Path(path)), str(path), "class"))


def read_tsv(path: str | Path) -> list[LabelledSeries]:
    """Instances of a UCR `.tsv` file, gzip'd or not: the class, then the values; missing ones at the end are padding.

    Raises:
        ValueError: for a value that is no number.
    """
    instances = []
    for number, line in enumerate(map(str.strip, _lines(Path(path))), start=1):
        if not line:
            continue
        label, values = line.split("\t", 1)
        series = _numbers(values.replace("NaN", "?"), "\t", f"{path}, line {number}")
        series = series[: np.flatnonzero(~np.isnan(series))[-1] + 1]
        instances.append(LabelledSeries([series], label))
    return instances


def _find(name: str, part: str) -> Path | None:
    """The file of a split in the data directory, if it is there."""
    directory = data_directory()
    candidates = [directory / "tsc" / f"{name}_{part}{suffix}" for suffix in _SUFFIXES] if directory else []
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def is_archive(name: str) -> bool:
    """Whether a name is that of an archive: of UCR or UEA, or of files in the data directory."""
    return name in UCR_NAMES or name in UEA_NAMES or _find(name, "TRAIN") is not None


def archive_files(name: str) -> tuple[Path, ...]:
    """The files of an archive: its two splits in `$TS_LLM_FUSION_DATA_DIR/tsc`, or the archive with both.

    Raises:
        FileNotFoundError: if neither is there and the archive cannot be downloaded, saying where to put it.
    """
    found = (_find(name, "TRAIN"), _find(name, "TEST"))
    if None not in found:
        return found
    if name not in UCR_NAMES | UEA_NAMES:
        missing = "TRAIN" if found[0] is None else "TEST"
        raise FileNotFoundError(
            f"{name}: no {name}_{missing} file ({', '.join(_SUFFIXES)}) in {data_directory() or 'a data directory'}"
            f"/tsc, and no archive of UCR and UEA is called so; put it in ${DATA_DIR_VARIABLE}/tsc."
        )
    return (locate_bundle(archive_file(name), name),)


def read_archive(name: str, part: str) -> list[LabelledSeries]:
    """Instances of the official `TRAIN` or `TEST` split of an archive.

    Raises:
        FileNotFoundError: as `archive_files`.
        ValueError: for a file that cannot be read or is empty.
    """
    files = archive_files(name)
    if len(files) == 2:
        path = files[0] if part == "TRAIN" else files[1]
        instances = (read_ts if ".ts" in path.suffixes else read_tsv)(path)
        where = str(path)
    else:
        bundle = Bundle(files[0])
        member = bundle.find(f"{name}_{part}.ts")
        where = f"{bundle.path}, {member}"
        with bundle.open(member) as file:
            instances = list(ts_instances(io.TextIOWrapper(file, encoding="utf-8"), where, "class"))
    if not instances:
        raise ValueError(f"{where}: has no instances.")
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


def _split_archive(
    name: str, arguments: ArchiveArguments
) -> tuple[dict[str, list[tuple[str, LabelledSeries]]], list[str]]:
    """Split -> identifiers and instances, and the classes."""
    train, test = read_archive(name, "TRAIN"), read_archive(name, "TEST")
    labels = sorted({instance.label for instance in train})
    unknown = Counter(instance.label for instance in test if instance.label not in labels)
    if unknown:
        counted = ", ".join(f"{label!r} ({count})" for label, count in unknown.most_common())
        raise ValueError(
            f"{name}: {unknown.total()} instances of the test split are of classes that the training split does not "
            f"have: {counted}."
        )
    kept, taken = stratified_split(
        [instance.label for instance in train], arguments.validation_share, arguments.split_seed
    )
    chosen = {
        "train": [(f"TRAIN-{row}", train[row]) for row in kept],
        "validation": [(f"TRAIN-{row}", train[row]) for row in taken],
        "test": [(f"TEST-{row}", instance) for row, instance in enumerate(test)],
    }
    return chosen, labels


def archive_samples(
    archive: str, split: str, validation_share: float = 0.2, split_seed: int = 0
) -> Iterator[dict[str, Any]]:
    """The questions of a split of an archive: its official test split, and its training split with a validation part
    cut off, a share of each class.

    Raises:
        FileNotFoundError: as `archive_files`.
        ValueError: as `read_archive` and `stratified_split`, and for a test split with other classes.
    """
    chosen, labels = _split_archive(archive, ArchiveArguments(validation_share, split_seed))
    known = _ARCHIVES.get(archive, _DEFAULT)
    for sample_id, instance in chosen[split]:
        yield _sample(archive, known, labels, instance, sample_id)


def load_archive(split: str | None, streaming: bool, archive: str, **options: Any) -> AnyDataset:
    """An archive, as `registry.load_dataset` asks for it.

    Args:
        split: as `registry.load_dataset`.
        streaming: as `registry.load_dataset`.
        archive: its name.
        **options: of `archive_samples`.
    """
    splits = {part: {"archive": archive, "split": part, **options} for part in ("train", "validation", "test")}
    return make_dataset(archive_samples, FEATURES, splits, split, streaming, archive_files(archive))


def prepare_archive(name: str, arguments: ArchiveArguments) -> QuestionData:
    """The questions of an archive in memory, with their labels.

    Raises:
        FileNotFoundError, ValueError: as `archive_samples`.
    """
    chosen, labels = _split_archive(name, arguments)
    known = _ARCHIVES.get(name, _DEFAULT)
    splits = {
        split: Dataset.from_list(
            [_sample(name, known, labels, instance, sample_id) for sample_id, instance in instances],
            features=FEATURES,
        )
        for split, instances in chosen.items()
    }
    return QuestionData(splits, {name: labels})
