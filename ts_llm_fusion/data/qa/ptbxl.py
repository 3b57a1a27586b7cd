"""PTB-XL: twelve-lead ECGs of ten seconds, read one at a time out of their archive."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .reading import Bundle, parse_integer, read_rows

if TYPE_CHECKING:
    import wfdb

_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_DATABASE = "ptbxl_database.csv"
# 500 Hz to 100 Hz.
_EVERY = 5
_OLDEST_TOLD = 89


@dataclass(frozen=True)
class Patient:
    """Whom an ECG was recorded from.

    Args:
        patient_id: of PTB-XL.
        description: age and sex, in words.
    """

    patient_id: str
    description: str


def _description(age: str, sex: str) -> str:
    """PTB-XL writes 300 for an age over 89, and 0 for male, 1 for female (Table 2 of Wagner et al., 2020)."""
    who = {"0": "male", "1": "female"}.get(sex.strip().split(".")[0], "")
    years = float(age) if age.strip() else np.nan
    old = (
        "" if np.isnan(years) else f"over-{_OLDEST_TOLD}-year-old" if years > _OLDEST_TOLD else f"{years:.0f}-year-old"
    )
    return " ".join(part for part in (old, who) if part)


class Recordings:
    """The recordings of PTB-XL, of its archive or the folder that it was unpacked to.

    Args:
        path: of either.

    Raises:
        FileNotFoundError: if it is not PTB-XL.
    """

    def __init__(self, path: Path):
        self._bundle = Bundle(path)
        self._root = self._bundle.find(_DATABASE).removesuffix(_DATABASE)

    def patients(self) -> dict[int, Patient]:
        """ECG -> its patient.

        Raises:
            ValueError: for rows that do not fit, with their number.
        """
        where = f"{self._bundle.path}, {_DATABASE}"
        found = {}
        with self._bundle.open(self._root + _DATABASE) as file:
            for number, row in read_rows(file, where, ("ecg_id", "patient_id", "age", "sex")):
                patient = row["patient_id"].split(".")[0]
                try:
                    described = _description(row["age"], row["sex"])
                except ValueError:
                    raise ValueError(f"{where}, row {number}: age {row['age']!r} is no number.") from None
                found[parse_integer(row["ecg_id"], f"{where}, row {number}, ecg_id")] = Patient(patient, described)
        return found

    def read(self, ecg_id: int) -> dict[str, np.ndarray]:
        """The twelve leads of an ECG in mV, name -> float64 (1000,): every fifth value of the 500 Hz recording, as
        OpenTSLM takes them.

        Raises:
            FileNotFoundError: if the archive does not have it.
            OSError: without wfdb.
            ValueError: for a recording that cannot be read or does not have twelve leads.
        """
        name = f"{ecg_id:05d}_hr"
        # wfdb reads files, not streams; a recording is 120 kB.
        with tempfile.TemporaryDirectory() as folder:
            for suffix in (".hea", ".dat"):
                member = f"{self._root}records500/{ecg_id // 1000 * 1000:05d}/{name}{suffix}"
                with self._bundle.open(member) as file:
                    Path(folder, name + suffix).write_bytes(file.read())
            record = self._record(Path(folder, name))
        by_name = {lead.upper(): values for lead, values in zip(record.sig_name, record.p_signal.T, strict=True)}
        missing = [lead for lead in _LEADS if lead.upper() not in by_name]
        if missing:
            raise ValueError(f"{self._bundle.path}, {name}: has no lead {missing[0]}.")
        return {f"Lead {lead}": by_name[lead.upper()][::_EVERY] for lead in _LEADS}

    def _record(self, path: Path) -> "wfdb.Record":
        """The recording whose two files are at a path, without their suffixes."""
        try:
            import wfdb
        except ModuleNotFoundError:
            raise OSError("PTB-XL is read with wfdb: pip install 'ts-llm-fusion[physionet]'.") from None
        where = f"{self._bundle.path}, {path.name}"
        try:
            # A header names the files of its signals, wherever they are.
            if set(wfdb.rdheader(str(path)).file_name) != {f"{path.name}.dat"}:
                raise ValueError(f"its signals must all be in {path.name}.dat")
            return wfdb.rdrecord(str(path))
        except (ValueError, AttributeError) as error:
            raise ValueError(f"{where}: {error}; the recording cannot be read.") from None
