"""`ts-llm-fusion explain`."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion.cli import main


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("explain") / "sales.csv"
    time = np.arange(60)
    values = 100 + time + 20 * np.sin(np.pi * time / 6)
    dates = pd.date_range("2020-01-01", periods=60, freq="MS")
    pd.DataFrame({"date": dates, "north": values, "south": 2 * values}).to_csv(path, index=False)
    return str(path)


def test_the_sentences_are_printed_and_the_report_is_written(
    sales: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    report = tmp_path / "report.html"
    assert main(["explain", sales, "--horizon", "12", "--unit", "tons", "--output", str(report)]) == 0
    north, south = capsys.readouterr().out.splitlines()
    assert north.startswith("north: ") and south.startswith("south: ")
    assert "yearly season of 12 months" in north and " tons" in north and "12 months" in south
    page = report.read_text()
    assert north.removeprefix("north: ") in page.replace("&#39;", "'") and page.count("<section>") == 2
    assert main(["explain", sales, "--output", str(report)]) == 2
    assert "--overwrite" in capsys.readouterr().err


def test_facts_and_claims_are_printed_as_json(sales: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["explain", sales, "--horizon", "6", "--target", "south", "--json"]) == 0
    (explanation,) = json.loads(capsys.readouterr().out)
    assert explanation["facts"]["name"] == "south" and explanation["facts"]["horizon"]["steps"] == 6
    assert all(claim["holds"] for claim in explanation["claims"])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--output", "report.pdf"], "give .html or .md"),
        (["--horizon", "0"], "must be at least 1"),
        (["--seed", "-1"], "--seed is -1"),
        (["--unit", "a\tb"], "printable"),
    ],
)
def test_bad_flags_are_one_line(sales: str, flags: list[str], message: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["explain", sales, *flags]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ts-llm-fusion:")]
    assert message in line
