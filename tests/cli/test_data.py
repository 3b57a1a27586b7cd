"""`ts-llm-fusion data` as a user meets it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ts_llm_fusion.cli import main
from ts_llm_fusion.data import download
from ts_llm_fusion.data.registry import REGISTRY


@pytest.fixture(autouse=True)
def _nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TS_LLM_FUSION_DATA_DIR", raising=False)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.chdir(tmp_path)


def test_the_list_has_a_line_for_every_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "ltsf").mkdir()
    (tmp_path / "ltsf" / "ETTh1.csv").touch()
    (tmp_path / "m4").mkdir()
    (tmp_path / "m4" / "Yearly-test.csv").touch()
    (tmp_path / "m4" / "m4_weekly.parquet").touch()
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    assert main(["data", "list", "--json"]) == 0
    sets = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in sets] == list(REGISTRY) and sets[0]["here"] == "yes"
    assert main(["data", "list"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(REGISTRY)
    start = head.index("here")
    here = {line.split()[0]: line[start : head.index("download")].strip() for line in lines}
    assert {name: here[name] for name in ("ETTh1", "ETTh2", "M4-Yearly", "M4-Weekly", "co2")} == {
        "ETTh1": "yes",
        "ETTh2": "no",
        "M4-Yearly": "1 of 2",
        "M4-Weekly": "yes",
        "co2": "-",
    }
    assert max(map(len, lines)) < 160


def test_info_tells_everything_of_an_entry(capsys: pytest.CaptureFixture) -> None:
    assert main(["data", "info", "Weather"]) == 0
    text, then = capsys.readouterr()
    assert then.splitlines()[-1] == "next: ts-llm-fusion data download Weather"
    entry = REGISTRY["Weather"]
    (file,) = entry.files
    for fact in (entry.license, entry.citation, entry.homepage, entry.hub_id, file.path, file.url, file.sha256):
        assert fact in text
    assert "train, validation, test" in text
    assert "target: List(Value('float64'))" in text
    assert "7.2 MB" in text
    assert "here      no" in text


def test_download_prints_where_the_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "ltsf").mkdir()
    (tmp_path / "ltsf" / "ETTh1.csv.gz").touch()
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    assert main(["data", "download", "ETTh1"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "ltsf" / "ETTh1.csv.gz")
    assert main(["data", "download", "co2"]) == 0
    assert "co2: nothing to download" in capsys.readouterr().out
    (tmp_path / "m4").mkdir()
    (tmp_path / "m4" / "m4_weekly.parquet").touch()
    assert main(["data", "download", "M4-Weekly"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "m4" / "m4_weekly.parquet")


def test_preview_prints_and_draws_samples(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    output = tmp_path / "pictures" / "made.png"
    assert main(["data", "preview", "synthetic-series", "--samples", "2", "--output", str(output)]) == 0
    text = capsys.readouterr().out
    assert text.count("sample ") == 2
    assert "family: kernels" in text
    assert "512 values:" in text
    picture = np.asarray(Image.open(output).convert("RGB"))
    assert picture.shape[:2] == (round(120 * (0.6 + 2.3 * 2)), 1200)
    # Lines in the color of the first series, #1f77b4, in both halves.
    blue = (np.abs(picture.astype(int) - (0x1F, 0x77, 0xB4)).sum(-1) < 40).sum(1)
    assert blue[: len(blue) // 2].sum() > 300
    assert blue[len(blue) // 2 :].sum() > 300


def test_preview_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    dates = pd.date_range("2024-01-01", periods=1500, freq="D")
    pd.DataFrame({"date": dates, "sales": np.arange(1500.0)}).to_csv(tmp_path / "own.csv", index=False)
    assert main(["data", "preview", str(tmp_path / "own.csv")]) == 0
    text, then = capsys.readouterr()
    assert "sales: 1500 values: 0 1 2 3 4 5 ..." in text
    assert then.splitlines()[-1] == f"next: ts-llm-fusion forecast {tmp_path / 'own.csv'}"
    assert (tmp_path / "own.png").is_file()


def test_preview_of_a_long_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    dates = pd.date_range("2024-01-01", periods=20, freq="D").repeat(2)
    table = pd.DataFrame({"day": dates, "store": ["north", "south"] * 20, "sales": np.arange(40), "price": 2.5})
    table.to_csv("own.csv", index=False)
    assert main(["data", "preview", "own.csv", "--id", "store", "--target", "sales"]) == 0
    text, then = capsys.readouterr()
    assert "north: 20 values: 0 2 4 6 8 10 ..." in text
    assert "south: 20 values: 1 3 5 7 9 11 ..." in text
    assert "freq: D" in text
    assert then.splitlines()[-1] == "next: ts-llm-fusion forecast own.csv --id store --target sales"
    assert main(["data", "preview", "own.csv", "--id", "shop", "--target", "sales", "--overwrite"]) == 2
    assert "own.csv: no column 'shop'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "ETH1"], "ETH1: not a known data set; did you mean 'ETTh1'?"),
        (["preview", "M4-Weakly"], "M4-Weakly: not a known data set; did you mean 'M4-Weekly'?"),
        (["preview", "co2", "--split", "dev"], "co2: no split 'dev'; the splits are train."),
        (["preview", "co2", "--samples", "0"], "--samples is 0; it must be at least 1."),
        (["preview", "co2", "--output", "co2.pdf"], "--output co2.pdf: the picture is a PNG file; give .png."),
        (["preview", "missing.csv"], "missing.csv: no such file; give a CSV, parquet or xlsx file."),
        (["download", "ETTh1"], "put the file at $TS_LLM_FUSION_DATA_DIR/ltsf/ETTh1.csv (or .gz)."),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(download, "is_offline_mode", lambda: True)
    assert main(["data", *arguments]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("ts-llm-fusion: error: ")
    assert error.endswith(message)
