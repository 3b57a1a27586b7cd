"""Series as rows, one for each: the shape that GluonTS, Chronos and fev know."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import Dataset, DatasetDict, Features, IterableDataset, IterableDatasetDict, List, NamedSplit, Value
from datasets.exceptions import DatasetGenerationError

from .download import locate
from .frames import infer_step
from .ltsf import LTSF_DATASETS
from .sources import load_series

AnyDataset = Dataset | DatasetDict | IterableDataset | IterableDatasetDict
Rows = Iterator[dict[str, Any]]

# `start` is null where the source has no dates; `freq` is a frequency of pandas.
SERIES_FEATURES = Features(
    {
        "item_id": Value("string"),
        "start": Value("timestamp[s]"),
        "freq": Value("string"),
        "target": List(Value("float64")),
    }
)


def _generate(generate: Callable[..., Rows], arguments: dict[str, Any], state: tuple) -> Rows:
    """The rows of `generate`; `state` is there to be part of the key of the cache."""
    yield from generate(**arguments)


def make_dataset(
    generate: Callable[..., Rows],
    features: Features,
    splits: Mapping[str, Mapping[str, Any]],
    split: str | None,
    streaming: bool,
    files: Sequence[Path] = (),
) -> AnyDataset:
    """Samples that a generator makes; without streaming they are written to the cache of `datasets`, not held in memory.

    Args:
        generate: makes the rows of a split; a function of a module, with arguments that can be pickled. A list among
            them is a list of shards, as in `IterableDataset.from_generator`.
        features: of a row.
        splits: name -> arguments of `generate`.
        split: the one that is wanted; all of them, in a dictionary, by default.
        streaming: whether to generate while iterating.
        files: what is read, so that a changed file is read again.
    """
    if split is None:
        made = {name: make_dataset(generate, features, splits, name, streaming, files) for name in splits}
        return IterableDatasetDict(made) if streaming else DatasetDict(made)
    arguments = dict(splits[split])
    if streaming:
        return IterableDataset.from_generator(
            generate, features=features, gen_kwargs=arguments, split=NamedSplit(split)
        )
    state = (version("ts-llm-fusion"), *((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files))
    try:
        return Dataset.from_generator(
            _generate,
            features=features,
            gen_kwargs={"generate": generate, "arguments": arguments, "state": state},
            split=NamedSplit(split),
        )
    except DatasetGenerationError as error:
        # What is wrong with the input is in the cause.
        if isinstance(error.__cause__, ValueError | OSError):
            raise error.__cause__ from None
        raise


def _frequency(index: pd.DatetimeIndex) -> str:
    return pd.tseries.frequencies.to_offset(infer_step(index)).freqstr


def _series_rows(data: str, rows: tuple[int, int | None], options: dict[str, Any]) -> Rows:
    series = load_series(data, **options).series
    frequency = _frequency(series.index)
    part = series.iloc[slice(*rows)]
    for column in part.columns:
        yield {
            "item_id": column,
            "start": part.index[0].to_pydatetime(),
            "freq": frequency,
            "target": part[column].to_numpy(),
        }


def load_rows(split: str | None, streaming: bool, data: str, **options: Any) -> AnyDataset:
    """The series that `load_series` knows as rows of `SERIES_FEATURES`.

    Args:
        split: as of `registry.load_dataset`. Each split of a benchmark set is the rows of its own segment; a file is one
            split, "train".
        streaming: as of `registry.load_dataset`.
        data: a name or a file.
        options: as of `load_series`.
    """
    if data in LTSF_DATASETS:
        dataset = LTSF_DATASETS[data]
        files = [locate(dataset.file, data)]
        ends = (0, *dataset.borders)
        bounds = dict(zip(("train", "validation", "test"), itertools.pairwise(ends), strict=True))
    else:
        files = [Path(data)] if Path(data).is_file() else []
        bounds = {"train": (0, None)}
    splits = {name: {"data": data, "rows": rows, "options": options} for name, rows in bounds.items()}
    if split is not None and split not in splits:
        raise ValueError(f"{data}: no split {split!r}; the splits are {', '.join(splits)}.")
    return make_dataset(_series_rows, SERIES_FEATURES, splits, split, streaming, files)
