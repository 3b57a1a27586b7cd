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
    printed = capsys.readouterr()
    north, south = printed.out.splitlines()
    assert printed.err.splitlines()[-1] == f"next: ts-llm-fusion ask {sales} 'What was the highest value of north?'"
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


def test_ids_and_the_future_are_named_as_for_a_forecast(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    time = np.arange(60)
    promo = (time % 11 == 3).astype(int)
    table = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=60), "promo": promo, "sales": 50 + 20 * promo})
    table = pd.concat([table.assign(shop=name) for name in ("x", "y")])
    future = pd.DataFrame({"shop": ["x"] * 3 + ["y"] * 3, "date": 2 * list(pd.date_range("2024-03-01", periods=3))})
    table.to_csv(tmp_path / "sales.csv", index=False)
    future.assign(promo=[0, 1, 0, 0, 0, 0]).to_csv(tmp_path / "future.csv", index=False)
    flags = ["--id", "shop", "--target", "sales", "--future", str(tmp_path / "future.csv"), "--horizon", "3"]
    assert main(["explain", str(tmp_path / "sales.csv"), *flags, "--json"]) == 0
    x, y = json.loads(capsys.readouterr().out)
    assert [one["facts"]["name"] for one in (x, y)] == ["x", "y"]
    (promo_x,), (promo_y,) = (one["facts"]["covariates"]["all"] for one in (x, y))
    assert promo_x["largest"]["time"] == "2024-03-02T00:00:00"
    assert promo_x["largest"]["value"] == pytest.approx(20, abs=2) and promo_y["largest"]["value"] == pytest.approx(0)


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
