"""The check finds what is not so."""

import re
from dataclasses import replace

import numpy as np
import pytest
from explanation_cases import evidence_of_values, promoted, with_covariates, with_text, yearly

from ts_llm_fusion.explanations.checks import check_text
from ts_llm_fusion.explanations.facts import Trend, find_facts
from ts_llm_fusion.explanations.grammar import FRAMES
from ts_llm_fusion.explanations.words import fill, sentences

OUTLOOK = "The forecast averages 154 over the next 12 months; the last observed value is 146 in December 1960."


def failures(text, evidence):
    return {claim.quantity for claim in check_text(text, evidence) if not claim.holds}


def test_a_claim_has_its_words_and_the_value_computed_anew():
    claims = check_text(OUTLOOK, yearly())
    assert [claim.quantity for claim in claims] == ["horizon.mean", "horizon.steps", "last.value", "last"]
    assert [claim.words for claim in claims] == ["154", "12 months", "146", "in December 1960"]
    assert [claim.actual for claim in claims] == [pytest.approx(153.5), 12, 146.0, "1960-12"]
    assert all(claim.holds and claim.numeric for claim in claims)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("154", "153", set()),
        ("154", "155", {"horizon.mean"}),
        ("12 months", "13 months", {"horizon.steps"}),
        ("12 months", "12 weeks", {"horizon.steps"}),
        ("146", "147", {"last.value"}),
        ("December", "November", {"last"}),
        ("1960", "1961", {"last"}),
        ("in December 1960", "on 1 December 1960", {"last"}),
    ],
)
def test_each_claim_is_held_to_its_rounding(old, new, found):
    assert failures(OUTLOOK.replace(old, new), yearly()) == found


def test_every_number_of_every_sentence_is_a_claim():
    evidence = yearly()
    for sentence in sentences(find_facts(evidence), 1):
        for match in re.finditer(r"\d+(?:\.\d+)?", sentence):
            other = f"{float(match.group()) * 3 + 7:.{len(match.group().partition('.')[2])}f}"
            changed = sentence[: match.start()] + other + sentence[match.end() :]
            assert failures(changed, evidence), changed


def test_swapped_roles_and_directions_fail():
    evidence = yearly()
    facts = find_facts(evidence)
    path = fill(FRAMES["path"][0], facts)
    high, low = "184 in July 1961", "138 in November 1961"
    assert high in path and low in path and failures(path, evidence) == set()
    swapped = path.replace(high, "X").replace(low, high).replace("X", low)
    assert failures(swapped, evidence) == {
        "horizon.highest.value", "horizon.highest", "horizon.lowest.value", "horizon.lowest"
    }  # fmt: skip
    trend = fill(FRAMES["trend beside the season"][0], facts)
    assert failures(trend.replace("rises", "falls"), evidence) == {"trend.change"}
    experts = fill(FRAMES["experts"][0], facts)
    assert failures(experts.replace("less)", "more)"), evidence) == {"experts.first.effect"}
    renamed = experts.replace("those of trend", "those of level")
    assert {"experts.first.name", "experts.first.effect"} <= failures(renamed, evidence)
    assert failures(experts.replace("theta", "seasonal naive"), evidence) == {"experts.top.name"}


def test_what_a_covariate_adds_is_held_to_the_table_of_effects():
    evidence = promoted()
    facts = find_facts(evidence)
    promo = fill(FRAMES["first covariate at some steps"][0], facts)
    price = fill(FRAMES["second covariate"][1], facts)
    assert failures(f"{promo} {price}", evidence) == set()
    first = "covariates.first"
    for old, new, found in (
        # The price moves it by the same at all steps.
        ("is_promo", "price", {"name", "mean", "largest.value", "steps"}),
        ("raises", "lowers", {"mean"}),
        ("by 9 ", "by 10 ", {"mean"}),
        ("May", "June", {"largest"}),
        ("60 up", "48 up", {"largest.value"}),
        ("60 up", "60 down", {"largest.value"}),
        ("2 of the", "3 of the", {"steps"}),
    ):
        assert failures(promo.replace(old, new), evidence) == {f"{first}.{name}" for name in found}, new
    assert "sentence" in failures(promo, yearly())
    # A covariate is more than its experts, and its effects are no trend or season.
    for topic, quantity in (
        ("experts", "experts.count"),
        ("trend beside the season", "trend.change"),
        ("season", "season.peak"),
    ):
        assert failures(fill(FRAMES[f"{topic}, with covariates"][0], facts), evidence) == set()
        assert quantity in failures(fill(FRAMES[topic][0], facts), evidence)
        assert failures(fill(FRAMES[topic][0], find_facts(yearly())), yearly()) == set()
    flat = fill(FRAMES["covariates, flat"][0], find_facts(with_covariates(yearly(), weather=0.01)))
    assert failures(flat, with_covariates(yearly(), weather=0.01)) == set()
    assert failures(flat, with_covariates(yearly(), weather={12: 2.0})) == {"covariates.largest"}


@pytest.mark.parametrize("name", ["a.b", "price. It will rain", "x|y (z)", "", "%"])
def test_a_covariate_may_have_any_name(name):
    evidence = with_covariates(yearly(), **{name: -7.0, "b": {2: 40.0}})
    text = " ".join(sentences(find_facts(evidence), 1))
    assert name in text and failures(text, evidence) == set()


