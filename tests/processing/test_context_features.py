"""Features of a grounded text: plain words of its clauses, and what each part stands for in them."""

import time
import unicodedata

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion.processing.context_features import MOST_CHARACTERS, MOST_CLAUSES, prepare_context
from ts_llm_fusion.processing.feature_extraction_forecast import ForecastFeatureExtractor

STAMPS = pd.date_range("2024-01-01", periods=74, freq="D")
TWO_CITIES = "M\u00fcnchen is shut on 3 March. Z\u00fcrich doubles."
HISTORY = np.linspace(80, 120, 60)


def features(text, names=(), others=()):
    return prepare_context(text, HISTORY, 14, STAMPS, names, others)[1]


def test_letters_and_their_accents_are_one_however_they_are_written():
    def read(form):
        text, own, other = (unicodedata.normalize(form, one) for one in (TWO_CITIES, "M\u00fcnchen", "Z\u00fcrich"))
        return features(text, [own], [other])

    whole, apart = read("NFC"), read("NFD")
    assert whole["about_another"].tolist() == apart["about_another"].tolist() == [False, True]
    assert whole["texts"] == apart["texts"]


def test_clauses_of_many_series_become_one():
    found = features("Sales will rise by 12.5 % from 4 to 6 March.")
    other = features("Sales will rise by 40 percent on the 9th of March.")
    assert found["texts"] == other["texts"] == ["The series will rise by 10% during that period."]
    (place,) = found["number_place"]
    assert found["texts"][0][slice(*place)] == "10%"
    np.testing.assert_array_equal(np.flatnonzero(found["shares"][0]), [63, 64, 65])
    assert features("In 1999 sales fell by minus 5.")["texts"] == ["at some other time sales fell by minus 100."]
    # A sign is that of the value, and no word.
    assert features("Sales will be -5.")["texts"] == ["The series will be 100."]


def test_ends_of_lines_marks_of_lists_pictures_and_the_unit_of_a_step_are_no_words_of_a_clause():
    assert features("- At most 95 a day\n\n* closed on 4 March \N{PARTY POPPER}")["texts"] == [
        "At most 100.",
        "closed during that period.",
    ]
    # A minus is no mark of a list, and an hour no step of days.
    assert features("- 20% on 4 March")["texts"] == ["- 10% during that period."]
    assert features("We take 95 calls per day, or 4 units an hour")["texts"] == ["We take 100 calls, or 100 an hour."]
    assert features("Open on 4 March, but only:")["texts"] == ["Open during that period, but only:"]


def test_what_goes_on_with_a_clause_is_read_as_a_sentence():
    found = features("Sales will fall by 5% on 4 March, and rise by 9% on 5 March.")
    assert found["texts"] == ["The series will fall by 10% during that period.", "rise by 10% during that period."]
    assert found["goes_on"].tolist() == [False, True]
    (_, place) = found["number_place"]
    assert found["texts"][1][slice(*place)] == "10%"
    # With a subject of its own.
    found = features("The fair opens on 4 March, and on 5 March sales are 9% lower.")
    assert found["texts"][1] == "during that period sales are 10% lower." and not found["goes_on"].any()
    # What is unreal, denied or of another place is left as it is.
    for text in (
        "If it rains we lose 5% on 4 March and win 9% on 5 March.",
        "Take 5% off on 4 March but never 9% on 5 March.",
    ):
        assert features(text)["texts"][1].startswith(("and", "but")) and not features(text)["goes_on"].any()


def test_a_number_and_a_time_have_the_words_of_the_clause_before():
    found = features("At most 90 on 4 March, 95 on 5 March and 99 on 6 March.")
    assert found["texts"] == ["At most 100 during that period."] * 3
    assert found["number_value"].tolist() == [90, 95, 99] and found["number_bound"].tolist() == [1, 1, 1]
    assert found["goes_on"].tolist() == [False, True, True]
    np.testing.assert_array_equal(found["shares"][:3].argmax(1), [63, 64, 65])
    # Words of a condition go with it; another kind of number has its own.
    found = features("If it rains we lose 5% on 4 March and 9% on 5 March.")
    assert found["texts"][1] == "If it rains we lose 10% during that period."
    assert features("At most 90 on 4 March, 5% on 5 March.")["texts"][1] == "10% during that period."


def test_the_sign_of_a_share_says_its_direction():
    assert features("Sales -5% on 4 March")["texts"] == ["The series minus 10% during that period."]
    assert features("Sales change by -5%.")["texts"] == ["Sales change by 10%."]
    assert features("Sales x2")["texts"] == features("Sales *2")["texts"] == ["The series 5x."]
    assert features("Sales *2")["number_value"].tolist() == [2.0]


def test_the_subject_of_a_sentence_is_the_series_where_none_has_a_name():
    assert features("Sales double on 4 March.")["texts"] == ["The series double during that period."]
    assert features("All visitors are 5.")["texts"] == ["The series are 100."]
    # With a name it is told by that, and what is named after the series is another thing.
    assert features("Sales double on 4 March.", ["footfall"])["texts"] == ["Sales double during that period."]
    assert features("Sales tax will double.")["texts"] == ["Sales tax will double."]
    assert features("Orders of stationery are 5.")["texts"] == ["Orders of stationery are 100."]


