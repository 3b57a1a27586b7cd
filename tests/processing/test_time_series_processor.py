"""The processor: what becomes of text and series, and what is refused."""

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from jinja2 import TemplateError
from transformers import AutoFeatureExtractor, AutoProcessor, AutoTokenizer
from tslm_models import FUSIONS, save_backbone, tokenizer, tslm_config

from ts_llm_fusion import TimeSeriesFeatureExtractor, TimeSeriesProcessor, TSLMForCausalLM

TOKEN = "<|time_series|>"
VALUES = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]


PATCHES_OF_4 = {"model_type": "ts_patch_encoder", "num_hidden_layers": 1}


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.fixture(scope="module")
def config(backbone: str):
    return TSLMForCausalLM.from_backbone(backbone, config={"encoder_config": PATCHES_OF_4}).config


@pytest.fixture
def processor(backbone: str, config) -> TimeSeriesProcessor:
    return TimeSeriesProcessor.from_backbone(backbone, config)


def user(*parts) -> list[dict]:
    content = [
        {"type": "text", "text": part} if isinstance(part, str) else {"type": "time_series", "time_series": part}
        for part in parts
    ]
    return [{"role": "user", "content": content}]


@pytest.mark.parametrize(
    "one",
    [
        VALUES,
        [3, 1, 4, 1, 5, 9],
        [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, None],
        np.array(VALUES),
        np.array(VALUES, dtype=np.float16),
        torch.tensor(VALUES, dtype=torch.bfloat16, requires_grad=True),
        torch.tensor([3, 1, 4, 1, 5, 9]),
        pd.Series(VALUES),
        pd.Series([3, 1, 4, 1, 5, 9, None], dtype="Int64"),
    ],
    ids=lambda one: f"{type(one).__name__}-{getattr(one, 'dtype', len(one))}",
)
def test_series_of_any_container_are_normalized(one):
    features = TimeSeriesFeatureExtractor()([one])
    values, mask = features["time_series"], features["time_series_mask"]
    assert values.dtype == torch.float32 and mask.dtype == torch.bool and values.shape == (1, 1, len(one))
    expected = (np.array(VALUES) - np.mean(VALUES)) / np.std(VALUES)
    np.testing.assert_allclose(values[0, 0, :6], expected, atol=1e-6)
    assert mask[0, 0].tolist() == [True] * 6 + [False] * (len(one) - 6)


def test_samples_of_any_number_of_series_are_stacked():
    frame = pd.DataFrame({"a": VALUES, "b": VALUES[::-1]})
    features = TimeSeriesFeatureExtractor()([frame, None, np.ones((3, 2)), VALUES, [[1.0], [2.0, 3.0]], []])
    assert features["time_series"].shape == (6, 3, 6)
    assert features["time_series_mask"].sum(-1).tolist() == [
        [6, 6, 0],
        [0, 0, 0],
        [2, 2, 2],
        [6, 0, 0],
        [1, 2, 0],
        [0, 0, 0],
    ]
    torch.testing.assert_close(features["time_series"][0, 0], features["time_series"][0, 1].flip(0))


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1.0, 1e9, 1e200])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_normalization_holds_at_any_scale(scale: float, offset: float):
    features = TimeSeriesFeatureExtractor()([(np.array(VALUES) + offset) * scale])
    expected = (np.array(VALUES) - np.mean(VALUES)) / np.std(VALUES)
    np.testing.assert_allclose(features["time_series"][0, 0], expected, atol=1e-6)


def test_a_constant_series_is_zero():
    assert not TimeSeriesFeatureExtractor()([[0.1] * 7, [0.0] * 7])["time_series"].any()


def test_missing_values_are_zero_and_unobserved():
    features = TimeSeriesFeatureExtractor()([[1.0, np.nan, 3.0]])
    assert features["time_series"].tolist() == [[[-1.0, 0.0, 1.0]]]
    assert features["time_series_mask"].tolist() == [[[True, False, True]]]


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ([[1.0], []], "series 1 is empty"),
        (np.array([]), "series 0 is empty"),
        ([1.0, [2.0]], "nested to unequal depth"),
        ([[1.0, [2.0]]], "nested to unequal depth"),
        ([[[1.0]]], "has 2 dimensions"),
        (np.zeros((1, 2, 3)), "has 3 dimensions"),
        ("1, 2", "has 0 dimensions"),
        (["1", "2"], "type <U1"),
        ([1.0, "2"], "values of type"),
        (np.array([1 + 2j]), "type complex128"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "type datetime64"),
        (pd.Series(["a", "b"]), "type str"),
        ([1.0, float("inf")], "infinite"),
        ([None, None], "only missing"),
    ],
)
def test_bad_series_are_refused_in_one_line(series, message: str):
    with pytest.raises(ValueError, match=message) as error:
        TimeSeriesFeatureExtractor()([series])
    assert "\n" not in str(error.value) and "sample 0" in str(error.value)


