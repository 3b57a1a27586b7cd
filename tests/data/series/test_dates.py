"""A column of dates: one reading for all of it, or one line; never another day."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ts_llm_fusion.data.series.dates import parse_timestamps


def parse(cells: list, dayfirst: bool | None = None) -> pd.DatetimeIndex:
    return parse_timestamps(pd.Series(cells, name="when"), "file.csv", dayfirst)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["12/01/2024", "13/01/2024"], ["2024-01-12", "2024-01-13"]),
        (
            ["12.01.2024 23:00", "12.01.2024 24:00", "13.01.2024 01:00"],
            ["2024-01-12T23", "2024-01-13", "2024-01-13T01"],
        ),
        (["1/12/2024", "1/13/2024"], ["2024-01-12", "2024-01-13"]),
        (["05/01/2024", "03/02/2024"], ["2024-01-05", "2024-02-03"]),  # rising day first only
        (["01/01/2024", "02/02/2024"], ["2024-01-01", "2024-02-02"]),  # the same either way
        (["1/31/2024 11:30:05 PM", "2/1/2024 12:00:00 AM"], ["2024-01-31T23:30:05", "2024-02-01"]),
        (["31-01-69", "01-02-69"], ["1969-01-31", "1969-02-01"]),
        (["Jan 2024", "Feb 2024"], ["2024-01-01", "2024-02-01"]),
        (["May 2024", "June 2024"], ["2024-05-01", "2024-06-01"]),
        (["Jan-24", "Feb-24"], ["2024-01-01", "2024-02-01"]),
        (["January 5, 2024", "Sept 6, 2024"], ["2024-01-05", "2024-09-06"]),
        (["Mon, 01 Jan 2024", "Tue, 02 Jan 2024"], ["2024-01-01", "2024-01-02"]),
        (["2024-Q1", "2024-Q2"], ["2024-01-01", "2024-04-01"]),
        (["Q3 2024", "Q4 2024"], ["2024-07-01", "2024-10-01"]),
        (["2024W01", "2024W05"], ["2024-01-01", "2024-01-29"]),
        (["2024-W05-3"], ["2024-01-31"]),
        (["2024-01", "2024-02"], ["2024-01-01", "2024-02-01"]),
        (["2024M01", "2024M02"], ["2024-01-01", "2024-02-01"]),
        (["01/2024", "02/2024"], ["2024-01-01", "2024-02-01"]),
        (["2024-01-01", "2024-01-01 12:00"], ["2024-01-01", "2024-01-01T12"]),
        ([1999, 2000], ["1999-01-01", "2000-01-01"]),
        ([1999.0, 2000.0], ["1999-01-01", "2000-01-01"]),
        (["1999.0", "2000.0"], ["1999-01-01", "2000-01-01"]),
        ([20240131, 20240201], ["2024-01-31", "2024-02-01"]),
        ([20240131.0, 20240201.0], ["2024-01-31", "2024-02-01"]),
        ([202401, 202402], ["2024-01-01", "2024-02-01"]),
        ([202401311230], ["2024-01-31T12:30"]),
        ([Decimal(20240131)], ["2024-01-31"]),
        ([1706659200, 1706659260], ["2024-01-31", "2024-01-31T00:01"]),
        (["1706659200.5"], ["2024-01-31T00:00:00.5"]),
        ([1706659200000.0], ["2024-01-31"]),
        (["1706659200000000"], ["2024-01-31"]),
        ([1706659200123456789], ["2024-01-31T00:00:00.123456789"]),
        ([date(2024, 1, 31), date(2024, 2, 1)], ["2024-01-31", "2024-02-01"]),
        (pd.period_range("2024-01", periods=2, freq="Q"), ["2024-01-01", "2024-04-01"]),
        (pd.Series(["2024-01-31"], dtype="category"), ["2024-01-31"]),
        (pd.Series(["2024-01-31"]).astype("timestamp[ms][pyarrow]"), ["2024-01-31"]),
    ],
)
def test_a_column_is_read(cells: list, expected: list[str]) -> None:
    assert list(parse(cells)) == list(pd.DatetimeIndex(np.array(expected, dtype="datetime64[ns]")))


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-03-31T01:00:00+01:00", "2024-03-31T03:00:00+02:00"],
        ["2024-03-31 01:00+0100", "2024-03-31 03:00+0200"],
        ["31.03.2024 01:00 +01:00", "31.03.2024 03:00 +02:00"],
        [datetime(2024, 3, 31, h, tzinfo=timezone(timedelta(hours=z))) for h, z in ((1, 1), (3, 2))],
    ],
)
def test_offsets_that_change_are_utc(cells: list) -> None:
    assert list(parse(cells)) == list(pd.to_datetime(["2024-03-31T00:00Z", "2024-03-31T01:00Z"]))


def test_the_choice_of_the_user_counts() -> None:
    cells = ["01/02/2024", "02/02/2024"]
    assert list(parse(cells, True)) == list(pd.to_datetime(["2024-02-01", "2024-02-02"]))
    assert list(parse(cells, False)) == list(pd.to_datetime(["2024-01-02", "2024-02-02"]))
    assert list(parse(["2024-01-02"], True)) == [pd.Timestamp("2024-01-02")]
    with pytest.raises(ValueError, match="row 1 of column 'when' is not a timestamp, month first: '13/01/2024'"):
        parse(["13/01/2024"], False)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            ["01/01/2024", "01/02/2024"],
            "can be 01 February 2024 .day first. or 02 January 2024 .month first.*--dayfirst",
        ),
        (["01-02-03", "02-02-03"], "--dayfirst false, or years of four digits"),
        (
            ["13/01/2024", "01/13/2024"],
            r"day first does not fit row 2 \('01/13/2024'\); month first does not fit row 1",
        ),
        (["30/02/2024", "01/03/2024"], "row 1 of column 'when' is not a timestamp"),
        (["2024-01-01", "02/01/2024"], "row 2 of column 'when' is written in another way than row 1 .'2024-01-01'"),
        (["2024-01-01", "2024-02"], "row 2 of column 'when' is written in another way than row 1 .'2024-01-01'"),
        (["2020-01", "2020-02", "2021"], "row 3 of column 'when' is not a timestamp: '2021'"),
        (["Nov-67", "Dec-67"], "row 1 of column 'when' can be of 1967 or 2067; give years of four digits: 'Nov-67'"),
        (["31.12.29", "01.01.30"], "row 2 of column 'when' can be of 1930 or 2030"),
        ([650102, 650103], "row 1 of column 'when' is not a timestamp"),
        (["Jan-01", "Jan-02"], "'Jan-02' can be a month with its year or a day of it, and every row fits both"),
        (["01/02/2024", "02.02.2024"], "row 2 of column 'when' is written in another way"),
        (["2024-01-01", "today"], "row 2 of column 'when' is not a timestamp.*: 'today'"),
        (["2024-01-01", "2024-01\n02"], r"row 2 of column 'when' is not a timestamp.*: '2024-01\\n02'"),
        (["a\nb", "2024-01-02"], r"row 1 of column 'when' is not a timestamp.*: 'a\\nb'"),
        (["März 2024"], "names of months must be English.: 'März 2024'"),
        (["1. Mai 2024"], "names of months must be English"),
        (["2024-01-01T00:00Z", "2024-01-01T01:00"], "row 2 .* one has an offset from UTC, the other none"),
        (["2024-01-01 10:00 CET"], "row 1 of column 'when' is not a timestamp"),
        (["2024-01-01 25:00"], "no such time of day"),
        (["1/31/2024 11:00 PM", "2/1/2024 10:00"], "row 2 of column 'when' lacks the AM or PM"),
        (["2024-01-01", None], "row 2 of column 'when' is not a timestamp but empty"),
        (["2024-01-01", 5], "row 2 of column 'when' is of another kind than row 1"),
        ([0, 1], "row 1 of column 'when' is not a timestamp"),
        ([45292, 45293], "day numbers of a spreadsheet: format those as dates.: 45292"),
        ([1949.08, 1949.17], "row 1 of column 'when' is not a timestamp"),
        ([2024, 20240131], "row 2 of column 'when' is not a timestamp.*: 20240131"),
        ([20240131, 20240132], "row 2 of column 'when' is not a timestamp.*: 20240132"),
        ([2024013112], "can be 2024-01-31 12:00:00 .written dates. or 2034-02-20 01:51:52 .s since 1970."),
        ([200101, 200102], "can be 2001-01-01 00:00:00 .year and month. or 2020-01-01 00:00:00 .yymmdd."),
        ([1.70407e12, 1.70408e12], "row 1 of column 'when' is rounded"),
        ([-1706659200], "row 1 of column 'when' is not a timestamp"),
        ([True, False], "holds bool, not timestamps"),
        ([1j], "holds complex128, not timestamps"),
        ([timedelta(1)], "holds timedelta64"),
    ],
)
def test_what_is_no_date_or_two_is_one_line(cells: list, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        parse(cells)
    assert str(raised.value).startswith("file.csv: ")
    assert "\n" not in str(raised.value)


FORMS = (
    *(
        f"{date}{time}"
        for date in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d")
        for time in ("", " %H:%M", " %I:%M %p")
    ),
    *("%d-%m-%y", "%m/%d/%y", "%y-%m-%d", "%d %b %Y", "%B %d, %Y", "%Y-%m-%dT%H:%M:%SZ", "%Y%m%d", "%Y%m%d%H%M"),
    *("%a %d %b %Y", "%d-%b-%y", "%Y-%m-%d %H:%M+02:00", "%Y%m%d%H"),
)


@settings(max_examples=150, deadline=None)
@given(
    start=st.datetimes(datetime(1975, 1, 1), datetime(2035, 1, 1)),
    step=st.sampled_from(["7min", "h", "5h", "D", "3D", "W", "MS", "QS", "YS"]),
    rows=st.integers(2, 40),
    form=st.sampled_from(FORMS),
)
def test_dates_in_order_are_read_right_or_refused(start: datetime, step: str, rows: int, form: str) -> None:
    index = pd.date_range(pd.Timestamp(start).floor("min"), periods=rows, freq=step)
    written = index.strftime(form)
    assume(written.is_unique)
    python_form = form.replace("Z", "%z").replace("+02:00", "%z")
    right = [datetime.strptime(cell, python_form) for cell in written]
    try:
        found = parse(list(written))
    except ValueError as error:
        # Python reads two digits up to 68 as of this century, spreadsheets up to 29.
        of_either = "%y" in form and index.year.isin(range(2030, 2069)).any()
        assert "every row fits both" in str(error) or (of_either and "give years of four digits" in str(error))
        return
    assert [stamp.to_pydatetime() for stamp in found] == right


@settings(max_examples=60, deadline=None)
@given(
    seconds=st.lists(st.integers(10**8, 4 * 10**9), min_size=1, max_size=5, unique=True),
    unit=st.sampled_from(["s", "ms", "us", "ns"]),
    kind=st.sampled_from([int, float, str]),
)
def test_seconds_since_1970_are_told_by_their_range(seconds: list[int], unit: str, kind: type) -> None:
    cells = [kind(value * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]) for value in sorted(seconds)]
    try:
        found = parse(cells)
    except ValueError as error:
        assert "every row fits both" in str(error) or "is rounded" in str(error)
        return
    assert list(found.astype("datetime64[s]").astype("int64")) == sorted(seconds)
