"""How notes that state several effects are counted in `benchmarks.notes_of_several_effects`."""

import json

from benchmarks.notes_of_several_effects import NOTES, by_day, verdict


def test_a_note_is_right_where_each_day_has_what_its_author_expects():
    expected = by_day([("zero", [], [8]), ("rise", [1.0], [9, 10])])
    assert verdict(expected, by_day([("zero", [], [8]), ("times", [2.0], [9, 10])])) == "right"
    assert verdict(expected, by_day([("zero", [], [8])])) == "missed"
    assert verdict(expected, by_day([("zero", [], [8]), ("rise", [1.0], [9])])) == "missed"
    # What is set leaves nothing of other changes.
    assert verdict(by_day([("zero", [], [8])]), by_day([("rise", [0.1], [8]), ("zero", [], [8])])) == "right"
    # A day too many, another amount, and another operation.
    for found in ([("zero", [], [7, 8])], [("rise", [0.5], [9])], [("set", [2.0], [9])]):
        assert verdict(expected, by_day(found)) == "wrong"


def test_notes_have_texts_and_effects_within_the_horizon():
    for path in NOTES.glob("*.jsonl"):
        notes = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert len({note["text"] for note in notes}) == len(notes) == 140
        assert all(1 <= day <= 31 for note in notes for *_, days in note["effects"] for day in days)
