"""Tables of many series: their grids are those of each series alone, their rows and columns may come in any order."""

import logging

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ts_llm_fusion.data.series.panel_reading import read_panel
from ts_llm_fusion.data.series.panels import Panel
from ts_llm_fusion.data.series.time_axis import find_grid

STEPS = ("h", "15min", "7h", "36h", "D", "2D", "W-SUN", "B", "MS", "ME", "QS", "YE", "SMS", "15th")


def stamps(step: str, start: int, rows: int, absent: set[int], tz: str | None) -> pd.DatetimeIndex:
    """Rows of a grid, some of them absent."""
    first = pd.Timestamp("2020-01-01") + pd.Timedelta(days=start)
    if step == "15th":
        index = pd.date_range(first, periods=rows, freq="MS", tz=tz) + pd.Timedelta(days=14)
    else:
        index = pd.date_range(first, periods=rows, freq=step, tz=tz)
    return index.delete([row for row in sorted(absent) if 0 < row < len(index)]).as_unit("us")


def long_table(series: dict[str, pd.DatetimeIndex]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"item_id": name, "timestamp": index, "target": np.arange(len(index), dtype=float)})
        for name, index in series.items()
    ]
    return pd.concat(parts, ignore_index=True)


def days(name: str, rows: int, start: str = "2024-01-01", step: str = "D") -> pd.DataFrame:
    return long_table({name: pd.date_range(start, periods=rows, freq=step)})


def of(panel: Panel, name: str) -> pd.Series:
    """Values of a series by time."""
    number = panel.ids.get_loc(name)
    rows = slice(*panel.offsets[number : number + 2])
    return pd.Series(panel.values[rows, 0], panel.timestamps[rows])


SERIES = st.tuples(
    st.sampled_from(STEPS), st.integers(0, 900), st.integers(3, 200), st.sets(st.integers(1, 199), max_size=40)
)


@settings(max_examples=25, deadline=None)
@given(drawn=st.lists(SERIES, min_size=1, max_size=12), tz=st.sampled_from((None, "Europe/Berlin")))
def test_each_series_has_the_grid_that_it_has_alone(drawn: list, tz: str | None) -> None:
    series, grids = {}, {}
    for number, (step, start, rows, absent) in enumerate(drawn):
        index = stamps(step, start, rows, absent, tz)
        try:
            grids[f"s{number}"] = find_grid(index)
        except ValueError:
            continue
        series[f"s{number}"] = index
    if not series:
        return
    panel = read_panel(long_table(series))
    future = panel.future_timestamps(5)
    for number, name in enumerate(panel.ids):
        grid = grids[name]
        pd.testing.assert_index_equal(of(panel, name).index, grid.timestamps, check_names=False, exact="equiv")
        pd.testing.assert_index_equal(future[5 * number : 5 * number + 5], grid.following(5).as_unit("us"))
        assert str(panel.grids.grids[panel.grids.grid_of[number]]) == str(grid)
        assert of(panel, name).notna().sum() == len(series[name])


def test_hundreds_of_business_days_with_holidays_share_one_grid() -> None:
    calendar = pd.bdate_range("2020-01-01", periods=400).delete([30, 31, 200])
    series = {f"s{number}": calendar[number : number + 200] for number in range(0, 200, 2)}
    panel = read_panel(long_table(series))
    assert [str(grid) for grid in panel.grids.grids] == ["B"]
    assert (panel.lengths == [len(find_grid(index).timestamps) for index in series.values()]).all()
    for name, index in series.items():
        assert of(panel, name).dropna().index.equals(index)


def test_the_order_of_rows_and_columns_does_not_matter() -> None:
    table = pd.concat([days("b", 40), days("a", 30, step="h")]).assign(price=lambda rows: -rows["target"])
    panel = read_panel(table)
    shuffled = read_panel(table.sample(frac=1, random_state=1)[["price", "target", "timestamp", "item_id"]])
    assert set(shuffled.ids) == {"a", "b"}
    for name in panel.ids:
        pd.testing.assert_series_equal(of(shuffled, name), of(panel, name))
    np.testing.assert_array_equal(shuffled.past["price"], -shuffled.values[:, 0])


