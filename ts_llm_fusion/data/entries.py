"""What the registry knows of a data set: plain data, so that a source declares its own without loading anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set.

    Args:
        path: where it is below the data directory, such as "ltsf/ETTh1.csv"; the same with .gz counts too.
        url: http(s) address, or hf://datasets/OWNER/NAME/PATH for a file of a Hub data set; None where no address is
            known, or where the license asks the user to fetch it.
        sha256: checksum of the file at the address, where it is known.
        size: its bytes, where they are known.
    """

    path: str
    url: str | None = None
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class DatasetEntry:
    """One data set.

    Args:
        name: unique in the registry.
        task: "forecasting", "question-answering", "captioning", "classification", ...
        description: what it is, in a sentence or two.
        license: as its source states it.
        citation: what to cite.
        homepage: where its source describes it; empty for what is generated.
        splits: names of its splits.
        loader: "module:function", imported on use; function(split: str | None, streaming: bool, **options).
        options: arguments of the loader that tell this entry from others with the same loader.
        files: what it is read from; none for what is generated or part of a package.
        instead: paths below the data directory of what is read in place of `files` where all of it is there.
        hub_id: the data set on the Hub, where there is one.
        features: "module:name" of the `Features` of a sample; the schema of the questions by default.
    """

    name: str
    task: str
    description: str
    license: str
    citation: str
    homepage: str
    splits: tuple[str, ...]
    loader: str
    options: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[RemoteFile, ...] = ()
    instead: tuple[str, ...] = ()
    hub_id: str | None = None
    features: str = "ts_llm_fusion.data.qa.samples:FEATURES"
