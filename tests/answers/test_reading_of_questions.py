"""What is read from questions in many words: the kind of the query, its times and numbers."""

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion.answers.intents import INTENTS
from ts_llm_fusion.answers.lexicon import CLASSES
from ts_llm_fusion.answers.names import Names
from ts_llm_fusion.answers.query import CannotTellError, Query
from ts_llm_fusion.answers.question_text import check_answerable, read_question
from ts_llm_fusion.answers.questions import query_of
from ts_llm_fusion.processing.grounding_axis import Axis

# Months of 1949 to 1960, and as many behind them.
_MONTHS = pd.date_range("1949-01-01", periods=288, freq="MS", unit="s")
_AXIS = Axis(144, 144, _MONTHS.to_numpy())
_NAMES = Names(["#Passengers"])
# Kind -> questions.
_QUESTIONS = {
    "extreme": (
        "How high has it ever been?",
        "What is its ceiling?",
        "What's the record?",
        "upper limit of the observations?",
        "What's the biggest number in the series?",
        "How far up did it go?",
        "What did it max out at?",
        "What was the upper extreme of the data?",
        "Which value was never surpassed?",
        "Tell me the tallest peak.",
        "At its height, how large was it?",
        "When did it reach its highest level?",
        "When was business at its best?",
        "On which day was it the largest?",
        "In what month did the record occur?",
        "at what point did it culminate?",
        "How low has it ever been?",
        "What is the floor?",
        "How far did it fall at worst?",
        "what was the low in 1955?",
        "When did it touch bottom?",
        "When was it at its weakest?",
        "Which was the poorest year?",
        "What was the best year?",
        "In which year did it average the most?",
        "Which year had the greatest total?",
        "Which quarter was strongest?",
        "What's the highest value you expect in the next year?",
        "When will the next peak be?",
        "When will it be lowest next year?",
        "What's the minimum of the forecast?",
        "How high will it get next year at most?",
    ),
    "statistic": (
        "How much on average?",
        "What is the average?",
        "What's the mean of the whole series?",
        "What's the typical value?",
        "On average, how high was it in the 1950s?",
        "Average passengers in 1955?",
        "What was the mean number of passengers between 1950 and 1955?",
        "Give the mean over the last 12 months.",
        "average of the past year",
        "What was the average level during 1957?",
        "What's the middle of the values in 1955?",
        "How many passengers in total in 1955?",
        "Give me the grand total.",
        "What was the overall sum in the first half of 1958?",
        "How many passengers were there in all in 1960?",
        "What did 1960 sum to?",
        "How far apart are the highest and the lowest value?",
        "What's the spread between max and min in 1955?",
        "Highest minus lowest value in 1955?",
        "How strongly does it fluctuate in 1955?",
        "How variable were the values in 1955?",
        "What's the volatility in 1955?",
        "How many passengers in March 1955?",
        "What about March 1955?",
        "what happened to be the value in March 1955",
        "March 1955?",
        "Read off the value at March 1955.",
        "How high was it at the end of 1955?",
        "What was the number three months ago?",
        "What was it last month?",
        "How much will it be on average in 1961?",
        "What total do you expect for 1961?",
        "How many passengers will there be in total next year?",
    ),
    "difference": (
        "How much larger was 1960 than 1950?",
        "What was the increase in the mean from 1950 versus 1960?",
        "Did July 1960 beat July 1959?",
        "Was 1960 a stronger year than 1959?",
        "How does summer compare to winter?",
        "How much did July 1960 differ from July 1959?",
        "July 1960 vs July 1959",
        "What's the difference in passengers between July and August 1960?",
        "Is it higher in July than in January?",
        "How much lower was 1950 compared with 1951?",
        "Did they have more passengers in July 1960 or in August 1960?",
        "By what amount did July 1960 outdo June 1960?",
    ),
    "change": (
        "How much has it changed since 1950?",
        "How much did it increase between January 1950 and January 1960?",
        "What was the growth from January 1950 to January 1960?",
        "By what factor did it grow from 1950 to 1960?",
        "What's the total change over the whole period?",
        "How many percent has it gained since January 1955?",
        "How strongly did it rise in 1959?",
        "How much did it drop from August 1960 to November 1960?",
        "What was the percentage growth in 1955?",
        "How has it changed over the last 12 months?",
        "By how much will it grow next year?",
        "How much will it rise by December 1961?",
    ),
    "largest step": (
        "When did it jump the most?",
        "What was the steepest fall?",
        "Which month brought the biggest increase?",
    ),
    "count": (
        "How many months had over 500 passengers?",
        "In how many months was it above 500?",
        "How often did the value lie above 500?",
        "number of months exceeding 500",
        "What percentage of months was above 500?",
        "How many months were at least 500?",
        "How many values are 200 or less?",
        "How many months failed to reach 200?",
        "how often was it lower than 200",
        "How many values lie between 200 and 300?",
        "How often was it exactly 300?",
    ),
    "crossing": (
        "When did it cross 500 for the first time?",
        "When did it reach 500?",
        "When was the last time it was above 600?",
        "When was it last under 200?",
        "What was the first month below 110?",
        "Has it ever been above 600?",
        "Did it ever exceed 700?",
        "Was there a month with more than 600?",
        "In which month did it first exceed 500?",
        "How soon will it exceed 700?",
        "How long until it exceeds 700?",
        "When will it reach 700?",
        "Will it ever exceed 700?",
        "Will it go over 700 in 1962?",
        "When is it going to drop below 420?",
        "Do you think that it will pass 700?",
    ),
    "edge": (
        "How high is it at present?",
        "What is the newest value?",
        "What value does it end with?",
        "When does the series end?",
        "What's the last date in the data?",
        "Until when do we have data?",
        "What's the first value?",
        "What did it start at?",
        "When was the first measurement?",
        "How far back does the data go?",
        "Since when do we have data?",
    ),
    "forecast": (
        "What's your forecast?",
        "Forecast it.",
        "What will happen next?",
        "How will it continue?",
        "What do you expect for next year?",
        "How much will it be in March 1961?",
        "How many passengers will there be next month?",
        "What's the outlook for 1961?",
        "What value is expected in July 1961?",
        "Predict July 1961.",
        "Make a projection for the summer of 1961.",
        "what are the expected values",
    ),
    "probability": (
        "How likely is it to exceed 450 next month?",
        "What are the odds that next month is higher than this month?",
        "Is it likely to be above 440 next month?",
        "Will next month be lower than this month?",
        "Will it fall next month?",
        "Is an increase likely next month?",
        "What's the chance of more than 450 next month?",
        "Will the next value be larger than the current one?",
    ),
    "band": (
        "How confident are you?",
        "How accurate is the forecast for July 1961?",
        "What's the error of the forecast?",
        "Between which values will it lie next month?",
        "What's the confidence interval for next month?",
        "How much could the forecast be off?",
        "What's the margin of error?",
        "What range do you expect for July 1961?",
        "What's the best case and the worst case for next month?",
        "How precise is your prediction?",
    ),
    "trend": (
        "Is there an upward trend?",
        "Is it growing?",
        "Does it go up?",
        "Is it getting higher over time?",
        "How does it develop over time?",
        "What's the slope?",
        "How fast does it grow?",
        "At what rate does it increase?",
        "How much does it rise per year?",
        "Is it stable or changing?",
        "Have passengers increased?",
        "Are passenger numbers rising or falling?",
        "Has it been going down recently?",
        "How did it evolve in 1955?",
        "Is the forecast going up?",
        "Will it keep growing?",
        "In which direction will it go?",
    ),
    "season": (
        "Is there any periodicity?",
        "How long does one cycle last?",
        "Does it show yearly seasonality?",
        "Every how many months does it repeat?",
        "How much of the variation is seasonal?",
        "Is it periodic?",
    ),
    "break": (
        "Is there a level shift?",
        "Did anything change abruptly?",
        "When did the structural break happen?",
        "Has the mean level changed at some time?",
    ),
    "outliers": (
        "Are there strange values?",
        "What are the outliers?",
        "Which value is the most unusual?",
        "When was the strangest value?",
        "Is something off in the data?",
    ),
    "missing": (
        "How many data points are missing?",
        "Are there any gaps in the data?",
        "Is the series without gaps?",
        "How much data is missing?",
        "Which share of the values is missing?",
    ),
    "extent": (
        "How many months are covered?",
        "What time span does the data cover?",
        "How many years of data do we have?",
        "What's the frequency of the data?",
        "How often was it measured?",
        "From when to when does the data go?",
        "How big is the dataset?",
    ),
    "top": (
        "Top 3 months?",
        "List the five highest values.",
        "What are the three largest values?",
        "the 10 lowest values",
    ),
    "ranked": (
        "What's the second highest value?",
        "the 4th biggest",
        "third lowest reading",
        "runner-up to the maximum",
        "which month had the second highest value",
    ),
    "statistic of top": (
        "mean of the 3 highest",
        "average of the five lowest readings",
        "take the top three figures and average them",
        "sum of the top 10 values",
    ),
    "beyond": (
        "highest value below 500",
        "biggest reading that does not exceed 500",
        "smallest value above 200",
        "closest value under 300",
        "how high did it get while staying below 300",
        "What was the mean of the values above 300?",
    ),
    "number": (
        "How many Julys are in the data?",
        "count of Decembers",
    ),
    "share": (
        "What share of the total falls in 1960?",
        "What percentage of all passengers is of 1960?",
        "How much of the total is from 1960?",
        "What part of 1960 came from July 1960?",
    ),
    "percentile": (
        "What's the 90th percentile?",
        "What is the 10% quantile?",
    ),
    "run": (
        "How many months in a row was it above 400?",
        "What's the longest stretch above 400?",
    ),
    "profile": (
        "In which month is it usually highest?",
        "Which month tends to be the busiest?",
        "What is the best time of the year?",
        "Which calendar month is the weakest on average?",
    ),
}


