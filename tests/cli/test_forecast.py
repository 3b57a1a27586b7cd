"""`ts-llm-fusion forecast` with the built-in model: long and wide files, covariates, default names of the output."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import ts_llm_fusion
from ts_llm_fusion.cli import main


def sales(ids: int = 3) -> pd.DataFrame:
    """Daily sales by shop and item, a promotion, one below the other."""
    rng, parts = np.random.default_rng(0), []
    for number in range(ids):
        days = pd.date_range("2024-01-01", periods=80 + number, name="date")
        promo = rng.random(len(days)) < 0.2
        values = 20 + number + 3 * np.sin(np.arange(len(days)) * 2 * np.pi / 7) + 9 * promo
        parts.append(
            pd.DataFrame({"shop": number % 2, "item": f"item {number}", "sales": values, "promo": promo}, days)
        )
    return pd.concat(parts).reset_index()


def test_a_long_file_is_forecast_by_shop_and_item_into_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    sales().to_csv("data/sales.csv", index=False)
    arguments = ["forecast", "data/sales.csv", "--id", "shop", "item", "--horizon", "7", "--levels", "0.1", "0.9"]
    assert main(arguments) == 0
    table = pd.read_csv("sales_forecast.csv", parse_dates=["date"])
    assert list(table.columns) == ["shop", "item", "date", "target_name", "predictions", "0.1", "0.9"]
    expected = ts_llm_fusion.predict_df(sales(), 7, None, None, [0.1, 0.9], ["shop", "item"], "date", "sales")
    np.testing.assert_allclose(
        table[["predictions", "0.1", "0.9"]], expected[["predictions", "0.1", "0.9"]], rtol=1e-4
    )
    assert Image.open("sales_forecast.png").size[1] > 800
    assert main(arguments) == 2
    assert "sales_forecast.csv: the file is there already" in capsys.readouterr().err


def test_a_known_future_of_covariates_comes_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    sales(1).to_csv(tmp_path / "sales.csv", index=False)
    days = pd.date_range("2024-03-21", periods=5)
    future = pd.DataFrame({"shop": 0, "date": days, "promo": [True, False, False, True, False]})
    arguments = ["forecast", str(tmp_path / "sales.csv"), "--id", "shop", "--target", "sales", "--horizon", "5"]
    arguments += ["--future", str(tmp_path / "future.csv"), "--output", str(tmp_path / "out.csv"), "--overwrite"]
    found = {}
    for name, given in {"with": future, "without": future.assign(promo=False)}.items():
        given.to_csv(tmp_path / "future.csv", index=False)
        assert main(arguments) == 0
        found[name] = pd.read_csv(tmp_path / "out.csv")["predictions"]
    np.testing.assert_allclose(found["with"] - found["without"], [9, 0, 0, 9, 0], atol=0.5)
    future[:-1].to_csv(tmp_path / "future.csv", index=False)
    assert main(arguments) == 2
    assert "has no row for id 0 at 2024-03-25 00:00:00; give every known covariate" in capsys.readouterr().err


def test_the_picture_of_many_series_shows_the_first(tmp_path: Path) -> None:
    sales(9).to_parquet(tmp_path / "sales.parquet")
    arguments = ["forecast", str(tmp_path / "sales.parquet"), "--id", "item", "--target", "sales", "--horizon", "3"]
    assert main([*arguments, "--output", str(tmp_path / "out.parquet")]) == 0
    assert pd.read_parquet(tmp_path / "out.parquet")["item"].nunique() == 9
    assert Image.open(tmp_path / "out.png").size[1] < 2000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give one FILE to forecast"),
        (["sales.csv", "--data", "other.csv"], "give one FILE to forecast"),
        (["missing.csv"], "missing.csv: no such file"),
        (
            ["missing.csv", "--levels", "0.1", "1.5"],
            "--levels 1.5: give numbers between 0 and 1, such as 0.1 and 0.9.",
        ),
        (["co3"], "co3: neither a file nor a known set"),
    ],
)
def test_a_file_that_is_not_there_is_one_line(
    arguments: list, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        assert main(["forecast", *arguments]) == 2
    except SystemExit as stopped:
        assert stopped.code == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_machine_gets_rounded_numbers_and_a_user_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    sales(1).to_csv("my sales.csv", index=False)
    assert main(["forecast", "my sales.csv", "--target", "sales", "--horizon", "3", "--json"]) == 0
    printed = capsys.readouterr().out
    assert not re.search(r"\d{9}", printed)
    records = json.loads(printed)
    assert [path.name for path in tmp_path.iterdir()] == ["my sales.csv"]
    assert [record["date"][:10] for record in records] == ["2024-03-21", "2024-03-22", "2024-03-23"]
    digits = {len(str(record[name]).partition(".")[2]) for record in records for name in ("predictions", "0.1", "0.9")}
    assert max(digits) <= 6
    assert main(["forecast", "my sales.csv", "--target", "sales", "--horizon", "3"]) == 0
    table = pd.read_csv("my sales_forecast.csv")
    assert table["0.9"].tolist() == [record["0.9"] for record in records]
    expected = "next: ts-llm-fusion explain 'my sales.csv' --target sales --horizon 3 --output 'my sales_report.html'"
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.splitlines()[-1] == expected
    assert main(["forecast", "my sales.csv", "--target", "sales", "--horizon", "2000000", "--json"]) == 2
    assert "prediction_length is 2000000; at most 1000000 steps are forecast" in capsys.readouterr().err


def test_a_context_is_a_text_or_a_file_and_moves_the_steps_that_it_names(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    sales(2).drop(columns="promo").to_csv(tmp_path / "sales.csv", index=False)
    text = "Our shop is closed on 23 March 2024. Sales will be 50 % higher than usual on 25 March 2024."
    (tmp_path / "text.txt").write_text(text)
    pd.DataFrame({"shop": [0], "context": [text]}).to_csv(tmp_path / "texts.csv", index=False)
    arguments = ["forecast", str(tmp_path / "sales.csv"), "--id", "shop", "--target", "sales", "--horizon", "7"]
    arguments += ["--output", str(tmp_path / "out.csv"), "--overwrite"]
    found = []
    for context in ([], ["--context", text], ["--context", str(tmp_path / "text.txt")]):
        assert main([*arguments, *context]) == 0
        found.append(pd.read_csv(tmp_path / "out.csv").set_index(["shop", "date"])["predictions"])
    plain, read, from_file = found
    pd.testing.assert_series_equal(read, from_file)
    factor = (read / plain).groupby("date").first()
    expected = pd.Series(1.0, factor.index)
    expected.loc[["2024-03-23", "2024-03-25"]] = [0.0, 1.5]
    pd.testing.assert_series_equal(factor, expected, check_names=False, rtol=0.01)
    assert main([*arguments, "--context", str(tmp_path / "texts.csv")]) == 0
    by_id = pd.read_csv(tmp_path / "out.csv").set_index(["shop", "date"])["predictions"]
    pd.testing.assert_series_equal(by_id[1], plain[1])
    pd.testing.assert_series_equal(by_id[0], read[0])
    assert main([*arguments, "--context", str(tmp_path / "none.txt")]) == 2
    assert "none.txt" in capsys.readouterr().err
