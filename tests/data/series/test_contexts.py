"""Texts about the future of series, with the truth of what they do."""

from itertools import islice

import numpy as np
import pytest

from ts_llm_fusion.data.series.context_grammar import FAMILIES, SENTENCE, grammar_of
from ts_llm_fusion.data.series.context_targets import context_targets
from ts_llm_fusion.data.series.contexts import draw_example, draw_silent, stream
from ts_llm_fusion.modeling.modeling_tsfusion_context_doubts import why_unsure
from ts_llm_fusion.processing.context_cues import cues_of
from ts_llm_fusion.processing.context_features import prepare_context
from ts_llm_fusion.processing.grounding import ground


@pytest.fixture(scope="module")
def examples():
    return [draw_example(3, number, split, split) for number in range(70) for split in ("train", "validation", "test")]


def phrases_of(split):
    """Phrases of a split by family, without those of sentences that change nothing."""
    grammar = grammar_of(split)
    families = {name: {*phrases, *grammar.sentences[name]} for name, phrases in grammar.predicates.items()}
    for name, phrases in grammar.composed.items():
        if name.removesuffix(SENTENCE) in families:
            families[name.removesuffix(SENTENCE)] |= set(phrases)
    return families | {"ignore": set(grammar.past_faults)}


def test_every_family_has_thirty_phrasings_and_shares_none_between_splits():
    train, validation, test = (phrases_of(split) for split in ("train", "validation", "test"))
    assert set(train) == set(validation) == set(test) == set(FAMILIES)
    assert len(FAMILIES) >= 14
    assert min(map(len, train.values())) >= 60
    assert min(map(len, validation.values())) >= 25
    assert min(map(len, test.values())) >= 8
    for family in FAMILIES:
        assert not train[family] & validation[family]
        assert not train[family] & test[family]
        assert not validation[family] & test[family]
    grammars = [grammar_of(split) for split in ("train", "validation", "test")]
    for kind in grammars[0].no_effect:
        some = [{*grammar.no_effect[kind], *grammar.composed.get(kind, [])} for grammar in grammars]
        assert all(some)
        assert sum(map(len, some)) == len(set.union(*some))
    for name in ("frames", "timeless_frames"):
        some = [getattr(grammar, name) for grammar in grammars]
        assert sum(map(len, some)) == len({phrase for phrases in some for phrase in phrases})


def test_an_example_is_the_same_wherever_it_is_drawn():
    streamed = list(islice(stream(5), 4))[3]
    drawn = draw_example(5, 3)
    assert streamed.text == drawn.text
    np.testing.assert_array_equal(streamed.future, drawn.future)
    assert draw_example(6, 3).text != drawn.text


def test_a_twin_differs_in_the_steps_of_the_effects_alone(examples):
    moved = 0
    for example in examples:
        horizon = np.zeros(len(example.future), dtype=bool)
        for effect in example.effects:
            horizon |= effect.steps[len(example.history) :]
        np.testing.assert_array_equal(example.future[~horizon], example.twin[~horizon])
        assert np.isfinite(example.future).all()
        moved += (example.future != example.twin).any()
    assert moved > 90


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("zero", lambda twin, v: 0 * twin),
        ("set", lambda twin, v: 0 * twin + v[0]),
        ("times", lambda twin, v: twin * v[0]),
        ("rise", lambda twin, v: twin * (1 + v[0])),
        ("cut", lambda twin, v: twin * (1 - v[0])),
        ("plus", lambda twin, v: twin + v[0]),
        ("minus", lambda twin, v: twin - v[0]),
        ("cap", lambda twin, v: np.minimum(twin, v[0])),
        ("floor", lambda twin, v: np.maximum(twin, v[0])),
        ("range", lambda twin, v: np.clip(twin, v[0], v[1])),
    ],
)
def test_the_future_is_what_the_sentence_says(family, expected, examples):
    found = 0
    for example in examples:
        if [effect.family for effect in example.effects] == [family]:
            (effect,) = example.effects
            inside = effect.steps[len(example.history) :]
            np.testing.assert_allclose(example.future[inside], expected(example.twin[inside], effect.operands))
            found += 1
    assert found > 2


def test_bounds_hold_for_what_the_other_effects_make_and_no_two_changes_contradict():
    beyond, bounds, kinds = 0, 0, ({"rise", "cut", "times"}, {"flat", "reverse"})
    for example in (draw_example(3, number, families=3) for number in range(80)):
        history, told = len(example.history), [(one.operation, *one.operands) for one in example.effects]
        for kind in kinds:
            changed = [one.steps.tobytes() for one in example.effects if one.operation in kind]
            assert len(set(changed)) == len(changed), told
        held = [one for one in example.effects if one.operation in ("cap", "floor", "range")]
        if len(held) != 1 or any(name in ("zero", "set") for name, *_ in told):
            continue
        (bound,) = held
        values = example.future[bound.steps[history:]]
        beyond += bound.operation != "floor" and values.max(initial=-np.inf) > bound.operands[-1]
        beyond += bound.operation != "cap" and values.min(initial=np.inf) < bound.operands[0]
        bounds += 1
    assert (beyond, bounds > 15) == (0, True)


