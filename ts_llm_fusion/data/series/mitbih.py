"""Record 100 of the MIT-BIH arrhythmia database: two leads of an ECG, half an hour at 360 Hz."""

import pandas as pd

from ...errors import UserError
from ...requirements import require
from ..download import find_local, locate
from ..entries import DatasetEntry, RemoteFile

MITBIH = "MIT-BIH"
_ADDRESS = "https://physionet.org/files/mitdb/1.0.0"
_SHA256 = {
    "hea": "60ebc904c7bf3e04d142638d3fd5c903e8dc9f10f1ea3264e07926aa089ee75e",
    "dat": "b2ea3c250e56e48f4b7b90697832b8ecd1afa1e0bb31f2dcfea4ed6e1075a639",
}
_FILES = (
    RemoteFile("bio/100.hea", f"{_ADDRESS}/100.hea", _SHA256["hea"], 143),
    RemoteFile("bio/100.dat", f"{_ADDRESS}/100.dat", _SHA256["dat"], 1_950_000),
)
_TABLE = "bio/mitdb_100_signal.parquet"
_SAMPLES_PER_SECOND = 360
# Units of the converter per millivolt, and its zero, for both leads; from the header of the record.
_GAIN, _ZERO = 200.0, 1024


def _read_table() -> pd.DataFrame | None:
    """Read the leads in mV from the table in the data directory, which holds units of the converter."""
    path = find_local(_TABLE)
    if path is None:
        return None
    table = pd.read_parquet(path)
    missing = [column for column in ("MLII_adu", "V5_adu") if column not in table.columns]
    if missing:
        raise UserError(f"{path}: no column {missing[0]!r}; the columns are {list(table.columns)}.")
    return ((table[["MLII_adu", "V5_adu"]] - _ZERO) / _GAIN).set_axis(["MLII", "V5"], axis=1)


def read_mitbih() -> pd.DataFrame:
    """Read both leads in mV, 650,000 rows, indexed by times from the epoch, because the record has no date.

    Raises:
        FileNotFoundError: as `locate`.
        MissingPackageError: wfdb is needed and not installed.
        ValueError: a table without the leads.
    """
    table = _read_table()
    if table is None:
        wfdb = require("wfdb", "physionet")
        header, _ = [locate(file, MITBIH) for file in _FILES]
        record = wfdb.rdrecord(str(header.with_suffix("")))
        table = pd.DataFrame(record.p_signal, columns=record.sig_name)
    nanoseconds = table.index.to_numpy() * 1_000_000_000 // _SAMPLES_PER_SECOND
    return table.set_index(pd.DatetimeIndex(nanoseconds.astype("datetime64[ns]")))


ENTRIES = (
    DatasetEntry(
        name=MITBIH,
        task="forecasting",
        description="Record 100 of the MIT-BIH arrhythmia database: leads MLII and V5 of an ECG in mV, 30 minutes at "
        "360 Hz. Split 70 / 10 / 20 % in time order.",
        license="Open Data Commons Attribution License v1.0",
        citation="Moody and Mark, The impact of the MIT-BIH Arrhythmia Database, IEEE Eng. Med. Biol. 20(3), 2001; "
        "Goldberger et al., PhysioBank, PhysioToolkit, and PhysioNet, Circulation 101(23), 2000",
        homepage="https://physionet.org/content/mitdb/1.0.0/",
        features="ts_llm_fusion.data.series.rows:SERIES_FEATURES",
        loader="ts_llm_fusion.data.series.rows:load_rows",
        options={"data": MITBIH},
        files=_FILES,
        instead=(_TABLE,),
    ),
)
