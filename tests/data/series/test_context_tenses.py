"""Predicates in the present tense."""

import numpy as np
import pytest

from ts_llm_fusion.data.series.context_tenses import agreeing, is_plural, present


@pytest.mark.parametrize(
    ("predicate", "singular", "plural"),
    [
        ("rise by {p}", "rises by {p}", "rise by {p}"),
        ("be closed", "is closed", "are closed"),
        ("have a maximum of {n}", "has a maximum of {n}", "have a maximum of {n}"),
        ("dry up", "dries up", "dry up"),
        ("stay at {n}", "stays at {n}", "stay at {n}"),
        ("reach {n}", "reaches {n}", "reach {n}"),
        ("go to {n}", "goes to {n}", "go to {n}"),
        ("{v} in size", "{v}s in size", "{v} in size"),
        ("steadily climb by {p}", "steadily climbs by {p}", "steadily climb by {p}"),
        ("never drop below {n}", "never drops below {n}", "never drop below {n}"),
        ("reach {n} and stay there", "will reach {n} and stay there", "will reach {n} and stay there"),
        ("be at least {n} and at most {m}", "is at least {n} and at most {m}", "are at least {n} and at most {m}"),
    ],
)
def test_predicates_agree_with_their_subjects(predicate, singular, plural):
    rng = np.random.default_rng(0)
    assert present(predicate, False, rng) == singular
    assert present(predicate, True, rng) == plural


def test_what_is_denied_is_denied_by_a_verb():
    rng = np.random.default_rng(0)
    found = {present("not exceed {n}", False, rng) for _ in range(60)}
    assert {"does not exceed {n}", "cannot exceed {n}", "is not allowed to exceed {n}"} <= found
    assert all("not exceed {n}" in words or "not allowed to exceed {n}" in words for words in found)
    found = {present("not be below {n}", True, rng) for _ in range(60)}
    assert {"are not below {n}", "must not be below {n}"} <= found


def test_the_head_of_a_subject_has_the_number():
    plural = "sales; the takings of the shop; visitors to the museum; lorry movements; calls"
    singular = "the number of orders; footfall; demand; the bus; headcount on site"
    assert all(map(is_plural, plural.split("; ")))
    assert not any(map(is_plural, singular.split("; ")))
    assert agreeing("is expected to", True) == "are expected to"
    assert agreeing("will", True) == "will"
