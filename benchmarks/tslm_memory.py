"""Peak memory of a training step of the time-series language model, by the length of its series.

    python benchmarks/tslm_memory.py [--lengths 1000 10000 50000] [--hidden-size 512] [--layers 6] [--device cpu]
    python benchmarks/tslm_memory.py --lengths --ecg-layers 8

A step is forward, backward and AdamW, in float32, with gradient checkpointing, on one sample. On a CUDA device the
peak is the allocator's; on the CPU it is counted from the tensors that operators make. "Beyond the encoder" is the
same step with the encoder's tokens given, so that its activations are not there. The remaining growth is independent
of the language model: for each patch, the encoder's token and its gradient, and, while one layer of the
resampler runs backward, its normalized token and the gradients of that as key and as value. It is a small share of
all memory unless the language model is tiny. Flamingo is measured on a language model of the given size, the soft
prompt on that of the recipe synthetic_qa.

`--ecg-layers` also measures the soft prompt on the twelve leads of an ECG, 1,000 points each, with so many layers of
SmolLM2-135M, whose matrices of attention are stored or not, and its activations kept or computed again.
"""

import argparse
import weakref
from pathlib import Path

import torch
import yaml
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import LlamaConfig

from ts_llm_fusion import TSLMConfig, TSLMForCausalLM
from ts_llm_fusion.modeling import modeling_tslm

RECIPE = Path(__file__).parent.parent / "configs" / "tslm" / "synthetic_qa.yaml"
VOCAB_SIZE = 1_024
TOKEN = VOCAB_SIZE - 1
TEXT = [*range(5, 30)]


