"""Files of every usual dialect: the same numbers come back, and what cannot be determined is one line."""

import bz2
import gzip
import logging
import lzma
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ts_llm_fusion.data.series.frames import to_series
from ts_llm_fusion.data.series.tables import read_table

DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]
PLAIN = "date,y\n2024-01-01,1.5\n2024-01-02,\n2024-01-03,1234.5\n"


def read(folder: Path, content: str | bytes, name: str = "x.csv") -> pd.DataFrame:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return to_series(read_table(path), source=name)


@pytest.mark.parametrize(
    ("content", "assumed"),
    [
        (PLAIN, ""),
        (
            "date;y\n2024-01-01;1,5\n2024-01-02;\n2024-01-03;1.234,5\n",
            "semicolons; decimal commas; signs between thou",
        ),
        ("date;y\n2024-01-01;1.5\n2024-01-02;-\n2024-01-03;1,234.5\n", "semicolons; '-' as missing; signs between"),
        ("date\ty\n2024-01-01\t1.5\n2024-01-02\tNA\n2024-01-03\t1\u202f234.5\n", "tabs; signs between thousands"),
        ("date;y\n2024-01-01;1.5\n2024-01-02;n/a\n2024-01-03;1'234.5\n", "semicolons; signs between thousands"),
        ('date,y\n2024-01-01,"1,5"\n2024-01-02,#DIV/0!\n2024-01-03,"1.234,5"\n', "'#DIV/0!' as missing"),
        ('"date","y"\n"2024-01-01","1.5"\n"2024-01-02",""\n"2024-01-03","1234.5"\n', ""),
        ("date,y\n2024-01-01,1.5,\n2024-01-02,,\n2024-01-03,1234.5,\n", "neither name nor cells"),
        ("date,y,\n2024-01-01,1.5,\n2024-01-02,,\n2024-01-03,1234.5,\n", "neither name nor cells"),
        ("date,y\n1,2024-01-01,1.5\n2,2024-01-02,\n3,2024-01-03,1234.5\n", "a header that is one name short"),
        ("sep=;\ndate;y\n2024-01-01;1,5\n2024-01-02;\n2024-01-03;1234,5\n", "semicolons; decimal commas"),
        ("\ufeff" + PLAIN, "a byte order mark"),
        (PLAIN.encode("utf-16"), "the encoding UTF-16"),
        (PLAIN + ",\n,\n", ""),
        (PLAIN + "Total,1236\n", ""),
        (PLAIN.replace(",", ";").replace(".", ",") + "Gesamt;1236\n;\n", "semicolons; decimal commas"),
        (PLAIN.replace("\n", "\r\n"), ""),
        (",y\n2024-01-01,1.5\n2024-01-02,\n2024-01-03,1234.5\n", ""),
    ],
)
def test_a_dialect_is_read_right_and_said_in_one_line(
    content: str | bytes, assumed: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        series = read(tmp_path, content)
    assert list(series.columns) == ["y"]
    assert list(series.index) == list(pd.to_datetime(DATES))
    np.testing.assert_array_equal(series["y"], [1.5, np.nan, 1234.5])
    said = [record.getMessage() for record in caplog.records if "read with" in record.getMessage()]
    assert len(said) == (1 if assumed else 0)
    assert assumed in "".join(said)


def test_a_row_of_totals_and_a_column_that_counts_are_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(read(tmp_path, "date,y\n20240101,1\n20240102,2\nSum,3\n")) == 2
    assert "row 3 is left out: column 'date' says 'Sum'" in caplog.text
    # A word in every row does not mark a total.
    assert len(read(tmp_path, "date,y,item_id\n2024-01-01,1,Total\n2024-01-02,2,Total\n")) == 2
    read(tmp_path, "date,y\n5,2024-01-01,1\n7,2024-01-02,2\n")
    assert "column 'Unnamed: 0' is left out: it holds row numbers" in caplog.text
    assert read(tmp_path, "date,y\n1,20240101,5\n2,20240102,6\n")["y"].tolist() == [5, 6]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "date;y\n2024-01-01;1.234\n2024-01-02;-2.345\n",
            "row 1 of column 'y' is '1.234': thousands or a decimal part",
        ),
        (
            'date,y\n2024-01-01,950\n2024-01-02,"1,234"\n',
            "row 2 of column 'y' is '1,234': thousands or a decimal part",
        ),
        (
            "date;y;z\n2024-01-01;1,5;2.25\n",
            "row 1 of column 'z' is '2.25', with a decimal point, and row 1 of column",
        ),
        ("date,y\n2024-01-01,1\n2024-01-02,12%\n2024-01-03,3\n", "row 2 of column 'y' is not a number: '12%'"),
        ("date;y\n2024-01-01;1,5\n2024-01-02;(3)\n2024-01-03;3\n", r"row 2 of column 'y' is not a number: '\(3\)'"),
        ("date,y\n2024-01-01,1\n2024-01-02,€ 3\n2024-01-03,3\n", "row 2 of column 'y' is not a number: '€ 3'"),
        # A digit of full width.
        (
            "date,y\n2024-01-01,1.5\n2024-01-02,0.\uff100\n2024-01-03,3\n",
            "row 2 of column 'y' is not a number: '0.\uff100'",
        ),
        ("date,y,y\n2024-01-01,1,2\n", "column 'y' appears twice"),
        ("date,y\n2024-01-01,1\n2024-01-02,1,5\n", "row 2 has 3 cells, the header has 2"),
        (
            "when,y\n2024-01-01,-1,5\n2024-01-02,2,25\n2024-01-03,2\n",
            "the header is one name short, or -1,5 is one number with a decimal comma",
        ),
        (bytes(range(256)), "it holds zero bytes"),
        ("2024-01-01,5\n2024-01-02,6\n", r"the first row \(2024-01-01, 5\) holds values; put a row of names above it"),
        ("01.02.2024;5,5\n02.02.2024;6,1\n", r"the first row \(01.02.2024, 5,5\) holds values"),
        ("5\n6\n7\n", r"the first row \(5\) holds values"),
        (PLAIN.encode("utf-16")[:-3], "not a readable table"),
        (
            "unique_id,date,y\n1,2024-01-01,1\n1,2024-01-02,1\n2,2024-01-01,1\n",
            "'unique_id' names 2 series, one below",
        ),
    ],
)
def test_what_cannot_be_told_is_one_line(content: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        read(tmp_path, content)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("above", ["Sales report\n\n", "# exported 2024\n# by me\n", "2024\n"])
@pytest.mark.parametrize("separator", ",;\t")
def test_a_title_above_the_names_is_left_out(
    above: str, separator: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    table = "date,y,z\n2024-01-01,1,3\n2024-01-02,2,4\n".replace(",", separator)
    assert read(tmp_path, above + table)[["y", "z"]].to_numpy().tolist() == [[1, 3], [2, 4]]
    assert f"the names of the columns in line {above.count(chr(10)) + 1}, below a title" in caplog.text


def test_names_may_be_numbers(tmp_path: Path) -> None:
    for header in ("date,101,102", ",101,102", "0,1,2"):
        assert len(read(tmp_path, f"{header}\n2024-01-01,1,3\n2024-01-02,2,5\n")) == 2


def test_what_is_no_file_of_a_table_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "table").write_text(PLAIN)
    for name, message in (
        ("folder.csv", "a folder; give a CSV"),
        ("table", "unknown kind of file"),
        ("no.csv", "no such"),
    ):
        with pytest.raises((OSError, ValueError), match=f"{name}: {message}"):
            read_table(tmp_path / name)


def test_one_number_tells_for_the_whole_file(tmp_path: Path) -> None:
    point = read(tmp_path, "date;a;b\n2024-01-01;1.234;0.5\n2024-01-02;2.345;7\n")
    assert point.to_numpy().tolist() == [[1.234, 0.5], [2.345, 7]]
    comma = read(tmp_path, "date;a;b\n2024-01-01;1.234;0,5\n2024-01-02;2.345;7\n")
    assert comma.to_numpy().tolist() == [[1234, 0.5], [2345, 7]]


@pytest.mark.parametrize("name", ("date", "Monat"))
def test_months_before_decimal_commas_are_no_numbers(name: str, tmp_path: Path) -> None:
    months = pd.date_range("2024-01-01", periods=12, freq="MS")
    lines = [f"{month:%m.%Y};{month.month},5\n" for month in months]
    (tmp_path / "x.csv").write_text(f"{name};y\n{''.join(lines)}")
    series = to_series(read_table(tmp_path / "x.csv"), name)
    assert list(series.index) == list(months)
    np.testing.assert_array_equal(series["y"], np.arange(1, 13) + 0.5)


def test_names_that_are_not_ascii_are_read_from_windows_files(tmp_path: Path) -> None:
    assert list(read(tmp_path, "date;Größe\n2024-01-01;1,5\n".encode("cp1252")).columns) == ["Größe"]


def compressed(content: bytes, kind: str, folder: Path) -> bytes:
    if kind == "zip":
        with zipfile.ZipFile(folder / "made", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.csv", content)
        return (folder / "made").read_bytes()
    packed = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    return packed[kind](content) if kind in packed else pa.compress(content, codec="zstd", asbytes=True)


@pytest.mark.parametrize("kind", ("gz", "bz2", "xz", "zip", "zst"))
def test_a_compressed_file_is_read_and_a_damaged_one_is_one_line(kind: str, tmp_path: Path) -> None:
    rows = "".join(f"{day:%Y-%m-%d},{day.dayofyear**2 % 97}\n" for day in pd.date_range("2020", periods=900))
    whole = compressed(f"date,y\n{rows}".encode(), kind, tmp_path)
    assert len(read(tmp_path, whole, f"x.csv.{kind}")) == 900
    middle = len(whole) // 2
    for damaged in (whole[:middle], whole[: middle - 8] + bytes(16) + whole[middle + 8 :], b"date,y\n2024-01-01,1\n"):
        with pytest.raises(ValueError, match=rf"x\.csv\.{kind}: damaged") as raised:
            read(tmp_path, damaged, f"x.csv.{kind}")
        assert "\n" not in str(raised.value)


def test_a_spreadsheet_is_read_from_its_first_sheet_with_cells(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.xlsx"
    table = pd.DataFrame({"date": pd.to_datetime(DATES), "y": [1, None, 3.5], "z": ["1,5", "2", "-"]})
    total = pd.DataFrame({"date": ["Total"], "y": [4.5]})
    with pd.ExcelWriter(path) as writer:
        pd.DataFrame().to_excel(writer, sheet_name="cover", index=False)
        pd.concat([table.astype(object), total]).to_excel(writer, sheet_name="values", index=False)
    with caplog.at_level(logging.INFO):
        series = to_series(read_table(path))
    np.testing.assert_array_equal(series, [[1, 1.5], [np.nan, 2], [3.5, np.nan]])
    assert list(series.index) == list(pd.to_datetime(DATES))
    assert "sheet 'values', the first of 2 that is not empty; decimal commas" in caplog.text
    table[["date", "y"]].to_excel(tmp_path / "rows.xlsx", header=False, index=False)
    with pytest.raises(ValueError, match=r"rows\.xlsx: the first row of sheet 'Sheet1' holds no names"):
        read_table(tmp_path / "rows.xlsx")
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ValueError, match=r"x\.xlsx: not a readable xlsx file"):
        read_table(path)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ImportError, match=r"openpyxl is not installed; run pip install 'ts-llm-fusion\[excel\]'"):
        read_table(path)


def test_a_damaged_parquet_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pd.DataFrame({"date": DATES, "y": [1, 2, 3]}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"x\.parquet: not a readable parquet file"):
        read_table(path)


NUMBERS = st.lists(
    st.one_of(st.none(), st.integers(-(10**7), 10**7), st.floats(-1e6, 1e6).map(lambda value: round(value, 3))),
    min_size=1,
    max_size=8,
)


def written(value: float | None, decimal: str, grouping: str) -> str:
    if value is None:
        return ""
    text = f"{value:,}" if grouping else f"{value}"
    return text.translate(str.maketrans({",": grouping, ".": decimal}))


@settings(max_examples=60, deadline=None)
@given(
    columns=st.lists(NUMBERS, min_size=1, max_size=3),
    separator=st.sampled_from(",;\t"),
    signs=st.sampled_from([(".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", "'")]),
    quoted=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_numbers_come_back_from_every_dialect_or_are_refused(
    columns: list[list], separator: str, signs: tuple[str, str], quoted: bool, encoding: str, tmp_path_factory
) -> None:
    rows = min(map(len, columns))
    if separator == "," and signs == (",", "."):
        # Without a decimal comma anywhere, points in a file with commas between cells are decimal points.
        columns = [*columns, [0.5] * rows]
    lines = [["date", *(f"y{k}" for k in range(len(columns)))]]
    for row, day in enumerate(pd.date_range("2024-01-01", periods=rows)):
        lines.append([f"{day:%Y-%m-%d}", *(written(column[row], *signs) for column in columns)])
    quote = '"' if quoted or separator == "," else ""
    text = "".join(separator.join(f"{quote}{cell}{quote}" for cell in line) + "\n" for line in lines)
    path = tmp_path_factory.mktemp("dialect") / "x.csv"
    path.write_bytes(text.encode(encoding))
    expected = np.array([[np.nan if c[row] is None else c[row] for c in columns] for row in range(rows)], dtype=float)
    try:
        table = read_table(path)
    except ValueError as error:
        assert "thousands or a decimal part" in str(error)
        return
    np.testing.assert_array_equal(table.iloc[:, 1:].to_numpy(dtype=float), expected)
