"""Hints of single words: opposites differ, whatever ending a word has."""

import pytest

from ts_llm_fusion.modeling.modeling_tsfusion_context import WORD_CUES
from ts_llm_fusion.processing.context_cues import CUES, cues_of


def hints(word):
    return {CUES[role] for _, _, role in cues_of(word)}


@pytest.mark.parametrize(
    ("words", "cue", "opposite"),
    [
        ("climb climbs climbing soared surge uptick", "up", "down"),
        ("slump slumps tumbling shrank plunge downturn", "down", "up"),
        ("higher above exceeds", "more", "less"),
        ("lower below fewer", "less", "more"),
        ("maximum ceiling at-most capped", "most", "least"),
        ("minimum floor lowest guaranteed", "least", "most"),
        ("closed shuts halted offline outage", "stopped", "fixed"),
        ("gradually slowly progressively creeps", "gradual", "fixed"),
        ("elsewhere neighboring competitor's", "elsewhere", "ours"),
        ("won't cannot never", "denied", "up"),
        ("unless would", "conditional", "denied"),
    ],
)
def test_words_of_a_role_hint_at_it_and_not_at_its_opposite(words, cue, opposite):
    for word in words.split():
        found = hints(word.replace("at-most", "most"))
        assert cue in found, word
        assert opposite not in found, word


def test_places_are_those_of_the_words_and_other_words_hint_at_nothing():
    text = "Visitors, SLUMPED in Graz."
    assert {text[first:last] for first, last, _ in cues_of(text)} == {"SLUMPED"}
    assert cues_of("Рост 15 % 3 \ud800") == []
    assert len(CUES) == WORD_CUES
