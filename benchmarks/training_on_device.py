"""Speed and memory of a training step on a device: `python -m benchmarks.training_on_device`

A step is forward, backward and fused AdamW on all weights, random and float32, under autocast to bfloat16. The
time-series language model reads four series of 256 steps and 128 tokens of text in each of 16 samples, by the soft
prompt or by Flamingo; the forecaster 7 variables of 512 steps, in tokens of 16, in each of 16 samples. Tokens are
those that the backbone reads. In 4 bits, the weights of the backbone are NF4 with adapters of rank 16, and all else is
trained as before; no recipe quantizes a forecaster. Floating-point operations are counted by torch during one step
(matrix products, attention and convolutions; nothing is computed twice), and their rate over the device's peak is the
model FLOPs utilization; torch does not know the products in 4 bits. Memory is the peak of torch's allocator. On a CPU,
`--backbones tiny` is a model that fits there.
"""

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from peft import get_peft_model
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, BitsAndBytesConfig, PreTrainedModel
from trl import ModelConfig

from ts_llm_fusion import LLMPSConfig, LLMPSForForecasting, TSLMConfig, TSLMForCausalLM
from ts_llm_fusion.evaluation.report import results_table
from ts_llm_fusion.training.tslm_adapters import lora_config

_SAMPLES, _SERIES, _STEPS, _TEXT = 16, 4, 256, 128
_VARIABLES, _CONTEXT, _PATCH, _HORIZON = 7, 512, 16, 96
BACKBONES = {
    "Llama-3.2-1B": {
        "model_type": "llama",
        "num_hidden_layers": 16,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
        "max_position_embeddings": 131072,
        "tie_word_embeddings": True,
    },
    "SmolLM2-135M": {
        "model_type": "llama",
        "num_hidden_layers": 30,
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "vocab_size": 49152,
        "max_position_embeddings": 8192,
        "tie_word_embeddings": True,
    },
    "GPT-2": {"model_type": "gpt2", "bos_token_id": 0, "eos_token_id": 0},
    "tiny": {
        "model_type": "llama",
        "num_hidden_layers": 2,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_attention_heads": 4,
        "vocab_size": 512,
    },
}
Model = tuple[PreTrainedModel, dict[str, Tensor], int]


def language_model(fusion: str, text_config: dict, device: str) -> Model:
    """Model of series and text, a batch, and the tokens in it."""
    backbone = AutoConfig.for_model(**text_config)
    token = backbone.vocab_size - 1
    with torch.device(device):
        model = TSLMForCausalLM(TSLMConfig(fusion=fusion, text_config=backbone, time_series_token_id=token))
        tokens = _STEPS // model.config.encoder_geometry.patch_length if fusion == "soft_prompt" else 1
        text = torch.randint(0, token, (_SAMPLES, _TEXT))
        placeholders = torch.full((_SAMPLES, _SERIES * tokens), token)
        batch = {
            "input_ids": torch.cat((placeholders, text), 1),
            "labels": torch.cat((torch.full_like(placeholders, -100), text), 1),
            "time_series": torch.randn(_SAMPLES, _SERIES, _STEPS),
        }
    return model, batch, batch["input_ids"].numel()


def forecaster(text_config: dict, device: str) -> Model:
    """LLM-PS forecaster, a batch, and the tokens in it."""
    config = LLMPSConfig(
        context_length=_CONTEXT,
        prediction_length=_HORIZON,
        patch_length=_PATCH,
        text_config=AutoConfig.for_model(**text_config),
    )
    with torch.device(device):
        batch = {
            "past_values": torch.randn(_SAMPLES, _CONTEXT, _VARIABLES),
            "future_values": torch.randn(_SAMPLES, _HORIZON, _VARIABLES),
        }
        model = LLMPSForForecasting(config)
    return model, batch, _SAMPLES * _VARIABLES * config.tokens_per_variable


FAMILIES: dict[str, Callable[[dict, str], Model]] = {
    "TSLM, soft prompt": partial(language_model, "soft_prompt"),
    "TSLM, Flamingo": partial(language_model, "flamingo"),
    "LLM-PS": forecaster,
}


def in_4_bits(model: PreTrainedModel) -> Any:
    """The model with a backbone of 4 bits, adapters in it, and all other parts trained."""
    quantization = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype="bfloat16")
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        loaded = type(model).from_pretrained(folder, quantization_config=quantization, device_map=model.device)
    adapters = ModelConfig(use_peft=True, lora_r=16, lora_dropout=0.0)
    return get_peft_model(loaded, lora_config(loaded, adapters, freeze=[]))


def measure(
    make: Callable[[dict, str], Model], text_config: dict, precision: str, options: argparse.Namespace
) -> dict[str, float]:
    """Row of the table of a family on a backbone."""
    is_cuda = options.device.startswith("cuda")
    model: Any
    model, batch, tokens = make(text_config, options.device)
    if precision == "4-bit":
        model = in_4_bits(model)
    model.train()
    gc.collect()  # the models before
    if is_cuda:
        torch.cuda.reset_peak_memory_stats()
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5, fused=True)

    def step() -> None:
        with torch.autocast(options.device.split(":")[0], torch.bfloat16):
            loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    step()
    seconds = []
    for _ in range(options.steps):
        start = time.perf_counter()
        step()
        if is_cuda:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    row = {
        "trained, millions": sum(weight.numel() for weight in trained) / 1e6,
        "tokens": tokens,
        "ms a step": 1e3 * median,
        "tokens a second": tokens / median,
    }
    if is_cuda:
        row["GiB"] = torch.cuda.max_memory_allocated() / 2**30
    if precision == "bf16":
        # The counter refuses fused attention whose queries share keys; its products alone are the same.
        model.set_attn_implementation("eager")
        with FlopCounterMode(display=False) as counter:
            step()
        row["TFLOP/s"] = counter.get_total_flops() / median / 1e12
        if is_cuda:
            row["utilization"] = row["TFLOP/s"] / options.peak_tflops
    return row


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbones", nargs="+", choices=BACKBONES, default=["GPT-2", "SmolLM2-135M", "Llama-3.2-1B"])
    parser.add_argument("--precisions", nargs="+", choices=["bf16", "4-bit"], default=["bf16", "4-bit"])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, default=10, help="timed steps, of which the median counts")
    parser.add_argument(
        "--peak-tflops", type=float, default=989.0, help="peak rate of the device in bfloat16; that of an H100 SXM"
    )
    options = parser.parse_args()
    torch.manual_seed(0)
    rows = {}
    for backbone in options.backbones:
        for family, make in FAMILIES.items():
            for precision in options.precisions if make is not forecaster else ["bf16"]:
                rows[f"{family}, {backbone}, {precision}"] = measure(make, BACKBONES[backbone], precision, options)
                print(results_table(rows), flush=True)


if __name__ == "__main__":
    main()
