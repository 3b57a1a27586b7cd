"""Windows of time, numbers and clauses that are found in a text without a model."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ts_llm_fusion.processing import grounding_numbers
from ts_llm_fusion.processing.grounding import ground
from ts_llm_fusion.processing.grounding_dates import Dates

# The history ends on Wednesday, 11 March 2026; on Saturday, 21 March at 23:00; in December 2023.
DAYS = (pd.date_range("2026-01-01", periods=100, freq="D"), 70)
HOURS = (pd.date_range("2026-03-01", periods=24 * 28, freq="h"), 24 * 21)
MONTHS = (pd.date_range("2020-01-01", periods=60, freq="MS"), 48)
MONTH_ENDS = (pd.date_range("2020-01-31", periods=60, freq="ME"), 48)
WEEKS = (pd.date_range("2025-01-05", periods=60, freq="W"), 50)


def read(text, series=DAYS, level=100.0):
    timestamps, length = series
    history = level + 20 * np.sin(np.arange(length))
    return ground(text, history, len(timestamps) - length, timestamps)


def future(text, series=DAYS):
    """First and last step of the only window in the horizon, and how many there are."""
    (window,) = read(text, series).windows
    inside = np.flatnonzero(window.steps[series[1] :]) + series[1]
    if not len(inside):
        return None
    form = "%m-%d" if series is not HOURS else "%d %H"
    return series[0][inside[0]].strftime(form), series[0][inside[-1]].strftime(form), len(inside)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sales rise from 15 to 21 March.", ("03-15", "03-21", 7)),
        ("between the 15th and the 20th of March", ("03-15", "03-20", 6)),
        ("March 15-21, 2026", ("03-15", "03-21", 7)),
        ("from 2026-03-15 to 2026-03-18", ("03-15", "03-18", 4)),
        ("on 03/15/2026", ("03-15", "03-15", 1)),
        ("on 15.03.2026", ("03-15", "03-15", 1)),
        ("on Monday, 16 March 2026", ("03-16", "03-16", 1)),
        ("next week", ("03-16", "03-22", 7)),
        ("the week of 18 March", ("03-16", "03-22", 7)),
        ("tomorrow and the day after tomorrow", ("03-12", "03-13", 2)),
        ("on March 15 and on March 17", ("03-15", "03-17", 2)),
        ("the first three days", ("03-12", "03-14", 3)),
        ("the first three days of next week", ("03-16", "03-18", 3)),
        ("the last 3 days of the forecast", ("04-08", "04-10", 3)),
        ("until Friday", ("03-12", "03-13", 2)),
        ("after 20 March", ("03-21", "04-10", 21)),
        ("from Monday on", ("03-16", "04-10", 26)),
        ("starting Monday for 5 days", ("03-16", "03-20", 5)),
        ("for five days starting on 20 March", ("03-20", "03-24", 5)),
        ("Monday to Wednesday next week", ("03-16", "03-18", 3)),
        ("over the weekend", ("03-14", "03-15", 2)),
        ("every Monday", ("03-16", "04-06", 4)),
        ("on weekends", ("03-14", "04-05", 8)),
        ("in three days", ("03-14", "03-14", 1)),
        ("over the next two weeks", ("03-12", "03-25", 14)),
        ("steps 3 to 7", ("03-14", "03-18", 5)),
        ("the second half of the forecast", ("03-27", "04-10", 15)),
        ("the rest of the month", ("03-12", "03-31", 20)),
        ("in the first week of April", ("04-01", "04-07", 7)),
        ("on Easter Sunday", ("04-05", "04-05", 1)),
        ("last week", None),
        ("between 1 January and 10 January", None),
        ("on 1 May 2031", None),
        ("at 10:00", None),
    ],
)
def test_a_window_of_days(text, expected):
    assert future(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every day between 10:00 and 14:00", ("22 10", "28 13", 28)),
        ("between 10 am and 2 pm each day", ("22 10", "28 13", 28)),
        ("daily from 7 a.m. to 9 a.m. starting on Tuesday", ("24 07", "28 08", 10)),
        ("on weekdays from 9:00 to 17:00", ("23 09", "27 16", 40)),
        ("on Monday from 22:00 to 6:00", ("23 22", "24 05", 8)),
        ("from 2026-03-23 10:00:00 to 2026-03-23 15:00:00", ("23 10", "23 14", 5)),
        ("from 2026-03-23 10:00 for 5 hours", ("23 10", "23 14", 5)),
        ("from Monday 8:00 until Tuesday 17:00", ("23 08", "24 16", 33)),
        ("until noon tomorrow", ("22 00", "22 11", 12)),
        ("at noon on Tuesday", ("24 12", "24 12", 1)),
        ("Monday morning", ("23 06", "23 11", 6)),
        ("for the next 12 hours", ("22 00", "22 11", 12)),
        ("the past 24 hours", None),
    ],
)
def test_a_window_of_hours(text, expected):
    assert future(text, HOURS) == expected


@pytest.mark.parametrize("series", [MONTHS, MONTH_ENDS])
@pytest.mark.parametrize(
    ("text", "first", "count"),
    [
        ("in March", 2, 1),
        ("from March to May", 2, 3),
        ("Q2 2024", 3, 3),
        ("the next three months", 0, 3),
        ("in 2024", 0, 12),
    ],
)
def test_months_may_be_labeled_by_their_first_or_last_day(series, text, first, count):
    inside = np.flatnonzero(read(text, series).windows[0].steps[series[1] :])
    assert inside.tolist() == list(range(first, first + count))


@pytest.mark.parametrize(
    ("text", "series", "expected"),
    [
        ("on 3 January", MONTHS, {0: 1 / 31}),
        ("from 18 January on", MONTHS, {0: 14 / 31} | dict.fromkeys(range(1, 12), 1.0)),
        ("from 18 January to 10 February", MONTH_ENDS, {0: 14 / 31, 1: 10 / 29}),
        ("from 22:00 to 23:00 on 14 March", DAYS, {2: 1 / 24}),
        ("on 14 March from 22:00 to 6:00", DAYS, {2: 2 / 24, 3: 6 / 24}),
        ("until noon tomorrow", DAYS, {0: 0.5}),
        ("from 2026-03-14 00:00 to 2026-03-15 23:59", DAYS, {2: 1.0, 3: 1.0}),
        ("from 9:30 to 11:15 on 22 March", HOURS, {9: 0.5, 10: 1.0, 11: 0.25}),
        ("on Monday and Tuesday", WEEKS, {0: 2 / 7}),
    ],
)
def test_a_step_lies_in_a_window_by_a_share(text, series, expected):
    shares = read(text, series).windows[0].shares[series[1] :]
    assert {k: float(shares[k]) for k in np.flatnonzero(shares)} == pytest.approx(expected)


def test_recurring_times_are_a_share_of_longer_steps():
    days = pd.date_range("2024-01-01", "2024-12-31 23:00", freq="h")
    worked = (days.day_of_week < 5) & (days.hour >= 9) & (days.hour < 17)
    expected = [worked[days.month == month].mean() for month in range(1, 13)]
    (window,) = read("on weekdays from 9:00 to 17:00", MONTHS).windows
    np.testing.assert_allclose(window.shares[MONTHS[1] :], expected)
    # The night that begins on Friday ends on Saturday.
    (night,) = read("every Friday from 22:00 to 6:00", HOURS).windows
    assert [f"{HOURS[0][k]:%a %H}" for k in np.flatnonzero(night.steps)[:8]] == [
        *("Fri 22", "Fri 23", "Sat 00", "Sat 01", "Sat 02", "Sat 03", "Sat 04", "Sat 05")
    ]


def test_next_week_is_the_next_step_of_a_weekly_series():
    assert future("next week", WEEKS) == ("12-21", "12-21", 1)


def test_without_dates_only_steps_are_understood():
    found = ground("From step 2 to step 4, on Monday, over the next 3 steps", np.arange(10.0), 6)
    windows = {found.words(window): np.flatnonzero(window.steps).tolist() for window in found.windows}
    assert windows["over the next 3 steps"] == [10, 11, 12]
    assert not any("Monday" in words for words in windows)


def test_a_window_that_no_step_lies_in_says_why():
    reasons = [read(text).windows[0].reason for text in ("at 10:00", "on 1 May 2031", "tomorrow")]
    assert reasons == ["it is finer than a step", "it lies outside history and horizon", ""]


@pytest.mark.parametrize(
    ("text", "value", "form"),
    [
        ("rises by 30%", 0.3, "percent"),
        ("falls by twenty-five percent", 0.25, "percent"),
        ("a third of the usual", 1 / 3, "factor"),
        ("two thirds", 2 / 3, "factor"),
        ("three-quarters as much", 0.75, "factor"),
        ("output doubles", 2.0, "factor"),
        ("1.5x", 1.5, "factor"),
        ("one and a half times", 1.5, "factor"),
        ("three-fold", 3.0, "factor"),
        ("is halved", 0.5, "factor"),
        ("1,250.5 units", 1250.5, "value"),
        ("1,5 units", 1.5, "value"),
        ("a shift of minus 5", -5.0, "value"),
        ("a shift of \N{MINUS SIGN}5", -5.0, "value"),
        ("1.2 million people", 1.2e6, "value"),
        ("3k visitors", 3000.0, "value"),
    ],
)
def test_a_number_and_its_form(text, value, form):
    (number,) = read(text).numbers
    assert (number.value, number.form) == (pytest.approx(value), form)


def test_digits_of_dates_and_durations_are_no_operands():
    assert read("From 15 to 21 March and for the next 3 days, at 10:00 in Q2 2026").numbers == ()


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("stays at or below 120", "cap"),
        ("will not exceed 120", "cap"),
        ("no more than 120", "cap"),
        ("capped at 120", "cap"),
        ("bounded above by 120", "cap"),
        ("an upper limit of 120", "cap"),
        ("120 or less", "cap"),
        ("never goes over 120", "cap"),
        ("a lower bound of 90", "floor"),
        ("bounded below by 90", "floor"),
        ("does not fall below 90", "floor"),
        ("at least 90", "floor"),
        ("at most 95 and at least 90", "cap"),
        ("no lower than 90", "floor"),
        ("90 at least", "floor"),
        ("a minimum of 90", "floor"),
        ("tops out at 120", "cap"),
        ("bottoms out at 90", "floor"),
        ("is kept from falling below 90", "floor"),
        ("anything above 120 is refused", "cap"),
        ("values below 90 are impossible", "floor"),
        ("120 as a maximum", "cap"),
        ("90 at the very least", "floor"),
        ("is topped up to 90", "floor"),
        ("max. 120", "cap"),
        ("cannot get past 120", "cap"),
        ("exceeds the usual figure by 90", ""),
        ("it is set to 90", ""),
        ("it cannot exceed the old line; then 90", ""),
    ],
)
def test_the_side_of_a_bound(text, bound):
    assert read(text).numbers[0].bound == bound


def test_a_range_is_a_floor_and_a_cap():
    found = read("Demand stays between 90 and 110 on weekdays.")
    assert [(number.value, number.bound) for number in found.numbers] == [(90.0, "floor"), (110.0, "cap")]
    assert len(found.clauses) == 1


def test_numbers_that_cannot_be_of_the_series_are_refused():
    reasons = [
        bool(read(text).numbers[0].reason)
        for text in ("capped at 5", "at least 900", "set to 1e9", "capped at 110", "set to 0")
    ]
    assert reasons == [True, True, True, False, False]


@pytest.mark.parametrize(
    "text",
    ["It is 90, no more and no less, on 4 March.", "Over and above the usual, 90 come on 4 March."],
)
def test_and_between_comparatives_parts_no_clause(text):
    assert len(read(text).clauses) == 1


def test_clauses_part_where_both_sides_can_state_an_effect():
    found = read(
        "Output doubles on Monday and halves on Tuesday, but on Friday it is approx. 20 lower. The Lyon site is shut."
    )
    assert [found.words(clause) for clause in found.clauses] == [
        "Output doubles on Monday",
        "and halves on Tuesday,",
        "but on Friday it is approx. 20 lower.",
        "The Lyon site is shut.",
    ]


def test_the_summary_is_plain_data():
    summary = read("Sales are 30% higher from 15 to 21 March.").summary()
    assert summary["windows"][0]["text"] == "from 15 to 21 March"
    assert summary["windows"][0]["runs"] == [[3, 10]]
    assert (summary["numbers"][0]["value"], summary["numbers"][0]["start"]) == (0.3, 10)
    assert json.loads(json.dumps(summary)) == summary


@pytest.mark.parametrize(
    "piece", ["at ", "monday ", "1,", "<b>x</b>", "between 5 and 10, ", "from 15 to 21 March and "]
)
def test_the_work_grows_with_the_length_of_the_text_alone(piece, monkeypatch):
    looked_up = 0

    def counted(look_up):
        def wrapper(self, i):
            nonlocal looked_up
            looked_up += 1
            return look_up(self, i)

        return wrapper

    for reader in (Dates, grounding_numbers._Reader):
        monkeypatch.setattr(reader, "word", counted(reader.word))

    def lookups(repeats):
        nonlocal looked_up
        looked_up = 0
        read(piece * repeats)
        return looked_up

    assert lookups(400) < 4.1 * lookups(100)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=8),
            st.sampled_from(
                [
                    "from",
                    "to",
                    "until",
                    "Monday",
                    "31",
                    "February",
                    "2026",
                    "99:99",
                    "q4",
                    "next",
                    "last",
                    "the",
                    "first",
                    "3",
                    "days",
                    "0",
                    "weeks",
                    "1e300",
                    "every",
                    "between",
                    "and",
                    "25:00",
                    "pm",
                    "of",
                    "March",
                    "end",
                    "9999-12-31",
                    "0001-01-01",
                    "steps",
                    "half",
                    "a",
                    "quarter",
                    "-",
                    "%",
                    "times",
                    "for",
                    "ago",
                ]
            ),
        ),
        max_size=25,
    )
)
def test_any_text_is_read_without_an_error(pieces):
    text = " ".join(pieces)
    for series in (DAYS, HOURS):
        found = read(text, series)
        for part in (*found.windows, *found.numbers, *found.clauses):
            assert 0 <= part.start < part.stop <= len(text)
        assert all(window.steps.shape == (len(series[0]),) for window in found.windows)
        assert all(np.isfinite(number.value) for number in found.numbers)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, [1.0], 2), "give a string"),
        (("x", [], 2), "at least 1 step"),
        (("x", [1.0], 2, pd.date_range("2026", periods=2)), "give 3 rising ones"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ground(*arguments)


@pytest.mark.parametrize(
    "text", ["On Sunday traffic falls.", "The figures on a Sunday rise.", "Every Sunday we close."]
)
def test_a_weekday_that_something_happens_on_is_a_window(text):
    found = read(text)
    assert not found.references
    assert len(found.windows) == 1


@pytest.mark.parametrize(
    ("text", "weekday"),
    [
        ("Traffic is as on a Sunday on 16 March.", 6),
        ("On 16 March a holiday schedule applies.", 6),
        ("On 16 March it looks like a normal Saturday.", 5),
        ("On 16 March the Sunday timetable applies.", 6),
        ("On 16 March copy the profile of a Sunday.", 6),
        ("On 16 March the figures are those of an average Saturday.", 5),
        ("On 16 March it equals what we see on a Sunday.", 6),
        ("On 16 March it has the shape of a public holiday.", 6),
    ],
)
def test_a_day_that_is_compared_with_is_not_a_window(text, weekday):
    found = read(text)
    assert [reference.weekday for reference in found.references] == [weekday]
    assert [np.flatnonzero(window.steps).tolist() for window in found.windows] == [[74]]
