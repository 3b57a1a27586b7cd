"""Covariates of a panel as inputs of a model."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from transformers import PreTrainedModel
from transformers.utils import logging

from .data.series.frames import holds_lists, other_content
from .data.series.panels import Panel
from .data.series.static_columns import is_constant, static_values
from .errors import UserError
from .processing.covariate_inputs import CovariateInputs
from .processing.covariates import CovariateEncoder
from .processing.feature_extraction_forecast import ForecastFeatureExtractor
from .processing.series_arrays import shortened

logger = logging.get_logger(__name__)

# Distance to the range of the past, in widths of it, from which on a known future is far outside.
_FAR = 10.0


@dataclass(frozen=True)
class PanelCovariates:
    """Features of a panel, of which the first ones are known in the future.

    Args:
        past: float64 (rows, features), NaN where missing.
        future: float64 (series, prediction_length, known features).
        static: float64 (series, static features); None for a model without any.
        columns: column that each feature of `past` encodes; none for a model that was trained with covariates.
    """

    past: np.ndarray
    future: np.ndarray
    static: np.ndarray | None = None
    columns: tuple[str, ...] = ()

    def joined(self, panel: Panel) -> "PanelCovariates":
        """Covariates of the series of a panel as one sample, of `panel.joined()`.

        Raises:
            ValueError: for series with different covariates.
        """
        first = int(panel.lengths.argmax())
        shared = self.past[slice(*panel.offsets[first : first + 2])]
        rows = len(shared) - panel.offsets[1:][panel.series_of_rows] + np.arange(len(self.past))
        differs = np.zeros(len(panel), dtype=bool)
        is_other = (self.past != shared[rows]) & ~np.isnan(self.past)
        differs[panel.series_of_rows[is_other.any(1)]] = True
        differs |= (self.future != self.future[first]).any((1, 2))
        static = None if self.static is None else self.static[[first]]
        if static is not None:
            differs |= np.any(self.static != static, axis=1)
        if differs.any():
            raise UserError(
                f"{panel.name}: covariates of {panel.label(int(differs.argmax()))} differ from those of "
                f"{panel.label(first)}; this model reads its ids together, so give each the same, or forecast one id "
                "at a time."
            )
        return PanelCovariates(shared, self.future[[first]], static)


def encode_covariates(
    panel: Panel,
    future_df: Any,
    prediction_length: int,
    model: PreTrainedModel,
    feature_extractor: ForecastFeatureExtractor | None,
) -> PanelCovariates | None:
    """Align and encode the covariates that a model uses; one line names those that it does not.

    A model that was trained with covariates takes those. The built-in model takes all: those of `future_df` are known
    in the future, the others in the past alone, which a warning tells where `future_df` has others, and a column that
    is constant in each id has no influence. Another names known covariates whose future is far outside of their past.

    Args:
        panel: from `read_panel`.
        future_df: known future, as in `predict_df`; None without any.
        prediction_length: steps to forecast.
        model: the forecaster.
        feature_extractor: that of the model.

    Returns:
        The features; None where the model uses none.

    Raises:
        ValueError: as `Panel.known_future`; a covariate of the training that is absent, or one that holds neither
            numbers nor booleans nor categories.
    """
    future = None if future_df is None else panel.known_future(future_df, prediction_length)
    panel.check_finite(panel.past, panel.series_of_rows, panel.timestamps)
    if future is not None:
        series = np.repeat(np.arange(len(panel)), prediction_length)
        panel.check_finite(future, series, panel.future_timestamps(prediction_length))
    trained = getattr(feature_extractor, "covariates", None)
    if trained is not None:
        _warn_unused(panel, [name for name in panel.past.columns if name not in trained.names])
        return _as_trained(panel, future, prediction_length, trained)
    if panel.past.columns.empty:
        return None
    if model.config.model_type != "tsfusion":
        _warn_unused(panel, list(panel.past.columns))
        return None
    return _in_context(panel, future, prediction_length)


def _warn_unused(panel: Panel, names: list[str]) -> None:
    if names:
        logger.warning("%s: columns %s are not used by this model.", panel.name, shortened([*map(repr, names)]))


def _warn_of_far(panel: Panel, future: pd.DataFrame | None, names: list[str]) -> None:
    """Log a warning for each covariate of numbers whose known future is far outside of the past of an id.

    A value is far if its distance to the range of the past is 10 times the width of this range, or where that is 0,
    10 times its level.
    """
    if future is None:
        return
    series = np.repeat(np.arange(len(panel)), len(future) // len(panel))
    for name in names:
        columns = panel.past[name], future[name]
        if not all(pd.api.types.is_numeric_dtype(one) and not pd.api.types.is_bool_dtype(one) for one in columns):
            continue
        past, ahead = (
            one.astype(np.float64).groupby(rows).agg(["min", "max"]).reindex(range(len(panel)))
            for one, rows in zip(columns, (panel.series_of_rows, series), strict=True)
        )
        width = (past["max"] - past["min"]).replace(0.0, np.nan).fillna(past["max"].abs()).replace(0.0, np.inf)
        distance = np.maximum(past["min"] - ahead["min"], ahead["max"] - past["max"])
        far = np.flatnonzero(distance > _FAR * width)
        if len(far):
            first = int(far[0])
            others = f", and in {len(far) - 1} other ids" if len(far) > 1 else ""
            (low, high), (least, most) = (table.loc[first, ["min", "max"]] for table in (ahead, past))
            logger.warning(
                "%s: the known future of column %r is far outside of its past: %.6g to %.6g after %.6g to %.6g "
                "in %s%s; check the unit.",
                *(panel.name, name, low, high, least, most, panel.label(first), others),
            )


def _as_trained(
    panel: Panel, future: pd.DataFrame | None, prediction_length: int, inputs: CovariateInputs
) -> PanelCovariates:
    if inputs.time_features and not panel.dated:
        raise UserError(
            f"{panel.name}: this model reads the {', '.join(inputs.time_features)}, but the rows have no dates; give "
            "them dates."
        )
    known, others = inputs.known.names, [*inputs.past.names, *inputs.static.names]
    absent = [name for name in [*known, *others] if name not in panel.past.columns]
    if absent:
        raise UserError(f"{panel.name}: no column {absent[0]!r}, which is a covariate of this model.")
    given = [] if future is None else list(future.columns)
    unknown = [name for name in known if name not in given]
    if unknown:
        raise UserError(
            f"the future of covariate {unknown[0]!r} is not given, which this model needs; give future_df (--future) "
            "with a row for each id and step of the horizon."
        )
    _warn_of_far(panel, future, known)
    size = len(panel) * prediction_length
    table = pd.DataFrame(index=range(size)) if future is None else future
    timestamps = panel.future_timestamps(prediction_length)
    static = None
    if inputs.num_static:
        first = static_values(
            panel.past,
            inputs.static.names,
            panel.series_of_rows,
            len(panel),
            lambda series: f"{panel.name}: {panel.label(series)}",
            "this model was trained with one value for each id",
        )
        static = inputs.encode_static(first)
    return PanelCovariates(
        inputs.encode_past(panel.past, panel.timestamps),
        inputs.encode_future(table, timestamps).reshape(len(panel), prediction_length, -1),
        static,
    )


def _in_context(panel: Panel, future: pd.DataFrame | None, prediction_length: int) -> PanelCovariates | None:
    past = panel.past
    for name in past.columns:
        what = "lists" if holds_lists(past[name]) else other_content(past[name])
        if what is None and pd.api.types.infer_dtype(past[name]) in ("mixed", "mixed-integer"):
            what = "values of several types"
        if what not in (None, "booleans"):
            logger.warning("%s: column %r is left out: it holds %s, not a covariate.", panel.name, name, what)
            past = past.drop(columns=name)
    known = [] if future is None else [name for name in past.columns if name in future.columns]
    static = [name for name in past.columns if _is_static(panel, past[name], future, name)]
    if static:
        logger.warning(
            "%s: columns %s are constant in each id and have no influence: this model forecasts each series from "
            "itself alone.",
            panel.name,
            shortened([*map(repr, static)]),
        )
    known = [name for name in known if name not in static]
    rest = [name for name in past.columns if name not in (*known, *static)]
    if not known and not rest:
        return None
    if future is not None and rest:
        logger.warning(
            "%s: the future of columns %s is not given; they are read in the past alone, which can move the forecast "
            "far: add them to future_df (--future) where it is known, or leave them out of the table.",
            panel.name,
            shortened([*map(repr, rest)]),
        )
    _warn_of_far(panel, future, known)
    size = len(panel) * prediction_length
    ahead = pd.DataFrame(index=range(size)) if future is None else future
    of_known = CovariateEncoder.fit(past[known])
    encoders = of_known, CovariateEncoder.fit(past[rest])
    return PanelCovariates(
        np.concatenate([encoder.transform(past) for encoder in encoders], axis=1),
        of_known.transform(ahead).reshape(len(panel), prediction_length, -1),
        columns=tuple(column.name for encoder in encoders for column in encoder.columns for _ in column.feature_names),
    )


def _is_static(panel: Panel, column: pd.Series, future: pd.DataFrame | None, name: str) -> bool:
    if not is_constant(column, panel.series_of_rows, len(panel)).all():
        return False
    if future is None or name not in future.columns or column.isna().all():
        return True
    first = column.groupby(panel.series_of_rows).first()
    return bool((future[name].to_numpy() == np.repeat(first.to_numpy(), len(future) // len(panel))).all())
