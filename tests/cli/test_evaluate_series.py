"""`evaluate` from rolling origins: own tables, M4 by its rules, and the files that are written."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ts_llm_fusion
from ts_llm_fusion.baselines.naive2 import naive2
from ts_llm_fusion.cli import main
from ts_llm_fusion.data.series.m4 import M4_GROUPS, load_m4
from ts_llm_fusion.evaluation.point_metrics import mase, owa, seasonal_scale, smape


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    """Daily sales of three stores with a week in them, one of them short."""
    rng = np.random.default_rng(0)
    parts = []
    for store, days in (("north", 120), ("south", 90), ("new", 20)):
        dates = pd.date_range("2024-03-01", periods=days)
        level = 50 + 10 * np.sin(2 * np.pi * dates.dayofweek / 7)
        parts.append(pd.DataFrame({"store": store, "day": dates, "sales": level + rng.normal(size=days)}))
    return pd.concat(parts, ignore_index=True)


def evaluate(folder: Path, *flags: str) -> dict:
    assert main(["evaluate", "--output_dir", str(folder), *flags]) == 0
    return json.loads((folder / "evaluation.json").read_text())


def test_a_long_table_is_evaluated_as_cross_validation_does(
    sales: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    sales.to_csv(tmp_path / "sales.csv", index=False)
    flags = ["--id", "store", "--timestamp_column", "day", "--target_columns", "sales"]
    flags += ["--horizon", "7", "--windows", "3", "--step", "5", "--baselines", "seasonal_naive", "ridge"]
    found = evaluate(tmp_path / "out", "--data", str(tmp_path / "sales.csv"), *flags)
    assert (found["ids"], found["windows"], found["step"], found["prediction_length"]) == (3, 3, 5, 7)
    table = ts_llm_fusion.cross_validation(
        sales, 7, 3, 5, None, ["seasonal_naive", "ridge"], id_column="store", timestamp_column="day", target="sales"
    )
    expected = ts_llm_fusion.score_forecasts(table)
    assert list(found["results"]) == ["seasonal_naive", "ridge", "built-in"] == expected["forecaster"].tolist()
    for row in expected.to_dict("records"):
        assert found["results"][row.pop("forecaster")] == pytest.approx(
            {metric: value if value == value else None for metric, value in row.items()}
        )
    assert found["results"]["ridge"]["coverage"] is None
    assert set(found["seconds"]) == set(found["results"])
    written = pd.read_parquet(tmp_path / "out" / "forecasts.parquet")
    pd.testing.assert_frame_equal(ts_llm_fusion.score_forecasts(written), expected)
    by_id = pd.read_csv(tmp_path / "out" / "scores_by_id.csv")
    assert by_id["store"].unique().tolist() == ["north", "south", "new"]
    assert by_id["count"].tolist() == [21] * 9
    printed = capsys.readouterr()
    assert "3 ids, 3 windows, step 5, horizon 7" in printed.out
    assert printed.out.count(" - |") == 3
    then = printed.err.splitlines()[-1]
    assert then.startswith(
        f"next: ts-llm-fusion train forecaster --data {tmp_path / 'sales.csv'} --config finetune --id_"
    )
    assert then.endswith("--prediction_length 7 --output_dir outputs/sales")


def test_a_wide_table_needs_no_setting_at_all(sales: pd.DataFrame, tmp_path: Path) -> None:
    wide = sales[sales["store"] != "new"].pivot(index="day", columns="store", values="sales").rename_axis("date")
    wide.to_csv(tmp_path / "wide.csv")
    found = evaluate(tmp_path / "out", "--data", str(tmp_path / "wide.csv"))
    assert (found["ids"], found["windows"], found["prediction_length"]) == (2, 1, 7)
    assert list(found["results"]) == ["repeat_last", "seasonal_naive", "ridge", "built-in"]
    assert found["results"]["built-in"]["mase"] < 0.5 * found["results"]["repeat_last"]["mase"]
    flags = ["--data", str(tmp_path / "wide.csv"), "--output_dir", str(tmp_path / "none")]
    assert main(["evaluate", *flags, "--horizon", "0"]) == 2


def test_m4_is_scored_by_the_rules_of_the_competition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    rng = np.random.default_rng(0)
    horizon, seasonality = M4_GROUPS["Hourly"].horizon, M4_GROUPS["Hourly"].seasonality
    day = np.sin(2 * np.pi * np.arange(1000) / seasonality)
    rows = [
        {"id": f"H{number}", "train": values[:-horizon], "test": values[-horizon:]}
        for number, length in enumerate((200, 260, 300), start=1)
        for values in [100 + 30 * day[:length] + rng.normal(size=length).cumsum()]
    ]
    (tmp_path / "m4").mkdir()
    pd.DataFrame(rows).to_parquet(tmp_path / "m4" / "m4_hourly.parquet")
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    found = evaluate(tmp_path / "out", "--data", "M4-Hourly", "--baselines", "seasonal_naive")
    assert (found["ids"], found["prediction_length"]) == (3, horizon)
    group = load_m4("Hourly")
    scale = seasonal_scale(group.train, seasonality)[:, None]
    reference = naive2(group.train, seasonality, horizon)
    base = smape(group.test, reference), mase(group.test, reference, scale)
    results = found["results"]
    assert list(results) == ["seasonal_naive", "naive2", "built-in"]
    assert (results["naive2"]["smape"], results["naive2"]["mase"]) == pytest.approx(base)
    assert results["naive2"]["owa"] == pytest.approx(1)
    last_day = np.stack([np.tile(values[-seasonality:], 2) for values in group.train])
    scores = smape(group.test, last_day), mase(group.test, last_day, scale)
    assert results["seasonal_naive"]["owa"] == pytest.approx(owa(*scores, *base))
    assert main(["evaluate", "--data", "M4-Hourly", "--windows", "2", "--output_dir", str(tmp_path / "other")]) == 2
    assert "M4-Hourly has one window of 48 steps by the rules of the competition" in capsys.readouterr().err


def test_the_naive2_of_a_whole_group_of_m4_has_the_official_scores(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "evaluate.yaml").write_text("data: M4-Weekly\nmodels: []\nbaselines: []\n")
    found = evaluate(tmp_path / "out", "--config", str(tmp_path / "evaluate.yaml"))
    assert found["results"]["naive2"]["mase"] == pytest.approx(2.777, abs=5e-4)
    assert found["results"]["naive2"]["smape"] == pytest.approx(9.161, abs=5e-4)
    assert found["results"]["naive2"]["count"] == 359 * 13
