"""Notes as texts to train on: which clause, number and window states each effect."""

import pytest

from ts_llm_fusion.data.series.context_notes import NOTES_SERIES, note_item, training_notes


def told(text, effects, kind="days"):
    """Operation of each clause, with the values of its numbers and the steps of its windows that are right."""
    series = NOTES_SERIES[kind]
    item = note_item({"text": text, "effects": effects}, series)
    history = int(item["history"])
    found = []
    for clause, operation in enumerate(item["operation"]):
        numbers = item["number_value"][item["right_number"] & (item["number_clause"] == clause)].tolist()
        pairs = item["right_window"] & (item["window_clause"] == clause)
        steps = [
            (item["shares"][index, history:].nonzero()[0] + series.first).tolist()
            for index in item["window_index"][pairs]
        ]
        found.append((operation, numbers, steps))
    return found


def test_effects_are_those_of_the_clauses_with_their_numbers_and_times():
    text = "The road is closed. 20% less on 8 March, at most 95 on 9 and 10 March; shut on the 11th."
    effects = [["cut", [0.2], [8]], ["cap", [95], [9, 10]], ["zero", [], [11]]]
    assert told(text, effects) == [
        ("keep", [], []),
        ("cut", [0.2], [[8]]),
        ("cap", [95.0], [[9, 10]]),
        ("zero", [], [[11]]),
    ]


def test_hours_and_months_are_numbered_as_in_the_notes():
    assert told("10 kW more on Tuesday from 0:00 to 2:00.", [["plus", [10], [24, 25]]], "hours") == [
        ("plus", [10.0], [[24, 25]])
    ]
    assert told("Orders double in March.", [["times", [2], [3]]], "months") == [("times", [2.0], [[3]])]


def test_steps_of_another_effect_are_exceptions_of_a_time():
    text = "10% more from 1 to 10 March. Shut on 4 March."
    effects = [["rise", [0.1], [1, 2, 3, 5, 6, 7, 8, 9, 10]], ["zero", [], [4]]]
    assert told(text, effects) == [("rise", [0.1], [[*range(1, 11)]]), ("zero", [], [[4]])]


@pytest.mark.parametrize(
    ("text", "effects"),
    [
        # No such number, no such time, and two clauses that say it.
        ("A bit more on 8 March.", [["plus", [7], [8]]]),
        ("7 more on 9 March.", [["plus", [7], [8]]]),
        ("7 more on 8 March. 7 more on 8 March.", [["plus", [7], [8]]]),
    ],
)
def test_clauses_that_may_state_what_is_not_found_are_not_counted(text, effects):
    assert {operation for operation, *_ in told(text, effects)} == {None}


def test_most_effects_of_the_notes_are_found():
    found = wanted = 0
    for place, (kind, note) in enumerate(training_notes()):
        if place % 10 == 0:
            item = note_item(note, NOTES_SERIES[kind])
            found += sum(operation not in (None, "keep") for operation in item["operation"])
            wanted += len(note["effects"])
    assert wanted > 100 and found > 0.75 * wanted
