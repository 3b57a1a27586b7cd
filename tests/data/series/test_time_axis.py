"""The grid that timestamps lie on: told from them though rows are absent, or given, and never guessed."""

import logging
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ts_llm_fusion.data.series.time_axis import complete, find_grid

DAYS = pd.date_range("2024-01-01", periods=120)


def daily(weekdays: tuple[int, ...]) -> pd.DatetimeIndex:
    return DAYS[DAYS.day_of_week.isin(weekdays)]


def sessions(days: pd.DatetimeIndex, times: list[float]) -> pd.DatetimeIndex:
    """Every one of the days at every one of the hours."""
    rows = days.tz_localize(None).to_numpy()[:, None] + (np.array(times) * 3600).round().astype("m8[s]")
    return pd.DatetimeIndex(rows.ravel()).tz_localize(days.tz)


def hours(keep) -> pd.DatetimeIndex:
    rows = pd.date_range("2024-01-01", periods=24 * 90, freq="h")
    return rows[keep(rows.day_of_week, rows.hour)]


BUSINESS = daily((0, 1, 2, 3, 4))
# name -> a complete grid; three quarters of it are given, with some rows absent, and the last has to be found
GRIDS = {
    **{
        f"{freq} from {start}": pd.date_range(start, periods=80, freq=freq)
        for start, freq in (
            *[("2021-01-01", f) for f in ("MS", "ME", "QS-FEB", "QE-NOV", "YS", "YE-JUN", "BMS", "BME", "BQE", "2MS")],
            *[
                ("2021-01-01", f)
                for f in ("W-SUN", "W-WED", "2W-FRI", "WOM-2FRI", "WOM-4TUE", "SMS", "SME", "D", "3D")
            ],
            *[("2021-03-01 12:30", f) for f in ("D", "ME", "W-MON", "h", "15min", "7h", "s", "250ms", "ns", "36h")],
        )
    },
    "the last friday": pd.date_range("2021-01-01", periods=80, freq="LWOM-FRI"),
    "the 15th": pd.date_range("2021-01-01", periods=80, freq="MS") + pd.Timedelta(days=14),
    "the 30th, or the last of February": pd.DatetimeIndex(
        [pd.Timestamp("2021-01-30") + pd.DateOffset(months=k) for k in range(80)]
    ),
    "15 March": pd.date_range("1950-03-01", periods=80, freq="YS-MAR") + pd.Timedelta(days=14),
    "business days": BUSINESS,
    "business days at 17:30": BUSINESS + pd.Timedelta(hours=17.5),
    "Monday to Saturday": daily((0, 1, 2, 3, 4, 5)),
    "Sunday to Thursday": daily((6, 0, 1, 2, 3)),
    "Monday, Wednesday, Friday": daily((0, 2, 4)),
    "8 to 15 h on weekdays": sessions(BUSINESS, list(range(8, 16))),
    "half hours with a break at noon": sessions(BUSINESS, [9.5, 10, 10.5, 11, 13, 13.5, 14, 14.5]),
    "every 4 hours on weekdays": sessions(BUSINESS, [8, 12, 16]),
    "9 and 16 h": sessions(BUSINESS, [9, 16]),
    "10 minutes by day": sessions(DAYS[:60], list(np.arange(36, 132) / 6)),
    "24 hours on 5 days": hours(lambda day, hour: day < 5),
    "currencies": hours(lambda day, hour: (day < 4) | ((day == 4) & (hour < 22)) | ((day == 6) & (hour >= 22))),
    "a short Saturday": hours(
        lambda day, hour: ((day < 5) & (hour >= 8) & (hour < 17)) | ((day == 5) & (hour >= 8) & (hour < 12))
    ),
    "a late Thursday": hours(lambda day, hour: (hour >= 8) & (hour < 17) | ((day == 3) & (hour >= 8) & (hour < 20))),
    **{
        f"{freq} in Berlin": pd.date_range("2024-03-20", periods=80, freq=freq, tz="Europe/Berlin")
        for freq in ("h", "4h", "D", "W-SUN", "ME", "MS")
    },
    "sessions in New York": sessions(BUSINESS.tz_localize("America/New_York"), list(np.arange(9.5, 16))),
    "days in Sao Paulo, where the clock skips midnight": pd.date_range("2018-10-01", periods=80).tz_localize(
        "America/Sao_Paulo", nonexistent="shift_forward"
    ),
}


