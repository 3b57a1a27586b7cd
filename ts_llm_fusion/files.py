"""Atomic file writes, and checks of outputs before any work."""

import json
import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from safetensors import SafetensorError

from .errors import UserError

# Errors of the parser, and of its constructors for values that are not what their tags say.
_NOT_YAML = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
_LONGEST_MESSAGE = 300
# Bytes that a disk that is not full has room for.
_ROOM = 1 << 20
# Values of a mapping whose aliases are written out.
_LARGEST_MAPPING = 100_000


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path with the suffixes of `path`, and move it to `path` if the block ends without an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix="".join(path.suffixes))
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def check_output(path: str | Path, inputs: Iterable[str | Path | None] = (), overwrite: bool = False) -> None:
    """Check that a file can be written and replaces no other.

    Args:
        path: file to write.
        inputs: files (or names of something else) that the command reads, which are never overwritten.
        overwrite: whether another file may be overwritten.

    Raises:
        ValueError: the file is one of the inputs.
        OSError: the file exists, is a folder, or its folder is not writable.
    """
    path = Path(path)
    _check_not_input(path, inputs)
    if path.is_dir():
        raise IsADirectoryError(f"{path}: a folder of this name is there; name a file.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path}: the file is there already; name another, or give --overwrite.")
    check_writable(path.parent)


def check_output_folder(
    folder: str | Path, patterns: Iterable[str], inputs: Iterable[str | Path | None] = (), overwrite: bool = False
) -> None:
    """Check that files can be written in a folder, which need not exist, and replace no others; see `check_output`.

    `patterns` are the names of the files, for `Path.glob`.

    Raises:
        ValueError: the folder is one of the inputs.
        OSError: such a file exists, or the folder is not writable.
    """
    folder = Path(folder)
    _check_not_input(folder, inputs)
    check_writable(folder)
    if not overwrite:
        found = next((path for pattern in patterns for path in sorted(folder.glob(pattern))), None)
        if found is not None:
            raise FileExistsError(
                f"{folder}: {found.name} is there already, and would be written over or mixed with new files; name "
                "another folder, or give --overwrite."
            )


def _check_not_input(path: Path, inputs: Iterable[str | Path | None]) -> None:
    for given in inputs:
        if given is not None and path.exists() and Path(given).exists() and path.samefile(given):
            raise UserError(f"{path}: the output is also an input; name another.")


def check_writable(folder: str | Path) -> None:
    """Raise OSError if a folder is not writable or cannot be created."""
    existing = Path(folder)
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        raise NotADirectoryError(f"{folder}: {existing} is a file, not a folder; name another.")
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        raise type(error)(f"{folder}: nothing can be written there ({error.strerror}); name another folder.") from None


@contextmanager
def naming_full_disk(folder: str | Path, advice: str) -> Iterator[None]:
    """Turn the errors of libraries that cannot write into one of one line, where the disk of a folder is full.

    Args:
        folder: that the block writes in.
        advice: what to do, after "make room".

    Raises:
        OSError: the disk is full.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(bytes(_ROOM))
        except OSError as full:
            raise OSError(f"{folder}: nothing more can be written ({full.strerror}); make room{advice}.") from error
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_mapping(path: str | Path) -> dict[str, Any]:
    """Read a YAML file of names and values.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not YAML, or not a mapping of names, each given once.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file.")
    try:
        text = Path(path).read_text(encoding="utf-8")
        node, content = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except _NOT_YAML as error:
        message = " ".join(str(error).split())
        raise UserError(f"{path}: not YAML ({message[:_LONGEST_MESSAGE]}).") from None
    if not isinstance(content, dict) or not isinstance(node, yaml.MappingNode):
        raise UserError(f"{path}: a recipe is a mapping of names to values.")
    # The last of two values would count, without a word.
    names = Counter(key.value for key, _ in node.value)
    for name in content:
        if not isinstance(name, str):
            raise UserError(f"{path}: {name!r} is a name; names are text, in quotes where YAML reads another type.")
        if names[name] > 1:
            raise UserError(f"{path}: {name!r} is given {names[name]} times; give it once.")
    if _expanded_size(content) > _LARGEST_MAPPING:
        raise UserError(f"{path}: aliases (*) repeat its values more than {_LARGEST_MAPPING} times; write them out.")
    return content


def _expanded_size(content: Any) -> float:
    """Number of values in nested lists and mappings, each alias counted as what it stands for."""
    sizes: dict[int, float] = {}

    def size(value: Any) -> float:
        if not isinstance(value, list | dict):
            return 1
        if id(value) not in sizes:
            # Until it is known: an alias within what it stands for has no end.
            sizes[id(value)] = math.inf
            sizes[id(value)] = 1 + sum(map(size, value.values() if isinstance(value, dict) else value))
        return sizes[id(value)]

    return size(content)


def write_yaml(path: str | Path, data: Any) -> None:
    """Write a YAML file, with keys in their order."""
    write_text(path, yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=119))


def write_json(path: str | Path, data: Any) -> None:
    """Write an indented JSON file."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
