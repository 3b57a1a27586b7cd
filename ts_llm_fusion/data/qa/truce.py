"""TRUCE: short series of stock prices and drawn patterns, with captions by people."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import UserError
from .samples import make_sample
from .source import QuestionSource
from .splits import SHORT_NAMES, later_splits

_SOURCES = ("stock", "synthetic")
_TYPES = {"source": str, "split": str, "id": str, "series": list, "captions": list}
_QUESTION = "Describe what is notable about this series in a short phrase."


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        for row_number, line in enumerate(file, start=1):
            place = f"{path}, row {row_number}"
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UserError(f"{place}: is not JSON ({error}).") from None
            for name, kind in _TYPES.items():
                if not isinstance(row, dict) or not isinstance(row.get(name), kind):
                    raise UserError(f"{place}: {name} must be a {kind.__name__}.")
            if not row["series"] or not all(type(value) in (int, float) for value in row["series"]):
                raise UserError(f"{place}: series must be a list of numbers that is not empty.")
            if row["source"] not in _SOURCES or row["split"] not in SHORT_NAMES.values():
                raise UserError(
                    f"{place}: source {row['source']!r} and split {row['split']!r} must be of {', '.join(_SOURCES)} "
                    f"and of {', '.join(SHORT_NAMES.values())}."
                )
            yield row


def samples(files: tuple[Path, ...], split: str) -> Iterator[dict[str, Any]]:
    """Yield the captions of a split of truce.jsonl: lines with source, split, id, series (12 values) and captions (3).

    Each caption is a sample of its own. Differs from the published splits: a series that a later split also has, as 20
    of the 1,968 of the training split, is left out of the earlier one.
    """
    (path,) = files
    later = {SHORT_NAMES[name] for name in later_splits(split)}
    held_out = {(row["source"], tuple(row["series"])) for row in _rows(path) if row["split"] in later}
    for row in _rows(path):
        if row["split"] != SHORT_NAMES[split] or (row["source"], tuple(row["series"])) in held_out:
            continue
        for caption_number, caption in enumerate(row["captions"], start=1):
            sample_id = f"{row['source']}-{row['id']}-{caption_number}"
            task = f"truce/{row['source']}"
            yield make_sample(_QUESTION, {"Series": row["series"]}, caption.strip(), task, "truce", sample_id)


load = QuestionSource("truce", samples, lambda files: {f"truce/{source}": None for source in _SOURCES})
