"""Converted checkpoints against the numbers that the reference implementation of OpenTSLM computed."""

import io
import json
import lzma
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoProcessor

from ts_llm_fusion.cli import main
from ts_llm_fusion.conversion import convert_opentslm, load_checkpoint

EMBEDDINGS_ATOL = 2e-5
LOGITS_ATOL = 1e-4
LOSS_ATOL = 1e-5

SOFT_PROMPT_CASES = ["one_32", "three_128", "twelve_40", "one_1500", "ragged_37_50", "text_only"]
FLAMINGO_CASES = ["one_64", "three_48_legacy", "three_48_fixed", "one_499"]


@pytest.fixture(scope="module")
def fixtures(assets_dir: Path) -> Path:
    folder = assets_dir / "fixtures" / "opentslm"
    if not folder.is_dir():
        pytest.skip(f"no OpenTSLM fixtures in {assets_dir}")
    return folder


@pytest.fixture(scope="module")
def converted(fixtures: Path, tmp_path_factory: pytest.TempPathFactory):
    """Converts a checkpoint once, and loads it by the Auto classes: (model, processor, cases, tensors)."""
    done = {}

    def convert(kind: str, name: str, **options):
        key = (kind, name, *sorted(options.items()))
        if key not in done:
            folder = tmp_path_factory.mktemp("converted")
            checkpoint = folder / "checkpoint.pt"
            checkpoint.write_bytes(lzma.decompress((fixtures / kind / f"{name}.pt.xz").read_bytes()))
            output = convert_opentslm(checkpoint, str(fixtures / kind / "llm"), folder / "model", **options)
            model = AutoModelForCausalLM.from_pretrained(output, dtype=torch.float32)
            cases = json.loads((fixtures / kind / "cases.json").read_text())["cases"]
            tensors = load_file(fixtures / kind / "cases.safetensors")
            done[key] = model, AutoProcessor.from_pretrained(output), {case["name"]: case for case in cases}, tensors
        return done[key]

    return convert


def series_of(tensors: dict[str, torch.Tensor], case: dict) -> list[torch.Tensor]:
    return [tensors[f"{case['name']}/series.{number}"] for number in range(len(case["series_lengths"]))]


def inputs_for(processor, parts: list[dict]) -> dict[str, torch.Tensor]:
    processor.feature_extractor.do_normalize = False  # the cases hold series that are normalized already
    return processor.apply_chat_template(
        [{"role": "user", "content": parts}], tokenize=True, return_dict=True, add_generation_prompt=True
    )


def with_answer(inputs: dict[str, torch.Tensor], answer_ids: list[int]) -> dict[str, torch.Tensor]:
    ids = torch.cat([inputs["input_ids"], torch.tensor([answer_ids])], dim=1)
    return {**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids)}