def with_absences(rows: pd.DatetimeIndex, share: float, seed: int) -> pd.DatetimeIndex:
    keep = np.random.default_rng(seed).random(len(rows)) >= share
    keep[[0, -1]] = True
    return rows[keep]


# The same absences in each run: a few, such as seed 208 at a share of 0.0625, take the only two rows of a time of the
# week out of ten days of "4h in Berlin", which then looks like a week with a pause.
@pytest.mark.parametrize("name", GRIDS)
@settings(max_examples=6, deadline=None, derandomize=True)
@example(share=0.0, seed=0)
@given(share=st.floats(0, 0.12), seed=st.integers(0, 2**32))
def test_the_grid_is_found_though_rows_are_absent(name: str, share: float, seed: int) -> None:
    rows = GRIDS[name]
    known = len(rows) * 3 // 4
    grid = find_grid(with_absences(rows[:known], share, seed))
    assert list(grid.timestamps) == list(rows[:known])
    assert list(grid.following(len(rows) - known)) == list(rows[known:])
    assert grid.confidence >= 0.5
    assert share > 0 or grid.confidence == 1


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(GRIDS)),
    share=st.floats(0.1, 0.95),
    length=st.integers(8, 60),
    seed=st.integers(0, 2**32),
)
def test_whatever_is_absent_every_row_is_on_the_grid_or_it_is_refused(
    name: str, share: float, length: int, seed: int
) -> None:
    given_rows = with_absences(GRIDS[name][:length], share, seed)
    try:
        grid = find_grid(given_rows)
    except ValueError as error:
        assert "--freq" in str(error)
        assert "\n" not in str(error)
    else:
        assert grid.timestamps[[0, -1]].equals(given_rows[[0, -1]])
        assert given_rows.isin(grid.timestamps).all()
        after = grid.following(5)
        assert after.is_monotonic_increasing
        assert after[0] > given_rows[-1]
        assert grid.confidence >= 0.5


@pytest.mark.parametrize(
    ("name", "seasons"),
    [
        ("business days", (5, 261)),
        ("Monday to Saturday", (6, 313)),
        ("Monday, Wednesday, Friday", (3, 157)),
        ("8 to 15 h on weekdays", (8, 40)),
        ("half hours with a break at noon", (8, 40)),
        ("10 minutes by day", (96, 672)),
        ("currencies", (24, 120)),
        ("a short Saturday", (9, 49)),
        ("h in Berlin", (24, 168)),
        ("D in Berlin", (7, 365)),
        ("7h from 2021-03-01 12:30", (24,)),
        ("36h from 2021-03-01 12:30", (14, 244)),
        ("3D from 2021-01-01", (7, 122)),
        ("W-WED from 2021-01-01", (52,)),
        ("the 15th", (12,)),
        ("SMS from 2021-01-01", (24,)),
        ("QE-NOV from 2021-01-01", (4,)),
        ("YE-JUN from 2021-01-01", ()),
    ],
)
def test_the_seasons_are_those_of_the_grid(name: str, seasons: tuple[int, ...]) -> None:
    grid = find_grid(GRIDS[name].delete(3))
    assert grid.seasons == seasons
    assert grid.season == (seasons[0] if seasons else None)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 240),
    unit=st.sampled_from(["s", "min", "h", "D", "W", "MS", "QE"]),
    rows=st.integers(2, 40),
    start=st.datetimes(pd.Timestamp("1950-01-01"), pd.Timestamp("2100-01-01")),
)
@example(count=1, unit="MS", rows=2, start=pd.Timestamp("2023-02-01"))
def test_a_season_is_a_whole_number_of_steps_and_of_days_or_weeks_or_a_year(
    count: int, unit: str, rows: int, start: pd.Timestamp
) -> None:
    stamps = pd.date_range(pd.Timestamp(start).floor("s"), periods=rows, freq=f"{count}{unit}")
    seasons = find_grid(stamps, f"{count}{unit}").seasons
    assert list(seasons) == sorted(set(seasons))
    assert len(seasons) <= 2
    hours = {"s": 1 / 3600, "min": 1 / 60, "h": 1, "D": 24, "W": 168, "MS": 730.5, "QE": 2191.5}[unit] * count
    for season in seasons:
        days = season * hours / 24
        assert season >= 2
        assert (abs(days - round(days)) < 1e-3 and round(days) in {*range(1, 8), *range(7, 56, 7)}) or (
            abs(days - 365.25) <= 0.05 * 365.25
        )
    if hours <= 12 and 24 % hours == 0:
        assert seasons == (round(24 / hours), round(168 / hours))