def test_names_stand_for_all_of_their_kind():
    text = "Sales in Store 3 rise by 5 %. The number of visitors to store 12 will be 7."
    own = features(text, ["daily_sales", "store_3"], ["visitors", "store_12"])
    assert own["texts"] == [
        "The series in the series rise by 10%.",
        "Another series to another series will be 100.",
    ]
    # The number in a name is none of the text.
    assert own["number_value"].tolist() == [0.05, 7]
    assert [one["text"] for one in own["grounding"]["names"] if one["own"]] == ["Sales", "Store 3"]
    without = features(text)
    assert without["number_value"].tolist() == [3, 0.05, 12, 7]
    assert features("Our series triples.")["texts"] == ["The series triples."]


def test_a_clause_on_another_series_alone_is_told():
    text = "Lyon is closed on 4 March. Paris is shut on 5 March. Lyon and Paris are shut on 6 March. Shut on 7 March."
    assert features(text, ["sales", "Paris"], ["Lyon"])["about_another"].tolist() == [True, False, False, False]


def test_a_clause_without_a_name_is_of_the_series_of_the_clause_before_where_it_says_so():
    text = (
        "Paris doubles on 4 March and triples on 5 March. It will fall by 5 % on 6 March. Sales drop there by 9. "
        "Sales fall by 5 % on 7 March. Paris is shut on 8 March and all sales fall by 5 % on 9 March."
    )
    assert features(text, ["Lyon"], ["Paris"])["about_another"].tolist() == [
        True,
        True,
        True,
        True,
        False,
        True,
        False,
    ]


def test_series_left_out_and_compared_with():
    text = "All stores except Lyon are shut on 4 March. Unlike Lyon, Paris doubles. Lyon and Paris triple."
    assert features(text, ["Lyon"], ["Paris"])["about_another"].tolist() == [True, True, False]
    paris = features(text, ["Paris"], ["Lyon"])
    assert paris["about_another"].tolist() == [False, False, False]
    assert paris["texts"][0] == "The series are shut during that period."
    assert paris["texts"][2] == "The series triple."


@pytest.mark.parametrize(
    ("text", "lyon", "paris"),
    [
        ("As Paris is shut on 4 March, Lyon sells 20 % more.", False, True),
        ("Lyon sells 20 % more while Paris is shut.", False, True),
        ("Lyon sells 20 more and Paris 30 less.", True, True),
        ("Lyon is shut on 4 March, Paris on 5 March.", True, True),
        ("Sales double thanks to the fair in Lyon.", False, True),
    ],
)
def test_a_clause_on_several_series_is_of_that_of_its_main_part(text, lyon, paris):
    assert features(text, ["Lyon"], ["Paris"])["about_another"].tolist() == [lyon]
    assert features(text, ["Paris"], ["Lyon"])["about_another"].tolist() == [paris]


def test_zero_is_said_in_words():
    assert features("Sales are 0 on 4 March.")["texts"] == ["The series are zero during that period."]
    assert features("Sales are 7 on 4 March.")["texts"] == ["The series are 100 during that period."]


def test_clauses_are_linked_within_their_text_and_their_sentence():
    found = features("Sales rise by 5 % on 4 March but fall by 3 on 6 March. We sell cars.")
    assert len(found["texts"]) == 3
    before, behind, joined_before, joined_behind = found["clause_links"].T.tolist()
    assert before == [0, 1, 1]
    assert behind == [1, 1, 0]
    assert joined_before == [0, 1, 0]
    assert joined_behind == [1, 0, 0]


def test_a_clause_without_a_window_may_mean_that_of_a_neighbor():
    found = features("A fair takes place on 4 March. Sales rise by 5 % then.")
    pairs = list(zip(found["window_clause"], found["window_owner"], found["window_index"], strict=True))
    assert pairs == [(0, 0, 0), (1, 0, 0), (1, 1, 1)]
    # Behind the windows stands the whole horizon.
    np.testing.assert_array_equal(np.flatnonzero(found["shares"][1]), np.arange(60, 74))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "***",
        "<b>12</b> & {x}",
        "Продажи вырастут на 5 %.",
        "売上は３日に増える。",
        "\ud800 5",
        "a" * 5000,
        "1e400 %",
    ],
)
def test_any_text_has_features(text):
    found = features(text)
    clauses = len(found["texts"])
    assert found["clause_cues"].shape == (clauses, 12)
    assert all(len(words) <= MOST_CHARACTERS for words in found["texts"])
    assert np.isfinite(found["number_value"]).all()
    assert set(found["window_clause"]) == set(range(clauses))
    assert set(found["grounding"]) == {"clauses", "windows", "numbers", "references", "names"}


def test_a_long_text_is_read_to_a_limit_in_time_that_grows_with_its_length():
    sentence = "Sales will rise by 12 % from 4 to 6 March, and fall by 3 on Monday. "
    begun = time.process_time()
    found = features(sentence * 1500)
    assert len(sentence) * 1500 > 100_000
    assert time.process_time() - begun < 8
    assert len(found["texts"]) == MOST_CLAUSES
    assert found["number_clause"].max() == found["window_owner"].max() == MOST_CLAUSES - 1


def test_the_feature_extractor_of_a_forecaster_prepares_a_context():
    found = ForecastFeatureExtractor(context_length=96).prepare_context("Closed on 3 March.", HISTORY, 14, STAMPS)
    assert found["grounding"]["windows"][0]["runs"] == [[2, 3]]
    assert found["value_range"].tolist() == [80, 120]
