"""Train a small forecaster with and without covariates on a synthetic table, and print the gain.

python -m benchmarks.llmps_covariates [any flag of the recipe]

Two series of 3,000 hours: a daily wave, a price (normal, of 6 hours), a promotion (a fifth of the 12-hour blocks) and
the weather (one of three, of 8 hours), with effects that differ between the series, and noise of deviation 0.3. Ten
columns of noise have no effect. The oracle knows all but the noise.
"""

import argparse
import json
from pathlib import Path

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
    *("--target_columns", "a", "b", "--learning_rate", "2e-3", "--num_train_epochs", "10", "--disable_tqdm", "true"),
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


def main() -> None:
    """Train the missing models and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output_dir", type=Path, default=Path("outputs/covariates"))
    options, rest = parser.parse_known_args()
    options.output_dir.mkdir(parents=True, exist_ok=True)
    table, path = make_table(), options.output_dir / "table.csv"
    table.to_csv(path, index=False)
    # In the units of the errors: standard deviations of the training split.
    oracle = float((NOISE**2 / table[["a", "b"]].iloc[: int(0.7 * STEPS)].var(ddof=0)).mean())
    found = {}
    for name, flags in VARIANTS.items():
        folder = options.output_dir / name.replace(" ", "_").replace(",", "")
        arguments = ["train", "forecaster", "--data", str(path), "--output_dir", str(folder), *RECIPE, *flags, *rest]
        if not (folder / "metrics.json").exists() and run(arguments):
            raise SystemExit(2)
        found[name] = json.loads((folder / "metrics.json").read_text())
    without = found["none"]["test"]["mse"]
    print("| covariates | test mse | share of the oracle's gain | trained parameters |")
    print("| --- | --- | --- | --- |")
    for name, metrics in found.items():
        mse = metrics["test"]["mse"]
        share = (without - mse) / (without - oracle)
        print(f"| {name} | {mse:.4f} | {share:.2f} | {metrics['parameters_trained']:,} |")
    print(f"| ridge, none | {found['none']['baselines']['ridge']['mse']:.4f} | | |")
    print(f"| oracle | {oracle:.4f} | 1 | |")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
