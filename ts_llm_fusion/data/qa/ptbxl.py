"""PTB-XL: twelve-lead ECGs of ten seconds, read one at a time from their archive."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import UserError
from ...requirements import require
from .reading import Bundle, parse_integer, read_rows

if TYPE_CHECKING:
    import wfdb

_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_DATABASE = "ptbxl_database.csv"
# From 500 Hz to 100 Hz.
_DOWNSAMPLING = 5
# PTB-XL writes 300 for an age over this one (Table 2 of Wagner et al., 2020).
_OLDEST = 89
# Codes of the same table.
_SEXES = {"0": "male", "1": "female"}


@dataclass(frozen=True)
class Patient:
    """Patient of an ECG.

    Args:
        patient_id: as in PTB-XL.
        description: age and sex in words, such as "56-year-old female".
    """

    patient_id: str
    description: str


def _description(age: str, sex: str) -> str:
    words = []
    if age.strip() and not np.isnan(years := float(age)):
        words.append(f"over-{_OLDEST}-year-old" if years > _OLDEST else f"{years:.0f}-year-old")
    if code := _SEXES.get(sex.strip().split(".")[0]):
        words.append(code)
    return " ".join(words)


class Recordings:
    """Recordings of PTB-XL, in its archive or in the folder that it was unpacked to.

    Args:
        path: of the archive or the folder.
    """

    def __init__(self, path: Path):
        self._wfdb = require("wfdb", "physionet")
        self._bundle = Bundle(path)
        self._root = self._bundle.find(_DATABASE).removesuffix(_DATABASE)

    def patients(self) -> dict[int, Patient]:
        """Read the table of patients: ECG -> patient."""
        source = f"{self._bundle.path}, {_DATABASE}"
        patients = {}
        with self._bundle.open(self._root + _DATABASE) as file:
            for row_number, row in read_rows(file, source, ("ecg_id", "patient_id", "age", "sex")):
                place = f"{source}, row {row_number}"
                patient_id = row["patient_id"].split(".")[0]
                try:
                    description = _description(row["age"], row["sex"])
                except ValueError:
                    raise UserError(f"{place}: age {row['age']!r} is not a number.") from None
                patients[parse_integer(row["ecg_id"], f"{place}, ecg_id")] = Patient(patient_id, description)
        return patients

    def read(self, ecg_id: int) -> dict[str, np.ndarray]:
        """Read the twelve leads of an ECG in mV, name -> float64 (1000,).

        They are every fifth value of the 500 Hz recording, as in OpenTSLM.
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
            raise UserError(f"{self._bundle.path}, {name}: has no lead {missing[0]}.")
        return {f"Lead {lead}": by_name[lead.upper()][::_DOWNSAMPLING] for lead in _LEADS}

    def _record(self, path: Path) -> "wfdb.Record":
        """Read the recording whose two files are at a path, given without their suffixes."""
        try:
            # A header can name files anywhere as those of its signals.
            if set(self._wfdb.rdheader(str(path)).file_name) != {f"{path.name}.dat"}:
                raise UserError(f"its signals must all be in {path.name}.dat")
            return self._wfdb.rdrecord(str(path))
        except (ValueError, AttributeError) as error:
            raise UserError(f"{self._bundle.path}, {path.name}: {error}; the recording cannot be read.") from None
