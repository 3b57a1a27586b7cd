"""The time-series language model in the stack around it: adapters, placement, checkpoints that carry their code."""

import logging
from pathlib import Path

import peft
import pytest
import torch
from fresh_python import FreshPython
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments, pipeline
from tslm_models import FUSIONS, backbone_config, batch, greedy, save_backbone, tslm

from ts_llm_fusion import TimeSeriesProcessor, TSLMForCausalLM

both_fusions = pytest.mark.parametrize("fusion", FUSIONS)

PROMPT = [1, 20, torch.linspace(-1, 1, 13), 21, torch.ones(30), 22, 23]


@both_fusions
def test_lora_trains_adapters_alone_and_merges(fusion: str, tmp_path: Path):
    model = tslm(fusion)
    inputs = batch(model, [PROMPT])
    plain = model(**inputs).logits
    # The encoder's layers have a q_proj too, so the pattern names the backbone.
    adapted = peft.get_peft_model(model, peft.LoraConfig(r=2, target_modules=r".*backbone\..*\.(q_proj|v_proj)"))
    assert torch.equal(adapted(**inputs).logits, plain)
    adapted.train()
    adapted(**inputs, labels=inputs["input_ids"]).loss.backward()
    trained = {name for name, parameter in adapted.named_parameters() if parameter.grad is not None}
    assert len(trained) == 8 and all("lora" in name and "backbone" in name for name in trained)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_()
    adapted.eval().save_pretrained(tmp_path)
    changed = adapted(**inputs).logits
    assert (changed - plain).abs().max() > 1e-2
    loaded = peft.PeftModel.from_pretrained(tslm(fusion), tmp_path).eval()
    assert torch.equal(loaded(**inputs).logits, changed)
    merged = loaded.merge_and_unload()
    torch.testing.assert_close(merged(**inputs).logits, changed, atol=1e-4, rtol=0)
    assert torch.equal(greedy(merged, inputs), greedy(adapted, inputs))


@both_fusions
@torch.no_grad()
def test_trained_tokens_of_a_tied_backbone_are_trained_in_its_head(fusion: str):
    text_config = backbone_config("llama")
    text_config.tie_word_embeddings = True
    config = peft.LoraConfig(r=2, target_modules=r".*backbone\..*\.q_proj", trainable_token_indices=[20, 22])
    adapted = peft.get_peft_model(tslm(fusion, text_config=text_config), config).eval()
    inputs = batch(adapted, [PROMPT])
    plain = adapted(**inputs).logits
    for name, parameter in adapted.named_parameters():
        if "trainable_tokens" in name:
            parameter.add_(0.5)
    changed = adapted(**inputs).logits
    assert ((changed - plain).abs().amax((0, 1))[[20, 22]] > 0.1).all()
    torch.testing.assert_close(adapted.merge_and_unload()(**inputs).logits, changed, atol=1e-4, rtol=0)


@both_fusions
def test_the_trainer_lowers_the_loss(fusion: str, tmp_path: Path):
    model = tslm(fusion)
    inputs = batch(model, [PROMPT, PROMPT], "right")
    inputs["labels"] = inputs["input_ids"]
    rows = [{name: value[row] for name, value in inputs.items()} for row in range(2)]
    arguments = TrainingArguments(
        tmp_path, max_steps=20, learning_rate=3e-3, logging_steps=1, report_to="none", use_cpu=True, save_strategy="no"
    )
    trainer = Trainer(model, arguments, train_dataset=rows, eval_dataset=rows)
    before = trainer.evaluate()["eval_loss"]
    trainer.train()
    assert trainer.evaluate()["eval_loss"] < 0.5 * before


@both_fusions
@torch.no_grad()
def test_a_device_map_and_a_dtype_at_loading(fusion: str, tmp_path: Path):
    model = tslm(fusion)
    model.save_pretrained(tmp_path)
    inputs = batch(model, [PROMPT])
    placed = AutoModelForCausalLM.from_pretrained(tmp_path, device_map={"": "cpu"})
    assert torch.equal(placed(**inputs).logits, model(**inputs).logits)
    half = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in half.parameters()} == {torch.bfloat16}
    assert greedy(half, inputs).shape == (1, 8)


