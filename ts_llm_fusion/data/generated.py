"""Data sets made by generators of rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from datasets import Dataset, DatasetDict, Features, IterableDataset, IterableDatasetDict, NamedSplit
from datasets.exceptions import DatasetGenerationError

from ..requirements import MissingPackageError

AnyDataset: TypeAlias = Dataset | DatasetDict | IterableDataset | IterableDatasetDict
Rows: TypeAlias = Iterator[dict[str, Any]]

# Rows held in memory until they are written: a row can have the twelve leads of an ECG.
_WRITER_ROWS = 100


def _generate(generate: Callable[..., Rows], arguments: dict[str, Any], state: tuple, **shards: list) -> Rows:
    """Rows of `generate`; `state` is an argument only to be part of the cache key."""
    yield from generate(**arguments, **shards)


def _code_stamp() -> int:
    """Newest modification time of the data code; part of the cache key."""
    return max(path.stat().st_mtime_ns for path in Path(__file__).parent.rglob("*.py"))


def make_dataset(
    generate: Callable[..., Rows],
    features: Features,
    splits: Mapping[str, Mapping[str, Any]],
    split: str | None,
    streaming: bool,
    files: Sequence[Path] = (),
    num_proc: int | None = None,
) -> AnyDataset:
    """Make a data set from a generator of rows; without streaming, its rows go to the cache of `datasets`.

    Args:
        generate: yields the rows of a split; a function of a module, with arguments that can be pickled. A list among
            its arguments is a list of shards, as in `IterableDataset.from_generator`.
        features: of a row.
        splits: name -> arguments of `generate`.
        split: the split to make; all of them, in a dictionary, by default.
        streaming: generate rows during iteration, and keep none.
        files: the files that `generate` reads; a changed file is read again.
        num_proc: processes that share the shards, one each at most; without streaming. This one by default.
    """
    if split is None:
        made = {name: make_dataset(generate, features, splits, name, streaming, files, num_proc) for name in splits}
        return IterableDatasetDict(made) if streaming else DatasetDict(made)
    arguments = dict(splits[split])
    if streaming:
        return IterableDataset.from_generator(
            generate, features=features, gen_kwargs=arguments, split=NamedSplit(split)
        )
    shards = {name: arguments.pop(name) for name in [*arguments] if isinstance(arguments[name], list)}
    num_proc = min([num_proc or 1, *map(len, shards.values())]) if shards else 1
    state = (_code_stamp(), *((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files))
    try:
        return Dataset.from_generator(
            _generate,
            features=features,
            gen_kwargs={"generate": generate, "arguments": arguments, "state": state, **shards},
            split=NamedSplit(split),
            num_proc=num_proc if num_proc > 1 else None,
            writer_batch_size=_WRITER_ROWS,
        )
    except DatasetGenerationError as error:
        # The cause says what is wrong with the input.
        if isinstance(error.__cause__, ValueError | OSError | MissingPackageError):
            raise error.__cause__ from None
        raise
