"""What correlations tell of two series and of many: which is ahead, and which is unlike the others."""

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion import ask
from ts_llm_fusion.answers.correlations import lagged_correlations, lead, unlike
from ts_llm_fusion.answers.query import CannotTellError

STEPS = np.arange(200)


def drawn(kind: str, lag: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A series, and the same some steps later."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=200 + lag)
    whole = {
        "cycle": np.sin(2 * np.pi * np.arange(200 + lag) / (4.5 * lag)),
        "smooth": np.convolve(noise, np.ones(9) / 9, "same"),
        "noise": noise,
        "walk": noise.cumsum(),
        "bump": np.exp(-(((np.arange(200 + lag) - 100) / 8) ** 2)) + 0.05 * noise,
    }[kind]
    return whole[lag:], whole[:200]


def test_a_lag_has_the_correlation_of_the_steps_that_both_series_have() -> None:
    first, second = np.random.default_rng(0).normal(size=(2, 40))
    found = lagged_correlations(first, second, 5)
    for lag in range(-5, 6):
        ends = slice(max(-lag, 0), 40 - max(lag, 0)), slice(max(lag, 0), 40 + min(lag, 0))
        assert found[lag + 5] == pytest.approx(np.corrcoef(first[ends[0]], second[ends[1]])[0, 1])


@pytest.mark.parametrize("kind", ["cycle", "smooth", "noise", "walk", "bump"])
def test_the_series_that_is_ahead_leads(kind: str) -> None:
    for seed in range(10):
        early, late = drawn(kind, 10, seed)
        assert lead(early, late) == -lead(late, early) > 0
        assert lead(early, 3 * early + 7) == 0


def test_series_that_do_not_follow_each_other_have_no_lead() -> None:
    first, second = np.random.default_rng(0).normal(size=(2, 200))
    with pytest.raises(CannotTellError, match="neither series follows the other"):
        lead(first, second)
    cycle = 2 * np.pi * STEPS / 20
    with pytest.raises(CannotTellError, match="half a period apart"):
        lead(np.sin(cycle), np.sin(cycle + np.pi))


def test_of_straight_lines_that_rise_none_leads() -> None:
    with pytest.raises(CannotTellError, match="neither series follows the other"):
        lead(np.linspace(0, 1, 100), np.linspace(3, 8, 100))


def test_the_series_that_goes_with_no_other_is_unlike_them() -> None:
    rng = np.random.default_rng(0)
    series = rng.normal(size=200).cumsum() + rng.normal(size=(6, 200))
    with pytest.raises(CannotTellError, match="no series is clearly less like"):
        unlike(series)
    series[4] = rng.normal(size=200).cumsum()
    assert unlike(series) == 4


def test_ask_tells_a_lead_and_what_is_unlike_by_correlations() -> None:
    early, late = drawn("smooth", 10, 1)
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"timestamp": pd.date_range("2024-01-01", periods=200), "north": late, "south": early})
    assert ask(table, "Which series leads the other?").text == "second (south)"
    chosen = ask(table, "Which series leads the other?", options=["north", "south"])
    assert (chosen.text, chosen.options) == ("south", {"north": 0.0, "south": 1.0})
    table["west"], table["east"] = late + 0.1 * rng.normal(size=200), rng.normal(size=200).cumsum()
    table.loc[5, "west"] = np.nan
    assert ask(table[["timestamp", "north", "east", "west"]], "Which series is unlike the others?").text.startswith(
        "series 2 (east)"
    )
    noise = pd.DataFrame(
        {"timestamp": pd.date_range("2024-01-01", periods=200), "a": rng.normal(size=200), "b": rng.normal(size=200)}
    )
    answer = ask(noise, "Which series leads the other?")
    assert answer.route == "refused" and "neither series follows the other" in answer.text


def test_a_lead_is_that_of_the_times_that_both_series_have() -> None:
    values = np.random.default_rng(0).normal(size=203)
    days = pd.date_range("2020-01-01", periods=200)
    table = pd.DataFrame({"timestamp": days, "north": values[3:], "south": values[:200]})
    long = table.melt("timestamp", var_name="id", value_name="y")
    north, south = (long[long.id == name] for name in ("north", "south"))
    for part in (long, long.iloc[:-1], pd.concat([north.iloc[:150], south.iloc[20:170]])):
        assert ask(part, "Which series leads the other?", id_column="id").text == "first (north)"
    assert (
        ask(long, "By how many steps does north lead south?", id_column="id").text == "north leads south by 3 steps."
    )
    apart = pd.concat([north.iloc[:90], south.iloc[100:]])
    assert "0 times in common" in ask(apart, "Which series leads the other?", id_column="id").text
    assert "it is denied" in ask(table, "Which series doesn't lead the other?").text


def test_a_short_lead_of_a_long_series_is_found() -> None:
    walk = np.random.default_rng(0).normal(size=8762).cumsum()
    assert (lead(walk[2:], walk[:-2]), lead(walk[:-2], walk[2:])) == (2, -2)


def test_of_series_that_go_with_no_other_none_is_unlike() -> None:
    refused = 0
    for seed in range(20):
        try:
            unlike(np.random.default_rng(seed).normal(size=(4, 200)).cumsum(axis=1))
        except CannotTellError:
            refused += 1
    assert refused >= 14


def test_the_lead_of_a_cycle_is_its_shortest_one() -> None:
    steps = np.arange(240)
    for seed in range(20):
        first, second = 0.1 * np.random.default_rng(seed).normal(size=(2, 240))
        first, second = first + np.sin(2 * np.pi * (steps + 4) / 16), second + np.sin(2 * np.pi * steps / 16)
        assert 3 <= lead(first, second) <= 5 and -5 <= lead(second, first) <= -3


def test_a_series_that_never_changes_is_named() -> None:
    days = pd.date_range("2020-01-01", periods=60)
    table = pd.DataFrame({"timestamp": days, "north": np.arange(60.0) % 7, "south": 3.0})
    assert "every value of 'south' is the same" in ask(table, "Which series leads the other?").text
