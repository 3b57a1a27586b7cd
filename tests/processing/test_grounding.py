"""Windows of time, numbers and clauses that are found in a text without a model."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ts_llm_fusion.processing import grounding_numbers
from ts_llm_fusion.processing.grounding import ground, ground_on_axis
from ts_llm_fusion.processing.grounding_axis import Axis
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
        # The other reading lies in the history.
        ("on 03/04/2026", ("04-03", "04-03", 1)),
        ("on Monday, 16 March 2026", ("03-16", "03-16", 1)),
        ("next week", ("03-16", "03-22", 7)),
        ("the week of 18 March", ("03-16", "03-22", 7)),
        ("tomorrow and the day after tomorrow", ("03-12", "03-13", 2)),
        ("on March 15 and on March 17", ("03-15", "03-17", 2)),
        ("the first three days", ("03-12", "03-14", 3)),
        ("from the first day of the forecast", ("03-12", "04-10", 30)),
        ("from the third day of the forecast on", ("03-14", "04-10", 28)),
        ("as of the second week of the forecast", ("03-19", "04-10", 23)),
        ("starting with the first week of April", ("04-01", "04-10", 10)),
        ("until the third day of the forecast", ("03-12", "03-14", 3)),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Logs and other countries.
        ("2026-03-15T00:00:00Z to 2026-03-17T00:00:00.000Z", ("03-15", "03-16", 2)),
        ("20-Mar-2026", ("03-20", "03-20", 1)),
        ("Mar. 20th", ("03-20", "03-20", 1)),
        ("on 03.04.2026", ("04-03", "04-03", 1)),
        ("from 20.3. to 22.3.", ("03-20", "03-22", 3)),
        ("from 3/15 to 3/21", ("03-15", "03-21", 7)),
        ("15/3-21/3", ("03-15", "03-21", 7)),
        ("in KW 12", ("03-16", "03-22", 7)),
        ("2026-W13", ("03-23", "03-29", 7)),
        ("weeks 13-14", ("03-23", "04-05", 14)),
        ("2Q26", ("04-01", "04-10", 10)),
        ("the 31st", ("03-31", "03-31", 1)),
        ("on the 13th and the 15th of March", ("03-13", "03-15", 2)),
        ("on 13, 15 and 18 March", ("03-13", "03-18", 3)),
        ("Thu 26 - Fri 27 March", ("03-26", "03-27", 2)),
        ("from 28 to 2 April", ("03-28", "04-02", 6)),
        ("Q2/26", ("04-01", "04-10", 10)),
        ("on every day but Sunday", ("03-12", "04-10", 26)),
        ("Closed except on Sundays", ("03-12", "04-10", 26)),
        ("the first weekend in April", ("04-04", "04-05", 2)),
        ("before the end of March", ("03-12", "03-31", 20)),
        ("all through next week", ("03-16", "03-22", 7)),
        ("on the eve of Good Friday", ("04-02", "04-02", 1)),
        # Parts of a month and of a week.
        ("mid-March", ("03-12", "03-20", 9)),
        ("late March", ("03-21", "03-31", 11)),
        ("in the second half of March", ("03-16", "03-31", 16)),
        ("until month-end", ("03-12", "03-31", 20)),
        ("early next week", ("03-16", "03-17", 2)),
        ("later this week", ("03-12", "03-15", 4)),
        ("Tuesday of next week", ("03-17", "03-17", 1)),
        ("the week after next", ("03-23", "03-29", 7)),
        ("the weekend of 21 March", ("03-21", "03-22", 2)),
        ("from Monday to Friday", ("03-16", "03-20", 5)),
        ("Monday to Friday", ("03-12", "04-10", 22)),
        ("every day except Sunday", ("03-12", "04-10", 26)),
        # Holidays, and times counted from another.
        ("over Easter", ("04-03", "04-06", 4)),
        ("from Good Friday to Easter Monday", ("04-03", "04-06", 4)),
        ("two days before Easter", ("04-03", "04-03", 1)),
        ("the day before Good Friday", ("04-02", "04-02", 1)),
        ("in the three days after 20 March", ("03-21", "03-23", 3)),
        ("within three days of 20 March", ("03-17", "03-23", 7)),
        ("three days from 20 March", ("03-20", "03-22", 3)),
        ("for a fortnight from 15 March", ("03-15", "03-28", 14)),
        # Open times.
        ("up to and including 20 March", ("03-12", "03-20", 9)),
        ("not before 20 March", ("03-20", "04-10", 22)),
        ("no later than 20 March", ("03-12", "03-20", 9)),
        ("prior to 20 March", ("03-12", "03-19", 8)),
        ("effective 20 March", ("03-20", "04-10", 22)),
        ("between now and 20 March", ("03-12", "03-20", 9)),
        ("until further notice", ("03-12", "04-10", 30)),
        # The 70 steps of the history come before.
        ("in steps 73 to 75", ("03-14", "03-16", 3)),
        ("in steps 203 to 205", None),
        # An amount of each day.
        ("at most 95 a day from 20 March", ("03-20", "04-10", 22)),
        ("up to but not including Saturday", ("03-12", "03-13", 2)),
        ("until 20 March (exclusive)", ("03-12", "03-19", 8)),
        ("between 20 and 24 March, both days excluded", ("03-21", "03-23", 3)),
        ("from 20 to 24 March, but not on 24 March", ("03-20", "03-23", 4)),
        ("except for Friday and Saturday", ("03-12", "04-09", 21)),
        ("after three days", ("03-15", "04-10", 27)),
        ("starting in three days", ("03-14", "04-10", 28)),
        ("for a fortnight", ("03-12", "03-25", 14)),
        ("the weekend after next", ("03-21", "03-22", 2)),
    ],
)
def test_how_others_write_a_window_of_days(text, expected):
    assert future(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on weekdays between 9 and 17", ("23 09", "27 16", 40)),
        ("Mon-Fri 9:00-17:00", ("23 09", "27 16", 40)),
        ("from 22 to 6 on Monday", ("23 22", "24 05", 8)),
        ("9 to 5 on Tuesday", ("24 09", "24 16", 8)),
        ("from 18.00 to 22.00 on 23 March", ("23 18", "23 21", 4)),
        ("until midnight on Monday", ("22 00", "23 23", 48)),
        ("before 8 am every day", ("22 00", "28 07", 56)),
        ("until 8 am", ("22 00", "22 07", 8)),
        ("on 23 March 10:00 and lasted for about 3 hours", ("23 10", "23 12", 3)),
        ("on 23 March at noon, and will last three hours", ("23 12", "23 14", 3)),
        ("at 14:00 on 23 March and lasts until 18:00", ("23 14", "23 17", 4)),
        ("on 23 March and goes on for two days", ("23 00", "24 23", 48)),
        ("two hours after the test at 14:00 on 23 March", ("23 16", "23 16", 1)),
        ("for two hours starting at 2026-03-23 18:00", ("23 18", "23 19", 2)),
        ("from 2026-03-23 09:00 to 17:00", ("23 09", "23 16", 8)),
        ("from 2026-03-23 09:00 to 17:00 every day", ("23 09", "28 16", 48)),
        ("began on 23 March at 8:00 and ended at 16:00 the same day", ("23 08", "23 15", 8)),
        ("on 23 March at 8:00, ending on 24 March at 10:00", ("23 08", "24 09", 26)),
        ("from 6 pm onwards", ("22 18", "28 23", 150)),
        ("tonight", ("22 00", "22 05", 6)),
        ("the evening of 23 March", ("23 18", "23 21", 4)),
        ("weekend mornings", ("22 06", "28 11", 12)),
        ("2026-03-23T10:00Z/2026-03-23T14:00Z", ("23 10", "23 13", 4)),
        ("23.03.2026 10:00 bis 14:00 Uhr", ("23 10", "23 13", 4)),
        ("every day at noon", ("22 12", "28 12", 7)),
        ("Outage 23/03 10:00-12:00", ("23 10", "23 11", 2)),
        ("at 1500 hours on Monday", ("23 15", "23 15", 1)),
        ("from 3 in the afternoon until 5 on Monday", ("23 15", "23 16", 2)),
        ("at quarter past ten on Monday", ("23 10", "23 10", 1)),
        ("for the first 3 hours of each day", ("22 00", "28 02", 21)),
        ("outside 9:00-17:00", ("22 00", "28 23", 112)),
    ],
)
def test_how_others_write_a_window_of_hours(text, expected):
    assert future(text, HOURS) == expected


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("it starts on 23 March at 14:00 and adds 80 from then on", [38, 168]),
        ("it starts on 23 March at 14:00. From then on it is lower", [38, 168]),
        ("on 23 March there is an outage between 15:00 and 18:00", [39, 42]),
        ("a line breaks on 23 March at 5:00, and output is lower until 11:00", [29, 35]),
        ("a line breaks on 23 March at 22:00, and output is lower until 11:00", [46, 59]),
        ("a pump fails on 23 March at 10:00. Output is 0 for four hours", [34, 38]),
        ("the test is on 23 March at 14:00. Two hours before the test output is lower", [36, 37]),
        ("the fair is on 24 March. The day before it sales are higher", [24, 48]),
    ],
)
def test_times_are_told_by_the_event_that_was_named_before(text, steps):
    window = read(text, HOURS).windows[-1]
    assert (np.diff(np.pad(window.steps, 1).astype(int)).nonzero()[0] - 504).tolist() == steps


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("from 2024-04 to 2024-06", [3, 4, 5]),
        ("2024Q3", [6, 7, 8]),
        ("H2 2024", range(6, 12)),
        ("the first half of 2024", range(6)),
        ("early 2024", range(4)),
        ("every June", [5]),
        ("the three months to June", [3, 4, 5]),
        ("from April on, for 3 months", [3, 4, 5]),
        ("over the next quarter", [0, 1, 2]),
        ("Q1 next year", [0, 1, 2]),
        ("in May and June", [4, 5]),
        ("between 2023 and 2024", range(12)),
        ("between Christmas and New Year", [11]),
    ],
)
def test_how_others_write_a_window_of_months(text, steps):
    assert np.flatnonzero(read(text, MONTHS).windows[0].steps[48:]).tolist() == [*steps]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("every other Monday", "on which of them it begins"),
        ("every two weeks on Friday", "on which of them it begins"),
        ("in summer", "depend on the place"),
        ("on public holidays", "depend on the place"),
        ("during business hours on Monday", "hours are not said"),
        ("in the morning", "of which day"),
        ("for two days in April", "which part of that time"),
        ("in months 3 to 5", "of the forecast or of the calendar"),
        ("on the 15th of every month", "every month"),
        ("in the small hours of Tuesday", "which part of that time"),
        ("late on Monday", "hours are not said"),
        ("in the weeks of 24 and 25 March", "which part of that time"),
        ("on 30 February", "no such day"),
        ("on 99/99/9999", "no such day"),
        ("at 25:99", "no such time"),
        ("from 26 March to 23 March", "ends before it begins"),
        ("a week from Friday", "the end of it"),
    ],
)
def test_a_time_that_is_not_known_is_no_other(text, reason):
    (window,) = read(text, HOURS).windows
    assert reason in window.reason and not window.steps.any()


@pytest.mark.parametrize(
    "text",
    [
        "<p>Sales rise by 30&nbsp;% from&#32;15&ndash;21&nbsp;March.</p>",
        "**Sales** rise by __30 %__ from _15-21 March_.",
        "| from 15-21 March | Sales | rise by `30 %` |",
        '"Sales rise by 30 % from 15-21 March."',
        " \N{LEFT DOUBLE QUOTATION MARK}Sales rise by 30 % from 15-21 March.\N{RIGHT DOUBLE QUOTATION MARK} ",
    ],
)
def test_markup_is_not_read_and_moves_no_character(text):
    found = read(text)
    assert [np.flatnonzero(window.steps).tolist() for window in found.windows] == [[*range(73, 80)]]
    (number,) = found.numbers
    assert (number.value, number.form) == (0.3, "percent")
    assert len(found.text) == len(text) and text[number.start : number.stop].startswith("30")


@pytest.mark.parametrize(
    "text", ["Sales rose to 20.3. They fell.", "It rises from 9 to 17 units.", "About 5 may fail."]
)
def test_an_amount_is_no_window(text):
    assert read(text).windows == ()


def test_steps_may_be_counted_from_the_first_of_the_table():
    axis = Axis(10, 6, None, number=203)
    (window,) = ground_on_axis("It stops in steps 204 to 205.", axis).windows
    assert np.flatnonzero(window.steps).tolist() == [11, 12]


def test_without_dates_only_steps_are_understood():
    found = ground("From step 2 to step 4, on Monday, over the next 3 steps", np.arange(10.0), 6)
    windows = {found.words(window): np.flatnonzero(window.steps).tolist() for window in found.windows}
    assert windows["over the next 3 steps"] == [10, 11, 12]
    assert not any("Monday" in words for words in windows)


def test_a_window_that_no_step_lies_in_says_why():
    texts = ("at 10:00", "on 1 May 2031", "tomorrow", "on 02/01/2026")
    reasons = [read(text).windows[0].reason for text in texts]
    assert reasons[:3] == ["it is finer than a step", "it lies outside history and horizon", ""]
    assert reasons[3].startswith("day and month may be confused")


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
        ("it will be -5", -5.0, "value"),
        ("on 20 March 2000 units", 2000.0, "value"),
        ("1.200,50 units", 1200.5, "value"),
        ("1.200.000 units", 1.2e6, "value"),
        ("1 200 units", 1200.0, "value"),
        ("1'200 units", 1200.0, "value"),
        (".5 units", 0.5, "value"),
        ("on March 20 200 units", 200.0, "value"),
        ("one hundred and twenty", 120.0, "value"),
        ("two thousand five hundred", 2500.0, "value"),
        ("2\N{VULGAR FRACTION ONE HALF} times", 2.5, "factor"),
        ("\N{VULGAR FRACTION ONE HALF} of the usual", 0.5, "factor"),
        ("1/3 higher", 1 / 3, "factor"),
        ("5\N{PER MILLE SIGN} higher", 0.005, "percent"),
    ],
)
def test_a_number_and_its_form(text, value, form):
    (number,) = read(text).numbers
    assert (number.value, number.form) == (pytest.approx(value), form)


@pytest.mark.parametrize("text", ["20-30% higher", "20% to 30% higher", "between 20 and 30 % higher", "50 bps higher"])
def test_a_share_that_is_not_one_is_refused(text):
    assert all(number.reason for number in read(text).numbers)
    assert not any(number.reason for number in read("20% to 30 units").numbers)


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
        ("lies at 120 or anywhere lower", "cap"),
        ("is 120 or somewhere above", "floor"),
        ("always clears the threshold of 120", "floor"),
        ("will never beat the record of 120", "cap"),
        ("keeps clear of 120", ""),
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
        ("holds above 90, no surprises please", "floor"),
        ("is shaved off above 120", "cap"),
        ("stays clear of anything over 120", "cap"),
        ("forbids values below 90", "floor"),
        ("values below 90 are filled from the reserve", "floor"),
        ("is raised wherever it would be under 90", "floor"),
        ("is under a top value of 120", "cap"),
        ("has a minimum quota of 90", "floor"),
        ("is kept from slipping past 90", "floor"),
        ("is held to 120 or anything lower", "cap"),
        ("is clipped from below at 90", "floor"),
        ("meets a backstop at 90", "floor"),
        ("does not overstep 120", "cap"),
        ("more than 90 is fine, less is impossible", "floor"),
        # Words that have nothing to do with the bound.
        ("in short, it stays above 90", "floor"),
        ("with a surplus, it stays above 90", "floor"),
        ("it is above 90 thanks to a lift", "floor"),
        ("it is above 90 when the tank is filled", "floor"),
        ("a load above 90 is made possible by a battery", "floor"),
        ("net load will be 90", ""),
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
    ("text", "reason"),
    [
        ("Demand grows by 5 % per week.", "it is a rate of change per week"),
        ("Demand grows 5 % a month.", "it is a rate of change per month"),
        ("It sells 900 per week.", "it is per week, and the series runs from 80"),
        ("It sells 110 units per week.", ""),
        ("It sells 110 per day.", ""),
    ],
)
def test_a_number_for_another_unit_of_time_is_refused(text, reason):
    found = read(text).numbers[0].reason
    assert found.startswith(reason) and bool(found) == bool(reason)
    assert read("The pump runs twice a day, three times a week.").numbers == ()


@pytest.mark.parametrize(
    "text",
    ["It is 90, no more and no less, on 4 March.", "Over and above the usual, 90 come on 4 March."],
)
def test_and_between_comparatives_parts_no_clause(text):
    assert len(read(text).clauses) == 1


def test_a_sentence_ends_with_the_quotation_that_closes_it():
    found = read('The note says: "We close on 14 March." On 16 March sales "rise." And max. 105 on 17 March.')
    assert [found.words(clause) for clause in found.clauses] == [
        'The note says: "We close on 14 March."', 'On 16 March sales "rise."', "And max. 105 on 17 March.",
    ]  # fmt: skip


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


def test_clauses_part_at_a_comma_between_two_amounts_with_times():
    def parts(text):
        found = read(text)
        return [found.words(clause) for clause in found.clauses]

    assert parts("10% less on 18 March, 20% more on 19 March, both in the north.") == [
        "10% less on 18 March",
        "20% more on 19 March, both in the north.",
    ]
    assert parts("Closed on 18 March, +5% on 19 March") == ["Closed on 18 March", "+5% on 19 March"]
    assert parts("Closed on 18 March, but 20 come on 19 March.") == ["Closed on 18 March,", "but 20 come on 19 March."]
    assert parts("At most 100 on 18 March, 120 on 19 March.") == ["At most 100 on 18 March", "120 on 19 March."]
    # One time is past, and a part of a clause begins with such a word.
    for text in ("20% more on 18 March, 5% less than in 2019.", "20% more on 18 March, of which 5% come on 19 March."):
        assert parts(text) == [text]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("We are shut on 18 March, and on 20 March sales are 5% lower.", [[18], [20]]),
        ("We are shut on 18 March, and on 20 March 5% fewer come.", [[18], [20]]),
        ("We are shut on 18 March, and on 20 March.", [[18, 20]]),
        ("Sales on 18 March, and on 20 March, will be 5% lower.", [[18, 20]]),
        ("On 18 March, and on 20 March we are shut.", [[18, 20]]),
    ],
)
def test_a_time_behind_and_is_one_with_the_time_before_unless_it_begins_a_clause(text, days):
    assert days_of(read(text)) == days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        # A weekday with a day of the month, and days in a row.
        ("Shut on Mon 16th and on Tues 17th; twice as many on Weds 18th.", [[16, 17], [18]]),
        ("Shut from mon 16th to Wed 18th.", [[16, 17, 18]]),
        ("Shut on the 18th and 19th.", [[18, 19]]),
        ("The weekend of 21-22 March.", [[21, 22]]),
        ("All of March 10% up.", [[*range(1, 32)]]),
        # By a time that was named before.
        ("The fair is on 18 March. That day 50 more come.", [[18], [18]]),
        ("Fairs are on 18 and 20 March: 5 more come on each of the two days.", [[18, 20], [18, 20]]),
        ("The fair is from 18 to 20 March, and on the following day we are shut.", [[18, 19, 20], [21]]),
        ("The fair is from 18 to 20 March. The day after it we are shut.", [[18, 19, 20], [21]]),
        ("The fair is from 18 to 22 March, with 5 more on the Thursday and Friday.", [[*range(18, 23)], [19, 20]]),
        ("50 come on Monday 16 March and 60 on the Wednesday.", [[16], [18]]),
        ("50 come on Monday 23 March, then 60 on Tuesday.", [[23], [24]]),
        ("50 come on Monday 23 March and 60 on the Monday.", [[23], [23]]),
        ("50 come that day.", [[]]),
        ("5 more on the Monday and 7 more on the Friday and 5 more on the Monday.", [[16], [20], [16]]),
        ("Week of 16 March: shut from Monday to Tuesday.", [[*range(16, 23)], [16, 17]]),
        ("The limit holds on 18 March. From that day until 20 March 5 more come.", [[18], [18, 19, 20]]),
        # Exceptions.
        ("Shut from 18 to 22 March (except Friday 20 March).", [[18, 19, 21, 22]]),
        ("Shut from 18 to 22 March, but not on Friday 20 March.", [[18, 19, 21, 22]]),
        ("From 18 to 22 March 5 fewer come, except the 20th.", [[18, 19, 21, 22], [18, 19, 21, 22]]),
        ("From 18 to 22 March 5 fewer come, Fridays excepted.", [[18, 19, 21, 22], [18, 19, 21, 22]]),
        ("Shut from 18 to 22 March except on the 20th: that day 5 come.", [[18, 19, 21, 22], [20]]),
        ("From 18 to 22 March 5 fewer come \N{EN DASH} the 20th excepted.", [[18, 19, 21, 22], [18, 19, 21, 22]]),
        ("From 18 to 22 March 5 fewer come, bar Friday 20 March.", [[18, 19, 21, 22], [18, 19, 21, 22]]),
        ("Shut from 18 to 22 March except the 19th and 20th.", [[18, 21, 22]]),
        ("Shut from 18 to 22 March (but normal on the 20th).", [[18, 19, 21, 22]]),
        ("Shut from 18 to 22 March but normal on the 25th.", [[18, 19, 20, 21, 22]]),
        (
            "From 18 March on 5 fewer come, though not on Fridays.",
            2 * [[d for d in range(18, 42) if d not in (20, 27, 34, 41)]],
        ),
        # A weekday with a number is a date where both fit.
        ("5 more on Sat 21, and 7 more on Sun 22.", [[21], [22]]),
        ("Open as usual on Friday 20 March.", [[20]]),
        # One time within the other one.
        ("This year, on Monday 16 March, we are shut.", [[16]]),
        ("The rest of the month, from the 26th, we are shut.", [[*range(26, 32)]]),
        # All but the times before.
        ("Shut on 18 March, on all other days 5 more.", [[18], [d for d in range(12, 42) if d != 18]]),
        ("Shut on 18 and 20 March; otherwise 5 more.", [[18, 20], [d for d in range(12, 42) if d not in (18, 20)]]),
        ("Shut on 18 March. At all other times in March we sell 5 more.", [[18], [*range(1, 18), *range(19, 32)]]),
        (
            "In March we shut on the 18th, on the other days 5 more.",
            [[*range(1, 32)], [18], [d for d in range(12, 42) if d != 18]],
        ),
        ("Unless otherwise agreed 5 more on 18 March.", [[18]]),
        ("5 more on days that are not Mondays.", [[d for d in range(12, 42) if d not in (16, 23, 30, 37)]]),
        ("Shut from 18 to 22 March except on the 20th, when we expect 5.", [[18, 19, 21, 22], [20]]),
        ("Our director turns sixty on Friday 20 March, and on Saturday 21 March a gala brings 5 more.", [[20], [21]]),
        ("Sat 21 - furniture sale, 5 more. Sun 22 - shut.", [[21], [22]]),
        # Digits of other scripts.
        ("\u0665 more from \u0661\u0668 March to \u0662\u0660 March.", [[18, 19, 20]]),
    ],
)
def test_times_that_are_told_by_others(text, days):
    assert days_of(read(text)) == days


def days_of(found):
    """Days of March of each window."""
    return [(np.flatnonzero(window.steps) - 58).tolist() for window in found.windows]


def test_the_summary_is_plain_data():
    summary = read("Sales are 30% higher from 15 to 21 March.").summary()
    assert summary["windows"][0]["text"] == "from 15 to 21 March"
    assert summary["windows"][0]["runs"] == [[3, 10]]
    assert (summary["numbers"][0]["value"], summary["numbers"][0]["start"]) == (0.3, 10)
    assert json.loads(json.dumps(summary)) == summary


@pytest.mark.parametrize(
    "piece",
    [
        "at ",
        "monday ",
        "1,",
        "<b>x</b>",
        ",",
        "closed, ",
        "between 5 and 10, ",
        "from 15 to 21 March and ",
        "(5 March ",
        "otherwise 5 on 5 March, ",
    ],
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
            # The text that was read, whose letters may be written otherwise: one that Unicode takes apart is two.
            assert 0 <= part.start < part.stop <= len(found.text)
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


def test_a_reason_behind_a_date_is_no_time():
    (window,) = read("on 23 March output falls, following the opening of a rival", HOURS).windows
    assert (np.diff(np.pad(window.steps, 1).astype(int)).nonzero()[0] - 504).tolist() == [24, 48]


def test_items_of_a_list_are_clauses_and_their_numbers_are_none():
    text = "1. 8 March: leaflet, +10% sales\n2. 18 March: closed\n3. 22 March: back to normal"
    found = read(text)
    assert [found.words(clause).lstrip("- ") for clause in found.clauses] == [
        "8 March: leaflet, +10% sales", "18 March: closed", "22 March: back to normal",
    ]  # fmt: skip
    assert [found.words(number) for number in found.numbers] == ["10%"]
    assert len(read("- 8 March: sales up 30%\n- 18 March: closed").clauses) == 2
    assert read("1. March: closed\n2. March: open").text.startswith("1. March")


def test_what_is_struck_out_is_not_said():
    for text in ("<del>Closed on 8 March.</del> Open.", "~~Closed on 8 March.~~ Open."):
        assert not read(text).windows
