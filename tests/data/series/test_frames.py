"""Reading tables of series, and what is said of those that are not."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ts_llm_fusion import load_series
from ts_llm_fusion.data.series.frames import find_timestamp_column, number_rows, to_series
from ts_llm_fusion.data.series.panel_reading import load_panel
from ts_llm_fusion.data.series.tables import read_table

DICTIONARY = pa.dictionary(pa.int32(), pa.int64())


def table(rows: int = 6, **columns) -> pd.DataFrame:
    dates = pd.date_range("2024-01-01", periods=rows, freq="h")
    return pd.DataFrame({"date": dates, **(columns or {"a": np.arange(rows) * 1.5})})


@pytest.mark.parametrize("suffix", (".csv", ".csv.gz", ".parquet"))
def test_every_kind_of_file_gives_the_same_series(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"data{suffix}"
    expected = table(a=[1.0, np.nan, 3, 4, 5, 6], b=[6, 5, 4, 3, 2, 1])
    expected.to_parquet(path) if suffix == ".parquet" else expected.to_csv(path, index=False)
    series = to_series(read_table(path))
    assert list(series.columns) == ["a", "b"]
    assert series.index[3] == pd.Timestamp("2024-01-01 03:00")
    np.testing.assert_array_equal(series["a"], [1.0, np.nan, 3, 4, 5, 6])
    assert (series.dtypes == np.float64).all()


@pytest.mark.parametrize("name", ("timestamp", "Date", "ds"))
def test_a_timestamp_column_is_found_by_its_name(name: str) -> None:
    assert len(to_series(table().rename(columns={"date": name}))) == 6


def test_a_datetime_index_or_any_named_column_will_do() -> None:
    assert list(to_series(table().set_index("date")).columns) == ["a"]
    assert list(to_series(table().set_index("date"), timestamp_column="date").columns) == ["a"]
    renamed = table().rename(columns={"date": "when"})
    renamed["when"] = renamed["when"].astype(str)
    assert list(to_series(renamed, timestamp_column="when").columns) == ["a"]


def test_dates_without_dashes_are_dates() -> None:
    series = to_series(pd.DataFrame({"date": [19580329, 19580405], "co2": [316.1, 317.3]}))
    assert series.index[0] == pd.Timestamp("1958-03-29")


def test_targets_are_chosen_and_other_columns_may_be_anything() -> None:
    series = to_series(table(a=range(6), note=list("uvwxyz"), b=range(6)), target_columns=["b"])
    assert list(series.columns) == ["b"]


@pytest.mark.parametrize(
    ("name", "cells", "what"),
    [
        ("Unnamed: 0", range(1, 7), "row numbers"),
        ("index", range(6), "row numbers"),
        ("level_0", range(1, 7), "row numbers"),
        ("unique_id", [3] * 6, "the same identifier"),
        ("item_id", [1.0] * 6, "the same identifier"),
        ("store", ["north"] * 6, "the same identifier"),
        ("id", [5, 3, 9, 1, 2, 4], "an identifier of each row"),
        ("until", pd.date_range("2024", periods=6), "dates"),
        ("until", [day.date() for day in pd.date_range("2024", periods=6)], "dates"),
        ("week_end", range(20240101, 20240107), "dates"),
        ("year", [2024] * 6, "dates"),
        ("dayofweek", [0] * 6, "dates"),
        ("unix", [1.7e9, np.nan, *np.arange(1.7e9, 1.7e9 + 4)], "dates"),
        ("month", pd.period_range("2024-01", periods=6, freq="M"), "periods"),
        ("took", pd.to_timedelta(range(6), unit="s"), "durations"),
        ("holiday", [True, False] * 3, "booleans"),
        ("holiday", pd.array([True, None] * 3, dtype="boolean"), "booleans"),
        ("holiday", [True, None] * 3, "booleans"),
        ("phase", np.arange(6) * 1j, "complex numbers"),
    ],
)
def test_a_column_that_is_no_series_is_left_out_with_a_warning(
    name: str, cells, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    frame = table().assign(**{name: cells})
    assert list(to_series(frame).columns) == ["a"]
    assert f"column {name!r} is left out: it holds {what}" in caplog.text


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("stock", [5] * 6),
        ("item", [5, 5, 7, 7, 5, 5]),
        ("month", range(6)),
        ("index", [100, 101, 103, 104, 105, 106]),
        ("year_to_date", np.arange(6) * 1.5),
    ],
)
def test_numbers_of_such_names_and_constants_are_series(name: str, cells) -> None:
    assert list(to_series(table().assign(**{name: cells})).columns) == ["a", name]


@pytest.mark.parametrize(
    "cells",
    [
        pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
        pd.array([1, None, 3, 4, 5, 6], dtype="int64[pyarrow]"),
        pd.Categorical([1, None, 3, 4, 5, 6]),
        pd.Series(pa.array([1, None, 3, 4, 5, 6]).dictionary_encode(), dtype=pd.ArrowDtype(DICTIONARY)),
        pd.Series(["1", None, "3", "4", "5", "6"], dtype=pd.ArrowDtype(pa.string())),
        [Decimal(1), None, *map(Decimal, range(3, 7))],
        ["1", None, "3", "4", "5", "6"],
    ],
)
def test_numbers_of_every_dtype_are_float64(cells) -> None:
    series = to_series(table(a=cells))
    np.testing.assert_array_equal(series["a"], [1, np.nan, 3, 4, 5, 6])
    assert series["a"].dtype == np.float64


def test_periods_and_written_dates_of_an_index_are_timestamps() -> None:
    frame = table().drop(columns="date")
    of_periods = to_series(frame.set_index(pd.period_range("2024-01", periods=6, freq="M")))
    assert list(of_periods.index) == list(pd.date_range("2024-01-01", periods=6, freq="MS"))
    written = to_series(frame.set_index(pd.Index([f"2024-0{month}-01" for month in range(1, 7)], name="date")))
    assert list(written.index) == list(of_periods.index)


def test_tables_of_other_packages_are_taken() -> None:
    expected = load_series(table()).series
    pd.testing.assert_frame_equal(load_series(pa.Table.from_pandas(table())).series, expected)


@pytest.mark.parametrize("data", ([1.0, 2.0], {"a": [1.0]}, np.arange(3.0), table()["a"], None, 5))
def test_what_is_no_table_is_one_line(data) -> None:
    with pytest.raises(ValueError, match=f"^the series are of type {type(data).__name__}; give a name, a path, or"):
        load_series(data)


def repeated() -> pd.DataFrame:
    return table().iloc[[0, 1, 1, 2]]


def by_number_and_text() -> pd.DataFrame:
    return table(a=range(6)).assign(**{"1": 0}).rename(columns={"a": 1})


def of_arrow(cells: list) -> pd.DataFrame:
    return table(a=pd.Series(cells, dtype=pd.ArrowDtype(pa.array(cells).type)))


def twice() -> pd.DataFrame:
    frame = table(a=range(6), b=range(6))
    frame.columns = ["date", "a", "a"]
    return frame


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (table().drop(columns="date"), {}, r"no timestamp column; name one of \['a'\]"),
        (table(), {"timestamp_column": "when"}, r"no column 'when'; the columns are \['date', 'a'\]"),
        (table(), {"target_columns": ["z"]}, r"no column 'z'"),
        (table().drop(columns="a"), {}, "no column of values"),
        (repeated(), {}, "timestamp 2024-01-01 01:00:00 appears more than once"),
        (table().assign(date=["x"] * 6), {}, "row 1 of column 'date' is not a timestamp: 'x'"),
        (table(a=[1, 2, "three", 4, 5, 6]), {}, "row 3 of column 'a' is not a number: 'three'"),
        (table(a=[1, 2, np.inf, 4, 5, 6]), {}, "row 3 of column 'a' is infinite"),
        (table(a=[np.nan] * 6), {}, "column 'a' has no values at all"),
        (twice(), {}, "column 'a' appears twice"),
        (by_number_and_text(), {}, "column '1' appears twice"),
        (table().iloc[:0], {}, "a table of 0 rows and 2 columns"),
        (pd.DataFrame(), {}, "a table of 0 rows and 0 columns"),
        (of_arrow(["1", None, "three", "4", "5", "6"]), {}, "row 3 of column 'a' is not a number: 'three'"),
        (of_arrow([[1.0]] * 6), {}, r"row 1 of column 'a' is not a number: array\(\[1\.\]\)"),
        (table(a=[1, 10**400, 3, 4, 5, 6]), {}, r"row 2 of column 'a' is not a number: 10{76}\.\.\."),
        (table(a=[1, np.array(2), 3, 4, 5, 6]), {}, "row 2 of column 'a' is not a number: array"),
        (table(a=[1, 2, True, 4, 5, 6]).astype({"a": object}), {}, "row 3 of column 'a' is not a number: True"),
        (table(a=range(6), b=[True] * 6), {"target_columns": ["b"]}, "column 'b' holds booleans, not a series"),
        (table(a=range(6), item_id=[1, 1, 1, 2, 2, 2]), {}, "column 'item_id' names 2 series, one below the other"),
        (repeated().assign(store=[1, 1, 2, 2]), {"target_columns": ["a"]}, "column 'store' names 2 series"),
    ],
)
def test_bad_tables_say_what_and_where(frame: pd.DataFrame, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        to_series(frame, **options, source="file.csv")
    assert str(raised.value).startswith("file.csv: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", "", "the file is empty"),
        ("header.csv", "date,a\n", "a header but no rows"),
        ("data.txt", "date,a\n1,2\n", "unknown kind of file"),
        ("bad.csv", 'date,a\n1,2,3,4\n1,"2\n', "not a readable table"),
    ],
)
def test_bad_files_say_what_is_wrong(name: str, content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_table(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("day", pd.date_range("2024-01-30", periods=6).strftime("%Y-%m-%d")),
        ("Datum", pd.date_range("2024-01-30", periods=6).strftime("%d.%m.%Y")),
        ("when", ["01/02/2024", "02/02/2024", "03/02/2024", "04/02/2024", "05/02/2024", "06/02/2024"]),
        ("week", ["2024-W01", "2024-W02", "2024-W03", "2024-W04", "2024-W05", "2024-W06"]),
        ("quarter", pd.period_range("2024Q1", periods=6, freq="Q")),
        ("month", pd.Categorical(["Jan 2024", "Feb 2024", "Mar 2024", "Apr 2024", "May 2024", "Jun 2024"])),
        ("Year", range(2001, 2007)),
        ("written", range(20240101, 20240107)),
        ("until", pd.date_range("2024-01-30", periods=6)),
    ],
)
def test_the_only_column_of_dates_holds_the_timestamps(name: str, cells, caplog: pytest.LogCaptureFixture) -> None:
    frame = table(a=range(1800, 1806), note=["SKU-01"] * 6).drop(columns="date").assign(**{name: cells})
    with caplog.at_level("INFO"):
        assert find_timestamp_column(frame, None, "the table") == name
    assert f"column {name!r} holds the timestamps" in caplog.text
    with pytest.raises(ValueError, match=f"columns {name!r}, 'other' hold dates; name that of the timestamps"):
        find_timestamp_column(frame.assign(other=pd.Timestamp(0)), None, "the table")


def test_rows_out_of_order_are_sorted_with_their_covariates(caplog: pytest.LogCaptureFixture) -> None:
    given = table(a=range(6), price=list("uvwxyz"))
    shuffled = given.iloc[[3, 2, 5, 0, 1, 4]]
    expected = load_series(given, covariate_columns=["price"])
    found = load_series(shuffled, covariate_columns=["price"])
    assert "row 2 (2024-01-01 02:00:00) is earlier than the row before; the rows are sorted by time" in caplog.text
    pd.testing.assert_frame_equal(found.series, expected.series)
    pd.testing.assert_frame_equal(found.covariates, expected.covariates)
    assert found.covariates["price"].tolist() == list("uvwxyz")


def test_the_rows_of_one_column_of_numbers_are_steps(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (tmp_path / "heights.csv").write_text("height\n1.5\n2.5\n1.0\n")
    panel = load_panel(tmp_path / "heights.csv")
    assert panel.values.tolist() == [[1.5], [2.5], [1.0]]
    assert panel.as_given(panel.timestamps).tolist() == [1, 2, 3]
    assert "heights.csv: no timestamps; the rows are the steps 1 to 3." in caplog.text
    (tmp_path / "two.csv").write_text("seconds,height\n0.5,5\n1.0,3\n1.5,4\n")
    with pytest.raises(ValueError, match="no timestamp column; name one of"):
        load_panel(tmp_path / "two.csv")
    for columns in ({"year": [2020, 2021], "y": [5, 1]}, {"name": ["x"], "y": [1]}, {"time": [5], "y": [1]}):
        frame = pd.DataFrame(columns)
        assert number_rows(frame) is frame
