"""From a recipe's data settings to questions."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from .qa.source import QuestionSource
from .registry import find_dataset, find_loader
from .samples import FEATURES, QuestionData, numbers_as_text
from .synthetic_qa import SyntheticArguments, prepare_synthetic
from .tsc import ArchiveArguments, is_archive, prepare_archive

SYNTHETIC = "synthetic"


@dataclass
class QuestionArguments:
    """Which questions, and how the model gets their series."""

    data: str = field(
        default="synthetic",
        metadata={
            "help": "A set of questions or captions by name: synthetic, tsqa, har_cot, ..., or a classification "
            "archive (BasicMotions, ...)."
        },
    )
    series_as: Literal["series", "text"] = field(
        default="series", metadata={"help": "Whether the encoder reads the series, or the text holds their numbers."}
    )


def _prepare_source(source: QuestionSource, needed: Collection[str]) -> QuestionData:
    missing = set(needed) - set(find_dataset(source.name).splits)
    if missing:
        raise ValueError(f"{source.name}: has no {sorted(missing)[0]} split; it is to evaluate on, not to train.")
    return QuestionData(dict(source()), source.question_labels())


def _prepare(
    name: str, synthetic: SyntheticArguments, archive: ArchiveArguments, needed: Collection[str]
) -> QuestionData:
    if name == SYNTHETIC:
        return prepare_synthetic(synthetic)
    if is_archive(name):
        return prepare_archive(name, archive)
    loader = find_loader(find_dataset(name))
    if not isinstance(loader, QuestionSource):
        raise ValueError(f"{name}: is a set of series for {find_dataset(name).task}, not of questions.")
    return _prepare_source(loader, needed)


def prepare_questions(
    arguments: QuestionArguments,
    synthetic: SyntheticArguments,
    archive: ArchiveArguments,
    needed: Collection[str] = ("train", "validation", "test"),
) -> QuestionData:
    """The questions of a recipe.

    Args:
        arguments: which questions, and how their series are given.
        synthetic: of the synthetic questions.
        archive: of the classification archives.
        needed: splits that there must be.

    Raises:
        FileNotFoundError: for files that are not at hand and cannot be downloaded, saying where to put them.
        ValueError: for an unknown name (the nearest is named), a set without questions or without one of the splits,
            and files that are not as they should be.
    """
    data = _prepare(arguments.data, synthetic, archive, needed)
    if arguments.series_as == "series":
        return data
    splits = {
        name: samples.map(numbers_as_text, features=FEATURES, keep_in_memory=True, load_from_cache_file=False)
        for name, samples in data.splits.items()
    }
    return QuestionData(splits, data.labels)
