"""Verbs of the past tense in the future tense."""

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion.processing.context_features import prepare_context
from ts_llm_fusion.processing.hindsight import future_forms

STAMPS = pd.date_range("2024-01-01", periods=91, freq="D")


@pytest.mark.parametrize(
    ("past", "future"),
    [
        ("sales reached 5 times the usual", "sales will reach 5 times the usual"),
        ("the plant was closed", "the plant will be closed"),
        ("sales weren't higher", "sales will not be higher"),
        ("sales did not exceed 90", "sales will not exceed 90"),
        ("the shop had 20% more visitors", "the shop will have 20% more visitors"),
        ("owing to reduced demand sales fell", "owing to reduced demand sales will fall"),
        # What was planned, said or over by then.
        ("sales were to rise", "sales were to rise"),
        ("the closure was planned", "the closure was planned"),
        ("it was said that sales rose", "it was said that sales rose"),
        ("sales had risen", "sales had risen"),
        ("the plan to close was overruled", "the plan to close was overruled"),
        ("the historical minimum was 67.3", "the historical minimum was 67.3"),
        ("was: closed", "was: closed"),
        ("if it rained, sales fell", "if it rained, sales fell"),
    ],
)
def test_verbs_of_the_past_in_the_future_tense(past, future):
    found = past
    for start, stop, words in sorted(future_forms(past), reverse=True):
        found = found[:start] + words + found[stop:]
    assert found == future


@pytest.mark.parametrize(
    ("text", "plain", "of_past"),
    [
        ("Sales were up by 20% on 5 March.", ["Sales will be up by 10% during that period."], [False]),
        ("Sales were up by 20% on 5 February.", ["Sales were up by 10% back in the past."], [True]),
        ("Sales were up by 20%.", ["Sales were up by 10%."], [True]),
        # Of the times of the clause before.
        (
            "The fair begins on 5 March; sales doubled.",
            ["The fair begins during that period;", "the series double."],
            # Not of the whole horizon.
            [False, True],
        ),
    ],
)
def test_only_times_to_come_are_told_in_the_future_tense(text, plain, of_past):
    features = prepare_context(text, np.full(60, 100.0), 31, STAMPS)[1]
    assert [words.strip() for words in features["texts"]] == plain
    assert features["of_past"].tolist() == of_past