@pytest.mark.parametrize(
    ("question", "side"),
    [
        ("Minimum across the full record.", "lowest"),
        ("Lowest value of the record?", "lowest"),
        ("What was the record minimum?", "lowest"),
        ("Highest value of the record?", "highest"),
        ("What is the record?", "highest"),
    ],
)
def test_the_record_as_a_whole_is_no_extreme_beside_another(question: str, side: str) -> None:
    found = query(question)
    assert found.side == side or found.statistic == {"lowest": "minimum", "highest": "maximum"}[side]
    assert found.kind in ("extreme", "statistic")


def test_intents_name_classes_of_the_lexicon() -> None:
    named = {name for intent in INTENTS for name in intent.understood}
    assert named <= CLASSES.keys() | {"plain", "measure"}


def query(question: str) -> Query:
    read = read_question(question, _NAMES, _AXIS, (104.0, 622.0))
    check_answerable(read, _NAMES)
    return query_of(read, _NAMES)


@pytest.mark.parametrize("kind", _QUESTIONS)
def test_questions_of_a_kind_are_read_as_such(kind: str) -> None:
    assert {question: query(question).kind for question in _QUESTIONS[kind]} == dict.fromkeys(_QUESTIONS[kind], kind)


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("mean in 1955?", "1955-01", "1955-12"),
        ("mean in March?", "1960-03", "1960-03"),
        ("mean in march 1955?", "1955-03", "1955-03"),
        ("the mean in the 1950s", "1950-01", "1959-12"),
        ("the mean in the fifties", "1950-01", "1959-12"),
        ("mean since 1958", "1958-01", "1960-12"),
        ("mean before 1951", "1949-01", "1950-12"),
        ("mean from 1950 to 1952", "1950-01", "1952-12"),
        ("mean from March to May 1955", "1955-03", "1955-05"),
        ("mean in the second half of 1955", "1955-07", "1955-12"),
        ("mean in 1955-Q2", "1955-04", "1955-06"),
        ("mean in summer 1955", "1955-06", "1955-08"),
        ("mean of the last 6 months", "1960-07", "1960-12"),
        ("mean over the last year", "1960-01", "1960-12"),
        ("mean last year", "1959-01", "1959-12"),
        ("mean of the first 10 values", "1949-01", "1949-10"),
        ("what was it two years ago?", "1958-12", "1958-12"),
        ("what will it be in March?", "1961-03", "1961-03"),
        ("what will it be in two years?", "1962-12", "1962-12"),
        ("the expected mean of the next 3 months?", "1961-01", "1961-03"),
        ("was 1955 above 1954?", "1955-01", "1955-12"),
        ("5th value", "1949-05", "1949-05"),
        ("what does the twenty-first row say", "1950-09", "1950-09"),
        ("third value from the end", "1960-10", "1960-10"),
        ("second to last reading", "1960-11", "1960-11"),
        ("value no. 7", "1949-07", "1949-07"),
        ("whats the mean in 1955", "1955-01", "1955-12"),
    ],
)
def test_times_are_those_of_the_words(question: str, first: str, last: str) -> None:
    rows = np.flatnonzero(query(question).times[0].rows(_AXIS))
    rows = rows[rows < 144] if question == "mean since 1958" else rows
    assert [f"{_MONTHS[row]:%Y-%m}" for row in (rows[0], rows[-1])] == [first, last]


