"""How notes that state several effects are counted in `benchmarks.notes_of_several_effects`."""

import pytest

from benchmarks.notes_of_several_effects import NOTES, by_step, notes_of, verdict
from ts_llm_fusion.data.series.context_notes import NOTES_SERIES


def test_a_note_is_right_where_each_step_has_what_its_author_expects():
    expected = by_step([("zero", [], [8]), ("rise", [1.0], [9, 10])])
    assert verdict(expected, by_step([("zero", [], [8]), ("times", [2.0], [9, 10])])) == "right"
    assert verdict(expected, by_step([("zero", [], [8])])) == "missed"
    assert verdict(expected, by_step([("zero", [], [8]), ("rise", [1.0], [9])])) == "missed"
    # What is set leaves nothing of other changes.
    assert verdict(by_step([("zero", [], [8])]), by_step([("rise", [0.1], [8]), ("zero", [], [8])])) == "right"
    # A step too many, another amount, and another operation.
    for found in ([("zero", [], [7, 8])], [("rise", [0.5], [9])], [("set", [2.0], [9])]):
        assert verdict(expected, by_step(found)) == "wrong"


@pytest.mark.parametrize("kind", NOTES_SERIES)
def test_notes_have_texts_and_effects_within_the_horizon(kind: str):
    series = NOTES_SERIES[kind]
    steps = range(series.first, series.first + series.horizon)
    authors = [path.stem for path in (NOTES / kind).glob("*.jsonl")]
    assert len(authors) >= 2
    for author in authors:
        notes = notes_of(f"{kind}/{author}")
        assert len({note["text"] for note in notes}) == len(notes) >= 100
        assert all(step in steps for note in notes for *_, own in note["effects"] for step in own)
