"""Questions that are refused because another quantity would answer them, and those beside them that are not."""

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion import ask

STEPS = np.arange(365)
TABLE = pd.DataFrame(
    {
        "timestamp": pd.date_range("2023-01-01", periods=365),
        "oslo": 100 + 0.1 * STEPS,
        "rome": 200 - 0.2 * STEPS,
        "bonn": 150 + STEPS % 5,
    }
)
OSLO = TABLE[["timestamp", "oslo"]]
MONTHS = pd.DataFrame(
    {"timestamp": pd.date_range("2018-01-01", periods=72, freq="MS"), "sales": 500 + np.arange(72) * 1.0}
)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("On how many days did it rise by more than 2?", "movements by an amount"),
        ("When did it first drop by more than 50 in one day?", "movements by an amount"),
        ("Did it rise more in March or in April?", "the change in each"),
        ("What is the average of the monthly maxima?", "extremes of periods"),
        ("Was the mean in 2023 above 110?", "ask for the statistic itself"),
        ("Is the maximum 143?", "ask for the statistic itself"),
        ("Which month contains the maximum?", "ask when"),
        ("Which month grew the most?", "not within a month"),
        ("How long was it above 120 at most?", "longest run"),
        ("Are there two breaks?", "how many there are"),
        ("Are Mondays higher than Sundays in June?", "of which weekdays"),
        ("Which was higher in 2023, May or June?", "three times"),
    ],
)
def test_another_quantity_is_no_answer(question: str, told: str) -> None:
    answer = ask(OSLO, question)
    assert answer.route == "refused" and told in answer.text


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How often was it above 120?", "164 of the 365 values"),
        ("When did it first rise above 120?", "is 120.1, on Friday 21 July 2023"),
        ("What was the value on the last day of June?", "The value on Friday 30 June 2023 is 118.0."),
        (
            "What was the sum in the week of 6 March?",
            "The sum from Monday 6 March 2023 to Sunday 12 March 2023 is 746.9",
        ),
        ("What was the mean in the week starting 6 March?", "to Sunday 12 March 2023 is 106.7"),
        ("What share of the total of 2023 fell in June?", "8.1 % of the sum"),
    ],
)
def test_what_stands_beside_it_is_computed(question: str, told: str) -> None:
    assert told in ask(OSLO, question).text


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Which series fell the most?", "rome grows slowest"),
        ("Which series lost the most?", "rome grows slowest"),
        ("Which series grew the most?", "oslo grows fastest"),
        ("Which series fell the least?", "falls fastest, or grows fastest"),
        ("Which series is most stable?", "either direction"),
        ("Which series changed the least?", "either direction"),
        ("Which series has the highest last value?", "name the date"),
        ("How high was oslo on 5 April and rome on 6 April?", "compared at one time"),
    ],
)
def test_series_are_compared_by_what_is_asked_for(question: str, told: str) -> None:
    assert told in ask(TABLE, question).text


@pytest.mark.parametrize(
    ("question", "chosen"),
    [
        ("Which is larger, 2019 or 2020? Options: 2019, 2020.", "2020"),
        ("Which was lower, 2022 or 2023? Options: 2022, 2023.", "2022"),
        ("Which was higher, April 2023 or October 2023? Options: April 2023, October 2023.", "October 2023"),
        ("By how much did 2019 exceed 2020? A) 12 B) -12", "B) -12"),
        ("What is the change from April to October 2023? Options: -6, +6.", "+6"),
        ("When was it highest in 2020? Options: first half, second half.", "second half"),
        ("When was it lowest in 2019? Options: Q1, Q4.", "Q1"),
    ],
)
def test_the_option_that_is_computed_is_chosen(question: str, chosen: str) -> None:
    options = ask(MONTHS, question).options
    assert options[chosen] == max(options.values()) == pytest.approx(0.98)


@pytest.mark.parametrize(
    ("written", "options"),
    [
        ("What was the maximum? Options: A) 571, B) 671.", ["A) 571", "B) 671."]),
        ("What was the maximum? Options: 571 | 671.", ["571", "671"]),
        ("What was the maximum? Choices: 1,071, 571.", ["1,071", "571"]),
        ("Options: 671, or 571. What was the maximum?", ["671", "571"]),
        ("What was the maximum? Options: 671, 571. Choose one.", ["671", "571"]),
    ],
)
def test_options_are_read_as_people_write_them(written: str, options: list[str]) -> None:
    answer = ask(MONTHS, written)
    assert list(answer.options) == options and answer.text.startswith("The highest value")
    assert max(answer.options, key=answer.options.get) == next(one for one in options if "571" in one)


@pytest.mark.parametrize("kind", ["line", "cycle", "walk", "growth"])
def test_what_goes_on_as_it_does_has_no_outliers(kind: str) -> None:
    steps = np.arange(720)
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(size=720)
        values = {
            "line": steps + noise,
            "cycle": 200 + 50 * np.sin(2 * np.pi * steps / 24) + 3 * noise,
            "walk": noise.cumsum(),
            "growth": 1.01**steps,
        }[kind]
        table = pd.DataFrame({"timestamp": pd.date_range("2024-01-01", periods=720, freq="h"), "load": values})
        assert ask(table, "Are there outliers?").text.startswith("No.")
        for place in (0, 300, 719):
            spiked = table.assign(load=values + (steps == place) * (30 * np.diff(values).std() + 0.1 * np.ptp(values)))
            answer = ask(spiked, "Are there outliers?")
            assert answer.text.startswith("Yes. 1 of the 720 values")
            assert str(table.timestamp[place]) in {str(fact.value) for fact in answer.facts}


def test_a_month_that_the_history_begins_in_is_told_by_its_days() -> None:
    days = pd.date_range("2024-02-26", "2024-04-25")
    answer = ask(pd.DataFrame({"timestamp": days, "load": np.arange(60)}), "By how much did March exceed February?")
    assert "from Monday 26 February 2024 to Thursday 29 February 2024 1.500" in answer.text
    assert ask(MONTHS, "What was the mean in 2018?").text == "The mean in 2018 is 505.5."
    # Most of it is there.
    assert ask(MONTHS.iloc[3:], "What was the mean in 2018?").text == "The mean in 2018 is 507."
