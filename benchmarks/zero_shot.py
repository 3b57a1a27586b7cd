"""Scores of the TSFusion forecaster on series it has not seen: `python -m benchmarks.zero_shot [--model FOLDER ...]`.

`--development` scores the ends of the training parts of M4, the later half of the training rows and the validation
rows of the long-horizon sets, and earlier ends of the single series instead, which priors, experts and the widths of
the bands were chosen by; the tests are for what has been chosen.

`TS_LLM_FUSION_DATA_DIR` names a folder with m4/, ltsf/ and uni/ as the registry lays them out. Nothing is fitted to
any of them. Prints for each model

- M4 yearly, weekly, hourly: MASE by the rules of the competition, coverage of the 80 % band;
- ETTh1, ETTm1, Exchange at 96 and ILI at 24: MSE of every test window in units of the training rows' deviation, beside
  the last value and the seasonal naive;
- five long single series: MAE over that of the seasonal naive, over the last four horizons;
- coverage of the 80 % band at 1, 2 and 4 times the usual horizon, on M4 by leaving out more of the end of each series;
- parameters, size of the weights, and series forecast in a second of processor time on one thread.
"""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure
from PIL import Image

import ts_llm_fusion
from ts_llm_fusion import TSFusionForForecasting
from ts_llm_fusion.data.series.ltsf import LTSF_DATASETS
from ts_llm_fusion.data.series.m4 import M4Group, load_m4
from ts_llm_fusion.data.series.preparation import DataArguments, PreparedData, prepare
from ts_llm_fusion.evaluation.point_metrics import mae, mase, mse, seasonal_scale
from ts_llm_fusion.evaluation.quantile_metrics import coverage
from ts_llm_fusion.evaluation.report import results_table
from ts_llm_fusion.files import atomic_path

LEVELS = (0.1, 0.5, 0.9)
# What the calendar says of each: seasons in steps; none is looked for where None.
M4_SEASONS = {"Yearly": None, "Weekly": 52, "Hourly": (24, 168)}
# name -> horizon; their seasons are those of the registry
LTSF_HORIZONS = {"ETTh1": 96, "ETTm1": 96, "Exchange": 96, "ILI": 24}
# name -> (horizon, seasons, period of the seasonal naive)
SINGLE_SERIES = {
    "AirPassengers": (24, 12, 12),
    "co2": (52, 52, 52),
    "sunspots": (22, None, 11),
    "taylor": (336, (48, 336), 336),
    "temps": (30, (7, 365), 365),
}
_DATE_FORMATS = {"AirPassengers": "%Y-%m", "co2": "%Y%m%d", "sunspots": "%Y", "temps": "%m/%d/%Y"}
PARTS = ["m4", *LTSF_HORIZONS, "single", "speed"]
_BATCH = 512
_ORIGINS = 4
# Horizons of history in a picture.
_HISTORY_SHOWN = 4
# Windows of each variable that coverage at longer horizons and the development scores take.
_FEW = 60


@dataclass
class Forecasts:
    """Quantiles at 0.1, 0.5 and 0.9 of some series and what came true, (series, horizon, 3) and (series, horizon)."""

    quantiles: np.ndarray
    target: np.ndarray

    @property
    def median(self) -> np.ndarray:
        return self.quantiles[..., 1]

    def coverage(self, steps: int | None = None) -> float:
        """Coverage of the 80 % band over the first steps, all by default."""
        q = self.quantiles[:, :steps]
        return coverage(self.target[:, :steps], q[..., 0], q[..., 2])


