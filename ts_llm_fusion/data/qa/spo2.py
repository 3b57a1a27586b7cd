"""BIDMC32SpO2: blood oxygen from a pulse oximeter and an ECG, a regression with the number as text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import UserError
from .samples import make_sample
from .source import QuestionSource
from .ts_files import open_ts, ts_instances

TASK = "spo2"
_SET = "BIDMC32SpO2"
_CHANNELS = ("PPG", "ECG")
_VALIDATION_SHARE = 0.1
_QUESTION = (
    "A pulse oximeter (PPG) and an ECG recorded these signals for 32 seconds at 125 Hz. What is the mean blood oxygen "
    "saturation over that time, in percent, with two decimals?"
)


def _count(path: Path) -> int:
    """Count the instances of the training file."""
    with open_ts(path, _SET, "TRAIN") as (_, lines):
        return sum(bool(line.strip()) and not line.startswith(("#", "@")) for line in lines)


def samples(files: tuple[Path, ...], split: str) -> Iterator[dict[str, Any]]:
    """Yield the windows of a split of the Monash regression archive (Zenodo 3902651).

    The files `BIDMC32SpO2_{TRAIN,TEST}.ts` hold two channels of 4,000 values and the target.

    The answer is the target with two decimals. The file does not name subjects. Differs from the reference
    implementation, which draws a tenth of the training windows at random for validation: here it is the last tenth of
    the file, so that consecutive windows are separated only at the border. The reference also writes 97.5 for 97.50,
    and gives the model series that are not normalized; here the processor normalizes them.
    """
    (path,) = files
    part = "TEST" if split == "test" else "TRAIN"
    border = 0 if split == "test" else round((1 - _VALIDATION_SHARE) * _count(path))
    with open_ts(path, _SET, part) as (source, lines):
        for row, instance in enumerate(ts_instances(lines, source, "target")):
            if (row < border) != (split == "train"):
                continue
            if len(instance.channels) != len(_CHANNELS):
                raise UserError(
                    f"{source}, row {row + 1}: {len(instance.channels)} channels; there must be {len(_CHANNELS)}."
                )
            try:
                answer = f"{float(instance.label):.2f}"
            except ValueError:
                raise UserError(f"{source}, row {row + 1}: target {instance.label!r} is not a number.") from None
            series = dict(zip(_CHANNELS, instance.channels, strict=True))
            yield make_sample(_QUESTION, series, answer, TASK, TASK, f"{part}-{row}")


load = QuestionSource(TASK, samples, lambda files: {TASK: None})
