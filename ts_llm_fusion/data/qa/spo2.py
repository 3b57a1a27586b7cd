"""BIDMC32SpO2: blood oxygen from a pulse oximeter and an ECG, a regression whose answer is text."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .reading import Bundle
from .samples import Labels, make_sample
from .source import QuestionSource
from .ts_files import ts_instances

TASK = "spo2"
_CHANNELS = ("PPG", "ECG")
_VALIDATION_SHARE = 0.1
_QUESTION = (
    "A pulse oximeter (PPG) and an ECG recorded these signals for 32 seconds at 125 Hz. What is the mean blood oxygen "
    "saturation over that time, in percent, with two decimals?"
)


@contextmanager
def _lines(path: Path, part: str) -> Iterator[tuple[str, Iterator[str]]]:
    bundle = Bundle(path)
    name = bundle.find(f"BIDMC32SpO2_{part}.ts")
    with bundle.open(name) as file:
        yield f"{path}, {name}", io.TextIOWrapper(file, encoding="utf-8")


def _count(path: Path) -> int:
    """Instances of the training file."""
    with _lines(path, "TRAIN") as (_, lines):
        return sum(bool(line.strip()) and not line.startswith(("#", "@")) for line in lines)


def samples(files: tuple[Path, ...], split: str) -> Iterator[dict[str, Any]]:
    """The windows of a split of the Monash regression archive (Zenodo 3902651): `BIDMC32SpO2_{TRAIN,TEST}.ts`, two
    channels of 4,000 values and the target.

    The answer is the target with two decimals. Put right against the reference: it draws a tenth of the training
    windows at random to validate on; here the last tenth of the file validates, so that windows that follow each other
    in it are not parted, but at the border. Whom a window was recorded from is not in the file. The reference also
    writes 97.5 for 97.50, and gives the model series that are not normalised, which the processor does here.

    Raises:
        ValueError: for lines that do not fit, with their number, and targets that are no numbers.
        FileNotFoundError: for an archive without one of the files.
    """
    (path,) = files
    part = "TEST" if split == "test" else "TRAIN"
    border = 0 if split == "test" else round((1 - _VALIDATION_SHARE) * _count(path))
    with _lines(path, part) as (where, lines):
        for row, instance in enumerate(ts_instances(lines, where, "target")):
            if (row < border) != (split == "train"):
                continue
            if len(instance.channels) != len(_CHANNELS):
                raise ValueError(
                    f"{where}, row {row + 1}: {len(instance.channels)} channels; there must be {len(_CHANNELS)}."
                )
            try:
                answer = f"{float(instance.label):.2f}"
            except ValueError:
                raise ValueError(f"{where}, row {row + 1}: target {instance.label!r} is no number.") from None
            series = dict(zip(_CHANNELS, instance.channels, strict=True))
            yield make_sample(_QUESTION, series, answer, TASK, TASK, f"{part}-{row}")


def labels(files: tuple[Path, ...]) -> Labels:
    """Numbers are open."""
    return {TASK: None}


load = QuestionSource(TASK, samples, labels)
