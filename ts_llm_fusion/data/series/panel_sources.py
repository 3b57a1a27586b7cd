"""Sources of panels: a file with a long or wide table, or a set of series by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...errors import UserError
from ...suggestions import nearest
from ..registry import REGISTRY, load_dataset
from .m4 import M4_GROUPS, M4Rules, load_m4
from .panel_reading import load_panel, read_panel
from .panels import ID, TARGET, TIMESTAMP, Panel
from .tables import check_table

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


def load_source(name_or_path: str, **options: Any) -> Panel:
    """Load the series of a file, or of any set of series in the registry.

    Args:
        name_or_path: path or name. M4 has its history and its test together, dated from 1750 on, because its files
            have no dates; of a generated set the test split is taken.
        options: of `load_panel`, for files and for sets that are one table.

    Raises:
        FileNotFoundError: the file or set is not available.
        ValueError: as `load_panel`.
    """
    if rules := m4_rules(name_or_path):
        group = load_m4(name_or_path.removeprefix("M4-"))
        whole = [np.concatenate(pair) for pair in zip(group.train, group.test, strict=True)]
        return _numbered(group.names, whole, _START, rules.frequency, name_or_path)
    if name_or_path in REGISTRY and REGISTRY[name_or_path].loader != _TABLES:
        rows: Any = load_dataset(name_or_path, REGISTRY[name_or_path].splits[-1])
        first = rows[0]
        series = rows.with_format("numpy")["target"]
        return _numbered(rows["item_id"], list(series), first["start"] or _START, first["freq"], name_or_path)
    if name_or_path not in REGISTRY and not Path(name_or_path).suffix:
        if Path(name_or_path).exists():
            check_table(name_or_path)
        known = [name for name, entry in REGISTRY.items() if entry.task == "forecasting"]
        raise UserError(f"{name_or_path}: neither a file nor a known set; {nearest(name_or_path, known)}")
    return load_panel(name_or_path, **options)
