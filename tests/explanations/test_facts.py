"""Facts of forecasts that are known by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from explanation_cases import SEASON, evidence_of_values, promoted, with_covariates, yearly

from ts_llm_fusion.explanations.facts import find_facts


def test_level_trend_and_season_of_a_line_with_a_season():
    facts = find_facts(yearly())
    assert (facts.horizon.steps, facts.horizon.mean) == (12, pytest.approx(153.5))
    assert (facts.last.value, facts.last.step, facts.last.time) == (146.0, 0, "1960-12-01T00:00:00")
    assert facts.trend.slope == pytest.approx(1) and facts.trend.change == pytest.approx(11)
    season = facts.season
    assert (season.period, season.name, season.cycles) == (12, "yearly", 4)
    assert season.strength == pytest.approx(1)
    assert (season.peak.value, season.peak.time) == (pytest.approx(30), "1961-07-01T00:00:00")
    assert (season.trough.value, season.trough.step) == (pytest.approx(-20), 11)
    # June is farthest from the line that rises from November to July.
    assert (season.turn.step, season.turn.value) == (6, pytest.approx(-1))
    assert (facts.horizon.highest.time, facts.horizon.lowest.step) == ("1961-07-01T00:00:00", 11)


def test_comparison_band_and_rounding():
    facts = find_facts(yearly())
    # A year of a slope of 1, over the mean of 1960.
    assert facts.comparison.difference == pytest.approx(12)
    assert facts.comparison.percent == pytest.approx(12 / 141.5)
    assert (facts.band.coverage, facts.band.first, facts.band.last, facts.band.growth) == (0.8, 8, 16, 2)
    # Tenths of the mean width of 12, and of 1 for each step.
    assert (facts.place, facts.rate_place) == (0, -1)


def test_effects_are_those_of_leaving_a_group_out():
    experts = find_facts(yearly()).experts
    assert experts.count == 2
    assert [(share.name, share.weight) for share in experts.groups] == [("trend", 0.75), ("season", 0.25)]
    assert [share.effect for share in experts.groups] == [pytest.approx(6), pytest.approx(-2)]
    assert (experts.top.name, experts.top.effect) == ("theta", pytest.approx(6))


def test_covariates_are_ranked_by_what_they_add():
    facts, plain = find_facts(promoted()), find_facts(yearly())
    promo, price, weather = facts.covariates.all
    assert facts.covariates.count == 3 and facts.covariates.largest == 60
    assert (promo.name, promo.mean, promo.steps) == ("is_promo", pytest.approx(9), 2)
    assert (promo.largest.value, promo.largest.time) == (60, "1961-05-01T00:00:00")
    assert [(point.value, point.step) for point in promo.felt] == [(60, 5), (48, 6)]
    assert (price.name, price.mean, price.size, price.steps) == ("price", -5, 5, 12)
    # Below the rounding of 1.
    assert (weather.name, weather.steps, weather.felt) == ("weather", 0, ())
    # Trend and season are those without the effects, level and extremes with them.
    assert facts.trend.change == pytest.approx(11) and facts.season.peak.time == plain.season.peak.time
    assert facts.season.peak.value == pytest.approx(30) and facts.horizon.highest.time == "1961-05-01T00:00:00"
    assert facts.horizon.mean == pytest.approx(153.5 + 9 - 5 + 0.01)
    assert [share.effect for share in facts.experts.groups] == [pytest.approx(6), pytest.approx(-2)]
    assert plain.covariates is None


def test_gaps_are_counted_from_the_first_value_on():
    evidence = yearly()
    evidence.history.iloc[:3] = np.nan
    evidence.history.iloc[[10, 20, 21, 46, 47]] = np.nan
    gaps = find_facts(evidence).gaps
    assert (gaps.length, gaps.missing, gaps.longest, gaps.at_end) == (45, 5, 2, 2)
    assert find_facts(evidence).last.step == -2


def test_a_season_is_found_through_gaps_and_by_its_strength():
    rng = np.random.default_rng(0)
    time = np.arange(60)
    values = 100 + SEASON[time % 12] + 12 * rng.standard_normal(60)
    assert 0.2 < find_facts(evidence_of_values(values, 12, periods=(12,))).season.strength < 0.9
    noise = evidence_of_values(100 + rng.standard_normal(60), 12, periods=(12,))
    assert find_facts(noise).season is None
    evidence = yearly()
    evidence.history.iloc[[20, 33]] = np.nan
    facts = find_facts(evidence)
    assert facts.season.strength == pytest.approx(1) and facts.trend.slope == pytest.approx(1)
    # A month that is never seen leaves the season unknown.
    evidence.history.iloc[[8, 20, 32, 44]] = np.nan
    assert find_facts(evidence).season is None


def test_a_season_longer_than_the_horizon_has_no_peak_in_it():
    facts = find_facts(yearly(6))
    assert facts.season.period == 12 and facts.season.peak is None
    assert facts.comparison.steps == 6 and facts.comparison.difference == pytest.approx(12)


def test_the_shorter_of_two_seasons_is_named_unless_the_longer_tells_more():
    time = np.arange(24 * 35)
    daily, weekly = 10 * np.sin(2 * np.pi * time / 24), np.sin(2 * np.pi * time / 168)
    for longer, period in ((0.3, 24), (30.0, 168)):
        values = 50 + daily + longer * weekly
        assert find_facts(evidence_of_values(values, 168, "h", periods=(24, 168))).season.period == period
    # Within a day, only the day can be told.
    assert find_facts(evidence_of_values(50 + daily + 30 * weekly, 48, "h", periods=(24, 168))).season.period == 24


def test_a_saw_tooth_is_a_season_and_not_a_trend():
    facts = find_facts(evidence_of_values(np.tile(np.arange(7.0), 9), 7, "D", periods=(7,)))
    assert facts.trend.change == pytest.approx(0, abs=1e-9)
    assert facts.season.peak.value == pytest.approx(3) and facts.season.peak.step == 7


def test_facts_are_plain_data():
    data = find_facts(yearly(unit="people")).to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == json.loads(json.dumps(data))
    assert data["experts"]["groups"][0] == {"name": "trend", "weight": 0.75, "effect": pytest.approx(6)}


def test_experts_that_do_not_add_up_are_refused():
    evidence = yearly()
    with pytest.raises(RuntimeError, match="differ from the forecast"):
        replace(evidence, predictions=evidence.predictions + 1)
    with pytest.raises(RuntimeError, match="differ from the forecast"):
        replace(evidence, effects=with_covariates(evidence, price=1.0).effects)