@pytest.mark.parametrize(
    ("rows", "following"),
    [
        (["2024-01-01", "2024-01-03"], "2024-01-05"),
        (["2024-01-31", "2024-02-29"], "2024-03-31"),
        (["2023-06-30", "2024-06-30"], "2025-06-30"),
        (["2024-01-01 00:00", "2024-01-01 00:20"], "2024-01-01 00:40"),
        # One absent row of a short series is not a closed weekday; a weekend is, and a repeated night is.
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-05"], "2024-01-06"),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"], "2024-01-06"),
        ([str(day) for day in BUSINESS[:6]], "2024-01-09"),
        ([str(day) for day in BUSINESS[:10]], "2024-01-15"),
        ([str(row) for row in GRIDS["8 to 15 h on weekdays"][:16]], "2024-01-03 08:00"),
        # Closed twice, and nothing else is absent: Sundays, or Fridays and Saturdays.
        ([f"2024-01-{day:02d}" for day in range(1, 21) if day % 7], "2024-01-22"),
        ([f"2024-01-{day:02d}" for day in range(7, 26) if day % 7 not in (5, 6)], "2024-01-28"),
        ([f"2024-01-{day:02d}" for day in range(1, 21) if day % 7 and day != 9], "2024-01-21"),
    ],
)
def test_few_rows_are_enough_for_a_step(rows: list[str], following: str) -> None:
    assert find_grid(pd.DatetimeIndex(rows)).following(1)[0] == pd.Timestamp(following)


def test_a_step_that_the_resolution_rounds_is_even() -> None:
    rows = pd.DatetimeIndex((np.arange(5000) * 1_000_000_000 // 360).astype("M8[ns]"))
    grid = find_grid(rows)
    assert grid.timestamps is rows
    assert grid.alias == "2777778ns"
    frames = pd.DatetimeIndex(np.round(np.arange(400) * 1000 / 30).astype("M8[ms]"))
    following = find_grid(frames[:300]).following(100)
    assert abs(following - frames[300:]).max() <= pd.Timedelta(milliseconds=1)


HOURS = pd.date_range("2024-01-01", periods=24 * 40, freq="h")
JITTER = pd.to_timedelta(np.random.default_rng(0).integers(0, 50, len(HOURS)), unit="s")


def with_row(rows: pd.DatetimeIndex, row: str) -> pd.DatetimeIndex:
    return rows.append(pd.DatetimeIndex([row])).sort_values()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (DAYS[:1], "x: 1 timestamp; at least 2 are needed to determine the time step, or name it with --freq"),
        (HOURS + JITTER, r"x: the time step cannot be determined: .* row 2 \("),
        (with_row(HOURS, "2024-01-03 10:30"), r"958 of 960 rows are 01:00:00 .* row 60 \(2024-01-03 10:30:00\)"),
        (with_row(HOURS[:200], "2024-01-03 10:30"), r"row 60 \(2024-01-03 10:30:00\) does not fit in"),
        (with_row(BUSINESS, "2024-03-02"), r"row 46 \(2024-03-02 00:00:00\) does not fit in"),
        (with_row(GRIDS["8 to 15 h on weekdays"], "2024-03-05 18:00"), r"\(2024-03-05 18:00:00\) does not fit in"),
        (pd.DatetimeIndex([*GRIDS["the 15th"][:9], "2021-10-14"]), r"\(2021-10-14 00:00:00\) does not fit in|row 3"),
        (DAYS[[0, 6, 7, 80, 81, 83, 100]], "cannot be determined: 2 of 6 rows are 1 days after the one before"),
        (with_row(HOURS[:5] + pd.Timedelta(seconds=1), "2060-01-01"), "x: the time step cannot be determined"),
        # Midnight of a place whose clocks change is at 22:00 or 23:00 of UTC: no rounding of an even step.
        (pd.date_range("2024-03-01", periods=60, tz="Europe/Berlin").tz_convert("UTC"), r"row 32 \(2024-03-31 22:00"),
        (pd.date_range("2024", periods=30, freq="W", tz="Europe/Berlin").tz_convert("UTC"), "days of a place"),
        (with_row(HOURS[:5], "2060-01-01"), r"x: 6 timestamps from .* would be 3.2e\+05 rows at a step of h"),
    ],
)
def test_a_grid_that_cannot_be_told_is_refused_in_a_line_that_names_freq(rows: pd.DatetimeIndex, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        find_grid(rows, source="x")
    assert "--freq" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("freq", "rows"),
    [
        ("D", DAYS[::2] + pd.Timedelta(hours=12)),
        ("h", HOURS[::5] + pd.Timedelta(minutes=30)),
        ("MS", pd.date_range("2024", periods=20, freq="QS")),
        ("B", BUSINESS[::3]),
        ("W-MON", DAYS[[0, 14, 70]]),
        ("SMS", pd.date_range("2024-01-01", periods=20, freq="SMS")[::3]),
        ("bh", pd.date_range("2024-01-01 09:00", periods=40, freq="bh").delete([4, 30])),
        ("250ms", DAYS[:1].append(DAYS[:1] + pd.Timedelta(seconds=1))),
        ("D", pd.date_range("2024-03-25", periods=30, tz="Europe/Berlin").delete([7, 8])),
        ("D", DAYS[:1]),
    ],
)
def test_a_given_step_wins_and_its_dates_are_those_of_pandas(freq: str, rows: pd.DatetimeIndex) -> None:
    grid = find_grid(rows, freq)
    wall = [row.tz_localize(None) for row in (rows[0], rows[-1])]
    assert list(grid.timestamps) == list(pd.date_range(*wall, freq=freq).tz_localize(rows.tz))
    after = pd.date_range(wall[1], periods=8, freq=freq)[1:].tz_localize(rows.tz)
    assert list(grid.following(7)) == list(after)


