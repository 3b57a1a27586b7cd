"""Checks of answers, and of prompts against the training."""

import json
import logging
from dataclasses import replace

import numpy as np
import pytest
from tslm_models import tokenizer

from ts_llm_fusion import TimeSeriesFeatureExtractor, TimeSeriesProcessor
from ts_llm_fusion.processing.answer_checks import (
    SEVERAL,
    TrainingRange,
    answer_fault,
    asked_in,
    generated_fault,
    offer,
    offered_options,
    possible_answers,
    scales_of,
)

LEADS = f"Which leads?{offer(['V1', 'V2', 'aVR'])}{SEVERAL}\nI: "
LETTERS = "Is it up? Answer with a letter: A) up B) down C) cannot tell"
WAVE = np.sin(2 * np.pi * np.arange(40) / 10)
RANGE = TrainingRange.of([1, 2], [48, 100], ["Is the series rising?", "Where is the spike?"], with_words=True)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["Is it rising?\nLoad (kW, daily from 3 May 2021): ", WAVE, "\nWind: ", WAVE], "Is it rising?"),
        (["Load: ", WAVE, " Is it rising?"], " Is it rising?"),
        (["These are loads.\nIs it rising? ", WAVE], "These are loads.\nIs it rising? "),
        (["Is it rising?\nSay: "], "Is it rising?\nSay: "),
    ],
)
def test_titles_of_series_are_no_part_of_a_question(parts, expected):
    content = [
        {"type": "text", "text": part} if isinstance(part, str) else {"type": "time_series", "time_series": part}
        for part in parts
    ]
    chat = [{"role": "user", "content": content}, {"role": "assistant", "content": "yes"}]
    assert asked_in(chat) == [expected]
    assert asked_in([{"role": "user", "content": "Load: up?"}]) == ["Load: up?"]


@pytest.mark.parametrize(
    ("answer", "question", "fault"),
    [
        ("", "Rising?", "empty answer"),
        (" \n", "Rising?", "empty answer"),
        ("flat flat flat", "Rising?", "repeats 'flat' 3 times"),
        ("up and down and down and down and", "Rising?", "repeats 'down and' 3 times"),
        ("Up, up, up.", "Rising?", "repeats 'up' 3 times"),
        ("1, 2, 1, 2, " * 5, "Rising?", "repeats '1 2' 10 times"),
        ("It is flat, and falls, and falls, and falls, and fa", "How?", "repeats 'and falls' 4 times"),
        ("rising" * 11 + "ris", "Rising?", "repeats 'ingris' 11 times"),
        ("!" * 40, "Rising?", "repeats '!' 40 times"),
        ("sideways", "Rising? Options: up, down.", "'sideways' is none of the options: up, down"),
        ("up", "Rising?\nOptions: rising, flat.\nSeries: ", "none of the options"),
        ("up, down", "Rising? Options: up, down.", "'up, down' is none of the options: up, down"),
        ("slow", "Rising? Options: up | walking, slow.", "'slow' is none of the options"),
        ("A", "Which? Options: type A) slow, type B) fast.", "'A' is none of the options: type A) slow, type B) fast"),
        ("V1; V5", LEADS, "'V1; V5' is none of the options: V1, V2, aVR."),
        ("V1; V2", "Which? Options: V1, V2.", "none of the options: V1, V2."),
        ("D", LETTERS, "none of the options: A, B, C"),
        ("sideways", LETTERS, "none of the options: A, B, C"),
        ("C", "Which?\n(A) up\n(B) down", "none of the options: A, B"),
        ("4", "Which?\n1) up\n2) down\n3) flat", "none of the options: 1, 2, 3"),
        ("flat", "Rising? Options: up, down. Which one is it?", "none of the options: up, down."),
        ("...", "Rising?", "has no word and no number"),
        ("\u200b", "Rising?", "has no word and no number"),
    ],
)
def test_a_fault_is_named(answer, question, fault):
    assert fault in answer_fault(answer, question)


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("up", "Rising? Options: up, down."),
        ("Up.", "Rising? Options: up, down."),
        ("B", LETTERS),
        ("b)", LETTERS),
        ("up", LETTERS),
        ("A) up", LETTERS),
        ("(b) down.", LETTERS),
        ("(A)", "Which? (A) up (B) down"),
        ("2", "Which?\n1) up\n2) down"),
        ("down", "Which?\nA. up\nB. down"),
        ("down", "Rising? Options: up, down?"),
        ("down", "Rising? options: up, down. Which one is it?"),
        ("?", "Which? Options: ?, !."),
        ("V2", LEADS),
        ("V1; aVR", LEADS),
        ("B", "Rising? Options: A) up, B) down."),
        ("It climbs to the end. Answer: up", "Rising? Options: up, down."),
        ("walking, slow", "What is it? Options: running | walking, slow | sitting."),
        ("AF (paroxysmal)", "Which? Options: AF (paroxysmal), sinus."),
        ("2nd deg.", "Which? Options: 1st deg., 2nd deg.."),
        ("1st deg", "Which? Options: 1st deg., 2nd deg.."),
        ("no no", "Rising?"),
        ("10 10 10", "What are the last three values?"),
        ("0000000000", "Which? Options: 0000000000, 1111111111."),
        ("0.10000000", "How large?"),
        ("It rises, then falls, then rises.", "How?"),
        ("very very high", "How high?"),
    ],
)
def test_a_plain_answer_has_none(answer, question):
    assert answer_fault(answer, question) is None