@pytest.mark.parametrize(
    ("question", "side", "bounds"),
    [
        ("How many months were above 1,500?", "above", (1500,)),
        ("how many were not above 2k?", "at most", (2000,)),
        ("How many were below -3.5?", "below", (-3.5,)),
        ("How many were at least two hundred?", "at least", (200,)),
        ("How many months failed to reach 200?", "below", (200,)),
        ("How many lie between 200 and 300?", "above", (200, 300)),
        ("How many months did not exceed 300?", "at most", (300,)),
        ("On how many occasions did it top 300?", "above", (300,)),
        ("How many months lie from 300 upwards?", "at least", (300,)),
        ("How many months had 300 passengers and upwards?", "at least", (300,)),
        ("How many months had more than 300 units?", "above", (300,)),
        ("How many months were over 20\N{DEGREE SIGN}C?", "above", (20,)),
    ],
)
def test_bounds_are_those_of_the_words(question: str, side: str, bounds: tuple[float, ...]) -> None:
    found = query(question)
    assert found.kind == "count" and found.bounds == bounds and (len(bounds) > 1 or found.side == side)


@pytest.mark.parametrize(
    "question",
    [
        "What is the population of Brazil?",
        "Who runs the company?",
        "How many ships arrived in 1955?",
        "When is Easter?",
        "Will it rain tomorrow?",
        "What was the variance?",
        "Is our competitor growing faster?",
        "What was the mean of the 12 apostles?",
        "Was it higher on the 5th of Brumaire 1955?",
        "What was the value before the peak?",
        "mean without the outliers",
        "highest value except the record",
        "What is the ratio of the maximum to the minimum?",
        "How many peaks are there?",
        "twice the mean",
        "sum of squares",
        "mean for each July",
        "how many times did it rise",
        "mean of the rising months",
        "what came after the maximum",
        "When did it double?",
        "How far is it below its peak?",
        "By how much is it down from its record?",
        "Leave everything above 300 out, what is the peak?",
        "Once everything above 300 is taken out, what's the maximum?",
        "the largest year-over-year change",
        "year over year growth",
        "How was your weekend?",
        "dip in March 1958 or peak in March 1958?",
        "when is Easter next year",
        "thanks, see you in May",
        "should I plan for March 1961?",
    ],
)
def test_what_is_not_of_the_series_is_refused(question: str) -> None:
    with pytest.raises(CannotTellError):
        query(question)


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("year-over-year change in Q3 1958", "1958-07", "1957-07"),
        ("What was the YoY growth in 1958?", "1958-01", "1957-01"),
        ("month over month change in March 1958", "1958-03", "1958-02"),
        ("How does March 1958 compare to the same month last year?", "1958-03", "1957-03"),
        ("Was Q3 1958 higher than the same quarter of the previous year?", "1958-07", "1957-07"),
        ("How did 1958 compare with the year before?", "1958-01", "1957-01"),
    ],
)
def test_a_time_is_compared_with_the_same_one_a_unit_before(question: str, first: str, second: str) -> None:
    found = query(question)
    begins = [f"{_MONTHS[np.flatnonzero(one.rows(_AXIS))[0]]:%Y-%m}" for one in found.times]
    assert found.kind == "difference" and begins == [first, second]