@pytest.mark.parametrize(
    "sentence",
    [
        "Sales will double.",
        "The forecast averages 154 over the next 12 months.",
        OUTLOOK.replace(".", " because of a strike."),
        OUTLOOK.replace("averages 154", "averages about 154"),
        OUTLOOK.replace("146", "146 MW"),
        "Ignore the data. " + OUTLOOK,
        OUTLOOK + " Really",
        "",
        "   ",
    ],
)
def test_what_is_no_frame_of_the_grammar_fails(sentence):
    assert "sentence" in failures(sentence, yearly())


def test_a_season_that_the_experts_did_not_use_fails():
    evidence = yearly()
    season = fill(FRAMES["season of two turns"][0], find_facts(evidence))
    assert failures(season, evidence) == set()
    assert "season" in failures(season.replace("12 months", "6 months"), evidence)
    assert "season" in failures(season.replace("yearly", "weekly"), evidence)
    assert "season.turn" in failures(season.replace("bends in June", "bends in May"), evidence)


def test_a_fault_of_the_facts_is_found():
    evidence = yearly()
    facts = replace(find_facts(evidence), trend=Trend(slope=1.5, change=16.5))
    assert failures(fill(FRAMES["trend beside the season"][0], facts), evidence) == {"trend.change", "trend.slope"}
    coarse = replace(find_facts(evidence), place=2)
    assert "horizon.mean" in failures(fill(FRAMES["outlook"][0], coarse), evidence)


def test_words_of_another_series_fail():
    rng = np.random.default_rng(0)
    cases = [
        evidence_of_values(
            np.cumsum(rng.standard_normal(90)) * 10 ** rng.uniform(0, 3),
            int(rng.integers(5, 30)),
            freq,
            f"{rng.integers(1950, 2000)}-01-01",
            widths=tuple(rng.uniform(1, 9, 2)),
        )
        for freq in ("MS", "W", "D", "h", "QS") * 2
    ]
    own, other = [], []
    for position, evidence in enumerate(cases):
        text = " ".join(sentences(find_facts(evidence), position))
        own += [claim.holds for claim in check_text(text, evidence)]
        # All are mixed of the same experts.
        claims = [claim for claim in check_text(text, cases[position - 1]) if claim.numeric]
        other += [claim.holds for claim in claims if not claim.quantity.startswith("experts")]
    assert np.mean(own) == 1.0 and np.mean(other) < 0.15


def test_values_move_with_the_forecast():
    evidence = yearly()
    moved = replace(evidence, forecast=evidence.forecast + 40, predictions=evidence.predictions + 40)
    assert failures(OUTLOOK, moved) == {"horizon.mean"}
    assert failures(OUTLOOK.replace("154", "194"), moved) == set()


def test_where_two_peaks_tie_both_are_right():
    evidence = evidence_of_values(np.tile([10.0, 60.0, 10.0, -40.0], 15), 8)
    text = fill(FRAMES["path"][0], find_facts(evidence))
    assert "its highest value is 60 in June 1961" in text and failures(text, evidence) == set()
    assert failures(text.replace("60 in June 1961", "60 in October 1961"), evidence) == set()
    assert failures(text.replace("60 in June 1961", "60 in July 1961"), evidence) == {"horizon.highest"}


def test_a_unit_is_part_of_every_value():
    evidence = yearly(unit="10^3 m3 (net).")
    text = " ".join(sentences(find_facts(evidence), 1))
    assert failures(text, evidence) == set()
    assert "sentence" in failures(text, yearly())


def test_a_phrase_a_number_or_a_step_that_the_text_does_not_have_fails():
    fair, shut = ("a fair", "times", (1.5,), (3, 4, 5), 60.0), ("shut", "zero", (), (7,), -30.0)
    evidence = with_text(yearly(), fair, shut)
    said = " ".join(sentences(find_facts(evidence), 0))
    assert not failures(said, evidence)
    for old, new in (
        ("“a fair”", "“shut”"),
        ("multiplied by 1.5", "multiplied by 2"),
        ("raises it by 60", "raises it by 90"),
        ("raises it", "lowers it"),
        ("at 3 of", "at 4 of"),
        ("Before the text, the forecast", "The forecast"),
    ):
        assert old in said
        assert failures(said.replace(old, new), evidence), (old, new)
    # The same words of a forecast that the text does not move.
    assert failures(said, yearly())


def test_a_part_of_a_step_is_told_as_one():
    shut = "shut", "zero", (), (7,), -30.0
    evidence = with_text(yearly(), shut, share=1 / 31)
    said = " ".join(sentences(find_facts(evidence), 0))
    assert "set to 0 for 3.2 % of the time in July 1961" in said and not failures(said, evidence)
    assert failures(said.replace("3.2 %", "3.3 %"), evidence) == {"texts.first.share"}
    # As if it were all of the month.
    assert failures(said.replace(" for 3.2 % of the time", ""), evidence) == {"texts.first.operation"}
    assert not failures(said.replace(" for 3.2 % of the time", ""), with_text(yearly(), shut))
