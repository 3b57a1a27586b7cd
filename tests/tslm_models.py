"""Tiny models and tokenizers of the time-series language model, built on the spot."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen3Config,
)

from ts_llm_fusion import TSEncoderConfig, TSLMConfig, TSLMForCausalLM

# Models here are so small that a second thread costs more than it gives, far more on a busy machine.
torch.set_num_threads(1)

BACKBONES = ["llama", "gemma3", "qwen3", "gpt2"]
FUSIONS = ["soft_prompt", "flamingo"]
VOCAB_SIZE = 300
TOKEN = VOCAB_SIZE - 1
PAD = 0

_SHAPE = {
    "vocab_size": VOCAB_SIZE,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
    "pad_token_id": PAD,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def backbone_config(name: str) -> PreTrainedConfig:
    if name == "gpt2":
        return GPT2Config(
            vocab_size=VOCAB_SIZE, n_embd=32, n_layer=2, n_head=4, n_positions=512, bos_token_id=1, eos_token_id=2
        )
    if name == "gemma3":
        return Gemma3TextConfig(**_SHAPE, sliding_window=16, layer_types=["sliding_attention", "full_attention"])
    return {"llama": LlamaConfig, "qwen3": Qwen3Config}[name](**_SHAPE)


def encoder_config(**fields) -> TSEncoderConfig:
    return TSEncoderConfig(
        **{"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 32, **fields}
    )


def tslm_config(fusion: str, backbone: str = "llama", **fields) -> TSLMConfig:
    sizes = {
        "num_latents": 4,
        "resampler_num_layers": 2,
        "resampler_num_heads": 2,
        "resampler_head_dim": 8,
        "cross_attention_num_heads": 2,
        "cross_attention_head_dim": 8,
    }
    return TSLMConfig(
        **{
            "fusion": fusion,
            "text_config": backbone_config(backbone),
            "encoder_config": encoder_config(),
            "time_series_token_id": TOKEN,
            **sizes,
            **fields,
        }
    )


def tslm(fusion: str, backbone: str = "llama", seed: int = 0, **fields) -> TSLMForCausalLM:
    """A model in which everything matters: sharper weights than initial ones, and open gates."""
    torch.manual_seed(seed)
    model = TSLMForCausalLM(tslm_config(fusion, backbone, **fields)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "gate" in name and "gate_proj" not in name:
                parameter.fill_(0.8)
            elif parameter.ndim > 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def batch(model: TSLMForCausalLM, samples: list[list], padding_side: str = "left") -> dict[str, torch.Tensor]:
    """Inputs for samples of token ids and, where a series stands, 1-d tensors."""
    geometry, soft = model.config.encoder_geometry, model.config.fusion == "soft_prompt"
    rows, series = [], []
    for sample in samples:
        series.append([item for item in sample if isinstance(item, torch.Tensor)])
        row = []
        for item in sample:
            tokens = -(-len(item) // geometry.patch_length) if isinstance(item, torch.Tensor) and soft else 1
            row += [TOKEN] * tokens if isinstance(item, torch.Tensor) else [item]
        rows.append(row)
    length = max(map(len, rows))
    ids = torch.full((len(rows), length), PAD)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        where = slice(length - len(row), None) if padding_side == "left" else slice(0, len(row))
        ids[number, where], mask[number, where] = torch.tensor(row), 1
    inputs = {"input_ids": ids, "attention_mask": mask}
    most, longest = max(map(len, series)), max((len(one) for some in series for one in some), default=0)
    if most:
        inputs["time_series"] = torch.zeros(len(rows), most, longest)
        inputs["time_series_mask"] = torch.zeros(len(rows), most, longest, dtype=torch.bool)
        for number, some in enumerate(series):
            for column, one in enumerate(some):
                inputs["time_series"][number, column, : len(one)] = one
                inputs["time_series_mask"][number, column, : len(one)] = True
    return inputs


def greedy(model: TSLMForCausalLM, inputs: dict[str, torch.Tensor], **options) -> torch.Tensor:
    """New tokens (batch, 8) of greedy decoding."""
    options = {"max_new_tokens": 8, "min_new_tokens": 8, "do_sample": False, "pad_token_id": PAD, **options}
    return model.generate(**inputs, **options)[:, inputs["input_ids"].shape[1] :]


def tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(["<pad>", "<s>", "</s>", *alphabet])}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>", bos_token="<s>", eos_token="</s>")


def save_backbone(folder: Path, name: str = "llama") -> str:
    """A random language model with a tokenizer of 259 tokens, as `from_backbone` needs it."""
    torch.manual_seed(0)
    config = backbone_config(name)
    config.vocab_size = len(tokenizer())
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return str(folder)