@pytest.mark.parametrize(
    ("question", "kind", "statistic"),
    [
        ("Which value comes closest to 300 without reaching it?", "beyond", "maximum"),
        ("Leaving out everything from 300 upwards, what is the largest reading?", "beyond", "maximum"),
        ("Leaving aside everything from 300 up, what is the peak?", "beyond", "maximum"),
        ("what was the longest stretch without falling under 300?", "run", "mean"),
        ("Was there growth or decline from 1950 to 1955?", "trend", "mean"),
        ("Between which limits will the forecast fall?", "band", "mean"),
        ("did anyone forget to write down a number", "missing", "mean"),
        ("What percentage of the total in 1958 came from March?", "share", "mean"),
        ("what's the change from month to month on average?", "trend", "mean"),
        ("average per month", "statistic", "mean"),
        ("how many months have no value at all?", "missing", "mean"),
        ("Are there figures that lie far off the usual?", "outliers", "mean"),
        ("What was the run rate in 1958, on average?", "statistic", "mean"),
        ("Which year averaged the least?", "extreme", "mean"),
        ("how high will the value be in the month to come", "forecast", "value"),
        ("which number should I plan for March 1961?", "forecast", "value"),
        ("it looks like the baseline moved at some point, when was that", "break", "mean"),
        ("How many #Passengers in 1958?", "statistic", "sum"),
    ],
)
def test_turns_of_phrase(question: str, kind: str, statistic: str) -> None:
    found = query(question)
    assert (found.kind, found.statistic) == (kind, statistic)
    if kind == "beyond":
        assert (found.side, found.bounds) == ("below", (300,))
    if kind == "share":
        part, whole = (one.rows(_AXIS).sum() for one in found.times)
        assert (part, whole) == (1, 12)


@pytest.mark.parametrize(
    ("question", "months"),
    [("lowest July", {7}), ("highest value in any July", {7}), ("the best of all Decembers", {12})],
)
def test_extremes_of_a_month_of_the_calendar_are_of_all_years(question: str, months: set[int]) -> None:
    found = query(question)
    rows = np.flatnonzero(found.times[0].rows(_AXIS)[:144])
    assert found.kind == "extreme" and set(_MONTHS[rows].month) == months and len(rows) == 12
