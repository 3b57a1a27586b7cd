"""The ECG record, from the table of the data directory and from PhysioNet's files."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion import load_series
from ts_llm_fusion.data.registry import load_dataset
from ts_llm_fusion.data.series.mitbih import ENTRIES

HEADER = (
    "100 2 360 650000\r\n100.dat 212 200 11 1024 995 -22131 0 MLII\r\n100.dat 212 200 11 1024 1011 20052 0 V5\r\n"
    "# 69 M 1085 1629 x1\r\n# Aldomet, Inderal\r\n"
)


def test_the_record_of_physionet_equals_the_table(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wfdb")
    units = pd.read_parquet(data_dir / "bio" / "mitdb_100_signal.parquet").to_numpy(dtype=np.int32)
    from_table = load_series("MIT-BIH")
    assert from_table.series.shape == (650_000, 2)
    assert from_table.borders == (455_000, 520_000, 650_000)
    # Format 212: two values of 12 bits in three bytes.
    first, second = units[:, 0] & 0xFFF, units[:, 1] & 0xFFF
    packed = np.stack((first & 0xFF, (first >> 8) | ((second >> 8) << 4), second & 0xFF), axis=1).astype(np.uint8)
    (tmp_path / "bio").mkdir()
    (tmp_path / "bio" / "100.hea").write_bytes(HEADER.encode())
    (tmp_path / "bio" / "100.dat").write_bytes(packed.tobytes())
    for file in ENTRIES[0].files:
        content = (tmp_path / file.path).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.size)
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    pd.testing.assert_frame_equal(load_series("MIT-BIH").series, from_table.series, rtol=1e-12)


def test_rows_have_no_dates(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    row = load_dataset("MIT-BIH", "test")[1]
    assert (row["item_id"], row["start"], row["freq"], len(row["target"])) == ("V5", None, "2777778ns", 130_000)
