"""Published numbers for comparison; the tables name their sources."""

from importlib.resources import files

import pandas as pd


def _read(name: str, dataset: str) -> pd.DataFrame:
    with files("ts_llm_fusion.evaluation").joinpath("published", name).open(encoding="utf-8") as file:
        return pd.read_csv(file).query("dataset == @dataset")


def published_forecasts(dataset: str) -> pd.DataFrame:
    """Read published errors of forecasts, in units of the training split's standard deviation.

    Args:
        dataset: a benchmark set such as "ETTh1", or one with its setting: "ETTh1, first 10 %" for training on the
            earliest tenth, "ETTh1 to ETTm2" for training on the first and testing on the second.

    Returns:
        Columns source, dataset, horizon, model, mse and mae; empty for a set without published numbers.
    """
    return _read("forecasts.csv", dataset)


def published_answers(dataset: str) -> pd.DataFrame:
    """Read published accuracy and macro-F1, in percent, on a set of questions.

    Args:
        dataset: name in the registry, such as "tsqa".

    Returns:
        Columns source, dataset, model, accuracy_percent and macro_f1_percent; empty for a set without published
        numbers.
    """
    return _read("answers.csv", dataset)