def test_missing_values_can_be_refused():
    with pytest.raises(ValueError, match="1 missing values"):
        TimeSeriesFeatureExtractor(allow_missing=False)([[1.0, None]])


def test_values_that_float32_cannot_hold_are_refused():
    with pytest.raises(ValueError, match="beyond float32"):
        TimeSeriesFeatureExtractor(do_normalize=False)([[1e39]])


def test_text_and_series(processor):
    inputs = processor(text=["a" + TOKEN + "b" + TOKEN, "cd"], time_series=[[VALUES, [1.0, 3.0]], None])
    assert inputs["time_series"].shape == (2, 2, 6)
    token = processor.time_series_token_id
    assert inputs["input_ids"][0].tolist().count(token) == 3 and inputs["input_ids"][1].tolist().count(token) == 0
    text = "a(mean 3.833, std 2.734) " + TOKEN * 2 + "b(mean 2, std 1) " + TOKEN
    assert processor.decode(inputs["input_ids"][0]) == text
    assert inputs["attention_mask"].sum(-1).tolist() == [len(text) - 3 * len(TOKEN) + 3, 2]
    assert inputs["input_ids"][1, -3:].tolist() == [0, *tokenizer()("cd")["input_ids"]]  # padded on the left


def test_one_text_takes_its_series_alone(processor):
    one = processor(text=TOKEN, time_series=VALUES)
    other = processor(text=[TOKEN], time_series=[[VALUES]])
    assert all(torch.equal(one[name], other[name]) for name in other) and one.keys() == other.keys()


def test_flamingo_keeps_one_placeholder(backbone: str):
    fields = {"fusion": "flamingo", "encoder_config": PATCHES_OF_4}
    config = TSLMForCausalLM.from_backbone(backbone, config=fields).config
    processor = TimeSeriesProcessor.from_backbone(backbone, config)
    inputs = processor(text=TOKEN, time_series=np.zeros(500))
    assert inputs["input_ids"].tolist()[0].count(processor.time_series_token_id) == 1


def test_a_chat_renders_as_written(processor):
    messages = [*user("Look: ", VALUES, " Rising?"), {"role": "assistant", "content": "Yes"}]
    before = copy.deepcopy(messages)
    rendered = "<s>User: Look: (mean 3.833, std 2.734) <|time_series|> Rising?\nAssistant: Yes</s>\n"
    assert processor.apply_chat_template(messages) == rendered
    assert messages == before
    opened = processor.apply_chat_template(messages[:1], add_generation_prompt=True)
    assert rendered.startswith(opened) and opened.endswith("\nAssistant:")


def test_a_tokenizer_alone_does_not_render_series_as_text(processor, tmp_path: Path):
    processor.save_pretrained(tmp_path)
    alone = AutoTokenizer.from_pretrained(tmp_path)
    assert alone.apply_chat_template([{"role": "user", "content": "a"}], tokenize=False) == "<s>User: a\n"
    with pytest.raises(TemplateError, match="render it with the processor"):
        alone.apply_chat_template(user("a", VALUES))


def test_a_batch_of_chats_and_the_assistants_tokens(processor):
    chats = [
        [
            *user("one ", VALUES),
            {"role": "assistant", "content": "Yes"},
            *user("why?"),
            {"role": "assistant", "content": "So"},
        ],
        [*user("no series"), {"role": "assistant", "content": "No"}],
    ]
    inputs = processor.apply_chat_template(
        chats, tokenize=True, return_dict=True, return_assistant_tokens_mask=True, padding_side="right"
    )
    masks = inputs["assistant_masks"].bool()
    said = [processor.decode(ids[mask]) for ids, mask in zip(inputs["input_ids"], masks, strict=True)]
    assert said == [" Yes</s> So</s>", " No</s>"]
    assert not (masks & (inputs["attention_mask"] == 0)).any()
    single = processor.apply_chat_template(chats[0], tokenize=True, return_dict=True)
    assert torch.equal(single["input_ids"][0], inputs["input_ids"][0])


