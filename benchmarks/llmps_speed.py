"""Prints what the whole forecaster costs beside its backbone alone, interleaved: python -m benchmarks.llmps_speed

The backbone is GPT-2 with 6 layers of width 768, fed one token per variable at batch 32 x 7 variables, look-back 96.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from transformers import GPT2Config, GPT2Model

from ts_llm_fusion import LLMPSConfig, LLMPSForForecasting, T2TConfig, T2TModel

_BATCH, _VARIABLES, _LENGTH = 32, 7, 96


def _seconds(step: Callable[[], None], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - start) / repeats


def _compare(name: str, whole: Callable[[], None], alone: Callable[[], None], rounds: int, repeats: int) -> None:
    for step in (whole, alone):
        step()
    times = [(_seconds(whole, repeats), _seconds(alone, repeats)) for _ in range(rounds)]
    for label, summary in (("minimum", min), ("median", statistics.median)):
        ours, theirs = summary([a for a, _ in times]), summary([b for _, b in times])
        milliseconds = f"whole {ours * 1e3:7.1f} ms  backbone {theirs * 1e3:7.1f} ms"
        print(f"{name:22} {label:8} {milliseconds}  ratio {ours / theirs:.3f}")


def main() -> None:
    """Prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.manual_seed(0)
    text_config = GPT2Config(n_layer=6)
    t2t = T2TModel(T2TConfig(context_length=_LENGTH)).eval()
    model = LLMPSForForecasting(LLMPSConfig(text_config=text_config, t2t_hidden_size=t2t.config.hidden_size))
    backbone = GPT2Model(text_config)
    past_values = torch.randn(_BATCH, _LENGTH, _VARIABLES)
    future_values = torch.randn(_BATCH, _LENGTH, _VARIABLES)
    tokens = torch.randn(_BATCH, _VARIABLES, text_config.n_embd)
    backbone.wte = None  # it reads no words, as in the forecaster
    optimisers = {
        module: torch.optim.AdamW([p for p in module.parameters() if p.requires_grad], lr=1e-4, fused=True)
        for module in (model, backbone)
    }

    def update(module: torch.nn.Module, loss: torch.Tensor) -> None:
        loss.backward()
        optimisers[module].step()
        optimisers[module].zero_grad()

    def train_alone() -> None:
        # As inside the model, tokens need a gradient too.
        update(
            backbone,
            backbone(inputs_embeds=tokens.requires_grad_(), use_cache=False).last_hidden_state.square().mean(),
        )

    def train_whole() -> None:
        update(model, model(past_values, future_values=future_values).loss)

    def train_with_t2t() -> None:
        with torch.no_grad():
            features = t2t(past_values).last_hidden_state
        update(model, model(past_values, future_values=future_values, semantic_features=features).loss)

    @torch.no_grad()
    def infer_alone() -> None:
        backbone(inputs_embeds=tokens, use_cache=False)

    @torch.no_grad()
    def infer_whole() -> None:
        model(past_values)

    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.rounds} rounds of {options.repeats}"
    )
    _compare("training step", train_whole, train_alone, options.rounds, options.repeats)
    _compare("training step with T2T", train_with_t2t, train_alone, options.rounds, options.repeats)
    model.eval(), backbone.eval()
    _compare("inference", infer_whole, infer_alone, options.rounds, options.repeats)


if __name__ == "__main__":
    main()
