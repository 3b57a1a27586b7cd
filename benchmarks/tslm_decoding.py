"""Decoding speed of the time-series language model against its bare backbone, in one run.

    python benchmarks/tslm_decoding.py [--backbone gpt2-6] [--rounds 5] [--threads 2]

Both decode 64 tokens after a prompt of the same number of tokens, which for the model is 12 series of 1,000 points in
text. Rounds are interleaved, and the ratio is taken within a round, by the clock and by processor time, which
a busy machine affects less. Flamingo has a block before every layer, with the default
feed-forward and with the published 4-fold one, and before every second layer. Also counts how often the encoder runs.
"""

import argparse
import statistics
import time

import torch
from transformers import GPT2Config, LlamaConfig, PreTrainedConfig, PreTrainedModel
from transformers.generation import BaseStreamer

from ts_llm_fusion import TSLMConfig, TSLMForCausalLM

SERIES, POINTS, NEW_TOKENS = 12, 1_000, 64
TEXT_TOKENS = 25  # before each series
# Random weights in the sizes of common models for CPUs, with enough positions for the longer prompt.
BACKBONES = {
    "gpt2-6": lambda: GPT2Config(n_layer=6, n_positions=4_096),  # DistilGPT-2
    "smollm-135m": lambda: LlamaConfig(
        vocab_size=49_152,
        hidden_size=576,
        intermediate_size=1_536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=4_096,
        tie_word_embeddings=True,
    ),
}
# (fusion, feed-forward of a block in widths of the hidden states, layers per block, wanted ratio)
VARIANTS = [("flamingo", 1, 1, 0.70), ("flamingo", 4, 1, 0.70), ("flamingo", 1, 2, 0.70), ("soft_prompt", 1, 1, 0.95)]


def build(fusion: str, text_config: PreTrainedConfig, feed_forward: int, every: int) -> TSLMForCausalLM:
    torch.manual_seed(0)
    config = TSLMConfig(
        fusion=fusion,
        text_config=text_config,
        time_series_token_id=text_config.vocab_size - 1,
        cross_attention_intermediate_size=feed_forward * text_config.hidden_size,
        cross_attention_every_n_layers=every,
    )
    return TSLMForCausalLM(config).eval()


def prompt(model: TSLMForCausalLM) -> dict[str, torch.Tensor]:
    placeholders = POINTS // model.config.encoder_geometry.patch_length if model.config.fusion == "soft_prompt" else 1
    series = [*range(5, 5 + TEXT_TOKENS), *[model.config.time_series_token_id] * placeholders]
    ids = torch.tensor([series * SERIES])
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "time_series": torch.randn(1, SERIES, POINTS),
        "time_series_mask": torch.ones(1, SERIES, POINTS, dtype=torch.bool),
    }


class TokenTimes(BaseStreamer):
    """Times of the prompt and of each token, by the clock and in processor time."""

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []

    def put(self, value: torch.Tensor) -> None:
        self.times.append((time.perf_counter(), time.process_time()))

    def end(self) -> None:
        pass


def tokens_per_second(model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> list[float]:
    """Measure the speed of `NEW_TOKENS` tokens after the first, without the prompt, by clock and processor time."""
    streamer, tokens = TokenTimes(), 1 + NEW_TOKENS
    options = {"max_new_tokens": tokens, "min_new_tokens": tokens, "do_sample": False, "pad_token_id": 0}
    model.generate(**inputs, **options, streamer=streamer)
    return [NEW_TOKENS / (end - start) for start, end in zip(streamer.times[1], streamer.times[-1], strict=True)]


def measure(name: str, model: TSLMForCausalLM, rounds: int) -> list[tuple[float, float]]:
    """Measure the ratios to the bare backbone in each round, by the clock and by processor time."""
    inputs = prompt(model)
    bare_inputs = {key: inputs[key] for key in ("input_ids", "attention_mask")}
    calls = []
    model.model.encoder.register_forward_hook(lambda *_: calls.append(None))
    tokens_per_second(model, inputs)
    print(f"{name}: prompt of {inputs['input_ids'].shape[1]} tokens, encoder runs a generation: {len(calls)}")
    ratios = []
    for number in range(rounds):
        ours, bare = tokens_per_second(model, inputs), tokens_per_second(model.model.backbone, bare_inputs)
        ratios.append((ours[0] / bare[0], ours[1] / bare[1]))
        print(
            f"{name}: round {number}: {ours[0]:.1f} of {bare[0]:.1f} tokens/s, ratio {ratios[-1][0]:.3f}, "
            f"by processor time {ratios[-1][1]:.3f}",
            flush=True,
        )
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", choices=BACKBONES, default="gpt2-6")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    config = BACKBONES[args.backbone]()
    print(
        f"backbone {args.backbone}: {config.num_hidden_layers} layers of width {config.hidden_size}, "
        f"vocabulary of {config.vocab_size}, float32, random weights, {args.threads} threads"
    )
    for fusion, feed_forward, every, wanted in VARIANTS:
        blocks = f"{fusion}, feed-forward of {feed_forward} widths, a block in {every} layers"
        name = fusion if fusion == "soft_prompt" else blocks
        ratios = measure(name, build(fusion, BACKBONES[args.backbone](), feed_forward, every), args.rounds)
        for clock, values in zip(("clock", "processor time"), zip(*ratios, strict=True), strict=True):
            median = statistics.median(values)
            print(f"{name}, {clock}: min ratio {min(values):.3f}, median ratio {median:.3f} (wanted {wanted:.2f})")


if __name__ == "__main__":
    main()
