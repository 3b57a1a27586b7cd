"""Questions of a recipe."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from datasets import Dataset, IterableDataset

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


@dataclass
class StreamedQuestionArguments(QuestionArguments):
    """`QuestionArguments`, and the way in which a training split larger than memory is read."""

    streaming: bool = field(
        default=False,
        metadata={
            "help": "Make the training questions during training, again and again until max_steps, and keep none; "
            "those of validation and test are made before."
        },
    )
    shuffle_buffer: int = field(
        default=1000,
        metadata={"help": "Questions of a stream that a process, or each of its workers, holds to shuffle."},
    )
    held_questions: int = field(
        default=2000,
        metadata={
            "help": "First questions of a stream that are held: a new tokenizer, the range of the training and the "
            "baselines are of these."
        },
    )

    def __post_init__(self) -> None:
        for name in ("shuffle_buffer", "held_questions"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}; give a whole number of at least 1.")


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
    source, options = _checked_source(arguments, synthetic, archive, needed)
    data = source.prepare(num_proc, **options)
    if arguments.series_as == "series":
        return data
    return QuestionData({name: _as_text(samples) for name, samples in data.splits.items()}, data.labels)


def _checked_source(
    arguments: QuestionArguments, synthetic: SyntheticArguments, archive: ArchiveArguments, needed: Collection[str]
) -> tuple[QuestionSource, dict[str, Any]]:
    """Source of the questions of a recipe, with its options; arguments and errors as `prepare_questions`."""
    source = find_source(arguments.data)
    missing = [split for split in needed if split not in source.splits]
    if missing:
        raise UserError(f"{source.name}: has no {missing[0]} split; it is to evaluate on, not to train.")
    return source, next((vars(given) for given in (synthetic, archive) if type(given) is source.settings), {})


def _as_text(samples: Dataset) -> Dataset:
    return samples.map(numbers_as_text, features=FEATURES, keep_in_memory=True, load_from_cache_file=False)


def stream_questions(
    arguments: StreamedQuestionArguments,
    synthetic: SyntheticArguments,
    archive: ArchiveArguments,
    seed: int,
    num_proc: int | None = None,
) -> tuple[QuestionData, IterableDataset]:
    """Prepare the questions of a recipe, those of the training split as a stream without end.

    The stream gives the samples of the split in another order each time, as far as a buffer of `shuffle_buffer`
    samples shuffles those that follow one another, and parts of the split where it is made in parts.

    Args:
        arguments: the set, the form of its series and the size of the buffer.
        synthetic: options of the synthetic questions.
        archive: options of the classification archives.
        seed: of the order.
        num_proc: processes that make questions of validation and test; one by default.

    Returns:
        The questions, of the training split the first `held_questions` alone, and the stream.

    Raises:
        ValueError, OSError, MissingPackageError: as `prepare_questions`.
    """
    source, options = _checked_source(arguments, synthetic, archive, SPLITS)
    stream: Any = source("train", streaming=True, **options)
    held = Dataset.from_list(list(stream.take(arguments.held_questions)), features=FEATURES)
    splits = {"train": held} | {name: source(name, num_proc=num_proc, **options) for name in SPLITS if name != "train"}
    if arguments.series_as == "text":
        stream = stream.map(numbers_as_text, features=FEATURES)
        splits = {name: _as_text(samples) for name, samples in splits.items()}
    stream = stream.repeat(None).shuffle(seed, buffer_size=arguments.shuffle_buffer)
    return QuestionData(splits, source.question_labels(**options)), stream
