"""Decoding speed of the time-series language model against its bare backbone, in one run.

    python benchmarks/tslm_decoding.py [--rounds 5] [--threads 2] [--hidden-size 256] [--layers 4]

Both decode 64 tokens after a prompt of the same number of tokens, which for the model is 12 series of 1,000 points in
text. Rounds are interleaved, and the ratio is taken within a round. Also counts how often the encoder runs.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from transformers import LlamaConfig, PreTrainedModel

from ts_llm_fusion import TSLMConfig, TSLMForCausalLM

SERIES, POINTS, NEW_TOKENS = 12, 1_000, 64
TEXT_TOKENS = 25  # before each series
VOCAB_SIZE = 8_192
TOKEN = VOCAB_SIZE - 1
TARGETS = {"soft_prompt": 0.95, "flamingo": 0.70}


def build(fusion: str, hidden_size: int, layers: int) -> TSLMForCausalLM:
    text_config = LlamaConfig(
        vocab_size=VOCAB_SIZE,
        hidden_size=hidden_size,
        intermediate_size=4 * hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=hidden_size // 64,
        max_position_embeddings=4_096,
    )
    torch.manual_seed(0)
    return TSLMForCausalLM(TSLMConfig(fusion=fusion, text_config=text_config, time_series_token_id=TOKEN)).eval()


def prompt(model: TSLMForCausalLM) -> dict[str, torch.Tensor]:
    placeholders = POINTS // model.config.encoder_geometry.patch_length if model.config.fusion == "soft_prompt" else 1
    ids = [token for _ in range(SERIES) for token in [*range(5, 5 + TEXT_TOKENS), *[TOKEN] * placeholders]]
    ids = torch.tensor([ids])
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "time_series": torch.randn(1, SERIES, POINTS),
        "time_series_mask": torch.ones(1, SERIES, POINTS, dtype=torch.bool),
    }


def generate(model: PreTrainedModel, inputs: dict[str, torch.Tensor], tokens: int) -> float:
    """Seconds to generate exactly `tokens` tokens."""
    start = time.perf_counter()
    model.generate(**inputs, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False, pad_token_id=0)
    return time.perf_counter() - start


def tokens_per_second(run: Callable[[int], float]) -> float:
    """Speed of the tokens after the first one, so without the prompt."""
    first = run(1)
    return NEW_TOKENS / (run(1 + NEW_TOKENS) - first)


def measure(fusion: str, hidden_size: int, layers: int, rounds: int) -> list[float]:
    model = build(fusion, hidden_size, layers)
    inputs = prompt(model)
    bare_inputs = {name: inputs[name] for name in ("input_ids", "attention_mask")}
    calls = []
    model.model.encoder.register_forward_hook(lambda *_: calls.append(None))
    generate(model, inputs, 1 + NEW_TOKENS)
    print(f"{fusion}: encoder runs a generation: {len(calls)}")
    ratios = []
    for number in range(rounds):
        ours = tokens_per_second(lambda tokens: generate(model, inputs, tokens))
        bare = tokens_per_second(lambda tokens: generate(model.model.backbone, bare_inputs, tokens))
        ratios.append(ours / bare)
        print(f"{fusion}: round {number}: {ours:.1f} of {bare:.1f} tokens/s, ratio {ratios[-1]:.3f}")
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for fusion, target in TARGETS.items():
        ratios = measure(fusion, args.hidden_size, args.layers, args.rounds)
        median = statistics.median(ratios)
        print(f"{fusion}: min ratio {min(ratios):.3f}, median ratio {median:.3f} (wanted {target:.2f})")


if __name__ == "__main__":
    main()