def test_an_absent_row_is_an_empty_cell_in_every_column() -> None:
    table = pd.concat([days("a", 20), days("b", 20)], ignore_index=True).assign(kind="x", shown=True)
    empty = table.assign(target=table["target"].mask(table.index == 25))
    found, expected = read_panel(table.drop(index=25)), read_panel(empty)
    np.testing.assert_array_equal(found.values, expected.values)
    assert found.timestamps.equals(expected.timestamps)
    assert found.past.isna().sum().to_dict() == {"kind": 1, "shown": 1}
    assert found.past["kind"].isna()[25]


@pytest.mark.parametrize("kind", ("pandas", "polars", "pyarrow"))
def test_names_of_nixtla_and_tables_of_other_libraries_are_recognized(kind: str) -> None:
    table = days("a", 30).set_axis(["unique_id", "ds", "y"], axis=1)
    given_table = {"pandas": lambda t: t, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}[kind](table)
    panel = read_panel(given_table)
    assert (panel.id_columns, panel.timestamp_column, panel.targets, panel.kind) == (
        ("unique_id",),
        "ds",
        ("y",),
        kind,
    )
    np.testing.assert_array_equal(panel.values[:, 0], np.arange(30.0))


def test_a_wide_table_has_a_series_in_each_column(caplog: pytest.LogCaptureFixture) -> None:
    table = pd.DataFrame(
        {"x": np.arange(30.0), "dead": np.nan, "y": -np.arange(30.0)},
        pd.date_range("2024-01-01", periods=30, freq="MS"),
    )
    panel = read_panel(table)
    assert list(panel.ids) == ["x", "y"]
    assert "'dead' left out: no value at all" in caplog.text
    np.testing.assert_array_equal(of(panel, "y"), -np.arange(30.0))
    assert panel.seasonal_periods().tolist() == [[12, 0]] * 2


def test_several_columns_of_ids_and_targets() -> None:
    table = days("a", 20).assign(shop=1, other=lambda rows: 2 * rows["target"])
    table = pd.concat([table, table.assign(shop=2)])
    panel = read_panel(table, id_column=["item_id", "shop"], target=["target", "other"])
    assert panel.ids.tolist() == [("a", 1), ("a", 2)]
    np.testing.assert_array_equal(panel.values[:20, 1], 2 * panel.values[:20, 0])
    assert list(panel.keys(np.array([1]), np.array([1]))["target_name"]) == ["other"]


