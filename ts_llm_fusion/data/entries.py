"""Registry entries, as plain data that imports nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class RemoteFile:
    """File of a data set.

    Args:
        path: below the data directory, such as "ltsf/ETTh1.csv"; a file with .gz appended is found too.
        url: http(s) address, or hf://datasets/OWNER/NAME/PATH for a file of a Hub data set; None where no address is
            known, or where the license asks users to download it themselves.
        sha256: checksum of the file at the address, where it is known.
        size: in bytes, where it is known.
    """

    path: str
    url: str | None = None
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class DatasetEntry:
    """Data set.

    Args:
        name: unique in the registry.
        task: "forecasting", "question-answering", "captioning", "classification", ...
        description: one or two sentences.
        license: as stated by its source.
        citation: reference to cite.
        homepage: address of its description; empty for generated sets.
        loader: "module:function", imported on use; function(split: str | None, streaming: bool, **options).
        splits: names of the splits; training, validation and test by default.
        options: arguments of the loader that distinguish this entry from others with the same loader.
        files: files of the set; none for sets that are generated or part of a package.
        instead: paths below the data directory that are read in place of `files` where all of them exist.
        hub_id: name of the data set on the Hub, where it is there.
        features: "module:name" of the `Features` of a sample; the schema of questions by default.
    """

    name: str
    task: str
    description: str
    license: str
    citation: str
    homepage: str
    loader: str
    splits: tuple[str, ...] = SPLITS
    options: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[RemoteFile, ...] = ()
    instead: tuple[str, ...] = ()
    hub_id: str | None = None
    features: str = "ts_llm_fusion.data.qa.samples:FEATURES"