def _batches(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Rows of about the same length."""
    order = np.argsort(lengths, kind="stable")
    yield from (order[start : start + _BATCH] for start in range(0, len(order), _BATCH))


def forecast(
    model: TSFusionForForecasting, histories: Sequence[np.ndarray], targets: np.ndarray, seasons: int | tuple | None
) -> Forecasts:
    """Forecasts of series of any lengths."""
    horizon = targets.shape[1]
    quantiles = np.empty((len(histories), horizon, len(LEVELS)))
    lengths = np.array([len(history) for history in histories])
    for rows in _batches(lengths):
        past = np.full((len(rows), lengths[rows].max()), np.nan)
        for row, index in enumerate(rows):
            past[row, past.shape[1] - lengths[index] :] = histories[index]
        output = model.predict(torch.from_numpy(past)[..., None], None, horizon, LEVELS, seasons)
        quantiles[rows] = output.full_predictions[:, :, 0].double().numpy()
    return Forecasts(quantiles, targets)


def development_group(group: M4Group) -> M4Group:
    """Group with the last horizon of each training part as its test, where enough is left."""
    long = [one for one in group.train if len(one) > group.horizon + 6]
    test = np.stack([one[-group.horizon :] for one in long])
    return replace(group, train=[one[: -group.horizon] for one in long], test=test)


def score_m4(
    model: TSFusionForForecasting, development: bool
) -> tuple[dict[str, float], dict[str, float], list[float]]:
    """MASE and coverage of each group, coverage at longer horizons, and the coverages at the usual ones."""
    scores, longer, covered = {}, {}, []
    for name, seasons in M4_SEASONS.items():
        group = development_group(load_m4(name)) if development else load_m4(name)
        result = forecast(model, group.train, group.test, seasons)
        scale = seasonal_scale(group.train, group.seasonality)[:, None]
        scores[f"{name} MASE"] = mase(group.test, result.median, scale)
        covered.append(result.coverage())
        longer[f"{name} 1x"] = covered[-1]
        for times in (2, 4):
            longer[f"{name} {times}x"] = m4_forecasts(model, group, times).coverage()
    return scores, longer, covered


def m4_forecasts(model: TSFusionForForecasting, group: M4Group, times: int) -> Forecasts:
    """Forecasts over so many times the horizon of a group, from what comes before, where that is as long."""
    horizon = times * group.horizon
    whole = [np.concatenate(pair) for pair in zip(group.train, group.test, strict=True)]
    long = [one for one in whole if len(one) >= 2 * horizon]
    targets = np.stack([one[-horizon:] for one in long])
    return forecast(model, [one[:-horizon] for one in long], targets, M4_SEASONS[group.name])


def score_ltsf(
    model: TSFusionForForecasting, names: Sequence[str], development: bool
) -> tuple[dict[str, float], dict[str, float], list[float]]:
    """MSE of each set beside its naive baseline, coverage at longer horizons, and the coverages at the usual ones."""
    scores, longer, covered = {}, {}, []
    for name in names:
        horizon, period = LTSF_HORIZONS[name], LTSF_DATASETS[name].seasonal_period or 1
        data = prepare(DataArguments(data=name), 96, horizon)
        scaled = scaled_rows(data)
        rows, few = rows_scored(data, development)
        stride = few if development else 1
        result = rolling(model, scaled, rows, horizon, period, stride)
        scores[f"{name} MSE"] = mse(result.target, result.median)
        scores[f"{name} MAE"] = mae(result.target, result.median)
        baseline = _naive(scaled, rows, horizon, period, stride)
        scores[f"{name} {'last value' if period == 1 else 'seasonal naive'} MSE"] = mse(result.target, baseline)
        covered.append(result.coverage())
        longer[f"{name} 1x"] = covered[-1]
        for times in (2, 4):
            if times * horizon <= rows[1] - rows[0]:
                longer[f"{name} {times}x"] = rolling(model, scaled, rows, times * horizon, period, few).coverage()
    return scores, longer, covered


def rows_scored(data: PreparedData, development: bool) -> tuple[tuple[int, int], int]:
    """Rows whose windows are scored, and the stride between a few of them."""
    train_end, validation_end, test_end = data.borders[0].tolist()
    rows = (train_end // 2, validation_end) if development else (validation_end, test_end)
    return rows, max(1, (rows[1] - rows[0]) // _FEW)


def scaled_rows(data: PreparedData) -> np.ndarray:
    """All rows in units of the training rows' deviation."""
    moments = np.array([data.scaler[str(column)] for column in data.source.series.columns])
    return (data.source.series.to_numpy(dtype=np.float64) - moments[:, 0]) / moments[:, 1]


def _origins(rows: tuple[int, int], horizon: int, stride: int) -> range:
    return range(rows[0], rows[1] - horizon + 1, stride)


def rolling(
    model: TSFusionForForecasting,
    values: np.ndarray,
    rows: tuple[int, int],
    horizon: int,
    seasons: int | tuple | None,
    stride: int,
    longest: int | None = None,
) -> Forecasts:
    """Every `stride`-th window with its targets in some rows, each variable by itself, of at most `longest` steps."""
    origins = _origins(rows, horizon, stride)
    longest = longest or model.config.context_length
    histories = [values[max(0, o - longest) : o, c] for o in origins for c in range(values.shape[1])]
    targets = np.stack([values[o : o + horizon, c] for o in origins for c in range(values.shape[1])])
    return forecast(model, histories, targets, seasons)


def _naive(values: np.ndarray, rows: tuple[int, int], horizon: int, period: int, stride: int) -> np.ndarray:
    ahead = np.arange(horizon) % period - period
    return np.stack([values[o + ahead, c] for o in _origins(rows, horizon, stride) for c in range(values.shape[1])])


def single_series() -> Iterator[tuple[str, pd.Series]]:
    """Each of the long single series by its timestamps, or by its steps where the file has none."""
    folder = Path(os.environ["TS_LLM_FUSION_DATA_DIR"], "uni")
    for name in SINGLE_SERIES:
        table = pd.read_csv(folder / f"{name}.csv.gz")
        series = table.iloc[:, -1]
        if name in _DATE_FORMATS:
            series.index = pd.to_datetime(table.iloc[:, 0].astype(str), format=_DATE_FORMATS[name])
        yield name, series


def single_forecasts(model: TSFusionForForecasting, development: bool) -> Iterator[tuple[str, Forecasts, np.ndarray]]:
    """Name, forecasts, and what the seasonal naive says, (series, horizon), of the last four horizons of each."""
    for name, series in single_series():
        values = series.to_numpy(dtype=np.float64)
        horizon, seasons, period = SINGLE_SERIES[name]
        if development:
            values = values[: -_ORIGINS * horizon]
        origins = [
            len(values) - k * horizon for k in range(1, _ORIGINS + 1) if len(values) - k * horizon >= 2 * period
        ]
        targets = np.stack([values[o : o + horizon] for o in origins])
        ahead = np.arange(horizon) % period - period
        filled = pd.Series(values).ffill().to_numpy()
        naive = np.stack([filled[o + ahead] for o in origins])
        yield name, forecast(model, [values[:o] for o in origins], targets, seasons), naive


def score_single(model: TSFusionForForecasting, development: bool) -> tuple[dict[str, float], list[float]]:
    """MAE over that of the seasonal naive, and coverages."""
    scores, covered = {}, []
    for name, result, naive in single_forecasts(model, development):
        scores[name] = mae(result.target, result.median) / mae(result.target, naive)
        covered.append(result.coverage())
    scores["mean"] = float(np.mean(list(scores.values())))
    return scores, covered


def draw_single(model: TSFusionForForecasting, path: Path) -> None:
    """Draw the last horizon of each of the long single series: truth, median, and bands of 50 and 80 %."""
    figure = Figure(figsize=(9, 11), layout="constrained")
    panels = figure.subplots(len(SINGLE_SERIES), 1)
    for panel, (name, series) in zip(panels, single_series(), strict=True):
        horizon, seasons, _ = SINGLE_SERIES[name]
        past, future = series.iloc[:-horizon], series.iloc[-horizon:]
        values = torch.tensor(past.to_numpy(dtype=np.float64))[None, :, None]
        output = model.predict(values, None, horizon, (0.1, 0.25, 0.5, 0.75, 0.9), seasons)
        low, lower, median, upper, high = output.full_predictions[0, :, 0].numpy().T
        shown = past.iloc[-_HISTORY_SHOWN * horizon :]
        panel.plot(shown.index, shown, color="#4c566a", linewidth=1, label="history")
        panel.fill_between(future.index, low, high, color="#d9480f", alpha=0.18, linewidth=0, label="80 % band")
        panel.fill_between(future.index, lower, upper, color="#d9480f", alpha=0.28, linewidth=0, label="50 % band")
        panel.plot(future.index, median, color="#d9480f", linewidth=1.3, label="median")
        panel.plot(future.index, future, color="#1f2933", linewidth=1, linestyle=(0, (3, 1.5)), label="truth")
        panel.set_title(f"{name}, {horizon} steps ahead", loc="left", fontsize="medium")
        if isinstance(series.index, pd.DatetimeIndex):
            panel.xaxis.set_major_formatter(ConciseDateFormatter(panel.xaxis.get_major_locator()))
        panel.margins(x=0.01)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].legend(loc="upper left", ncols=5, frameon=False, fontsize="small")
    drawn = BytesIO()
    figure.savefig(drawn, dpi=90, format="png")
    with atomic_path(path) as temporary:
        # A palette is a third of the size.
        Image.open(drawn).convert("RGB").quantize(48).save(temporary, format="png", optimize=True)


