"""A registered set of questions: its loader and its labels."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..download import data_directory, locate
from ..entries import RemoteFile
from ..registry import find_dataset
from ..rows import AnyDataset, make_dataset
from ..samples import FEATURES

Labels = dict[str, list[str] | None]


def locate_bundle(file: RemoteFile, name: str) -> Path:
    """As `locate`, but where the data directory has the folder that an archive was unpacked to, that folder.

    Raises:
        FileNotFoundError, ValueError, OSError: as `locate`.
    """
    directory = data_directory()
    if directory is not None and file.path.endswith(".zip"):
        folder = directory / file.path.removesuffix(".zip")
        if folder.is_dir():
            return folder
    return locate(file, name)


@dataclass(frozen=True)
class QuestionSource:
    """The loader of a registered set of questions.

    Args:
        name: in the registry.
        samples: (paths of the registered files, split, **options) -> samples of `FEATURES`, one after another.
        labels: (paths, **options) -> task -> its labels, or `None` where answers are open.
    """

    name: str
    samples: Callable[..., Iterator[dict[str, Any]]]
    labels: Callable[..., Labels]

    def files(self) -> tuple[Path, ...]:
        """Where the files are, downloaded if they have to be.

        Raises:
            FileNotFoundError, ValueError, OSError: as `locate`.
        """
        return tuple(locate_bundle(file, self.name) for file in find_dataset(self.name).files)

    def __call__(self, split: str | None = None, streaming: bool = False, **options: Any) -> AnyDataset:
        """Its samples, as `registry.load_dataset` asks for them.

        Args:
            split: one of its splits; all by default.
            streaming: whether samples are read one by one, each time they are asked for, and never kept.
            **options: of the source.

        Raises:
            FileNotFoundError, OSError: as `files`.
            ValueError: for files that are not as they should be, with the row.
        """
        files = self.files()
        splits = {part: {"files": files, "split": part, **options} for part in find_dataset(self.name).splits}
        return make_dataset(self.samples, FEATURES, splits, split, streaming, files)

    def question_labels(self, **options: Any) -> Labels:
        """Task -> its labels, or `None` where answers are open.

        Raises:
            FileNotFoundError, OSError, ValueError: as `__call__`.
        """
        return self.labels(self.files(), **options)