class PeakMemory(TorchDispatchMode):
    """Count of the bytes of all live storages, and their peak, from the moment it is entered."""

    def __init__(self, optimizer: torch.optim.Optimizer):
        super().__init__()
        self.alive, self.peak = 0, 0
        self.seen: set[int] = set()
        for tensor in tree_leaves([optimizer.param_groups, list(optimizer.state.values())]):
            if isinstance(tensor, torch.Tensor):
                self.add(tensor)

    def add(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata in self.seen:
            return
        self.seen.add(storage._cdata)
        self.alive += storage.nbytes()
        self.peak = max(self.peak, self.alive)
        weakref.finalize(storage, self.remove, storage._cdata, storage.nbytes())

    def remove(self, key: int, size: int) -> None:
        self.seen.discard(key)
        self.alive -= size

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.add(leaf)
        return result


def flamingo(hidden_size: int, layers: int) -> TSLMConfig:
    text_config = LlamaConfig(
        vocab_size=VOCAB_SIZE,
        hidden_size=hidden_size,
        intermediate_size=4 * hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=hidden_size // 64,
    )
    return TSLMConfig(fusion="flamingo", text_config=text_config, time_series_token_id=TOKEN)


def soft_prompt_of_recipe() -> TSLMConfig:
    recipe = yaml.safe_load(RECIPE.read_text())
    text_config = recipe["text_config"] | {"vocab_size": VOCAB_SIZE, "max_position_embeddings": 10_000}
    return TSLMConfig(text_config=text_config, encoder_config=recipe["encoder_config"], time_series_token_id=TOKEN)


def soft_prompt_of_ecg(layers: int, attention: str) -> TSLMConfig:
    """The soft prompt on layers of SmolLM2-135M, with a small vocabulary, and the default encoder."""
    text_config = LlamaConfig(
        vocab_size=VOCAB_SIZE,
        hidden_size=576,
        intermediate_size=1_536,
        num_hidden_layers=layers,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=8_192,
        tie_word_embeddings=True,
    )
    return TSLMConfig(text_config=text_config, time_series_token_id=TOKEN, attn_implementation=attention)


def build(config: TSLMConfig, device: str, checkpointing: bool = True) -> TSLMForCausalLM:
    torch.manual_seed(0)
    model = TSLMForCausalLM(config).to(device).train()
    if checkpointing:
        model.gradient_checkpointing_enable()
    return model


def inputs_of(model: TSLMForCausalLM, series: int, length: int, device: str) -> dict[str, torch.Tensor]:
    patches = -(-length // model.config.encoder_geometry.patch_length)
    placeholders = patches if model.config.fusion == "soft_prompt" else 1
    ids = torch.tensor([[token for _ in range(series) for token in [*TEXT, *[TOKEN] * placeholders]] + TEXT])
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "time_series": torch.randn(1, series, length)}
    inputs["labels"] = ids.masked_fill(ids == TOKEN, -100)
    return {name: value.to(device) for name, value in inputs.items()}


def step(model: TSLMForCausalLM, optimizer: torch.optim.Optimizer, inputs: dict[str, torch.Tensor]) -> None:
    model(**inputs).loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def peak_of_step(model: TSLMForCausalLM, inputs: dict[str, torch.Tensor]) -> int:
    """Peak bytes of one training step, weights, gradients and the optimizer's moments included."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0)
    step(model, optimizer, inputs)  # makes the moments
    if inputs["input_ids"].is_cuda:
        torch.cuda.reset_peak_memory_stats()
        step(model, optimizer, inputs)
        return torch.cuda.max_memory_allocated()
    with PeakMemory(optimizer) as memory:
        step(model, optimizer, inputs)
    return memory.peak


def peak_beyond_encoder(model: TSLMForCausalLM, inputs: dict[str, torch.Tensor]) -> int:
    """Peak bytes of a training step with the encoder's tokens given; they require a gradient, as in training."""
    with torch.no_grad():
        mask = torch.ones_like(inputs["time_series"])
        features, exists = modeling_tslm.encode_series(model.model.encoder, inputs["time_series"], mask)
    features.requires_grad_()
    original = modeling_tslm.encode_series
    modeling_tslm.encode_series = lambda *_: (features, exists)
    try:
        return peak_of_step(model, inputs)
    finally:
        modeling_tslm.encode_series = original


def print_ecg(layers: int, device: str) -> None:
    """Print the peaks of twelve series of 1,000 points, each next to that of stored matrices and kept activations."""
    first = None
    for attention in ("eager", "sdpa"):
        for checkpointing in (False, True):
            model = build(soft_prompt_of_ecg(layers, attention), device, checkpointing)
            inputs = inputs_of(model, 12, 1_000, device)
            peak = peak_of_step(model, inputs)
            first = first or peak
            kept = "computed again" if checkpointing else "kept"
            print(
                f"soft_prompt of an ECG: {layers} layers of SmolLM2-135M, {inputs['input_ids'].shape[1]} tokens, "
                f"attention {attention}, activations {kept}: peak {peak / 2**20:.1f} MiB, "
                f"{peak / first:.3f} of the first",
                flush=True,
            )


def print_by_length(args: argparse.Namespace) -> None:
    """Print the peaks of Flamingo by the length of its series, and of the soft prompt by their number."""
    model = build(flamingo(args.hidden_size, args.layers), args.device)
    parameters = model.num_parameters() / 1e6
    print(f"flamingo: {args.layers} layers of width {args.hidden_size}, {parameters:.1f} million parameters")
    peaks = []
    for length in args.lengths:
        inputs = inputs_of(model, 1, length, args.device)
        whole, beyond = peak_of_step(model, inputs), peak_beyond_encoder(model, inputs)
        peaks.append(beyond)
        print(f"flamingo: {length} points: peak {whole / 2**20:.1f} MiB, beyond the encoder {beyond / 2**20:.1f} MiB")
    growth = 100 * (max(peaks) / min(peaks) - 1)
    more = (max(peaks) - min(peaks)) / 2**20
    print(f"flamingo: growth beyond the encoder {growth:.1f} %, {more:.1f} MiB (wanted within 10 %)")
    model = build(soft_prompt_of_recipe(), args.device)
    print(f"soft_prompt: the recipe {RECIPE.stem}, {model.num_parameters() / 1e6:.1f} million parameters")
    for series, length in ((3, 1_000), (6, 1_000), (12, 1_000)):
        peak = peak_of_step(model, inputs_of(model, series, length, args.device))
        print(f"soft_prompt: {series} series of {length} points: peak {peak / 2**20:.1f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", type=int, nargs="*", default=[1_000, 10_000, 50_000])
    parser.add_argument("--hidden-size", type=int, default=512)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--ecg-layers", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    if args.ecg_layers:
        print_ecg(args.ecg_layers, args.device)
    if args.lengths:
        print_by_length(args)


if __name__ == "__main__":
    main()