@pytest.mark.parametrize(
    ("generated", "fault"),
    [
        ("<u>", None),
        ("<u>up", None),
        ("<u>up<e><p><p>", None),
        ("<u>up up up", "repeats 'up' 3 times"),
        ("<u><e>", "empty answer"),
        ("<u>sideways<e>", "'sideways' is none of the options: up, down"),
        ("<u>up<e>\nUser: And now? Options: in, out.<e>\n<u>up<e>", "none of the options: in, out"),
        ("<u>up<e>\nUser: And now? Options: in, out.<e>\n<u>in<e>", None),
    ],
)
def test_a_fault_is_found_behind_the_prompt(generated, fault):
    text = "<p><p>User: Rising? Options: up, down.<e>\n" + generated
    found = generated_fault(text, "<u>", ["<p>", "<e>"])
    assert found is None if fault is None else fault in found
    assert generated_fault(text, "", ["<p>", "<e>"]) is None


def test_series_behind_the_options_are_none_of_them(caplog):
    words = tokenizer()
    words.add_tokens("<|time_series|>", special_tokens=True)
    processor = TimeSeriesProcessor(TimeSeriesFeatureExtractor(), words)
    opening = processor._generation_prompt()
    text = f"Rising? Options: up, down.{processor.time_series_token}{opening}down{words.eos_token}"
    processor.post_process_multimodal_output(words(text, return_tensors="pt")["input_ids"])
    assert not caplog.records


def test_options_of_a_line_each_and_without_a_period_are_options():
    assert offered_options("Which?\nA) more volatile\nB) less volatile") == ["A", "B"]
    assert offered_options("Which? Options: up, down") == ["up", "down"]
    assert offered_options("A) is a remark\nC) another one") == []
    assert offered_options("Which?\nA: up\nB: down") == ["A", "B"]
    assert offered_options("Answer these.\n1. Is it up?\n2. Is it noisy?") == []
    assert offered_options("Is it busy?\nA: 12 beds.\nC: 14 beds.") == []
    assert offered_options("Two wards.\nA: 12 beds.\nB: 14 beds.\nWhich is busier?") == []
    assert possible_answers("Which? A) up B) down")[:3] == ["A", "up", "A) up"]
    assert possible_answers("Which? Options: up, down.") == ["up", "down"]


def test_options_are_read_as_they_are_offered():
    assert offered_options("Which? Options: first third, last third.\nSeries: ") == ["first third", "last third"]
    assert offered_options(LETTERS) == ["A", "B", "C"]
    assert offered_options("What are the options here?") == []
    assert offered_options(LEADS) == ["V1", "V2", "aVR"]


