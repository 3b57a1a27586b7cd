"""Print the cost of the forecaster beside its backbone alone and its peers: python -m benchmarks.llmps_speed

Two backbones, GPT-2 of 6 layers of width 768 and of 2 layers of width 256, get one token per variable. Peers are
PatchTST as in its paper (arXiv 2211.14730) and Chronos-Bolt in two published sizes, which takes variables as separate
series and always forecasts 64 steps. All weights are random. Times are processor time, which other work on the machine
hardly affects, and every round runs each variant once.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from transformers import GPT2Config, GPT2Model, PatchTSTConfig, PatchTSTForPrediction, PreTrainedModel, T5Config

from ts_llm_fusion import LLMPSConfig, LLMPSForForecasting, T2TConfig, T2TModel

_VARIABLES = 7
# layers, width
_BACKBONES = ((6, 768), (2, 256))
# name -> layers, width, heads
_CHRONOS_BOLT = {"Chronos-Bolt-tiny": (4, 256, 4), "Chronos-Bolt-small": (6, 512, 8)}
Step = Callable[[], object]


def _chronos_bolt(layers: int, width: int, heads: int) -> PreTrainedModel:
    try:
        from chronos.chronos_bolt import ChronosBoltModelForForecasting
    except ImportError:
        raise SystemExit("Chronos-Bolt is not installed; pip install 'ts-llm-fusion[benchmark]'.") from None
    config = T5Config(
        d_model=width,
        d_kv=64,
        d_ff=4 * width,
        num_layers=layers,
        num_heads=heads,
        decoder_start_token_id=0,
        reg_token_id=1,
        chronos_config={
            "context_length": 2048,
            "prediction_length": 64,
            "input_patch_size": 16,
            "input_patch_stride": 16,
            "quantiles": [level / 10 for level in range(1, 10)],
            "use_reg_token": True,
        },
    )
    return ChronosBoltModelForForecasting(config).eval()


def _patch_tst(context_length: int, horizon: int) -> PreTrainedModel:
    config = PatchTSTConfig(
        num_input_channels=_VARIABLES,
        context_length=context_length,
        prediction_length=horizon,
        patch_length=16,
        patch_stride=8,
        d_model=128,
        num_hidden_layers=3,
        num_attention_heads=16,
        ffn_dim=256,
    )
    return PatchTSTForPrediction(config).eval()


def _training_step(module: nn.Module, loss: Callable[[], Tensor]) -> Step:
    embeddings = module.get_input_embeddings()
    if embeddings is not None:
        # The bare backbone gets vectors in place of tokens.
        embeddings.requires_grad_(False)
    optimizer = torch.optim.AdamW([p for p in module.parameters() if p.requires_grad], lr=1e-4, fused=True)

    def step() -> None:
        module.train()
        with torch.enable_grad():
            loss().backward()
        optimizer.step()
        optimizer.zero_grad()
        module.eval()

    return step


def _sizes(past_values: Tensor, horizon: int, layers: int, width: int) -> dict[str, Step]:
    """Name -> inference or training step of a forecaster, and of its backbone."""
    batch, context_length, _ = past_values.shape
    text_config = GPT2Config(n_layer=layers, n_embd=width, n_head=width // 64)
    t2t = T2TModel(T2TConfig(context_length=context_length)).eval()
    fields = {
        "context_length": context_length,
        "prediction_length": horizon,
        "t2t_hidden_size": t2t.config.hidden_size,
    }
    model = LLMPSForForecasting(LLMPSConfig(text_config=text_config, **fields)).eval()
    backbone = GPT2Model(text_config).eval()
    future_values = torch.randn(batch, horizon, _VARIABLES)
    # As inside the model, tokens need a gradient too.
    tokens = torch.randn(batch, _VARIABLES, width, requires_grad=True)

    def backbone_loss() -> Tensor:
        return backbone(inputs_embeds=tokens, use_cache=False).last_hidden_state.square().mean()

    def t2t_loss() -> Tensor:
        with torch.no_grad():
            features = t2t(past_values).last_hidden_state
        return model(past_values, future_values=future_values, semantic_features=features).loss

    return {
        "inference": lambda: model(past_values),
        "inference, backbone": lambda: backbone(inputs_embeds=tokens, use_cache=False),
        "training": _training_step(model, lambda: model(past_values, future_values=future_values).loss),
        "training with T2T": _training_step(model, t2t_loss),
        "training, backbone": _training_step(backbone, backbone_loss),
    }


def _milliseconds(step: Step) -> float:
    start = time.process_time()
    step()
    return (time.process_time() - start) * 1e3


@torch.no_grad()
def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--context_length", type=int, nargs="+", default=[96, 192, 512, 1024])
    parser.add_argument("--horizon", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.manual_seed(0)
    chronos_bolts = {name: _chronos_bolt(*size) for name, size in _CHRONOS_BOLT.items()}
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, median of {options.rounds} rounds, "
        f"batch {options.batch} x {_VARIABLES}, {options.horizon} steps ahead\n\n"
        "| look-back | variant | ms of the processor | backbone / whole |\n| --- | --- | --- | --- |"
    )
    for context_length in options.context_length:
        past_values = torch.randn(options.batch, context_length, _VARIABLES)
        patch_tst = _patch_tst(context_length, options.horizon)
        series = past_values.transpose(1, 2).flatten(0, 1)
        steps: dict[str, Step] = {"PatchTST": partial(patch_tst, past_values)}
        steps |= {name: partial(model, series) for name, model in chronos_bolts.items()}
        for layers, width in _BACKBONES:
            sizes = _sizes(past_values, options.horizon, layers, width)
            steps |= {f"{layers} x {width}, {name}": step for name, step in sizes.items()}
        for step in steps.values():
            step()
        rounds = [{name: _milliseconds(step) for name, step in steps.items()} for _ in range(options.rounds)]
        for name in steps:
            ratio = ""
            alone = f"{name.removesuffix(' with T2T')}, backbone"
            if alone in steps:
                ratio = f"{statistics.median(one[alone] / one[name] for one in rounds):.2f}"
            print(f"| {context_length} | {name} | {statistics.median(one[name] for one in rounds):.1f} | {ratio} |")


if __name__ == "__main__":
    main()
