"""Words say the facts, in few sentences of a closed grammar."""

import re

import numpy as np
from explanation_cases import GROUPS, evidence_of_values, promoted, with_covariates, with_text, yearly

from ts_llm_fusion.explanations.checks import check_text
from ts_llm_fusion.explanations.facts import find_facts
from ts_llm_fusion.explanations.grammar import FRAMES, frames
from ts_llm_fusion.explanations.words import fill, sentences


def test_the_first_frames_say_the_known_facts():
    facts = find_facts(yearly(unit="passengers"))
    said = {
        topic: fill(FRAMES[topic][0], facts) for topic in ("outlook", "trend beside the season", "band", "experts")
    }
    assert said == {
        "outlook": "The forecast averages 154 passengers over the next 12 months; the last observed value is 146 "
        "passengers in December 1960.",
        "trend beside the season": "Apart from the yearly season of 12 months it rises by 11 passengers over the "
        "horizon, 1.0 passengers per month.",
        "band": "The 80 % band is 8 passengers wide in January 1961 and 16 passengers in December 1961, 2.0 times as "
        "wide.",
        "experts": "The forecast is a weighted mean of 2 experts: those of trend have 75 % of the weight (without "
        "them it would average 6 passengers less) and those of season have 25 %; the largest single one is theta with "
        "75 %.",
    }
    season = fill(FRAMES["season of two turns"][0], facts)
    assert season.startswith(
        "The yearly season of 12 months accounts for 100 % of the variation about the line of the last 4 seasons; the "
        "forecast peaks in July 1961, 30 passengers above the trend, and is lowest in November 1961, 20 passengers "
        "below it; it bends in June 1961 (1 passengers below)"
    )


def test_what_covariates_add_is_said_by_their_names():
    said = sentences(find_facts(promoted("t")), 2)
    assert "The covariate is_promo raises the forecast by 9 t on average and moves it most in May 1961 (60 t up)" in (
        " ".join(said)
    )
    assert "; it counts in 2 of the 12 months." in " ".join(said)
    assert any("price" in sentence and "lowers the forecast by 5 t on average" in sentence for sentence in said)
    assert "weather" not in " ".join(said)
    assert said[-1].startswith("The forecast is the effect of 3 covariates plus a weighted mean of 2 experts")
    flat = find_facts(with_covariates(yearly(), weather=0.01))
    assert fill(FRAMES["covariates, flat"][1], flat) == "Of 1 covariate none moves it by 1 or more at any step."


def test_the_year_of_days_is_written_once():
    for start, years in (("2023-02-06", 1), ("2023-11-06", 2)):
        time = np.arange(70.0)
        evidence = evidence_of_values(100 + time % 7 + time, 14, "D", start, periods=(7,))
        said = sentences(find_facts(evidence), 0)
        assert len(re.findall(r"202[34]", said[0])) == 1
        assert (re.search(r"202[34]", " ".join(said[1:])) is None) is (years == 1)
        assert all(claim.holds for claim in check_text(" ".join(said), evidence))


def test_each_seed_says_the_same_in_its_own_way():
    facts = find_facts(yearly())
    texts = [" ".join(sentences(facts, seed)) for seed in range(12)]
    assert len(set(texts)) > 8
    assert texts[3] == " ".join(sentences(facts, 3))
    for seed in range(12):
        assert 2 <= len(sentences(facts, seed)) <= 6


def test_what_counts_most_comes_first():
    time = np.arange(60.0)
    steep = sentences(find_facts(evidence_of_values(100 + 50 * time, 12)))
    assert "600" in steep[1] or "550" in steep[1]
    level = sentences(find_facts(evidence_of_values(100 + 0 * time, 12)))
    assert "band" in level[1]
    evidence = evidence_of_values(100 + 0 * time, 12)
    evidence.history.iloc[-20:] = np.nan
    assert "20 of 48" in sentences(find_facts(evidence))[1]


def test_a_constant_is_said_in_few_words():
    said = sentences(find_facts(evidence_of_values(np.full(40, 5.0), 7, widths=(0.0, 0.0))))
    assert 2 <= len(said) <= 4
    assert not any("band" in sentence for sentence in said)


def test_no_frame_can_be_taken_for_another():
    phrases = (
        ("A fair is on. Sales rise", "rise", (0.2,), (3, 4), 30.0),
        ("no. 2, which is shut", "zero", (), (5,), -9.0),
    )
    evidence = with_text(promoted("m3"), *phrases)
    facts = find_facts(evidence)
    names = frozenset(name.replace("_", " ") for name in [*GROUPS, *GROUPS.values()])
    said = frozenset(words for words, *_ in phrases)
    position, known = 0, frames("m3", names, frozenset(evidence.effects.columns), said)
    for topic, templates in FRAMES.items():
        for template in templates:
            text = fill(template, facts)
            matching = [frame for frame in known if frame.pattern.fullmatch(text)]
            assert [frame.topic for frame in matching] == [topic], text
            assert matching[0].slots == known[position].slots
            position += 1
    assert position == len(known) > 180


def test_all_frames_of_all_topics_hold_where_they_are_said():
    seen = set()
    rng = np.random.default_rng(0)
    time = np.arange(60)
    cases = [yearly(), yearly(6), yearly(1), evidence_of_values(np.full(40, 5.0), 7)]
    cases += [evidence_of_values(np.cumsum(rng.standard_normal(60)) + shift, 12) for shift in (0, 40, -40)]
    cases += [evidence_of_values(20 + np.sin(time / 3) + 0.1 * time, 12, "D", widths=(3.0, 3.0), dated=False)]
    cases[0].history.iloc[5] = np.nan
    cases += [with_covariates(case, price=-3.0, promo={1: 9.0}) for case in cases[1::3]]
    cases += [promoted(), with_covariates(yearly(), up={1: 20.0, 2: -20.0}), with_covariates(yearly(), weather=0.01)]
    shut, fair = ("closed", "zero", (), (2,), -50.0), ("a fair", "times", (1.5,), (3, 4, 5), 20.0)
    fault, other = ("broken", "ignore", (), (-3, -2), 0.0001), ("like Sunday", "like_day", (), (1, 2, 3), -0.0001)
    cases += [with_text(yearly(), shut, fair), with_text(promoted(), fair, fault), with_text(yearly(6), fault, other)]
    cases += [with_text(yearly(), (*fault[:3], (-5,), 30.0), ("max", "range", (3.0, 400.0), (1, 2), -3.0))]
    cases += [with_text(yearly(), shut, fair, share=share) for share in (1 / 31, 0.5, 0.0002)]
    for evidence in cases:
        for seed in range(3):
            said = sentences(find_facts(evidence), seed)
            claims = check_text(" ".join(said), evidence)
            assert all(claim.holds for claim in claims), [claim for claim in claims if not claim.holds]
            seen.update(claim.quantity for claim in claims)
    assert len(seen) > 57