def speed(model: TSFusionForForecasting, history: int, horizon: int, series: int) -> float:
    """Series forecast in a second of processor time; the best of three rounds."""
    values = torch.randn(series, history, 1, generator=torch.Generator().manual_seed(0)).cumsum(1)
    model.predict(values[:32], None, horizon, LEVELS)
    taken = []
    for _ in range(3):
        start = time.process_time()
        model.predict(values, None, horizon, LEVELS)
        taken.append(time.process_time() - start)
    return series / min(taken)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="*", help="checkpoints; the built-in one by default")
    parser.add_argument("--only", nargs="*", default=PARTS, choices=PARTS, help="what to score; all by default")
    parser.add_argument("--development", action="store_true", help="score development data, not the tests")
    parser.add_argument("--picture", type=Path, help="draw the single series with the first model, and score nothing")
    options = parser.parse_args()
    torch.set_num_threads(1)
    places = options.model or [ts_llm_fusion.BUILT_IN]
    if options.picture is not None:
        draw_single(TSFusionForForecasting.from_pretrained(places[0]), options.picture)
        return
    tables: dict[str, dict[str, dict[str, float]]] = {}
    for place in places:
        name = Path(place).name
        model = TSFusionForForecasting.from_pretrained(place)
        covered: list[float] = []
        start = time.process_time()
        if "m4" in options.only:
            scores, longer, part = score_m4(model, options.development)
            covered += part
            tables.setdefault("M4", {})[name] = scores
            tables.setdefault("M4: coverage of the 80 % band", {})[name] = longer
        if names := [name for name in LTSF_HORIZONS if name in options.only]:
            scores, longer, part = score_ltsf(model, names, options.development)
            covered += part
            tables.setdefault("LTSF", {})[name] = scores
            tables.setdefault("LTSF: coverage of the 80 % band", {})[name] = longer
        if "single" in options.only:
            scores, part = score_single(model, options.development)
            covered += part
            tables.setdefault("single series: MAE over seasonal naive", {})[name] = scores
            tables.setdefault("single series: coverage of the 80 % band", {})[name] = dict(
                zip(SINGLE_SERIES, part, strict=True)
            )
        cost = {"processor seconds": time.process_time() - start}
        if covered:
            cost |= {
                "coverage, mean": float(np.mean(covered)),
                "coverage, least": min(covered),
                "coverage, most": max(covered),
            }
        if "speed" in options.only:
            cost["series/s 512 to 64"] = speed(model, 512, 64, 1024)
            cost["series/s 72 to 18"] = speed(model, 72, 18, 4096)
        cost["parameters"] = sum(p.numel() for p in model.parameters())
        cost["weights, kB"] = (Path(place) / "model.safetensors").stat().st_size / 1e3
        tables.setdefault("in all", {})[name] = cost
    for title, rows in tables.items():
        print(f"\n{title}\n\n{results_table(rows)}")


if __name__ == "__main__":
    main()
