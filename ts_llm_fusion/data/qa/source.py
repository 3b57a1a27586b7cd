"""Loader of a set of questions: one object gives its samples to `load_dataset` and its questions to recipes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..download import data_directory, locate
from ..entries import RemoteFile
from ..generated import AnyDataset, Rows, make_dataset
from ..registry import find_dataset
from .samples import FEATURES, Labels, QuestionData


def locate_bundle(file: RemoteFile, name: str) -> Path:
    """Locate a file; the folder of an unpacked archive in the data directory takes the place of the archive."""
    directory = data_directory()
    if directory is not None and file.path.endswith(".zip"):
        folder = directory / file.path.removesuffix(".zip")
        if folder.is_dir():
            return folder
    return locate(file, name)


def _generate(
    samples: Callable[..., Rows], files: tuple[Path, ...], split: str, options: dict[str, Any], **shards: list
) -> Rows:
    """Samples of a split; options are one argument, because `datasets` takes lists among arguments for shards."""
    yield from samples(files, split, **options, **shards)


@dataclass(frozen=True)
class QuestionSource:
    """Loader of a registered set of questions; its methods raise the errors of `__call__`.

    Args:
        name: in the registry.
        samples: (paths of the registered files, split, **options) -> samples of `FEATURES`, one after another; it
            raises a ValueError, with the row, for content that does not fit.
        labels: (paths, **options) -> task -> its labels, or `None` where answers are open.
        settings: dataclass of the options, where a recipe can set them.
        ranges: (split, **options) -> ranges of the indices of the samples, where any of them can be made without the
            others; `samples` takes a list of them as `ranges`.
    """

    name: str
    samples: Callable[..., Rows]
    labels: Callable[..., Labels]
    settings: type | None = None
    ranges: Callable[..., list[range]] | None = None

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits."""
        return find_dataset(self.name).splits

    def files(self) -> tuple[Path, ...]:
        """Paths of the files, downloaded where necessary."""
        return tuple(locate_bundle(file, self.name) for file in find_dataset(self.name).files)

    def __call__(
        self, split: str | None = None, streaming: bool = False, num_proc: int | None = None, **options: Any
    ) -> AnyDataset:
        """Load the samples, as `registry.load_dataset` does.

        Args:
            split: one of the splits; all by default.
            streaming: read samples one by one during iteration, and keep none.
            num_proc: processes that make samples, where any of them can be made without the others; one by default.
            **options: of the source.

        Raises:
            FileNotFoundError, OSError: as `data.download.locate`.
            ValueError: for bad options, and for files that do not fit, with the row.
            MissingPackageError: if the source needs an optional package that is not installed.
        """
        if self.settings is not None:
            options = vars(self.settings(**options))
        files = self.files()
        shared = {"samples": self.samples, "files": files, "options": options}
        splits: dict[str, dict[str, Any]] = {part: {**shared, "split": part} for part in self.splits}
        if self.ranges is not None:
            splits = {
                part: {**arguments, "ranges": self.ranges(part, **options)} for part, arguments in splits.items()
            }
        return make_dataset(_generate, FEATURES, splits, split, streaming, files, num_proc)

    def question_labels(self, **options: Any) -> Labels:
        """Task -> its labels, or `None` where answers are open."""
        return self.labels(self.files(), **options)

    def prepare(self, num_proc: int | None = None, **options: Any) -> QuestionData:
        """Load every split, with the labels."""
        return QuestionData(dict(self(num_proc=num_proc, **options)), self.question_labels(**options))
