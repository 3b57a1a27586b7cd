"""Words that are spelled amiss."""

import pytest

from ts_llm_fusion.answers.names import Names
from ts_llm_fusion.answers.spelling import respelled

_NAMES = Names(["medain stock"])


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("whats the highesst avrage", "whats the highest average"),
        ("the maximumm in Februaryy 2020", "the maximum in February 2020"),
        ("forcast for next month", "forecast for next month"),
    ],
)
def test_words_of_questions_are_set_right(question: str, right: str) -> None:
    assert respelled(question, _NAMES) == right


@pytest.mark.parametrize(
    "question",
    [
        # Words of other things, the name of the series, and names.
        "the beverage of the deceased in a storage, with leverage and coverage",
        "medain stock in 2020",
        "the mean of Forcast",
        "slowest forest of valves",
    ],
)
def test_other_words_stay(question: str) -> None:
    assert respelled(question, _NAMES) == question