def test_the_range_of_the_training_is_that_of_its_prompts():
    assert (RANGE.num_series, RANGE.series_length, RANGE.most_words) == ((1, 2), (48, 100), 4)
    assert TrainingRange.from_dict(RANGE.to_dict()) == RANGE
    assert RANGE.differences([48, 100], "Is the spike rising?") == []
    assert "3 series (trained on 1 to 2)" in RANGE.differences([60, 60, 60], "Where is the spike?")
    assert "a series of 4000 steps (trained on 48 to 100)" in RANGE.differences([4000], "Where is the spike?")
    assert "another kind of question (new to it: 'who', 'wrote', 'hamlet')" in RANGE.differences(
        [60], "Who wrote Hamlet?"
    )
    assert "a question of 20 words (trained on at most 4)" in RANGE.differences([60], "where is the spike " * 5)


def test_a_prompt_unlike_the_training_warns_once_in_one_line(caplog, monkeypatch):
    words = tokenizer()
    words.add_tokens("<|time_series|>", special_tokens=True)
    processor = TimeSeriesProcessor(TimeSeriesFeatureExtractor(), words, trained_on=RANGE.to_dict())
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    series = np.arange(60.0)

    def conversation(question, count):
        parts = [{"type": "time_series", "time_series": series}] * count
        return [{"role": "user", "content": [{"type": "text", "text": question}, *parts]}]

    processor.apply_chat_template(conversation("Where is the spike?", 1), add_generation_prompt=True, tokenize=True)
    assert not caplog.records
    prompt = conversation("Who wrote Hamlet?", 3)
    processor.apply_chat_template(prompt, add_generation_prompt=True, tokenize=True)
    assert len(caplog.records) == 1
    message = caplog.records[0].getMessage()
    assert "3 series" in message and "another kind of question" in message and "\n" not in message
    assert len(processor.outside_training(prompt)) == 2
    assert processor.answer_fault("", prompt) == "The model gave an empty answer."
    # It is answered, with a warning that says from what.
    found = processor.apply_chat_template(
        conversation("Where is the spike?", 0), add_generation_prompt=True, tokenize=True, return_dict=True
    )
    assert found["input_ids"].shape[1] > 4
    assert caplog.records[1].getMessage() == (
        "Unlike what this checkpoint was trained on: no series to read (trained on 1 to 2; give each as a part of "
        "type 'time_series'), so that the answer is from the text alone; do not rely on its answer."
    )
    # One that was trained on text alone, too, has no reason to.
    processor.trained_on = RANGE.joined(TrainingRange.of([0], [], [], with_words=True)).to_dict()
    assert processor.outside_training(conversation("Where is the spike?", 0)) == []


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        # Temperature in degrees Celsius and pressure in mmHg; a little hotter than in the training.
        ((37.0 + 0.2 * WAVE, 90 + 20 * WAVE), []),
        ((40.5 + 0.2 * WAVE, 70 + 60 * WAVE), []),
        # In degrees Fahrenheit, in kPa; swapped.
        ((98.6 + 0.4 * WAVE, 90 + 20 * WAVE), ["series 0 of mean 98.6 (trained on 36 to 39)"]),
        ((37.0 + 0.2 * WAVE, 12 + 2.7 * WAVE), ["series 1 of mean 12 (trained on 80 to 100)"]),
        (
            (90 + 20 * WAVE, 37.0 + 0.2 * WAVE),
            [
                "series 0 of mean 90 (trained on 36 to 39)",
                "series 0 of standard deviation 14.14 (trained on 0.1 to 0.5), and 1 more",
            ],
        ),
        # Amplitude alone; a flat line.
        ((37.0 + 0.2 * WAVE, 90 + 0.01 * WAVE), ["series 1 of standard deviation 0.007071 (trained on 10 to 20)"]),
        ((37.0 + 0 * WAVE, 90 + 20 * WAVE), ["series 0 of standard deviation 0 (trained on 0.1 to 0.5)"]),
    ],
)
def test_a_level_or_scale_far_from_those_of_the_training_is_named(series, expected):
    means, deviations = np.array([36.0, 80, 39, 100, 37, 90]), np.array([0.1, 10, 0.5, 20, 0.3, 15])
    scales = scales_of(np.array([2, 2, 2]), means, deviations)
    assert scales == ((36, 39, 0.1, 0.5), (80, 100, 10, 20))
    trained_on = TrainingRange.of([2], [40], ["Is the patient well?"], True, scales)
    assert TrainingRange.from_dict(json.loads(json.dumps(trained_on.to_dict()))) == trained_on
    words = tokenizer()
    words.add_tokens("<|time_series|>", special_tokens=True)
    processor = TimeSeriesProcessor(TimeSeriesFeatureExtractor(), words, trained_on=trained_on.to_dict())
    parts = [{"type": "time_series", "time_series": values} for values in series]
    messages = [{"role": "user", "content": [{"type": "text", "text": "Is the patient well?"}, *parts]}]
    assert processor.outside_training(messages) == expected
    # A checkpoint of an earlier version does not know.
    processor.trained_on.pop("scales")
    assert processor.outside_training(messages) == []