def text(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


def soft_prompt_inputs(processor, tensors, case) -> dict[str, torch.Tensor]:
    parts = [text(case["pre_prompt"])]
    for description, series in zip(case["time_series_text"], series_of(tensors, case), strict=True):
        parts += [text(description), {"type": "time_series", "time_series": series}]
    return inputs_for(processor, [*parts, text(case["post_prompt"])])


def flamingo_inputs(processor, tensors, case) -> dict[str, torch.Tensor]:
    parts = [text(case["pre_prompt"])]
    for description, series in zip(case["time_series_text"], series_of(tensors, case), strict=True):
        parts += [{"type": "time_series", "time_series": series}, text(description)]
    return inputs_for(processor, [*parts, text(case["post_prompt"])])


@pytest.mark.parametrize("lora", [False, True], ids=["base", "lora"])
@pytest.mark.parametrize("name", SOFT_PROMPT_CASES)
@torch.no_grad()
def test_soft_prompt_equals_reference(converted, name: str, lora: bool):
    model, processor, cases, tensors = converted("soft_prompt", "checkpoint_lora" if lora else "checkpoint")
    case, prefix, expected = cases[name], "lora/" if lora else "", cases[name]["lora" if lora else "base"]
    vocabulary = tensors["one_32/logits_prompt"].shape[1]
    inputs = soft_prompt_inputs(processor, tensors, case)
    assert inputs["input_ids"].shape[1] == case["prompt_len"]

    prepared, _ = model.model.prepare_inputs(**inputs)
    torch.testing.assert_close(
        prepared["inputs_embeds"][0], tensors[f"{name}/inputs_embeds"], atol=EMBEDDINGS_ATOL, rtol=0
    )
    logits = model(**inputs).logits[0]
    assert logits.shape[1] == vocabulary + 1 and logits[:, vocabulary].max() == torch.finfo(torch.float32).min
    logits = logits[:, :vocabulary]
    if f"{name}/{prefix}logits_prompt" in tensors:
        torch.testing.assert_close(logits, tensors[f"{name}/{prefix}logits_prompt"], atol=LOGITS_ATOL, rtol=0)
    else:
        torch.testing.assert_close(logits[-1], tensors[f"{name}/{prefix}logits_prompt_last"], atol=LOGITS_ATOL, rtol=0)

    length, answer = case["prompt_len"], case["answer_ids"]
    full = with_answer(inputs, answer)
    answer_logits = model(**full).logits[0, length - 1 : -1, :vocabulary]
    torch.testing.assert_close(answer_logits, tensors[f"{name}/{prefix}logits_answer"], atol=LOGITS_ATOL, rtol=0)

    generated = model.generate(
        **inputs, max_new_tokens=12, do_sample=False, output_logits=True, return_dict_in_generate=True
    )
    assert generated.sequences[0, length:].tolist() == expected["greedy"]["ids"]
    scores = torch.cat(generated.logits)[:, :vocabulary]
    torch.testing.assert_close(scores, tensors[f"{name}/{prefix}gen_logits"], atol=LOGITS_ATOL, rtol=0)


@pytest.mark.parametrize("lora", [False, True], ids=["base", "lora"])
@pytest.mark.parametrize("name", SOFT_PROMPT_CASES)
@torch.no_grad()
def test_soft_prompt_losses_equal_reference(converted, name: str, lora: bool):
    model, processor, cases, tensors = converted("soft_prompt", "checkpoint_lora" if lora else "checkpoint")
    case, expected = cases[name], cases[name]["lora" if lora else "base"]
    inputs, answer = soft_prompt_inputs(processor, tensors, case), case["answer_ids"]
    ignored = [-100] * case["prompt_len"]
    for loss, ids, labels in (
        ("loss_reference", answer, ignored + answer),
        ("loss_no_bos_label", answer, [*ignored, -100, *answer[1:]]),
        ("loss_no_bos_input", answer[1:], ignored + answer[1:]),
    ):
        ours = model(**with_answer(inputs, ids), labels=torch.tensor([labels])).loss
        assert abs(ours.item() - expected[loss]) < LOSS_ATOL, loss


@pytest.mark.parametrize("name", FLAMINGO_CASES)
@torch.no_grad()
def test_flamingo_equals_reference(converted, name: str):
    model, processor, cases, tensors = converted("flamingo", "best_model", joint_latents=name.endswith("legacy"))
    case = cases[name]
    inputs = flamingo_inputs(processor, tensors, case)
    assert inputs["input_ids"][0].tolist() == case["prompt_ids"]
    length, answer = case["prompt_len"], case["full_ids"][case["prompt_len"] :]
    labels = torch.tensor([[-100] * length + answer])
    outputs = model(**with_answer(inputs, answer), labels=labels)
    torch.testing.assert_close(outputs.logits[0], tensors[f"{name}/logits"], atol=LOGITS_ATOL, rtol=0)
    assert abs(outputs.loss.item() - case["loss_answer_only"]) < LOSS_ATOL
    reference = model(**with_answer(inputs, answer), labels=torch.tensor([case["labels_reference"]])).loss
    assert abs(reference.item() - case["loss_reference"]) < LOSS_ATOL

    generated = model.generate(
        **inputs, max_new_tokens=12, do_sample=False, output_logits=True, return_dict_in_generate=True
    )
    assert generated.sequences[0, length:].tolist() == case["greedy"]["ids"]
    torch.testing.assert_close(torch.cat(generated.logits), tensors[f"{name}/gen_logits"], atol=LOGITS_ATOL, rtol=0)


def test_other_flamingo_entry_converts_to_the_same(fixtures: Path, tmp_path: Path):
    """The class's own save method nests the weights under `llm`, without a prefix."""
    content = lzma.decompress((fixtures / "flamingo" / "best_model.pt.xz").read_bytes())
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    models = []
    plain = {
        key.removeprefix("model."): value for key, value in state["model_state"].items() if key.startswith("model.")
    }
    for number, content in enumerate(({"model_state": state["model_state"]}, {"llm": plain})):
        torch.save(content, tmp_path / f"{number}.pt")
        output = convert_opentslm(
            tmp_path / f"{number}.pt", str(fixtures / "flamingo" / "llm"), tmp_path / f"m{number}"
        )
        models.append(load_file(output / "model.safetensors"))
    assert models[0].keys() == models[1].keys()
    assert all(torch.equal(value, models[1][key]) for key, value in models[0].items())


def test_a_pickled_object_is_refused(tmp_path: Path):
    torch.save({"encoder_state": {}, "projector_state": Path("x")}, tmp_path / "bad.pt")
    with pytest.raises(ValueError, match="refused"):
        load_checkpoint(tmp_path / "bad.pt")


def test_another_checkpoint_is_refused(tmp_path: Path):
    torch.save({"weights": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="has the entries \\['weights'\\]"):
        convert_opentslm(tmp_path / "other.pt", "unused", tmp_path / "out")


def test_the_command_converts_and_refuses_in_one_line(fixtures: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    checkpoint = tmp_path / "checkpoint.pt"
    checkpoint.write_bytes(lzma.decompress((fixtures / "soft_prompt" / "checkpoint.pt.xz").read_bytes()))
    llm, output = str(fixtures / "soft_prompt" / "llm"), tmp_path / "model"
    assert main(["convert-opentslm", str(checkpoint), "--llm", llm, "--output", str(output)]) == 0
    assert AutoModelForCausalLM.from_pretrained(output).config.fusion == "soft_prompt"
    torch.save({"weights": torch.zeros(1)}, checkpoint)
    capsys.readouterr()
    assert main(["convert-opentslm", str(checkpoint), "--llm", llm, "--output", str(tmp_path / "other")]) == 2
    assert "an OpenTSLM checkpoint has encoder_state" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("content", (b"", b"hello\n", b"\x80\x02}q\x00.", b"PK\x03\x04 cut"))
def test_a_damaged_checkpoint_is_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.pt cannot be read as tensors") as raised:
        load_checkpoint(tmp_path / "x.pt")
    assert "\n" not in str(raised.value)