def test_a_template_without_marks_gives_the_same_mask(processor):
    """Instruct models keep their template, which seldom marks the assistant's text."""
    template = (
        "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>{% endfor %}"
        "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
    )
    chat = [*user("one ", VALUES), {"role": "assistant", "content": "Yes"}, *user("why?")]
    inputs = processor.apply_chat_template(
        chat, chat_template=template, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    assert processor.decode(inputs["input_ids"][0][inputs["assistant_masks"][0].bool()]) == "Yes</s>"


def test_series_may_stand_in_a_column_beside_the_messages(processor):
    chat = user("a", None, "b", [1.0, 2.0])
    inputs = processor.apply_chat_template(chat, tokenize=True, return_dict=True, time_series=[VALUES])
    same = processor.apply_chat_template(user("a", VALUES, "b", [1.0, 2.0]), tokenize=True, return_dict=True)
    assert all(torch.equal(inputs[name], same[name]) for name in same)
    with pytest.raises(ValueError, match=r"1 placeholders .* for 2 series"):
        processor.apply_chat_template(chat, tokenize=True, time_series=[VALUES, VALUES])


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_the_placeholders_string_in_text_is_data(processor, role: str):
    chat = [*user("a", VALUES), {"role": role, "content": f"x{TOKEN}y{TOKEN}"}]
    inputs = processor.apply_chat_template(chat, tokenize=True, return_dict=True)
    ids = inputs["input_ids"][0].tolist()
    assert ids.count(processor.time_series_token_id) == 2  # six values are two patches
    assert processor.decode(ids).count(f"x{TOKEN}y{TOKEN}") == 1
    assert inputs["time_series"].shape == (1, 1, 6)


def test_counts_that_differ_are_both_told(processor):
    for series, text in (([VALUES] * 2, TOKEN), (None, TOKEN), ([VALUES], "none")):
        number = len(series or [])
        with pytest.raises(ValueError, match=f"{text.count(TOKEN)} placeholders .* for {number} series"):
            processor(text=text, time_series=series)


@pytest.mark.parametrize("part", [{"type": "image", "image": "x"}, {"text": "no type"}, "a string"])
def test_a_part_of_unknown_type_is_refused(processor, part):
    with pytest.raises(ValueError, match="'text', 'time_series' or 'forecast'"):
        processor.apply_chat_template([{"role": "user", "content": [part]}])


@pytest.mark.parametrize(
    ("conversation", "message"),
    [
        ({"role": "user", "content": "a"}, "conversation is a dict"),
        (["a"], "A message is 'a'; it must be a mapping"),
        ([{"content": "a"}], "it must be a mapping with a role"),
        ([{"role": "user", "content": 3.0}], "content of type float"),
    ],
)
def test_what_is_no_message_is_refused(processor, conversation, message: str):
    with pytest.raises(ValueError, match=message) as error:
        processor.apply_chat_template(conversation)
    assert "\n" not in str(error.value)


def test_a_prompt_beyond_the_context_says_its_length_and_the_costliest_series(processor):
    with pytest.raises(ValueError, match=r"has 597 tokens, more than the 512 .* series 1 costs most, 500 tokens"):
        processor(text=TOKEN * 2, time_series=[np.arange(200.0), np.arange(2000.0)])


def test_truncation_cuts_text_but_never_a_series(processor):
    inputs = processor(text=TOKEN + "abcdefgh", time_series=VALUES, truncation=True, max_length=40)
    assert inputs["input_ids"].shape[1] <= 40
    with pytest.raises(ValueError, match="would cut 1 placeholder"):
        processor(text="abcdefgh" + TOKEN, time_series=VALUES, truncation=True, max_length=33)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_model_of_another_token_is_refused(processor, fusion: str):
    with pytest.raises(ValueError, match=r"time_series_token_id is 299, but the processor's .* is 259"):
        processor.check_model(tslm_config(fusion))


def test_padding_to_lengths(processor):
    texts = ["a", "abc"]
    assert processor(text=texts, pad_to_multiple_of=8)["input_ids"].shape == (2, 8)
    assert processor(text=texts, padding="max_length", max_length=9)["input_ids"].shape == (2, 9)
    assert [len(row) for row in processor(text=texts, padding=False, return_tensors=None)["input_ids"]] == [1, 3]
    assert "time_series" not in processor(text=texts)


def test_save_and_load_by_the_auto_classes(processor, tmp_path: Path):
    processor.feature_extractor.allow_missing = False
    processor.save_pretrained(tmp_path)
    loaded = AutoProcessor.from_pretrained(tmp_path)
    assert type(loaded) is TimeSeriesProcessor
    assert loaded.chat_template == processor.chat_template
    for name in ("time_series_token", "time_series_token_id", "expand_placeholders", "scale_text", "context_length"):
        assert getattr(loaded, name) == getattr(processor, name)
    assert not loaded.feature_extractor.allow_missing
    assert type(AutoFeatureExtractor.from_pretrained(tmp_path)) is TimeSeriesFeatureExtractor
    chat = user("a", VALUES, "b")
    old, new = (p.apply_chat_template(chat, tokenize=True, return_dict=True) for p in (processor, loaded))
    assert old.keys() == new.keys() and all(torch.equal(old[name], new[name]) for name in old)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_whole_path_from_a_chat_to_an_answer(backbone: str, fusion: str):
    model = TSLMForCausalLM.from_backbone(backbone, config={"fusion": fusion})
    processor = TimeSeriesProcessor.from_backbone(backbone, model.config)
    chats = [user("a", VALUES, "b", [1.0, 2.0]), user("c")]
    inputs = processor.apply_chat_template(chats, tokenize=True, return_dict=True, add_generation_prompt=True)
    tokens = model.generate(**inputs, max_new_tokens=4, do_sample=False)
    answers = processor.batch_decode(tokens[:, inputs["input_ids"].shape[1] :])
    assert len(answers) == 2


def test_text_settings_are_given_directly_or_nested_and_unknown_ones_are_refused(processor):
    direct = processor(text=["a", "abc"], padding_side="right", pad_to_multiple_of=8)
    nested = processor(text=["a", "abc"], text_kwargs={"padding_side": "right", "pad_to_multiple_of": 8})
    assert torch.equal(direct["input_ids"], nested["input_ids"]) and direct["input_ids"].shape == (2, 8)
    for call in (lambda: processor(text="a", pading=True), lambda: processor(text="a", text_kwargs={"stride": 2})):
        with pytest.raises(TypeError, match=r"'(pading|stride)' is not a setting; settings are add_special_tok"):
            call()


def test_a_feature_extractor_saved_alone_carries_its_code(tmp_path: Path):
    TimeSeriesFeatureExtractor().save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "preprocessor_config.json").read_text())
    name = "feature_extraction_time_series.TimeSeriesFeatureExtractor"
    assert saved["auto_map"] == {"AutoFeatureExtractor": name}
    assert {path.name for path in tmp_path.glob("*.py")} == {"feature_extraction_time_series.py", "series_arrays.py"}


