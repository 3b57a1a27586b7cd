"""Speed of the built-in forecaster beside Chronos-Bolt-tiny: `python -m benchmarks.bolt_speed [--model FOLDER]`.

Needs `pip install --no-deps chronos-forecasting`. Chronos-Bolt-tiny is built from its configuration with random
weights, which take as long as trained ones. Both run on one thread, in turns; the best of all turns counts, in series
a second of processor time.
"""

import argparse
import time
from collections.abc import Callable

import torch
from chronos.chronos_bolt import ChronosBoltModelForForecasting
from torch import Tensor
from transformers import T5Config

import ts_llm_fusion
from ts_llm_fusion import TSFusionForForecasting
from ts_llm_fusion.evaluation.report import results_table

LEVELS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
# (steps of history, steps ahead, series)
SIZES = ((512, 64, 512), (72, 18, 2048))
_TURNS = 5
_BATCH = 1024
# Of amazon/chronos-bolt-tiny.
_T5 = {"d_model": 256, "d_kv": 64, "d_ff": 1024, "num_layers": 4, "num_heads": 4, "vocab_size": 2}
_BOLT = {
    "context_length": 2048,
    "prediction_length": 64,
    "input_patch_size": 16,
    "input_patch_stride": 16,
    "quantiles": LEVELS,
    "use_reg_token": True,
}


def bolt_tiny() -> ChronosBoltModelForForecasting:
    """Chronos-Bolt-tiny with random weights."""
    config = T5Config(**_T5, pad_token_id=0, decoder_start_token_id=0)
    config.chronos_config = _BOLT
    return ChronosBoltModelForForecasting(config).eval()


@torch.inference_mode()
def seconds(forecast: Callable[[Tensor], object], values: Tensor) -> float:
    """Processor time of a forecast in batches of `_BATCH`."""
    start = time.process_time()
    for batch in values.split(_BATCH):
        forecast(batch)
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=ts_llm_fusion.BUILT_IN, help="checkpoint; the built-in one by default")
    place = parser.parse_args().model
    torch.set_num_threads(1)
    ours, bolt = TSFusionForForecasting.from_pretrained(place), bolt_tiny()
    print(f"parameters: {sum(p.numel() for p in ours.parameters()):,}; Chronos-Bolt-tiny {bolt.num_parameters():,}\n")
    rows: dict[str, dict[str, float]] = {"built in": {}, "Chronos-Bolt-tiny": {}, "ratio": {}}
    for history, horizon, series in SIZES:
        values = torch.randn(series, history, generator=torch.Generator().manual_seed(0)).cumsum(1)
        runs = {
            "built in": lambda batch, horizon=horizon: ours.predict(batch[..., None], None, horizon, LEVELS),
            "Chronos-Bolt-tiny": lambda batch: bolt(context=batch),
        }
        taken: dict[str, list[float]] = {name: [] for name in runs}
        for run in runs.values():
            run(values[:32])
        for _ in range(_TURNS):
            for name, run in runs.items():
                taken[name].append(seconds(run, values))
        size = f"{history} to {horizon}"
        for name in runs:
            rows[name][size] = series / min(taken[name])
        rows["ratio"][size] = rows["built in"][size] / rows["Chronos-Bolt-tiny"][size]
    print(results_table(rows))


if __name__ == "__main__":
    main()
