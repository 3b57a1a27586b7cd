"""Questions of a recipe."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from ...errors import UserError
from ..entries import SPLITS
from ..registry import find_dataset, find_loader
from ..series.tables import check_file
from .archives import ArchiveArguments, ArchiveSource, is_archive
from .samples import FEATURES, QuestionData, numbers_as_text
from .source import QuestionSource
from .synthetic import SyntheticArguments
from .tables import TableSource, is_table


@dataclass
class QuestionArguments:
    """Set of questions, and the form of its series."""

    data: str = field(
        default="synthetic",
        metadata={
            "help": "A set of questions or captions by name: synthetic, tsqa, har_cot, ..., or a classification "
            "archive (BasicMotions, ...), or a CSV or parquet file of labeled series: id, time, channels, label."
        },
    )
    series_as: Literal["series", "text"] = field(
        default="series", metadata={"help": "Whether the encoder reads the series, or the text holds their numbers."}
    )


def is_classification(name: str) -> bool:
    """Whether a set is a classification archive or a table of labeled series."""
    return is_table(name) or is_archive(name)


def find_source(name: str) -> QuestionSource:
    """Find the source of a set of questions: a registered one, an archive in the data directory, or a table.

    Raises:
        ValueError: for an unknown name (the nearest is named), or a set without questions.
    """
    if is_table(name):
        check_file(name)
        return TableSource(name)
    if is_archive(name):
        return ArchiveSource(name)
    entry = find_dataset(name)
    loader = find_loader(entry)
    if not isinstance(loader, QuestionSource):
        raise UserError(f"{name}: is a set of series for {entry.task}, not of questions.")
    return loader


def prepare_questions(
    arguments: QuestionArguments,
    synthetic: SyntheticArguments,
    archive: ArchiveArguments,
    needed: Collection[str] = SPLITS,
    num_proc: int | None = None,
) -> QuestionData:
    """Prepare the questions of a recipe.

    Args:
        arguments: the set, and the form of its series.
        synthetic: options of the synthetic questions.
        archive: options of the classification archives.
        needed: splits that the set must have.
        num_proc: processes that make questions, where the set can be made in parts; one by default.

    Raises:
        ValueError: as `find_source`, and for a set without a needed split.
        FileNotFoundError, OSError, MissingPackageError: as `QuestionSource`.
    """
    source = find_source(arguments.data)
    missing = [split for split in needed if split not in source.splits]
    if missing:
        raise UserError(f"{source.name}: has no {missing[0]} split; it is to evaluate on, not to train.")
    options = next((vars(given) for given in (synthetic, archive) if type(given) is source.settings), {})
    data = source.prepare(num_proc, **options)
    if arguments.series_as == "series":
        return data
    splits = {
        name: samples.map(numbers_as_text, features=FEATURES, keep_in_memory=True, load_from_cache_file=False)
        for name, samples in data.splits.items()
    }
    return QuestionData(splits, data.labels)
