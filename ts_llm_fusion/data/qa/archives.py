"""Classification archives (UCR, UEA) as questions."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserError
from ...processing.answer_checks import offer
from ..download import DATA_DIR_VARIABLE, data_directory
from ..entries import SPLITS
from ..generated import AnyDataset
from .archive_names import UCR_NAMES, UEA_NAMES
from .entries import archive_file
from .samples import Labels, make_sample
from .source import QuestionSource, locate_bundle
from .splits import hold_out
from .ts_files import LabeledSeries, open_ts, read_ts, read_tsv, ts_instances

logger = logging.getLogger(__name__)

_SUFFIXES = (".ts", ".ts.gz", ".tsv", ".tsv.gz")
# Classes or subjects that a message names.
_NAMED = 5


@dataclass
class ArchiveArguments:
    """Options of a classification archive, or a table of labeled series."""

    validation_share: float = field(
        default=0.2, metadata={"help": "Share of each class of the training split to hold out for validation."}
    )
    test_share: float = field(
        default=0.2,
        metadata={
            "help": "Share of each class of a table to hold out for testing, unless it has a column split; of whole "
            "subjects, if it has a column subject."
        },
    )
    split_seed: int = field(default=0, metadata={"help": "Seed of the draw of the held-out samples."})

    def __post_init__(self):
        for name in ("validation_share", "test_share"):
            if not 0 < getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}; it must be between 0 and 1.")


@dataclass(frozen=True)
class Archive:
    """Facts about an archive that its files do not hold.

    Args:
        question: about the series of an instance.
        channels: names of the series; "Channel 1", ... by default.
    """

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


def _find(name: str, part: str) -> Path | None:
    """Find the file of a split in the data directory."""
    directory = data_directory()
    candidates = [directory / "tsc" / f"{name}_{part}{suffix}" for suffix in _SUFFIXES] if directory else []
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def is_archive(name: str) -> bool:
    """Whether a name is that of an archive: of UCR or UEA, or of files in the data directory."""
    return name in UCR_NAMES or name in UEA_NAMES or _find(name, "TRAIN") is not None


def archive_files(name: str) -> tuple[Path, ...]:
    """Locate the files of an archive: both splits in `$TS_LLM_FUSION_DATA_DIR/tsc`, or a zip archive with them."""
    train, test = _find(name, "TRAIN"), _find(name, "TEST")
    if train is not None and test is not None:
        return train, test
    if name not in UCR_NAMES | UEA_NAMES:
        missing = "TRAIN" if train is None else "TEST"
        raise FileNotFoundError(
            f"{name}: no {name}_{missing} file ({', '.join(_SUFFIXES)}) in {data_directory() or 'a data directory'}"
            f"/tsc, and no archive of UCR and UEA has that name; put it in ${DATA_DIR_VARIABLE}/tsc."
        )
    return (locate_bundle(archive_file(name), name),)


def read_archive(name: str, files: tuple[Path, ...], part: str) -> list[LabeledSeries]:
    """Read the instances of an official split, "TRAIN" or "TEST", from `archive_files`."""
    if len(files) == 2:
        path = files[("TRAIN", "TEST").index(part)]
        instances = (read_ts if ".ts" in path.suffixes else read_tsv)(path)
        source = str(path)
    else:
        with open_ts(files[0], name, part) as (source, lines):
            instances = list(ts_instances(lines, source, "class"))
    if not instances:
        raise UserError(f"{source}: has no instances.")
    for number, instance in enumerate(instances, start=1):
        _check_instance(instance, len(instances[0].channels), f"{source}: instance {number}")
    return instances


def _check_instance(instance: LabeledSeries, num_channels: int, place: str) -> None:
    """Refuse an instance without label or values, with infinite ones, or with other channels than the others."""
    if instance.label in ("", "?"):
        raise UserError(f"{place} has no label; give it one, or leave it out.")
    if len(instance.channels) != num_channels:
        raise UserError(f"{place} has {len(instance.channels)} channels, and the first one has {num_channels}.")
    for number, values in enumerate(instance.channels, start=1):
        if np.isnan(values).all():
            raise UserError(f"{place}, channel {number} has no value; leave the instance out.")
        if np.isinf(values).any():
            raise UserError(f"{place}, channel {number} has infinite values; write ? where they are missing.")


def _classes(instances: Iterable[LabeledSeries]) -> list[str]:
    return sorted({instance.label for instance in instances})


def archive_question(name: str, classes: Sequence[str]) -> str:
    """Question about the series of an instance, with its options."""
    return _ARCHIVES.get(name, _DEFAULT).question + offer(classes)


def check_test_classes(name: str, test: Iterable[str], classes: Collection[str]) -> None:
    """Refuse labels of a test split that are none of the classes of the training split."""
    unknown = Counter(label for label in test if label not in classes)
    if unknown:
        counted = ", ".join(f"{label!r} ({count})" for label, count in unknown.most_common())
        raise UserError(
            f"{name}: {unknown.total()} instances of the test split are of classes that the training split does not "
            f"have: {counted}; give training some of each, or leave them out."
        )


def hold_out_by_class(name: str, labels: Sequence[str], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Hold out a share of each class as `hold_out`, except of classes with one instance, which is kept.

    Args:
        name: of the archive or table, for errors.
        labels: of the instances.
        share: of each class to hold out.
        seed: of the draw.

    Raises:
        ValueError: every class has one instance.
    """
    counts = Counter(labels)
    rows = [row for row, label in enumerate(labels) if counts[label] > 1]
    if not rows:
        raise UserError(
            f"{name}: no class has two instances to train and validate on, beside those held out to test; of "
            f"{labels[0]!r} there is one. Give more of each."
        )
    _, taken = hold_out([labels[row] for row in rows], share, seed)
    return sorted(set(range(len(labels))) - {rows[row] for row in taken}), [rows[row] for row in taken]


