"""Scores of tables of forecasts: MASE, sMAPE, WQL, MAE and coverage, in all or by group."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..data.series.panel_columns import table_kind, to_kind, to_pandas
from ..errors import UserError
from .point_metrics import check_finite, percentage_errors
from .quantile_metrics import in_interval, pinball_loss

logger = logging.getLogger(__name__)

_NEEDED = ("forecaster", "actual", "predictions", "scale")


def _levels(table: pd.DataFrame) -> dict[str, float]:
    """Columns of quantiles with their levels, rising."""
    levels = pd.to_numeric(pd.Series(table.columns, index=table.columns), errors="coerce")
    return {str(name): level for name, level in levels[(levels > 0) & (levels < 1)].sort_values().items()}


def score_forecasts(forecasts: Any, by: str | Sequence[str] = ()) -> Any:
    """Score the forecasts of `cross_validation`, for each forecaster over all rows or in groups of them.

    Every observed value has the same weight; missing ones are not counted.

    Args:
        forecasts: table of `cross_validation`, or rows of it.
        by: columns to group by, such as the column of ids, "target_name" or "cutoff"; none by default.

    Returns:
        A table of the same library with the columns `by`, `forecaster`, and

        - `mase`: mean of |actual - predictions| / scale, without rows whose scale is 0 or not known;
        - `smape`: mean of 200 |actual - predictions| / (|actual| + |predictions|);
        - `wql`: 2 * sum of pinball losses / sum of |actual|, mean over levels;
        - `mae`: mean of |actual - predictions|, in the units of the data;
        - `coverage`: share of values between the lowest and the highest quantile, and `nominal`, the share to expect;
        - `count`: number of observed values.

        A score that is not defined, such as the coverage of a forecaster without quantiles, is NaN.

    Raises:
        ValueError: a column is missing, or a forecast is not a finite number.
    """
    table = to_pandas(forecasts, "the table of forecasts")
    keys = [name for name in ([by] if isinstance(by, str) else by) if name != "forecaster"] + ["forecaster"]
    missing = [name for name in (*keys, *_NEEDED) if name not in table.columns]
    if missing:
        raise UserError(f"the table of forecasts has no column {missing[0]!r}; give that of cross_validation.")
    actual, point = (table[name].to_numpy(dtype=np.float64) for name in ("actual", "predictions"))
    scale = table["scale"].to_numpy(dtype=np.float64)
    check_finite(int(np.count_nonzero(~np.isfinite(point))), len(point))
    counted, levels = ~np.isnan(actual), _levels(table)
    error = abs(actual - point)
    unscaled = int(np.count_nonzero(counted & ~(scale > 0)))
    if unscaled and not by:
        logger.warning(
            "MASE leaves out %d of %d values: up to the cutoff their series is constant, or not longer than a season.",
            unscaled,
            counted.sum(),
        )
    terms = {
        "mase": np.divide(error, scale, out=np.full(len(error), np.nan), where=scale > 0),
        "smape": percentage_errors(actual, point),
        "mae": error,
    }
    if levels:
        quantiles = table[list(levels)].to_numpy(dtype=np.float64)
        has_band = np.isfinite(quantiles).all(1) & counted
        loss = 2 * pinball_loss(actual[:, None] - quantiles, np.array(list(levels.values()))).mean(1)
        terms |= {"loss": np.where(has_band, loss, np.nan), "size": np.where(has_band, abs(actual), np.nan)}
        if len(levels) > 1:
            inside = in_interval(actual, quantiles[:, 0], quantiles[:, -1])
            terms["coverage"] = np.where(has_band, inside, np.nan)
    groups = pd.DataFrame(terms).groupby([table[name] for name in keys], sort=False, observed=True)
    scores = groups.mean()
    if levels:
        scores["wql"] = scores["loss"] / scores["size"].where(scores["size"] > 0)
    if len(levels) > 1:
        lowest, *_, highest = levels.values()
        scores["nominal"] = np.where(scores["coverage"].isna(), np.nan, round(highest - lowest, 12))
    scores["count"] = groups["mae"].count()
    order = [name for name in ("mase", "smape", "wql", "mae", "coverage", "nominal", "count") if name in scores]
    return to_kind(scores[order].reset_index(), table_kind(forecasts, "the table of forecasts"))
