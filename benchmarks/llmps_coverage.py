"""Train a small forecaster on a benchmark set, and print the coverage of its 80 % band up to 4 times its horizon.

python -m benchmarks.llmps_coverage [--data ETTh1 ETTm1] [any flag of the recipe]
"""

import argparse
from pathlib import Path

import torch

from ts_llm_fusion.baselines.forecaster import window_batches
from ts_llm_fusion.cli import main as run
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.evaluation.forecast_errors import ForecastErrors
from ts_llm_fusion.evaluation.forecasters import chosen_windows, model_forecaster
from ts_llm_fusion.forecasting import load_forecaster

BACKBONE = (
    '{"model_type": "gpt2", "num_hidden_layers": 1, "hidden_size": 64, "num_attention_heads": 2, "vocab_size": 2, '
    '"bos_token_id": 0, "eos_token_id": 0}'
)
RECIPE = (
    *("--context_length", "96", "--prediction_length", "24", "--mscnn_channels", "8", "--text_config", BACKBONE),
    *("--quantiles", *(f"{level / 10}" for level in range(1, 10)), "--loss", "mae"),
    *("--learning_rate", "1e-3", "--max_steps", "600", "--disable_tqdm", "true"),
)
FACTORS, STRIDE = (1, 2, 4), 24


def errors_by_block(folder: Path, data: str, factor: int) -> list[dict[str, float]]:
    """Errors on test windows of `factor` horizons, by block of one horizon, with the mean width of the band."""
    model, _ = load_forecaster(folder)
    length = model.config.prediction_length
    windows = prepare(DataArguments(data=data), model.config.context_length, factor * length).splits["test"]
    forecaster = model_forecaster(model, factor * length)
    errors = [ForecastErrors(model.config.quantiles) for _ in range(factor)]
    widths: list[list[float]] = [[] for _ in range(factor)]
    for batch in window_batches(chosen_windows(windows, STRIDE), f"{data}, {factor} horizons"):
        forecast = forecaster(batch["past_values"])
        targets = batch["future_values"].split(length, dim=1)
        means, quantiles = forecast.mean.split(length, dim=1), forecast.quantiles.split(length, dim=1)
        for block in range(factor):
            errors[block].update(targets[block], means[block], quantiles[block])
            widths[block].append((quantiles[block][..., -1] - quantiles[block][..., 0]).mean().item())
    return [{**error.compute(), "width": sum(width) / len(width)} for error, width in zip(errors, widths, strict=True)]


def main() -> None:
    """Train the missing models and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=["ETTh1", "ETTm1"])
    parser.add_argument("--output_dir", type=Path, default=Path("outputs/coverage"))
    options, rest = parser.parse_known_args()
    print("| set | steps | coverage | coverage by 24 steps | width by 24 steps | mse |")
    print("| --- | --- | --- | --- | --- | --- |")
    for data in options.data:
        folder = options.output_dir / data
        flags = ["--data", data, "--output_dir", str(folder), *RECIPE, *rest]
        if not (folder / "metrics.json").exists() and run(["train", "forecaster", *flags]):
            raise SystemExit(2)
        for factor in FACTORS:
            blocks = errors_by_block(folder, data, factor)
            coverage, width = ([block[name] for block in blocks] for name in ("coverage", "width"))
            mse = sum(block["mse"] for block in blocks) / factor
            cells = (" ".join(f"{value:.2f}" for value in values) for values in (coverage, width))
            print(f"| {data} | {24 * factor} | {sum(coverage) / factor:.3f} | {' | '.join(cells)} | {mse:.3f} |")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
