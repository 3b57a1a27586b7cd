"""M4 captions: descriptions of M4 series in words, written by GPT-4o from plots."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .reading import Bundle, parse_numbers, read_rows
from .samples import make_sample
from .source import QuestionSource
from .splits import in_split, random_splits

logger = logging.getLogger(__name__)

TASK = "m4_captions"
# In the order of the reference, which joins them before it draws the splits.
_FREQUENCIES = ("Daily", "Hourly", "Monthly", "Quarterly", "Weekly", "Yearly")
_QUESTION = "Describe this time series in detail: its trend, its cycles, its noise, and what stands out."


def _captions(bundle: Bundle, frequency: str) -> dict[str, str]:
    name = bundle.find(f"m4_captions_{frequency}.csv")
    with bundle.open(name) as file:
        rows = read_rows(file, f"{bundle.path}, {name}", ("id", "caption"))
        return {row["id"]: row["caption"].strip() for _, row in rows}


def _captioned(bundle: Bundle) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield place in messages, row and caption of each captioned series; captions are read one frequency at a time."""
    for frequency in _FREQUENCIES:
        captions = _captions(bundle, frequency)
        name = bundle.find(f"m4_series_{frequency}.csv")
        source = f"{bundle.path}, {name}"
        with bundle.open(name) as file:
            for row_number, row in read_rows(file, source, ("id", "series")):
                if row["id"] in captions:
                    yield f"{source}, row {row_number}, series", row, captions[row["id"]]


def samples(files: tuple[Path, ...], split: str) -> Iterator[dict[str, Any]]:
    """Yield the captions of a split of M4TimeSeriesCaptionDatasetV02.zip.

    Each frequency has `m4_series_{frequency}.csv` (id, series as a JSON list) and `m4_captions_{frequency}.csv` (id,
    caption).

    Rows are drawn as in OpenTSLM, 80, 10 and 10 % over the six frequencies with seeds 42 and 43: 80,000, 10,000 and
    10,000 of the 100,000. Differs from the reference implementation: a frequency whose files are missing, or a series
    that does not parse, is an error and not a smaller set with other splits; and series with an empty caption are left
    out, after the draw.
    """
    (path,) = files
    bundle = Bundle(path)
    chosen = in_split(random_splits(sum(1 for _ in _captioned(bundle)), (42, 43)), split)
    empty = 0
    for position, (place, row, caption) in enumerate(_captioned(bundle)):
        if not chosen[position]:
            continue
        if not caption:
            empty += 1
            continue
        yield make_sample(_QUESTION, {"Series": parse_numbers(row["series"], place)}, caption, TASK, TASK, row["id"])
    if empty:
        logger.warning("%s: %d series of the %s split have an empty caption and were left out", path, empty, split)


load = QuestionSource(TASK, samples, lambda files: {TASK: None})
