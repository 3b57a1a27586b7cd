"""Numbers, times and steps in words mean what they say."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion.explanations.lexicon import (
    DURATION,
    NUMBER,
    TIME,
    find_calendar,
    number_words,
    parse_number,
    rounding_place,
    season_name,
)


@pytest.mark.parametrize(
    ("value", "place", "words"),
    [
        (43217.0, 2, "43,200"),
        (-0.004, 0, "0"),
        (0.0456, -3, "0.046"),
        (1234567.891, -1, "1,234,567.9"),
        (9.87e-13, -14, "9.9e-13"),
        (-3.21e17, 15, "-3.21e+17"),
    ],
)
def test_numbers_are_rounded_to_a_power_of_ten(value, place, words):
    assert number_words(value, place) == words
    assert re.fullmatch(NUMBER, words)


def test_no_number_is_read_as_another_than_was_written():
    rng = np.random.default_rng(0)
    places = rng.integers(-16, 17, 2000)
    values = rng.choice((-1, 1), 2000) * 10.0 ** (places + rng.uniform(-1, 6, 2000))
    for value, place in zip(values.tolist(), places.tolist(), strict=True):
        words = number_words(value, place)
        assert re.fullmatch(NUMBER, words), words
        assert abs(parse_number(words) - value) <= 0.5000001 * 10.0**place


def test_a_tenth_of_the_band_is_what_numbers_show():
    assert [rounding_place(width, 500.0) for width in (9.0, 10.0, 99.0, 5000.0, 0.3)] == [-1, 0, 0, 2, -2]
    # Without a width, a thousandth of the value.
    assert rounding_place(0.0, 500.0) == -1
    assert rounding_place(0.0, 0.0) == 0


@pytest.mark.parametrize(
    ("freq", "start", "words", "duration", "each"),
    [
        ("YS", "1961-01-01", "in 1961", "12 years", "year"),
        ("QS", "1961-07-01", "in the third quarter of 1961", "12 quarters", "quarter"),
        ("MS", "1961-07-01", "in July 1961", "12 months", "month"),
        ("BME", "1961-07-31", "in July 1961", "12 months", "month"),
        ("2MS", "1961-07-01", "in July 1961", "12 steps of 2 months", "step"),
        ("W", "1961-07-02", "on 2 July 1961", "12 weeks", "week"),
        ("D", "1961-07-03", "on Monday 3 July 1961", "12 days", "day"),
        ("B", "1961-07-03", "on Monday 3 July 1961", "12 business days", "business day"),
        ("h", "1961-07-03 14:00", "at 14:00 on Monday 3 July 1961", "12 hours", "hour"),
        ("30min", "1961-07-03 14:00", "at 14:00 on Monday 3 July 1961", "12 steps of 30 minutes", "step"),
        ("250ms", "1961-07-03 14:00:00.25", "at 14:00:00.250000 on Monday 3 July 1961", "12 steps of 250 milliseconds",
         "step"),
    ],
)  # fmt: skip
def test_times_and_steps_are_written_as_far_as_they_go(freq, start, words, duration, each):
    timestamps = pd.date_range(start, periods=20, freq=freq)
    calendar = find_calendar(timestamps)
    assert calendar.words(timestamps[0]) == words
    assert calendar.duration(12) == duration and calendar.each == each
    assert calendar.steps(duration) == 12 and calendar.steps("12 decades") is None
    assert re.fullmatch(DURATION, duration)
    keys = [calendar.key(moment) for moment in timestamps]
    assert len(set(keys)) == 20
    for moment, key in zip(timestamps, keys, strict=True):
        assert re.fullmatch(TIME, calendar.words(moment))
        assert calendar.parse(calendar.words(moment)) == key


def test_a_year_that_all_times_share_is_left_out():
    calendar = replace(find_calendar(pd.date_range("1961-07-03", periods=9, freq="h")), year=1961)
    moment = pd.Timestamp("1961-07-03 14:00")
    assert calendar.words(moment) == "at 14:00 on Monday 3 July"
    assert calendar.words(moment, with_year=True) == "at 14:00 on Monday 3 July 1961"
    assert calendar.words(moment + pd.Timedelta(days=365)) == "at 14:00 on Tuesday 3 July 1962"
    assert calendar.parse("at 14:00 on Monday 3 July") == calendar.key(moment) == "1961-7-3 14:00"
    assert calendar.parse("at 14:00 on Tuesday 3 July") is None
    assert re.fullmatch(TIME, "at 14:00 on Monday 3 July")
    # In another series these are no times.
    for freq in ("h", "D", "W", "MS", "QS", "YS"):
        other = find_calendar(pd.date_range("1961-07-03", periods=9, freq=freq))
        assert [other.parse(f"{start}3 July") for start in ("at 14:00 on Monday ", "on Monday ", "on ")] == [None] * 3


def test_hours_keep_their_name_where_clocks_change():
    calendar = find_calendar(pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin"))
    assert (calendar.step, calendar.resolution) == ("hour", "clock")


def test_a_day_of_another_weekday_or_another_way_of_writing_is_no_time():
    calendar = find_calendar(pd.date_range("1961-07-03", periods=9, freq="D"))
    assert calendar.parse("on Monday 3 July 1961") == "1961-7-3"
    for wrong in ("on Tuesday 3 July 1961", "in July 1961", "on Monday 31 June 1961", "in 1961", "at step 3"):
        assert calendar.parse(wrong) is None


def test_seasons_have_the_names_of_the_calendar():
    dates = [("MS", 12, "yearly"), ("h", 24, "daily"), ("h", 168, "weekly"), ("D", 7, "weekly"), ("B", 5, "weekly")]
    for freq, period, name in [*dates, ("MS", 7, None), ("YS", 11, None), ("QS", 4, "yearly"), ("W", 52, "yearly")]:
        assert season_name(pd.date_range("2000-01-03", periods=3 * period, freq=freq), period) == name
    assert season_name(pd.date_range("2000-01-03", periods=36, freq="MS"), 12, dated=False) is None


def test_without_dates_times_are_steps():
    calendar = find_calendar(pd.date_range("2000-01-01", periods=9, freq="h"), dated=False)
    assert calendar.words(5) == "at step 5" and calendar.words(-3) == "at step -3"
    assert calendar.parse("at step -3") == calendar.key(-3)
    assert calendar.duration(1) == "1 step"
