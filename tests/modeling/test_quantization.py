"""4-bit and int8 language models inside the time-series language model: what is quantised, what it costs, training."""

from pathlib import Path

import pytest
import torch
import yaml
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, LlamaConfig, TorchAoConfig
from tslm_models import FUSIONS, batch, encoder_config, greedy, tokenizer

from ts_llm_fusion import TSFusionConfig, TSFusionForCausalLM, TSFusionForForecasting, TSLMConfig, TSLMForCausalLM
from ts_llm_fusion.cli import main
from ts_llm_fusion.modeling.modeling_quantization import spare_from_quantization
from ts_llm_fusion.training.tslm_adapters import keep_4bit_differentiable

bitsandbytes = pytest.importorskip("bitsandbytes")

# Widths that the kernels of bitsandbytes take: multiples of its blocks of 64 weights, and of 32 outputs.
WIDTHS = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 2}
FLAMINGO = {
    "num_latents": 4,
    "resampler_num_layers": 1,
    "resampler_num_heads": 2,
    "resampler_head_dim": 8,
    "cross_attention_num_heads": 2,
    "cross_attention_head_dim": 8,
}


def four_bits() -> BitsAndBytesConfig:
    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("backbone")
    torch.manual_seed(0)
    config = LlamaConfig(**WIDTHS, vocab_size=len(tokenizer()), pad_token_id=0, bos_token_id=1, eos_token_id=2)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return str(folder)


def build(backbone: str, fusion: str, **load) -> TSLMForCausalLM:
    torch.manual_seed(0)
    config = {"fusion": fusion, "encoder_config": encoder_config(), **(FLAMINGO if fusion == "flamingo" else {})}
    return TSLMForCausalLM.from_backbone(backbone, config=config, **load)


def question(model: TSLMForCausalLM) -> dict[str, torch.Tensor]:
    samples = [[3, 4, torch.linspace(-1, 1, 8), 5, 6], [7, torch.linspace(1, -1, 4), 8]]
    inputs = batch(model, samples)
    # The tests' batches have another placeholder than a model of a real tokenizer.
    inputs["input_ids"][inputs["input_ids"] == 299] = model.config.time_series_token_id
    return inputs


def logits(model: TSLMForCausalLM) -> torch.Tensor:
    inputs = question(model)
    with torch.no_grad():
        return model.eval()(**inputs).logits[inputs["attention_mask"].bool()]


def quantised(model: TSLMForCausalLM) -> set[str]:
    return {name for name, module in model.named_modules() if isinstance(module, bitsandbytes.nn.Linear4bit)}


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("start", ["from_pretrained", "from_backbone"])
def test_four_bits_take_the_layers_of_the_language_model_and_nothing_else(
    start: str, fusion: str, backbone: str, tmp_path: Path
) -> None:
    whole = build(backbone, fusion)
    whole.save_pretrained(tmp_path / "whole")
    settings = four_bits()
    if start == "from_pretrained":
        small = TSLMForCausalLM.from_pretrained(tmp_path / "whole", quantization_config=settings)
        difference = logits(small) - logits(whole)
        # nf4 has 16 levels; these weights are random, so that errors do not cancel out over layers.
        assert 0 < difference.square().mean().sqrt() < 0.2 * logits(whole).std()
    else:
        small = build(backbone, fusion, quantization_config=settings)
    layers = [
        name for name, module in whole.model.backbone.model.layers.named_modules() if type(module).__name__ == "Linear"
    ]
    assert len(layers) == 14
    assert quantised(small) == {f"model.backbone.model.layers.{name}" for name in layers}
    assert settings.llm_int8_skip_modules is None
    assert small.is_loaded_in_4bit
    assert greedy(small, question(small)).shape == (2, 8)

    small.save_pretrained(tmp_path / "small")
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("small", "whole")]
    # 8 of 32 bits and one float for each 64 weights; embeddings, head and what reads series stay.
    spared = 4 * sum(p.numel() for n, p in whole.named_parameters() if ".layers." not in n or "backbone" not in n)
    assert sizes[0] - spared < 0.2 * (sizes[1] - spared)
    loaded = TSLMForCausalLM.from_pretrained(tmp_path / "small")
    assert quantised(loaded) == quantised(small)
    torch.testing.assert_close(logits(loaded), logits(small), atol=1e-5, rtol=0)


