"""The registry, and series as rows."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset, IterableDataset

from ts_llm_fusion import load_series
from ts_llm_fusion.data import rows, sources
from ts_llm_fusion.data.entries import RemoteFile
from ts_llm_fusion.data.registry import REGISTRY, find_dataset, find_features, find_loader, load_dataset
from ts_llm_fusion.data.rows import SERIES_FEATURES

FORECASTING = {
    *("ETTh1", "ETTh2", "ETTm1", "ETTm2", "Weather", "Electricity", "Traffic", "Exchange", "ILI", "MIT-BIH"),
    *("M4-Yearly", "M4-Quarterly", "M4-Monthly", "M4-Weekly", "M4-Daily", "M4-Hourly"),
    *("co2", "sunspots", "synthetic-series"),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def test_the_forecasting_sets_are_there() -> None:
    assert {entry.name for entry in REGISTRY.values() if entry.task == "forecasting"} == FORECASTING


@pytest.mark.parametrize("name", REGISTRY)
def test_every_entry_says_what_it_is(name: str) -> None:
    entry = REGISTRY[name]
    assert entry.name == name
    assert all((entry.task, entry.description, entry.license, entry.citation, entry.splits))
    assert entry.homepage or not entry.files
    assert callable(find_loader(entry))
    assert set(find_features(entry)) >= ({"item_id", "target"} if entry.task == "forecasting" else {"messages", "id"})
    for file in entry.files:
        assert not Path(file.path).is_absolute()
        assert ".." not in Path(file.path).parts
        assert file.url is None or re.match(r"https?://|hf://datasets/", file.url)
        assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)


@pytest.mark.parametrize(("name", "nearest"), [("etth1", "ETTh1"), ("M4-yearli", "M4-Yearly"), ("mitbih", "MIT-BIH")])
def test_the_nearest_name_is_suggested(name: str, nearest: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: not a known data set; did you mean '{nearest}'"):
        find_dataset(name)


def test_a_name_like_no_other_points_to_the_list() -> None:
    with pytest.raises(ValueError, match="qqqqq: not a known data set; `ts-llm-fusion data list` lists them"):
        load_dataset("qqqqq")


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(ValueError, match="co2: no split 'test'; the splits are train"):
        load_dataset("co2", "test")


def test_a_benchmark_set_as_rows_is_its_segments(data_dir: Path) -> None:
    rows = load_dataset("ETTh1")
    assert {name: (split.num_rows, len(split[0]["target"])) for name, split in rows.items()} == {
        "train": (7, 8640),
        "validation": (7, 2880),
        "test": (7, 2880),
    }
    assert rows["test"].features == SERIES_FEATURES
    series = load_series("ETTh1").series
    last = rows["test"][6]
    assert (last["item_id"], last["freq"], last["start"]) == ("OT", "h", series.index[11520].to_pydatetime())
    assert last["target"] == series["OT"].iloc[11520:14400].tolist()


def test_a_stream_gives_the_same_rows(data_dir: Path) -> None:
    stream = load_dataset("ILI", "validation", streaming=True)
    assert isinstance(stream, IterableDataset)
    assert stream.features == SERIES_FEATURES
    assert list(stream) == list(load_dataset("ILI", "validation"))


def write_csv(path: Path, values: np.ndarray, **columns: object) -> Path:
    dates = pd.date_range("2024-01-01", periods=len(values), freq="h")
    pd.DataFrame({"date": dates, "a": values, **columns}).to_csv(path, index=False)
    return path


def test_a_file_is_a_data_set_and_read_again_when_it_changed(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", np.arange(5.0), b=[1, None, 3, 4, 5])
    rows = load_dataset(str(path), "train")
    assert isinstance(rows, Dataset)
    assert rows[0] == {"item_id": "a", "start": datetime(2024, 1, 1), "freq": "h", "target": [0.0, 1.0, 2.0, 3.0, 4.0]}
    assert np.isnan(rows[1]["target"][1])
    write_csv(path, np.arange(5.0) + 10)
    assert load_dataset(str(path), "train")[0]["target"] == [10.0, 11.0, 12.0, 13.0, 14.0]
    assert load_dataset(str(path), target_columns=["a"]).keys() == {"train"}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"b": ["x"] * 5}, "row 1 of column 'b' is not a number: 'x'"),
        (
            {"date": ["not a day"] * 5},
            "row 1 of column 'date' is not a timestamp \\(names of months must be English\\): 'not a day'",
        ),
    ],
)
def test_a_column_of_another_type_is_named(columns: dict[str, list[str]], message: str, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    table = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=5, freq="h").astype(str), "a": np.arange(5.0)})
    table.assign(**columns).to_csv(path, index=False)
    for streaming in (False, True):
        with pytest.raises(ValueError, match=message):
            load_dataset(str(path), "train", streaming=streaming)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", np.arange(5.0))
    with pytest.raises(ValueError, match=r"no column 'c'; the columns are \['a'\]"):
        load_dataset(str(path), target_columns=["c"])


def ltsf_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, table: pd.DataFrame, **changes: object
) -> None:
    """Puts a table in the data directory as a benchmark set, with the protocol cut to its size."""
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    dataset = replace(sources.LTSF_DATASETS[name], **changes)
    monkeypatch.setitem(sources.LTSF_DATASETS, name, dataset)
    (tmp_path / "ltsf").mkdir()
    table.to_csv(tmp_path / dataset.file.path, index=False)


def test_weather_repeats_a_date_and_skips_others_but_its_rows_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dates = pd.date_range("2020-01-01 00:10", periods=40, freq="10min").to_series().reset_index(drop=True)
    dates[20:] += pd.Timedelta(minutes=100)
    dates[11] = dates[10]
    table = pd.DataFrame({"date": dates.dt.strftime("%Y-%m-%d %H:%M:%S"), "p": np.arange(40.0), "OT": np.ones(40)})
    ltsf_file(tmp_path, monkeypatch, "Weather", table, train_end=20, val_end=30, test_end=40, num_variables=2)
    series = load_series("Weather").series
    assert series.index[[0, 11, 39]].tolist() == [
        pd.Timestamp("2020-01-01 00:10"),
        pd.Timestamp("2020-01-01 02:00"),
        pd.Timestamp("2020-01-01 06:40"),
    ]
    assert series["p"].tolist() == list(range(40))
    assert load_dataset("Weather", "test")[0]["freq"] == "10min"


def test_a_benchmark_file_without_its_date_column_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ltsf_file(tmp_path, monkeypatch, "Weather", pd.DataFrame({"day": ["2020-01-01"] * 3, "p": [1.0, 2.0, 3.0]}))
    with pytest.raises(ValueError, match=r"Weather: no column 'date'; the columns are \['day', 'p'\]"):
        load_dataset("Weather", "train")


def test_a_set_that_is_nowhere_says_where_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TS_LLM_FUSION_DATA_DIR", raising=False)
    offline = replace(
        sources.LTSF_DATASETS["Traffic"], file=RemoteFile("ltsf/traffic.csv", "http://127.0.0.1:9/traffic.csv")
    )
    monkeypatch.setitem(sources.LTSF_DATASETS, "Traffic", offline)
    with pytest.raises(FileNotFoundError, match=r"put the file at \$TS_LLM_FUSION_DATA_DIR/ltsf/traffic.csv"):
        load_dataset("Traffic", "train")


def test_data_imports_nothing_of_the_questions() -> None:
    for path in Path(rows.__file__).parent.glob("*.py"):
        imports = [line for line in path.read_text().splitlines() if re.match(r"\s*(import|from) ", line)]
        assert not [line for line in imports if re.search(r"\.qa\b", line)], path.name