def test_a_single_row_takes_the_step_of_the_others_or_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    panel = read_panel(pd.concat([days("a", 20), days("b", 1, "2024-03-05")]))
    assert list(panel.future_timestamps(2)[2:]) == list(pd.to_datetime(["2024-03-06", "2024-03-07"]))
    assert not caplog.records
    mixed = read_panel(pd.concat([days("a", 20), days("h", 50, step="h"), days("b", 1)]))
    assert list(mixed.ids) == ["a", "h"]
    assert "1 of 3 ids are left out, the first 'b'" in caplog.text
    given_step = read_panel(days("b", 1, "2024-03-01"), freq="MS")
    assert list(given_step.future_timestamps(1)) == [pd.Timestamp("2024-04-01")]
    with pytest.raises(ValueError, match=r"id 'b' has a single row, at 2024-01-01 .*--freq"):
        read_panel(days("b", 1))


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (
            pd.concat([days("a", 5), days("b", 5), days("b", 1)]),
            {},
            "id 'b': timestamp 2024-01-01 00:00:00 appears more",
        ),
        (days("a", 5), {"target": "sales"}, "no column 'sales'; the columns are 'item_id', 'timestamp', 'target'"),
        (days("a", 5), {"id_column": "shop"}, "no column 'shop'"),
        (days("a", 5).assign(item_id=["a", None, "a", "a", "a"]), {}, "row 2 of column 'item_id' is empty"),
        (days("a", 5).assign(target=["1", "2", "x", "4", "5"]), {}, "row 3 of column 'target' is not a number: 'x'"),
        (days("a", 5).assign(target=[1, np.inf, 3, 4, 5]), {}, "id 'a' has an infinite value at 2024-01-02"),
        (days("a", 12).iloc[[0, 1, 5, 11]], {}, "id 'a': the time step cannot be determined.*--freq"),
        (days("a", 5), {"freq": "MS"}, "id 'a': timestamp 2024-01-02 00:00:00 is not on the grid of freq 'MS'"),
        (days("a", 5), {"freq": "nonsense"}, "freq 'nonsense' is not an alias of pandas"),
        (days("a", 5).iloc[:0], {}, "a table of 0 rows and 3 columns"),
        (pd.DataFrame(np.zeros((1, 100_000))), {}, "the table has 100000 columns; at most 50000"),
        (days("a", 5).drop(columns="target").assign(x=1, y_=2), {}, "no column 'target'; name the column to forecast"),
        (
            pd.concat([days("a", 5), days("b", 5)]).set_axis(["shop", "date", "sales"], axis=1),
            {},
            "timestamp 2024-01-01 00:00:00 appears more than once.*--id.*'shop'",
        ),
        (days("a", 5), {"freq": ""}, "freq '' is not an alias of pandas"),
        (days("a", 5), {"freq": "H"}, "freq 'H' is not an alias of pandas, such as h, B or MS; pandas proposes 'h'"),
        (days("a", 5), {"target": None}, "no column 'None'"),
        (days("a", 5).assign(target=pd.Timedelta("1D")), {}, "column 'target' holds durations, not a series"),
        (days("a", 5).assign(item_id=[["a"]] * 5), {}, "column 'item_id' holds lists; give ids of text"),
        (days("a", 5).set_index("item_id", drop=False), {}, "'item_id' names a column and a level of the index"),
        ([1.0, 2.0], {}, "the table is a list; give a table of pandas, polars or pyarrow"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_line(table, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        read_panel(table, **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("step", ["D", "ME"])
def test_dates_beyond_those_of_the_unit_are_one_line(step: str) -> None:
    table = days("a", 30, step=step)
    panel = read_panel(table.assign(timestamp=table["timestamp"].dt.as_unit("ns")))
    with pytest.raises(
        ValueError, match=r"100000 steps end after the last date that timestamps in ns hold.*dt\.as_unit"
    ):
        panel.future_timestamps(100_000)
    longer = read_panel(table.assign(timestamp=table["timestamp"].dt.as_unit("s")))
    assert longer.future_timestamps(100_000)[-1].year == {"D": 2297, "ME": 10359}[step]


def test_names_of_columns_may_be_numbers() -> None:
    numbered = days("a", 5).set_axis([0, 1, 2], axis=1)
    assert read_panel(numbered, 0, 1, 2).targets == ("2",)


def test_a_wide_table_may_have_one_column_with_values(caplog: pytest.LogCaptureFixture) -> None:
    wide = pd.DataFrame({"a": np.nan, "b": 1.0, "c": np.nan}, pd.date_range("2024-01-01", periods=9))
    assert list(read_panel(wide).ids) == ["b"]
    assert "'a', 'c' left out: no value at all" in caplog.text


def test_a_step_of_the_checkpoint_is_used_where_it_fits(caplog: pytest.LogCaptureFixture) -> None:
    table = pd.concat([days("a", 40).iloc[::2], days("b", 40)])
    with caplog.at_level(logging.WARNING):
        panel = read_panel(table, default_freq="D")
    assert [str(panel.grids.grids[number]) for number in panel.grids.grid_of] == ["2D", "D"]
    assert "freq 'D' of the checkpoint is not that of the table: id 'a', which is 2D, nor of 0 others" in caplog.text


def test_a_step_told_by_two_rows_that_differs_from_the_others_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    read_panel(pd.concat([days("a", 20), days("b", 20), days("c", 2, step="7D")]))
    assert "id 'c' and 0 others have 3 rows or fewer, which tell a step of W-MON, not the D of most ids" in caplog.text
    caplog.clear()
    read_panel(pd.concat([days("a", 20), days("b", 20, step="h"), days("c", 2)]))
    assert not caplog.records


def known(panel: Panel, horizon: int, **columns) -> pd.DataFrame:
    ids = np.repeat(panel.ids.to_numpy(), horizon)
    return pd.DataFrame({"item_id": ids, "timestamp": panel.future_timestamps(horizon), **columns})


def test_the_future_of_covariates_is_aligned_to_the_horizon() -> None:
    panel = read_panel(pd.concat([days("a", 20), days("b", 30, step="h")]).assign(price=1.0))
    future = known(panel, 4, price=np.arange(8.0))
    found = panel.known_future(future.sample(frac=1, random_state=0), 4)
    assert found["price"].tolist() == list(range(8))
    longer = panel.known_future(known(panel, 9, price=np.arange(18.0)), 4)
    assert longer["price"].tolist() == [0, 1, 2, 3, 9, 10, 11, 12]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(index=[5, 7]), "has no row for id 'b' at 2024-01-02 07:00:00, 2024-01-02 09:00:00;"),
        (lambda t: t.drop(index=[0, 5]), "has no row for id 'a' at 2024-01-21 00:00:00, and so for 1 other ids"),
        (
            lambda t: t.assign(price=t["price"].mask(t.index == 6)),
            "column 'price' is empty for id 'b' at 2024-01-02 08",
        ),
        (lambda t: t.assign(item_id=["x", *t["item_id"][1:]]), "has the id 'x' in row 1, which the table of the past"),
        (lambda t: pd.concat([t, t[:1]]), "id 'a' has timestamp 2024-01-21 00:00:00 twice"),
        (
            lambda t: t.assign(snow=1),
            "has a column 'snow' that the table of the past lacks; its covariates are 'price'",
        ),
        (
            lambda t: t.assign(price=[*range(6), "cheap", 7.0]).iloc[::-1],
            "column 'price' holds 'cheap' in row 2, of id 'b' at 2024-01-02 08:00:00, and the table of the past holds",
        ),
        (lambda t: t.drop(columns="timestamp"), "future_df: no column 'timestamp'"),
        (lambda t: t.assign(item_id=[["a"], *t["item_id"][1:]]), "future_df: column 'item_id' holds lists"),
        (lambda t: t.assign(timestamp=t["timestamp"].dt.tz_localize("UTC")), "one has a time zone, the other none"),
    ],
)
def test_a_future_that_does_not_match_is_one_line(change, message: str) -> None:
    panel = read_panel(pd.concat([days("a", 20), days("b", 30, step="h")]).assign(price=1.0))
    with pytest.raises(ValueError, match=message) as raised:
        panel.known_future(change(known(panel, 4, price=np.arange(8.0))), 4)
    assert "\n" not in str(raised.value)


