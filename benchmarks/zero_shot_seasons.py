"""Is it worth telling the forecaster the seasons of the calendar? `python -m benchmarks.zero_shot_seasons`.

Errors of the built-in forecaster on development data (see `benchmarks/zero_shot.py`), of histories cut to so many
steps, with the seasons found from the history, the first one told, and both told: mean absolute error in units of the
training rows' deviation, of M4 MASE, and of temps over the seasonal naive's.
"""

import argparse
from collections.abc import Callable, Iterator

import numpy as np
import torch

import ts_llm_fusion
from benchmarks.zero_shot import (
    LTSF_HORIZONS,
    M4_SEASONS,
    SINGLE_SERIES,
    development_group,
    forecast,
    rolling,
    rows_scored,
    scaled_rows,
    single_series,
)
from ts_llm_fusion import TSFusionForForecasting
from ts_llm_fusion.data.series.m4 import load_m4
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.evaluation.point_metrics import mae, mase, seasonal_scale
from ts_llm_fusion.evaluation.report import align_columns, markdown_table

Seasons = int | tuple[int, ...] | None
# A function from the length of the histories and the seasons told to the error.
Score = Callable[[int, Seasons], float]
# Windows of temps, one horizon apart.
_ORIGINS = 24
_ALL = 10**9


def _long_horizon(model: TSFusionForForecasting, name: str) -> Score:
    data = prepare(DataArguments(data=name), 96, LTSF_HORIZONS[name])
    values, (rows, stride) = scaled_rows(data), rows_scored(data, development=True)

    def score(length: int, seasons: Seasons) -> float:
        result = rolling(model, values, rows, LTSF_HORIZONS[name], seasons, stride, length)
        return mae(result.target, result.median)

    return score


def _m4(model: TSFusionForForecasting, name: str) -> Score:
    group = development_group(load_m4(name))
    scale = seasonal_scale(group.train, group.seasonality)[:, None]

    def score(length: int, seasons: Seasons) -> float:
        result = forecast(model, [series[-length:] for series in group.train], group.test, seasons)
        return mase(group.test, result.median, scale)

    return score


def _temps(model: TSFusionForForecasting) -> Score:
    values = dict(single_series())["temps"].to_numpy(dtype=np.float64)
    horizon, _, period = SINGLE_SERIES["temps"]
    # The last four horizons are the test.
    origins = [len(values) - k * horizon for k in range(5, 5 + _ORIGINS)]
    targets = np.stack([values[o : o + horizon] for o in origins])
    naive = mae(targets, np.stack([values[o - period : o - period + horizon] for o in origins]))

    def score(length: int, seasons: Seasons) -> float:
        result = forecast(model, [values[max(0, o - length) : o] for o in origins], targets, seasons)
        return mae(targets, result.median) / naive

    return score


def _rows(model: TSFusionForForecasting) -> Iterator[tuple[str, Score, tuple[int, ...], tuple[int, ...]]]:
    """Name, score, lengths of the histories, and the seasons of each set."""
    yield "ETTh1", _long_horizon(model, "ETTh1"), (48, 200, 2112), (24, 168)
    yield "ETTm1", _long_horizon(model, "ETTm1"), (90, 200, 2112), (96, 672)
    yield "ILI", _long_horizon(model, "ILI"), (56, 120, 600), (52,)
    yield "temps", _temps(model), (100, 400, 1200, 2112), SINGLE_SERIES["temps"][1]
    yield "M4 weekly", _m4(model, "Weekly"), (52, 130, _ALL), (M4_SEASONS["Weekly"],)
    yield "M4 hourly", _m4(model, "Hourly"), (48, 200, _ALL), M4_SEASONS["Hourly"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=ts_llm_fusion.BUILT_IN, help="checkpoint; the built-in one by default")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = TSFusionForForecasting.from_pretrained(options.model)
    table = [["series, steps of history", "found", "told the first", "told both"]]
    for name, score, lengths, periods in _rows(model):
        told: list[Seasons] = [None, periods[0], *([periods] if len(periods) > 1 else [])]
        cells = [" / ".join(f"{score(length, seasons):.3f}" for length in lengths) for seasons in told]
        shown = " / ".join("all" if length == _ALL else f"{length:,}" for length in lengths)
        table.append([f"{name}, {shown}", *cells, *["-"] * (3 - len(cells))])
    print(markdown_table(align_columns(table)))


if __name__ == "__main__":
    main()
