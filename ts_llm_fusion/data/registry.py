"""Registry of data sets: entries by name, and their samples as Hugging Face data sets."""

import importlib
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..suggestions import nearest
from .entries import DatasetEntry

if TYPE_CHECKING:
    from datasets import Features

    from .generated import AnyDataset

# Each of these modules declares `ENTRIES`.
_MODULES = (
    "ts_llm_fusion.data.series.ltsf",
    "ts_llm_fusion.data.series.m4",
    "ts_llm_fusion.data.series.mitbih",
    "ts_llm_fusion.data.qa.entries",
    "ts_llm_fusion.data.series.sources",
    "ts_llm_fusion.data.series.synthetic",
)
# Loader of a file of series.
_FILE_LOADER = "ts_llm_fusion.data.series.rows:load_rows"


def _gather() -> dict[str, DatasetEntry]:
    entries = [entry for module in _MODULES for entry in importlib.import_module(module).ENTRIES]
    return {entry.name: entry for entry in entries}


REGISTRY: dict[str, DatasetEntry] = _gather()


def find_dataset(name: str) -> DatasetEntry:
    """Find the entry of a data set.

    Raises:
        ValueError: for an unknown name, naming the nearest.
    """
    if name not in REGISTRY:
        hint = nearest(name, REGISTRY, "`ts-llm-fusion data list` lists them.")
        raise UserError(f"{name}: not a known data set; {hint}")
    return REGISTRY[name]


def find_loader(entry: DatasetEntry) -> Callable[..., Any]:
    """Import the loader of an entry: (split, streaming, **options) -> samples."""
    return resolve_name(entry.loader)


def find_features(entry: DatasetEntry) -> "Features":
    """Import the features of a sample of an entry."""
    return resolve_name(entry.features)


def load_dataset(name: str, split: str | None = None, streaming: bool = False, **options: Any) -> "AnyDataset":
    """Load the samples of a data set.

    Args:
        name: in the registry, or the path of a CSV or parquet file of series.
        split: one of the splits; all of them, in a dictionary, by default.
        streaming: return an `IterableDataset`, which reads during iteration, in place of a `Dataset`.
        options: of the loader.

    Raises:
        ValueError: for an unknown name or split, or a file that does not fit.
        FileNotFoundError: for a file that is not available locally and cannot be downloaded, saying where to put it.
        MissingPackageError: if the set needs an optional package that is not installed.
    """
    if name not in REGISTRY and Path(name).suffix:
        return resolve_name(_FILE_LOADER)(split, streaming, data=name, **options)
    entry = find_dataset(name)
    if split is not None and split not in entry.splits:
        raise UserError(f"{name}: no split {split!r}; the splits are {', '.join(entry.splits)}.")
    return find_loader(entry)(split, streaming, **{**entry.options, **options})