def test_the_places_of_phrases_numbers_and_windows_are_those_in_the_text(examples):
    for example in examples:
        for effect in example.effects:
            assert effect.window is None or effect.window[0] < effect.window[1]
            for (start, stop), value in zip(effect.numbers, effect.operands, strict=True):
                words = example.text[start:stop]
                assert words.strip() == words
                plain = words.replace(",", "").rstrip("%").strip()
                if plain.replace(".", "").isdecimal():
                    assert float(plain) == pytest.approx(value * (100 if "%" in words else 1))


def test_grounding_finds_what_the_texts_state_in_other_words_than_those_it_was_built_on(examples):
    windows, numbers, effects, operands = 0, 0, 0, 0
    for example in examples:
        n = len(example.history)
        found = ground(example.text, example.history, len(example.future), example.calendar.timestamps)
        for effect in example.effects:
            side = slice(None, n) if effect.operation == "ignore" else slice(n, None)
            if effect.window is None:
                continue
            effects += 1
            windows += any(np.array_equal(one.shares[side] > 0.5, effect.steps[side]) for one in found.windows)
            operands += len(effect.operands)
            for (start, stop), value in zip(effect.numbers, effect.operands, strict=True):
                numbers += any(
                    number.start < stop and number.stop > start and number.value == pytest.approx(value)
                    for number in found.numbers
                )
    assert effects > 120
    assert windows / effects > 0.98
    assert numbers / operands > 0.98


def test_combinations_of_families_are_not_shared_between_splits():
    pairs = {}
    for split in ("train", "validation", "test"):
        drawn = [draw_example(9, number, split, families=2).effects for number in range(25)]
        pairs[split] = {frozenset(effect.family for effect in effects) for effects in drawn}
    assert all(len(found) > 5 for found in pairs.values())
    assert not pairs["train"] & pairs["validation"]
    assert not pairs["train"] & pairs["test"]
    assert not pairs["validation"] & pairs["test"]


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="split is 'dev'; give one of train, validation, test"):
        draw_example(0, 0, "dev")


def test_the_targets_are_the_effects_that_the_text_states(examples):
    stated, found, numbers, windows = 0, 0, 0, 0
    for example in examples:
        stamps = example.calendar.timestamps
        grounding, features = prepare_context(example.text, example.history, len(example.future), stamps)
        targets = context_targets(example, grounding, features)
        done = [name for name in targets["operation"] if name != "keep"]
        assert len(done) >= len(example.effects)
        assert not example.effects or set(done) <= {"floor", "cap", *(one.operation for one in example.effects)}
        stated += len(done)
        clauses = {k for k, name in enumerate(targets["operation"]) if name != "keep"}
        windows += len(clauses & set(features["window_clause"][targets["right_window"]]))
        numbers += int(targets["right_number"].sum())
        found += sum(len(one.numbers) for one in example.effects)
    assert windows > 0.97 * stated > 100
    assert numbers > 0.97 * found


def test_no_phrase_of_an_effect_is_taken_for_a_condition_a_possibility_or_a_denial():
    left_out = []
    for split in ("train", "validation"):
        for family, phrases in phrases_of(split).items():
            for pattern in sorted(phrases):
                phrase = pattern.replace("{w}", "on 3 May").replace("{W}", "On 3 May").replace("{d}", "Sunday")
                cues = np.array(cues_of(phrase), dtype=np.int64).reshape(-1, 3)
                context = {
                    "texts": [phrase],
                    "cue_place": cues[:, :2],
                    "cue_role": cues[:, 2],
                    "cue_clause": np.zeros(len(cues), dtype=np.int64),
                }
                left_out += [pattern] if why_unsure(family, phrase, context, 0) else []
    assert left_out == []


def test_a_sentence_without_an_effect_is_drawn_by_its_frame():
    example = draw_silent(3, 5, "validation", "other", "The annual photograph will be taken, smart shoes please.")
    assert example.text == "The annual photograph will be taken, smart shoes please."
    assert example.effects == ()
    np.testing.assert_array_equal(example.future, example.twin)
    filled = draw_silent(3, 5, "validation", "denial", "{S} will not {f} {w}.").text
    assert filled.endswith(".") and " will not " in filled and "{" not in filled
