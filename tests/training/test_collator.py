"""What is learned of a sample: the assistant's tokens with the end of its turn, and nothing else."""

from pathlib import Path

import pytest
import torch

from ts_llm_fusion.data.qa.samples import make_sample
from ts_llm_fusion.modeling.modeling_tslm import TSLMForCausalLM
from ts_llm_fusion.processing.processing_time_series import TimeSeriesProcessor
from ts_llm_fusion.training.collator import AnswerCollator
from ts_llm_fusion.training.fresh_backbone import learn_tokenizer, save_fresh_backbone

TOKEN = "<|time_series|>"
TEXT_CONFIG = {"num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 4, "vocab_size": 320}
ENCODER = {
    "model_type": "ts_patch_encoder",
    "num_hidden_layers": 1,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
}


def sample(question: str, answer: str, *lengths: int) -> dict:
    generator = torch.Generator().manual_seed(len(question))
    series = {f"Series {n}": torch.randn(length, generator=generator).numpy() for n, length in enumerate(lengths)}
    return make_sample(question, series, answer, "task", "source", "id-7")


SAMPLES = [
    sample("Which way?", "rising", 21),
    sample("What is this, in a longer text than the others?", "a series of 3, 4 and 5 steps", 3, 8, 40),
    sample("No series at all?", "yes"),
    {
        **sample("First?", "one", 12),
        "messages": [
            *sample("First?", "one", 12)["messages"],
            {"role": "user", "content": [{"type": "text", "text": "And then?"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "two"}]},
        ],
    },
]
ANSWERS = [["rising"], ["a series of 3, 4 and 5 steps"], ["yes"], ["one", "two"]]


def make(folder: Path, backbone: str, fusion: str = "soft_prompt") -> tuple[TSLMForCausalLM, TimeSeriesProcessor]:
    extra = {"intermediate_size": 48} if backbone == "llama" else {}
    save_fresh_backbone(folder, {"model_type": backbone, **TEXT_CONFIG, **extra}, ["rising falling"], [TOKEN])
    model = TSLMForCausalLM.from_backbone(folder, config={"encoder_config": dict(ENCODER), "fusion": fusion})
    return model, TimeSeriesProcessor.from_backbone(folder, model.config)


def one_token_for_all(processor: TimeSeriesProcessor) -> None:
    """As GPT-2 has it: beginning, end and padding are one token."""
    tokenizer = processor.tokenizer
    tokenizer.pad_token = tokenizer.bos_token = tokenizer.eos_token


@pytest.mark.parametrize("shared", [False, True], ids=["three tokens", "one token for BOS, EOS and padding"])
def test_exactly_the_answers_and_their_ends_are_learned(tmp_path: Path, shared: bool) -> None:
    _, processor = make(tmp_path, "llama")
    if shared:
        one_token_for_all(processor)
    batch = AnswerCollator(processor)(SAMPLES)
    tokenizer, end = processor.tokenizer, processor.tokenizer.eos_token
    for labels, answers in zip(batch["labels"], ANSWERS, strict=True):
        assert tokenizer.decode(labels[labels != -100]) == "".join(f" {answer}{end}" for answer in answers)
    learned = batch["labels"] != -100
    assert torch.equal(batch["labels"][learned], batch["input_ids"][learned])
    assert not (learned & (batch["attention_mask"] == 0)).any()
    assert not learned[:, 0].any()
    assert not (learned & (batch["input_ids"] == processor.time_series_token_id)).any()


def test_padding_is_on_the_right_and_series_are_padded_with_masked_rows(tmp_path: Path) -> None:
    _, processor = make(tmp_path, "llama")
    assert processor.tokenizer.padding_side == "left"
    batch = AnswerCollator(processor)(SAMPLES)
    lengths = batch["attention_mask"].sum(1)
    for mask, length in zip(batch["attention_mask"], lengths, strict=True):
        assert mask.tolist() == [1] * int(length) + [0] * (len(mask) - int(length))
    assert batch["time_series"].shape == batch["time_series_mask"].shape == (4, 3, 40)
    assert batch["time_series_mask"].sum(-1).tolist() == [[21, 0, 0], [3, 8, 40], [0, 0, 0], [12, 0, 0]]


@pytest.mark.parametrize("backbone", ["llama", "gpt2"])
@pytest.mark.parametrize("fusion", ["soft_prompt", "flamingo"])
def test_the_loss_of_a_batch_is_the_mean_over_the_tokens_of_its_samples(
    tmp_path: Path, backbone: str, fusion: str
) -> None:
    model, processor = make(tmp_path, backbone, fusion)
    collate = AnswerCollator(processor)
    with torch.no_grad():
        whole = model(**collate(SAMPLES)).loss
        alone = [collate([one]) for one in SAMPLES]
        counts = torch.tensor([float((batch["labels"] != -100).sum()) for batch in alone])
        losses = torch.stack([model(**batch).loss for batch in alone])
    assert whole.item() == pytest.approx(((losses * counts).sum() / counts.sum()).item(), abs=1e-5)


def test_cutting_a_series_is_an_error_and_cutting_text_is_not(tmp_path: Path) -> None:
    _, processor = make(tmp_path, "llama")
    ids = AnswerCollator(processor)(SAMPLES[:1])["input_ids"][0]
    cut = AnswerCollator(processor, max_length=len(ids) - 3)(SAMPLES[:1])
    assert torch.equal(cut["input_ids"][0], ids[:-3])
    end = int((ids == processor.time_series_token_id).nonzero().max()) + 1
    with pytest.raises(ValueError, match="would cut 2 placeholder tokens of its series; raise max_length"):
        AnswerCollator(processor, max_length=end - 2)(SAMPLES[:1])
    with pytest.raises(ValueError, match=f"sample id-7 has no token of an answer in its first {end}"):
        AnswerCollator(processor, max_length=end)(SAMPLES[:1])


def test_a_sample_without_an_answer_is_an_error(tmp_path: Path) -> None:
    _, processor = make(tmp_path, "llama")
    silent = {**SAMPLES[0], "messages": SAMPLES[0]["messages"][:1]}
    with pytest.raises(ValueError, match="sample id-7 has no token of an answer"):
        AnswerCollator(processor)([SAMPLES[0], silent])


def test_the_placeholder_written_as_text_is_learned_as_text(tmp_path: Path) -> None:
    _, processor = make(tmp_path, "llama")
    batch = AnswerCollator(processor)([sample(f"What is {TOKEN}?", f"{TOKEN} is a token", 9)])
    assert (batch["input_ids"] == processor.time_series_token_id).sum() == 3
    labels = batch["labels"][0]
    assert processor.tokenizer.decode(labels[labels != -100]) == f" {TOKEN} is a token{processor.tokenizer.eos_token}"


def test_a_learned_tokenizer_keeps_every_text_and_makes_common_words_one_token() -> None:
    tokenizer = learn_tokenizer(["the series is rising"] * 20, 400, [TOKEN])
    for text in ("the series is rising", "naïve  Ünïcode → 数字\n\t-1.5e3"):
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text
    assert len(tokenizer(" rising")["input_ids"]) == 1
    assert len(tokenizer(TOKEN)["input_ids"]) == 1
    with pytest.raises(ValueError, match="vocab_size is 100; at least 300"):
        learn_tokenizer(["a"], 100)


def test_a_letter_behind_an_option_is_one_token() -> None:
    text = "Options: rising (A), falling (B).\nSeries 2 (V): "
    tokenizer = learn_tokenizer([text] * 20, 400)
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
    assert [token for token in tokens if "(" in token] == [" (A)", " (B)", " (V)"]
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    # No letters that the texts lack.
    assert " (C)" not in tokenizer.get_vocab()
    assert tokenizer.decode(tokenizer("rising (C)")["input_ids"]) == "rising (C)"
