"""From a recipe's data settings to questions."""

from dataclasses import dataclass, field
from typing import Literal

from .samples import FEATURES, QuestionData, numbers_as_text
from .synthetic_qa import SyntheticArguments, prepare_synthetic
from .tsc import ArchiveArguments, prepare_archive

SYNTHETIC = "synthetic"


@dataclass
class QuestionArguments:
    """Which questions, and how the model gets their series."""

    data: str = field(
        default=SYNTHETIC, metadata={"help": "synthetic, or a classification archive by name (BasicMotions, ...)."}
    )
    series_as: Literal["series", "text"] = field(
        default="series", metadata={"help": "Whether the encoder reads the series, or the text holds their numbers."}
    )


def prepare_questions(
    arguments: QuestionArguments, synthetic: SyntheticArguments, archive: ArchiveArguments
) -> QuestionData:
    """The questions of a recipe.

    Raises:
        FileNotFoundError, ValueError: as `prepare_archive`.
    """
    data = prepare_synthetic(synthetic) if arguments.data == SYNTHETIC else prepare_archive(arguments.data, archive)
    if arguments.series_as == "series":
        return data
    splits = {
        name: samples.map(numbers_as_text, features=FEATURES, keep_in_memory=True, load_from_cache_file=False)
        for name, samples in data.splits.items()
    }
    return QuestionData(splits, data.labels)