def test_scales_of_prompts_with_other_numbers_of_series_are_one():
    several = scales_of(np.array([1, 2]), np.array([1.0, 2, 3]), np.array([4.0, 0, 6]))
    assert several == ((1, 3, 0, 6),)
    one, two, older = (
        TrainingRange.of([2], [9], [], True, scales) for scales in (((1, 3, 1, 2), (5, 6, 1, 3)), several, ())
    )
    assert one.joined(one).scales == one.scales
    assert one.joined(two).scales == two.joined(one).scales == ((1, 6, 0, 6),)
    assert one.joined(older).scales == older.joined(two).scales == ()
    assert two.differences([9, 9], "", [(2, 5), (0, 1)]) == one.differences([9], "", [(2, 2)])[1:] == []
    assert scales_of(np.array([0]), np.array([]), np.array([])) == ()


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("Up? Options: falling, flat, or rising.", ["falling", "flat", "rising"]),
        ("Up? Options: up, down. Choose one.", ["up", "down"]),
        ("Up? Options: up, down. Series: ", ["up", "down"]),
        ("Up? CHOICES: up, down", []),
        ("Up? Choices: rising; falling", ["rising", "falling"]),
        ("Which? A) up, B) down, or C) flat?", ["up", "down", "flat"]),
        ("Up? A) up B) down. Answer with the letter.", ["up", "down"]),
        ("Which?\n(a) up\n(b) down\nSeries: ", ["up", "down"]),
        ("Is it up? A) yes\nB) no", ["yes", "no"]),
        ("- A) up\n- B) down", ["up", "down"]),
        # Letters of other things.
        ("Group (A) got the drug, group (B) the placebo.\nIs it up? Options: yes, no.", ["yes", "no"]),
        ("How do leads (A) and (B) compare?", []),
        ("The doctor lists options: surgery, drugs. Is it rising?", []),
        ("Is it rising?\nNotes:\n1. Patient is male.\n2. Patient is old.", []),
        ("Which? B) up A) down", []),
    ],
)
def test_options_are_found_as_people_write_them(question, options):
    answers = possible_answers(question)
    assert [option for option in options if option not in answers] == []
    assert len(offered_options(question)) == len(options)


@pytest.mark.parametrize("answer", ["B", "down", "B) down", "B: down", "B down", "down (B)", "**B**", "Down!"])
def test_an_option_by_letter_is_answered_in_many_ways(answer):
    question = "Which way does it go? A) up B) down"
    assert answer_fault(answer, question) is None
    assert "none of the options" in answer_fault("sideways", question)


def test_a_length_near_those_of_the_training_is_like_them():
    lengths = [45, 47, 105, 106, 1000]
    found = [bool(RANGE.differences([length], "Is the series rising?")) for length in lengths]
    assert found == [length > 105 for length in lengths]
    assert RANGE.differences([42], "Is the series rising?") == ["a series of 42 steps (trained on 48 to 100)"]
    # Where 5 % of the longest are more than the shortest.
    wide = replace(RANGE, series_length=(48, 1024))
    assert [bool(wide.differences([length], "Is the series rising?")) for length in (1, 23, 24, 1075)] == [1, 1, 0, 0]
