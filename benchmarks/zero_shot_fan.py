"""Does a band that never narrows pay? `python -m benchmarks.zero_shot_fan`.

Scores the built-in forecaster on development data (see `benchmarks/zero_shot.py`), at the usual horizons and at four
times them, with bands whose widths are, over the steps of the horizon,

- gate: those of the learned gate, which follow the disagreement of the experts;
- maximum: the running maximum;
- season: the running maximum over the steps of the same phase of the season;
- built in: the running maximum, or, in as far as the history is clearly calmer at some phases, that of the phase.

Prints the coverage of the 80 % band, the change of the quantile loss (at 0.1, 0.5 and 0.9) against the first in
percent, and the share of series whose band is, at some step, narrower by 1 % of its largest width than before.
"""

import argparse
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

import ts_llm_fusion
from benchmarks.zero_shot import (
    LEVELS,
    LTSF_HORIZONS,
    M4_SEASONS,
    Forecasts,
    development_group,
    m4_forecasts,
    rolling,
    rows_scored,
    scaled_rows,
    single_forecasts,
)
from ts_llm_fusion import TSFusionForForecasting
from ts_llm_fusion.data.series.ltsf import LTSF_DATASETS
from ts_llm_fusion.data.series.m4 import load_m4
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.evaluation.quantile_metrics import pinball_loss
from ts_llm_fusion.evaluation.report import align_columns, markdown_table
from ts_llm_fusion.modeling import modeling_tsfusion

_built_in = modeling_tsfusion._never_shrinking
BANDS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "gate": lambda widths, period, contrast: widths,
    "maximum": lambda widths, period, contrast: widths.cummax(1).values,
    "season": lambda widths, period, contrast: _built_in(widths, period, torch.ones_like(contrast)),
    "built in": _built_in,
}


def _forecasts(model: TSFusionForForecasting) -> Iterator[tuple[str, Forecasts]]:
    for name in M4_SEASONS:
        group = development_group(load_m4(name))
        for times in (1, 4):
            yield f"M4 {name.lower()} {times}x", m4_forecasts(model, group, times)
    for name, horizon in LTSF_HORIZONS.items():
        data = prepare(DataArguments(data=name), 96, horizon)
        values, (rows, stride) = scaled_rows(data), rows_scored(data, development=True)
        period = LTSF_DATASETS[name].seasonal_period or 1
        for times in (1, 4):
            yield f"{name} {times}x", rolling(model, values, rows, times * horizon, period, stride)
    for name, result, _ in single_forecasts(model, development=True):
        yield name, result


def _scores(result: Forecasts) -> tuple[float, float, float]:
    """Coverage, quantile loss, and share of series whose band narrows."""
    known = np.isfinite(result.target)
    losses = pinball_loss(np.where(known, result.target, 0.0)[..., None] - result.quantiles, np.array(LEVELS))
    width = result.quantiles[..., -1] - result.quantiles[..., 0]
    fall = (np.maximum.accumulate(width, 1) - width).max(1)
    return result.coverage(), float(losses[known].mean()), float((fall > 0.01 * width.max(1)).mean())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=ts_llm_fusion.BUILT_IN, help="checkpoint; the built-in one by default")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = TSFusionForForecasting.from_pretrained(options.model)
    found = {}
    for name, band in BANDS.items():
        modeling_tsfusion._never_shrinking = band
        found[name] = {series: _scores(result) for series, result in _forecasts(model)}
    rows = [["coverage / change of the loss, % / share that narrows", *BANDS]]
    changes = {name: [] for name in BANDS}
    for series, (_, least, _) in found["gate"].items():
        cells = []
        for name in BANDS:
            covered, loss, narrows = found[name][series]
            changes[name].append(100 * (loss / least - 1))
            cells.append(f"{covered:.3f} / {changes[name][-1]:+.1f} / {narrows:.2f}")
        rows.append([series, *cells])
    rows.append(["mean change", *(f"{np.mean(values):+.2f}" for values in changes.values())])
    print(markdown_table(align_columns(rows, right=True)))


if __name__ == "__main__":
    main()
