"""Readers of `.ts` files (UEA and Monash archives) and `.tsv` files (UCR archive)."""

import gzip
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ...errors import UserError
from .reading import Bundle


@dataclass(frozen=True)
class LabeledSeries:
    """One instance of an archive.

    Args:
        channels: float64 (time,) each, of any length; NaN where a value is missing.
        label: class or regression target, as text.
    """

    channels: list[np.ndarray]
    label: str


def _lines(path: Path) -> Iterator[str]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        yield from file


def _parse_values(text: str, separator: str, place: str) -> np.ndarray:
    try:
        return np.array([np.nan if value in ("?", "") else float(value) for value in text.split(separator)])
    except ValueError as error:
        raise UserError(f"{place}: {error}; values are numbers, or ? where missing.") from None


def ts_instances(lines: Iterable[str], source: str, label: Literal["class", "target"]) -> Iterator[LabeledSeries]:
    """Yield the instances of a `.ts` file: channels separated by ":", then the class or the target.

    Args:
        lines: of the file.
        source: name of the file in messages.
        label: the kind of label that the header must announce.

    Raises:
        ValueError: for a file with time stamps, without labels, or with lines that do not fit its header.
    """
    header: dict[str, list[str]] = {}
    checked = False
    for line_number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("@"):
            name, *values = line[1:].split()
            header[name.lower()] = values
            continue
        if not checked:
            if header.get("timestamps", ["false"])[0].lower() == "true":
                raise UserError(f"{source}: has time stamps, which are not read; give a file with @timeStamps false.")
            if header.get(f"{label}label", ["false"])[0].lower() != "true":
                raise UserError(f"{source}: has no @{label}Label; is it the right archive?")
            checked = True
        place = f"{source}, line {line_number}"
        *channels, value = line.split(":")
        announced = " ".join(header.get("dimensions", [str(len(channels))]))
        if str(len(channels)) != announced:
            raise UserError(f"{place}: {len(channels)} channels, but the header says {announced}.")
        yield LabeledSeries([_parse_values(channel, ",", place) for channel in channels], value.lower())


@contextmanager
def open_ts(path: Path, name: str, part: str) -> Iterator[tuple[str, Iterable[str]]]:
    """Open the `.ts` file of a part ("TRAIN", "TEST") of a set in an archive: its name in messages, and its lines."""
    bundle = Bundle(path)
    member = bundle.find(f"{name}_{part}.ts")
    with bundle.open(member) as file:
        yield f"{path}, {member}", io.TextIOWrapper(file, encoding="utf-8")


def read_ts(path: str | Path) -> list[LabeledSeries]:
    """Read the instances of a `.ts` file of a classification archive, gzipped or not."""
    return list(ts_instances(_lines(Path(path)), str(path), "class"))


def read_tsv(path: str | Path) -> list[LabeledSeries]:
    """Read the instances of a `.tsv` file, gzipped or not.

    A row is the class and its values; missing values at the end are padding.
    """
    instances = []
    for line_number, line in enumerate(map(str.strip, _lines(Path(path))), start=1):
        if not line:
            continue
        label, tab, values = line.partition("\t")
        if not tab:
            raise UserError(f"{path}, line {line_number}: has no tab; a line is the class and the values, with tabs.")
        series = _parse_values(values.replace("NaN", "?"), "\t", f"{path}, line {line_number}")
        series = series[: np.flatnonzero(~np.isnan(series)).max(initial=-1) + 1]
        instances.append(LabeledSeries([series], label))
    return instances
