"""Answers about stretches of values, values one by one, and what is denied or left out, against counts made here."""

from itertools import groupby

import numpy as np
import pandas as pd
import pytest

import ts_llm_fusion
from ts_llm_fusion.answers.ask import Answer

MONTHS = pd.date_range("2015-01-01", periods=72, freq="MS")
VALUES = np.round(
    200 + 2 * np.arange(72) + 60 * np.sin(np.arange(72) * np.pi / 6) + np.random.default_rng(3).normal(0, 12, 72)
)
SERIES = pd.Series(VALUES, MONTHS)
TABLE = pd.DataFrame({"month": MONTHS, "visitors": VALUES})


def ask(question: str) -> Answer:
    answer = ts_llm_fusion.ask(TABLE, question)
    assert all(claim.holds for claim in answer.claims) and answer.route != "read"
    return answer


def facts(question: str) -> dict[str, object]:
    answer = ask(question)
    assert answer.route == "computed", answer.text
    return {fact.quantity: fact.value for fact in answer.facts}


def longest(inside: np.ndarray) -> int:
    return max(len(list(run)) for is_in, run in groupby(inside) if is_in)


@pytest.mark.parametrize("question", ["Since when has it been above 200?", "From when on was it always above 200?"])
def test_since_when_is_the_run_up_to_the_last_value(question: str) -> None:
    last_outside = int(np.flatnonzero(VALUES <= 200)[-1])
    # The first value above it is long before.
    assert VALUES[0] > 200 or np.flatnonzero(VALUES > 200)[0] < last_outside
    found = facts(question)
    assert found["current run.start"] == str(MONTHS[last_outside + 1])
    assert found["current run.count"] == 71 - last_outside
    assert found["current run.value"] == VALUES[last_outside]


def test_a_run_that_does_not_reach_the_edge_of_the_history_is_refused() -> None:
    last = VALUES[-1]
    assert f"the last value, {last:g} in December 2020, is not above" in ask(f"Since when is it above {last}?").text
    assert "the first value" in ask(f"Until when did it stay below {VALUES[0]:g}?").text
    assert ask(f"Is it still above {last - 1:g}?").text.startswith("Yes. The current run")
    for question in (f"Is it still above {last:g}?", f"Is it above {last:g}?"):
        assert ask(question).text == f"No. The last observed value is {last:g}, in December 2020."


def test_until_when_is_the_run_from_the_first_value_on() -> None:
    behind = int(np.flatnonzero(VALUES >= 300)[0])
    found = facts("Until when did it stay below 300?")
    assert found["first run.end"] == str(MONTHS[behind - 1])
    assert (found["first run.count"], found["first run.value"]) == (behind, VALUES[behind])
    assert (VALUES[behind:] < 300).any()
    assert "and later again" in ask("Until when was it below 300?").text


def test_values_are_told_one_by_one() -> None:
    assert facts("What are the last 3 values?")["values.values"] == list(VALUES[-3:])
    assert facts("the values of every July")["values.values"] == list(SERIES[MONTHS.month == 7])
    assert facts("Which months were above 380?")["values beyond.values"] == list(VALUES[VALUES > 380])
    assert facts("mean of the last 3 values")["statistic.value"] == VALUES[-3:].mean()
    many = facts("Which months were above 210?")
    assert many["count.count"] == (VALUES > 210).sum() > 20
    assert many["crossing.when"] == str(MONTHS[np.flatnonzero(VALUES > 210)[-1]])
    assert "there are 60 values, and at most 20 are listed" in ask("What were the values since 2016?").text


def test_always_at_a_value() -> None:
    answer = ask(f"Was it always {VALUES[0]:g}?")
    assert answer.text.startswith("No. ") and " equal to " in answer.text


def test_one_is_told_in_the_singular() -> None:
    bound = np.sort(VALUES)[-2]
    assert f"1 of the 72 values over the whole history (from January 2015 to December 2020) is above {bound:g}: " in (
        ask(f"Which values are above {bound:g}?").text
    )
    assert " has 1 step, " in ask(f"What is the longest run of values above {bound:g}?").text


def test_whether_all_values_are_so_is_not_answered_by_one() -> None:
    assert (VALUES > 300).any() and not (VALUES > 300).all()
    for question in ("Was it always above 300?", "Did it stay above 300?", "Has it been above 300 since 2016?"):
        assert ask(question).text.startswith("No."), question
    assert facts("Was every value above 300?")["count.count"] == (VALUES > 300).sum()
    assert ask(f"Did all values exceed {VALUES.min() - 1:g}?").text.startswith("Yes. All 72 values")
    assert ask("Was it above 100 for the whole of 2018?").text.startswith("Yes. All 12 values")
    assert ask("Was any value above 300 in the whole series?").text.startswith("Yes. The first value")
    assert ask("Did it never exceed 900?").text.startswith("Yes. All 72 values")
    assert not ask("Has it risen every month?").is_answered


def test_the_longest_run_of_rises_and_falls() -> None:
    steps = np.diff(VALUES)
    assert facts("How many months in a row did it rise at most?")["run of moves.count"] == longest(steps > 0)
    for word in ("declines", "falls"):
        assert facts(f"What was the longest run of {word}?")["run of moves.count"] == longest(steps < 0)


@pytest.mark.parametrize(
    "question",
    ["Is 2020 not higher than 2019?", "Is it not rising?", "Did it not exceed 300?", "Was there no value above 300?"],
)
def test_what_is_denied_gets_no_yes_or_no(question: str) -> None:
    answer = ask(question)
    assert answer.is_answered and not answer.text.startswith(("Yes", "No."))


def test_a_question_that_begins_with_a_denied_verb_supposes_that_it_is_so() -> None:
    assert ask("Isn't it rising?").text == ask("Is it rising?").text != ""
    assert ask("Isn\N{RIGHT SINGLE QUOTATION MARK}t it rising?").text.startswith("Yes.")


@pytest.mark.parametrize(
    "question",
    [
        "highest value not in August",
        "the highest value outside of summer",
        "What was the highest value that is not a summer month?",
        "average in 2020, August excluded",
        "mean of all months but December",
        "How often did it fall two months in a row?",
        "Was it above 300 for 5 months in a row?",
        "Since when has it been rising?",
        "When did it stop falling?",
        "When did it first exceed 300 again?",
        "What were the first two values of 2018?",
        "the 3 last values of 2018",
        "Which years were above 300?",
        "the last 3 Julys",
        "the second best month apart from 2020",
        "When was the last time it rose?",
        "How many times did it cross 300?",
        "Is every July higher than June?",
        "Will it stay above 300?",
    ],
)
def test_what_is_not_computed_is_refused(question: str) -> None:
    assert ask(question).text.startswith("I cannot tell: ")