def test_scales_are_numbers_relative_to_the_first_series():
    extractor = TimeSeriesFeatureExtractor(return_scales=True)
    first = np.tile([9.0, 11.0], 20)  # mean 10, standard deviation 1
    sample = [first, 100 + 2 * (first[:10] - 10), np.full(40, 5.0)]
    scales = extractor([sample, [first]])["time_series_scales"].numpy()
    expected = [
        [np.arcsinh(10), 0, 0, 0, np.log(40), 0, 0],
        [np.arcsinh(50), np.log(2), np.arcsinh(90), np.log(2), np.log(10), np.log(0.25), 0],
        [np.arcsinh(5), 0, np.arcsinh(-5), 0, np.log(40), 0, 1],
    ]
    np.testing.assert_allclose(scales[0], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(scales[1], [expected[0], [0] * 7, [0] * 7], rtol=1e-6, atol=1e-6)
    assert (
        np.abs(extractor([[np.array([1e300, -1e300]), np.array([1e-300, 2e-300])]])["time_series_scales"]).max() <= 50
    )
    assert "time_series_scales" not in TimeSeriesFeatureExtractor()([[1.0, 2.0]])


def test_a_long_series_has_a_bounded_number_of_tokens():
    extractor = TimeSeriesFeatureExtractor(patch_length=4, max_tokens=3)
    assert [extractor.num_tokens(length) for length in (4, 12, 13, 4000)] == [1, 3, 3, 3]


@pytest.mark.parametrize(
    ("conversation", "options", "message"),
    [
        ([], {"time_series": 3}, "Conversation 0: time_series is a int; give a list"),
        ([], {"future_values": {"a": 1}}, "Conversation 0: future_values is a dict; give a list"),
        ([[], None], {}, "conversation 1 is a NoneType; give a list of messages"),
        ([{"role": "user", "content": "\ud800"}], {"tokenize": True}, "half of a pair; give whole ones"),
        ([[{"role": "user", "content": text}] for text in ("a", "bc")], {"tokenize": True, "padding": False},
         "tokens; set padding"),
    ],
)  # fmt: skip
def test_chats_that_are_wrong_are_one_line(processor, conversation, options: dict, message: str):
    with pytest.raises(ValueError, match=message):
        processor.apply_chat_template(conversation, **options)