@both_fusions
def test_a_checkpoint_runs_where_this_package_is_not_installed(fusion: str, tmp_path: Path, fresh: FreshPython):
    name = save_backbone(tmp_path / "backbone")
    model = TSLMForCausalLM.from_backbone(name, config={"fusion": fusion})
    processor = TimeSeriesProcessor.from_backbone(name, model.config)
    model.save_pretrained(tmp_path / "model")
    processor.save_pretrained(tmp_path / "model")
    script = f"""
import sys
sys.modules["ts_llm_fusion"] = None  # importing it fails
import transformers
folder = {str(tmp_path / "model")!r}
model = transformers.AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)
processor = transformers.AutoProcessor.from_pretrained(folder, trust_remote_code=True)
part = {{"type": "time_series", "time_series": [1.0, 3.0, 2.0, 5.0, 4.0]}}
inputs = processor.apply_chat_template([{{"role": "user", "content": [part]}}], tokenize=True, return_dict=True)
print(model.generate(**inputs, max_new_tokens=4, min_new_tokens=4, do_sample=False)[0].tolist())
"""
    environment = {"HF_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    result = fresh.run(script, environment=environment, folder=tmp_path)
    part = {"type": "time_series", "time_series": [1.0, 3.0, 2.0, 5.0, 4.0]}
    inputs = processor.apply_chat_template([{"role": "user", "content": [part]}], tokenize=True, return_dict=True)
    expected = model.generate(**inputs, max_new_tokens=4, min_new_tokens=4, do_sample=False)[0].tolist()
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.splitlines()[-1] == str(expected)


@both_fusions
def test_a_pipeline_answers_chats_with_series(fusion: str, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    source = save_backbone(tmp_path / "backbone")
    model = TSLMForCausalLM.from_backbone(source, config={"fusion": fusion})
    processor = TimeSeriesProcessor.from_backbone(source, model.config)
    model.save_pretrained(tmp_path / "model")
    processor.save_pretrained(tmp_path / "model")
    content = [{"type": "text", "text": "w1 w2"}, {"type": "time_series", "time_series": torch.linspace(0, 3, 40)}]
    messages = [{"role": "user", "content": content}]
    inputs = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=True)
    answer = greedy(model, inputs)[0]
    answers = pipeline("any-to-any", model=str(tmp_path / "model"))(
        messages, return_full_text=False, do_sample=False, max_new_tokens=8, min_new_tokens=8
    )
    assert answers[0]["generated_text"] == processor.decode(answer, skip_special_tokens=True)
    assert "not supported" not in caplog.text


def test_a_pipeline_names_an_empty_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch):
    source = save_backbone(tmp_path / "backbone")
    model = TSLMForCausalLM.from_backbone(source)
    processor = TimeSeriesProcessor.from_backbone(source, model.config)
    answer = pipeline("any-to-any", model=model, processor=processor)
    content = [{"type": "text", "text": "Rising?"}, {"type": "time_series", "time_series": torch.linspace(0, 3, 40)}]
    messages = [{"role": "user", "content": content}]
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    end = processor.tokenizer.eos_token_id
    answers = answer(messages, max_new_tokens=2, generate_kwargs={"suppress_tokens": [end]})
    assert answers[0]["generated_text"][-1]["content"]
    # What a random model writes may be a sign alone, which is no answer either.
    said = [record.getMessage() for record in caplog.records]
    assert not [text for text in said if "answer" in text and "has no word" not in text]
    others = [token for token in range(model.config.get_text_config().vocab_size) if token != end]
    answers = answer(messages, max_new_tokens=2, generate_kwargs={"suppress_tokens": others})
    assert not answers[0]["generated_text"][-1]["content"].strip()
    assert caplog.text.count("The model gave an empty answer.") == 1
