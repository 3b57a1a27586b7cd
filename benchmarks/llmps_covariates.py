"""Train a small forecaster with and without covariates on synthetic tables, and print the gain.

python -m benchmarks.llmps_covariates [any flag of the recipe]

Two series of 3,000 hours: a daily wave, a price (normal, of 6 hours), a promotion (a fifth of the 12-hour blocks) and
the weather (one of three, of 8 hours), with effects that differ between the series, and noise of deviation 0.3. Ten
columns of noise have no effect. The oracle knows all but the noise.

A long table of 60 stores, of 200 to 600 hours and with different starts and gaps: a daily wave, and rare events that
are known ahead and raise or lower the sales. Their effect is known from the store alone: its kind (of three) decides
the sign, its size the strength, and a roof halves it. The past of a window, a day, seldom has an event.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from ts_llm_fusion.cli import main as run

BACKBONE = (
    '{"model_type": "gpt2", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 2, "vocab_size": 2, '
    '"bos_token_id": 0, "eos_token_id": 0}'
)
RECIPE = (
    *("--context_length", "96", "--prediction_length", "24", "--mscnn_channels", "8", "--text_config", BACKBONE),
    *("--learning_rate", "2e-3", "--num_train_epochs", "10", "--disable_tqdm", "true"),
)
LONG_RECIPE = (
    *("--context_length", "24", "--prediction_length", "12", "--mscnn_channels", "8", "--text_config", BACKBONE),
    *("--known_covariates", "event", "--time_features", "hour_of_day", "--per_device_train_batch_size", "128"),
    *("--learning_rate", "4e-3", "--num_train_epochs", "15", "--disable_tqdm", "true"),
)
STEPS, NOISE = 3000, 0.3
CAUSES, IRRELEVANT = ["price", "promotion", "weather"], [f"noise{number}" for number in range(10)]
VARIANTS = {
    "none": [],
    "known in the future": ["--known_covariates", *CAUSES],
    "known in the past alone": ["--past_covariates", *CAUSES],
    "ten irrelevant ones": ["--known_covariates", *IRRELEVANT],
    "known, and ten irrelevant ones": ["--known_covariates", *CAUSES, *IRRELEVANT],
}
STATIC_VARIANTS = {
    "event alone": [],
    "event, kind": ["kind"],
    "event, kind, size, roof": ["kind", "size", "roof"],
}


def make_table(seed: int = 0) -> pd.DataFrame:
    """Table of the two series and their covariates."""
    rng, hours = np.random.default_rng(seed), np.arange(STEPS)
    price = rng.normal(size=STEPS // 6).repeat(6)
    promotion = (rng.random(STEPS // 12) < 0.2).repeat(12)
    weather = rng.choice(["sun", "rain", "snow"], size=STEPS // 8).repeat(8)
    warmth = pd.Series(weather).map({"sun": 1.0, "snow": 0.0, "rain": -1.0}).to_numpy()
    wave = np.sin(2 * np.pi * hours / 24)
    noise = NOISE * rng.normal(size=(2, STEPS))
    columns = {
        "date": pd.date_range("2024-01-01", periods=STEPS, freq="h"),
        "a": 10 + wave + 1.5 * price + 2 * promotion + warmth + noise[0],
        "b": 5 + wave - 1.5 * price - promotion + warmth + noise[1],
        "price": price,
        "promotion": promotion,
        "weather": weather,
    }
    return pd.DataFrame(columns | {name: rng.normal(size=STEPS) for name in IRRELEVANT})


def make_stores(seed: int = 0, stores: int = 60) -> pd.DataFrame:
    """Long table of the stores, with the mean of `sales` as `expected`."""
    rng, tables = np.random.default_rng(seed), []
    for number in range(stores):
        steps = int(rng.integers(200, 600))
        start = pd.Timestamp("2024-01-01") + pd.Timedelta(hours=int(rng.integers(0, 1000)))
        kind, size, roof = str(rng.choice(["food", "garden", "books"])), rng.uniform(1, 3), bool(rng.random() < 0.5)
        effect = {"food": 1.0, "garden": -1.0, "books": 0.0}[kind] * size * (0.5 if roof else 1.0)
        event = (rng.random(steps // 6 + 1) < 0.08).repeat(6)[:steps]
        hours = pd.date_range(start, periods=steps, freq="h")
        expected = rng.normal(0, 10) + np.sin(2 * np.pi * hours.hour / 24) + effect * event
        sales = expected + NOISE * rng.normal(size=steps)
        sales = np.where(rng.random(steps) < 0.02, np.nan, sales)
        columns = {"unique_id": f"store {number}", "ds": hours, "y": sales, "event": event, "expected": expected}
        tables.append(pd.DataFrame(columns | {"kind": kind, "size": size, "roof": roof}))
    return pd.concat(tables, ignore_index=True)


def stores_oracle(table: pd.DataFrame) -> float:
    """Error of a forecaster that knows all but the noise, in the units of the errors and by the test rows."""
    rows = table.groupby("unique_id")["y"]
    variance = rows.apply(lambda sales: sales.iloc[: int(0.7 * len(sales))].var(ddof=0))
    return float(np.average(NOISE**2 / variance, weights=rows.size()))


def main() -> None:
    """Train the missing models and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output_dir", type=Path, default=Path("outputs/covariates"))
    options, rest = parser.parse_known_args()
    options.output_dir.mkdir(parents=True, exist_ok=True)
    _compare_known(options.output_dir, rest)
    _compare_static(options.output_dir, rest)