def test_a_future_of_booleans_may_hold_them_as_numbers() -> None:
    panel = read_panel(days("a", 20).assign(promo=[True, False] * 10))
    assert panel.known_future(known(panel, 2, promo=[1, 0]), 2)["promo"].tolist() == [1, 0]
    with pytest.raises(
        ValueError, match="'promo' holds 2 in row 2, of id 'a' at 2024-01-22 00:00:00, and the table of"
    ):
        panel.known_future(known(panel, 2, promo=[1, 2]), 2)


def test_a_future_needs_no_rows_of_a_series_without_a_value() -> None:
    panel = read_panel(pd.concat([days("dead", 9).assign(target=np.nan), days("a", 20)]).assign(price=1.0))
    future = known(panel, 4, price=np.arange(8.0))
    found = panel.known_future(future[future["item_id"] == "a"], 4)["price"]
    assert found.isna().tolist() == [True] * 4 + [False] * 4


def test_the_future_of_a_single_series_may_have_an_index_of_time() -> None:
    panel = read_panel(
        days("a", 20).drop(columns="item_id").set_index("timestamp").rename_axis(None).assign(price=1.0)
    )
    assert panel.targets == ("target",)
    future = pd.DataFrame({"price": [3.0, 4.0]}, pd.date_range("2024-01-21", periods=2))
    assert panel.known_future(future, 2)["price"].tolist() == [3.0, 4.0]


