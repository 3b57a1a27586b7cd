"""Rewards on worked examples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ts_llm_fusion.data.qa.samples import make_sample
from ts_llm_fusion.evaluation.rewards import (
    RewardArguments,
    answer_format,
    exact_answer,
    make_rewards,
    numeric_claims,
)

# Mean 3, median 2, standard deviation 2.0976.
SERIES = [1.0, 2.0, 2.0, 7.0, 3.0]


def chats(*texts: str) -> list[list[dict[str, str]]]:
    """Completions as trl hands them to a reward."""
    return [[{"role": "assistant", "content": text}] for text in texts]


def claims(text: str, truth: str = "rising", tolerance: float = 0.05, **series: list[float]) -> float | None:
    found = series or {"Series": SERIES}
    return numeric_claims(
        chats(text), [truth], [list(found.values())], [[name.replace("_", " ") for name in found]], tolerance=tolerance
    )[0]


def test_an_answer_is_exact_to_the_letter_and_an_empty_one_never() -> None:
    found = exact_answer(
        chats("rising", "It climbs. Answer: rising", "Rising", "falling", "", "rising rising"),
        ["rising"] * 6,
        task=[""],
    )
    assert found == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("the mean is 3.0", 1.0),
        ("The average of Series is about 3.05.", 1.0),
        ("the mean is 3.2", 0.0),
        ("Its mean is 3, its maximum is 9.", 0.5),
        ("minimum: 1, maximum = 7; the last value is 3 and the median was 2", 1.0),
        ("standard deviation of the series is 2.1", 1.0),
        ("the mean is 3. the mean is 3. the mean is 3. the maximum is 9", 0.5),
        ("the mean is 3.0x", None),
        ("the mean is 3rd", None),
        ("it rises by 4 a step", None),
    ],
)
def test_numbers_are_computed_anew_from_the_series(text: str, share: float | None) -> None:
    assert np.std(SERIES) == pytest.approx(2.0976, abs=1e-4)
    assert claims(text) == share


def test_a_claim_is_about_the_series_that_it_names() -> None:
    two = {"First_series": [0.0, 2.0], "Second_series": [10.0, 30.0]}
    assert claims("the mean of first series is 1", **two) == 1.0
    assert claims("the mean of second series is 1", **two) == 0.0
    assert claims("the mean of Second series is 20 and the mean of First series is 20", **two) == 0.5
    # Without a name it must hold for both.
    assert claims("the mean is 1", **two) == 0.0
    assert claims("the mean is 1,000.5", Series=[1000.0, 1001.0]) == 1.0
    assert claims("the minimum is \N{MINUS SIGN}2e1", Series=[-20.0, 4.0]) == 1.0
    assert claims("the mean is 2", Series=[1.0, float("nan"), 3.0]) == 1.0


@pytest.mark.parametrize(
    ("text", "truth", "reward"),
    [("97", "97", 1.0), ("96.9 %", "97", 1.0), ("80", "97", 0.0), ("high", "97", 0.0), ("14.", "14", 1.0)],
)
def test_where_the_true_answer_is_a_number_the_answer_must_be_near_it(text: str, truth: str, reward: float) -> None:
    assert claims(text, truth) == reward


@given(st.floats(-1e6, 1e6), st.floats(0.1, 1e3), st.floats(0.001, 1.0))
def test_a_number_holds_up_to_its_tolerance(level: float, scale: float, tolerance: float) -> None:
    series = [level - scale, level + scale]
    deviation = float(np.std(series))
    inside, outside = level + 0.9 * tolerance * deviation, level + 1.2 * tolerance * deviation + 3e-6 * abs(level)
    assert claims(f"the mean is {inside:.12f}", tolerance=tolerance, Series=series) == 1.0
    assert claims(f"the mean is {outside:.12f}", tolerance=tolerance, Series=series) == 0.0


def test_the_format_is_an_option_or_a_label_without_repeats() -> None:
    open_question = make_sample("Which way?", {"Series": np.ones(3)}, "up", "shift", "test", "0")
    offering = make_sample("Which way? Options: down, up.", {"Series": np.ones(3)}, "up", "shift", "test", "1")
    free = make_sample("Describe it.", {"Series": np.ones(3)}, "calm", "caption", "test", "2")
    cases = [
        (open_question, "up", 1.0),
        (open_question, "none", 1.0),
        (open_question, "sideways", 0.0),
        (offering, "none", 0.0),
        (offering, "A step. Answer: up", 1.0),
        (free, "a calm series", 1.0),
        (free, "calm calm calm calm", 0.0),
        (free, "", 0.0),
    ]
    found = answer_format(
        chats(*(text for _, text, _ in cases)),
        [sample["messages"] for sample, *_ in cases],
        [sample["task"] for sample, *_ in cases],
        labels={"shift": ["up", "down", "none"], "caption": None},
    )
    assert found == [reward for *_, reward in cases]


def test_rewards_come_in_the_order_of_the_recipe_under_their_names() -> None:
    rewards = make_rewards(RewardArguments(["numeric_claims", "exact_answer"], tolerance=0.5), {})
    columns = {"answer": ["3"], "time_series": [[SERIES]], "time_series_names": [["Series"]]}
    assert [reward(chats("the mean is 3.9"), **columns) for reward in rewards] == [[0.5], [0.0]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rewards": ["exact_answers"]}, "rewards: 'exact_answers' is not one; did you mean 'exact_answer'?"),
        ({"rewards": []}, "rewards is empty; give at least one of exact_answer, numeric_claims, answer_format."),
        ({"tolerance": 0.0}, "tolerance is 0.0; it must be above 0."),
    ],
)
def test_rewards_that_do_not_exist_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        RewardArguments(**settings)
    assert str(error.value) == message
