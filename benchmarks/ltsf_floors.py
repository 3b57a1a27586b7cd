"""Prints the floors of the long-term forecasting sets: python -m benchmarks.ltsf_floors [name ...]"""

import sys

import torch

from ts_llm_fusion import ForecastFeatureExtractor, load_series
from ts_llm_fusion.data.windows import split_windows
from ts_llm_fusion.evaluation.floors import evaluate_forecaster, make_floors


def main(names: list[str]) -> None:
    """One row for each set, horizon and floor: on all test windows, and with the tail of a batch of 32 dropped."""
    for name in names or ["ETTh1", "ETTm1", "ILI", "Exchange"]:
        source = load_series(name)
        scaler = ForecastFeatureExtractor.fit_scaler(source.series.iloc[: source.borders[0]])
        values = torch.tensor(ForecastFeatureExtractor(scaler=scaler).scale(source.series), dtype=torch.float32)
        context_length, horizons = (104, (24, 36, 48, 60)) if name == "ILI" else (96, (96, 192, 336, 720))
        for horizon in horizons:
            splits = split_windows(values, source.borders, context_length, horizon)
            for floor, forecaster in make_floors(splits["train"], source.seasonal_period).items():
                full = evaluate_forecaster(forecaster, splits["test"])
                cut = evaluate_forecaster(forecaster, splits["test"], drop_last_batch=32)
                print(
                    f"{name:9} {horizon:4} {floor:14} full {full['mse']:.4f} {full['mae']:.4f}  "
                    f"batch32 drop_last {cut['mse']:.4f} {cut['mae']:.4f}  windows {len(splits['test'])}"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
