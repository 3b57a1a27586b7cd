"""Series as rows of a data set, in the format of GluonTS, Chronos and fev."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from datasets import Features, List, Value

from ...errors import UserError
from ..entries import SPLITS
from ..generated import AnyDataset, Rows, make_dataset
from .m4 import M4_GROUPS, M4Group, load_m4
from .panel_reading import load_panel
from .panels import Panel
from .sources import load_series
from .time_axis import find_grid

# `start` is null where the source has no dates; `freq` is a pandas alias.
SERIES_FEATURES = Features(
    {
        "item_id": Value("string"),
        "start": Value("timestamp[s]"),
        "freq": Value("string"),
        "target": List(Value("float64")),
    }
)


def _series_rows(series: pd.DataFrame, frequency: str, dated: bool) -> Rows:
    for column in series.columns:
        yield {
            "item_id": column,
            "start": series.index[0].to_pydatetime() if dated else None,
            "freq": frequency,
            "target": series[column].to_numpy(),
        }


def _check_split(split: str | None, splits: Iterable[str], data: str) -> None:
    if split is not None and split not in splits:
        raise UserError(f"{data}: no split {split!r}; the splits are {', '.join(splits)}.")


def _panel_rows(panel: Panel) -> Rows:
    for series, start in enumerate(panel.offsets[:-1].tolist()):
        for target in range(len(panel.targets)):
            yield {
                "item_id": panel.title(series, target),
                "start": panel.timestamps[start].to_pydatetime() if panel.dated else None,
                "freq": panel.grids.grids[panel.grids.grid_of[series]].alias,
                "target": panel.values[start : panel.offsets[series + 1], target],
            }


def load_rows(
    split: str | None,
    streaming: bool,
    data: str,
    id_column: str | Sequence[str] | None = None,
    target: str | Sequence[str] | None = None,
    **options: Any,
) -> AnyDataset:
    """Load series of `load_series`, with its options and errors, as rows of `SERIES_FEATURES`, for `load_dataset`.

    The splits of a benchmark set are its segments; series without borders form one split, "train". The table is read
    whole even for streaming. With columns of ids or targets it is one of `load_panel`: a row for each id and target.
    """
    if id_column is not None or target is not None:
        whole = {"train": {"panel": load_panel(data, id_column, target=target, **options)}}
        _check_split(split, whole, data)
        return make_dataset(_panel_rows, SERIES_FEATURES, whole, split, streaming)
    source = load_series(data, **options)
    frequency = (source.grid or find_grid(pd.DatetimeIndex(source.series.index), source=data)).alias
    bounds = list(itertools.pairwise((0, *(source.borders or (len(source.series),)))))
    splits = {
        name: {"series": source.series.iloc[slice(*rows)], "frequency": frequency, "dated": source.dated}
        for name, rows in zip(SPLITS, bounds, strict=False)
    }
    _check_split(split, splits, data)
    return make_dataset(_series_rows, SERIES_FEATURES, splits, split, streaming)


def _m4_rows(group: M4Group, part: str) -> Rows:
    frequency = M4_GROUPS[group.name].frequency
    for name, values in zip(group.names, getattr(group, part), strict=True):
        yield {"item_id": name, "start": None, "freq": frequency, "target": values}


def load_m4_rows(split: str | None, streaming: bool, group: str) -> AnyDataset:
    """Load a group of M4 as rows of `SERIES_FEATURES`, for `load_dataset`, without dates, because the files have none.

    "train" is the history, "test" the steps to forecast. The group is read whole even for streaming.
    """
    loaded = load_m4(group)
    splits = {part: {"group": loaded, "part": part} for part in ("train", "test")}
    return make_dataset(_m4_rows, SERIES_FEATURES, splits, split, streaming)
