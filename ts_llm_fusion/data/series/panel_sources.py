"""Sources of panels: a file with a long or wide table, or a set of series by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..registry import REGISTRY, load_dataset
from .m4 import M4_GROUPS, M4Rules, load_m4
from .panels import ID, TARGET, TIMESTAMP, Panel, read_panel
from .sources import load_series
from .tables import read_table

# Date of the first value of series whose source has no dates.
_START = "1750-01-01"
# Loader of registry entries whose series are one table, which `load_series` reads.
_TABLES = "ts_llm_fusion.data.series.rows:load_rows"


def m4_rules(data: str) -> M4Rules | None:
    """Rules of the competition for a group of M4 by its name in the registry, such as "M4-Weekly"; None for others."""
    return M4_GROUPS.get(data.removeprefix("M4-")) if data.startswith("M4-") else None


def _numbered(names: Sequence[str], series: Sequence[np.ndarray], start: Any, freq: str, source: str) -> Panel:
    """Panel of series that begin together."""
    lengths = np.array([len(values) for values in series])
    place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    stamps = pd.date_range(start, periods=int(lengths.max()), freq=freq, unit="s")
    columns = {ID: np.repeat(np.array(names), lengths), TIMESTAMP: stamps[place], TARGET: np.concatenate(series)}
    return read_panel(pd.DataFrame(columns), freq=freq, source=source)


def load_panel(
    data: str,
    id_column: str | Sequence[str] | None = None,
    timestamp_column: str | None = None,
    target_columns: Sequence[str] | None = None,
    freq: str | None = None,
    dayfirst: bool | None = None,
) -> Panel:
    """Load the series of a file, or of a set by name.

    Args:
        data: path of a CSV, parquet or xlsx file with a long or wide table, or a name of the registry. M4 has its
            history and its test together, dated from 1750 on, because its files have no dates; of a generated set
            the test split is taken.
        id_column: column of ids, or several, of a file; found by its name by default.
        timestamp_column: column of timestamps; found by its name by default.
        target_columns: columns to forecast; by default as `read_panel`, of a set all.
        freq: time step, a pandas alias; inferred by default.
        dayfirst: whether 01/02/2024 is 1 February; inferred from all rows by default.

    Raises:
        FileNotFoundError: the file or set is not available.
        ValueError: unknown name, or as `read_panel`.
    """
    if rules := m4_rules(data):
        group = load_m4(data.removeprefix("M4-"))
        whole = [np.concatenate(pair) for pair in zip(group.train, group.test, strict=True)]
        return _numbered(group.names, whole, _START, rules.frequency, data)
    if data in REGISTRY and REGISTRY[data].loader != _TABLES:
        rows: Any = load_dataset(data, REGISTRY[data].splits[-1])
        first = rows[0]
        series = rows.with_format("numpy")["target"]
        return _numbered(rows["item_id"], list(series), first["start"] or _START, first["freq"], data)
    if data in REGISTRY or not Path(data).suffix:
        source = load_series(data, timestamp_column, target_columns, dayfirst, freq)
        return read_panel(source.series, freq=freq, source=data)
    return read_panel(
        read_table(data),
        id_column or ID,
        timestamp_column or TIMESTAMP,
        target_columns or TARGET,
        freq,
        dayfirst=dayfirst,
        source=data,
    )
