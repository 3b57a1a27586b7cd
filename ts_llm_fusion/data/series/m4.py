"""M4 competition: 100,000 series in six groups, as published by the organizers."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ...errors import UserError
from ..download import find_local, locate
from ..entries import DatasetEntry, RemoteFile


@dataclass(frozen=True)
class M4Rules:
    """Rules of the competition for a group.

    Args:
        num_series: number of series.
        horizon: steps to forecast.
        seasonality: steps of the season in MASE and Naive2.
        frequency: step between values, as pandas names it.
    """

    num_series: int
    horizon: int
    seasonality: int
    frequency: str


M4_GROUPS: dict[str, M4Rules] = {
    "Yearly": M4Rules(23_000, 6, 1, "YS"),
    "Quarterly": M4Rules(24_000, 8, 4, "QS"),
    "Monthly": M4Rules(48_000, 18, 12, "MS"),
    "Weekly": M4Rules(359, 13, 1, "W"),
    "Daily": M4Rules(4_227, 14, 1, "D"),
    "Hourly": M4Rules(414, 48, 24, "h"),
}


@dataclass(frozen=True)
class M4Group:
    """Series of a group.

    Args:
        name: name of the group.
        names: ids of the series, such as "Y1".
        train: for each series, its history, float64 (time,); lengths differ.
        test: float64 (series, horizon).
        horizon: steps to forecast.
        seasonality: steps of the season in MASE and Naive2.
    """

    name: str
    names: list[str]
    train: list[np.ndarray]
    test: np.ndarray
    horizon: int
    seasonality: int


_ADDRESS = "https://raw.githubusercontent.com/Mcompetitions/M4-methods/master/Dataset"
# Name of the file -> checksum, and bytes where known.
_FILES: dict[str, tuple[str, int | None]] = {
    "Yearly-train": ("6aa668d4f04654c0bf5f07b266a51c556f0df2faf4709f852653755396a249e4", 25_355_736),
    "Yearly-test": ("6dc2dd45b3af320389e2d3735cb4b3cdf320b63cbcda15d1a17193ab99702306", 1_486_434),
    "Quarterly-train": ("4450678cd493aa965c14bde984a5b62a66d8c3b2f7af1e53779bc91ff008ccdc", None),
    "Quarterly-test": ("bf1cab3b969a744c220cdc148e3829803eaa5da2754270fc4f376e775cd7d0ae", None),
    "Monthly-train": ("63aaa56198b4a22279a2fec541f56921f3bed6d8e0f84e550206df9276f2e9b9", None),
    "Monthly-test": ("5e3538bf23b4a09f4078180c3e2b34859f0382e1c4f22564affc1797e8f3f48f", None),
    "Weekly-train": ("d478d3f6ed673e6ed3c2cb0fbed5425f72eedd51318ebebeb0b5ecfcefc37714", 4_015_067),
    "Weekly-test": ("3b2bc4be8e636e802260dcd843ca3c5da40536a1fbe1ecb3229a97dae4f44688", 44_247),
    "Daily-train": ("78e94591c60c06309f1e544fd7b2ccba28f3616b01913dd336a1d1d98483a1ec", None),
    "Daily-test": ("633b0815626ae266d36872c4d53e95eb93ee8d43e79587fceec519eba3e6b05e", None),
    "Hourly-train": ("ea59b7783573c49077a835ab6465c7d66f1474783360f310988a9a737fbca62f", 2_347_115),
    "Hourly-test": ("71a57fccb15e534d973626ada4fb87febf789e9317715b7cc6dd3b5f90db6f42", 132_820),
}


def _file(group: str, part: str) -> RemoteFile:
    name = f"{group}-{part}"
    return RemoteFile(f"m4/{name}.csv", f"{_ADDRESS}/{part.capitalize()}/{name}.csv", *_FILES[name])


def _table(group: str) -> str:
    return f"m4/m4_{group.lower()}.parquet"


def _read_csv(path: Path) -> tuple[list[str], list[np.ndarray]]:
    """Read ids and values of a file of the organizers: columns V1 (the id), V2, ..., quoted, empty after the end.

    The file is read by lines: the padded table of the monthly series alone would take a gigabyte.
    """
    names, values = [], []
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        columns = file.readline().replace('"', "").rstrip("\r\n").split(",")
        if columns != [f"V{number + 1}" for number in range(len(columns))]:
            raise UserError(f"{path}: the columns are {', '.join(columns[:3])}, ...; those of M4 are V1, V2, V3, ...")
        for number, line in enumerate(file, start=2):
            name, *cells = line.replace('"', "").rstrip(",NA\r\n").split(",")
            try:
                series = np.array([float(cell) for cell in cells])
            except ValueError as error:
                raise UserError(
                    f"{path}, line {number}: {error}; the values of series {name!r} are numbers."
                ) from None
            if not len(series) or not np.isfinite(series).all():
                raise UserError(f"{path}, line {number}: series {name!r} is empty or not finite.")
            names.append(name)
            values.append(series)
    return names, values


def _read_parquet(path: Path) -> tuple[list[str], list[np.ndarray], list[np.ndarray]]:
    """Read ids, histories and futures of a table with the columns id, train and test."""
    table = pd.read_parquet(path)
    missing = [column for column in ("id", "train", "test") if column not in table.columns]
    if missing:
        raise UserError(f"{path}: no column {missing[0]!r}; the columns are {list(table.columns)}.")
    return table["id"].tolist(), table["train"].tolist(), table["test"].tolist()


def load_m4(group: str) -> M4Group:
    """Load a group from `m4/m4_<group>.parquet` in the data directory, else from the two CSV files of the organizers.

    Raises:
        FileNotFoundError: as `locate`.
        ValueError: unknown group, or files that differ from the published ones.
    """
    if group not in M4_GROUPS:
        raise UserError(f"M4 has no group {group!r}; the groups are {', '.join(M4_GROUPS)}.")
    rules = M4_GROUPS[group]
    parquet = find_local(_table(group))
    if parquet is not None:
        names, train, futures = _read_parquet(parquet)
    else:
        names, train = _read_csv(locate(_file(group, "train"), f"M4-{group}"))
        test_names, futures = _read_csv(locate(_file(group, "test"), f"M4-{group}"))
        if names != test_names:
            raise UserError(f"M4-{group}: the series of the two files differ; download both again.")
    if {len(future) for future in futures} != {rules.horizon}:
        raise UserError(f"M4-{group}: not every series has {rules.horizon} values to forecast.")
    return M4Group(group, names, train, np.stack(futures), rules.horizon, rules.seasonality)


def _entry(group: str, rules: M4Rules) -> DatasetEntry:
    return DatasetEntry(
        name=f"M4-{group}",
        task="forecasting",
        description=f"The {rules.num_series:,} {group.lower()} series of the M4 competition, {rules.horizon} steps to "
        "forecast. `test` holds these steps, `train` the history.",
        license="none stated; the organizers: open access, free for research",
        citation="Makridakis, Spiliotis and Assimakopoulos, The M4 Competition: 100,000 time series and 61 "
        "forecasting methods, International Journal of Forecasting 36(1), 2020",
        homepage="https://github.com/Mcompetitions/M4-methods",
        splits=("train", "test"),
        features="ts_llm_fusion.data.series.rows:SERIES_FEATURES",
        loader="ts_llm_fusion.data.series.rows:load_m4_rows",
        options={"group": group},
        files=(_file(group, "train"), _file(group, "test")),
        instead=(_table(group),),
    )


ENTRIES = tuple(_entry(group, rules) for group, rules in M4_GROUPS.items())