@pytest.mark.parametrize(
    ("freq", "rows", "message"),
    [
        ("MS", GRIDS["the 15th"], r"x: timestamp 2021-01-15 00:00:00 is not on the grid of freq 'MS'"),
        ("W", DAYS[::7], r"timestamp 2024-01-01 .* freq 'W' \(the rows themselves lie on W-MON\)"),
        ("B", DAYS, "timestamp 2024-01-06 00:00:00 is not on the grid of freq 'B'"),
        ("2h", HOURS, "timestamp 2024-01-01 01:00:00 is not on the grid"),
        ("ns", DAYS, r"would be 1e\+16 rows at a step of ns"),
        ("fortnight", DAYS, "freq 'fortnight' is not an alias of pandas"),
        ("-1D", DAYS, "freq '-1D' is not a step forward"),
        ("0h", DAYS, "freq '0h' is not a step forward"),
    ],
)
def test_a_given_step_that_does_not_fit_is_one_line(freq: str, rows: pd.DatetimeIndex, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        find_grid(rows, freq, source="x")
    assert "\n" not in str(raised.value)


def test_the_step_of_a_checkpoint_is_taken_where_it_fits(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert find_grid(BUSINESS, default_freq="D").season == 7
        assert not caplog.records
        assert find_grid(DAYS, default_freq="h").season == 7
        assert find_grid(DAYS, default_freq="MS").season == 7
        assert find_grid(DAYS, freq="D", default_freq="MS").season == 7
    assert len(caplog.records) == 2
    assert "freq 'h' of the checkpoint is not that of the series, which is D: " in caplog.records[0].getMessage()


def test_absent_rows_are_missing_values_and_are_said(caplog: pytest.LogCaptureFixture) -> None:
    rows = BUSINESS.delete([20, 21])
    series = pd.DataFrame({"a": np.arange(len(rows), dtype=float)}, index=rows)
    with caplog.at_level(logging.INFO):
        filled = complete(series, find_grid(rows), "x")
    assert len(filled) == len(BUSINESS)
    assert list(np.flatnonzero(filled["a"].isna())) == [20, 21]
    pd.testing.assert_frame_equal(filled.dropna(), series, check_freq=False)
    (record,) = caplog.records
    assert record.getMessage() == (
        "x: 2 of 86 rows of the grid (B, confidence 0.99) are absent, the first 2024-01-29 00:00:00; they are missing "
        "values."
    )
    whole = filled.fillna(0)
    assert complete(whole, find_grid(whole.index), "x") is whole


@pytest.mark.parametrize(
    "rows", [pd.date_range("2000", periods=1_000_000, freq="min"), None], ids=["all day", "sessions"]
)
def test_a_million_rows_take_seconds(rows: pd.DatetimeIndex | None) -> None:
    if rows is None:
        rows = sessions(pd.date_range("1990-01-01", periods=5000, freq="B"), list(np.arange(480, 680) / 60))
    start = time.process_time()
    grid = find_grid(rows.delete([5, 700_000]))
    grid.following(100)
    assert time.process_time() - start < 5
    assert len(grid.timestamps) == len(rows)
