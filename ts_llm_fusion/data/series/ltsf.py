"""Long-term forecasting sets, split as in the public benchmark code (CALF, Time-Series-Library)."""

from dataclasses import dataclass
from typing import Any

from ..entries import DatasetEntry, RemoteFile
from .borders import split_borders


@dataclass(frozen=True)
class LTSFDataset:
    """Protocol of one benchmark set.

    Args:
        file: the file and its address.
        borders: rows at which train, validation and test end; later rows are never used.
        num_variables: number of columns, without the date.
        seasonal_period: steps of the season, or None where the set has none.
        frequency: step between rows, as pandas names it.
        even_rows: whether to put the rows on an even grid from the first date on, because dates in the file repeat or
            are skipped; the protocol counts rows.
    """

    file: RemoteFile
    borders: tuple[int, int, int]
    num_variables: int
    seasonal_period: int | None
    frequency: str
    even_rows: bool = False


_ETT = "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small"
_HUB_ID = "thuml/Time-Series-Library"


# Name of the file -> checksum.
_SHA256 = {
    "ETTh1": "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
    "ETTh2": "a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b",
    "ETTm1": "6ce1759b1a18e3328421d5d75fadcb316c449fcd7cec32820c8dafda71986c9e",
    "ETTm2": "db973ca252c6410a30d0469b13d696cf919648d0f3fd588c60f03fdbdbadd1fd",
    "weather": "34ee981d07313e51da2a50bb600072c8ae4a69cb4b0651f4cb93a069d7a2ba63",
    "electricity": "7e45845d54c5219bad0ae6bc1b5316cf8ff9cead5d33fa998a5a51c2e4a497ad",
    "traffic": "cb06463d56fa17d87f47027cd9389ceae82a69eddee51cdb61480e120dab0b16",
    "exchange_rate": "48b4d9d3d508f5104162e85b9a6042e3557fde11aa9f2944eba8c0d0efc89842",
    "national_illness": "93601f64d2566dc796ca4305adad8b8560c2db1a1ff04543c3bd813a7263570a",
}


def _ett(name: str, steps_per_hour: int, size: int | None = None) -> LTSFDataset:
    month = 30 * 24 * steps_per_hour
    return LTSFDataset(
        RemoteFile(f"ltsf/{name}.csv", f"{_ETT}/{name}.csv", _SHA256[name], size),
        borders=(12 * month, 16 * month, 20 * month),
        num_variables=7,
        seasonal_period=24 * steps_per_hour,
        frequency="h" if steps_per_hour == 1 else f"{60 // steps_per_hour}min",
    )


def _custom(folder: str, name: str, size: int, rows: int, *facts: Any) -> LTSFDataset:
    """Set split by shares of its rows; `facts` are the further fields, from `num_variables` on."""
    url = f"hf://datasets/{_HUB_ID}/{folder}/{name}.csv"
    file = RemoteFile(f"ltsf/{name}.csv", url, _SHA256[name], size)
    return LTSFDataset(file, split_borders(rows, (0.7, 0.1, 0.2)), *facts)


LTSF_DATASETS: dict[str, LTSFDataset] = {
    "ETTh1": _ett("ETTh1", 1, 2589657),
    "ETTh2": _ett("ETTh2", 1),
    "ETTm1": _ett("ETTm1", 4, 10360719),
    "ETTm2": _ett("ETTm2", 4),
    # Row 19,045 repeats the date of the row before it, and there is a gap of 100 minutes.
    "Weather": _custom("weather", "weather", 7235425, 52696, 21, 144, "10min", True),
    "Electricity": _custom("electricity", "electricity", 95581762, 26304, 321, 24, "h"),
    "Traffic": _custom("traffic", "traffic", 136478119, 17544, 862, 24, "h"),
    "Exchange": _custom("exchange_rate", "exchange_rate", 637800, 7588, 8, None, "D"),
    "ILI": _custom("illness", "national_illness", 67620, 966, 7, 52, "W-TUE"),
}

_AUTOFORMER = "Wu et al., Autoformer, NeurIPS 2021 (arXiv:2106.13008)"
_LSTNET = "Lai et al., Modeling Long- and Short-Term Temporal Patterns with Deep Neural Networks, SIGIR 2018"
_INFORMER = "Zhou et al., Informer, AAAI 2021 (arXiv:2012.07436)"
# name -> (description, citation, homepage); the ETT sets share the latter two
_FACTS: dict[str, tuple[str, ...]] = {
    "ETTh1": ("An electricity transformer in China: oil temperature (OT) and six loads, hourly, 2016-2018.",),
    "ETTh2": ("A second electricity transformer in China: oil temperature and six loads, hourly, 2016-2018.",),
    "ETTm1": ("The transformer of ETTh1, every 15 minutes.",),
    "ETTm2": ("The transformer of ETTh2, every 15 minutes.",),
    "Weather": (
        "21 quantities at the weather station of the Max Planck Institute for Biogeochemistry in Jena, every 10 "
        "minutes, 2020. One date repeats and 100 minutes are missing; rows are counted, as the protocol does.",
        _AUTOFORMER,
        "https://www.bgc-jena.mpg.de/wetter/",
    ),
    "Electricity": (
        "Electricity use of 321 clients in Portugal, hourly; derived from UCI ElectricityLoadDiagrams20112014.",
        f"Trindade, ElectricityLoadDiagrams20112014, UCI, 2015; {_LSTNET}",
        "https://archive.ics.uci.edu/dataset/321",
    ),
    "Traffic": (
        "Road occupancy at 862 sensors of the California Department of Transportation, hourly.",
        _LSTNET,
        "https://pems.dot.ca.gov",
    ),
    "Exchange": (
        "Exchange rates of eight countries, daily, 1990-2010. Columns 6 and 7 are swapped against the origin, as in "
        "every copy that the benchmarks use.",
        _LSTNET,
        "https://github.com/laiguokun/multivariate-time-series-data",
    ),
    "ILI": (
        "Influenza-like illness in the United States (CDC), weekly, 2002-2020, 7 columns.",
        _AUTOFORMER,
        "https://gis.cdc.gov/grasp/fluview/fluportaldashboard.html",
    ),
}


def _entry(name: str, dataset: LTSFDataset) -> DatasetEntry:
    ett = name.startswith("ETT")
    description, citation, homepage = (
        (*_FACTS[name], _INFORMER, "https://github.com/zhouhaoyi/ETDataset") if ett else _FACTS[name]
    )
    return DatasetEntry(
        name=name,
        task="forecasting",
        description=description,
        license="CC BY-ND 4.0" if ett else "none stated",
        citation=citation,
        homepage=homepage,
        features="ts_llm_fusion.data.series.rows:SERIES_FEATURES",
        loader="ts_llm_fusion.data.series.rows:load_rows",
        options={"data": name},
        files=(dataset.file,),
        hub_id=_HUB_ID,
    )


ENTRIES = tuple(_entry(name, dataset) for name, dataset in LTSF_DATASETS.items())
