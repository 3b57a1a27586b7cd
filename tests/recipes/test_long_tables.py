"""A recipe on a long table: what a static covariate is worth, and the way of the checkpoint to forecasts."""

import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_configs import TINY_GPT2

from ts_llm_fusion import cross_validation, predict_df
from ts_llm_fusion.cli import main
from ts_llm_fusion.forecasting import load_forecaster

HORIZON, NOISE = 6, 0.1


def stores() -> pd.DataFrame:
    """Ids of different lengths and starts; their kind alone decides if a known event raises or lowers the sales."""
    rng, tables = np.random.default_rng(0), []
    for number in range(16):
        steps, kind = 8 if number == 0 else int(rng.integers(80, 160)), "garden" if number % 2 else "food"
        hours = pd.date_range(pd.Timestamp("2024-01-01") + pd.Timedelta(hours=7 * number), periods=steps, freq="h")
        event = (rng.random(steps // 4 + 1) < 0.1).repeat(4)[:steps]
        wave = np.sin(2 * np.pi * np.arange(steps) / 12)
        sales = 10 * number + wave + (2 if kind == "food" else -2) * event + NOISE * rng.normal(size=steps)
        sales[rng.random(steps) < 0.02] = np.nan
        table = pd.DataFrame({"unique_id": f"store {number}", "ds": hours, "y": sales, "event": event})
        tables.append(table.assign(kind=kind, size=float(rng.normal()), roof=bool(number % 3)))
    return pd.concat(tables, ignore_index=True).sample(frac=1, random_state=0)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return stores()


@pytest.fixture(scope="module")
def trained(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    table.to_csv(folder / "stores.csv", index=False)
    arguments = {
        "data": folder / "stores.csv",
        "known_covariates": ["event"],
        "static_covariates": ["kind", "size", "roof"],
        "context_length": 12,
        "prediction_length": HORIZON,
        "mscnn_channels": 8,
        "per_device_train_batch_size": 64,
        "learning_rate": 1e-2,
        "num_train_epochs": 6,
        "text_config": json.dumps(TINY_GPT2),
        "disable_tqdm": True,
        "output_dir": folder / "model",
    }
    values = {name: value if isinstance(value, list) else [value] for name, value in arguments.items()}
    assert main(["train", "forecaster", *(w for name, v in values.items() for w in (f"--{name}", *map(str, v)))]) == 0
    return folder / "model"


def ahead(table: pd.DataFrame, events: bool) -> pd.DataFrame:
    """Next stamps of each id, with an event or without."""
    last = table.groupby("unique_id")["ds"].max()
    parts = [pd.date_range(stamp, periods=HORIZON + 1, freq="h")[1:] for stamp in last]
    return pd.DataFrame({"unique_id": np.repeat(last.index, HORIZON), "ds": np.concatenate(parts), "event": events})


def effect(trained: Path, table: pd.DataFrame) -> pd.Series:
    """What an event adds to the forecast of each id."""
    loaded = load_forecaster(trained)
    options = {"model": loaded, "quantile_levels": ()}
    on, off = (predict_df(table, HORIZON, ahead(table, events), **options) for events in (True, False))
    return (on["predictions"] - off["predictions"]).groupby(on["unique_id"]).mean()


def test_the_static_covariate_decides_the_sign_of_an_effect(trained: Path, table: pd.DataFrame) -> None:
    metrics = json.loads((trained / "metrics.json").read_text())
    assert (metrics["variables"], metrics["ids"]) == (["y"], 16)
    assert metrics["test"]["mse"] < 0.6 * metrics["baselines"]["ridge"]["mse"]
    assert len(list((trained / "plots").glob("forecast_*.png"))) == 3
    kinds = table.groupby("unique_id")["kind"].first()
    found = effect(trained, table)
    # The id of 8 hours, too short for a window of training, is forecast like the others.
    assert len(found) == 16
    # The effect is 2 and -2.
    assert found[kinds == "food"].mean() > 1
    assert found[kinds == "garden"].mean() < -1
    assert (np.sign(found) == np.where(kinds == "food", 1, -1)).all()
    swapped = table.assign(kind=table["kind"].map({"food": "garden", "garden": "food"}))
    other = effect(trained, swapped)
    assert (np.sign(other) == -np.sign(found)).mean() > 0.9


def test_the_checkpoint_is_evaluated_on_the_table(trained: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    path = trained.parent / "stores.csv"
    arguments = ["evaluate", "--data", str(path), "--models", str(trained), "--output_dir", str(tmp_path)]
    assert main([*arguments, "--test_stride", "1"]) == 0
    results = json.loads((tmp_path / "evaluation.json").read_text())["results"]
    metrics = json.loads((trained / "metrics.json").read_text())
    assert results[str(trained)]["mse"] == pytest.approx(metrics["test"]["mse"], rel=1e-4)
    long_enough = table[table["unique_id"] != "store 0"]
    scored = cross_validation(long_enough, HORIZON, model=trained, known_covariates=["event"], baselines=["ridge"])
    errors = (scored["actual"] - scored["predictions"]).abs().groupby(scored["forecaster"]).mean()
    assert errors.min() == errors.drop("ridge").iloc[0]


def test_a_static_column_that_does_not_fit_is_one_line(
    trained: Path, table: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    future, options = ahead(table, False), {"model": load_forecaster(trained), "quantile_levels": ()}
    with pytest.raises(ValueError, match="no column 'kind', which is a covariate of this model"):
        predict_df(table.drop(columns="kind"), HORIZON, future, **options)
    with pytest.raises(ValueError, match=r"id 'store \d+': static covariate 'size' changes over time; this model was"):
        predict_df(table.assign(size=np.arange(len(table))), HORIZON, future, **options)
    with pytest.raises(ValueError, match="'size' was fitted on a column of numbers, but holds 'big'"):
        predict_df(table.assign(size="big"), HORIZON, future, **options)
    logger = logging.getLogger("ts_llm_fusion")
    logger.addHandler(caplog.handler)
    forecast = predict_df(table.assign(kind="books"), HORIZON, future, **options)
    logger.removeHandler(caplog.handler)
    assert "covariate 'kind' has categories books, which are not among those it was fitted on" in caplog.text
    assert forecast["predictions"].notna().all()