def named(names: Sequence[str]) -> str:
    """First few names, for a message."""
    return ", ".join(map(repr, names[:_NAMED])) + (", ..." if len(names) > _NAMED else "")


def warn_of_single_instances(name: str, labels: Iterable[str]) -> None:
    """Warn of classes of a training split with one instance, which no validation can hold out."""
    single = sorted(label for label, count in Counter(labels).items() if count == 1)
    if single:
        logger.warning(
            "%s: %s a single training instance, so that validation has none: %s",
            name,
            "1 class has" if len(single) == 1 else f"{len(single)} classes have",
            named(single),
        )


def archive_samples(name: str, files: tuple[Path, ...], split: str, **options: Any) -> Iterator[dict[str, Any]]:
    """Yield the questions of a split of an archive; `options` are fields of `ArchiveArguments`.

    Testing has the official test split; training and validation divide the official training split, class by class.
    """
    arguments = ArchiveArguments(**options)
    instances = read_archive(name, files, "TRAIN")
    classes, part, num_channels = _classes(instances), "TRAIN", len(instances[0].channels)
    if len(classes) < 2:
        raise UserError(f"{name}: every instance to train on is of class {classes[0]!r}; give at least two classes.")
    if split == "test":
        instances, part = read_archive(name, files, "TEST"), "TEST"
        if len(instances[0].channels) != num_channels:
            raise UserError(
                f"{name}: instances to test on have {len(instances[0].channels)} channels, those to train on "
                f"{num_channels}."
            )
        check_test_classes(name, (instance.label for instance in instances), classes)
        rows: Sequence[int] = range(len(instances))
    else:
        labels = [instance.label for instance in instances]
        kept, taken = hold_out_by_class(name, labels, arguments.validation_share, arguments.split_seed)
        rows = kept if split == "train" else taken
    question, known = archive_question(name, classes), _ARCHIVES.get(name, _DEFAULT).channels
    for row in rows:
        channels, label = instances[row].channels, instances[row].label
        names = known or [f"Channel {number}" for number in range(1, len(channels) + 1)]
        yield make_sample(question, dict(zip(names, channels, strict=True)), label, name, name, f"{part}-{row}")


def archive_labels(name: str, files: tuple[Path, ...], **options: Any) -> Labels:
    """Classes of the training split; warn of those with one instance, also where its samples are in the cache."""
    instances = read_archive(name, files, "TRAIN")
    warn_of_single_instances(name, (instance.label for instance in instances))
    return {name: _classes(instances)}


class ArchiveSource(QuestionSource):
    """Loader of a classification archive, in the registry or in the data directory.

    Args:
        name: of the archive.
    """

    def __init__(self, name: str):
        super().__init__(name, partial(archive_samples, name), partial(archive_labels, name), ArchiveArguments)

    @property
    def splits(self) -> tuple[str, ...]:
        return SPLITS

    def files(self) -> tuple[Path, ...]:
        return archive_files(self.name)


def load_archive(split: str | None, streaming: bool, archive: str, **options: Any) -> AnyDataset:
    """Load an archive, as `registry.load_dataset` does: `ArchiveSource(archive)(split, streaming, **options)`."""
    return ArchiveSource(archive)(split, streaming, **options)
