"""Print size, speed and error of exported and quantized forecasters, interleaved: python -m benchmarks.export_speed

By default the forecaster is that of benchmarks.llmps_speed with random weights: GPT-2 with 6 layers of width 768,
look-back and horizon 96; `--model` names a trained one. Windows are random walks of 7 variables; errors are against
the eager float32 model, in units of the window's standard deviation.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torchao.quantization import Int8DynamicActivationInt8WeightConfig, Int8WeightOnlyConfig
from transformers import GPT2Config, PreTrainedModel, TorchAoConfig

from ts_llm_fusion import LLMPSConfig, LLMPSForForecasting
from ts_llm_fusion.export import export_forecaster

_BATCH, _VARIABLES = 32, 7
_TORCHAO = {
    "torchao int8 weights": Int8WeightOnlyConfig(version=2),
    "torchao int8 weights and activations": Int8DynamicActivationInt8WeightConfig(),
}
Forecast = Callable[[torch.Tensor], np.ndarray]


def _of_model(model: PreTrainedModel) -> Forecast:
    return lambda values: model(values).mean_predictions.numpy()


def _of_program(path: Path) -> Forecast:
    graph = torch.export.load(path).module()
    return lambda values: graph(values, torch.ones_like(values, dtype=torch.bool))["mean_predictions"].numpy()


def _of_onnx(path: Path, threads: int) -> Forecast:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options)

    def forecast(values: torch.Tensor) -> np.ndarray:
        values = values.numpy()
        feed = {"past_values": values, "past_observed_mask": np.ones_like(values, dtype=bool)}
        return session.run(["mean_predictions"], feed)[0]

    return forecast


def _variants(model: PreTrainedModel, folder: Path, threads: int) -> dict[str, tuple[Forecast, int]]:
    """Name -> forecast function and size of the file in bytes."""
    variants = {}

    def add(name: str, path: Path, forecast: Forecast) -> None:
        variants[name] = (forecast, path.stat().st_size)

    model.save_pretrained(folder / "eager")
    add("eager float32", folder / "eager" / "model.safetensors", _of_model(model))
    half = LLMPSForForecasting.from_pretrained(folder / "eager", dtype=torch.bfloat16)
    half.save_pretrained(folder / "bfloat16")
    add("eager bfloat16", folder / "bfloat16" / "model.safetensors", _of_model(half))
    for name, settings in _TORCHAO.items():
        small = LLMPSForForecasting.from_pretrained(folder / "eager", quantization_config=TorchAoConfig(settings))
        small.save_pretrained(folder / name)
        add(name, folder / name / "model.safetensors", _of_model(small))
    for int8 in (False, True):
        weights = "int8" if int8 else "float32"
        path = export_forecaster(model, folder / f"torch {weights}", "torch", int8)
        add(f"torch.export {weights}", path, _of_program(path))
        path = export_forecaster(model, folder / f"onnx {weights}", "onnx", int8)
        add(f"ONNX {weights}", path, _of_onnx(path, threads))
    return variants


def _milliseconds(forecast: Forecast, values: torch.Tensor) -> float:
    start = time.perf_counter()
    forecast(values)
    return (time.perf_counter() - start) * 1e3


@torch.no_grad()
def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a trained forecaster")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    if options.model:
        model = LLMPSForForecasting.from_pretrained(options.model)
    else:
        model = LLMPSForForecasting(LLMPSConfig(text_config=GPT2Config(n_layer=6)))
    model.eval()
    variables = model.config.num_input_channels or _VARIABLES
    values = torch.randn(_BATCH, model.config.context_length, variables).cumsum(1)
    scale = values.std(1, keepdim=True).numpy()
    with tempfile.TemporaryDirectory() as folder:
        variants = _variants(model, Path(folder), options.threads)
        expected = model(values).mean_predictions.numpy()
        errors = {name: np.abs(forecast(values) - expected) / scale for name, (forecast, _) in variants.items()}
        times: dict[str, list[float]] = {name: [] for name in variants}
        for _ in range(options.rounds):
            for name, (forecast, _) in variants.items():
                times[name].append(_milliseconds(forecast, values))
    eager = times["eager float32"]
    print(
        f"torch {torch.__version__}, onnxruntime {onnxruntime.__version__}, {options.threads} threads, "
        f"{options.rounds} rounds of batch {_BATCH} x {variables}\n\n"
        "| variant | MB | ms, minimum | ms, median | minimum / eager | median / eager | largest error | mean error |"
        "\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for name, (_, size) in variants.items():
        least, middle = min(times[name]), statistics.median(times[name])
        print(
            f"| {name} | {size / 1e6:.1f} | {least:.1f} | {middle:.1f} | {least / min(eager):.2f} | "
            f"{middle / statistics.median(eager):.2f} | {errors[name].max():.1e} | {errors[name].mean():.1e} |"
        )


if __name__ == "__main__":
    main()