def test_four_bits_spare_a_forecaster_around(backbone: str, tmp_path: Path) -> None:
    forecaster = TSFusionForForecasting(TSFusionConfig(hidden_size=64)).eval()
    TSFusionForCausalLM.from_parts(forecaster, build(backbone, "soft_prompt")).save_pretrained(tmp_path)
    small = AutoModelForCausalLM.from_pretrained(tmp_path, quantization_config=four_bits())
    names = quantised(small)
    assert len(names) == 14
    assert all(name.startswith("tslm.model.backbone.model.layers.") for name in names)
    past = torch.sin(torch.arange(50.0))[None, :, None]
    expected, found = (model.predict(past, prediction_length=4).mean_predictions for model in (forecaster, small))
    assert torch.equal(found, expected)


def test_what_a_caller_spares_is_left_as_it_is(backbone: str, tmp_path: Path) -> None:
    build(backbone, "soft_prompt").save_pretrained(tmp_path)
    settings = BitsAndBytesConfig(load_in_4bit=True, llm_int8_skip_modules=["lm_head", "encoder", "mlp"])
    spare_from_quantization(build(backbone, "soft_prompt"), settings)
    assert settings.llm_int8_skip_modules == ["lm_head", "encoder", "mlp"]


def test_int8_weights_by_torchao_take_the_same_layers(backbone: str, tmp_path: Path) -> None:
    from torchao.quantization import Int8Tensor, Int8WeightOnlyConfig

    whole = build(backbone, "soft_prompt")
    whole.save_pretrained(tmp_path / "whole")
    settings = TorchAoConfig(Int8WeightOnlyConfig(version=2))
    small = TSLMForCausalLM.from_pretrained(tmp_path / "whole", quantization_config=settings)
    names = {name for name, parameter in small.named_parameters() if isinstance(parameter, Int8Tensor)}
    assert len(names) == 14
    assert all(name.startswith("model.backbone.model.layers.") for name in names)
    error = (logits(small) - logits(whole)).square().mean().sqrt()
    assert 0 < error < 0.02 * logits(whole).std()


def test_gradients_after_an_evaluation_are_those_before_it(backbone: str) -> None:
    model = build(backbone, "soft_prompt", quantization_config=four_bits())
    keep_4bit_differentiable(model)
    inputs = question(model)
    labels = torch.where(inputs["input_ids"] == model.config.time_series_token_id, -100, inputs["input_ids"])

    def gradient() -> torch.Tensor:
        model.train().zero_grad()
        model(**inputs, labels=labels).loss.backward()
        return model.model.projector.linear.weight.grad.clone()

    before = gradient()
    logits(model)
    assert before.norm() > 0
    assert torch.equal(gradient(), before)


def test_adapters_on_four_bits_train_and_save_through_the_command_line(backbone: str, tmp_path: Path) -> None:
    recipe = {
        "data": "synthetic",
        "tasks": ["trend"],
        "num_train": 16,
        "num_validation": 4,
        "num_test": 4,
        "model_name_or_path": backbone,
        "encoder_config": encoder_config().to_dict() | {"model_type": "ts_patch_encoder"},
        "load_in_4bit": True,
        "use_peft": True,
        "max_steps": 2,
        "eval_strategy": "steps",
        "save_strategy": "steps",
        "eval_steps": 1,
        "save_steps": 1,
        "per_device_train_batch_size": 4,
        "max_new_tokens": 2,
        "disable_tqdm": True,
        "output_dir": str(tmp_path / "run"),
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    assert main(["train", "sft", "--config", str(tmp_path / "recipe.yaml")]) == 0
    trained = TSLMForCausalLM.from_pretrained(tmp_path / "run")
    assert len(quantised(trained)) == 14
    assert {parameter.dtype for parameter in trained.parameters()} == {torch.float32, torch.uint8}
    started = build(backbone, "soft_prompt", quantization_config=four_bits())
    difference = logits(trained) - logits(started)
    assert difference.isfinite().all()
    assert difference.abs().max() > 1e-4


def test_a_quantised_model_says_so_in_its_configuration_alone(backbone: str, tmp_path: Path) -> None:
    build(backbone, "soft_prompt", quantization_config=four_bits()).save_pretrained(tmp_path)
    config = TSLMConfig.from_pretrained(tmp_path)
    assert config.quantization_config["load_in_4bit"]
    assert not hasattr(config.text_config, "quantization_config")
    assert any("encoder" in name for name in config.quantization_config["llm_int8_skip_modules"])