def numbered(ids: dict[str, list[int]]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"unique_id": name, "ds": steps, "y": np.arange(len(steps)) + 1.0}) for name, steps in ids.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_whole_numbers_are_steps_that_go_on_as_numbers() -> None:
    # The step is the same for all ids: 5 lacks rows, and no one of them tells it.
    table = numbered({"a": list(range(1, 13)), "gap": [3, 5, 7, 9, 13], "one": [40]})
    panel = read_panel(table.sample(frac=1, random_state=0))
    assert panel.lengths.tolist() == [{"a": 12, "gap": 11, "one": 1}[name] for name in panel.ids]
    ahead = panel.as_given(panel.future_timestamps(2)).to_numpy().reshape(-1, 2)
    assert {name: list(steps) for name, steps in zip(panel.ids, ahead, strict=True)} == {
        "a": [13, 14],
        "gap": [14, 15],
        "one": [41, 42],
    }
    assert (panel.seasonal_periods() == 0).all()
    assert not panel.dated
    tens = numbered({"a": [-10, 0, 20], "b": [5, 15, 35]})
    assert read_panel(tens).lengths.tolist() == [4, 4]
    assert read_panel(tens, freq=5).lengths.tolist() == [7, 7]
    wide = pd.DataFrame({"ds": [0, 2, 4, 8], "x": 1.0, "y": [1.0, 2.0, 3.0, 5.0]})
    assert read_panel(wide).as_given(read_panel(wide).timestamps[:5]).tolist() == [0, 2, 4, 6, 8]
    written = read_panel(table.astype({"ds": "str"}))
    assert (written.timestamps == read_panel(table).timestamps).all()
    # Years are dates.
    assert read_panel(numbered({"a": list(range(1990, 2020))})).dated


@pytest.mark.parametrize(
    ("freq", "message"),
    [
        ("D", "freq is 'D', but the timestamps number the steps; give a whole number, or leave it out"),
        (0, "freq is '0', but the timestamps number the steps"),
        (2, "freq is 2, but the numbers of some steps differ by 1"),
    ],
)
def test_a_step_that_is_not_of_the_numbers_is_one_line(freq: str | int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_panel(numbered({"a": [1, 2, 3]}), freq=freq)


def test_the_known_future_of_numbered_steps_is_numbered() -> None:
    table = numbered({"a": [1, 2, 3], "b": [7, 8, 9]}).assign(price=1.0)
    future = numbered({"a": [4, 5], "b": [10, 11]}).drop(columns="y").assign(price=[4.0, 5.0, 10.0, 11.0])
    panel = read_panel(table)
    assert panel.known_future(future, 2)["price"].tolist() == [4, 5, 10, 11]
    for change, message in (
        (future.iloc[:-1], "has no row for id 'b' at 11"),
        (pd.concat([future, future[:1]]), "id 'a' has timestamp 4 twice"),
        (future.assign(ds=pd.Timestamp("2024-01-01")), "column 'ds' holds datetime64.*, but that of the past numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            panel.known_future(change, 2)
    with pytest.raises(ValueError, match="id 'a': timestamp 2 appears more than once"):
        read_panel(pd.concat([table, table[1:2]]))


def test_tables_without_times_are_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="no timestamp column; add one 'timestamp' or 'date'"):
        read_panel(pd.DataFrame({"item_id": ["a", "a"], "target": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="of another kind"):
        read_panel(pd.DataFrame({"item_id": ["a"] * 2, "timestamp": [[1], "2024-01-01"], "target": [1.0, 2.0]}))
