"""Recipes with covariates: what they buy, and their way through checkpoint and evaluation."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_configs import TINY_GPT2

from ts_llm_fusion.cli import main
from ts_llm_fusion.forecasting import load_forecaster

COVARIATES = {
    "known_covariates": ["price", "weather"],
    "past_covariates": ["visits"],
    "static_covariates": ["store"],
    "time_features": ["hour_of_day"],
}

# Asks for the test split, and not for rolling origins.
SPLIT = ["--test_stride", "1"]


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,200 hours of sales that a price decides, but for a daily wave and a little noise; some cells are empty."""
    rng, hours = np.random.default_rng(0), np.arange(1200)
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=1200, freq="h")})
    frame["price"] = rng.normal(size=300).repeat(4)
    frame["weather"] = rng.choice(["sun", "rain"], size=200).repeat(6)
    frame["visits"] = rng.poisson(5, size=1200)
    frame["store"] = "north"
    effect = 2 * frame["price"] + (frame["weather"] == "sun")
    for name, sign in (("a", 1), ("b", -1)):
        frame[name] = 10 + np.sin(2 * np.pi * hours / 24) + sign * effect + 0.1 * rng.normal(size=1200)
    for column in ("price", "weather", "visits", "store"):
        frame.loc[rng.choice(1200, 10, replace=False), column] = np.nan
    path = tmp_path_factory.mktemp("data") / "sales.csv"
    frame.drop(index=[700, 701]).to_csv(path, index=False)
    return path


def flags(csv: Path, output: Path, **settings) -> list[str]:
    common = {
        "data": csv,
        "context_length": 48,
        "prediction_length": 12,
        "mscnn_channels": 8,
        "learning_rate": 4e-3,
        "num_train_epochs": 5,
        "text_config": json.dumps(TINY_GPT2),
        "disable_tqdm": True,
        "output_dir": output,
    }
    values = {name: value if isinstance(value, list) else [value] for name, value in (common | settings).items()}
    return [part for name, value in values.items() for part in (f"--{name}", *map(str, value))]


@pytest.fixture(scope="module")
def trained(csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "model"
    assert main(["train", "forecaster", *flags(csv, folder, **COVARIATES)]) == 0
    return folder


def test_a_covariate_that_decides_the_future_is_used_and_found_again_by_evaluate(
    csv: Path, trained: Path, tmp_path: Path
) -> None:
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["variables"] == ["a", "b"]
    # Without the price, nothing is better than about the mean.
    assert metrics["test"]["mse"] < 0.3 * metrics["baselines"]["ridge"]["mse"]
    assert main(["evaluate", "--models", str(trained), "--data", str(csv), "--output_dir", str(tmp_path), *SPLIT]) == 0
    results = json.loads((tmp_path / "evaluation.json").read_text())["results"]
    assert results[str(trained)]["mse"] == pytest.approx(metrics["test"]["mse"], rel=1e-4)
    assert results["ridge"]["mse"] == pytest.approx(metrics["baselines"]["ridge"]["mse"], rel=1e-6)


def test_the_checkpoint_knows_its_covariates(trained: Path) -> None:
    model, extractor = load_forecaster(trained)
    config, covariates = model.config, extractor.covariates
    numbers = (config.num_known_covariates, config.num_past_covariates, config.num_static_covariates)
    assert numbers == (covariates.num_known, covariates.num_past, covariates.num_static) == (5, 1, 1)
    assert covariates.known.feature_names == ["price", "weather=rain", "weather=sun"]
    assert set(covariates.scaler) == {"price", "visits"}
    with pytest.raises(ValueError, match="columns price are covariates of this model, not series"):
        extractor(pd.DataFrame({"a": [1.0, 2.0], "price": [1.0, 2.0]}))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ["export", "MODEL", "--format", "onnx", "--output", "OUT"],
            "trained with covariates, which a graph does not",
        ),
        (
            ["evaluate", "--models", "MODEL", "--data", "OTHER", "--output_dir", "OUT", *SPLIT],
            "no column 'price' of covariates",
        ),
        (["train", "forecaster", "KNOWN", "cost"], "no column 'cost' of covariates; the columns are ['date', 'price'"),
        (["train", "forecaster", "KNOWN", "price", "--target_columns", "price"], "both a target and a covariate"),
        (["train", "forecaster", "KNOWN", "price", "--past_covariates", "price"], "'price' is named twice"),
        (
            ["train", "forecaster", "--data", "CSV", "--target_columns", "a", "--static_covariates", "price"],
            "'price' changes over time",
        ),
        (
            ["train", "forecaster", "--data", "CSV", "--time_features", "weekday"],
            "time_features: 'weekday' is none of",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(
    command: list[str], message: str, csv: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    other = tmp_path / "other.csv"
    pd.read_csv(csv)[["date", "a", "b"]].to_csv(other, index=False)
    places = {"MODEL": trained, "OUT": tmp_path / "out", "OTHER": other, "CSV": csv}
    words = [
        part for word in command for part in (["--data", "CSV", "--known_covariates"] if word == "KNOWN" else [word])
    ]
    arguments = [str(places.get(word, word)) for word in words]
    if command[0] == "train":
        arguments += ["--output_dir", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert message in capsys.readouterr().err.strip().splitlines()[-1]