def _train(path: Path, folder: Path, arguments: list[str]) -> dict[str, Any]:
    """Metrics of a model, which is trained if it is not there."""
    command = ["train", "forecaster", "--data", str(path), "--output_dir", str(folder), *arguments]
    if not (folder / "metrics.json").exists() and run(command):
        raise SystemExit(2)
    return json.loads((folder / "metrics.json").read_text())


def _print(found: dict[str, dict[str, Any]], without: str, oracle: float) -> None:
    highest = found[without]["test"]["mse"]
    print("| covariates | test mse | share of the oracle's gain | trained parameters |")
    print("| --- | --- | --- | --- |")
    for name, metrics in found.items():
        mse = metrics["test"]["mse"]
        share = (highest - mse) / (highest - oracle)
        print(f"| {name} | {mse:.4f} | {share:.2f} | {metrics['parameters_trained']:,} |")
    print(f"| ridge, none | {found[without]['baselines']['ridge']['mse']:.4f} | | |")
    print(f"| oracle | {oracle:.4f} | 1 | |\n")


def _compare_known(output: Path, rest: list[str]) -> None:
    """Covariates of a wide table."""
    table, path = make_table(), output / "table.csv"
    table.to_csv(path, index=False)
    # In the units of the errors: standard deviations of the training split.
    oracle = float((NOISE**2 / table[["a", "b"]].iloc[: int(0.7 * STEPS)].var(ddof=0)).mean())
    found = {}
    for name, flags in VARIANTS.items():
        folder = output / name.replace(" ", "_").replace(",", "")
        found[name] = _train(path, folder, [*RECIPE, "--target_columns", "a", "b", *flags, *rest])
    _print(found, "none", oracle)


def _compare_static(output: Path, rest: list[str]) -> None:
    """Static covariates of a long table."""
    table, path = make_stores(), output / "stores.csv"
    table.drop(columns="expected").to_csv(path, index=False)
    found = {}
    for name, static in STATIC_VARIANTS.items():
        flags = ["--static_covariates", *static] if static else []
        folder = output / f"stores_{'_'.join(static)}"
        found[name] = _train(path, folder, [*LONG_RECIPE, *flags, *rest])
    _print(found, "event alone", stores_oracle(table))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
